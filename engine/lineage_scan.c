/* lineage_scan.c -- cells along a stream's lineage: what it inherits, then its own.
 *
 * It is one pace_scan after another. Where an ancestor has all columns, its batches are handed on
 * as they are; otherwise they are spread over the columns of the caller. How many of an ancestor's
 * newest runs lie in the part that is read is only known by reading, so the newest segment is
 * asked first, and an older one for what is still missing. */
#include "snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One pace_scan to come: an ancestor's, or the last one, the stream's own. */
struct part {
    uint32_t stream;
    struct pace_range range;
    uint64_t runs; /* of what the scan gives; it may give `beyond` more */
};

struct pace_lineage_scan {
    struct pace_snapshot *snapshot;
    uint32_t *columns; /* of the stream */
    size_t column_count;
    struct pace_column *names; /* of the columns */
    struct map by_name; /* map_pair(benchmark, measure) -> a place; filled when first needed */
    uint32_t *numbers;  /* by such a place: the column of the part, or MAP_NONE */
    struct part *parts;
    size_t part_count, next_part;
    pace_scan *scan;          /* of part next_part - 1, or NULL */
    uint64_t left;            /* runs that it still is to give */
    uint32_t *found, *places; /* columns of the part, and their places among the caller's */
    size_t found_count;
    double *value, *lower, *upper; /* of a batch that is spread */
    uint8_t *status;
    size_t capacity; /* of these, in cells */
};

/* -- which runs -------------------------------------------------------------------------------- */

/* Counts the newest runs of a segment, `wanted` at most. */
static int count_runs(struct pace_snapshot *snapshot, const struct pace_segment *segment,
                      const struct pace_range *range, struct pace_error *error, uint64_t *runs)
{
    pace_scan *scan;
    struct pace_cells cells;
    int rc = pace_scan_open(snapshot, segment->stream, NULL, 0, range, error, &scan);
    if (rc) return rc;
    uint64_t count = 0;
    while (!(rc = pace_scan_next(scan, error, &cells)) && cells.run_count)
        count += cells.run_count;
    pace_scan_close(scan);
    *runs = count - segment->beyond;
    return rc;
}

/* Chooses the newest `inherited` runs of the segments, then the own ones. Runs are counted only
 * where it matters how many there are. */
static int choose_parts(struct pace_lineage_scan *scan, uint32_t stream,
                        const struct pace_lineage *lineage, uint64_t inherited,
                        const struct pace_range *own, struct pace_error *error)
{
    size_t first = lineage->segment_count;
    struct part *parts = calloc(first + 1, sizeof *parts);
    if (!parts) return error_memory(error);
    scan->parts = parts;
    int all = inherited == UINT64_MAX;
    while (first > 0 && inherited > 0) {
        const struct pace_segment *segment = &lineage->segments[--first];
        struct part *part = &parts[first];
        *part = (struct part){segment->stream, {INT64_MIN, segment->until_ns, 0}, UINT64_MAX};
        if (!all && inherited <= UINT64_MAX - segment->beyond)
            part->range.last = inherited + segment->beyond;
        if (segment->beyond == 0 && (all || first == 0)) continue;
        int rc = count_runs(scan->snapshot, segment, &part->range, error, &part->runs);
        if (rc) return rc;
        if (!all) inherited -= part->runs;
    }
    scan->part_count = lineage->segment_count - first + 1;
    memmove(parts, parts + first, (scan->part_count - 1) * sizeof *parts);
    struct part *last = &parts[scan->part_count - 1];
    *last = (struct part){stream, {INT64_MIN, INT64_MAX, 0}, UINT64_MAX};
    if (own) last->range = *own;
    return 0;
}

/* -- which columns ----------------------------------------------------------------------------- */

static uint64_t name_of(const struct pace_column *column)
{
    return map_pair(column->benchmark, column->measure);
}

static int map_names(struct pace_lineage_scan *scan, struct pace_error *error)
{
    if (scan->by_name.count) return 0;
    for (size_t i = 0; i < scan->column_count; i++) {
        if (map_set(&scan->by_name, name_of(&scan->names[i]), (uint32_t)i))
            return error_memory(error);
    }
    return 0;
}

/* Finds the scan's columns in a stream: mostly by number, since streams share shapes. */
static int find_columns(struct pace_lineage_scan *scan, uint32_t stream, struct pace_error *error)
{
    const struct pace_column *columns;
    uint32_t count;
    int rc = pace_columns(scan->snapshot, stream, error, &columns, &count);
    if (rc) return rc;
    scan->found_count = 0;
    for (size_t i = 0; i < scan->column_count; i++) {
        uint32_t number = scan->columns[i];
        if (number >= count || name_of(&columns[number]) != name_of(&scan->names[i])) break;
        scan->found[i] = number;
        scan->places[i] = (uint32_t)i;
        scan->found_count++;
    }
    if (scan->found_count == scan->column_count) return 0;
    rc = map_names(scan, error);
    if (rc) return rc;
    memset(scan->numbers, 0xff, scan->column_count * sizeof *scan->numbers);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = map_get(&scan->by_name, name_of(&columns[i]));
        if (place != MAP_NONE) scan->numbers[place] = i;
    }
    scan->found_count = 0;
    for (size_t i = 0; i < scan->column_count; i++) {
        uint32_t number = scan->numbers[map_get(&scan->by_name, name_of(&scan->names[i]))];
        if (number == MAP_NONE) continue;
        scan->found[scan->found_count] = number;
        scan->places[scan->found_count++] = (uint32_t)i;
    }
    return 0;
}

/* -- spreading --------------------------------------------------------------------------------- */

