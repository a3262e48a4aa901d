/* seal_avx2.c -- XXH3-64 compiled for AVX2; the same numbers as without, in half the time. seal.c calls
 * it where the processor has it. Includes xxhash.h beside seal.c, with everything in it static. */
#include "seal_avx2.h"
#include "simd.h"

#if defined(__x86_64__)

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

#define XXH_INLINE_ALL
#define XXH_VECTOR 2 /* XXH_AVX2 */
#include <xxhash.h>

uint64_t seal_avx2(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

int seal_has_avx2(void)
{
    return simd_has_avx2();
}

#else

uint64_t seal_avx2(const void *data, size_t len)
{
    (void)data, (void)len;
    return 0;
}

int seal_has_avx2(void)
{
    return 0;
}

#endif
