/* expr_call.c -- calls of functions bound: which function, its arguments, what it gives. */
#include "expr_node.h"

#include <math.h>
#include <string.h>

const struct function_row function_rows[FUNCTION_COUNT] = {
#define FUNCTION(id, name, kind, fewest, most, signature, help)                                    \
    {name, kind, fewest, most, signature, help},
#include "function.def"
#undef FUNCTION
};

/* -- calls ------------------------------------------------------------------------------------- */

/* p99 and p99.9 are percentiles. */
static bool percentile_name(struct slice name, double *percentile)
{
    if (name.len < 2 || name.text[0] != 'p') return false;
    double value = 0, scale = 1;
    bool point = false;
    for (uint32_t i = 1; i < name.len; i++) {
        char c = name.text[i];
        if (c == '.' && !point && i > 1) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            if (point) scale *= 10;
        } else {
            return false;
        }
    }
    *percentile = value / scale;
    return true;
}

static int find_function(struct binder *binder, const struct expr *expr, enum function *out,
                         double *percentile)
{
    struct context *ctx = binder->ctx;
    *percentile = NAN;
    if (percentile_name(expr->text, percentile)) {
        if (*percentile > 100)
            return context_fail(ctx, Q_RANGE, expr->name_span, "percentiles go from p0 to p100",
                                "there is no percentile %.*s", (int)expr->text.len,
                                expr->text.text);
        *out = F_PERCENTILE;
        return 0;
    }
    const char *names[FUNCTION_COUNT];
    for (unsigned i = 0; i < FUNCTION_COUNT; i++) {
        names[i] = function_rows[i].name;
        if (slice_is(expr->text, names[i])) {
            *out = (enum function)i;
            return 0;
        }
    }
    const char *help = context_suggest(ctx, expr->text, names, FUNCTION_COUNT);
    return context_fail(ctx, Q_NO_FUNCTION, expr->name_span,
                        help ? help : "'show functions' lists them", "no function '%.*s'",
                        (int)expr->text.len, expr->text.text);
}

static unsigned count_arguments(const struct expr *expr)
{
    unsigned count = 0;
    for (const struct expr *arg = expr->args; arg; arg = arg->next)
        count++;
    return count;
}

static int check_arguments(struct binder *binder, const struct expr *expr, enum function function,
                           bool by_name)
{
    const struct function_row *row = &function_rows[function];
    unsigned count = count_arguments(expr), fewest = row->fewest, most = row->most;
    if (by_name) fewest = most = 1;
    if (count >= fewest && count <= most) return 0;
    const char *help = arena_printf(binder->ctx->arena, "it is %s: %s", row->signature, row->help);
    return context_fail(binder->ctx, Q_ARGUMENTS, expr->span, help,
                        "'%.*s' takes %u argument%s, not %u", (int)expr->text.len, expr->text.text,
                        fewest, fewest == 1 ? "" : "s", count);
}

static enum unit_kind aggregate_kind(enum function function, const struct node *arg)
{
    if (function == F_COUNT || !arg) return UNIT_COUNT;
    if (function == F_CV) return UNIT_RATIO;
    return arg->unit_kind;
}

/* A time may be counted, and has a first, last, smallest and largest; other aggregates are of
 * numbers. */
static int check_aggregate_argument(struct binder *binder, enum function function,
                                    const struct node *arg)
{
    bool any = function == F_COUNT;
    bool time = function == F_MIN || function == F_MAX || function == F_FIRST || function == F_LAST;
    if (any || (time && arg->type == TYPE_TIME)) return 0;
    return node_expect(binder, arg, TYPE_NUMBER);
}

/* Whether an expression has a value wherever the point has one, so that points can be counted for
 * it. */
static bool follows_value(const struct binder *binder, const struct node *node)
{
    switch (node->kind) {
    case NODE_CONST: return true;
    case NODE_COLUMN: return strcmp(binder->schema->columns[node->column].name, "value") == 0;
    case NODE_NEGATE: return follows_value(binder, node->a);
    case NODE_BINARY:
        return (node->op == OP_ADD || node->op == OP_SUB || node->op == OP_MUL) &&
               follows_value(binder, node->a) && follows_value(binder, node->b);
    default: return false;
    }
}

/* A window over what earlier windows found, or over values that may be missing at any point, has no
 * bound on how far it looks back. */
static void look_back(struct binder *binder, const struct node *argument, struct lookback back)
{
    if (!follows_value(binder, argument)) back.all = back.deep = true;
    binder->lookback = lookback_max(binder->lookback, back);
}

