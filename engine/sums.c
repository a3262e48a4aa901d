/* sums.c -- see sums.h. */
#include "sums.h"
#include "block.h"
#include "simd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int sums_init(struct sums *sums, size_t length)
{
    size_t n = length ? length : 1;
    *sums = (struct sums){.length = length};
    sums->column = calloc(n, 2 * sizeof *sums->column);
    sums->count = calloc(n, 5 * sizeof *sums->count);
    if (!sums->column || !sums->count) return -1;
    sums->place = sums->column + n;
    sums->min = sums->count + n;
    sums->max = sums->min + n;
    sums->sum = sums->max + n;
    sums->m2 = sums->sum + n;
    return 0;
}

void sums_free(struct sums *sums)
{
    free(sums->column);
    free(sums->count);
    *sums = (struct sums){0};
}

size_t sums_stretch(const struct sums *sums, size_t i, uint32_t until)
{
    size_t end = i + 1;
    if (sums->is_whole) {
        end = until > sums->column[i] ? i + (until - sums->column[i]) : end;
        return end < sums->length ? end : sums->length;
    }
    while (end < sums->length && sums->column[end] == sums->column[end - 1] + 1 &&
           sums->column[end] < until)
        end++;
    return end;
}

struct block_summary sums_get(const struct sums *sums, size_t i)
{
    return (struct block_summary){.count = (uint64_t)sums->count[i],
                                  .min = sums->min[i],
                                  .max = sums->max[i],
                                  .sum = sums->sum[i],
                                  .m2 = sums->m2[i]};
}

void sums_add(struct sums *sums, size_t i, const struct block_summary *more)
{
    struct block_summary summary = sums_get(sums, i);
    block_summary_add(&summary, more);
    sums->count[i] = (double)summary.count;
    sums->min[i] = summary.min;
    sums->max[i] = summary.max;
    sums->sum[i] = summary.sum;
    sums->m2[i] = summary.m2;
}

/* -- portable -------------------------------------------------------------------------------- */

static double double_at(const unsigned char *data, size_t i)
{
    double number;
    memcpy(&number, data + 8 * i, sizeof number);
    return number;
}

void sums_add_strip_portable(struct sums *sums, size_t first, const struct sums_strip *strip,
                             size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        uint32_t count;
        memcpy(&count, strip->count + 4 * i, sizeof count);
        struct block_summary more = {.count = count,
                                     .min = double_at(strip->min, i),
                                     .max = double_at(strip->max, i),
                                     .sum = double_at(strip->sum, i),
                                     .m2 = double_at(strip->m2, i)};
        sums_add(sums, first + i - from, &more);
    }
}

void sums_add_rows_portable(struct sums *sums, size_t first, const unsigned char *const *rows,
                            size_t count, size_t n)
{
    double values[SUMS_ROWS_MAX];
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < count; r++)
            values[r] = double_at(rows[r], i);
        struct block_summary more = block_summarize(values, count);
        sums_add(sums, first + i, &more);
    }
}

/* -- four columns at a time ------------------------------------------------------------------ */

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))

/* Summaries of four columns. */
struct four {
    __m256d count, min, max, sum, m2;
};

AVX2 static inline __m256d load(const unsigned char *at)
{
    return _mm256_loadu_pd((const double *)(const void *)at);
}

