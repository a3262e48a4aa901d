/* window.c -- the last values of one series; see window.h.
 *
 *   order of time   ring   [ 5 9 . . 2 7 4 8 ]   first = 4, size = 6
 *                           back    front
 *   order of size   buckets [2 4 5] [7 8 9]      up to BUCKET_MAX values each
 *
 * Buckets split when full and join when two neighbours would fill half of one, so there are at most
 * about 4 W / BUCKET_MAX of them. The first bucket grows from a few values, so a window over 30
 * costs some 1.5 KiB. */
#include "window.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKET_FIRST = 32, BUCKET_MAX = 1024, RING_FIRST = 16 };

struct window_bucket {
    double *values;
    uint32_t count, room;
};

/* -- life -------------------------------------------------------------------------------------- */

void window_init(struct window *window, size_t limit)
{
    *window = (struct window){.limit = limit};
}

static void buckets_drop(struct window *w)
{
    for (size_t i = 0; i < w->bucket_count; i++)
        free(w->buckets[i].values);
    w->bucket_count = 0;
}

void window_release(struct window *window)
{
    buckets_drop(window);
    free(window->buckets);
    free(window->ring);
    free(window->front);
    window_init(window, window->limit);
}

void window_clear(struct window *window)
{
    /* The first bucket stays, as most windows have no other. */
    while (window->bucket_count > 1)
        free(window->buckets[--window->bucket_count].values);
    if (window->bucket_count) window->buckets[0].count = 0;
    window->first = window->size = window->front_size = 0;
    window->back = (struct moments){0, 0, 0};
}

/* -- order of time ----------------------------------------------------------------------------- */

static size_t ring_place(const struct window *w, size_t index)
{
    return (w->first + index) & (w->room - 1);
}

/* Room for one value more. Places change, so the moments of the older part are copied along. */
static bool ring_reserve(struct window *w)
{
    if (w->size < w->room) return true;
    size_t room = w->room ? w->room * 2 : RING_FIRST;
    double *ring = malloc(room * sizeof *ring);
    struct moments *front = malloc(room * sizeof *front);
    if (!ring || !front) {
        free(ring);
        free(front);
        return false;
    }
    for (size_t i = 0; i < w->size; i++)
        ring[i] = w->ring[ring_place(w, i)];
    for (size_t i = 0; i < w->front_size; i++)
        front[i] = w->front[ring_place(w, i)];
    free(w->ring);
    free(w->front);
    w->ring = ring;
    w->front = front;
    w->room = room;
    w->first = 0;
    return true;
}

/* Makes all values the older part: once per value in all. */
static void moments_turn(struct window *w)
{
    struct moments sum = {0, 0, 0};
    for (size_t i = w->size; i-- > 0;) {
        size_t place = ring_place(w, i);
        moments_push(&sum, w->ring[place]);
        w->front[place] = sum;
    }
    w->front_size = w->size;
    w->back = (struct moments){0, 0, 0};
}

/* -- order of size ----------------------------------------------------------------------------- */

