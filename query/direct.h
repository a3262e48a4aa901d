/* direct.h -- one long series read straight from a scan of the store, batch by batch, without a matrix
 * between: where all of its rows are asked for and nothing marks, filters or precedes them. */
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

struct direct {
    pace_scan *scan; /* open while a series is read */
    bool started;    /* a batch of it was given */
    bool *wanted[DIRECT_COLUMNS];
    bool compares;  /* somebody compares commits (column.compared) */
    bool texts;     /* and their texts turned out to be needed */
    unsigned asked; /* of the runs: enum pace_runs_column */
    int64_t *time_ns;
    const char **commit, **status;
    double *run, *value, *lower, *upper;
    uint16_t *origin;
    uint32_t *key;
    uint64_t *place;
    struct batch_keys keys; /* of the batch, where somebody compares them */
    size_t count;           /* rows of the batch */
    bool any_origin;
    bool bounds, whole;
    const double *values, *lowers, *uppers; /* of the batch */
    const int64_t *times;
    const char *const *commits;
};

/* Makes room for a batch. */
int direct_init(struct context *ctx, struct direct *direct);
/* times NULL: all of it. */
int direct_open(struct context *ctx, struct direct *direct, const struct series *series,
                const struct pace_range *times);
/* The next batch; count is 0 at the end, and the scan is closed. */
int direct_next(struct context *ctx, struct direct *direct, const char *const *status_names);
void direct_close(struct direct *direct);

#endif
