/* expr_eval.c -- runs bound expressions over batches; see expr.h. Every node owns its output
 * vector. */
#include "expr_node.h"

#include "algebra.h"
#include "stats/sample.h"

#include <math.h>
#include <string.h>

void expr_free(struct node *node)
{
    if (!node) return;
    expr_free(node->a);
    expr_free(node->b);
    expr_free(node->c);
    if (node->kind != NODE_WINDOW) return;
    if (node->windows) windows_free(node->windows);
    follow_free(node->follow);
}

int node_is_column(const struct node *node)
{
    return node->kind == NODE_COLUMN ? node->column : -1;
}

/* -- units ------------------------------------------------------------------------------------- */

static void rule_sum(struct unit_rule *rule, struct unit left, struct unit right)
{
    rule->unit = left.kind == UNIT_NONE ? rule->right : rule->left;
    if (left.kind == UNIT_NONE && right.kind == UNIT_RATIO) {
        rule->right_factor = right.factor;
        rule->unit = "";
    } else if (left.kind != UNIT_NONE && right.kind != UNIT_NONE) {
        if (unit_convert(rule->right, rule->left, &rule->right_factor)) {
            rule->right_factor = 1;
            rule->ok = (left.kind == UNIT_RATIO || left.kind == UNIT_COUNT) &&
                       (right.kind == UNIT_RATIO || right.kind == UNIT_COUNT);
            if (right.kind == UNIT_RATIO) rule->right_factor = right.factor;
        }
    }
}

static bool unit_plain(struct unit unit)
{
    return unit.kind == UNIT_NONE || unit.kind == UNIT_RATIO || unit.kind == UNIT_COUNT;
}

/* The factor that takes a ratio to 1; other plain units count as they are. */
static double plain_factor(struct unit unit)
{
    return unit.kind == UNIT_RATIO ? unit.factor : 1;
}

static void rule_combine(struct unit_rule *rule, bool divide, struct arena *arena)
{
    struct unit_product product;
    rule->ok = unit_combine(arena, rule->left, rule->right, divide, &product);
    if (!rule->ok) return;
    rule->left_factor = product.left_factor;
    rule->right_factor = product.right_factor;
    rule->unit = product.unit;
}

/* A plain side leaves the other one's unit as it is written. */
static void rule_product(struct unit_rule *rule, struct unit left, struct unit right,
                         struct arena *arena)
{
    if (unit_plain(right)) {
        rule->right_factor = plain_factor(right);
        rule->unit = rule->left;
    } else if (unit_plain(left)) {
        rule->left_factor = plain_factor(left);
        rule->unit = rule->right;
    } else {
        rule_combine(rule, false, arena);
    }
}

static void rule_quotient(struct unit_rule *rule, struct unit left, struct unit right,
                          struct arena *arena)
{
    if (strcmp(rule->left, rule->right) == 0 ||
        (left.kind == right.kind && left.kind != UNIT_CUSTOM &&
         unit_convert(rule->right, rule->left, &rule->right_factor) == 0)) {
        rule->unit = "";
    } else if (unit_plain(right)) {
        rule->right_factor = plain_factor(right);
        rule->unit = rule->left;
    } else {
        rule_combine(rule, true, arena);
    }
}

/* How the two units meet under this node's operator. */
static const struct unit_rule *unit_meet(struct node *node, const char *left, const char *right)
{
    struct unit_rule *rule = &node->rule;
    if (rule->left == left && rule->right == right) return rule;
    *rule = (struct unit_rule){.left = left,
                               .right = right,
                               .left_factor = 1,
                               .right_factor = 1,
                               .unit = left,
                               .ok = true};
    struct unit a = unit_lookup(left, strlen(left)), b = unit_lookup(right, strlen(right));
    if (node->kind == NODE_BINARY && node->op == OP_MUL)
        rule_product(rule, a, b, node->arena);
    else if (node->kind == NODE_BINARY && node->op == OP_DIV)
        rule_quotient(rule, a, b, node->arena);
    else
        rule_sum(rule, a, b);
    return rule;
}

