/* bulk.h -- many runs of a stream at once: blocks without a detour over the log.
 *
 * Runs of one batch are collected per stream. When there are enough for a block they are sorted by
 * their place in history and written as blocks: large ones, but for the newest; what is left over
 * goes to the log. Fewer runs are appended one by one, as ever. */
#ifndef PACE_BULK_H
#define PACE_BULK_H

#include "arena.h"
#include "fold.h"
#include "log.h"

/* A run to be stored: cells in order of column. */
struct bulk_run {
    struct position position;
    int64_t ran_ns;
    uint32_t flags, count;
    const char *commit;
    const uint32_t *columns;
    const double *value;
    const uint8_t *status;       /* NULL: all ok */
    const double *lower, *upper; /* NULL: no bounds */
};

/* Copies a run's cells into the arena, in the shape of `like` (NULL: none) where it can share. */
int bulk_copy(struct arena *arena, const struct log_run *run, const struct bulk_run *like,
              struct bulk_run *out);

/* A run with the columns of `like`, all cells ok and without bounds; values, in order of column,
 * stay the caller's. */
struct bulk_run bulk_repeat(const struct log_run *run, const struct bulk_run *like,
                            const double *values);

/* Stores runs, which are sorted here, and counts them in the record (not stored). */
int bulk_store(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               struct bulk_run *runs, size_t count, struct row_buffer *buffer,
               struct pace_error *error);

#endif
