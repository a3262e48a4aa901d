/* test_names.c -- names: the rule for text, tables of texts, the map, ids across chunks and
 * processes' lives, two names with one hash. */
#include "../store_help.h"

#include "../../engine/map.h"
#include "../../engine/names.h"
#include "../../engine/text.h"

static void test_text_rule(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",
        "parse/json[1000-list]",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        " ",
        "\xc2\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x01",
        "\x1f",
        "\x7f",
        "a\nb",
        "\x80",
        "\xc3",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xe2\x82",
        "a\xe2\x28\xa1",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(text_problem(good[i], strlen(good[i]), TEXT_LINE));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(text_problem(bad[i], strlen(bad[i]), TEXT_LINE));
    assert_non_null(text_problem("a\0b", 3, TEXT_LINE));
    assert_null(text_problem("a\tb\r\n", 5, TEXT_LINES));
    assert_non_null(text_problem("a\x0b", 2, TEXT_LINES));
}

static void test_name_check(void **state)
{
    (void)state;
    char name[PACE_MAX_NAME + 2];
    memset(name, 'x', sizeof name);
    store_ok(name_check(name, 1, "project", error));
    store_ok(name_check(name, PACE_MAX_NAME, "project", error));
    store_fails(PACE_ELIMIT, name_check(name, PACE_MAX_NAME + 1, "project", error));
    store_fails(PACE_ENAME, name_check(name, 0, "project", error));
    struct pace_error why;
    name_check(name, PACE_MAX_NAME + 1, "project", &why);
    assert_non_null(strstr(why.message, "PACE_MAX_NAME"));
}

static void test_texts(void **state)
{
    (void)state;
    struct texts texts = {0};
    struct arena arena;
    char text[16];
    arena_init(&arena, 0);
    assert_int_equal(texts_find(&texts, "x", 1, 5), TEXTS_NONE);
    for (uint32_t i = 0; i < 1000; i++) {
        int len = snprintf(text, sizeof text, "t%u", i);
        /* A hash of four values: many texts share each. */
        assert_int_equal(texts_add(&texts, &arena, text, (size_t)len, i % 4), i);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        int len = snprintf(text, sizeof text, "t%u", i);
        assert_int_equal(texts_find(&texts, text, (size_t)len, i % 4), i);
        assert_int_equal(texts_add(&texts, &arena, text, (size_t)len, i % 4), i);
        assert_string_equal(texts.items[i].text, text);
    }
    assert_int_equal(texts.count, 1000);
    assert_int_equal(texts_find(&texts, "t1", 2, 2), TEXTS_NONE);
    texts_free(&texts);
    arena_clear(&arena);
}

static void test_map(void **state)
{
    (void)state;
    struct map map = {0};
    assert_int_equal(map_get(&map, 1), MAP_NONE);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(map_set(&map, map_pair(i % 70, i / 70), i), 0);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(map_get(&map, map_pair(i % 70, i / 70)), i);
    assert_int_equal(map.count, 5000);
    assert_int_equal(map_get(&map, map_pair(70, 0)), MAP_NONE);
    assert_int_equal(map_set(&map, 0, 42), 0);
    assert_int_equal(map_get(&map, 0), 42);
    assert_int_equal(map.count, 5000);
    map_empty(&map);
    assert_int_equal(map_get(&map, 0), MAP_NONE);
    map_free(&map);
}

static void test_index_with_one_hash(void **state)
{
    (void)state;
    unsigned char body[64];
    size_t at = 0;
    static const char *const names[] = {"one", "three"};
    for (uint32_t id = 0; id < 2; id++) {
        uint16_t len = (uint16_t)strlen(names[id]);
        memcpy(body + at, &id, 4);
        memcpy(body + at + 4, &len, 2);
        memcpy(body + at + 6, names[id], len);
        at += 6u + len;
    }
    uint32_t id = 9;
    assert_int_equal(names_index_find(body, at, "three", 5, &id), 0);
    assert_int_equal(id, 1);
    assert_int_equal(names_index_find(body, at, "one", 3, &id), 0);
    assert_int_equal(id, 0);
    assert_int_equal(names_index_find(body, at, "two", 3, &id), PACE_ENOTFOUND);
    assert_int_equal(names_index_find(body, at - 1, "three", 5, &id), PACE_ECORRUPT);
    assert_int_equal(names_index_find(body, 12, "three", 5, &id), PACE_ECORRUPT);
}

enum { NAMES = 3000 };

static size_t name_of(int i, char out[PACE_MAX_NAME + 1])
{
    int len = snprintf(out, PACE_MAX_NAME + 1, "name-%d", i);
    if (i % 100 == 7) { /* some fill their chunk alone, nearly */
        memset(out + len, 'x', (size_t)(PACE_MAX_NAME - len));
        len = PACE_MAX_NAME;
        out[len] = 0;
    }
    return (size_t)len;
}

/* Two names under one hash, and many of their own. */
static int fill_names(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct head *head = context;
    char name[PACE_MAX_NAME + 1];
    int rc = head_load(txn, error, head);
    for (int i = 0; !rc && i < NAMES; i++) {
        size_t len = name_of(i, name);
        uint64_t hash = i < 2 ? 99 : text_hash(name, len);
        uint32_t id = 0;
        rc = names_find(txn, PACE_TESTBED, name, len, hash, error, &id);
        assert_int_equal(rc, PACE_ENOTFOUND);
        rc = names_append(txn, head, PACE_TESTBED, name, len, hash, error, &id);
        assert_int_equal(id, i);
    }
    return rc ? rc : head_store(txn, head, error);
}

static int create_head(struct kv_txn *txn, void *context, struct pace_error *error)
{
    (void)context;
    return head_create(txn, error);
}

static void test_names_in_a_store(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct kv_options options = {.timeout_ms = 1000, .create = 1, .fill = {.run = create_head}};
    struct kv *kv;
    struct head head;
    struct kv_work work = {.run = fill_names, .context = &head};
    store_ok(kv_open(dir, &options, error, &kv));
    store_ok(kv_write(kv, 1000, &work, error));
    struct kv_txn *txn;
    struct arena arena;
    const char **names;
    char name[PACE_MAX_NAME + 1];
    arena_init(&arena, 0);
    store_ok(kv_read_begin(kv, 1000, error, &txn));
    store_ok(head_load(txn, error, &head));
    assert_int_equal(head.names[PACE_TESTBED].names, NAMES);
    assert_true(head.names[PACE_TESTBED].chunks > 15);
    assert_int_equal(head.names[PACE_PROJECT].names, 0);
    store_ok(names_load(txn, &head, PACE_TESTBED, &arena, error, &names));
    for (int i = 0; i < NAMES; i++) {
        size_t len = name_of(i, name);
        uint32_t id;
        assert_string_equal(names[i], name);
        store_ok(names_find(txn, PACE_TESTBED, name, len, i < 2 ? 99 : text_hash(name, len), error,
                            &id));
        assert_int_equal(id, i);
        assert_int_equal(names_find(txn, PACE_PROJECT, name, len, text_hash(name, len), NULL, &id),
                         PACE_ENOTFOUND);
    }
    store_ok(names_load(txn, &head, PACE_PROJECT, &arena, error, &names));
    head.names[PACE_TESTBED].names++; /* one is missing */
    store_fails(PACE_ECORRUPT, names_load(txn, &head, PACE_TESTBED, &arena, error, &names));
    kv_read_end(txn);
    kv_close(kv);
    arena_clear(&arena);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_rule),
        cmocka_unit_test(test_name_check),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_index_with_one_hash),
        cmocka_unit_test(test_names_in_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
