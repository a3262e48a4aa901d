/* algebra.h -- units multiplied and divided: ns*B, ns/B, B/s, misses/s. Uses engine/unit.h. */
#ifndef PACE_ALGEBRA_H
#define PACE_ALGEBRA_H

#include "../engine/arena.h"
#include "../engine/unit.h"

#include <stdbool.h>

/* What a * b (or a / b) is measured in, and the factors that take values in `left` and `right` to
 * it: result = left * left_factor * (right * right_factor), or divided by the latter. Powers of one
 * base add up: (ns*B)/ns is B, ops/s * s a plain number. Time below the line is in seconds, above
 * it in ns. false when out of memory, or when the units have too many parts. Memory of the
 * arena. */
struct unit_product {
    double left_factor, right_factor;
    const char *unit;
};
bool unit_combine(struct arena *arena, const char *left, const char *right, bool divide,
                  struct unit_product *out);

#endif
