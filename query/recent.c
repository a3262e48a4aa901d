/* recent.c -- see recent.h. Points hang together by the place of their commit's hash in a table,
 * newest first, as in a compressor's search for repetitions. */
#include "recent.h"

#include "../engine/pace.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS_LEAST = 4096, HEADS_MOST = 1 << 20 };

int recent_reserve(struct recent *recent, size_t reach)
{
    size_t ring = 1, heads = HEADS_LEAST;
    if (recent->ring) return 0;
    while (ring < reach + 2)
        ring *= 2;
    while (heads < 16 * ring && heads < HEADS_MOST)
        heads *= 2;
    recent->ring = calloc(ring, sizeof *recent->ring);
    recent->heads = calloc(heads, sizeof *recent->heads);
    if (!recent->ring || !recent->heads) {
        recent_free(recent);
        return PACE_ENOMEM;
    }
    recent->ring_mask = (uint32_t)ring - 1;
    recent->head_mask = (uint32_t)heads - 1;
    recent->reach = (uint32_t)reach;
    recent->base = (uint32_t)ring; /* what the table holds so far is out of reach */
    return 0;
}

void recent_free(struct recent *recent)
{
    free(recent->ring);
    free(recent->heads);
    *recent = (struct recent){.count = 0};
}

void recent_reset(struct recent *recent)
{
    if (!recent->ring) return;
    recent->base += recent->count + recent->ring_mask + 1;
    recent->count = 0;
}

void recent_chain(const struct recent *recent, struct recent_point *point,
                  const char *const *commits, uint32_t own, uint32_t at)
{
    while (own - at <= recent->reach && own - at < recent->count) {
        const struct recent_point *other = &recent->ring[at & recent->ring_mask];
        const char *const *commit = commits - (own - at);
        if (other->key == point->key &&
            (*commit == commits[0] || strcmp(*commit, commits[0]) == 0)) {
            if (own - at == 1) {
                point->first = other->first;
                point->scattered = other->scattered;
            } else {
                point->scattered = true;
            }
            return;
        }
        at = other->before - 1;
    }
}
