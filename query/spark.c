/* spark.c -- see spark.h. */
#include "spark.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LEVELS = 8, ASCII_LEVELS = 7, MARK_BYTES = 3 };

size_t spark(char *out, size_t size, const double *values, size_t count, int ascii)
{
    static const char ascii_marks[] = "_.-=+*#";
    size_t bytes = ascii ? 1 : MARK_BYTES, room = (size - 1) / bytes;
    if (count > room) {
        values += count - room;
        count = room;
    }
    double least = DBL_MAX, most = -DBL_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    int levels = ascii ? ASCII_LEVELS : LEVELS;
    double span = most / 2 - least / 2; /* halves: the whole may overflow */
    char *at = out;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            *at++ = ' ';
            continue;
        }
        /* All alike: the lowest mark but one reads as "flat", not as "nothing". */
        int level = span > 0 ? (int)((values[i] / 2 - least / 2) / span * levels) : 1;
        if (level >= levels) level = levels - 1;
        if (ascii) {
            *at++ = ascii_marks[level];
        } else {
            memcpy(at, "\xe2\x96\x81", MARK_BYTES);
            at[MARK_BYTES - 1] = (char)(at[MARK_BYTES - 1] + level);
            at += MARK_BYTES;
        }
    }
    *at = '\0';
    return count;
}
