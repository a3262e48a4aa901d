/* index.h -- how a run is found: by number, by identity, by commit.
 *
 *   run:       | sum u64 | struct run_place | identity, its bytes |
 *   identity:  struct run_identity, sealed
 *   commit:    | sum u64 |
 *   gap:       last run u64, sealed: the runs from the one in the key to this were dropped */
#ifndef PACE_INDEX_H
#define PACE_INDEX_H

#include "head.h"

/* Where a run is, and what is stored beside its row. */
struct run_place {
    uint32_t stream, ordinal;
    int64_t time_ns;
    uint32_t meta_parts, sample_parts; /* records in the tables of metadata and samples */
};
_Static_assert(sizeof(struct run_place) == 24, "layout on disk");

struct run_identity {
    uint64_t run;
    struct seal_digest content;
};
_Static_assert(sizeof(struct run_identity) == 24, "layout on disk");

struct position run_position(const struct run_place *place, uint64_t run);

int index_put_run(struct kv_txn *txn, uint64_t run, const struct run_place *place, const char *id,
                  struct pace_error *error);

/* The place of a run, and (unless NULL) its identity, not terminated. PACE_ENOTFOUND, with a
 * message: it was dropped. */
int index_get_run(struct kv_txn *txn, uint64_t run, struct pace_error *error,
                  struct run_place *place, struct kv_slice *id);

/* Identities: PACE_ENOTFOUND when there is none. */
int index_put_identity(struct kv_txn *txn, const char *id, const struct run_identity *identity,
                       struct pace_error *error);
int index_get_identity(struct kv_txn *txn, const char *id, struct pace_error *error,
                       struct run_identity *identity);

int index_put_commit(struct kv_txn *txn, struct head *head, const char *commit, uint64_t run,
                     struct pace_error *error);

/* Numbers that are not in use: puts a range; counts them all. */
int index_put_gap(struct kv_txn *txn, uint64_t first, uint64_t last, struct pace_error *error);
int index_count_gaps(struct kv_txn *txn, struct pace_error *error, uint64_t *runs);

#endif
