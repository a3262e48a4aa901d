/* error.h -- how the engine reports: a code, and a message for people in the caller's pace_error.
 *
 * error_set() returns its code, so that `return error_set(error, PACE_ENAME, "...")` is the
 * idiom. */
#ifndef PACE_ERROR_H
#define PACE_ERROR_H

#include "pace.h"

/* Fills *error (may be NULL) and returns `code`. */
int error_set(struct pace_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The message for memory that ran out; returns PACE_ENOMEM. */
int error_memory(struct pace_error *error);

/* `what` exceeds a limit of limits.def; returns PACE_ELIMIT, the message carries the limit's
 * name. */
#define ERROR_LIMIT(error, limit, what) error_limit((error), (limit), #limit, (what))
int error_limit(struct pace_error *error, enum pace_limit limit, const char *name,
                const char *what);

/* A record is damaged: `what` names it; returns PACE_ECORRUPT. */
int error_damaged(struct pace_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
