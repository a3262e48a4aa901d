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
    struct block_sum *columns; /* by column; place: among the caller's */
    size_t count;
};

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct block_sum *)a)->column;
    uint32_t right = ((const struct block_sum *)b)->column;
    return left < right ? -1 : left > right;
}

static int open_columns(struct summarizing *summarizing, uint32_t stream,
                        const struct stream_record *record, const uint32_t *columns, size_t count,
                        struct pace_error *error)
{
    summarizing->columns = calloc(count + 1, sizeof *summarizing->columns);
    if (!summarizing->columns) return error_memory(error);
    summarizing->count = count;
    for (size_t i = 0; i < count; i++) {
        if (columns[i] >= record->column_count)
            return error_set(error, PACE_ENOTFOUND, "stream %u has no column %u", stream,
                             columns[i]);
        summarizing->columns[i] = (struct block_sum){.column = columns[i], .place = (uint32_t)i};
    }
    qsort(summarizing->columns, count, sizeof *summarizing->columns, by_column);
    return 0;
}

/* -- the log ----------------------------------------------------------------------------------- */

/* Rows of one part, and the ok values of columns that lie in one group. */
struct tile {
    struct row rows[BLOCK_CHUNK_RUNS];
    uint32_t count;
    double values[ROW_GROUP_SLOTS][BLOCK_CHUNK_RUNS];
    uint32_t used[ROW_GROUP_SLOTS];
};

static int open_part(struct summarizing *summarizing, const struct row *rows, uint8_t part,
                     struct pace_error *error, struct tile *tile)
{
    for (uint32_t k = 0; k < tile->count; k++) {
        int rc = 0;
        tile->rows[k] = rows[k];
        if (!(rows[k].header.parts >> part & 1))
            tile->rows[k].data = NULL;
        else if (part)
            rc = log_part(summarizing->txn, &rows[k], part, error, &tile->rows[k]);
        if (rc) return rc;
    }
    return 0;
}

/* Reads one row's cells of columns [i, end), which lie in one group. */
static int read_row(struct summarizing *summarizing, struct tile *tile, struct row *row, size_t i,
                    size_t end, struct pace_error *error)
{
    const struct block_sum *columns = summarizing->columns;
    uint32_t group = columns[i].column / ROW_GROUP_SLOTS * ROW_GROUP_SLOTS;
    const unsigned char *plain = row_plain(row, group, columns[end - 1].column);
    for (size_t j = i; j < end; j++) {
        uint32_t slot = columns[j].column - group;
        struct row_cell cell = {.status = PACE_CELL_OK};
        if (j > i && columns[j].column == columns[j - 1].column) continue; /* asked for twice */
        if (plain)
            memcpy(&cell.value, plain + 8 * (size_t)slot, 8);
        else if (row_cell(row, columns[j].column, &cell))
            return error_damaged(error, "%s: cells of run %llu", kv_path(summarizing->txn),
                                 (unsigned long long)row->header.run);
        if (cell.status == PACE_CELL_OK) tile->values[slot][tile->used[slot]++] = cell.value;
    }
    return 0;
}

/* Adds the cells of up to 64 rows. */
static int add_rows(struct summarizing *summarizing, const struct row *rows, uint32_t count,
                    struct pace_error *error)
{
    struct tile tile;
    struct block_sum *columns = summarizing->columns;
    int part = -1, rc = 0;
    tile.count = count;
    for (size_t i = 0, end; !rc && i < summarizing->count; i = end) {
        uint32_t group = columns[i].column / ROW_GROUP_SLOTS;
        int own = (int)(columns[i].column / ROW_PART_COLUMNS);
        end = i + 1;
        while (end < summarizing->count && columns[end].column / ROW_GROUP_SLOTS == group)
            end++;
        if (own != part) rc = open_part(summarizing, rows, (uint8_t)own, error, &tile);
        part = own;
        memset(tile.used, 0, sizeof tile.used);
        for (uint32_t k = 0; !rc && k < count; k++) {
            if (tile.rows[k].data) rc = read_row(summarizing, &tile, &tile.rows[k], i, end, error);
        }
        for (size_t j = i; !rc && j < end; j++) {
            uint32_t slot = columns[j].column % ROW_GROUP_SLOTS;
            struct block_summary more = block_summarize(tile.values[slot], tile.used[slot]);
            block_summary_add(&columns[j].summary, &more);
        }
    }
    return rc;
}

/* -- blocks ---------------------------------------------------------------------------------- */

/* Adds the values of runs [first, end) of one column of a block. */
static int add_chunks(struct summarizing *summarizing, struct block_sum *column,
                      const struct block_group *group, struct block_slot *slot, uint32_t first,
                      uint32_t end, struct pace_error *error)
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
        for (uint32_t i = from; i < until; i++) {
            if (chunk.ok >> i & 1) values[n++] = values[i];
        }
        struct block_summary more = block_summarize(values, n);
        block_summary_add(&column->summary, &more);
        first += until - from;
    }
    return 0;
}

/* Adds some runs of the columns [i, end), which a group covers. */
static int add_part(struct summarizing *summarizing, const struct span *span,
                    struct block_group *group, size_t i, size_t end, struct pace_error *error)
{
    for (; i < end; i++) {
        struct block_sum *column = &summarizing->columns[i];
        struct block_slot slot;
        int found = block_group_seek(group, column->column, &slot);
        if (found < 0)
            return blocks_damaged(summarizing->txn, group->header.stream, group->header.block,
                                  error);
        if (!found || slot.column != column->column) continue;
        int rc = add_chunks(summarizing, column, group, &slot, span->first,
                            span->first + span->count, error);
        if (rc) return rc;
    }
    return 0;
}

/* Adds some runs of a block, from its summaries when they are all. */
static int add_block(struct summarizing *summarizing, const struct span *span,
                     struct pace_error *error)
{
    const struct block_entry *entry = span->source->entry;
    struct block_sum *columns = summarizing->columns;
    uint32_t stream = summarizing->walk.stream;
    size_t i = 0, count = summarizing->count;
    while (i < count && columns[i].column < entry->columns) {
        struct block_group group;
        size_t done = 0;
        int rc = blocks_group(summarizing->txn, summarizing->cursor, stream, entry->block,
                              columns[i].column, entry->runs, error, &group);
        if (rc) return rc;
        if (span->count == entry->runs) {
            if (block_group_add(&group, columns + i, count - i, &done))
                return blocks_damaged(summarizing->txn, stream, entry->block, error);
        } else {
            while (i + done < count && columns[i + done].column < group.header.until)
                done++;
            rc = add_part(summarizing, span, &group, i, i + done, error);
            if (rc) return rc;
        }
        i += done;
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
    if (!rc) rc = kv_cursor_open(snapshot->txn, error, &summarizing.cursor);
    if (!rc)
        rc = source_walk_open(&summarizing.walk, snapshot->txn, stream, &record,
                              range ? range : &everything, error);
    if (!rc) rc = add_spans(&summarizing, error);
    for (size_t i = 0; !rc && i < column_count; i++)
        out[summarizing.columns[i].place] = summary_of(&summarizing.columns[i].summary);
    source_walk_close(&summarizing.walk);
    kv_cursor_close(summarizing.cursor);
    free(summarizing.columns);
    return rc;
}
