/* check_rows.c -- rows of a check that are taken many at once; see check.h.
 *
 * Mostly nothing stands between a row and the points before it: no mark, no gap, no run of the same
 * commit or of another machine. A row that is history alone then only joins the others; the window
 * of one that is judged is where the history lies, and need not be copied. */
#include "check.h"

#include <math.h>
#include <string.h>

void check_rows_begin(struct check_op *check, const struct batch *batch)
{
    if (!batch->runs_id || batch->runs_id != check->stretch.runs_id)
        check->stretch.first = check->stretch.end = 0;
    check->stretch.runs_id = batch->runs_id;
}

void check_put_blank(struct check_op *check, size_t row, size_t end)
{
    for (size_t r = row < check->blank ? check->blank : row; r < end; r++)
        check_put_nothing(check, r);
    if (row <= check->blank && end > check->blank) check->blank = end;
}

static size_t history_end(const struct batch *batch, size_t row)
{
    while (row < batch->count && !batch->selected[row])
        row++;
    return row;
}

/* Finds the rows from `row` on that one class of machine measured. The series of a stream ask this
 * of the same runs one after the other. */
static int find_stretch(struct check_op *check, struct context *ctx, const struct batch *batch,
                        size_t row)
{
    const double *run = batch->vecs[check->inputs.run].at.number;
    const char *const *commit = batch->vecs[check->inputs.commit].at.text;
    if (row >= check->stretch.first && row < check->stretch.end) return 0;
    int status = machine_of(ctx, &check->machines, run[row], &check->stretch.machine);
    size_t r = row;
    for (; r < batch->count && commit[r] && !status; r++) {
        uint16_t machine;
        status = machine_of(ctx, &check->machines, run[r], &machine);
        if (machine != check->stretch.machine) break;
        check->stretch.hash[r] = level_hash(commit[r]);
    }
    check->stretch.first = row;
    check->stretch.end = r;
    return status;
}

/* Takes rows from `row` on that are history of others and no more and plainly within their level,
 * all at once; how many there were. */
static int check_level_rows(struct check_op *check, struct context *ctx, const struct batch *batch,
                            size_t row, size_t *count)
{
    const struct vec *time = &batch->vecs[check->inputs.time];
    const struct vec *commit = &batch->vecs[check->inputs.commit];
    const struct vec *value = &batch->vecs[check->inputs.value];
    size_t end = history_end(batch, row);
    if (end == row) return 0;
    int status = find_stretch(check, ctx, batch, row);
    if (end > check->stretch.end) end = check->stretch.end;
    if (status || end <= row) return status;
    const struct level_rows rows = {.time_ns = time->at.time_ns + row,
                                    .commit = commit->at.text + row,
                                    .hash = check->stretch.hash + row,
                                    .value = value->at.number + row,
                                    .count = end - row};
    status = levels_skip(check->level, &rows, check->stretch.machine, count);
    check_put_blank(check, row, row + *count);
    return status ? history_fail(ctx, status) : 0;
}

/* Takes rows from `row` on that are history of others and no more, all at once; how many there
 * were. */
static int check_history_rows(struct check_op *check, struct context *ctx,
                              const struct batch *batch, size_t row, size_t *count)
{
    const struct vec *time = &batch->vecs[check->inputs.time];
    const struct vec *commit = &batch->vecs[check->inputs.commit];
    const struct vec *value = &batch->vecs[check->inputs.value];
    const struct vec *run = &batch->vecs[check->inputs.run];
    size_t end = history_end(batch, row);
    check_put_blank(check, row, end);
    *count = end - row;
    check->near.known = check->near.same = 0;
    int status = history_push_rows(check->history, time->at.time_ns + row, commit->at.text + row,
                                   run->at.number + row, value->at.number + row, *count);
    return status ? history_fail(ctx, status) : 0;
}

/* -- windows where they lie -------------------------------------------------------------------- */

static void near_add(struct check_op *check, uint16_t hash, uint16_t machine)
{
    check->near.last[hash] = ++check->near.pushed;
    check->near.same = machine == check->near.machine ? check->near.same + 1 : 1;
    check->near.machine = machine;
    check->near.known++;
}

