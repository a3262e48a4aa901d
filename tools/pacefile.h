/* pacefile.h -- `pacefile`, a committed text file at the top of the git tree: definitions that go
 * before the store's, and what `pace run` does by default.
 *
 *     # pacefile
 *     run --testbed ci --file results.json "pytest --benchmark-json results.json"
 *     measure cache-misses = misses lower;
 *     threshold slow = t-test 99% over 64 floor 3% for measure:latency
 *
 * A line that begins with `run` is a command line of `pace run`, in words as a shell splits them.
 * All else is a script of let, view, threshold, alert and measure. */
#ifndef PACE_PACEFILE_H
#define PACE_PACEFILE_H

#include "../query/pace_query.h"
#include "command.h"

/* Gives the session the definitions of the pacefile here, if there is one. A bad one is said:
 * STATUS_USAGE, or STATUS_DATA when it cannot be read. */
int pacefile_define(pace_session *session);

/* The arguments of `pace run` with those of the pacefile before them. `own` points into memory that
 * must be freed by pacefile_free after use; it stays as it is where there is no `run` line. */
struct pacefile_run {
    struct arguments file, all;
    char **words;
    int joined; /* 1: all.uses is of its own */
};
int pacefile_run_read(const struct arguments *given, struct pacefile_run *out);
void pacefile_run_free(struct pacefile_run *run);

#endif
