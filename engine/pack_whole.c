/* pack_whole.c -- see pack_whole.h. */
#include "pack_whole.h"
#include "simd.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

const double pack_powers[PACK_SCALE_MAX + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* 1 when value = whole / 10^scale, bit for bit. */
static int is_scaled(double value, unsigned scale, int64_t *whole)
{
    double product = value * pack_powers[scale];
    if (!(fabs(product) < PACK_WHOLE_MAX)) return 0;
    *whole = llrint(product);
    double quotient = (double)*whole / pack_powers[scale];
    return memcmp(&quotient, &value, sizeof value) == 0;
}

/* A value that needs a larger scale than those before it begins the search again: the scale only grows. */
int pack_whole_find_portable(const double *values, size_t n, struct pack_whole *out)
{
    struct pack_whole found = {.least = INT64_MAX, .most = INT64_MIN};
    for (size_t i = 0; i < n;) {
        int64_t whole;
        if (is_scaled(values[i], found.scale, &whole)) {
            if (whole < found.least) found.least = whole;
            if (whole > found.most) found.most = whole;
            i++;
            continue;
        }
        if (found.scale == PACK_SCALE_MAX) return -1;
        found = (struct pack_whole){found.scale + 1, INT64_MAX, INT64_MIN};
        if (is_scaled(values[i], found.scale, &whole)) i = 0;
    }
    *out = found;
    return 0;
}

void pack_whole_take_portable(const double *values, size_t n, unsigned scale, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = llrint(values[i] * pack_powers[scale]);
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256d rounded(__m256d product)
{
    /* The sum has no negative zero, as an integer has none. */
    return _mm256_add_pd(_mm256_round_pd(product, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                         _mm256_setzero_pd());
}

/* 1 when four values are at a scale what is_scaled says of each; *wholes as doubles, which are exact. */
AVX2 static inline int are_scaled(const double *values, __m256d power, __m256d *wholes)
{
    const __m256d sign = _mm256_set1_pd(-0.0), limit = _mm256_set1_pd(PACK_WHOLE_MAX);
    __m256d four = _mm256_loadu_pd(values), product = _mm256_mul_pd(four, power);
    __m256d small = _mm256_cmp_pd(_mm256_andnot_pd(sign, product), limit, _CMP_LT_OQ);
    *wholes = rounded(product);
    __m256i same = _mm256_cmpeq_epi64(_mm256_castpd_si256(_mm256_div_pd(*wholes, power)),
                                      _mm256_castpd_si256(four));
    return _mm256_movemask_pd(_mm256_and_pd(small, _mm256_castsi256_pd(same))) == 15;
}

AVX2 static int find_fours(const double *values, size_t n, struct pack_whole *out)
{
    __m256d power = _mm256_set1_pd(1), least = power, most = power, wholes;
    unsigned scale = 0;
    for (size_t i = 0; i < n;) {
        if (are_scaled(values + i, power, &wholes)) {
            least = i ? _mm256_min_pd(least, wholes) : wholes;
            most = i ? _mm256_max_pd(most, wholes) : wholes;
            i += 4;
            continue;
        }
        if (scale == PACK_SCALE_MAX) return -1;
        power = _mm256_set1_pd(pack_powers[++scale]);
        if (are_scaled(values + i, power, &wholes)) i = 0;
    }
    double low[4], high[4];
    _mm256_storeu_pd(low, least);
    _mm256_storeu_pd(high, most);
    for (int i = 1; i < 4; i++) {
        if (low[i] < low[0]) low[0] = low[i];
        if (high[i] > high[0]) high[0] = high[i];
    }
    *out = (struct pack_whole){scale, (int64_t)low[0], (int64_t)high[0]};
    return 0;
}

AVX2 static void take_fours(const double *values, size_t n, unsigned scale, int64_t *out)
{
    /* Adding this leaves a whole number below 2^51, of either sign, in the lower bits. */
    const __m256d magic = _mm256_set1_pd(0x1.8p52), power = _mm256_set1_pd(pack_powers[scale]);
    for (size_t i = 0; i < n; i += 4) {
        __m256d whole = rounded(_mm256_mul_pd(_mm256_loadu_pd(values + i), power));
        __m256i bits = _mm256_castpd_si256(_mm256_add_pd(whole, magic));
        _mm256_storeu_si256((__m256i *)(void *)(out + i),
                            _mm256_sub_epi64(bits, _mm256_castpd_si256(magic)));
    }
}

int pack_whole_find(const double *values, size_t n, struct pack_whole *out)
{
    return n % 4 || !simd_has_avx2() ? pack_whole_find_portable(values, n, out)
                                     : find_fours(values, n, out);
}

void pack_whole_take(const double *values, size_t n, unsigned scale, int64_t *out)
{
    size_t fours = simd_has_avx2() ? n / 4 * 4 : 0;
    if (fours) take_fours(values, fours, scale, out);
    pack_whole_take_portable(values + fours, n - fours, scale, out + fours);
}

#else

int pack_whole_find(const double *values, size_t n, struct pack_whole *out)
{
    return pack_whole_find_portable(values, n, out);
}

void pack_whole_take(const double *values, size_t n, unsigned scale, int64_t *out)
{
    pack_whole_take_portable(values, n, scale, out);
}

#endif
