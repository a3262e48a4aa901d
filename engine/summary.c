/* summary.c -- pace_scan_summary: counts, means, deviations and extremes of columns.
 *
 * Blocks that lie in the range as a whole answer from their summaries. The rest is read: chunks of
 * blocks, rows of the log 64 at a time. */
#include "snapshot.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct summarizing {
    struct kv_txn *txn;
    struct kv_cursor *cursor;
    struct source_walk walk;
    struct sums sums; /* place: among the caller's columns */
};

struct wanted {
    uint32_t column, place;
};

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct wanted *)a)->column, right = ((const struct wanted *)b)->column;
    return left < right ? -1 : left > right;
}

static int open_columns(struct summarizing *summarizing, uint32_t stream,
                        const struct stream_record *record, const uint32_t *columns, size_t count,
                        struct pace_error *error)
{
    struct sums *sums = &summarizing->sums;
    int is_sorted = 1;
    if (sums_init(sums, count)) return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        if (columns[i] >= record->column_count)
            return error_set(error, PACE_ENOTFOUND, "stream %u has no column %u", stream,
                             columns[i]);
        sums->column[i] = columns[i];
        sums->place[i] = (uint32_t)i;
        is_sorted = is_sorted && (i == 0 || columns[i - 1] <= columns[i]);
        sums->is_whole = (i == 0 || sums->is_whole) && columns[i] - columns[0] == i;
    }
    if (is_sorted) return 0;
    struct wanted *wanted = malloc(count * sizeof *wanted);
    if (!wanted) return error_memory(error);
    for (size_t i = 0; i < count; i++)
        wanted[i] = (struct wanted){.column = columns[i], .place = (uint32_t)i};
    qsort(wanted, count, sizeof *wanted, by_column);
    for (size_t i = 0; i < count; i++) {
        sums->column[i] = wanted[i].column;
        sums->place[i] = wanted[i].place;
    }
    free(wanted);
    return 0;
}

/* -- the log ----------------------------------------------------------------------------------- */

/* Up to 64 rows, one part of them. */
struct part_rows {
    uint32_t count;
    uint32_t plain_until;                       /* all rows have the columns below as values */
    struct row rows[SUMS_ROWS_MAX];             /* data NULL: it has no such part */
    const unsigned char *values[SUMS_ROWS_MAX]; /* row_values, good for columns below */
    uint32_t until[SUMS_ROWS_MAX];              /* these; 0: none */
};

/* Checks all that is asked for, from column i on, of a row whose columns below `until` are values; the
 * columns [i, end) lie side by side. */
static int check_row(const struct sums *sums, struct row *row, size_t i, size_t end, uint32_t until)
{
    while (i < sums->length && sums->column[i] < until) {
        uint32_t last = sums->column[end - 1] + 1;
        if (row_check(row, sums->column[i], last < until ? last : until)) return -1;
        i = end;
        if (i < sums->length) end = sums_stretch(sums, i, until);
    }
    return 0;
}

/* Opens the part that has column i. */
static int open_part(struct summarizing *summarizing, const struct row *rows, size_t i,
                     struct part_rows *part, struct pace_error *error)
{
    const struct sums *sums = &summarizing->sums;
    uint8_t number = (uint8_t)(sums->column[i] / ROW_PART_COLUMNS);
    part->plain_until = (number + 1u) * ROW_PART_COLUMNS;
    size_t end = sums_stretch(sums, i, part->plain_until);
    for (uint32_t k = 0; k < part->count; k++) {
        struct row *row = &part->rows[k];
        int rc = 0;
        if (number == 0 && k + 1 < part->count)
            row_prefetch(&rows[k + 1], sums->column[i], sums->column[end - 1] + 1);
        *row = rows[k];
        if (!(rows[k].header.parts >> number & 1))
            row->data = NULL;
        else if (number)
            rc = log_part(summarizing->txn, &rows[k], number, error, row);
        if (rc) return rc;
        part->until[k] = 0;
        part->values[k] = row->data ? row_values(row, &part->until[k]) : NULL;
        /* Reading the cells of a damaged row one by one says which it is. */
        if (check_row(sums, row, i, end, part->until[k])) part->until[k] = 0;
        if (part->until[k] < part->plain_until) part->plain_until = part->until[k];
    }
    return 0;
}

