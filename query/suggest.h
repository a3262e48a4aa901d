/* suggest.h -- "did you mean": the nearest of a list of names, if it is near enough.
 *
 * Damerau-Levenshtein distance, case folded; near enough is at most one edit per three characters
 * (at least 1, at most 4), or a shared prefix of three and more where the rest is missing. Pure. */
#ifndef PACE_SUGGEST_H
#define PACE_SUGGEST_H

#include <stddef.h>

/* The nearest of names[0..count), or NULL. Ties: the first. */
const char *suggest(const char *word, size_t len, const char *const *names, size_t count);

#endif
