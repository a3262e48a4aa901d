/* explain.h -- `explain QUERY`: what a query's plan is, and what it read. */
#ifndef PACE_EXPLAIN_H
#define PACE_EXPLAIN_H

#include "plan.h"

/* Runs a planned query to its end and puts an operator that tells about it onto the plan: a row an
 * operator, in the order in which rows pass through them. Series and points read are those of the
 * run, and so are the notes. */
int explain_plan(struct context *ctx, struct plan *plan);

#endif
