/* trial.h -- one execution of the benchmark command, and the results that it left.
 *
 * Results are looked for in this order: the fresh file (or files) that {out} in the command stands
 * for, the files named by --file, else what the command wrote to its standard output. A file that
 * is older than the start of the command is an error: it is not this command's result. Where pace
 * itself measures the command or sizes of files, the output need not hold results: it is read with
 * `rusage` where an adapter knows it, or where one is named. */
#ifndef PACE_TRIAL_H
#define PACE_TRIAL_H

#include "command.h"
#include "execute.h"
#include "record.h"

#include <limits.h>

/* A file of results; adapter NULL: by content. */
struct trial_file {
    const char *path;
    const struct adapter *adapter;
};

struct trial {
    char *const *words; /* the command; word_count 0: standard input holds the results, or nothing
                         * where there are `sizes` */
    size_t word_count;
    const struct adapter *adapter; /* of the output and of {out}; NULL: by content */
    const char *const *map;        /* of --map: columns of tables */
    size_t map_count;
    const struct trial_file *files; /* of --file */
    size_t file_count;
    const char *const *sizes; /* files and directories whose size is measured */
    size_t size_count;
    const char *name; /* benchmark of what is measured of the command */
    int build_time, rusage;
    unsigned iterations; /* executions; 0 is 1 */
    enum record_fold fold;
    int quiet;             /* 1: what adapters warn of is not said */
    const char *directory; /* where it runs, and what paths of files are relative to; NULL: here */
    int output_fd;         /* where the command's output is passed on; -1: nowhere */
    uint64_t timeout_ms;
};

struct trial_result {
    struct record record;
    struct execute_result execution; /* the last */
    char directory[PATH_MAX];        /* of {out}; "" for none */
    int64_t started_ns, again_ns;    /* the first execution; the last */
    int failed;                      /* 1: the command failed; the record has what arrived */
};

/* What has to be given that a known harness writes results to a file, where the command of words
 * lacks it; NULL where nothing is to be said. */
const char *trial_hint(char *const *words, size_t word_count);

/* Runs the command and reads its results, as often as asked. Returns STATUS_OK, STATUS_BENCHMARK
 * (the record may have cells), STATUS_DATA or 128 + signal; all but the first were said on stderr.
 * Clear *out always. */
int trial_run(const struct trial *trial, struct trial_result *out);
void trial_clear(struct trial_result *result);

/* Where temporary files go: $TMPDIR, where nothing in its name means something to a shell. */
const char *trial_temporary(void);

/* Results that cannot be stored are not lost: keeps them as files and says where they are. */
void trial_keep(struct trial_result *result);

/* The same for a file of {out} that cannot be read. */
void trial_keep_file(struct trial_result *result);

#endif
