/* check_group.c -- the newest rows of many series, judged where the scan has them.
 *
 * A question about the last run of ten thousand series is ten thousand series of which a row or two is
 * judged. Where the scan has such series side by side, and nobody behind asks of what series a row is, their
 * rows are put into batches of all of them: what an operator costs for each batch is paid once for a
 * thousand rows. The rows and their order are the same; series that are not so are judged one by one. */
#include "check.h"

#include <string.h>

struct gathering {
    bool able; /* the rule is one for all series, and its window lies right before a row */
    size_t count, column_count;
    struct vec *vecs;   /* of the input */
    const char **units; /* a row */
    uint64_t runs_id;   /* of the series looked at last: */
    size_t first;       /* its first row that is judged */
    bool fits; /* all from there on are, few, and none of their windows needs a closer look */
};

static bool is_able(const struct check_op *check)
{
    const struct rule *rule = check->rules;
    const struct window *window = &rule->window;
    return !check->bare && !rule->next && !window->segment && window->kind == WINDOW_POINTS &&
           window->lag == 1 && rule->confirm_of <= 1 && check->inputs.run >= 0;
}

static int gathering_make(struct check_op *check, struct context *ctx)
{
    const struct schema *schema = &check->op.input->schema;
    struct gathering *gathering = arena_alloc(ctx->arena, sizeof *gathering);
    if (!gathering) return context_no_memory(ctx);
    check->gathering = gathering;
    gathering->able = is_able(check) && !ctx->every_row;
    if (!gathering->able) return 0;
    gathering->column_count = schema->count;
    gathering->vecs = arena_array(ctx->arena, schema->count, sizeof *gathering->vecs);
    gathering->units = arena_space(ctx->arena, PACE_MAX_BATCH * sizeof *gathering->units);
    for (size_t i = 0; gathering->vecs && i < schema->count; i++)
        gathering->vecs[i] = vec_make(ctx->arena, schema->columns[i].type, false);
    return ctx->arena->failed ? context_no_memory(ctx) : 0;
}

/* Finds which rows of a series are judged; the same for all of one runs_id. */
static int look(struct check_op *check, struct context *ctx, const struct plain_series *plain)
{
    struct gathering *gathering = check->gathering;
    const uint8_t *selected = memchr(plain->selected, 1, plain->count);
    size_t window = check->rule->window.count;
    gathering->runs_id = plain->runs_id;
    gathering->fits = false;
    if (!selected) return 0;
    gathering->first = (size_t)(selected - plain->selected);
    if (plain->count - gathering->first > WHOLE_JUDGED) return 0;
    for (size_t row = gathering->first; row < plain->count; row++) {
        bool alike;
        int status = check_alike(check, ctx, plain->runs_id, plain->commit, plain->run,
                                 row > window ? row - window : 0, row, &alike);
        if (status || !alike || !plain->selected[row]) return status;
    }
    gathering->fits = true;
    return 0;
}

/* The series that comes. Its limits are bound as those of the one before where they have one unit and
 * direction. */
static int begin(struct check_op *check, struct context *ctx, const struct series *series)
{
    const struct series *before = check->series;
    if (!check->rule || before->unit != series->unit || before->direction != series->direction)
        return check_start(check, ctx, series);
    check->series = series;
    return 0;
}

static int judge(struct check_op *check, struct context *ctx, const struct plain_series *plain)
{
    struct gathering *gathering = check->gathering;
    size_t window = check->rule->window.count;
    for (size_t row = gathering->first; row < plain->count; row++) {
        size_t to = gathering->count++, from = row > window ? row - window : 0;
        const struct point point = {.time_ns = plain->time_ns[row],
                                    .commit = plain->commit[row],
                                    .value = plain->value[row],
                                    .run = plain->run[row]};
        op_scan_put(plain, row, gathering->vecs, to);
        gathering->units[to] = plain->series->unit;
        check->sample = plain->value + from;
        check->sample_run = plain->run + from;
        check_put_nothing(check, to);
        int status = check_judge(check, ctx, &point, to, true, row - from, 0, false);
        if (status) return status;
    }
    return 0;
}

/* The unit of a vector with that of the series: one for all rows, mostly. */
static void set_units(const struct gathering *gathering, struct vec *vec, bool differ)
{
    vec->unit = differ ? NULL : gathering->units[0];
    vec->units = differ ? gathering->units : NULL;
}

static void give_out(struct check_op *check, struct batch **out)
{
    struct gathering *gathering = check->gathering;
    const struct schema *schema = &check->op.input->schema;
    bool differ = false;
    for (size_t i = 1; i < gathering->count; i++)
        differ |= gathering->units[i] != gathering->units[0];
    size_t to = gathering->column_count;
    for (size_t i = 0; i < to; i++) {
        check->vecs[i] = gathering->vecs[i];
        if ((int)i == check->inputs.run || schema->columns[i].type != TYPE_NUMBER) continue;
        set_units(gathering, &check->vecs[i], differ);
    }
    for (size_t i = 0; i < CHECK_COLUMNS; i++) {
        if (i == CHECK_Q) continue; /* a bare check has it */
        check->vecs[to] = check->own[i];
        check->vecs[to].unit = "";
        if (check_has_unit(check, (enum check_column)i))
            set_units(gathering, &check->vecs[to], differ);
        to++;
    }
    check->own_unit = NULL;
    check->blank = 0;
    check->late.offset = 0;
    check->batch = (struct batch){.count = gathering->count, .vecs = check->vecs};
    gathering->count = 0;
    *out = &check->batch;
}

int check_gather(struct check_op *check, struct context *ctx, struct batch **out)
{
    struct gathering *gathering = check->gathering;
    int status = 0;
    *out = NULL;
    if (!gathering) status = gathering_make(check, ctx);
    gathering = check->gathering;
    if (status || !gathering->able) return status;
    while (gathering->count + WHOLE_JUDGED <= PACE_MAX_BATCH) {
        struct plain_series plain;
        status = op_scan_peek(check->op.input, ctx, &plain);
        if (status) return status;
        if (!plain.series) break;
        status = begin(check, ctx, plain.series);
        if (!status && plain.runs_id != gathering->runs_id) status = look(check, ctx, &plain);
        if (status) return status;
        if (!gathering->fits) break;
        status = judge(check, ctx, &plain);
        if (status) return status;
        op_scan_take(check->op.input);
    }
    if (gathering->count) give_out(check, out);
    return 0;
}
