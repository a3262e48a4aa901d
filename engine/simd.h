/* simd.h -- which vector instructions the processor has. Code for them has the bits of portable
 * code.
 *
 * glibc asked the processor when the process began; the compiler's own __builtin_cpu_supports asks
 * again, some thirty times 2 us on a virtual machine, before main(). Pure. */
#ifndef PACE_SIMD_H
#define PACE_SIMD_H

#if defined(__x86_64__)
#if __has_include(<sys/platform/x86.h>)

#include <sys/platform/x86.h>

static inline int simd_has_avx2(void)
{
    return CPU_FEATURE_ACTIVE(AVX2);
}

/* Fused multiply and add beside AVX2. */
static inline int simd_has_fma(void)
{
    return CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(FMA);
}

#else

static inline int simd_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

static inline int simd_has_fma(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#endif
#else

static inline int simd_has_avx2(void)
{
    return 0;
}

static inline int simd_has_fma(void)
{
    return 0;
}

#endif
#endif
