/* history.c -- see history.h. Points lie in arrays that slide: the window is copied out, newest
 * first found, so that runs of the judged point's commit can be left out wherever they lie. */
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
    if (window->segment) back.all = true; /* where it begins depends on all that was before */
    if (window->kind == WINDOW_POINTS || window->kind == WINDOW_COMMITS)
        back.points = window->count + lag;
    if (window->kind == WINDOW_COMMITS) back.commits = window->count + lag;
    if (window->kind == WINDOW_SPAN) back.span_ns = window->span_ns;
    return back;
}

/* Whether two together still look into the parent alone. */
static bool both_from_parent(const struct lookback *a, const struct lookback *b)
{
    return (a->from_parent || !lookback_any(*a)) && (b->from_parent || !lookback_any(*b)) &&
           (a->from_parent || b->from_parent);
}

struct lookback lookback_max(struct lookback a, struct lookback b)
{
    return (struct lookback){.points = a.points > b.points ? a.points : b.points,
                             .commits = a.commits > b.commits ? a.commits : b.commits,
                             .span_ns = a.span_ns > b.span_ns ? a.span_ns : b.span_ns,
                             .judged = a.judged > b.judged ? a.judged : b.judged,
                             .all = a.all || b.all,
                             .from_parent = both_from_parent(&a, &b),
                             .deep = a.deep || b.deep};
}

bool lookback_any(struct lookback back)
{
    return back.points || back.commits || back.span_ns || back.all;
}

int history_begin(struct history *history, struct window window)
{
    *history = (struct history){.window = window};
    return 0;
}

void history_free(struct history *history)
{
    free(history->value);
    free(history->other);
    free(history->time_ns);
    free(history->commit);
    free(history->restart);
    free(history->run);
    free(history->sample);
    free(history->sample_days);
    free(history->sample_run);
    free(history->apart);
    commit_set_free(&history->commits);
    *history = (struct history){
        .window = history->window, .no_days = history->no_days, .has_other = history->has_other};
}

void history_reset(struct history *history)
{
    history->start = history->end = history->restarts = 0;
    history->dropped = 0;
    history->restart_due = false;
}

/* Mostly they differ, and in their first bytes. */
static bool same_commit(const char *a, const char *b)
{
    return *a && *a == *b && (a == b || strcmp(a, b) == 0);
}

/* The commit that more than half of the points from `from` on have, if there is one (Boyer and
 * Moore's majority vote); else any. */
static const char *frequent_commit(const struct history *history, size_t from)
{
    const char *candidate = "";
    size_t votes = 0;
    for (size_t i = from; i < history->end; i++) {
        if (votes == 0) candidate = history->commit[i];
        votes = same_commit(candidate, history->commit[i]) ? votes + 1 : votes ? votes - 1 : 0;
    }
    return candidate;
}

/* Points of more commits than a window holds, besides one of a later point that comes again. */
static void trim_commits(struct history *history)
{
    size_t wanted = history->window.count + 2, lag = history->window.lag, i = history->end;
    if (!commit_set_reset(&history->commits, history->end - history->start)) return;
    for (; i > history->start && wanted; i--) {
        if (lag)
            lag--;
        else
            wanted -= commit_set_add(&history->commits, history->commit[i - 1]);
    }
    history->start = i;
}

/* Lets go of points that no later window can reach. Any commit may come again, and a window leaves
 * its points out: of the points kept, `reach` must remain without those of any one commit. Of twice
 * as many they do, unless one commit has more than half of them. */
static void history_trim(struct history *history)
{
    const struct window *window = &history->window;
    size_t count = history->end - history->start;
    if (window->kind == WINDOW_EVERYTHING || count == 0 || history->has_other) return;
    if (window->kind == WINDOW_COMMITS) {
        trim_commits(history);
        return;
    }
    if (window->kind == WINDOW_SPAN) {
        int64_t oldest_ns = history->time_ns[history->end - 1] - window->span_ns;
        while (history->time_ns[history->start] <= oldest_ns)
            history->start++;
        return;
    }
    size_t reach = window->count + window->lag, others = 0;
    if (count <= 2 * reach) return;
    size_t from = history->end - 2 * reach;
    const char *frequent = frequent_commit(history, from);
    for (size_t i = from; i < history->end; i++)
        others += !same_commit(frequent, history->commit[i]);
    for (; others < reach && from > history->start; from--)
        others += !same_commit(frequent, history->commit[from - 1]);
    history->start = from;
}

