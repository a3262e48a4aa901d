/* expr_bind.c -- names, types and units of expressions; see expr.h. */
#include "expr_node.h"

#include "parse.h"
#include "suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct function_row function_rows[FUNCTION_COUNT] = {
#define FUNCTION(id, name, kind, fewest, most, signature, help)                                    \
    {name, kind, fewest, most, signature, help},
#include "function.def"
#undef FUNCTION
};

static const char *const TYPE_WORDS[] = {"a number", "a time", "a text", "a condition"};

void binder_init(struct binder *binder, struct context *ctx, const struct schema *schema,
                 enum expr_mode mode)
{
    *binder = (struct binder){.ctx = ctx, .schema = schema, .mode = mode};
    binder->tail = &binder->aggregates;
}

struct column node_column(const struct node *node)
{
    return (struct column){
        .type = node->type, .kind = node->unit_kind, .mixed = node->mixed, .about = node->about};
}

static int node_make(struct binder *binder, enum node_kind kind, enum type type, struct span span,
                     struct node **out)
{
    struct arena *arena = binder->ctx->arena;
    struct node *node = arena_alloc(arena, sizeof *node);
    if (!node) return context_no_memory(binder->ctx);
    node->kind = kind;
    node->type = type;
    node->span = span;
    node->arena = arena;
    node->column = -1;
    node->previous = NAN;
    if (kind != NODE_COLUMN) node->out = vec_make(arena, type, type == TYPE_NUMBER);
    if (arena->failed) return context_no_memory(binder->ctx);
    *out = node;
    return 0;
}

static int expect_type(struct binder *binder, const struct node *node, enum type type)
{
    if (node->type == type) return 0;
    return context_fail(binder->ctx, Q_TYPE, node->span, NULL, "this is %s, where %s is needed",
                        TYPE_WORDS[node->type], TYPE_WORDS[type]);
}

/* -- constants --------------------------------------------------------------------------------- */

/* `text` is how the quantity is written. */
static int bind_quantity(struct binder *binder, double number, struct slice unit, struct span span,
                         struct slice text, struct node **out)
{
    struct context *ctx = binder->ctx;
    struct value value = {.kind = VALUE_QUANTITY, .number = number, .unit = unit, .span = span};
    const char *name;
    struct node *node;
    int status = node_make(binder, NODE_CONST, TYPE_NUMBER, span, &node);
    if (!status) status = value_bind(ctx, &value, &number, &name);
    if (status) return status;
    struct unit known = unit_lookup(name, strlen(name));
    node->unit_kind = known.kind;
    node->out.step = 0;
    node->out.unit = name;
    if (known.kind == UNIT_RATIO) {
        number *= known.factor;
        node->out.unit = "x";
    } else if (known.kind == UNIT_SD) {
        node->out.unit = "";
    }
    node->out.at.number[0] = number;
    node->about = arena_printf(ctx->arena, "%.*s is a %s", (int)text.len, text.text,
                               unit_kind_name(known.kind));
    *out = node;
    return 0;
}

static int bind_text(struct binder *binder, const char *text, struct span span, struct node **out)
{
    int status = node_make(binder, NODE_CONST, TYPE_TEXT, span, out);
    if (status) return status;
    (*out)->out.step = 0;
    (*out)->out.at.text[0] = text;
    return text ? 0 : context_no_memory(binder->ctx);
}

static int bind_time(struct binder *binder, int64_t time_ns, struct span span, struct node **out)
{
    int status = node_make(binder, NODE_CONST, TYPE_TIME, span, out);
    if (status) return status;
    (*out)->out.step = 0;
    (*out)->out.at.time_ns[0] = time_ns;
    return 0;
}

static int bind_number(struct binder *binder, double number, struct span span, struct node **out)
{
    int status = node_make(binder, NODE_CONST, TYPE_NUMBER, span, out);
    if (status) return status;
    (*out)->out.step = 0;
    (*out)->out.at.number[0] = number;
    return 0;
}

