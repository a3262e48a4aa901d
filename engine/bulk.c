/* bulk.c -- see bulk.h. */
#include "bulk.h"
#include "error.h"
#include "totals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- collecting ------------------------------------------------------------------------------ */

static int has_bounds(const struct row_cell *cell)
{
    return cell->status == PACE_CELL_OK && (!isnan(cell->lower) || !isnan(cell->upper));
}

static int same_columns(const struct bulk_run *like, const struct row_cell *cells, size_t count)
{
    if (!like || like->count != count) return 0;
    for (size_t i = 0; i < count; i++) {
        if (like->columns[i] != cells[i].column) return 0;
    }
    return 1;
}

int bulk_copy(struct arena *arena, const struct log_run *run, const struct bulk_run *like,
              struct bulk_run *out)
{
    size_t count = run->cell_count;
    const struct row_cell *cells = run->cells;
    int statuses = 0, bounds = 0;
    for (size_t i = 0; i < count; i++) {
        statuses |= cells[i].status != PACE_CELL_OK;
        bounds |= has_bounds(&cells[i]);
    }
    const uint32_t *shared = same_columns(like, cells, count) ? like->columns : NULL;
    uint32_t *columns = shared ? NULL : arena_space(arena, count * sizeof *columns);
    double *value = arena_space(arena, count * sizeof *value);
    uint8_t *status = statuses ? arena_array(arena, count, sizeof *status) : NULL;
    double *lower = bounds ? arena_array(arena, count, sizeof *lower) : NULL;
    double *upper = bounds ? arena_array(arena, count, sizeof *upper) : NULL;
    if (arena->failed) return -1;
    for (size_t i = 0; i < count; i++) {
        if (columns) columns[i] = cells[i].column;
        value[i] = cells[i].value;
        if (status) status[i] = cells[i].status;
        if (lower) lower[i] = cells[i].lower;
        if (upper) upper[i] = cells[i].upper;
    }
    *out = (struct bulk_run){.position = run->position,
                             .ran_ns = run->ran_ns,
                             .flags = run->flags,
                             .count = (uint32_t)count,
                             .commit = run->commit,
                             .columns = shared ? shared : columns,
                             .value = value,
                             .status = status,
                             .lower = lower,
                             .upper = upper};
    return 0;
}

struct bulk_run bulk_repeat(const struct log_run *run, const struct bulk_run *like,
                            const double *values)
{
    return (struct bulk_run){.position = run->position,
                             .ran_ns = run->ran_ns,
                             .flags = run->flags,
                             .count = like->count,
                             .commit = run->commit,
                             .columns = like->columns,
                             .value = values};
}

static struct row_cell cell_of(const struct bulk_run *run, uint32_t i)
{
    return (struct row_cell){.column = run->columns[i],
                             .status = run->status ? run->status[i] : PACE_CELL_OK,
                             .value = run->value[i],
                             .lower = run->lower ? run->lower[i] : (double)NAN,
                             .upper = run->upper ? run->upper[i] : (double)NAN};
}

/* -- one block --------------------------------------------------------------------------------- */

