/* bulk.c -- see bulk.h. */
#include "bulk.h"
#include "error.h"

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

static int gather_runs(struct gather *gather, const struct bulk_run *runs, uint32_t count,
                       uint32_t from, uint32_t until)
{
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
        uint32_t end = cell_at(&runs[i], until);
        for (uint32_t at = cell_at(&runs[i], from); at < end; at++) {
            struct row_cell cell = cell_of(&runs[i], at);
            gather_put(gather, i, &cell);
        }
    }
    return 0;
}

/* Writes a block of runs, which are in order, and lists it. */
static int put_block(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                     struct stream_record *record, struct block_list *list,
                     const struct bulk_run *runs, uint32_t count, enum block_state state,
                     struct pace_error *error)
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
        rc = fold_put_group(fold, txn, stream, block, count, state == BLOCK_LARGE, error, &from);
    }
    if (rc) return rc;
    if (block_list_add(list, &entry)) return error_memory(error);
    for (uint32_t i = 0; i < count; i++)
        stream_count_run(record, &runs[i].position, runs[i].count);
    return 0;
}

/* -- all of them ------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    return position_compare(&((const struct bulk_run *)a)->position,
                            &((const struct bulk_run *)b)->position);
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
        struct log_run row = {.position = runs[i].position,
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

int bulk_store(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               struct bulk_run *runs, size_t count, struct row_buffer *buffer,
               struct pace_error *error)
{
    const struct fold_limits *limits = fold->limits;
    struct block_list list;
    uint64_t cells = 0;
    size_t at = 0;
    if (count < limits->direct_runs || count < limits->runs)
        return put_rows(fold, txn, stream, record, runs, count, buffer, error);
    for (size_t i = 0; i < count; i++)
        cells += runs[i].count;
    qsort(runs, count, sizeof *runs, by_position);
    int rc = block_list_load(txn, stream, record, error, &list);
    uint32_t large = rc ? 0 : list.large;
    while (!rc && count - at >= (size_t)limits->large_runs + limits->keep_runs) {
        rc = put_block(fold, txn, stream, record, &list, runs + at, limits->large_runs, BLOCK_LARGE,
                       error);
        at += limits->large_runs;
    }
    while (!rc && count - at >= limits->runs) {
        rc = put_block(fold, txn, stream, record, &list, runs + at, limits->runs, BLOCK_SMALL,
                       error);
        at += limits->runs;
    }
    if (!rc && merge_due(limits, &list)) record->jobs |= STREAM_MERGES;
    if (!rc) rc = block_list_store(txn, stream, record, &list, large, error);
    block_list_free(&list);
    if (!rc) rc = put_rows(fold, txn, stream, record, runs + at, count - at, buffer, error);
    return rc ? rc : catch_up(fold, txn, stream, record, cells, error);
}
