/* expr_bind.c -- names, types and units of expressions; see expr.h. Calls are in expr_call.c. */
#include "expr_node.h"

#include "matcher.h"
#include "parse.h"
#include "suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int node_make(struct binder *binder, enum node_kind kind, enum type type, struct span span,
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

int node_expect(struct binder *binder, const struct node *node, enum type type)
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

/* $name holds a number, a quantity, a date or a text. What looks like none of the first three is a
 * text, so that a branch may be called e2e or 1.x. */
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

int node_column_bind(struct binder *binder, int index, struct span span, struct node **out)
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

int binder_column(const struct binder *binder, const char *name)
{
    return schema_find(binder->schema, name, strlen(name));
}

/* `high` and `low`: the value beyond a limit of check. */
static int bind_beyond(struct binder *binder, const struct expr *expr, bool above,
                       struct node **out)
{
    struct context *ctx = binder->ctx;
    int value = binder_column(binder, "value");
    const char *name = above ? "high_limit" : "low_limit";
    int limit = schema_index(binder->schema, name, strlen(name)); /* no number of it is shown */
    if (value < 0 || limit < 0)
        return context_fail(ctx, Q_NO_COLUMN, expr->span, "put '| check' before it",
                            "'%s' needs the limits of a check", above ? "high" : "low");
    int status = node_make(binder, NODE_BEYOND, TYPE_FLAG, expr->span, out);
    if (status) return status;
    (*out)->above = above;
    status = node_column_bind(binder, value, expr->span, &(*out)->a);
    if (!status) status = node_column_bind(binder, limit, expr->span, &(*out)->b);
    return status;
}

