/* dump.h -- everything in a store as records (dump_record.h), in an order that loading keeps.
 *
 * Units first, then runs in order of their numbers with metadata in order of key and cells in order
 * of name, then start points, marks and saved objects. So a store, and one that its dump was loaded
 * into, have the same dump. Numbers of runs are not written: a mark that names a run has its
 * identity beside it, and loading finds the number; a mark of a run that was dropped is left out.
 * Memory: the sorter's limit and one run. */
#ifndef PACE_DUMP_H
#define PACE_DUMP_H

#include "dump_record.h"

#include <stdio.h>

struct dump_options {
    enum dump_form form;
    const char *project, *branch, *testbed; /* NULL: all. With one, runs and their units only */
    uint64_t after;                         /* runs with greater numbers only */
    FILE *out;
};

struct dump_report {
    uint64_t runs, cells;
    uint64_t last; /* the newest run of the store */
};

int dump_store(pace *store, const struct dump_options *options, struct pace_error *error,
               struct dump_report *report);

/* A mark's selector with each number behind run: replaced by what `number` gives (0: that run is
 * not there, and the result is NULL). NULL also without memory; arena->failed tells. */
char *dump_renumber(struct arena *arena, const char *selector,
                    uint64_t (*number)(void *context, uint64_t run), void *context);

/* What the words of a record mean, by the numbers of pace.h. */
enum { DUMP_MARK_KINDS = 5, DUMP_OBJECT_KINDS = 7, DUMP_DIRECTIONS = 3 };
extern const char *const dump_mark_kinds[DUMP_MARK_KINDS];
extern const char *const dump_object_kinds[DUMP_OBJECT_KINDS];
extern const char *const dump_directions[DUMP_DIRECTIONS];

#endif
