/* levels.h -- the levels of one series, one for each class of machine that measured it.
 *
 * A point is judged by those before it that the same class measured. While there are too few of
 * them it is set beside the level on the machine before, and that it is another machine is the
 * verdict: moved. A run that does not say where it was measured belongs to the machine before
 * it. */
#ifndef PACE_LEVELS_H
#define PACE_LEVELS_H

#include "level.h"
#include "machine.h"

enum {
    LEVELS_MAX = 16, /* classes that are told apart; the one that was met least lately gives way */
    LEVELS_RECENT = 32, /* points for which a regression that another machine showed is told of */
};

struct levels {
    const struct rule *rule;
    bool has_other;
    struct level *items[LEVELS_MAX]; /* owned */
    uint16_t machine[LEVELS_MAX];
    uint64_t met[LEVELS_MAX]; /* the number of its newest point */
    size_t count, made;
    size_t present; /* that of the newest point */
    uint64_t points;
    struct bound lower, upper;
    enum pace_direction direction;
};

/* has_other: the windows of its levels are asked for others, see level_window. */
void levels_init(struct levels *levels, const struct rule *rule, bool has_other);
void levels_free(struct levels *levels);

/* For the next series; see level_start. 0 or PACE_ENOMEM. */
int levels_start(struct levels *levels, struct bound lower, struct bound upper,
                 enum pace_direction direction);

/* The level of a class of machine, which the next point belongs to. 0 or PACE_ENOMEM. */
int levels_enter(struct levels *levels, uint16_t machine, struct level **out);

/* level_next by the level of a class of machine. */
int levels_next(struct levels *levels, const struct level_point *point, uint16_t machine,
                struct level_verdict *out);

/* level_skip for rows of one class of machine. */
int levels_skip(struct levels *levels, const struct level_rows *rows, uint16_t machine,
                size_t *taken);

#endif
