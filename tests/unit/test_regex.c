/* test_regex.c -- /regex/ of names: what it matches, what is refused, that no pattern runs for
 * ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/regex.h"

#include <string.h>

static int match(const char *pattern, const char *name)
{
    char error[160];
    size_t offset;
    struct regex *regex;
    if (regex_compile(pattern, strlen(pattern), error, sizeof error, &offset, &regex))
        fail_msg("/%s/: %s at %zu", pattern, error, offset);
    int result = regex_match(regex, name);
    regex_free(regex);
    return result;
}

static void test_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        int matches;
    } rows[] = {
        {"json", "parse/json/4k", 1}, /* anywhere */
        {"^json", "parse/json", 0},
        {"^parse_(json|toml)$", "parse_toml", 1},
        {"^parse_(json|toml)$", "parse_toml2", 0},
        {"a$", "a\n", 0}, /* the end is the end */
        {"^.$", "\xc3\xa9", 1},
        {"^..$", "\xc3\xa9", 0},
        {"(?i)JSON", "parse/json", 1},
        {"\\d+", "size=4k", 1},
        {"", "anything", 1},
        {"^$", "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (match(rows[i].pattern, rows[i].name) != rows[i].matches)
            fail_msg("/%s/ and '%s'", rows[i].pattern, rows[i].name);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t offset;
    } rows[] = {{"a(b", 3}, {"a[b", 3}, {"*a", 0}, {"\\C", 2}, {"\xff", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char error[160] = "";
        size_t offset = 99;
        struct regex *regex = NULL;
        assert_int_equal(regex_compile(rows[i].pattern, strlen(rows[i].pattern), error,
                                       sizeof error, &offset, &regex),
                         -1);
        assert_int_equal(offset, rows[i].offset);
        assert_true(strlen(error) > 5);
        assert_null(regex);
    }
    regex_free(NULL);
}

/* Backtracking without end stops at the limits; so does a name that is not UTF-8. */
static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(match("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
                     -1);
    assert_int_equal(match("^(([a-z])+.)+[A-Z]([a-z])+$",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                     -1);
    assert_int_equal(match("a", "\xff"), -1);
    assert_int_equal(match("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
