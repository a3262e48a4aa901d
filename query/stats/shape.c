/* shape.c -- see shape.h. A bounded loss does not see excursions as changes of level, though real
 * regressions that were mended within days look so. */
#include "shape.h"

#include "dist.h"
#include "sample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REACH 3.0 /* deviations at which the loss is bounded, as in judge.c */

/* -- drift ------------------------------------------------------------------------------------- */

/* Level `from` up to `start`, a straight line, level `to` from `end` on. */
struct ramp {
    size_t start, end;
    double from, to, cost;
};

static double point_scale(const struct judge *judge, size_t i)
{
    return judge->noise.sigma * (judge->scale ? judge->scale[i] : 1);
}

static double bounded_loss(double distance, double sigma)
{
    double z = distance / sigma;
    return fmin(z * z, REACH * REACH);
}

/* Share of the way that a ramp has gone at point i. */
static double ramp_share(const struct ramp *ramp, size_t i)
{
    if (i < ramp->start) return 0;
    if (i >= ramp->end) return 1;
    return ((double)(i - ramp->start) + 0.5) / (double)(ramp->end - ramp->start);
}

/* Levels of a ramp between given points, by least squares of values pulled in around the ramp so
 * far; its cost over first .. behind. */
static void ramp_fit(const struct judge *judge, struct ramp *ramp, size_t first, size_t behind)
{
    enum { ROUNDS = 2 };
    for (int round = 0; round < ROUNDS; round++) {
        double aa = 0, ab = 0, bb = 0, ay = 0, by = 0;
        for (size_t i = first; i < behind; i++) {
            double b = ramp_share(ramp, i), a = 1 - b, sigma = point_scale(judge, i);
            double fitted = a * ramp->from + b * ramp->to, reach = REACH * sigma;
            double residual = fmin(fmax(judge->x[i] - fitted, -reach), reach);
            double weight = 1 / (sigma * sigma);
            aa += weight * a * a;
            ab += weight * a * b;
            bb += weight * b * b;
            ay += weight * a * residual;
            by += weight * b * residual;
        }
        double determinant = aa * bb - ab * ab;
        if (!(determinant > 1e-9 * aa * bb)) break;
        ramp->from += (ay * bb - by * ab) / determinant;
        ramp->to += (by * aa - ay * ab) / determinant;
    }
    ramp->cost = 0;
    for (size_t i = first; i < behind; i++) {
        double b = ramp_share(ramp, i), fitted = (1 - b) * ramp->from + b * ramp->to;
        ramp->cost += bounded_loss(judge->x[i] - fitted, point_scale(judge, i));
    }
}

/* Takes the ramp from `start` to `end` when it costs less. */
static void ramp_try(const struct judge *judge, const struct segment *segments, size_t count,
                     size_t start, size_t end, struct ramp *best)
{
    struct ramp ramp = {
        .start = start, .end = end, .from = segments[0].mean, .to = segments[count].mean};
    if (end < start + 2 * judge->options->shortest) return;
    ramp_fit(judge, &ramp, segments[0].start, segments[count].end);
    if (ramp.cost < best->cost) *best = ramp;
}

/* The best ramp over segments[0 .. count]: its ends first on quarters of the outer segments, then
 * moved by less and less. */
static struct ramp ramp_search(const struct judge *judge, const struct segment *segments,
                               size_t count)
{
    enum { QUARTERS = 4 };
    const struct segment *left = &segments[0], *right = &segments[count];
    size_t left_len = left->end - left->start, right_len = right->end - right->start;
    struct ramp best = {.cost = (double)INFINITY};
    for (size_t a = 0; a <= QUARTERS; a++)
        for (size_t b = 0; b <= QUARTERS; b++)
            ramp_try(judge, segments, count, left->start + left_len * a / QUARTERS,
                     right->start + right_len * b / QUARTERS, &best);
    size_t step = (left_len > right_len ? left_len : right_len) / (2 * QUARTERS);
    for (; step > 0 && isfinite(best.cost); step /= 2) {
        size_t start = best.start, end = best.end;
        if (start >= left->start + step) ramp_try(judge, segments, count, start - step, end, &best);
        ramp_try(judge, segments, count, start + step, end, &best);
        start = best.start;
        if (end + step <= right->end) ramp_try(judge, segments, count, start, end + step, &best);
        ramp_try(judge, segments, count, start, end - step, &best);
    }
    return best;
}

