/* recent.h -- for each point of a series: which of the points before it are of its commit.
 *
 * A window leaves out the runs of the judged point's own commit. Mostly there are none, or they lie
 * right before it: then the window ends where they begin. This tells so at the cost of a look into
 * a table; what it cannot tell is said to be apart. */
#ifndef PACE_RECENT_H
#define PACE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
/* Where a point of the same hash may be: the last one that came to its place, `at`, is within
 * reach. */
void recent_chain(const struct recent *recent, struct recent_point *point,
                  const char *const *commits, uint32_t own, uint32_t at);

/* Of the first bytes of a commit, which differ between two hashes; 0 of none. */
static inline uint32_t recent_key(const char *commit)
{
    uint64_t key = 0;
    size_t length = 0;
    while (length < sizeof key && commit[length])
        length++;
    if (length == sizeof key) {
        memcpy(&key, commit, sizeof key);
    } else if (length) {
        for (size_t i = 0; i < length; i++)
            key = key << 8 | (unsigned char)commit[i];
    } else {
        return 0;
    }
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1;
}

/* The next point; commits[-i] is the commit of the point i before it. */
static inline const struct recent_point *recent_add(struct recent *recent,
                                                    const char *const *commits)
{
    uint32_t own = recent->base + recent->count++, key = recent_key(commits[0]);
    struct recent_point *point = &recent->ring[own & recent->ring_mask];
    *point = (struct recent_point){.key = key, .first = own};
    if (key == 0) return point;
    /* The hash is odd: its lowest bit tells nothing. */
    uint32_t *head = &recent->heads[key >> 1 & recent->head_mask], at = *head - 1;
    point->before = *head;
    *head = own + 1;
    if (own - at <= recent->reach && own - at < recent->count)
        recent_chain(recent, point, commits, own, at);
    return point;
}

/* How many points lie between the first of these side by side and the one that was added last. */
static inline uint32_t recent_beside(const struct recent *recent, const struct recent_point *point)
{
    return recent->base + recent->count - 1 - point->first;
}

#endif
