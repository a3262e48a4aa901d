/* scan.h -- the operator that reads the store, as op_scan.c, points.c and scan_group.c share it:
 *
 *     scan_group.c  which series of a stream are read together, and how many of their runs
 *     points.c      the points of one of them: gathered, chosen by the ranges, enough or not
 *     op_scan.c     the operator itself: batches
 */
#ifndef PACE_SCAN_H
#define PACE_SCAN_H

#include "op.h"

#include "direct.h"
#include "marks.h"
#include "matrix.h"

enum scan_column {
    COLUMN_PROJECT,
    COLUMN_BRANCH,
    COLUMN_TESTBED,
    COLUMN_BENCHMARK,
    COLUMN_MEASURE,
    COLUMN_TIME,
    COLUMN_COMMIT,
    COLUMN_RUN,
    COLUMN_VALUE,
    COLUMN_LOWER,
    COLUMN_UPPER,
    COLUMN_UNIT,
    COLUMN_STATUS,
    COLUMN_COUNT
};

enum {
    SCAN_NOTES_MAX = 5,                  /* branches that are told about */
    SCAN_MATRIX_CELLS = 4 * 1024 * 1024, /* that are read together */
};

/* The points of the series being handed on. */
struct points {
    size_t count, capacity;
    int64_t *time_ns;
    const char **commit, **status;
    double *run, *value, *lower, *upper;
    const char **branch;
    uint16_t *segment; /* of the lineage */
    uint8_t *selected, *restart, *gone, *inherited, *hidden;
    uint16_t *origin;
    size_t inherited_count; /* they come first */
    bool any_restart, any_gone, any_hidden, any_origin;
    bool own_restart;  /* one of the branch's own points is one */
    double newest_run; /* that this series may have a row of; NAN: among runs not read yet */
    bool settled;      /* which points the ranges choose, whatever older runs hold */
};

/* Series of near without gaps, which no mark or filter touches and whose branch inherits nothing,
 * differ in their values alone: which of their rows are chosen is found for the first of them.
 * Their rows are handed on where the matrix has them. */
struct plain {
    bool known;
    uint8_t *selected;
    size_t capacity;
    double newest_run;
    bool needs_more; /* these series need more than near holds */
    uint64_t id;     /* of their runs */
};

struct scan_op {
    struct op op;
    struct context *ctx;
    const struct selection *selection;
    struct range *ranges;
    struct lookback lookback;
    bool wants_gone, with_history, with_excluded;
    bool base_only; /* only what is inherited */
    const struct mark_view *marks;
    struct pace_range times;
    bool
        by_times; /* what the ranges choose, with its history, is in `times`: only that is read, where
                      nothing is inherited */
    bool
        by_rows; /* the same of the times that the selection's rows have, which are part of those */
    const struct pace_stream *stream; /* whose lineage this is */
    struct pace_lineage lineage;
    const struct scan_known *known; /* what the rows are wanted for may know the oldest; or NULL */
    uint64_t known_runs, known_run; /* of `stream`; 0: none */
    size_t noted;                   /* lineages that were told about */
    size_t group_start, group_end;  /* series of the matrices */
    size_t next_series, end;        /* end: that are read; op_scan_more may know of others behind */
    bool (*more)(void *context, size_t *end);
    void *more_context;
    size_t matrix_cells;  /* that a matrix may have */
    struct matrix near;   /* the newest runs, of every series of the group */
    struct matrix far;    /* more runs, of those series that need them */
    uint32_t *far_column; /* a series of the group: its column of far + 1, or 0 */
    size_t far_capacity;
    const struct row_filter *rows; /* of the series being loaded */
    const struct matrix *matrix;   /* of the series being loaded, near or far */
    size_t base;                   /* its first cell there */
    struct points points;
    struct plain plain;
    bool is_plain;        /* the series being handed on is one of plain */
    struct direct direct; /* open: the series being handed on is read directly */
    bool wanted[COLUMN_COUNT];
    struct commit_set commits;   /* scratch */
    size_t offset;               /* points of the current series handed on */
    const struct series *series; /* being handed on; NULL: none */
    struct vec vecs[COLUMN_COUNT];
    const char *unit_text;
    struct batch batch;
};

/* What is still to be read. */
struct need {
    bool own, inherited;
};

static inline bool needs_any(struct need need)
{
    return need.own || need.inherited;
}

/* -- points.c ---------------------------------------------------------------------------------- */

extern const char *const scan_status_names[];

/* Points of series `index` of the selection: gathered, chosen. */
int points_load(struct scan_op *scan, struct context *ctx, size_t index);
/* What the loaded points lack of what the judged ones need. */
struct need points_need(struct scan_op *scan);
void points_free(struct points *points);
/* About how many points of its own runs a series of this stream is read with. */
uint64_t scan_points_of(const struct scan_op *scan, const struct pace_stream *stream);

/* Whether a window finds its points in the parent alone. A change that was accepted on the branch
 * makes its own points count too. */
bool scan_from_parent(const struct scan_op *scan);
/* Nothing is left to be read of its series. */
bool matrix_is_complete(const struct matrix *matrix);

/* The times that are read of a stream's own runs; NULL: all. */
const struct pace_range *scan_times(const struct scan_op *scan);
/* The ranges as one of times; false when one counts points. */
bool ranges_of_times(const struct range *range, struct pace_range *out);

/* -- scan_group.c ------------------------------------------------------------------------------ */

/* Reads the group that the next series begins: the newest runs of all its series, then ever more of
 * those that need more: new, sparse and dead ones, which are to make the reading of the others no
 * longer. Or opens the next series to be read directly. */
int group_load(struct scan_op *scan, struct context *ctx);
/* Whether a series of the group is one of plain. */
bool scan_is_plain(const struct scan_op *scan, size_t index);
/* Remembers what was found for the series that is loaded, which is plain. */
int plain_learn(struct scan_op *scan, struct context *ctx, bool needs_more);

#endif
