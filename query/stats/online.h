/* online.h -- the change points of a series as they are told while its points arrive.
 *
 * FOCuS (focus.h) looks at each point once, in O(log n); what crosses its threshold is a candidate,
 * and the default method of segment.h over the points since the last change confirms it or not. A
 * change is told once, with what was known by then: no later point has a say, so that a state that
 * was kept and goes on gives what all points from the first would give, to the bit. Pure. */
#ifndef PACE_ONLINE_H
#define PACE_ONLINE_H

#include "focus.h"
#include "segment.h"

/* Once in so many independent normal points a candidate comes by chance. */
#define ONLINE_RUN_LENGTH 1e5

/* Kept states of another version mean something else: to be counted up with every change of what is
 * found. */
enum { ONLINE_VERSION = 1, ONLINE_BYTES = 4 * 8 + FOCUS_BYTES, ONLINE_QUIET_POINTS = 128 };

/* Where a series is: what is known of the points since its last change, its LEVEL. */
struct online {
    uint64_t count;      /* points of the level */
    uint64_t learn_next; /* the count at which its noise is estimated again */
    uint64_t try_next;   /* the count before which a candidate that failed is not tried again */
    double first;        /* the level's first value */
    double threshold;    /* of the statistic; INFINITY: no noise yet */
    double most;         /* the statistic is no larger */
    struct focus focus;
};

/* A change, and the point that told it: index, end, earliest, latest and at count in the array at
 * hand. */
struct online_change {
    struct change change;
    size_t at;
};

/* What is used again from series to series. */
struct online_work {
    struct segment_options options; /* of what confirms; its method is not looked at */
    struct online_change *told;     /* `count` changes, in the order in which they were told */
    size_t count, capacity;
    double *scratch;
    struct change *changes;
    size_t scratch_capacity, change_capacity;
};
void online_work_free(struct online_work *work);

void online_start(struct online *online);

/* Takes the next point in, in some 20 ns. True: the points of the level are needed to say more,
 * this one included; online_run on a copy of the state as it was before gets on. */
bool online_push(struct online *online, double x);

/* Takes x[next .. n) in; x[*level] is the first point of the level, so next - *level is its count.
 * Adds to work->told; `recovered` counts for all that are there. *level is where the level begins
 * now. 0, or
 * -1 when out of memory. */
int online_run(struct online *online, struct online_work *work, const double *x, size_t n,
               size_t next, size_t *level);

/* As many bytes as were written, at most ONLINE_BYTES; and back: false when they are no state. */
size_t online_pack(const struct online *online, uint8_t bytes[ONLINE_BYTES]);
bool online_unpack(struct online *online, const uint8_t *bytes, size_t len);

/* True: of the next n points none asks for those before, as online_push would; so there is nothing
 * to tell. Reads the packed state and changes nothing: about 1 us for 64 points. False: one may, or
 * the bytes are no state. */
bool online_quiet(const uint8_t *bytes, size_t len, const double *x, size_t n);

/* All changes of a series, as segment_changes gives them. */
int online_changes(const double *x, size_t n, const struct segment_options *options,
                   struct change *changes, size_t capacity);

#endif
