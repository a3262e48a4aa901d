/* commits.c -- see commits.h. Open addressing, at most half full; FNV-1a. */
#include "commits.h"

#include "grow.h"

#include <stdint.h>
#include <string.h>

bool commit_set_reset(struct commit_set *set, size_t count)
{
    size_t mask = 15;
    while (mask < count * 2)
        mask = mask * 2 + 1;
    if (mask + 1 > set->capacity) {
        if (!grow(&set->table, mask + 1, sizeof *set->table)) return false;
        set->capacity = mask + 1;
    }
    memset(set->table, 0, (mask + 1) * sizeof *set->table);
    set->mask = mask;
    return true;
}

void commit_set_free(struct commit_set *set)
{
    free(set->table);
    *set = (struct commit_set){0};
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 31);
}

bool commit_set_add(struct commit_set *set, const char *commit)
{
    if (!*commit) return true;
    size_t slot = hash_text(commit) & set->mask;
    for (; set->table[slot]; slot = (slot + 1) & set->mask)
        if (strcmp(set->table[slot], commit) == 0) return false;
    set->table[slot] = commit;
    return true;
}
