/* follow.h -- windows `over segment` that belong to no rule: the segment of a series that the
 * default rule sees, on the machine that measured the row.
 *
 * A class of machine has a level of its own (levels.h), so that a faster machine is no new level
 * and a window never mixes two. Belongs to one statement. */
#ifndef PACE_FOLLOW_H
#define PACE_FOLLOW_H

#include "levels.h"

struct follow {
    struct levels levels;
    struct machines machines;
};

/* What lies before a row in its segment, oldest first; may be reordered. */
struct follow_window {
    double *sample;
    const double *days;
    size_t count;
};

/* In the arena; to be freed. */
int follow_make(struct context *ctx, struct follow **out);
void follow_free(struct follow *follow); /* NULL is allowed */

/* For the rows of the next series. */
int follow_start(struct context *ctx, struct follow *follow, const struct series *series);

/* The window of a row that follow_push is to get next: of point->other, without the newest
 * `lag`. */
int follow_window(struct context *ctx, struct follow *follow, const struct level_point *point,
                  double run, size_t lag, struct follow_window *out);
int follow_push(struct context *ctx, struct follow *follow, const struct level_point *point,
                double run);

#endif
