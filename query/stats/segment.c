/* segment.c -- see segment.h.
 *
 * The first segmentation of fpop has a penalty that outlasts a rho that steps have inflated; the
 * second, with the noise around the first one's levels, has one that lets through some changes too
 * many, since the merge pass decides by a calibrated p. */
#include "segment.h"

#include "energy.h"
#include "fpop.h"
#include "judge.h"
#include "online.h"
#include "perfherder.h"
#include "quiet.h"
#include "rank.h"
#include "sample.h"
#include "shape.h"
#include "squares.h"
#include "steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BIWEIGHT_K      3.0
#define PENALTY_FIRST   2.5
#define PENALTY_SECOND  2.0
#define PENALTY_SQUARES 3.0
/* Cap of rho while the levels are not final, and of the rho that judges. */
#define RHO_MAX_ROUNDS 0.5
#define RHO_MAX        0.9
/* Noise is not taken to be less than this share of the level where the floor is 1. */
#define LEVEL_NOISE (0.002 / 0.03)

const struct segment_method_row segment_methods[METHOD_COUNT] = {
#define METHOD(id, name, alpha, needs, floor, effect, by_p, help)                                  \
    {name, {id, needs, alpha, floor, effect}, by_p, help},
#include "method.def"
#undef METHOD
};

/* All that one call needs, in three blocks of memory. */
struct work {
    const double *x;
    size_t n;
    const struct segment_options *options;
    double *y, *scale, *scratch; /* n + 1, n, 2 n + LOCAL_NOISE_POINTS */
    double median;               /* of x */
    size_t *last, *start;        /* n + 1 each: last[t] as of fpop.h; first points of segments */
    size_t count;                /* of segments */
    struct segment *segments;
    struct change *changes;
    bool is_bare; /* one segment, and nothing in it to look at */
    struct judge judge;
};

static int work_init(struct work *work)
{
    size_t n = work->n;
    double *doubles = malloc((4 * n + 1 + LOCAL_NOISE_POINTS) * sizeof *doubles);
    size_t *sizes = malloc(2 * (n + 1) * sizeof *sizes);
    work->y = doubles;
    work->last = sizes;
    if (!doubles || !sizes) return -1;
    work->scale = doubles + n + 1;
    work->scratch = work->scale + n;
    work->start = sizes + n + 1;
    work->judge = (struct judge){.x = work->x,
                                 .n = n,
                                 .median = &work->median,
                                 .options = work->options,
                                 .scratch = work->scratch};
    memcpy(work->scratch, work->x, n * sizeof *work->x);
    work->median = select_median(work->scratch, n);
    return 0;
}

static void work_free(struct work *work)
{
    free(work->y);
    free(work->last);
    free(work->segments);
    free(work->changes);
}

static void take_one_segment(struct work *work)
{
    work->count = 1;
    work->start[0] = 0;
}

/* The first points of the segments that `last` leads back to. */
static void starts_read(struct work *work)
{
    work->count = 0;
    for (size_t end = work->n; end > 0; end = work->last[end])
        work->count++;
    size_t i = work->count;
    for (size_t end = work->n; end > 0; end = work->last[end])
        work->start[--i] = work->last[end];
}

/* The noise around the levels of the segments; what differences told, where residuals are mostly 0.
 */
static struct noise residual_noise(struct work *work, double rho_max, struct noise before)
{
    struct judge judge = work->judge;
    judge.noise = before;
    for (size_t s = 0; s < work->count; s++) {
        size_t end = s + 1 < work->count ? work->start[s + 1] : work->n;
        double level = judge_level(&judge, work->start[s], end);
        for (size_t i = work->start[s]; i < end; i++)
            work->y[i] = work->x[i] - level;
    }
    struct noise noise = noise_of_residuals(work->y, judge.scale, work->n, work->start, work->count,
                                            rho_max, work->scratch);
    return noise.sigma > 0 ? noise : before;
}

