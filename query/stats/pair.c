/* pair.c -- see pair.h. */
#include "pair.h"

#include "dist.h"
#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- Welch's t --------------------------------------------------------------------------------- */

/* The squared error of a mean. */
static double mean_error(const double *x, size_t n)
{
    double sd = sample_sd(x, n);
    return sd * sd / (double)n;
}

double welch_p(const double *x, size_t nx, const double *y, size_t ny, double *df)
{
    double vx = mean_error(x, nx), vy = mean_error(y, ny), v = vx + vy;
    double distance = fabs(sample_mean(y, ny) - sample_mean(x, nx));
    *df = v * v / (vx * vx / (double)(nx - 1) + vy * vy / (double)(ny - 1));
    if (isnan(v)) return (double)NAN;
    if (v <= 0) return distance > 0 ? 0 : 1;
    return 2 * t_upper(distance / sqrt(v), *df);
}

static struct median mean_interval(const double *x, size_t n, double alpha)
{
    double mean = sample_mean(x, n), reach = (double)INFINITY;
    if (n > 1) reach = t_quantile(1 - alpha / 2, (double)(n - 1)) * sqrt(mean_error(x, n));
    return (struct median){mean, mean - reach, mean + reach};
}

/* Fieller (1954): the ratio of two means with errors of their own. */
static void fieller(const double *x, size_t nx, const double *y, size_t ny, double df,
                    const struct pair_options *options, struct pair *out)
{
    double base = out->x.value, ratio = out->ratio;
    double vx = mean_error(x, nx), vy = mean_error(y, ny);
    double t = vx + vy > 0 ? t_quantile(1 - options->alpha / 2, df) : 0;
    double g = t * t * vx / (base * base);
    if (!(g < 1)) return; /* the base may be zero */
    double reach = t / fabs(base) * sqrt(vy + ratio * ratio * vx - g * vy);
    out->ratio_low = (ratio - reach) / (1 - g);
    out->ratio_high = (ratio + reach) / (1 - g);
}

static int compare_welch(const double *x, size_t nx, const double *y, size_t ny,
                         const struct pair_options *options, struct pair *out)
{
    double df;
    out->p = welch_p(x, nx, y, ny, &df);
    if (isnan(out->p))
        out->p = 1;
    else
        fieller(x, nx, y, ny, df, options, out);
    return 0;
}

/* -- ranks ------------------------------------------------------------------------------------- */

/* The interval of the ratio: that of the shift of the logarithms. */
static int ratio_interval(const double *x, size_t nx, const double *y, size_t ny, double alpha,
                          struct pair *out)
{
    double *logs = malloc((nx + ny) * sizeof *logs);
    if (!logs) return -1;
    bool positive = true;
    for (size_t i = 0; i < nx + ny; i++) {
        double value = i < nx ? x[i] : y[i - nx];
        positive &= value > 0;
        logs[i] = log(value);
    }
    struct rank_shift shift;
    int status = positive ? rank_shift(logs, nx, logs + nx, ny, 1 - alpha, &shift) : 0;
    if (positive && !status) {
        out->ratio_low = exp(shift.low);
        out->ratio_high = exp(shift.high);
    }
    free(logs);
    return status;
}

static int compare_ranks(const double *x, size_t nx, const double *y, size_t ny,
                         const struct pair_options *options, struct pair *out)
{
    struct rank_test test;
    int status;
    if (options->method == PAIR_KS) {
        double distance;
        status = ks_test(x, nx, y, ny, &distance, &out->p);
    } else {
        status = rank_test(x, nx, y, ny, &test);
        if (!status) out->p = test.p;
    }
    return status ? status : ratio_interval(x, nx, y, ny, options->alpha, out);
}

/* -- bootstrap --------------------------------------------------------------------------------- */

enum { RESAMPLES = 2000 };

static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele, Lea, Flood 2014) */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double resample_median(const double *x, size_t n, double *work, uint64_t *state)
{
    for (size_t i = 0; i < n; i++)
        work[i] = x[random_next(state) % n];
    return select_median(work, n);
}

