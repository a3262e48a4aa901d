/* paired.c -- two sides measured in turns: one pair of values a round. */
#include "paired.h"

#include "dist.h"
#include "sample.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int median_of(const double *values, size_t n, double *out)
{
    double *copy = malloc(n * sizeof *copy);
    if (copy == NULL) return -1;
    memcpy(copy, values, n * sizeof *copy);
    *out = select_median(copy, n);
    free(copy);
    return 0;
}

int paired_compare(const double *x, const double *y, size_t n, double alpha, struct paired *out)
{
    *out = (struct paired){.n = n, .low = -INFINITY, .high = INFINITY, .p_above = 1, .p_below = 1};
    if (n == 0 || median_of(x, n, &out->x) != 0 || median_of(y, n, &out->y) != 0) return -1;
    bool logs = true;
    double scale = 0, mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        logs = logs && x[i] > 0 && y[i] > 0;
        scale += x[i] / (double)n;
    }
    scale = fabs(scale);
    double *d = malloc(n * sizeof *d);
    if (d == NULL) return -1;
    for (size_t i = 0; i < n; i++) {
        d[i] = logs ? log(y[i] / x[i]) : y[i] - x[i];
        mean += d[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        squares += (d[i] - mean) * (d[i] - mean);
    free(d);
    double df = (double)n - 1;
    double error = n > 1 ? sqrt(squares / df / (double)n) : (double)INFINITY;
    double reach = n > 1 ? t_quantile(1 - alpha, df) * error : (double)INFINITY;
    /* Rounding alone is no spread. */
    bool flat = n > 1 && error <= 4 * DBL_EPSILON * (logs ? 1 + fabs(mean) : fabs(mean));
    if (flat) {
        bool differ = fabs(mean) > (logs ? 1e-9 : 1e-9 * scale);
        out->p_above = differ && mean > 0 ? 0 : 1;
        out->p_below = differ && mean < 0 ? 0 : 1;
        reach = 0;
    } else if (n > 1) {
        out->p_above = t_upper(mean / error, df);
        out->p_below = t_upper(-mean / error, df);
    }
    if (logs) {
        out->ratio = exp(mean);
        out->low = exp(mean - reach);
        out->high = exp(mean + reach);
    } else if (scale > 0) {
        out->ratio = 1 + mean / scale;
        out->low = 1 + (mean - reach) / scale;
        out->high = 1 + (mean + reach) / scale;
    } else { /* from 0: any difference is infinitely large */
        out->ratio = mean == 0 ? 1 : mean > 0 ? (double)INFINITY : -(double)INFINITY;
    }
    return 0;
}
