/* windows.h -- the windows of rows of a series, and the aggregates of what they hold.
 *
 * All aggregates over the same windows of the same values share one history of the series. Where rows
 * are plain (they have a value, no mark cuts the history, and others of their commit lie right before
 * them or nowhere) windows are made one from another, a batch at a time; others as history.h makes
 * them, one by one. Both give the same answers, but for the last bits. A long series begins as a steady one
 * (steady.h), without a history, which is made when the first row comes that does not fit,
 * and left again when some batches did. */
#ifndef PACE_WINDOWS_H
#define PACE_WINDOWS_H

#include "expr.h"
#include "recent.h"
#include "steady.h"
#include "stats/rolling.h"

/* An aggregate. */
struct window_member {
    enum function function;
    double percentile;
    size_t needs;           /* fewer points have no answer */
    double *out;            /* PACE_MAX_BATCH places */
    struct rolling rolling; /* order statistics */
    struct window_member *next;
};

struct windows {
    struct history history;
    struct window_member *members;
    size_t count; /* of members */
    size_t asked; /* by how many of them in this batch */
    bool slides;  /* windows can be made one from another for all of them */
    struct steady steady;
    enum {
        NEVER_STEADY,
        STEADY,
        UNSTEADY
    } steadiness; /* of this series; but for STEADY it has a history */
    unsigned
        calm; /* UNSTEADY: the last batches that would have fitted; the steady points are theirs */
    struct recent recent;
    uint64_t seen; /* points of the series that it was told of */
    struct windows_scratch *scratch;
    int column;           /* that the values are; -1: another expression */
    struct windows *next; /* of the same operator */
};

/* What rows are judged by. */
struct window_rows {
    const struct batch *batch;
    const struct vec *value, *time, *commit;
    const struct batch_keys *keys; /* of the commits; NULL: there are texts */
    bool every_row;                /* windows are run for rows that are not selected, too */
};

int windows_make(struct arena *arena, struct window window, struct windows **out);
/* Whether the windows of a function can be made one from another; members are all so, or all not. */
bool windows_slide(enum function function);
/* Adds an aggregate: windows_run writes its answers to `out`, which has PACE_MAX_BATCH places. */
int windows_add(struct arena *arena, struct windows *windows, enum function function,
                double percentile, size_t needs, double *out);
void windows_free(struct windows *windows);

/* Runs all members over a batch, in the order of rows; at the start of a series windows are emptied.
 * Rows that are not judged have NAN. 0, PACE_ENOMEM, PACE_ELIMIT, or what
 * finding a text by its key says. */
int windows_run(struct windows *windows, const struct window_rows *rows);
/* The same for members that are asked one after the other: the first one of a batch runs all. */
int windows_ask(struct windows *windows, const struct window_rows *rows);

#endif