/* $name holds a number, a quantity, a date or a text. What looks like none of the first three is a text,
 * so that a branch may be called e2e or 1.x. */
static int bind_variable(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    const char *text = context_variable(ctx, expr->text);
    if (!text)
        return context_fail(ctx, Q_NO_VARIABLE, expr->span, "give it with -v NAME=VALUE",
                            "$%.*s has no value", (int)expr->text.len, expr->text.text);
    size_t len = strlen(text);
    int64_t time_ns;
    double number;
    struct slice unit;
    if (date_parse(text, len, &time_ns) == 0) return bind_time(binder, time_ns, expr->span, out);
    if (!quantity_parse(ctx, text, &number, &unit) ||
        (unit.len && unit_lookup(unit.text, unit.len).kind == UNIT_CUSTOM))
        return bind_text(binder, text, expr->span, out);
    if (!unit.len) return bind_number(binder, number, expr->span, out);
    return bind_quantity(binder, number, unit, expr->span, (struct slice){text, (uint32_t)len},
                         out);
}

/* -- names ------------------------------------------------------------------------------------- */

static int bind_column(struct binder *binder, int index, struct span span, struct node **out)
{
    const struct column *column = &binder->schema->columns[index];
    if (binder->mode == MODE_GROUP && !binder->inside_aggregate)
        return context_fail(
            binder->ctx, Q_TYPE, span, "write mean(value), or put the column into 'by'",
            "'%s' is a value of each row; here one of the group is needed", column->name);
    int status = node_make(binder, NODE_COLUMN, column->type, span, out);
    if (status) return status;
    (*out)->column = index;
    (*out)->unit_kind = column->kind;
    (*out)->mixed = column->mixed;
    (*out)->about = column->about;
    return 0;
}

static int find_column(const struct binder *binder, const char *name)
{
    return schema_find(binder->schema, name, strlen(name));
}

/* `high` and `low`: the value beyond a limit of check. */
static int bind_beyond(struct binder *binder, const struct expr *expr, bool above,
                       struct node **out)
{
    struct context *ctx = binder->ctx;
    int value = find_column(binder, "value");
    int limit = find_column(binder, above ? "high_limit" : "low_limit");
    if (value < 0 || limit < 0)
        return context_fail(ctx, Q_NO_COLUMN, expr->span, "put '| check' before it",
                            "'%s' needs the limits of a check", above ? "high" : "low");
    int status = node_make(binder, NODE_BEYOND, TYPE_FLAG, expr->span, out);
    if (status) return status;
    (*out)->above = above;
    status = bind_column(binder, value, expr->span, &(*out)->a);
    if (!status) status = bind_column(binder, limit, expr->span, &(*out)->b);
    return status;
}

static int bind_verdict(struct binder *binder, const struct expr *expr, enum verdict verdict,
                        struct node **out)
{
    int column = find_column(binder, "verdict");
    if (column < 0)
        return context_fail(binder->ctx, Q_NO_COLUMN, expr->span, "put '| check' before it",
                            "'%s' is a verdict, and nothing here judges", verdict_names[verdict]);
    struct node *row;
    int status = bind_column(binder, column, expr->span, &row);
    if (!status) status = node_make(binder, NODE_VERDICT, TYPE_FLAG, expr->span, out);
    if (status) return status;
    (*out)->column = column;
    (*out)->verdict = verdict;
    return 0;
}

/* A let stands for its expression. */
static int bind_let(struct binder *binder, const struct expr *expr, const char *text,
                    struct node **out)
{
    struct context *ctx = binder->ctx;
    struct script *script;
    if (++ctx->expansions > PACE_MAX_DEPTH)
        return context_fail(ctx, Q_TOO_DEEP, expr->span, NULL, "'%.*s' uses itself",
                            (int)expr->text.len, expr->text.text);
    int parsed = context_parse(ctx, text, &script);
    if (parsed) return parsed;
    const struct span *saved = ctx->anchor;
    struct span here = expr->span;
    if (!saved) ctx->anchor = &here;
    int status = expr_bind(binder, script->statements->expr, out);
    ctx->anchor = saved;
    ctx->expansions--;
    return status;
}