/* block_summary_add of four columns. */
AVX2 static inline void add_four(struct sums *sums, size_t at, const struct four *more)
{
    const __m256d zero = _mm256_setzero_pd();
    __m256d n = _mm256_loadu_pd(sums->count + at), m = more->count;
    __m256d min = _mm256_loadu_pd(sums->min + at), max = _mm256_loadu_pd(sums->max + at);
    __m256d sum = _mm256_loadu_pd(sums->sum + at), m2 = _mm256_loadu_pd(sums->m2 + at);
    __m256d is_first = _mm256_cmp_pd(n, zero, _CMP_EQ_OQ);
    __m256d is_nothing = _mm256_cmp_pd(m, zero, _CMP_EQ_OQ);
    __m256d total = _mm256_add_pd(n, m);
    __m256d difference = _mm256_sub_pd(_mm256_div_pd(more->sum, m), _mm256_div_pd(sum, n));
    __m256d weight = _mm256_div_pd(_mm256_mul_pd(n, m), total);
    __m256d between = _mm256_mul_pd(_mm256_mul_pd(difference, difference), weight);
#define PUT(field, old, added)                                                                     \
    _mm256_storeu_pd(                                                                              \
        sums->field + at,                                                                          \
        _mm256_blendv_pd(_mm256_blendv_pd(added, more->field, is_first), old, is_nothing))
    PUT(count, n, total);
    PUT(min, min, _mm256_min_pd(more->min, min));
    PUT(max, max, _mm256_max_pd(more->max, max));
    PUT(sum, sum, _mm256_add_pd(sum, more->sum));
    PUT(m2, m2, _mm256_add_pd(m2, _mm256_add_pd(more->m2, between)));
#undef PUT
}

AVX2 static size_t add_strip_fours(struct sums *sums, size_t first, const struct sums_strip *strip,
                                   size_t from, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        size_t at = 8 * (from + i);
        __m128i counts = _mm_loadu_si128((const __m128i *)(const void *)(strip->count + at / 2));
        struct four more = {.count = _mm256_cvtepi32_pd(counts),
                            .min = load(strip->min + at),
                            .max = load(strip->max + at),
                            .sum = load(strip->sum + at),
                            .m2 = load(strip->m2 + at)};
        add_four(sums, first + i, &more);
    }
    return i;
}

/* What is added up of some columns of rows: sums by row modulo 4, as in block_summarize. The rows lie
 * at the same place of their pages, so that few of them fit the first cache at a time: they are gone
 * through four by four, all columns at once. */
enum { TILE_COLUMNS = 64 };
struct tile {
    double lane[4][TILE_COLUMNS], min[TILE_COLUMNS], max[TILE_COLUMNS], mean[TILE_COLUMNS];
};

/* The total of the lanes, in their order, of columns [i, i + 4). */
AVX2 static inline __m256d lane_total(const struct tile *tile, size_t i)
{
    __m256d total = _mm256_loadu_pd(tile->lane[0] + i);
    for (int k = 1; k < 4; k++)
        total = _mm256_add_pd(total, _mm256_loadu_pd(tile->lane[k] + i));
    return total;
}

/* Adds rows to their lanes, the first of them to lane 0. */
AVX2 static inline void add_values(struct tile *tile, const unsigned char *const *rows,
                                   size_t count, size_t n)
{
    for (size_t i = 0; i < n; i += 4) {
        __m256d min = _mm256_loadu_pd(tile->min + i), max = _mm256_loadu_pd(tile->max + i);
        for (size_t k = 0; k < count; k++) {
            double *lane = tile->lane[k] + i;
            __m256d value = load(rows[k] + 8 * i);
            _mm256_storeu_pd(lane, _mm256_add_pd(_mm256_loadu_pd(lane), value));
            min = _mm256_min_pd(value, min);
            max = _mm256_max_pd(value, max);
        }
        _mm256_storeu_pd(tile->min + i, min);
        _mm256_storeu_pd(tile->max + i, max);
    }
}

AVX2 static inline void add_squares(struct tile *tile, const unsigned char *const *rows,
                                    size_t count, size_t n)
{
    for (size_t i = 0; i < n; i += 4) {
        __m256d mean = _mm256_loadu_pd(tile->mean + i);
        for (size_t k = 0; k < count; k++) {
            double *lane = tile->lane[k] + i;
            __m256d value = _mm256_sub_pd(load(rows[k] + 8 * i), mean);
            __m256d square = _mm256_mul_pd(value, value);
            _mm256_storeu_pd(lane, _mm256_add_pd(_mm256_loadu_pd(lane), square));
        }
    }
}

