/* trial.h -- one execution of the benchmark command, and the results that it left.
 *
 * Results are looked for in this order: the fresh file (or files) that {out} in the command stands
 * for, the files named by --file, else what the command wrote to its standard output. A file that
 * is older than the start of the command is an error: it is not this command's result. */
#ifndef PACE_TRIAL_H
#define PACE_TRIAL_H

#include "command.h"
#include "execute.h"
#include "record.h"

#include <limits.h>

struct trial {
    char *const *words; /* the command; word_count 0: standard input holds the results */
    size_t word_count;
    const struct adapter *adapter; /* NULL: by content */
    const char *const *files;      /* of --file */
    size_t file_count;
    int output_fd; /* where the command's output is passed on; -1: nowhere */
    uint64_t timeout_ms;
};

struct trial_result {
    struct record record;
    struct execute_result execution;
    char directory[PATH_MAX]; /* of {out}; "" for none */
    int64_t started_ns;
    int failed; /* 1: the command failed; the record has what arrived */
};

/* Runs the command and reads its results. Returns STATUS_OK, STATUS_BENCHMARK (the record may have
 * cells), STATUS_DATA or 128 + signal; all but the first were said on stderr. Clear *out always. */
int trial_run(const struct trial *trial, struct trial_result *out);
void trial_clear(struct trial_result *result);

/* Results that cannot be stored are not lost: keeps them as files and says where they are. */
void trial_keep(struct trial_result *result);

/* The same for a file of {out} that cannot be read. */
void trial_keep_file(struct trial_result *result);

#endif
