/* textual.c -- harnesses that print a line a benchmark: libtest, benchmark.js, console.time, Ruby's
 * Benchmark and benchmark-ips, Dart's benchmark_harness, and `time -v`.
 *
 * Each is a function that takes one line; lines that it does not know mean nothing. A line that
 * begins as a result and does not end as one is skipped with a warning. */
#include "reading.h"
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* What taking a line needs. */
struct lines {
    struct reading *reading;
    struct span line, before; /* before: the line before it */
    uint64_t number;
    int complete;     /* 0: the line is the last and has no end */
    int state;        /* of the format */
    size_t taken;     /* results so far */
    const char *name; /* that the format said before its numbers */
};

/* Takes one line. With reading NULL it looks only. Returns 1 when the line is a result, 0 when it
 * is not, a code when it failed. */
typedef int line_function(struct lines *lines);

enum { IS_RESULT = 1 };

static int recognise(const struct input *input, line_function *take)
{
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    struct scanner scanner = scanner_of(input->text, len);
    struct lines lines = {0};
    while (scan_line(&scanner, &lines.line)) {
        if (take(&lines) == IS_RESULT) return 2;
    }
    return 0;
}

static int read_lines(const struct input *input, const struct adapter_sink *sink,
                      struct pace_error *error, const char *harness, line_function *take)
{
    struct reading reading;
    struct lines lines = {.reading = &reading};
    struct scanner scanner = scanner_of(input->text, input->len);
    int code = 0;
    reading_begin(&reading, input, sink, error);
    if (input->len > 0 && (code = reading_run(&reading, NULL)) == 0)
        code = reading_meta(&reading, "harness", harness);
    while (code == 0 && scan_line(&scanner, &lines.line)) {
        lines.number = scanner.number;
        lines.complete = scanner.complete;
        int taken = take(&lines);
        lines.before = lines.line;
        if (taken == IS_RESULT)
            lines.taken++;
        else
            code = taken;
    }
    if (code == 0 && lines.taken == 0)
        code = reading_fail(&reading, "none of its %llu lines is a result of %s",
                            (unsigned long long)scanner.number, harness);
    return reading_end(&reading, code);
}

/* A result that is there in part: 0, with a warning. */
static int skip(const struct lines *lines, const char *why)
{
    if (lines->reading != NULL)
        reading_warn(lines->reading, "line %llu: %s; the line is skipped",
                     (unsigned long long)lines->number, why);
    return 0;
}

static const char *name_of(const struct lines *lines, struct span name)
{
    return reading_name(lines->reading, name.text, name.len);
}

static int put(const struct lines *lines, struct span name, const char *measure, const char *unit,
               enum pace_direction direction, double value, double lower, double upper)
{
    const char *benchmark = name_of(lines, name);
    if (benchmark == NULL) return reading_no_memory(lines->reading);
    struct pace_cell cell = cell_make(benchmark, measure, unit, direction, value);
    cell_bounds(&cell, lower, upper);
    int code = reading_put(lines->reading, &cell);
    return code != 0 ? code : IS_RESULT;
}

#define NO_BOUNDS (double)NAN, (double)NAN

/* -- libtest: test NAME ... bench:  3,161 ns/iter (+/- 975) [= 12 MB/s] ------------------------- */

/* "= 1234 MB/s" behind a result. */
static int put_libtest_rate(const struct lines *lines, struct span name, struct span rest)
{
    double rate = 0;
    struct span unit;
    size_t at = span_find(rest, "= ");
    if (at >= rest.len || !span_quantity(span_from(rest, at + 2), &rate, &unit)) return IS_RESULT;
    if (!span_is(unit, "MB/s")) return IS_RESULT;
    return put(lines, name, "latency.MB/s", "MB/s", PACE_HIGHER_IS_BETTER, rate, NO_BOUNDS);
}

static int take_libtest(struct lines *lines)
{
    struct span line = lines->line, unit, spread;
    size_t mark = span_find(line, " ... "), margin;
    double value = 0, width = 0;
    if (!span_begins(line, "test ") || mark >= line.len) return 0;
    struct span name = span_trim(span_upto(span_from(line, 5), mark - 5));
    struct span rest = span_trim(span_from(line, mark + 5));
    if (span_is(rest, "FAILED")) {
        if (lines->reading == NULL) return 0;
        return put(lines, name, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN, NO_BOUNDS);
    }
    if (!span_begins(rest, "bench:")) return 0;
    rest = span_from(rest, strlen("bench:"));
    margin = span_find(rest, "(+/-");
    spread = span_from(rest, margin + 4);
    if (!span_quantity(span_upto(rest, margin), &value, &unit))
        return skip(lines, "a result of libtest without a time");
    if (margin >= rest.len || span_find(spread, ")") >= spread.len ||
        !span_number(span_trim(span_upto(spread, span_find(spread, ")"))), &width))
        return skip(lines, "a result of libtest without its (+/- deviation)");
    if (lines->reading == NULL) return IS_RESULT;
    size_t slash = span_find(unit, "/");
    double factor = time_factor(span_upto(unit, slash));
    if (factor > 0) {
        int code = put(lines, name, "latency", "ns", PACE_LOWER_IS_BETTER, value * factor,
                       (value - width) * factor, (value + width) * factor);
        return code != IS_RESULT ? code : put_libtest_rate(lines, name, spread);
    }
    /* Units of other tools that print so: cycles/iter, MS/s. */
    int rate = span_ends(unit, "/s");
    const char *measure = rate ? "throughput" : name_of(lines, span_upto(unit, slash));
    const char *plain = rate ? name_of(lines, unit) : measure;
    if (measure == NULL || plain == NULL) return reading_no_memory(lines->reading);
    return put(lines, name, measure, plain, rate ? PACE_HIGHER_IS_BETTER : PACE_LOWER_IS_BETTER,
               value, value - width, value + width);
}

