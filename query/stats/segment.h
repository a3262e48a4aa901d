/* segment.h -- change points of one series by least squares.
 *
 * Minimises the sum over segments of squared deviations from the segment's mean, plus `penalty` for
 * each change: exact (pruned optimal partitioning), segments of at least `shortest` points. The
 * noise is estimated from the differences of neighbours (see noise_sigma), so one big step does not
 * hide small ones. Costs O(n log n) on quiet series. Pure. */
#ifndef PACE_SEGMENT_H
#define PACE_SEGMENT_H

#include <stddef.h>

/* Scale of the noise of a series: MAD of lag-1 differences, scaled to the normal and by 1/sqrt 2,
 * and its lag-1 correlation *rho (0..0.5). Zero MAD: from the mean absolute difference; 0 for a
 * constant series. `scratch` holds n doubles. */
double noise_sigma(const double *x, size_t n, double *scratch, double *rho);

/* One change between x[index-1] and x[index]. */
struct change {
    size_t index;
    double before, after; /* medians of the segments on both sides */
    double effect;        /* |after - before| / max(MAD of up to 24 points a side, noise) */
    double p;             /* two-sided, Welch's t of the clipped segments, for correlated points */
};

struct segment_options {
    size_t shortest; /* points in a segment; default 3 */
    double penalty;  /* beta = penalty * log(n) * long-run variance; default 3 */
    double alpha;    /* a change whose p is over this is dropped, weakest first; default 0.001 */
    double floor;    /* smallest |after/before - 1|; default 0.03 */
    double effect;   /* smallest effect; default 1.5 */
};

/* Writes up to `capacity` changes in order of index and returns how many there are, or -1 when out
 * of memory. n < 2 * shortest gives 0. */
int segment_changes(const double *x, size_t n, const struct segment_options *options,
                    struct change *changes, size_t capacity);

#endif
