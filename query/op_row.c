/* op_row.c -- where, derive, keep, take: one row at a time. */
#include "op.h"

#include <math.h>
#include <string.h>

/* -- where ------------------------------------------------------------------------------------- */

struct where_op {
    struct op op;
    struct node *condition;
    struct vec *buffers; /* own memory, one a column */
    struct vec *vecs;    /* what the batch shows: a buffer, or the input's one value for all rows */
    uint8_t selected[PACE_MAX_BATCH], restart[PACE_MAX_BATCH], gone[PACE_MAX_BATCH];
    uint8_t hidden[PACE_MAX_BATCH];
    uint16_t origin[PACE_MAX_BATCH];
    bool
        restart_due; /* the first row of an accepted change was dropped: the next one stands for it */
    struct batch batch;
};

static void where_free(struct op *op)
{
    expr_free(((struct where_op *)op)->condition);
}

/* Copies the rows of `batch` listed in keep[] into the operator's own vectors. */
static void where_compact(struct where_op *where, const struct batch *batch, const uint32_t *keep,
                          size_t count)
{
    for (size_t c = 0; c < where->op.schema.count; c++) {
        const struct vec *from = &batch->vecs[c];
        struct vec *to = &where->vecs[c];
        *to = from->step ? where->buffers[c] : *from;
        if (from->step == 0) continue;
        to->unit = from->unit;
        for (size_t k = 0; k < count; k++) {
            size_t row = keep[k];
            switch (from->type) {
            case TYPE_NUMBER:
                to->at.number[k] = from->at.number[row];
                if (!from->unit) to->units[k] = vec_unit(from, row);
                break;
            case TYPE_TIME: to->at.time_ns[k] = from->at.time_ns[row]; break;
            case TYPE_TEXT: to->at.text[k] = from->at.text[row]; break;
            case TYPE_FLAG: to->at.flag[k] = from->at.flag[row]; break;
            }
        }
    }
}

static int where_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct where_op *where = (struct where_op *)op;
    struct batch *batch;
    int status = op->input->next(op->input, ctx, &batch);
    *out = NULL;
    if (status || !batch) return status;
    const struct vec *flags;
    status = expr_eval(ctx, where->condition, batch, &flags);
    if (status) return status;
    uint32_t keep[PACE_MAX_BATCH];
    size_t count = 0;
    if (batch->series_start) where->restart_due = false;
    for (size_t i = 0; i < batch->count; i++) {
        uint8_t flag = flags->at.flag[i * flags->step];
        if (flag == FLAG_UNKNOWN && batch_selected(batch, i)) {
            const char *column;
            const char *why =
                expr_why_missing(where->condition, &op->input->schema, batch, i, &column);
            status = context_unknown(ctx, why, column, 1);
            if (status) return status;
        }
        where->restart_due |= batch->restart && batch->restart[i];
        if (flag != 1) continue;
        where->selected[count] = batch_selected(batch, i);
        where->restart[count] = where->restart_due;
        where->restart_due = false;
        where->gone[count] = batch->gone ? batch->gone[i] : 0;
        where->origin[count] = (uint16_t)batch_origin(batch, i);
        where->hidden[count] = batch->hidden ? batch->hidden[i] : 0;
        keep[count++] = (uint32_t)i;
    }
    status = op->input->late ? op->input->finish(op->input, ctx, keep, count) : 0;
    if (status) return status;
    where->batch = *batch;
    where->batch.restart = where->restart;
    if (count == batch->count) {
        *out = &where->batch;
        return 0;
    }
    where_compact(where, batch, keep, count);
    where->batch.count = count;
    where->batch.runs_id = 0;
    where->batch.vecs = where->vecs;
    where->batch.selected = where->selected;
    where->batch.gone = batch->gone ? where->gone : NULL;
    where->batch.origin = batch->origin ? where->origin : NULL;
    where->batch.hidden = batch->hidden ? where->hidden : NULL;
    *out = &where->batch;
    return 0;
}

