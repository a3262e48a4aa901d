/* test_sorter.c -- the external sort against qsort, with limits from none to a few bytes. */
#include "../../tools/sorter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDS = 3000 };

struct item {
    char key[64];
    size_t key_len, value_len;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    size_t shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, shorter);
    return order != 0 ? order : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

static char value_byte(const struct item *item, size_t index)
{
    return (char)((size_t)(unsigned char)item->key[0] + item->key_len + index * 7);
}

static void make_items(struct item *items)
{
    uint64_t random = 7;
    for (size_t i = 0; i < RECORDS; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t prefix = (size_t)(random >> 60);
        memset(items[i].key, (int)(random >> 52 & 0xff), prefix);
        /* The index makes keys different, with bytes of all values. */
        items[i].key[prefix] = (char)(i * 37 % 256);
        items[i].key[prefix + 1] = (char)(i / 256);
        items[i].key[prefix + 2] = (char)(i % 256);
        items[i].key_len = prefix + 3;
        items[i].value_len = i % 500 == 0 ? 9000 : (size_t)(random >> 40 & 0x3f);
    }
}

static size_t sort_with(size_t limit_bytes)
{
    static struct item items[RECORDS];
    struct sorter *sorter = NULL;
    struct pace_error error = {0, ""};
    make_items(items);
    assert_int_equal(sorter_open(limit_bytes, &error, &sorter), 0);
    for (size_t i = 0; i < RECORDS; i++) {
        char value[9000];
        for (size_t b = 0; b < items[i].value_len; b++)
            value[b] = value_byte(&items[i], b);
        struct sorter_record record = {items[i].key, items[i].key_len, value, items[i].value_len};
        assert_int_equal(sorter_put(sorter, &record, &error), 0);
    }
    qsort(items, RECORDS, sizeof items[0], compare_items);
    for (int pass = 0; pass < 2; pass++) {
        struct sorter_record record;
        assert_int_equal(sorter_start(sorter, &error), 0);
        for (size_t i = 0; i < RECORDS; i++) {
            assert_int_equal(sorter_next(sorter, &error, &record), 0);
            assert_non_null(record.key);
            assert_int_equal(record.key_len, items[i].key_len);
            assert_memory_equal(record.key, items[i].key, record.key_len);
            assert_int_equal(record.value_len, items[i].value_len);
            for (size_t b = 0; b < record.value_len; b++)
                assert_int_equal(record.value[b], value_byte(&items[i], b));
        }
        assert_int_equal(sorter_next(sorter, &error, &record), 0);
        assert_null(record.key);
        assert_int_equal(sorter_next(sorter, &error, &record), 0);
        assert_null(record.key);
    }
    size_t spills = sorter_spills(sorter);
    sorter_close(sorter);
    return spills;
}

static void sorts_in_memory(void **state)
{
    (void)state;
    assert_int_equal(sort_with(64 << 20), 0);
}

static void sorts_in_pieces(void **state)
{
    (void)state;
    assert_in_range(sort_with(50000), 2, 20);
    assert_in_range(sort_with(1000), 100, RECORDS);
}

static void sorts_a_record_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(sort_with(1), RECORDS);
}

static void sorts_nothing(void **state)
{
    struct sorter *sorter = NULL;
    struct sorter_record record = {"x", 1, NULL, 0};
    (void)state;
    assert_int_equal(sorter_open(100, NULL, &sorter), 0);
    assert_int_equal(sorter_start(sorter, NULL), 0);
    assert_int_equal(sorter_next(sorter, NULL, &record), 0);
    assert_null(record.key);
    sorter_close(sorter);
    sorter_close(NULL);
}

static void says_that_it_cannot_spill(void **state)
{
    struct sorter *sorter = NULL;
    struct sorter_record record = {"x", 1, NULL, 0}, other = {"y", 1, NULL, 0};
    struct pace_error error = {0, ""};
    const char *before = getenv("TMPDIR");
    char *saved = before != NULL ? strdup(before) : NULL;
    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    assert_int_equal(sorter_open(1, NULL, &sorter), 0);
    assert_int_equal(sorter_put(sorter, &record, &error), 0);
    assert_true(sorter_put(sorter, &other, &error) > 0);
    assert_non_null(strstr(error.message, "TMPDIR"));
    sorter_close(sorter);
    assert_int_equal(saved != NULL ? setenv("TMPDIR", saved, 1) : unsetenv("TMPDIR"), 0);
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_in_memory),           cmocka_unit_test(sorts_in_pieces),
        cmocka_unit_test(sorts_a_record_at_a_time),  cmocka_unit_test(sorts_nothing),
        cmocka_unit_test(says_that_it_cannot_spill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