int check_near_note(struct check_op *check, struct context *ctx, const struct point *point)
{
    uint16_t machine;
    if (isnan(point->value) || point->dirty) return 0; /* no point */
    int status = machine_of(ctx, &check->machines, point->run, &machine);
    if (!status) near_add(check, level_hash(point->commit), machine);
    return status;
}

/* Finds out about the newest `count` points of the history. */
static int near_learn(struct check_op *check, struct context *ctx, size_t count)
{
    const struct history *history = check->history;
    int status = 0;
    if (check->near.pushed > UINT32_MAX - PACE_MAX_ROWS) {
        memset(check->near.last, 0, sizeof check->near.last);
        check->near.pushed = 0;
    }
    check->near.known = check->near.same = 0;
    for (size_t i = history->end - count; i < history->end && !status; i++) {
        uint16_t machine;
        status = machine_of(ctx, &check->machines, history->run[i], &machine);
        near_add(check, level_hash(history->commit[i]), machine);
    }
    return status;
}

/* Whether the newest n points are all in the window of a row of this commit and machine. */
static bool near_is_window(const struct check_op *check, size_t n, uint16_t hash, uint16_t machine)
{
    bool other_commits = hash == LEVEL_HASHES || check->near.last[hash] + n <= check->near.pushed;
    bool same = check->near.same >= n && check->near.machine == machine;
    return other_commits && (same || machine == MACHINE_UNKNOWN || n == 0);
}

/* Takes rows from `row` on whose windows are the points right before them, or that are history
 * alone. */
static int check_window_rows(struct check_op *check, struct context *ctx, const struct batch *batch,
                             size_t row, size_t *count)
{
    const double *value = batch->vecs[check->inputs.value].at.number;
    struct history *history = check->history;
    size_t limit = check->rule->window.count, r = row;
    if (history->restarts || history->restart_due) return 0;
    int status = find_stretch(check, ctx, batch, row);
    if (status) return status;
    for (; r < check->stretch.end && !isnan(value[r]); r++) {
        size_t n = history->end - history->start;
        if (n > limit) n = limit;
        if (check->near.known < n) status = near_learn(check, ctx, n);
        if (status) return status;
        uint16_t hash = check->stretch.hash[r], machine = check->stretch.machine;
        if (!near_is_window(check, n, hash, machine)) break;
        struct point point = point_at(&check->inputs, batch, r);
        bool selected = batch_selected(batch, r);
        if (selected || ctx->every_row || check->rule->confirm_of > 1) {
            if (r < check->blank) check->blank = r;
            check_put_nothing(check, r);
            check->sample = history->value + (history->end - n);
            check->sample_run = history->run + (history->end - n);
            status = check_judge(check, ctx, &point, r, selected, n, 0, false);
        } else {
            check_put_blank(check, r, r + 1);
        }
        if (status) return status;
        status = point_push(history, &point);
        if (status) return history_fail(ctx, status);
        near_add(check, hash, machine);
    }
    *count = r - row;
    return 0;
}

int check_rows(struct check_op *check, struct context *ctx, const struct batch *batch, size_t row,
               size_t *count)
{
    const struct inputs *inputs = &check->inputs;
    const struct rule *rule = check->rule;
    *count = 0;
    if (inputs->run < 0 || !batch->vecs[inputs->run].step || !batch->vecs[inputs->time].step ||
        !batch->vecs[inputs->commit].step || !batch->vecs[inputs->value].step || batch->gone ||
        batch->hidden || batch->restart || batch->origin || (check->bare && batch->branched))
        return 0;
    bool alone = batch->selected && !batch->selected[row] && !ctx->every_row;
    if (check->level) return alone ? check_level_rows(check, ctx, batch, row, count) : 0;
    if (alone && rule->confirm_of <= 1) return check_history_rows(check, ctx, batch, row, count);
    if (rule->window.kind != WINDOW_POINTS || rule->window.lag != 1) return 0;
    return check_window_rows(check, ctx, batch, row, count);
}
