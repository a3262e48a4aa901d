/* matrix.c -- see matrix.h. Where one batch of a scan holds all that was asked for, its cells are
 * used where they are; else they are copied together. */
#include "matrix.h"

#include "bytes.h"
#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PACE_MAX_LINEAGE < UINT16_MAX, "a segment's number");

static void matrix_let_go(struct matrix *matrix)
{
    pace_scan_close(matrix->scan);
    matrix->scan = NULL;
}

void matrix_free(struct matrix *matrix)
{
    matrix_let_go(matrix);
    void *blocks[] = {matrix->time_ns,   matrix->commit,    matrix->run,       matrix->segment,
                      matrix->origin,    matrix->whole,     matrix->own.value, matrix->own.lower,
                      matrix->own.upper, matrix->own.status};
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
        !grow(&matrix->origin, runs, sizeof *matrix->origin) || !grow(&matrix->whole, columns, 1))
        return PACE_ENOMEM;
    matrix->stride = (size_t)runs;
    matrix->columns = columns;
    matrix->runs = matrix->inherited_runs = 0;
    matrix->any_origin = false;
    matrix->bounds = false;
    matrix_let_go(matrix);
    return 0;
}

/* Memory for cells of its own. */
static int cells_reserve(struct matrix *matrix)
{
    struct matrix_cells *own = &matrix->own;
    size_t cells = matrix->columns * matrix->stride;
    if (!grow(&own->value, cells, sizeof *own->value) ||
        !grow(&own->lower, cells, sizeof *own->lower) ||
        !grow(&own->upper, cells, sizeof *own->upper) || !grow(&own->status, cells, 1))
        return PACE_ENOMEM;
    matrix->value = own->value;
    matrix->lower = own->lower;
    matrix->upper = own->upper;
    matrix->status = own->status;
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
    struct matrix_cells *own = &matrix->own;
    bool bounds = cells->lower != NULL;
    if (bounds && !matrix->bounds)
        for (size_t i = 0; i < matrix->columns * matrix->stride; i++)
            own->lower[i] = own->upper[i] = NAN;
    matrix->bounds |= bounds;
    for (size_t c = 0; c < matrix->columns; c++) {
        size_t to = c * matrix->stride + matrix->runs, from = c * cells->stride;
        memcpy(own->value + to, cells->value + from, count * sizeof(double));
        memcpy(own->status + to, cells->status + from, count);
        for (size_t r = 0; matrix->bounds && r < count; r++) {
            own->lower[to + r] = bounds ? cells->lower[from + r] : NAN;
            own->upper[to + r] = bounds ? cells->upper[from + r] : NAN;
        }
    }
}

static void matrix_borrow(struct matrix *matrix, const struct pace_cells *cells)
{
    matrix->stride = cells->stride;
    matrix->value = cells->value;
    matrix->status = cells->status;
    matrix->bounds = cells->lower != NULL;
    matrix->lower = cells->lower;
    matrix->upper = cells->upper;
}

int matrix_own(struct context *ctx, struct matrix *matrix)
{
    const struct matrix from = *matrix;
    size_t cells = from.columns * from.stride;
    if (!from.value || from.value == from.own.value) return 0;
    if (cells_reserve(matrix)) return context_no_memory(ctx);
    memcpy(matrix->own.value, from.value, cells * sizeof *from.value);
    memcpy(matrix->own.status, from.status, cells);
    if (!from.bounds) return 0;
    memcpy(matrix->own.lower, from.lower, cells * sizeof *from.lower);
    memcpy(matrix->own.upper, from.upper, cells * sizeof *from.upper);
    return 0;
}

/* Adds the runs of a batch, not its cells. */
static size_t add_runs(struct matrix *matrix, const struct pace_lineage *lineage,
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
        matrix->origin[matrix->runs + r] = cells->runs[r].flags & PACE_RUN_DIRTY ? ORIGIN_DIRTY : 0;
        matrix->any_origin |= matrix->origin[matrix->runs + r] != 0;
    }
    if (segment < lineage->segment_count) matrix->inherited_runs += count;
    return count;
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

static int read_inherited(struct context *ctx, struct matrix *matrix,
                          const struct pace_lineage *lineage, pace_lineage_scan *scan)
{
    if (cells_reserve(matrix)) return context_no_memory(ctx);
    for (;;) {
        struct pace_cells cells;
        int status = pace_lineage_scan_next(scan, ctx->error, &cells);
        if (status) return context_store_error(ctx, status);
        status = context_check(ctx);
        if (status || cells.run_count == 0) return status;
        size_t count = add_runs(matrix, lineage, &cells);
        add_cells(matrix, &cells, count);
        matrix->runs += count;
    }
}

/* Runs of the stream alone; they are used where they are when they come in one batch. */
static int read_own(struct context *ctx, struct matrix *matrix, const struct pace_lineage *lineage)
{
    for (bool first = true;; first = false) {
        struct pace_cells cells;
        int status = pace_scan_next(matrix->scan, ctx->error, &cells);
        if (status) return context_store_error(ctx, status);
        status = context_check(ctx);
        if (status || cells.run_count == 0) return status;
        size_t count = add_runs(matrix, lineage, &cells);
        if (first && count == matrix->stride) {
            matrix_borrow(matrix, &cells);
            matrix->runs = count;
            return 0;
        }
        if (first && cells_reserve(matrix)) return context_no_memory(ctx);
        add_cells(matrix, &cells, count);
        matrix->runs += count;
    }
}

/* Finds the columns without gaps, and counts the cells that are there. */
static uint64_t count_cells(struct matrix *matrix)
{
    uint64_t total = 0;
    for (size_t c = 0; c < matrix->columns; c++) {
        const uint8_t *status = matrix->status + c * matrix->stride;
        size_t there = matrix->runs;
        bool any = any_byte(status, matrix->runs);
        matrix->whole[c] = !any;
        for (size_t r = 0; any && r < matrix->runs; r++)
            there -= status[r] == PACE_CELL_ABSENT;
        total += there;
    }
    return total;
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
    if (reach.times) range = (struct pace_range){reach.times->from_ns, reach.times->until_ns, own};
    if (inherited == 0) {
        status = pace_scan_open(ctx->snapshot, stream->id, columns, count, &range, ctx->error,
                                &matrix->scan);
        if (status) return context_store_error(ctx, status);
        status = read_own(ctx, matrix, lineage);
    } else {
        pace_lineage_scan *scan;
        status = pace_lineage_scan_open(ctx->snapshot, stream->id, lineage, columns, count,
                                        reach.inherited, &range, ctx->error, &scan);
        if (status) return context_store_error(ctx, status);
        status = read_inherited(ctx, matrix, lineage, scan);
        pace_lineage_scan_close(scan);
    }
    if (status) return status;
    uint64_t read = matrix->runs - matrix->inherited_runs;
    matrix->own_complete = read == stream->run_count || (reach.times && read < own);
    matrix->inherited_complete =
        lineage->segment_count == 0 || matrix->inherited_runs < reach.inherited;
    ctx->outcome->points_read += count_cells(matrix);
    return 0;
}
