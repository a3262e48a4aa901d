/* pairs.h -- a table of pairs (word, run) in their order: what the indices of identities and of
 * commits are made of.
 *
 * Pairs lie in CHUNKS of at most 120, one record each, sealed; its key is the first pair that it
 * may have:
 *
 *   tag | word u64 | run u64 |  ->  | sum u64 | until: word u64, run u64 | n x (word u64, run u64) |
 *
 * A chunk has the pairs from its key on that come before `until`, where the next chunk begins. The
 * first begins at (0, 0), the last ends at the largest of pairs; so whatever is asked for lies in a
 * chunk, and one that a damaged page hides is an error. */
#ifndef PACE_PAIRS_H
#define PACE_PAIRS_H

#include "kv.h"

enum { PAIRS_PER_CHUNK = 120 };

struct pair {
    uint64_t word, run;
};
_Static_assert(sizeof(struct pair) == 16, "layout on disk");

struct pair_chunk {
    struct pair from, until;
    uint32_t count;
    struct pair pairs[PAIRS_PER_CHUNK];
};

int pairs_order(const struct pair *a, const struct pair *b);

/* Takes a record apart: 0, or -1: it is none, or damaged. */
int pair_chunk_read(struct kv_slice key, struct kv_slice value, struct pair_chunk *out);

/* The chunk in whose range a pair lies; PACE_ENOTFOUND: the table is empty. `what` names it in
 * errors. */
int pairs_chunk(struct kv_txn *txn, char table, const struct pair *pair, const char *what,
                struct pace_error *error, struct pair_chunk *out);

/* Calls visit() for the pairs with words of [first, last], in order, until it returns another
 * number than 0, which is returned. */
int pairs_walk(struct kv_txn *txn, char table, uint64_t first, uint64_t last, const char *what,
               struct pace_error *error,
               int (*visit)(void *context, const struct pair *pair, struct pace_error *error),
               void *context);

/* Adds pairs, which are in order and all different; those that are there stay. */
int pairs_add(struct kv_txn *txn, char table, const struct pair *pairs, size_t count,
              const char *what, struct pace_error *error);

#endif
