/* dart.c -- Dart's benchmark_harness.
 *
 * NAME(RunTime): 1.0 us.
 * NAME(CpuCycles): 123.4
 * NAME: avg=0.123 ms · median=0.120 ms · CV=1.23% · samples=10 · min=0.119 ms
 *
 * The second is PerfBenchmarkBase's, the third reportDetailed's. */
#include "textual.h"

#include <math.h>
#include <string.h>

/* What stands in brackets behind a name, and how it is stored. The first tells who printed it. */
static const struct metric {
    const char *mark, *measure, *unit;
    enum pace_direction direction;
} metrics[] = {
    {"(RunTime): ", "latency", "ns", PACE_LOWER_IS_BETTER},
    {"(CpuCycles): ", "cpu-cycles", "cycles", PACE_LOWER_IS_BETTER},
    {"(MajorPageFaults): ", "page-faults", "count", PACE_LOWER_IS_BETTER},
    {"(Count): ", "count", "count", PACE_DIRECTION_UNKNOWN}, /* NAME.totalIterations */
};
enum { METRICS = sizeof metrics / sizeof metrics[0] };

static int cut_off(const struct textual *lines)
{
    return textual_skip(lines, "a result of benchmark_harness that is cut off");
}

static int take_metric(struct textual *lines, struct span line, size_t mark,
                       const struct metric *metric)
{
    struct span rest = span_from(line, mark + strlen(metric->mark)), unit;
    double value = 0, factor = 1;
    if (metric == metrics) {
        int ends =
            span_ends(rest, ".") && span_quantity(span_upto(rest, rest.len - 1), &value, &unit);
        factor = ends ? time_factor(unit) : 0;
    } else if (!lines->complete || !span_number(rest, &value)) {
        factor = 0;
    }
    if (factor <= 0) return cut_off(lines);
    if (lines->reading == NULL) return IS_RESULT;
    return textual_put(lines, span_upto(line, mark), metric->measure, metric->unit,
                       metric->direction, value * factor, NO_BOUNDS);
}

/* What stands behind `key`, up to the next dot in the middle of a line: a time as ns, a number. */
static int detail(struct span line, const char *key, const char *unit, double *number)
{
    struct span rest = span_from(line, span_find(line, key)), word;
    if (rest.len == 0) return 0;
    rest = span_from(rest, strlen(key));
    rest = span_trim(span_upto(rest, span_find(rest, "\xc2\xb7")));
    if (strcmp(unit, "ns") == 0) {
        if (!span_quantity(rest, number, &word) || time_factor(word) <= 0) return 0;
        *number *= time_factor(word);
        return 1;
    }
    if (strcmp(unit, "%") == 0) {
        if (!span_ends(rest, "%")) return 0;
        rest.len--;
    }
    return span_number(rest, number);
}

static int take_detailed(struct textual *lines, struct span line, size_t mark)
{
    static const struct {
        const char *key, *measure, *unit;
        enum pace_direction direction;
    } rows[] = {
        {": avg=", "latency", "ns", PACE_LOWER_IS_BETTER},
        {" median=", "latency.median", "ns", PACE_LOWER_IS_BETTER},
        {" min=", "latency.min", "ns", PACE_LOWER_IS_BETTER},
        {" CV=", "latency.cv", "%", PACE_LOWER_IS_BETTER},
        {" samples=", "latency.samples", "count", PACE_DIRECTION_UNKNOWN},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    double values[ROWS];
    struct span rest = span_from(line, mark);
    for (size_t i = 0; i < ROWS; i++) {
        if (!detail(rest, rows[i].key, rows[i].unit, &values[i])) return cut_off(lines);
    }
    int code = IS_RESULT;
    if (lines->reading == NULL) return code;
    for (size_t i = 0; i < ROWS && code == IS_RESULT; i++)
        code = textual_put(lines, span_upto(line, mark), rows[i].measure, rows[i].unit,
                           rows[i].direction, values[i], NO_BOUNDS);
    return code;
}

static int take_dart(struct textual *lines)
{
    struct span line = span_trim(lines->line);
    size_t mark = span_find_last(line, ": avg=");
    if (mark > 0 && span_find(span_from(line, mark), "\xc2\xb7 CV=") < line.len - mark)
        return take_detailed(lines, line, mark);
    for (size_t i = 0; i < (lines->reading != NULL ? METRICS : 1); i++) {
        mark = span_find_last(line, metrics[i].mark);
        if (mark > 0 && mark < line.len) return take_metric(lines, line, mark, &metrics[i]);
    }
    return 0;
}

TEXTUAL(dart, "benchmark_harness")
