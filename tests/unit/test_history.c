/* test_history.c -- windows over the points of one series, against a list that forgets nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../engine/pace.h"
#include "../../query/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pushes rows of one character each: a letter is the commit, '.' none; the value is the place from
 * 1. A digit after it is not read. `!` before a row: an accepted change begins there; `-`: it has
 * no value. */
static void push_all(struct history *history, const char *rows)
{
    int place = 0;
    bool restart = false, missing = false;
    static const char *const commits[] = {"a", "b", "c", "d", "e"};
    for (; *rows; rows++) {
        if (*rows == '!' || *rows == '-') {
            restart |= *rows == '!';
            missing |= *rows == '-';
            continue;
        }
        place++;
        const char *commit = *rows == '.' ? "" : commits[*rows - 'a'];
        assert_int_equal(
            history_push(history, place * 10, commit, missing ? (double)NAN : place, restart), 0);
        restart = missing = false;
    }
}

/* The window of a row of commit `commit` (time after all): as text, a bar where an accepted change
 * cuts. */
static void check(const char *rows, struct window window, const char *commit, bool restart,
                  const char *expected)
{
    struct history history;
    size_t n, before;
    char text[200] = "";
    assert_int_equal(history_begin(&history, window), 0);
    push_all(&history, rows);
    int64_t time_ns = 10 * (int64_t)(1 + strlen(rows));
    assert_int_equal(history_window(&history, time_ns, commit, 99, restart, &n, &before), 0);
    for (size_t i = 0; i < n; i++)
        sprintf(text + strlen(text), "%s%g%s", i ? " " : "", history.sample[i],
                i + 1 == before ? " |" : "");
    history_free(&history);
    if (strcmp(text, expected) != 0) fail_msg("%s: '%s', not '%s'", rows, text, expected);
}

static struct window points(size_t count, size_t lag)
{
    return (struct window){.kind = WINDOW_POINTS, .count = count, .lag = lag, .needs = 1};
}

static void test_points(void **state)
{
    (void)state;
    check("", points(3, 1), "x", false, "");
    check("....", points(3, 1), "x", false, "2 3 4");
    check("....", points(9, 1), "x", false, "1 2 3 4");
    check("....", points(3, 0), "x", false, "3 4 99"); /* lag 0 includes it */
    check("....", points(2, 3), "x", false, "1 2");
    check("....", points(2, 9), "x", false, "");
    check("...-.", points(3, 1), "x", false, "1 2 3");
}

static void test_own_commit(void **state)
{
    (void)state;
    check("abcc", points(2, 1), "c", false, "1 2");
    check("abac", points(2, 1), "a", false, "2 4");
    check("abac", points(9, 1), "a", false, "2 4");
    check("ab..", points(9, 1), "", false,
          "1 2 3 4"); /* runs without a commit are not one commit */
    check("abcc", points(2, 2), "c", false, "1");
}

static void test_span(void **state)
{
    (void)state;
    struct window window = {.kind = WINDOW_SPAN, .span_ns = 30, .lag = 1};
    check("abcde", window, "x", false, "4 5"); /* times 10..50; judged at 60: later than 30 */
    window.lag = 2;
    check("abcde", window, "x", false, "4");
    window.kind = WINDOW_EVERYTHING;
    check("abcde", window, "x", false, "1 2 3 4");
}

static void test_accept(void **state)
{
    (void)state;
    check("abc!de", points(9, 1), "x", false, "1 2 3 | 4 5");
    check("abc!de", points(2, 1), "x", false, "4 5");
    check("abcde", points(3, 1), "x", true, "3 4 5 |"); /* it begins with the judged row */
    check("abcde", points(3, 0), "x", true, "4 5 | 99");
    check("a!bc!de", points(9, 1), "x", false, "1 2 3 | 4 5");
    check("abc!-de", points(9, 1), "x", false, "1 2 3 | 5"); /* the row it began at has no value */
    check("abc!-d", points(9, 1), "x", false, "1 2 3 |");
    check("abc!d", points(9, 1), "d", false,
          "1 2 3 |"); /* the row it began at is of the same commit */
    check("!abc", points(9, 1), "x", false, "1 2 3");
}

static void test_reset(void **state)
{
    (void)state;
    struct history history;
    size_t n, before;
    history_begin(&history, points(5, 1));
    push_all(&history, "ab!-c");
    history_reset(&history);
    assert_int_equal(history_window(&history, 100, "x", 1, false, &n, &before), 0);
    assert_true(n == 0 && before == 0);
    push_all(&history, "a");
    assert_int_equal(history_window(&history, 100, "x", 1, false, &n, &before), 0);
    assert_true(n == 1 && before == 0);
    assert_string_equal(history.sample_first, "a");
    assert_string_equal(history.sample_last, "a");
    history_free(&history);
}

