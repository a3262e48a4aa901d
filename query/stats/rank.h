/* rank.h -- change points of the distribution, by ranks alone (ED-PELT; Haynes, Fearnhead, Eckley
 * 2017): sees changes of spread and shape too, and no outlier weighs more than its rank.
 *
 * The cost of a segment is the likelihood of its empirical distribution at 4 log n quantiles of the
 * series. PELT's pruning makes it exact and fast where changes are many; quiet series cost O(n^2),
 * so long ones are cut into overlapping blocks of 2,048 points. Pure. */
#ifndef PACE_RANK_H
#define PACE_RANK_H

#include <stddef.h>

/* A change costs 3 log(n) times `excess`, the long-run variance as a multiple of the variance (1:
 * independent values). Segments have at least `shortest` points. Writes the first points of new
 * levels to cuts (n places); how many, or -1 when out of memory. */
int rank_cuts(const double *x, size_t n, size_t shortest, double excess, size_t *cuts);

/* The cost of segment start..end of a series, for tests: O(n). NAN when out of memory. */
double rank_cost(const double *x, size_t n, size_t start, size_t end);

#endif
