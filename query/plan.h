/* plan.h -- from the tree of a query to a chain of operators. */
#ifndef PACE_PLAN_H
#define PACE_PLAN_H

#include "context.h"
#include "op.h"

struct plan {
    struct op *last; /* the operator to pull from */
    struct selection selection;
    const char *format;   /* of the last `as`; NULL: none */
    const char *pushed;   /* the verbs that the scan does itself; NULL: none */
    bool expects, judges; /* has expect, check */
    bool asks_run;        /* has `last run` */
};

/* Binds a query. On error too the plan is to be freed. */
int plan_query(struct context *ctx, const struct query *query, struct plan *out);
void plan_free(struct plan *plan);

#endif