static int reserve(struct pace_lineage_scan *scan, size_t cells, struct pace_error *error)
{
    if (cells <= scan->capacity) return 0;
    double **numbers[] = {&scan->value, &scan->lower, &scan->upper};
    for (size_t i = 0; i < 3; i++) {
        double *grown = realloc(*numbers[i], cells * sizeof *grown);
        if (!grown) return error_memory(error);
        *numbers[i] = grown;
    }
    uint8_t *status = realloc(scan->status, cells);
    if (!status) return error_memory(error);
    scan->status = status;
    scan->capacity = cells;
    return 0;
}

/* Puts the found columns of a batch at their places; the others are absent. */
static int spread(struct pace_lineage_scan *scan, struct pace_error *error,
                  struct pace_cells *cells)
{
    size_t stride = cells->run_count, total = scan->column_count * stride;
    int rc = reserve(scan, total, error);
    if (rc) return rc;
    for (size_t i = 0; i < total; i++) {
        scan->value[i] = scan->lower[i] = scan->upper[i] = (double)NAN;
        scan->status[i] = PACE_CELL_ABSENT;
    }
    for (size_t i = 0; i < scan->found_count; i++) {
        size_t from = i * cells->stride, to = scan->places[i] * stride;
        memcpy(scan->value + to, cells->value + from, stride * sizeof(double));
        memcpy(scan->status + to, cells->status + from, stride);
        if (!cells->lower) continue;
        memcpy(scan->lower + to, cells->lower + from, stride * sizeof(double));
        memcpy(scan->upper + to, cells->upper + from, stride * sizeof(double));
    }
    cells->column_count = scan->column_count;
    cells->stride = stride;
    cells->value = scan->value;
    cells->status = scan->status;
    if (cells->lower) {
        cells->lower = scan->lower;
        cells->upper = scan->upper;
    }
    return 0;
}

/* -- the scan ---------------------------------------------------------------------------------- */

static int copy_columns(struct pace_lineage_scan *scan, uint32_t stream, const uint32_t *columns,
                        struct pace_error *error)
{
    const struct pace_column *all;
    uint32_t count;
    size_t n = scan->column_count + 1;
    int rc = pace_columns(scan->snapshot, stream, error, &all, &count);
    if (rc) return rc;
    scan->columns = calloc(n, sizeof *scan->columns);
    scan->names = calloc(n, sizeof *scan->names);
    scan->found = calloc(n, sizeof *scan->found);
    scan->places = calloc(n, sizeof *scan->places);
    scan->numbers = calloc(n, sizeof *scan->numbers);
    if (!scan->columns || !scan->names || !scan->found || !scan->places || !scan->numbers)
        return error_memory(error);
    for (size_t i = 0; i < scan->column_count; i++) {
        if (columns[i] >= count)
            return error_set(error, PACE_ENOTFOUND, "stream %u has no column %u", stream,
                             columns[i]);
        scan->columns[i] = columns[i];
        scan->names[i] = all[columns[i]];
    }
    return 0;
}

int pace_lineage_scan_open(pace_snapshot *snapshot, uint32_t stream,
                           const struct pace_lineage *lineage, const uint32_t *columns,
                           size_t column_count, uint64_t inherited, const struct pace_range *own,
                           struct pace_error *error, pace_lineage_scan **out)
{
    struct pace_lineage found = {.state = PACE_LINEAGE_NONE};
    struct pace_lineage_scan *scan = calloc(1, sizeof *scan);
    if (!scan) return error_memory(error);
    scan->snapshot = snapshot;
    scan->column_count = column_count;
    int rc = copy_columns(scan, stream, columns, error);
    if (!rc && !lineage && inherited) rc = pace_lineage_get(snapshot, stream, error, &found);
    if (!rc) rc = choose_parts(scan, stream, lineage ? lineage : &found, inherited, own, error);
    if (rc) {
        pace_lineage_scan_close(scan);
        return rc;
    }
    *out = scan;
    return 0;
}

void pace_lineage_scan_close(pace_lineage_scan *scan)
{
    if (!scan) return;
    pace_scan_close(scan->scan);
    void *blocks[] = {scan->columns, scan->names, scan->numbers, scan->parts, scan->found,
                      scan->places,  scan->value, scan->lower,   scan->upper, scan->status};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
    map_free(&scan->by_name);
    free(scan);
}

static int open_part(struct pace_lineage_scan *scan, struct pace_error *error)
{
    const struct part *part = &scan->parts[scan->next_part];
    int rc = find_columns(scan, part->stream, error);
    if (!rc)
        rc = pace_scan_open(scan->snapshot, part->stream, scan->found, scan->found_count,
                            &part->range, error, &scan->scan);
    if (rc) return rc;
    scan->left = part->runs;
    scan->next_part++;
    return 0;
}

int pace_lineage_scan_next(pace_lineage_scan *scan, struct pace_error *error,
                           struct pace_cells *cells)
{
    for (;;) {
        struct pace_cells batch = {0};
        int rc = 0;
        if (!scan->scan && scan->next_part < scan->part_count) rc = open_part(scan, error);
        if (!rc && scan->scan) rc = pace_scan_next(scan->scan, error, &batch);
        if (rc) return rc;
        if (batch.run_count > scan->left) batch.run_count = (size_t)scan->left;
        scan->left -= batch.run_count;
        if (batch.run_count == 0 && scan->scan) {
            pace_scan_close(scan->scan);
            scan->scan = NULL;
            if (scan->next_part < scan->part_count) continue;
        }
        if (batch.run_count && scan->found_count < scan->column_count)
            rc = spread(scan, error, &batch);
        if (!rc) *cells = batch;
        return rc;
    }
}
