/* cells.h -- the cells of one run while an adapter collects them: repeats become samples.
 *
 * A run has one cell per benchmark and measure. An output may hold several (a benchmark that ran N
 * times): they become one cell whose samples are their values and whose value is the median. */
#ifndef PACE_CELLS_H
#define PACE_CELLS_H

#include "../../engine/arena.h"
#include "adapter.h"

#include <stddef.h>

struct cells {
    struct arena *arena;
    struct pace_cell *items; /* in the arena */
    size_t count, capacity;
    int repeats_are_samples; /* 1: the harness means repeats so, no need to warn of them */
};

/* Adds a copy of *cell. Its text and samples are not copied: they have to live until cells_emit. */
int cells_put(struct cells *cells, const struct pace_cell *cell, struct pace_error *error);

/* The median of values[0..count), count > 0; sorts a copy. *out. PACE_ENOMEM or 0. */
int values_median(struct arena *arena, const double *values, size_t count, struct pace_error *error,
                  double *out);

/* Hands every cell to the sink, in the order in which each benchmark and measure came first. Warns
 * once per benchmark with repeats, unless repeats_are_samples. Bounds of a merged cell are the
 * widest of its repeats. */
int cells_emit(struct cells *cells, const struct adapter_sink *sink, struct pace_error *error);

#endif
