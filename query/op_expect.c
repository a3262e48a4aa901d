/* op_expect.c -- expect: what must hold; the rows pass when it does, the offending ones when
 * not. */
#include "op.h"

#include "group.h"

#include <stdlib.h>
#include <string.h>

struct expect_op {
    struct op op;
    enum expect_kind kind;
    struct node *condition;
    bool grouped; /* of the aggregate of all rows */
    struct aggregate *aggregates;
    struct gathered *states;
    size_t aggregate_count, *groups;
    int time_column;
    struct rowset rows;
    uint32_t *offending; /* rows where the condition does not hold */
    size_t offending_count, offending_capacity, offset;
    bool filled, unmet;
};

static void expect_free(struct op *op)
{
    struct expect_op *expect = (struct expect_op *)op;
    rowset_free(&expect->rows);
    free(expect->offending);
    for (size_t i = 0; i < expect->aggregate_count; i++)
        gathered_free(&expect->states[i]);
    expr_free(expect->condition);
    for (const struct aggregate *a = expect->aggregates; a; a = a->next)
        expr_free(a->arg);
}

/* Notes the rows of a batch where the condition is not true: unknown is never green. */
static int expect_rows(struct expect_op *expect, struct context *ctx, const struct batch *batch)
{
    const struct vec *flags;
    int status = expr_eval(ctx, expect->condition, batch, &flags);
    if (status) return status;
    size_t row = expect->rows.count;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch_selected(batch, i)) continue;
        uint32_t index = (uint32_t)row++;
        if (flags->at.flag[i * flags->step] == 1) continue;
        if (expect->offending_count == expect->offending_capacity) {
            size_t capacity = expect->offending_capacity ? expect->offending_capacity * 2 : 64;
            uint32_t *grown = reallocarray(expect->offending, capacity, sizeof *grown);
            if (!grown) return context_no_memory(ctx);
            expect->offending = grown;
            expect->offending_capacity = capacity;
        }
        expect->offending[expect->offending_count++] = index;
    }
    return 0;
}

static int expect_aggregates(struct expect_op *expect, struct context *ctx,
                             const struct batch *batch)
{
    size_t index = 0;
    for (size_t i = 0; i < batch->count; i++)
        expect->groups[i] = batch_selected(batch, i) ? 0 : SIZE_MAX;
    for (const struct aggregate *a = expect->aggregates; a; a = a->next) {
        const struct vec *v = NULL;
        int status = a->arg ? expr_eval(ctx, a->arg, batch, &v) : 0;
        if (!status)
            status = gathered_add(ctx, a, index++, batch, v, expect->time_column, expect->groups,
                                  expect->states, expect->aggregate_count);
        if (status) return status;
    }
    return 0;
}

static int expect_fill(struct expect_op *expect, struct context *ctx)
{
    for (;;) {
        struct batch *batch;
        int status = expect->op.input->next(expect->op.input, ctx, &batch);
        if (status || !batch) return status;
        if (expect->kind == EXPECT_EXPR)
            status = expect->grouped ? expect_aggregates(expect, ctx, batch)
                                     : expect_rows(expect, ctx, batch);
        if (status) return status;
        status = rowset_append(&expect->rows, batch, true);
        if (status) return op_fail_rows(ctx, status, "expect");
    }
}

/* Decides; the status of the statement is 1 when it is unmet, 4 when nothing was there to judge. */
static int expect_decide(struct expect_op *expect, struct context *ctx)
{
    struct pace_outcome *outcome = ctx->outcome;
    if (outcome->series == 0) return 0; /* no verdict: the end of the statement says so */
    if (expect->kind == EXPECT_NONE) {
        expect->unmet = expect->rows.count > 0;
    } else if (expect->kind == EXPECT_SOME) {
        expect->unmet = expect->rows.count == 0;
    } else if (expect->grouped) {
        size_t index = 0;
        struct batch one = {.count = 1};
        const struct vec *v;
        for (const struct aggregate *a = expect->aggregates; a; a = a->next)
            gathered_finish(a, &expect->states[index++]);
        int status = expr_eval(ctx, expect->condition, &one, &v);
        if (status) return status;
        expect->unmet = v->at.flag[0] != 1;
    } else {
        expect->unmet = expect->offending_count > 0;
        if (expect->rows.count == 0 && outcome->status == 0) {
            outcome->status = 4;
            diag_note(ctx->diags, "no verdict: there are no rows to judge");
        }
    }
    if (!expect->unmet) return 0;
    outcome->status = 1;
    diag_note(ctx->diags, "unmet: %s", expect->op.detail);
    return 0;
}

