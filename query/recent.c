/* recent.c -- see recent.h. Points hang together by the place of their commit's hash in a table, newest
 * first, as in a compressor's search for repetitions. */
#include "recent.h"

#include "../engine/pace.h"

#include <stdlib.h>
#include <string.h>

enum { HEADS_LEAST = 2048, HEADS_MOST = 1 << 20, KEY_BYTES = 10 };

int recent_reserve(struct recent *recent, size_t reach)
{
    size_t ring = 1, heads = HEADS_LEAST;
    if (recent->ring) return 0;
    while (ring < reach + 2)
        ring *= 2;
    while (heads < 4 * ring && heads < HEADS_MOST)
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

/* Of the first bytes of a commit, which differ between two hashes; 0 of none. */
static uint32_t key_of(const char *commit)
{
    uint64_t key = 0;
    for (int i = 0; i < KEY_BYTES && commit[i]; i++)
        key = key << 6 ^ (unsigned char)commit[i];
    return key ? (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1 : 0;
}

const struct recent_point *recent_add(struct recent *recent, const char *const *commits)
{
    uint32_t own = recent->base + recent->count++;
    struct recent_point *point = &recent->ring[own & recent->ring_mask];
    uint32_t key = key_of(commits[0]);
    *point = (struct recent_point){.key = key, .first = own};
    if (key == 0) return point;
    /* The hash is odd: its lowest bit tells nothing. */
    uint32_t *head = &recent->heads[key >> 1 & recent->head_mask], at = *head - 1;
    point->before = *head;
    *head = own + 1;
    while (own - at <= recent->reach && own - at < recent->count) {
        const struct recent_point *other = &recent->ring[at & recent->ring_mask];
        const char *const *commit = commits - (own - at);
        if (other->key == key && (*commit == commits[0] || strcmp(*commit, commits[0]) == 0)) {
            if (own - at == 1) {
                point->first = other->first;
                point->scattered = other->scattered;
            } else {
                point->scattered = true;
            }
            return point;
        }
        at = other->before - 1;
    }
    return point;
}
