/* scan.c -- cells of some columns of a stream, in batches: a matrix of columns x runs.
 *
 * Runs come in spans (source.h): of a block column by column, 64 runs at a time; of the log row by
 * row. The columns are visited in order, so that each checksum is computed once. A batch holds at
 * most PACE_MAX_BATCH runs and about half a million cells, at least one run; its memory is used
 * again for the next. */
#include "snapshot.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_CELLS = 1 << 19 };

struct scan_column {
    uint32_t column;
    uint32_t place; /* among the columns of the caller */
};

struct pace_scan {
    struct pace_snapshot *snapshot;
    struct source_walk walk;
    struct kv_cursor *cursor;
    struct scan_column *columns; /* by column */
    size_t column_count, stride;
    struct pace_run_view *runs;
    double *value, *lower, *upper; /* lower and upper: NULL until a bound was seen */
    uint8_t *status;
    int bounded; /* a cell of this batch has a bound */
    int failed;  /* a call failed: the next one does too */
};

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct scan_column *)a)->column;
    uint32_t right = ((const struct scan_column *)b)->column;
    return left < right ? -1 : left > right;
}

/* How many runs a batch holds. */
static size_t batch_runs(size_t columns, const struct pace_range *range, uint64_t run_count)
{
    uint64_t runs = columns ? BATCH_CELLS / columns : PACE_MAX_BATCH;
    if (runs > PACE_MAX_BATCH) runs = PACE_MAX_BATCH;
    if (range->last && range->last < runs) runs = range->last;
    if (run_count < runs) runs = run_count;
    return runs ? (size_t)runs : 1;
}

static int reserve(struct pace_scan *scan, struct pace_error *error)
{
    size_t cells = scan->column_count * scan->stride;
    scan->runs = calloc(scan->stride, sizeof *scan->runs);
    scan->value = calloc(cells + 1, sizeof *scan->value);
    scan->status = calloc(cells + 1, sizeof *scan->status);
    return scan->runs && scan->value && scan->status ? 0 : error_memory(error);
}

int pace_scan_open(pace_snapshot *snapshot, uint32_t stream, const uint32_t *columns,
                   size_t column_count, const struct pace_range *range, struct pace_error *error,
                   pace_scan **out)
{
    static const struct pace_range everything = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};
    struct stream_record record;
    if (!range) range = &everything;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = snapshot_stream(snapshot, stream, error, &record);
    if (rc) return rc;
    struct pace_scan *scan = calloc(1, sizeof *scan);
    if (!scan) return error_memory(error);
    scan->snapshot = snapshot;
    scan->column_count = column_count;
    scan->stride = batch_runs(column_count, range, record.run_count);
    scan->columns = calloc(column_count + 1, sizeof *scan->columns);
    rc = scan->columns ? reserve(scan, error) : error_memory(error);
    for (size_t i = 0; !rc && i < column_count; i++) {
        if (columns[i] >= record.column_count)
            rc = error_set(error, PACE_ENOTFOUND, "stream %u has no column %u", stream, columns[i]);
        else
            scan->columns[i] = (struct scan_column){.column = columns[i], .place = (uint32_t)i};
    }
    if (!rc) {
        qsort(scan->columns, column_count, sizeof *scan->columns, by_column);
        rc = kv_cursor_open(snapshot->txn, error, &scan->cursor);
        if (!rc) rc = source_walk_open(&scan->walk, snapshot->txn, stream, &record, range, error);
    }
    if (rc) {
        pace_scan_close(scan);
        return rc;
    }
    *out = scan;
    return 0;
}

void pace_scan_close(pace_scan *scan)
{
    if (!scan) return;
    source_walk_close(&scan->walk);
    kv_cursor_close(scan->cursor);
    free(scan->columns);
    free(scan->runs);
    free(scan->value);
    free(scan->lower);
    free(scan->upper);
    free(scan->status);
    free(scan);
}

/* From the first bound of a batch on, those of all others are NAN. */
static int begin_bounds(struct pace_scan *scan, struct pace_error *error)
{
    size_t cells = scan->column_count * scan->stride;
    if (scan->bounded) return 0;
    if (!scan->lower) scan->lower = malloc(cells * sizeof *scan->lower);
    if (!scan->upper) scan->upper = malloc(cells * sizeof *scan->upper);
    if (!scan->lower || !scan->upper) return error_memory(error);
    for (size_t i = 0; i < cells; i++)
        scan->lower[i] = scan->upper[i] = (double)NAN;
    scan->bounded = 1;
    return 0;
}

/* -- rows of the log ------------------------------------------------------------------------- */

/* Reads the scan's columns of one row into place r of the batch. */
static int read_row(struct pace_scan *scan, const struct row *first, size_t r,
                    struct pace_error *error)
{
    struct row row = *first;
    for (size_t i = 0; i < scan->column_count; i++) {
        uint32_t column = scan->columns[i].column;
        uint8_t part = (uint8_t)(column / ROW_PART_COLUMNS);
        size_t at = scan->columns[i].place * scan->stride + r;
        struct row_cell cell = {.status = PACE_CELL_ABSENT, .value = (double)NAN};
        if (first->header.parts >> part & 1) {
            if (part != row.header.part) {
                int rc = log_part(scan->snapshot->txn, first, part, error, &row);
                if (rc) return rc;
            }
            if (row_cell(&row, column, &cell))
                return error_damaged(error, "%s: cells of run %llu", kv_path(scan->snapshot->txn),
                                     (unsigned long long)first->header.run);
        }
        scan->value[at] = cell.value;
        scan->status[at] = cell.status;
        if (row.header.form & ROW_BOUNDS && (!isnan(cell.lower) || !isnan(cell.upper))) {
            int rc = begin_bounds(scan, error);
            if (rc) return rc;
            scan->lower[at] = cell.lower;
            scan->upper[at] = cell.upper;
        }
    }
    return 0;
}

