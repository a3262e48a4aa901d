/* op_baseline.c -- baseline: a statistic of the window before each judged point. A row that is not
 * selected is history only. */
#include "follow.h"
#include "judged.h"

#include <math.h>
#include <string.h>

enum { BASELINE_COLUMNS = 4 };

struct baseline_op {
    struct op op;
    struct inputs inputs;
    enum function function;
    double percentile;
    struct history history;
    struct follow *follow; /* instead of the history: `over segment` */
    struct vec *vecs;      /* of the input, then base n delta diff */
    struct vec own[BASELINE_COLUMNS];
    struct batch batch;
};

static void baseline_free(struct op *op)
{
    struct baseline_op *baseline = (struct baseline_op *)op;
    history_free(&baseline->history);
    follow_free(baseline->follow);
}

/* The window of a row that is not pushed yet. */
static int baseline_window(struct baseline_op *baseline, struct context *ctx,
                           const struct point *point, struct follow_window *out)
{
    struct history *history = &baseline->history;
    struct level_point at = level_point(point);
    size_t n, before;
    if (baseline->follow)
        return follow_window(ctx, baseline->follow, &at, point->run, history->window.lag, out);
    int status = history_window(history, point->time_ns, point->commit, point->value,
                                point->restart, &n, &before);
    *out =
        (struct follow_window){history->sample + before, history->sample_days + before, n - before};
    return status;
}

static int baseline_push(struct baseline_op *baseline, struct context *ctx,
                         const struct point *point)
{
    struct level_point at = level_point(point);
    if (baseline->follow) return follow_push(ctx, baseline->follow, &at, point->run);
    return point_push(&baseline->history, point);
}

static int baseline_row(struct baseline_op *baseline, struct context *ctx,
                        const struct batch *batch, size_t row)
{
    struct point point = point_at(&baseline->inputs, batch, row);
    double base = NAN, n_points = NAN;
    bool hidden = batch->hidden && batch->hidden[row];
    bool gone = (batch->gone && batch->gone[row]) || hidden;
    bool wanted = !gone && (ctx->every_row || batch_selected(batch, row));
    if (wanted) {
        struct follow_window window;
        int status = baseline_window(baseline, ctx, &point, &window);
        if (status) return history_fail(ctx, status);
        n_points = (double)window.count;
        if (window.count >= baseline->history.window.needs)
            base = aggregate_sample(baseline->function, baseline->percentile, window.sample,
                                    window.days, window.count);
    }
    baseline->own[0].at.number[row] = base;
    baseline->own[1].at.number[row] = n_points;
    baseline->own[2].at.number[row] = base == 0 ? NAN : point.value / base - 1;
    baseline->own[3].at.number[row] = point.value - base;
    if (gone) return 0;
    int status = baseline_push(baseline, ctx, &point);
    return status ? history_fail(ctx, status) : 0;
}

static int baseline_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct baseline_op *baseline = (struct baseline_op *)op;
    struct batch *batch;
    int status = op->input->next(op->input, ctx, &batch);
    *out = NULL;
    if (status || !batch) return status;
    if (batch->series_start) {
        history_reset(&baseline->history);
        if (baseline->follow) status = follow_start(ctx, baseline->follow, batch->series);
    }
    for (size_t row = 0; row < batch->count && !status; row++)
        status = baseline_row(baseline, ctx, batch, row);
    if (status) return status;
    size_t inherited = op->input->schema.count;
    memcpy(baseline->vecs, batch->vecs, inherited * sizeof *baseline->vecs);
    const char *unit = vec_unit(&batch->vecs[baseline->inputs.value], 0);
    for (size_t i = 0; i < BASELINE_COLUMNS; i++) {
        baseline->own[i].unit = i == 0 || i == 3 ? unit : "";
        baseline->vecs[inherited + i] = baseline->own[i];
    }
    baseline->batch = *batch;
    baseline->batch.vecs = baseline->vecs;
    *out = &baseline->batch;
    return 0;
}

static int baseline_function(struct context *ctx, const struct stage *stage, struct baseline_op *op)
{
    static const char *const names[] = {"mean", "median", "p95", "min", "max", "last"};
    static const enum function functions[] = {F_MEAN, F_MEDIAN, F_PERCENTILE, F_MIN, F_MAX, F_LAST};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!slice_is(stage->name, names[i])) continue;
        op->function = functions[i];
        op->percentile = 0.95;
        return 0;
    }
    return context_fail(ctx, Q_NO_FUNCTION, stage->name_span,
                        context_suggest(ctx, stage->name, names, 6),
                        "no baseline '%.*s': it is mean, median, p95, min, max or last",
                        (int)stage->name.len, stage->name.text);
}

static bool has_option(const struct option *option, enum option_kind kind)
{
    while (option && option->kind != kind)
        option = option->next;
    return option != NULL;
}

int op_baseline(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct baseline_op *baseline;
    struct window window;
    int status = op_make(ctx, sizeof *baseline, "baseline", input, &baseline);
    if (!status) status = inputs_bind(ctx, stage, input, &baseline->inputs);
    if (!status) status = baseline_function(ctx, stage, baseline);
    if (!status) status = window_bind(ctx, stage->options, &window);
    if (status) return status;
    if (baseline->function == F_LAST && !has_option(stage->options, OPTION_NEEDS)) window.needs = 1;
    history_begin(&baseline->history, window);
    if (window.segment) status = follow_make(ctx, &baseline->follow);
    if (status) return status;
    const struct column value = input->schema.columns[baseline->inputs.value];
    status = judged_add_number(ctx, &baseline->op, "base", &value);
    if (!status) status = judged_add_number(ctx, &baseline->op, "n", NULL);
    if (!status) status = judged_add_number(ctx, &baseline->op, "delta", NULL);
    if (!status) status = judged_add_number(ctx, &baseline->op, "diff", &value);
    if (status) return status;
    baseline->op.schema.columns[input->schema.count + 2].kind = UNIT_RATIO;
    baseline->vecs = arena_array(ctx->arena, baseline->op.schema.count, sizeof *baseline->vecs);
    for (size_t i = 0; i < BASELINE_COLUMNS; i++)
        baseline->own[i] = vec_make(ctx->arena, TYPE_NUMBER, false);
    if (ctx->arena->failed) return context_no_memory(ctx);
    baseline->op.lookback = lookback_window(&window);
    baseline->op.next = baseline_next;
    baseline->op.free = baseline_free;
    *out = &baseline->op;
    return 0;
}