/* Gives the output the unit of row `row`: once for a batch of one series, else a row. */
static void set_unit(struct vec *out, size_t row, const char *unit, bool each)
{
    if (each) {
        out->units[row] = unit;
        out->unit = NULL;
    } else {
        out->unit = unit;
    }
}

static bool needs_units(const struct vec *a, const struct vec *b)
{
    return (a && vec_units_differ(a)) || (b && vec_units_differ(b));
}

/* -- columns and flags ------------------------------------------------------------------------- */

static void eval_verdict(struct node *node, const struct batch *batch)
{
    const struct vec *verdict = &batch->vecs[node->column];
    const char *wanted = verdict_names[node->verdict];
    for (size_t i = 0; i < batch->count; i++) {
        const char *name = verdict->at.text[i * verdict->step];
        node->out.at.flag[i] = !name ? FLAG_UNKNOWN : name == wanted;
    }
}

static int eval_match(struct context *ctx, struct node *node, const struct vec *v, size_t count)
{
    const char *last = NULL;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = i * v->step;
        if (v->type == TYPE_NUMBER) {
            double run = v->at.number[at];
            node->out.at.flag[i] = isnan(run) ? FLAG_UNKNOWN : run == (double)node->run;
            continue;
        }
        const char *text = v->at.text[at];
        if (!text) {
            node->out.at.flag[i] = FLAG_UNKNOWN;
            continue;
        }
        if (text != last) { /* names repeat row after row */
            result = matcher_match(ctx, &node->matcher, text);
            if (result < 0) return result;
            last = text;
        }
        node->out.at.flag[i] = (uint8_t)result;
    }
    return 0;
}

static void eval_not(struct node *node, const struct vec *a, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t flag = a->at.flag[i * a->step];
        node->out.at.flag[i] = flag == FLAG_UNKNOWN ? FLAG_UNKNOWN : !flag;
    }
}

static void eval_is_none(struct node *node, const struct vec *a, size_t count)
{
    bool wanted = node->kind == NODE_IS_NONE;
    for (size_t i = 0; i < count; i++)
        node->out.at.flag[i] = vec_missing(a, i) == wanted;
}

static void eval_beyond(struct node *node, const struct vec *value, const struct vec *limit,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double v = value->at.number[i * value->step], bound = limit->at.number[i * limit->step];
        if (isnan(v) || isnan(bound))
            node->out.at.flag[i] = FLAG_UNKNOWN;
        else
            node->out.at.flag[i] = node->above ? v > bound : v < bound;
    }
}

static void eval_negate(struct node *node, const struct vec *a, size_t count)
{
    bool each = vec_units_differ(a);
    for (size_t i = 0; i < count; i++) {
        node->out.at.number[i] = -a->at.number[i * a->step];
        if (each || i == 0) set_unit(&node->out, i, vec_unit(a, i), each);
    }
}

/* -- binary operators -------------------------------------------------------------------------- */

static uint8_t combine_flags(enum binary_op op, uint8_t a, uint8_t b)
{
    uint8_t deciding = op == OP_OR; /* true decides an or, false an and */
    if (a == deciding || b == deciding) return deciding;
    if (a == FLAG_UNKNOWN || b == FLAG_UNKNOWN) return FLAG_UNKNOWN;
    return !deciding;
}

static uint8_t compare_result(enum binary_op op, int order)
{
    switch (op) {
    case OP_EQ: return order == 0;
    case OP_NE: return order != 0;
    case OP_LT: return order < 0;
    case OP_LE: return order <= 0;
    case OP_GT: return order > 0;
    default: return order >= 0;
    }
}