/* -- blocks ---------------------------------------------------------------------------------- */

/* Reads runs [first, first + count) of a chunk to place `at` of the batch. */
static int read_chunk(struct pace_scan *scan, const struct block_chunk *chunk, uint32_t first,
                      uint32_t count, size_t at, struct pace_error *error)
{
    double numbers[BLOCK_CHUNK_RUNS];
    block_chunk_statuses(chunk, first, count, scan->status + at);
    if (count == chunk->runs) {
        block_chunk_read(chunk, BLOCK_VALUE, scan->value + at);
    } else {
        block_chunk_read(chunk, BLOCK_VALUE, numbers);
        memcpy(scan->value + at, numbers + first, count * sizeof *numbers);
    }
    if (!(chunk->lower | chunk->upper)) return 0;
    int rc = begin_bounds(scan, error);
    if (rc) return rc;
    block_chunk_read(chunk, BLOCK_LOWER, numbers);
    memcpy(scan->lower + at, numbers + first, count * sizeof *numbers);
    block_chunk_read(chunk, BLOCK_UPPER, numbers);
    memcpy(scan->upper + at, numbers + first, count * sizeof *numbers);
    return 0;
}

static void put_absent(struct pace_scan *scan, size_t at, uint32_t count)
{
    memset(scan->status + at, PACE_CELL_ABSENT, count);
    for (uint32_t i = 0; i < count; i++)
        scan->value[at + i] = (double)NAN;
}

/* Reads one column of a span, in a group that has it. */
static int read_column(struct pace_scan *scan, const struct span *span,
                       const struct block_group *group, const struct block_slot *slot, size_t at,
                       struct pace_error *error)
{
    uint32_t run = span->first, end = span->first + span->count;
    while (run < end) {
        struct block_chunk chunk;
        uint32_t number = run / BLOCK_CHUNK_RUNS, first = run % BLOCK_CHUNK_RUNS;
        uint32_t count =
            BLOCK_CHUNK_RUNS - first < end - run ? BLOCK_CHUNK_RUNS - first : end - run;
        if (block_chunk_open(group, slot, number, &chunk))
            return error_damaged(error, "%s: column %u of block %u of stream %u",
                                 kv_path(scan->snapshot->txn), slot->column, group->header.block,
                                 group->header.stream);
        int rc = read_chunk(scan, &chunk, first, count, at, error);
        if (rc) return rc;
        run += count;
        at += count;
    }
    return 0;
}

/* Reads the scan's columns of some runs of a block to places r and on of the batch. */
static int read_block(struct pace_scan *scan, const struct span *span, size_t r,
                      struct pace_error *error)
{
    const struct block_entry *entry = span->source->entry;
    struct block_group group = {.header = {.until = 0}};
    for (size_t i = 0; i < scan->column_count; i++) {
        uint32_t column = scan->columns[i].column;
        size_t at = scan->columns[i].place * scan->stride + r;
        struct block_slot slot;
        int found = 0, rc = 0;
        if (column < entry->columns) {
            if (column >= group.header.until)
                rc = blocks_group(scan->snapshot->txn, scan->cursor, scan->walk.stream,
                                  entry->block, column, entry->runs, error, &group);
            if (rc) return rc;
            found = block_group_seek(&group, column, &slot);
            if (found < 0)
                return blocks_damaged(scan->snapshot->txn, scan->walk.stream, entry->block, error);
        }
        if (found && slot.column == column)
            rc = read_column(scan, span, &group, &slot, at, error);
        else
            put_absent(scan, at, span->count);
        if (rc) return rc;
    }
    return 0;
}

/* -- batches --------------------------------------------------------------------------------- */

static int read_span(struct pace_scan *scan, const struct span *span, size_t r,
                     struct pace_error *error)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < span->count; i++) {
        uint32_t index = span->first + i;
        rc = source_view(&scan->walk, span->source, index, error, &scan->runs[r + i]);
        if (!rc && !span->source->entry)
            rc = read_row(scan, &scan->walk.log.rows[index], r + i, error);
    }
    return rc || !span->source->entry ? rc : read_block(scan, span, r, error);
}

static int fill_batch(struct pace_scan *scan, struct pace_error *error, size_t *count)
{
    size_t r = 0;
    int rc = 0;
    scan->bounded = 0;
    while (!rc && r < scan->stride) {
        struct span span;
        rc = source_walk_next(&scan->walk, (uint32_t)(scan->stride - r), error, &span);
        if (!rc) rc = read_span(scan, &span, r, error);
        if (!rc) r += span.count;
    }
    if (rc && rc != PACE_ENOTFOUND) return rc;
    *count = r;
    return 0;
}

int pace_scan_next(pace_scan *scan, struct pace_error *error, struct pace_cells *cells)
{
    size_t count = 0;
    int rc = snapshot_check(scan->snapshot, error);
    if (!rc && scan->failed)
        rc = error_set(error, PACE_EMISUSE, "the scan failed before; open another");
    if (!rc) {
        rc = fill_batch(scan, error, &count);
        scan->failed = rc != 0;
    }
    if (rc) return rc;
    *cells = (struct pace_cells){.run_count = count,
                                 .column_count = scan->column_count,
                                 .stride = scan->stride,
                                 .runs = scan->runs,
                                 .value = scan->value,
                                 .lower = scan->bounded ? scan->lower : NULL,
                                 .upper = scan->bounded ? scan->upper : NULL,
                                 .status = scan->status};
    return 0;
}
