/* grouping.c -- see grouping.h. */
#include "grouping.h"

#include <stdlib.h>
#include <string.h>

struct grouped_point {
    struct run_facts facts;
    const char *key;
    size_t index;
    struct pace_cell cell;
};

int grouping_put(struct grouping *grouping, const struct run_facts *facts, const char *key,
                 const struct pace_cell *cell)
{
    struct arena *arena = &grouping->reading->arena;
    if (grouping->count == grouping->capacity) {
        size_t capacity = grouping->capacity * 2 + 64;
        struct grouped_point *grown = arena_array(arena, capacity, sizeof *grown);
        if (grown == NULL) return reading_no_memory(grouping->reading);
        if (grouping->count > 0) memcpy(grown, grouping->items, grouping->count * sizeof *grown);
        grouping->items = grown;
        grouping->capacity = capacity;
    }
    grouping->items[grouping->count] = (struct grouped_point){*facts, key, grouping->count, *cell};
    grouping->count++;
    return 0;
}

static int compare_runs(const struct grouped_point *a, const struct grouped_point *b)
{
    const char *const left[] = {a->facts.project, a->facts.branch, a->facts.testbed,
                                a->facts.commit, a->key};
    const char *const right[] = {b->facts.project, b->facts.branch, b->facts.testbed,
                                 b->facts.commit, b->key};
    if (a->facts.ran_ns != b->facts.ran_ns) return a->facts.ran_ns < b->facts.ran_ns ? -1 : 1;
    for (size_t i = 0; i < 5; i++) {
        int order = strcmp(left[i], right[i]);
        if (order != 0) return order;
    }
    return 0;
}

static int compare_points(const void *a, const void *b)
{
    const struct grouped_point *left = a, *right = b;
    int order = compare_runs(left, right);
    return order != 0 ? order : left->index < right->index ? -1 : 1;
}

int grouping_emit(struct grouping *grouping)
{
    struct grouped_point *items = grouping->items;
    int code = 0;
    if (grouping->count > 1) qsort(items, grouping->count, sizeof *items, compare_points);
    for (size_t i = 0; i < grouping->count && code == 0; i++) {
        if (i == 0 || compare_runs(&items[i - 1], &items[i]) != 0)
            code = reading_run(grouping->reading, &items[i].facts);
        if (code == 0) code = reading_put(grouping->reading, &items[i].cell);
    }
    return code;
}
