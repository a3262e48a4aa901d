/* dart.c -- Dart's benchmark_harness.
 *
 * NAME(RunTime): 1.0 us. */
#include "textual.h"

#include <math.h>
#include <string.h>

static int take_dart(struct textual *lines)
{
    struct span line = span_trim(lines->line), unit;
    size_t mark = span_find_last(line, "(RunTime): ");
    double value = 0;
    if (mark == 0 || mark >= line.len) return 0;
    struct span rest = span_from(line, mark + strlen("(RunTime): "));
    if (!span_ends(rest, ".") || !span_quantity(span_upto(rest, rest.len - 1), &value, &unit) ||
        time_factor(unit) <= 0)
        return textual_skip(lines, "a result of benchmark_harness that is cut off");
    if (lines->reading == NULL) return IS_RESULT;
    return textual_put(lines, span_upto(line, mark), "latency", "ns", PACE_LOWER_IS_BETTER,
                       value * time_factor(unit), NO_BOUNDS);
}

TEXTUAL(dart, "benchmark_harness")
