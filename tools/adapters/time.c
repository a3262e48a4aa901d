/* time.c -- GNU time -v: the cost of one command, whose line is the benchmark.
 *
 * indented "Key: value" */
#include "textual.h"

#include <math.h>
#include <string.h>

/* "h:mm:ss" or "m:ss" as seconds. */
static int clock_seconds(struct span text, double *seconds)
{
    double part = 0;
    *seconds = 0;
    for (int i = 0; i < 3; i++) {
        size_t colon = span_find(text, ":");
        if (!span_number(span_upto(text, colon), &part)) return 0;
        *seconds = *seconds * 60 + part;
        if (colon >= text.len) return 1;
        text = span_from(text, colon + 1);
    }
    return 0;
}

static const struct time_row {
    const char *key, *measure, *unit;
    double factor;
    enum pace_direction direction;
} time_rows[] = {
    {"User time (seconds)", "cpu-user", "ns", 1e9, PACE_LOWER_IS_BETTER},
    {"System time (seconds)", "cpu-system", "ns", 1e9, PACE_LOWER_IS_BETTER},
    {"Percent of CPU this job got", "cpu-share", "%", 1, PACE_DIRECTION_UNKNOWN},
    {"Elapsed (wall clock) time (h:mm:ss or m:ss)", "latency", "ns", 1e9, PACE_LOWER_IS_BETTER},
    {"Maximum resident set size (kbytes)", "max-rss", "B", 1024, PACE_LOWER_IS_BETTER},
    {"Average resident set size (kbytes)", "max-rss.average", "B", 1024, PACE_LOWER_IS_BETTER},
    {"Major (requiring I/O) page faults", "page-faults-major", "count", 1, PACE_LOWER_IS_BETTER},
    {"Minor (reclaiming a frame) page faults", "page-faults-minor", "count", 1,
     PACE_LOWER_IS_BETTER},
    {"Voluntary context switches", "context-switches.voluntary", "count", 1, PACE_LOWER_IS_BETTER},
    {"Involuntary context switches", "context-switches.involuntary", "count", 1,
     PACE_LOWER_IS_BETTER},
    {"Swaps", "swaps", "count", 1, PACE_LOWER_IS_BETTER},
    {"File system inputs", "io.inputs", "count", 1, PACE_LOWER_IS_BETTER},
    {"File system outputs", "io.outputs", "count", 1, PACE_LOWER_IS_BETTER},
    {"Exit status", "exit-status", "", 1, PACE_DIRECTION_UNKNOWN},
};

static int put_time_row(const struct textual *lines, const struct time_row *row, struct span value)
{
    double number = 0;
    int clock = strcmp(row->measure, "latency") == 0;
    if (span_ends(value, "%")) value.len--;
    if (clock ? !clock_seconds(value, &number) : !span_number(value, &number))
        return textual_skip(lines, "a value of time -v is no number");
    if (strcmp(row->measure, "exit-status") == 0)
        return number == 0 ? IS_RESULT
                           : reading_benchmark_meta(lines->reading, lines->name, "exit-status",
                                                    textual_name(lines, value));
    return textual_put(lines, span_of(lines->name), row->measure, row->unit, row->direction,
                       number * row->factor, NO_BOUNDS);
}

static int take_time(struct textual *lines)
{
    static const char command[] = "Command being timed: \"";
    struct span line = span_trim(lines->line);
    if (span_begins(line, command)) {
        struct span name = span_from(line, strlen(command));
        if (span_ends(name, "\"")) name.len--;
        if (lines->reading == NULL) return IS_RESULT;
        if (name.len == 0) name = span_of("(no command)");
        lines->name = textual_name(lines, name);
        return lines->name == NULL ? reading_no_memory(lines->reading) : 0;
    }
    size_t mark = span_find_last(line, ": ");
    if (lines->name == NULL || mark >= line.len) return 0;
    if (!lines->complete) return textual_skip(lines, "it has no end and may be cut off");
    for (size_t i = 0; i < sizeof time_rows / sizeof time_rows[0]; i++) {
        if (span_is(span_upto(line, mark), time_rows[i].key))
            return put_time_row(lines, &time_rows[i], span_from(line, mark + 2));
    }
    return 0;
}

TEXTUAL(time, "GNU time")
