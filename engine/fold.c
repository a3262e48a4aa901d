/* fold.c -- rows of the log become a small block; see fold.h. */
#include "fold.h"
#include "error.h"
#include "log.h"
#include "totals.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct fold_limits fold_limits_default = {
    .runs = BLOCK_CHUNK_RUNS,
    .cells = 256 * 1024 / sizeof(double),
    .least_runs = 8,
    .keep_rows = 65, /* a window of 64 and the run that is judged by it */
    .large_runs = BLOCK_RUNS_MAX,
    .keep_runs = 128,
    .step_cells = 64 * 1024,
    .step_factor = 4, /* each cell is moved twice: twice as fast as they come is enough */
    .direct_runs = BLOCK_CHUNK_RUNS,
    .narrow_columns = 32,
    .narrow_runs = 8,
    .totals_rows = BLOCK_CHUNK_RUNS / 3 + 1,
};

void fold_free(struct fold *fold)
{
    gather_free(&fold->gather);
    block_writer_free(&fold->writer);
    row_buffer_free(&fold->runs);
    row_buffer_free(&fold->group);
    row_buffer_free(&fold->totals);
}

/* -- writing a block ------------------------------------------------------------------------- */

struct block_entry fold_entry(uint32_t block, uint32_t columns, enum block_state state,
                              const struct pace_run_view *first, const struct pace_run_view *last,
                              uint32_t runs)
{
    return (struct block_entry){.first_time_ns = first->time_ns,
                                .last_time_ns = last->time_ns,
                                .first_run = first->run,
                                .last_run = last->run,
                                .first_ordinal = first->ordinal,
                                .last_ordinal = last->ordinal,
                                .block = block,
                                .runs = runs,
                                .columns = columns,
                                .state = (uint32_t)state};
}

int fold_encode_runs(struct fold *fold, uint32_t stream, uint32_t block, uint32_t columns,
                     const struct pace_run_view *runs, size_t count, const struct key *key,
                     struct pace_error *error)
{
    const struct block_runs_header header = {
        .stream = stream,
        .block = block,
        .runs = (uint32_t)count,
        .columns = columns,
        .form = fold->forms & FORMAT_KEYS ? BLOCK_RUNS_KEYS : BLOCK_RUNS_TOGETHER};
    return block_runs_encode(&fold->runs, &header, runs, key) ? error_memory(error) : 0;
}

int fold_put_runs(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                  uint32_t columns, const struct pace_run_view *runs, size_t count,
                  struct pace_error *error)
{
    struct key key = key_block_runs(stream, block);
    int rc = fold_encode_runs(fold, stream, block, columns, runs, count, &key, error);
    return rc ? rc : kv_put(txn, &key, fold->runs.data, fold->runs.len, error);
}

int fold_end_group(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                   uint32_t until, struct pace_error *error)
{
    struct key key = key_block_group(stream, block, fold->writer.header.from);
    unsigned char *record;
    int rc = kv_put_space(txn, &key, block_writer_close(&fold->writer, until), error, &record);
    if (!rc) block_writer_put(&fold->writer, record);
    return rc;
}

int fold_put_group(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                   uint32_t runs, enum pack_how how, struct pace_error *error, uint32_t *until)
{
    const struct gather *gather = &fold->gather;
    struct key key = key_block_group(stream, block, gather->from);
    uint32_t column = gather->from;
    block_writer_begin(&fold->writer, stream, block, gather->from, runs, how, &key);
    for (; column < gather->until && !block_writer_full(&fold->writer); column++) {
        struct block_column cells;
        gather_column(gather, column, &cells);
        if (cells.count && block_writer_column(&fold->writer, &cells)) return error_memory(error);
    }
    *until = column;
    return fold_end_group(fold, txn, stream, block, column, error);
}

/* -- a fold under way ------------------------------------------------------------------------ */

/* The rows of a fold: those that were the oldest when it began. */
struct folding {
    struct kv_txn *txn;
    uint32_t stream, columns, count;
    struct position positions[BLOCK_CHUNK_RUNS];
    struct row rows[BLOCK_CHUNK_RUNS]; /* of the part in hand */
    int there[BLOCK_CHUNK_RUNS];       /* the row has that part */
};

/* A narrow stream keeps none: its rows join the newest block. */
uint32_t fold_kept_rows(const struct fold_limits *limits, const struct stream_record *record)
{
    uint64_t room = limits->cells / (record->column_count ? record->column_count : 1);
    if (record->column_count <= limits->narrow_columns) return 0;
    return room < limits->keep_rows ? (uint32_t)room : limits->keep_rows;
}

/* How many of the oldest of some rows are folded. */
static size_t count_oldest(const struct fold_limits *limits, const struct stream_record *record,
                           size_t rows)
{
    size_t kept = fold_kept_rows(limits, record);
    if (kept > rows / 2) kept = rows / 2;
    return rows - kept < limits->runs ? rows - kept : limits->runs;
}