static int fail_name(struct binder *binder, const struct expr *expr)
{
    struct context *ctx = binder->ctx;
    const struct schema *schema = binder->schema;
    size_t let_count;
    const char *const *lets = context_names(ctx, PACE_OBJECT_LET, &let_count);
    const char **names =
        arena_array(ctx->arena, schema->count + VERDICT_COUNT + let_count, sizeof *names);
    if (!names) return context_no_memory(ctx);
    size_t count = 0;
    for (size_t i = 0; i < schema->count; i++)
        names[count++] = schema->columns[i].name;
    for (size_t i = 0; i < VERDICT_COUNT; i++)
        names[count++] = verdict_names[i];
    for (size_t i = 0; i < let_count; i++)
        names[count++] = lets[i];

    const char *help = context_suggest(ctx, expr->text, names, count);
    const char *hyphen = memchr(expr->text.text, '-', expr->text.len);
    if (hyphen) {
        size_t left = (size_t)(hyphen - expr->text.text), right = expr->text.len - left - 1;
        if (schema_find(schema, expr->text.text, left) >= 0 &&
            schema_find(schema, hyphen + 1, right) >= 0)
            help = arena_printf(ctx->arena, "write '%.*s - %.*s' to subtract", (int)left,
                                expr->text.text, (int)right, hyphen + 1);
    }
    return context_fail(ctx, Q_NO_COLUMN, expr->span, help, "no column '%.*s'", (int)expr->text.len,
                        expr->text.text);
}

static int bind_name(struct binder *binder, const struct expr *expr, struct node **out)
{
    int column = schema_find(binder->schema, expr->text.text, expr->text.len);
    if (column >= 0) return bind_column(binder, column, expr->span, out);
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (slice_is(expr->text, verdict_names[i]))
            return bind_verdict(binder, expr, (enum verdict)i, out);
    if (slice_is(expr->text, "high")) return bind_beyond(binder, expr, true, out);
    if (slice_is(expr->text, "low")) return bind_beyond(binder, expr, false, out);
    const char *let = context_definition(binder->ctx, PACE_OBJECT_LET, expr->text);
    if (let) return bind_let(binder, expr, let, out);
    return fail_name(binder, expr);
}

/* testbed:ci-* as a condition on the row. */
static int bind_match(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    const struct selector *match = expr->selector;
    bool is_run = slice_is(match->key, "run");
    if (key_dimension(match->key) < 0 && !is_run && !slice_is(match->key, "commit"))
        return context_fail_key(ctx, match->key, match->key_span);
    int column = schema_find(binder->schema, match->key.text, match->key.len);
    if (column < 0)
        return context_fail(ctx, Q_NO_COLUMN, expr->span, NULL, "there is no column '%.*s' here",
                            (int)match->key.len, match->key.text);
    struct node *row;
    int status = bind_column(binder, column, expr->span, &row);
    if (!status) status = node_make(binder, NODE_MATCH, TYPE_FLAG, expr->span, out);
    if (!status) status = matcher_bind(ctx, &match->pattern, &(*out)->matcher);
    if (status) return status;
    (*out)->column = column;
    if (is_run) {
        char *end;
        (*out)->run = strtoull((*out)->matcher.text, &end, 10);
        if (*end || end == (*out)->matcher.text)
            return context_fail(ctx, Q_BAD_PATTERN, match->pattern.span,
                                "runs have numbers, like run:118",
                                "'%s' is not the number of a run", (*out)->matcher.text);
        return 0;
    }
    if (slice_is(match->key, "commit"))
        return matcher_find_commit(ctx, &(*out)->matcher, match->pattern.span);
    return 0;
}

/* -- operators --------------------------------------------------------------------------------- */

static bool plain(enum unit_kind kind)
{
    return kind == UNIT_NONE || kind == UNIT_RATIO || kind == UNIT_COUNT || kind == UNIT_SD;
}

