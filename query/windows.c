/* windows.c -- see windows.h. */
#include "windows.h"

#include "stats/moving.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewer plain rows than these have windows of their own. */
enum { PLAIN_ROWS = 4 };

struct windows_scratch {
    uint32_t end[PACE_MAX_BATCH]; /* of the window of a row, in the points of the history */
    double sum[PACE_MAX_BATCH], mean[PACE_MAX_BATCH], sd[PACE_MAX_BATCH];
};

/* -- life -------------------------------------------------------------------------------------- */

int windows_make(struct arena *arena, struct window window, struct windows **out)
{
    *out = arena_alloc(arena, sizeof **out);
    return *out ? history_begin(&(*out)->history, window) : PACE_ENOMEM;
}

static bool is_moments(enum function function)
{
    return function == F_COUNT || function == F_SUM || function == F_MEAN || function == F_STDDEV ||
           function == F_CV;
}

static bool is_order(enum function function)
{
    return function == F_MEDIAN || function == F_MIN || function == F_MAX || function == F_IQR ||
           function == F_PERCENTILE;
}

bool windows_slide(enum function function)
{
    return is_moments(function) || is_order(function) || function == F_FIRST || function == F_LAST;
}

int windows_add(struct arena *arena, struct windows *windows, enum function function,
                double percentile, size_t needs, double *out)
{
    struct window_member *member = arena_alloc(arena, sizeof *member), **tail = &windows->members;
    if (!member) return PACE_ENOMEM;
    *member = (struct window_member){
        .function = function, .percentile = percentile, .needs = needs, .out = out};
    rolling_init(&member->rolling, is_order(function) ? ROLLING_ORDER : ROLLING_MOMENTS);
    while (*tail)
        tail = &(*tail)->next;
    *tail = member;
    windows->count++;
    windows->slides = windows_slide(function);
    return 0;
}

void windows_free(struct windows *windows)
{
    history_free(&windows->history);
    recent_free(&windows->recent);
    free(windows->scratch);
    windows->scratch = NULL;
    for (struct window_member *member = windows->members; member; member = member->next)
        rolling_release(&member->rolling);
}

static void windows_reset(struct windows *windows)
{
    history_reset(&windows->history);
    recent_reset(&windows->recent);
    windows->seen = 0;
    for (struct window_member *member = windows->members; member; member = member->next)
        rolling_reset(&member->rolling);
}

/* -- plain rows -------------------------------------------------------------------------------- */

static bool is_judged(const struct window_rows *rows, size_t row)
{
    return rows->every_row || batch_selected(rows->batch, row);
}

/* Whether rows of a batch can be plain. */
static bool can_be_plain(const struct windows *windows, const struct window_rows *rows)
{
    const struct history *history = &windows->history;
    const struct batch *batch = rows->batch;
    return batch->series && !batch->gone && !batch->hidden && !batch->restart && !batch->origin &&
           !history->restarts && !history->restart_due && rows->time->step && rows->commit->step &&
           rows->value->step && history->window.kind == WINDOW_POINTS && history->window.lag > 0 &&
           history->window.count > 0;
}

/* Where the rows from `row` on end that are points, and all judged or all not. */
static size_t alike_until(const struct window_rows *rows, size_t row)
{
    const double *value = rows->value->at.number;
    const char **commit = rows->commit->at.text;
    size_t end = row, count = rows->batch->count;
    bool judged = is_judged(rows, row);
    if (rows->every_row || !rows->batch->selected)
        while (end < count && !isnan(value[end]) && commit[end])
            end++;
    else
        while (end < count && !isnan(value[end]) && commit[end] && is_judged(rows, end) == judged)
            end++;
    return end;
}

/* Tells `recent` of the points of the history before `end` that it has not seen. */
static void recent_to(struct windows *windows, size_t end)
{
    const struct history *history = &windows->history;
    uint64_t oldest = history->dropped + history->start, kept = windows->seen - oldest;
    /* It looks back on points that it was told of: those must be in the history still. */
    if (windows->seen < oldest || (kept < windows->recent.reach && kept < windows->recent.count)) {
        recent_reset(&windows->recent);
        windows->seen = oldest;
    }
    while (windows->seen < history->dropped + end)
        recent_add(&windows->recent,
                   history->commit + (size_t)(windows->seen++ - history->dropped));
}

