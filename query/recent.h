/* recent.h -- for each point of a series: which of the points before it are of its commit.
 *
 * A window leaves out the runs of the judged point's own commit. Mostly there are none, or they lie
 * right before it: then the window ends where they begin. This tells so at the cost of a look into a
 * table; what it cannot tell is said to be apart. */
#ifndef PACE_RECENT_H
#define PACE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a point by its number. */
struct recent_point {
    uint32_t key;    /* a hash of its commit; 0: it has none */
    uint32_t before; /* an older point whose commit has the same place in the table */
    uint32_t first;  /* the first of the points of its commit that lie side by side up to it */
    bool scattered;  /* others of its commit lie before these, within reach */
};

/* All zero: not used yet. Numbers are modulo 2^32. */
struct recent {
    struct recent_point *ring;
    uint32_t *heads; /* by hash: the newest point, + 1 */
    uint32_t ring_mask, head_mask, reach;
    uint32_t base, count; /* points of the series are base .. base + count - 1 */
};

/* Points look back on `reach` others. 0 or PACE_ENOMEM; once. */
int recent_reserve(struct recent *recent, size_t reach);
void recent_free(struct recent *recent);
/* Another series begins. */
void recent_reset(struct recent *recent);
/* The next point; commits[-i] is the commit of the point i before it. */
const struct recent_point *recent_add(struct recent *recent, const char *const *commits);

/* How many points lie between the first of these side by side and the one that was added last. */
static inline uint32_t recent_beside(const struct recent *recent, const struct recent_point *point)
{
    return recent->base + recent->count - 1 - point->first;
}

#endif
