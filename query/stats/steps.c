/* steps.c -- see steps.h.
 *
 * Distances of all segments of up to 20 points are computed once, as all values of gamma need them.
 * Sums run in order of time, and ties are broken as asv breaks them, so that the steps are the
 * same. */
#include "steps.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_MAX = 20 };

struct weighted {
    double y, w;
};

struct fit {
    const double *y, *w;
    size_t n;
    struct weighted *items; /* n */
    double *near;           /* near[r * SHORT_MAX + k]: distance of y[r-k .. r] */
    double *best;           /* n + 1 */
    size_t *left;           /* n: where the segment that ends with r starts */
    size_t *right;          /* n: ends of segments, exclusive */
    double *change; /* n: what joining segment j and the one behind it costs; NAN: unknown */
    size_t count;
    size_t *best_right; /* of the best gamma so far */
    size_t best_count;
    double best_objective;
};

static double weight_of(const struct fit *fit, size_t i)
{
    return fit->w ? fit->w[i] : 1;
}

static int compare_items(const void *a, const void *b)
{
    const struct weighted *x = a, *y = b;
    if (x->y < y->y || x->y > y->y) return x->y < y->y ? -1 : 1;
    return (x->w > y->w) - (x->w < y->w);
}

/* Of items in order of size. */
static double items_median(const struct weighted *items, size_t n, double total)
{
    double middle = total / 2, sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += items[i].w;
        if (sum > middle) return items[i].y;
        if (sum >= middle && i + 1 < n) return (items[i].y + items[i + 1].y) / 2;
    }
    return items[n - 1].y;
}

static double range_median(struct fit *fit, size_t from, size_t to)
{
    double total = 0;
    for (size_t i = from; i < to; i++) {
        fit->items[i - from] = (struct weighted){fit->y[i], weight_of(fit, i)};
        total += weight_of(fit, i);
    }
    qsort(fit->items, to - from, sizeof *fit->items, compare_items);
    return items_median(fit->items, to - from, total);
}

static double distance_from(const struct fit *fit, size_t from, size_t to, double level)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += weight_of(fit, i) * fabs(fit->y[i] - level);
    return sum;
}

/* Of y[from .. to) from its median. */
static double distance(struct fit *fit, size_t from, size_t to)
{
    if (to - from <= SHORT_MAX) return fit->near[(to - 1) * SHORT_MAX + (to - 1 - from)];
    return distance_from(fit, from, to, range_median(fit, from, to));
}

static void fit_near(struct fit *fit)
{
    struct weighted items[SHORT_MAX];
    for (size_t r = 0; r < fit->n; r++) {
        for (size_t k = 0; k < SHORT_MAX && k <= r; k++) {
            struct weighted item = {fit->y[r - k], weight_of(fit, r - k)};
            size_t i = k;
            for (; i > 0 && compare_items(&item, &items[i - 1]) < 0; i--)
                items[i] = items[i - 1];
            items[i] = item;
            double total = 0;
            for (size_t j = r - k; j <= r; j++)
                total += weight_of(fit, j);
            double median = items_median(items, k + 1, total);
            fit->near[r * SHORT_MAX + k] = distance_from(fit, r - k, r + 1, median);
        }
    }
}

/* Exact for segments of up to SHORT_MAX points. */
static void fit_short(struct fit *fit, double gamma)
{
    fit->best[0] = -gamma;
    for (size_t r = 0; r < fit->n; r++) {
        fit->best[r + 1] = (double)INFINITY;
        for (size_t l = r + 1 > SHORT_MAX ? r + 1 - SHORT_MAX : 0; l <= r; l++) {
            double cost = fit->best[l] + gamma + fit->near[r * SHORT_MAX + (r - l)];
            if (cost > fit->best[r + 1]) continue;
            fit->best[r + 1] = cost;
            fit->left[r] = l;
        }
    }
    fit->count = 0;
    for (size_t end = fit->n; end > 0; end = fit->left[end - 1])
        fit->count++;
    size_t i = fit->count;
    for (size_t end = fit->n; end > 0; end = fit->left[end - 1])
        fit->right[--i] = end;
}

/* Joins neighbours while that lowers the cost: the best pair among the first ones that do. */
static void fit_join(struct fit *fit, double gamma)
{
    for (size_t j = 0; j < fit->count; j++)
        fit->change[j] = (double)NAN;
    for (;;) {
        double least = 0;
        size_t at = fit->count, from = 0;
        for (size_t j = 1; j < fit->count; j++) {
            if (at + 2 < j) break;
            double *change = &fit->change[j - 1];
            if (isnan(*change))
                *change = distance(fit, from, fit->right[j]) -
                          (distance(fit, from, fit->right[j - 1]) +
                           distance(fit, fit->right[j - 1], fit->right[j]) + gamma);
            if (*change <= least) {
                least = *change;
                at = j - 1;
            }
            from = fit->right[j - 1];
        }
        if (at == fit->count) return;
        size_t behind = fit->count - at - 1;
        memmove(&fit->right[at], &fit->right[at + 1], behind * sizeof *fit->right);
        memmove(&fit->change[at], &fit->change[at + 1], behind * sizeof *fit->change);
        fit->count--;
        if (at > 0) fit->change[at - 1] = (double)NAN;
        if (at < fit->count) fit->change[at] = (double)NAN;
    }
}