/* The first cell of a run whose column is not before `column`. */
static uint32_t cell_at(const struct bulk_run *run, uint32_t column)
{
    uint32_t low = 0, high = run->count;
    if (column < high && run->columns[column] == column) return column; /* no gaps so far */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (run->columns[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t count_cells(const struct bulk_run *runs, uint32_t count, uint32_t from,
                            uint32_t until)
{
    uint64_t cells = 0;
    for (uint32_t i = 0; i < count; i++)
        cells += cell_at(&runs[i], until) - cell_at(&runs[i], from);
    return cells;
}

/* A range of columns of about `cells` cells. */
static uint32_t choose_range(const struct bulk_run *runs, uint32_t count, uint32_t from,
                             uint32_t columns, uint64_t cells)
{
    uint64_t step = cells / count ? cells / count : 1;
    uint64_t until = from + step;
    while (until < columns &&
           count_cells(runs, count, from, (uint32_t)until) + step * count <= cells) {
        step *= 2;
        until += step;
    }
    return until < columns ? (uint32_t)until : columns;
}

/* Whether a run's cells of columns [from, until) are all there, ok and without bounds. */
static int is_whole(const struct bulk_run *run, uint32_t from, uint32_t until)
{
    if (run->status || run->lower || run->upper) return 0;
    uint32_t first = cell_at(run, from);
    return first + (until - from) <= run->count && run->columns[first] == from &&
           run->columns[first + (until - from) - 1] == until - 1;
}

/* Puts the runs from the i-th on that are whole side by side, so that each column's values are
 * written some at a time. How many they were; 0: the i-th is not whole. */
static uint32_t gather_whole(struct gather *gather, const struct bulk_run *runs, uint32_t count,
                             uint32_t i, uint32_t from, uint32_t until)
{
    enum { SIDE_BY_SIDE = 8 };
    const double *values[SIDE_BY_SIDE];
    uint32_t n = 0;
    for (; n < SIDE_BY_SIDE && i + n < count && is_whole(&runs[i + n], from, until); n++)
        values[n] = runs[i + n].value + cell_at(&runs[i + n], from);
    if (n) gather_put_values(gather, i, n, from, until, values);
    return n;
}

/* The values of all runs, when they are whole. */
static int whole_runs(const struct bulk_run *runs, uint32_t count, uint32_t from, uint32_t until,
                      const unsigned char **values)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!is_whole(&runs[i], from, until)) return 0;
        values[i] = (const unsigned char *)(runs[i].value + cell_at(&runs[i], from));
    }
    return 1;
}

static int gather_runs(struct gather *gather, const struct bulk_run *runs, uint32_t count,
                       uint32_t from, uint32_t until)
{
    const unsigned char *values[BLOCK_RUNS_MAX];
    if (whole_runs(runs, count, from, until, values))
        return gather_all(gather, from, until, values, count);
    if (gather_begin(gather, from, until)) return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = cell_at(&runs[i], from), end = cell_at(&runs[i], until);
        if (first == end) continue;
        if (runs[i].columns[end - 1] - runs[i].columns[first] == end - 1 - first) {
            gather_expect(gather, runs[i].columns[first], runs[i].columns[end - 1] + 1, 1);
            continue;
        }
        for (uint32_t at = first; at < end; at++)
            gather_expect(gather, runs[i].columns[at], runs[i].columns[at] + 1, 1);
    }
    if (gather_prepare(gather)) return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t whole = gather_whole(gather, runs, count, i, from, until);
        if (whole) {
            i += whole - 1;
            continue;
        }
        uint32_t end = cell_at(&runs[i], until);
        for (uint32_t at = cell_at(&runs[i], from); at < end; at++) {
            struct row_cell cell = cell_of(&runs[i], at);
            gather_put(gather, i, &cell);
        }
    }
    return 0;
}

/* Adds the summaries of the group that was written last. */
static void add_group(struct sums *sums, const struct block_writer *writer)
{
    for (uint32_t i = 0; i < writer->header.columns; i++)
        sums_add(sums, writer->columns[i].column, &writer->columns[i].summary);
}

/* Writes a block of runs, which are in order, lists it, and adds it to the sums (NULL: none are
 * kept). */
