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

enum { HANDLES_PER_CHUNK = 1024, HANDLE_CHUNKS = PACE_MAX_COLUMNS / HANDLES_PER_CHUNK };

struct handle {
    struct text benchmark, measure;
    const char *unit; /* "" none */
    uint8_t direction;
    struct seal_digest seed, unit_term; /* run.h */
};

struct handles {
    pthread_mutex_t mutex;
    struct arena arena;
    struct texts texts; /* "benchmark, measure, unit, direction": index is the handle */
    struct handle *chunks[HANDLE_CHUNKS]; /* handles never move */
    uint32_t count;
};

void handles_init(struct handles *handles);
void handles_free(struct handles *handles);

/* A handle that exists. */
static inline const struct handle *handle_at(const struct handles *handles, uint32_t index)
{
    return &handles->chunks[index / HANDLES_PER_CHUNK][index % HANDLES_PER_CHUNK];
}

#endif
