/* sample.h -- statistics of a finished sample. Type 7 quantiles: r = p(n-1), linear. All pure; no
 * values (or too few) give NAN. Values are finite. */
#ifndef PACE_SAMPLE_H
#define PACE_SAMPLE_H

#include <stddef.h>

double sample_sum(const double *x, size_t n); /* compensated (Neumaier) */
double sample_mean(const double *x, size_t n);
double sample_sd(const double *x, size_t n); /* n-1; NAN for n < 2; exactly 0 when all are equal */
double sample_sd_about(const double *x, size_t n, double mean);  /* the same where it is known */
double sample_geomean(const double *x, size_t n);                /* NAN when a value is <= 0 */
double sample_slope(const double *t, const double *x, size_t n); /* least squares x per unit of t */

void sample_sort(double *x, size_t n);                            /* ascending */
double sorted_quantile(const double *sorted, size_t n, double p); /* 0 <= p <= 1 */

/* The same on unsorted values; they reorder `x` (selection, O(n)). */
double select_quantile(double *x, size_t n, double p);
double select_median(double *x, size_t n);
double select_mad(double *x, size_t n); /* median |x - median|, unscaled */

/* Where a type 7 quantile of n > 0 values lies: between those of rank index and index + 1. */
size_t quantile_rank(size_t n, double p, double *fraction);
/* Moves the value of a rank to x[rank], none that is larger before it and none that is smaller
 * behind it. */
void select_rank(double *x, size_t n, size_t rank);
/* The value of a rank; fraction > 0: the same way on to that of the next one, which is there. */
double select_between(double *x, size_t n, size_t rank, double fraction);

/* Running count, mean and sum of squared deviations (Welford), mergeable (Chan). */
struct moments {
    double count, mean, m2;
};
void moments_push(struct moments *m, double x);
void moments_merge(struct moments *into, const struct moments *from);
double moments_sd(const struct moments *m); /* n-1; NAN for n < 2 */

#endif
