/* test_suggest.c -- "did you mean": which names are near, and which is nearest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "suggest.h"

static const char *const names[] = {"where",   "with", "branch",      "benchmark", "testbed",
                                    "latency", "last", "latency.min", "summarize", "as"};
enum { COUNT = sizeof names / sizeof *names };

static const char *near(const char *word)
{
    return suggest(word, strlen(word), names, COUNT);
}

static void test_near(void **state)
{
    (void)state;
    assert_string_equal(near("wher"), "where");
    assert_string_equal(near("whree"), "where"); /* a transposition is one edit */
    assert_string_equal(near("WHERE"), "where"); /* case is folded */
    assert_string_equal(near("brnch"), "branch");
    assert_string_equal(near("tsetbed"), "testbed");
    assert_string_equal(near("sumarise"), "summarize");
    assert_string_equal(near("ben"), "benchmark"); /* a prefix */
    assert_string_equal(near("last"), "last");
    assert_string_equal(near("lat"), "last"); /* nearer than latency, of which it is a prefix */
    assert_string_equal(near("latency.mn"), "latency.min");
    assert_string_equal(near("a"), "as");
}

static void test_far(void **state)
{
    (void)state;
    assert_null(near(""));
    assert_null(near("b"));  /* one edit from nothing is not near */
    assert_null(near("be")); /* too short for a prefix */
    assert_null(near("wxyz"));
    assert_null(near("brnhc")); /* two edits in five letters */
    assert_null(near("benchmarkings1"));
    assert_null(suggest("where", 5, names, 0));
}

static void test_ties_and_lengths(void **state)
{
    (void)state;
    const char *const ties[] = {"cat", "bat", "hat"};
    assert_string_equal(suggest("rat", 3, ties, 3), "cat");
    /* Only len bytes of the word count. */
    assert_string_equal(suggest("wherever", 5, names, COUNT), "where");

    /* At most four edits, however long the word. */
    char word[2001], name[2001];
    memset(word, 'a', 1000);
    word[1000] = 0;
    memcpy(name, word, 1001);
    const char *const long_names[] = {name};
    memcpy(word + 500, "xxxx", 4);
    assert_ptr_equal(suggest(word, 1000, long_names, 1), name);
    word[600] = 'x';
    assert_null(suggest(word, 1000, long_names, 1));
    /* Longer than any name of a store: none. */
    memset(word, 'a', 2000);
    word[2000] = 0;
    memcpy(name, word, 2001);
    assert_null(suggest(word, 2000, long_names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_ties_and_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
