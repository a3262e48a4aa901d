/* online.c -- see online.h.
 *
 * The level and the noise that FOCuS measures in are those of the points since the last change.
 * They are estimated anew, and these points taken in again, whenever there are twice as many: two
 * passes in all. Points count for fewer where neighbours are correlated. */
#include "online.h"

#include "noise.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* So few points tell no noise: until then only the confirming method could find anything. */
enum { ONLINE_LEAST = 10 };
/* Points that a candidate is judged by: so many, and so many for each point behind it. */
enum { CONFIRM_LEAST = 500, CONFIRM_TIMES = 4 };
enum { HEAD_BYTES = 4 * 8 }; /* of a packed state */
/* What rounding may add to the statistic. */
#define SLACK 1e-6

void online_work_free(struct online_work *work)
{
    free(work->told);
    free(work->scratch);
    free(work->changes);
    *work = (struct online_work){.options = work->options};
}

/* The items with room for `count`, which is at least 1; NULL without memory, and then they stay. */
static void *with_room(void *items, size_t *capacity, size_t count, size_t size)
{
    if (count <= *capacity) return items;
    size_t more = *capacity * 2 > count ? *capacity * 2 : count;
    void *grown = realloc(items, more * size);
    if (grown) *capacity = more;
    return grown;
}

void online_start(struct online *online)
{
    memset(online, 0, sizeof *online);
    online->learn_next = ONLINE_LEAST;
    online->threshold = (double)INFINITY;
}

static bool has_noise(const struct online *online)
{
    return isfinite(online->threshold);
}

/* Without any spread so far, any other value is a candidate. */
static bool differs(const struct online *online, double x)
{
    return !has_noise(online) && online->count >= ONLINE_LEAST &&
           (x < online->first || x > online->first);
}

bool online_push(struct online *online, double x)
{
    if (online->count++ == 0) online->first = x;
    if (online->count == online->learn_next) return true;
    if (!has_noise(online)) return differs(online, x) && online->count >= online->try_next;
    online->most += focus_add(&online->focus, x);
    if (online->most + SLACK * (1 + online->most) < online->threshold ||
        online->count < online->try_next)
        return false;
    size_t since;
    online->most = focus_statistic(&online->focus, &since);
    return online->most >= online->threshold;
}

/* Level and noise of the points of this level, which FOCuS takes in again: the last one too. */
static int level_learn(struct online *online, struct online_work *work, const double *level)
{
    size_t n = (size_t)online->count, since;
    double *scratch = with_room(work->scratch, &work->scratch_capacity, n, sizeof *scratch);
    if (!scratch) return -1;
    work->scratch = scratch;
    online->learn_next = 2 * online->count;
    struct noise noise = noise_of_differences(level, NULL, n, work->scratch);
    if (!(noise.sigma > 0)) return 0;
    memcpy(work->scratch, level, n * sizeof *level);
    focus_init(&online->focus, select_median(work->scratch, n), noise.sigma);
    double excess = (1 + noise.rho) / (1 - noise.rho); /* no square of sigma, which may have none */
    online->threshold = focus_threshold(ONLINE_RUN_LENGTH) * excess;
    for (size_t i = 0; i < n; i++)
        (void)focus_add(&online->focus, level[i]);
    online->most = focus_statistic(&online->focus, &since);
    return 0;
}

/* The changes that the points of this level hold, or as many of the last ones as are enough for a
 * change before the last `since`; indices count from the level's first point. How many, or -1. */
static int level_confirm(const struct online *online, struct online_work *work, const double *level,
                         size_t since)
{
    size_t enough = CONFIRM_LEAST + CONFIRM_TIMES * since, points = (size_t)online->count;
    size_t count = points < enough ? points : enough, before = points - count;
    struct segment_options options = work->options;
    options.method = METHOD_FPOP;
    int found, made = 0;
    for (;;) {
        found =
            segment_changes(level + before, count, &options, work->changes, work->change_capacity);
        if (found < 0 || (size_t)found <= work->change_capacity) break;
        struct change *changes =
            with_room(work->changes, &work->change_capacity, (size_t)found, sizeof *changes);
        if (!changes) return -1;
        work->changes = changes;
    }
    for (int i = 0; i < found; i++) {
        struct change change = work->changes[i];
        if (change.kind == CHANGE_EXCURSION) continue;
        change.index += before;
        change.end += before;
        change.earliest += before;
        change.latest += before;
        work->changes[made++] = change;
    }
    return found < 0 ? -1 : made;
}