/* -- a long random series: what is let go of is never missed ------------------------------------
 */

enum { LONG = 6000 };

struct kept {
    int64_t time_ns;
    const char *commit;
    double value;
    bool restart;
};

static size_t slow_window(const struct kept *rows, size_t at, const struct window *window,
                          double *out, size_t *before)
{
    size_t eligible[LONG], n = 0, last_restart = 0, first = 0;
    for (size_t i = 0; i <= at; i++)
        if (rows[i].restart) last_restart = i;
    for (size_t i = 0; i < at; i++) {
        bool own = *rows[at].commit && strcmp(rows[i].commit, rows[at].commit) == 0;
        if (!isnan(rows[i].value) && !own) eligible[n++] = i;
    }
    size_t skip = window->lag > 1 ? window->lag - 1 : 0;
    n = n > skip ? n - skip : 0;
    if (window->lag == 0 && !isnan(rows[at].value)) eligible[n++] = at;
    if (window->kind == WINDOW_POINTS && n > window->count) first = n - window->count;
    while (window->kind == WINDOW_SPAN && first < n &&
           rows[eligible[first]].time_ns <= rows[at].time_ns - window->span_ns)
        first++;
    *before = 0;
    for (size_t i = first; i < n; i++) {
        out[i - first] = rows[eligible[i]].value;
        if (eligible[i] < last_restart) *before = i - first + 1;
    }
    return n - first;
}

static void check_long(struct window window, unsigned seed, int commits)
{
    static struct kept rows[LONG];
    static double expected[LONG];
    static char names[64][16];
    struct history history;
    size_t most = 0;
    history_begin(&history, window);
    for (size_t i = 0; i < LONG; i++) {
        seed = seed * 1103515245u + 12345u;
        unsigned r = seed >> 8;
        int commit = (int)(r % (unsigned)commits);
        if (r % 31 < 20 && i) commit = -1; /* one commit for long stretches */
        if (commit >= 0) snprintf(names[commit], sizeof names[commit], "c%d", commit);
        const char *name = commit < 0 ? rows[i - 1].commit : commit == 0 ? "" : names[commit];
        rows[i] = (struct kept){(int64_t)i * 10 - (int64_t)(r % 3), name,
                                r % 17 ? (double)i : (double)NAN, r % 97 == 0};
        if (i % 37 == 0 || i + 40 > LONG) {
            size_t n, before, wanted_before,
                wanted = slow_window(rows, i, &window, expected, &wanted_before);
            assert_int_equal(history_window(&history, rows[i].time_ns, name, rows[i].value,
                                            rows[i].restart, &n, &before),
                             0);
            if (n != wanted || before != wanted_before ||
                (n && memcmp(expected, history.sample, n * sizeof *expected) != 0))
                fail_msg("row %zu: %zu points (%zu before), not %zu (%zu)", i, n, before, wanted,
                         wanted_before);
            if (n > most) most = n;
        }
        assert_int_equal(
            history_push(&history, rows[i].time_ns, name, rows[i].value, rows[i].restart), 0);
    }
    assert_true(most > 0);
    if (window.kind == WINDOW_POINTS && commits > 30)
        assert_true(history.capacity < LONG); /* memory is bounded */
    history_free(&history);
}

static void test_long(void **state)
{
    (void)state;
    check_long(points(20, 1), 1, 40);
    check_long(points(64, 0), 2, 40);
    check_long(points(5, 7), 3, 3);
    check_long(points(200, 1), 4, 2); /* one commit has most of the points */
    check_long((struct window){.kind = WINDOW_SPAN, .span_ns = 500, .lag = 1}, 5, 40);
    check_long((struct window){.kind = WINDOW_SPAN, .span_ns = 900, .lag = 4}, 6, 3);
    check_long((struct window){.kind = WINDOW_EVERYTHING, .lag = 2}, 7, 40);
}

static void test_lookback(void **state)
{
    (void)state;
    struct window window = points(64, 1);
    struct lookback back = lookback_window(&window);
    assert_true(back.points == 64 && back.span_ns == 0 && !back.all && lookback_any(back));
    window.lag = 10;
    assert_int_equal(lookback_window(&window).points, 73);
    window = (struct window){.kind = WINDOW_SPAN, .span_ns = 7, .lag = 10};
    back = lookback_max(back, lookback_window(&window));
    assert_true(back.points == 64 && back.span_ns == 7 && !back.all);
    window.kind = WINDOW_EVERYTHING;
    assert_true(lookback_window(&window).all);
    assert_false(lookback_any((struct lookback){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),   cmocka_unit_test(test_own_commit),
        cmocka_unit_test(test_span),     cmocka_unit_test(test_accept),
        cmocka_unit_test(test_reset),    cmocka_unit_test(test_long),
        cmocka_unit_test(test_lookback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
