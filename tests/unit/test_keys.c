/* test_keys.c -- keys: the order of bytes is the order of history; taking apart; no key is
 * another's. */
#include "../store_help.h"

#include "../../engine/keys.h"

static int compare(const struct key *a, const struct key *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->bytes, b->bytes, len);
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void test_order_of_log_keys(void **state)
{
    (void)state;
    static const struct position rising[] = {
        {INT64_MIN, 0, 1},  {-1, 9, 9},  {0, 0, 1},         {0, 0, 2},
        {0, 0, UINT64_MAX}, {0, 1, 1},   {0, 256, 1},       {0, UINT32_MAX, 1},
        {1, 0, 1},          {256, 0, 1}, {INT64_MAX, 0, 1},
    };
    const size_t count = sizeof rising / sizeof *rising;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            struct key a = key_log(7, &rising[i], 0), b = key_log(7, &rising[j], 0);
            int expected = i < j ? -1 : i > j, order = compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), expected);
            assert_int_equal(position_compare(&rising[i], &rising[j]), expected);
        }
    }
    struct key last_of_7 = key_log(7, &rising[count - 1], 255), next = key_log_stream(8);
    assert_true(compare(&last_of_7, &next) < 0);
    struct key part_0 = key_log(7, &rising[2], 0), part_1 = key_log(7, &rising[2], 1);
    struct key next_run = key_log(7, &rising[3], 0);
    assert_true(compare(&part_0, &part_1) < 0 && compare(&part_1, &next_run) < 0);
}

static void test_log_keys_come_apart(void **state)
{
    (void)state;
    struct position position = {-5, 0xfffffffe, 0x0102030405060708};
    struct key key = key_log(0x01020304, &position, 31);
    struct log_key parsed;
    assert_int_equal(key.len, 26);
    assert_true(key_log_parse(key.bytes, key.len, &parsed));
    assert_int_equal(parsed.stream, 0x01020304);
    assert_int_equal(parsed.part, 31);
    assert_int_equal(position_compare(&parsed.position, &position), 0);
    assert_false(key_log_parse(key.bytes, key.len - 1, &parsed));
    key.bytes[0] = 'm';
    assert_false(key_log_parse(key.bytes, key.len, &parsed));
}

static void test_pair_keys(void **state)
{
    (void)state;
    uint64_t word, run;
    struct key key = key_pair('i', 0x1122334455667788u, 258);
    assert_int_equal(key.len, 17);
    key_pair_parse(key.bytes, &word, &run);
    assert_true(word == 0x1122334455667788u && run == 258);
    struct key next = key_pair('i', 0x1122334455667788u, 259), other = key_pair('i', 1u << 31, 900);
    assert_true(compare(&key, &next) < 0);
    assert_true(compare(&other, &key) < 0);
}

static void test_keys_of_a_branch_lie_together(void **state)
{
    (void)state;
    struct key streams = key_stream_branch(7), starts = key_starts_branch(7);
    struct key stream = key_stream_names(1, 7, 2), other = key_stream_names(7, 1, 2);
    struct key start = key_starts(7, 1), other_start = key_starts(1, 7);
    assert_true(key_begins(stream.bytes, stream.len, &streams));
    assert_false(key_begins(other.bytes, other.len, &streams));
    assert_true(key_begins(start.bytes, start.len, &starts));
    assert_false(key_begins(other_start.bytes, other_start.len, &starts));
    struct key first = key_start(7, 1, 255), second = key_start(7, 1, 256);
    assert_true(compare(&first, &second) < 0);
}

static void test_tables_do_not_meet(void **state)
{
    (void)state;
    struct position position = {1, 1, 1};
    struct key keys[] = {
        key_format(),
        key_head(),
        key_name_chunk(1, 1),
        key_name_hash(1, 1),
        key_stream(1),
        key_stream_names(1, 1, 1),
        key_branch(1),
        key_starts(1, 1),
        key_start(1, 1, 1),
        key_shape(1),
        key_columns(1, 1),
        key_shape_start(1, 1),
        key_measure(1, 1),
        key_log(1, &position, 0),
        key_block_list(1, 1),
        key_block_runs(1, 1),
        key_block_group(1, 1, 1),
        key_run(1),
        key_pair('i', 1, 1),
        key_pair('k', 1, 1),
        key_meta(1, 1),
        key_samples(1, 1),
        key_mark(1),
        key_undone(1),
        key_object(1),
    };
    const size_t count = sizeof keys / sizeof *keys;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(keys[i].bytes[0], keys[j].bytes[0]);
    }
}

static void test_seals(void **state)
{
    (void)state;
    unsigned char record[20] = {0};
    memcpy(record + SEAL_BYTES, "twelve bytes", 12);
    seal_close(record, sizeof record, "key", 3);
    assert_true(seal_good(record, sizeof record, "key", 3));
    assert_false(seal_good(record, sizeof record, "kez", 3));
    assert_false(seal_good(record, sizeof record - 1, "key", 3));
    assert_false(seal_good(record, SEAL_BYTES - 1, "key", 3));
    for (size_t bit = 0; bit < 8 * sizeof record; bit++) {
        record[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(seal_good(record, sizeof record, "key", 3));
        record[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_log_keys),
        cmocka_unit_test(test_log_keys_come_apart),
        cmocka_unit_test(test_pair_keys),
        cmocka_unit_test(test_keys_of_a_branch_lie_together),
        cmocka_unit_test(test_tables_do_not_meet),
        cmocka_unit_test(test_seals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
