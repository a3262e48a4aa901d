/* quiet.c -- see quiet.h.
 *
 * The gain of a segment at a level is what it costs less than at the centre. A segmentation is
 * cheaper than one level only if the gains of its segments exceed beta for each change. The most
 * that this can be is found by dynamic programming over a few levels, rungs of a ladder, for all at
 * once.
 *
 * Levels between two rungs: the loss of a point is weight level^2 plus a concave function of the
 * level, so a segment's gain between rungs is at most that of the better one plus the sum of weight
 * (distance of the rungs)^2 / 4. Each rung has this bonus at each point. It is little because the
 * rungs lie closer the nearer they are to the centre, where the long segments are. Beyond the last
 * rung on a side each point may choose a level of its own. */
#include "quiet.h"

#include "../../engine/simd.h"

#include <math.h>

/* Chosen for the shortest time over quiet series of 100 to 100,000 points. */
#define RUNG_RATIO  1.6 /* of a rung's distance from the centre to that of the one before, at most */
#define RUNG_FIRST  0.6 /* in standard errors of a level of the whole series */
#define RUNG_LAST   2.2 /* in deviations, at least */
#define FAR_AWAY    1e30
#define BONUS_EXTRA 1.00001 /* for the rounding of the rungs */
/* Rounding of a point, in terms of what is added up (see slack_of): 5.5 of them, and some. */
#define ROUNDINGS 8.0

enum {
    SPECIAL = 4,    /* rungs: the centre twice, and beyond the last one on both sides */
    RUNG_ABOVE = 1, /* these two */
    RUNG_BELOW = 2,
    RUNGS_MAX = 96,     /* more would take too long */
    FLOAT_MOST = 12000, /* points; then rounding of floats would make up for noise */
    CHECK_EVERY = 64,   /* points between looks at whether there is a change for certain */
};

struct ladder {
    size_t count; /* a multiple of the kernel's lanes; the special ones first */
    double at[RUNGS_MAX], bonus[RUNGS_MAX];
};

/* What all kernels are told of a series. */
struct question {
    size_t n;
    double most, beta, slack; /* most: the loss of a point */
};

#define REAL  float
#define LANES 4
#define TARGET
#define NAME(x) x##_float
#if defined(__SSE2__)
#define LARGER  __builtin_ia32_maxps
#define SMALLER __builtin_ia32_minps
#endif
#include "quiet_lanes.h"

#define REAL  double
#define LANES 2
#define TARGET
#define NAME(x) x##_double
#if defined(__SSE2__)
#define LARGER  __builtin_ia32_maxpd
#define SMALLER __builtin_ia32_minpd
#endif
#include "quiet_lanes.h"

#if defined(__x86_64__)

#define REAL    float
#define LANES   8
#define TARGET  __attribute__((target("avx2")))
#define NAME(x) x##_floats
#define LARGER  __builtin_ia32_maxps256
#define SMALLER __builtin_ia32_minps256
#include "quiet_lanes.h"

#define REAL    double
#define LANES   4
#define TARGET  __attribute__((target("avx2")))
#define NAME(x) x##_doubles
#define LARGER  __builtin_ia32_maxpd256
#define SMALLER __builtin_ia32_minpd256
#include "quiet_lanes.h"

#else

#define certain_floats  certain_float
#define certain_doubles certain_double

#endif

/* The centre of the points within k deviations of `centre`. */
static double centre_again(const double *y, const double *scale, size_t n, double k, double centre)
{
    double sum[2] = {0, 0}, weights[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double q = scale ? 1 / scale[i] : 1, r = (y[i] - centre) * q;
        bool near = fabs(r) < k;
        sum[i & 1] += near ? q * r : 0;
        weights[i & 1] += near ? q * q : 0;
    }
    double weight = weights[0] + weights[1];
    return weight > 0 ? centre + (sum[0] + sum[1]) / weight : centre;
}

