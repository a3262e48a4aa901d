/* samples.h -- raw samples of runs, pooled: what a run measured before it became one value. */
#ifndef PACE_SAMPLES_H
#define PACE_SAMPLES_H

#include "context.h"
#include "select.h"

/* Zero is an empty pool. Its memory counts against the statement's. */
struct sample_pool {
    double *values;
    size_t count, capacity;
};

/* Adds the raw samples of a series' cell in a run, which may be one that its branch inherits; a run
 * without any adds nothing. */
int sample_pool_add(struct sample_pool *pool, struct context *ctx, const struct series *series,
                    double run);
/* Adds one value. */
int sample_pool_push(struct sample_pool *pool, struct context *ctx, double value);
void sample_pool_free(struct sample_pool *pool);

#endif
