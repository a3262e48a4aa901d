/* group.h -- what aggregates gather over the rows of a group, for summarize and expect. */
#ifndef PACE_GROUP_H
#define PACE_GROUP_H

#include "expr.h"
#include "stats/sample.h"

/* One aggregate's state in one group. Values are in `unit`, that of the first. */
struct gathered {
    struct moments moments;
    double sum, carry; /* compensated */
    double min, max, first, last, log_sum;
    int64_t time_min, time_max, time_first, time_last;
    int64_t first_ns, last_ns; /* times of the rows of first and last */
    double *values, *days;     /* order statistics, slope; days: slope alone */
    size_t count, capacity, value_count;
    const char *unit;
    struct tail_bound bound; /* of a percentile's values */
    bool any;
};

/* Before the first row: a group will have no more than `most` values (0: nobody knows). */
void gathered_plan(struct aggregate *aggregate, size_t most);

/* Adds the rows of `batch` with the argument's values v (NULL: it has none) that groups[] says: group g of row i is groups[i] (SIZE_MAX: none). The
 * state of aggregate a in group g is states[g * stride + a]. time_column may be -1. */
int gathered_add(struct context *ctx, const struct aggregate *aggregate, size_t index,
                 const struct batch *batch, const struct vec *v, int time_column,
                 const size_t *groups, struct gathered *states, size_t stride);

/* The same for a batch of which all rows belong to one group, where the argument's values are of
 * one unit: much faster. */
bool gathered_can_many(const struct aggregate *aggregate, const struct batch *batch,
                       const struct vec *v, const struct gathered *state);
/* What is there of the argument of a batch, kept for other aggregates of the same argument; at first
 * vec is NULL. */
struct gathered_values {
    const struct vec *vec;
    const double *values;
    size_t count;
    double there[PACE_MAX_BATCH];
};
int gathered_add_many(struct context *ctx, const struct aggregate *aggregate,
                      const struct batch *batch, const struct vec *v,
                      struct gathered_values *values, struct gathered *state);

/* Whether the last bits of an aggregate depend on which rows came in one batch. */
bool gathered_by_batches(const struct aggregate *aggregate);

/* Whether an aggregate can be had of summaries of its values; adds one, in a unit. */
bool gathered_can_summary(const struct aggregate *aggregate);
void gathered_add_summary(struct gathered *state, const struct pace_summary *summary,
                          const char *unit);

/* Fills the aggregate's slot with the result. */
void gathered_finish(const struct aggregate *aggregate, struct gathered *state);
void gathered_free(struct gathered *state);

#endif