/* -- benchmark.js: NAME x 1,431,759 ops/sec ±0.74% (93 runs sampled) ----------------------------- */

static int take_benchmarkjs(struct lines *lines)
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
        return skip(lines, "a result of benchmark.js that is cut off");
    if (lines->reading == NULL) return IS_RESULT;
    struct span name = span_trim(span_upto(front, times));
    int code = put(lines, name, "throughput", "ops/s", PACE_HIGHER_IS_BETTER, value,
                   value - value * margin / 100, value + value * margin / 100);
    if (code == IS_RESULT)
        code = put(lines, name, "throughput.rme", "%", PACE_LOWER_IS_BETTER, margin, NO_BOUNDS);
    if (code == IS_RESULT)
        code =
            put(lines, name, "throughput.runs", "count", PACE_DIRECTION_UNKNOWN, runs, NO_BOUNDS);
    return code;
}

/* -- console.time: NAME: 7617ms - timer ended; NAME: 12.345ms; NAME: 1.234s; 1:02.345 (m:ss.mmm) -- */

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

static int take_jstime(struct lines *lines)
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
    return put(lines, span_upto(line, mark), "latency", "ns", PACE_LOWER_IS_BETTER, value,
               NO_BOUNDS);
}

/* -- Ruby's Benchmark.bm: user system total real ------------------------------------------------- */

/* The last four words of "NAME  0.95 0.00 0.95 (  0.952)". */
static int ruby_numbers(struct span line, struct span *name, double out[4])
{
    size_t open = span_find_last(line, "("), close = span_find_last(line, ")");
    if (open >= line.len || close >= line.len || close < open) return 0;
    if (!span_number(span_trim(span_from(span_upto(line, close), open + 1)), &out[3])) return 0;
    struct span rest = span_trim(span_upto(line, open));
    for (int i = 2; i >= 0; i--) {
        size_t start = rest.len;
        while (start > 0 && rest.text[start - 1] != ' ')
            start--;
        if (start == rest.len || !span_number(span_from(rest, start), &out[i])) return 0;
        rest = span_trim(span_upto(rest, start));
    }
    *name = rest;
    return 1;
}

static int take_ruby(struct lines *lines)
{
    static const char *const measures[] = {"cpu-user", "cpu-system", "cpu-time", "latency"};
    struct span rest = lines->line, word, name = {"", 0};
    static const char *const words[] = {"user", "system", "total", "real"};
    double numbers[4];
    int heading = 1, code = IS_RESULT;
    for (int i = 0; i < 4; i++)
        heading = heading && span_word(&rest, &word) && span_is(word, words[i]);
    if (heading) {
        lines->state = 1;
        return 0;
    }
    if (lines->state == 0 || span_trim(lines->line).len == 0) return 0;
    if (!ruby_numbers(lines->line, &name, numbers)) {
        if (span_find(lines->line, "   0.") < lines->line.len)
            return skip(lines, "a result of Ruby's Benchmark that is cut off");
        return 0;
    }
    if (lines->reading == NULL) return IS_RESULT;
    if (name.len == 0) name = span_of("(no label)");
    for (int i = 3; i >= 0 && code == IS_RESULT; i--)
        code =
            put(lines, name, measures[i], "ns", PACE_LOWER_IS_BETTER, numbers[i] * 1e9, NO_BOUNDS);
    return code;
}

/* -- benchmark-ips: NAME  1.234M (± 1.2%) i/s  (810.31 ns/i) -  6.2M in 5.03s --------------------- */

/* "1.234M" with the suffixes of benchmark-ips. */
static int scaled_number(struct span text, double *number)
{
    static const struct {
        char suffix;
        double factor;
    } rows[] = {{'k', 1e3}, {'M', 1e6}, {'B', 1e9}, {'T', 1e12}, {'Q', 1e15}};
    text = span_trim(text);
    for (size_t i = 0; text.len > 0 && i < sizeof rows / sizeof rows[0]; i++) {
        if (text.text[text.len - 1] != rows[i].suffix) continue;
        if (!span_number(span_upto(text, text.len - 1), number)) return 0;
        *number *= rows[i].factor;
        return 1;
    }
    return span_number(text, number);
}

