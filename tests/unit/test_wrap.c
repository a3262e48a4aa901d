/* test_wrap.c -- help as wide as a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../tools/wrap.h"

#include <stdlib.h>
#include <string.h>

/* What becomes of a text. */
static void becomes(const char *text, size_t width, const char *expected)
{
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    assert_non_null(file);
    wrap_write(file, text, width);
    fclose(file);
    assert_string_equal(out, expected);
    free(out);
}

static void test_lines(void **state)
{
    (void)state;
    becomes("no terminal: as it is\nand so on\n", 0, "no terminal: as it is\nand so on\n");
    becomes("one two\n\n  three\n", 80, "one two\n\n  three\n");
    becomes("one two three\n", 9, "one two\nthree\n");
    becomes("nothing-to-break-at here\n", 10, "nothing-to-break-at\nhere\n");
    becomes("without its end", 80, "without its end\n");
    becomes("", 80, "");
    /* Columns are counted, not bytes. */
    becomes("\xc2\xb1\xc2\xb1\xc2\xb1 abc\n", 7, "\xc2\xb1\xc2\xb1\xc2\xb1 abc\n");
}

static void test_columns(void **state)
{
    (void)state;
    becomes("  --name NAME  what it is called, in a word or two\n", 42,
            "  --name NAME  what it is called, in a\n"
            "               word or two\n");
    becomes("  pace log    # the runs, and how each was judged\n", 40,
            "  pace log    # the runs, and how each\n"
            "              # was judged\n");
    /* Too little room is left beside it. */
    becomes("  a-very-long-option-that-is-so  text of it\n", 40,
            "  a-very-long-option-that-is-so  text of\n"
            "  it\n");
}

static void test_paragraphs(void **state)
{
    (void)state;
    becomes("The first line of a paragraph that was broken\nfor another width.\n\nAnother.\n", 60,
            "The first line of a paragraph that was broken for another\nwidth.\n\nAnother.\n");
    becomes("options:\n  -h  help\n", 60, "options:\n  -h  help\n");
    becomes("short lines stay\nwhat they are\n", 60, "short lines stay\nwhat they are\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_paragraphs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
