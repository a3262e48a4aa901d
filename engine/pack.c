/* pack.c -- see pack.h. */
#include "pack.h"
#include "pack_whole.h"
#include "simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A base of mode binary, with its shift above. */
enum { BASE_BITS = 54 };
#define BASE_MASK (((uint64_t)1 << BASE_BITS) - 1)

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

static size_t packed_bytes(size_t n, unsigned width, unsigned tight)
{
    return (tight ? (n * width + 7) / 8 : (n * width + 63) / 64 * 8) + 8;
}

/* -- writing --------------------------------------------------------------------------------- */

static int plan_scaled(struct pack *pack, const double *values, size_t n)
{
    struct pack_whole whole;
    if (pack_whole_find(values, n, &whole)) return 0;
    pack->mode = PACK_SCALED;
    pack->scale = (uint8_t)whole.scale;
    pack->width = (uint8_t)width_of((uint64_t)(whole.most - whole.least));
    pack->base = (uint64_t)whole.least;
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

/* -- writing: binary --------------------------------------------------------------------------- */

enum { SHIFT_MAX = 500, MANTISSA_BITS = 52 };

/* 2^shift. */
static double power_of_two(int shift)
{
    return double_of((uint64_t)(1023 + shift) << MANTISSA_BITS);
}

/* A number other than 0 is an odd one * 2^low, and smaller than 2^high. 0: it has few bits. */
static int take_apart(double value, int *low, int *high)
{
    uint64_t bits = bits_of(value), exponent = bits >> MANTISSA_BITS & 0x7ff;
    if (exponent == 0 || exponent == 0x7ff) return -1;
    uint64_t mantissa = (bits & (((uint64_t)1 << MANTISSA_BITS) - 1)) | (uint64_t)1
                                                                            << MANTISSA_BITS;
    *high = (int)exponent - 1022;
    *low = *high - MANTISSA_BITS - 1 + __builtin_ctzll(mantissa);
    return 0;
}

/* The number with the fewest bits that gives the value when it is multiplied by 10^scale. 0: found. */
static int divide(double value, unsigned scale, double *out, int *low, int *high)
{
    uint64_t near = bits_of(value / pack_powers[scale]);
    int found = -1;
    if (scale == 0) {
        *out = value;
        return take_apart(value, low, high);
    }
    for (uint64_t bits = near - 1; bits != near + 2; bits++) {
        int own_low, own_high;
        double number = double_of(bits);
        if (number * pack_powers[scale] != value || take_apart(number, &own_low, &own_high))
            continue;
        if (found == 0 && own_low <= *low) continue;
        *out = number;
        *low = own_low;
        *high = own_high;
        found = 0;
    }
    return found;
}

/* Finds the base, and how many bits the deltas need. */
static void span(struct pack *pack, const int64_t *whole, size_t n)
{
    int64_t least = whole[0], most = whole[0];
    for (size_t i = 1; i < n; i++) {
        if (whole[i] < least) least = whole[i];
        if (whole[i] > most) most = whole[i];
    }
    pack->width = (uint8_t)width_of((uint64_t)(most - least));
    pack->base = (uint64_t)least;
}

static double multiplier(unsigned scale, int shift)
{
    return pack_powers[scale] * power_of_two(-shift);
}

/* Values that are whole numbers * 10^scale / 2^shift. Most that are not are known by the first of them. */
static int plan_binary(struct pack *pack, const double *values, size_t n, unsigned scale)
{
    double numbers[PACK_VALUES];
    int64_t whole[PACK_VALUES];
    int shift = -SHIFT_MAX, top = -SHIFT_MAX;
    for (size_t i = 0; i < n; i++) {
        int low = 0, high = 0;
        numbers[i] = 0;
        if (bits_of(values[i]) == 0) continue;
        if (divide(values[i], scale, &numbers[i], &low, &high)) return 0;
        if (-low > shift) shift = -low;
        if (high > top) top = high;
        if (top + shift > 51) return 0;
    }
    if (shift > SHIFT_MAX || shift == -SHIFT_MAX) return 0;
    for (size_t i = 0; i < n; i++) {
        whole[i] = (int64_t)(numbers[i] * power_of_two(shift));
        if (bits_of((double)whole[i] * multiplier(scale, shift)) != bits_of(values[i])) return 0;
    }
    *pack = (struct pack){.mode = PACK_BINARY, .scale = (uint8_t)scale, .shift = (int16_t)shift};
    span(pack, whole, n);
    return 1;
}

/* Takes the plan of `more` if it is shorter. */
static void take_shorter(struct pack *pack, int is_plan, const struct pack *more)
{
    if (is_plan && (pack->mode == PACK_RAW || more->width < pack->width)) *pack = *more;
}

/* The most zeroes at the end that all of some whole numbers have. */
static unsigned common_zeroes(const double *values, size_t n)
{
    unsigned zeroes = PACK_SCALE_MAX;
    for (size_t i = 0; i < n && zeroes; i++) {
        while (zeroes && (int64_t)values[i] % (int64_t)pack_powers[zeroes])
            zeroes--;
    }
    return zeroes;
}

static int has_odd(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((int64_t)values[i] & 1) return 1;
    return 0;
}

/* Numbers of a clock are binary fractions of seconds, milliseconds or microseconds, in other units. */
static void plan_short(struct pack *pack, const double *values, size_t n)
{
    static const unsigned scales[] = {0, 9, 6, 3};
    struct pack more;
    if (pack->mode == PACK_SCALED && pack->scale) return; /* decimals */
    if (pack->mode == PACK_SCALED) {
        if (has_odd(values, n)) return; /* neither twos nor tens to leave out */
        take_shorter(pack, plan_binary(&more, values, n, common_zeroes(values, n)), &more);
        take_shorter(pack, plan_binary(&more, values, n, 0), &more);
        return;
    }
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        take_shorter(pack, plan_binary(&more, values, n, scales[i]), &more);
}

void pack_plan(struct pack *pack, const double *values, size_t n, enum pack_how how)
{
    assert(n > 0 && n <= PACK_VALUES);
    struct pack found = {.mode = PACK_RAW};
    if (how != PACK_AS_IS && !plan_scaled(&found, values, n)) (void)plan_bits(&found, values, n);
    if (how == PACK_SHORT) plan_short(&found, values, n);
    if (found.mode != PACK_RAW) {
        found.tight = how == PACK_SHORT;
        found.bytes = packed_bytes(n, found.width, found.tight);
    }
    if (found.mode == PACK_RAW || found.width > PACK_WIDTH_MAX || found.bytes > 8 * n)
        found = (struct pack){.mode = PACK_RAW, .bytes = 8 * n};
    *pack = found;
}

static void find_deltas(const struct pack *pack, const double *values, size_t n, uint64_t *out)
{
    int64_t whole[PACK_VALUES];
    if (pack->mode == PACK_SCALED) {
        pack_whole_take(values, n, pack->scale, whole);
        for (size_t i = 0; i < n; i++)
            out[i] = (uint64_t)whole[i] - pack->base;
    } else if (pack->mode == PACK_BINARY) {
        /* The quotient is near the whole number, and exact where there is no decimal scale. */
        double unit = multiplier(pack->scale, pack->shift);
        for (size_t i = 0; i < n; i++)
            out[i] = (uint64_t)llrint(values[i] / unit) - pack->base;
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = bits_of(values[i]) - pack->base;
    }
}

void pack_write(const struct pack *pack, const double *values, size_t n, unsigned char *out)
{
    if (pack->mode == PACK_RAW) {
        memcpy(out, values, 8 * n);
        return;
    }
    uint64_t deltas[PACK_VALUES], word = 0;
    unsigned used = 0; /* bits of `word`, below 64 */
    if (pack->width) find_deltas(pack, values, n, deltas);
    for (size_t i = 0; i < n && pack->width; i++) {
        uint64_t delta = deltas[i];
        word |= delta << used;
        used += pack->width;
        if (used < 64) continue;
        memcpy(out, &word, sizeof word);
        out += sizeof word;
        used -= 64;
        word = used ? delta >> (pack->width - used) : 0;
    }
    size_t len = pack->tight ? (used + 7) / 8 : used ? sizeof word : 0;
    memcpy(out, &word, len);
    uint64_t base = pack->base;
    if (pack->mode == PACK_BINARY)
        base = (uint64_t)(unsigned)pack->shift << BASE_BITS | (base & BASE_MASK);
    memcpy(out + len, &base, sizeof base);
}

uint16_t pack_code(const struct pack *pack)
{
    return (uint16_t)(pack->width << 8 | pack->scale << 4 | (pack->tight ? PACK_TIGHT : 0) |
                      pack->mode);
}

/* -- reading --------------------------------------------------------------------------------- */

static unsigned mode_of(uint16_t code)
{
    return code & 7;
}

static unsigned is_tight(uint16_t code)
{
    return code & PACK_TIGHT;
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
    if (mode_of(code) == PACK_RAW) return code == 0 ? 8 * n : 0;
    if (mode_of(code) > PACK_BINARY || width > PACK_WIDTH_MAX ||
        (mode_of(code) == PACK_BITS && scale_of(code)))
        return 0;
    return packed_bytes(n, width, is_tight(code));
}

static uint64_t base_of(uint16_t code, const unsigned char *data, size_t n)
{
    uint64_t base;
    memcpy(&base, data + packed_bytes(n, code_width(code), is_tight(code)) - 8, sizeof base);
    return base;
}

/* The parts of a base of mode binary. */
static uint64_t whole_base(uint64_t base)
{
    return (uint64_t)((int64_t)(base << (64 - BASE_BITS)) >> (64 - BASE_BITS));
}

static double base_multiplier(uint16_t code, uint64_t base)
{
    return multiplier(scale_of(code), (int)((int64_t)base >> BASE_BITS));
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
    if (mode_of(code) == PACK_BINARY) {
        double factor = base_multiplier(code, base);
        base = whole_base(base);
        for (size_t i = 0; i < n; i++)
            out[i] = (double)(int64_t)(base + load_delta(data, i * width, mask)) * factor;
        return;
    }
    double divisor = pack_powers[scale_of(code)];
    for (size_t i = 0; i < n; i++)
        out[i] = (double)(int64_t)(base + load_delta(data, i * width, mask)) / divisor;
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,fma")))

/* How eight deltas of a width are taken apart: they begin at a byte. The 16 bytes at at[i] hold two of
 * them, of which `pick` makes words and `shift` drops the bits before. Made beforehand: to make one
 * takes as long as to read 64 values by it. */
struct plan {
    uint64_t pick[8], shift[8];
    uint64_t at[4];
};

#define FIRST(w, i)  (2 * (i) * (w) % 8)       /* bit of the first of two in their 16 bytes */
#define SECOND(w, i) (2 * (i) * (w) % 8 + (w)) /* of the second */
#define SAME         UINT64_C(0x0706050403020100)
#define EACH         UINT64_C(0x0101010101010101)
#define PICK(w, i)   SAME, SAME + SECOND(w, i) / 8 * EACH
#define SHIFT(w, i)  FIRST(w, i), SECOND(w, i) % 8
#define AT(w, i)     (2 * (i) * (w) / 8)
#define EIGHT(w)                                                                                   \
    {                                                                                              \
        {PICK(w, 0), PICK(w, 1), PICK(w, 2), PICK(w, 3)},                                          \
            {SHIFT(w, 0), SHIFT(w, 1), SHIFT(w, 2), SHIFT(w, 3)},                                  \
            {AT(w, 0), AT(w, 1), AT(w, 2), AT(w, 3)},                                              \
    }
#define EIGHTS(w)                                                                                  \
    EIGHT(w), EIGHT(w + 1), EIGHT(w + 2), EIGHT(w + 3), EIGHT(w + 4), EIGHT(w + 5), EIGHT(w + 6),  \
        EIGHT(w + 7)

static const struct plan plans[PACK_WIDTH_MAX + 1] = {
    EIGHTS(0u),  EIGHTS(8u),  EIGHTS(16u), EIGHTS(24u),
    EIGHTS(32u), EIGHTS(40u), EIGHTS(48u), EIGHT(56u),
};

/* A pack of n values, whole eights. A load reaches at most OVER bytes behind it. */
enum { OVER = 8 };
struct packed {
    const unsigned char *data;
    const double *until; /* out until here */
    unsigned width;
};

/* A plan in registers. */
struct eight {
    size_t at[4];
    __m256i pick[2], shift[2], mask;
};

AVX2 static inline struct eight load_plan(unsigned width)
{
    const struct plan *plan = &plans[width];
    struct eight eight = {.mask = _mm256_set1_epi64x((long long)(((uint64_t)1 << width) - 1))};
    for (unsigned i = 0; i < 4; i++)
        eight.at[i] = plan->at[i];
    for (unsigned i = 0; i < 2; i++) {
        eight.pick[i] = _mm256_loadu_si256((const __m256i *)(const void *)(plan->pick + 4 * i));
        eight.shift[i] = _mm256_loadu_si256((const __m256i *)(const void *)(plan->shift + 4 * i));
    }
    return eight;
}

/* Deltas 0 to 3 of eight (half 0), or 4 to 7. */
AVX2 static inline __m256i take_four(const struct eight *eight, const unsigned char *data, int half)
{
    const unsigned char *low = data + eight->at[2 * half], *high = data + eight->at[2 * half + 1];
    __m256i words = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)low));
    words = _mm256_inserti128_si256(words, _mm_loadu_si128((const __m128i *)(const void *)high), 1);
    words = _mm256_shuffle_epi8(words, eight->pick[half]);
    return _mm256_and_si256(_mm256_srlv_epi64(words, eight->shift[half]), eight->mask);
}

