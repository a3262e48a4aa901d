/* pack.c -- see pack.h. */
#include "pack.h"
#include "simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WHOLE_MAX 0x1p51 /* whole numbers below are exact, and their differences fit 52 bits */

static const double powers[PACK_SCALE_MAX + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static unsigned width_of(uint64_t range)
{
    return range ? 64 - (unsigned)__builtin_clzll(range) : 0;
}

static size_t packed_bytes(size_t n, unsigned width)
{
    return (n * width + 63) / 64 * 8 + 8;
}

/* -- writing --------------------------------------------------------------------------------- */

/* 1 when value = whole / 10^scale, bit for bit. */
static int is_scaled(double value, unsigned scale, int64_t *whole)
{
    double product = value * powers[scale];
    if (!(fabs(product) < WHOLE_MAX)) return 0;
    *whole = llrint(product);
    return bits_of((double)*whole / powers[scale]) == bits_of(value);
}

/* The smallest scale that holds all values, tried value by value. 1: found. */
static int find_scale(const double *values, size_t n, unsigned *scale)
{
    int64_t whole;
    *scale = 0;
    for (size_t i = 0; i < n; i++) {
        while (!is_scaled(values[i], *scale, &whole)) {
            if (++*scale > PACK_SCALE_MAX) return 0;
        }
    }
    return 1;
}

static int plan_scaled(struct pack *pack, const double *values, size_t n)
{
    unsigned scale;
    int64_t least = INT64_MAX, most = INT64_MIN;
    if (!find_scale(values, n, &scale)) return 0;
    for (size_t i = 0; i < n; i++) {
        int64_t whole;
        if (!is_scaled(values[i], scale, &whole)) return 0; /* too large at the final scale */
        if (whole < least) least = whole;
        if (whole > most) most = whole;
    }
    pack->mode = PACK_SCALED;
    pack->scale = (uint8_t)scale;
    pack->width = (uint8_t)width_of((uint64_t)(most - least));
    pack->base = (uint64_t)least;
    return 1;
}

static int plan_bits(struct pack *pack, const double *values, size_t n)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = bits_of(values[i]);
        if (bits < least) least = bits;
        if (bits > most) most = bits;
    }
    unsigned width = width_of(most - least);
    if (width > PACK_WIDTH_MAX) return 0;
    *pack = (struct pack){.mode = PACK_BITS, .width = (uint8_t)width, .base = least};
    return 1;
}

void pack_plan(struct pack *pack, const double *values, size_t n, int raw)
{
    assert(n > 0 && n <= PACK_VALUES);
    struct pack found = {.mode = PACK_RAW};
    if (!raw && (plan_scaled(&found, values, n) || plan_bits(&found, values, n)))
        found.bytes = packed_bytes(n, found.width);
    if (found.mode == PACK_RAW || found.width > PACK_WIDTH_MAX || found.bytes > 8 * n)
        found = (struct pack){.mode = PACK_RAW, .bytes = 8 * n};
    *pack = found;
}

static uint64_t delta_of(const struct pack *pack, double value)
{
    if (pack->mode == PACK_BITS) return bits_of(value) - pack->base;
    return (uint64_t)llrint(value * powers[pack->scale]) - pack->base;
}

void pack_write(const struct pack *pack, const double *values, size_t n, unsigned char *out)
{
    if (pack->mode == PACK_RAW) {
        memcpy(out, values, 8 * n);
        return;
    }
    uint64_t word = 0;
    unsigned used = 0; /* bits of `word`, below 64 */
    for (size_t i = 0; i < n && pack->width; i++) {
        uint64_t delta = delta_of(pack, values[i]);
        word |= delta << used;
        used += pack->width;
        if (used < 64) continue;
        memcpy(out, &word, sizeof word);
        out += sizeof word;
        used -= 64;
        word = used ? delta >> (pack->width - used) : 0;
    }
    if (used) {
        memcpy(out, &word, sizeof word);
        out += sizeof word;
    }
    memcpy(out, &pack->base, sizeof pack->base);
}

uint16_t pack_code(const struct pack *pack)
{
    return (uint16_t)(pack->width << 8 | pack->scale << 4 | pack->mode);
}

/* -- reading --------------------------------------------------------------------------------- */

static unsigned mode_of(uint16_t code)
{
    return code & 15;
}

static unsigned scale_of(uint16_t code)
{
    return code >> 4 & 15;
}

static unsigned code_width(uint16_t code)
{
    return code >> 8;
}

size_t pack_bytes(uint16_t code, size_t n)
{
    unsigned width = code_width(code);
    if (n == 0 || n > PACK_VALUES) return 0;
    switch (mode_of(code)) {
    case PACK_RAW: return code == 0 ? 8 * n : 0;
    case PACK_SCALED: return width <= PACK_WIDTH_MAX ? packed_bytes(n, width) : 0;
    case PACK_BITS:
        return width <= PACK_WIDTH_MAX && scale_of(code) == 0 ? packed_bytes(n, width) : 0;
    default: return 0;
    }
}

