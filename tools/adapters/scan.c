/* scan.c -- lines, words and numbers of a text, as adapters of text formats read them. */
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

struct scanner scanner_of(const char *text, size_t len)
{
    return (struct scanner){.text = text, .len = len};
}

int scan_line(struct scanner *scanner, struct span *line)
{
    if (scanner->at >= scanner->len) return 0;
    const char *start = scanner->text + scanner->at;
    size_t left = scanner->len - scanner->at;
    const char *end = memchr(start, '\n', left);
    scanner->complete = end != NULL;
    *line = (struct span){start, end != NULL ? (size_t)(end - start) : left};
    scanner->at += line->len + (end != NULL);
    scanner->number++;
    if (line->len > 0 && start[line->len - 1] == '\r') line->len--;
    return 1;
}

/* Bytes of the blank at text[0..len), or 0. */
static size_t blank_len(const char *text, size_t len)
{
    if (len == 0) return 0;
    if (*text == ' ' || (*text >= '\t' && *text <= '\r')) return 1;
    if (len > 1 && text[0] == '\xc2' && (text[1] == '\xa0' || text[1] == '\x85')) return 2;
    return 0;
}

struct span span_trim(struct span span)
{
    size_t blank;
    while ((blank = blank_len(span.text, span.len)) > 0)
        span = span_from(span, blank);
    while (span.len > 0 && blank_len(span.text + span.len - 1, 1) > 0)
        span.len--;
    return span;
}

int span_word(struct span *rest, struct span *word)
{
    size_t blank, len = 0;
    while ((blank = blank_len(rest->text, rest->len)) > 0)
        *rest = span_from(*rest, blank);
    while (len < rest->len && blank_len(rest->text + len, rest->len - len) == 0)
        len++;
    *word = span_upto(*rest, len);
    *rest = span_from(*rest, len);
    return len > 0;
}

int span_is(struct span span, const char *text)
{
    return strlen(text) == span.len && memcmp(span.text, text, span.len) == 0;
}

int span_begins(struct span span, const char *text)
{
    size_t len = strlen(text);
    return len <= span.len && memcmp(span.text, text, len) == 0;
}

int span_ends(struct span span, const char *text)
{
    size_t len = strlen(text);
    return len <= span.len && memcmp(span.text + span.len - len, text, len) == 0;
}

size_t span_find(struct span span, const char *text)
{
    const char *at = memmem(span.text, span.len, text, strlen(text));
    return at != NULL ? (size_t)(at - span.text) : span.len;
}

size_t span_find_last(struct span span, const char *text)
{
    size_t last = span.len, from = 0;
    while (from < span.len) {
        size_t at = from + span_find(span_from(span, from), text);
        if (at >= span.len) break;
        last = at;
        from = at + 1;
    }
    return last;
}

struct span span_from(struct span span, size_t at)
{
    if (at > span.len) at = span.len;
    return (struct span){span.text + at, span.len - at};
}

struct span span_upto(struct span span, size_t count)
{
    return (struct span){span.text, count < span.len ? count : span.len};
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* NaN and infinities: 1 and *number when the span, without its sign, is one. */
static int word_number(struct span word, int minus, double *number)
{
    if (word.len == 3 && strncasecmp(word.text, "nan", 3) == 0)
        *number = (double)NAN;
    else if ((word.len == 3 && strncasecmp(word.text, "inf", 3) == 0) ||
             (word.len == 8 && strncasecmp(word.text, "infinity", 8) == 0))
        *number = minus ? -(double)INFINITY : (double)INFINITY;
    else
        return 0;
    return 1;
}

/* Digits go to strtod without their point, as 125e-1: the locale decides what a point is. */
int span_number(struct span span, double *number)
{
    enum { DIGITS_MAX = 400 };
    char digits[DIGITS_MAX + 32];
    size_t at = 0, used = 0;
    long point = 0, exponent = 0;
    int minus = span.len > 0 && span.text[0] == '-', seen = 0, behind = 0;
    if (span.len > 0 && (minus || span.text[0] == '+')) at++;
    if (word_number(span_from(span, at), minus, number)) return 1;
    if (minus) digits[used++] = '-';
    for (; at < span.len; at++) {
        char c = span.text[at];
        if (c == '.' && !behind)
            behind = 1;
        else if (c == ',' && seen && !behind && at + 3 < span.len && is_digit(span.text[at + 1]) &&
                 is_digit(span.text[at + 2]) && is_digit(span.text[at + 3]))
            continue;
        else if (!is_digit(c))
            break;
        else {
            seen = 1;
            if (used < DIGITS_MAX) {
                digits[used++] = c;
                point += behind;
            } else {
                point -= !behind;
            }
        }
    }
    if (!seen) return 0;
    if (at < span.len && (span.text[at] == 'e' || span.text[at] == 'E')) {
        int negative = at + 1 < span.len && span.text[at + 1] == '-';
        at += 1 + (size_t)(at + 1 < span.len && (negative || span.text[at + 1] == '+'));
        if (at >= span.len) return 0;
        for (; at < span.len && is_digit(span.text[at]); at++)
            exponent = exponent < 100000 ? exponent * 10 + (span.text[at] - '0') : exponent;
        if (negative) exponent = -exponent;
    }
    if (at < span.len) return 0;
    (void)snprintf(digits + used, sizeof digits - used, "e%ld", exponent - point);
    *number = strtod(digits, NULL);
    return 1;
}

int span_quantity(struct span span, double *number, struct span *unit)
{
    size_t len = 0;
    span = span_trim(span);
    while (len < span.len &&
           (is_digit(span.text[len]) || memchr("+-.,", span.text[len], 4) != NULL ||
            ((span.text[len] == 'e' || span.text[len] == 'E') && len > 0 && len + 1 < span.len &&
             (is_digit(span.text[len + 1]) || span.text[len + 1] == '-' ||
              span.text[len + 1] == '+'))))
        len++;
    *unit = span_trim(span_from(span, len));
    return unit->len > 0 && span_number(span_upto(span, len), number);
}

double time_factor(struct span unit)
{
    struct unit known = unit_lookup(unit.text, unit.len);
    if (known.kind == UNIT_TIME) return known.factor;
    if (span_is(unit, "secs")) return 1e9;
    return 0;
}
