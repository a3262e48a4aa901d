/* segment.c -- change points of one series by least squares; see segment.h.
 *
 * The segmentation is exact: optimal partitioning with functional pruning (Maidstone, Hocking,
 * Rigaill, Fearnhead 2017, FPOP), for which a quiet series costs O(n log n) where pruning by
 * inequality alone would cost O(n^2). With a shortest segment of L points a start becomes a
 * candidate L points late; everything else is as published.
 *
 * The merge pass then drops changes that are not worth telling. Medians and clipped values make it
 * robust: least squares cuts a lone outlier out as a segment of L points, whose median shows that
 * no level changed. */
#include "segment.h"

#include "dist.h"
#include "sample.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAD_SCALE 1.4826
#define RHO_MAX   0.5

/* -- noise ------------------------------------------------------------------------------------- */

/* Scaled MAD of x[i + lag] - x[i]. */
static double difference_mad(const double *x, size_t n, size_t lag, double *scratch)
{
    for (size_t i = 0; i + lag < n; i++)
        scratch[i] = x[i + lag] - x[i];
    return MAD_SCALE * select_mad(scratch, n - lag);
}

double noise_sigma(const double *x, size_t n, double *scratch, double *rho)
{
    *rho = 0;
    if (n < 2) return 0;
    double first = difference_mad(x, n, 1, scratch);
    if (first <= 0) {
        double sum = 0;
        for (size_t i = 1; i < n; i++)
            sum += fabs(x[i] - x[i - 1]);
        /* For normal noise the mean |difference| is 2 / sqrt(pi) sigma. */
        return sum / (double)(n - 1) * 0.88622692545275801365;
    }
    if (n > 2) {
        /* Var d1 = 2 sigma^2 (1 - rho), Var d2 = 2 sigma^2 (1 - rho^2). */
        double second = difference_mad(x, n, 2, scratch), ratio = second / first;
        *rho = fmin(fmax(ratio * ratio - 1, 0), RHO_MAX);
    }
    return first / sqrt(2 * (1 - *rho));
}

/* -- optimal partitioning ---------------------------------------------------------------------- */

/* On left..right of the level mu, the best last segment starts after `start` and costs
 * cost + weight (mu - mean)^2: weight points, their mean, and all that was paid before with their
 * squares. */
struct piece {
    double left, right;
    double weight, mean, cost;
    size_t start;
};

/* Pieces in order of mu, without gaps; `next` is the list being built. */
struct partition {
    struct piece *pieces, *next;
    size_t count, capacity;
    double low, high; /* range of mu: that of the values */
};

static void piece_add_point(struct piece *piece, double y)
{
    double delta = y - piece->mean;
    piece->weight += 1;
    piece->mean += delta / piece->weight;
    piece->cost += delta * (y - piece->mean);
}

/* Room for `count` pieces in both lists. */
static bool partition_reserve(struct partition *p, size_t count)
{
    if (count <= p->capacity) return true;
    size_t capacity = count * 2;
    struct piece *pieces = realloc(p->pieces, capacity * sizeof *pieces);
    if (pieces) p->pieces = pieces;
    struct piece *next = realloc(p->next, capacity * sizeof *next);
    if (next) p->next = next;
    if (!pieces || !next) return false;
    p->capacity = capacity;
    return true;
}

/* Where `old` costs less than `new`, which has fewer points: an interval of mu around old's mean.
 * False when it is empty. */
static bool piece_beats(const struct piece *old, const struct piece *new, double *from, double *to)
{
    /* With u = mu - old mean: a u^2 + 2 b u + c < 0. */
    double shift = new->mean - old->mean;
    double a = old->weight - new->weight, b = new->weight *shift;
    double c = old->cost - new->cost - new->weight *shift *shift;
    double discriminant = b * b - a * c;
    if (!(discriminant > 0)) return false;
    double root = sqrt(discriminant);
    *from = old->mean + (-b - root) / a;
    *to = old->mean + (-b + root) / a;
    return true;
}

/* Appends a part of `piece`; parts of one start that touch become one. */
static void partition_append(struct partition *p, size_t *count, const struct piece *piece,
                             double left, double right)
{
    if (*count && p->next[*count - 1].start == piece->start) {
        p->next[*count - 1].right = right;
        return;
    }
    p->next[*count] = *piece;
    p->next[*count].left = left;
    p->next[*count].right = right;
    ++*count;
}

