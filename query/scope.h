/* scope.h -- a selector as a test of one series' names: which series a mark or a threshold is
 * about.
 *
 * Made once, asked for every series. Keys `commit` and `run` choose rows, so they hold for every
 * series here. A dotted measure is named like any other: what is hidden of a benchmark is hidden of
 * its companions too. */
#ifndef PACE_SCOPE_H
#define PACE_SCOPE_H

#include "select.h"

struct scope;

/* *out is NULL for a selector that names every series. */
int scope_bind(struct context *ctx, const struct selector *selector, struct scope **out);
/* 1, 0, or negative when a regex ran into its limits (diagnosed). */
int scope_matches(struct context *ctx, const struct scope *scope, const struct series *series);

#endif
