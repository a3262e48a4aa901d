/* events.h -- which changes of several series are one event.
 *
 * A change belongs to an event: the changes of all series that one commit may have made. So they are
 * held until all series are read. */
#ifndef PACE_EVENTS_H
#define PACE_EVENTS_H

#include "op.h"

/* The columns of a change. */
enum { DIMENSIONS = PACE_DIMENSION_COUNT };
enum {
    OUT_TIME = DIMENSIONS,
    OUT_COMMIT,
    OUT_FROM,
    OUT_KIND,
    OUT_BEFORE,
    OUT_AFTER,
    OUT_DELTA,
    OUT_EFFECT,
    OUT_P,
    OUT_WORSE,
    OUT_RECOVERED,
    OUT_UNTIL,
    OUT_EARLIEST,
    OUT_LATEST,
    OUT_MEAN_BEFORE,
    OUT_MEAN_AFTER,
    OUT_EVENT,
    OUT_MEMBERS,
    OUT_COUNT
};

/* Those of the operator that finds the changes: behind what a change has by itself the branch of the
 * series, and between which times it may have happened. */
enum { INNER_BRANCH = OUT_EVENT, INNER_EARLIEST, INNER_LATEST, INNER_COUNT };

/* What that operator has seen so far. */
struct changes_seen {
    uint64_t series;
    uint64_t from_kept; /* of these, that went on from what is kept of them */
    uint64_t brief;     /* with fewer points than `enough` */
    uint64_t outside;   /* changes that are not shown */
    size_t enough;
};

/* Holds the changes that `changes` finds, and adds the events that they are part of. `seen` is read at
 * the end. */
int op_events(struct context *ctx, struct op *changes, const struct changes_seen *seen,
              struct op **out);

#endif
