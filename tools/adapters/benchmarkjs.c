/* benchmarkjs.c -- benchmark.js, as its cycles print themselves.
 *
 * NAME x 1,431,759 ops/sec ±0.74% (93 runs sampled) */
#include "textual.h"

#include <math.h>
#include <string.h>

static int take_benchmarkjs(struct textual *lines)
{
    struct span line = lines->line;
    size_t mark = span_find(line, " ops/sec ");
    if (mark >= line.len) return 0;
    struct span front = span_upto(line, mark), rest = span_from(line, mark + strlen(" ops/sec "));
    size_t times = span_find_last(front, " x ");
    double value = 0, margin = 0, runs = 0;
    if (times >= front.len || !span_number(span_from(front, times + 3), &value)) return 0;
    size_t sign = span_find(rest, "\xc2\xb1"), percent = span_find(rest, "%");
    size_t paren = span_find(rest, "("), end = span_find(rest, " run");
    if (sign >= rest.len || percent >= rest.len ||
        !span_number(span_trim(span_from(span_upto(rest, percent), sign + 2)), &margin) ||
        paren >= rest.len || end >= rest.len || span_find(rest, ")") >= rest.len ||
        !span_number(span_from(span_upto(rest, end), paren + 1), &runs))
        return textual_skip(lines, "a result of benchmark.js that is cut off");
    if (lines->reading == NULL) return IS_RESULT;
    struct span name = span_trim(span_upto(front, times));
    int code = textual_put(lines, name, "throughput", "ops/s", PACE_HIGHER_IS_BETTER, value,
                           value - value * margin / 100, value + value * margin / 100);
    if (code == IS_RESULT)
        code = textual_put(lines, name, "throughput.rme", "%", PACE_LOWER_IS_BETTER, margin,
                           NO_BOUNDS);
    if (code == IS_RESULT)
        code = textual_put(lines, name, "throughput.runs", "count", PACE_DIRECTION_UNKNOWN, runs,
                           NO_BOUNDS);
    return code;
}

TEXTUAL(benchmarkjs, "benchmark.js")