static bool same_window(const struct window *a, const struct window *b)
{
    return a->kind == b->kind && a->count == b->count && a->span_ns == b->span_ns &&
           a->lag == b->lag;
}

/* The windows that a call shares with others of its operator: over the same points of one column,
 * and as fit to be made one from another; else its own. */
static int find_windows(struct binder *binder, const struct node *node, struct windows **out)
{
    int column = node_is_column(node->a);
    struct windows **tail = binder->windows;
    for (; tail && *tail; tail = &(*tail)->next) {
        *out = *tail;
        if (column >= 0 && (*tail)->column == column &&
            same_window(&(*tail)->history.window, &node->window) &&
            (*tail)->slides == windows_slide(node->function))
            return 0;
    }
    int status = windows_make(binder->ctx->arena, node->window, out);
    if (status) return status;
    (*out)->column = column;
    if (tail) *tail = *out;
    return 0;
}

static int bind_window_call(struct binder *binder, const struct expr *expr, struct node *node)
{
    struct context *ctx = binder->ctx;
    struct window window;
    int status = window_bind(ctx, expr->window, &window);
    if (status) return status;
    if (node->a && node->a->type != TYPE_NUMBER) return node_expect(binder, node->a, TYPE_NUMBER);
    node->time_column = binder_column(binder, "time");
    bool by_keys = false;
    node->commit_column = window.segment
                              ? binder_column(binder, "commit")
                              : schema_find_compared(binder->schema, "commit", 6, &by_keys);
    if (!node->a) { /* count(): of rows with a value */
        int value = binder_column(binder, "value");
        if (value < 0)
            return context_fail(ctx, Q_NO_COLUMN, expr->span, NULL,
                                "there is no column 'value' here");
        status = node_column_bind(binder, value, expr->span, &node->a);
        if (status) return status;
    }
    if (node->time_column < 0 || node->commit_column < 0)
        return context_fail(ctx, Q_ORDER, expr->span, "put it before 'keep' and 'summarize'",
                            "a window needs the columns time and commit");
    node->kind = NODE_WINDOW;
    look_back(binder, node->a, lookback_window(&window));
    node->value_column = binder_column(binder, "value");
    if (window.segment && node->value_column < 0)
        return context_fail(ctx, Q_ORDER, expr->span, "put it before 'keep' and 'summarize'",
                            "a segment is one of the column value, which is not here");
    node->window = window;
    node->run_column = window.segment ? binder_column(binder, "run") : -1;
    if (window.segment) return follow_make(ctx, &node->follow);
    node->by_keys = by_keys;
    status = find_windows(binder, node, &node->windows);
    if (!status)
        status = windows_add(ctx->arena, node->windows, node->function, node->percentile,
                             window.needs, node->out.at.number);
    return status ? context_no_memory(ctx) : 0;
}

/* Collects an aggregate of a group. */
static int bind_group_call(struct binder *binder, struct node *node)
{
    struct aggregate *aggregate = arena_alloc(binder->ctx->arena, sizeof *aggregate);
    if (!aggregate) return context_no_memory(binder->ctx);
    if (node->mixed)
        return context_fail(binder->ctx, Q_UNIT, node->span,
                            "select one measure with measure:NAME, or add 'measure' to 'by'",
                            "this mixes measures with units of several kinds");
    aggregate->function = node->function;
    aggregate->percentile = node->percentile;
    aggregate->arg = node->a;
    aggregate->slot = node;
    node->kind = NODE_SLOT;
    node->out.step = 0;
    *binder->tail = aggregate;
    binder->tail = &aggregate->next;
    return 0;
}

static int bind_aggregate(struct binder *binder, const struct expr *expr, enum function function,
                          double percentile, struct node **out)
{
    struct context *ctx = binder->ctx;
    const struct expr *argument = expr->args;
    struct node *arg = NULL;
    int status;
    if (function == F_PERCENTILE && isnan(percentile)) {
        if (argument->kind != EXPR_NUMBER || argument->number < 0 || argument->number > 100)
            return context_fail(ctx, Q_RANGE, argument->span, "write p(99.9, value)",
                                "a percentile is a number from 0 to 100");
        percentile = argument->number;
        argument = argument->next;
    }
    bool grouped = binder->mode == MODE_GROUP && !expr->window;
    if (grouped && binder->inside_aggregate)
        return context_fail(ctx, Q_TYPE, expr->span,
                            "give the inner one a window, or use two stages",
                            "an aggregate inside an aggregate");
    if (!grouped && !expr->window)
        return context_fail(ctx, Q_WINDOW, expr->span, "write over 30, or use 'summarize'",
                            "'%.*s' needs a window here", (int)expr->text.len, expr->text.text);
    if (argument) {
        bool saved = binder->inside_aggregate;
        binder->inside_aggregate = grouped || saved;
        status = expr_bind(binder, argument, &arg);
        binder->inside_aggregate = saved;
        if (!status) status = check_aggregate_argument(binder, function, arg);
        if (status) return status;
    }
    enum type type = arg && arg->type == TYPE_TIME && function != F_COUNT ? TYPE_TIME : TYPE_NUMBER;
    struct node *node;
    status = node_make(binder, NODE_SLOT, type, expr->span, &node);
    if (status) return status;
    node->function = function;
    node->percentile = percentile / 100;
    node->a = arg;
    node->unit_kind = aggregate_kind(function, arg);
    node->mixed = arg && arg->mixed && function != F_COUNT && function != F_CV;
    node->about = arg && function != F_COUNT && function != F_CV ? arg->about : NULL;
    *out = node;
    return grouped ? bind_group_call(binder, node) : bind_window_call(binder, expr, node);
}

