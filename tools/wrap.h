/* wrap.h -- text for a terminal: lines that are longer than it is wide are broken between words. */
#ifndef PACE_WRAP_H
#define PACE_WRAP_H

#include <stdio.h>

/* Writes text of lines. What is left of a long one stands under where its last column began ("  name   what it
 * is"), or under its beginning; behind a # it is a comment again. Lines without an indent that follow each other
 * are one paragraph. width 0: as it is. */
void wrap_write(FILE *out, const char *text, size_t width);

#endif
