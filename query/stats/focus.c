/* focus.c -- see focus.h.
 *
 * With S the partial sums, the ratio of a change after k of n values is S_k^2/k + (S_n - S_k)^2/(n
 * - k)
 * - S_n^2/n: convex in (k, S_k), so that it is largest at a corner of the hull of the points. The hull
 * is kept as two chains, to whose ends points are added; those that are no corners any more are
 * dropped. A series that drifts for ever makes every point a corner: then the chain is thinned
 * out. */
#include "focus.h"

#include <math.h>
#include <string.h>

#define REACH           3.0
#define THRESHOLD_BASE  (-1.1)
#define THRESHOLD_SLOPE 2.07

void focus_init(struct focus *focus, double centre, double sigma)
{
    memset(focus, 0, sizeof *focus);
    focus->centre = centre;
    focus->sigma = sigma;
    focus->upper_count = focus->lower_count = 1; /* the empty prefix */
}

/* Whether b lies on or on the inner side of the line from a to c; `side` is 1 for the upper
 * chain. */
static bool is_inside(const struct focus_corner *a, const struct focus_corner *b,
                      const struct focus_corner *c, double side)
{
    double turn =
        (b->count - a->count) * (c->sum - a->sum) - (c->count - a->count) * (b->sum - a->sum);
    return side * turn >= 0;
}

/* Adds the prefix that ends now. */
static void chain_add(struct focus_corner *chain, unsigned *count, struct focus_corner corner,
                      double side)
{
    while (*count > 1 && is_inside(&chain[*count - 2], &chain[*count - 1], &corner, side))
        --*count;
    if (*count == FOCUS_CORNERS) {
        /* Every second of the older half goes; the empty prefix stays. */
        unsigned kept = 1;
        for (unsigned i = 1; i < FOCUS_CORNERS; i++)
            if (i >= FOCUS_CORNERS / 2 || i % 2 == 0) chain[kept++] = chain[i];
        *count = kept;
    }
    chain[(*count)++] = corner;
}

static void chain_largest(const struct focus *focus, const struct focus_corner *chain,
                          unsigned count, double *largest, double *at)
{
    double whole = focus->sum * focus->sum / focus->count;
    for (unsigned i = 0; i < count; i++) {
        double k = chain[i].count, m = focus->count - k, rest = focus->sum - chain[i].sum;
        if (!(k > 0) || !(m > 0)) continue;
        double ratio = chain[i].sum * chain[i].sum / k + rest * rest / m - whole;
        if (ratio <= *largest) continue;
        *largest = ratio;
        *at = k;
    }
}

double focus_pull(const struct focus *focus, double x)
{
    double z = (x - focus->centre) / focus->sigma;
    return z < -REACH ? -REACH : z > REACH ? REACH : z;
}

double focus_add(struct focus *focus, double x)
{
    double z = focus_pull(focus, x), before = focus->count;
    double distance = before > 0 ? z - focus->sum / before : 0;
    focus->count += 1;
    focus->sum += z;
    struct focus_corner corner = {focus->count, focus->sum};
    chain_add(focus->upper, &focus->upper_count, corner, 1);
    chain_add(focus->lower, &focus->lower_count, corner, -1);
    return distance * distance * before / focus->count;
}

/* The prefix that ends now is no place for a change, and chain_largest leaves it out. */
double focus_statistic(const struct focus *focus, size_t *since)
{
    double largest = 0, at = focus->count;
    if (focus->count > 0) {
        chain_largest(focus, focus->upper, focus->upper_count, &largest, &at);
        chain_largest(focus, focus->lower, focus->lower_count, &largest, &at);
    }
    *since = (size_t)(focus->count - at);
    return largest;
}

double focus_push(struct focus *focus, double x, size_t *since)
{
    (void)focus_add(focus, x);
    return focus_statistic(focus, since);
}

double focus_threshold(double run_length)
{
    /* By simulation: 12, 16, 20, 22 are reached once in 608, 3,872, 25,157, 75,949 points. */
    return THRESHOLD_BASE + THRESHOLD_SLOPE * log(run_length);
}

/* -- the state as bytes ------------------------------------------------------------------------ */

static uint8_t *put_double(uint8_t *at, double value)
{
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

size_t focus_pack(const struct focus *focus, uint8_t bytes[FOCUS_BYTES])
{
    uint8_t *at = bytes;
    const double head[] = {focus->centre, focus->sigma, focus->count, focus->sum};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        at = put_double(at, head[i]);
    for (int side = 0; side < 2; side++) {
        const struct focus_corner *chain = side ? focus->lower : focus->upper;
        unsigned count = side ? focus->lower_count : focus->upper_count;
        /* The empty prefix begins each chain, which tells them apart. */
        for (unsigned i = 0; i < count; i++) {
            at = put_double(at, chain[i].count);
            at = put_double(at, chain[i].sum);
        }
    }
    return (size_t)(at - bytes);
}

bool focus_unpack(struct focus *focus, const uint8_t *bytes, size_t len)
{
    enum { HEAD = 4 * sizeof(double), CORNER = 2 * sizeof(double) };
    if (len < HEAD + 2 * CORNER || len > FOCUS_BYTES || (len - HEAD) % CORNER) return false;
    double head[4];
    memcpy(head, bytes, sizeof head);
    memset(focus, 0, sizeof *focus);
    focus->centre = head[0];
    focus->sigma = head[1];
    focus->count = head[2];
    focus->sum = head[3];
    if (!(focus->sigma > 0) || !(focus->count >= 0) || !isfinite(focus->sum)) return false;
    int chain = -1;
    for (size_t at = HEAD; at < len; at += CORNER) {
        struct focus_corner corner;
        memcpy(&corner, bytes + at, sizeof corner);
        if (!(corner.count >= 0 && corner.count <= focus->count) || !isfinite(corner.sum))
            return false;
        chain += !(corner.count > 0);
        if (chain < 0 || chain > 1) return false;
        unsigned *count = chain ? &focus->lower_count : &focus->upper_count;
        if (*count == FOCUS_CORNERS) return false;
        (chain ? focus->lower : focus->upper)[(*count)++] = corner;
    }
    return chain == 1;
}
