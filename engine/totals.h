/* totals.h -- the summary of all runs of a stream up to one, column by column: what a question
 * about all of a history needs to read beside its newest rows.
 *
 *   | header, 40 bytes | strips of 64 columns ... |
 *
 *   strip of m columns:
 *   | sum u64 | count u64 x m, unless the header has it | min f64 x m | max f64 x m |
 *   | sum f64 x m | M2 f64 x m |
 *
 * The totals are of all runs with a number up to `last_run`; the stream's record says the same.
 * Runs are numbered as they arrive, so what is not in the totals are the rows of the log with a
 * larger number: a writer adds them when they have become a few, and before they leave the log.
 * Numbers and order of additions are as block.h has them; the last bits depend on when rows were
 * added.
 *
 * A stream has none before its first few runs, when it has more than TOTALS_COLUMNS columns, and
 * when runs came in another order than that of their numbers (a copy); a compaction makes them
 * anew. */
#ifndef PACE_TOTALS_H
#define PACE_TOTALS_H

#include "log.h"
#include "sums.h"

struct totals_header {
    uint64_t sum;
    uint32_t stream, columns;
    uint64_t runs, last_run;
    uint64_t count; /* of ok cells of each column; UINT64_MAX: each strip tells */
};
_Static_assert(sizeof(struct totals_header) == 40, "layout on disk");

enum {
    TOTALS_STRIP_COLUMNS = 64,
    TOTALS_COLUMNS = 16384, /* so that a record is well below 1 MiB */
};

/* 1 when the stream has totals, or may have: all of its runs are in the log. */
int totals_possible(const struct stream_record *record);

/* Puts the totals of a stream that has them into the columns of `sums`, which have no cells yet. */
int totals_read(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                struct sums *sums, struct pace_error *error);

/* The rows that are not in the totals (all, where there are none), in order. */
int totals_pending(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                   struct pace_error *error, struct log_rows *out);

/* Stores totals of `runs` runs up to `last_run`, from the sums of all columns of the stream. The
 * record is changed, not stored; as below. */
int totals_put(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               const struct sums *sums, uint64_t runs, uint64_t last_run, struct row_buffer *buffer,
               struct pace_error *error);

/* Gives them up. */
int totals_drop(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
                struct pace_error *error);

/* Sums for all columns of a stream, without cells. 0, or -1 without memory; sums_free in both
 * cases. */
int totals_sums(const struct stream_record *record, struct sums *sums);

#endif