static double steps_cost(const struct judge *judge, const struct segment *segments, size_t count)
{
    double cost = 0;
    for (size_t s = 0; s <= count; s++)
        for (size_t i = segments[s].start; i < segments[s].end; i++)
            cost += bounded_loss(judge->x[i] - segments[s].mean, point_scale(judge, i));
    return cost;
}

/* How many changes from the first on go the same way. */
static size_t same_way(const struct change *changes, size_t count)
{
    size_t run = 1;
    bool up = changes[0].after > changes[0].before;
    while (run < count && (changes[run].after > changes[run].before) == up)
        run++;
    return run;
}

/* changes[0 .. count) as one drift. */
static struct change drift_of(const struct judge *judge, const struct change *changes, size_t count,
                              const struct ramp *ramp)
{
    struct change drift = changes[0];
    for (size_t i = 1; i < count; i++)
        if (changes[i].p < drift.p) drift.p = changes[i].p;
    drift.kind = CHANGE_DRIFT;
    drift.index = ramp->start > 0 ? ramp->start : 1;
    drift.end = ramp->end < judge->n ? ramp->end : judge->n - 1;
    drift.earliest = drift.index;
    drift.latest = drift.end;
    drift.before = drift.mean_before = ramp->from;
    drift.after = drift.mean_after = ramp->to;
    drift.effect = fabs(ramp->to - ramp->from) / judge->spread;
    drift.recovered = changes[count - 1].recovered;
    return drift;
}

/* A step has a level and a place of its own, a ramp two of each: compared by Schwarz's criterion,
 * with a bonus for steps, which are what is usual. */
static size_t drifts_join(const struct judge *judge, const struct segment *segments,
                          struct change *changes, size_t count)
{
    double price = log((double)judge->n) * noise_long_run(judge->noise) /
                   (judge->noise.sigma * judge->noise.sigma);
    enum { STEPS_BONUS = 3 };
    size_t made = 0;
    for (size_t i = 0; i < count;) {
        size_t run = same_way(changes + i, count - i);
        if (run >= 2) {
            struct ramp ramp = ramp_search(judge, segments + i, run);
            double steps = steps_cost(judge, segments + i, run) + (2 * (double)run + 1) * price;
            bool forward = (ramp.to > ramp.from) == (changes[i].after > changes[i].before);
            if (forward && ramp.cost + (4 + STEPS_BONUS) * price < steps) {
                changes[made++] = drift_of(judge, changes + i, run, &ramp);
                i += run;
                continue;
            }
        }
        while (run-- > 0)
            changes[made++] = changes[i++];
    }
    return made;
}

/* -- excursions -------------------------------------------------------------------------------- */

enum { RUN_LEAST = 3, RUN_MOST = 12, CHECK_POINTS = 64, CHECK_NEEDS = 5, CHECK_CONFIRM = 2 };
#define EXCURSION_SIGMA 5.0
#define EXCURSION_FLOOR (5.0 / 3)
#define CHECK_P         0.99
/* A level that is this near to the old one, in heights of the step, is the old one. */
#define RETURN_SHARE 0.2

/* Whether point i lies beyond what an excursion needs, on the side of `sign`. */
static bool is_away(const struct judge *judge, const struct segment *s, size_t i, double sign)
{
    double sigma = fmax(point_scale(judge, i), judge->noise.sigma);
    double least =
        fmax(EXCURSION_SIGMA * sigma, EXCURSION_FLOOR * judge->options->floor * fabs(s->median));
    return sign * (judge->x[i] - s->median) > least;
}

bool shape_may_return(const struct judge *judge)
{
    double median = *judge->median;
    double least = EXCURSION_FLOOR * judge->options->floor * fabs(median);
    if (!(least > 0)) return true;
    int above = 0, below = 0;
    for (size_t i = 0; i < judge->n && above < RUN_LEAST && below < RUN_LEAST; i++) {
        double distance = judge->x[i] - median;
        above = distance > least ? above + 1 : 0;
        below = -distance > least ? below + 1 : 0;
    }
    return above == RUN_LEAST || below == RUN_LEAST;
}

