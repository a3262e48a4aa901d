/* op_baseline.c -- baseline: a statistic of the window before each judged point. A row that is not
 * selected is history only. */
#include "follow.h"
#include "judged.h"
#include "windows.h"

#include <math.h>
#include <string.h>

enum { BASELINE_COLUMNS = 4 };

enum { BASE, BASE_N, BASE_DELTA, BASE_DIFF };

struct baseline_op {
    struct op op;
    struct inputs inputs;
    enum function function;
    double percentile;
    struct window window;
    struct windows *windows;
    struct follow *follow; /* instead of the windows: `over segment` */
    struct vec *vecs;      /* of the input, then base n delta diff */
    struct vec own[BASELINE_COLUMNS];
    struct batch batch;
};

static void baseline_free(struct op *op)
{
    struct baseline_op *baseline = (struct baseline_op *)op;
    if (baseline->windows) windows_free(baseline->windows);
    follow_free(baseline->follow);
}

/* A row whose window is that of the present segment. */
static int baseline_row(struct baseline_op *baseline, struct context *ctx,
                        const struct batch *batch, size_t row)
{
    struct point point = point_at(&baseline->inputs, batch, row);
    struct level_point at = level_point(&point);
    double *base = &baseline->own[BASE].at.number[row];
    double *points = &baseline->own[BASE_N].at.number[row];
    *base = *points = NAN;
    if ((batch->gone && batch->gone[row]) || (batch->hidden && batch->hidden[row])) return 0;
    if (ctx->every_row || batch_selected(batch, row)) {
        struct follow_window window;
        int status =
            follow_window(ctx, baseline->follow, &at, point.run, baseline->window.lag, &window);
        if (status) return status;
        *points = (double)window.count;
        if (window.count >= baseline->window.needs)
            *base = aggregate_sample(baseline->function, baseline->percentile, window.sample,
                                     window.days, window.count);
    }
    return follow_push(ctx, baseline->follow, &at, point.run);
}

static int baseline_segments(struct baseline_op *baseline, struct context *ctx,
                             const struct batch *batch)
{
    int status = batch->series_start ? follow_start(ctx, baseline->follow, batch->series) : 0;
    if (status) return status;
    for (size_t row = 0; row < batch->count && !status; row++)
        status = baseline_row(baseline, ctx, batch, row);
    return status ? history_fail(ctx, status) : 0;
}

static int baseline_windows(struct baseline_op *baseline, struct context *ctx,
                            const struct batch *batch)
{
    const struct inputs *inputs = &baseline->inputs;
    const struct window_rows rows = {.batch = batch,
                                     .value = &batch->vecs[inputs->value],
                                     .time = &batch->vecs[inputs->time],
                                     .commit = &batch->vecs[inputs->commit],
                                     .every_row = ctx->every_row};
    int status = windows_run(baseline->windows, &rows);
    return status ? history_fail(ctx, status) : 0;
}

static int baseline_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct baseline_op *baseline = (struct baseline_op *)op;
    struct vec *own = baseline->own;
    struct batch *batch;
    int status = op->input->next(op->input, ctx, &batch);
    *out = NULL;
    if (status || !batch) return status;
    status = baseline->follow ? baseline_segments(baseline, ctx, batch)
                              : baseline_windows(baseline, ctx, batch);
    if (status) return status;
    const struct vec *value = &batch->vecs[baseline->inputs.value];
    for (size_t row = 0; row < batch->count; row++) {
        double x = value->at.number[row * value->step], base = own[BASE].at.number[row];
        own[BASE_DELTA].at.number[row] = base == 0 ? NAN : x / base - 1;
        own[BASE_DIFF].at.number[row] = x - base;
    }
    size_t inherited = op->input->schema.count;
    memcpy(baseline->vecs, batch->vecs, inherited * sizeof *baseline->vecs);
    const char *unit = vec_unit(value, 0);
    for (size_t i = 0; i < BASELINE_COLUMNS; i++) {
        own[i].unit = i == BASE || i == BASE_DIFF ? unit : "";
        baseline->vecs[inherited + i] = own[i];
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
    baseline->window = window;
    if (window.segment)
        status = follow_make(ctx, &baseline->follow);
    else if (windows_make(ctx->arena, window, &baseline->windows))
        status = context_no_memory(ctx);
    if (status) return status;
    const struct column value = input->schema.columns[baseline->inputs.value];
    status = judged_add_number(ctx, &baseline->op, stage->verb_span, "base", &value);
    if (!status) status = judged_add_number(ctx, &baseline->op, stage->verb_span, "n", NULL);
    if (!status) status = judged_add_number(ctx, &baseline->op, stage->verb_span, "delta", NULL);
    if (!status) status = judged_add_number(ctx, &baseline->op, stage->verb_span, "diff", &value);
    if (status) return status;
    baseline->op.schema.columns[input->schema.count + 2].kind = UNIT_RATIO;
    baseline->vecs = arena_array(ctx->arena, baseline->op.schema.count, sizeof *baseline->vecs);
    for (size_t i = 0; i < BASELINE_COLUMNS; i++)
        baseline->own[i] = vec_make(ctx->arena, TYPE_NUMBER, false);
    if (ctx->arena->failed ||
        (baseline->windows &&
         (windows_add(ctx->arena, baseline->windows, baseline->function, baseline->percentile,
                      window.needs, baseline->own[BASE].at.number) ||
          windows_add(ctx->arena, baseline->windows, F_COUNT, 0, 0,
                      baseline->own[BASE_N].at.number))))
        return context_no_memory(ctx);
    baseline->op.lookback = lookback_window(&window);
    baseline->op.next = baseline_next;
    baseline->op.free = baseline_free;
    *out = &baseline->op;
    return 0;
}
