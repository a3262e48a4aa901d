/* newest.h -- the time of the newest run that a series has a cell in. */
#ifndef PACE_NEWEST_H
#define PACE_NEWEST_H

#include "select.h"

/* out[g], for each of `count` groups: the time of the newest cell of its series, of which series i
 * of the selection is one of group[i]. Costs a look at the newest run of each stream that may have
 * one, and at older ones for what that lacks. 0, or diagnosed. */
int newest_times(struct context *ctx, const struct selection *selection, const uint32_t *group,
                 size_t count, int64_t *out);

#endif