static void eval_compare(struct node *node, const struct vec *a, const struct vec *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t x = i * a->step, y = i * b->step;
        if (vec_missing(a, i) || vec_missing(b, i)) {
            node->out.at.flag[i] = FLAG_UNKNOWN;
            continue;
        }
        int order;
        if (a->type == TYPE_NUMBER) {
            const struct unit_rule *rule = unit_meet(node, vec_unit(a, i), vec_unit(b, i));
            double left = a->at.number[x], right = b->at.number[y] * rule->right_factor;
            if (!rule->ok) {
                node->out.at.flag[i] = FLAG_UNKNOWN;
                continue;
            }
            order = (left > right) - (left < right);
        } else if (a->type == TYPE_TIME) {
            order = (a->at.time_ns[x] > b->at.time_ns[y]) - (a->at.time_ns[x] < b->at.time_ns[y]);
        } else if (a->type == TYPE_TEXT) {
            order = strcmp(a->at.text[x], b->at.text[y]);
        } else {
            order = a->at.flag[x] - b->at.flag[y];
        }
        node->out.at.flag[i] = compare_result(node->op, order);
    }
}

static void eval_else(struct node *node, const struct vec *a, const struct vec *b, size_t count)
{
    bool each = needs_units(a, b);
    for (size_t i = 0; i < count; i++) {
        bool missing = vec_missing(a, i);
        const struct vec *from = missing ? b : a;
        size_t at = i * from->step;
        switch (node->type) {
        case TYPE_NUMBER: {
            const struct unit_rule *rule = unit_meet(node, vec_unit(a, i), vec_unit(b, i));
            node->out.at.number[i] = from->at.number[at] * (missing ? rule->right_factor : 1);
            if (each || i == 0) set_unit(&node->out, i, rule->unit, each);
            break;
        }
        case TYPE_TIME: node->out.at.time_ns[i] = from->at.time_ns[at]; break;
        case TYPE_TEXT: node->out.at.text[i] = from->at.text[at]; break;
        case TYPE_FLAG: node->out.at.flag[i] = from->at.flag[at]; break;
        }
    }
}

static double arithmetic(enum binary_op op, double a, double b)
{
    double result;
    switch (op) {
    case OP_ADD: result = a + b; break;
    case OP_SUB: result = a - b; break;
    case OP_MUL: result = a * b; break;
    default: result = b == 0 ? NAN : a / b; break; /* 1/0 is missing */
    }
    return isfinite(result) ? result : NAN;
}

static void eval_numbers(struct node *node, const struct vec *a, const struct vec *b, size_t count)
{
    bool each = needs_units(a, b);
    for (size_t i = 0; i < count; i++) {
        const struct unit_rule *rule = unit_meet(node, vec_unit(a, i), vec_unit(b, i));
        double left = a->at.number[i * a->step] * rule->left_factor;
        double right = b->at.number[i * b->step] * rule->right_factor;
        node->out.at.number[i] = rule->ok ? arithmetic(node->op, left, right) : NAN;
        if (each || i == 0) set_unit(&node->out, i, rule->unit, each);
    }
}

/* Two times may be further apart than an int64_t of nanoseconds holds. */
static double ns_between(int64_t left, int64_t right)
{
    int64_t ns;
    return __builtin_sub_overflow(left, right, &ns) ? (double)left - (double)right : (double)ns;
}

/* time - time is a number of ns; time +- span is a time. */
static void eval_times(struct node *node, const struct vec *a, const struct vec *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t left = a->at.time_ns[i * a->step], result = TIME_MISSING;
        bool missing = vec_missing(a, i) || vec_missing(b, i);
        if (node->type == TYPE_NUMBER) {
            node->out.at.number[i] = missing ? NAN : ns_between(left, b->at.time_ns[i * b->step]);
            node->out.unit = "ns";
            continue;
        }
        double factor = 1;
        if (!missing && unit_convert(vec_unit(b, i), "ns", &factor) == 0) {
            double ns = b->at.number[i * b->step] * factor * (node->op == OP_SUB ? -1 : 1);
            int64_t delta = fabs(ns) < 9e18 ? (int64_t)ns : 0;
            if (fabs(ns) >= 9e18 || __builtin_add_overflow(left, delta, &result))
                result = TIME_MISSING;
        }
        node->out.at.time_ns[i] = result;
    }
}

