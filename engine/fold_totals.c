/* fold_totals.c -- rows become part of the totals of their stream (totals.h): when they are a few, and
 * before they leave the log. */
#include "error.h"
#include "fold.h"
#include "row_sums.h"
#include "totals.h"

static int add_pending(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                       struct stream_record *record, struct sums *sums, struct pace_error *error)
{
    uint64_t last_run = record->totals_last;
    struct log_rows rows;
    if (totals_sums(record, sums)) return error_memory(error);
    int rc = record->totals_runs ? totals_read(txn, stream, record, sums, error) : 0;
    if (!rc) rc = totals_pending(txn, stream, record, error, &rows);
    if (rc) return rc;
    rc = row_sums_add(txn, rows.rows, rows.count, sums, error);
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.rows[i].header.run > last_run) last_run = rows.rows[i].header.run;
    }
    log_rows_free(&rows);
    if (rc) return rc;
    return totals_put(txn, stream, record, sums, record->run_count, last_run, &fold->totals, error);
}

int fold_totals(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                struct stream_record *record, struct pace_error *error)
{
    struct sums sums = {0};
    if (!totals_possible(record)) return totals_drop(txn, stream, record, error);
    if (record->run_count == record->totals_runs) return 0;
    int rc = add_pending(fold, txn, stream, record, &sums, error);
    sums_free(&sums);
    return rc;
}

int fold_totals_cover(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                      struct stream_record *record, const struct position *rows, size_t count,
                      struct pace_error *error)
{
    if (!fold->limits->totals_rows && !record->totals_runs) return 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].run > record->totals_last) return fold_totals(fold, txn, stream, record, error);
    }
    return 0;
}
