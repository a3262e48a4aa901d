/* test_rows.c -- tools/rows: what is built comes out in batches, with gaps and units. */
#include "../../tools/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

static void test_empty(void **state)
{
    struct rows rows;
    struct pace_field fields[ROWS_MAX_FIELDS];
    struct pace_rows batch;
    (void)state;
    rows_init(&rows);
    rows_field(&rows, "a", PACE_FIELD_TEXT);
    rows_batch(&rows, 0, fields, &batch);
    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.field_count, 1);
    rows_clear(&rows);
}

static void test_batches(void **state)
{
    enum { COUNT = PACE_MAX_BATCH * 2 + 3 };
    struct rows rows;
    struct pace_field fields[ROWS_MAX_FIELDS];
    struct pace_rows batch;
    (void)state;
    rows_init(&rows);
    rows_field(&rows, "name", PACE_FIELD_TEXT);
    rows_field(&rows, "value", PACE_FIELD_NUMBER);
    rows_field(&rows, "time", PACE_FIELD_TIME);
    for (int i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        rows_next(&rows);
        rows_text(&rows, 0, name);
        if (i % 3 != 0) rows_number(&rows, 1, i, i % 2 ? "ns" : "B");
        rows_time(&rows, 2, i);
    }
    assert_int_equal(rows.failed, 0);
    size_t seen = 0;
    for (;;) {
        rows_batch(&rows, seen, fields, &batch);
        if (batch.count == 0) break;
        assert_true(batch.count <= PACE_MAX_BATCH);
        const struct pace_field *name = rows_find(&batch, "name");
        const struct pace_field *value = rows_find(&batch, "value");
        for (size_t r = 0; r < batch.count; r++, seen++) {
            char expected[16];
            snprintf(expected, sizeof expected, "n%zu", seen);
            assert_string_equal(field_text(name, r), expected);
            assert_true(batch.fields[2].time_ns[r] == (int64_t)seen);
            if (seen % 3 == 0) {
                assert_true(isnan(field_number(value, r)));
            } else {
                assert_true(field_number(value, r) == (double)seen);
                assert_string_equal(field_unit(value, r), seen % 2 ? "ns" : "B");
            }
        }
    }
    assert_int_equal(seen, COUNT);
    rows_clear(&rows);
}

static void test_find(void **state)
{
    const double numbers[] = {1.5};
    const uint8_t missing[] = {1};
    const struct pace_field fields[] = {
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .unit = "ns"},
        {.name = "gone", .type = PACE_FIELD_NUMBER, .number = numbers, .missing = missing}};
    const struct pace_rows rows = {1, 2, fields, NULL};
    (void)state;
    assert_true(field_number(rows_find(&rows, "value"), 0) == 1.5);
    assert_string_equal(field_unit(rows_find(&rows, "value"), 0), "ns");
    assert_true(isnan(field_number(rows_find(&rows, "gone"), 0)));
    assert_true(isnan(field_number(rows_find(&rows, "nothing"), 0)));
    assert_null(field_text(rows_find(&rows, "value"), 0)); /* of another type */
    assert_string_equal(field_unit(rows_find(&rows, "nothing"), 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
