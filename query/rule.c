/* rule.c -- see rule.h. */
#include "rule.h"

#include "expr.h"
#include "parse.h"

#include <math.h>
#include <string.h>

static unsigned count_terms(const struct selector *selector)
{
    if (!selector) return 0;
    if (selector->kind == SELECT_MATCH) return 1;
    if (selector->kind == SELECT_PATH) return selector->segment_count;
    unsigned count = 0;
    for (const struct selector *child = selector->child; child; child = child->next)
        count += count_terms(child);
    return count;
}

/* -- bounds ------------------------------------------------------------------------------------ */

static const char *bounds_text(enum model_kind model)
{
    switch (model_rows[model].bounds & (BOUND_PROBABILITY | BOUND_DEVIATIONS | BOUND_FRACTION)) {
    case BOUND_PROBABILITY | BOUND_DEVIATIONS:
        return "a probability like 99%, or deviations like 3sd";
    case BOUND_DEVIATIONS | BOUND_FRACTION: return "deviations like 5sd";
    case BOUND_DEVIATIONS: return "deviations like 5sd";
    case BOUND_PROBABILITY: return "a probability like 99%";
    default: break;
    }
    return model == MODEL_STATIC ? "a value like 3ms or 80%" : "a fraction like 10% or 2x";
}

static int bound_bind(struct context *ctx, enum model_kind model, const struct value *value,
                      struct rule_bound *out)
{
    double number;
    const char *unit;
    int status = value_bind(ctx, value, &number, &unit);
    if (status) return status;
    unsigned takes = model_rows[model].bounds;
    struct unit known = unit_lookup(unit, strlen(unit));
    bool percent = known.kind == UNIT_RATIO && known.factor < 1;
    struct bound bound = {BOUND_NONE, number};
    if (model == MODEL_STATIC) {
        bound.kind = BOUND_VALUE;
    } else if (known.kind == UNIT_SD) {
        bound.kind = BOUND_DEVIATIONS;
    } else if (percent && (takes & BOUND_PROBABILITY)) {
        bound = (struct bound){BOUND_PROBABILITY, number * known.factor};
    } else if (known.kind == UNIT_RATIO) {
        bound = (struct bound){BOUND_FRACTION, number * known.factor};
    }
    if (bound.kind == BOUND_NONE || !(takes & bound.kind))
        return context_fail(ctx, Q_BOUND, value->span, NULL, "'%s' takes %s",
                            model_rows[model].name, bounds_text(model));
    if (bound.kind == BOUND_PROBABILITY && !(bound.value >= 0.5 && bound.value < 1))
        return context_fail(ctx, Q_RANGE, value->span,
                            "99% means that 1 of 100 goes beyond by chance",
                            "a probability bound lies from 50%% up to, not including, 100%%");
    if (bound.kind != BOUND_VALUE && bound.value < 0)
        return context_fail(ctx, Q_RANGE, value->span, NULL, "a bound is not negative");
    *out = (struct rule_bound){bound, unit, value->span};
    return 0;
}

static int floor_bind(struct context *ctx, const struct value *value, double *out)
{
    double number;
    const char *unit;
    int status = value_bind(ctx, value, &number, &unit);
    if (status) return status;
    struct unit known = unit_lookup(unit, strlen(unit));
    if (known.kind != UNIT_RATIO || number < 0)
        return context_fail(ctx, Q_BOUND, value->span, "write floor 5%",
                            "'floor' takes a fraction of the base");
    *out = number * known.factor;
    return 0;
}

static int fdr_bind(struct context *ctx, const struct option *option, double *out)
{
    double number;
    const char *unit;
    int status = value_bind(ctx, &option->bound, &number, &unit);
    if (status) return status;
    struct unit known = unit_lookup(unit, strlen(unit));
    if (known.kind == UNIT_RATIO) number *= known.factor;
    if ((known.kind != UNIT_RATIO && known.kind != UNIT_NONE) || !(number > 0 && number < 1))
        return context_fail(ctx, Q_RANGE, option->span, "write fdr 5%",
                            "'fdr' is a share of false alarms between 0 and 1");
    *out = number;
    return 0;
}

static int effect_bind(struct context *ctx, const struct option *option, struct rule *rule)
{
    double number;
    const char *unit;
    if (rule->model != MODEL_CUSUM)
        return context_fail(ctx, Q_NO_OPTION, option->span, "for others give a bound, or 'floor'",
                            "of the models only cusum takes 'effect'");
    int status = value_bind(ctx, &option->bound, &number, &unit);
    if (status) return status;
    enum unit_kind kind = unit_lookup(unit, strlen(unit)).kind;
    if ((kind != UNIT_SD && kind != UNIT_NONE) || !(number > 0))
        return context_fail(ctx, Q_RANGE, option->span, "write effect 1sd",
                            "'effect' is the shift to find, in deviations");
    rule->effect = number;
    return 0;
}

