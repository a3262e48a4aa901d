/* chart.h -- control charts of standardised values u = (x - mean) / deviation: small shifts that
 * last add up where one value would not show.
 *
 * Average run lengths without a shift, and until a shift of one deviation is found (two-sided;
 * tests/stats/test_chart.c computes them): CUSUM k 0.5, h 4: 168 and 8.4; h 5: 465 and 10.4; EWMA
 * lambda 0.2, L 2.962: 500 and 10.5. With mean and deviation estimated from few points they are
 * shorter. Pure. */
#ifndef PACE_CHART_H
#define PACE_CHART_H

/* Weight of the newest value in the model `ewma`. */
#define EWMA_WEIGHT 0.2

/* Page (1954): the sum of what values exceed the slack k by, never below 0; k is half of the shift
 * to be found. For shifts down give -u. */
double cusum_step(double sum, double u, double slack);

/* Roberts (1959): the exponentially weighted mean, from 0. */
double ewma_step(double mean, double u, double weight);
/* Its deviation after many points. */
double ewma_deviation(double weight);

#endif