/* -- deltas of few bits: eight of them are 32-bit words of one register -- */

enum { FEW_BITS = 25 }; /* with the bits before it in its first byte a delta fits a word */

/* The 16 bytes from the first of four deltas on; the first four begin at the byte 0, the others at `at`. */
struct few_plan {
    uint32_t pick[8], shift[8];
    uint64_t at;
};

#define WORD(w, i)      (i) * (w) / 8 /* byte in which a delta begins */
#define FOUR_BYTES      UINT32_C(0x03020100)
#define EACH_OF_FOUR    UINT32_C(0x01010101)
#define PICK_FEW(w, i)  FOUR_BYTES + EACH_OF_FOUR *(WORD(w, i))
#define PICK_LATE(w, i) FOUR_BYTES + EACH_OF_FOUR *(WORD(w, i) - WORD(w, 4))
#define SHIFT_FEW(w, i) (i) * (w) % 8
#define FEW(w)                                                                                     \
    {                                                                                              \
        {PICK_FEW(w, 0),  PICK_FEW(w, 1),  PICK_FEW(w, 2),  PICK_FEW(w, 3),                        \
         PICK_LATE(w, 4), PICK_LATE(w, 5), PICK_LATE(w, 6), PICK_LATE(w, 7)},                      \
            {SHIFT_FEW(w, 0), SHIFT_FEW(w, 1), SHIFT_FEW(w, 2), SHIFT_FEW(w, 3),                   \
             SHIFT_FEW(w, 4), SHIFT_FEW(w, 5), SHIFT_FEW(w, 6), SHIFT_FEW(w, 7)},                  \
            WORD(w, 4),                                                                            \
    }
