/* test_turn.c -- rows become columns: every value in its place, nothing beside it, by both
 * forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../engine/turn.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 64, COLUMNS = 70, STRIDE = ROWS + 3, ODD = 3 };

/* Any bits, those of NaNs too, must come through: a value's bits tell its place. */
static double value_at(size_t row, size_t column)
{
    uint64_t bits = 0x7ff0000000000001u + (row << 8 | column) * 0x100000001u;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef void turner(const unsigned char *const *, size_t, size_t, double *, size_t);

static void turn_by_avx2(const unsigned char *const *rows, size_t count, size_t columns,
                         double *out, size_t stride)
{
    if (!turn_rows_avx2(rows, count, columns, out, stride))
        turn_rows_portable(rows, count, columns, out, stride);
}

static void check(turner *turn, const unsigned char *const *rows, size_t count, size_t columns)
{
    static double out[COLUMNS * STRIDE], expected[COLUMNS * STRIDE];
    memset(out, 0xa5, sizeof out);
    memset(expected, 0xa5, sizeof expected);
    turn(rows, count, columns, out, STRIDE);
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < count; r++)
            expected[c * STRIDE + r] = value_at(r, c);
    assert_memory_equal(out, expected, sizeof out);
}

static void test_places(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(ROWS * (COLUMNS * 8 + ODD));
    const unsigned char *rows[ROWS];
    assert_non_null(bytes);
    for (size_t r = 0; r < ROWS; r++) {
        unsigned char *row = bytes + r * (COLUMNS * 8 + ODD); /* rows are not aligned */
        rows[r] = row;
        for (size_t c = 0; c < COLUMNS; c++) {
            double value = value_at(r, c);
            memcpy(row + 8 * c, &value, sizeof value);
        }
    }
    turner *const forms[] = {turn_rows, turn_rows_portable, turn_by_avx2};
    for (size_t form = 0; form < 3; form++)
        for (size_t count = 0; count <= ROWS; count += 1 + count / 13)
            for (size_t columns = 0; columns <= COLUMNS; columns++)
                check(forms[form], rows, count, columns);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
