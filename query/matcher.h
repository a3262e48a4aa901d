/* matcher.h -- a pattern of a selector ready to match texts: a glob, a regular expression, or a
 * text. */
#ifndef PACE_MATCHER_H
#define PACE_MATCHER_H

#include "context.h"
#include "glob.h"
#include "regex.h"

struct matcher {
    enum pattern_kind kind; /* PATTERN_VAR is resolved to a string */
    struct glob glob;
    struct regex *regex;
    const char *text; /* STRING, and for messages */
};

/* A pattern as it was written, with variables resolved. It lives as long as the statement. */
int matcher_bind(struct context *ctx, const struct pattern *pattern, struct matcher *out);
/* The text that the pattern stands for when it is no more than a text, or NULL. */
const char *matcher_literal(const struct matcher *matcher);
/* For a pattern of commits: a plain text becomes the one stored commit that it names, and *times those of its
 * runs (else as it was; times may be NULL). */
int matcher_find_commit(struct context *ctx, struct matcher *matcher, struct span span,
                        struct pace_range *times);
/* 1, 0, or PACE_EQUERY when a regex ran into its limits (diagnosed). */
int matcher_match(struct context *ctx, const struct matcher *matcher, const char *name);

/* Notes that a pattern matches no name of its dimension, with the nearest names. */
int matcher_note_none(struct context *ctx, int dimension, const struct matcher *matcher);
/* The same, of names that are at hand. */
void matcher_note_none_of(struct context *ctx, int dimension, const struct matcher *matcher,
                          const char *const *names, uint32_t count);

/* "'main' is a branch: write branch:main", where the store has such a name; else NULL. */
const char *stored_name_told(struct context *ctx, struct slice name);

#endif
