/* progress.h -- a line on the terminal that tells how far something is, once it takes over a
 * second.
 *
 * A thread looks now and then at how much is done, so that what works need not tell. Only where
 * stderr is a terminal, and never in the way of a message: say.h clears the line first. SIGINT and
 * SIGTERM clear it too, and then end the program as they would have. One at a time. */
#ifndef PACE_PROGRESS_H
#define PACE_PROGRESS_H

#include <stdint.h>

struct progress {
    const char *what;      /* "verifying" */
    const char *unit;      /* of `done`, for the rate: "runs", "B" */
    const uint64_t *total; /* looked at each time; 0: not known, then there is no bar */
    /* How much is done; called by the other thread, while the work goes on. */
    uint64_t (*done)(const void *context);
    const void *context;
};

/* *progress has to live until progress_end, which is allowed without progress_begin. */
void progress_begin(const struct progress *progress);
void progress_end(void);

/* Clears the line; it comes back with the next look. */
void progress_hide(void);

/* A `done`: the number that the context points to. */
uint64_t progress_count(const void *context);

/* The line itself, for `seconds` of work: at most `size` bytes. */
void progress_text(const struct progress *progress, uint64_t done, double seconds, char *text,
                   int size);

#endif
