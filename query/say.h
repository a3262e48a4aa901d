/* say.h -- what the two files of syntax diagnostics share. */
#ifndef PACE_SAY_H
#define PACE_SAY_H

#include "build.h"

/* Adds an error with its help (NULL: none) and ends the parsing. */
void say(struct parser *parser, enum diag_code code, struct span span, const char *help,
         const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A piece of the text to quote in a message, cut when it is long. */
enum { QUOTE_LONGEST = 40 };
struct quote {
    const char *text;
    int len;
    const char *more; /* "..." when cut, else "" */
};
struct quote quote_of(const struct parser *parser, struct span span);
/* The arguments of a "%.*s%s". */
#define QUOTE(parser, span)                                                                        \
    quote_of(parser, span).len, quote_of(parser, span).text, quote_of(parser, span).more

bool is_pattern(int token);

#endif
