/* catalogue.h -- what the writers of a handle remember: ids of names and streams, lists of columns.
 *
 * Ids are never reused and lists only grow, so what was read from a committed state stays right
 * whatever other processes append. What a batch that failed had added must be forgotten:
 * catalogue_clear. Only a running batch touches it, so it needs no lock. */
#ifndef PACE_CATALOGUE_H
#define PACE_CATALOGUE_H

#include "index.h"
#include "names.h"
#include "stream.h"

/* More names than this of one dimension, more streams, or more columns, are forgotten before the
 * next batch. */
enum { CATALOGUE_NAMES_MAX = 1 << 18, CATALOGUE_COLUMNS_MAX = 1 << 22 };

struct catalogue {
    struct arena arena;
    struct known_names {
        struct texts texts;
        uint32_t *ids; /* by index of texts */
        uint32_t capacity;
    } names[PACE_DIMENSION_COUNT];
    struct shapes shapes;
    struct index_tail tail;
    struct handle_ids {
        uint32_t benchmark, measure; /* UINT32_MAX: not looked up yet */
        uint32_t
            plain; /* a project in whose unit the handle's values are; UINT32_MAX: none known */
    } * handles;   /* by handle */
    uint32_t handle_count;
    struct known_stream {
        uint32_t project, branch, testbed, stream;
    } * streams;
    uint32_t stream_count, stream_capacity;
    struct map stream_by_names; /* a hash of the three names -> index in streams */
    /* A row by handle that was stored: its values were those of columns 0, 1, 2 ... of a shape, in
     * the units of the project. One like it needs no look at its cells. */
    struct usual_row {
        uint32_t *columns;      /* handles */
        size_t count, capacity; /* count 0: there is none */
        uint32_t project, shape;
    } usual;
};

void catalogue_init(struct catalogue *catalogue);
void catalogue_clear(struct catalogue *catalogue); /* frees all; can be used again */
/* Remembers a row. Without memory it does not. */
void catalogue_usual(struct catalogue *catalogue, uint32_t project, uint32_t shape,
                     const uint32_t *columns, size_t count);
/* Room for that many handles. 0, or -1 without memory. */
int catalogue_handles(struct catalogue *catalogue, uint32_t count);
void catalogue_trim(struct catalogue *catalogue); /* clears one that grew too large */

/* stream_find, of which the answer is remembered. */
int catalogue_stream(struct catalogue *catalogue, struct kv_txn *txn, uint32_t project,
                     uint32_t branch, uint32_t testbed, struct pace_error *error, uint32_t *stream);

/* The id of a name, which is appended to the store when it is new. */
int catalogue_name(struct catalogue *catalogue, struct kv_txn *txn, struct head *head,
                   enum pace_dimension dimension, const struct text *name, struct pace_error *error,
                   uint32_t *id);

#endif
