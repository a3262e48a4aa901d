/* say.h -- messages to people, on stderr.
 *
 * Every message is made safe for a terminal: control bytes, invalid UTF-8 and the characters that
 * change the direction of text are written as \xNN. Newlines stay. */
#ifndef PACE_SAY_H
#define PACE_SAY_H

#include <stddef.h>
#include <stdio.h>

/* "pace: ..." and a newline. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same without the prefix. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes text made safe. Returns 0, or -1 when the stream has an error. */
int say_safe(FILE *out, const char *text, size_t len);

/* 1 when colours are wanted on this stream: a terminal, not TERM=dumb, no NO_COLOR. */
int say_color(FILE *stream);

#endif
