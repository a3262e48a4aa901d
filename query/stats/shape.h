/* shape.h -- what steps do not describe: levels that drift, and short runs away from the level that
 * come back. Works on the result of judge_merge. Pure. */
#ifndef PACE_SHAPE_H
#define PACE_SHAPE_H

#include "judge.h"

/* Changes in order of index; segments[0 .. count]. Steps in one direction that one slope describes
 * at a lower cost become one drift. Runs of 3 to 12 points on one side of their level by more than
 * 5 deviations, and by 5/3 of the options' floor (5 % with 3 %), are added as excursions where
 * `check` would have confirmed them: the first two points beyond the t limit of 99 % of up to 64
 * points before. Reallocates *changes. Returns how many there are, or -1 when out of memory. */
int shape_changes(const struct judge *judge, const struct segment *segments,
                  struct change **changes, size_t count);

/* Whether a series of one segment may have an excursion: where the floor alone rules it out,
 * whatever its noise, none. Needs x, n, median and options of the judge. */
bool shape_may_return(const struct judge *judge);

#endif
