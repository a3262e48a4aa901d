/* timestamp.h -- times as people and tools write them, to and from nanoseconds since the Unix
 * epoch.
 *
 * Pure and independent of locale and time zone: the same text is the same time on every machine. */
#ifndef PACE_TIMESTAMP_H
#define PACE_TIMESTAMP_H

#include "../engine/pace.h"

#include <stddef.h>
#include <stdint.h>

/* Reads one of
 *   1714557600000000000                     digits only: nanoseconds since 1970
 *   2024-05-01                              midnight UTC
 *   2024-05-01T10:00                        T, t or one space; no zone means UTC
 *   2024-05-01T10:00:00.123456789+02:00     Z, z, +HH, +HHMM, +HH:MM; one space may stand before it
 * with 1 to 9 digits after `.` or `,`. A leap second (:60) is the second after it, as Unix counts.
 * Anything else, and times that 64 bits of nanoseconds do not hold (before 1677, after 2262), is
 * PACE_ETIME with the reason. */
int timestamp_parse(const char *text, size_t len, int64_t *time_ns, struct pace_error *error);

/* Writes ISO 8601 UTC with the digits of a second that the time has: none, 3, 6 or 9. Returns
 * buffer. */
enum { TIMESTAMP_TEXT_MAX = 40 };
char *timestamp_print(char buffer[TIMESTAMP_TEXT_MAX], int64_t time_ns);

/* The wall clock. */
int64_t timestamp_now(void);

#endif
