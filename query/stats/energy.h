/* energy.h -- change points by the energy statistic (e-divisive; Matteson and James 2014), with the
 * procedure of Hunter and Otava (Fleming et al. 2023). Pure. */
#ifndef PACE_ENERGY_H
#define PACE_ENERGY_H

#include <stddef.h>

/* q[t], 0 < t < n: how far x[0..t) and x[t..n) are apart,
 *   2 / n sum |a - b| - 2 m / (n (k-1)) sum |a - a'| - 2 k / (n (m-1)) sum |b - b'|
 * over pairs, with k = t and m = n - t; a sum over no pair is 0. O(n log n), by ranks. 0, or -1
 * when out of memory. */
int energy_splits(const double *x, size_t n, double *q);

/* Windows of 50 points, half overlapping, are split where q is largest while Student's t-test of
 * both sides has p <= 10 alpha; then the weakest change over the whole series is dropped until all
 * have p < alpha. No side is shorter than `shortest`. Writes the first points of new levels to cuts
 * (n places); how many, or -1 when out of memory. */
int energy_cuts(const double *x, size_t n, size_t shortest, double alpha, size_t *cuts);

#endif
