/* pairing.h -- what `versus SOURCE` compares with: the same query with the named dimensions
 * replaced. */
#ifndef PACE_PAIRING_H
#define PACE_PAIRING_H

#include "context.h"

/* The dimensions that a selector names, as bits 1 << enum pace_dimension. A segment `*` of a path
 * names none. */
unsigned selector_dimensions(const struct selector *selector);

/* `upstream` without its terms on `dimensions` and on runs and commits, and with all that `named`
 * says. Memory of the statement. */
int selector_replace(struct context *ctx, const struct selector *upstream,
                     const struct selector *named, unsigned dimensions, struct selector **out);

#endif
