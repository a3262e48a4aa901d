/* fresh_file.h -- a file that appears whole or not at all: written beside its place, then renamed.
 *
 * What is there and no regular file (/dev/stdout, a pipe) is written to as it is; "-" is standard
 * output. */
#ifndef PACE_FRESH_FILE_H
#define PACE_FRESH_FILE_H

#include <limits.h>
#include <stdio.h>

struct fresh_file {
    FILE *file;
    const char *path;
    char beside[PATH_MAX]; /* "": written in place */
};

/* 0 or an errno. `path` must outlive the file. */
int fresh_file_open(struct fresh_file *fresh, const char *path);

/* Ends it: in its place where `code` is 0 and nothing fails, else gone. Returns code, or the errno
 * of what failed. */
int fresh_file_close(struct fresh_file *fresh, int code);

#endif
