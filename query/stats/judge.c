/* judge.c -- see judge.h. Medians and pulled-in values make it robust: a few outliers make no
 * level, and a change stands on the points around it. */
#include "judge.h"

#include "dist.h"
#include "evidence.h"
#include "sample.h"

#include <math.h>
#include <string.h>

#define MAD_SCALE 1.4826
/* A segment's variance is not taken to be less than this share of the noise's: a few equal values
 * are no proof of a quiet side. */
#define QUIET_SHARE  0.49
#define PRIOR_POINTS 20.0 /* at most */
/* Values further from their level than so many deviations are pulled in. */
#define REACH 3.0
/* Splits that cost at most so much more than the best, in long-run variances, hold the true one
 * with 95 % (Hansen, "Sample splitting and threshold estimation", 2000). */
#define SPLIT_COST 7.35

/* Points on each side from which the spread around a change is taken. */
enum { SPREAD_POINTS = 24, LEVEL_ROUNDS = 3 };

double judge_largest_p(double z, double count)
{
    if (isnan(z)) return 1;
    if (!(z > 1) || count < 2) return fmin(2 * normal_upper(fmax(z, 0)), 1);
    /* phi(z) z times the integral of nu(z / sqrt(count t (1-t))) dt / (t (1-t)) over 1/count ..
     * 1 - 1/count, with t = logistic(u): dt / (t (1-t)) = du; nu(x) is nearly exp(-0.583 x). */
    enum { STEPS = 64 };
    double reach = log(count - 1), step = 2 * reach / STEPS, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double t = 1 / (1 + exp(reach - step * (i + 0.5)));
        sum += exp(-0.583 * z / sqrt(count * t * (1 - t)));
    }
    double density = exp(-z * z / 2) * 0.39894228040143267794;
    return fmin(z * density * sum * step + 2 * normal_upper(z), 1);
}

double judge_largest_segment_p(double z, double count, double least)
{
    if (isnan(z)) return 1;
    if (!(z > 1) || count < 2 * least) return fmin(2 * normal_upper(fmax(z, 0)), 1);
    /* phi(z) z^3 / 2 times the integral of nu(z / sqrt(count t (1-t)))^2 dt / (t^2 (1-t)), with t =
     * logistic(u): dt / (t (1-t)) = du. */
    enum { STEPS = 64 };
    double reach = log(count / least - 1), step = 2 * reach / STEPS, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double t = 1 / (1 + exp(reach - step * (i + 0.5)));
        sum += exp(-2 * 0.583 * z / sqrt(count * t * (1 - t))) / t;
    }
    double density = exp(-z * z / 2) * 0.39894228040143267794;
    return fmin(0.5 * z * z * z * density * sum * step + 2 * normal_upper(z), 1);
}

static double judge_reach(const struct judge *judge, size_t i)
{
    return REACH * judge->noise.sigma * (judge->scale ? judge->scale[i] : 1);
}

static double pull(double distance, double reach)
{
    return distance < -reach ? -reach : distance > reach ? reach : distance;
}

double judge_pulled(const struct judge *judge, size_t i, double level)
{
    return pull(judge->x[i] - level, judge_reach(judge, i));
}

static double judge_weight(const struct judge *judge, size_t i)
{
    return judge->scale ? 1 / (judge->scale[i] * judge->scale[i]) : 1;
}

static double level_from(const struct judge *judge, size_t start, size_t end, double level)
{
    for (int round = 0; round < LEVEL_ROUNDS; round++) {
        double sum = 0, weights = 0;
        for (size_t i = start; i < end; i++) {
            double weight = judge_weight(judge, i);
            sum += weight * judge_pulled(judge, i, level);
            weights += weight;
        }
        level += sum / weights;
    }
    return level;
}

static double segment_median(const struct judge *judge, size_t start, size_t end)
{
    if (judge->median && start == 0 && end == judge->n) return *judge->median;
    memcpy(judge->scratch, judge->x + start, (end - start) * sizeof *judge->x);
    return select_median(judge->scratch, end - start);
}

double judge_level(const struct judge *judge, size_t start, size_t end)
{
    return level_from(judge, start, end, segment_median(judge, start, end));
}

void judge_measure(const struct judge *judge, struct segment *s)
{
    double n = (double)(s->end - s->start);
    s->median = segment_median(judge, s->start, s->end);
    s->mean = level_from(judge, s->start, s->end, s->median);
    double squares = 0, weights = 0;
    for (size_t i = s->start; i < s->end; i++) {
        double weight = judge_weight(judge, i);
        double distance = judge_pulled(judge, i, s->mean);
        squares += weight * distance * distance;
        weights += weight;
    }
    double sigma = judge->noise.sigma, variance = squares / fmax(n - 1, 1);
    s->scale = n / weights;
    s->variance = fmax(variance, QUIET_SHARE * sigma * sigma) * s->scale;
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
    double factor = judge->scale ? fmin(judge->scale[a->end - 1], judge->scale[b->start]) : 1;
    return fmax(MAD_SCALE * select_median(distances, count), judge->spread * factor);
}

