/* scan.c -- cells of some columns of a stream, in batches: a matrix of columns x runs.
 *
 * Runs come in spans (source.h): of a block column by column, 64 runs at a time; of the log row by
 * row. The columns are visited in order, so that each checksum is computed once. A batch holds at
 * most PACE_MAX_BATCH runs, and no more than fit the cache if that is 64 runs or more; its memory is used
 * again for the next. */
#include "snapshot.h"
#include "source.h"
#include "turn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A batch's cells stay in the cache; but chunks are read whole, within what memory allows. */
enum { BATCH_CELLS = 1 << 17, BATCH_CELLS_MAX = 1 << 22 };

enum { LINE_BYTES = 64, LINE_CELLS = LINE_BYTES / sizeof(double) }; /* of the cache */

struct scan_column {
    uint32_t column;
    uint32_t place;       /* among the columns of the caller */
    uint32_t stretch_end; /* where a stretch begins: behind its last, in scan->columns */
};

/* A STRETCH is columns that lie side by side in one group of a row and in the batch. */
enum { STRETCH_COLUMNS = ROW_GROUP_SLOTS };

struct pace_scan {
    struct pace_snapshot *snapshot;
    struct source_walk walk;
    struct kv_cursor *cursor;
    struct scan_column *columns;       /* by column */
    size_t column_count, most, stride; /* most: runs of a batch */
    struct pace_run_view *runs;
    struct scan_memory memory;     /* value and status */
    double *value, *lower, *upper; /* lower and upper: NULL until a bound was seen */
    uint8_t *status;
    int bounded; /* a cell of this batch has a bound */
    int failed;  /* a call failed: the next one does too */
    int skips_runs, skips_commits;
    unsigned asked;                   /* columns of runs: enum pace_runs_column */
    int has_keys;                     /* the store keeps keys of commits */
    int by_columns;                   /* they are asked for instead of views */
    struct block_run_columns of_runs; /* room for a batch */
    uint64_t *place;
    struct block_runs looked; /* where a commit was looked up last, of this block; 0: none */
    uint32_t looked_block;
};

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct scan_column *)a)->column;
    uint32_t right = ((const struct scan_column *)b)->column;
    return left < right ? -1 : left > right;
}

/* Mostly they are in order. */
static void sort_columns(struct pace_scan *scan)
{
    for (size_t i = 1; i < scan->column_count; i++) {
        if (scan->columns[i - 1].column <= scan->columns[i].column) continue;
        qsort(scan->columns, scan->column_count, sizeof *scan->columns, by_column);
        return;
    }
}

static void find_stretches(struct pace_scan *scan)
{
    struct scan_column *columns = scan->columns;
    size_t i = 0;
    for (size_t end = 1; end <= scan->column_count; end++) {
        if (end < scan->column_count && columns[end].column % STRETCH_COLUMNS &&
            columns[end].column == columns[end - 1].column + 1 &&
            columns[end].place == columns[end - 1].place + 1)
            continue;
        columns[i].stretch_end = (uint32_t)end;
        i = end;
    }
}

/* How many runs a batch holds. */
static size_t batch_runs(size_t columns, const struct pace_range *range, uint64_t run_count)
{
    uint64_t runs = columns ? BATCH_CELLS / columns : PACE_MAX_BATCH;
    if (runs < BLOCK_CHUNK_RUNS) {
        runs = BATCH_CELLS_MAX / columns;
        if (runs > BLOCK_CHUNK_RUNS) runs = BLOCK_CHUNK_RUNS;
    }
    if (runs > PACE_MAX_BATCH) runs = PACE_MAX_BATCH;
    if (runs > BLOCK_CHUNK_RUNS) runs -= runs % BLOCK_CHUNK_RUNS;
    if (range->last && range->last < runs) runs = range->last;
    if (run_count < runs) runs = run_count;
    return runs ? (size_t)runs : 1;
}

/* How far the columns of a batch are apart: each begins with a line of the cache, and not all of them in
 * the same part of it, which an odd number of lines sees to. */
static size_t stride_of(size_t most)
{
    enum { FEW = 32 };
    return most < FEW ? most : ((most + LINE_CELLS - 1) / LINE_CELLS | 1) * LINE_CELLS;
}

/* Takes the memory of an earlier scan of the snapshot, or new memory, which is not cleared: a page that
 * is not written costs nothing. */
