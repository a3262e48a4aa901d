/* seal_avx2.h -- XXH3-64 for AVX2. */
#ifndef PACE_SEAL_AVX2_H
#define PACE_SEAL_AVX2_H

#include <stddef.h>
#include <stdint.h>

/* XXH3-64 without a seed, where the processor has AVX2 (simd.h). Inputs up to 240 bytes go other
 * ways, which gain nothing by it. */
enum { SEAL_AVX2_LEAST = 241 };
uint64_t seal_avx2(const void *input, size_t len);

#endif
