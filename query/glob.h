/* glob.h -- names matched by `*`, `?` and `{a,b}`. Bytes, except that `?` is one UTF-8 character.
 * No recursion and no exponential case: braces are expanded once (PACE_MAX_NODES alternatives at
 * most), each alternative is matched in O(pattern x name). Pure. */
#ifndef PACE_GLOB_H
#define PACE_GLOB_H

#include "../engine/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct glob {
    char **alternatives; /* without braces */
    size_t count;
    bool literal; /* one alternative without * and ? */
};

/* 0; -1 for an unclosed brace or one inside another; -2 when there are too many alternatives or no
 * memory. */
int glob_compile(struct arena *arena, const char *text, size_t len, struct glob *out);
bool glob_match(const struct glob *glob, const char *name);

#endif
