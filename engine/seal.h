/* seal.h -- checksums: every record of the store carries one that is bound to its key.
 *
 *     sealed record:  | sum u64 | body ... |     sum = mix(XXH3-64(body) ^ mix(XXH3-64(key)))
 *
 * LMDB has none of its own: a flipped bit, a page written to another place or a stale copy under
 * another key comes back as data. The seed makes a record good under its own key only.
 * Pure: xxhash only. */
#ifndef PACE_SEAL_H
#define PACE_SEAL_H

#include <stddef.h>
#include <stdint.h>

enum { SEAL_BYTES = 8 }; /* of the sum, at the start of a sealed record */

uint64_t seal_hash(const void *data, size_t len, uint64_t seed);
/* The same for who hashes much: has_avx2 is simd_has_avx2(), asked once. */
uint64_t seal_hash_on(const void *data, size_t len, uint64_t seed, int has_avx2);

struct seal_digest {
    uint64_t low, high;
};
struct seal_digest seal_digest(const void *data, size_t len);

/* Computes the sum of a record of `len` bytes and writes it to its first 8. */
void seal_close(void *record, size_t len, const void *key, size_t key_len);

/* 1 when the record is whole and belongs to this key. */
int seal_good(const void *record, size_t len, const void *key, size_t key_len);

#endif
