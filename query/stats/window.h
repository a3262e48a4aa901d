/* window.h -- the last values of one series, in order of time and in order of size.
 *
 * push and pop_oldest cost O(log W) and a short move of memory; a quantile a scan of at most
 * W / 256 counts; mean, deviation, smallest and largest O(1). Moments are only ever merged, never
 * subtracted, so a huge value that has left leaves no error behind. Values are finite. Not
 * thread-safe for one window; pure otherwise. */
#ifndef PACE_WINDOW_H
#define PACE_WINDOW_H

#include "sample.h"

#include <stddef.h>
#include <stdint.h>

struct window_bucket; /* values in order of size */

struct window {
    size_t limit; /* most values; a push into a full window drops the oldest */

    /* Values in order of time: a ring of `room` places (a power of two), the oldest at `first`. */
    double *ring;
    size_t room, first, size;

    /* Moments as a queue of two stacks: front[i] holds those of the values from the i-th place of
     * the ring to the end of the older part, which has front_size values; back those of the rest.
     */
    struct moments *front;
    size_t front_size;
    struct moments back;

    /* Values in order of size, cut into buckets. */
    struct window_bucket *buckets;
    size_t bucket_count, bucket_room;
};

/* `limit` 0: no limit. Takes no memory before the first push. */
void window_init(struct window *window, size_t limit);
void window_release(struct window *window);
void window_clear(struct window *window); /* empty, memory kept */

/* 0, or -1 when out of memory: the value is not taken, though a full window lost its oldest. */
int window_push(struct window *window, double value);
/* Drops the oldest value of a window that is not empty. */
void window_pop_oldest(struct window *window);

size_t window_size(const struct window *window);
double window_value(const struct window *window, size_t index);       /* 0 = oldest; index < size */
void window_copy(const struct window *window, double *values);        /* in order of time */
void window_copy_sorted(const struct window *window, double *values); /* in order of size */

/* NAN for an empty window; window_sd for less than two values. */
double window_mean(const struct window *window);
double window_sd(const struct window *window); /* n-1; exactly 0 when all are equal */
double window_min(const struct window *window);
double window_max(const struct window *window);
double window_quantile(const struct window *window, double p); /* type 7; 0 <= p <= 1 */
double window_median(const struct window *window);

#endif
