/* sibling.h -- `value of measure:bytes`: another series of the same run, row for row. */
#ifndef PACE_SIBLING_H
#define PACE_SIBLING_H

#include "alias.h"
#include "select.h"

enum sibling_field { SIBLING_VALUE, SIBLING_LOWER, SIBLING_UPPER };

/* Which benchmark and measure; NULL: that of the row. */
struct sibling {
    const char *benchmark, *measure;
    enum sibling_field field;
    const struct series *series; /* that column and unit belong to; NULL: none yet */
    struct alias_map aliases;
    const uint32_t *columns; /* the one of this name, then those of older ones, newest first */
    size_t column_count;     /* 0: there is none */
    const char *unit;
};

/* From the keys behind `of`: one text each, of what it is called now or was before. What is not
 * stored is told about. */
int sibling_bind(struct context *ctx, const struct selector *selector, struct sibling *out);

/* The kind of its values where that is known before running: *about says why, as of a column. */
int sibling_column(struct context *ctx, const struct sibling *sibling, struct column *out);

/* Its values in the runs of a batch of one series: out[i] of row i, NAN where there is none. run[]:
 * numbers of the rows' runs, in the order of history. */
int sibling_values(struct context *ctx, struct sibling *sibling, const struct batch *batch,
                   const struct vec *run, const struct vec *time, double *out);

#endif
