/* dist.h -- special functions and distributions on libm. Sources are named at each function in
 * dist.c. Accuracy: 1e-12 relative against mpmath over the grids of tests/stats, tails included.
 * Outside their domain they return NAN. Pure, thread-safe, locale-free. */
#ifndef PACE_DIST_H
#define PACE_DIST_H

double log_gamma(double x);                           /* ln |Gamma(x)|, x > 0 */
double beta_incomplete(double a, double b, double x); /* regularised I_x(a, b) */

double normal_cdf(double x);
double normal_upper(double x);    /* 1 - cdf without cancellation */
double normal_quantile(double p); /* 0 < p < 1 */

double t_cdf(double t, double df);
double t_upper(double t, double df);
double t_quantile(double p, double df); /* 0 < p < 1, df > 0, real */

#endif