#define FEW_FIVE(w) FEW(w), FEW(w + 1), FEW(w + 2), FEW(w + 3), FEW(w + 4)

static const struct few_plan few_plans[FEW_BITS + 1] = {FEW_FIVE(0u),  FEW_FIVE(5u),  FEW_FIVE(10u),
                                                        FEW_FIVE(15u), FEW_FIVE(20u), FEW(25u)};

/* value / 10^scale, rounded once, without a division: q = value * (1 / 10^scale) is off by 1.5 units in
 * the last place at most, the remainder value - q * 10^scale is exact, and adding it times the inverse
 * errs by less than 2^-50 units before it is rounded. No quotient of a whole number below 2^53 by 10^15
 * or less lies nearer than 2^-36 to the middle between two doubles but on it, and none lies on it: it
 * would need 54 bits. So this rounds as the division does. */
static const double inverses[PACK_SCALE_MAX + 1] = {
    1,       1 / 1e1, 1 / 1e2,  1 / 1e3,  1 / 1e4,  1 / 1e5,  1 / 1e6,  1 / 1e7,
    1 / 1e8, 1 / 1e9, 1 / 1e10, 1 / 1e11, 1 / 1e12, 1 / 1e13, 1 / 1e14, 1 / 1e15};

struct scale {
    __m256d power, inverse, base;
};

