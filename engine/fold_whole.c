/* fold_whole.c -- a stream folded as far as it gets smaller by it; see fold.h.
 *
 * What was under way is ended first. Then all rows become small blocks, and these large ones. Large
 * blocks that are at most half full, the leftovers of earlier compactions, are folded again with what
 * came since, so that many compactions leave no trail of them. */
#include "error.h"
#include "fold.h"
#include "summary.h"

enum {
    ROW_BYTES = 80,    /* of a row beside its values */
    SAVED_BYTES = 4,   /* of a packed value, about */
    COLUMN_BYTES = 56, /* of a column in a block beside its values */
};

void fold_whole_init(struct fold_whole *whole, const struct fold_limits *limits)
{
    *whole = (struct fold_whole){.limits = *limits, .ordinary = limits};
    whole->limits.all = 1;
    whole->limits.keep_runs = whole->limits.keep_rows = whole->limits.narrow_columns = 0;
    whole->limits.cells = whole->limits.least_runs = 1;
}

void fold_whole_free(struct fold_whole *whole)
{
    fold_free(&whole->fold);
}

static int ordinary_is_due(const struct fold_whole *whole, const struct stream_record *record)
{
    return fold_wanted(whole->ordinary, record);
}

/* 1 when the rows take less space as columns. */
static int rows_shrink(const struct stream_record *record)
{
    return record->log_cells * SAVED_BYTES + (uint64_t)record->log_runs * ROW_BYTES >
           (uint64_t)record->column_count * COLUMN_BYTES;
}

/* Large blocks that are folded again. */
static uint32_t count_partial(const struct fold_whole *whole, const struct block_list *list)
{
    uint32_t partial = 0;
    for (uint32_t i = list->small; i < list->small + list->large; i++)
        partial += list->entries[i].runs <= whole->limits.large_runs / 2;
    return partial;
}

/* Lists them among the small ones. */
static int reopen(const struct fold_whole *whole, struct block_list *list, struct pace_error *error)
{
    uint32_t count = list->small + list->large;
    struct block_list sorted = {.jobs = list->jobs};
    for (uint32_t i = 0; i < count; i++) {
        struct block_entry entry = list->entries[i];
        if (entry.runs <= whole->limits.large_runs / 2) entry.state = BLOCK_SMALL;
        if (block_list_add(&sorted, &entry)) {
            block_list_free(&sorted);
            return error_memory(error);
        }
    }
    block_list_free(list);
    *list = sorted;
    return 0;
}

static int begin(struct fold_whole *whole, struct kv_txn *txn, uint32_t stream,
                 struct stream_record *record, struct fold_whole_at *at, struct pace_error *error)
{
    struct block_list list;
    int rc = block_list_load(txn, stream, record, error, &list);
    if (rc) return rc;
    uint32_t partial = count_partial(whole, &list), joined = list.small + partial;
    at->begun = 1;
    at->done = joined ? joined == 1 && partial == 1 && record->log_runs == 0 : !rows_shrink(record);
    if (!at->done && joined) {
        rc = reopen(whole, &list, error);
        record->jobs |= STREAM_MERGES;
        if (!rc) rc = block_list_store(txn, stream, record, &list, 0, error);
    }
    block_list_free(&list);
    return rc;
}

/* Totals for a stream that has lost them. */
static int make_totals(struct fold_whole *whole, struct kv_txn *txn, uint32_t stream,
                       struct stream_record *record, struct pace_error *error)
{
    struct sums sums;
    if (record->totals_runs || record->column_count > TOTALS_COLUMNS ||
        record->run_count < whole->limits.totals_rows || !whole->limits.totals_rows)
        return 0;
    int rc = totals_sums(record, &sums) ? error_memory(error) : 0;
    if (!rc) rc = summary_read(txn, stream, record, NULL, &sums, error);
    if (!rc)
        rc = totals_put(txn, stream, record, &sums, record->run_count, whole->last_run,
                        &whole->fold.totals, error);
    sums_free(&sums);
    return rc;
}

int fold_whole_step(struct fold_whole *whole, struct kv_txn *txn, uint32_t stream,
                    struct stream_record *record, struct fold_whole_at *at, uint64_t *cells,
                    struct pace_error *error)
{
    int rc = 0;
    while (!rc && !at->done && *cells > 0) {
        const struct fold_limits *limits = at->begun ? &whole->limits : whole->ordinary;
        if (!at->begun && !ordinary_is_due(whole, record)) {
            rc = begin(whole, txn, stream, record, at, error);
            continue;
        }
        if (!fold_wanted(limits, record)) {
            at->done = 1;
            break;
        }
        whole->fold.limits = limits;
        rc = fold_step(&whole->fold, txn, stream, record, 0, error);
        *cells -= *cells < limits->step_cells ? *cells : limits->step_cells;
    }
    return !rc && at->done ? make_totals(whole, txn, stream, record, error) : rc;
}
