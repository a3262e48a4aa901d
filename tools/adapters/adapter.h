/* adapter.h -- from a harness' output to runs. One file a harness, one row a harness in
 * adapter.def.
 *
 * An adapter recognises an input by its content and hands each run that it finds to a sink, cell by
 * cell, with units, directions and names as the harness means them. It knows nothing of the store.
 */
#ifndef PACE_ADAPTER_H
#define PACE_ADAPTER_H

#include "../../engine/pace.h"

#include <stddef.h>

/* An input that was read whole. */
struct input {
    const char *name; /* for messages: the path, or "standard input" */
    const char *text; /* NUL after text[len] */
    size_t len;
};

/* What an adapter says of a run, where the harness knows it; "" or 0 where it does not. */
struct run_facts {
    const char *project, *branch, *testbed, *commit;
    int64_t commit_time_ns; /* of the commit */
    int64_t ran_ns;         /* wall clock of the run */
    int dirty;
    const char *suite; /* part of a history that holds several; NULL or "": none */
};

/* Where an adapter puts what it reads. Calls come as run, then its meta and cells in any order.
 * Every function returns 0, or a code that the adapter passes on at once. */
struct adapter_sink {
    int (*run)(void *context, const struct run_facts *facts, struct pace_error *error);
    int (*cell)(void *context, const struct pace_cell *cell, struct pace_error *error);
    int (*meta)(void *context, const char *key, const char *value, struct pace_error *error);
    void (*warn)(void *context, const char *message); /* something was skipped, and why */
    void *context;
    /* "COLUMN=MEANING", what the user says of the columns of a table; none: their header says
     * it. */
    const char *const *map;
    size_t map_count;
};

struct adapter {
    const char *name, *text;   /* what it reads */
    const char *sign, *stored; /* how it is recognised; measures, units and directions */
    /* How sure it is that the input is its own: 0 no, 1 maybe, 2 certainly. Looks only. */
    int (*recognise)(const struct input *input);
    /* Reads all of it. An input that is damaged or of another harness is PACE_EVALUE with the place
     * (line or byte) and the reason; what was handed on before is to be thrown away. */
    int (*read)(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error);
};

/* Each row of adapter.def has NAME_recognise and NAME_read, in NAME.c. */
#define ADAPTER(name, text, sign, stored)                                                          \
    int name##_recognise(const struct input *input);                                               \
    int name##_read(const struct input *input, const struct adapter_sink *sink,                    \
                    struct pace_error *error);
#include "adapter.def"
#undef ADAPTER

extern const struct adapter adapters[];
extern const size_t adapter_count;

/* By name, or NULL. */
const struct adapter *adapter_find(const char *name);

/* By content. PACE_ENOTFOUND says how the input begins; PACE_EVALUE names the candidates of a
 * tie. */
int adapter_recognise(const struct input *input, struct pace_error *error,
                      const struct adapter **out);

#endif