/* Rungs up to `last` for points of so much weight together, as many as fill the lanes; false: too
 * many. */
static bool ladder_make(struct ladder *ladder, double weights, double last, size_t lanes)
{
    double first = fmin(RUNG_FIRST / sqrt(weights), last / 2), before = 0;
    double steps = ceil(log(last / first) / log(RUNG_RATIO));
    if (!(first > 0) || !(steps < RUNGS_MAX)) return false;
    size_t rungs = (size_t)steps + 1, count = SPECIAL;
    while ((SPECIAL + 2 * rungs) % lanes != 0)
        rungs++;
    if (SPECIAL + 2 * rungs > RUNGS_MAX) return false;
    double ratio = pow(last / first, 1 / (double)(rungs - 1));
    ladder->at[0] = ladder->at[3] = 0;
    ladder->bonus[0] = ladder->bonus[3] = BONUS_EXTRA * first * first / 4;
    for (double at = first; count < SPECIAL + 2 * rungs; count += 2, at *= ratio) {
        double width = fmax(at - before, at * (ratio - 1));
        ladder->at[count] = at;
        ladder->at[count + 1] = -at;
        ladder->bonus[count] = ladder->bonus[count + 1] = BONUS_EXTRA * width * width / 4;
        before = at;
    }
    ladder->at[RUNG_ABOVE] = before;
    ladder->at[RUNG_BELOW] = -before;
    ladder->bonus[RUNG_ABOVE] = ladder->bonus[RUNG_BELOW] = 0;
    ladder->count = count;
    return true;
}

/* By how much sums over all points may be wrong, where numbers are rounded by `epsilon` / 2. A
 * point that is within k of a rung adds the rounding of its distance, of the square of that, of the
 * bonus and of the sum, which is nowhere above beta where it counts. */
static double slack_of(const struct ladder *ladder, const struct question *question, double k,
                       double sharpest, double epsilon)
{
    double reach = ladder->at[RUNG_ABOVE], bonus = ladder->bonus[ladder->count - 1];
    double terms =
        question->most + k * sharpest * reach + sharpest * sharpest * bonus + question->beta;
    return (double)question->n * ROUNDINGS * epsilon * terms;
}

static bool is_certain(const double *y, const double *scale, size_t n, double k, double beta,
                       double centre, double *scratch, bool wide)
{
    double weights = 0, sharpest = scale ? 0 : 1, dullest = scale ? 0 : 1;
    for (size_t i = 0; scale && i < n; i++) {
        double q = 1 / scale[i];
        weights += q * q;
        sharpest = q > sharpest ? q : sharpest;
        dullest = scale[i] > dullest ? scale[i] : dullest;
    }
    struct ladder ladder;
    struct question question = {.n = n, .most = k * k, .beta = beta};
    bool narrow = n <= FLOAT_MOST;
    size_t lanes = (narrow ? 4u : 2u) * (wide ? 2u : 1u);
    double weight = scale ? weights : (double)n;
    if (!ladder_make(&ladder, weight, RUNG_LAST * dullest, lanes)) return false;
    centre = centre_again(y, scale, n, k, centre);
    question.slack = slack_of(&ladder, &question, k, sharpest, narrow ? 0x1p-23 : 0x1p-52);
    bool (*kernel)(const struct ladder *, const struct question *, const double *, const double *,
                   double, void *) = wide ? (narrow ? certain_floats : certain_doubles)
                                          : (narrow ? certain_float : certain_double);
    return kernel(&ladder, &question, y, scale, centre, scratch);
}

bool quiet_certain(const double *y, const double *scale, size_t n, double k, double beta,
                   double centre, double *scratch)
{
    return is_certain(y, scale, n, k, beta, centre, scratch, simd_has_avx2());
}

bool quiet_certain_portable(const double *y, const double *scale, size_t n, double k, double beta,
                            double centre, double *scratch)
{
    return is_certain(y, scale, n, k, beta, centre, scratch, false);
}
