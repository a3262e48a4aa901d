/* copy.h -- runs of one store stored in another: what compaction and merging share.
 *
 * Runs are read by a scan and stored by pace_runs_commit, so that neither side's layout matters.
 * Names get the ids of the store they come to; ids of runs, times, flags, metadata, samples and
 * units stay. */
#ifndef PACE_COPY_H
#define PACE_COPY_H

#include "run.h"
#include "snapshot.h"

enum { COPY_RUNS_MAX = 512 };

struct copy {
    pace_snapshot *from;
    pace *to; /* NULL: only counts */
    int keep_numbers;
    /* Which runs: 1 takes it, 0 leaves it, else an error. */
    int (*choose)(void *context, const struct pace_stream *stream, const struct pace_run_view *run,
                  struct pace_error *error);
    /* Which cells of a run that was taken; NULL: all. A run of which none is left is left. */
    int (*cell)(void *context, const struct pace_stream *stream, const struct pace_run_view *run,
                uint32_t column);
    void *context;
    /* the copy's own, from here */
    const char *const *names[PACE_DIMENSION_COUNT];
    pace_run *batch[COPY_RUNS_MAX];
    size_t batch_count, batch_cells;
    struct arena arena;   /* for one run */
    uint64_t runs, cells; /* stored, or counted */
    uint64_t duplicates;
    unsigned char *taken; /* with keep_numbers: a bit a run of `from` */
};

/* Copies all runs of all streams. copy_free also after an error. */
int copy_runs(struct copy *copy, struct pace_error *error);
void copy_free(struct copy *copy);

/* Units and directions: the defaults of measures (before the runs), those of projects (behind
 * them). */
int copy_measures(struct copy *copy, int defaults, struct pace_error *error);

/* Start points of branches, behind the runs: the newest version of each, unless `to` has one, or
 * all runs of the branch were left. */
int copy_starts(struct copy *copy, struct pace_error *error);

#endif