static void eval_binary(struct node *node, const struct vec *a, const struct vec *b, size_t count)
{
    if (node->op == OP_AND || node->op == OP_OR) {
        for (size_t i = 0; i < count; i++)
            node->out.at.flag[i] =
                combine_flags(node->op, a->at.flag[i * a->step], b->at.flag[i * b->step]);
    } else if (node->op == OP_ELSE) {
        eval_else(node, a, b, count);
    } else if (node->op != OP_ADD && node->op != OP_SUB && node->op != OP_MUL &&
               node->op != OP_DIV) {
        eval_compare(node, a, b, count);
    } else if (a->type == TYPE_TIME) {
        eval_times(node, a, b, count);
    } else {
        eval_numbers(node, a, b, count);
    }
}

/* -- functions --------------------------------------------------------------------------------- */

static double scalar(enum function function, double x)
{
    double result;
    switch (function) {
    case F_ABS: result = fabs(x); break;
    case F_LOG: result = x > 0 ? log(x) : NAN; break;
    case F_EXP: result = exp(x); break;
    case F_SQRT: result = x >= 0 ? sqrt(x) : NAN; break;
    case F_ROUND: result = round(x); break;
    case F_FLOOR: result = floor(x); break;
    default: result = ceil(x); break;
    }
    return isfinite(result) ? result : NAN;
}

static void eval_if(struct node *node, const struct vec *condition, const struct vec *b,
                    const struct vec *c, size_t count)
{
    bool each = needs_units(b, c);
    for (size_t i = 0; i < count; i++) {
        uint8_t flag = condition->at.flag[i * condition->step];
        const struct vec *from = flag == 1 ? b : c;
        size_t at = i * from->step;
        bool unknown = flag == FLAG_UNKNOWN;
        switch (node->type) {
        case TYPE_NUMBER: {
            const struct unit_rule *rule = unit_meet(node, vec_unit(b, i), vec_unit(c, i));
            double factor = flag == 1 ? 1 : rule->right_factor;
            node->out.at.number[i] = unknown ? NAN : from->at.number[at] * factor;
            if (each || i == 0) set_unit(&node->out, i, rule->unit, each);
            break;
        }
        case TYPE_TIME:
            node->out.at.time_ns[i] = unknown ? TIME_MISSING : from->at.time_ns[at];
            break;
        case TYPE_TEXT: node->out.at.text[i] = unknown ? NULL : from->at.text[at]; break;
        case TYPE_FLAG: node->out.at.flag[i] = unknown ? FLAG_UNKNOWN : from->at.flag[at]; break;
        }
    }
}

static void eval_bucket(struct node *node, const struct vec *time, const struct vec *span,
                        size_t count)
{
    double factor = 1;
    unit_convert(vec_unit(span, 0), "ns", &factor);
    double width_ns = span->at.number[0] * factor;
    int64_t width = !(width_ns >= 1) ? 0 : width_ns < 0x1p62 ? (int64_t)width_ns : (int64_t)1 << 62;
    for (size_t i = 0; i < count; i++) {
        int64_t at = time->at.time_ns[i * time->step];
        if (at != TIME_MISSING && width > 0) {
            int64_t rest = at % width;
            if (__builtin_sub_overflow(at, rest < 0 ? rest + width : rest, &at)) at = TIME_MISSING;
        }
        node->out.at.time_ns[i] = at;
    }
}

static void eval_scalar(struct node *node, const struct vec *a, const struct vec *b,
                        const struct vec *c, size_t count)
{
    if (node->function == F_IF) {
        eval_if(node, a, b, c, count);
        return;
    }
    if (node->function == F_BUCKET) {
        eval_bucket(node, a, b, count);
        return;
    }
    bool keeps_unit = node->unit_kind != UNIT_NONE;
    bool each = needs_units(a, NULL);
    for (size_t i = 0; i < count; i++) {
        node->out.at.number[i] = scalar(node->function, a->at.number[i * a->step]);
        if (each || i == 0) set_unit(&node->out, i, keeps_unit ? vec_unit(a, i) : "", each);
    }
}

