/* samples.h -- the raw samples of a run's cells: beside its row, read only when asked for.
 *
 *   part:   | sum u64 | 0xffffffff u32 | cells u16 | code of columns u16 | code of counts u16 |
 *           | pack of columns | pack of counts | samples of each cell |
 *   samples of a cell, 64 at a time:  | code u16 | pack |
 *
 * Packs and codes are those of pack.h. A part has up to 64 cells, in order of column; it is closed
 * when its samples have 880 bytes, so that several lie on a page. A cell that has more goes on as
 * the first of the next part. Stores without short records (head.h) have them as they are:
 *
 *   part 0:  | sum u64 | struct sample_entry of each cell that has samples, by column |
 *   part n:  | sum u64 | f64 x up to 32,768: the samples of all cells one after another | */
#ifndef PACE_SAMPLES_H
#define PACE_SAMPLES_H

#include "arena.h"
#include "kv.h"
#include "row.h"

struct sample_entry {
    uint32_t column, count;
};

/* Puts the samples of cells, which are in order of column; tells the number of records. is_short 0:
 * as they are. */
int samples_put(struct kv_txn *txn, uint64_t run, const struct sample_entry *entries,
                const double *const *samples, size_t count, int is_short, struct row_buffer *buffer,
                struct pace_error *error, uint32_t *parts);

/* The samples of one cell; none: *count 0. */
int samples_get(struct kv_txn *txn, uint64_t run, uint32_t parts, uint32_t column,
                struct arena *arena, struct pace_error *error, const double **samples,
                size_t *count);

/* The samples of all cells of a run, in order of column: entries[0..*count), and their values one
 * after another. Checks that the records hold these and no more. */
int samples_all(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                struct pace_error *error, const struct sample_entry **entries, size_t *count,
                const double **samples);

#endif
