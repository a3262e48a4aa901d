/* record.h -- one executed run on its way to the store: what adapters read, gathered into one.
 *
 * A benchmark command may write several files, and a file may hold several repeats; all of it is
 * one run. A series that comes more than once becomes one cell: the value is the median of its
 * values, or what else `fold` says; the samples are those of all repeats; a repeat without samples
 * is one. */
#ifndef PACE_RECORD_H
#define PACE_RECORD_H

#include "../engine/arena.h"
#include "../engine/pace.h"
#include "adapters/adapter.h"

struct record_cell;
struct record_meta;

/* What the value of a series is that came more than once. */
enum record_fold { RECORD_MEDIAN, RECORD_MIN, RECORD_MAX, RECORD_MEAN };

struct record {
    struct arena arena;
    enum record_fold fold;
    struct record_cell *first, **tail; /* in order of arrival */
    struct record_cell **table;        /* by name; capacity is a power of two */
    size_t count, capacity;
    struct record_meta *meta;
    int values_only;        /* 1: the value of a repeat is its sample; see record_merge */
    size_t pooled;          /* samples of series that came more than once */
    size_t bad_count;       /* cells that failed or were skipped */
    struct run_facts facts; /* the first that each harness says; "" or 0 where none does */
    unsigned warning_count;
    int quiet;              /* 1: count warnings, do not print them */
    const char *const *map; /* of tables, for adapters: see adapter_sink */
    size_t map_count;
};

void record_init(struct record *record);
void record_clear(struct record *record);

/* Reads one input. `adapter` NULL: by content. On an error the record is as it was before. */
int record_read(struct record *record, const struct input *input, const struct adapter *adapter,
                struct pace_error *error);

/* Adds one cell, copied. */
int record_add(struct record *record, const struct pace_cell *cell, struct pace_error *error);

/* Adds what another record holds: its cells with their folded values, each a sample from then on,
 * under measures that end in `suffix`, and its metadata (not where there is a suffix), facts and
 * failures. */
int record_merge(struct record *record, const struct record *from, const char *suffix,
                 struct pace_error *error);

/* A cell of a record and its folded value: the first, the one after `cell`, or by name; NULL where
 * there is none. */
const struct record_cell *record_next(const struct record *record, const struct record_cell *cell);
const struct record_cell *record_find(const struct record *record, const char *benchmark,
                                      const char *measure);
/* What is stored of it; its samples live as long as the record. 0 or PACE_ENOMEM. */
int record_cell_get(const struct record *record, const struct record_cell *cell,
                    struct pace_cell *out);

/* Adds metadata; a later value replaces an earlier one. */
int record_meta(struct record *record, const char *key, const char *value);

/* Puts all of it into a run. */
int record_put(const struct record *record, pace_run *run, struct pace_error *error);

#endif