static int using_bind(struct context *ctx, const struct option *option, struct rule *rule)
{
    static const char *const names[] = {"bencher"};
    if (!slice_is(option->name, "bencher"))
        return context_fail(ctx, Q_NO_OPTION, option->span,
                            context_suggest(ctx, option->name, names, 1),
                            "'check' knows no way '%.*s'; it is bencher, or none",
                            (int)option->name.len, option->name.text);
    if (!model_in_bencher(rule->model))
        return context_fail(ctx, Q_NO_OPTION, option->span, NULL, "Bencher has no model '%s'",
                            model_rows[rule->model].name);
    rule->bencher = true;
    rule->window.needs = 1; /* it judges from the second value on; an explicit `needs` follows */
    return 0;
}

/* -- models ------------------------------------------------------------------------------------ */

static int option_bind(struct context *ctx, const struct option *option, struct rule *rule)
{
    int status = 0;
    switch (option->kind) {
    case OPTION_UPPER: return bound_bind(ctx, rule->model, &option->bound, &rule->upper);
    case OPTION_LOWER: return bound_bind(ctx, rule->model, &option->bound, &rule->lower);
    case OPTION_WITHIN:
        status = bound_bind(ctx, rule->model, &option->bound, &rule->upper);
        rule->lower = rule->upper;
        return status;
    case OPTION_FLOOR: return floor_bind(ctx, &option->bound, &rule->floor);
    case OPTION_OVER:
    case OPTION_LAG:
    case OPTION_NEEDS: return window_option_bind(ctx, option, &rule->window);
    case OPTION_CONFIRM: {
        double k, n;
        status = option_numbers(ctx, option, &k, &n);
        if (status) return status;
        if (!option->of_number.span.len) n = k;
        if (!(k >= 1 && n >= k && n <= 64) || k != floor(k) || n != floor(n))
            return context_fail(
                ctx, Q_RANGE, option->span, "write confirm 2 of 3",
                "'confirm' takes whole numbers, the first at most the second, up to 64");
        rule->confirm = (unsigned)k;
        rule->confirm_of = (unsigned)n;
        return 0;
    }
    case OPTION_FDR: return fdr_bind(ctx, option, &rule->fdr);
    case OPTION_EFFECT: return effect_bind(ctx, option, rule);
    case OPTION_USING: return using_bind(ctx, option, rule);
    case OPTION_ALPHA: break;
    }
    return context_fail(
        ctx, Q_NO_OPTION, option->span,
        "it takes upper, lower, within, floor, confirm, fdr, over, lag, needs, using",
        "'check' has no such option");
}

static int model_bind(struct context *ctx, const struct model *model, struct rule *rule);

/* Parses `text` as a script of one `threshold` statement. */
static int threshold_parse(struct context *ctx, const char *text, const struct statement **out)
{
    struct script *script;
    int status = context_parse(ctx, text, &script);
    if (!status) *out = script->statements;
    return status;
}

static int threshold_bind(struct context *ctx, const struct model *use, const char *text,
                          struct rule *rule)
{
    const struct statement *statement;
    if (++ctx->expansions > PACE_MAX_DEPTH)
        return context_fail(ctx, Q_TOO_DEEP, use->name_span, NULL, "'%.*s' uses itself",
                            (int)use->name.len, use->name.text);
    int status = threshold_parse(ctx, text, &statement);
    const struct span *saved = ctx->anchor, here = use->name_span;
    if (!saved) ctx->anchor = &here;
    if (!status) status = model_bind(ctx, &statement->model, rule);
    ctx->anchor = saved;
    ctx->expansions--;
    rule->name = slice_string(ctx->arena, use->name);
    return status;
}

static int fail_model(struct context *ctx, const struct model *model)
{
    size_t saved_count, count = 0;
    const char *const *saved = context_names(ctx, PACE_OBJECT_THRESHOLD, &saved_count);
    const char **names = arena_array(ctx->arena, MODEL_COUNT + saved_count, sizeof *names);
    if (!names) return context_no_memory(ctx);
    for (unsigned i = 0; i < MODEL_COUNT; i++)
        names[count++] = model_rows[i].name;
    for (size_t i = 0; i < saved_count; i++)
        names[count++] = saved[i];
    const char *help = context_suggest(ctx, model->name, names, count);
    return context_fail(ctx, Q_NO_MODEL, model->name_span,
                        help ? help : "'show models' and 'show thresholds' list them",
                        "no model or threshold '%.*s'", (int)model->name.len, model->name.text);
}

