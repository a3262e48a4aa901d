/* wrap.h -- text for a terminal: lines that are longer than it is wide are broken between words. */
#ifndef PACE_WRAP_H
#define PACE_WRAP_H

#include <stdio.h>

/* Writes text of lines. What is left of a long one stands under where its last column began ("
 * name   what it is"), or under its beginning; behind a # it is a comment again. Lines without an
 * indent that follow each other are one paragraph. width 0: as it is. */
void wrap_write(FILE *out, const char *text, size_t width);

/* The same of text that is written piece by piece: to the file that wrap_begin gives, until
 * wrap_end puts all on standard output. */
struct wrapped {
    FILE *file; /* NULL: there is no memory, and standard output gets it as it is */
    char *text;
    size_t len;
};
FILE *wrap_begin(struct wrapped *wrapped);
void wrap_end(struct wrapped *wrapped, size_t width);

#endif
