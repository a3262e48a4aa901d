/* load.h -- storing what files hold: any harness' results, or JSON lines.
 *
 * Content decides how a file is read. A file is stored whole or not at all, as far as that can be
 * known before storing: every line and cell is checked first. What is stored already is recognised
 * by its content and not stored twice. One file that is bad does not keep the others from being
 * stored. */
#ifndef PACE_LOAD_H
#define PACE_LOAD_H

#include "../engine/pace.h"
#include "adapters/adapter.h"
#include "input.h"

#include <stddef.h>
#include <stdint.h>

enum load_limit {
    LOAD_SORT_BYTES = 64 << 20,  /* memory for sorting JSON lines; more goes to a temporary file */
    LOAD_GROUP_BYTES = 16 << 20, /* of runs that are stored in one transaction */
    LOAD_GROUP_RUNS = 4096,      /* the same, in runs */
    LOAD_MAX_ERRORS = 20,        /* reported per file; then reading stops */
    LOAD_MAX_WARNINGS = 20,      /* reported per file */
    LOAD_MAX_MEASURES = 1 << 20, /* project x measure in one file */
};

/* Zero means the default. Of a harness' file the names here go before those in the file; a line of
 * JSON lines takes them only where it does not say so itself. */
struct load_options {
    const char *project, *branch, *testbed, *commit; /* NULL: not given */
    const char *adapter; /* NULL, "auto": by content; "lines": JSON lines */
    int has_time;
    int64_t time_ns;
    int64_t now_ns; /* 0: the wall clock */
    int dry_run;    /* store nothing; the store may be NULL */
    size_t sort_bytes, group_bytes;
    /* Errors (is_error) and warnings, a line each, file named. May be NULL. */
    void (*say)(void *context, int is_error, const char *message);
    void *context;
};

struct load_report {
    size_t files, bad_files;
    uint64_t runs_new, runs_known; /* known: stored already */
    uint64_t cells_new, series_new;
};

/* Loads each path ("-": standard input). Returns 0, or the code of the last error, which is in
 * *error and was said, as all before it. *report is filled in either case. */
int load_files(pace *store, const struct load_options *options, char *const *paths, size_t count,
               struct pace_error *error, struct load_report *report);

/* -- the inside, shared by load.c and load_lines.c --------------------------------------------- */

/* A run that waits for its group to be full. */
struct load_pending {
    pace_run *run;    /* NULL in a dry run */
    const char *name; /* of the file */
    size_t cell_count;
};

struct load {
    pace *store;
    struct load_options options; /* defaults filled in */
    struct load_report *report;
    struct load_pending *pending;
    size_t pending_count, pending_capacity, pending_bytes;
    struct pace_error last;         /* the last error that was said */
    int broken;                     /* 1: the store failed, loading more makes no sense */
    char folder[PACE_MAX_NAME + 1]; /* project of files that name none; "" until it is needed */
};

void load_warn(struct load *load, const char *message);
void load_fail(struct load *load, const struct pace_error *error); /* says it and keeps it */

/* Takes over a run (also on error), which waits until the group is stored. `bytes`: about its size.
 */
int load_add(struct load *load, const char *name, pace_run *run, size_t cell_count, size_t bytes,
             struct pace_error *error);

/* 1 when the runs that wait should be stored. */
int load_full(const struct load *load);

/* Stores the runs that wait. Errors are said here, and kept as the last one. When the store refuses
 * a group for its content, the files in it are stored one by one, and those that are refused left
 * out. */
int load_flush(struct load *load);

/* Forgets the runs that wait. */
void load_drop(struct load *load);

/* The project where none is named: of git's remote or folder, else of the working directory. */
const char *load_project(struct load *load);

/* Loads one file of JSON lines. Errors of lines are said one by one. On failure *error is filled
 * unless all was said. */
int load_lines(struct load *load, struct input_stream *stream, struct pace_error *error);

#endif
