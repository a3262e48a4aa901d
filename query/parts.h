/* parts.h -- the series of a statement divided among threads.
 *
 * Operators that work series by series are there once a thread: a chain of their own, with an arena, marks and
 * a snapshot of the same state. The statement's own thread takes series from the front and hands their
 * rows on as they come; the others take them from the end and hold the rows, which follow at last. So rows,
 * notes and counts are those of one thread, in the same order.
 *
 * An error of another thread is not told: what it was to do is done again by the statement's own, which
 * meets it in its turn. So is what a thread had done where the memory that it takes is needed. */
#ifndef PACE_PARTS_H
#define PACE_PARTS_H

#include "plan.h"

/* Makes other threads help with a statement that was planned, where that is worth it; else the plan stays
 * as it is. They end when the plan is freed, at the latest. *overtaken: a commit came since the statement's
 * snapshot, so that no other thread can have the same; a new one, with parts_reserve, may do better. */
int parts_plan(struct context *ctx, const struct query *query, struct plan *plan, bool *overtaken);

/* Begins the snapshots of other threads right behind that of the statement. */
void parts_reserve(struct context *ctx);
/* Ends those that nobody took. */
void parts_release(struct context *ctx);

#endif