/* What both sides are, for a unit error. */
static const char *describe(struct binder *binder, const struct node *node)
{
    if (node->about) return node->about;
    return arena_printf(binder->ctx->arena, "this is a %s", unit_kind_name(node->unit_kind));
}

/* Units that may be added and compared: one kind, or a plain number on one side. */
static int check_kinds(struct binder *binder, const struct node *a, const struct node *b,
                       struct span span)
{
    struct context *ctx = binder->ctx;
    if ((a->mixed && !plain(b->unit_kind)) || (b->mixed && !plain(a->unit_kind)))
        return context_fail(ctx, Q_UNIT, span, "select one measure with measure:NAME",
                            "the selected measures have units of several kinds");
    if (a->unit_kind == b->unit_kind || (plain(a->unit_kind) && plain(b->unit_kind)) ||
        a->unit_kind == UNIT_NONE || b->unit_kind == UNIT_NONE)
        return 0;
    const char *left = describe(binder, a), *right = describe(binder, b);
    if (!left || !right) return context_no_memory(ctx);
    return context_fail(ctx, Q_UNIT, b->span, NULL, "%s; %s", left, right);
}

static enum unit_kind product_kind(enum unit_kind a, enum unit_kind b)
{
    if (plain(a)) return b;
    return plain(b) ? a : UNIT_CUSTOM;
}

static enum unit_kind quotient_kind(enum unit_kind a, enum unit_kind b)
{
    if (a == b) return UNIT_RATIO;
    if (plain(b)) return a;
    if (plain(a) && b == UNIT_TIME) return UNIT_RATE;
    if (plain(a) && b == UNIT_RATE) return UNIT_TIME;
    if (a == UNIT_SIZE && b == UNIT_TIME) return UNIT_BYTERATE;
    return UNIT_CUSTOM;
}

/* time - 14d, time - time, now + 1h. */
static int bind_time_arithmetic(struct binder *binder, const struct expr *expr, struct node *node)
{
    struct context *ctx = binder->ctx;
    const struct node *a = node->a, *b = node->b;
    if (expr->op == OP_SUB && a->type == TYPE_TIME && b->type == TYPE_TIME) {
        node->type = TYPE_NUMBER;
        node->unit_kind = UNIT_TIME;
        node->out = vec_make(ctx->arena, TYPE_NUMBER, true);
        return node->out.at.number ? 0 : context_no_memory(ctx);
    }
    bool sum = expr->op == OP_ADD || expr->op == OP_SUB;
    if (!sum || a->type != TYPE_TIME || b->type != TYPE_NUMBER || b->unit_kind != UNIT_TIME)
        return context_fail(ctx, Q_TYPE, expr->span, "a time takes a span, like now - 14d",
                            "this has no meaning for a time");
    return 0;
}

static bool is_comparison(enum binary_op op)
{
    return op == OP_EQ || op == OP_NE || op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
}