/* Adds the cells of one column, one by one. */
static int add_cells(struct summarizing *summarizing, struct part_rows *part, size_t i,
                     struct pace_error *error)
{
    double values[SUMS_ROWS_MAX];
    size_t n = 0;
    uint32_t column = summarizing->sums.column[i];
    for (uint32_t k = 0; k < part->count; k++) {
        struct row *row = &part->rows[k];
        struct row_cell cell;
        if (column < part->until[k]) {
            memcpy(&values[n++], part->values[k] + 8 * (size_t)(column % ROW_PART_COLUMNS), 8);
            continue;
        }
        if (!row->data) continue;
        if (row_cell(row, column, &cell))
            return error_damaged(error, "%s: cells of run %llu", kv_path(summarizing->txn),
                                 (unsigned long long)row->header.run);
        if (cell.status == PACE_CELL_OK) values[n++] = cell.value;
    }
    struct block_summary more = block_summarize(values, n);
    sums_add(&summarizing->sums, i, &more);
    return 0;
}

/* Adds columns [i, end), which all rows have as values. */
static void add_values(struct summarizing *summarizing, const struct part_rows *part, size_t i,
                       size_t end)
{
    const unsigned char *rows[SUMS_ROWS_MAX];
    size_t offset = 8 * (size_t)(summarizing->sums.column[i] % ROW_PART_COLUMNS);
    for (uint32_t k = 0; k < part->count; k++)
        rows[k] = part->values[k] + offset;
    sums_add_rows(&summarizing->sums, i, rows, part->count, end - i);
}

/* Adds the cells of up to 64 rows. */
static int add_rows(struct summarizing *summarizing, const struct row *rows, uint32_t count,
                    struct pace_error *error)
{
    const struct sums *sums = &summarizing->sums;
    struct part_rows part;
    uint32_t number = UINT32_MAX;
    part.count = count;
    for (size_t i = 0, end; i < sums->length; i = end) {
        int rc = 0;
        end = i + 1;
        if (number != sums->column[i] / ROW_PART_COLUMNS)
            rc = open_part(summarizing, rows, i, &part, error);
        number = sums->column[i] / ROW_PART_COLUMNS;
        if (!rc && sums->column[i] < part.plain_until) {
            end = sums_stretch(sums, i, part.plain_until);
            add_values(summarizing, &part, i, end);
        } else if (!rc) {
            rc = add_cells(summarizing, &part, i, error);
        }
        if (rc) return rc;
    }
    return 0;
}

/* -- blocks ---------------------------------------------------------------------------------- */

/* Adds the values of runs [first, end) of one column of a block. */
static int add_chunks(struct summarizing *summarizing, size_t i, const struct block_group *group,
                      struct block_slot *slot, uint32_t first, uint32_t end,
                      struct pace_error *error)
{
    while (first < end) {
        struct block_chunk chunk;
        double values[BLOCK_CHUNK_RUNS];
        uint32_t from = first % BLOCK_CHUNK_RUNS, n = 0;
        uint32_t until =
            end - first + from < BLOCK_CHUNK_RUNS ? end - first + from : BLOCK_CHUNK_RUNS;
        if (block_chunk_open(group, slot, first / BLOCK_CHUNK_RUNS, &chunk))
            return error_damaged(error, "%s: column %u of block %u of stream %u",
                                 kv_path(summarizing->txn), slot->column, group->header.block,
                                 group->header.stream);
        block_chunk_read(&chunk, BLOCK_VALUE, values);
        for (uint32_t k = from; k < until; k++) {
            if (chunk.ok >> k & 1) values[n++] = values[k];
        }
        struct block_summary more = block_summarize(values, n);
        sums_add(&summarizing->sums, i, &more);
        first += until - from;
    }
    return 0;
}

