/* ahead.h -- the batches of one long series, read by a thread of their own, some ahead of whoever
 * takes them.
 *
 * What is read is the same, in the same order, and an error comes behind the batches before it. The
 * room that batches wait in is bounded and not counted against the statement's memory, whose limit
 * is far larger. */
#ifndef PACE_AHEAD_H
#define PACE_AHEAD_H

#include "direct.h"

struct ahead;

/* Whether a statement may read a stream of so many runs that way. */
bool ahead_is_worth(const struct context *ctx, uint64_t runs);
/* How many batches are read without: a thread is not worth starting for fewer. */
uint64_t ahead_begins(const struct context *ctx);
/* Reads what is left of a source, which is nobody else's until the end. NULL: there is no
 * thread. */
struct ahead *ahead_start(struct context *ctx, struct direct_source *source);
/* The next batch, until the one behind it is asked for; at the end, one of no rows. 0, or what the
 * store says. */
int ahead_next(struct ahead *ahead, struct pace_error *error, const struct direct_rows **out);
/* Ends it, at the end or before; the source is the caller's again. false: this is a forked child,
 * in which nothing of it may be touched. NULL is allowed. */
bool ahead_end(struct context *ctx, struct ahead *ahead);

#endif