static int bind_binary(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    struct node *a, *b, *node;
    int status = expr_bind(binder, expr->left, &a);
    if (!status) status = expr_bind(binder, expr->right, &b);
    if (status) return status;
    bool logical = expr->op == OP_AND || expr->op == OP_OR;
    enum type type = logical || is_comparison(expr->op) ? TYPE_FLAG : a->type;
    if (!logical && !is_comparison(expr->op) && b->type == TYPE_TIME) type = TYPE_TIME;
    status = node_make(binder, NODE_BINARY, type, expr->span, &node);
    if (status) return status;
    node->op = expr->op;
    node->a = a;
    node->b = b;
    *out = node;
    if (logical) {
        status = expect_type(binder, a, TYPE_FLAG);
        return status ? status : expect_type(binder, b, TYPE_FLAG);
    }
    if (is_comparison(expr->op) || expr->op == OP_ELSE) {
        if (a->type != b->type)
            return context_fail(ctx, Q_TYPE, b->span, NULL, "the left side is %s, this is %s",
                                TYPE_WORDS[a->type], TYPE_WORDS[b->type]);
        if (a->type == TYPE_NUMBER) status = check_kinds(binder, a, b, expr->span);
        if (expr->op == OP_ELSE) {
            node->unit_kind = a->unit_kind == UNIT_NONE ? b->unit_kind : a->unit_kind;
            node->mixed = a->mixed;
        }
        return status;
    }
    if (a->type == TYPE_TIME || b->type == TYPE_TIME)
        return bind_time_arithmetic(binder, expr, node);
    status = expect_type(binder, a, TYPE_NUMBER);
    if (!status) status = expect_type(binder, b, TYPE_NUMBER);
    if (status) return status;
    node->mixed = a->mixed || b->mixed;
    switch (expr->op) {
    case OP_MUL: node->unit_kind = product_kind(a->unit_kind, b->unit_kind); return 0;
    case OP_DIV:
        node->unit_kind = quotient_kind(a->unit_kind, b->unit_kind);
        if (a->mixed && b->mixed) node->mixed = false;
        return 0;
    default: break;
    }
    node->unit_kind = a->unit_kind == UNIT_NONE ? b->unit_kind : a->unit_kind;
    return check_kinds(binder, a, b, expr->span);
}

static int bind_unary(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct node *a;
    int status = expr_bind(binder, expr->left, &a);
    if (status) return status;
    enum node_kind kind = expr->kind == EXPR_NOT       ? NODE_NOT
                          : expr->kind == EXPR_NEGATE  ? NODE_NEGATE
                          : expr->kind == EXPR_IS_NONE ? NODE_IS_NONE
                                                       : NODE_IS_NOT_NONE;
    enum type type = kind == NODE_NEGATE ? TYPE_NUMBER : TYPE_FLAG;
    if (kind == NODE_NOT) status = expect_type(binder, a, TYPE_FLAG);
    if (kind == NODE_NEGATE) status = expect_type(binder, a, TYPE_NUMBER);
    if (!status) status = node_make(binder, kind, type, expr->span, out);
    if (status) return status;
    (*out)->a = a;
    (*out)->unit_kind = kind == NODE_NEGATE ? a->unit_kind : UNIT_NONE;
    (*out)->mixed = kind == NODE_NEGATE && a->mixed;
    return 0;
}

static int bind_regex(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct node *a;
    int status = expr_bind(binder, expr->left, &a);
    if (!status) status = expect_type(binder, a, TYPE_TEXT);
    if (!status) status = node_make(binder, NODE_REGEX, TYPE_FLAG, expr->span, out);
    if (!status) status = matcher_bind(binder->ctx, &expr->pattern, &(*out)->matcher);
    if (!status) (*out)->a = a;
    return status;
}

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
    return context_fail(ctx, Q_NO_FUNCTION, expr->name_span,
                        context_suggest(ctx, expr->text, names, FUNCTION_COUNT),
                        "no function '%.*s'", (int)expr->text.len, expr->text.text);
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

/* A time may be counted, and has a first, last, smallest and largest; other aggregates are of numbers. */
static int check_aggregate_argument(struct binder *binder, enum function function,
                                    const struct node *arg)
{
    bool any = function == F_COUNT;
    bool time = function == F_MIN || function == F_MAX || function == F_FIRST || function == F_LAST;
    if (any || (time && arg->type == TYPE_TIME)) return 0;
    return expect_type(binder, arg, TYPE_NUMBER);
}

/* Whether an expression has a value wherever the point has one, so that points can be counted for it. */
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

