/* steady.h -- the newest points of a series in which no commit comes again within reach.
 *
 * A window leaves out the runs of the judged point's own commit. Where there are none, which is the rule, the
 * windows of a batch of rows are the points right before each of them: nothing has to be found out but that.
 * It is told by keys of commits (pace.h), so that their text need not be read: a key that comes again ends it,
 * whether or not the commits are the same. Costs a look into a table a point. Not thread-safe. */
#ifndef PACE_STEADY_H
#define PACE_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEADY_REACH_MAX = 600 }; /* looking back on more costs more than it saves */

/* Rows that all have a value. commit or place NULL: not known. */
struct steady_rows {
    size_t count;
    const double *value;
    const int64_t *time_ns;
    const char *const *commit;
    const uint64_t *place;
    const uint32_t *key; /* 0: it has no commit */
};

/* All zero, but for `reach`: not used yet. */
struct steady {
    size_t reach; /* points that a window may look back on; at most STEADY_REACH_MAX */
    double *value;
    int64_t *time_ns;
    const char **commit;
    uint64_t *place;
    uint32_t *key;
    size_t count, capacity;
    uint64_t dropped; /* points of the series before the first of these */
    uint32_t *heads;  /* by key: the number of the last point with such a key */
    uint32_t next;
};

void steady_free(struct steady *steady);
/* Another series begins. */
void steady_reset(struct steady *steady);
/* Adds rows, unless one of them has the key of a point within reach before it: *added. Twice as many points
 * as are within reach stay where they are told of. 0 or PACE_ENOMEM. */
int steady_add(struct steady *steady, const struct steady_rows *rows, bool *added);

#endif