static int bind_if(struct binder *binder, struct node *node)
{
    int status = node_expect(binder, node->a, TYPE_FLAG);
    if (!status) status = node_expect(binder, node->c, node->b->type);
    if (!status && node->b->type == TYPE_NUMBER)
        status = node_check_kinds(binder, node->b, node->c, node->span);
    node->type = node->b->type;
    node->unit_kind = node->b->unit_kind == UNIT_NONE ? node->c->unit_kind : node->b->unit_kind;
    node->mixed = node->b->mixed || node->c->mixed;
    node->out = vec_make(binder->ctx->arena, node->type, node->type == TYPE_NUMBER);
    return status;
}

static int bind_bucket(struct binder *binder, struct node *node)
{
    int status = node_expect(binder, node->a, TYPE_TIME);
    if (status) return status;
    if (node->b->kind != NODE_CONST || node->b->unit_kind != UNIT_TIME ||
        !(node->b->out.at.number[0] > 0))
        return context_fail(binder->ctx, Q_TYPE, node->b->span, "write bucket(time, 1d)",
                            "a bucket is a span of time over 0");
    node->type = TYPE_TIME;
    node->out = vec_make(binder->ctx->arena, TYPE_TIME, false);
    return 0;
}

/* worse(a, b): by the direction of the row's measure. */
static int bind_worse(struct binder *binder, struct node *node)
{
    int status = node_expect(binder, node->a, TYPE_NUMBER);
    if (!status) status = node_expect(binder, node->b, TYPE_NUMBER);
    if (!status) status = node_check_kinds(binder, node->a, node->b, node->span);
    node->kind = NODE_WORSE;
    node->type = TYPE_FLAG;
    node->out = vec_make(binder->ctx->arena, TYPE_FLAG, false);
    return status;
}

int call_bind(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    enum function function = F_COUNT;
    double percentile;
    int status = find_function(binder, expr, &function, &percentile);
    if (!status) status = check_arguments(binder, expr, function, !isnan(percentile));
    if (status) return status;
    if (function_rows[function].kind == AGGREGATE)
        return bind_aggregate(binder, expr, function, percentile, out);
    if (expr->window)
        return context_fail(ctx, Q_WINDOW, expr->window->span, NULL, "'%.*s' takes no window",
                            (int)expr->text.len, expr->text.text);

    struct node *node, **slots[3];
    enum node_kind kind = function_rows[function].kind == SERIES ? NODE_SERIES : NODE_SCALAR;
    status = node_make(binder, kind, TYPE_NUMBER, expr->span, &node);
    if (status) return status;
    node->function = function;
    if (function == F_WORSE) binder->of_series = true;
    slots[0] = &node->a;
    slots[1] = &node->b;
    slots[2] = &node->c;
    unsigned i = 0;
    for (const struct expr *arg = expr->args; arg; arg = arg->next) {
        status = expr_bind(binder, arg, slots[i++]);
        if (status) return status;
    }
    *out = node;
    if (function == F_IF) return bind_if(binder, node);
    if (function == F_BUCKET) return bind_bucket(binder, node);
    if (function == F_WORSE) return bind_worse(binder, node);
    status = node_expect(binder, node->a, TYPE_NUMBER);
    bool unitless =
        function == F_LOG || function == F_EXP || function == F_SQRT || function == F_DELTA;
    node->unit_kind = unitless ? UNIT_NONE : node->a->unit_kind;
    node->mixed = !unitless && node->a->mixed;
    if (kind == NODE_SERIES) look_back(binder, node->a, (struct lookback){.points = 1});
    return status;
}
