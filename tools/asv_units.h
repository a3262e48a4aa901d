/* asv_units.h -- the units that asv's benchmarks.json gives its track_ benchmarks.
 *
 * A result file names no units; for time_ and mem_ benchmarks the name tells them, for track_ ones
 * only benchmarks.json does, which lies at the top of a tree of results. */
#ifndef PACE_ASV_UNITS_H
#define PACE_ASV_UNITS_H

#include "../engine/arena.h"
#include "../engine/pace.h"

#include <stddef.h>

struct asv_units {
    struct asv_unit *items; /* in the arena, in order of name */
    size_t count, capacity;
};

/* Takes the units of a benchmarks.json; another file, and one that cannot be read, has none. 0 or
 * PACE_ENOMEM. */
int asv_units_read(struct asv_units *units, struct arena *arena, const char *path);

/* Gives a cell of a track_ benchmark its unit: times become ns and the measure `latency`, sizes B
 * and `size`; any other unit is the name of the measure too, for a measure has one unit in a
 * project. Texts and samples that are made are the arena's. 0 or PACE_ENOMEM. */
int asv_units_apply(const struct asv_units *units, struct arena *arena, struct pace_cell *cell);

#endif
