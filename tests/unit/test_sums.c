/* test_sums.c -- summaries of many columns at once have the bits of one column's, by both forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../engine/block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 131, ROUNDS = 300 };

static uint64_t state_of_random = 7;

static uint64_t next_random(void)
{
    uint64_t z = state_of_random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Of very different sizes, so that the order of additions shows; equal ones and both zeroes too. */
static double random_value(void)
{
    static const double some[] = {0.0, -0.0, 1.0, -1.0, 1e300, 5e-324};
    uint64_t bits = next_random();
    if (bits % 8 == 0) return some[bits / 8 % 6];
    return ldexp((double)(int64_t)bits, (int)(next_random() % 40) - 60);
}

static struct block_summary expected[COLUMNS];

static void same(const struct sums *sums)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        struct block_summary got = sums_get(sums, i);
        assert_memory_equal(&got, &expected[i], sizeof got);
    }
}

/* Each form adds to sums of its own. */
enum { CHOSEN, PORTABLE, VECTOR, FORMS };

static void add_rows(struct sums *sums, const unsigned char *const *rows, size_t count,
                     size_t first, size_t n)
{
    const unsigned char *rest[SUMS_ROWS_MAX];
    sums_add_rows(&sums[CHOSEN], first, rows, count, n);
    sums_add_rows_portable(&sums[PORTABLE], first, rows, count, n);
    size_t done = sums_add_rows_avx2(&sums[VECTOR], first, rows, count, n);
    assert_true(done == 0 || done == n / 4 * 4);
    for (size_t r = 0; r < count; r++)
        rest[r] = rows[r] + 8 * done;
    sums_add_rows_portable(&sums[VECTOR], first + done, rest, count, n - done);
}

static void add_random_rows(struct sums *sums)
{
    static double values[SUMS_ROWS_MAX][COLUMNS];
    const unsigned char *rows[SUMS_ROWS_MAX];
    double column[SUMS_ROWS_MAX];
    size_t count = 1 + next_random() % SUMS_ROWS_MAX, first = next_random() % COLUMNS;
    size_t n = 1 + next_random() % (COLUMNS - first);
    for (size_t r = 0; r < count; r++) {
        rows[r] = (const unsigned char *)values[r];
        for (size_t i = 0; i < n; i++)
            values[r][i] = random_value();
    }
    add_rows(sums, rows, count, first, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t r = 0; r < count; r++)
            column[r] = values[r][i];
        struct block_summary more = block_summarize(column, count);
        block_summary_add(&expected[first + i], &more);
    }
}

static void add_random_strip(struct sums *sums)
{
    static uint32_t counts[COLUMNS];
    static double numbers[4][COLUMNS];
    struct sums_strip strip = {(const unsigned char *)counts, (const unsigned char *)numbers[0],
                               (const unsigned char *)numbers[1], (const unsigned char *)numbers[2],
                               (const unsigned char *)numbers[3]};
    size_t from = next_random() % 5, first = next_random() % (COLUMNS - from);
    size_t n = 1 + next_random() % (COLUMNS - from - first);
    for (size_t i = from; i < from + n; i++) {
        double values[SUMS_ROWS_MAX];
        size_t count = next_random() % 3 ? next_random() % SUMS_ROWS_MAX : 0;
        for (size_t k = 0; k < count; k++)
            values[k] = random_value();
        struct block_summary more = block_summarize(values, count);
        counts[i] = (uint32_t)more.count;
        numbers[0][i] = more.min;
        numbers[1][i] = more.max;
        numbers[2][i] = more.sum;
        numbers[3][i] = more.m2;
        block_summary_add(&expected[first + i - from], &more);
    }
    sums_add_strip(&sums[CHOSEN], first, &strip, from, n);
    sums_add_strip_portable(&sums[PORTABLE], first, &strip, from, n);
    size_t done = sums_add_strip_avx2(&sums[VECTOR], first, &strip, from, n);
    sums_add_strip_portable(&sums[VECTOR], first + done, &strip, from + done, n - done);
}

static void test_same_bits(void **state)
{
    (void)state;
    struct sums sums[FORMS];
    for (int form = 0; form < FORMS; form++)
        assert_int_equal(sums_init(&sums[form], COLUMNS), 0);
    memset(expected, 0, sizeof expected);
    for (int round = 0; round < ROUNDS; round++) {
        if (next_random() % 2)
            add_random_rows(sums);
        else
            add_random_strip(sums);
        for (int form = 0; form < FORMS; form++)
            same(&sums[form]);
    }
    for (int form = 0; form < FORMS; form++)
        sums_free(&sums[form]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
