/* steps.h -- asv's step detection: gamma (k - 1) + sum w |y - median|, least absolute deviations.
 *
 * gamma is chosen by an information criterion; segments of up to 20 points are fitted exactly, then
 * joined and moved while that lowers the cost. Follows asv 0.6's step_detect, value by value.
 * Pure. */
#ifndef PACE_STEPS_H
#define PACE_STEPS_H

#include <stddef.h>

/* w: weights > 0, or NULL for 1. Writes the first points of new levels to cuts (n places); how
 * many, or -1 when out of memory. */
int steps_cuts(const double *y, const double *w, size_t n, size_t *cuts);

/* Weighted median of n values, the mean of the two in the middle where half of the weight lies on
 * each side. NAN when out of memory. */
double steps_median(const double *y, const double *w, size_t n);

#endif
