/* matrix.h -- the cells of some columns of a stream in memory: its newest runs, and before them
 * runs that its branch inherits.
 *
 * Runs are in the order of history: inherited ones first. Memory is used again by the next read
 * and counts against that of the statement. */
#ifndef PACE_MATRIX_H
#define PACE_MATRIX_H

#include "select.h"

/* How far a read reaches back. */
struct reach {
    uint64_t own;                   /* the newest runs of the stream; 0: all */
    uint64_t inherited;             /* the newest runs before its start point; UINT64_MAX: all */
    const struct pace_range *times; /* of these times alone, and nothing inherited; NULL: of all */
};

/* value[c * stride + r] and so on: column c of run r. */
struct matrix {
    size_t runs, stride, columns;
    size_t inherited_runs;
    size_t charged; /* cells counted against the statement's memory */
    int64_t *time_ns;
    const char **commit;
    double *run;
    uint16_t *origin;  /* enum origin, without whether it is inherited */
    uint16_t *segment; /* of the lineage; segment_count for the stream's own runs */
    const double *value, *lower, *upper;
    const uint8_t *status;
    uint8_t *whole;          /* a column: all of its cells are ok */
    bool any_origin;         /* some are not 0 */
    bool bounds;             /* lower and upper are filled */
    bool own_complete;       /* holds all runs of the stream */
    bool inherited_complete; /* and all that it inherits */

    /* Where the cells lie: in the batch of a scan that stays open, or in memory of its own. */
    pace_scan *scan;
    struct matrix_cells {
        double *value, *lower, *upper;
        uint8_t *status;
    } own;
};

/* Reads columns of a stream. Before the snapshot ends matrix_free must be called. */
int matrix_read(struct context *ctx, struct matrix *matrix, const struct pace_stream *stream,
                const struct pace_lineage *lineage, const uint32_t *columns, size_t count,
                struct reach reach);
/* Brings the cells into the matrix' own memory, where they may be changed. */
int matrix_own(struct context *ctx, struct matrix *matrix);
void matrix_free(struct matrix *matrix);

#endif
