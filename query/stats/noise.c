/* noise.c -- see noise.h. The constants come from measurements on real histories: noise changes
 * 4 to 9 times within a series, and steps inflate the correlation of differences. */
#include "noise.h"

#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MAD_SCALE     1.4826
#define RHO_MAX_FIRST 0.5
#define LOCAL_LEAST   0.7
/* Levels that differ by less than this have the same noise. */
#define LEVEL_RATIO 2.0
/* Windows of constant noise differ by less than this, the more of them the more: 99 % of normal
 * series of 300, 1,000, 5,000 points stay below 2.2, 2.5, 2.9. */
#define LOCAL_RATIO  2.2
#define LOCAL_GROWTH 0.35
#define LOCAL_LENGTH 300.0
#define CLIP         3.0
#define RHO_ERRORS   0.8
#define RHO_MAX      0.9

enum { LOCAL_STRIDE = 15, RHO_LEVELS = 2 };

double noise_long_run(struct noise noise)
{
    return noise.sigma * noise.sigma * (1 + noise.rho) / (1 - noise.rho);
}

struct noise noise_cautious(struct noise noise, double points)
{
    double errors = sqrt((1 - noise.rho * noise.rho) / points);
    noise.rho = fmin(noise.rho + RHO_ERRORS * errors, RHO_MAX);
    return noise;
}

double noise_worth(struct noise noise, double n)
{
    return n * (1 - noise.rho) / (1 + noise.rho);
}

static inline double lower(double a, double b)
{
    return a < b ? a : b;
}

static inline double higher(double a, double b)
{
    return a > b ? a : b;
}

/* Without a branch: of five, the least and the largest of the first four are not the median. */
static inline double median_of_five(const double *x)
{
    double a = fabs(x[0]), b = fabs(x[1]), c = fabs(x[2]), d = fabs(x[3]), e = fabs(x[4]);
    double f = higher(lower(a, b), lower(c, d)), g = lower(higher(a, b), higher(c, d));
    double low = lower(f, g), high = higher(f, g);
    return higher(low, lower(high, e));
}

/* Whether levels may differ by LEVEL_RATIO: single values do. */
static bool values_differ(const double *x, size_t n)
{
    double low = (double)INFINITY, high = 0;
    for (size_t i = 0; i < n; i++) {
        double value = fabs(x[i]);
        low = lower(value, low);
        high = higher(value, high);
    }
    return high >= LEVEL_RATIO * low;
}

bool noise_levels(const double *x, size_t n, double *factor, double *scratch)
{
    double low = (double)INFINITY, high = 0;
    if (n >= 5 && values_differ(x, n)) {
        for (size_t i = 2; i + 2 < n; i++) {
            factor[i] = median_of_five(x + i - 2);
            low = lower(factor[i], low);
            high = higher(factor[i], high);
        }
    }
    if (!(high >= LEVEL_RATIO * low && low > 0)) {
        for (size_t i = 0; i < n; i++)
            factor[i] = 1;
        return false;
    }
    factor[0] = factor[1] = factor[2];
    factor[n - 1] = factor[n - 2] = factor[n - 3];
    memcpy(scratch, factor, n * sizeof *factor);
    double middle = select_median(scratch, n);
    for (size_t i = 0; i < n; i++)
        factor[i] /= middle;
    return true;
}

static double difference(const double *x, const double *factor, size_t i, size_t lag)
{
    double d = x[i + lag] - x[i];
    return factor ? d / (0.5 * (factor[i] + factor[i + lag])) : d;
}

/* Scaled MAD of x[i + lag] - x[i]. */
static double difference_mad(const double *x, const double *factor, size_t n, size_t lag,
                             double *scratch)
{
    for (size_t i = 0; i + lag < n; i++)
        scratch[i] = difference(x, factor, i, lag);
    return MAD_SCALE * select_mad(scratch, n - lag);
}