static int put_block(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                     struct stream_record *record, struct block_list *list,
                     const struct bulk_run *runs, uint32_t count, enum block_state state,
                     struct sums *sums, struct pace_error *error)
{
    uint32_t block = ++record->next_block, columns = record->column_count;
    struct pace_run_view *views = calloc(count, sizeof *views);
    if (!views) return error_memory(error);
    for (uint32_t i = 0; i < count; i++)
        views[i] = (struct pace_run_view){.run = runs[i].position.run,
                                          .time_ns = runs[i].position.time_ns,
                                          .ran_ns = runs[i].ran_ns,
                                          .commit = runs[i].commit,
                                          .stream = stream,
                                          .ordinal = runs[i].position.ordinal,
                                          .flags = runs[i].flags,
                                          .cell_count = runs[i].count};
    int rc = fold_put_runs(fold, txn, stream, block, columns, views, count, error);
    struct block_entry entry =
        fold_entry(block, columns, state, &views[0], &views[count - 1], count);
    free(views);
    for (uint32_t from = 0; !rc && from < columns;) {
        uint32_t until = choose_range(runs, count, from, columns, fold->limits->step_cells);
        if (gather_runs(&fold->gather, runs, count, from, until)) return error_memory(error);
        rc = fold_put_group(fold, txn, stream, block, count,
                            state == BLOCK_LARGE ? fold_packing(fold) : PACK_AS_IS, error, &from);
        if (!rc && sums) add_group(sums, &fold->writer);
    }
    if (rc) return rc;
    if (block_list_add(list, &entry)) return error_memory(error);
    for (uint32_t i = 0; i < count; i++)
        stream_count_run(record, &runs[i].position, runs[i].count);
    return 0;
}

/* -- totals ------------------------------------------------------------------------------------ */

/* The totals of a stream while runs are loaded. */
struct bulk_totals {
    int are_kept;
    struct sums sums;
    uint64_t last_run;
};

/* Begins with the totals so far, with all rows in them. */
static int begin_totals(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                        struct stream_record *record, struct bulk_totals *totals,
                        struct pace_error *error)
{
    *totals = (struct bulk_totals){.are_kept = fold->limits->totals_rows || record->totals_runs};
    if (!totals->are_kept) return 0;
    int rc = fold_totals(fold, txn, stream, record, error);
    totals->are_kept = !rc && totals_possible(record);
    if (!totals->are_kept) return rc;
    if (totals_sums(record, &totals->sums)) return error_memory(error);
    totals->last_run = record->totals_last;
    return record->totals_runs ? totals_read(txn, stream, record, &totals->sums, error) : 0;
}

/* Adds runs that go to the log. */
static void add_runs(struct sums *sums, const struct bulk_run *runs, size_t count)
{
    for (size_t r = 0; r < count; r++) {
        for (uint32_t i = 0; i < runs[r].count; i++) {
            struct row_cell cell = cell_of(&runs[r], i);
            struct block_summary one = {
                .count = 1, .min = cell.value, .max = cell.value, .sum = cell.value};
            if (cell.status == PACE_CELL_OK) sums_add(sums, cell.column, &one);
        }
    }
}

static int end_totals(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                      struct stream_record *record, struct bulk_totals *totals,
                      const struct bulk_run *runs, size_t count, struct pace_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i].position.run > totals->last_run) totals->last_run = runs[i].position.run;
    }
    return totals_put(txn, stream, record, &totals->sums, record->run_count, totals->last_run,
                      &fold->totals, error);
}

/* -- all of them ------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    return position_compare(&((const struct bulk_run *)a)->position,
                            &((const struct bulk_run *)b)->position);
}

/* Mostly they are in order. */
static void sort(struct bulk_run *runs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (by_position(&runs[i - 1], &runs[i]) < 0) continue;
        qsort(runs, count, sizeof *runs, by_position);
        return;
    }
}

/* Appends runs to the log, with the folds that this makes due. */
static int put_rows(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                    struct stream_record *record, const struct bulk_run *runs, size_t count,
                    struct row_buffer *buffer, struct pace_error *error)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        struct row_cell *cells = malloc(runs[i].count * sizeof *cells);
        if (!cells) return error_memory(error);
        for (uint32_t j = 0; j < runs[i].count; j++)
            cells[j] = cell_of(&runs[i], j);
        struct log_run row = {.is_short = (fold->forms & FORMAT_SHORT) != 0,
                              .position = runs[i].position,
                              .ran_ns = runs[i].ran_ns,
                              .flags = runs[i].flags,
                              .commit = runs[i].commit,
                              .cells = cells,
                              .cell_count = runs[i].count};
        rc = log_put(txn, stream, record, &row, buffer, error);
        free(cells);
        if (!rc) rc = fold_step(fold, txn, stream, record, runs[i].count, error);
    }
    return rc;
}