static int bind_verdict(struct binder *binder, const struct expr *expr, enum verdict verdict,
                        struct node **out)
{
    int column = binder_column(binder, "verdict");
    if (column < 0)
        return context_fail(binder->ctx, Q_NO_COLUMN, expr->span, "put '| check' before it",
                            "'%s' is a verdict, and nothing here judges", verdict_names[verdict]);
    struct node *row;
    int status = node_column_bind(binder, column, expr->span, &row);
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

enum { COLUMNS_TOLD = 24 };

const char *schema_told(struct context *ctx, const struct schema *schema)
{
    const char *text = "the columns here:";
    for (size_t i = 0; i < schema->count && i < COLUMNS_TOLD && text; i++)
        text = arena_printf(ctx->arena, "%s%s %s", text, i ? "," : "", schema->columns[i].name);
    return text;
}

/* The call of a function that is named as if it were a column; NULL: there is none. */
static const char *call_told(struct context *ctx, struct slice name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        if (slice_is(name, function_rows[i].name))
            return arena_printf(ctx->arena, "it is a function: write %s(%s)", function_rows[i].name,
                                function_rows[i].fewest > 0 ? "value" : "");
    return NULL;
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

    const char *help = call_told(ctx, expr->text);
    if (!help) help = stored_name_told(ctx, expr->text);
    if (!help) help = context_suggest(ctx, expr->text, names, count);
    const char *hyphen = memchr(expr->text.text, '-', expr->text.len);
    if (hyphen) {
        size_t left = (size_t)(hyphen - expr->text.text), right = expr->text.len - left - 1;
        if (schema_find(schema, expr->text.text, left) >= 0 &&
            schema_find(schema, hyphen + 1, right) >= 0)
            help = arena_printf(ctx->arena, "write '%.*s - %.*s' to subtract", (int)left,
                                expr->text.text, (int)right, hyphen + 1);
    }
    return context_fail(ctx, Q_NO_COLUMN, expr->span, help ? help : schema_told(ctx, schema),
                        "no column '%.*s'", (int)expr->text.len, expr->text.text);
}

static int bind_name(struct binder *binder, const struct expr *expr, struct node **out)
{
    int column = schema_find(binder->schema, expr->text.text, expr->text.len);
    if (column >= 0) return node_column_bind(binder, column, expr->span, out);
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
    int status = node_column_bind(binder, column, expr->span, &row);
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
        return matcher_find_commit(ctx, &(*out)->matcher, match->pattern.span, NULL);
    return 0;
}

/* value of measure:bytes: the same run's sibling series. */
static int bind_of(struct binder *binder, const struct expr *expr, struct node **out)
{
    struct context *ctx = binder->ctx;
    static const char *const names[] = {"value", "lower_value", "upper_value"};
    unsigned field = 0;
    while (field < 3 && !slice_is(expr->text, names[field]))
        field++;
    if (field == 3)
        return context_fail(ctx, Q_NO_COLUMN, expr->name_span,
                            context_suggest(ctx, expr->text, names, 3),
                            "a sibling has value, lower_value and upper_value, not '%.*s'",
                            (int)expr->text.len, expr->text.text);
    struct node *node;
    int status = node_make(binder, NODE_OF, TYPE_NUMBER, expr->span, &node);
    if (!status) status = sibling_bind(ctx, expr->selector, &node->sibling);
    if (status) return status;
    node->sibling.field = (enum sibling_field)field;
    node->column = binder_column(binder, "run");
    node->time_column = binder_column(binder, "time");
    int value = binder_column(binder, "value");
    if (node->column < 0 || node->time_column < 0)
        return context_fail(ctx, Q_ORDER, expr->span, "put it before 'keep' and 'summarize'",
                            "a sibling is found by the columns run and time");
    if (binder->mode == MODE_GROUP && !binder->inside_aggregate)
        return context_fail(ctx, Q_TYPE, expr->span, "write mean(value of measure:NAME)",
                            "this is a value of each row; here one of the group is needed");
    struct column column = {0};
    if (node->sibling.measure)
        status = sibling_column(ctx, &node->sibling, &column);
    else if (value >= 0)
        column = binder->schema->columns[value];
    node->unit_kind = column.kind;
    node->mixed = column.mixed;
    node->about = column.about;
    binder->of_series = true;
    *out = node;
    return status;
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
int node_check_kinds(struct binder *binder, const struct node *a, const struct node *b,
                     struct span span)
{
    struct context *ctx = binder->ctx;
    if (a->mixed && b->mixed) return 0; /* row by row, of one series each */
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

static bool are(enum unit_kind a, enum unit_kind b, enum unit_kind one, enum unit_kind other)
{
    return (a == one && b == other) || (a == other && b == one);
}

static enum unit_kind product_kind(enum unit_kind a, enum unit_kind b)
{
    if (plain(a)) return b;
    if (plain(b)) return a;
    if (are(a, b, UNIT_TIME, UNIT_RATE)) return UNIT_NONE;
    if (are(a, b, UNIT_TIME, UNIT_BYTERATE)) return UNIT_SIZE;
    return are(a, b, UNIT_SIZE, UNIT_RATE) ? UNIT_BYTERATE : UNIT_CUSTOM;
}

static enum unit_kind quotient_kind(enum unit_kind a, enum unit_kind b)
{
    if (a == b) return UNIT_RATIO;
    if (plain(b)) return a;
    if (plain(a) && b == UNIT_TIME) return UNIT_RATE;
    if (plain(a) && b == UNIT_RATE) return UNIT_TIME;
    if (a == UNIT_SIZE && b == UNIT_TIME) return UNIT_BYTERATE;
    if (a == UNIT_SIZE && b == UNIT_BYTERATE) return UNIT_TIME;
    if (a == UNIT_BYTERATE && b == UNIT_SIZE) return UNIT_RATE;
    if (a == UNIT_BYTERATE && b == UNIT_RATE) return UNIT_SIZE;
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
        status = node_expect(binder, a, TYPE_FLAG);
        return status ? status : node_expect(binder, b, TYPE_FLAG);
    }
    if (is_comparison(expr->op) || expr->op == OP_ELSE) {
        if (a->type != b->type)
            return context_fail(ctx, Q_TYPE, b->span,
                                a->type == TYPE_TEXT && b->type == TYPE_FLAG
                                    ? "a condition stands by itself: where worse"
                                    : NULL,
                                "the left side is %s, this is %s", TYPE_WORDS[a->type],
                                TYPE_WORDS[b->type]);
        if (a->type == TYPE_NUMBER) status = node_check_kinds(binder, a, b, expr->span);
        if (expr->op == OP_ELSE) {
            node->unit_kind = a->unit_kind == UNIT_NONE ? b->unit_kind : a->unit_kind;
            node->mixed = a->mixed || b->mixed;
        }
        return status;
    }
    if (a->type == TYPE_TIME || b->type == TYPE_TIME)
        return bind_time_arithmetic(binder, expr, node);
    status = node_expect(binder, a, TYPE_NUMBER);
    if (!status) status = node_expect(binder, b, TYPE_NUMBER);
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
    return node_check_kinds(binder, a, b, expr->span);
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
    if (kind == NODE_NOT) status = node_expect(binder, a, TYPE_FLAG);
    if (kind == NODE_NEGATE) status = node_expect(binder, a, TYPE_NUMBER);
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
    if (!status) status = node_expect(binder, a, TYPE_TEXT);
    if (!status) status = node_make(binder, NODE_REGEX, TYPE_FLAG, expr->span, out);
    if (!status) status = matcher_bind(binder->ctx, &expr->pattern, &(*out)->matcher);
    if (!status) (*out)->a = a;
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
    case EXPR_CALL: return call_bind(binder, expr, out);
    case EXPR_OF: return bind_of(binder, expr, out);
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
