/* op_changes.c -- the change points of each series, one row a change.
 *
 * A series is segmented whole, whatever range was asked for; the range chooses which changes are
 * shown (rule 5). */
#include "op.h"

#include "grow.h"
#include "stats/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIMENSIONS = PACE_DIMENSION_COUNT };
enum {
    OUT_TIME = DIMENSIONS,
    OUT_COMMIT,
    OUT_FROM,
    OUT_KIND,
    OUT_BEFORE,
    OUT_AFTER,
    OUT_DELTA,
    OUT_EFFECT,
    OUT_P,
    OUT_WORSE,
    OUT_RECOVERED,
    OUT_COUNT
};

struct changes_op {
    struct op op;
    struct segment_options options;
    int time, commit, value, branch; /* branch: -1 when it was not kept */
    const struct series *series;
    double *values;
    int64_t *time_ns;
    const char **commits, **branches;
    uint8_t *selected;
    size_t count, capacity;
    struct change *changes;
    size_t change_count, change_capacity, offset;
    struct vec vecs[OUT_COUNT];
    struct batch batch;
};

static void changes_free(struct op *op)
{
    struct changes_op *changes = (struct changes_op *)op;
    free(changes->values);
    free(changes->time_ns);
    free(changes->commits);
    free(changes->branches);
    free(changes->selected);
    free(changes->changes);
}

static int points_add(struct changes_op *changes, struct context *ctx, const struct batch *batch)
{
    size_t need = changes->count + batch->count;
    if (need > PACE_MAX_ROWS) return op_fail_rows(ctx, PACE_ELIMIT, "changes");
    if (need > changes->capacity) {
        size_t capacity = changes->capacity ? changes->capacity * 2 : PACE_MAX_BATCH;
        while (capacity < need)
            capacity *= 2;
        size_t point_size = 3 * sizeof(double) + 1;
        if (arena_charge(ctx->arena, (capacity - changes->capacity) * point_size))
            return context_no_memory(ctx);
        if (!grow(&changes->values, capacity, sizeof(double)) ||
            !grow(&changes->time_ns, capacity, sizeof(int64_t)) ||
            !grow(&changes->commits, capacity, sizeof(char *)) ||
            !grow(&changes->branches, capacity, sizeof(char *)) ||
            !grow(&changes->selected, capacity, 1))
            return context_no_memory(ctx);
        changes->capacity = capacity;
    }
    const struct vec *time = &batch->vecs[changes->time], *commit = &batch->vecs[changes->commit];
    const struct vec *value = &batch->vecs[changes->value];
    const struct vec *branch = changes->branch < 0 ? NULL : &batch->vecs[changes->branch];
    for (size_t row = 0; row < batch->count; row++) {
        double x = value->at.number[row * value->step];
        if (isnan(x)) continue;
        size_t i = changes->count++;
        changes->values[i] = x;
        changes->time_ns[i] = time->at.time_ns[row * time->step];
        changes->commits[i] = commit->at.text[row * commit->step];
        changes->branches[i] =
            branch ? branch->at.text[row * branch->step] : batch->series->names[PACE_BRANCH];
        changes->selected[i] = batch_selected(batch, row);
    }
    return 0;
}

/* Segments the series that was gathered; keeps the changes at selected points. */
static int segment_series(struct changes_op *changes, struct context *ctx)
{
    for (;;) {
        int found = segment_changes(changes->values, changes->count, &changes->options,
                                    changes->changes, changes->change_capacity);
        if (found < 0) return context_no_memory(ctx);
        if ((size_t)found <= changes->change_capacity) {
            changes->change_count = (size_t)found;
            break;
        }
        if (!grow(&changes->changes, (size_t)found, sizeof *changes->changes))
            return context_no_memory(ctx);
        changes->change_capacity = (size_t)found;
    }
    return 0;
}