int op_where(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct where_op *where;
    int status = op_make(ctx, sizeof *where, "where", input, &where);
    if (status) return status;
    struct binder binder;
    struct windows *windows = NULL;
    binder_init(&binder, ctx, &input->schema, MODE_ROW);
    binder.windows = &windows;
    if (input->watch) input->watch(input, false);
    status = expr_bind(&binder, stage->expr, &where->condition);
    if (!status) status = op_look_back(ctx, &where->op, &binder, stage->expr->span);
    if (status) return status;
    if (input->watch) input->watch(input, true);
    if (node_column(where->condition).type != TYPE_FLAG)
        return context_fail(ctx, Q_TYPE, stage->expr->span, "write a comparison, like value > 3ms",
                            "'where' needs a condition");
    where->vecs = arena_array(ctx->arena, input->schema.count, sizeof *where->vecs);
    where->buffers = arena_array(ctx->arena, input->schema.count, sizeof *where->buffers);
    if (!where->vecs || !where->buffers) return context_no_memory(ctx);
    for (size_t i = 0; i < input->schema.count; i++) {
        enum type type = input->schema.columns[i].type;
        where->buffers[i] = vec_make(ctx->arena, type, type == TYPE_NUMBER);
    }
    if (ctx->arena->failed) return context_no_memory(ctx);
    where->op.next = where_next;
    where->op.free = where_free;
    *out = &where->op;
    return 0;
}

/* -- derive ------------------------------------------------------------------------------------ */

struct derive_op {
    struct op op;
    struct node **nodes;
    int *targets; /* column that each node fills */
    size_t count;
    struct vec *vecs;
    struct batch batch;
};

static void derive_free(struct op *op)
{
    struct derive_op *derive = (struct derive_op *)op;
    for (size_t i = 0; i < derive->count; i++)
        expr_free(derive->nodes[i]);
}

static int derive_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct derive_op *derive = (struct derive_op *)op;
    struct batch *batch;
    int status = op->input->next(op->input, ctx, &batch);
    *out = NULL;
    if (status || !batch) return status;
    derive->batch = *batch;
    derive->batch.vecs = derive->vecs;
    memcpy(derive->vecs, batch->vecs, op->input->schema.count * sizeof *derive->vecs);
    for (size_t i = 0; i < derive->count; i++) {
        /* Later bindings see earlier ones: the batch grows as they are run. */
        const struct vec *vec;
        status = expr_eval(ctx, derive->nodes[i], &derive->batch, &vec);
        if (status) return status;
        derive->vecs[derive->targets[i]] = *vec;
    }
    *out = &derive->batch;
    return 0;
}

int op_derive(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct derive_op *derive;
    int status = op_make(ctx, sizeof *derive, "derive", input, &derive);
    if (status) return status;
    for (size_t i = 0; i < input->schema.count; i++) /* rows and keys go on as they are */
        derive->op.schema.columns[i].compared = input->schema.columns[i].compared;
    struct windows *windows = NULL;
    size_t total = 0;
    for (const struct binding *binding = stage->bindings; binding; binding = binding->next)
        total++;
    derive->nodes = arena_array(ctx->arena, total, sizeof *derive->nodes);
    derive->targets = arena_array(ctx->arena, total, sizeof *derive->targets);
    if (!derive->nodes || !derive->targets) return context_no_memory(ctx);
    for (const struct binding *binding = stage->bindings; binding; binding = binding->next) {
        struct binder binder;
        binder_init(&binder, ctx, &derive->op.schema, MODE_ROW);
        binder.windows = &windows;
        status = expr_bind(&binder, binding->expr, &derive->nodes[derive->count]);
        if (!status) status = op_look_back(ctx, &derive->op, &binder, binding->expr->span);
        if (status) return status;
        int target = schema_find(&derive->op.schema, binding->name.text, binding->name.len);
        if (target >= 0)
            return context_fail(ctx, Q_NO_COLUMN, binding->name_span, "choose another name",
                                "there is a column '%.*s' already", (int)binding->name.len,
                                binding->name.text);
        struct column column = node_column(derive->nodes[derive->count]);
        column.name = slice_string(ctx->arena, binding->name);
        column.about = NULL;
        derive->targets[derive->count++] = (int)derive->op.schema.count;
        status = op_add_column(ctx, &derive->op, column);
        if (status) return status;
    }
    derive->vecs = arena_array(ctx->arena, derive->op.schema.count, sizeof *derive->vecs);
    if (!derive->vecs) return context_no_memory(ctx);
    derive->op.next = derive_next;
    derive->op.free = derive_free;
    *out = &derive->op;
    return 0;
}