static int expect_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct expect_op *expect = (struct expect_op *)op;
    *out = NULL;
    if (!expect->filled) {
        int status = expect_fill(expect, ctx);
        if (!status) status = expect_decide(expect, ctx);
        if (status) return status;
        expect->filled = true;
    }
    bool some = expect->unmet && expect->offending_count > 0;
    size_t total = some ? expect->offending_count : expect->rows.count;
    if (expect->offset == total) return 0;
    *out = rowset_batch(&expect->rows, some ? expect->offending : NULL, expect->offset,
                        total - expect->offset);
    expect->offset += (*out)->count;
    return 0;
}

/* Whether an expression is about the rows as a whole: an aggregate without a window in it. */
static bool has_aggregate(const struct expr *expr)
{
    if (!expr) return false;
    if (expr->kind == EXPR_CALL && !expr->window) {
        for (unsigned i = 0; i < FUNCTION_COUNT; i++)
            if (function_rows[i].kind == AGGREGATE && slice_is(expr->text, function_rows[i].name))
                return true;
        if (expr->text.len > 1 && expr->text.text[0] == 'p' && expr->text.text[1] >= '0' &&
            expr->text.text[1] <= '9')
            return true;
    }
    if (has_aggregate(expr->left) || has_aggregate(expr->right)) return true;
    for (const struct expr *arg = expr->args; arg; arg = arg->next)
        if (has_aggregate(arg)) return true;
    return false;
}

static int condition_bind(struct context *ctx, const struct stage *stage, struct expect_op *expect)
{
    struct binder binder;
    expect->grouped = has_aggregate(stage->expr);
    binder_init(&binder, ctx, &expect->op.schema, expect->grouped ? MODE_GROUP : MODE_ROW);
    int status = expr_bind(&binder, stage->expr, &expect->condition);
    if (!status) status = op_look_back(ctx, &expect->op, &binder, stage->expr->span);
    if (status) return status;
    if (node_column(expect->condition).type != TYPE_FLAG)
        return context_fail(ctx, Q_TYPE, stage->expr->span,
                            "write a comparison, like count() >= 12", "'expect' needs a condition");
    expect->aggregates = binder.aggregates;
    for (const struct aggregate *a = binder.aggregates; a; a = a->next, expect->aggregate_count++)
        expect->op.by_batches |= gathered_by_batches(a);
    expect->states = arena_array(ctx->arena, expect->aggregate_count, sizeof *expect->states);
    expect->groups = arena_array(ctx->arena, PACE_MAX_BATCH, sizeof *expect->groups);
    return expect->states && expect->groups ? 0 : context_no_memory(ctx);
}

int op_expect(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct expect_op *expect;
    int status = op_make(ctx, sizeof *expect, "expect", input, &expect);
    if (status) return status;
    expect->kind = stage->expect;
    expect->time_column = schema_find(&input->schema, "time", 4);
    if (expect->kind == EXPECT_EXPR) status = condition_bind(ctx, stage, expect);
    if (status) return status;
    if (rowset_init(&expect->rows, ctx->arena, &expect->op.schema,
                    context_limit(ctx, LIMIT_PACE_MAX_ROWS)))
        return context_no_memory(ctx);
    expect->op.by_series = false;
    expect->op.holds = true;
    expect->op.next = expect_next;
    expect->op.free = expect_free;
    *out = &expect->op;
    return 0;
}
