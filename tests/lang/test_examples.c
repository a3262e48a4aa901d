/* test_examples.c -- every example of the manual parses, and comes back from its own print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lang/tree.h"

static const char EXAMPLES[] = "tests/lang/examples.txt";
enum { EXAMPLES_LEAST = 50 };

/* Calls `each` with every line; returns how many there are. */
static size_t for_each_example(void (*each)(const char *line, size_t len))
{
    FILE *file = fopen(EXAMPLES, "r");
    assert_non_null(file);
    char *line = NULL;
    size_t size = 0, count = 0;
    ssize_t len;
    while ((len = getline(&line, &size, file)) > 0) {
        size_t text_len = (size_t)len - (line[len - 1] == '\n');
        each(line, text_len);
        count++;
    }
    free(line);
    fclose(file);
    return count;
}

static void parse_one(const char *line, size_t len)
{
    struct arena arena;
    struct diag_list diags;
    struct script *script;
    arena_init(&arena, 0);
    diag_list_init(&diags, &arena);
    if (parse_script(&arena, line, len, &diags, &script) != PARSE_OK)
        fail_msg("%s", diag_draw(&arena, diags.first, line, len));
    assert_null(diags.first);
    assert_non_null(script->statements);
    arena_clear(&arena);
}

static void test_each_parses(void **state)
{
    (void)state;
    assert_true(for_each_example(parse_one) >= EXAMPLES_LEAST);
}

/* The examples are written in canonical form, except that a script's statements share a line. */
static void print_one(const char *line, size_t len)
{
    struct arena arena;
    bool same;
    arena_init(&arena, 0);
    const char *print = round_trip(&arena, line, len, &same);
    assert_non_null(print);
    if (!same) fail_msg("printed as: %s", print);
    char *joined = arena_string(&arena, print);
    for (char *c = joined; (c = strchr(c, '\n'));)
        *c = ' ';
    assert_int_equal(strlen(joined), len);
    assert_memory_equal(joined, line, len);
    arena_clear(&arena);
}

static void test_each_comes_back(void **state)
{
    (void)state;
    for_each_example(print_one);
}

/* "Every prefix of a query is a query": cut before each bar. */
static void cut_one(const char *line, size_t len)
{
    if (line[0] == '(') return; /* its first bar is inside */
    for (size_t i = 0; i + 3 <= len; i++)
        if (memcmp(line + i, " | ", 3) == 0) parse_one(line, i);
}

static void test_each_prefix_parses(void **state)
{
    (void)state;
    for_each_example(cut_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_parses),
        cmocka_unit_test(test_each_comes_back),
        cmocka_unit_test(test_each_prefix_parses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
