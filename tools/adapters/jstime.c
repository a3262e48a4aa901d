/* jstime.c -- JavaScript's console.time, of Node and others.
 *
 * NAME: 7617ms - timer ended; NAME: 12.345ms; NAME: 1.234s; 1:02.345 (m:ss.mmm) */
#include "textual.h"

#include <math.h>
#include <string.h>

/* "12.345ms", "1.234s", "1:02.345 (m:ss.mmm)" as ns; 0 when it is none of them. */
static double console_time(struct span text)
{
    double value = 0, minutes = 0;
    struct span unit;
    size_t colon = span_find(text, ":"), paren = span_find(text, " (m:ss");
    if (paren < text.len && colon < paren && span_number(span_upto(text, colon), &minutes) &&
        span_number(span_from(span_upto(text, paren), colon + 1), &value))
        return (minutes * 60 + value) * 1e9;
    if (text.len == 0 || text.text[text.len - 1] != 's' || !span_quantity(text, &value, &unit))
        return 0;
    if (unit.len > 2 || span_find(text, " ") < text.len) return 0;
    return value * time_factor(unit);
}

static int take_jstime(struct textual *lines)
{
    static const char end[] = " - timer ended";
    struct span line = span_trim(lines->line);
    int ended = span_ends(line, end);
    if (ended) line.len -= strlen(end);
    /* The last ": " before the time; one in a name is before it. */
    size_t mark = span_find_last(line, ": ");
    if (mark == 0 || mark >= line.len) return 0;
    double value = console_time(span_trim(span_from(line, mark + 2)));
    if (value <= 0 || (!ended && span_find(line, "[") < line.len)) return 0;
    if (lines->reading == NULL) return ended ? IS_RESULT : 0;
    return textual_put(lines, span_upto(line, mark), "latency", "ns", PACE_LOWER_IS_BETTER, value,
                       NO_BOUNDS);
}

TEXTUAL(jstime, "console.time")