/* base + delta */
AVX2 static inline __m256d wholes(__m256d base, __m256i delta)
{
    const __m256i magic = _mm256_set1_epi64x(0x4330000000000000); /* 2^52 */
    __m256d whole = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(delta, magic)),
                                  _mm256_castsi256_pd(magic));
    return _mm256_add_pd(whole, base); /* exact: both are below 2^52 */
}

AVX2 static inline __m256d scaled(const struct scale *scale, __m256i delta)
{
    __m256d whole = wholes(scale->base, delta);
    __m256d quotient = _mm256_mul_pd(whole, scale->inverse);
    __m256d rest = _mm256_fnmadd_pd(quotient, scale->power, whole);
    return _mm256_fmadd_pd(rest, scale->inverse, quotient);
}

/* base + delta over a power of ten; scale 0: the number itself. */
AVX2 static inline __m256d few_scaled(const struct scale *scale, __m128i delta, int divides)
{
    __m256d whole = _mm256_add_pd(_mm256_cvtepi32_pd(delta), scale->base);
    if (!divides) return whole;
    __m256d quotient = _mm256_mul_pd(whole, scale->inverse);
    __m256d rest = _mm256_fnmadd_pd(quotient, scale->power, whole);
    return _mm256_fmadd_pd(rest, scale->inverse, quotient);
}

