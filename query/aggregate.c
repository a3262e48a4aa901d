/* aggregate.c -- aggregate functions over a finished sample; see expr.h. */
#include "expr.h"

#include "stats/sample.h"

#include <math.h>

static double sample_extreme(const double *sample, size_t n, bool largest)
{
    if (n == 0) return NAN;
    double best = sample[0];
    for (size_t i = 1; i < n; i++)
        if (largest ? sample[i] > best : sample[i] < best) best = sample[i];
    return best;
}

double aggregate_sample(enum function function, double percentile, double *sample,
                        const double *days, size_t n)
{
    switch (function) {
    case F_COUNT: return (double)n;
    case F_SUM: return n ? sample_sum(sample, n) : NAN;
    case F_MEAN: return sample_mean(sample, n);
    case F_MEDIAN: return select_median(sample, n);
    case F_MIN: return sample_extreme(sample, n, false);
    case F_MAX: return sample_extreme(sample, n, true);
    case F_FIRST: return n ? sample[0] : NAN;
    case F_LAST: return n ? sample[n - 1] : NAN;
    case F_STDDEV: return sample_sd(sample, n);
    case F_CV: {
        double mean = sample_mean(sample, n);
        return mean == 0 ? NAN : sample_sd(sample, n) / mean;
    }
    case F_MAD: return select_mad(sample, n);
    case F_IQR:
        return n ? select_quantile(sample, n, 0.75) - select_quantile(sample, n, 0.25) : NAN;
    case F_GEOMEAN: return sample_geomean(sample, n);
    case F_SLOPE: return days ? sample_slope(days, sample, n) : NAN;
    case F_PERCENTILE: return select_quantile(sample, n, percentile);
    default: break;
    }
    return NAN;
}