/* Adds some runs of the columns [i, end), which a group covers. */
static int add_part(struct summarizing *summarizing, const struct span *span,
                    struct block_group *group, size_t i, size_t end, struct pace_error *error)
{
    for (; i < end; i++) {
        uint32_t column = summarizing->sums.column[i];
        struct block_slot slot;
        int found = block_group_seek(group, column, &slot);
        if (found < 0)
            return blocks_damaged(summarizing->txn, group->header.stream, group->header.block,
                                  error);
        if (!found || slot.column != column) continue;
        int rc =
            add_chunks(summarizing, i, group, &slot, span->first, span->first + span->count, error);
        if (rc) return rc;
    }
    return 0;
}

/* Adds some runs of a block, from its summaries when they are all. */
static int add_block(struct summarizing *summarizing, const struct span *span,
                     struct pace_error *error)
{
    const struct block_entry *entry = span->source->entry;
    struct sums *sums = &summarizing->sums;
    uint32_t stream = summarizing->walk.stream;
    size_t i = 0, end;
    while (i < sums->length && sums->column[i] < entry->columns) {
        struct block_group group;
        int rc = blocks_group(summarizing->txn, summarizing->cursor, stream, entry->block,
                              sums->column[i], entry->runs, error, &group);
        if (rc) return rc;
        if (span->count == entry->runs) {
            if (block_group_add(&group, sums, i, &end))
                return blocks_damaged(summarizing->txn, stream, entry->block, error);
        } else {
            for (end = i; end < sums->length && sums->column[end] < group.header.until;)
                end++;
            rc = add_part(summarizing, span, &group, i, end, error);
            if (rc) return rc;
        }
        i = end;
    }
    return 0;
}

/* -- all ------------------------------------------------------------------------------------- */

static int add_spans(struct summarizing *summarizing, struct pace_error *error)
{
    for (;;) {
        struct span span;
        int rc = source_walk_next(&summarizing->walk, UINT32_MAX, error, &span);
        if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
        if (span.source->entry) {
            rc = add_block(summarizing, &span, error);
            if (rc) return rc;
            continue;
        }
        for (uint32_t at = 0; at < span.count; at += BLOCK_CHUNK_RUNS) {
            uint32_t left = span.count - at;
            rc = add_rows(summarizing, summarizing->walk.log.rows + span.first + at,
                          left < BLOCK_CHUNK_RUNS ? left : BLOCK_CHUNK_RUNS, error);
            if (rc) return rc;
        }
    }
}

static struct pace_summary summary_of(const struct block_summary *from)
{
    double n = (double)from->count;
    if (from->count == 0)
        return (struct pace_summary){
            .mean = (double)NAN, .sd = (double)NAN, .min = (double)NAN, .max = (double)NAN};
    return (struct pace_summary){.count = from->count,
                                 .mean = from->sum / n,
                                 .sd = from->count > 1 ? sqrt(from->m2 / (n - 1)) : (double)NAN,
                                 .min = from->min,
                                 .max = from->max,
                                 .sum = from->sum};
}

int pace_scan_summary(pace_snapshot *snapshot, uint32_t stream, const uint32_t *columns,
                      size_t column_count, const struct pace_range *range, struct pace_error *error,
                      struct pace_summary *out)
{
    static const struct pace_range everything = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};
    struct summarizing summarizing = {.txn = snapshot->txn};
    struct stream_record record;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = snapshot_stream(snapshot, stream, error, &record);
    if (rc) return rc;
    rc = open_columns(&summarizing, stream, &record, columns, column_count, error);
    if (!rc) rc = blocks_cursor(snapshot->txn, error, &summarizing.cursor);
    if (!rc)
        rc = source_walk_open(&summarizing.walk, snapshot->txn, stream, &record,
                              range ? range : &everything, error);
    if (!rc) rc = add_spans(&summarizing, error);
    for (size_t i = 0; !rc && i < column_count; i++) {
        struct block_summary summary = sums_get(&summarizing.sums, i);
        out[summarizing.sums.place[i]] = summary_of(&summary);
    }
    source_walk_close(&summarizing.walk);
    kv_cursor_close(summarizing.cursor);
    sums_free(&summarizing.sums);
    return rc;
}
