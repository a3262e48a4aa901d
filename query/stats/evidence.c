/* evidence.c -- see evidence.h.
 *
 * Noise is taken as autoregressive of order one: value i is rho times the one before plus something
 * new, the first one stationary. With its scale at the best value the likelihood of n points is
 * sqrt(1 - rho^2) S(rho)^(-(n - 1) / 2), S the squares that the levels leave unexplained after
 * whitening. All S come from sums over the points, taken once. */
#include "evidence.h"

#include <math.h>
#include <string.h>

enum { CORRELATIONS = 8 };
#define CORRELATION_STEP 0.1
/* Twice the log of the ratio behaves like the square of a normal z, less this where points are few
 * and correlated by 0.6: chosen by simulation, at 20 to 200 points. */
#define SHORT_EXCESS 4.5
#define SHORT_POINTS 80.0
/* From so many points on the rest of a series counts in full. In shorter ones its levels were
 * fitted to noise too often. */
#define REST_POINTS 100.0
#define REST_LEAST  0.05
#define Z_MOST      38.0 /* its p is the least double */

/* Sums of products of two columns, from which the same of the whitened columns follows. */
struct product {
    double all, ends, lag;
};

struct column_sums {
    struct product yy, yu, yv, uu, uv, vv;
};

/* One point: value, level, step; each over the point's scale. */
struct columns {
    double y, u, v;
};

static void product_add(struct product *p, double a, double b, double a_before, double b_before,
                        bool is_end)
{
    p->all += a * b;
    p->ends += is_end ? a * b : 0;
    p->lag += a * b_before + a_before * b;
}

static void sums_add(struct column_sums *sums, struct columns at, struct columns before,
                     bool is_end)
{
    product_add(&sums->yy, at.y, at.y, before.y, before.y, is_end);
    product_add(&sums->yu, at.y, at.u, before.y, before.u, is_end);
    product_add(&sums->yv, at.y, at.v, before.y, before.v, is_end);
    product_add(&sums->uu, at.u, at.u, before.u, before.u, is_end);
    product_add(&sums->uv, at.u, at.v, before.u, before.v, is_end);
    product_add(&sums->vv, at.v, at.v, before.v, before.v, is_end);
}

/* Values pulled in to what is usual around their own level: an outlier is no evidence. */
static struct column_sums sums_of(const struct judge *judge, const struct segment *a,
                                  const struct segment *b)
{
    struct column_sums sums;
    struct columns before = {0, 0, 0};
    memset(&sums, 0, sizeof sums);
    for (size_t i = a->start; i < b->end; i++) {
        const struct segment *side = i < a->end ? a : b;
        double weight = judge->scale ? 1 / judge->scale[i] : 1;
        double y = side->mean - a->mean + judge_pulled(judge, i, side->mean);
        struct columns at = {weight * y, weight, side == b ? weight : 0};
        sums_add(&sums, at, before, i == a->start || i + 1 == b->end);
        before = at;
    }
    return sums;
}

static double whitened(const struct product *p, double rho)
{
    return p->all + rho * rho * (p->all - p->ends) - rho * p->lag;
}

static double log_add(double a, double b)
{
    return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

/* Log of the likelihood of a step, summed over correlations, less that of one level. `rest` more
 * points are known by their noise only. INFINITY where the step leaves nothing unexplained. */
static double log_ratio(const struct judge *judge, const struct column_sums *sums, double points,
                        double rest)
{
    double sigma = judge->measured.sigma, half = 0.5 * (points + rest - 1);
    double level = 0, step = 0;
    for (int k = 0; k < CORRELATIONS; k++) {
        double rho = k * CORRELATION_STEP;
        double uu = whitened(&sums->uu, rho), yu = whitened(&sums->yu, rho);
        double uv = whitened(&sums->uv, rho), yv = whitened(&sums->yv, rho);
        double around = whitened(&sums->yy, rho) - yu * yu / uu;
        double across = yv - yu * uv / uu;
        double beside = around - across * across / (whitened(&sums->vv, rho) - uv * uv / uu);
        double left = 1 + rho * rho - 2 * rho * judge->measured.rho;
        double more = rest * sigma * sigma * fmax(left, REST_LEAST);
        if (!(beside + more > 0)) return (double)INFINITY;
        double start = 0.5 * log(1 - rho * rho);
        double of_level = start - half * log(around + more);
        double of_step = start - half * log(beside + more);
        level = k ? log_add(level, of_level) : of_level;
        step = k ? log_add(step, of_step) : of_step;
    }
    return step - level;
}

double evidence_p(const struct judge *judge, const struct segment *a, const struct segment *b)
{
    struct column_sums sums = sums_of(judge, a, b);
    double points = (double)(b->end - a->start), n = (double)judge->n;
    double known = fmin(n / REST_POINTS, 1), rest = (n - points) * known * known;
    double excess = SHORT_EXCESS * fmin(SHORT_POINTS / (points + rest), 1);
    double square = 2 * log_ratio(judge, &sums, points, rest) - excess;
    double z = square > 0 ? fmin(sqrt(square), Z_MOST) : 0;
    return judge_largest_p(z, fmax(points, 4));
}
