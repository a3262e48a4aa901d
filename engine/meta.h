/* meta.h -- the metadata of a run, pairs of key and value: beside its row, read only when asked
 * for.
 *
 * Most runs have the metadata of a run before them, but for a few values. So a record is WHOLE, or
 * it is the DIFFERENCE from the whole record of another run, its BASE:
 *
 *   whole:       | sum u64 | count u32 | count x ( key len u32, value len u32, key, 0, value, 0 ) |
 *   difference:  | sum u64 | 0xffffffff u32 | changes u32 | base u64 |
 *                | changes x ( pair u16, shared u16, len u16, rest ) |
 *                | pairs that the base does not have, as in a whole record |
 *
 *   bases:       | sum u64 | up to 8 x ( hash of the keys u64, run u64 ), the newest last |
 *
 * A change is of a pair of the base, by its place there: the value is the first `shared` bytes of
 * the base's, then the rest; len 0xffff: the run does not have the pair. Bases are kept by project:
 * runs of one script have the same keys on whatever branch. A part of whole metadata is closed when
 * it passes
 * 256 KiB; only what is in one part is a base, or has one. */
#ifndef PACE_META_H
#define PACE_META_H

#include "arena.h"
#include "kv.h"
#include "row.h"

struct meta_pair {
    const char *key, *value;
};

struct meta_base {
    uint64_t keys, run;
};
_Static_assert(sizeof(struct meta_base) == 16, "layout on disk");

enum { META_BASES = 8 };

/* Puts pairs, which are in order of key; tells the number of records. `arena` is for the time of
 * the call; is_short 0: whole, whatever there is. */
int meta_put(struct kv_txn *txn, uint32_t project, uint64_t run, const struct meta_pair *pairs,
             size_t count, int is_short, struct arena *arena, struct row_buffer *buffer,
             struct pace_error *error, uint32_t *parts);

/* Keys and values lie in the arena or in the store. */
int meta_get(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
             struct pace_error *error, struct pace_meta *out);

/* The first run from `run` on that has records; UINT64_MAX: none. */
int meta_next(struct kv_txn *txn, uint64_t run, struct pace_error *error, uint64_t *next);

/* Whether a run's first record is a whole one. */
int meta_is_whole(struct kv_txn *txn, uint64_t run, struct pace_error *error, int *is_whole);

#endif