/* Takes a new start into the lower envelope. */
static bool partition_insert(struct partition *p, const struct piece *new)
{
    if (!partition_reserve(p, 3 * p->count + 1)) return false;
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct piece *old = &p->pieces[i];
        double from, to;
        if (!piece_beats(old, new, &from, &to) || from >= old->right || to <= old->left) {
            partition_append(p, &count, new, old->left, old->right);
            continue;
        }
        if (from > old->left) partition_append(p, &count, new, old->left, from);
        partition_append(p, &count, old, fmax(from, old->left), fmin(to, old->right));
        if (to < old->right) partition_append(p, &count, new, to, old->right);
    }
    if (p->count == 0) partition_append(p, &count, new, p->low, p->high);
    struct piece *swap = p->pieces;
    p->pieces = p->next;
    p->next = swap;
    p->count = count;
    return true;
}

/* The start that becomes a candidate with point `end`: the segment of the last `shortest` points.
 */
static struct piece piece_start(const double *x, size_t start, size_t end, double paid)
{
    struct piece piece = {.start = start, .cost = paid};
    for (size_t i = start; i < end; i++)
        piece_add_point(&piece, x[i]);
    return piece;
}

/* best[t]: least cost of the first t points, without the penalty of a change before the first;
 * last[t]: where its last segment starts. Both hold n + 1 values. Costs O(pieces + shortest) a
 * point. */
static int partition_run(const double *x, size_t n, size_t shortest, double beta, double *best,
                         size_t *last)
{
    struct partition p = {.low = x[0], .high = x[0]};
    for (size_t i = 1; i < n; i++) {
        p.low = fmin(p.low, x[i]);
        p.high = fmax(p.high, x[i]);
    }
    best[0] = -beta;
    int status = 0;
    for (size_t t = 1; t <= n && !status; t++) {
        for (size_t i = 0; i < p.count; i++)
            piece_add_point(&p.pieces[i], x[t - 1]);
        best[t] = (double)INFINITY;
        if (t < shortest) continue;
        size_t start = t - shortest;
        if (isfinite(best[start])) {
            struct piece piece = piece_start(x, start, t, best[start] + beta);
            if (!partition_insert(&p, &piece)) status = -1;
        }
        for (size_t i = 0; i < p.count; i++) {
            if (p.pieces[i].cost < best[t]) {
                best[t] = p.pieces[i].cost;
                last[t] = p.pieces[i].start;
            }
        }
    }
    free(p.pieces);
    free(p.next);
    return status;
}

/* -- judging changes --------------------------------------------------------------------------- */

/* Points on each side from which the spread around a change is taken. */
enum { SPREAD_POINTS = 24 };
/* A side's deviation is not taken to be less than this share of the series' noise: a few equal
 * values are no proof of a quiet side. */
#define QUIET_SHARE 0.7
/* Values further from their segment's median are pulled in to so many deviations. */
#define CLIP 5.0

/* One segment: x[start..end). */
struct segment {
    size_t start, end;
    double median, spread; /* spread: scaled MAD, at least QUIET_SHARE of the noise */
    double mean, variance; /* of the clipped values */
};

struct judge {
    const double *x;
    double *scratch;
    double sigma, rho;
    const struct segment_options *options;
};

static double clip(double x, double centre, double reach)
{
    return fmin(fmax(x, centre - reach), centre + reach);
}

static void segment_measure(const struct judge *judge, struct segment *s)
{
    size_t n = s->end - s->start;
    double *values = judge->scratch;
    memcpy(values, judge->x + s->start, n * sizeof *values);
    s->median = select_median(values, n);
    double quiet = QUIET_SHARE * judge->sigma;
    s->spread = fmax(MAD_SCALE * select_mad(values, n), quiet);
    for (size_t i = 0; i < n; i++)
        values[i] = clip(values[i], s->median, CLIP * s->spread);
    s->mean = sample_mean(values, n);
    double sd = n > 1 ? sample_sd(values, n) : 0;
    s->variance = fmax(sd * sd, quiet * quiet);
}

/* Scaled MAD of the points around a change, each from its side's median. */
static double spread_around(const struct judge *judge, const struct segment *a,
                            const struct segment *b)
{
    size_t from = a->end - a->start > SPREAD_POINTS ? a->end - SPREAD_POINTS : a->start;
    size_t to = b->end - b->start > SPREAD_POINTS ? b->start + SPREAD_POINTS : b->end;
    double distances[2 * SPREAD_POINTS];
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        distances[count++] = fabs(judge->x[i] - (i < a->end ? a->median : b->median));
    return fmax(MAD_SCALE * select_median(distances, count), judge->sigma);
}

