/* commits.h -- a set of commits, for counting distinct ones. Pure. */
#ifndef PACE_COMMITS_H
#define PACE_COMMITS_H

#include <stdbool.h>
#include <stddef.h>

/* A hash table of texts that the caller keeps; zeroed it is empty. */
struct commit_set {
    const char **table;
    size_t mask, capacity;
};

/* Empties it, with room for `count` commits; false when out of memory. */
bool commit_set_reset(struct commit_set *set, size_t count);
void commit_set_free(struct commit_set *set);

/* true when the commit was not in the set; a run without a commit ("") is one of its own. */
bool commit_set_add(struct commit_set *set, const char *commit);

#endif
