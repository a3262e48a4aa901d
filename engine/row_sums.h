/* row_sums.h -- the cells of rows of the log, added to the summaries of columns. */
#ifndef PACE_ROW_SUMS_H
#define PACE_ROW_SUMS_H

#include "log.h"
#include "sums.h"

/* Adds the ok cells of rows (part 0 of each; others are looked up) to the columns of `sums`, 64
 * rows at a time. */
int row_sums_add(struct kv_txn *txn, const struct row *rows, size_t count, struct sums *sums,
                 struct pace_error *error);

#endif
