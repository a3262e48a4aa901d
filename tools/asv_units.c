/* asv_units.c -- see asv_units.h. */
#include "asv_units.h"

#include "../engine/unit.h"
#include "adapters/json.h"
#include "adapters/scan.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct asv_unit {
    const char *name, *measure, *unit;
    double factor;
    enum pace_direction direction;
};

/* What a unit's text is stored as; 0 for "unit", which is asv's word for none. */
static int translate(struct asv_unit *out, const char *text)
{
    struct unit known = unit_lookup(text, strlen(text));
    double seconds = time_factor(span_of(text));
    *out = (struct asv_unit){.measure = text, .unit = text, .factor = 1};
    if (text[0] == '\0' || strcmp(text, "unit") == 0 || strlen(text) >= PACE_MAX_UNIT) return 0;
    if (seconds > 0) {
        *out = (struct asv_unit){NULL, "latency", "ns", seconds, PACE_LOWER_IS_BETTER};
    } else if (known.kind == UNIT_SIZE || strcmp(text, "bytes") == 0) {
        double bytes = known.kind == UNIT_SIZE ? known.factor : 1;
        *out = (struct asv_unit){NULL, "size", "B", bytes, PACE_LOWER_IS_BETTER};
    }
    return 1;
}

static int compare(const void *a, const void *b)
{
    const struct asv_unit *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static int add(struct asv_units *units, struct arena *arena, const char *name, const char *text)
{
    struct asv_unit item;
    const char *kept = arena_string(arena, text);
    if (kept == NULL) return PACE_ENOMEM;
    if (!translate(&item, kept)) return 0;
    if (units->count == units->capacity) {
        size_t capacity = units->capacity * 2 + 64;
        struct asv_unit *grown = arena_array(arena, capacity, sizeof *grown);
        if (grown == NULL) return PACE_ENOMEM;
        if (units->count > 0) memcpy(grown, units->items, units->count * sizeof *grown);
        units->items = grown;
        units->capacity = capacity;
    }
    item.name = arena_string(arena, name);
    units->items[units->count++] = item;
    return item.name != NULL ? 0 : PACE_ENOMEM;
}

int asv_units_read(struct asv_units *units, struct arena *arena, const char *path)
{
    json_t *root = json_load_file(path, 0, NULL), *value = NULL;
    const char *key = NULL;
    int code = 0;
    json_object_foreach(root, key, value)
    {
        if (code == 0 && strcmp(json_member_text(value, "type"), "track") == 0)
            code = add(units, arena, key, json_member_text(value, "unit"));
    }
    json_decref(root);
    if (units->count > 1) qsort(units->items, units->count, sizeof *units->items, compare);
    return code;
}

/* NAME or NAME(parameters). */
static const struct asv_unit *find(const struct asv_units *units, const char *benchmark)
{
    size_t len = strcspn(benchmark, "("), low = 0, high = units->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = units->items[middle].name;
        int order = strncmp(benchmark, name, len);
        if (order == 0) order = name[len] == '\0' ? 0 : -1;
        if (order == 0) return &units->items[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int asv_units_apply(const struct asv_units *units, struct arena *arena, struct pace_cell *cell)
{
    static const char plain[] = "value";
    size_t len = sizeof plain - 1;
    const struct asv_unit *item = units->count > 0 ? find(units, cell->benchmark) : NULL;
    if (item == NULL || strncmp(cell->measure, plain, len) != 0) return 0;
    if (cell->measure[len] != '\0' && cell->measure[len] != '.') return 0;
    cell->measure = arena_printf(arena, "%s%s", item->measure, cell->measure + len);
    if (cell->measure == NULL) return PACE_ENOMEM;
    if (cell->unit[0] != '\0') return 0; /* value.repeat: a count, value.duration: a time */
    cell->unit = item->unit;
    cell->direction = item->direction;
    cell->value *= item->factor;
    cell->lower *= item->factor;
    cell->upper *= item->factor;
    double *samples =
        cell->sample_count > 0 ? arena_array(arena, cell->sample_count, sizeof *samples) : NULL;
    if (cell->sample_count > 0 && samples == NULL) return PACE_ENOMEM;
    for (size_t i = 0; i < cell->sample_count; i++)
        samples[i] = cell->samples[i] * item->factor;
    cell->samples = samples;
    return 0;
}
