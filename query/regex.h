/* regex.h -- /regex/ by PCRE2 under its limits (steps, depth, heap), so that no pattern can stall a
 * query. The text is UTF-8; a match is anywhere in the name unless anchored. */
#ifndef PACE_REGEX_H
#define PACE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct regex;

/* 0, or -1 with a message in error[0..size) and the byte in the pattern in *offset. */
int regex_compile(const char *text, size_t len, char *error, size_t size, size_t *offset,
                  struct regex **out);
void regex_free(struct regex *regex);

/* 1 matches, 0 does not, -1 the limits were reached. */
int regex_match(const struct regex *regex, const char *name);

#endif