/* Goes on with what is due, as far as the new cells pay for it: each is moved at most once more. */
static int catch_up(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                    struct stream_record *record, uint64_t cells, struct pace_error *error)
{
    int rc = 0;
    for (uint64_t spent = 0; !rc && spent < 2 * cells && fold_wanted(fold->limits, record);
         spent += fold->limits->step_cells)
        rc = fold_step(fold, txn, stream, record, 0, error);
    return rc;
}

/* How many of `count` runs make the next large block: what comes after the newest, as many as it
 * holds, or more than the half. 0: too few. */
static uint32_t large_runs(const struct fold_limits *limits, const struct stream_record *record,
                           size_t count)
{
    size_t newest = (size_t)limits->keep_runs + fold_kept_rows(limits, record);
    size_t older = count > newest ? count - newest : 0;
    if (older >= limits->large_runs) return limits->large_runs;
    older -= older % limits->runs; /* so that what is left fills small blocks as before */
    return older > limits->large_runs / 2 ? (uint32_t)older : 0;
}

/* Writes blocks of as many of the runs as fill some; *at is the first of the others. */
static int put_blocks(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                      struct stream_record *record, const struct bulk_run *runs, size_t count,
                      struct sums *sums, struct pace_error *error, size_t *at)
{
    const struct fold_limits *limits = fold->limits;
    struct block_list list;
    int rc = block_list_load(txn, stream, record, error, &list);
    uint32_t large = rc ? 0 : list.large, n;
    *at = 0;
    while (!rc && (n = large_runs(limits, record, count - *at)) > 0) {
        rc = put_block(fold, txn, stream, record, &list, runs + *at, n, BLOCK_LARGE, sums, error);
        *at += n;
    }
    while (!rc && count - *at >= limits->runs + fold_kept_rows(limits, record)) {
        rc = put_block(fold, txn, stream, record, &list, runs + *at, limits->runs, BLOCK_SMALL,
                       sums, error);
        *at += limits->runs;
    }
    if (!rc && merge_due(limits, &list)) record->jobs |= STREAM_MERGES;
    if (!rc) rc = block_list_store(txn, stream, record, &list, large, error);
    block_list_free(&list);
    return rc;
}

int bulk_store(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               struct bulk_run *runs, size_t count, struct row_buffer *buffer,
               struct pace_error *error)
{
    struct bulk_totals totals;
    uint64_t cells = 0;
    size_t at = 0;
    if (count < fold->limits->direct_runs || count < fold->limits->runs)
        return put_rows(fold, txn, stream, record, runs, count, buffer, error);
    for (size_t i = 0; i < count; i++)
        cells += runs[i].count;
    sort(runs, count);
    int rc = begin_totals(fold, txn, stream, record, &totals, error);
    if (!rc && totals.are_kept) record->totals_runs = record->totals_last = 0; /* until the end */
    if (!rc)
        rc = put_blocks(fold, txn, stream, record, runs, count,
                        totals.are_kept ? &totals.sums : NULL, error, &at);
    if (!rc && totals.are_kept) add_runs(&totals.sums, runs + at, count - at);
    if (!rc) rc = put_rows(fold, txn, stream, record, runs + at, count - at, buffer, error);
    if (!rc && totals.are_kept)
        rc = end_totals(fold, txn, stream, record, &totals, runs, count, error);
    sums_free(&totals.sums);
    return rc ? rc : catch_up(fold, txn, stream, record, cells, error);
}