/* The next series with a change to show; series NULL at the end. */
static int next_series(struct changes_op *changes, struct context *ctx)
{
    changes->series = NULL;
    changes->offset = changes->change_count = 0;
    for (;;) {
        struct batch *batch;
        int status = changes->op.input->next(changes->op.input, ctx, &batch);
        if (status || !batch) return status;
        if (batch->series_start) changes->count = 0;
        status = points_add(changes, ctx, batch);
        if (status) return status;
        if (!batch->series_end) continue;
        status = segment_series(changes, ctx);
        if (status) return status;
        if (changes->change_count == 0) continue;
        changes->series = batch->series;
        return 0;
    }
}

/* Whether the change after this one takes back more than half of its step. */
static bool is_recovered(const struct changes_op *changes, size_t index)
{
    if (index + 1 >= changes->change_count) return false;
    const struct change *change = &changes->changes[index], *next = change + 1;
    double step = change->after - change->before;
    return (next->after - change->after) * step < 0 &&
           fabs(next->after - change->before) < fabs(step) / 2;
}

static void put_change(struct changes_op *changes, size_t row, size_t index)
{
    const struct change *change = &changes->changes[index];
    struct vec *vecs = changes->vecs;
    enum pace_direction direction = changes->series->direction;
    bool up = change->after > change->before;
    vecs[OUT_TIME].at.time_ns[row] = changes->time_ns[change->index];
    vecs[PACE_BRANCH].at.text[row] = changes->branches[change->index];
    vecs[OUT_COMMIT].at.text[row] = changes->commits[change->index];
    vecs[OUT_FROM].at.text[row] = changes->commits[change->index - 1];
    vecs[OUT_KIND].at.text[row] = "step";
    vecs[OUT_BEFORE].at.number[row] = change->before;
    vecs[OUT_AFTER].at.number[row] = change->after;
    vecs[OUT_DELTA].at.number[row] = change->before == 0 ? NAN : change->after / change->before - 1;
    vecs[OUT_EFFECT].at.number[row] = isfinite(change->effect) ? change->effect : NAN;
    vecs[OUT_P].at.number[row] = change->p;
    vecs[OUT_WORSE].at.flag[row] = direction == PACE_DIRECTION_UNKNOWN
                                       ? FLAG_UNKNOWN
                                       : up == (direction == PACE_LOWER_IS_BETTER);
    vecs[OUT_RECOVERED].at.flag[row] = is_recovered(changes, index);
}

static int changes_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct changes_op *changes = (struct changes_op *)op;
    *out = NULL;
    if (!changes->series || changes->offset == changes->change_count) {
        int status = next_series(changes, ctx);
        if (status || !changes->series) return status;
    }
    size_t count = 0;
    while (count < PACE_MAX_BATCH && changes->offset < changes->change_count) {
        size_t index = changes->offset++;
        if (changes->selected[changes->changes[index].index]) put_change(changes, count++, index);
    }
    for (int d = 0; d < DIMENSIONS; d++) {
        if (d == PACE_BRANCH) continue;
        changes->vecs[d] =
            (struct vec){.type = TYPE_TEXT, .at.text = (const char **)&changes->series->names[d]};
    }
    changes->vecs[OUT_BEFORE].unit = changes->vecs[OUT_AFTER].unit = changes->series->unit;
    changes->batch = (struct batch){.count = count, .vecs = changes->vecs};
    *out = &changes->batch;
    return 0;
}

/* -- making it --------------------------------------------------------------------------------- */

