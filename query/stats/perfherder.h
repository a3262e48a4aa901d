/* perfherder.h -- change points as Mozilla's Perfherder finds them (treeherder, perfalert).
 *
 * Student's t of the 12 to 24 values before a point and the 12 from it on, weighted linearly by
 * distance; a change is a t over 7 that no neighbour exceeds. The last 12 points cannot be judged.
 * Pure.
 */
#ifndef PACE_PERFHERDER_H
#define PACE_PERFHERDER_H

#include <stddef.h>

/* `side` values are needed on each side of a change (12; up to 24 are taken from before). Writes
 * the first points of new levels to cuts (n places); how many, or -1 when out of memory. */
int perfherder_cuts(const double *x, size_t n, size_t side, size_t *cuts);

#endif
