/* put.h -- `put //p//b//t//bench//measure VALUE [at TIME]`: one value, as a run of its own. */
#ifndef PACE_PUT_H
#define PACE_PUT_H

#include "context.h"

/* Stores it. The statement's snapshot is ended. */
int put_statement(struct context *ctx, const struct statement *statement);

#endif