/* What the points of the level say when the last one asks: how many changes are in work->changes,
 * or
 * -1. */
static int level_ask(struct online *online, struct online_work *work, const double *level)
{
    size_t n = (size_t)online->count, since = 0;
    if (online->count == online->learn_next && level_learn(online, work, level)) return -1;
    bool odd = differs(online, level[n - 1]);
    if (!odd && !(has_noise(online) && online->most >= online->threshold)) return 0;
    if (!odd) (void)focus_statistic(&online->focus, &since);
    if ((!odd && since < work->options.shortest) || online->count < online->try_next) return 0;
    online->try_next = online->count + 1 + since / 2;
    return level_confirm(online, work, level, since);
}

/* Tells the changes of work->changes, of the level that begins at x[level]. Those before came back
 * where a later level is on the other side of their middle. */
static int tell(struct online_work *work, size_t count, size_t level, size_t at)
{
    struct online_change *told =
        with_room(work->told, &work->capacity, work->count + count, sizeof *told);
    if (!told) return -1;
    work->told = told;
    for (size_t i = 0; i < count; i++) {
        struct change change = work->changes[i];
        change.index += level;
        change.end += level;
        change.earliest += level;
        change.latest += level;
        for (size_t k = 0; k < work->count; k++) {
            struct change *old = &work->told[k].change;
            double middle = 0.5 * (old->before + old->after);
            old->recovered |=
                old->after > old->before ? change.after < middle : change.after > middle;
        }
        work->told[work->count++] = (struct online_change){.change = change, .at = at};
    }
    return 0;
}

int online_run(struct online *online, struct online_work *work, const double *x, size_t n,
               size_t next, size_t *level)
{
    size_t reached = next;
    for (size_t i = next; i < n; i++) {
        if (i > reached) reached = i;
        if (!online_push(online, x[i])) continue;
        int found = level_ask(online, work, x + *level);
        if (found > 0 && tell(work, (size_t)found, *level, reached)) found = -1;
        if (found < 0) return -1;
        if (found == 0) continue;
        /* The points of the new level are taken in again. */
        *level = work->told[work->count - 1].change.index;
        online_start(online);
        i = *level - 1;
    }
    return 0;
}

int online_changes(const double *x, size_t n, const struct segment_options *options,
                   struct change *changes, size_t capacity)
{
    struct online_work work = {.options = *options};
    struct online online;
    size_t level = 0;
    online_start(&online);
    int status = online_run(&online, &work, x, n, 0, &level);
    for (size_t i = 0; !status && i < work.count && i < capacity; i++)
        changes[i] = work.told[i].change;
    if (!status) status = (int)work.count;
    online_work_free(&work);
    return status;
}

/* -- the state as bytes ------------------------------------------------------------------------ */

size_t online_pack(const struct online *online, uint8_t bytes[ONLINE_BYTES])
{
    uint8_t *at = bytes;
    memcpy(at, &online->count, 8);
    memcpy(at + 8, &online->try_next, 8);
    memcpy(at + 16, &online->first, 8);
    memcpy(at + 24, &online->threshold, 8);
    at += HEAD_BYTES;
    if (has_noise(online)) at += focus_pack(&online->focus, at);
    return (size_t)(at - bytes);
}

