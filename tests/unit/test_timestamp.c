/* test_timestamp.c -- times as text: what is read, what is refused and why, and what is printed. */
#include "../../tools/timestamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)

static void reads_every_form(void **state)
{
    static const struct {
        const char *text;
        int64_t time_ns;
    } rows[] = {
        {"0", 0},
        {"1714557600000000000", INT64_C(1714557600000000000)},
        {"9223372036854775807", INT64_MAX},
        {"1970-01-01", 0},
        {"2024-05-01", 1714521600 * SECOND},
        {"2024-02-29", 1709164800 * SECOND},
        {"2000-02-29T23:59:59Z", 951868799 * SECOND},
        {"2024-05-01T10:00", 1714557600 * SECOND},
        {"2024-05-01T10:00Z", 1714557600 * SECOND},
        {"2024-05-01 10:00:00", 1714557600 * SECOND},
        {"2024-05-01t10:00:00z", 1714557600 * SECOND},
        {"2024-05-01T10:00:00.5Z", 1714557600 * SECOND + 500000000},
        {"2024-05-01T10:00:00,250Z", 1714557600 * SECOND + 250000000},
        {"2024-05-01T10:00:00.123456789Z", 1714557600 * SECOND + 123456789},
        {"2024-05-01T10:00:00.123456", 1714557600 * SECOND + 123456000},
        {"2024-05-01T12:00:00+02:00", 1714557600 * SECOND},
        {"2024-05-01T12:00:00+0200", 1714557600 * SECOND},
        {"2024-05-01T12:00:00+02", 1714557600 * SECOND},
        {"2024-05-01 12:00:00 +0200", 1714557600 * SECOND},
        {"2024-05-01T04:30:00-05:30", 1714557600 * SECOND},
        {"2024-05-01T00:30:00.25+01:00", 1714519800 * SECOND + 250000000},
        {"2016-12-31T23:59:60Z", 1483228800 * SECOND},
        {"1969-12-31T23:59:59.999999999Z", -1},
        {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace_error error = {0, ""};
        int64_t time_ns = 42;
        int code = timestamp_parse(rows[i].text, strlen(rows[i].text), &time_ns, &error);
        if (code != 0 || time_ns != rows[i].time_ns)
            fail_msg("%s: code %d, %lld: %s", rows[i].text, code, (long long)time_ns,
                     error.message);
    }
}

static void refuses_with_a_reason(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "empty"},
        {"yesterday", "the year has to be 4 digits"},
        {"24-05-01", "the year has to be 4 digits"},
        {"20240501T100000Z", "'-' is missing before the month"},
        {"2024-13-01", "the month is 13, not 1 to 12"},
        {"2024-00-01", "the month is 0"},
        {"2024-02-30", "the day is 30, not 1 to 29"},
        {"2023-02-29", "the day is 29, not 1 to 28"},
        {"1900-02-29", "the day is 29, not 1 to 28"},
        {"2024-05", "'-' is missing before the day"},
        {"2024-05-1", "the day has to be 2 digits"},
        {"2024-05-01X", "after the date comes 'T'"},
        {"2024-05-01T", "the hour has to be 2 digits"},
        {"2024-05-01T10", "':' is missing before the minute"},
        {"2024-05-01T24:00", "the hour is 24, not 0 to 23"},
        {"2024-05-01T10:60", "the minute is 60"},
        {"2024-05-01T10:00:61", "the second is 61"},
        {"2024-05-01T10:30:60", "the second is 60"},
        {"2024-05-01T10:00:00.", "a digit is missing after the decimal point"},
        {"2024-05-01T10:00:00.1234567890Z", "more than 9 digits"},
        {"2024-05-01T10:00:00+2", "the zone's hour has to be 2 digits"},
        {"2024-05-01T10:00:00+24:00", "the zone's hour is 24"},
        {"2024-05-01T10:00:00+01:", "the zone's minute has to be 2 digits"},
        {"2024-05-01T10:00:00Z ", "there is more after its end, from byte 20"},
        {"2024-05-01T10:00:00 UTC", "there is more after its end"},
        {" 2024-05-01", "the year has to be 4 digits"},
        {"-5", "the year has to be 4 digits"},
        {"9223372036854775808", "after the year 2262"},
        {"2262-04-11T23:47:16.854775808Z", "outside of the years 1677 to 2262"},
        {"9999-12-31T23:59:59Z", "outside of the years 1677 to 2262"},
        {"0000-01-01", "outside of the years 1677 to 2262"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace_error error = {0, ""};
        int64_t time_ns = 42;
        int code = timestamp_parse(rows[i].text, strlen(rows[i].text), &time_ns, &error);
        if (code != PACE_ETIME || error.code != PACE_ETIME || time_ns != 42 ||
            strstr(error.message, rows[i].reason) == NULL)
            fail_msg("'%s': code %d: %s", rows[i].text, code, error.message);
    }
    int64_t time_ns = 42;
    assert_int_equal(timestamp_parse("x", 1, &time_ns, NULL), PACE_ETIME);
}

/* Only `len` bytes count, and none behind them is read. */
static void stops_at_its_length(void **state)
{
    (void)state;
    int64_t time_ns = 0;
    assert_int_equal(timestamp_parse("2024-05-01T10:00:00Z", 10, &time_ns, NULL), 0);
    assert_true(time_ns == 1714521600 * SECOND);
    const char *whole = "2024-05-01T10:00:00.123456789+02:00";
    for (size_t len = 0; len <= strlen(whole); len++) {
        char *cut = malloc(len + 1);
        assert_non_null(cut);
        memcpy(cut, whole, len);
        (void)timestamp_parse(cut, len, &time_ns, NULL);
        free(cut);
    }
}

static void prints_the_digits_there_are(void **state)
{
    static const struct {
        int64_t time_ns;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {INT64_C(1714557600) * SECOND, "2024-05-01T10:00:00Z"},
        {INT64_C(1714557600) * SECOND + 500000000, "2024-05-01T10:00:00.500Z"},
        {INT64_C(1714557600) * SECOND + 120, "2024-05-01T10:00:00.000000120Z"},
        {INT64_C(1714557600) * SECOND + 123456000, "2024-05-01T10:00:00.123456Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TIMESTAMP_TEXT_MAX];
        assert_string_equal(timestamp_print(text, rows[i].time_ns), rows[i].text);
    }
}

/* Printed and read again it is the same; and the C library agrees on the calendar. */
static void agrees_with_the_c_library(void **state)
{
    uint64_t random = 20240501;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[TIMESTAMP_TEXT_MAX], expected[TIMESTAMP_TEXT_MAX];
        int64_t back = 0;
        struct tm parts;
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t time_ns = (int64_t)(random >> 1);
        time_t seconds = (time_t)(time_ns / SECOND);
        timestamp_print(text, time_ns);
        assert_int_equal(timestamp_parse(text, strlen(text), &back, NULL), 0);
        assert_true(back == time_ns);
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_true(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S", &parts) > 0);
        assert_memory_equal(text, expected, 19);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),          cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(stops_at_its_length),       cmocka_unit_test(prints_the_digits_there_are),
        cmocka_unit_test(agrees_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