/* Two-sided p of Welch's t; correlated points count for fewer. */
static double welch_p(const struct judge *judge, const struct segment *a, const struct segment *b)
{
    double share = (1 - judge->rho) / (1 + judge->rho);
    double count_a = fmax((double)(a->end - a->start) * share, 2);
    double count_b = fmax((double)(b->end - b->start) * share, 2);
    double va = a->variance / count_a, vb = b->variance / count_b, v = va + vb;
    double distance = fabs(a->mean - b->mean);
    if (v <= 0) return distance > 0 ? 0 : 1;
    double df = v * v / (va * va / (count_a - 1) + vb * vb / (count_b - 1));
    return 2 * t_upper(distance / sqrt(v), df);
}

static struct change change_between(const struct judge *judge, const struct segment *a,
                                    const struct segment *b)
{
    struct change c = {.index = b->start, .before = a->median, .after = b->median};
    double distance = fabs(c.after - c.before), spread = spread_around(judge, a, b);
    c.effect = spread > 0 ? distance / spread : distance > 0 ? (double)INFINITY : 0;
    c.p = welch_p(judge, a, b);
    return c;
}

static bool change_holds(const struct change *c, const struct segment_options *options)
{
    bool moved = c->after < c->before || c->after > c->before;
    /* |after / before - 1| >= floor, for a before of 0 as well. */
    bool far = fabs(c->after - c->before) >= options->floor * fabs(c->before);
    return moved && far && c->p <= options->alpha && c->effect >= options->effect;
}

/* Drops the weakest change that does not hold, until all hold. segments[i] and segments[i + 1] are
 * on the sides of changes[i]. Returns how many changes are left. */
static size_t judge_merge(const struct judge *judge, struct segment *segments,
                          struct change *changes, size_t count)
{
    for (size_t i = 0; i <= count; i++)
        segment_measure(judge, &segments[i]);
    for (size_t i = 0; i < count; i++)
        changes[i] = change_between(judge, &segments[i], &segments[i + 1]);
    for (;;) {
        size_t weakest = count;
        for (size_t i = 0; i < count; i++) {
            if (change_holds(&changes[i], judge->options)) continue;
            if (weakest == count || changes[i].effect < changes[weakest].effect) weakest = i;
        }
        if (weakest == count) return count;
        segments[weakest].end = segments[weakest + 1].end;
        size_t behind = count - weakest - 1;
        memmove(&segments[weakest + 1], &segments[weakest + 2], behind * sizeof *segments);
        memmove(&changes[weakest], &changes[weakest + 1], behind * sizeof *changes);
        count--;
        segment_measure(judge, &segments[weakest]);
        if (weakest > 0)
            changes[weakest - 1] =
                change_between(judge, &segments[weakest - 1], &segments[weakest]);
        if (weakest < count)
            changes[weakest] = change_between(judge, &segments[weakest], &segments[weakest + 1]);
    }
}

/* -- all together ------------------------------------------------------------------------------ */

/* Cuts 0..n at the starts that `last` leads back to; returns how many segments. */
static size_t segments_read(const size_t *last, size_t n, struct segment *segments)
{
    size_t count = 0;
    for (size_t end = n; end > 0; end = last[end])
        count++;
    size_t i = count;
    for (size_t end = n; end > 0; end = last[end])
        segments[--i] = (struct segment){.start = last[end], .end = end};
    return count;
}

int segment_changes(const double *x, size_t n, const struct segment_options *options,
                    struct change *changes, size_t capacity)
{
    size_t shortest = options->shortest ? options->shortest : 1;
    if (n / 2 < shortest) return 0;
    double *best = malloc((n + 1) * sizeof *best);
    size_t *last = malloc((n + 1) * sizeof *last);
    size_t most = n / shortest;
    struct segment *segments = malloc(most * sizeof *segments);
    struct change *found = malloc(most * sizeof *found);
    int status = -1;
    if (!best || !last || !segments || !found) goto done;

    struct judge judge = {.x = x, .scratch = best, .options = options};
    judge.sigma = noise_sigma(x, n, judge.scratch, &judge.rho);
    double long_run = judge.sigma * judge.sigma * (1 + judge.rho) / (1 - judge.rho);
    double beta = options->penalty * log((double)n) * long_run;
    if (partition_run(x, n, shortest, beta, best, last)) goto done;

    size_t count = segments_read(last, n, segments);
    assert(count >= 1 && count <= most);
    count = judge_merge(&judge, segments, found, count - 1);
    for (size_t i = 0; i < count && i < capacity; i++)
        changes[i] = found[i];
    status = (int)count;
done:
    free(best);
    free(last);
    free(segments);
    free(found);
    return status;
}