struct noise noise_of_differences(const double *x, const double *factor, size_t n, double *scratch)
{
    struct noise noise = {0, 0};
    if (n < 2) return noise;
    double first = difference_mad(x, factor, n, 1, scratch);
    if (!(first > 0)) {
        double sum = 0;
        for (size_t i = 0; i + 1 < n; i++)
            sum += fabs(difference(x, factor, i, 1));
        /* For normal noise the mean |difference| is 2 / sqrt(pi) sigma. */
        noise.sigma = sum / (double)(n - 1) * 0.88622692545275801365;
        return noise;
    }
    if (n > 2) {
        /* Var d1 = 2 sigma^2 (1 - rho), Var d2 = 2 sigma^2 (1 - rho^2). */
        double second = difference_mad(x, factor, n, 2, scratch), ratio = second / first;
        noise.rho = fmin(fmax(ratio * ratio - 1, 0), RHO_MAX_FIRST);
    }
    noise.sigma = first / sqrt(2 * (1 - noise.rho));
    return noise;
}

struct noise noise_of_residuals(const double *r, const double *scale, size_t n, const size_t *start,
                                size_t count, double rho_max, double *scratch)
{
    struct noise noise = {0, 0};
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(scale ? r[i] / scale[i] : r[i]);
    double reach = CLIP * MAD_SCALE * select_median(scratch, n);
    if (!(reach > 0)) return noise;
    double squares = 0, products = 0, pairs = 0;
    for (size_t s = 0; s < count; s++) {
        size_t end = s + 1 < count ? start[s + 1] : n;
        double before = 0;
        for (size_t i = start[s]; i < end; i++) {
            double v = fmin(fmax(scale ? r[i] / scale[i] : r[i], -reach), reach);
            squares += v * v;
            products += v * before;
            before = v;
        }
        pairs += (double)(end - start[s] - 1);
    }
    double points = (double)n, levels = fmin((double)count, points / 2);
    noise.sigma = sqrt(squares / (points - levels));
    if (pairs > 0 && squares > 0) {
        double rho = products / pairs / (squares / points);
        /* Residuals of a fitted level look less correlated: by (1 + 3 rho) / points of a segment
         * (Kendall 1954), and a bit more where the place was chosen too. */
        rho += (1 + 3 * rho) * (levels + RHO_LEVELS) / points;
        noise.rho = fmin(fmax(rho, 0), rho_max);
    }
    return noise;
}

/* Mean of the smaller three quarters; reorders x. */
static double lower_mean(double *x, size_t n)
{
    double limit = select_quantile(x, n, 0.75), sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (x[i] > limit) continue;
        sum += x[i];
        count++;
    }
    return sum / (double)count;
}

/* Where the window around a place begins, of `count` differences. */
static size_t window_start(size_t k, size_t count)
{
    size_t at = k * LOCAL_STRIDE + LOCAL_STRIDE / 2, half = LOCAL_NOISE_POINTS / 2;
    size_t from = at > half ? at - half : 0;
    return from + LOCAL_NOISE_POINTS > count ? count - LOCAL_NOISE_POINTS : from;
}

static double ratio_allowed(size_t count)
{
    return LOCAL_RATIO + LOCAL_GROWTH * log(fmax((double)count / LOCAL_LENGTH, 1));
}

/* Sums of a window's values that are not above a limit, and how many they are; of all, pulled in to
 * it. */
struct below {
    double sum, count, pulled;
};

static struct below sum_below(const double *x, double limit)
{
    typedef double pair __attribute__((vector_size(16)));
    typedef long long pair_mask __attribute__((vector_size(16)));
    const pair limits = {limit, limit};
    pair sums[2] = {{0, 0}, {0, 0}};
    pair_mask counts[2] = {{0, 0}, {0, 0}};
    size_t i = 0;
    for (; i + 4 <= LOCAL_NOISE_POINTS; i += 4)
        for (size_t k = 0; k < 2; k++) {
            pair values = {x[i + 2 * k], x[i + 2 * k + 1]};
            pair_mask is_below = values <= limits; /* all bits: true */
            sums[k] += (pair)((pair_mask)values & is_below);
            counts[k] -= is_below;
        }
    double sum = (sums[0][0] + sums[0][1]) + (sums[1][0] + sums[1][1]);
    long long count = counts[0][0] + counts[0][1] + counts[1][0] + counts[1][1];
    for (; i < LOCAL_NOISE_POINTS; i++) {
        sum += x[i] <= limit ? x[i] : 0;
        count += x[i] <= limit;
    }
    double rest = (double)(LOCAL_NOISE_POINTS - count);
    return (struct below){.sum = sum, .count = (double)count, .pulled = sum + rest * limit};
}

