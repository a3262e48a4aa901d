/* levels.c -- see levels.h. */
#include "levels.h"

#include "../engine/pace.h"

#include <math.h>
#include <stdlib.h>

/* One more level, from earlier series if there is one. */
static int level_take(struct levels *levels, uint16_t machine, size_t *index)
{
    *index = levels->count;
    if (levels->count == LEVELS_MAX) {
        *index = 0;
        for (size_t i = 1; i < LEVELS_MAX; i++)
            if (levels->met[i] < levels->met[*index]) *index = i;
    } else if (levels->count == levels->made) {
        struct level *level = malloc(sizeof *level);
        if (!level) return PACE_ENOMEM;
        level_init(level, levels->rule, levels->has_other);
        levels->items[levels->made++] = level;
    }
    if (levels->count < LEVELS_MAX) levels->count++;
    level_start(levels->items[*index], levels->lower, levels->upper, levels->direction);
    levels->machine[*index] = machine;
    levels->met[*index] = 0;
    return 0;
}

void levels_init(struct levels *levels, const struct rule *rule, bool has_other)
{
    *levels = (struct levels){.rule = rule, .has_other = has_other};
}

void levels_free(struct levels *levels)
{
    for (size_t i = 0; i < levels->made; i++) {
        level_free(levels->items[i]);
        free(levels->items[i]);
    }
    *levels = (struct levels){0};
}

int levels_start(struct levels *levels, struct bound lower, struct bound upper,
                 enum pace_direction direction)
{
    levels->lower = lower;
    levels->upper = upper;
    levels->direction = direction;
    levels->count = 0;
    levels->points = 0;
    return level_take(levels, MACHINE_UNKNOWN, &levels->present);
}

/* The level of a class; those before it that were of no known class are taken to be of this one. */
static int level_of(struct levels *levels, uint16_t machine, size_t *index)
{
    *index = levels->present;
    if (machine == MACHINE_UNKNOWN || machine == levels->machine[*index]) return 0;
    for (size_t i = 0; i < levels->count; i++) {
        *index = i;
        if (levels->machine[i] == machine) return 0;
    }
    *index = 0;
    if (levels->machine[0] != MACHINE_UNKNOWN) return level_take(levels, machine, index);
    levels->machine[0] = machine;
    return 0;
}

/* The level other than the present one that was met last, among those that `fits` holds for; NULL:
 * none. */
static struct level *newest_other(const struct levels *levels, uint64_t since,
                                  bool (*fits)(const struct level *level))
{
    struct level *newest = NULL;
    uint64_t met = since;
    for (size_t i = 0; i < levels->count; i++) {
        if (i == levels->present || levels->met[i] < met || !fits(levels->items[i])) continue;
        met = levels->met[i];
        newest = levels->items[i];
    }
    return newest;
}

static bool has_incident(const struct level *level)
{
    return level->incident_count > 0;
}

static bool has_points(const struct level *level)
{
    return level->segment.history.end > level->segment.history.start;
}

/* What the other machines add to the verdict on a point. */
static int compare_machines(struct levels *levels, const struct level_point *point,
                            struct level_verdict *out)
{
    bool young = out->verdict == VERDICT_NEW || (out->verdict == VERDICT_THIN && !out->settling);
    struct level *other = young ? newest_other(levels, 1, has_points) : NULL;
    if (other) {
        struct level_verdict before;
        int status = level_peek(other, point, &before);
        if (status) return status;
        if (before.judged) {
            *out = before;
            out->verdict = VERDICT_MOVED;
        }
    }
    uint64_t since = levels->points > LEVELS_RECENT ? levels->points - LEVELS_RECENT : 1;
    other = out->bad_commit ? NULL : newest_other(levels, since, has_incident);
    if (other) level_tell_open(other, out);
    return 0;
}

int levels_enter(struct levels *levels, uint16_t machine, struct level **out)
{
    int status = level_of(levels, machine, &levels->present);
    *out = levels->items[levels->present];
    return status;
}

int levels_next(struct levels *levels, const struct level_point *point, uint16_t machine,
                struct level_verdict *out)
{
    int status = level_of(levels, machine, &levels->present);
    if (status) return status;
    if (!isnan(point->value)) levels->met[levels->present] = ++levels->points;
    status = level_next(levels->items[levels->present], point, out);
    if (status || levels->count == 1) return status;
    for (size_t i = 0; i < levels->count && point->restart; i++)
        if (i != levels->present) levels->items[i]->restart_due = true;
    return out ? compare_machines(levels, point, out) : 0;
}

int levels_skip(struct levels *levels, const struct level_rows *rows, uint16_t machine,
                size_t *taken)
{
    *taken = 0;
    int status = level_of(levels, machine, &levels->present);
    if (!status) status = level_skip(levels->items[levels->present], rows, taken);
    levels->points += *taken;
    if (*taken) levels->met[levels->present] = levels->points;
    return status;
}
