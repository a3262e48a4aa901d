/* turn.c -- see turn.h. Eight rows at a time, so that what is written of a column is a line of the
 * cache. */
#include "turn.h"
#include "simd.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Rows [first, count) of columns [from, columns). */
static void turn_rest(const unsigned char *const *rows, size_t first, size_t count, size_t from,
                      size_t columns, double *out, size_t stride)
{
    for (size_t c = from; c < columns; c++)
        for (size_t r = first; r < count; r++)
            memcpy(&out[c * stride + r], rows[r] + 8 * c, sizeof *out);
}

void turn_rows_portable(const unsigned char *const *rows, size_t count, size_t columns, double *out,
                        size_t stride)
{
    turn_rest(rows, 0, count, 0, columns, out, stride);
}

#if defined(__x86_64__)

/* Four rows of four columns. */
__attribute__((target("avx2"))) static inline void turn_4(const unsigned char *const *rows,
                                                          size_t c, double *out, size_t stride)
{
    __m256d a = _mm256_loadu_pd((const double *)(const void *)(rows[0] + 8 * c));
    __m256d b = _mm256_loadu_pd((const double *)(const void *)(rows[1] + 8 * c));
    __m256d d = _mm256_loadu_pd((const double *)(const void *)(rows[2] + 8 * c));
    __m256d e = _mm256_loadu_pd((const double *)(const void *)(rows[3] + 8 * c));
    __m256d ab_even = _mm256_unpacklo_pd(a, b), ab_odd = _mm256_unpackhi_pd(a, b);
    __m256d de_even = _mm256_unpacklo_pd(d, e), de_odd = _mm256_unpackhi_pd(d, e);
    _mm256_storeu_pd(out, _mm256_permute2f128_pd(ab_even, de_even, 0x20));
    _mm256_storeu_pd(out + stride, _mm256_permute2f128_pd(ab_odd, de_odd, 0x20));
    _mm256_storeu_pd(out + 2 * stride, _mm256_permute2f128_pd(ab_even, de_even, 0x31));
    _mm256_storeu_pd(out + 3 * stride, _mm256_permute2f128_pd(ab_odd, de_odd, 0x31));
}

__attribute__((target("avx2"))) static void turn_fours(const unsigned char *const *rows,
                                                       size_t count, size_t columns, double *out,
                                                       size_t stride)
{
    size_t r = 0;
    for (; r + 8 <= count; r += 8)
        for (size_t c = 0; c < columns; c += 4) {
            turn_4(rows + r, c, out + c * stride + r, stride);
            turn_4(rows + r + 4, c, out + c * stride + r + 4, stride);
        }
    for (; r < count; r += 4)
        for (size_t c = 0; c < columns; c += 4)
            turn_4(rows + r, c, out + c * stride + r, stride);
}

int turn_rows_avx2(const unsigned char *const *rows, size_t count, size_t columns, double *out,
                   size_t stride)
{
    size_t whole_rows = count / 4 * 4, whole_columns = columns / 4 * 4;
    if (!simd_has_avx2()) return 0;
    turn_fours(rows, whole_rows, whole_columns, out, stride);
    turn_rest(rows, whole_rows, count, 0, whole_columns, out, stride);
    turn_rest(rows, 0, count, whole_columns, columns, out, stride);
    return 1;
}

#else

int turn_rows_avx2(const unsigned char *const *rows, size_t count, size_t columns, double *out,
                   size_t stride)
{
    (void)rows, (void)count, (void)columns, (void)out, (void)stride;
    return 0;
}

#endif

void turn_rows(const unsigned char *const *rows, size_t count, size_t columns, double *out,
               size_t stride)
{
    if (!turn_rows_avx2(rows, count, columns, out, stride))
        turn_rows_portable(rows, count, columns, out, stride);
}
