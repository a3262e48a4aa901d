/* model.c -- threshold models: limits, scores and p of a value; see model.h and model.def.
 *
 * Each built model is one function that fills centre and spread; a bound is then so many spreads
 * from the centre. A bound in deviations (3sd) means that many spreads, for t-test of the sample
 * (no quantile, no 1 + 1/n); a fraction means shares of the mean (percentage), quartile ranges
 * (iqr, delta-iqr) or deviations (mad, cohen). A static fraction is the limit itself, for measures
 * that are ratios. The p of mad takes its deviations as normal.
 *
 * cusum and ewma add up what came before: the newest quarter of the sample is charted by mean and
 * deviation of what is before that quarter, and the limit is where the next point would take the
 * chart out of bounds. mann-whitney has no limits on a value; it fills `side` instead.
 *
 * Samples of up to SAMPLE_ON_STACK values are judged without allocating; out of memory counts as
 * not computable. */
#include "model.h"

#include "chart.h"
#include "dist.h"
#include "ranks.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The usual window is 64 points. */
enum { SAMPLE_ON_STACK = 256 };

/* MAD of a normal distribution to its standard deviation. */
#define MAD_SCALE 1.4826

const struct model_row model_rows[MODEL_COUNT] = {
#define MODEL(id, row_name, row_needs, row_bounds, row_text)                                       \
    [id] = {.name = row_name, .needs = row_needs, .bounds = row_bounds, .text = row_text},
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

bool model_in_bencher(enum model_kind kind)
{
    return kind == MODEL_STATIC || kind == MODEL_PERCENTAGE || kind == MODEL_Z_SCORE ||
           kind == MODEL_T_TEST || kind == MODEL_LOG_NORMAL || kind == MODEL_IQR ||
           kind == MODEL_DELTA_IQR;
}

bool model_by_samples(enum model_kind kind)
{
    return kind == MODEL_COHEN || kind == MODEL_MANN_WHITNEY;
}

/* -- centre and spread ------------------------------------------------------------------------- */

static void fill_mean(const double *x, size_t n, struct limits *out)
{
    out->centre = sample_mean(x, n);
    out->spread = sample_sd_about(x, n, out->centre);
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
    if (n) memcpy(work, x, n * sizeof *x);
    sample_sort(work, n);
    out->centre = sorted_quantile(work, n, 0.5);
    out->spread = sorted_quantile(work, n, 0.75) - sorted_quantile(work, n, 0.25);
}

static int fill_delta_iqr(const double *x, size_t n, double *work, bool bencher, struct limits *out)
{
    for (size_t i = 1; i < n; i++) {
        bool same = !(x[i] < x[i - 1]) && !(x[i] > x[i - 1]);
        double from = bencher ? x[i] : x[i - 1], to = bencher ? x[i - 1] : x[i];
        work[i - 1] = same ? 0 : bencher ? fabs((to - from) / from) : fabs(to / from - 1);
        if (!isfinite(work[i - 1])) return -1; /* a step from 0 has no ratio */
    }
    size_t steps = n ? n - 1 : 0;
    sample_sort(work, steps);
    double range = sorted_quantile(work, steps, 0.75) - sorted_quantile(work, steps, 0.25);
    if (n) memcpy(work, x, n * sizeof *x);
    out->centre = select_median(work, n);
    out->spread = fabs(out->centre) * range;
    return 0;
}

static void fill_mad(const double *x, size_t n, double *work, struct limits *out)
{
    if (n) memcpy(work, x, n * sizeof *x);
    out->centre = select_median(work, n);
    out->spread = MAD_SCALE * select_mad(work, n);
}

/* The deviation of the sample and that of the run's own samples, pooled. */
static void fill_cohen(const double *x, size_t n, const struct model_extra *extra,
                       struct limits *out)
{
    fill_mean(x, n, out);
    if (extra->run_count < 2 || isnan(out->spread)) return;
    double own = sample_sd(extra->run, extra->run_count);
    double df = (double)(n - 1), own_df = (double)(extra->run_count - 1);
    out->spread = sqrt((df * out->spread * out->spread + own_df * own * own) / (df + own_df));
}

/* Mean and deviation of the older points, and the chart of the newest quarter. What it adds up to
 * is kept within the bound: a step far beyond does not keep on alarming after it was undone. */
static void fill_chart(enum model_kind kind, const double *x, size_t n, double bound,
                       const struct model_extra *extra, struct limits *out)
{
    size_t charted = n / 4, known = n - charted;
    fill_mean(x, known, out);
    out->slack = (extra->effect > 0 ? extra->effect : 1) / 2;
    out->weight = EWMA_WEIGHT;
    double most = kind == MODEL_EWMA ? bound * ewma_deviation(out->weight) : bound;
    for (size_t i = known; i < n && out->spread > 0; i++) {
        double u = (x[i] - out->centre) / out->spread;
        if (kind == MODEL_EWMA) {
            out->up = fmax(-most, fmin(most, ewma_step(out->up, u, out->weight)));
        } else {
            out->up = fmin(most, cusum_step(out->up, u, out->slack));
            out->down = fmin(most, cusum_step(out->down, -u, out->slack));
        }
    }
}

static int fill_ranks(const double *x, size_t n, double *work, const struct model_extra *extra,
                      struct limits *out)
{
    struct rank_test test;
    if (n) memcpy(work, x, n * sizeof *x);
    out->centre = select_median(work, n);
    if (extra->run_count == 0 || n == 0 || rank_test(extra->run, extra->run_count, x, n, &test))
        return -1;
    out->rank = 2 * test.u / ((double)extra->run_count * (double)n) - 1;
    out->rank_p = out->rank > 0 ? test.p_greater : test.p_less;
    out->spread = (double)NAN;
    return 0;
}

static int fill(enum model_kind kind, const double *x, size_t n, double *work, double bound,
                const struct model_extra *extra, struct limits *out)
{
    switch (kind) {
    case MODEL_STATIC: return 0;
    case MODEL_PERCENTAGE: fill_percentage(x, n, out); return 0;
    case MODEL_Z_SCORE:
    case MODEL_T_TEST: fill_mean(x, n, out); return 0;
    case MODEL_LOG_NORMAL: return fill_log_normal(x, n, work, out);
    case MODEL_IQR: fill_iqr(x, n, work, out); return 0;
    case MODEL_DELTA_IQR: return fill_delta_iqr(x, n, work, extra->bencher, out);
    case MODEL_MAD: fill_mad(x, n, work, out); return 0;
    case MODEL_COHEN: fill_cohen(x, n, extra, out); return 0;
    case MODEL_MANN_WHITNEY: return fill_ranks(x, n, work, extra, out);
    case MODEL_CUSUM:
    case MODEL_EWMA: fill_chart(kind, x, n, bound, extra, out); return 0;
    case MODEL_COUNT: break;
    }
    return -1;
}

/* -- limits ------------------------------------------------------------------------------------ */

/* How many spreads a bound lies from the centre. */
static double bound_reach(enum model_kind kind, struct bound bound, size_t n,
                          struct model_memo *memo)
{
    if (bound.kind != BOUND_PROBABILITY) return bound.value;
    if (!(bound.value >= 0.5 && bound.value < 1)) return (double)NAN;
    if (kind != MODEL_T_TEST) return normal_quantile(bound.value);
    size_t place = n % MODEL_MEMO;
    if (memo && memo->of[place].n == n && memo->of[place].probability == bound.value)
        return memo->of[place].reach;
    double count = (double)n;
    double reach = t_quantile(bound.value, count - 1) * sqrt(1 + 1 / count);
    if (memo) {
        memo->of[place].n = n;
        memo->of[place].probability = bound.value;
        memo->of[place].reach = reach;
    }
    return reach;
}

/* How many deviations from the centre the judged point may lie. */
static double chart_reach(enum model_kind kind, const struct limits *at, double bound, int side)
{
    if (kind == MODEL_CUSUM) return bound + at->slack - (side > 0 ? at->up : at->down);
    double carried = (1 - at->weight) * at->up;
    return (bound * ewma_deviation(at->weight) - side * carried) / at->weight;
}

/* One limit; side is -1 for the lower and 1 for the upper. */
static double limit_at(enum model_kind kind, const struct limits *at, struct bound bound, int side,
                       const struct model_extra *extra)
{
    if (bound.kind == BOUND_NONE || !(model_rows[kind].bounds & (unsigned)bound.kind))
        return (double)NAN;
    if (kind == MODEL_STATIC) return bound.value;
    if (kind == MODEL_MANN_WHITNEY) return side * (double)INFINITY;
    if (at->flat) return at->centre;
    if (kind == MODEL_CUSUM || kind == MODEL_EWMA)
        return at->centre + side * chart_reach(kind, at, bound.value, side) * at->spread;
    double reach = side * bound_reach(kind, bound, at->n, extra->memo);
    if (kind == MODEL_LOG_NORMAL && extra->bencher)
        return side > 0 ? at->centre * exp(reach * at->spread)
                        : 2 * at->centre - at->centre * exp(-reach * at->spread);
    if (kind == MODEL_LOG_NORMAL) return at->centre * exp(reach * at->spread);
    return at->centre + reach * at->spread;
}

/* Bencher: no spread, no limits; a negative centre turns relative limits around. */
static void fill_bencher(enum model_kind kind, struct limits *out)
{
    if (kind == MODEL_Z_SCORE || kind == MODEL_T_TEST || kind == MODEL_LOG_NORMAL) {
        if (out->flat) out->spread = (double)NAN;
    } else if (kind == MODEL_PERCENTAGE || kind == MODEL_DELTA_IQR) {
        out->spread = copysign(out->spread, out->centre);
    }
    out->flat = false;
}

/* Beyond a bound is strict, as for a limit. */
static int rank_side(const struct limits *at, struct bound lower, struct bound upper)
{
    if (at->rank > 0 && upper.kind == BOUND_PROBABILITY) return at->rank_p < 1 - upper.value;
    if (at->rank < 0 && lower.kind == BOUND_PROBABILITY) return -(at->rank_p < 1 - lower.value);
    return 0;
}

int model_limits_with(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                      struct bound upper, const struct model_extra *extra, struct limits *out)
{
    const double none = (double)NAN;
    *out = (struct limits){.centre = none, .spread = none, .low = none, .high = none, .n = n};
    out->rank = out->rank_p = none;
    double stack[SAMPLE_ON_STACK];
    double *work = n <= SAMPLE_ON_STACK ? stack : malloc(n * sizeof *work);
    bool known = !extra->bencher || (model_in_bencher(kind) && n > 0);
    int status = work && known
                     ? fill(kind, sample, n, work, fmax(lower.value, upper.value), extra, out)
                     : -1;
    if (work != stack) free(work);
    if (status) {
        out->centre = out->spread = none;
        return -1;
    }
    out->flat = out->spread <= 0;
    if (extra->bencher) fill_bencher(kind, out);
    out->low = limit_at(kind, out, lower, -1, extra);
    out->high = limit_at(kind, out, upper, 1, extra);
    if (kind == MODEL_MANN_WHITNEY) out->side = rank_side(out, lower, upper);
    return 0;
}

int model_limits(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                 struct bound upper, struct limits *out)
{
    return model_limits_with(kind, sample, n, lower, upper, &(struct model_extra){0}, out);
}

/* -- values ------------------------------------------------------------------------------------ */

double model_score(enum model_kind kind, const struct limits *limits, double value)
{
    if (kind == MODEL_STATIC) return (double)NAN;
    if (kind == MODEL_MANN_WHITNEY) return limits->rank;
    double distance = value - limits->centre;
    if (limits->flat) {
        if (fabs(distance) <= MODEL_FLAT_TOLERANCE * fabs(limits->centre)) return 0;
        return copysign((double)INFINITY, distance);
    }
    if (kind == MODEL_LOG_NORMAL) {
        if (!(value > 0)) return isnan(value) ? value : -(double)INFINITY;
        distance = log(value / limits->centre);
    }
    distance /= limits->spread;
    if (kind == MODEL_CUSUM) {
        double up = cusum_step(limits->up, distance, limits->slack);
        double down = cusum_step(limits->down, -distance, limits->slack);
        return up >= down ? up : -down;
    }
    if (kind == MODEL_EWMA)
        return ewma_step(limits->up, distance, limits->weight) / ewma_deviation(limits->weight);
    return distance;
}

double model_p(enum model_kind kind, const struct limits *limits, double value)
{
    if (kind == MODEL_MANN_WHITNEY) return limits->rank_p;
    return model_score_p(kind, model_score(kind, limits, value), limits->n);
}

double model_score_p(enum model_kind kind, double score, size_t n)
{
    double count = (double)n;
    switch (kind) {
    case MODEL_T_TEST: return t_upper(fabs(score) / sqrt(1 + 1 / count), count - 1);
    case MODEL_Z_SCORE:
    case MODEL_LOG_NORMAL:
    case MODEL_MAD: return normal_upper(fabs(score));
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

bool model_has_p(enum model_kind kind)
{
    return kind == MODEL_T_TEST || kind == MODEL_Z_SCORE || kind == MODEL_LOG_NORMAL ||
           kind == MODEL_MAD || kind == MODEL_MANN_WHITNEY;
}

double model_chance(enum model_kind kind, const struct limits *limits, struct bound lower,
                    struct bound upper)
{
    if (!model_has_p(kind) || limits->flat) return 0;
    double chance = 0;
    if (kind == MODEL_MANN_WHITNEY) {
        if (lower.kind == BOUND_PROBABILITY) chance += 1 - lower.value;
        if (upper.kind == BOUND_PROBABILITY) chance += 1 - upper.value;
        return chance;
    }
    if (!isnan(limits->low)) chance += model_p(kind, limits, limits->low);
    if (!isnan(limits->high)) chance += model_p(kind, limits, limits->high);
    return chance;
}