static int model_bind(struct context *ctx, const struct model *model, struct rule *rule)
{
    const char *text = context_definition(ctx, PACE_OBJECT_THRESHOLD, model->name);
    int status = 0;
    if (text) {
        status = threshold_bind(ctx, model, text, rule);
    } else {
        rule->model = model_find(model->name.text, model->name.len);
        if (rule->model == MODEL_COUNT) return fail_model(ctx, model);
        rule->window.needs = model_rows[rule->model].needs;
    }
    if (!status && model->has_bound)
        status = bound_bind(ctx, rule->model, &model->bound, &rule->worse);
    for (const struct option *option = model->options; option && !status; option = option->next)
        status = option_bind(ctx, option, rule);
    if (!status) status = window_settle(ctx, model->options, &rule->window);
    if (status) return status;
    if (rule->window.segment && model_by_samples(rule->model))
        return context_fail(ctx, Q_WINDOW, model->span, "give a number of points, like over 64",
                            "'%s' compares samples of runs and follows no segment",
                            model_rows[rule->model].name);
    if (rule->fdr > 0 && !model_has_p(rule->model))
        return context_fail(ctx, Q_NO_OPTION, model->span,
                            "use t-test, z-score, log-normal, mad or mann-whitney",
                            "'fdr' needs a p, and '%s' gives none", model_rows[rule->model].name);
    if (rule->lower.bound.kind == BOUND_NONE && rule->upper.bound.kind == BOUND_NONE &&
        rule->worse.bound.kind == BOUND_NONE)
        return context_fail(ctx, Q_BOUND, model->span,
                            arena_printf(ctx->arena, "it takes %s", bounds_text(rule->model)),
                            "'%s' needs a bound", model_rows[rule->model].name);
    return 0;
}

/* -- rules ------------------------------------------------------------------------------------- */

static int rule_make(struct context *ctx, struct rule **out)
{
    struct rule *rule = arena_alloc(ctx->arena, sizeof *rule);
    if (!rule) return context_no_memory(ctx);
    rule->window =
        (struct window){.kind = WINDOW_POINTS, .count = WINDOW_DEFAULT, .lag = 1, .needs = 5};
    rule->confirm = rule->confirm_of = 1;
    *out = rule;
    return 0;
}

/* Puts a rule before the first one that is less narrow. */
static void rule_insert(struct rule **list, struct rule *rule)
{
    while (*list && (*list)->scope_terms >= rule->scope_terms)
        list = &(*list)->next;
    rule->next = *list;
    *list = rule;
}

static int add_saved(struct context *ctx, struct rule **list)
{
    size_t count;
    const char *const *names = context_names(ctx, PACE_OBJECT_THRESHOLD, &count);
    for (size_t i = 0; i < count; i++) {
        struct slice name = {names[i], (uint32_t)strlen(names[i])};
        const struct statement *statement;
        int status =
            threshold_parse(ctx, context_definition(ctx, PACE_OBJECT_THRESHOLD, name), &statement);
        if (status) return status;
        if (!statement->selector) continue;
        struct rule *rule = NULL;
        const struct span *saved = ctx->anchor, nowhere = {0, 0};
        ctx->anchor = &nowhere;
        ctx->inside = names[i];
        status = rule_make(ctx, &rule);
        if (!status) status = model_bind(ctx, &statement->model, rule);
        if (!status) status = scope_bind(ctx, statement->selector, &rule->scope);
        ctx->anchor = saved;
        ctx->inside = NULL;
        if (status) return status;
        rule->name = names[i];
        rule->scope_terms = count_terms(statement->selector);
        rule_insert(list, rule);
    }
    return 0;
}

int rule_default(struct context *ctx, struct rule **out)
{
    const struct statement *statement;
    int status = rule_make(ctx, out);
    if (!status) status = threshold_parse(ctx, "threshold default = " RULE_DEFAULT, &statement);
    return status ? status : model_bind(ctx, &statement->model, *out);
}

