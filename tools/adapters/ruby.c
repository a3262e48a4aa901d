/* ruby.c -- Ruby's Benchmark: bm and bmbm.
 *
 * user system total real */
#include "textual.h"

#include <math.h>
#include <string.h>

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

static int take_ruby(struct textual *lines)
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
            return textual_skip(lines, "a result of Ruby's Benchmark that is cut off");
        return 0;
    }
    if (lines->reading == NULL) return IS_RESULT;
    if (name.len == 0) name = span_of("(no label)");
    for (int i = 3; i >= 0 && code == IS_RESULT; i--)
        code = textual_put(lines, name, measures[i], "ns", PACE_LOWER_IS_BETTER, numbers[i] * 1e9,
                           NO_BOUNDS);
    return code;
}

TEXTUAL(ruby, "Ruby Benchmark")
