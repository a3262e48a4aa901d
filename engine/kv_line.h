/* kv_line.h -- the writers of one process, in line: one of them leads, and may take those behind it
 * along.
 *
 * Whoever comes while nobody writes leads at once. Those who come meanwhile wait; when the leader
 * leaves, the first of them leads and can do the work of the others with its own. Threads that
 * arrive together so share what is dear, one flush to the disk. Needs only pthreads. */
#ifndef PACE_KV_LINE_H
#define PACE_KV_LINE_H

#include "kv.h"

#include <pthread.h>
#include <time.h>

/* A writer in line; memory of the waiting thread. */
struct kv_place {
    struct kv_place *next;
    const struct kv_work *work; /* NULL: it does not write, it holds the others off */
    struct pace_error *error;   /* filled by whoever does the work; may be NULL */
    int rc;
    int is_taken, is_done;
};

struct kv_line {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct kv_place *first; /* those who wait, in order of arrival */
    int is_led;
};

void kv_line_init(struct kv_line *line);
void kv_line_free(struct kv_line *line);

/* Waits for its turn. KV_LEADS: it is the caller's, until kv_line_leave. KV_DONE: another writer has
 * done the work, place->rc says how it went. KV_LATE: the deadline passed and nothing was done. */
enum kv_turn { KV_LEADS, KV_DONE, KV_LATE };
enum kv_turn kv_line_enter(struct kv_line *line, struct kv_place *place,
                           const struct timespec *deadline);

/* The leader takes those along who wait with little work: at most `max` of them, in order. They wait
 * until kv_line_leave, whatever their deadlines. */
size_t kv_line_take(struct kv_line *line, struct kv_place **taken, size_t max);

/* The leader is done, and with it the places that it took. */
void kv_line_leave(struct kv_line *line, struct kv_place *const *taken, size_t count);

#endif