static int bind_window_call(struct binder *binder, const struct expr *expr, struct node *node)
{
    struct context *ctx = binder->ctx;
    struct window window;
    int status = window_bind(ctx, expr->window, &window);
    if (status) return status;
    if (node->a && node->a->type != TYPE_NUMBER) return expect_type(binder, node->a, TYPE_NUMBER);
    node->time_column = find_column(binder, "time");
    node->commit_column = find_column(binder, "commit");
    if (!node->a) { /* count(): of rows with a value */
        int value = find_column(binder, "value");
        if (value < 0)
            return context_fail(ctx, Q_NO_COLUMN, expr->span, NULL,
                                "there is no column 'value' here");
        status = bind_column(binder, value, expr->span, &node->a);
        if (status) return status;
    }
    if (node->time_column < 0 || node->commit_column < 0)
        return context_fail(ctx, Q_ORDER, expr->span, "put it before 'keep' and 'summarize'",
                            "a window needs the columns time and commit");
    node->kind = NODE_WINDOW;
    look_back(binder, node->a, lookback_window(&window));
    return history_init(&node->history, window);
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
    int status = expect_type(binder, node->a, TYPE_FLAG);
    if (!status) status = expect_type(binder, node->c, node->b->type);
    if (!status && node->b->type == TYPE_NUMBER)
        status = check_kinds(binder, node->b, node->c, node->span);
    node->type = node->b->type;
    node->unit_kind = node->b->unit_kind == UNIT_NONE ? node->c->unit_kind : node->b->unit_kind;
    node->mixed = node->b->mixed || node->c->mixed;
    node->out = vec_make(binder->ctx->arena, node->type, node->type == TYPE_NUMBER);
    return status;
}

static int bind_bucket(struct binder *binder, struct node *node)
{
    int status = expect_type(binder, node->a, TYPE_TIME);
    if (status) return status;
    if (node->b->kind != NODE_CONST || node->b->unit_kind != UNIT_TIME ||
        !(node->b->out.at.number[0] > 0))
        return context_fail(binder->ctx, Q_TYPE, node->b->span, "write bucket(time, 1d)",
                            "a bucket is a span of time over 0");
    node->type = TYPE_TIME;
    node->out = vec_make(binder->ctx->arena, TYPE_TIME, false);
    return 0;
}

static int bind_call(struct binder *binder, const struct expr *expr, struct node **out)
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
    status = expect_type(binder, node->a, TYPE_NUMBER);
    bool unitless =
        function == F_LOG || function == F_EXP || function == F_SQRT || function == F_DELTA;
    node->unit_kind = unitless ? UNIT_NONE : node->a->unit_kind;
    node->mixed = !unitless && node->a->mixed;
    if (kind == NODE_SERIES) look_back(binder, node->a, (struct lookback){.points = 1});
    return status;
}

/* -- entry ------------------------------------------------------------------------------------- */

int expr_bind(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    int64_t time_ns;
    switch (expr->kind) {
    case EXPR_NUMBER: return bind_number(binder, expr->number, expr->span, out);
    case EXPR_QUANTITY:
        return bind_quantity(
            binder, expr->number, expr->text, expr->span,
            (struct slice){expr->text.text - (expr->span.len - expr->text.len), expr->span.len},
            out);
    case EXPR_DATE:
        if (date_parse(expr->text.text, expr->text.len, &time_ns))
            return context_fail(ctx, Q_BAD_DATE, expr->span,
                                "write 2026-01-31 or 2026-01-31T12:00Z", "'%.*s' is not a date",
                                (int)expr->text.len, expr->text.text);
        return bind_time(binder, time_ns, expr->span, out);
    case EXPR_STRING:
        return bind_text(binder, slice_string(ctx->arena, expr->text), expr->span, out);
    case EXPR_VAR: return bind_variable(binder, expr, out);
    case EXPR_NOW: return bind_time(binder, ctx->now_ns, expr->span, out);
    case EXPR_NAME: return bind_name(binder, expr, out);
    case EXPR_CALL: return bind_call(binder, expr, out);
    case EXPR_OF:
        return context_fail(ctx, Q_NOT_YET, expr->span, NULL,
                            "'%.*s of ...' (a sibling series) is not built yet",
                            (int)expr->text.len, expr->text.text);
    case EXPR_MATCH: return bind_match(binder, expr, out);
    case EXPR_BINARY: return bind_binary(binder, expr, out);
    case EXPR_REGEX: return bind_regex(binder, expr, out);
    case EXPR_NOT:
    case EXPR_NEGATE:
    case EXPR_IS_NONE:
    case EXPR_IS_NOT_NONE: break;
    }
    return bind_unary(binder, expr, out);
}

