/* timestamp.c -- times as people and tools write them, to and from nanoseconds since the Unix
 * epoch.
 *
 * Strict: every character counts, and a message says which part is wrong. Days are counted with the
 * civil calendar from year 0 (era arithmetic), so neither timegm nor the zone database is needed.
 */
#include "timestamp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND   INT64_C(1000000000)
#define SECONDS_PER_DAY INT64_C(86400)

/* A reader over the text; `at` never passes `end`. */
struct cursor {
    const char *text, *at, *end;
    struct pace_error *error;
};

static int refuse(struct cursor *cursor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct cursor *cursor, const char *format, ...)
{
    if (cursor->error != NULL) {
        char reason[200];
        size_t len = (size_t)(cursor->end - cursor->text);
        va_list args;
        va_start(args, format);
        (void)vsnprintf(reason, sizeof reason, format, args);
        va_end(args);
        cursor->error->code = PACE_ETIME;
        (void)snprintf(cursor->error->message, sizeof cursor->error->message,
                       "'%.*s%s' is not a time: %s; write 2024-05-01T10:00:00Z, 2024-05-01 or "
                       "nanoseconds since 1970",
                       len > 60 ? 60 : (int)len, cursor->text, len > 60 ? "..." : "", reason);
    }
    return PACE_ETIME;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

/* Exactly `count` digits. */
static int number(struct cursor *cursor, int count, const char *what, int low, int high, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(peek(cursor)))
            return refuse(cursor, "the %s has to be %d digits", what, count);
        value = value * 10 + (*cursor->at++ - '0');
    }
    if (value < low || value > high)
        return refuse(cursor, "the %s is %d, not %d to %d", what, value, low, high);
    *out = value;
    return 0;
}

static int expect(struct cursor *cursor, char c, const char *before)
{
    if (peek(cursor) != c) return refuse(cursor, "'%c' is missing before the %s", c, before);
    cursor->at++;
    return 0;
}

