/* fold_narrow.c -- the rows of a narrow stream join its newest small block; see fold.h.
 *
 * Where a run has few cells, what a reader pays for is rows, not cells: each is a record of its own.
 * So the rows of such a stream are folded while they are few, into a block that is written again, with
 * them, until it is full. It is small: that costs less than the pages an append touches anyway. */
#include "fold.h"
#include "error.h"
#include "log.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run of the block that is made: from the log, or from the block that it replaces. */
struct joined {
    struct position position;
    uint16_t index; /* among the rows, or the old block's runs */
    uint8_t is_row;
};

struct join {
    struct kv_txn *txn;
    uint32_t stream, columns;
    struct block_entry *old; /* in the list, or NULL: the rows make a block of their own */
    struct block_runs runs;  /* of the old block */
    struct block_group group;
    struct kv_cursor *cursor;
    struct log_rows rows;
    uint32_t row_count; /* the oldest, of these */
    struct joined joined[BLOCK_CHUNK_RUNS];
    uint32_t count;
    /* One column: the old block's cells by place there, then all that are there. */
    struct block_chunk chunk;
    double old_number[3][BLOCK_CHUNK_RUNS];
    uint8_t old_status[BLOCK_CHUNK_RUNS];
    uint16_t run[BLOCK_CHUNK_RUNS];
    uint8_t status[BLOCK_CHUNK_RUNS];
    double number[3][BLOCK_CHUNK_RUNS];
};

int fold_narrow_due(const struct fold_limits *limits, const struct stream_record *record)
{
    return record->column_count <= limits->narrow_columns &&
           record->log_runs >= limits->narrow_runs && !(record->jobs & STREAM_FOLDS);
}

/* -- which runs -------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    return position_compare(&((const struct joined *)a)->position,
                            &((const struct joined *)b)->position);
}

/* The newest small block, if it has room for the rows. */
static struct block_entry *block_with_room(const struct fold_limits *limits,
                                           const struct block_list *list, uint32_t rows)
{
    struct block_entry *entry = list->small ? &list->entries[list->small - 1] : NULL;
    if (!entry || entry->state != BLOCK_SMALL || entry->runs + rows > limits->runs) return NULL;
    return entry;
}

/* Opens what is joined, and puts it in order. */
static int open_join(struct join *join, const struct fold_limits *limits,
                     const struct stream_record *record, const struct block_list *list,
                     struct pace_error *error)
{
    int rc = log_load(join->txn, join->stream, record, error, &join->rows);
    if (rc) return rc;
    join->row_count = join->rows.count < limits->runs ? (uint32_t)join->rows.count : limits->runs;
    join->old = block_with_room(limits, list, join->row_count);
    if (join->old) {
        rc = blocks_runs(join->txn, join->stream, join->old->block, join->old, error, &join->runs);
        if (!rc) rc = blocks_cursor(join->txn, error, &join->cursor);
    }
    if (rc) return rc;
    for (uint32_t i = 0; join->old && i < join->old->runs; i++) {
        struct joined *run = &join->joined[join->count++];
        run->index = (uint16_t)i;
        if (block_runs_position(&join->runs, i, &run->position))
            return blocks_damaged(join->txn, join->stream, join->old->block, error);
    }
    for (uint32_t i = 0; i < join->row_count; i++)
        join->joined[join->count++] = (struct joined){
            .position = log_position(&join->rows.rows[i]), .index = (uint16_t)i, .is_row = 1};
    qsort(join->joined, join->count, sizeof *join->joined, by_position);
    return 0;
}

static void close_join(struct join *join)
{
    log_rows_free(&join->rows);
    kv_cursor_close(join->cursor);
    free(join);
}

/* -- columns ------------------------------------------------------------------------------------- */

/* Reads the old block's cells of a column. *bounded is set when one has a bound. */
static int read_old(struct join *join, uint32_t column, int *bounded, struct pace_error *error)
{
    struct block_slot slot;
    memset(join->old_status, PACE_CELL_ABSENT, sizeof join->old_status);
    if (!join->old || column >= join->old->columns) return 0;
    if (column >= join->group.header.until) {
        int rc = blocks_group(join->txn, join->cursor, join->stream, join->old->block, column,
                              join->old->runs, error, &join->group);
        if (rc) return rc;
    }
    int found = block_group_seek(&join->group, column, &slot);
    if (found == 0 || (found > 0 && slot.column != column)) return 0;
    if (found < 0 || block_chunk_open(&join->group, &slot, 0, &join->chunk))
        return blocks_damaged(join->txn, join->stream, join->old->block, error);
    block_chunk_statuses(&join->chunk, 0, join->chunk.runs, join->old_status);
    for (int part = 0; part < 3; part++)
        block_chunk_read(&join->chunk, (enum block_part)part, 0, join->chunk.runs,
                         join->old_number[part]);
    *bounded |= (join->chunk.lower | join->chunk.upper) != 0;
    return 0;
}

