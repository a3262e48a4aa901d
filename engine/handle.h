/* handle.h -- columns that a caller resolved once, to put rows of values without names.
 *
 * A handle is an index into a table that belongs to the open store and only grows; it is good for
 * every project, branch and testbed. What it means in a stream (ids, column number) is remembered
 * by the catalogue. */
#ifndef PACE_HANDLE_H
#define PACE_HANDLE_H

#include "arena.h"
#include "pace.h"
#include "seal.h"
#include "text.h"

#include <pthread.h>
#include <stdatomic.h>

enum { HANDLES_PER_CHUNK = 1024, HANDLE_CHUNKS = PACE_MAX_COLUMNS / HANDLES_PER_CHUNK };

struct handle {
    struct text benchmark, measure;
    const char *unit; /* "" none */
    uint8_t direction;
};

/* What a cell adds to the digests of its run (run.h). */
struct handle_digest {
    struct seal_digest seed, unit_term;
};

/* Digests lie apart from names: those of a row are read together. */
struct handle_chunk {
    struct handle handles[HANDLES_PER_CHUNK];
    struct handle_digest digests[HANDLES_PER_CHUNK];
};

/* The columns of a row, shared by the rows that put the same ones again. Nobody changes it; the
 * last who leaves it frees it. */
struct handle_list {
    atomic_uint uses;
    size_t count;
    struct seal_digest units; /* sum of the unit terms */
    uint64_t *low, *high;     /* parts of the seeds */
    uint32_t *columns;
};

/* The columns of a run that was put by name, in the order in which they came. */
struct script {
    uint32_t *columns; /* handles */
    size_t count;
};

enum {
    LISTS = 4,       /* of columns, remembered at a time */
    LIST_EVERY = 64, /* rows whose columns change each time, of which one is remembered */
    SCRIPTS = 8,     /* remembered at a time */
    SCRIPT_CELLS_MAX = 1 << 16,   /* of a run whose columns are remembered */
    SCRIPT_HANDLES_MAX = 1 << 17, /* with more handles no further ones are made for scripts */
    SCRIPT_RUNS_LEAST = 2,        /* that followed none before one is made: a short-lived process
                                     needs none */
};

struct handles {
    pthread_mutex_t mutex;
    struct arena arena;
    struct texts texts; /* "benchmark, measure, unit, direction": index is the handle */
    struct handle_chunk *chunks[HANDLE_CHUNKS]; /* handles never move */
    uint32_t count;
    struct handle_list *lists[LISTS];
    unsigned next_list;
    unsigned list_misses; /* rows in a row whose columns were none of these */
    struct script scripts[SCRIPTS];
    unsigned next_script;
    unsigned strangers; /* runs that followed no script, less those that did; 0 at least */
};

void handles_init(struct handles *handles);
void handles_free(struct handles *handles);

/* A handle that exists. */
static inline const struct handle *handle_at(const struct handles *handles, uint32_t index)
{
    return &handles->chunks[index / HANDLES_PER_CHUNK]->handles[index % HANDLES_PER_CHUNK];
}

static inline const struct handle_digest *handle_digest(const struct handles *handles,
                                                        uint32_t index)
{
    return &handles->chunks[index / HANDLES_PER_CHUNK]->digests[index % HANDLES_PER_CHUNK];
}

/* The handle of a column whose names and unit are valid. */
int handle_resolve(struct handles *handles, const char *benchmark, const char *measure,
                   const char *unit, enum pace_direction direction, struct pace_error *error,
                   uint32_t *out);

void handle_list_leave(struct handle_list *list); /* NULL is allowed */

/* -- put by name, but known ------------------------------------------------------------------------
 *
 * Runs of a suite put the same cells in the same order, so a store remembers the columns of some as
 * a SCRIPT. A run whose cells are those of a script, all ok and without bounds and samples, FOLLOWS
 * it: names are compared with those that are expected, not hashed, and what comes of it is a row
 * put by handle. The first cell that is another makes the run what it would have been without. */

/* Puts a cell of a run that follows a script. *done = 0: it must be put by name. */
int script_put(pace_run *run, const struct pace_cell *cell, struct pace_error *error, int *done);

/* Makes a run that followed a script one whose cells were put by name. */
int script_leave(pace_run *run, struct pace_error *error);

/* Remembers the columns of a run that was stored as the last of `count`, if that may help the next
 * ones; is_known: none of its series was new. Without memory it does not. */
void script_learn(const pace_run *run, size_t count, int is_known);

#endif
