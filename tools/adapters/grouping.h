/* grouping.h -- points that say each for itself which run they are of, brought together into
 * runs. */
#ifndef PACE_ADAPTER_GROUPING_H
#define PACE_ADAPTER_GROUPING_H

#include "reading.h"

struct grouped_point;

struct grouping {
    struct reading *reading;
    struct grouped_point *items; /* in the reading's arena */
    size_t count, capacity;
};

/* Keeps a cell of the run that `facts` and `key` (else "") name. Texts have to live as long as the
 * reading. */
int grouping_put(struct grouping *grouping, const struct run_facts *facts, const char *key,
                 const struct pace_cell *cell);

/* Hands the runs to the reading, in order of time, then of names; cells as they came. */
int grouping_emit(struct grouping *grouping);

#endif
