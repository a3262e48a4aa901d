/* names.h -- interned names: each name of a dimension has a dense id from 0, for ever.
 *
 * Two tables. The chunks hold all names of a dimension in order of id, so that reading 10,000 costs
 * some 80 lookups; the index finds one by its hash.
 *
 *   chunk:  | sum u64 | first id u32 | count u32 | then `count` times: len u16, bytes, 0 |
 *   index:  | sum u64 | then for each name with this hash: id u32, len u16, bytes |
 *
 * A chunk fits one page of its own (4,080 bytes); a full one is never changed again. */
#ifndef PACE_NAMES_H
#define PACE_NAMES_H

#include "arena.h"
#include "head.h"
#include "text.h"

enum { NAMES_CHUNK_BYTES = 4080 };

/* 0, PACE_ENAME or PACE_ELIMIT: `what` is the word for the name in the message. */
int name_check(const char *name, size_t len, const char *what, struct pace_error *error);

/* The id of a name, or PACE_ENOTFOUND. */
int names_find(struct kv_txn *txn, enum pace_dimension dimension, const char *name, size_t len,
               uint64_t hash, struct pace_error *error, uint32_t *id);

/* Appends a name that names_find did not find. */
int names_append(struct kv_txn *txn, struct head *head, enum pace_dimension dimension,
                 const char *name, size_t len, uint64_t hash, struct pace_error *error,
                 uint32_t *id);

/* All names of a dimension by id; the texts lie in the store, the array in the arena. */
int names_load(struct kv_txn *txn, const struct head *head, enum pace_dimension dimension,
               struct arena *arena, struct pace_error *error, const char ***names);

/* The id of a name in the body of an index record. 0, PACE_ENOTFOUND, or
 * PACE_ECORRUPT: the body is malformed. */
int names_index_find(const unsigned char *body, size_t body_len, const char *name, size_t len,
                     uint32_t *id);

#endif