static int leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap_year(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01. Years start in March here, so that the leap day is the last of its year. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int read_date(struct cursor *cursor, int64_t *days)
{
    int year = 0, month = 0, day = 0, code = 0;
    if ((code = number(cursor, 4, "year", 0, 9999, &year)) != 0 ||
        (code = expect(cursor, '-', "month")) != 0 ||
        (code = number(cursor, 2, "month", 1, 12, &month)) != 0 ||
        (code = expect(cursor, '-', "day")) != 0 ||
        (code = number(cursor, 2, "day", 1, month_days(year, month), &day)) != 0)
        return code;
    *days = days_of(year, month, day);
    return 0;
}

static int read_clock(struct cursor *cursor, int64_t *seconds, int64_t *fraction_ns)
{
    int hour = 0, minute = 0, second = 0, code = 0;
    if ((code = number(cursor, 2, "hour", 0, 23, &hour)) != 0 ||
        (code = expect(cursor, ':', "minute")) != 0 ||
        (code = number(cursor, 2, "minute", 0, 59, &minute)) != 0)
        return code;
    if (peek(cursor) == ':') {
        cursor->at++;
        if ((code = number(cursor, 2, "second", 0, minute == 59 ? 60 : 59, &second)) != 0)
            return code;
        if (peek(cursor) == '.' || peek(cursor) == ',') {
            int64_t scale = NS_PER_SECOND;
            cursor->at++;
            if (!is_digit(peek(cursor)))
                return refuse(cursor, "a digit is missing after the decimal point");
            while (is_digit(peek(cursor))) {
                if (scale == 1)
                    return refuse(cursor, "the second has more than 9 digits after the point");
                scale /= 10;
                *fraction_ns += (*cursor->at++ - '0') * scale;
            }
        }
    }
    *seconds = hour * INT64_C(3600) + minute * INT64_C(60) + second;
    return 0;
}

static int read_zone(struct cursor *cursor, int64_t *offset_seconds)
{
    int hour = 0, minute = 0, code = 0;
    if (peek(cursor) == ' ' && cursor->end - cursor->at > 1) cursor->at++;
    char sign = peek(cursor);
    if (sign == 'Z' || sign == 'z') {
        cursor->at++;
        return 0;
    }
    if (sign != '+' && sign != '-') return 0;
    cursor->at++;
    if ((code = number(cursor, 2, "zone's hour", 0, 23, &hour)) != 0) return code;
    if (peek(cursor) == ':') {
        cursor->at++;
        code = number(cursor, 2, "zone's minute", 0, 59, &minute);
    } else if (cursor->at < cursor->end) {
        code = number(cursor, 2, "zone's minute", 0, 59, &minute);
    }
    if (code != 0) return code;
    *offset_seconds = (hour * INT64_C(3600) + minute * INT64_C(60)) * (sign == '-' ? -1 : 1);
    return 0;
}

/* All digits: nanoseconds. */
static int read_unix(struct cursor *cursor, int64_t *time_ns)
{
    int64_t value = 0;
    for (; cursor->at < cursor->end; cursor->at++) {
        int digit = *cursor->at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return refuse(cursor, "that many nanoseconds are after the year 2262");
        value = value * 10 + digit;
    }
    *time_ns = value;
    return 0;
}

int timestamp_parse(const char *text, size_t len, int64_t *time_ns, struct pace_error *error)
{
    struct cursor cursor = {text, text, text + len, error};
    int64_t days = 0, clock = 0, fraction_ns = 0, offset = 0, result = 0;
    size_t digits = 0;
    int code = 0;
    if (len == 0) return refuse(&cursor, "it is empty");
    while (digits < len && is_digit(text[digits]))
        digits++;
    if (digits == len) return read_unix(&cursor, time_ns);
    if ((code = read_date(&cursor, &days)) != 0) return code;
    if (cursor.at < cursor.end) {
        char c = *cursor.at;
        if (c != 'T' && c != 't' && c != ' ')
            return refuse(&cursor, "after the date comes 'T' and the time of day");
        cursor.at++;
        if ((code = read_clock(&cursor, &clock, &fraction_ns)) != 0 ||
            (code = read_zone(&cursor, &offset)) != 0)
            return code;
        if (cursor.at < cursor.end)
            return refuse(&cursor, "there is more after its end, from byte %td", cursor.at - text);
    }
    if (__builtin_mul_overflow(days * SECONDS_PER_DAY + clock - offset, NS_PER_SECOND, &result) ||
        __builtin_add_overflow(result, fraction_ns, &result))
        return refuse(&cursor, "it is outside of the years 1677 to 2262");
    *time_ns = result;
    return 0;
}

char *timestamp_print(char buffer[TIMESTAMP_TEXT_MAX], int64_t time_ns)
{
    int64_t seconds = time_ns / NS_PER_SECOND, fraction = time_ns % NS_PER_SECOND;
    if (fraction < 0) {
        fraction += NS_PER_SECOND;
        seconds--;
    }
    int64_t days = seconds / SECONDS_PER_DAY, clock = seconds % SECONDS_PER_DAY;
    if (clock < 0) {
        clock += SECONDS_PER_DAY;
        days--;
    }
    /* The inverse of days_of(). */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * of_year + 2) / 153;
    int day = (int)(of_year - (153 * month_from_march + 2) / 5 + 1);
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    int year = (int)(year_of_era + era * 400 + (month <= 2));
    int len = snprintf(buffer, TIMESTAMP_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", year, month,
                       day, (int)(clock / 3600), (int)(clock / 60 % 60), (int)(clock % 60));
    size_t used = (size_t)len, room = TIMESTAMP_TEXT_MAX - used;
    if (fraction == 0)
        (void)snprintf(buffer + used, room, "Z");
    else if (fraction % 1000000 == 0)
        (void)snprintf(buffer + used, room, ".%03dZ", (int)(fraction / 1000000));
    else if (fraction % 1000 == 0)
        (void)snprintf(buffer + used, room, ".%06dZ", (int)(fraction / 1000));
    else
        (void)snprintf(buffer + used, room, ".%09dZ", (int)fraction);
    return buffer;
}

int64_t timestamp_now(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + (int64_t)now.tv_nsec;
}