/* Takes the oldest rows and gives them a block. */
static int begin(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                 struct stream_record *record, struct block_list *list, struct pace_error *error)
{
    struct pace_run_view views[BLOCK_CHUNK_RUNS];
    struct log_rows rows;
    int rc = log_load(txn, stream, record, error, &rows);
    if (rc) return rc;
    size_t count = count_oldest(fold->limits, record, rows.count);
    assert(count > 0 && count <= BLOCK_CHUNK_RUNS);
    for (size_t i = 0; i < count; i++)
        views[i] = log_view(&rows.rows[i]);
    list->jobs.fold = (struct block_job){.block = ++record->next_block};
    rc = fold_put_runs(fold, txn, stream, record->next_block, record->column_count, views, count,
                       error);
    log_rows_free(&rows);
    record->jobs |= STREAM_FOLDS;
    return rc;
}

/* Opens the rows' part that has `column`. */
static int open_rows(struct folding *folding, uint32_t column, struct pace_error *error)
{
    uint8_t part = (uint8_t)(column / ROW_PART_COLUMNS);
    for (uint32_t i = 0; i < folding->count; i++) {
        struct row *row = &folding->rows[i];
        int rc = log_get(folding->txn, folding->stream, &folding->positions[i], 0, error, row);
        if (rc == PACE_ENOTFOUND)
            return error_damaged(error, "%s: run %llu", kv_path(folding->txn),
                                 (unsigned long long)folding->positions[i].run);
        if (rc) return rc;
        folding->there[i] = (row->header.parts >> part & 1) != 0;
        if (part == 0 || !folding->there[i]) continue;
        struct row first = *row;
        rc = log_part(folding->txn, &first, part, error, row);
        if (rc) return rc;
    }
    return 0;
}

static int damaged_cells(const struct folding *folding, uint32_t i, struct pace_error *error)
{
    return error_damaged(error, "%s: cells of run %llu", kv_path(folding->txn),
                         (unsigned long long)folding->positions[i].run);
}

static int count_cells(struct folding *folding, uint32_t from, uint32_t until,
                       struct pace_error *error, uint64_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < folding->count; i++) {
        uint32_t first, end;
        if (!folding->there[i]) continue;
        if (row_slots(&folding->rows[i], from, until, &first, &end))
            return damaged_cells(folding, i, error);
        *count += end - first;
    }
    return 0;
}

/* The end of a range of columns that begins at `from`, lies in one part and has about `cells`
 * cells. */
static int choose_range(struct folding *folding, uint32_t from, uint64_t cells,
                        struct pace_error *error, uint32_t *until)
{
    uint32_t limit = (from / ROW_PART_COLUMNS + 1) * ROW_PART_COLUMNS;
    if (limit > folding->columns) limit = folding->columns;
    uint32_t low = from + 1, high = limit; /* the end is in [low, high] */
    if (cells / folding->count >= limit - from) low = limit;
    while (low < high) {
        uint32_t middle = high - (high - low) / 2;
        uint64_t count;
        int rc = count_cells(folding, from, middle, error, &count);
        if (rc) return rc;
        if (count <= cells)
            low = middle;
        else
            high = middle - 1;
    }
    *until = low;
    return 0;
}

/* The values of a range of columns of all rows, where each row has all of them, ok and without bounds.
 * *are_whole: it is so. */
static int whole_rows(struct folding *folding, uint32_t from, uint32_t until,
                      struct pace_error *error, const unsigned char **values, int *are_whole)
{
    *are_whole = 0;
    for (uint32_t i = 0; i < folding->count; i++) {
        struct row *row = &folding->rows[i];
        uint32_t end = 0;
        if (!folding->there[i]) return 0;
        const unsigned char *first = row_values(row, &end);
        if (!first || from < row->header.base || until > end) return 0;
        values[i] = first + 8 * (size_t)(from - row->header.base);
    }
    for (uint32_t i = 0; i < folding->count; i++)
        if (row_check(&folding->rows[i], from, until)) return damaged_cells(folding, i, error);
    *are_whole = 1;
    return 0;
}

/* Reads the cells of a range of columns. */
static int gather_rows(struct folding *folding, struct gather *gather, uint32_t from,
                       uint32_t until, struct pace_error *error)
{
    const unsigned char *values[BLOCK_CHUNK_RUNS];
    int are_whole, rc = whole_rows(folding, from, until, error, values, &are_whole);
    if (rc) return rc;
    if (are_whole)
        return gather_all(gather, from, until, values, folding->count) ? error_memory(error) : 0;
    if (gather_begin(gather, from, until)) return error_memory(error);
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < folding->count; i++) {
            struct row *row = &folding->rows[i];
            uint32_t slot, end;
            if (!folding->there[i]) continue;
            if (row_slots(row, from, until, &slot, &end)) return damaged_cells(folding, i, error);
            if (pass == 0 && row->header.form & ROW_DENSE) {
                gather_expect(gather, row->header.base + slot, row->header.base + end, 1);
                continue;
            }
            for (; slot < end; slot++) {
                struct row_cell cell;
                if (row_slot(row, slot, &cell) || cell.column < from || cell.column >= until)
                    return damaged_cells(folding, i, error);
                if (pass == 0)
                    gather_expect(gather, cell.column, cell.column + 1, 1);
                else if (cell.status != PACE_CELL_ABSENT)
                    gather_put(gather, i, &cell);
            }
        }
        if (pass == 0 && gather_prepare(gather)) return error_memory(error);
    }
    return 0;
}