/* Whether the lower means of all windows are alike for certain, without looking for quantiles:
 * `usual` is some value, best that of the third quartile. Of a window's values the smaller three
 * quarters sum up to no less than all when pulled in to `usual`, without a quarter of as much. And
 * when at least as many lie below a limit, their mean is no more than that of all below it. */
static bool windows_alike(const double *x, size_t count, size_t windows, double usual)
{
    /* So many are not above the quantile. */
    enum { LOWER = LOCAL_NOISE_POINTS - LOCAL_NOISE_POINTS / 4, MORE = 4 };
    double low = (double)INFINITY, high = 0;
    for (size_t k = 0; k < windows; k++) {
        const double *window = x + window_start(k, count);
        struct below below = sum_below(window, usual);
        double least = (below.pulled - (LOCAL_NOISE_POINTS - LOWER) * usual) / LOWER;
        low = lower(least, low);
        for (int more = 1; more <= MORE && below.count < LOWER; more++)
            below = sum_below(window, (1 + 0.25 * more) * usual);
        if (below.count < LOWER) return false;
        high = higher(below.sum / below.count, high);
    }
    /* Sums of so few values lose less than this. */
    return high < (ratio_allowed(count) - 1e-9) * low;
}

/* About the third quartile, by some of the values. */
static double usual_value(const double *x, size_t count)
{
    enum { SOME = 128 };
    double some[SOME];
    size_t stride = count / SOME + 1, taken = 0;
    for (size_t i = 0; i < count; i += stride)
        some[taken++] = x[i];
    return select_quantile(some, taken, 0.75);
}

/* scratch[0 .. count): |differences|, behind them room for a window. Factors of windows around
 * every LOCAL_STRIDE-th point, in their order, to factor[]; false where they are all alike. */
static bool window_factors(double *scratch, size_t count, double *factor, size_t windows)
{
    double *window = scratch + count + 1, low = (double)INFINITY, high = 0;
    if (windows_alike(scratch, count, windows, usual_value(scratch, count))) return false;
    memcpy(factor, scratch, count * sizeof *factor);
    double whole = lower_mean(factor, count);
    if (!(whole > 0)) return false;
    for (size_t k = 0; k < windows; k++) {
        memcpy(window, scratch + window_start(k, count), LOCAL_NOISE_POINTS * sizeof *window);
        factor[k] = lower_mean(window, LOCAL_NOISE_POINTS) / whole;
        low = fmin(low, factor[k]);
        high = fmax(high, factor[k]);
    }
    return high >= ratio_allowed(count) * low;
}

static bool all_one(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] < 1 || x[i] > 1) return false;
    return true;
}

bool noise_local(const double *x, size_t n, double least, double *scale, double *scratch)
{
    size_t windows = n / LOCAL_STRIDE + 1;
    double *factor = scratch + n + LOCAL_NOISE_POINTS;
    bool varies = false, even = all_one(scale, n);
    if (n > LOCAL_NOISE_POINTS) {
        for (size_t i = 0; i + 1 < n; i++)
            scratch[i] = fabs(difference(x, even ? NULL : scale, i, 1));
        varies = window_factors(scratch, n - 1, factor, windows);
    }
    if (!varies && even && least <= 1) return false;
    for (size_t i = 0; i < n; i++) {
        double local = varies ? fmax(factor[i / LOCAL_STRIDE], LOCAL_LEAST) : 1;
        scale[i] *= fmax(local, least);
    }
    return true;
}
