/* usage.h -- what pace measures itself: resources and time of the command, sizes of files. */
#ifndef PACE_USAGE_H
#define PACE_USAGE_H

#include "execute.h"
#include "record.h"

/* Adds wall-time, cpu-user, cpu-system (s) and max-rss (B) of an execution to the benchmark `name`;
 * all are better lower. 0 or a code. */
int usage_resources(struct record *record, const char *name, const struct execute_result *execution,
                    struct pace_error *error);

/* Adds its time as build-time (s). */
int usage_build_time(struct record *record, const char *name,
                     const struct execute_result *execution, struct pace_error *error);

/* Adds file-size (B) of the benchmark `name`: of the file at `path`, or of all regular files below
 * a directory; a link to a file is the file. PACE_EIO when there is none, or it cannot be read. */
int usage_file_size(struct record *record, const char *name, const char *path,
                    struct pace_error *error);

#endif
