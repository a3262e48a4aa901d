/* backup.h -- a file that appears whole or not at all.
 *
 * Written under a name of its own with mode 0600, flushed, then renamed to its name, which must be
 * free, and the directory flushed. Whatever fails, nothing is left behind. */
#ifndef PACE_BACKUP_H
#define PACE_BACKUP_H

#include "kv.h"

struct new_file {
    int directory, fd; /* -1: none */
    char name[256], temporary[256 + 8];
    const char *path; /* for messages */
};

/* Begins the file `name` in a directory. `path` is what messages call it. The descriptor of the
 * directory stays the caller's. */
int new_file_begin(struct new_file *file, int directory, const char *name, const char *path,
                   struct pace_error *error);

/* Flushes it and gives it its name; unless `rc` is not 0, which is returned: then it is removed. */
int new_file_end(struct new_file *file, int rc, struct pace_error *error);

/* Writes a copy of a snapshot's store, or of a newer state, to a descriptor. Its pages are checked
 * first: what copies them trusts them. */
int backup_copy(struct kv *kv, unsigned timeout_ms, int fd, struct pace_error *error);

#endif
