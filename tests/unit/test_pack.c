/* test_pack.c -- packs give back every bit, in the mode that was expected, by both kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../engine/pack.h"
#include "../../engine/pack_whole.h"
#include "../../engine/simd.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state_of_random = 42;

static uint64_t next_random(void)
{
    uint64_t z = state_of_random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Whole packs with nothing behind them that may be touched, and with some: in memory that ends
 * there. */
static void read_whole(uint16_t code, const unsigned char *data, size_t bytes, const double *values)
{
    double out[PACK_VALUES];
    for (size_t more = 0; more <= 16; more++)
        for (int has_fma = 0; has_fma <= simd_has_fma(); has_fma++) {
            unsigned char *copy = malloc(bytes + more);
            assert_non_null(copy);
            memcpy(copy, data, bytes);
            memset(copy + bytes, 0x5a, more);
            assert_int_equal(pack_read_whole(code, copy, bytes, bytes + more, has_fma, out), 1);
            assert_memory_equal(out, values, sizeof out);
            assert_int_equal(pack_read_whole(code, copy, bytes - 1, bytes + more, has_fma, out), 0);
            free(copy);
        }
}

/* Packs, unpacks by both kernels, compares bits; returns the mode. */
static struct pack round_trip_how(const double *values, size_t n, enum pack_how how)
{
    unsigned char data[PACK_BYTES_MAX];
    double out[PACK_VALUES], other[PACK_VALUES];
    struct pack pack;
    pack_plan(&pack, values, n, how);
    assert_true(pack.bytes <= 8 * n && pack.bytes > 0);
    assert_true(how == PACK_SHORT || (pack.bytes % 8 == 0 && pack.mode <= PACK_BITS));
    memset(data, 0xa5, sizeof data);
    pack_write(&pack, values, n, data);
    for (size_t i = pack.bytes; i < sizeof data; i++)
        assert_int_equal(data[i], 0xa5);
    uint16_t code = pack_code(&pack);
    assert_int_equal(pack_bytes(code, n), pack.bytes);
    pack_read_portable(code, data, n, out);
    assert_memory_equal(out, values, 8 * n);
    if (pack_read_avx2(code, data, n, other)) assert_memory_equal(other, values, 8 * n);
    memset(out, 0, sizeof out);
    pack_read(code, data, n, out);
    assert_memory_equal(out, values, 8 * n);
    if (n == PACK_VALUES) read_whole(code, data, pack.bytes, values);
    return pack;
}

/* The same of both ways; the short one is never longer. Returns the plan of the loose one. */
static struct pack round_trip(const double *values, size_t n)
{
    struct pack loose = round_trip_how(values, n, PACK_LOOSE);
    assert_true(round_trip_how(values, n, PACK_SHORT).bytes <= loose.bytes);
    return loose;
}

/* Whole numbers of every size by every power of ten: what multiplies has to round like what
 * divides. The record ends where the memory does, so that a sanitizer sees what is read behind
 * it. */
static void test_quotients(void **state)
{
    (void)state;
    double quotients[PACK_VALUES], other[PACK_VALUES];
    for (unsigned scale = 0; scale <= PACK_SCALE_MAX; scale++)
        for (unsigned width = 0; width <= 52; width++)
            for (int round = 0; round < 40; round++) {
                uint16_t code = (uint16_t)(width << 8 | scale << 4 | PACK_SCALED);
                size_t n = 8 * (1 + next_random() % 8), bytes = pack_bytes(code, n);
                unsigned char *data = malloc(bytes);
                assert_non_null(data);
                for (size_t i = 0; i < bytes; i++)
                    data[i] = (unsigned char)next_random();
                int64_t base = (int64_t)(next_random() >> next_random() % 63 >> 13);
                if (round % 2) base = -base;
                memcpy(data + bytes - 8, &base, sizeof base);
                pack_read_portable(code, data, n, quotients);
                if (pack_read_avx2(code, data, n, other))
                    assert_memory_equal(other, quotients, 8 * n);
                free(data);
            }
}

static void test_decimals(void **state)
{
    (void)state;
    static const double powers[] = {1, 10, 100, 1000, 1e6, 1e9};
    double values[PACK_VALUES];
    for (unsigned p = 0; p < 6; p++) {
        for (int round = 0; round < 500; round++) {
            size_t n = 1 + next_random() % PACK_VALUES;
            uint64_t range = (uint64_t)1 << next_random() % 40;
            int64_t base = (int64_t)(next_random() % 1000000000) - 500000000;
            for (size_t i = 0; i < n; i++)
                values[i] = (double)(base + (int64_t)(next_random() % range)) / powers[p];
            struct pack pack = round_trip(values, n);
            int zero = 0; /* -0.0 / 10 never occurs: whole zeroes are positive */
            for (size_t i = 0; i < n; i++)
                zero |= signbit(values[i]) && values[i] == 0;
            assert_int_equal(zero, 0);
            if (n >= 8) assert_int_equal(pack.mode, PACK_SCALED);
            assert_true(pack.scale <= 9);
        }
    }
}

