/* scan.c -- cells of some columns of a stream, in batches: a matrix of columns x runs.
 *
 * Rows come from a row source (log.h) in order of history; the columns are visited in order within
 * a row, so that each group of a row is checked once. A batch holds at most PACE_MAX_BATCH runs and
 * about half a million cells, at least one run; its memory is used again for the next. */
#include "log.h"
#include "snapshot.h"

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
    struct log_walk walk;
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
        rc = log_walk_open(&scan->walk, snapshot->txn, stream, &record, range, error);
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
    log_walk_close(&scan->walk);
    free(scan->columns);
    free(scan->runs);
    free(scan->value);
    free(scan->lower);
    free(scan->upper);
    free(scan->status);
    free(scan);
}

/* Stores a cell's bounds; the first of a batch makes all others of it NAN. */
static int put_bounds(struct pace_scan *scan, size_t at, const struct row_cell *cell,
                      struct pace_error *error)
{
    size_t cells = scan->column_count * scan->stride;
    if (!scan->lower) scan->lower = malloc(cells * sizeof *scan->lower);
    if (!scan->upper) scan->upper = malloc(cells * sizeof *scan->upper);
    if (!scan->lower || !scan->upper) return error_memory(error);
    for (size_t i = 0; !scan->bounded && i < cells; i++)
        scan->lower[i] = scan->upper[i] = (double)NAN;
    scan->bounded = 1;
    scan->lower[at] = cell->lower;
    scan->upper[at] = cell->upper;
    return 0;
}

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
                int rc = log_walk_part(&scan->walk, first, part, error, &row);
                if (rc) return rc;
            }
            if (row_cell(&row, column, &cell))
                return error_damaged(error, "%s: cells of run %llu", kv_path(scan->snapshot->txn),
                                     (unsigned long long)first->header.run);
        }
        scan->value[at] = cell.value;
        scan->status[at] = cell.status;
        if (row.header.form & ROW_BOUNDS && (!isnan(cell.lower) || !isnan(cell.upper))) {
            int rc = put_bounds(scan, at, &cell, error);
            if (rc) return rc;
        }
    }
    return 0;
}

static int fill_batch(struct pace_scan *scan, struct pace_error *error, size_t *count)
{
    size_t r = 0;
    int rc = 0;
    scan->bounded = 0;
    while (r < scan->stride) {
        struct row row;
        rc = log_walk_next(&scan->walk, error, &row);
        if (rc) break;
        rc = read_row(scan, &row, r, error);
        if (rc) break;
        scan->runs[r++] = log_view(&row);
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
