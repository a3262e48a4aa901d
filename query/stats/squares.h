/* squares.h -- least-squares segmentation of one series.
 *
 * Minimises the sum over segments of squared deviations from the segment's mean, plus `beta` for
 * each change, over all segmentations into segments of at least `shortest` points: exact. Costs
 * O(pieces + shortest) a point, some 10 pieces. Pure. */
#ifndef PACE_SQUARES_H
#define PACE_SQUARES_H

#include <stddef.h>

/* n >= shortest >= 1. best[t]: least cost of the first t points, without the penalty of a change
 * before the first; last[t], t >= shortest: where its last segment starts. Both hold n + 1 values.
 * 0, or -1 when out of memory. */
int squares_segment(const double *x, size_t n, size_t shortest, double beta, double *best,
                    size_t *last);

#endif
