/* scan.h -- lines, words and numbers of a text, as adapters of text formats read them.
 *
 * Nothing is copied but what is asked for; nothing depends on the locale. */
#ifndef PACE_ADAPTER_SCAN_H
#define PACE_ADAPTER_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* A piece of a text, which lives as long as the text. */
struct span {
    const char *text;
    size_t len;
};

struct scanner {
    const char *text;
    size_t len, at;  /* at: where the next line begins */
    uint64_t number; /* of the line that was given last, from 1 */
    int complete;    /* 0: that line is the last and has no end */
};

struct span span_of(const char *text);
struct scanner scanner_of(const char *text, size_t len);

/* The next line without its end (\n or \r\n); 0 when there is none. */
int scan_line(struct scanner *scanner, struct span *line);

/* Without blanks at either end. */
struct span span_trim(struct span span);

/* The next word of *rest, which is moved behind it; blanks separate, also the wide ones of Unicode
 * that Go takes (U+00A0, U+0085). 0 when there is none. */
int span_word(struct span *rest, struct span *word);

int span_is(struct span span, const char *text);
int span_begins(struct span span, const char *text);
int span_ends(struct span span, const char *text);

/* Where `text` first (last) is in the span; span.len when it is not. */
size_t span_find(struct span span, const char *text);
size_t span_find_last(struct span span, const char *text);

struct span span_from(struct span span, size_t at);    /* span[at ..) */
struct span span_upto(struct span span, size_t count); /* span[.. count) */

/* A decimal number that fills the whole span: digits, which `,` may group, a point, an exponent;
 * NaN and infinity as words of C. 1 and *number, or 0. */
int span_number(struct span span, double *number);

/* A number and what stands right behind it or after blanks: "1.5 ms", "90%". Both parts must be
 * there. */
int span_quantity(struct span span, double *number, struct span *unit);

/* Nanoseconds in a unit of time as tools spell it: ps ns us (both micro signs) ms s, sec, secs,
 * second(s)...; 0 when it is none. */
double time_factor(struct span unit);

#endif
