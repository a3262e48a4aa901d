/* test_edit.c -- what an editor asks of a text: is it finished, what are its pieces, what is
 * there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../query/pace_query.h"

static enum pace_text_state state_of(const char *text)
{
    return pace_text_state(text, strlen(text));
}

static void test_state(void **state)
{
    (void)state;
    assert_int_equal(state_of(""), PACE_TEXT_EMPTY);
    assert_int_equal(state_of("  # no more than that\n"), PACE_TEXT_EMPTY);
    assert_int_equal(state_of(" ; "), PACE_TEXT_EMPTY);
    assert_int_equal(state_of("branch:main"), PACE_TEXT_WHOLE);
    assert_int_equal(state_of("branch:main | last 1;"), PACE_TEXT_WHOLE);
    assert_int_equal(state_of("branch:main |"), PACE_TEXT_UNFINISHED);
    assert_int_equal(state_of("branch:main | where (value >"), PACE_TEXT_UNFINISHED);
    assert_int_equal(state_of("let a ="), PACE_TEXT_UNFINISHED);
    assert_int_equal(state_of("branch:main | wher"), PACE_TEXT_WRONG);
    assert_int_equal(state_of("\"abc"), PACE_TEXT_WRONG);
    assert_int_equal(state_of("\033[2J"), PACE_TEXT_WRONG);
}

/* A letter a piece. */
static const char *pieces_of(const char *text)
{
    static char out[64];
    struct pace_piece pieces[32];
    size_t count = pace_pieces(text, strlen(text), pieces, 32), end = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(pieces[i].start >= end && pieces[i].length > 0);
        end = pieces[i].start + pieces[i].length;
        assert_true(end <= strlen(text));
        out[i] = "vwkpt1n$sc?"[pieces[i].kind];
    }
    out[count] = '\0';
    return out;
}

static void test_pieces(void **state)
{
    (void)state;
    assert_string_equal(pieces_of(""), "");
    assert_string_equal(pieces_of("branch:main | last 3"), "kpsv1");
    assert_string_equal(pieces_of("not branch:\"a b\" or //a//b"), "wktwp");
    assert_string_equal(pieces_of("branch:$b | where delta > 5% # why"), "k$svns1c");
    assert_string_equal(pieces_of("branch:main | where x ~ /a b/"), "kpsvnsp");
    assert_string_equal(pieces_of("# a\nbranch:main # b\n| last 1"), "ckpcsv1");
    /* What is not finished or wrong is the last piece. */
    assert_string_equal(pieces_of("branch:"), "k");
    assert_string_equal(pieces_of("branch:\"ab"), "k?");
    assert_string_equal(pieces_of("branch:main ! last 1"), "kp?");
    assert_string_equal(pieces_of("branch:main | last \x1b"), "?");
    /* No more than there is room for. */
    struct pace_piece two[2];
    assert_int_equal(pace_pieces("branch:main | last 3", 20, two, 2), 2);
}

static void test_guide(void **state)
{
    (void)state;
    struct pace_guide guide;
    size_t seen[PACE_GUIDE_FORMAT + 1] = {0}, i = 0;
    int before = 0, where = 0, base = 0;
    for (; pace_guide(i, &guide) == 0; i++) {
        assert_true((int)guide.kind >= before); /* each kind in a row */
        before = (int)guide.kind;
        seen[guide.kind]++;
        assert_true(*guide.name && *guide.help && guide.syntax);
        where += strcmp(guide.name, "where") == 0;
        base += strcmp(guide.name, "base") == 0;
    }
    for (size_t kind = 0; kind <= PACE_GUIDE_FORMAT; kind++)
        assert_true(seen[kind] > 0);
    assert_int_equal(where, 1);
    assert_int_equal(base, 1); /* three verbs add it, it is listed once */
    assert_int_equal(pace_guide(i, &guide), PACE_ENOTFOUND);
    assert_int_equal(pace_guide(SIZE_MAX, &guide), PACE_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_guide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
