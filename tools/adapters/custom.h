/* custom.h -- entries of github-action-benchmark: {"name", "unit", "value", "range"?, "extra"?}, of
 * its custom JSON and of its data.js. */
#ifndef PACE_ADAPTER_CUSTOM_H
#define PACE_ADAPTER_CUSTOM_H

#include "reading.h"

struct custom_entry {
    const char *name, *measure, *unit; /* measure and unit follow from the entry's unit */
    const char *range, *extra;         /* as written; "" when absent */
    enum pace_direction direction;
    double value; /* NAN: no finite number */
};

/* Reads entry `index`. */
int custom_parse(struct reading *reading, size_t index, const json_t *json,
                 struct custom_entry *out);

/* Puts its cell, with the range as bounds where it is a number, and its metadata. */
int custom_put(struct reading *reading, const struct custom_entry *entry);

/* A unit as people write it, as the unit table has it: "iter/sec" is iter/s. NULL without
 * memory. */
const char *custom_unit(struct reading *reading, const char *unit);

/* The measure of a unit: latency, throughput, size or value. */
const char *custom_measure(const char *unit);

#endif