/* The noise that changes are judged by, around the segments as they are. */
static void noise_settle(struct work *work, struct noise before)
{
    work->judge.measured = residual_noise(work, RHO_MAX, before);
    work->judge.noise = noise_cautious(work->judge.measured, (double)work->n);
}

static int fpop_round(struct work *work, struct noise noise, double penalty)
{
    for (size_t i = 0; i < work->n; i++)
        work->y[i] = (work->x[i] - work->x[0]) / noise.sigma;
    double excess = noise_long_run(noise) / (noise.sigma * noise.sigma);
    double beta = penalty * log((double)work->n) * excess;
    double centre = (work->median - work->x[0]) / noise.sigma;
    const double *scale = work->judge.scale;
    if (quiet_certain(work->y, scale, work->n, BIWEIGHT_K, beta, centre, work->scratch)) {
        take_one_segment(work);
        return 0;
    }
    if (fpop_biweight(work->y, scale, work->n, BIWEIGHT_K, beta, work->last)) return -1;
    starts_read(work);
    return 0;
}

/* noise: of differences, sigma > 0. */
static int method_fpop(struct work *work, struct noise noise)
{
    double least =
        fmin(work->options->floor, 0.03) * LEVEL_NOISE * fabs(work->median) / noise.sigma;
    bool even = !noise_local(work->x, work->n, least, work->scale, work->scratch);
    work->judge.scale = even ? NULL : work->scale;
    if (fpop_round(work, noise, PENALTY_FIRST)) return -1;
    noise = residual_noise(work, RHO_MAX_ROUNDS, noise);
    if (fpop_round(work, noise, PENALTY_SECOND)) return -1;
    work->is_bare = work->count == 1 && !shape_may_return(&work->judge);
    if (!work->is_bare) noise_settle(work, noise);
    return 0;
}

static int method_l2(struct work *work, struct noise noise)
{
    double beta = PENALTY_SQUARES * log((double)work->n) * noise_long_run(noise);
    if (squares_segment(work->x, work->n, work->options->shortest, beta, work->y, work->last))
        return -1;
    starts_read(work);
    noise_settle(work, noise);
    return 0;
}

static int method_run(struct work *work, struct noise noise)
{
    const struct segment_options *options = work->options;
    int count = 0;
    work->judge.spread = noise.sigma;
    switch (options->method) {
    case METHOD_L2: return method_l2(work, noise);
    case METHOD_L1: count = steps_cuts(work->x, NULL, work->n, work->start + 1); break;
    case METHOD_E_DIVISIVE:
        count = energy_cuts(work->x, work->n, options->shortest, options->alpha, work->start + 1);
        break;
    case METHOD_RANK:
        count = rank_cuts(work->x, work->n, options->shortest,
                          noise_long_run(noise) / (noise.sigma * noise.sigma), work->start + 1);
        break;
    case METHOD_PERFHERDER:
        count = perfherder_cuts(work->x, work->n, options->shortest, work->start + 1);
        break;
    default: return method_fpop(work, noise);
    }
    if (count < 0) return -1;
    work->start[0] = 0;
    work->count = (size_t)count + 1;
    noise_settle(work, noise);
    return 0;
}

/* Levels that were no levels took some of the noise and of its correlation with them: both again,
 * around the levels that are left. */
static void noise_again(struct work *work, size_t changes)
{
    work->count = changes + 1;
    for (size_t s = 0; s <= changes; s++)
        work->start[s] = work->segments[s].start;
    noise_settle(work, work->judge.noise);
}

/* From the method's segmentation to changes; how many, or -1. */
static int changes_measure(struct work *work)
{
    work->segments = malloc(work->count * sizeof *work->segments);
    work->changes = malloc(work->count * sizeof *work->changes);
    if (!work->segments || !work->changes) return -1;
    for (size_t s = 0; s < work->count; s++) {
        size_t end = s + 1 < work->count ? work->start[s + 1] : work->n;
        work->segments[s] = (struct segment){.start = work->start[s], .end = end};
    }
    bool by_p = segment_methods[work->options->method].by_p;
    size_t count, before = work->count - 1;
    while ((count = judge_merge(&work->judge, work->segments, work->changes, before, by_p)) > 0 &&
           count < before && by_p) {
        before = count;
        noise_again(work, count);
    }
    /* Later levels are compared with the middle of a step. */
    for (size_t i = 0; i < count; i++) {
        struct change *change = &work->changes[i];
        double middle = 0.5 * (change->before + change->after);
        bool up = change->after > change->before;
        for (size_t k = i + 1; k < count && !change->recovered; k++) {
            double after = work->changes[k].after;
            change->recovered = up ? after < middle : after > middle;
        }
    }
    return (int)count;
}