/* The block is whole: it takes the place of its rows. */
static int finish(struct fold *fold, struct folding *folding, struct stream_record *record,
                  struct block_list *list, const struct block_entry *entry,
                  struct pace_error *error)
{
    int rc = fold_totals_cover(fold, folding->txn, folding->stream, record, folding->positions,
                               folding->count, error);
    if (!rc)
        rc = log_remove(folding->txn, folding->stream, record, folding->positions, folding->count,
                        error);
    if (rc) return rc;
    if (block_list_add(list, entry)) return error_memory(error);
    list->jobs.fold = (struct block_job){0};
    record->jobs &= ~(uint32_t)STREAM_FOLDS;
    if (merge_due(fold->limits, list)) record->jobs |= STREAM_MERGES;
    return 0;
}

/* One group of columns of the block that is being made. */
static int continue_fold(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                         struct stream_record *record, struct block_list *list, uint64_t cells,
                         struct pace_error *error)
{
    struct folding folding = {.txn = txn, .stream = stream};
    struct block_job *job = &list->jobs.fold;
    struct block_runs runs;
    struct pace_run_view first, last;
    int rc = blocks_runs(txn, stream, job->block, NULL, error, &runs);
    if (rc) return rc;
    folding.count = runs.header.runs;
    folding.columns = runs.header.columns;
    int bad = folding.count > BLOCK_CHUNK_RUNS || job->next_column >= folding.columns ||
              block_runs_view(&runs, 0, &first) || block_runs_view(&runs, folding.count - 1, &last);
    for (uint32_t i = 0; !bad && i < folding.count; i++)
        bad = block_runs_position(&runs, i, &folding.positions[i]);
    if (bad) return blocks_damaged(txn, stream, job->block, error);
    struct block_entry entry =
        fold_entry(job->block, folding.columns, BLOCK_SMALL, &first, &last, folding.count);

    uint32_t until = 0;
    rc = open_rows(&folding, job->next_column, error);
    if (!rc) rc = choose_range(&folding, job->next_column, cells, error, &until);
    if (!rc) rc = gather_rows(&folding, &fold->gather, job->next_column, until, error);
    if (!rc)
        rc =
            fold_put_group(fold, txn, stream, job->block, folding.count, PACK_AS_IS, error, &until);
    if (rc) return rc;
    job->next_column = until;
    return until < folding.columns ? 0 : finish(fold, &folding, record, list, &entry, error);
}

/* -- steps ----------------------------------------------------------------------------------- */

static int fold_due(const struct fold_limits *limits, const struct stream_record *record)
{
    uint32_t kept = fold_kept_rows(limits, record), shares = kept ? 2 : 1; /* one is folded */
    return record->jobs & STREAM_FOLDS || fold_narrow_due(limits, record) ||
           record->log_runs >= limits->runs + kept ||
           (record->log_cells >= shares * limits->cells &&
            record->log_runs >= shares * limits->least_runs);
}

int fold_wanted(const struct fold_limits *limits, const struct stream_record *record)
{
    return fold_due(limits, record) || record->jobs & STREAM_MERGES;
}

static int totals_due(const struct fold_limits *limits, const struct stream_record *record)
{
    return limits->totals_rows && totals_possible(record) &&
           record->run_count - record->totals_runs >= limits->totals_rows;
}

int fold_step(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
              uint64_t cells, struct pace_error *error)
{
    struct block_list list;
    if (totals_due(fold->limits, record)) {
        int rc = fold_totals(fold, txn, stream, record, error);
        if (rc) return rc;
    }
    if (!fold_wanted(fold->limits, record)) return 0;
    cells *= fold->limits->step_factor;
    if (cells < fold->limits->step_cells) cells = fold->limits->step_cells;
    int rc = block_list_load(txn, stream, record, error, &list);
    if (rc) return rc;
    if (fold_narrow_due(fold->limits, record)) {
        rc = fold_narrow(fold, txn, stream, record, &list, error);
        if (!rc) rc = block_list_store(txn, stream, record, &list, list.large, error);
    } else if (fold_due(fold->limits, record)) {
        if (!list.jobs.fold.block) rc = begin(fold, txn, stream, record, &list, error);
        if (!rc) rc = continue_fold(fold, txn, stream, record, &list, cells, error);
        if (!rc) rc = block_list_store(txn, stream, record, &list, list.large, error);
    } else {
        rc = merge_step(fold, txn, stream, record, &list, cells, error);
    }
    block_list_free(&list);
    return rc;
}
