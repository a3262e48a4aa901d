/* summary.h -- the summaries of columns over a range of runs, in the two ways in which they are
 * known. */
#ifndef PACE_SUMMARY_H
#define PACE_SUMMARY_H

#include "totals.h"

/* Adds the runs of a range (NULL: all) to the columns of `sums`, from blocks and rows. */
int summary_read(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                 const struct pace_range *range, struct sums *sums, struct pace_error *error);

/* Puts all runs into the columns of `sums`, which have no cells yet, from the totals of a stream
 * that has them, and the rows that came after. */
int summary_read_totals(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                        struct sums *sums, struct pace_error *error);

#endif