/* Makes room for `count` more points: drops what no window needs, else doubles. */
int history_room(struct history *history, size_t count)
{
    if (count <= history->capacity - history->end) return 0;
    history_trim(history);
    size_t kept = history->end - history->start;
    if (history->start >= history->capacity / 2 && history->capacity) {
        memmove(history->value, history->value + history->start, kept * sizeof *history->value);
        if (history->has_other)
            memmove(history->other, history->other + history->start, kept * sizeof *history->other);
        memmove(history->time_ns, history->time_ns + history->start,
                kept * sizeof *history->time_ns);
        memmove(history->commit, history->commit + history->start, kept * sizeof *history->commit);
        memmove(history->run, history->run + history->start, kept * sizeof *history->run);
        memmove(history->restart, history->restart + history->start, kept);
        history->dropped += history->start;
        history->start = 0;
        history->end = kept;
        if (count <= history->capacity - kept) return 0;
    }
    if (kept >= PACE_MAX_ROWS) return PACE_ELIMIT;
    size_t capacity = history->capacity ? history->capacity * 2 : 256;
    while (capacity - history->end < count)
        capacity *= 2;
    if (!grow(&history->value, capacity, sizeof *history->value) ||
        !grow(&history->time_ns, capacity, sizeof *history->time_ns) ||
        !grow(&history->commit, capacity, sizeof *history->commit) ||
        !grow(&history->run, capacity, sizeof *history->run) ||
        !grow(&history->restart, capacity, 1) ||
        (history->has_other && !grow(&history->other, capacity, sizeof *history->other)))
        return PACE_ENOMEM;
    history->capacity = capacity;
    return 0;
}

int history_push(struct history *history, int64_t time_ns, const char *commit, double value,
                 bool restart)
{
    return history_push_other(history, time_ns, commit, value, value, restart);
}

int history_push_other(struct history *history, int64_t time_ns, const char *commit, double value,
                       double other, bool restart)
{
    if (isnan(value)) {
        history->restart_due |= restart;
        return 0;
    }
    int status = history_room(history, 1);
    if (status) return status;
    history->value[history->end] = value;
    if (history->has_other) history->other[history->end] = other;
    history->time_ns[history->end] = time_ns;
    history->commit[history->end] = commit;
    history->run[history->end] = history->next_run;
    history->restart[history->end] = restart || history->restart_due;
    history->restarts += history->restart[history->end];
    history->restart_due = false;
    history->end++;
    return 0;
}

/* How many of the first rows have a value. */
static size_t leading_values(const double *value, size_t count)
{
    size_t i = 0;
    while (i < count && !isnan(value[i]))
        i++;
    return i;
}

int history_push_rows(struct history *history, const int64_t *time_ns, const char *const *commit,
                      const double *run, const double *value, size_t count)
{
    while (count) {
        size_t room = history->capacity - history->end;
        size_t many = history->restart_due ? 0 : leading_values(value, count < room ? count : room);
        if (many) {
            memcpy(history->value + history->end, value, many * sizeof *value);
            memcpy(history->time_ns + history->end, time_ns, many * sizeof *time_ns);
            memcpy(history->commit + history->end, commit, many * sizeof *commit);
            if (run) memcpy(history->run + history->end, run, many * sizeof *run);
            for (size_t i = 0; i < many && !run; i++)
                history->run[history->end + i] = NAN;
            memset(history->restart + history->end, 0, many);
            history->end += many;
        } else { /* a value is missing, or there is no room yet */
            history->next_run = run ? *run : NAN;
            int status = history_push(history, *time_ns, *commit, *value, false);
            if (status) return status;
            many = 1;
        }
        value += many;
        time_ns += many;
        commit += many;
        if (run) run += many;
        count -= many;
    }
    return 0;
}

static int sample_reserve(struct history *history, size_t count)
{
    if (count <= history->sample_capacity) return 0;
    size_t capacity = history->sample_capacity ? history->sample_capacity * 2 : 128;
    while (capacity < count)
        capacity *= 2;
    if (!grow(&history->sample, capacity, sizeof(double)) ||
        !grow(&history->sample_days, capacity, sizeof(double)) ||
        !grow(&history->sample_run, capacity, sizeof(double)))
        return PACE_ENOMEM;
    history->sample_capacity = capacity;
    return 0;
}

/* Whether no point from `from` on is of this commit. The series of a stream ask this of the same
 * runs one after the other: their commits are remembered by where they lie. */
