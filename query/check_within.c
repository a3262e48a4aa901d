/* check_within.c -- every row of a long series judged, where a `where` behind drops most of them
 * unseen.
 *
 * Where nothing changed a row is well within its limits, and its verdict is all that is asked of
 * it. So the means and deviations of all windows of a batch are made one from another (windows.h),
 * and a row that they show to be clearly within is ok. All others, and those that go on, are judged
 * by their window as a sample, like any row: what is given out has the same bits. "Clearly" is a
 * millionth of the distance; windows made one from another differ from samples in the last
 * digits. */
#include "check.h"

#include "windows.h"

#include <math.h>
#include <string.h>

static const double CLEARLY = 1 - 1e-6, DIGITS = 1e-12;

struct within {
    struct windows *windows;
    double *mean, *sd, *count; /* of the window of each row */
    bool off;                  /* this series is judged row by row */
    uint16_t machine;          /* of its runs so far, as far as it is known */
    size_t first;              /* the points of the history before the batch */
    uint32_t *before;          /* points of the batch before each row */
    uint8_t *is_ok;            /* the row's columns are not filled */
    bool known;                /* the limits of a window of n points: */
    size_t n;
    double up, down, chance; /* deviations from the mean, INFINITY: no limit; a false alarm */
};

static bool is_able(const struct check_op *check)
{
    const struct rule *rule = check->rule;
    const struct window *window = &rule->window;
    return (rule->model == MODEL_Z_SCORE || rule->model == MODEL_T_TEST) && !rule->bencher &&
           !window->segment && window->kind == WINDOW_POINTS && window->lag > 0 &&
           rule->confirm_of <= 1 && check->inputs.run >= 0;
}

static int within_make(struct check_op *check, struct context *ctx)
{
    struct arena *arena = ctx->arena;
    const size_t number = PACE_MAX_BATCH * sizeof(double);
    struct within *within = arena_alloc(arena, sizeof *within);
    if (!within) return context_no_memory(ctx);
    within->mean = arena_space(arena, number);
    within->sd = arena_space(arena, number);
    within->count = arena_space(arena, number);
    within->before = arena_space(arena, PACE_MAX_BATCH * sizeof *within->before);
    within->is_ok = arena_space(arena, PACE_MAX_BATCH);
    if (arena->failed || windows_make(arena, check->rule->window, &within->windows) ||
        windows_add(arena, within->windows, F_MEAN, 0, 1, within->mean) ||
        windows_add(arena, within->windows, F_STDDEV, 0, 2, within->sd) ||
        windows_add(arena, within->windows, F_COUNT, 0, 0, within->count))
        return context_no_memory(ctx);
    check->within = within;
    return 0;
}

void check_within_free(struct check_op *check)
{
    if (check->within) windows_free(check->within->windows);
}

/* Whether a batch is of rows that are all judged, without marks, of machines that agree with those
 * of the series so far. */
static int is_fit(struct check_op *check, struct context *ctx, const struct batch *batch, bool *fit)
{
    const struct inputs *inputs = &check->inputs;
    const double *run = batch->vecs[inputs->run].at.number;
    struct within *within = check->within;
    *fit = !batch->selected && !batch->gone && !batch->hidden && !batch->restart &&
           !batch->origin && !ctx->every_row && batch->vecs[inputs->run].step &&
           batch->vecs[inputs->time].step && batch->vecs[inputs->commit].step &&
           batch->vecs[inputs->value].step;
    if (*fit && machines_have_bare(&check->machines, run, batch->count)) return 0;
    for (size_t row = 0; row < batch->count && *fit; row++) {
        uint16_t machine;
        int status = machine_of(ctx, &check->machines, run[row], &machine);
        if (status) return status;
        *fit = machines_agree(machine, within->machine);
        if (machine != MACHINE_UNKNOWN) within->machine = machine;
    }
    return 0;
}

/* Judges a row by its window as a sample. */
static int judge(struct check_op *check, struct context *ctx, const struct batch *batch, size_t row,
                 bool selected)
{
    struct history *history = check->history;
    struct point point = point_at(&check->inputs, batch, row);
    size_t end = history->end, n, before;
    history->end = check->within->first + check->within->before[row];
    history->next_run = point.run;
    int status =
        history_window(history, point.time_ns, point.commit, point.value, false, &n, &before);
    history->end = end;
    if (status) return history_fail(ctx, status);
    check->sample = history->sample;
    check->sample_run = history->sample_run;
    check_put_nothing(check, row);
    check->within->is_ok[row] = false;
    return check_judge(check, ctx, &point, row, selected, n, before, false);
}

