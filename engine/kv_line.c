/* kv_line.c -- see kv_line.h. */
#include "kv_line.h"

#include <errno.h>

void kv_line_init(struct kv_line *line)
{
    pthread_condattr_t attributes;
    *line = (struct kv_line){0};
    pthread_mutex_init(&line->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&line->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void kv_line_free(struct kv_line *line)
{
    pthread_cond_destroy(&line->changed);
    pthread_mutex_destroy(&line->mutex);
}

static void unlink_place(struct kv_line *line, const struct kv_place *place)
{
    struct kv_place **at = &line->first;
    while (*at != place)
        at = &(*at)->next;
    *at = place->next;
}

enum kv_turn kv_line_enter(struct kv_line *line, struct kv_place *place,
                           const struct timespec *deadline)
{
    enum kv_turn turn = KV_LEADS;
    struct kv_place **last = &line->first;
    int is_late = 0;
    pthread_mutex_lock(&line->mutex);
    while (*last)
        last = &(*last)->next;
    *last = place;
    while (!place->is_done && (place->is_taken || line->is_led || line->first != place)) {
        if (place->is_taken) {
            pthread_cond_wait(&line->changed, &line->mutex);
            continue;
        }
        if (is_late) break;
        is_late = pthread_cond_timedwait(&line->changed, &line->mutex, deadline) == ETIMEDOUT;
    }
    if (place->is_done) {
        turn = KV_DONE;
    } else {
        unlink_place(line, place);
        if (line->is_led)
            turn = KV_LATE;
        else
            line->is_led = 1;
    }
    pthread_mutex_unlock(&line->mutex);
    return turn;
}

size_t kv_line_take(struct kv_line *line, struct kv_place **taken, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&line->mutex);
    for (struct kv_place **at = &line->first; *at && count < max;) {
        struct kv_place *place = *at;
        if (!place->work || !place->work->is_little) {
            at = &place->next;
            continue;
        }
        *at = place->next;
        place->is_taken = 1;
        taken[count++] = place;
    }
    pthread_mutex_unlock(&line->mutex);
    return count;
}

void kv_line_leave(struct kv_line *line, struct kv_place *const *taken, size_t count)
{
    pthread_mutex_lock(&line->mutex);
    for (size_t i = 0; i < count; i++)
        taken[i]->is_done = 1;
    line->is_led = 0;
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->mutex);
}
