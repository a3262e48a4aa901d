/* query_text.h -- running a query given as text or as a file; shared by `pace query` and `pace`. */
#ifndef PACE_QUERY_TEXT_H
#define PACE_QUERY_TEXT_H

#include "command.h"

/* Opens the store, runs the text and writes what it gives. Returns the exit status. */
int query_text(const struct arguments *arguments, const char *text, size_t len);

/* The same with a file; "-" is standard input. */
int query_file(const struct arguments *arguments, const char *path);

#endif
