/* tail.c -- see tail.h. With each value that comes, the rank of a quantile and the number of values
 * at either side of it grow or stay: so what is enough of the largest sample is enough of a smaller
 * one. */
#include "tail.h"

#include "sample.h"

#include <math.h>

enum {
    WORTH = 1 << 16, /* smaller samples are kept as a whole */
    PART = 12,       /* an end is at most this part of its sample */
    ROOM = 3,        /* times as many values as are kept are there at most */
    SPARE = 4, /* the neighbour that a quantile leans to, and what rounding of a rank may take */
    SOME = 16, /* values that are looked at together */
};

void tail_plan(struct tail *tail, double p, size_t most)
{
    *tail = (struct tail){.keep = 0};
    if (most < WORTH || !(p >= 0 && p <= 1)) return;
    size_t rank = (size_t)(p * (double)(most - 1)), above = most - 1 - rank;
    size_t keep = (rank < above ? rank : above) + SPARE;
    if (keep <= most / PART) *tail = (struct tail){.keep = keep, .low = rank < above};
}

size_t tail_room(const struct tail *tail)
{
    return ROOM * tail->keep;
}

/* -- putting ----------------------------------------------------------------------------------- */

typedef double pair __attribute__((vector_size(16)));
typedef long long pair_mask __attribute__((vector_size(16)));

static inline bool is_inside(double x, double bound, bool low)
{
    return low ? x < bound : x > bound;
}

/* Whether one of SOME values is. */
static inline bool any_inside(const double *x, double bound, bool low)
{
    const pair limit = {bound, bound};
    pair_mask any = {0, 0};
    for (size_t i = 0; i < SOME; i += 2) {
        pair two = {x[i], x[i + 1]};
        any |= low ? two < limit : two > limit;
    }
    return (any[0] | any[1]) != 0;
}

/* Each value is written, so that no branch depends on it. */
static inline size_t put_some(const double *x, size_t n, double bound, bool low, double *to)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        to[count] = x[i];
        count += is_inside(x[i], bound, low);
    }
    return count;
}

static inline size_t put(const double *x, size_t n, double bound, bool low, double *to)
{
    size_t count = 0, i = 0;
    for (; i + SOME <= n; i += SOME)
        if (any_inside(x + i, bound, low)) count += put_some(x + i, SOME, bound, low, to + count);
    return count + put_some(x + i, n - i, bound, low, to + count);
}

size_t tail_put(const struct tail *tail, const struct tail_bound *bound, const double *x, size_t n,
                double *to)
{
    if (!bound->is_set) {
        for (size_t i = 0; i < n; i++)
            to[i] = x[i];
        return n;
    }
    return tail->low ? put(x, n, bound->value, true, to) : put(x, n, bound->value, false, to);
}

/* -- taking ------------------------------------------------------------------------------------ */

size_t tail_cut(const struct tail *tail, struct tail_bound *bound, double *x, size_t n)
{
    size_t keep = tail->keep;
    if (n <= keep) return n;
    if (tail->low) {
        select_rank(x, n, keep - 1);
        *bound = (struct tail_bound){x[keep - 1], true};
        return keep;
    }
    select_rank(x, n, n - keep);
    for (size_t i = 0; i < keep; i++)
        x[i] = x[n - keep + i];
    *bound = (struct tail_bound){x[0], true};
    return keep;
}

double tail_quantile(const struct tail *tail, double *x, size_t n, size_t all, double p)
{
    if (n == all || !(p >= 0 && p <= 1)) return select_quantile(x, n, p);
    double fraction;
    size_t rank = quantile_rank(all, p, &fraction), missing = tail->low ? 0 : all - n;
    return select_between(x, n, rank - missing, fraction);
}
