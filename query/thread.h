/* thread.h -- a thread of the library's own. */
#ifndef PACE_THREAD_H
#define PACE_THREAD_H

#include <pthread.h>

/* Starts one, which gets no signals: those of the program are for its own threads. 0, or -1: there
 * is none. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