static void test_sizes(void **state)
{
    (void)state;
    double values[PACK_VALUES];
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = 1234.5;
    struct pack pack = round_trip(values, PACK_VALUES);
    assert_int_equal(pack.mode, PACK_SCALED);
    assert_int_equal(pack.bytes, 8); /* a constant is its base */
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = 5000 + i;
    assert_int_equal(round_trip(values, PACK_VALUES).bytes, 6 * 8 + 8);
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = M_PI * (1 + i * 1e-4);
    pack = round_trip(values, PACK_VALUES);
    assert_int_equal(pack.mode, PACK_BITS);
    assert_true(pack.bytes < PACK_BYTES_MAX);
    pack_plan(&pack, values, PACK_VALUES, PACK_AS_IS);
    assert_int_equal(pack.mode, PACK_RAW);
    assert_int_equal(pack.bytes, PACK_BYTES_MAX);
}

/* What a clock of binary fractions of a second counted, in nanoseconds; sizes of pages; decimals
 * that were rounded to few digits. */
static void test_binary(void **state)
{
    (void)state;
    double values[PACK_VALUES];
    for (int round = 0; round < 2000; round++) {
        static const double units[] = {1, 1e3, 1e6, 1e9};
        size_t n = 4 + next_random() % 61;
        unsigned bits = 20 + (unsigned)(next_random() % 24);
        double quantum = ldexp(1, -20 - (int)(next_random() % 26)), unit = units[round % 4];
        for (size_t i = 0; i < n; i++)
            values[i] = (double)(next_random() >> (64 - bits) | 1) * quantum * unit;
        struct pack pack = round_trip_how(values, n, PACK_SHORT);
        assert_true(pack.mode != PACK_RAW && pack.width <= bits);
    }
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = 4096.0 * (double)(100000 + next_random() % 64);
    struct pack pages = round_trip_how(values, PACK_VALUES, PACK_SHORT);
    assert_int_equal(pages.bytes, 6 * 8 + 8);
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = (18504 + (int)(next_random() % 200) - 100) * 1e4;
    assert_int_equal(round_trip_how(values, PACK_VALUES, PACK_SHORT).width, 8);
    for (int i = 0; i < 10; i++)
        values[i] = i * 2.5 + 1e6 / 3;
    struct pack tight = round_trip_how(values, 10, PACK_SHORT);
    assert_int_equal(tight.bytes, (10 * (unsigned)tight.width + 7) / 8 + 8);
}

/* Bases of binary packs of any bits are read alike by both kernels. */
static void test_binary_kernels(void **state)
{
    (void)state;
    double numbers[PACK_VALUES], other[PACK_VALUES];
    for (int round = 0; round < 20000; round++) {
        unsigned width = (unsigned)(next_random() % 53), scale = (unsigned)(next_random() % 16);
        uint16_t code =
            (uint16_t)(width << 8 | scale << 4 | PACK_BINARY | (round % 2 ? PACK_TIGHT : 0));
        size_t n = 8 * (1 + next_random() % 8), bytes = pack_bytes(code, n);
        unsigned char *data = malloc(bytes);
        assert_non_null(data);
        for (size_t i = 0; i < bytes; i++)
            data[i] = (unsigned char)next_random();
        pack_read_portable(code, data, n, numbers);
        if (pack_read_avx2(code, data, n, other)) assert_memory_equal(other, numbers, 8 * n);
        free(data);
    }
}

/* So are whole numbers over a power of ten, of every width and scale, whatever lies behind their
 * pack. */
static void test_scaled_kernels(void **state)
{
    (void)state;
    double numbers[PACK_VALUES], other[PACK_VALUES];
    for (unsigned round = 0; round < 53 * 16 * 12; round++) {
        unsigned width = round % 53, scale = round / 53 % 16;
        uint16_t code =
            (uint16_t)(width << 8 | scale << 4 | PACK_SCALED | (round % 2 ? PACK_TIGHT : 0));
        size_t n = 8 * (1 + next_random() % 8), bytes = pack_bytes(code, n);
        int64_t base = (int64_t)next_random() >> (13 + next_random() % 50);
        unsigned char *data =
            malloc(bytes); /* of that size, so that the sanitizer sees reads behind it */
        assert_non_null(data);
        for (size_t i = 0; i < bytes; i++)
            data[i] = (unsigned char)next_random();
        memcpy(data + bytes - sizeof base, &base, sizeof base);
        pack_read_portable(code, data, n, numbers);
        if (pack_read_avx2(code, data, n, other)) assert_memory_equal(other, numbers, 8 * n);
        free(data);
    }
}

static void test_any_bits(void **state)
{
    (void)state;
    double values[PACK_VALUES];
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + next_random() % PACK_VALUES;
        unsigned keep = (unsigned)(next_random() % 64);
        uint64_t common = next_random();
        for (size_t i = 0; i < n; i++) {
            /* Any doubles, or doubles whose high bits agree. Not infinite, not NaN. */
            uint64_t bits = round % 2 ? next_random() : common ^ next_random() >> keep;
            if ((bits >> 52 & 0x7ff) == 0x7ff) bits ^= (uint64_t)1 << 62;
            memcpy(&values[i], &bits, sizeof bits);
        }
        round_trip(values, n);
    }
}

