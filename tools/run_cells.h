/* run_cells.h -- all cells of one run, with their names, units and raw samples. */
#ifndef PACE_RUN_CELLS_H
#define PACE_RUN_CELLS_H

#include "../engine/pace.h"

/* Calls visit() for each cell of a run, in the order of its stream's columns, until it returns
 * something else than 0, which is returned. Texts and samples live as long as the snapshot. */
int run_cells(pace_snapshot *snapshot, const struct pace_run_view *run, struct pace_error *error,
              int (*visit)(void *context, const struct pace_cell *cell, struct pace_error *error),
              void *context);

#endif
