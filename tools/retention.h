/* retention.h -- which history `pace compact` drops: rules of the command line, made into sets of
 * runs and series before anything is written. */
#ifndef PACE_RETENTION_H
#define PACE_RETENTION_H

#include "../engine/pace.h"
#include "command.h"

struct retention;

/* Reads --before, --keep-per and --drop and looks up in the store what they mean. On failure says
 * why and returns the exit status. */
int retention_read(const struct arguments *arguments, pace *store, struct retention **out);
void retention_free(struct retention *retention); /* NULL is allowed */

/* The callbacks of pace_compact; the context is the retention. What came to the store since it was
 * read stays. */
int retention_keep_run(void *context, const struct pace_stream *stream,
                       const struct pace_run_view *run);
int retention_keep_cell(void *context, const struct pace_stream *stream,
                        const struct pace_run_view *run, uint32_t column);

#endif