static int take_ips(struct lines *lines)
{
    struct span line = lines->line;
    size_t sign = span_find(line, "(\xc2\xb1"), rate = span_find(line, ") i/s");
    double value = 0, margin = 0;
    if (sign >= line.len || rate >= line.len) {
        if (sign < line.len && span_find(line, "i/s") >= line.len && lines->taken > 0)
            return skip(lines, "a result of benchmark-ips that is cut off");
        return 0;
    }
    struct span front = span_trim(span_upto(line, sign)), percent = span_from(line, sign + 3);
    size_t start = front.len;
    while (start > 0 && front.text[start - 1] != ' ')
        start--;
    struct span name = span_trim(span_upto(front, start));
    if (!scaled_number(span_from(front, start), &value) ||
        !span_number(span_trim(span_upto(percent, span_find(percent, "%"))), &margin))
        return skip(lines, "a result of benchmark-ips without its rate");
    if (name.len == 0) name = span_trim(lines->before); /* a long one stands above its numbers */
    if (name.len == 0 || span_ends(name, ":"))
        return 0; /* the comparison at the end repeats the results */
    if (lines->reading == NULL) return IS_RESULT;
    int code = put(lines, name, "throughput", "ops/s", PACE_HIGHER_IS_BETTER, value,
                   value - value * margin / 100, value + value * margin / 100);
    return code != IS_RESULT ? code
                             : put(lines, name, "throughput.deviation", "%", PACE_LOWER_IS_BETTER,
                                   margin, NO_BOUNDS);
}

/* -- Dart: NAME(RunTime): 1.0 us. ---------------------------------------------------------------- */

static int take_dart(struct lines *lines)
{
    struct span line = span_trim(lines->line), unit;
    size_t mark = span_find_last(line, "(RunTime): ");
    double value = 0;
    if (mark == 0 || mark >= line.len) return 0;
    struct span rest = span_from(line, mark + strlen("(RunTime): "));
    if (!span_ends(rest, ".") || !span_quantity(span_upto(rest, rest.len - 1), &value, &unit) ||
        time_factor(unit) <= 0)
        return skip(lines, "a result of benchmark_harness that is cut off");
    if (lines->reading == NULL) return IS_RESULT;
    return put(lines, span_upto(line, mark), "latency", "ns", PACE_LOWER_IS_BETTER,
               value * time_factor(unit), NO_BOUNDS);
}

/* -- GNU time -v: indented "Key: value" ---------------------------------------------------------- */

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

static int put_time_row(const struct lines *lines, const struct time_row *row, struct span value)
{
    double number = 0;
    int clock = strcmp(row->measure, "latency") == 0;
    if (span_ends(value, "%")) value.len--;
    if (clock ? !clock_seconds(value, &number) : !span_number(value, &number))
        return skip(lines, "a value of time -v is no number");
    if (strcmp(row->measure, "exit-status") == 0)
        return number == 0 ? IS_RESULT
                           : reading_benchmark_meta(lines->reading, lines->name, "exit-status",
                                                    name_of(lines, value));
    return put(lines, span_of(lines->name), row->measure, row->unit, row->direction,
               number * row->factor, NO_BOUNDS);
}

static int take_time(struct lines *lines)
{
    static const char command[] = "Command being timed: \"";
    struct span line = span_trim(lines->line);
    if (span_begins(line, command)) {
        struct span name = span_from(line, strlen(command));
        if (span_ends(name, "\"")) name.len--;
        if (lines->reading == NULL) return IS_RESULT;
        if (name.len == 0) name = span_of("(no command)");
        lines->name = name_of(lines, name);
        return lines->name == NULL ? reading_no_memory(lines->reading) : 0;
    }
    size_t mark = span_find_last(line, ": ");
    if (lines->name == NULL || mark >= line.len) return 0;
    if (!lines->complete) return skip(lines, "it has no end and may be cut off");
    for (size_t i = 0; i < sizeof time_rows / sizeof time_rows[0]; i++) {
        if (span_is(span_upto(line, mark), time_rows[i].key))
            return put_time_row(lines, &time_rows[i], span_from(line, mark + 2));
    }
    return 0;
}

/* -- the table's functions ----------------------------------------------------------------------- */

#define TEXTUAL(name, harness)                                                                     \
    int name##_recognise(const struct input *input)                                                \
    {                                                                                              \
        return recognise(input, take_##name);                                                      \
    }                                                                                              \
    int name##_read(const struct input *input, const struct adapter_sink *sink,                    \
                    struct pace_error *error)                                                      \
    {                                                                                              \
        return read_lines(input, sink, error, harness, take_##name);                               \
    }

TEXTUAL(libtest, "libtest")
TEXTUAL(benchmarkjs, "benchmark.js")
TEXTUAL(jstime, "console.time")
TEXTUAL(ruby, "Ruby Benchmark")
TEXTUAL(ips, "benchmark-ips")
TEXTUAL(dart, "benchmark_harness")
TEXTUAL(time, "GNU time")