static uint64_t base_of(uint16_t code, const unsigned char *data, size_t n)
{
    uint64_t base;
    memcpy(&base, data + packed_bytes(n, code_width(code)) - 8, sizeof base);
    return base;
}

static uint64_t load_delta(const unsigned char *data, size_t bit, uint64_t mask)
{
    uint64_t word;
    memcpy(&word, data + bit / 8, sizeof word);
    return word >> bit % 8 & mask;
}

void pack_read_portable(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    unsigned width = code_width(code);
    uint64_t mask = ((uint64_t)1 << width) - 1;
    if (mode_of(code) == PACK_RAW) {
        memcpy(out, data, 8 * n);
        return;
    }
    uint64_t base = base_of(code, data, n);
    if (mode_of(code) == PACK_BITS) {
        for (size_t i = 0; i < n; i++)
            out[i] = double_of(base + load_delta(data, i * width, mask));
        return;
    }
    double divisor = powers[scale_of(code)];
    for (size_t i = 0; i < n; i++)
        out[i] = (double)(int64_t)(base + load_delta(data, i * width, mask)) / divisor;
}

#if defined(__x86_64__)

/* Four deltas from bit `bit` on. */
__attribute__((target("avx2"))) static inline __m256i load_deltas(const unsigned char *data,
                                                                  __m256i bit, __m256i mask)
{
    __m256i byte = _mm256_srli_epi64(bit, 3);
    __m256i shift = _mm256_and_si256(bit, _mm256_set1_epi64x(7));
    __m256i words = _mm256_i64gather_epi64((const long long *)(const void *)data, byte, 1);
    return _mm256_and_si256(_mm256_srlv_epi64(words, shift), mask);
}

/* Whole numbers below 2^52 become doubles by way of the bits of 2^52. The base and the sum are
 * below 2^53, so that the addition is exact. */
__attribute__((target("avx2"))) static void
read_scaled_avx2(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    unsigned width = code_width(code);
    const __m256i mask = _mm256_set1_epi64x((long long)(((uint64_t)1 << width) - 1));
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000);
    const __m256i step = _mm256_set1_epi64x(4 * (long long)width);
    const __m256d base = _mm256_set1_pd((double)(int64_t)base_of(code, data, n));
    const __m256d divisor = _mm256_set1_pd(powers[scale_of(code)]);
    int divides = scale_of(code) != 0;
    __m256i bit = _mm256_set_epi64x(3 * (long long)width, 2 * (long long)width, width, 0);
    for (size_t i = 0; i < n; i += 4, bit = _mm256_add_epi64(bit, step)) {
        __m256i delta = load_deltas(data, bit, mask);
        __m256d whole = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(delta, magic)),
                                      _mm256_castsi256_pd(magic));
        whole = _mm256_add_pd(whole, base);
        _mm256_storeu_pd(out + i, divides ? _mm256_div_pd(whole, divisor) : whole);
    }
}

__attribute__((target("avx2"))) static void read_bits_avx2(uint16_t code, const unsigned char *data,
                                                           size_t n, double *out)
{
    unsigned width = code_width(code);
    const __m256i mask = _mm256_set1_epi64x((long long)(((uint64_t)1 << width) - 1));
    const __m256i step = _mm256_set1_epi64x(4 * (long long)width);
    const __m256i base = _mm256_set1_epi64x((long long)base_of(code, data, n));
    __m256i bit = _mm256_set_epi64x(3 * (long long)width, 2 * (long long)width, width, 0);
    for (size_t i = 0; i < n; i += 4, bit = _mm256_add_epi64(bit, step)) {
        __m256i delta = load_deltas(data, bit, mask);
        _mm256_storeu_pd(out + i, _mm256_castsi256_pd(_mm256_add_epi64(delta, base)));
    }
}

int pack_read_avx2(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    /* Whole fours only: the rest of a short pack goes the portable way. */
    if (!simd_has_avx2() || n % 4 || mode_of(code) == PACK_RAW) return 0;
    if (mode_of(code) == PACK_BITS) {
        read_bits_avx2(code, data, n, out);
        return 1;
    }
    uint64_t base = base_of(code, data, n);
    if (code_width(code) > 52 || (int64_t)base > (1LL << 51) || (int64_t)base < -(1LL << 51))
        return 0;
    read_scaled_avx2(code, data, n, out);
    return 1;
}

#else

int pack_read_avx2(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    (void)code, (void)data, (void)n, (void)out;
    return 0;
}

#endif

void pack_read(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    if (!pack_read_avx2(code, data, n, out)) pack_read_portable(code, data, n, out);
}
