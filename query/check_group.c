/* check_group.c -- the newest rows of many series, judged where the scan has them.
 *
 * A question about the last run of ten thousand series is ten thousand series of which a row or two
 * is judged. Where the scan has such series side by side, and nobody behind asks of what series a
 * row is, their rows are put into batches of all of them: what an operator costs for each batch is
 * paid once for a thousand rows. The rows and their order are the same; series that are not so are
 * judged one by one, where they lie too if a batch has all of it. */
#include "check.h"

#include <math.h>
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

/* Whether the points [from, row) of such runs are of other commits than the row, and all of its
 * machine. The series of a stream ask this of the same runs one after the other. */
static int are_alike(struct check_op *check, struct context *ctx, uint64_t runs_id,
                     const char *const *commits, const double *runs, size_t from, size_t row,
                     bool *alike)
{
    uint16_t own, machine = MACHINE_UNKNOWN;
    *alike =
        check->alike.runs_id == runs_id && check->alike.row == row && check->alike.first == from;
    if (*alike) return 0;
    int status = machine_of(ctx, &check->machines, runs[row], &own);
    for (size_t i = from; i < row && !status; i++) {
        if (own != MACHINE_UNKNOWN) status = machine_of(ctx, &check->machines, runs[i], &machine);
        if (!machines_agree(own, machine)) return status;
        if (*commits[row] && strcmp(commits[row], commits[i]) == 0) return status;
    }
    check->alike.runs_id = runs_id;
    check->alike.first = from;
    check->alike.row = row;
    *alike = !status;
    return status;
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
        int status = are_alike(check, ctx, plain->runs_id, plain->commit, plain->run,
                               row > window ? row - window : 0, row, &alike);
        if (status || !alike || !plain->selected[row]) return status;
    }
    gathering->fits = true;
    return 0;
}

/* The series that comes. Its limits are bound as those of the one before where they have one unit
 * and direction. */
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

/* -- one series alone -------------------------------------------------------------------- */

/* Whether a batch is a whole series without gaps or marks whose last rows alone, from `first` on,
 * are judged and given out: then its windows need no history. */
static bool is_whole(const struct check_op *check, const struct context *ctx,
                     const struct batch *batch, size_t first)
{
    const struct window *window = &check->rule->window;
    const struct inputs *inputs = &check->inputs;
    return batch->runs_id && batch->series_start && batch->series_end && batch->selected &&
           !batch->gone && !batch->hidden && !batch->restart && !batch->origin && !ctx->every_row &&
           !check->level && check->op.cuts && check->rule->confirm_of <= 1 &&
           !(check->bare && batch->branched) && window->kind == WINDOW_POINTS && window->lag == 1 &&
           inputs->run >= 0 && batch->vecs[inputs->run].step && batch->vecs[inputs->commit].step &&
           batch->vecs[inputs->value].step && first < batch->count &&
           batch->count - first <= WHOLE_JUDGED;
}

int check_whole(struct check_op *check, struct context *ctx, const struct batch *batch,
                size_t first, bool *done)
{
    *done = false;
    if (!is_whole(check, ctx, batch, first)) return 0;
    const double *value = batch->vecs[check->inputs.value].at.number;
    const double *run = batch->vecs[check->inputs.run].at.number;
    const char **commit = batch->vecs[check->inputs.commit].at.text;
    size_t count = check->rule->window.count, gaps = 0;
    int status = 0;
    for (size_t i = first > count ? first - count : 0; i < batch->count; i++)
        gaps += isnan(value[i]) != 0;
    for (size_t row = first; row < batch->count; row++) {
        bool alike;
        status = are_alike(check, ctx, batch->runs_id, commit, run, row > count ? row - count : 0,
                           row, &alike);
        if (status || !alike || gaps || !batch->selected[row]) return status;
    }
    for (size_t row = first; row < batch->count && !status; row++) {
        struct point point = point_at(&check->inputs, batch, row);
        size_t from = row > count ? row - count : 0;
        check->sample = value + from;
        check->sample_run = run + from;
        check_put_nothing(check, row - first);
        status = check_judge(check, ctx, &point, row - first, true, row - from, 0, false);
    }
    *done = true;
    check->blank = 0;
    return status;
}
