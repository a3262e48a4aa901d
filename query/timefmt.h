/* timefmt.h -- points in time as text: UTC, proleptic Gregorian, no locale, no time zone data.
 *
 * Takes any int64 of nanoseconds since the Unix epoch: 1677-09-21 to 2262-04-11. Pure. */
#ifndef PACE_TIMEFMT_H
#define PACE_TIMEFMT_H

#include <stddef.h>
#include <stdint.h>

enum { TIME_TEXT_MAX = 40 };

/* "2026-08-03T14:05:00Z": ISO 8601, with 3, 6 or 9 digits of fraction when the time has them.
 * Returns buffer. */
char *time_print(char buffer[TIME_TEXT_MAX], int64_t time_ns);

/* How much of a time is worth printing. */
enum time_detail {
    TIME_DAY,    /* 2026-08-03 */
    TIME_MINUTE, /* 2026-08-03 14:05 */
    TIME_SECOND, /* 2026-08-03 14:05:09 */
    TIME_EXACT,  /* 2026-08-03 14:05:09.25, the digits it has */
};

/* The detail at which a column of times loses nothing that matters: days when all are midnights,
 * else the least that prints no two different neighbours alike. */
enum time_detail time_detail_of(const int64_t *times_ns, size_t count);

/* For people: in UTC, with a space, without a zone. Returns buffer. */
char *time_print_short(char buffer[TIME_TEXT_MAX], int64_t time_ns, enum time_detail detail);

/* "3 days ago", "in 2 hours", "just now" (within a minute). Returns buffer. */
char *time_print_ago(char buffer[TIME_TEXT_MAX], int64_t time_ns, int64_t now_ns);

#endif
