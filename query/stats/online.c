/* online.c -- see online.h.
 *
 * The level and the noise that FOCuS measures in are those of the points since the last change. They are
 * estimated anew, and these points taken in again, whenever there are twice as many: two passes in
 * all. Points count for fewer where neighbours are correlated. */
#include "online.h"

#include "focus.h"
#include "noise.h"
#include "sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* So few points tell no noise: until then only the confirming method could find anything. */
enum { ONLINE_LEAST = 10 };
/* Points that a candidate is judged by: so many, and so many for each point behind it. */
enum { CONFIRM_LEAST = 500, CONFIRM_TIMES = 4 };

struct online {
    const double *x;
    struct segment_options options;
    double *scratch;
    size_t from;       /* first point of the level */
    size_t count;      /* points since then */
    size_t learn_next; /* the count at which noise is estimated again */
    size_t try_next;   /* the count before which a candidate that failed is not tried again */
    struct focus focus;
    double threshold; /* INFINITY: no noise yet */
    struct change *changes;
    size_t change_capacity;
};

static void level_start(struct online *online, size_t from)
{
    online->from = from;
    online->count = 0;
    online->learn_next = ONLINE_LEAST;
    online->try_next = 0;
    online->threshold = (double)INFINITY;
}

/* Level and noise of the points of this level, which FOCuS takes in again: the last one too. Returns the
 * statistic. */
static double level_learn(struct online *online, size_t *since)
{
    const double *x = online->x + online->from;
    size_t n = online->count;
    online->learn_next = 2 * n;
    struct noise noise = noise_of_differences(x, NULL, n, online->scratch);
    if (!(noise.sigma > 0)) return 0;
    memcpy(online->scratch, x, n * sizeof *x);
    focus_init(&online->focus, select_median(online->scratch, n), noise.sigma);
    double excess = noise_long_run(noise) / (noise.sigma * noise.sigma);
    online->threshold = focus_threshold(ONLINE_RUN_LENGTH) * excess;
    for (size_t i = 0; i < n; i++)
        focus_add(&online->focus, x[i]);
    return focus_statistic(&online->focus, since);
}

/* The changes that the points of this level hold, or as many of the last ones as are enough for a change
 * before the last `since`: how many were written to cuts, or -1. */
static int level_confirm(struct online *online, size_t since, size_t *cuts)
{
    size_t enough = CONFIRM_LEAST + CONFIRM_TIMES * since, end = online->from + online->count;
    size_t count = online->count < enough ? online->count : enough;
    const double *x = online->x + end - count;
    int found =
        segment_changes(x, count, &online->options, online->changes, online->change_capacity);
    if (found > 0 && (size_t)found > online->change_capacity) {
        size_t capacity = (size_t)found;
        struct change *grown = realloc(online->changes, capacity * sizeof *grown);
        if (!grown) return -1;
        online->changes = grown;
        online->change_capacity = capacity;
        found = segment_changes(x, count, &online->options, grown, capacity);
    }
    int made = 0;
    for (int i = 0; i < found; i++)
        if (online->changes[i].kind != CHANGE_EXCURSION)
            cuts[made++] = end - count + online->changes[i].index;
    return found < 0 ? -1 : made;
}

/* Takes the next point in; how many changes were found and written to cuts, or -1. */
static int online_push(struct online *online, size_t *cuts)
{
    size_t since = 0;
    double statistic = 0, x = online->x[online->from + online->count++];
    if (online->count == online->learn_next)
        statistic = level_learn(online, &since);
    else if (isfinite(online->threshold))
        statistic = focus_push(&online->focus, x, &since);
    /* Without any spread so far, any other value is a candidate. */
    bool differs = isinf(online->threshold) && online->count >= ONLINE_LEAST &&
                   (x < online->x[online->from] || x > online->x[online->from]);
    if (!(statistic >= online->threshold || differs)) return 0;
    if (since < online->options.shortest && !differs) return 0;
    if (online->count < online->try_next) return 0;
    online->try_next = online->count + 1 + since / 2;
    return level_confirm(online, since, cuts);
}

int online_cuts(const double *x, size_t n, const struct segment_options *options, size_t *cuts)
{
    struct online online = {.x = x, .options = *options, .scratch = malloc((n + 1) * sizeof *x)};
    int status = online.scratch ? 0 : -1;
    size_t count = 0;
    online.options.method = METHOD_FPOP;
    level_start(&online, 0);
    while (status >= 0 && online.from + online.count < n) {
        status = online_push(&online, cuts + count);
        if (status <= 0) continue;
        /* The points of the new level are taken in again. */
        count += (size_t)status;
        level_start(&online, cuts[count - 1]);
    }
    free(online.scratch);
    free(online.changes);
    return status < 0 ? -1 : (int)count;
}