AVX2 static inline void few_eight(const unsigned char *at, const struct few_plan *plan,
                                  __m256i mask, const struct scale *scale, int divides, double *out)
{
    const __m256i pick = _mm256_loadu_si256((const __m256i *)(const void *)plan->pick);
    const __m256i shift = _mm256_loadu_si256((const __m256i *)(const void *)plan->shift);
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(at + plan->at));
    __m256i words = _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
    words = _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(words, pick), shift), mask);
    _mm256_storeu_pd(out, few_scaled(scale, _mm256_castsi256_si128(words), divides));
    _mm256_storeu_pd(out + 4, few_scaled(scale, _mm256_extracti128_si256(words, 1), divides));
}

AVX2 static inline void read_few(const struct packed *packed, const struct scale *scale,
                                 int divides, double *out)
{
    const unsigned width = packed->width;
    const struct few_plan plan = few_plans[width];
    const __m256i mask = _mm256_set1_epi32((int)((UINT32_C(1) << width) - 1));
    for (const unsigned char *at = packed->data; out < packed->until; at += width, out += 8)
        few_eight(at, &plan, mask, scale, divides, out);
}

/* Calls READ(eight, at, how, out) for each eight of a pack. */
#define READ_EIGHTS(packed, READ, how, out)                                                        \
    do {                                                                                           \
        const struct eight eight = load_plan((packed)->width);                                     \
        const unsigned width = (packed)->width;                                                    \
        for (const unsigned char *at = (packed)->data; (out) < (packed)->until;                    \
             at += width, (out) += 8)                                                              \
            READ(&eight, at, how, (out));                                                          \
    } while (0)

AVX2 static inline void scaled_eight(const struct eight *eight, const unsigned char *at,
                                     const struct scale *scale, double *out)
{
    _mm256_storeu_pd(out, scaled(scale, take_four(eight, at, 0)));
    _mm256_storeu_pd(out + 4, scaled(scale, take_four(eight, at, 1)));
}

AVX2 static inline void binary_eight(const struct eight *eight, const unsigned char *at,
                                     const struct scale *scale, double *out)
{
    __m256d low = wholes(scale->base, take_four(eight, at, 0));
    __m256d high = wholes(scale->base, take_four(eight, at, 1));
    _mm256_storeu_pd(out, _mm256_mul_pd(low, scale->power));
    _mm256_storeu_pd(out + 4, _mm256_mul_pd(high, scale->power));
}

AVX2 static inline void bits_eight(const struct eight *eight, const unsigned char *at, __m256i base,
                                   double *out)
{
    __m256i low = _mm256_add_epi64(take_four(eight, at, 0), base);
    __m256i high = _mm256_add_epi64(take_four(eight, at, 1), base);
    _mm256_storeu_pd(out, _mm256_castsi256_pd(low));
    _mm256_storeu_pd(out + 4, _mm256_castsi256_pd(high));
}

