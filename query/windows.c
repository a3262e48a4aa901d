/* windows.c -- see windows.h. */
#include "windows.h"

#include "bytes.h"
#include "stats/moving.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewer plain rows than these have windows of their own. After so many batches in which all fits a series is
 * steady again. */
enum { PLAIN_ROWS = 4, CALM_BATCHES = 4 };

struct windows_scratch {
    uint32_t end[PACE_MAX_BATCH]; /* of the window of a row, in the points */
    double sum[PACE_MAX_BATCH], mean[PACE_MAX_BATCH], sd[PACE_MAX_BATCH];
    uint32_t key[PACE_MAX_BATCH];
    const char *commit[PACE_MAX_BATCH];
    struct vec commits;
};

/* The points that windows are of: x[0] is number `base` of its series. */
struct values {
    const double *x;
    uint64_t base;
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
    steady_free(&windows->steady);
    free(windows->scratch);
    windows->scratch = NULL;
    for (struct window_member *member = windows->members; member; member = member->next)
        rolling_release(&member->rolling);
}

static void windows_reset(struct windows *windows)
{
    history_reset(&windows->history);
    recent_reset(&windows->recent);
    steady_reset(&windows->steady);
    windows->seen = 0;
    windows->calm = 0;
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
    return windows->slides && batch->series && !batch->gone && !batch->hidden && !batch->restart &&
           !batch->origin && !history->restarts && !history->restart_due && rows->time->step &&
           (rows->commit->step || rows->keys) && rows->value->step &&
           history->window.kind == WINDOW_POINTS && history->window.lag > 0 &&
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

/* Where the statistics of moments of the windows of rows from `row` on go: to the first member that is one, or
 * to the scratch. */
static struct moving_out moments_out(const struct windows *windows, size_t row)
{
    struct windows_scratch *scratch = windows->scratch;
    struct moving_out out = {NULL, NULL, NULL};
    bool cv = false;
    for (const struct window_member *member = windows->members; member; member = member->next) {
        double *own = member->out + row;
        if (member->function == F_SUM && !out.sum) out.sum = own;
        if (member->function == F_MEAN && !out.mean) out.mean = own;
        if (member->function == F_STDDEV && !out.sd) out.sd = own;
        cv |= member->function == F_CV;
    }
    if (cv && !out.mean) out.mean = scratch->mean;
    if (cv && !out.sd) out.sd = scratch->sd;
    return out;
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

static void member_moments(const struct window_member *member, const struct moving_out *moments,
                           double *out, size_t count)
{
    if (member->function == F_CV) {
        for (size_t i = 0; i < count; i++)
            out[i] = moments->mean[i] == 0 ? NAN : moments->sd[i] / moments->mean[i];
        return;
    }
    const double *from = member->function == F_SUM    ? moments->sum
                         : member->function == F_MEAN ? moments->mean
                                                      : moments->sd;
    if (from != out) memcpy(out, from, count * sizeof *out);
}

static int member_rolling(const struct windows *windows, struct window_member *member,
                          const struct values *values, double *out, size_t count)
{
    uint64_t base = values->base;
    struct rolling *rolling = &member->rolling;
    for (size_t i = 0; i < count; i++) {
        size_t end = windows->scratch->end[i], n = window_size(windows, i);
        if (n == 0) continue;
        if (rolling_move(rolling, values->x, base, base + end - n, base + end)) return PACE_ENOMEM;
        out[i] = rolling_statistic(member, rolling);
    }
    return 0;
}

/* One member over `count` rows from `row` on whose windows are known. */
static int member_run(const struct windows *windows, struct window_member *member,
                      const struct values *values, const struct moving_out *moments, size_t row,
                      size_t count)
{
    enum function function = member->function;
    double *out = member->out + row;
    int status = 0;
    if (function == F_COUNT) {
        for (size_t i = 0; i < count; i++)
            out[i] = (double)window_size(windows, i);
    } else if (function == F_FIRST || function == F_LAST) {
        for (size_t i = 0; i < count; i++) {
            size_t end = windows->scratch->end[i], n = window_size(windows, i);
            if (n) out[i] = values->x[function == F_FIRST ? end - n : end - 1];
        }
    } else if (is_moments(function) && windows->history.window.count <= MOVING_MAX) {
        member_moments(member, moments, out, count);
    } else {
        status = member_rolling(windows, member, values, out, count);
    }
    return status;
}

/* Windows grow until they are full. */
static void member_gaps(const struct windows *windows, const struct window_member *member,
                        size_t row, size_t count)
{
    size_t needs = member->needs || member->function == F_COUNT ? member->needs : 1;
    for (size_t i = 0; i < count && window_size(windows, i) < needs; i++)
        member->out[row + i] = NAN;
}

/* All members over `count` rows from `row` on. */
static int members_run(const struct windows *windows, const struct values *values, size_t row,
                       size_t count)
{
    struct moving_out moments = moments_out(windows, row);
    size_t window = windows->history.window.count;
    int status = 0;
    if (window <= MOVING_MAX && (moments.sum || moments.mean || moments.sd))
        moving_moments(values->x, values->base, window, windows->scratch->end, count, &moments);
    for (struct window_member *member = windows->members; member && !status; member = member->next)
        status = member_run(windows, member, values, &moments, row, count);
    for (struct window_member *member = windows->members; member; member = member->next)
        member_gaps(windows, member, row, count);
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
    if (recent_reserve(&windows->recent, reach)) return PACE_ENOMEM;
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
        const struct values values = {history->value + history->start,
                                      history->dropped + history->start};
        status = members_run(windows, &values, row, count);
    }
    for (struct window_member *member = windows->members; member && !judged; member = member->next)
        for (size_t i = 0; i < count; i++)
            member->out[row + i] = NAN;
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

/* -- a steady series --------------------------------------------------------------------------- */

/* Whether a series can be a steady one: its rows are more than a batch. */
static bool can_be_steady(const struct windows *windows, const struct batch *batch)
{
    const struct window *window = &windows->history.window;
    return batch->series && batch->series_start && !batch->series_end && windows->slides &&
           window->kind == WINDOW_POINTS && window->count + window->lag <= STEADY_REACH_MAX;
}

/* The keys of the rows' commits; NULL: there are rows without a commit. */
static const uint32_t *find_keys(const struct windows *windows, const struct window_rows *rows)
{
    uint32_t *key = windows->scratch->key;
    if (rows->keys) return rows->keys->key;
    for (size_t i = 0; i < rows->batch->count; i++) {
        if (!rows->commit->at.text[i]) return NULL;
        key[i] = recent_key(rows->commit->at.text[i]);
    }
    return key;
}

/* Finds where the windows of `count` points from number `first` of the steady ones on end. */
static void find_steady_ends(const struct windows *windows, size_t first, size_t count)
{
    uint32_t *ends = windows->scratch->end;
    size_t skip = windows->history.window.lag - 1, i = 0;
    for (; i < count && first + i < skip; i++)
        ends[i] = 0;
    typedef uint32_t four_ends __attribute__((vector_size(16)));
    uint32_t from = (uint32_t)(first - skip + i);
    four_ends next = {from, from + 1, from + 2, from + 3};
    for (; i + 4 <= count; i += 4, next += 4)
        memcpy(ends + i, &next, sizeof next);
    for (from = next[0]; i < count; i++)
        ends[i] = from++;
}

/* Adds all rows of a batch to the steady points, if they fit: they have values, no mark, and commits of their
 * own. */
static int add_steady(struct windows *windows, const struct window_rows *rows, bool *added)
{
    struct steady *steady = &windows->steady;
    *added = false;
    if ((rows->batch->selected && !rows->every_row) || !can_be_plain(windows, rows) ||
        any_nan(rows->value->at.number, rows->batch->count))
        return 0;
    const struct steady_rows more = {.count = rows->batch->count,
                                     .value = rows->value->at.number,
                                     .time_ns = rows->time->at.time_ns,
                                     .commit = rows->commit->step ? rows->commit->at.text : NULL,
                                     .place = rows->keys ? rows->keys->place : NULL,
                                     .key = find_keys(windows, rows)};
    steady->reach = windows->history.window.count + windows->history.window.lag;
    return more.key ? steady_add(steady, &more, added) : 0;
}

/* Takes a batch, if it fits. */
static int run_steady(struct windows *windows, const struct window_rows *rows, bool *done)
{
    const struct steady *steady = &windows->steady;
    size_t count = rows->batch->count;
    *done = count == 0;
    int status = count ? add_steady(windows, rows, done) : 0;
    if (status || count == 0 || !*done) return status;
    find_steady_ends(windows, steady->count - count, count);
    const struct values values = {steady->value, steady->dropped};
    return members_run(windows, &values, 0, count);
}

/* Makes a history of the points of a series that is steady no more. */
static int become_history(struct windows *windows, const struct batch_keys *keys)
{
    const struct steady *steady = &windows->steady;
    struct history *history = &windows->history;
    size_t kept = steady->count < 2 * steady->reach ? steady->count : 2 * steady->reach;
    size_t first = steady->count - kept;
    windows->steadiness = UNSTEADY;
    windows->calm = 0;
    if (kept == 0) return 0;
    int status = history_room(history, kept);
    for (size_t i = first; i < steady->count && !status; i++)
        if (!steady->commit[i]) status = keys->commit(keys, steady->place[i], &steady->commit[i]);
    if (!status)
        status = history_push_rows(history, steady->time_ns + first, steady->commit + first, NULL,
                                   steady->value + first, kept);
    history->dropped = steady->dropped + first;
    return status;
}

/* Sees whether a series with a history has calmed down: then it goes on without, from the next batch on. */
static int calm_down(struct windows *windows, const struct window_rows *rows)
{
    struct history *history = &windows->history;
    struct steady *steady = &windows->steady;
    bool added;
    if (windows->calm == 0) {
        steady_reset(steady);
        steady->dropped = history->dropped + history->end;
    }
    int status = add_steady(windows, rows, &added);
    windows->calm = added ? windows->calm + 1 : 0;
    if (windows->calm < CALM_BATCHES || steady->count < 2 * steady->reach) return status;
    windows->steadiness = STEADY;
    if (rows->keys) *rows->keys->texts = false;
    return status;
}

/* Finds the commits of rows that have keys, and lets those of the next batches come as texts. */
static int find_commits(struct windows *windows, struct window_rows *rows)
{
    struct windows_scratch *scratch = windows->scratch;
    const struct batch_keys *keys = rows->keys;
    int status = 0;
    if (rows->commit->step || !keys) return 0;
    *keys->texts = true;
    for (size_t i = 0; i < rows->batch->count && !status; i++)
        status = keys->commit(keys, keys->place[i], &scratch->commit[i]);
    scratch->commits = (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = scratch->commit};
    rows->commit = &scratch->commits;
    return status;
}

/* -- all --------------------------------------------------------------------------------------- */

/* Rows of a series with a history. */
static int run_rows(struct windows *windows, const struct window_rows *rows)
{
    bool plain = can_be_plain(windows, rows);
    int status = 0;
    for (size_t row = 0; row < rows->batch->count && !status;) {
        size_t done = 0;
        if (plain) status = run_plain(windows, rows, row, &done);
        row += done;
        if (status || row == rows->batch->count) break;
        status = run_row(windows, rows, row++);
    }
    return status;
}

int windows_run(struct windows *windows, const struct window_rows *rows)
{
    const struct batch *batch = rows->batch;
    struct window_rows with_texts = *rows;
    bool done = false;
    int status = 0;
    if (batch->series_start || !batch->series) {
        windows_reset(windows);
        windows->steadiness = can_be_steady(windows, batch) ? STEADY : NEVER_STEADY;
    }
    if (!windows->scratch) windows->scratch = malloc(sizeof *windows->scratch);
    if (!windows->scratch) return PACE_ENOMEM;
    if (windows->steadiness == STEADY) {
        status = run_steady(windows, rows, &done);
        if (status || done) return status;
        status = become_history(windows, rows->keys);
    } else if (windows->steadiness == UNSTEADY) {
        status = calm_down(windows, rows);
    }
    if (!status) status = find_commits(windows, &with_texts);
    if (!status) status = run_rows(windows, &with_texts);
    if (windows->steadiness == STEADY) history_reset(&windows->history);
    return status;
}

int windows_ask(struct windows *windows, const struct window_rows *rows)
{
    if (windows->asked == 0) windows->asked = windows->count;
    return windows->asked-- == windows->count ? windows_run(windows, rows) : 0;
}
