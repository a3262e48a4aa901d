/* summary.c -- pace_scan_summary: counts, means, deviations and extremes of columns.
 *
 * All of a history is answered from the totals of its stream, and the few rows that came after
 * them. In a range, blocks that lie in it as a whole answer from their summaries, and the rest is
 * read: chunks of blocks, rows of the log. */
#include "summary.h"
#include "row_sums.h"
#include "snapshot.h"
#include "source.h"
#include "totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct summarizing {
    struct kv_txn *txn;
    struct kv_cursor *cursor;
    struct source_walk walk;
    struct sums *sums;
};

static const struct pace_range everything = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};

struct wanted {
    uint32_t column, place;
};

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct wanted *)a)->column, right = ((const struct wanted *)b)->column;
    return left < right ? -1 : left > right;
}

static int open_columns(struct sums *sums, uint32_t stream, const struct stream_record *record,
                        const uint32_t *columns, size_t count, struct pace_error *error)
{
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
        block_chunk_read(&chunk, BLOCK_VALUE, from, until - from, values);
        for (uint32_t k = from; k < until; k++) {
            if (chunk.ok >> k & 1) values[n++] = values[k - from];
        }
        struct block_summary more = block_summarize(values, n);
        sums_add(summarizing->sums, i, &more);
        first += until - from;
    }
    return 0;
}

/* Adds some runs of the columns [i, end), which a group covers. */
static int add_part(struct summarizing *summarizing, const struct span *span,
                    struct block_group *group, size_t i, size_t end, struct pace_error *error)
{
    for (; i < end; i++) {
        uint32_t column = summarizing->sums->column[i];
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
    struct sums *sums = summarizing->sums;
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
        if (span.source->entry)
            rc = add_block(summarizing, &span, error);
        else
            rc = row_sums_add(summarizing->txn, summarizing->walk.log.rows + span.first, span.count,
                              summarizing->sums, error);
        if (rc) return rc;
    }
}

int summary_read(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                 const struct pace_range *range, struct sums *sums, struct pace_error *error)
{
    struct summarizing summarizing = {.txn = txn, .sums = sums};
    int rc = blocks_cursor(txn, error, &summarizing.cursor);
    if (rc) return rc;
    rc = source_walk_open(&summarizing.walk, txn, stream, record, range ? range : &everything, NULL,
                          error);
    if (!rc) rc = add_spans(&summarizing, error);
    source_walk_close(&summarizing.walk);
    kv_cursor_close(summarizing.cursor);
    return rc;
}

int summary_read_totals(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                        struct sums *sums, struct pace_error *error)
{
    struct log_rows rows;
    int rc = totals_read(txn, stream, record, sums, error);
    if (!rc) rc = totals_pending(txn, stream, record, error, &rows);
    if (rc) return rc;
    rc = row_sums_add(txn, rows.rows, rows.count, sums, error);
    log_rows_free(&rows);
    return rc;
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

static int is_everything(const struct pace_range *range)
{
    return !range ||
           (range->from_ns == INT64_MIN && range->until_ns == INT64_MAX && range->last == 0);
}

int pace_scan_summary(pace_snapshot *snapshot, uint32_t stream, const uint32_t *columns,
                      size_t column_count, const struct pace_range *range, struct pace_error *error,
                      struct pace_summary *out)
{
    struct sums sums = {0}; /* place: among the caller's columns */
    struct stream_record record;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = snapshot_stream(snapshot, stream, error, &record);
    if (rc) return rc;
    rc = open_columns(&sums, stream, &record, columns, column_count, error);
    if (!rc && is_everything(range) && record.totals_runs)
        rc = summary_read_totals(snapshot->txn, stream, &record, &sums, error);
    else if (!rc)
        rc = summary_read(snapshot->txn, stream, &record, range, &sums, error);
    for (size_t i = 0; !rc && i < column_count; i++) {
        struct block_summary summary = sums_get(&sums, i);
        out[sums.place[i]] = summary_of(&summary);
    }
    sums_free(&sums);
    return rc;
}
