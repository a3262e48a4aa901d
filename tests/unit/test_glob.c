/* test_glob.c -- patterns of names: what each sign means, what is refused, and a slow matcher
 * beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../engine/pace.h"
#include "../../query/glob.h"

#include <stdint.h>
#include <string.h>

struct row {
    const char *pattern, *name;
    bool matches;
};

static const struct row ROWS[] = {
    {"main", "main", true},
    {"main", "mains", false},
    {"main", "Main", false},
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"*", "anything/at/all", true},
    {"parse/*", "parse/json/4k", true}, /* `*` crosses `/` */
    {"parse/*", "parse", false},
    {"parse/*", "parse/", true},
    {"*/json", "parse/json", true},
    {"*/json", "parse/json/x", false},
    {"a*b*c", "abc", true},
    {"a*b*c", "aXbXbXc", true},
    {"a*b*c", "aXbXcX", false},
    {"**a**", "bab", true},
    {"?", "a", true},
    {"?", "", false},
    {"?", "ab", false},
    {"?", "\xc3\xa9", true}, /* one character of two bytes */
    {"??", "\xc3\xa9", false},
    {"?", "\xf0\x9f\x8f\x83", true},
    {"a?c",
     "a\xe2\x82\xac"
     "c",
     true},
    {"*\xa9", "\xc3\xa9", true}, /* `*` is of bytes */
    {"?", "\xff", true},         /* a byte that is no character */
    {"?b",
     "\xc3"
     "b",
     true}, /* a cut character is a byte */
    {"{main,dev}", "main", true},
    {"{main,dev}", "dev", true},
    {"{main,dev}", "maindev", false},
    {"{main,dev}", "{main,dev}", false},
    {"v{1,2}.{0,1}", "v2.1", true},
    {"v{1,2}.{0,1}", "v2.2", false},
    {"{,x}y", "y", true},
    {"{,x}y", "xy", true},
    {"{a*,b?}c", "aXXc", true},
    {"{a*,b?}c", "bXc", true},
    {"{a*,b?}c", "bXXc", false},
    {"a,b", "a,b", true},                                   /* a comma outside braces is itself */
    {"a}b", "a}b", true},                                   /* so is a brace that nothing opened */
    {"test_sort[1000-list]", "test_sort[1000-list]", true}, /* brackets mean themselves */
    {"mod::fn/size=4k", "mod::fn/size=4k", true},
    {"a\\*", "a\\bc", true}, /* a backslash too */
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct arena arena;
        struct glob glob;
        arena_init(&arena, 0);
        assert_int_equal(glob_compile(&arena, ROWS[i].pattern, strlen(ROWS[i].pattern), &glob), 0);
        if (glob_match(&glob, ROWS[i].name) != ROWS[i].matches)
            fail_msg("'%s' and '%s'", ROWS[i].pattern, ROWS[i].name);
        arena_clear(&arena);
    }
}

static void test_literal(void **state)
{
    (void)state;
    struct arena arena;
    struct glob glob;
    arena_init(&arena, 0);
    assert_int_equal(glob_compile(&arena, "main", 4, &glob), 0);
    assert_true(glob.literal && strcmp(glob.alternatives[0], "main") == 0);
    assert_int_equal(glob_compile(&arena, "{main}", 6, &glob), 0);
    assert_true(glob.literal && strcmp(glob.alternatives[0], "main") == 0);
    assert_int_equal(glob_compile(&arena, "{a,b}", 5, &glob), 0);
    assert_true(!glob.literal && glob.count == 2);
    assert_int_equal(glob_compile(&arena, "ma?n", 4, &glob), 0);
    assert_false(glob.literal);
    assert_int_equal(glob_compile(&arena, "main|rest", 4, &glob), 0); /* len counts, not the NUL */
    assert_true(glob_match(&glob, "main"));
    arena_clear(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const unbalanced[] = {"{", "{a", "a{b,c", "{a,{b,c}}", "{{a}"};
    struct arena arena;
    struct glob glob;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof unbalanced / sizeof *unbalanced; i++)
        assert_int_equal(glob_compile(&arena, unbalanced[i], strlen(unbalanced[i]), &glob), -1);
    /* 10 to the power of 5 alternatives are too many, 10 to the power of 4 are not */
    char text[200] = "";
    for (int i = 0; i < 4; i++)
        strcat(text, "{0,1,2,3,4,5,6,7,8,9}");
    assert_true(PACE_MAX_NODES >= 10000 && PACE_MAX_NODES < 100000);
    assert_int_equal(glob_compile(&arena, text, strlen(text), &glob), 0);
    assert_int_equal(glob.count, 10000);
    assert_true(glob_match(&glob, "9080"));
    assert_false(glob_match(&glob, "90801"));
    strcat(text, "{0,1,2,3,4,5,6,7,8,9}");
    assert_int_equal(glob_compile(&arena, text, strlen(text), &glob), -2);
    arena_clear(&arena);
    arena_init(&arena, 32); /* no memory */
    assert_int_equal(glob_compile(&arena, "{a,b,c,d,e,f}", 13, &glob), -2);
    arena_clear(&arena);
}

/* A pattern that makes a recursive matcher take for ever. */
static void test_no_bad_case(void **state)
{
    (void)state;
    char pattern[201], name[20001];
    struct arena arena;
    struct glob glob;
    for (int i = 0; i < 200; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    pattern[199] = 'b';
    pattern[200] = 0;
    memset(name, 'a', 20000);
    name[20000] = 0;
    arena_init(&arena, 0);
    assert_int_equal(glob_compile(&arena, pattern, 200, &glob), 0);
    assert_false(glob_match(&glob, name));
    name[19999] = 'b';
    assert_true(glob_match(&glob, name));
    arena_clear(&arena);
}

static bool slow_match(const char *pattern, const char *name)
{
    if (*pattern == '*')
        return slow_match(pattern + 1, name) || (*name && slow_match(pattern, name + 1));
    if (!*pattern || !*name) return !*pattern && !*name;
    return (*pattern == '?' || *pattern == *name) && slow_match(pattern + 1, name + 1);
}

static void test_against_slow(void **state)
{
    (void)state;
    uint64_t random = 12345;
    size_t matched = 0;
    for (int round = 0; round < 20000; round++) {
        char pattern[8] = "", name[10] = "";
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = random >> 20;
        for (int i = 0; i < 7; i++, bits /= 4)
            pattern[i] = "ab*?"[bits % 4];
        pattern[random % 8] = 0;
        for (int i = 0; i < 9; i++, bits /= 2)
            name[i] = "ab"[bits % 2];
        name[(random >> 50) % 9] = 0;
        struct arena arena;
        struct glob glob;
        arena_init(&arena, 0);
        assert_int_equal(glob_compile(&arena, pattern, strlen(pattern), &glob), 0);
        bool expected = slow_match(pattern, name);
        if (glob_match(&glob, name) != expected) fail_msg("'%s' and '%s'", pattern, name);
        matched += expected;
        arena_clear(&arena);
    }
    assert_true(matched > 1000 && matched < 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_literal),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_no_bad_case),
        cmocka_unit_test(test_against_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
