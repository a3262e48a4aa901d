/* cells.c -- every cell of a store with its raw samples, one JSON object a line: what
 * compare.py puts beside a harness' own numbers. Arguments: the store. */
#include "../../tools/run_cells.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* Where a cell belongs. */
struct place {
    const char *project;
};

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static int print_cell(void *context, const struct pace_cell *cell, struct pace_error *error)
{
    static const char *const statuses[] = {"ok", "failed", "skipped"};
    static const char *const directions[] = {"unknown", "lower", "higher"};
    const struct place *place = context;
    json_t *samples = json_array();
    (void)error;
    for (size_t i = 0; i < cell->sample_count; i++)
        json_array_append_new(samples, number(cell->samples[i]));
    json_t *line = json_pack("{ss ss ss ss ss ss so so so so}", "project", place->project,
                             "benchmark", cell->benchmark, "measure", cell->measure, "unit",
                             cell->unit, "direction", directions[cell->direction], "status",
                             statuses[cell->status], "value", number(cell->value), "lower",
                             number(cell->lower), "upper", number(cell->upper), "samples", samples);
    if (line == NULL || json_dumpf(line, stdout, JSON_REAL_PRECISION(17)) != 0) return PACE_ENOMEM;
    json_decref(line);
    return putchar('\n') == EOF ? PACE_ENOMEM : 0;
}

static int print_run(pace_snapshot *snapshot, uint64_t number, struct pace_error *error)
{
    struct pace_run_view run;
    struct pace_stream stream = {0};
    const char *const *projects = NULL;
    uint32_t count;
    int code = pace_run_get(snapshot, number, error, &run);
    if (code == 0) code = pace_stream_get(snapshot, run.stream, error, &stream);
    if (code == 0) code = pace_names(snapshot, PACE_PROJECT, error, &projects, &count);
    if (code != 0) return code;
    struct place place = {projects[stream.project]};
    return run_cells(snapshot, &run, error, print_cell, &place);
}

int main(int argc, char **argv)
{
    struct pace_error error = {0};
    pace *store = NULL;
    pace_snapshot *snapshot = NULL;
    int code = argc == 2 ? pace_open(argv[1], PACE_READONLY, NULL, &error, &store) : PACE_ENAME;
    if (code == 0) code = pace_snapshot_begin(store, &error, &snapshot);
    for (uint64_t run = 1; code == 0; run++)
        code = print_run(snapshot, run, &error);
    if (code == PACE_ENOTFOUND) code = 0; /* after the newest run */
    if (code != 0) (void)fprintf(stderr, "cells: %d %s\n", code, error.message);
    pace_snapshot_end(snapshot);
    pace_close(store);
    return code == 0 ? 0 : 1;
}
