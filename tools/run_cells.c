/* run_cells.c -- see run_cells.h. */
#include "run_cells.h"

#include <math.h>
#include <stdlib.h>

/* What the columns of a stream are called. */
struct columns {
    const struct pace_column *columns;
    const char *const *benchmarks, *const *measures;
    uint32_t count, project;
};

static int read_columns(pace_snapshot *snapshot, uint32_t id, struct pace_error *error,
                        struct columns *out)
{
    struct pace_stream stream = {0};
    uint32_t count;
    int code = pace_stream_get(snapshot, id, error, &stream);
    out->project = stream.project;
    if (code == 0) code = pace_columns(snapshot, id, error, &out->columns, &out->count);
    if (code == 0) code = pace_names(snapshot, PACE_BENCHMARK, error, &out->benchmarks, &count);
    if (code == 0) code = pace_names(snapshot, PACE_MEASURE, error, &out->measures, &count);
    return code;
}

static int read_cell(pace_snapshot *snapshot, const struct columns *columns,
                     const struct pace_cells *cells, size_t r, size_t c, struct pace_error *error,
                     struct pace_cell *out)
{
    size_t at = c * cells->stride + r;
    const struct pace_column *column = &columns->columns[c];
    struct pace_measure measure = {0};
    *out = (struct pace_cell){.benchmark = columns->benchmarks[column->benchmark],
                              .measure = columns->measures[column->measure],
                              .status = (enum pace_cell_status)cells->status[at],
                              .value = cells->value[at],
                              .lower = cells->lower != NULL ? cells->lower[at] : (double)NAN,
                              .upper = cells->upper != NULL ? cells->upper[at] : (double)NAN};
    int code = pace_measure_get(snapshot, columns->project, column->measure, error, &measure);
    if (code == 0)
        code = pace_samples(snapshot, cells->runs[r].run, (uint32_t)c, error, &out->samples,
                            &out->sample_count);
    out->unit = measure.unit;
    out->direction = measure.direction;
    return code;
}

int run_cells(pace_snapshot *snapshot, const struct pace_run_view *run, struct pace_error *error,
              int (*visit)(void *context, const struct pace_cell *cell, struct pace_error *error),
              void *context)
{
    struct columns columns;
    struct pace_range range = {run->time_ns, run->time_ns + 1, 0};
    struct pace_cells cells;
    struct pace_cell cell;
    pace_scan *scan = NULL;
    int code = read_columns(snapshot, run->stream, error, &columns), found = 0;
    uint32_t *all = code == 0 ? calloc(columns.count + 1, sizeof *all) : NULL;
    if (code == 0 && all == NULL) code = PACE_ENOMEM;
    for (uint32_t i = 0; code == 0 && i < columns.count; i++)
        all[i] = i;
    if (code == 0)
        code = pace_scan_open(snapshot, run->stream, all, columns.count, &range, error, &scan);
    while (code == 0 && !found) {
        code = pace_scan_next(scan, error, &cells);
        if (code != 0 || cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count && !found; r++) {
            found = cells.runs[r].run == run->run;
            for (size_t c = 0; found && c < cells.column_count && code == 0; c++) {
                if (cells.status[c * cells.stride + r] > PACE_CELL_SKIPPED) continue;
                code = read_cell(snapshot, &columns, &cells, r, c, error, &cell);
                if (code == 0) code = visit(context, &cell, error);
            }
        }
    }
    pace_scan_close(scan);
    free(all);
    return code;
}
