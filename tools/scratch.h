/* scratch.h -- a store that lasts as long as the command: for copies.
 *
 * It lies in a directory of its own in $TMPDIR, or beside a path. scratch_close removes it, and so
 * does SIGINT, SIGTERM or SIGHUP, which then ends the program as it would have. */
#ifndef PACE_SCRATCH_H
#define PACE_SCRATCH_H

#include "../engine/pace.h"

#include <limits.h>

enum { SCRATCH_MOST = 4 }; /* at one time */

struct scratch {
    char path[PATH_MAX]; /* "": none */
    pace *store;
};

/* Returns 0, or the exit status after saying why not. scratch_close in either case. */
int scratch_open(struct scratch *scratch);

/* The same beside a path where nothing is yet: what can be made here can be made there. Nothing is
 * said: a failure is an error code or an errno. */
int scratch_open_beside(struct scratch *scratch, const char *path, struct pace_error *error);
void scratch_close(struct scratch *scratch);

#endif