static void eval_series(struct node *node, const struct vec *a, const struct batch *batch)
{
    bool delta = node->function == F_DELTA;
    if (batch->series_start || !batch->series) node->previous = NAN;
    node->out.unit = delta ? "" : vec_unit(a, 0);
    for (size_t i = 0; i < batch->count; i++) {
        bool gone = (batch->gone && batch->gone[i]) || (batch->hidden && batch->hidden[i]);
        double x = a->at.number[i * a->step], previous = gone ? NAN : node->previous;
        node->out.at.number[i] = delta ? arithmetic(OP_DIV, x, previous) - 1 : previous;
        if (!gone && !isnan(x)) node->previous = x;
    }
}

/* A window `over segment`: the level follows the series' values, its window holds those of `a`. */
static int eval_segment(struct context *ctx, struct node *node, const struct vec *a,
                        const struct batch *batch)
{
    const struct vec *time = &batch->vecs[node->time_column];
    const struct vec *commit = &batch->vecs[node->commit_column];
    const struct vec *value = &batch->vecs[node->value_column];
    int status = batch->series_start ? follow_start(ctx, node->follow, batch->series) : 0;
    node->out.unit = node->function == F_COUNT || node->function == F_CV ? "" : vec_unit(a, 0);
    for (size_t i = 0; i < batch->count && !status; i++) {
        const char *own = commit->at.text[i * commit->step];
        struct level_point at = {.time_ns = time->at.time_ns[i * time->step],
                                 .commit = own ? own : "",
                                 .value = value->at.number[i * value->step],
                                 .other = a->at.number[i * a->step],
                                 .restart = batch->restart && batch->restart[i],
                                 .dirty = (batch_origin(batch, i) & ORIGIN_DIRTY) != 0};
        const struct vec *run = node->run_column < 0 ? NULL : &batch->vecs[node->run_column];
        double on = run ? run->at.number[i * run->step] : (double)NAN;
        node->out.at.number[i] = NAN;
        if (at.time_ns == TIME_MISSING || (batch->gone && batch->gone[i]) ||
            (batch->hidden && batch->hidden[i]))
            continue;
        if (ctx->every_row || batch_selected(batch, i)) {
            struct follow_window window;
            status = follow_window(ctx, node->follow, &at, on, node->window.lag, &window);
            if (!status && window.count >= node->window.needs)
                node->out.at.number[i] = aggregate_sample(node->function, node->percentile,
                                                          window.sample, window.days, window.count);
        }
        if (!status) status = follow_push(ctx, node->follow, &at, on);
    }
    return status == PACE_ENOMEM ? context_no_memory(ctx) : status;
}

static int eval_window(struct context *ctx, struct node *node, const struct vec *a,
                       const struct batch *batch)
{
    if (node->follow) return eval_segment(ctx, node, a, batch);
    const struct window_rows rows = {.batch = batch,
                                     .value = a,
                                     .time = &batch->vecs[node->time_column],
                                     .commit = &batch->vecs[node->commit_column],
                                     .keys = node->by_keys ? batch->keys : NULL,
                                     .every_row = ctx->every_row};
    node->out.unit = node->function == F_COUNT || node->function == F_CV ? "" : vec_unit(a, 0);
    int status = windows_ask(node->windows, &rows);
    return status == PACE_ENOMEM ? context_no_memory(ctx) : status;
}

static int eval_of(struct context *ctx, struct node *node, const struct batch *batch)
{
    int status = sibling_values(ctx, &node->sibling, batch, &batch->vecs[node->column],
                                &batch->vecs[node->time_column], node->out.at.number);
    node->out.unit = node->sibling.unit ? node->sibling.unit : "";
    return status;
}

/* Unknown where the measure's direction is. */
static void eval_worse(struct node *node, const struct vec *a, const struct vec *b,
                       const struct batch *batch)
{
    enum pace_direction direction = batch->series->direction;
    for (size_t i = 0; i < batch->count; i++) {
        const struct unit_rule *rule = unit_meet(node, vec_unit(a, i), vec_unit(b, i));
        double left = a->at.number[i * a->step];
        double right = b->at.number[i * b->step] * rule->right_factor;
        bool known = rule->ok && !isnan(left) && !isnan(right) && direction;
        bool worse = direction == PACE_LOWER_IS_BETTER ? left > right : left < right;
        node->out.at.flag[i] = known ? worse : FLAG_UNKNOWN;
    }
}

