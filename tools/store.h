/* store.h -- which store a command works on, and opening it.
 *
 * --db PATH, else $PACE_DB, else `.pace` in this directory or above, up to the top of the git tree
 * (outside of git: this directory alone). A `.pace` that git tracks is refused unless it is named:
 * a stranger's branch could have brought it along. */
#ifndef PACE_STORE_H
#define PACE_STORE_H

#include "../engine/pace.h"
#include "command.h"

#include <limits.h>

enum store_mode {
    STORE_READ,   /* must exist; opened read-only */
    STORE_WRITE,  /* must exist; opened read-only where it cannot be written */
    STORE_CREATE, /* made when absent, with a .gitignore of its own */
};

/* Opens it. On failure the reason is said on stderr and the exit status returned (never 0); *out is
 * then untouched. Close with pace_close. */
int store_open(const struct arguments *arguments, enum store_mode mode, pace **out);

/* Whether a store is about to appear at a path that nobody named: it should not do so in silence,
 * so store_tell_new says where it is. */
int store_is_new(const struct arguments *arguments, const char *path);
void store_tell_new(const char *path);

/* The same for a named directory. */
int store_open_path(const char *path, enum store_mode mode, pace **out);

/* The directory that store_open would use. Returns 0, or the exit status after saying why not. With
 * STORE_CREATE there is always one. */
int store_path(const struct arguments *arguments, enum store_mode mode, char path[PATH_MAX]);

/* Says "pace: TEXT: message" of a libpace error and returns its exit status. */
int store_failed(const char *text, int code, const struct pace_error *error);

/* Brings what is kept of a run's stream (0: of all) up to date; what fails is left to the next
 * writer. */
void store_keep(pace *store, uint64_t run);

/* What a store has now; all zero where that cannot be told. */
struct pace_stat store_stat(pace *store);

#endif
