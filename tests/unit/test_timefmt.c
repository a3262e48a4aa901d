/* test_timefmt.c -- contract tests of query/timefmt.h. */
#include "../../query/timefmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

static void prints_the_digits_it_has(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.000000001Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {500000000, "1970-01-01T00:00:00.500Z"},
        {1500000, "1970-01-01T00:00:00.001500Z"},
        {951782400 * SECOND, "2000-02-29T00:00:00Z"},
        {1785765900 * SECOND, "2026-08-03T14:05:00Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TIME_TEXT_MAX];
        assert_string_equal(time_print(text, cases[i].time_ns), cases[i].text);
    }
}

/* Every 1,000,003rd second of the whole range against libc's gmtime. */
static void agrees_with_gmtime(void **state)
{
    (void)state;
    for (int64_t second = INT64_MIN / SECOND; second < INT64_MAX / SECOND; second += 1000003) {
        time_t seconds = (time_t)second;
        struct tm tm;
        char text[TIME_TEXT_MAX], expected[64];
        gmtime_r(&seconds, &tm);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_string_equal(time_print(text, second * SECOND), expected);
    }
}

static void short_forms(void **state)
{
    (void)state;
    char text[TIME_TEXT_MAX];
    int64_t time_ns = 1785765909 * SECOND + 250000000;
    assert_string_equal(time_print_short(text, time_ns, TIME_DAY), "2026-08-03");
    assert_string_equal(time_print_short(text, time_ns, TIME_MINUTE), "2026-08-03 14:05");
    assert_string_equal(time_print_short(text, time_ns, TIME_SECOND), "2026-08-03 14:05:09");
    assert_string_equal(time_print_short(text, time_ns, TIME_EXACT), "2026-08-03 14:05:09.25");
    assert_string_equal(time_print_short(text, 1785765909 * SECOND, TIME_EXACT),
                        "2026-08-03 14:05:09");
}

static void detail_is_the_least_that_tells_neighbours_apart(void **state)
{
    (void)state;
    int64_t days[] = {0, 86400 * SECOND, 86400 * SECOND};
    int64_t minutes[] = {9 * SECOND, 69 * SECOND, 69 * SECOND};
    int64_t seconds[] = {9 * SECOND, 10 * SECOND};
    int64_t exact[] = {9 * SECOND, 9 * SECOND + 1};
    int64_t before[] = {-1, 0}; /* two days, one of them not a midnight */
    assert_int_equal(time_detail_of(days, 0), TIME_DAY);
    assert_int_equal(time_detail_of(days, 3), TIME_DAY);
    assert_int_equal(time_detail_of(minutes, 3), TIME_MINUTE);
    assert_int_equal(time_detail_of(seconds, 2), TIME_SECOND);
    assert_int_equal(time_detail_of(exact, 2), TIME_EXACT);
    assert_int_equal(time_detail_of(before, 2), TIME_MINUTE);
}

static void distances(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds; /* before now */
        const char *text;
    } cases[] = {
        {0, "just now"},
        {59, "just now"},
        {60, "1 minute ago"},
        {119, "1 minute ago"},
        {120, "2 minutes ago"},
        {7199, "119 minutes ago"},
        {7200, "2 hours ago"},
        {172799, "47 hours ago"},
        {172800, "2 days ago"},
        {14 * 86400, "2 weeks ago"},
        {60 * 86400, "2 months ago"},
        {800 * 86400, "2 years ago"},
        {-90, "in 1 minute"},
        {-7200, "in 2 hours"},
    };
    char text[TIME_TEXT_MAX];
    int64_t now_ns = 1785765900 * SECOND;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(time_print_ago(text, now_ns - cases[i].seconds * SECOND, now_ns),
                            cases[i].text);
    assert_string_equal(time_print_ago(text, INT64_MIN, INT64_MAX), "584 years ago");
    assert_string_equal(time_print_ago(text, INT64_MAX, INT64_MIN), "in 584 years");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_digits_it_has),
        cmocka_unit_test(agrees_with_gmtime),
        cmocka_unit_test(short_forms),
        cmocka_unit_test(detail_is_the_least_that_tells_neighbours_apart),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
