/* seal.c -- see seal.h. xxhash is inlined, since most inputs are short. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "seal.h"
#include "seal_avx2.h"
#include "simd.h"

#include <string.h>

#ifndef __linux__
#error "the store's locks and its checks of file systems are written for Linux"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the store's format is little-endian");
_Static_assert(sizeof(size_t) == 8, "the store needs a 64-bit address space");

/* A seed makes XXH3 derive a secret first, which takes longer than to hash half a kilobyte. */
static uint64_t bind(uint64_t hash, uint64_t seed)
{
    hash ^= seed;
    hash = (hash ^ hash >> 32) * 0x9fb21c651e98df25u;
    return hash ^ hash >> 28;
}

uint64_t seal_hash_on(const void *data, size_t len, uint64_t seed, int has_avx2)
{
    int wide = len >= SEAL_AVX2_LEAST && has_avx2;
    return bind(wide ? seal_avx2(data, len) : XXH3_64bits(data, len), seed);
}

uint64_t seal_hash(const void *data, size_t len, uint64_t seed)
{
    return seal_hash_on(data, len, seed, len >= SEAL_AVX2_LEAST && simd_has_avx2());
}

struct seal_digest seal_digest(const void *data, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(data, len);
    return (struct seal_digest){.low = hash.low64, .high = hash.high64};
}

static uint64_t sum_of(const void *record, size_t len, const void *key, size_t key_len)
{
    return seal_hash((const char *)record + SEAL_BYTES, len - SEAL_BYTES,
                     seal_hash(key, key_len, 0));
}

void seal_close(void *record, size_t len, const void *key, size_t key_len)
{
    uint64_t sum = sum_of(record, len, key, key_len);
    memcpy(record, &sum, sizeof sum);
}

int seal_good(const void *record, size_t len, const void *key, size_t key_len)
{
    if (len < SEAL_BYTES) return 0;
    uint64_t sum;
    memcpy(&sum, record, sizeof sum);
    return sum == sum_of(record, len, key, key_len);
}