/* First bucket whose largest value is at least `value`, or the last one. */
static size_t bucket_find(const struct window *w, double value)
{
    size_t low = 0, high = w->bucket_count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct window_bucket *b = &w->buckets[middle];
        if (b->values[b->count - 1] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many values of a bucket are less than `value`. */
static uint32_t bucket_rank(const struct window_bucket *b, double value)
{
    uint32_t low = 0, high = b->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool bucket_add(struct window *w, size_t index, uint32_t room)
{
    if (w->bucket_count == w->bucket_room) {
        size_t more = w->bucket_room ? w->bucket_room * 2 : 1;
        struct window_bucket *buckets = realloc(w->buckets, more * sizeof *buckets);
        if (!buckets) return false;
        w->buckets = buckets;
        w->bucket_room = more;
    }
    double *values = malloc(room * sizeof *values);
    if (!values) return false;
    memmove(&w->buckets[index + 1], &w->buckets[index],
            (w->bucket_count - index) * sizeof *w->buckets);
    w->buckets[index] = (struct window_bucket){.values = values, .count = 0, .room = room};
    w->bucket_count++;
    return true;
}

static void bucket_remove(struct window *w, size_t index)
{
    free(w->buckets[index].values);
    w->bucket_count--;
    memmove(&w->buckets[index], &w->buckets[index + 1],
            (w->bucket_count - index) * sizeof *w->buckets);
}

/* Room for one value more in the bucket that takes `value`; returns that bucket, or NULL. */
static struct window_bucket *bucket_reserve(struct window *w, double value)
{
    if (w->bucket_count == 0 && !bucket_add(w, 0, BUCKET_FIRST)) return NULL;
    size_t index = bucket_find(w, value);
    struct window_bucket *b = &w->buckets[index];
    if (b->count < b->room) return b;
    if (b->room < BUCKET_MAX) {
        double *values = realloc(b->values, 2 * b->room * sizeof *values);
        if (!values) return NULL;
        b->values = values;
        b->room *= 2;
        return b;
    }
    if (!bucket_add(w, index + 1, BUCKET_MAX)) return NULL;
    b = &w->buckets[index];
    struct window_bucket *upper = &w->buckets[index + 1];
    b->count = BUCKET_MAX / 2;
    upper->count = BUCKET_MAX - b->count;
    memcpy(upper->values, b->values + b->count, upper->count * sizeof *upper->values);
    return value > b->values[b->count - 1] ? upper : b;
}

static void bucket_insert(struct window_bucket *b, double value)
{
    uint32_t rank = bucket_rank(b, value);
    memmove(&b->values[rank + 1], &b->values[rank], (b->count - rank) * sizeof *b->values);
    b->values[rank] = value + 0.0; /* -0 and 0 are one value */
    b->count++;
}

/* Joins a bucket with the next one when both are small. */
static void bucket_join(struct window *w, size_t index)
{
    if (index + 1 >= w->bucket_count) return;
    struct window_bucket *b = &w->buckets[index], *next = &w->buckets[index + 1];
    if (b->count + next->count > BUCKET_MAX / 2 || b->count + next->count > b->room) return;
    memcpy(b->values + b->count, next->values, next->count * sizeof *b->values);
    b->count += next->count;
    bucket_remove(w, index + 1);
}

static void bucket_erase(struct window *w, double value)
{
    size_t index = bucket_find(w, value);
    struct window_bucket *b = &w->buckets[index];
    uint32_t rank = bucket_rank(b, value);
    assert(rank < b->count && b->values[rank] <= value);
    b->count--;
    memmove(&b->values[rank], &b->values[rank + 1], (b->count - rank) * sizeof *b->values);
    if (b->count == 0 && w->bucket_count > 1) {
        bucket_remove(w, index);
        return;
    }
    bucket_join(w, index);
    if (index > 0) bucket_join(w, index - 1);
}

/* The value of a rank, 0 = smallest; rank < size. */
static double rank_value(const struct window *w, size_t rank)
{
    const struct window_bucket *b = w->buckets;
    while (rank >= b->count) {
        rank -= b->count;
        b++;
    }
    return b->values[rank];
}

/* -- verbs ------------------------------------------------------------------------------------- */

int window_push(struct window *window, double value)
{
    assert(isfinite(value));
    if (window->limit && window->size == window->limit) window_pop_oldest(window);
    if (!ring_reserve(window)) return -1;
    struct window_bucket *bucket = bucket_reserve(window, value);
    if (!bucket) return -1;
    bucket_insert(bucket, value);
    window->ring[ring_place(window, window->size)] = value;
    window->size++;
    moments_push(&window->back, value);
    return 0;
}

void window_pop_oldest(struct window *window)
{
    assert(window->size > 0);
    if (window->front_size == 0) moments_turn(window);
    bucket_erase(window, window->ring[window->first]);
    window->first = ring_place(window, 1);
    window->size--;
    window->front_size--;
}

/* -- queries ----------------------------------------------------------------------------------- */

size_t window_size(const struct window *window)
{
    return window->size;
}

double window_value(const struct window *window, size_t index)
{
    assert(index < window->size);
    return window->ring[ring_place(window, index)];
}

void window_copy(const struct window *window, double *values)
{
    for (size_t i = 0; i < window->size; i++)
        values[i] = window->ring[ring_place(window, i)];
}

void window_copy_sorted(const struct window *window, double *values)
{
    for (size_t i = 0; i < window->bucket_count; i++) {
        const struct window_bucket *b = &window->buckets[i];
        memcpy(values, b->values, b->count * sizeof *values);
        values += b->count;
    }
}

static struct moments window_moments(const struct window *w)
{
    struct moments sum = {0, 0, 0};
    if (w->front_size) sum = w->front[w->first];
    moments_merge(&sum, &w->back);
    return sum;
}

double window_mean(const struct window *window)
{
    return window->size ? window_moments(window).mean : (double)NAN;
}

double window_sd(const struct window *window)
{
    struct moments sum = window_moments(window);
    return moments_sd(&sum);
}

double window_min(const struct window *window)
{
    return window->size ? rank_value(window, 0) : (double)NAN;
}

double window_max(const struct window *window)
{
    if (window->size == 0) return (double)NAN;
    const struct window_bucket *last = &window->buckets[window->bucket_count - 1];
    return last->values[last->count - 1];
}

double window_quantile(const struct window *window, double p)
{
    if (window->size == 0 || !(p >= 0 && p <= 1)) return (double)NAN;
    double r = p * (double)(window->size - 1);
    size_t rank = (size_t)r;
    if (rank >= window->size - 1) return window_max(window);
    double fraction = r - (double)rank, low = rank_value(window, rank);
    return fraction > 0 ? low + (rank_value(window, rank + 1) - low) * fraction : low;
}

double window_median(const struct window *window)
{
    return window_quantile(window, 0.5);
}
