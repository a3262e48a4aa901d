/* online.h -- the change points of a series as they were told while its points arrived.
 *
 * FOCuS (focus.h) looks at each point once, in O(log n); what crosses its threshold is a candidate, and
 * the default method of segment.h over the points since the last change confirms it or not. So a
 * quiet series costs little more than being read, and no later point has a say. Pure. */
#ifndef PACE_ONLINE_H
#define PACE_ONLINE_H

#include "segment.h"

/* Once in so many independent normal points a candidate comes by chance. */
#define ONLINE_RUN_LENGTH 1e5

/* options: what confirms a candidate; its method is not looked at. Writes the first points of new levels
 * to cuts (n places); how many, or -1 when out of memory. The cuts of the first m points are the first
 * cuts of all n. */
int online_cuts(const double *x, size_t n, const struct segment_options *options, size_t *cuts);

#endif
