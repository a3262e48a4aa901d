/* job.h -- what `pace run` was asked to do: its command line, read and checked; and its runs on
 * their way into the store. */
#ifndef PACE_JOB_H
#define PACE_JOB_H

#include "ci_output.h"
#include "identity.h"
#include "show.h"
#include "trial.h"

enum job_limit {
    JOB_COMMAND_TEXT = 1000,    /* bytes of a command that names a benchmark */
    JOB_MAX_EXECUTIONS = 10000, /* of --iter and --rounds */
    JOB_MAX_CONFIRM = 64,
};

/* Of --against. */
struct job_against {
    const char *name;  /* as given; NULL: not asked for */
    const char *setup; /* shell command for both work trees; NULL: none */
    unsigned rounds;
    double alpha, floor;
    char commit[GIT_COMMIT_MAX]; /* the base */
};

struct job {
    const struct arguments *arguments;
    struct identity identity;
    struct trial trial;
    struct show_style style;
    struct ci_outputs outputs;
    struct trial_file *files;
    const char **sizes, **map;
    char command[JOB_COMMAND_TEXT]; /* without secrets */
    char path[PATH_MAX];            /* of the store */
    const char *model;
    struct job_against against;
    int64_t backdate_ns;   /* 0: none */
    unsigned run_index;    /* runs so far */
    unsigned confirm_runs; /* most executions more that may confirm a suspect */
    int quiet;
};

/* Reads all options. Returns 0, or the exit status after saying what is wrong. job_clear in every
 * case. */
int job_read(struct job *job, const struct arguments *arguments);
void job_clear(struct job *job);

/* Says what would be done. */
int job_dry_run(const struct job *job);

/* -- storing ----------------------------------------------------------------------------------- */

/* One execution that was stored. */
struct stored {
    struct pace_run_result result;
    size_t cell_count;
    int is_newest; /* of its stream */
    int64_t time_ns;
    char project[GIT_NAME_MAX], branch[GIT_NAME_MAX], testbed[GIT_NAME_MAX];
    char commit[GIT_COMMIT_MAX];
};

/* Names and time that the store would refuse in the end: 0, or the exit status. */
int job_check_names(const struct job *job, pace *store);

/* Stores what was measured and opens the store for it. On failure the results are kept as files.
 * Says where the machine is not the one of the stream's run before. */
int job_store(struct job *job, struct trial_result *result, pace **store_out, struct stored *out);

/* "calendar main demo  run 38  4f2a1c9  WHAT" */
void job_say_stored(const struct job *job, const struct stored *stored, const char *what);

/* The newest whole run of the job's branch, testbed and commit; 0 when there is none. */
uint64_t job_find_stored(const struct job *job, pace *store);

#endif
