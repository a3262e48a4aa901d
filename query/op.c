/* op.c -- what all operators share; see op.h. */
#include "op.h"

#include <string.h>

int op_make(struct context *ctx, size_t size, const char *name, struct op *input, void *out)
{
    struct op *op = arena_alloc(ctx->arena, size);
    if (!op) return context_no_memory(ctx);
    op->name = name;
    op->detail = "";
    op->input = input;
    if (input) {
        op->schema.columns =
            arena_array(ctx->arena, input->schema.count, sizeof *op->schema.columns);
        if (!op->schema.columns) return context_no_memory(ctx);
        memcpy(op->schema.columns, input->schema.columns,
               input->schema.count * sizeof *op->schema.columns);
        op->schema.count = input->schema.count;
        for (size_t i = 0; i < op->schema.count; i++)
            op->schema.columns[i].compared = NULL; /* its rows may be others */
        op->by_series = input->by_series;
    }
    memcpy(out, &op, sizeof op);
    return 0;
}

int op_add_column(struct context *ctx, struct op *op, struct column column)
{
    column.compared = NULL; /* as in op_make */
    return schema_add(ctx->arena, &op->schema, column) ? 0 : context_no_memory(ctx);
}

int op_look_back(struct context *ctx, struct op *op, const struct binder *binder, struct span span)
{
    if (lookback_any(binder->lookback) && !op->input->by_series)
        return context_fail(
            ctx, Q_ORDER, span, "put it into a 'derive' before sort, take and summarize",
            "a window looks back on points of a series, and the rows here are none");
    if (binder->of_series && !op->input->by_series)
        return context_fail(ctx, Q_ORDER, span,
                            "put it into a 'derive' before sort, take and summarize",
                            "this asks for the series of a row, and the rows here are of none");
    op->of_series |= binder->of_series;
    op->lookback = lookback_max(op->lookback, binder->lookback);
    return 0;
}

int op_fail_rows(struct context *ctx, int code, const char *verb)
{
    if (code == PACE_ELIMIT)
        return context_fail(ctx, Q_LIMIT, (struct span){0, 0},
                            "select fewer series or a shorter range",
                            "'%s' would hold more than %zu rows (PACE_MAX_ROWS)", verb,
                            context_limit(ctx, LIMIT_PACE_MAX_ROWS));
    return context_no_memory(ctx);
}