/* -- windows ----------------------------------------------------------------------------------- */

int window_span_bind(struct context *ctx, const struct window_span *span, struct window *out)
{
    struct value value = span->value;
    double number;
    const char *unit;
    int status;
    switch (span->kind) {
    case WINDOW_ALL: out->kind = WINDOW_EVERYTHING; return 0;
    case WINDOW_SEGMENT:
        return context_fail(ctx, Q_NOT_YET, span->span, "give a number of points, like over 64",
                            "'over segment' is not built yet");
    case WINDOW_WORD:
        value = (struct value){.kind = VALUE_NAME, .name = span->word, .span = span->span};
        break;
    case WINDOW_COUNT:
        if (span->word.len && !slice_is(span->word, "points") && !slice_is(span->word, "runs"))
            return context_fail(ctx, slice_is(span->word, "commits") ? Q_NOT_YET : Q_WINDOW,
                                span->span, "give a number of points, like over 64",
                                slice_is(span->word, "commits")
                                    ? "a window of '%.*s' is not built yet"
                                    : "no window of '%.*s'",
                                (int)span->word.len, span->word.text);
        break;
    case WINDOW_TIME:
    case WINDOW_VAR: break;
    }
    status = value_bind(ctx, &value, &number, &unit);
    if (status) return status;
    if (*unit) {
        out->kind = WINDOW_SPAN;
        value = (struct value){.kind = VALUE_QUANTITY,
                               .number = number,
                               .unit = {unit, (uint32_t)strlen(unit)},
                               .span = span->span};
        return duration_bind(ctx, &value, &out->span_ns);
    }
    if (!(number >= 1) || number != floor(number) || number > PACE_MAX_WINDOW)
        return context_fail(
            ctx, Q_WINDOW, span->span, NULL,
            "a window holds a whole number of points from 1 to %d (PACE_MAX_WINDOW)",
            PACE_MAX_WINDOW);
    out->kind = WINDOW_POINTS;
    out->count = (size_t)number;
    return 0;
}

static int count_bind(struct context *ctx, const struct option *option, size_t *out)
{
    double number = option->number;
    if (!(number >= 0) || number != floor(number) || number > PACE_MAX_WINDOW)
        return context_fail(ctx, Q_RANGE, option->span, NULL,
                            "this is a whole number of points from 0 to %d", PACE_MAX_WINDOW);
    *out = (size_t)number;
    return 0;
}

int window_option_bind(struct context *ctx, const struct option *option, struct window *window)
{
    switch (option->kind) {
    case OPTION_OVER: return window_span_bind(ctx, &option->window, window);
    case OPTION_LAG: return count_bind(ctx, option, &window->lag);
    case OPTION_NEEDS: return count_bind(ctx, option, &window->needs);
    default: break;
    }
    return context_fail(ctx, Q_NO_OPTION, option->span, "it takes over, lag and needs",
                        "this option has no meaning here");
}

int window_settle(struct context *ctx, const struct option *options, struct window *window)
{
    if (window->kind != WINDOW_POINTS || window->needs <= window->count) return 0;
    for (const struct option *option = options; option; option = option->next)
        if (option->kind == OPTION_NEEDS)
            return context_fail(ctx, Q_WINDOW, option->span, "look over more points, or need fewer",
                                "a window of %zu points never holds the %zu that are needed",
                                window->count, window->needs);
    window->needs = window->count;
    return 0;
}

int window_bind(struct context *ctx, const struct option *options, struct window *out)
{
    *out = (struct window){.kind = WINDOW_POINTS, .count = 64, .lag = 1, .needs = 5};
    for (const struct option *option = options; option; option = option->next) {
        int status = window_option_bind(ctx, option, out);
        if (status) return status;
    }
    return window_settle(ctx, options, out);
}
