/* noise.h -- how noisy a series is: scale, correlation of neighbours, and both where it changes.
 *
 * All pure; x are finite values in order of time. */
#ifndef PACE_NOISE_H
#define PACE_NOISE_H

#include <stdbool.h>
#include <stddef.h>

struct noise {
    double sigma; /* standard deviation of one value around its level; 0: a constant series */
    double rho;   /* correlation of neighbours, 0 .. 0.9 */
};

/* Variance of the mean of n values, times n, for large n: sigma^2 (1 + rho) / (1 - rho). */
double noise_long_run(struct noise noise);
/* How many independent values are worth n correlated ones: n (1 - rho) / (1 + rho). */
double noise_worth(struct noise noise, double n);

/* The noise of benchmarks is a share of their level. Where levels differ by a factor of 2 or more
 * (medians of 5 points), factor[i] is the level at point i as a multiple of the median level, else
 * 1 and the result false. `scratch` holds n doubles. */
bool noise_levels(const double *x, size_t n, double *factor, double *scratch);

/* The same with the rho that is 0.8 standard errors larger, since it was estimated from so many
 * points: for tests that are not to alarm too often. */
struct noise noise_cautious(struct noise noise, double points);

/* Before anything is known about levels: from the MAD of lag-1 and lag-2 differences, scaled to the
 * normal. Steps make rho too large, so it is at most 0.5. Zero MAD (quantised values): the mean
 * absolute difference. factor: of noise_levels, sigma is where it is 1; NULL: all 1. `scratch`
 * holds n doubles. */
struct noise noise_of_differences(const double *x, const double *factor, size_t n, double *scratch);

/* When levels are known: from residuals, each in units of scale[i] (NULL: 1) and pulled in to 3
 * MAD; start[0 .. count) are the first points of the segments. rho is corrected for the levels
 * having been fitted, and is at most `rho_max`. Without spread sigma is 0. */
struct noise noise_of_residuals(const double *r, const double *scale, size_t n, const size_t *start,
                                size_t count, double rho_max, double *scratch);

enum { LOCAL_NOISE_POINTS = 61 };

/* Noise of each point as a factor of the series' own: scale[i] comes as the factor of noise_levels
 * and is multiplied by what differences tell: the mean of the smaller three quarters of
 * |differences| over 61 points, taken every 15 points, over that of the series, at least 0.7 and at
 * least `least`. Where the largest is less than 2.2 times the smallest (more in series of over 300
 * points) the noise is constant, and all are 1 (or `least`). A mean of the smaller ones is steadier
 * than a median where values have two modes. False: all scales are 1. `scratch` holds 2 n + 61
 * doubles. */
bool noise_local(const double *x, size_t n, double least, double *scale, double *scratch);

#endif
