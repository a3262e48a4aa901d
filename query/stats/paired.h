/* paired.h -- two sides measured in turns: one pair of values a round.
 *
 * What a round has in common (the machine's temper at that time) cancels in its pair. Student's t
 * of the differences of logarithms, so that the effect is a ratio; where a value is not above zero,
 * of the differences themselves, as a share of the base's mean. Pure. */
#ifndef PACE_PAIRED_H
#define PACE_PAIRED_H

#include <stddef.h>

struct paired {
    size_t n;                /* rounds */
    double x, y;             /* medians of the base and of the new side */
    double ratio;            /* y to x: the geometric mean over the rounds */
    double low, high;        /* its interval, of 1 - 2 alpha */
    double p_above, p_below; /* one-sided: that a ratio so far above, or below, 1 is chance */
};

/* x[i] and y[i] are of round i. With one round, or from a base of 0, the interval is infinite;
 * without any spread it is a point, and p is 0 or 1. 0, or -1 when out of memory or n is 0. */
int paired_compare(const double *x, const double *y, size_t n, double alpha, struct paired *out);

#endif
