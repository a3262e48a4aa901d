/* map.h -- a hash map from 64-bit keys to 32-bit values, for tables that live in memory.
 *
 * Open addressing with linear probing, at most half full; grows by doubling; there is no removal of
 * one entry. Keys are mixed with a fixed odd multiplier: they are dense ids, not hostile input. */
#ifndef PACE_MAP_H
#define PACE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX /* no value; may not be stored */

struct map {
    struct map_slot *slots;
    size_t capacity, count; /* capacity is 0 or a power of two */
};

void map_free(struct map *map);  /* the map is empty afterwards and can be used again */
void map_empty(struct map *map); /* drops the entries, keeps the memory */

/* The value of `key`, or MAP_NONE. */
uint32_t map_get(const struct map *map, uint64_t key);

/* Sets the value of `key`; 0, or -1 without memory (the map is then as before). */
int map_set(struct map *map, uint64_t key, uint32_t value);

/* Two ids as one key. */
static inline uint64_t map_pair(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

#endif