static void test_edges(void **state)
{
    (void)state;
    static const double edges[] = {0.0,
                                   -0.0,
                                   DBL_MIN,
                                   -DBL_MIN,
                                   DBL_TRUE_MIN,
                                   -DBL_TRUE_MIN,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   1,
                                   -1,
                                   0x1p51,
                                   0x1p51 - 1,
                                   -0x1p51 + 1,
                                   -0x1p51,
                                   0x1p52,
                                   0x1p53,
                                   0x1p53 + 2,
                                   0x1p63,
                                   1e15,
                                   1e16,
                                   1e22,
                                   1e-15,
                                   1e-16,
                                   0.1,
                                   0.3,
                                   2.675,
                                   1e300,
                                   5e-324,
                                   123456789.123456789};
    enum { COUNT = sizeof edges / sizeof *edges };
    double values[PACK_VALUES];
    for (int a = 0; a < COUNT; a++) {
        round_trip(&edges[a], 1);
        for (int b = 0; b < COUNT; b++) {
            for (int i = 0; i < PACK_VALUES; i++)
                values[i] = i % 3 ? edges[a] : edges[b];
            for (size_t n = 1; n <= PACK_VALUES; n += 7)
                round_trip(values, n);
        }
    }
    /* A zero of each sign cannot be a whole number: the sign would be lost. */
    for (int i = 0; i < PACK_VALUES; i++)
        values[i] = i % 2 ? 0.0 : -0.0;
    assert_int_not_equal(round_trip(values, PACK_VALUES).mode, PACK_SCALED);
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < PACK_VALUES; i++)
            values[i] = edges[next_random() % COUNT];
        round_trip(values, 1 + next_random() % PACK_VALUES);
    }
}

static void test_bad_codes(void **state)
{
    (void)state;
    assert_int_equal(pack_bytes(4, 64), 0);
    assert_int_equal(pack_bytes(PACK_TIGHT, 64), 0);
    assert_int_equal(pack_bytes(1 << 4, 64), 0); /* raw with a scale */
    assert_int_equal(pack_bytes(57 << 8 | PACK_BITS, 64), 0);
    assert_int_equal(pack_bytes(8 << 8 | 1 << 4 | PACK_BITS, 64), 0);
    assert_int_equal(pack_bytes(PACK_RAW, 0), 0);
    assert_int_equal(pack_bytes(PACK_RAW, 65), 0);
    assert_int_equal(pack_bytes(8 << 8 | 2 << 4 | PACK_SCALED, 64), 72);
}

/* The form for any machine and the other one find the same numbers. */
static void check_whole(const double *values, size_t n, int *found)
{
    struct pack_whole one, other;
    int64_t numbers[PACK_VALUES], others[PACK_VALUES];
    int rc = pack_whole_find(values, n, &one);
    assert_int_equal(rc, pack_whole_find_portable(values, n, &other));
    if (rc) return;
    ++*found;
    assert_int_equal(one.scale, other.scale);
    assert_true(one.least == other.least && one.most == other.most);
    pack_whole_take(values, n, one.scale, numbers);
    pack_whole_take_portable(values, n, one.scale, others);
    assert_memory_equal(numbers, others, n * sizeof *numbers);
    for (size_t i = 0; i < n; i++) {
        double value = (double)numbers[i] / pack_powers[one.scale];
        assert_memory_equal(&value, &values[i], sizeof value);
        assert_true(numbers[i] >= one.least && numbers[i] <= one.most);
    }
}

static void test_whole_numbers(void **state)
{
    (void)state;
    static const double edges[] = {0.0,     -0.0,       0x1p51,  0x1p51 - 1, -0x1p51,  1 - 0x1p51,
                                   0x1p-40, 0x1p52 + 1, 1e300,   5e-324,     0.1,      -0.3,
                                   1e15,    1e-15,      1.5e-15, 123.456,    1e14 / 3, 2e15};
    enum { EDGES = sizeof edges / sizeof *edges };
    double values[PACK_VALUES];
    int found = 0;
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + next_random() % PACK_VALUES;
        unsigned most = (unsigned)(next_random() % 8), odd = (unsigned)(next_random() % 4);
        for (size_t i = 0; i < n; i++) {
            double whole = (double)(next_random() % (1u << 30)) - (1 << 29);
            values[i] = whole / pack_powers[next_random() % (most + 1u)];
        }
        while (odd-- > 1)
            values[next_random() % n] = edges[next_random() % EDGES];
        check_whole(values, n, &found);
    }
    assert_in_range(found, 5000, 19999);
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t k = 0; k < 8; k++)
            values[k] = edges[i];
        check_whole(values, 8, &found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),       cmocka_unit_test(test_quotients),
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_any_bits),
        cmocka_unit_test(test_edges),          cmocka_unit_test(test_bad_codes),
        cmocka_unit_test(test_binary),         cmocka_unit_test(test_binary_kernels),
        cmocka_unit_test(test_scaled_kernels), cmocka_unit_test(test_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
