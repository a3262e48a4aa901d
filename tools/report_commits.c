/* report_commits.c -- distinct commits of a report, numbered as they appear. */
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t *slot_of(const struct report_commits *commits, const char *commit)
{
    size_t at = (size_t)XXH3_64bits(commit, strlen(commit)) & (commits->slot_count - 1);
    while (commits->slots[at] != UINT32_MAX &&
           strcmp(commits->texts[commits->slots[at]], commit) != 0)
        at = (at + 1) & (commits->slot_count - 1);
    return &commits->slots[at];
}

/* Room for one more: half of the slots stay free. */
static int commits_grow(struct report_commits *commits)
{
    uint32_t capacity = commits->capacity ? commits->capacity * 2 : 512;
    size_t slot_count = (size_t)capacity * 2;
    const char **texts = reallocarray(commits->texts, capacity, sizeof *texts);
    if (texts != NULL) commits->texts = texts;
    uint32_t *slots = reallocarray(NULL, slot_count, sizeof *slots);
    if (texts == NULL || slots == NULL) {
        free(slots);
        return PACE_ENOMEM;
    }
    free(commits->slots);
    commits->slots = slots;
    commits->slot_count = slot_count;
    commits->capacity = capacity;
    memset(slots, 0xff, slot_count * sizeof *slots);
    for (uint32_t i = 0; i < commits->count; i++)
        *slot_of(commits, commits->texts[i]) = i;
    return 0;
}

uint32_t report_commit(struct report_commits *commits, const char *commit)
{
    if (commits->count == commits->capacity && commits_grow(commits) != 0) return UINT32_MAX;
    uint32_t *slot = slot_of(commits, commit);
    if (*slot != UINT32_MAX) return *slot;
    const char *copy = arena_string(&commits->arena, commit);
    if (copy == NULL) return UINT32_MAX;
    commits->texts[commits->count] = copy;
    return *slot = commits->count++;
}

void report_commits_free(struct report_commits *commits)
{
    free(commits->texts);
    free(commits->slots);
    arena_clear(&commits->arena);
    *commits = (struct report_commits){0};
}