int rules_bind(struct context *ctx, const struct stage *stage, struct rule **out)
{
    struct rule *rule = NULL;
    *out = NULL;
    int status = stage->has_model ? rule_make(ctx, &rule) : rule_default(ctx, &rule);
    if (status) return status;
    if (stage->has_model) {
        *out = rule;
        return model_bind(ctx, &stage->model, rule);
    }
    rule_insert(out, rule);
    status = add_saved(ctx, out);
    for (rule = *out; rule && !status; rule = rule->next) {
        for (const struct option *option = stage->options; option && !status; option = option->next)
            status = option_bind(ctx, option, rule);
        if (!status) status = window_settle(ctx, stage->options, &rule->window);
    }
    return status;
}

/* A bound that is a value, in the unit of the series. */
static int bound_resolve(struct context *ctx, const struct rule_bound *from,
                         const struct series *series, struct bound *out)
{
    *out = from->bound;
    if (from->bound.kind != BOUND_VALUE || !*from->unit) return 0;
    struct unit given = unit_lookup(from->unit, strlen(from->unit));
    struct unit own = unit_lookup(series->unit, strlen(series->unit));
    double factor = given.factor;
    if (given.kind == UNIT_RATIO && (own.kind == UNIT_NONE || own.kind == UNIT_COUNT)) {
        out->value *= factor;
        return 0;
    }
    if (unit_convert(from->unit, series->unit, &factor))
        return context_fail(ctx, Q_UNIT, from->span, NULL,
                            "measure '%s' is a %s (%s); %g%s is a %s", series->names[PACE_MEASURE],
                            unit_kind_name(own.kind), series->unit, from->bound.value, from->unit,
                            unit_kind_name(given.kind));
    out->value *= factor;
    return 0;
}

int rule_bounds(struct context *ctx, const struct rule *rule, const struct series *series,
                struct bound *lower, struct bound *upper)
{
    const struct rule_bound *low = &rule->lower, *high = &rule->upper;
    if (rule->worse.bound.kind != BOUND_NONE) {
        if (series->direction != PACE_HIGHER_IS_BETTER && high->bound.kind == BOUND_NONE)
            high = &rule->worse;
        if (series->direction != PACE_LOWER_IS_BETTER && low->bound.kind == BOUND_NONE)
            low = &rule->worse;
    }
    int status = bound_resolve(ctx, low, series, lower);
    return status ? status : bound_resolve(ctx, high, series, upper);
}

/* -- judging ----------------------------------------------------------------------------------- */

void rule_limits(const struct rule *rule, const double *sample, size_t n, size_t before,
                 size_t needs, struct bound lower, struct bound upper,
                 const struct model_extra *extra, struct limits *out)
{
    size_t after = n - before;
    model_limits_with(rule->model, sample + before, after, lower, upper, extra, out);
    if (before == 0 || after >= needs || after == 0 || before < needs) return;
    if (rule->model == MODEL_STATIC) return;
    struct limits old;
    if (model_limits_with(rule->model, sample, before, lower, upper, extra, &old)) return;
    double shift = out->centre - old.centre;
    *out = (struct limits){.centre = out->centre,
                           .spread = old.spread,
                           .low = old.low + shift,
                           .high = old.high + shift,
                           .n = before, /* the spread is of these */
                           .flat = old.flat,
                           .up = old.up,
                           .down = old.down,
                           .slack = old.slack,
                           .weight = old.weight};
}

bool limits_equal(const struct limits *limits, double value)
{
    return limits->flat &&
           fabs(value - limits->centre) <= MODEL_FLAT_TOLERANCE * fabs(limits->centre);
}

int rule_side(const struct rule *rule, const struct limits *limits, double value)
{
    double base = limits->centre;
    int side = value > limits->high ? 1 : value < limits->low ? -1 : limits->side;
    if (limits_equal(limits, value)) return 0;
    /* A zero base: any difference meets any floor (rule 8). A static model has no base. */
    if (side && rule->floor > 0 && isfinite(base) && base != 0 &&
        fabs(value / base - 1) < rule->floor)
        return 0;
    return side;
}

struct limits rule_widen(const struct rule *rule, const struct limits *limits)
{
    struct limits wide = *limits;
    double least = rule->floor * fabs(limits->centre);
    if (!isfinite(least) || least == 0) return wide;
    if (wide.high < limits->centre + least) wide.high = limits->centre + least;
    if (wide.low > limits->centre - least) wide.low = limits->centre - least;
    return wide;
}

enum verdict rule_verdict(enum pace_direction direction, int side)
{
    if (direction == PACE_DIRECTION_UNKNOWN) return VERDICT_CHANGED;
    return side == (direction == PACE_LOWER_IS_BETTER ? 1 : -1) ? VERDICT_WORSE : VERDICT_BETTER;
}