/* Moves each boundary by up to SHORT_MAX points to where it costs least. */
static void fit_move(struct fit *fit)
{
    size_t from = 0;
    for (size_t j = 1; j < fit->count; j++) {
        size_t at = fit->right[j - 1], end = fit->right[j], best = at;
        double least = distance(fit, from, at) + distance(fit, at, end);
        size_t low = at > from + SHORT_MAX ? at - SHORT_MAX : from + 1;
        for (size_t to = low; to <= at + SHORT_MAX && to < end; to++) {
            if (to == at) continue;
            double cost = distance(fit, from, to) + distance(fit, to, end);
            if (cost < least) {
                least = cost;
                best = to;
            }
        }
        fit->right[j - 1] = best;
        from = best;
    }
}

/* -- the choice of gamma ----------------------------------------------------------------------- */

/* Least of f between a and b, both of which are tried too, by golden section. */
static double golden_search(double (*f)(void *data, double x), void *data, double a, double b,
                            double x_tolerance, double f_tolerance)
{
    const double ratio = 2 / (1 + sqrt(5));
    double x0 = (ratio * a - (1 - ratio) * b) / (2 * ratio - 1);
    double x3 = (ratio * b - (1 - ratio) * a) / (2 * ratio - 1);
    double x1 = ratio * x0 + (1 - ratio) * x3, x2 = (1 - ratio) * x0 + ratio * x3;
    double f1 = f(data, x1), f2 = f(data, x2), f0 = fmax(fabs(f1), fabs(f2));
    while (!(fabs(x0 - x3) < x_tolerance) && !(fabs(f1 - f2) < f_tolerance * f0)) {
        if (f2 < f1) {
            x0 = x1;
            x1 = x2;
            x2 = ratio * x1 + (1 - ratio) * x3;
            f1 = f2;
            f2 = f(data, x2);
        } else {
            x3 = x2;
            x2 = x1;
            x1 = ratio * x2 + (1 - ratio) * x0;
            f2 = f1;
            f1 = f(data, x1);
        }
    }
    return f2 < f1 ? x2 : x1;
}

struct residuals {
    struct fit *fit;
    const double *residual;
    double gamma_most, beta;
};

/* Sum of what neighbours with correlation rho leave unexplained. */
static double unexplained(void *data, double rho)
{
    const struct residuals *r = data;
    double sum = fabs(r->residual[0]) * weight_of(r->fit, 0);
    for (size_t i = 1; i < r->fit->n; i++)
        sum += fabs(r->residual[i] - rho * r->residual[i - 1]) * weight_of(r->fit, i);
    return sum;
}

/* The criterion for gamma = gamma_most e^x; keeps the best segmentation. */
static double criterion(void *data, double x)
{
    struct residuals *r = data;
    struct fit *fit = r->fit;
    double gamma = r->gamma_most * exp(x);
    fit_short(fit, gamma);
    fit_join(fit, gamma);
    fit_move(fit);
    double *residual = fit->best; /* free now */
    double smallest_step = (double)INFINITY, smallest_level = (double)INFINITY, before = 0;
    for (size_t j = 0, from = 0; j < fit->count; from = fit->right[j++]) {
        double level = range_median(fit, from, fit->right[j]);
        for (size_t i = from; i < fit->right[j]; i++)
            residual[i] = fit->y[i] - level;
        smallest_level = fmin(smallest_level, fabs(level));
        if (j > 0) smallest_step = fmin(smallest_step, fabs(level - before));
        before = level;
    }
    r->residual = residual;
    double rho = golden_search(unexplained, r, -1, 1, 0.05, 1e-8);
    double noise = fit->count > 2 ? 0.1 * smallest_step : 0.001 * smallest_level;
    double objective =
        r->beta * (double)fit->count + log(fmax(noise, 1e-300) + unexplained(r, rho));
    if (objective < fit->best_objective) {
        fit->best_objective = objective;
        fit->best_count = fit->count;
        memcpy(fit->best_right, fit->right, fit->count * sizeof *fit->right);
    }
    return objective;
}

int steps_cuts(const double *y, const double *w, size_t n, size_t *cuts)
{
    if (n < 2) return 0;
    double *doubles = malloc((n * (SHORT_MAX + 2) + 1) * sizeof *doubles);
    size_t *sizes = malloc(3 * n * sizeof *sizes);
    struct weighted *items = malloc(n * sizeof *items);
    int count = -1;
    if (doubles && sizes && items) {
        struct fit fit = {.y = y,
                          .w = w,
                          .n = n,
                          .items = items,
                          .near = doubles,
                          .change = doubles + n * SHORT_MAX,
                          .best = doubles + n * (SHORT_MAX + 1),
                          .left = sizes,
                          .right = sizes + n,
                          .best_right = sizes + 2 * n,
                          .best_objective = (double)INFINITY};
        fit_near(&fit);
        struct residuals r = {.fit = &fit, .beta = 4 * log((double)n) / (double)n};
        double whole = distance(&fit, 0, n), lowest = log(0.1 / (double)n);
        r.gamma_most = whole > 0 ? whole : 1;
        golden_search(criterion, &r, lowest, 0, fabs(lowest) * 0.1, 0);
        count = 0;
        for (size_t j = 0; j + 1 < fit.best_count; j++)
            cuts[count++] = fit.best_right[j];
    }
    free(doubles);
    free(sizes);
    free(items);
    return count;
}

double steps_median(const double *y, const double *w, size_t n)
{
    struct fit fit = {.y = y, .w = w, .n = n, .items = malloc(n * sizeof *fit.items)};
    double median = fit.items ? range_median(&fit, 0, n) : (double)NAN;
    free(fit.items);
    return median;
}