/* A segment's variance, moderated by the noise of the whole series as if that were so many more of
 * its values (Smyth 2004): three points alone say little about their spread. */
static double moderated_variance(const struct judge *judge, const struct segment *s, double worth,
                                 double points)
{
    double sigma = judge->noise.sigma, prior = sigma * sigma * s->scale;
    return ((worth - 1) * s->variance + points * prior) / (worth - 1 + points);
}

/* p of the largest of all splits. Welch's t with moderated variances; correlated points count for
 * fewer. What passes is asked once more whether correlated noise alone would do. */
static double split_p(const struct judge *judge, const struct segment *a, const struct segment *b)
{
    double count_a = fmax(noise_worth(judge->noise, (double)(a->end - a->start)), 2);
    double count_b = fmax(noise_worth(judge->noise, (double)(b->end - b->start)), 2);
    /* The noise is not known better than all points together can tell it. */
    double prior = fmin(noise_worth(judge->noise, (double)judge->n), PRIOR_POINTS);
    double va = moderated_variance(judge, a, count_a, prior) / count_a;
    double vb = moderated_variance(judge, b, count_b, prior) / count_b, v = va + vb;
    double distance = fabs(a->mean - b->mean);
    if (!(v > 0)) return distance > 0 ? 0 : 1;
    double df = v * v / (va * va / (count_a - 1 + prior) + vb * vb / (count_b - 1 + prior));
    double p = 2 * t_upper(distance / sqrt(v), df);
    if (!(p > 0) || p >= 1) return p;
    double count = noise_worth(judge->noise, (double)(b->end - a->start));
    p = judge_largest_p(-normal_quantile(p / 2), fmax(count, 4));
    return p > judge->options->alpha ? p : fmax(p, evidence_p(judge, a, b));
}

/* b lies between two neighbours of one level, from which it went away and came back: its two ends
 * were both searched for. 0: their levels differ by more than half of what b differs by. */
static double back_p(const struct judge *judge, const struct segment *a, const struct segment *b,
                     const struct segment *c)
{
    double there = b->mean - a->mean, back = b->mean - c->mean;
    if (!(there * back > 0) || fabs(a->mean - c->mean) > 0.5 * fmin(fabs(there), fabs(back)))
        return 0;
    double count_a = noise_worth(judge->noise, (double)(a->end - a->start));
    double count_b = fmax(noise_worth(judge->noise, (double)(b->end - b->start)), 2);
    double count_c = noise_worth(judge->noise, (double)(c->end - c->start));
    double rest = count_a + count_c,
           prior = fmin(noise_worth(judge->noise, (double)judge->n), PRIOR_POINTS);
    struct segment around = *a;
    around.variance = (count_a * a->variance + count_c * c->variance) / rest;
    around.scale = (count_a * a->scale + count_c * c->scale) / rest;
    double level = (count_a * a->mean + count_c * c->mean) / rest;
    rest = fmax(rest, 2);
    double va = moderated_variance(judge, &around, rest, prior) / rest;
    double vb = moderated_variance(judge, b, count_b, prior) / count_b, v = va + vb;
    if (!(v > 0)) return 0;
    double df = v * v / (va * va / (rest - 1 + prior) + vb * vb / (count_b - 1 + prior));
    double p = 2 * t_upper(fabs(b->mean - level) / sqrt(v), df);
    if (!(p > 0) || p >= 1) return p;
    double least = fmax(noise_worth(judge->noise, (double)judge->options->shortest), 1);
    return judge_largest_segment_p(-normal_quantile(p / 2), count_b + rest, least);
}

static struct change change_between(const struct judge *judge, const struct segment *a,
                                    const struct segment *b)
{
    struct change c = {.kind = CHANGE_STEP,
                       .index = b->start,
                       .end = b->start,
                       .before = a->median,
                       .after = b->median,
                       .mean_before = a->mean,
                       .mean_after = b->mean};
    double distance = fabs(c.after - c.before), spread = spread_around(judge, a, b);
    c.effect = spread > 0 ? distance / spread : distance > 0 ? (double)INFINITY : 0;
    c.p = split_p(judge, a, b);
    return c;
}

/* How much a change lacks: 0 when it holds. One that fails by p is weaker than any that is only
 * small. */