/* Finds where the windows of the points from `first` on end; how many there are before one of whose
 * commit others lie scattered. */
static size_t find_ends(struct windows *windows, size_t first)
{
    const struct history *history = &windows->history;
    uint32_t *ends = windows->scratch->end;
    size_t skip = history->window.lag - 1, i = first;
    bool scattered = false;
    recent_to(windows, first);
    for (; i < history->end && !scattered; i++) {
        const struct recent_point *point = recent_add(&windows->recent, history->commit + i);
        size_t end = i - history->start, out = recent_beside(&windows->recent, point) + skip;
        ends[i - first] = (uint32_t)(end > out ? end - out : 0);
        scattered = point->scattered;
    }
    windows->seen = history->dropped + i;
    return i - first - scattered;
}

/* Sums, means and deviations of `count` windows, as far as members ask for them. */
static void find_moments(struct windows *windows, size_t count)
{
    struct windows_scratch *scratch = windows->scratch;
    const struct history *history = &windows->history;
    struct moving_out out = {NULL, NULL, NULL};
    for (const struct window_member *member = windows->members; member; member = member->next) {
        enum function function = member->function;
        if (function == F_SUM) out.sum = scratch->sum;
        if (function == F_MEAN || function == F_CV) out.mean = scratch->mean;
        if (function == F_STDDEV || function == F_CV) out.sd = scratch->sd;
    }
    if (history->window.count <= MOVING_MAX && (out.sum || out.mean || out.sd))
        moving_moments(history->value + history->start, history->dropped + history->start,
                       history->window.count, scratch->end, count, &out);
}

/* The statistic of a window that rolling_move has come to. */
static double rolling_statistic(const struct window_member *member, struct rolling *rolling)
{
    switch (member->function) {
    case F_SUM: return rolling_sum(rolling);
    case F_MEAN: return rolling_mean(rolling);
    case F_STDDEV: return rolling_sd(rolling);
    case F_CV: {
        double mean = rolling_mean(rolling);
        return mean == 0 ? NAN : rolling_sd(rolling) / mean;
    }
    case F_MEDIAN: return rolling_quantile(rolling, 0.5);
    case F_MIN: return rolling_quantile(rolling, 0);
    case F_MAX: return rolling_quantile(rolling, 1);
    case F_IQR: return rolling_quantile(rolling, 0.75) - rolling_quantile(rolling, 0.25);
    default: return rolling_quantile(rolling, member->percentile);
    }
}

/* So many points are in the window of plain row i. */
static size_t window_size(const struct windows *windows, size_t i)
{
    size_t end = windows->scratch->end[i], window = windows->history.window.count;
    return end < window ? end : window;
}

static void member_moments(const struct windows *windows, const struct window_member *member,
                           double *out, size_t count)
{
    const struct windows_scratch *scratch = windows->scratch;
    if (member->function == F_CV) {
        for (size_t i = 0; i < count; i++)
            out[i] = scratch->mean[i] == 0 ? NAN : scratch->sd[i] / scratch->mean[i];
        return;
    }
    const double *from = member->function == F_SUM    ? scratch->sum
                         : member->function == F_MEAN ? scratch->mean
                                                      : scratch->sd;
    memcpy(out, from, count * sizeof *out);
}

static int member_rolling(const struct windows *windows, struct window_member *member, double *out,
                          size_t count)
{
    const struct history *history = &windows->history;
    const double *x = history->value + history->start;
    uint64_t base = history->dropped + history->start;
    struct rolling *rolling = &member->rolling;
    for (size_t i = 0; i < count; i++) {
        size_t end = windows->scratch->end[i], n = window_size(windows, i);
        if (n == 0) continue;
        if (rolling_move(rolling, x, base, base + end - n, base + end)) return PACE_ENOMEM;
        out[i] = rolling_statistic(member, rolling);
    }
    return 0;
}

