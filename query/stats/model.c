/* model.c -- threshold models: limits, scores and p of a value; see model.h and model.def.
 *
 * Each built model is one function that fills centre and spread; a bound is then so many spreads
 * from the centre. A bound in deviations (3sd) means that many spreads, for t-test of the sample
 * (no quantile, no 1 + 1/n); a fraction means shares of the mean (percentage), quartile ranges
 * (iqr, delta-iqr) or deviations (mad). A static fraction is the limit itself, for measures that
 * are ratios. The p of mad takes its deviations as normal.
 *
 * Samples of up to SAMPLE_ON_STACK values are judged without allocating; out of memory counts as
 * not computable. */
#include "model.h"

#include "dist.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The usual window is 64 points. */
enum { SAMPLE_ON_STACK = 256 };

/* MAD of a normal distribution to its standard deviation. */
#define MAD_SCALE 1.4826

const struct model_row model_rows[MODEL_COUNT] = {
#define MODEL(id, row_name, row_needs, row_bounds, row_built, row_text)                            \
    [id] = {.name = row_name,                                                                      \
            .needs = row_needs,                                                                    \
            .bounds = row_bounds,                                                                  \
            .built = row_built,                                                                    \
            .text = row_text},
#include "model.def"
#undef MODEL
};

enum model_kind model_find(const char *name, size_t len)
{
    for (int i = 0; i < (int)MODEL_COUNT; i++) {
        const char *row = model_rows[i].name;
        if (strlen(row) == len && memcmp(row, name, len) == 0) return (enum model_kind)i;
    }
    return MODEL_COUNT;
}

/* -- centre and spread ------------------------------------------------------------------------- */

static void fill_mean(const double *x, size_t n, struct limits *out)
{
    out->centre = sample_mean(x, n);
    out->spread = sample_sd(x, n);
}

static void fill_percentage(const double *x, size_t n, struct limits *out)
{
    out->centre = sample_mean(x, n);
    out->spread = fabs(out->centre);
}

/* The functions below use `work`, room for n values. */

static int fill_log_normal(const double *x, size_t n, double *work, struct limits *out)
{
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > 0)) return -1;
        work[i] = log(x[i]);
    }
    if (n == 0) return 0;
    out->centre = exp(sample_mean(work, n));
    out->spread = sample_sd(work, n);
    if (n > 1 && out->spread <= 0) out->centre = x[0]; /* exp(log x) need not be x */
    return 0;
}

static void fill_iqr(const double *x, size_t n, double *work, struct limits *out)
{
    memcpy(work, x, n * sizeof *x);
    sample_sort(work, n);
    out->centre = sorted_quantile(work, n, 0.5);
    out->spread = sorted_quantile(work, n, 0.75) - sorted_quantile(work, n, 0.25);
}

static int fill_delta_iqr(const double *x, size_t n, double *work, struct limits *out)
{
    for (size_t i = 1; i < n; i++) {
        bool same = !(x[i] < x[i - 1]) && !(x[i] > x[i - 1]);
        work[i - 1] = same ? 0 : fabs(x[i] / x[i - 1] - 1);
        if (!isfinite(work[i - 1])) return -1; /* a step from 0 has no ratio */
    }
    size_t steps = n ? n - 1 : 0;
    sample_sort(work, steps);
    double range = sorted_quantile(work, steps, 0.75) - sorted_quantile(work, steps, 0.25);
    memcpy(work, x, n * sizeof *x);
    out->centre = select_median(work, n);
    out->spread = fabs(out->centre) * range;
    return 0;
}

static void fill_mad(const double *x, size_t n, double *work, struct limits *out)
{
    memcpy(work, x, n * sizeof *x);
    out->centre = select_median(work, n);
    out->spread = MAD_SCALE * select_mad(work, n);
}

