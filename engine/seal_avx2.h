/* seal_avx2.h -- XXH3-64 for AVX2. */
#ifndef PACE_SEAL_AVX2_H
#define PACE_SEAL_AVX2_H

#include <stddef.h>
#include <stdint.h>

/* 1 where seal_avx2 may be called. */
int seal_has_avx2(void);

/* XXH3-64 without a seed. Inputs up to 240 bytes go other ways, which gain nothing by AVX2. */
enum { SEAL_AVX2_LEAST = 241 };
uint64_t seal_avx2(const void *input, size_t len);

#endif