void slot_set(struct node *slot, double value, int64_t time_ns, const char *text, const char *unit)
{
    struct vec *out = &slot->out;
    switch (slot->type) {
    case TYPE_NUMBER:
        out->at.number[0] = isfinite(value) ? value : NAN;
        out->unit = slot->function == F_COUNT || slot->function == F_CV ? "" : unit;
        break;
    case TYPE_TIME: out->at.time_ns[0] = time_ns; break;
    case TYPE_TEXT: out->at.text[0] = text; break;
    case TYPE_FLAG: break;
    }
}

/* -- entry ------------------------------------------------------------------------------------- */

static int eval_own(struct context *ctx, struct node *node, const struct batch *batch,
                    const struct vec *a, const struct vec *b, const struct vec *c)
{
    size_t count = batch->count;
    switch (node->kind) {
    case NODE_VERDICT: eval_verdict(node, batch); return 0;
    case NODE_BEYOND: eval_beyond(node, a, b, count); return 0;
    case NODE_MATCH: return eval_match(ctx, node, &batch->vecs[node->column], count);
    case NODE_REGEX: return eval_match(ctx, node, a, count);
    case NODE_NOT: eval_not(node, a, count); return 0;
    case NODE_NEGATE: eval_negate(node, a, count); return 0;
    case NODE_IS_NONE:
    case NODE_IS_NOT_NONE: eval_is_none(node, a, count); return 0;
    case NODE_BINARY: eval_binary(node, a, b, count); return 0;
    case NODE_SCALAR: eval_scalar(node, a, b, c, count); return 0;
    case NODE_SERIES: eval_series(node, a, batch); return 0;
    case NODE_WINDOW: return eval_window(ctx, node, a, batch);
    case NODE_OF: return eval_of(ctx, node, batch);
    case NODE_WORSE: eval_worse(node, a, b, batch); return 0;
    case NODE_CONST:
    case NODE_COLUMN:
    case NODE_SLOT: break;
    }
    return 0;
}

int expr_eval(struct context *ctx, struct node *node, const struct batch *batch,
              const struct vec **out)
{
    const struct vec *a = NULL, *b = NULL, *c = NULL;
    int status = 0;
    *out = node->kind == NODE_COLUMN ? &batch->vecs[node->column] : &node->out;
    if (node->kind == NODE_COLUMN || node->kind == NODE_SLOT) return 0;
    if (node->a) status = expr_eval(ctx, node->a, batch, &a);
    if (!status && node->b) status = expr_eval(ctx, node->b, batch, &b);
    if (!status && node->c) status = expr_eval(ctx, node->c, batch, &c);
    if (status) return status;
    return eval_own(ctx, node, batch, a, b, c);
}

/* -- why there is no value ----------------------------------------------------------------------- */

/* The output of a node in the batch that was run last. */
static const struct vec *output_of(const struct node *node, const struct batch *batch)
{
    return node->kind == NODE_COLUMN ? &batch->vecs[node->column] : &node->out;
}

const char *expr_why_missing(const struct node *node, const struct schema *schema,
                             const struct batch *batch, size_t row, const char **column)
{
    const struct node *parts[] = {node->a, node->b, node->c};
    *column = NULL;
    for (size_t i = 0; i < 3 && node->kind != NODE_WINDOW; i++)
        if (parts[i] && vec_missing(output_of(parts[i], batch), row))
            return expr_why_missing(parts[i], schema, batch, row, column);
    switch (node->kind) {
    case NODE_COLUMN:
    case NODE_VERDICT:
    case NODE_MATCH: *column = schema->columns[node->column].name; return "missing";
    case NODE_WINDOW: return "a window has too few points";
    case NODE_OF: return "the sibling has no value";
    case NODE_SERIES: return "there is no point before";
    case NODE_WORSE: return "the measure has no direction";
    case NODE_BINARY:
        if (node->op == OP_DIV) return "a division by zero";
        break;
    default: break;
    }
    return "a value cannot be computed";
}