static int reserve(struct pace_scan *scan, struct pace_error *error)
{
    struct scan_memory *spare = &scan->snapshot->spare;
    size_t cells = scan->column_count * scan->stride / LINE_CELLS * LINE_CELLS + LINE_CELLS;
    if (spare->cells >= cells) {
        scan->memory = *spare;
        *spare = (struct scan_memory){0};
    } else {
        scan->memory = (struct scan_memory){.cells = cells, .is_ok = 1};
        void *value;
        if (posix_memalign(&value, LINE_BYTES, cells * sizeof(double))) return error_memory(error);
        scan->memory.value = value;
        scan->memory.status = calloc(cells, sizeof *scan->memory.status);
    }
    scan->value = scan->memory.value;
    scan->status = scan->memory.status;
    return scan->value && scan->status ? 0 : error_memory(error);
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
    /* Cleared here: calloc looks for memory anew each time, and there is a scan a stream. */
    struct pace_scan *scan = malloc(sizeof *scan);
    if (!scan) return error_memory(error);
    *scan = (struct pace_scan){.snapshot = snapshot};
    scan->column_count = column_count;
    scan->most = batch_runs(column_count, range, record.run_count);
    scan->stride = stride_of(scan->most);
    scan->columns = reallocarray(NULL, column_count + 1, sizeof *scan->columns);
    rc = scan->columns ? reserve(scan, error) : error_memory(error);
    for (size_t i = 0; !rc && i < column_count; i++) {
        if (columns[i] >= record.column_count)
            rc = error_set(error, PACE_ENOTFOUND, "stream %u has no column %u", stream, columns[i]);
        else
            scan->columns[i] = (struct scan_column){.column = columns[i], .place = (uint32_t)i};
    }
    if (!rc) {
        sort_columns(scan);
        find_stretches(scan);
        uint64_t forms = 0;
        rc = head_read_bits(snapshot->txn, error, &forms);
        scan->has_keys = (forms & FORMAT_KEYS) != 0;
        if (!rc) rc = blocks_cursor(snapshot->txn, error, &scan->cursor);
        int is_first = column_count && scan->columns[0].column < BLOCKS_FIRST_COLUMNS;
        if (!rc)
            rc = source_walk_open(&scan->walk, snapshot->txn, stream, &record, range,
                                  is_first ? scan->cursor : NULL, error);
    }
    if (rc) {
        pace_scan_close(scan);
        return rc;
    }
    *out = scan;
    return 0;
}

void pace_scan_skip_runs(pace_scan *scan)
{
    scan->skips_runs = 1;
    scan->by_columns = 0;
}

void pace_scan_skip_commits(pace_scan *scan)
{
    scan->skips_commits = 1;
}

unsigned pace_scan_ask_runs(pace_scan *scan, unsigned columns)
{
    scan->by_columns = 1;
    scan->skips_runs = 0;
    scan->asked = scan->has_keys ? columns : columns & ~(unsigned)PACE_RUNS_KEY;
    return scan->asked;
}

