/* moving.c -- see moving.h. */
#include "moving.h"

#include "sample.h"

#include <math.h>

/* Of the square of a deviation: what the square of the shift's distance from the mean may be. */
static const double FAR = 100;

struct sums {
    double sum, squares; /* of x - shift */
};

/* Two blocks that meet: sums of the tails of the one, and of the head of the other so far. */
struct moving {
    const double *x;
    size_t boundary; /* the first value of the head */
    double shift;
    struct sums tail[MOVING_MAX + 1]; /* by length */
    struct sums head;
    size_t until; /* the head holds [boundary, until) */
};

static inline void add(struct sums *to, double difference)
{
    to->sum += difference;
    to->squares += difference * difference;
}

/* Goes on to windows that begin at `from` or later and reach beyond `boundary`. */
static void moving_begin(struct moving *moving, size_t boundary, size_t from)
{
    const double *x = moving->x;
    moving->boundary = moving->until = boundary;
    moving->shift = boundary > from ? x[boundary - 1] : x[boundary];
    moving->head = moving->tail[0] = (struct sums){0, 0};
    struct sums sums = {0, 0};
    for (size_t i = boundary; i > from; i--) {
        add(&sums, x[i - 1] - moving->shift);
        moving->tail[boundary - i + 1] = sums;
    }
}

/* Adds values to the head. */
static inline void moving_on(struct moving *moving, size_t end)
{
    struct sums head = moving->head;
    size_t i = moving->until;
    for (; i < end; i++)
        add(&head, moving->x[i] - moving->shift);
    moving->head = head;
    moving->until = i;
}

/* The deviation of a window whose mean lies `distance` from the shift. */
static double deviation(const struct moving *moving, struct sums sums, double distance,
                        size_t first, size_t n)
{
    double far = sums.sum * distance, m2 = sums.squares - far;
    if (n < 2) return (double)NAN;
    if (!(sums.squares > 0)) return 0; /* all are the shift */
    if (far <= FAR * m2 && isfinite(sums.squares)) return sqrt(m2 / (double)(n - 1));
    return sample_sd(moving->x + first, n);
}

/* The last place up to `until` where a block of the series begins; none: 0. */
static size_t boundary_at(uint64_t origin, size_t window, size_t until)
{
    size_t past = (size_t)((origin + until) % window);
    return until > past ? until - past : 0;
}

void moving_moments(const double *x, uint64_t origin, size_t window, const uint32_t *end,
                    size_t count, const struct moving_out *out)
{
    struct moving moving;
    moving.x = x;
    moving.boundary = SIZE_MAX;
    size_t block = count ? boundary_at(origin, window, end[0]) : 0, next = SIZE_MAX;
    if (count) next = end[0] + window - (size_t)((origin + end[0]) % window);
    for (size_t i = 0; i < count; i++) {
        size_t until = end[i], first = until > window ? until - window : 0, n = until - first;
        if (n == 0) {
            if (out->sum) out->sum[i] = (double)NAN;
            if (out->mean) out->mean[i] = (double)NAN;
            if (out->sd) out->sd[i] = (double)NAN;
            continue;
        }
        for (; until >= next; next += window)
            block = next;
        size_t boundary = block > first ? block : first;
        if (boundary != moving.boundary) moving_begin(&moving, boundary, first);
        moving_on(&moving, until);
        struct sums sums = moving.tail[boundary - first];
        sums.sum += moving.head.sum;
        sums.squares += moving.head.squares;
        double distance = sums.sum / (double)n;
        if (out->sum) out->sum[i] = fma((double)n, moving.shift, sums.sum);
        if (out->mean) out->mean[i] = moving.shift + distance;
        if (out->sd) out->sd[i] = deviation(&moving, sums, distance, first, n);
    }
}
