/* libtest.c -- Rust's libtest, and what prints like it: `cargo bench` of nightly Rust, criterion's
 * --output-format bencher.
 *
 * test NAME ... bench:  3,161 ns/iter (+/- 975) [= 12 MB/s] */
#include "textual.h"

#include <math.h>
#include <string.h>

/* "= 1234 MB/s" behind a result. */
static int put_libtest_rate(const struct textual *lines, struct span name, struct span rest)
{
    double rate = 0;
    struct span unit;
    size_t at = span_find(rest, "= ");
    if (at >= rest.len || !span_quantity(span_from(rest, at + 2), &rate, &unit)) return IS_RESULT;
    if (!span_is(unit, "MB/s")) return IS_RESULT;
    return textual_put(lines, name, "latency.MB/s", "MB/s", PACE_HIGHER_IS_BETTER, rate, NO_BOUNDS);
}

static int take_libtest(struct textual *lines)
{
    struct span line = lines->line, unit, spread;
    size_t mark = span_find(line, " ... "), margin;
    double value = 0, width = 0;
    if (!span_begins(line, "test ") || mark >= line.len) return 0;
    struct span name = span_trim(span_upto(span_from(line, 5), mark - 5));
    struct span rest = span_trim(span_from(line, mark + 5));
    if (span_is(rest, "FAILED")) {
        if (lines->reading == NULL) return 0;
        return textual_put(lines, name, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN,
                           NO_BOUNDS);
    }
    if (!span_begins(rest, "bench:")) return 0;
    rest = span_from(rest, strlen("bench:"));
    margin = span_find(rest, "(+/-");
    spread = span_from(rest, margin + 4);
    if (!span_quantity(span_upto(rest, margin), &value, &unit))
        return textual_skip(lines, "a result of libtest without a time");
    if (margin >= rest.len || span_find(spread, ")") >= spread.len ||
        !span_number(span_trim(span_upto(spread, span_find(spread, ")"))), &width))
        return textual_skip(lines, "a result of libtest without its (+/- deviation)");
    if (lines->reading == NULL) return IS_RESULT;
    size_t slash = span_find(unit, "/");
    double factor = time_factor(span_upto(unit, slash));
    if (factor > 0) {
        int code = textual_put(lines, name, "latency", "ns", PACE_LOWER_IS_BETTER, value * factor,
                               (value - width) * factor, (value + width) * factor);
        return code != IS_RESULT ? code : put_libtest_rate(lines, name, spread);
    }
    /* Units of other tools that print so: cycles/iter, MS/s. */
    int rate = span_ends(unit, "/s");
    const char *measure = rate ? "throughput" : textual_name(lines, span_upto(unit, slash));
    const char *plain = rate ? textual_name(lines, unit) : measure;
    if (measure == NULL || plain == NULL) return reading_no_memory(lines->reading);
    return textual_put(lines, name, measure, plain,
                       rate ? PACE_HIGHER_IS_BETTER : PACE_LOWER_IS_BETTER, value, value - width,
                       value + width);
}

TEXTUAL(libtest, "libtest")
