/* timefmt.c -- see timefmt.h. Days to dates by counting 400-year eras that begin on March 1, so
 * that leap days come last. */
#include "timefmt.h"

#include <stdio.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_DAY    (86400 * NS_PER_SECOND)

struct civil {
    int year, month, day, hour, minute, second, nanosecond;
};

static int64_t floor_div(int64_t value, int64_t by)
{
    int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

static struct civil civil_from(int64_t time_ns)
{
    int64_t day_number = floor_div(time_ns, NS_PER_DAY);
    int64_t rest = time_ns % NS_PER_DAY; /* of the day */
    if (rest < 0) rest += NS_PER_DAY;
    int seconds = (int)(rest / NS_PER_SECOND);

    int64_t days = day_number + 719468; /* since 0000-03-01 */
    int64_t era = floor_div(days, 146097);
    int day_of_era = (int)(days - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0 is March */
    return (struct civil){
        .year = year_of_era + (int)(era * 400) + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = seconds / 3600,
        .minute = seconds / 60 % 60,
        .second = seconds % 60,
        .nanosecond = (int)(rest % NS_PER_SECOND),
    };
}

/* `digits` of a number, zeros before it; what follows them. By hand: long results are full of
 * times. */
static char *put_digits(char *out, int number, int digits)
{
    for (int i = digits; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + digits;
}

static char *put_pair(char *out, char before, int number)
{
    *out = before;
    return put_digits(out + 1, number, 2);
}

/* The years of an int64 have four digits. */
static char *put_date(char *out, const struct civil *c)
{
    out = put_digits(out, c->year, 4);
    return put_pair(put_pair(out, '-', c->month), '-', c->day);
}

char *time_print(char buffer[TIME_TEXT_MAX], int64_t time_ns)
{
    struct civil c = civil_from(time_ns);
    char *at = put_pair(put_date(buffer, &c), 'T', c.hour);
    at = put_pair(put_pair(at, ':', c.minute), ':', c.second);
    if (c.nanosecond) *at++ = '.';
    if (c.nanosecond % 1000)
        at = put_digits(at, c.nanosecond, 9);
    else if (c.nanosecond % 1000000)
        at = put_digits(at, c.nanosecond / 1000, 6);
    else if (c.nanosecond)
        at = put_digits(at, c.nanosecond / 1000000, 3);
    *at++ = 'Z';
    *at = '\0';
    return buffer;
}

enum time_detail time_detail_of(const int64_t *times_ns, size_t count)
{
    enum time_detail detail = TIME_DAY;
    for (size_t i = 0; i < count && detail < TIME_EXACT; i++) {
        int64_t now = times_ns[i], last = i ? times_ns[i - 1] : now;
        if (detail == TIME_DAY && now % NS_PER_DAY) detail = TIME_MINUTE;
        if (now == last) continue;
        if (detail == TIME_MINUTE &&
            floor_div(now, NS_PER_MINUTE) == floor_div(last, NS_PER_MINUTE))
            detail = TIME_SECOND;
        if (detail == TIME_SECOND &&
            floor_div(now, NS_PER_SECOND) == floor_div(last, NS_PER_SECOND))
            detail = TIME_EXACT;
    }
    return detail;
}

char *time_print_short(char buffer[TIME_TEXT_MAX], int64_t time_ns, enum time_detail detail)
{
    struct civil c = civil_from(time_ns);
    char *at = put_date(buffer, &c);
    if (detail != TIME_DAY) at = put_pair(put_pair(at, ' ', c.hour), ':', c.minute);
    if (detail == TIME_SECOND || detail == TIME_EXACT) at = put_pair(at, ':', c.second);
    if (detail == TIME_EXACT && c.nanosecond) {
        *at = '.';
        at = put_digits(at + 1, c.nanosecond, 9);
        while (at[-1] == '0')
            at--;
    }
    *at = '\0';
    return buffer;
}

char *time_print_ago(char buffer[TIME_TEXT_MAX], int64_t time_ns, int64_t now_ns)
{
    /* A unit is used from two of it on, so that "1 day ago" never stands for 47 hours. */
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{365 * 86400, "years"}, {30 * 86400, "months"}, {7 * 86400, "weeks"},
                 {86400, "days"},        {3600, "hours"},        {60, "minutes"}};
    int future = time_ns > now_ns;
    uint64_t distance_ns =
        future ? (uint64_t)time_ns - (uint64_t)now_ns : (uint64_t)now_ns - (uint64_t)time_ns;
    int64_t seconds = (int64_t)(distance_ns / (uint64_t)NS_PER_SECOND);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (seconds < 2 * units[i].seconds) continue;
        sprintf(buffer, future ? "in %d %s" : "%d %s ago", (int)(seconds / units[i].seconds),
                units[i].name);
        return buffer;
    }
    sprintf(buffer, "%s", seconds < 60 ? "just now" : future ? "in 1 minute" : "1 minute ago");
    return buffer;
}
