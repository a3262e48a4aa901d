/* map.c -- see map.h. */
#include "map.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

struct map_slot {
    uint64_t key;
    uint32_t value; /* MAP_NONE: free */
};

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

void map_empty(struct map *map)
{
    for (size_t i = 0; i < map->capacity; i++)
        map->slots[i].value = MAP_NONE;
    map->count = 0;
}

/* The slot that holds `key`, or the free one where it belongs. */
static size_t map_find(const struct map *map, uint64_t key)
{
    uint64_t mixed = (key ^ key >> 32) * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(mixed >> 20) & (map->capacity - 1);
    while (map->slots[i].value != MAP_NONE && map->slots[i].key != key)
        i = (i + 1) & (map->capacity - 1);
    return i;
}

uint32_t map_get(const struct map *map, uint64_t key)
{
    return map->capacity ? map->slots[map_find(map, key)].value : MAP_NONE;
}

static int map_grow(struct map *map)
{
    struct map larger = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots) return -1;
    map_empty(&larger);
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value != MAP_NONE)
            larger.slots[map_find(&larger, map->slots[i].key)] = map->slots[i];
    }
    larger.count = map->count;
    free(map->slots);
    *map = larger;
    return 0;
}

int map_set(struct map *map, uint64_t key, uint32_t value)
{
    if (map->count * 2 >= map->capacity && map_grow(map)) return -1;
    struct map_slot *slot = &map->slots[map_find(map, key)];
    if (slot->value == MAP_NONE) map->count++;
    slot->key = key;
    slot->value = value;
    return 0;
}
