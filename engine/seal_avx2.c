/* seal_avx2.c -- XXH3-64 of more than 240 bytes, for AVX2. seal.c calls it where the processor has
 * that.
 *
 * The same numbers as xxhash.h gives; what is kept between stripes stays in two registers, so that
 * half a kilobyte, which most inputs are, takes two thirds of the time. Includes xxhash.h beside
 * seal.c, for the table of its secret, with everything in it static. */
#include "seal_avx2.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define AVX2 __attribute__((target("avx2")))

enum {
    STRIPE = 64,
    BLOCK_STRIPES = (XXH_SECRET_DEFAULT_SIZE - STRIPE) / 8, /* then the sums are scrambled */
    LAST_SECRET = XXH_SECRET_DEFAULT_SIZE - STRIPE - 7, /* of the last stripe, which may overlap */
    MERGE_SECRET = 11,
};
#define PRIME32_1 UINT64_C(0x9e3779b1)
#define PRIME32_2 UINT64_C(0x85ebca77)
#define PRIME32_3 UINT64_C(0xc2b2ae3d)
#define PRIME64_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME64_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME64_3 UINT64_C(0x165667b19e3779f9)
#define PRIME64_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME64_5 UINT64_C(0x27d4eb2f165667c5)
#define AVALANCHE UINT64_C(0x165667919e3779f9)

__extension__ typedef unsigned __int128 uint128;

/* Eight sums, four a register. */
struct sums {
    __m256i low, high;
};

AVX2 static inline __m256i load(const unsigned char *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Each word times its upper half, both with the secret; and the word beside it as it is. */
AVX2 static inline __m256i add_words(__m256i sum, __m256i words, const unsigned char *secret)
{
    __m256i keyed = _mm256_xor_si256(words, load(secret));
    __m256i product = _mm256_mul_epu32(keyed, _mm256_srli_epi64(keyed, 32));
    return _mm256_add_epi64(product, _mm256_add_epi64(sum, _mm256_shuffle_epi32(words, 0x4e)));
}

AVX2 static inline struct sums add_stripe(struct sums sums, const unsigned char *data,
                                          const unsigned char *secret)
{
    return (struct sums){.low = add_words(sums.low, load(data), secret),
                         .high = add_words(sums.high, load(data + 32), secret + 32)};
}

AVX2 static inline __m256i scramble(__m256i sum, const unsigned char *secret)
{
    const __m256i prime = _mm256_set1_epi32((int)(uint32_t)PRIME32_1);
    __m256i mixed = _mm256_xor_si256(sum, _mm256_srli_epi64(sum, 47));
    mixed = _mm256_xor_si256(mixed, load(secret));
    __m256i low = _mm256_mul_epu32(mixed, prime);
    __m256i high = _mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), prime);
    return _mm256_add_epi64(low, _mm256_slli_epi64(high, 32));
}

static uint64_t secret_word(size_t at)
{
    uint64_t word;
    memcpy(&word, XXH3_kSecret + MERGE_SECRET + at, sizeof word);
    return word;
}

AVX2 static uint64_t merge(struct sums sums, size_t len)
{
    uint64_t words[8], hash = len * PRIME64_1;
    memcpy(words, &sums.low, sizeof sums.low);
    memcpy(words + 4, &sums.high, sizeof sums.high);
    for (size_t i = 0; i < 8; i += 2) {
        uint128 product =
            (uint128)(words[i] ^ secret_word(8 * i)) * (words[i + 1] ^ secret_word(8 * i + 8));
        hash += (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    hash = (hash ^ hash >> 37) * AVALANCHE;
    return hash ^ hash >> 32;
}

AVX2 uint64_t seal_avx2(const void *input, size_t len)
{
    static const uint64_t start[8] = {PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3,
                                      PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1};
    const unsigned char *data = input, *last = data + len - STRIPE, *secret = XXH3_kSecret;
    struct sums sums = {.low = load((const unsigned char *)start),
                        .high = load((const unsigned char *)(start + 4))};
    assert(len >= SEAL_AVX2_LEAST);
    size_t stripes = (len - 1) / STRIPE;
    for (; stripes >= BLOCK_STRIPES; stripes -= BLOCK_STRIPES) {
        for (size_t i = 0; i < BLOCK_STRIPES; i++, data += STRIPE)
            sums = add_stripe(sums, data, secret + 8 * i);
        sums.low = scramble(sums.low, secret + XXH_SECRET_DEFAULT_SIZE - STRIPE);
        sums.high = scramble(sums.high, secret + XXH_SECRET_DEFAULT_SIZE - STRIPE + 32);
    }
    for (size_t i = 0; i < stripes; i++, data += STRIPE)
        sums = add_stripe(sums, data, secret + 8 * i);
    return merge(add_stripe(sums, last, secret + LAST_SECRET), len);
}

#else

uint64_t seal_avx2(const void *input, size_t len)
{
    (void)input, (void)len;
    return 0;
}

#endif