/* The same seed each time: the same samples give the same bits. */
static int compare_bootstrap(const double *x, size_t nx, const double *y, size_t ny,
                             const struct pair_options *options, struct pair *out)
{
    double *ratios = malloc(RESAMPLES * sizeof *ratios);
    double *work = malloc((nx > ny ? nx : ny) * sizeof *work);
    size_t below = 0, above = 0, count = 0;
    uint64_t state = 0x70616365;
    for (int i = 0; ratios && work && i < RESAMPLES; i++) {
        double base = resample_median(x, nx, work, &state);
        double ratio = resample_median(y, ny, work, &state) / base;
        if (isnan(ratio)) continue;
        ratios[count++] = ratio;
        below += ratio <= 1;
        above += ratio >= 1;
    }
    int status = ratios && work ? 0 : -1;
    if (count && nx > 1 && ny > 1) {
        sample_sort(ratios, count);
        out->ratio_low = sorted_quantile(ratios, count, options->alpha / 2);
        out->ratio_high = sorted_quantile(ratios, count, 1 - options->alpha / 2);
        double least = (double)(below < above ? below : above);
        out->p = fmin(1, 2 * (least + 1) / ((double)count + 1));
    }
    free(ratios);
    free(work);
    return status;
}

/* -- the verdict ------------------------------------------------------------------------------- */

enum { PAIR_LEAST = 4 }; /* values a side below which nothing is decided, by 5 % */

/* Values a side at which the interval is likely to leave 1 out, or to lie within the margin: its
 * width goes with 1 / sqrt n. */
static size_t pair_needs(const struct pair *pair, size_t n, const struct pair_options *options,
                         double margin)
{
    size_t least = PAIR_LEAST;
    while (options->method != PAIR_WELCH && least < 64 &&
           rank_least_p(least, least) > options->alpha)
        least++;
    double shift = fabs(log(pair->ratio));
    double half = (log(pair->ratio_high) - log(pair->ratio_low)) / 2;
    double wanted = (double)n + 1;
    if (isfinite(shift) && isfinite(half)) {
        double room = log1p(margin) - shift, reach = fmax(shift > options->floor ? shift : 0, room);
        if (reach > 0) wanted = fmax(wanted, ceil((double)n * (half / reach) * (half / reach)));
    }
    wanted = fmin(wanted, 1e6);
    return wanted > (double)least ? (size_t)wanted : least;
}

static void pair_judge(struct pair *pair, size_t n, const struct pair_options *options)
{
    double margin = options->margin > 0  ? options->margin
                    : options->floor > 0 ? options->floor
                                         : PAIR_MARGIN;
    bool unlikely = pair->p <= options->alpha;
    /* A ratio to zero is as far as any floor asks. */
    bool far = !(fabs(pair->ratio - 1) < options->floor);
    pair->verdict = PAIR_NEED_MORE;
    if (unlikely && far)
        pair->verdict = PAIR_DIFFERENT;
    else if (pair->ratio_low >= 1 / (1 + margin) && pair->ratio_high <= 1 + margin)
        pair->verdict = PAIR_SAME;
    else
        pair->needs = pair_needs(pair, n, options, margin);
}

static bool all_equal(const double *x, size_t n, double value)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] < value || x[i] > value) return false;
    return true;
}

int pair_side(const double *x, size_t n, const struct pair_options *options, struct median *out)
{
    if (n == 0) return -1;
    if (options->method == PAIR_WELCH) {
        *out = mean_interval(x, n, options->alpha);
        return 0;
    }
    double *sorted = malloc(n * sizeof *sorted);
    if (!sorted) return -1;
    memcpy(sorted, x, n * sizeof *x);
    sample_sort(sorted, n);
    *out = sorted_median(sorted, n, 1 - options->alpha);
    free(sorted);
    return 0;
}

int pair_compare(const double *x, size_t nx, const double *y, size_t ny,
                 const struct pair_options *options, struct pair *out)
{
    *out = (struct pair){.p = 1, .ratio_low = (double)NAN, .ratio_high = (double)NAN};
    if (pair_side(x, nx, options, &out->x) || pair_side(y, ny, options, &out->y)) return -1;
    out->ratio = out->y.value / out->x.value;
    if (all_equal(x, nx, x[0]) && all_equal(y, ny, x[0])) {
        out->ratio = out->ratio_low = out->ratio_high = 1;
        out->verdict = PAIR_SAME;
        return 0;
    }
    int status = 0;
    switch (options->method) {
    case PAIR_RANKS:
    case PAIR_KS: status = compare_ranks(x, nx, y, ny, options, out); break;
    case PAIR_WELCH: status = compare_welch(x, nx, y, ny, options, out); break;
    case PAIR_BOOTSTRAP: status = compare_bootstrap(x, nx, y, ny, options, out); break;
    }
    if (!isfinite(out->ratio)) out->ratio = out->ratio_low = out->ratio_high = (double)NAN;
    if (!status) pair_judge(out, nx < ny ? nx : ny, options);
    return status;
}