static double change_weakness(const struct judge *judge, const struct change *c,
                              const struct segment *a, const struct segment *b, bool by_p)
{
    const struct segment_options *options = judge->options;
    bool moved = c->after < c->before || c->after > c->before;
    double p = fmax(c->p, fmax(a->back_p, b->back_p));
    bool brief = a->end - a->start < options->shortest || b->end - b->start < options->shortest;
    if (!moved || (by_p && (brief || p > options->alpha))) return 2 + (moved ? p : 2);
    /* |after / before - 1| >= floor, for a before of 0 as well. */
    bool far = fabs(c->after - c->before) >= options->floor * fabs(c->before);
    if (far && c->effect >= options->effect) return 0;
    return 1 + 1 / (1 + c->effect);
}

/* Where a and b are split best, and where nearly as well. */
struct split {
    size_t best, earliest, latest;
};

/* Costs are over that of the split at hand. Values are pulled in by no less than the step here:
 * between two levels that are far apart each is nearer to one of them. */
static struct split split_search(const struct judge *judge, const struct segment *a,
                                 const struct segment *b)
{
    struct split split = {b->start, b->start, b->start};
    double limit = SPLIT_COST * noise_long_run(judge->noise), least = 0;
    double height = fabs(b->mean - a->mean);
    for (int pass = 0; pass < 2; pass++) {
        for (int side = 0; side < 2; side++) {
            double cost = 0;
            size_t steps = side ? b->end - b->start : a->end - a->start;
            for (size_t k = 1; k < steps && cost < least + 8 * limit; k++) {
                size_t i = side ? b->start + k - 1 : a->end - k, index = side ? i + 1 : i;
                double weight = judge_weight(judge, i), reach = fmax(judge_reach(judge, i), height);
                double da = pull(judge->x[i] - a->mean, reach);
                double db = pull(judge->x[i] - b->mean, reach);
                cost += weight * (side ? da * da - db * db : db * db - da * da);
                if (pass == 0 && cost < least) {
                    least = cost;
                    split.best = index;
                }
                if (pass == 1 && cost <= least + limit) {
                    if (index < split.earliest) split.earliest = index;
                    if (index > split.latest) split.latest = index;
                }
            }
        }
    }
    return split;
}

/* Moves changes to where the levels beside them, with what merging has left, say they are. */
static void judge_settle(const struct judge *judge, struct segment *segments,
                         struct change *changes, size_t count)
{
    size_t shortest = judge->options->shortest;
    for (size_t i = 0; i < count; i++) {
        struct segment *a = &segments[i], *b = &segments[i + 1];
        struct split split = split_search(judge, a, b);
        if (split.best == b->start || split.best < a->start + shortest ||
            split.best + shortest > b->end)
            continue;
        a->end = b->start = split.best;
        judge_measure(judge, a);
        judge_measure(judge, b);
    }
    for (size_t i = 0; i < count; i++) {
        changes[i] = change_between(judge, &segments[i], &segments[i + 1]);
        struct split split = split_search(judge, &segments[i], &segments[i + 1]);
        changes[i].earliest = split.earliest;
        changes[i].latest = split.latest;
        changes[i].p = fmax(changes[i].p, fmax(segments[i].back_p, segments[i + 1].back_p));
    }
}

/* back_p of segment s of count + 1. */
static void measure_back(const struct judge *judge, struct segment *segments, size_t s,
                         size_t count)
{
    if (s > count) return;
    segments[s].back_p =
        s > 0 && s < count ? back_p(judge, &segments[s - 1], &segments[s], &segments[s + 1]) : 0;
}

size_t judge_merge(const struct judge *judge, struct segment *segments, struct change *changes,
                   size_t count, bool by_p)
{
    for (size_t i = 0; i <= count; i++)
        judge_measure(judge, &segments[i]);
    for (size_t i = 0; i < count; i++)
        changes[i] = change_between(judge, &segments[i], &segments[i + 1]);
    for (size_t i = 0; i <= count; i++)
        measure_back(judge, segments, i, count);
    for (;;) {
        size_t weakest = count;
        double most = 0;
        for (size_t i = 0; i < count; i++) {
            double weakness =
                change_weakness(judge, &changes[i], &segments[i], &segments[i + 1], by_p);
            if (weakness > most) {
                most = weakness;
                weakest = i;
            }
        }
        if (weakest == count) break;
        segments[weakest].end = segments[weakest + 1].end;
        size_t behind = count - weakest - 1;
        memmove(&segments[weakest + 1], &segments[weakest + 2], behind * sizeof *segments);
        memmove(&changes[weakest], &changes[weakest + 1], behind * sizeof *changes);
        count--;
        judge_measure(judge, &segments[weakest]);
        if (weakest > 0)
            changes[weakest - 1] =
                change_between(judge, &segments[weakest - 1], &segments[weakest]);
        if (weakest < count)
            changes[weakest] = change_between(judge, &segments[weakest], &segments[weakest + 1]);
        for (size_t s = weakest ? weakest - 1 : 0; s <= weakest + 1; s++)
            measure_back(judge, segments, s, count);
    }
    judge_settle(judge, segments, changes, count);
    return count;
}
