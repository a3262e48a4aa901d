/* beside.h -- what is stored beside a run's row: metadata and raw samples, read only when asked
 * for.
 *
 *   metadata part:  | sum u64 | count u32 | then: key len u32, value len u32, key, 0, value, 0 |
 *   samples part 0: | sum u64 | struct sample_entry of each cell that has samples, by column |
 *   samples part n: | sum u64 | f64 x up to 32,768: the samples of all cells one after another |
 *
 * A part of metadata is closed when it passes 256 KiB. */
#ifndef PACE_BESIDE_H
#define PACE_BESIDE_H

#include "arena.h"
#include "kv.h"
#include "row.h"

struct meta_pair {
    const char *key, *value;
};

/* Puts pairs, which are in order of key; tells the number of records. */
int beside_put_meta(struct kv_txn *txn, uint64_t run, const struct meta_pair *pairs, size_t count,
                    struct row_buffer *buffer, struct pace_error *error, uint32_t *parts);
int beside_get_meta(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                    struct pace_error *error, struct pace_meta *out);

struct sample_entry {
    uint32_t column, count;
};

/* Puts the samples of cells, which are in order of column; tells the number of records. */
int beside_put_samples(struct kv_txn *txn, uint64_t run, const struct sample_entry *entries,
                       const double *const *samples, size_t count, struct row_buffer *buffer,
                       struct pace_error *error, uint32_t *parts);
int beside_get_samples(struct kv_txn *txn, uint64_t run, uint32_t parts, uint32_t column,
                       struct arena *arena, struct pace_error *error, const double **samples,
                       size_t *count);

/* The samples of all cells of a run, in order of column: entries[0..*count), and their values one
 * after another. Checks that the records hold these and no more. */
int beside_all_samples(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                       struct pace_error *error, const struct sample_entry **entries, size_t *count,
                       const double **samples);

#endif