/* -- Kolmogorov and Smirnov -------------------------------------------------------------------- */

/* Paths from (0, 0) to (nx, ny) that are at least `least` off at the end of a group of equal
 * values, by all paths: counted as those that went off, so that a small share keeps its digits. */
static double ks_paths(size_t nx, size_t ny, double least, const bool *group_end)
{
    double *off = calloc(2 * (ny + 1), sizeof *off), *all = off ? off + ny + 1 : NULL;
    double share = (double)NAN;
    for (size_t i = 0; off && i <= nx; i++) {
        for (size_t j = 0; j <= ny; j++) {
            double ways = i == 0 && j == 0 ? 1 : (i ? all[j] : 0) + (j ? all[j - 1] : 0);
            double gone = (i ? off[j] : 0) + (j ? off[j - 1] : 0);
            double distance = fabs((double)i * (double)ny - (double)j * (double)nx);
            all[j] = ways;
            off[j] = group_end[i + j] && distance >= least ? ways : gone;
        }
        share = off[ny] / all[ny];
    }
    free(off);
    return share;
}

/* P(K > lambda) of Kolmogorov's distribution; below 1 its theta series converges faster. */
static double kolmogorov_upper(double lambda)
{
    const double pi = 3.14159265358979323846;
    double sum = 0;
    if (lambda < 1) {
        for (int k = 1; k <= 9 && lambda > 0; k += 2)
            sum += exp(-k * k * pi * pi / (8 * lambda * lambda));
        return lambda > 0 ? 1 - sqrt(2 * pi) / lambda * sum : 1;
    }
    for (int k = 1; k <= 8; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * lambda * lambda);
    return sum;
}

int ks_test(const double *x, size_t nx, const double *y, size_t ny, double *distance, double *p)
{
    if (nx == 0 || ny == 0) return -1;
    double *sorted = malloc((nx + ny) * sizeof *sorted);
    bool *group_end = calloc(nx + ny + 1, sizeof *group_end);
    if (!sorted || !group_end) {
        free(sorted);
        free(group_end);
        return -1;
    }
    double *sx = memcpy(sorted, x, nx * sizeof *x), *sy = memcpy(sorted + nx, y, ny * sizeof *y);
    sample_sort(sx, nx);
    sample_sort(sy, ny);
    double most = 0;
    for (size_t i = 0, j = 0; i < nx || j < ny;) {
        double least = j == ny || (i < nx && sx[i] < sy[j]) ? sx[i] : sy[j];
        while (i < nx && sx[i] <= least)
            i++;
        while (j < ny && sy[j] <= least)
            j++;
        group_end[i + j] = true;
        most = fmax(most, fabs((double)i * (double)ny - (double)j * (double)nx));
    }
    double pairs = (double)nx * (double)ny;
    *distance = most / pairs;
    *p = pairs <= KS_EXACT ? ks_paths(nx, ny, most, group_end)
                           : kolmogorov_upper(*distance * sqrt(pairs / (double)(nx + ny)));
    if (most <= 0) *p = 1;
    free(sorted);
    free(group_end);
    return isnan(*p) ? -1 : 0;
}

/* -- many at once ------------------------------------------------------------------------------ */

struct ordered {
    double p;
    size_t index;
};

static int compare_p(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->p < y->p || x->p > y->p) return x->p < y->p ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

int fdr_adjust(const double *p, size_t n, double *q)
{
    struct ordered *order = malloc((n + 1) * sizeof *order);
    size_t count = 0;
    if (!order) return -1;
    for (size_t i = 0; i < n; i++) {
        q[i] = (double)NAN;
        if (!isnan(p[i])) order[count++] = (struct ordered){p[i], i};
    }
    qsort(order, count, sizeof *order, compare_p);
    double least = 1;
    for (size_t i = count; i > 0; i--) {
        least = fmin(least, order[i - 1].p * (double)count / (double)i);
        q[order[i - 1].index] = least;
    }
    free(order);
    return 0;
}