/* Squares of values beyond 2^400, or below 2^-400, are out of the range of numbers. */
enum { EXPONENT_MOST = 400 };
#define SCALED_MOST 0x1p1000

/* The power of two by which |x| of the middle is divided to have squares; 0: none is needed. -1:
 * out of memory. */
static int scale_exponent(const double *x, size_t n, int *exponent)
{
    double low = 0, high = 0;
    *exponent = 0;
    for (size_t i = 0; i < n; i++) {
        high = x[i] > high ? x[i] : high;
        low = x[i] < low ? x[i] : low;
    }
    (void)frexp(fmax(high, -low), exponent);
    if (abs(*exponent) <= EXPONENT_MOST) {
        *exponent = 0;
        return 0;
    }
    double *y = malloc(n * sizeof *y);
    if (!y) return -1;
    for (size_t i = 0; i < n; i++)
        y[i] = fabs(x[i]);
    double middle = select_median(y, n);
    free(y);
    if (middle > 0) (void)frexp(middle, exponent);
    if (abs(*exponent) <= EXPONENT_MOST) *exponent = 0;
    return 0;
}

/* The changes of x / 2^exponent, which is exact but for values that are nothing, or everything,
 * beside the others. */
static int segment_scaled(const double *x, size_t n, int exponent,
                          const struct segment_options *options, struct change *changes,
                          size_t capacity)
{
    double *y = malloc(n * sizeof *y);
    if (!y) return -1;
    for (size_t i = 0; i < n; i++)
        y[i] = fmin(fmax(ldexp(x[i], -exponent), -SCALED_MOST), SCALED_MOST);
    int count = segment_changes(y, n, options, changes, capacity);
    free(y);
    for (int i = 0; i < count && (size_t)i < capacity; i++) {
        struct change *change = &changes[i];
        change->before = ldexp(change->before, exponent);
        change->after = ldexp(change->after, exponent);
        change->mean_before = ldexp(change->mean_before, exponent);
        change->mean_after = ldexp(change->mean_after, exponent);
    }
    return count;
}

int segment_changes(const double *x, size_t n, const struct segment_options *options,
                    struct change *changes, size_t capacity)
{
    size_t shortest = options->shortest ? options->shortest : 1;
    if (n < 2 || n / 2 < shortest) return 0;
    struct segment_options own = *options;
    own.shortest = shortest;
    int exponent;
    if (scale_exponent(x, n, &exponent)) return -1;
    if (exponent) return segment_scaled(x, n, exponent, &own, changes, capacity);
    if (own.method == METHOD_FOCUS) return online_changes(x, n, &own, changes, capacity);
    struct work work = {.x = x, .n = n, .options = &own};
    int status = work_init(&work);
    if (!status) {
        bool even = !noise_levels(x, n, work.scale, work.scratch);
        work.judge.scale = even ? NULL : work.scale;
        struct noise noise = noise_of_differences(x, work.judge.scale, n, work.scratch);
        if (noise.sigma > 0 && !method_run(&work, noise)) {
            status = work.is_bare ? 0 : changes_measure(&work);
            if (status >= 0 && own.method == METHOD_FPOP && !work.is_bare)
                status = shape_changes(&work.judge, work.segments, &work.changes, (size_t)status);
        } else if (noise.sigma > 0) {
            status = -1;
        }
    }
    for (int i = 0; i < status && (size_t)i < capacity; i++)
        changes[i] = work.changes[i];
    work_free(&work);
    return status;
}
