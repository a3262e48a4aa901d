/* guard.h -- what the command says when the store's file gives way under it.
 *
 * A file that is cut while it is read, or damaged so that LMDB reads beyond its end, ends a process
 * with SIGBUS or SIGSEGV. The command then says so and ends with status 3 (STATUS_DATA). The
 * library leaves signals alone. */
#ifndef PACE_GUARD_H
#define PACE_GUARD_H

/* From now on, in this process and those it forks, not in programs that they execute. Under
 * sanitizers, which want to see such signals themselves, it does nothing. */
void guard_begin(void);

/* These signals end the process again. */
void guard_end(void);

#endif