/* Takes note of how far the limits of the row judged last are from its mean: as far in all windows
 * of as many points that have a spread. */
static void learn(struct check_op *check)
{
    struct within *within = check->within;
    const struct limits *limits = &check->limits;
    bool low = isfinite(limits->low), high = isfinite(limits->high);
    within->known = limits->n >= check->rule->window.needs && limits->spread > 0 && (low || high) &&
                    isfinite(limits->spread);
    if (!within->known) return;
    within->n = limits->n;
    within->up = high ? (limits->high - limits->centre) / limits->spread : INFINITY;
    within->down = low ? (limits->centre - limits->low) / limits->spread : INFINITY;
    within->chance = check_false_alarm(check, limits);
}

/* Whether a row is clearly within the limits of its window. */
static inline bool is_within(const struct within *within, size_t row, double value)
{
    double distance = value - within->mean[row], sd = within->sd[row] * CLEARLY;
    double slack = DIGITS * fabs(within->mean[row]);
    return within->known && within->count[row] == (double)within->n &&
           distance + slack < within->up * sd && slack - distance < within->down * sd;
}

/* The columns of a row that is within, as far as they are asked for: whether it is high, or low. */
static void put_within(struct check_op *check, size_t row)
{
    const struct within *within = check->within;
    check->own[CHECK_LOW].at.number[row] = isfinite(within->down) ? -INFINITY : NAN;
    check->own[CHECK_HIGH].at.number[row] = isfinite(within->up) ? INFINITY : NAN;
    check->own[CHECK_VERDICT].at.text[row] = verdict_names[VERDICT_OK];
    check->late.score[row] = NAN;
    check->within->is_ok[row] = true;
}

/* Makes the windows of a batch, and its rows part of the history. */
static int push(struct check_op *check, struct context *ctx, const struct batch *batch)
{
    struct within *within = check->within;
    struct history *history = check->history;
    const struct vec *vecs = batch->vecs;
    const struct inputs *inputs = &check->inputs;
    const struct window_rows of = {.batch = batch,
                                   .value = &vecs[inputs->value],
                                   .time = &vecs[inputs->time],
                                   .commit = &vecs[inputs->commit],
                                   .keys = check->by_keys ? batch->keys : NULL};
    const double *value = vecs[inputs->value].at.number;
    uint32_t points = 0;
    int status = windows_run(within->windows, &of);
    if (!status)
        status = history_room(history, batch->count); /* so that points stay where they are */
    if (!status)
        status =
            history_push_rows(history, vecs[inputs->time].at.time_ns, vecs[inputs->commit].at.text,
                              vecs[inputs->run].at.number, value, batch->count);
    for (size_t row = 0; row < batch->count; row++) {
        within->before[row] = points;
        points += isnan(value[row]) ? 0 : 1;
    }
    within->first = history->end - points;
    check->near.known = check->near.same = 0; /* check_rows.c was not told of them */
    return status ? history_fail(ctx, status) : 0;
}

int check_within(struct check_op *check, struct context *ctx, const struct batch *batch, bool *done)
{
    *done = false;
    if (!is_able(check)) return 0;
    int status = check->within ? 0 : within_make(check, ctx);
    if (status) return status;
    struct within *within = check->within;
    if (batch->series_start) {
        within->off = within->known = false;
        within->machine = MACHINE_UNKNOWN;
    }
    bool fit = false;
    memset(within->is_ok, 0, batch->count);
    if (!within->off) status = is_fit(check, ctx, batch, &fit);
    within->off |= !fit;
    if (status || within->off) return status;
    const double *value = batch->vecs[check->inputs.value].at.number;
    status = push(check, ctx, batch);
    for (size_t row = 0; row < batch->count && !status; row++) {
        if (is_within(within, row, value[row])) {
            put_within(check, row);
            ctx->outcome->judged++;
            check_add_chance(check, within->chance);
            continue;
        }
        status = judge(check, ctx, batch, row, true);
        if (!within->known || within->count[row] != (double)within->n) learn(check);
    }
    *done = true;
    check->blank = 0;
    return status;
}

int check_within_finish(struct check_op *check, struct context *ctx, const uint32_t *rows,
                        size_t count)
{
    int status = 0;
    for (size_t k = 0; k < count && !status; k++)
        if (check->within->is_ok[rows[k]])
            status = judge(check, ctx, &check->batch, rows[k], false);
    return status;
}