void pace_scan_close(pace_scan *scan)
{
    if (!scan) return;
    source_walk_close(&scan->walk);
    kv_cursor_close(scan->cursor);
    free(scan->columns);
    free(scan->runs);
    free(scan->of_runs.time_ns);
    free(scan->of_runs.run);
    free(scan->of_runs.commit);
    free(scan->of_runs.key);
    free(scan->of_runs.flags);
    free(scan->place);
    free(scan->lower);
    free(scan->upper);
    if (scan->value && scan->status && scan->memory.cells > scan->snapshot->spare.cells) {
        struct scan_memory old = scan->snapshot->spare;
        scan->snapshot->spare = scan->memory;
        scan->memory = old;
    }
    free(scan->memory.value);
    free(scan->memory.status);
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

/* Cells that are ok, from place `at` on. */
static void put_ok(struct pace_scan *scan, size_t at, size_t count)
{
    if (!scan->memory.is_ok) memset(scan->status + at, PACE_CELL_OK, count);
}

static void put_absent(struct pace_scan *scan, size_t at, uint32_t count)
{
    scan->memory.is_ok = 0;
    memset(scan->status + at, PACE_CELL_ABSENT, count);
    for (uint32_t i = 0; i < count; i++)
        scan->value[at + i] = (double)NAN;
}

/* -- rows of the log ------------------------------------------------------------------------- */

/* A few rows of the log, one part of them: so few that they stay in the cache from when they are checked
 * to when they have become columns. */
enum { SOME_ROWS = 8, ROWS_AHEAD = 4 };
struct part_rows {
    size_t count, r;                        /* r: place of the first in the batch */
    struct row *rows[SOME_ROWS];            /* NULL: it has no such part */
    struct row others[SOME_ROWS];           /* those that are not part 0 */
    const unsigned char *values[SOME_ROWS]; /* of a row that is plain and good; NULL: look */
    uint32_t until[SOME_ROWS];              /* with its values */
};

/* Checks all that is asked for of a row at once: it lies side by side. 0, or -1: damaged. */
static int check_row(const struct pace_scan *scan, struct row *row, size_t i, size_t end,
                     uint32_t until)
{
    const struct scan_column *columns = scan->columns;
    for (; i < end && columns[i].column < until; i = columns[i].stretch_end) {
        uint32_t last = columns[columns[i].stretch_end - 1].column + 1;
        if (row_check(row, columns[i].column, last < until ? last : until)) return -1;
    }
    return 0;
}

/* Opens a part of rows for columns [i, end) of the scan, which lie in it; `left` rows come, with these. */
static int open_part(struct pace_scan *scan, struct row *rows, size_t left, size_t i, size_t end,
                     struct part_rows *part, struct pace_error *error)
{
    uint32_t first = scan->columns[i].column, last = scan->columns[end - 1].column;
    uint8_t number = (uint8_t)(first / ROW_PART_COLUMNS);
    for (size_t k = 0; k < part->count; k++) {
        struct row *row = number ? NULL : &rows[k];
        if (number == 0 && k + ROWS_AHEAD < left)
            row_prefetch(&rows[k + ROWS_AHEAD], first, last + 1);
        if (number && rows[k].header.parts >> number & 1) {
            row = &part->others[k];
            int rc = log_part(scan->snapshot->txn, &rows[k], number, error, row);
            if (rc) return rc;
        }
        part->rows[k] = row;
        part->values[k] = row ? row_values(row, &part->until[k]) : NULL;
        if (part->values[k] && check_row(scan, row, i, end, part->until[k]))
            part->values[k] = NULL; /* reading its cells says which is damaged */
    }
    return 0;
}

/* Reads one cell of a row to place `at` of the batch. */
static int read_cell(struct pace_scan *scan, struct row *row, uint32_t column, size_t at,
                     struct pace_error *error)
{
    struct row_cell cell;
    if (row_cell(row, column, &cell))
        return error_damaged(error, "%s: cells of run %llu", kv_path(scan->snapshot->txn),
                             (unsigned long long)row->header.run);
    scan->value[at] = cell.value;
    scan->status[at] = cell.status;
    scan->memory.is_ok &= cell.status == PACE_CELL_OK;
    if (isnan(cell.lower) && isnan(cell.upper)) return 0;
    int rc = begin_bounds(scan, error);
    if (rc) return rc;
    scan->lower[at] = cell.lower;
    scan->upper[at] = cell.upper;
    return 0;
}

/* Reads columns [i, end) of row k, which may have gaps, statuses and bounds. */
static int read_row(struct pace_scan *scan, struct part_rows *part, size_t k, size_t i, size_t end,
                    struct pace_error *error)
{
    struct row *row = part->rows[k];
    int rc = 0;
    for (; !rc && i < end; i++) {
        size_t at = scan->columns[i].place * scan->stride + part->r + k;
        if (row)
            rc = read_cell(scan, row, scan->columns[i].column, at, error);
        else
            put_absent(scan, at, 1);
    }
    return rc;
}

/* Reads a stretch of rows k and on as long as they have all of it as values, of at least one. */
static size_t turn_plain(struct pace_scan *scan, const struct part_rows *part, size_t k, size_t i,
                         size_t end)
{
    const unsigned char *rows[SOME_ROWS];
    const struct scan_column *first = &scan->columns[i];
    uint32_t last = scan->columns[end - 1].column, count = 0;
    size_t offset = 8 * (size_t)(first->column % ROW_PART_COLUMNS), n = end - i;
    for (; k + count < part->count; count++) {
        if (!part->values[k + count] || part->until[k + count] <= last) break;
        rows[count] = part->values[k + count] + offset;
    }
    if (count == 0) return 0;
    size_t at = first->place * scan->stride + part->r + k;
    turn_rows(rows, count, n, scan->value + at, scan->stride);
    for (size_t c = 0; c < n && !scan->memory.is_ok; c++)
        put_ok(scan, at + c * scan->stride, count);
    return count;
}

static int read_stretch(struct pace_scan *scan, struct part_rows *part, size_t i, size_t end,
                        struct pace_error *error)
{
    for (size_t k = 0; k < part->count;) {
        size_t plain = turn_plain(scan, part, k, i, end);
        int rc = plain ? 0 : read_row(scan, part, k, i, end, error);
        if (rc) return rc;
        k += plain ? plain : 1;
    }
    return 0;
}

/* Reads the scan's columns of a few rows; `left` rows come, with these. */
static int read_rows(struct pace_scan *scan, struct row *rows, size_t left, struct part_rows *part,
                     struct pace_error *error)
{
    int rc = 0;
    for (size_t i = 0, end; !rc && i < scan->column_count; i = end) {
        uint32_t number = scan->columns[i].column / ROW_PART_COLUMNS;
        for (end = i + 1; end < scan->column_count; end++)
            if (scan->columns[end].column / ROW_PART_COLUMNS != number) break;
        rc = open_part(scan, rows, left, i, end, part, error);
        for (; !rc && i < end; i = scan->columns[i].stretch_end)
            rc = read_stretch(scan, part, i, scan->columns[i].stretch_end, error);
    }
    return rc;
}

/* Reads the scan's columns of rows to places r and on of the batch. */
static int read_log(struct pace_scan *scan, struct row *rows, size_t count, size_t r,
                    struct pace_error *error)
{
    int rc = 0;
    struct part_rows part;
    for (size_t k = 0; !rc && k < count; k += SOME_ROWS) {
        size_t left = count - k;
        part.count = left < SOME_ROWS ? left : SOME_ROWS;
        part.r = r + k;
        rc = read_rows(scan, rows + k, left, &part, error);
    }
    return rc;
}

/* -- blocks ---------------------------------------------------------------------------------- */

/* Reads runs [first, first + count) of a chunk to place `at` of the batch. */
static int read_chunk(struct pace_scan *scan, const struct block_chunk *chunk, uint32_t first,
                      uint32_t count, size_t at, struct pace_error *error)
{
    if (block_chunk_is_ok(chunk)) {
        put_ok(scan, at, count);
    } else {
        scan->memory.is_ok = 0;
        block_chunk_statuses(chunk, first, count, scan->status + at);
    }
    block_chunk_read(chunk, BLOCK_VALUE, first, count, scan->value + at);
    if (!(chunk->lower | chunk->upper)) return 0;
    int rc = begin_bounds(scan, error);
    if (rc) return rc;
    block_chunk_read(chunk, BLOCK_LOWER, first, count, scan->lower + at);
    block_chunk_read(chunk, BLOCK_UPPER, first, count, scan->upper + at);
    return 0;
}

/* Reads runs of whole chunks in which nothing is told but values, from `run` on: how many. */
static uint32_t read_plain(struct pace_scan *scan, const struct block_group *group,
                           struct block_slot *slot, uint32_t run, uint32_t end, size_t at)
{
    if (run % BLOCK_CHUNK_RUNS) return 0;
    uint32_t chunks = block_chunks_read(group, slot, run / BLOCK_CHUNK_RUNS,
                                        (end - run) / BLOCK_CHUNK_RUNS, scan->value + at);
    put_ok(scan, at, (size_t)chunks * BLOCK_CHUNK_RUNS);
    return chunks * BLOCK_CHUNK_RUNS;
}

/* Reads one column of a span, in a group that has it. */
static int read_column(struct pace_scan *scan, const struct span *span,
                       const struct block_group *group, struct block_slot *slot, size_t at,
                       struct pace_error *error)
{
    uint32_t run = span->first, end = span->first + span->count;
    block_slot_look_ahead(group, slot, run / BLOCK_CHUNK_RUNS, (end - 1) / BLOCK_CHUNK_RUNS);
    while (run < end) {
        struct block_chunk chunk;
        uint32_t plain = read_plain(scan, group, slot, run, end, at);
        run += plain;
        at += plain;
        if (run == end) break;
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

/* Rows of the log come after a block, from all over the file: they are fetched while its columns are read, some
 * with each, where those are many. */
static void prefetch_rows(const struct pace_scan *scan, const struct row *rows, size_t count,
                          size_t i)
{
    uint32_t first = scan->columns[0].column;
    uint32_t end = scan->columns[scan->column_count - 1].column + 1;
    size_t until = (i + 1) * count / scan->column_count;
    for (size_t k = i * count / scan->column_count; k < until; k++)
        row_prefetch(&rows[k], first, end);
}

/* The group of a block that covers a column, which was perhaps found before. */
static int find_group(struct pace_scan *scan, const struct block_entry *entry, uint32_t column,
                      struct pace_error *error, struct block_group *group)
{
    struct source_walk *walk = &scan->walk;
    for (size_t i = 0; i < SOURCE_AHEAD; i++)
        if (walk->ahead[i].block == entry->block)
            return blocks_group_ahead(walk->txn, scan->cursor, walk->stream, &walk->ahead[i],
                                      column, entry->runs, error, group);
    return blocks_group(walk->txn, scan->cursor, walk->stream, entry->block, column, entry->runs,
                        error, group);
}

/* Finds the group that is read after a span's, where the columns are few: it is fetched with the last of them. */
static int find_next(struct pace_scan *scan, const struct span *span, struct pace_error *error,
                     struct block_group *group)
{
    struct source_walk *walk = &scan->walk;
    struct blocks_ahead *ahead = &walk->ahead[0];
    const struct block_entry *entry = source_walk_entry_next(walk, span);
    if (!entry || group->header.until > BLOCKS_FIRST_COLUMNS) return 0;
    for (size_t i = 0; i < SOURCE_AHEAD; i++)
        if (walk->ahead[i].block == entry->block) return 0; /* it is fetched by now */
    int rc = blocks_look_ahead(scan->cursor, walk->stream, entry->block, error, ahead);
    group->next = rc ? NULL : ahead->record.data;
    group->next_len = ahead->record.len;
    return rc;
}

/* Reads the scan's columns of some runs of a block to places r and on of the batch. */
static int read_block(struct pace_scan *scan, const struct span *span, size_t r,
                      struct pace_error *error)
{
    const struct block_entry *entry = span->source->entry;
    struct block_group group = {.header = {.until = 0}};
    size_t row_count;
    const struct row *rows = source_walk_rows_next(&scan->walk, &row_count);
    for (size_t i = 0; i < scan->column_count; i++) {
        uint32_t column = scan->columns[i].column;
        size_t at = scan->columns[i].place * scan->stride + r;
        struct block_slot slot;
        int found = 0, rc = 0;
        if (row_count && scan->column_count >= STRETCH_COLUMNS)
            prefetch_rows(scan, rows, row_count, i);
        if (column < entry->columns) {
            if (column >= group.header.until) rc = find_group(scan, entry, column, error, &group);
            if (rc) return rc;
            found = block_group_seek(&group, column, &slot);
            if (found < 0)
                return blocks_damaged(scan->snapshot->txn, scan->walk.stream, entry->block, error);
            found = found && slot.column == column;
        }
        if (found && i + 1 == scan->column_count) rc = find_next(scan, span, error, &group);
        if (rc) return rc;
        if (found)
            rc = read_column(scan, span, &group, &slot, at, error);
        else
            put_absent(scan, at, span->count);
        if (rc) return rc;
    }
    return 0;
}

/* -- runs ------------------------------------------------------------------------------------ */

/* Makes room for what is told of the runs of a batch. */
static int reserve_runs(struct pace_scan *scan, struct pace_error *error)
{
    struct block_run_columns *of = &scan->of_runs;
    size_t n = scan->most;
    of->any = 0;
    if (!scan->by_columns) {
        if (!scan->skips_runs && !scan->runs) scan->runs = malloc(n * sizeof *scan->runs);
        return scan->skips_runs || scan->runs ? 0 : error_memory(error);
    }
    if (of->time_ns) return 0;
    of->time_ns = malloc(n * sizeof *of->time_ns);
    of->run = malloc(n * sizeof *of->run);
    of->commit = malloc(n * sizeof *of->commit);
    of->key = malloc(n * sizeof *of->key);
    of->flags = malloc(n * sizeof *of->flags);
    scan->place = malloc(n * sizeof *scan->place);
    return of->time_ns && of->run && of->commit && of->key && of->flags && scan->place
               ? 0
               : error_memory(error);
}

/* A place is the number of a block and one of its runs, or 0 and a row of the log. */
enum { PLACE_BLOCK_SHIFT = 32 };

/* Reads the columns that are asked for to places r and on. */
static int read_columns(struct pace_scan *scan, const struct span *span, size_t r,
                        struct pace_error *error)
{
    const struct block_run_columns *of = &scan->of_runs;
    unsigned asked = scan->asked;
    struct block_run_columns to = {.time_ns = asked & PACE_RUNS_TIME ? of->time_ns + r : NULL,
                                   .run = asked & PACE_RUNS_NUMBER ? of->run + r : NULL,
                                   .commit = asked & PACE_RUNS_COMMIT ? of->commit + r : NULL,
                                   .key = asked & PACE_RUNS_KEY ? of->key + r : NULL,
                                   .flags = of->flags + r};
    uint64_t block = span->source->entry ? span->source->entry->block : 0;
    uint64_t place = block << PLACE_BLOCK_SHIFT | span->first;
    for (uint32_t i = 0; to.key && i < span->count; i++)
        scan->place[r + i] = place + i;
    int rc = source_columns(&scan->walk, span, error, &to);
    scan->of_runs.any |= to.any;
    return rc;
}

void pace_scan_runs(const pace_scan *scan, struct pace_runs *out)
{
    const struct block_run_columns *of = &scan->of_runs;
    unsigned asked = scan->by_columns ? scan->asked : 0;
    *out = (struct pace_runs){.time_ns = asked & PACE_RUNS_TIME ? of->time_ns : NULL,
                              .run = asked & PACE_RUNS_NUMBER ? of->run : NULL,
                              .commit = asked & PACE_RUNS_COMMIT ? of->commit : NULL,
                              .commit_key = asked & PACE_RUNS_KEY ? of->key : NULL,
                              .place = asked & PACE_RUNS_KEY ? scan->place : NULL,
                              .flags = of->any ? of->flags : NULL};
}

/* The entry of a block of the stream; NULL: there is none. */
static const struct block_entry *find_block(const struct block_list *list, uint32_t block)
{
    for (uint32_t i = 0; i < list->small + list->large; i++)
        if (list->entries[i].block == block) return &list->entries[i];
    return NULL;
}

int pace_scan_commit(pace_scan *scan, uint64_t place, struct pace_error *error, const char **commit)
{
    uint32_t block = (uint32_t)(place >> PLACE_BLOCK_SHIFT), index = (uint32_t)place;
    const struct source_walk *walk = &scan->walk;
    uint32_t flags;
    struct block_run_columns out = {.commit = commit, .flags = &flags};
    int rc = snapshot_check(scan->snapshot, error);
    if (rc) return rc;
    if (block == 0) {
        if (index >= walk->log.count) return error_set(error, PACE_EMISUSE, "no place of a run");
        *commit = walk->log.rows[index].commit;
        return 0;
    }
    if (block != scan->looked_block) {
        const struct block_entry *entry = find_block(&walk->list, block);
        if (!entry) return error_set(error, PACE_EMISUSE, "no place of a run");
        rc = blocks_runs(walk->txn, walk->stream, block, entry, error, &scan->looked);
        scan->looked_block = rc ? 0 : block;
        if (rc) return rc;
    }
    if (index >= scan->looked.header.runs)
        return error_set(error, PACE_EMISUSE, "no place of a run");
    return block_runs_columns(&scan->looked, index, 1, &out)
               ? blocks_damaged(walk->txn, walk->stream, block, error)
               : 0;
}

/* -- batches --------------------------------------------------------------------------------- */

static int read_span(struct pace_scan *scan, const struct span *span, size_t r,
                     struct pace_error *error)
{
    int rc = 0;
    if (scan->by_columns)
        rc = read_columns(scan, span, r, error);
    else if (!scan->skips_runs)
        rc = source_views(&scan->walk, span, !scan->skips_commits, error, &scan->runs[r]);
    if (rc) return rc;
    return span->source->entry
               ? read_block(scan, span, r, error)
               : read_log(scan, scan->walk.log.rows + span->first, span->count, r, error);
}

/* Whether a batch of r runs ends before a block that is longer than what is left of it: from there on each batch
 * is a block, or a part of one. */
static int ends_before_block(const struct pace_scan *scan, size_t r)
{
    return r >= scan->most / 2 && r + source_walk_block_next(&scan->walk) > scan->most;
}

static int fill_batch(struct pace_scan *scan, struct pace_error *error, size_t *count)
{
    size_t r = 0;
    int rc = reserve_runs(scan, error);
    scan->bounded = 0;
    while (!rc && r < scan->most) {
        struct span span;
        rc = source_walk_next(&scan->walk, (uint32_t)(scan->most - r), error, &span);
        if (!rc) rc = read_span(scan, &span, r, error);
        if (!rc) r += span.count;
        if (!rc && ends_before_block(scan, r)) break;
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
                                 .runs = scan->skips_runs || scan->by_columns ? NULL : scan->runs,
                                 .value = scan->value,
                                 .lower = scan->bounded ? scan->lower : NULL,
                                 .upper = scan->bounded ? scan->upper : NULL,
                                 .status = scan->status};
    return 0;
}
