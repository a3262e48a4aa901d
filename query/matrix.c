/* matrix.c -- see matrix.h. */
#include "matrix.h"

#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PACE_MAX_LINEAGE < UINT16_MAX, "a segment's number");

void matrix_free(struct matrix *matrix)
{
    void *blocks[] = {matrix->time_ns, matrix->commit, matrix->run,   matrix->segment,
                      matrix->value,   matrix->lower,  matrix->upper, matrix->status};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
    *matrix = (struct matrix){0};
}

static int matrix_reserve(struct matrix *matrix, struct arena *arena, uint64_t runs, size_t columns)
{
    size_t cells, cell_size = 3 * sizeof(double) + 1;
    if (runs > SIZE_MAX || __builtin_mul_overflow((size_t)runs, columns + 1, &cells) ||
        cells > SIZE_MAX / cell_size)
        return PACE_ENOMEM;
    if (cells > matrix->charged) {
        if (arena_charge(arena, (cells - matrix->charged) * cell_size)) return PACE_ENOMEM;
        matrix->charged = cells;
    }
    if (!grow(&matrix->time_ns, runs, sizeof *matrix->time_ns) ||
        !grow(&matrix->commit, runs, sizeof *matrix->commit) ||
        !grow(&matrix->run, runs, sizeof *matrix->run) ||
        !grow(&matrix->segment, runs, sizeof *matrix->segment) ||
        !grow(&matrix->value, cells, sizeof *matrix->value) ||
        !grow(&matrix->lower, cells, sizeof *matrix->lower) ||
        !grow(&matrix->upper, cells, sizeof *matrix->upper) || !grow(&matrix->status, cells, 1))
        return PACE_ENOMEM;
    matrix->stride = (size_t)runs;
    matrix->columns = columns;
    matrix->runs = matrix->inherited_runs = 0;
    matrix->bounds = false;
    return 0;
}

static uint16_t segment_of(const struct pace_lineage *lineage, uint32_t stream)
{
    uint16_t i = 0;
    while (i < lineage->segment_count && lineage->segments[i].stream != stream)
        i++;
    return i;
}

static void add_cells(struct matrix *matrix, const struct pace_cells *cells, size_t count)
{
    bool bounds = cells->lower != NULL;
    if (bounds && !matrix->bounds)
        for (size_t i = 0; i < matrix->columns * matrix->stride; i++)
            matrix->lower[i] = matrix->upper[i] = NAN;
    matrix->bounds |= bounds;
    for (size_t c = 0; c < matrix->columns; c++) {
        size_t to = c * matrix->stride + matrix->runs, from = c * cells->stride;
        memcpy(matrix->value + to, cells->value + from, count * sizeof(double));
        memcpy(matrix->status + to, cells->status + from, count);
        for (size_t r = 0; matrix->bounds && r < count; r++) {
            matrix->lower[to + r] = bounds ? cells->lower[from + r] : NAN;
            matrix->upper[to + r] = bounds ? cells->upper[from + r] : NAN;
        }
    }
}

static void matrix_add(struct matrix *matrix, const struct pace_lineage *lineage,
                       const struct pace_cells *cells)
{
    size_t room = matrix->stride - matrix->runs;
    size_t count = cells->run_count < room ? cells->run_count : room;
    uint16_t segment = segment_of(lineage, cells->runs[0].stream);
    for (size_t r = 0; r < count; r++) {
        matrix->time_ns[matrix->runs + r] = cells->runs[r].time_ns;
        matrix->commit[matrix->runs + r] = cells->runs[r].commit;
        matrix->run[matrix->runs + r] = (double)cells->runs[r].run;
        matrix->segment[matrix->runs + r] = segment;
    }
    add_cells(matrix, cells, count);
    matrix->runs += count;
    if (segment < lineage->segment_count) matrix->inherited_runs += count;
}

/* How many runs of the ancestors there can be: what all of them have, cut or not. */
static int count_inherited(struct context *ctx, const struct pace_lineage *lineage, uint64_t *count)
{
    *count = 0;
    for (size_t i = 0; i < lineage->segment_count; i++) {
        struct pace_stream stream;
        int status =
            pace_stream_get(ctx->snapshot, lineage->segments[i].stream, ctx->error, &stream);
        if (status) return context_store_error(ctx, status);
        *count += stream.run_count;
    }
    return 0;
}

static int read_all(struct context *ctx, struct matrix *matrix, const struct pace_lineage *lineage,
                    pace_lineage_scan *scan)
{
    for (;;) {
        struct pace_cells cells;
        int status = pace_lineage_scan_next(scan, ctx->error, &cells);
        if (status) return context_store_error(ctx, status);
        status = context_check(ctx);
        if (status || cells.run_count == 0) return status;
        matrix_add(matrix, lineage, &cells);
    }
}

int matrix_read(struct context *ctx, struct matrix *matrix, const struct pace_stream *stream,
                const struct pace_lineage *lineage, const uint32_t *columns, size_t count,
                struct reach reach)
{
    uint64_t own = reach.own && reach.own < stream->run_count ? reach.own : stream->run_count;
    uint64_t inherited = 0;
    int status = reach.inherited ? count_inherited(ctx, lineage, &inherited) : 0;
    if (status) return status;
    if (reach.inherited < inherited) inherited = reach.inherited;
    if (matrix_reserve(matrix, ctx->arena, own + inherited, count)) return context_no_memory(ctx);
    struct pace_range range = {INT64_MIN, INT64_MAX, own};
    pace_lineage_scan *scan;
    status = pace_lineage_scan_open(ctx->snapshot, stream->id, lineage, columns, count,
                                    reach.inherited, &range, ctx->error, &scan);
    if (status) return context_store_error(ctx, status);
    status = read_all(ctx, matrix, lineage, scan);
    pace_lineage_scan_close(scan);
    matrix->own_complete = matrix->runs - matrix->inherited_runs == stream->run_count;
    matrix->inherited_complete =
        lineage->segment_count == 0 || matrix->inherited_runs < reach.inherited;
    for (size_t c = 0; c < count; c++)
        for (size_t r = 0; r < matrix->runs; r++)
            ctx->outcome->points_read += matrix->status[c * matrix->stride + r] != PACE_CELL_ABSENT;
    return status;
}