static bool are_apart(struct history *history, size_t from, const char *commit)
{
    const char *const *commits = history->commit + from;
    size_t count = history->end - from;
    if (!*commit) return true;
    if (history->apart_from == commit && history->apart_count == count &&
        memcmp(history->apart, commits, count * sizeof *commits) == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        if (same_commit(commit, commits[i])) return false;
    if (count > history->apart_capacity) {
        if (!grow(&history->apart, count, sizeof *history->apart)) return true;
        history->apart_capacity = count;
    }
    memcpy(history->apart, commits, count * sizeof *commits);
    history->apart_count = count;
    history->apart_from = commit;
    return true;
}

/* The common window: so many points, right before the row, which nothing cuts and none of which is
 * of the row's commit. */
static bool plain_window(struct history *history, int64_t time_ns, const char *commit, size_t *n)
{
    const struct window *window = &history->window;
    size_t available = history->end - history->start;
    size_t count = window->count < available ? window->count : available;
    size_t from = history->end - count;
    if (window->kind != WINDOW_POINTS || window->lag != 1 || history->restarts || count == 0 ||
        history->gives_other || !(history->all_apart || are_apart(history, from, commit)))
        return false;
    memcpy(history->sample, history->value + from, count * sizeof *history->sample);
    memcpy(history->sample_run, history->run + from, count * sizeof *history->sample_run);
    for (size_t i = 0; i < count && !history->no_days; i++)
        history->sample_days[i] = (double)(history->time_ns[from + i] - time_ns) / NS_PER_DAY;
    history->sample_first = history->commit[from];
    size_t last = history->end - 1;
    while (last > from && !*history->commit[last])
        last--;
    history->sample_last = history->commit[last];
    *n = count;
    return true;
}

int history_window(struct history *history, int64_t time_ns, const char *commit, double value,
                   bool restart, size_t *n, size_t *before)
{
    const struct window *window = &history->window;
    size_t available = history->end - history->start;
    int status = sample_reserve(history, available + 1);
    if (status) return status;
    *before = 0;
    if (!restart && !history->restart_due && plain_window(history, time_ns, commit, n)) return 0;

    /* Filled from the back: position `at` holds the oldest point taken so far. */
    size_t at = available + 1, skip = window->lag > 1 ? window->lag - 1 : 0;
    size_t wanted = window->kind == WINDOW_POINTS ? window->count : SIZE_MAX;
    size_t commits = window->kind == WINDOW_COMMITS ? window->count : SIZE_MAX;
    if (commits != SIZE_MAX && !commit_set_reset(&history->commits, available)) return PACE_ENOMEM;
    size_t cut = 0; /* points taken when the newest cut was met, plus 1; 0: none met */
    restart |= history->restart_due;
    if (restart) cut = 1;
    history->sample_first = history->sample_last = "";
    if (window->lag == 0 && !isnan(value) && wanted) {
        history->sample[--at] = value;
        history->sample_days[at] = 0;
        history->sample_run[at] = history->next_run;
        wanted--;
        if (commits != SIZE_MAX) commits -= commit_set_add(&history->commits, commit);
        if (restart) cut = 2;
    }
    for (size_t i = history->end; i > history->start && wanted; i--) {
        size_t point = i - 1;
        if (window->kind == WINDOW_SPAN && history->time_ns[point] <= time_ns - window->span_ns)
            break;
        if (same_commit(commit, history->commit[point])) {
            if (history->restart[point] && !cut) cut = available + 1 - at + 1;
            continue;
        }
        double x = history->gives_other ? history->other[point] : history->value[point];
        if (skip) {
            skip -= isnan(x) ? 0 : 1;
        } else if (!isnan(x)) {
            if (commits != SIZE_MAX && commit_set_add(&history->commits, history->commit[point]) &&
                commits-- == 0)
                break;
            history->sample[--at] = x;
            history->sample_days[at] = (double)(history->time_ns[point] - time_ns) / NS_PER_DAY;
            history->sample_run[at] = history->run[point];
            if (!*history->sample_last) history->sample_last = history->commit[point];
            history->sample_first = history->commit[point];
            wanted--;
        }
        if (history->restart[point] && !cut) cut = available + 1 - at + 1;
    }
    size_t taken = available + 1 - at;
    memmove(history->sample, history->sample + at, taken * sizeof(double));
    memmove(history->sample_days, history->sample_days + at, taken * sizeof(double));
    memmove(history->sample_run, history->sample_run + at, taken * sizeof(double));
    *n = taken;
    *before = cut ? taken - (cut - 1) : 0;
    return 0;
}
