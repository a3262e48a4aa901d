/* accept.h -- accepted changes: as statements of the language, and as a trailer of commits.
 *
 *     Pace-Accept: PATTERN [+N%] why
 *
 * A line of a commit's message anywhere in it, so that it survives squashing and cherry-picking.
 * PATTERN names benchmarks, `*` any text; with +N% only what got worse by no more than that is
 * accepted. */
#ifndef PACE_ACCEPT_H
#define PACE_ACCEPT_H

#include "../engine/arena.h"

#include <stddef.h>

/* How the note of a mark begins that calls an alert false. */
#define ACCEPT_FALSE "false alarm: "

#define ACCEPT_TRAILER "Pace-Accept:"

struct trailer {
    const char *pattern, *why;
    double most; /* largest change that is accepted, 0.05 for +5%; INFINITY: any */
};

enum { TRAILERS_MAX = 64 };

/* The trailers in a text, in memory of the arena; how many there are, at most TRAILERS_MAX. */
size_t trailers_read(struct arena *arena, const char *text, struct trailer *out);

/* Whether a trailer's pattern names a benchmark: `*` stands for any text. */
int trailer_matches(const struct trailer *trailer, const char *benchmark);

/* A text as a string of the language, a benchmark or a selector as a selector, and a `mark accept`
 * statement for a benchmark or a selector (what holds a colon or begins with two slashes); `at`
 * NULL: at its newest run. NULL: out of memory. */
const char *accept_string(struct arena *arena, const char *text);
const char *accept_selector(struct arena *arena, const char *pattern);
const char *accept_statement(struct arena *arena, const char *pattern, const char *branch,
                             const char *at, const char *why);

#endif