static int options_bind(struct context *ctx, const struct option *option,
                        struct segment_options *out)
{
    for (; option; option = option->next) {
        double number = option->number;
        const char *unit = "";
        int status = 0;
        if (option->kind == OPTION_ALPHA || option->kind == OPTION_FLOOR ||
            option->kind == OPTION_EFFECT)
            status = value_bind(ctx, &option->bound, &number, &unit);
        if (status) return status;
        struct unit known = unit_lookup(unit, strlen(unit));
        if (known.kind == UNIT_RATIO) number *= known.factor;
        bool plain = known.kind == UNIT_RATIO || known.kind == UNIT_NONE;
        switch (option->kind) {
        case OPTION_ALPHA:
            if (!plain || !(number > 0 && number < 1))
                return context_fail(ctx, Q_RANGE, option->span, "write alpha 0.1%",
                                    "'alpha' is a probability between 0 and 1");
            out->alpha = number;
            break;
        case OPTION_FLOOR:
            if (!plain || !(number >= 0))
                return context_fail(ctx, Q_RANGE, option->span, "write floor 5%",
                                    "'floor' takes a fraction of the level before");
            out->floor = number;
            break;
        case OPTION_EFFECT:
            if ((known.kind != UNIT_SD && known.kind != UNIT_NONE) || !(number >= 0))
                return context_fail(ctx, Q_RANGE, option->span, "write effect 2sd",
                                    "'effect' takes deviations of the noise");
            out->effect = number;
            break;
        case OPTION_NEEDS:
            if (!(number >= 1 && number <= PACE_MAX_WINDOW) || number != floor(number))
                return context_fail(ctx, Q_RANGE, option->span, "write needs 7",
                                    "'needs' is the shortest segment, in points from 1");
            out->shortest = (size_t)number;
            break;
        case OPTION_USING:
            if (slice_is(option->name, "l2")) break;
            return context_fail(ctx, Q_NOT_YET, option->span, "leave it out for least squares (l2)",
                                "'using %.*s' is not built yet", (int)option->name.len,
                                option->name.text);
        default:
            return context_fail(ctx, Q_NO_OPTION, option->span,
                                "it takes using, alpha, needs, floor, effect",
                                "'changes' has no such option");
        }
    }
    return 0;
}

int op_changes(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    static const char *const names[OUT_COUNT] = {
        "project", "branch", "testbed", "benchmark", "measure", "time", "commit", "from_commit",
        "kind",    "before", "after",   "delta",     "effect",  "p",    "worse",  "recovered"};
    struct changes_op *changes;
    int status = op_make(ctx, sizeof *changes, "changes", input, &changes);
    if (status) return status;
    changes->time = schema_find(&input->schema, "time", 4);
    changes->commit = schema_find(&input->schema, "commit", 6);
    changes->value = schema_find(&input->schema, "value", 5);
    changes->branch = schema_find(&input->schema, "branch", 6);
    if (!input->by_series || changes->time < 0 || changes->commit < 0 || changes->value < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span,
                            "put it before sort, take, keep and summarize",
                            "'changes' needs the points of series");
    changes->options = (struct segment_options){
        .shortest = 3, .penalty = 3, .alpha = 0.001, .floor = 0.03, .effect = 1.5};
    status = options_bind(ctx, stage->options, &changes->options);
    if (status) return status;
    const struct column value = input->schema.columns[changes->value];
    changes->op.schema = (struct schema){0};
    for (int i = 0; i < OUT_COUNT; i++) {
        enum type type = i == OUT_TIME     ? TYPE_TIME
                         : i >= OUT_WORSE  ? TYPE_FLAG
                         : i >= OUT_BEFORE ? TYPE_NUMBER
                                           : TYPE_TEXT;
        struct column column = {.name = names[i], .type = type};
        if (i == OUT_BEFORE || i == OUT_AFTER) {
            column.kind = value.kind;
            column.mixed = value.mixed;
        }
        if (i == OUT_DELTA) column.kind = UNIT_RATIO;
        status = op_add_column(ctx, &changes->op, column);
        if (status) return status;
        if (i >= DIMENSIONS || i == PACE_BRANCH)
            changes->vecs[i] = vec_make(ctx->arena, type, false);
    }
    if (ctx->arena->failed) return context_no_memory(ctx);
    changes->op.by_series = false;
    changes->op.lookback.all = true;
    changes->op.next = changes_next;
    changes->op.free = changes_free;
    *out = &changes->op;
    return 0;
}
