/* ips.c -- Ruby's benchmark-ips. Its comparison at the end repeats the results and is left out.
 *
 * NAME  1.234M (± 1.2%) i/s  (810.31 ns/i) -  6.2M in 5.03s */
#include "textual.h"

#include <math.h>
#include <string.h>

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

static int take_ips(struct textual *lines)
{
    struct span line = lines->line;
    size_t sign = span_find(line, "(\xc2\xb1"), rate = span_find(line, ") i/s");
    double value = 0, margin = 0;
    if (sign >= line.len || rate >= line.len) {
        if (sign < line.len && span_find(line, "i/s") >= line.len && lines->taken > 0)
            return textual_skip(lines, "a result of benchmark-ips that is cut off");
        return 0;
    }
    struct span front = span_trim(span_upto(line, sign)), percent = span_from(line, sign + 3);
    size_t start = front.len;
    while (start > 0 && front.text[start - 1] != ' ')
        start--;
    struct span name = span_trim(span_upto(front, start));
    if (!scaled_number(span_from(front, start), &value) ||
        !span_number(span_trim(span_upto(percent, span_find(percent, "%"))), &margin))
        return textual_skip(lines, "a result of benchmark-ips without its rate");
    if (name.len == 0) name = span_trim(lines->before); /* a long one stands above its numbers */
    if (name.len == 0 || span_ends(name, ":"))
        return 0; /* the comparison at the end repeats the results */
    if (lines->reading == NULL) return IS_RESULT;
    int code = textual_put(lines, name, "throughput", "ops/s", PACE_HIGHER_IS_BETTER, value,
                           value - value * margin / 100, value + value * margin / 100);
    return code != IS_RESULT ? code
                             : textual_put(lines, name, "throughput.deviation", "%",
                                           PACE_LOWER_IS_BETTER, margin, NO_BOUNDS);
}

TEXTUAL(ips, "benchmark-ips")
