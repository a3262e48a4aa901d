/* kept.h -- where FOCuS is in the series of a stream, kept in the store between statements.
 *
 * A value of a stream (pace_kept, kind KEPT_FOCUS) is the state of each of its series after its
 * first runs. A statement that asks `changes using focus` about newer points goes on from it, and
 * reads the history of a series only where a point is a candidate, or its noise is due to be
 * estimated again.
 *
 * Writers bring it up to date behind their commit (pace_keep), every KEPT_RUNS runs: as often as a
 * log is folded, so that an append touches nothing of it. It ends KEPT_MARGIN runs before the
 * newest, among which runs of parallel jobs may still come late; but where the noise of many series
 * is due to be estimated again, which takes all points of their level, it is brought up to that
 * run, KEPT_NEWEST before the newest. It counts while these hold:
 *   - no run came late among its runs: the last of them is where it was (scan_group.c looks);
 *   - the same marks exclude runs of the series: their digest is the same;
 *   - the branch inherits nothing, the series has no older name, the options are the defaults. */
#ifndef PACE_QUERY_KEPT_H
#define PACE_QUERY_KEPT_H

#include "marks.h"
#include "select.h"
#include "stats/online.h"

enum {
    KEPT_FOCUS = 1,
    KEPT_RUNS = 64,
    KEPT_MARGIN = 16,
    KEPT_NEWEST = 4,
    KEPT_COLUMNS = 16384, /* a stream of more has no kept value */
    KEPT_HEAD_BYTES = 8,
    KEPT_STATE_BYTES = 16 + ONLINE_BYTES,
};

/* The value of a stream. */
struct kept {
    const struct pace_stream *stream;
    uint64_t runs, run; /* of the first `runs` runs, the last of which is `run`; 0: there is none */
    const uint8_t *data; /* see kept.c */
    size_t len;
    uint32_t columns;
    uint32_t
        learn_runs; /* after so many runs the noise of many series is due; UINT32_MAX: not soon */
    const struct mark_view *marks;     /* all */
    const struct mark_view **excludes; /* those that may hide one of these runs */
    size_t exclude_count;
};

/* One of its series. */
struct kept_series {
    uint64_t points;       /* with a value */
    uint64_t from;         /* the run, counted from 0, that the level begins with */
    const uint8_t *packed; /* as stats/online.h packs it; NULL: no points so far */
    size_t packed_len;
};

/* Reads the value of a stream; out->runs is 0 where there is none. */
int kept_open(struct context *ctx, const struct pace_stream *stream, const struct mark_view *marks,
              struct kept *out);

/* The state of a series: 1; 0: none is kept, or not under these marks; negative: an error. */
int kept_find(struct context *ctx, const struct kept *kept, const struct series *series,
              struct kept_series *out);

/* Its state as one that goes on. */
int kept_online(struct context *ctx, const struct kept *kept, const struct kept_series *series,
                struct online *out);

/* The points of a column from run `from` of the stream (counted from 0) up to the end of what is
 * kept, which marks do not hide, in order; run is counted from 0. */
struct kept_point {
    uint64_t run;
    int64_t time_ns;
    const char *commit;
    double value;
};
int kept_history(struct context *ctx, const struct kept *kept, const struct series *series,
                 uint64_t from, size_t count, struct kept_point *points);

/* -- for keep.c -------------------------------------------------------------------------------- */

/* The marks that may hide a run of kept->stream up to `last_run`, to kept->excludes. */
int kept_excludes(struct context *ctx, const struct mark_view *marks, uint64_t last_run,
                  struct kept *kept);

/* Those of kept->excludes that name a series, and their digest; 0: none does. */
int kept_marks(struct context *ctx, const struct kept *kept, const struct series *series,
               const struct mark_view ***out, size_t *count, uint64_t *digest);

/* Writes the state of a column; is_kept false: that there is none. Returns how many bytes. */
struct kept_state {
    uint64_t points, from, digest;
    struct online online;
    bool is_kept;
};
size_t kept_pack(const struct kept_state *state, uint8_t bytes[KEPT_STATE_BYTES]);

/* -- keep.c ------------------------------------------------------------------------------------ */

/* Computes the value of a stream anew where that is due: KEPT_RUNS runs came, or (asked where
 * `late`) one came among its own. *data (malloc; NULL: it is not) holds the bytes of *value, for
 * pace_kept_put once the snapshot is ended. */
int keep_stream(struct context *ctx, const struct pace_stream *stream,
                const struct mark_view *marks, bool late, struct pace_kept *value, uint8_t **data);

#endif
