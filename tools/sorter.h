/* sorter.h -- sorts records of bytes by key in bounded memory.
 *
 * Records go to memory until the limit, then sorted to one temporary file (in $TMPDIR, else /tmp,
 * with its name removed at once); reading merges. Keys are compared as bytes and have to be
 * different. Memory: the limit, or while merging 4 KiB for each time that the limit was reached, if
 * that is more. */
#ifndef PACE_SORTER_H
#define PACE_SORTER_H

#include "../engine/pace.h"

#include <stddef.h>

struct sorter;

struct sorter_record {
    const char *key; /* NULL: no more records */
    size_t key_len;
    const char *value; /* not aligned */
    size_t value_len;
};

/* Errors of all: PACE_ENOMEM, PACE_ELIMIT (a record of over 2 GiB), errno of the temporary file. */
int sorter_open(size_t limit_bytes, struct pace_error *error, struct sorter **out);
void sorter_close(struct sorter *sorter); /* NULL is allowed */

/* Adds a copy of a record. Not after sorter_start. */
int sorter_put(struct sorter *sorter, const struct sorter_record *record, struct pace_error *error);

/* Goes to the first record in order of key. May be called again to read once more. */
int sorter_start(struct sorter *sorter, struct pace_error *error);

/* The next record; it lives until the next call. */
int sorter_next(struct sorter *sorter, struct pace_error *error, struct sorter_record *record);

/* How often the limit was reached. */
size_t sorter_spills(const struct sorter *sorter);

#endif