/* Gives a joined run's cell of the column that read_old has read. */
static int read_cell(struct join *join, const struct joined *run, uint32_t column,
                     struct pace_error *error, struct row_cell *cell)
{
    if (!run->is_row) {
        *cell = (struct row_cell){.status = join->old_status[run->index],
                                  .value = join->old_number[BLOCK_VALUE][run->index],
                                  .lower = join->old_number[BLOCK_LOWER][run->index],
                                  .upper = join->old_number[BLOCK_UPPER][run->index]};
        return 0;
    }
    struct row *row = &join->rows.rows[run->index];
    if (row_cell(row, column, cell))
        return error_damaged(error, "%s: cells of run %llu", kv_path(join->txn),
                             (unsigned long long)row->header.run);
    return 0;
}

static int read_column(struct join *join, uint32_t column, struct pace_error *error,
                       struct block_column *out)
{
    uint32_t count = 0;
    int bounded = 0, rc = read_old(join, column, &bounded, error);
    for (uint32_t i = 0; !rc && i < join->count; i++) {
        struct row_cell cell;
        rc = read_cell(join, &join->joined[i], column, error, &cell);
        if (rc || cell.status == PACE_CELL_ABSENT) continue;
        join->run[count] = (uint16_t)i;
        join->status[count] = cell.status;
        join->number[BLOCK_VALUE][count] = cell.value;
        join->number[BLOCK_LOWER][count] = cell.lower;
        join->number[BLOCK_UPPER][count] = cell.upper;
        bounded |= cell.status == PACE_CELL_OK && (!isnan(cell.lower) || !isnan(cell.upper));
        count++;
    }
    *out = (struct block_column){.column = column,
                                 .count = count,
                                 .run = join->run,
                                 .status = join->status,
                                 .value = join->number[BLOCK_VALUE],
                                 .lower = bounded ? join->number[BLOCK_LOWER] : NULL,
                                 .upper = bounded ? join->number[BLOCK_UPPER] : NULL};
    return rc;
}

/* Encodes the block into fold->runs and fold->group. Nothing is stored yet: what is read lies in the
 * store, and lasts until it changes. */
static int encode(struct fold *fold, struct join *join, uint32_t block, struct pace_error *error,
                  struct block_entry *entry)
{
    struct pace_run_view views[BLOCK_CHUNK_RUNS];
    struct key runs_key = key_block_runs(join->stream, block);
    struct key group_key = key_block_group(join->stream, block, 0);
    for (uint32_t i = 0; i < join->count; i++) {
        const struct joined *run = &join->joined[i];
        if (run->is_row)
            views[i] = log_view(&join->rows.rows[run->index]);
        else if (block_runs_view(&join->runs, run->index, &views[i]))
            return blocks_damaged(join->txn, join->stream, join->old->block, error);
    }
    *entry = fold_entry(block, join->columns, BLOCK_SMALL, &views[0], &views[join->count - 1],
                        join->count);
    int rc = fold_encode_runs(fold, join->stream, block, join->columns, views, join->count,
                              &runs_key, error);
    if (rc) return rc;
    block_writer_begin(&fold->writer, join->stream, block, 0, join->count, PACK_AS_IS, &group_key);
    for (uint32_t column = 0; column < join->columns; column++) {
        struct block_column cells;
        rc = read_column(join, column, error, &cells);
        if (rc) return rc;
        if (cells.count && block_writer_column(&fold->writer, &cells)) return error_memory(error);
    }
    return block_writer_end(&fold->writer, join->columns, &fold->group) ? error_memory(error) : 0;
}

/* -- the step ------------------------------------------------------------------------------------ */

/* The encoded block takes the place of the rows and of the old block. */
static int put(struct fold *fold, struct join *join, struct stream_record *record,
               struct block_list *list, const struct block_entry *entry, struct pace_error *error)
{
    struct key key = key_block_runs(join->stream, entry->block);
    struct position rows[BLOCK_CHUNK_RUNS];
    for (uint32_t i = 0; i < join->row_count; i++)
        rows[i] = log_position(&join->rows.rows[i]);
    int rc = kv_put(join->txn, &key, fold->runs.data, fold->runs.len, error);
    key = key_block_group(join->stream, entry->block, 0);
    if (!rc) rc = kv_put(join->txn, &key, fold->group.data, fold->group.len, error);
    if (!rc)
        rc = fold_totals_cover(fold, join->txn, join->stream, record, rows, join->row_count, error);
    if (!rc) rc = log_remove(join->txn, join->stream, record, rows, join->row_count, error);
    if (!rc && join->old) rc = blocks_delete(join->txn, join->stream, join->old, error);
    if (rc) return rc;
    if (join->old)
        *join->old = *entry;
    else if (block_list_add(list, entry))
        return error_memory(error);
    if (merge_due(fold->limits, list)) record->jobs |= STREAM_MERGES;
    return 0;
}

int fold_narrow(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                struct stream_record *record, struct block_list *list, struct pace_error *error)
{
    struct block_entry entry;
    struct join *join = calloc(1, sizeof *join);
    if (!join) return error_memory(error);
    assert(fold->limits->runs <= BLOCK_CHUNK_RUNS);
    join->txn = txn;
    join->stream = stream;
    join->columns = record->column_count;
    int rc = open_join(join, fold->limits, record, list, error);
    if (!rc) rc = encode(fold, join, ++record->next_block, error, &entry);
    if (!rc) rc = put(fold, join, record, list, &entry, error);
    close_join(join);
    return rc;
}
