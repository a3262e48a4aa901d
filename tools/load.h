/* load.h -- storing what files hold: any harness' results, or JSON lines.
 *
 * Content decides how a file is read. A file is stored whole or not at all, as far as that can be
 * known before storing: every line and cell is checked first. What is stored already is recognised
 * by its content and not stored twice. One file that is bad does not keep the others from being
 * stored. */
#ifndef PACE_LOAD_H
#define PACE_LOAD_H

#include "../engine/arena.h"
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

/* What the suites of a history that has several become. */
enum load_suite { LOAD_SUITE_TESTBED, LOAD_SUITE_PROJECT, LOAD_SUITE_PREFIX };

/* By its word, "testbed", "project" or "prefix": 0, or -1. */
int load_suite_of(const char *word, enum load_suite *out);

/* Zero means the default. Of a harness' file the names here go before those in the file; a line of
 * JSON lines takes them only where it does not say so itself. */
struct load_options {
    const char *project, *branch, *testbed, *commit; /* NULL: not given */
    const char *adapter; /* NULL, "auto": by content; "lines": JSON lines */
    const char *const
        *map; /* "COLUMN=MEANING" of tables: they are read as such; see adapter_sink */
    size_t map_count;
    int has_time;
    int64_t time_ns;
    int64_t now_ns; /* 0: the wall clock */
    int dry_run;    /* store nothing; the store may be NULL */
    size_t sort_bytes, group_bytes;
    /* Errors (is_error) and warnings, a line each, file named. May be NULL. */
    void (*say)(void *context, int is_error, const char *message);
    void *context;
    enum load_suite suite_as; /* --testbed and --project go before it */
    int by_time; /* 1: runs that wait are stored in order of time, whatever their files */
    /* May change what an adapter says of a run before the options and defaults are applied. */
    void (*place)(void *context, const char *name, struct run_facts *facts);
    /* A file, or a run of it, that is not stored, instead of `say`; it is no error then, and keeps
     * no other run from being stored. */
    void (*refused)(void *context, const char *name, const struct pace_error *error);
    /* May change a cell that an adapter gives; texts and samples that it makes are the arena's. 0
     * or PACE_ENOMEM. */
    int (*cell)(void *context, struct arena *arena, struct pace_cell *cell);
    /* Each piece of metadata, with the run that it is of. */
    int (*meta)(void *context, const struct pace_run_info *run, const char *key, const char *value);
};

struct load_report {
    size_t files, bad_files;
    uint64_t runs_new, runs_known; /* known: stored already */
    uint64_t cells_new, series_new;
    uint64_t runs_refused;           /* of dumps: what the store has otherwise */
    uint64_t marks_new, objects_new; /* of dumps */
};

/* Loads each path ("-": standard input). Returns 0, or the code of the last error, which is in
 * *error and was said, as all before it. *report is filled in either case. */
int load_files(pace *store, const struct load_options *options, char *const *paths, size_t count,
               struct pace_error *error, struct load_report *report);

/* The same file by file: load_start, load_path or load_memory any number of times, load_finish. */
struct load;
int load_start(pace *store, const struct load_options *options, struct load_report *report,
               struct pace_error *error, struct load **out);
void load_path(struct load *load, const char *path);
/* A copy of `text` as a file of this name, which has to live until load_finish. */
void load_memory(struct load *load, const char *name, const char *text, size_t len);
int load_finish(struct load *load, struct pace_error *error);
/* 1 when the store failed: loading more makes no sense. */
int load_is_broken(const struct load *load);

/* -- the inside, shared by load.c, load_lines.c and load_dump.c --------------------------------------------- */

/* A run that waits for its group to be full. */
struct load_pending {
    pace_run *run;    /* NULL in a dry run */
    const char *name; /* of the file */
    size_t cell_count, bytes;
    int64_t time_ns;
};

struct load {
    pace *store;
    struct load_options options; /* defaults filled in */
    struct load_report *report;
    struct load_pending *pending;
    size_t pending_count, pending_capacity, pending_bytes;
    struct pace_error last; /* the last error that was said */
    int by_run;             /* 1: a run that is refused keeps the others of its file from nothing */
    int broken;             /* 1: the store failed, loading more makes no sense */
    char folder[PACE_MAX_NAME + 1]; /* project of files that name none; "" until it is needed */
};

void load_warn(struct load *load, const char *message);
void load_fail(struct load *load, const struct pace_error *error); /* says it and keeps it */

/* Takes over a run (also on error), which waits until the group is stored. */
int load_add(struct load *load, const struct load_pending *pending, struct pace_error *error);

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

/* Loads a dump (dump_record.h), run by run, in the memory of a group of runs; CSV is read whole.
 * What came before an error is stored: loading again goes on. A run whose identity the store has
 * with other content is said and left out. */
int load_dump(struct load *load, struct input_stream *stream, int form, struct pace_error *error);

#endif