AVX2 static inline void read_scaled_avx2(const struct packed *packed, unsigned power, int64_t base,
                                         double *out)
{
    const struct scale scale = {.power = _mm256_set1_pd(pack_powers[power]),
                                .inverse = _mm256_set1_pd(inverses[power]),
                                .base = _mm256_set1_pd((double)base)};
    if (packed->width > FEW_BITS)
        READ_EIGHTS(packed, scaled_eight, &scale, out);
    else if (power)
        read_few(packed, &scale, 1, out);
    else
        read_few(packed, &scale, 0, out);
}

AVX2 static inline void read_binary_avx2(const struct packed *packed, double factor, int64_t base,
                                         double *out)
{
    const struct scale scale = {.power = _mm256_set1_pd(factor),
                                .base = _mm256_set1_pd((double)base)};
    READ_EIGHTS(packed, binary_eight, &scale, out);
}

AVX2 static inline void read_bits_avx2(const struct packed *packed, uint64_t base, double *out)
{
    const __m256i least = _mm256_set1_epi64x((long long)base);
    READ_EIGHTS(packed, bits_eight, least, out);
}

/* Reads a pack with OVER bytes behind it. 1, or 0: it goes the portable way. */
AVX2 static int read_eights(uint16_t code, const unsigned char *data, size_t bytes, size_t n,
                            double *out)
{
    enum { EXACT_BITS = 52 };
    const int64_t most = (int64_t)1 << (EXACT_BITS - 1);
    const struct packed packed = {.data = data, .until = out + n, .width = code_width(code)};
    uint64_t bits;
    memcpy(&bits, data + bytes - 8, sizeof bits);
    if (mode_of(code) == PACK_BITS) {
        read_bits_avx2(&packed, bits, out);
        return 1;
    }
    int64_t base = (int64_t)(mode_of(code) == PACK_BINARY ? whole_base(bits) : bits);
    if (packed.width > EXACT_BITS || base > most || base < -most) return 0;
    if (mode_of(code) == PACK_BINARY)
        read_binary_avx2(&packed, base_multiplier(code, bits), base, out);
    else
        read_scaled_avx2(&packed, scale_of(code), base, out);
    return 1;
}

/* The same of one that ends where the memory does. */
static int read_copy(uint16_t code, const unsigned char *data, size_t bytes, size_t n, double *out)
{
    unsigned char copy[PACK_BYTES_MAX + OVER];
    memcpy(copy, data, bytes);
    memset(copy + bytes, 0, OVER);
    return read_eights(code, copy, bytes, n, out);
}

/* Of whole eights, not raw. 1, or 0: it goes the portable way. */
static inline int read_avx2(uint16_t code, const unsigned char *data, size_t bytes, size_t readable,
                            size_t n, double *out)
{
    return readable >= bytes + OVER ? read_eights(code, data, bytes, n, out)
                                    : read_copy(code, data, bytes, n, out);
}

int pack_read_avx2(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    if (!simd_has_fma() || n % 8 || mode_of(code) == PACK_RAW) return 0;
    return read_copy(code, data, pack_bytes(code, n), n, out);
}

#else

static int read_avx2(uint16_t code, const unsigned char *data, size_t bytes, size_t readable,
                     size_t n, double *out)
{
    (void)code, (void)data, (void)bytes, (void)readable, (void)n, (void)out;
    return 0;
}

int pack_read_avx2(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    return read_avx2(code, data, 0, 0, n, out);
}

#endif

int pack_read_whole(uint16_t code, const unsigned char *data, size_t bytes, size_t readable,
                    int has_fma, double *out)
{
    if (bytes != pack_bytes(code, PACK_VALUES)) return 0;
    if (code == PACK_RAW)
        memcpy(out, data, PACK_BYTES_MAX);
    else if (!has_fma || !read_avx2(code, data, bytes, readable, PACK_VALUES, out))
        pack_read_portable(code, data, PACK_VALUES, out);
    return 1;
}

void pack_read(uint16_t code, const unsigned char *data, size_t n, double *out)
{
    if (!pack_read_avx2(code, data, n, out)) pack_read_portable(code, data, n, out);
}