/* All but what FOCuS knows. */
static bool head_unpack(struct online *online, const uint8_t *bytes, size_t len)
{
    if (len < HEAD_BYTES) return false;
    memcpy(&online->count, bytes, 8);
    memcpy(&online->try_next, bytes + 8, 8);
    memcpy(&online->first, bytes + 16, 8);
    memcpy(&online->threshold, bytes + 24, 8);
    if (online->count > UINT64_MAX / 4 || !(online->threshold > 0)) return false;
    online->learn_next = ONLINE_LEAST;
    while (online->learn_next <= online->count)
        online->learn_next *= 2;
    online->most = (double)INFINITY; /* not known: the next point tells */
    return true;
}

bool online_unpack(struct online *online, const uint8_t *bytes, size_t len)
{
    memset(online, 0, sizeof *online);
    if (!head_unpack(online, bytes, len)) return false;
    if (!has_noise(online)) return len == HEAD_BYTES && isfinite(online->first);
    return focus_unpack(&online->focus, bytes + HEAD_BYTES, len - HEAD_BYTES) &&
           online->focus.count >= (double)online->count &&
           online->focus.count <= (double)online->count;
}

/* -- a state that is only looked at ------------------------------------------------------------ */

/* The prefixes that a change may end, of the points of a level and of some more behind them. */
struct prefixes {
    double count[2 * FOCUS_CORNERS + ONLINE_QUIET_POINTS],
        sum[2 * FOCUS_CORNERS + ONLINE_QUIET_POINTS];
    size_t length;
};

/* The statistic over these prefixes of n values: of more than the corners, and so the same. */
static double prefixes_most(const struct prefixes *at, double n, double sum)
{
    double most = 0, mean = sum / n;
    for (size_t i = 0; i < at->length; i++) {
        double distance = at->sum[i] - at->count[i] * mean;
        double ratio = distance * distance / (at->count[i] * (n - at->count[i]));
        most = ratio > most ? ratio : most;
    }
    return n * most;
}

/* The corners that lie behind the first point, and the state without them. */
static bool prefixes_read(const uint8_t *bytes, size_t len, struct focus *focus,
                          struct prefixes *out)
{
    enum { HEAD = 4 * sizeof(double), CORNER = 2 * sizeof(double) };
    double head[HEAD / sizeof(double)];
    if (len < HEAD || len > FOCUS_BYTES || (len - HEAD) % CORNER) return false;
    memcpy(head, bytes, sizeof head);
    focus->centre = head[0];
    focus->sigma = head[1];
    focus->count = head[2];
    focus->sum = head[3];
    out->length = 0;
    for (size_t at = HEAD; at < len; at += CORNER) {
        double corner[2];
        memcpy(corner, bytes + at, sizeof corner);
        if (!(corner[0] > 0)) continue;
        out->count[out->length] = corner[0];
        out->sum[out->length++] = corner[1];
    }
    return focus->sigma > 0 && focus->count > 0;
}

bool online_quiet(const uint8_t *bytes, size_t len, const double *x, size_t n)
{
    struct online online;
    struct prefixes prefixes;
    if (n > ONLINE_QUIET_POINTS || !head_unpack(&online, bytes, len) ||
        online.count + n >= online.learn_next)
        return false;
    if (!has_noise(&online)) {
        for (size_t i = 0; i < n; i++)
            if (x[i] < online.first || x[i] > online.first) return online.count + n < ONLINE_LEAST;
        return true;
    }
    struct focus *focus = &online.focus;
    if (!prefixes_read(bytes + HEAD_BYTES, len - HEAD_BYTES, focus, &prefixes)) return false;
    double most = (double)INFINITY, sum = focus->sum, count = focus->count;
    for (size_t i = 0; i < n; i++) {
        double z = focus_pull(focus, x[i]), distance = z - sum / count;
        sum += z;
        most += distance * distance;
        count += 1;
        if (most + SLACK * (1 + most) >= online.threshold && count >= (double)online.try_next) {
            most = prefixes_most(&prefixes, count, sum);
            if (most + SLACK * (1 + most) >= online.threshold) return false;
        }
        prefixes.count[prefixes.length] = count;
        prefixes.sum[prefixes.length++] = sum;
    }
    return true;
}
