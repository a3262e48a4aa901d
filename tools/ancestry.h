/* ancestry.h -- which branch of a repository each commit is of: the one whose history of first
 * parents holds it. The main branch goes first, so that what was merged into it long ago stays its
 * own. */
#ifndef PACE_ANCESTRY_H
#define PACE_ANCESTRY_H

#include <stddef.h>
#include <stdint.h>

struct ancestry;

struct ancestry_place {
    const char *branch; /* lives as long as the history */
    int64_t time_ns;    /* place in history: never earlier than its first parent's */
};

struct ancestry_branch {
    const char *name;
    const char *parent, *commit; /* where it left the main branch; "" for that itself, or unknown */
    int64_t time_ns;             /* of that commit; 0: unknown */
};

/* Reads the branches of the repository at `root`, its own and those of its origin. NULL when it has
 * none, or without memory. */
struct ancestry *ancestry_read(const char *root);
void ancestry_free(struct ancestry *ancestry); /* NULL is allowed */

/* 1 when the commit (full hash) is of one of the branches. */
int ancestry_find(const struct ancestry *ancestry, const char *commit, struct ancestry_place *out);

/* The branches that ancestry_find may name; the main one is the first. */
const struct ancestry_branch *ancestry_branches(const struct ancestry *ancestry, size_t *count);

#endif
