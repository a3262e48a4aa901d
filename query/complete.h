/* complete.h -- what the two files of completion share: collecting candidates. */
#ifndef PACE_COMPLETE_H
#define PACE_COMPLETE_H

#include "build.h"
#include "pace_query.h"

/* The candidates so far: the `limit` first of them in order, as a heap whose top is the last, and
 * what all have in common. Memory of the arena. */
struct offers {
    struct arena *arena;
    const char *typed; /* what the candidates should begin with */
    size_t typed_len;
    bool within; /* second try: names that contain what was typed */
    struct pace_candidate *heap;
    size_t count, limit, total;
    const char *suffix; /* to be added to each candidate that is given; NULL: none */
    bool are_names;     /* candidates are stored names, to be given as patterns */
    const char *common;
    size_t common_len;
};

/* Adds a candidate that begins with (within: contains) what was typed; others are left out. `text`
 * must live as long as the arena. */
void offer_add(struct offers *offers, const char *text, const char *help, bool open);
/* The same without looking at what was typed. */
void offer_put(struct offers *offers, const char *text, const char *help, bool open);
/* True when `name` is one to add. */
bool offer_wants(const struct offers *offers, const char *name);

/* A pattern that a stored name matches, as it is written after a key or in a path. Memory of the
 * arena. */
const char *complete_pattern_of(struct arena *arena, const char *name);
/* What patterns of several names begin with, by what the names begin with. */
const char *complete_common_of(struct arena *arena, const char *common, size_t len);

/* Stored names of a dimension. */
int complete_key(struct offers *offers, pace_snapshot *snapshot, enum pace_dimension dimension,
                 struct pace_error *error);
/* Commits, by their beginning. */
int complete_commit(struct offers *offers, pace_snapshot *snapshot, struct pace_error *error);
/* The newest runs' numbers. */
int complete_run(struct offers *offers, pace_snapshot *snapshot, struct pace_error *error);
/* The last segment of an unfinished path. *start is moved to that segment; offers->typed is set. */
int complete_path(struct offers *offers, pace_snapshot *snapshot, const char *path, size_t len,
                  size_t *start, struct pace_error *error);

#endif
