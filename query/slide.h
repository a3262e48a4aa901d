/* slide.h -- windows of a row after row: the same answers as history_window and aggregate_sample
 * give, but each window is made from the one before. */
#ifndef PACE_SLIDE_H
#define PACE_SLIDE_H

#include "expr.h"
#include "stats/rolling.h"

/* All zero: not used yet. */
struct slide {
    bool ready;
    struct rolling rolling;
    /* Which commits the points before a row may have: counts by a hash of the commit. */
    uint32_t *counts;
    uint32_t *keys; /* ring: hashes of points by number */
    size_t count_mask, key_mask;
    uint64_t from, until; /* the points that are counted */
};

/* Whether windows of this kind with this function can be made so. */
bool slide_can(const struct window *window, enum function function);

void slide_free(struct slide *slide);
void slide_reset(struct slide *slide); /* at the start of a series, with its history */

/* Rows that are all points of one series: their values are not missing, none begins an accepted
 * change. */
struct slide_rows {
    size_t count;
    const int64_t *time_ns;
    const char *const *commit;
    const double *value;
};

/* Gives out[0 .. *done) the windows of the first rows and adds these to the history; stops before a row
 * whose window must leave out a point of the row's own commit. 0, PACE_ENOMEM or PACE_ELIMIT. */
int slide_run(struct slide *slide, struct history *history, enum function function,
              double percentile, const struct slide_rows *rows, double *out, size_t *done);

#endif
