/* history.c -- see history.h. Points lie in arrays that slide: the window is copied out, newest first
 * found, so that runs of the judged point's commit can be left out wherever they lie. */
#include "history.h"

#include "../engine/pace.h"
#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NS_PER_DAY = 86400e9;

struct lookback lookback_window(const struct window *window)
{
    struct lookback back = {0};
    size_t lag = window->lag > 1 ? window->lag - 1 : 0;
    if (window->kind == WINDOW_EVERYTHING) back.all = true;
    if (window->kind == WINDOW_POINTS) back.points = window->count + lag;
    if (window->kind == WINDOW_SPAN) {
        back.span_ns = window->span_ns;
        back.points = lag;
    }
    return back;
}

struct lookback lookback_add(struct lookback a, struct lookback b)
{
    struct lookback sum = {.points = a.points + b.points, .all = a.all || b.all};
    if (__builtin_add_overflow(a.span_ns, b.span_ns, &sum.span_ns)) sum.all = true;
    return sum;
}

struct lookback lookback_max(struct lookback a, struct lookback b)
{
    return (struct lookback){.points = a.points > b.points ? a.points : b.points,
                             .span_ns = a.span_ns > b.span_ns ? a.span_ns : b.span_ns,
                             .all = a.all || b.all};
}

int history_init(struct history *history, struct window window)
{
    *history = (struct history){.window = window};
    return 0;
}

void history_free(struct history *history)
{
    free(history->value);
    free(history->time_ns);
    free(history->commit);
    free(history->restart);
    free(history->sample);
    free(history->sample_days);
    *history = (struct history){.window = history->window};
}

void history_reset(struct history *history)
{
    history->start = history->end = 0;
}

/* Makes room for one more point: drops what lies before `start`, else doubles. */
static int history_reserve(struct history *history)
{
    if (history->end < history->capacity) return 0;
    size_t kept = history->end - history->start;
    if (history->start >= history->capacity / 2 && history->capacity) {
        memmove(history->value, history->value + history->start, kept * sizeof *history->value);
        memmove(history->time_ns, history->time_ns + history->start,
                kept * sizeof *history->time_ns);
        memmove(history->commit, history->commit + history->start, kept * sizeof *history->commit);
        memmove(history->restart, history->restart + history->start, kept);
        history->start = 0;
        history->end = kept;
        return 0;
    }
    if (kept >= PACE_MAX_ROWS) return PACE_ELIMIT;
    size_t capacity = history->capacity ? history->capacity * 2 : 256;
    if (!grow(&history->value, capacity, sizeof *history->value) ||
        !grow(&history->time_ns, capacity, sizeof *history->time_ns) ||
        !grow(&history->commit, capacity, sizeof *history->commit) ||
        !grow(&history->restart, capacity, 1))
        return PACE_ENOMEM;
    history->capacity = capacity;
    return 0;
}

/* Lets go of points that no later window can reach. Points of the newest commit may be left out of a
 * window, so as many more are kept; points of a span go when they are older than it. */
static void history_trim(struct history *history)
{
    const struct window *window = &history->window;
    size_t reach = window->lag;
    if (window->kind == WINDOW_EVERYTHING) return;
    if (window->kind == WINDOW_POINTS) reach += window->count;
    const char *newest = history->commit[history->end - 1];
    size_t same = 0;
    while (same < history->end - history->start && *newest &&
           strcmp(history->commit[history->end - 1 - same], newest) == 0)
        same++;
    reach += same;
    if (history->end - history->start <= reach) return;
    size_t keep_from = history->end - reach;
    if (window->kind == WINDOW_POINTS) {
        history->start = keep_from;
        return;
    }
    int64_t oldest_ns = history->time_ns[history->end - 1] - window->span_ns;
    while (history->start < keep_from && history->time_ns[history->start] <= oldest_ns)
        history->start++;
}

int history_push(struct history *history, int64_t time_ns, const char *commit, double value,
                 bool restart)
{
    if (isnan(value)) return 0;
    int status = history_reserve(history);
    if (status) return status;
    history->value[history->end] = value;
    history->time_ns[history->end] = time_ns;
    history->commit[history->end] = commit;
    history->restart[history->end] = restart;
    history->end++;
    history_trim(history);
    return 0;
}

static int sample_reserve(struct history *history, size_t count)
{
    if (count <= history->sample_capacity) return 0;
    size_t capacity = history->sample_capacity ? history->sample_capacity * 2 : 128;
    while (capacity < count)
        capacity *= 2;
    if (!grow(&history->sample, capacity, sizeof(double)) ||
        !grow(&history->sample_days, capacity, sizeof(double)))
        return PACE_ENOMEM;
    history->sample_capacity = capacity;
    return 0;
}

int history_window(struct history *history, int64_t time_ns, const char *commit, double value,
                   bool restart, size_t *n, size_t *before)
{
    const struct window *window = &history->window;
    size_t available = history->end - history->start;
    int status = sample_reserve(history, available + 1);
    if (status) return status;

    /* Filled from the back: position `at` holds the oldest point taken so far. */
    size_t at = available + 1, skip = window->lag > 1 ? window->lag - 1 : 0;
    size_t wanted = window->kind == WINDOW_POINTS ? window->count : SIZE_MAX;
    size_t cut = 0; /* points taken when the newest cut was met, plus 1; 0: none met */
    if (restart) cut = 1;
    history->sample_first = history->sample_last = "";
    if (window->lag == 0 && !isnan(value) && wanted) {
        history->sample[--at] = value;
        history->sample_days[at] = 0;
        wanted--;
        if (restart) cut = 2;
    }
    for (size_t i = history->end; i > history->start && wanted; i--) {
        size_t point = i - 1;
        if (window->kind == WINDOW_SPAN && history->time_ns[point] <= time_ns - window->span_ns)
            break;
        if (*commit && strcmp(history->commit[point], commit) == 0) {
            if (history->restart[point] && !cut) cut = available + 1 - at + 1;
            continue;
        }
        if (skip) {
            skip--;
        } else {
            history->sample[--at] = history->value[point];
            history->sample_days[at] = (double)(history->time_ns[point] - time_ns) / NS_PER_DAY;
            if (!*history->sample_last) history->sample_last = history->commit[point];
            history->sample_first = history->commit[point];
            wanted--;
        }
        if (history->restart[point] && !cut) cut = available + 1 - at + 1;
    }
    size_t taken = available + 1 - at;
    memmove(history->sample, history->sample + at, taken * sizeof(double));
    memmove(history->sample_days, history->sample_days + at, taken * sizeof(double));
    *n = taken;
    *before = cut ? taken - (cut - 1) : 0;
    return 0;
}