/* One member over `count` plain rows from `row` on. */
static int member_run(const struct windows *windows, struct window_member *member, size_t row,
                      size_t count)
{
    const double *x = windows->history.value + windows->history.start;
    enum function function = member->function;
    double *out = member->out + row;
    int status = 0;
    if (function == F_COUNT) {
        for (size_t i = 0; i < count; i++)
            out[i] = (double)window_size(windows, i);
    } else if (function == F_FIRST || function == F_LAST) {
        for (size_t i = 0; i < count; i++) {
            size_t end = windows->scratch->end[i], n = window_size(windows, i);
            if (n) out[i] = x[function == F_FIRST ? end - n : end - 1];
        }
    } else if (is_moments(function) && windows->history.window.count <= MOVING_MAX) {
        member_moments(windows, member, out, count);
    } else {
        status = member_rolling(windows, member, out, count);
    }
    /* Windows grow until they are full. */
    size_t needs = member->needs || function == F_COUNT ? member->needs : 1;
    for (size_t i = 0; i < count && window_size(windows, i) < needs; i++)
        out[i] = NAN;
    return status;
}

/* Takes rows from `row` on that are plain, all at once; *done: how many. */
static int run_plain(struct windows *windows, const struct window_rows *rows, size_t row,
                     size_t *done)
{
    struct history *history = &windows->history;
    size_t count = alike_until(rows, row) - row,
           reach = history->window.count + history->window.lag;
    bool judged = is_judged(rows, row);
    *done = 0;
    if (count < PLAIN_ROWS) return 0;
    if (!windows->scratch) windows->scratch = malloc(sizeof *windows->scratch);
    if (!windows->scratch || recent_reserve(&windows->recent, reach)) return PACE_ENOMEM;
    int status = history_room(history, count);
    if (!status)
        status =
            history_push_rows(history, rows->time->at.time_ns + row, rows->commit->at.text + row,
                              NULL, rows->value->at.number + row, count);
    if (status) return status;
    if (judged) {
        size_t first = history->end - count;
        count = find_ends(windows, first);
        history->end = first + count;
        find_moments(windows, count);
    }
    for (struct window_member *member = windows->members; member && !status;
         member = member->next) {
        if (judged) status = member_run(windows, member, row, count);
        for (size_t i = 0; i < count && !judged; i++)
            member->out[row + i] = NAN;
    }
    *done = count;
    return status;
}

/* -- rows one by one --------------------------------------------------------------------------- */

static int run_row(struct windows *windows, const struct window_rows *rows, size_t row)
{
    struct history *history = &windows->history;
    const struct batch *batch = rows->batch;
    int64_t time_ns = rows->time->at.time_ns[row * rows->time->step];
    const char *commit = rows->commit->at.text[row * rows->commit->step];
    double value = rows->value->at.number[row * rows->value->step];
    bool restart = batch->restart && batch->restart[row];
    bool hidden = (batch->gone && batch->gone[row]) || (batch->hidden && batch->hidden[row]);
    int status = 0;
    for (struct window_member *member = windows->members; member; member = member->next)
        member->out[row] = NAN;
    if (time_ns == TIME_MISSING || hidden) return 0;
    if (!commit) commit = "";
    for (struct window_member *member = windows->members; member && is_judged(rows, row) && !status;
         member = member->next) {
        size_t n, before;
        status = history_window(history, time_ns, commit, value, restart, &n, &before);
        if (!status && n - before >= member->needs)
            member->out[row] =
                aggregate_sample(member->function, member->percentile, history->sample + before,
                                 history->sample_days + before, n - before);
    }
    if (status) return status;
    if (batch_origin(batch, row) & ORIGIN_DIRTY) value = NAN;
    return history_push(history, time_ns, commit, value, restart);
}

/* -- both -------------------------------------------------------------------------------------- */

int windows_run(struct windows *windows, const struct window_rows *rows)
{
    bool plain = windows->slides && can_be_plain(windows, rows);
    int status = 0;
    if (rows->batch->series_start || !rows->batch->series) windows_reset(windows);
    for (size_t row = 0; row < rows->batch->count && !status;) {
        size_t done = 0;
        if (plain) status = run_plain(windows, rows, row, &done);
        row += done;
        if (status || row == rows->batch->count) break;
        status = run_row(windows, rows, row++);
    }
    return status;
}

int windows_ask(struct windows *windows, const struct window_rows *rows)
{
    if (windows->asked == 0) windows->asked = windows->count;
    return windows->asked-- == windows->count ? windows_run(windows, rows) : 0;
}
