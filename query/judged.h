/* judged.h -- a row as baseline and check judge it, and as history keeps it. */
#ifndef PACE_JUDGED_H
#define PACE_JUDGED_H

#include "level.h"
#include "op.h"

/* The columns that judging reads; status and run: -1 where they were not kept. */
struct inputs {
    int time, commit, value, status, run;
};

int inputs_bind(struct context *ctx, const struct stage *stage, const struct op *input,
                struct inputs *out);

/* One row as judging sees it. */
struct point {
    int64_t time_ns;
    const char *commit;
    double value, run; /* run: NAN where it was not kept */
    bool restart, dirty;
};

struct point point_at(const struct inputs *inputs, const struct batch *batch, size_t row);
struct level_point level_point(const struct point *point);
/* Adds a point. A run of a dirty work tree is in no window of others; where an accepted change
 * begins at it, it begins at the next point. */
int point_push(struct history *history, const struct point *point);
/* PACE_ELIMIT or PACE_ENOMEM of a history, diagnosed. */
int history_fail(struct context *ctx, int status);
/* Adds a number column: with the unit of `like`, or a plain one. `at`: the verb, for
 * diagnostics. */
int judged_add_number(struct context *ctx, struct op *op, struct span at, const char *name,
                      const struct column *like);

#endif