/* Whether `check` would have confirmed it: see DETECTION's default rule. */
static bool is_confirmed(const struct judge *judge, size_t first, size_t at, double sign)
{
    if (at - first > CHECK_POINTS) first = at - CHECK_POINTS;
    size_t n = at - first;
    if (n < CHECK_NEEDS) return false;
    double mean = sample_mean(judge->x + first, n), sd = sample_sd(judge->x + first, n);
    double points = (double)n;
    double reach = fmax(t_quantile(CHECK_P, points - 1) * sd * sqrt(1 + 1 / points),
                        EXCURSION_FLOOR * judge->options->floor * fabs(mean));
    for (size_t i = at; i < at + CHECK_CONFIRM; i++)
        if (!(sign * (judge->x[i] - mean) > reach)) return false;
    return true;
}

static struct change excursion_of(const struct judge *judge, const struct segment *s, size_t at,
                                  size_t end, double *scratch)
{
    struct change c = {.kind = CHANGE_EXCURSION,
                       .index = at,
                       .end = end,
                       .earliest = at,
                       .latest = at,
                       .before = s->median,
                       .mean_before = s->mean,
                       .recovered = true};
    memcpy(scratch, judge->x + at, (end - at) * sizeof *scratch);
    c.after = select_median(scratch, end - at);
    c.mean_after = sample_mean(judge->x + at, end - at);
    /* The chance of so many neighbours beyond 5 deviations of a normal is nothing; what limits the
     * evidence is the number of points before it, as in `check`. */
    double z = fabs(c.after - s->median) / point_scale(judge, at);
    c.p = fmin(1, (double)judge->n * 2 * t_upper(z, (double)(s->end - s->start - 1)));
    c.effect = fabs(c.after - c.before) / judge->spread;
    return c;
}

/* Appends the excursions of one segment. A run that lasts to the segment's end did not come
 * back. */
static size_t excursions_add(const struct judge *judge, const struct segment *s,
                             struct change *changes)
{
    size_t made = 0, first = s->start;
    for (size_t i = s->start; i < s->end; i++) {
        double sign = judge->x[i] > s->median ? 1 : -1;
        if (!is_away(judge, s, i, sign)) continue;
        size_t end = i;
        while (end < s->end && is_away(judge, s, end, sign))
            end++;
        if (end - i >= RUN_LEAST && end - i <= RUN_MOST && end < s->end &&
            is_confirmed(judge, first, i, sign)) {
            changes[made] = excursion_of(judge, s, i, end, judge->scratch);
            made += changes[made].p <= judge->options->alpha;
            first = end;
        }
        i = end;
    }
    return made;
}

/* A level that lasted for a few points and went back: two steps become one excursion. */
static size_t returns_join(const struct judge *judge, struct change *changes, size_t count)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        struct change c = changes[i];
        const struct change *next = i + 1 < count ? &changes[i + 1] : NULL;
        if (next && c.kind == CHANGE_STEP && next->kind == CHANGE_STEP) {
            double height = fabs(c.after - c.before), sigma = point_scale(judge, c.index - 1);
            bool high = height > fmax(EXCURSION_SIGMA * sigma,
                                      EXCURSION_FLOOR * judge->options->floor * fabs(c.before));
            bool back = fabs(next->after - c.before) < RETURN_SHARE * height;
            if (high && back && next->index - c.index <= RUN_MOST) {
                c.kind = CHANGE_EXCURSION;
                c.end = next->index;
                c.recovered = true;
                i++;
            }
        }
        changes[made++] = c;
    }
    return made;
}

/* -- both -------------------------------------------------------------------------------------- */

static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

int shape_changes(const struct judge *judge, const struct segment *segments,
                  struct change **changes, size_t count)
{
    size_t room = count;
    for (size_t s = 0; s <= count; s++)
        room += (segments[s].end - segments[s].start) / RUN_LEAST;
    struct change *all = malloc((room + 1) * sizeof *all);
    if (!all) return -1;
    if (count > 0) memcpy(all, *changes, count * sizeof *all);
    size_t made = drifts_join(judge, segments, all, count);
    made = returns_join(judge, all, made);
    size_t steps = made;
    for (size_t s = 0; s <= count; s++)
        made += excursions_add(judge, &segments[s], all + made);
    assert(made <= room);
    if (made > steps) qsort(all, made, sizeof *all, compare_changes);
    free(*changes);
    *changes = all;
    return (int)made;
}
