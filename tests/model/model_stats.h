/* model_stats.h -- statistics by their definitions, in long double: slow, obvious, of the test
 * only. */
#ifndef PACE_MODEL_STATS_H
#define PACE_MODEL_STATS_H

#include "model_query.h"

typedef long double number;
#define NONE ((number)NAN)

static int compare_values(const void *a, const void *b)
{
    number x = *(const number *)a, y = *(const number *)b;
    return (x > y) - (x < y);
}

static number stat_mean(const number *x, size_t n)
{
    number sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n ? sum / (number)n : NONE;
}

static bool all_equal(const number *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] < x[0] || x[i] > x[0]) return false;
    return true;
}

static number stat_sd(const number *x, size_t n)
{
    if (n < 2) return NONE;
    if (all_equal(x, n)) return 0;
    number mean = stat_mean(x, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sqrtl(sum / (number)(n - 1));
}

/* Type 7: r = p (n - 1), linear between neighbours. */
static number stat_quantile(const number *x, size_t n, number p)
{
    if (n == 0) return NONE;
    number *sorted = malloc(n * sizeof *sorted);
    assert_non_null(sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_values);
    number r = p * (number)(n - 1);
    size_t below = (size_t)floorl(r);
    number result = sorted[below];
    if (below + 1 < n) result += (r - (number)below) * (sorted[below + 1] - sorted[below]);
    free(sorted);
    return result;
}

static number stat_mad(const number *x, size_t n)
{
    number middle = stat_quantile(x, n, 0.5L);
    number *distance = malloc((n + 1) * sizeof *distance);
    assert_non_null(distance);
    for (size_t i = 0; i < n; i++)
        distance[i] = fabsl(x[i] - middle);
    number result = stat_quantile(distance, n, 0.5L);
    free(distance);
    return result;
}

static number stat_of(enum fn fn, const number *x, size_t n)
{
    number best = n ? x[0] : NONE;
    switch (fn) {
    case FN_COUNT: return (number)n;
    case FN_MEAN: return stat_mean(x, n);
    case FN_MEDIAN: return stat_quantile(x, n, 0.5L);
    case FN_P95: return stat_quantile(x, n, 0.95L);
    case FN_P25: return stat_quantile(x, n, 0.25L);
    case FN_STDDEV: return stat_sd(x, n);
    case FN_SUM: return n ? stat_mean(x, n) * (number)n : NONE;
    case FN_FIRST: return best;
    case FN_LAST: return n ? x[n - 1] : NONE;
    case FN_MIN:
        for (size_t i = 0; i < n; i++)
            best = x[i] < best ? x[i] : best;
        return best;
    case FN_MAX:
        for (size_t i = 0; i < n; i++)
            best = x[i] > best ? x[i] : best;
        return best;
    case FN_KINDS: break;
    }
    return NONE;
}

/* -- distributions ------------------------------------------------------------------------------
 */

static number normal_tail(number z)
{
    return erfcl(z / sqrtl(2)) / 2;
}

/* Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), from the end.
 */
static number beta_fraction(number a, number b, number x)
{
    number f = 1;
    for (int m = 150; m > 0; m--) {
        number even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        number odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        f = 1 + even / (1 + odd / f);
    }
    return 1 / (1 + -(a + b) * x / (a + 1) / f);
}

static number beta_part(number a, number b, number x)
{
    if (x <= 0) return 0;
    if (x > (a + 1) / (a + b + 2)) return 1 - beta_part(b, a, 1 - x);
    number log_front = a * logl(x) + b * logl(1 - x) + lgammal(a + b) - lgammal(a) - lgammal(b);
    return expl(log_front) / a * beta_fraction(a, b, x);
}

/* P(T > t) for t >= 0. */
static number t_tail(number t, number df)
{
    if (isinf(t)) return 0;
    return beta_part(df / 2, 0.5L, df / (df + t * t)) / 2;
}

/* t such that P(T > t) = 1 - p; df <= 0: the normal distribution. */
static number find_quantile(number p, number df)
{
    number low = 0, high = 1e6L;
    for (int i = 0; i < 90; i++) {
        number middle = (low + high) / 2;
        number tail = df > 0 ? t_tail(middle, df) : normal_tail(middle);
        if (tail > 1 - p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

/* The same few quantiles are asked for again and again. */
static number quantile_of(number p, size_t df)
{
    enum { KEPT = 4096 };
    static struct {
        number p, value;
        size_t df;
    } kept[KEPT];
    size_t at = (df * 41 + (size_t)(p * 2000)) % KEPT;
    if (kept[at].value > 0 && kept[at].df == df && fabsl(kept[at].p - p) < 1e-15L)
        return kept[at].value;
    number value = find_quantile(p, (number)df);
    kept[at].p = p;
    kept[at].df = df;
    kept[at].value = value;
    return value;
}

/* -- limits of a model (DETECTION.md 1) ---------------------------------------------------------
 */

struct judged_limits {
    number centre, spread, low, high;
    size_t n;
    bool flat;
};

/* How many spreads a bound is away from the centre. */
static number bound_reach(const struct check_spec *check, const struct bound_spec *bound, size_t n)
{
    if (bound->unit != AS_PROBABILITY) return bound->value;
    if (check->model == CHECK_Z) return quantile_of(bound->value, 0);
    return quantile_of(bound->value, n - 1) * sqrtl(1 + 1 / (number)n);
}

static number limit_of(const struct check_spec *check, const struct judged_limits *at,
                       const struct bound_spec *bound, int side)
{
    if (!bound->unit) return NONE;
    if (check->model == CHECK_STATIC) return bound->value;
    if (at->flat) return at->centre;
    if (isnan(at->spread)) return NONE;
    return at->centre + side * bound_reach(check, bound, at->n) * at->spread;
}

static struct judged_limits limits_of(const struct check_spec *check,
                                      const struct bound_spec *lower,
                                      const struct bound_spec *upper, const number *x, size_t n)
{
    struct judged_limits limits = {NONE, NONE, NONE, NONE, n, false};
    switch (check->model) {
    case CHECK_STATIC: break;
    case CHECK_PERCENTAGE:
        limits.centre = stat_mean(x, n);
        limits.spread = fabsl(limits.centre);
        break;
    case CHECK_Z:
    case CHECK_T:
        limits.centre = stat_mean(x, n);
        limits.spread = stat_sd(x, n);
        break;
    case CHECK_IQR:
        limits.centre = stat_quantile(x, n, 0.5L);
        limits.spread = stat_quantile(x, n, 0.75L) - stat_quantile(x, n, 0.25L);
        break;
    case CHECK_MAD:
        limits.centre = stat_quantile(x, n, 0.5L);
        limits.spread = 1.4826L * stat_mad(x, n);
        break;
    }
    limits.flat = limits.spread <= 0;
    limits.low = limit_of(check, &limits, lower, -1);
    limits.high = limit_of(check, &limits, upper, 1);
    return limits;
}

#endif