/* -- keep -------------------------------------------------------------------------------------- */

struct keep_op {
    struct op op;
    int *sources;
    struct vec *vecs;
    struct batch batch;
};

static int keep_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct keep_op *keep = (struct keep_op *)op;
    struct batch *batch;
    int status = op->input->next(op->input, ctx, &batch);
    *out = NULL;
    if (status || !batch) return status;
    keep->batch = *batch;
    keep->batch.vecs = keep->vecs;
    for (size_t i = 0; i < op->schema.count; i++)
        keep->vecs[i] = batch->vecs[keep->sources[i]];
    *out = &keep->batch;
    return 0;
}

int op_keep(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct keep_op *keep;
    int status = op_make(ctx, sizeof *keep, "keep", input, &keep);
    if (status) return status;
    keep->op.schema = (struct schema){0};
    size_t count = 0;
    for (const struct name_item *name = stage->names; name; name = name->next)
        count++;
    keep->sources = arena_array(ctx->arena, count, sizeof *keep->sources);
    keep->vecs = arena_array(ctx->arena, count, sizeof *keep->vecs);
    const char **known = arena_array(ctx->arena, input->schema.count, sizeof *known);
    if (!keep->sources || !keep->vecs || !known) return context_no_memory(ctx);
    for (size_t i = 0; i < input->schema.count; i++)
        known[i] = input->schema.columns[i].name;
    for (const struct name_item *name = stage->names; name; name = name->next) {
        int source = schema_find(&input->schema, name->name.text, name->name.len);
        if (source < 0) {
            const char *help = context_suggest(ctx, name->name, known, input->schema.count);
            return context_fail(ctx, Q_NO_COLUMN, name->span,
                                help ? help : schema_told(ctx, &input->schema), "no column '%.*s'",
                                (int)name->name.len, name->name.text);
        }
        if (schema_find(&keep->op.schema, name->name.text, name->name.len) >= 0)
            return context_fail(ctx, Q_NO_COLUMN, name->span, NULL, "'%.*s' is kept already",
                                (int)name->name.len, name->name.text);
        keep->sources[keep->op.schema.count] = source;
        status = op_add_column(ctx, &keep->op, input->schema.columns[source]);
        if (status) return status;
    }
    keep->op.next = keep_next;
    *out = &keep->op;
    return 0;
}

/* -- take -------------------------------------------------------------------------------------- */

struct take_op {
    struct op op;
    size_t left;
    struct batch batch;
    uint8_t selected[PACE_MAX_BATCH];
};

static int take_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct take_op *take = (struct take_op *)op;
    struct batch *batch;
    *out = NULL;
    if (take->left == 0) return 0;
    int status = op->input->next(op->input, ctx, &batch);
    if (status || !batch) return status;
    take->batch = *batch;
    for (size_t i = 0; i < batch->count; i++) {
        take->selected[i] = batch_selected(batch, i) && take->left > 0;
        take->left -= take->selected[i];
    }
    take->batch.selected = take->selected;
    *out = &take->batch;
    return 0;
}

int op_take(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    double number;
    int status = number_bind(ctx, &stage->number, &number);
    if (status) return status;
    if (!(number >= 0) || number != floor(number) || number > 1e15)
        return context_fail(ctx, Q_RANGE, stage->number.span, NULL,
                            "'take' needs a whole number of rows");
    struct take_op *take;
    status = op_make(ctx, sizeof *take, "take", input, &take);
    if (status) return status;
    take->left = (size_t)number;
    take->op.by_series = false;
    take->op.next = take_next;
    *out = &take->op;
    return 0;
}
