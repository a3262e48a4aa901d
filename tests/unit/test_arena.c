/* test_arena.c -- arenas: aligned and zeroed pieces that stay where they are, the cap, failure. */
#include "../store_help.h"

#include "../../engine/arena.h"

#include <stdalign.h>

static void test_pieces(void **state)
{
    (void)state;
    struct arena arena;
    unsigned char *pieces[400];
    arena_init(&arena, 0);
    for (size_t i = 0; i < 400; i++) {
        pieces[i] = arena_alloc(&arena, i * 37);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < i * 37; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 255) + 1, i * 37);
    }
    for (size_t i = 0; i < 400; i++) {
        for (size_t j = 0; j < i * 37; j++)
            assert_int_equal(pieces[i][j], i % 255 + 1);
    }
    assert_false(arena.failed);
    assert_non_null(arena_alloc(&arena, 8 << 20)); /* larger than any chunk */
    arena_clear(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 1)); /* can be used again */
    arena_clear(&arena);
}

/* What a pool gives is zeroed and within the cap like other memory; what it keeps is bounded. */
static void test_pool(void **state)
{
    (void)state;
    struct arena_pool pool = {0};
    struct arena first, second;
    arena_init_from(&first, 0, &pool);
    arena_init_from(&second, 4 << 20, &pool);
    for (int round = 0; round < 4; round++) {
        unsigned char *a = arena_alloc(&first, 100000), *b = arena_alloc(&second, 100000);
        assert_true(a && b && a != b);
        for (size_t i = 0; i < 100000; i++)
            assert_int_equal(a[i] | b[i], 0);
        memset(a, 1, 100000);
        memset(b, 2, 100000);
        assert_int_equal(a[99999], 1);
        assert_null(arena_alloc(&second, 4 << 20));
        arena_clear(&first);
        arena_clear(&second);
        assert_true(pool.bytes <= 300000);
    }
    for (int i = 0; i < 40; i++)
        assert_non_null(arena_space(&first, 1 << 20));
    assert_non_null(arena_space(&first, 20 << 20));
    arena_clear(&first);
    assert_true(pool.bytes <= 8 << 20);
    arena_pool_clear(&pool);
    assert_null(pool.chunks);
    assert_int_equal(pool.bytes, 0);
}

static void test_texts(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    assert_string_equal(arena_copy(&arena, "hello there", 5), "hello");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    assert_string_equal(arena_string(&arena, "x"), "x");
    char *text = arena_printf(&arena, "%d %s %6000d", 7, "seven", 1);
    assert_int_equal(strlen(text), 8 + 6000);
    assert_int_equal(strncmp(text, "7 seven ", 8), 0);
    arena_clear(&arena);
}

static void test_cap(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_non_null(arena_alloc(&arena, 900));
    assert_false(arena.failed);
    assert_null(arena_alloc(&arena, 200));
    assert_true(arena.failed);
    assert_non_null(arena_alloc(&arena, 16)); /* what fits still fits; failed stays */
    assert_true(arena.failed);
    arena_clear(&arena);
    assert_false(arena.failed);
    assert_int_equal(arena.cap_bytes, 1000);
    arena_clear(&arena);
}

static void test_overflow(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.failed);
    arena_clear(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX - 2));
    assert_true(arena.failed);
    arena_clear(&arena);
    uint32_t *array = arena_array(&arena, 10, sizeof *array);
    assert_non_null(array);
    array[9] = 1;
    assert_non_null(arena_array(&arena, 0, 8));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),   cmocka_unit_test(test_pool),
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_cap),
        cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