static int fill(enum model_kind kind, const double *x, size_t n, double *work, struct limits *out)
{
    switch (kind) {
    case MODEL_STATIC: return 0;
    case MODEL_PERCENTAGE: fill_percentage(x, n, out); return 0;
    case MODEL_Z_SCORE:
    case MODEL_T_TEST: fill_mean(x, n, out); return 0;
    case MODEL_LOG_NORMAL: return fill_log_normal(x, n, work, out);
    case MODEL_IQR: fill_iqr(x, n, work, out); return 0;
    case MODEL_DELTA_IQR: return fill_delta_iqr(x, n, work, out);
    case MODEL_MAD: fill_mad(x, n, work, out); return 0;
    case MODEL_COHEN:
    case MODEL_MANN_WHITNEY:
    case MODEL_CUSUM:
    case MODEL_EWMA:
    case MODEL_COUNT: break;
    }
    return -1;
}

/* -- limits ------------------------------------------------------------------------------------ */

/* How many spreads a bound lies from the centre. */
static double bound_reach(enum model_kind kind, struct bound bound, size_t n)
{
    if (bound.kind != BOUND_PROBABILITY) return bound.value;
    if (!(bound.value >= 0.5 && bound.value < 1)) return (double)NAN;
    if (kind != MODEL_T_TEST) return normal_quantile(bound.value);
    double count = (double)n;
    return t_quantile(bound.value, count - 1) * sqrt(1 + 1 / count);
}

/* One limit; side is -1 for the lower and 1 for the upper. */
static double limit_at(enum model_kind kind, const struct limits *at, struct bound bound, int side)
{
    if (bound.kind == BOUND_NONE || !(model_rows[kind].bounds & (unsigned)bound.kind))
        return (double)NAN;
    if (kind == MODEL_STATIC) return bound.value;
    if (at->flat) return at->centre;
    double reach = side * bound_reach(kind, bound, at->n);
    if (kind == MODEL_LOG_NORMAL) return at->centre * exp(reach * at->spread);
    return at->centre + reach * at->spread;
}

int model_limits(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                 struct bound upper, struct limits *out)
{
    const double none = (double)NAN;
    *out = (struct limits){.centre = none, .spread = none, .low = none, .high = none, .n = n};
    double stack[SAMPLE_ON_STACK];
    double *work = n <= SAMPLE_ON_STACK ? stack : malloc(n * sizeof *work);
    int status = work ? fill(kind, sample, n, work, out) : -1;
    if (work != stack) free(work);
    if (status) {
        out->centre = out->spread = none;
        return -1;
    }
    out->flat = out->spread <= 0;
    out->low = limit_at(kind, out, lower, -1);
    out->high = limit_at(kind, out, upper, 1);
    return 0;
}

/* -- values ------------------------------------------------------------------------------------ */

double model_score(enum model_kind kind, const struct limits *limits, double value)
{
    if (kind == MODEL_STATIC) return (double)NAN;
    double distance = value - limits->centre;
    if (limits->flat) {
        if (fabs(distance) <= MODEL_FLAT_TOLERANCE * fabs(limits->centre)) return 0;
        return copysign((double)INFINITY, distance);
    }
    if (kind == MODEL_LOG_NORMAL) {
        if (!(value > 0)) return isnan(value) ? value : -(double)INFINITY;
        distance = log(value / limits->centre);
    }
    return distance / limits->spread;
}

double model_p(enum model_kind kind, const struct limits *limits, double value)
{
    double score = fabs(model_score(kind, limits, value)), n = (double)limits->n;
    switch (kind) {
    case MODEL_T_TEST: return t_upper(score / sqrt(1 + 1 / n), n - 1);
    case MODEL_Z_SCORE:
    case MODEL_LOG_NORMAL:
    case MODEL_MAD: return normal_upper(score);
    case MODEL_STATIC:
    case MODEL_PERCENTAGE:
    case MODEL_IQR:
    case MODEL_DELTA_IQR:
    case MODEL_COHEN:
    case MODEL_MANN_WHITNEY:
    case MODEL_CUSUM:
    case MODEL_EWMA:
    case MODEL_COUNT: break;
    }
    return (double)NAN;
}