/* block_summarize of n columns, fours, and adding them. */
AVX2 static void add_tile(struct sums *sums, size_t first, const unsigned char *const *rows,
                          size_t count, size_t n)
{
    struct tile tile;
    double total[TILE_COLUMNS];
    size_t r = 0;
    memset(tile.lane, 0, sizeof tile.lane);
    memcpy(tile.min, rows[0], 8 * n);
    memcpy(tile.max, rows[0], 8 * n);
    for (; r + 4 <= count; r += 4)
        add_values(&tile, rows + r, 4, n);
    add_values(&tile, rows + r, count - r, n);
    for (size_t i = 0; i < n; i += 4) {
        __m256d sum = lane_total(&tile, i);
        _mm256_storeu_pd(total + i, sum);
        _mm256_storeu_pd(tile.mean + i, _mm256_div_pd(sum, _mm256_set1_pd((double)count)));
    }
    memset(tile.lane, 0, sizeof tile.lane);
    for (r = 0; r + 4 <= count; r += 4)
        add_squares(&tile, rows + r, 4, n);
    add_squares(&tile, rows + r, count - r, n);
    for (size_t i = 0; i < n; i += 4) {
        struct four more = {.count = _mm256_set1_pd((double)count),
                            .min = _mm256_loadu_pd(tile.min + i),
                            .max = _mm256_loadu_pd(tile.max + i),
                            .sum = _mm256_loadu_pd(total + i),
                            .m2 = lane_total(&tile, i)};
        add_four(sums, first + i, &more);
    }
}

AVX2 static size_t add_rows_fours(struct sums *sums, size_t first, const unsigned char *const *rows,
                                  size_t count, size_t n)
{
    const unsigned char *at[SUMS_ROWS_MAX];
    size_t whole = n / 4 * 4;
    for (size_t i = 0; i < whole; i += TILE_COLUMNS) {
        for (size_t r = 0; r < count; r++)
            at[r] = rows[r] + 8 * i;
        add_tile(sums, first + i, at, count, whole - i < TILE_COLUMNS ? whole - i : TILE_COLUMNS);
    }
    return whole;
}

size_t sums_add_strip_avx2(struct sums *sums, size_t first, const struct sums_strip *strip,
                           size_t from, size_t n)
{
    return simd_has_avx2() ? add_strip_fours(sums, first, strip, from, n) : 0;
}

size_t sums_add_rows_avx2(struct sums *sums, size_t first, const unsigned char *const *rows,
                          size_t count, size_t n)
{
    return simd_has_avx2() ? add_rows_fours(sums, first, rows, count, n) : 0;
}

#else

size_t sums_add_strip_avx2(struct sums *sums, size_t first, const struct sums_strip *strip,
                           size_t from, size_t n)
{
    (void)sums, (void)first, (void)strip, (void)from, (void)n;
    return 0;
}

size_t sums_add_rows_avx2(struct sums *sums, size_t first, const unsigned char *const *rows,
                          size_t count, size_t n)
{
    (void)sums, (void)first, (void)rows, (void)count, (void)n;
    return 0;
}

#endif

void sums_add_strip(struct sums *sums, size_t first, const struct sums_strip *strip, size_t from,
                    size_t n)
{
    size_t done = sums_add_strip_avx2(sums, first, strip, from, n);
    sums_add_strip_portable(sums, first + done, strip, from + done, n - done);
}

void sums_add_rows(struct sums *sums, size_t first, const unsigned char *const *rows, size_t count,
                   size_t n)
{
    const unsigned char *rest[SUMS_ROWS_MAX];
    assert(count > 0 && count <= SUMS_ROWS_MAX);
    size_t done = sums_add_rows_avx2(sums, first, rows, count, n);
    if (done == n) return;
    for (size_t r = 0; r < count; r++)
        rest[r] = rows[r] + 8 * done;
    sums_add_rows_portable(sums, first + done, rest, count, n - done);
}
