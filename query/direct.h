/* direct.h -- one long series read straight from a scan of the store, batch by batch, without a
 * matrix between: where all of its rows are asked for and nothing marks, filters or precedes them.
 *
 * Of a series that is long enough, and where the statement may have more threads, another one
 * reads: some batches ahead of whoever takes them (ahead.h), with a snapshot of its own of the same
 * state. */
#ifndef PACE_DIRECT_H
#define PACE_DIRECT_H

#include "select.h"

/* The columns of a batch that a direct scan fills, and which of them somebody looks at. */
enum direct_column {
    DIRECT_TIME,
    DIRECT_COMMIT,
    DIRECT_RUN,
    DIRECT_LOWER,
    DIRECT_UPPER,
    DIRECT_STATUS,
    DIRECT_COLUMNS
};

/* The rows of a batch: what is looked at of them, where the scan has it or in room of their own. */
struct direct_rows {
    size_t count;   /* 0: the end */
    unsigned asked; /* of the runs: enum pace_runs_column */
    bool any_origin, bounds;
    bool whole; /* every run has a row, and it is ok */
    const double *values, *lowers, *uppers, *runs;
    const int64_t *times;
    const char *const *commits;
    const char *const *statuses; /* unless whole */
    const uint32_t *keys;        /* of commits, with places */
    const uint64_t *places;
    const uint16_t *origins;
    struct direct_room {
        int64_t *time_ns;
        const char **commit, **status;
        double *run, *value, *lower, *upper;
        uint16_t *origin;
        uint32_t *key;
        uint64_t *place;
    } room;
};

/* Where rows come from. One thread at a time reads it; `texts` may be set by another. */
struct direct_source {
    pace_scan *scan;   /* NULL: nothing is read */
    unsigned wanted;   /* of the runs */
    atomic_bool texts; /* of commits that are only compared: they turned out to be needed */
    const char *const *status_names;
};

struct direct {
    struct direct_source source;
    struct direct_rows own;
    const struct direct_rows *rows; /* of the batch */
    bool *wanted[DIRECT_COLUMNS];
    bool ahead_helps;       /* whoever takes the rows has more to do than to take them */
    bool compares;          /* somebody compares commits (column.compared) */
    bool started;           /* a batch of the series was given */
    struct batch_keys keys; /* of the batch, where somebody compares them */
    const struct series *series;
    const struct pace_range *times; /* NULL: all */
    pace_scan *lookup;    /* for commits by their places, where the source is another thread's */
    pace_snapshot *apart; /* of the source, where that may become another thread's */
    uint64_t batches;     /* of the series that were given */
    struct ahead *ahead;  /* NULL: nobody reads ahead */
};

static inline bool direct_is_open(const struct direct *direct)
{
    return direct->source.scan != NULL;
}

/* times NULL: all of it. Both stay until it is closed. */
int direct_open(struct context *ctx, struct direct *direct, const struct series *series,
                const struct pace_range *times, const char *const *status_names);
/* The next batch, in direct->rows; its count is 0 at the end, and the scan is closed. */
int direct_next(struct context *ctx, struct direct *direct);
void direct_close(struct context *ctx, struct direct *direct);
/* Closes it, and ends what texts of rows may lie in. */
void direct_free(struct context *ctx, struct direct *direct);

/* -- for ahead.c ------------------------------------------------------------------------------- */

/* Room for a batch; false without memory. */
bool direct_room_make(struct arena *arena, struct direct_room *room);
/* Reads a batch. 0, or what the store says. */
int direct_read(struct direct_source *source, struct pace_error *error, struct direct_rows *rows);
/* Copies what lies in the scan to room of the rows: the scan goes on. */
void direct_rows_keep(struct direct_rows *rows);

#endif
