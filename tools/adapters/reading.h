/* reading.h -- one input while an adapter reads it: what all adapters share.
 *
 * Cells are collected and handed to the sink at the end, so that repeats become samples; metadata
 * goes there at once. Names and metadata are made fit for the store: control characters and bytes
 * that are no UTF-8 are written as \x1b. All texts and samples live in the reading's arena. */
#ifndef PACE_READING_H
#define PACE_READING_H

#include "../../engine/arena.h"
#include "adapter.h"
#include "cells.h"
#include "json.h"

#include <stddef.h>

enum reading_limit {
    READING_META_TEXT = 4096,               /* bytes of one value; longer ones are left out */
    READING_META_DEPTH = 6,                 /* levels of an object that become dotted keys */
    READING_META_KEPT = PACE_MAX_META - 64, /* entries; the rest is for those who store the run */
    READING_WARNINGS = 50,                  /* said one by one; the others are counted */
    READING_LOOK = 1 << 18,                 /* bytes at either end of an input that are looked at to
                                             * recognise it */
};

struct reading {
    const struct input *input;
    const struct adapter_sink *sink;
    struct pace_error *error;
    struct arena arena;
    struct cells cells;
    size_t meta_count, meta_dropped, warning_count;
    int run_begun, has_cells;
};

/* Between begin and end an adapter calls reading_run once for each run, then puts its cells. */
void reading_begin(struct reading *reading, const struct input *input,
                   const struct adapter_sink *sink, struct pace_error *error);

/* With code 0 hands on what was collected; an input without a cell is then an error (PACE_EEMPTY).
 * Frees all. Returns the code that the adapter returns. */
int reading_end(struct reading *reading, int code);

/* begin, `read` and end, for a harness whose output is one JSON document. */
int reading_document(const struct input *input, const struct adapter_sink *sink,
                     struct pace_error *error,
                     int (*read)(struct reading *reading, const json_t *root));

/* `facts` NULL: the harness says nothing of the run. Hands on the cells of the run before. */
int reading_run(struct reading *reading, const struct run_facts *facts);

/* -- messages ---------------------------------------------------------------------------------- */

int reading_no_memory(struct reading *reading);

/* PACE_EVALUE; the input's name is put before the message. */
int reading_fail(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void reading_warn(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -- cells ------------------------------------------------------------------------------------- */

/* A cell without bounds and samples; a value that is not finite makes it a failed one. */
struct pace_cell cell_make(const char *benchmark, const char *measure, const char *unit,
                           enum pace_direction direction, double value);

/* Sets both bounds, when both are finite; the lower one goes first in any order. */
void cell_bounds(struct pace_cell *cell, double lower, double upper);

/* Adds a cell; one without a name is skipped with a warning. Its texts and samples have to live as
 * long as the reading. */
int reading_put(struct reading *reading, const struct pace_cell *cell);

/* reading_put of cell_make. */
int reading_value(struct reading *reading, const char *benchmark, const char *measure,
                  const char *unit, enum pace_direction direction, double value);

/* Text as a name; NULL without memory. */
char *reading_name(struct reading *reading, const char *text, size_t len);
char *reading_print(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The numbers of a list times `factor`, as samples of the cell; items that are no finite number are
 * left out with one warning, in which the list is called `what`. `list` may be NULL. */
int reading_samples(struct reading *reading, const json_t *list, double factor, const char *what,
                    struct pace_cell *cell);

/* Makes the median of its samples the cell's value; without samples it is a failed one. */
int reading_median(struct reading *reading, struct pace_cell *cell);

/* How one member of a JSON object is stored: value * factor. */
struct statistic {
    const char *key, *measure; /* measure NULL: it is read elsewhere */
    const char *unit;
    double factor;
    enum pace_direction direction;
};

/* Stores the numbers of an object in its order: those in the table as it says (null as a failed
 * cell), others as PREFIX.KEY without a unit; prefix NULL leaves those out. */
int reading_statistics(struct reading *reading, const char *benchmark, const json_t *object,
                       const struct statistic *rows, size_t row_count, const char *prefix);

/* What a unit's kind says: times are better lower, rates higher, of others it is unknown. */
enum pace_direction unit_direction(const char *unit);

/* -- metadata ---------------------------------------------------------------------------------- */

/* Values that are empty are left out; too many or too long ones are counted and warned of once. */
int reading_meta(struct reading *reading, const char *key, const char *value);

/* A JSON value under a key, an object as dotted keys: machine.cpu.brand. Empty ones are left
 * out. */
int reading_meta_json(struct reading *reading, const char *key, const json_t *value);

/* benchmark:NAME:KEY, as compact JSON or as text. */
int reading_benchmark_json(struct reading *reading, const char *benchmark, const char *key,
                           const json_t *value);
int reading_benchmark_meta(struct reading *reading, const char *benchmark, const char *key,
                           const char *value);

/* 1 for null, "", {} and []. */
int json_is_blank(const json_t *value);

/* A member's time, or 0 when it is absent or unreadable (then with a warning). */
int64_t reading_time(struct reading *reading, const json_t *object, const char *key);

/* -- recognising ------------------------------------------------------------------------------- */

/* 1 when the text is in the first or last READING_LOOK bytes of the input. */
int input_has(const struct input *input, const char *text);

/* The first byte that is no blank, or NUL. */
char input_first(const struct input *input);

#endif
