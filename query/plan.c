/* plan.c -- see plan.h. Views are put in place of their names; the range verbs that only windows
 * and derived columns stand before are given to the scan, with how far those windows look back. */
#include "plan.h"

#include "format.h"
#include "marks.h"
#include "matcher.h"
#include "pairing.h"
#include "parse.h"

#include <string.h>

/* -- sources ----------------------------------------------------------------------------------- */

/* A stage with the place that diagnostics of it point at: where it comes from the text of a view,
 * the view's name; NULL: its own. */
struct flat_stage {
    struct stage stage;
    const struct span *anchor;
    struct flat_stage *next;
};

/* A query without names and brackets: a selector and all stages in order. */
struct flat {
    const struct selector *selector;
    const struct span *anchor; /* of the selector */
    struct flat_stage *stages, **tail;
};

static int flatten(struct context *ctx, const struct query *query, struct flat *flat);

static int flatten_view(struct context *ctx, const struct source *source, struct flat *flat)
{
    const char *text = context_definition(ctx, PACE_OBJECT_VIEW, source->name);
    if (!text) text = context_definition(ctx, PACE_OBJECT_ALERT, source->name);
    if (!text) {
        size_t count;
        const char *const *names = context_names(ctx, PACE_OBJECT_VIEW, &count);
        const char *help = context_suggest(ctx, source->name, names, count);
        if (!help) {
            names = context_names(ctx, PACE_OBJECT_ALERT, &count);
            help = context_suggest(ctx, source->name, names, count);
        }
        if (!help) help = stored_name_told(ctx, source->name);
        if (!help)
            help = "a query begins with series, like branch:main, or with the name of a view";
        return context_fail(ctx, Q_NO_NAME, source->span, help, "no view '%.*s'",
                            (int)source->name.len, source->name.text);
    }
    if (++ctx->expansions > PACE_MAX_DEPTH)
        return context_fail(ctx, Q_TOO_DEEP, source->span, NULL, "'%.*s' uses itself",
                            (int)source->name.len, source->name.text);
    struct script *script;
    int parsed = context_parse(ctx, text, &script);
    if (parsed) return parsed;
    const struct span *saved = ctx->anchor;
    if (!saved) ctx->anchor = &source->span;
    int status = flatten(ctx, script->statements->query, flat);
    ctx->anchor = saved;
    ctx->expansions--;
    return status;
}

static int flatten(struct context *ctx, const struct query *query, struct flat *flat)
{
    const struct source *source = query->source;
    int status = 0;
    if (source->kind == SOURCE_SELECTOR) {
        flat->selector = source->selector;
        flat->anchor = ctx->anchor;
    }
    if (source->kind == SOURCE_NAME) status = flatten_view(ctx, source, flat);
    if (source->kind == SOURCE_QUERY) status = flatten(ctx, source->query, flat);
    for (const struct stage *stage = query->stages; stage && !status; stage = stage->next) {
        struct flat_stage *copy = arena_alloc(ctx->arena, sizeof *copy);
        if (!copy) return context_no_memory(ctx);
        copy->stage = *stage;
        copy->anchor = ctx->anchor;
        *flat->tail = copy;
        flat->tail = &copy->next;
    }
    return status;
}

/* -- stages ------------------------------------------------------------------------------------ */

static bool is_range(enum stage_kind kind)
{
    return kind == STAGE_LAST || kind == STAGE_FIRST || kind == STAGE_SINCE ||
           kind == STAGE_UNTIL || kind == STAGE_BETWEEN;
}

struct planner {
    struct context *ctx;
    struct plan *plan;
    const struct flat *flat;     /* the query */
    const struct flat_stage *at; /* the stage being planned */
    struct op *scan;
    struct range *ranges, **tail;
    struct lookback lookback;
    bool pushing;  /* only verbs that neither drop nor hold rows so far */
    bool windowed; /* a verb so far has windows */
    bool filtered; /* and a `where` behind it may have dropped points by what they gave */
    bool with_history;
    bool gone; /* `last run` asks for the series that it lacks */
};

static int push_range(struct planner *planner, const struct stage *stage)
{
    struct arena *arena = planner->ctx->arena;
    struct plan *plan = planner->plan;
    struct range *range = arena_alloc(arena, sizeof *range);
    const char *text = print_stage(arena, stage);
    plan->pushed = plan->pushed ? arena_printf(arena, "%s | %s", plan->pushed, text) : text;
    if (!range || !plan->pushed) return context_no_memory(planner->ctx);
    int status = range_bind(planner->ctx, stage, range);
    *planner->tail = range;
    planner->tail = &range->next;
    return status;
}

static int plan_format(struct context *ctx, const struct stage *stage, struct plan *plan)
{
    plan->format = slice_string(ctx->arena, stage->name);
    if (!plan->format) return context_no_memory(ctx);
    const char *names[32];
    size_t count = 0;
    while (count < 32 && (names[count] = format_name(count, NULL))) {
        if (strcmp(names[count++], plan->format) == 0) return 0;
    }
    const char *help = context_suggest(ctx, stage->name, names, count);
    return context_fail(ctx, Q_NO_FORMAT, stage->name_span,
                        help ? help : "'show formats' lists them", "no format '%s'", plan->format);
}

static int plan_with(struct planner *planner, const struct stage *stage)
{
    static const char *const names[] = {"history", "excluded"};
    struct context *ctx = planner->ctx;
    if (slice_is(stage->name, "history")) {
        planner->with_history = true;
        return 0;
    }
    if (slice_is(stage->name, "excluded")) return 0; /* asked before: shows_excluded */
    return context_fail(
        ctx, Q_NO_OPTION, stage->name_span, context_suggest(ctx, stage->name, names, 2),
        "'with' shows history or excluded, not '%.*s'", (int)stage->name.len, stage->name.text);
}

static int plan_chain(struct context *ctx, const struct flat *flat, const struct flat_stage *end,
                      const struct plan *base, struct plan *out);

/* The other side of a `versus`: what is upstream, run again with the dimensions replaced that the
 * source names; where that has verbs of its own, these instead. */
static int plan_versus(struct planner *planner, const struct stage *stage, struct op *input,
                       struct op **out)
{
    struct context *ctx = planner->ctx;
    const struct flat_stage *end = planner->at;
    const struct span *anchor = ctx->anchor;
    struct plan *other = arena_alloc(ctx->arena, sizeof *other);
    struct flat named = {.tail = &named.stages}, side = *planner->flat;
    unsigned dimensions = 0;
    int status = 0;
    if (!other) return context_no_memory(ctx);
    if (stage->source) {
        struct query query = {.source = stage->source};
        struct selector *selector;
        status = flatten(ctx, &query, &named);
        if (status) return status;
        dimensions = selector_dimensions(named.selector);
        status = selector_replace(ctx, side.selector, named.selector, dimensions, &selector);
        if (status) return status;
        side.selector = selector;
        side.anchor = named.anchor;
        if (named.stages) {
            side.stages = named.stages;
            end = NULL;
        }
    }
    /* Those verbs may hold a `versus` of the view that they are of: its name is looked up too deep
     * then. */
    ctx->expansions++;
    status = plan_chain(ctx, &side, end, stage->source ? NULL : planner->plan, other);
    ctx->expansions--;
    ctx->anchor = anchor;
    return status ? status : op_versus(ctx, stage, input, other, dimensions, out);
}

/* Puts one stage on the chain. */
static int plan_stage(struct planner *planner, const struct stage *stage, struct op **chain)
{
    struct context *ctx = planner->ctx;
    struct op *input = *chain;
    if (is_range(stage->kind)) {
        planner->gone |= stage->kind == STAGE_LAST && stage->window.kind == WINDOW_WORD &&
                         slice_is(stage->window.word, "run");
        if (planner->pushing) return push_range(planner, stage);
        /* It says which points are judged: it goes before the verbs that judge (rule 5). */
        while (!strcmp((*chain)->name, "check") || !strcmp((*chain)->name, "fdr") ||
               !strcmp((*chain)->name, "baseline") || !strcmp((*chain)->name, "derive"))
            chain = &(*chain)->input;
        return op_range(ctx, stage, *chain, chain);
    }
    switch (stage->kind) {
    case STAGE_WHERE: return op_where(ctx, stage, input, chain);
    case STAGE_DERIVE: return op_derive(ctx, stage, input, chain);
    case STAGE_KEEP: return op_keep(ctx, stage, input, chain);
    case STAGE_BASELINE: return op_baseline(ctx, stage, input, chain);
    case STAGE_CHECK: planner->plan->judges = true; return op_check(ctx, stage, input, chain);
    case STAGE_CHANGES: return op_changes(ctx, stage, input, chain);
    case STAGE_SUMMARIZE: return op_summarize(ctx, stage, input, chain);
    case STAGE_SORT: return op_sort(ctx, stage, input, chain);
    case STAGE_TAKE: return op_take(ctx, stage, input, chain);
    case STAGE_TOP:
    case STAGE_BOTTOM: return op_top(ctx, stage, input, chain);
    case STAGE_EXPECT: planner->plan->expects = true; return op_expect(ctx, stage, input, chain);
    case STAGE_AS: return plan_format(ctx, stage, planner->plan);
    case STAGE_WITH: return plan_with(planner, stage);
    case STAGE_VERSUS: return plan_versus(planner, stage, input, chain);
    default: return 0;
    }
}

/* Takes note of how far the operator of a stage looks back. Behind a `where` nobody knows which
 * points are left, so that the whole history is read; and where that `where` may ask for what
 * windows gave, they are run for all of it. */
static void plan_lookback(struct planner *planner, const struct stage *stage, const struct op *op)
{
    struct lookback back = op->lookback;
    if (is_range(stage->kind) || stage->kind == STAGE_AS || stage->kind == STAGE_WITH) return;
    if (!planner->pushing && lookback_any(back)) {
        back.all = true;
        back.deep |= planner->filtered;
    }
    planner->windowed |= lookback_any(back);
    planner->filtered |= planner->windowed && stage->kind == STAGE_WHERE;
    planner->lookback = lookback_max(planner->lookback, back);
    if (stage->kind != STAGE_DERIVE && stage->kind != STAGE_KEEP && stage->kind != STAGE_BASELINE &&
        stage->kind != STAGE_CHECK)
        planner->pushing = false;
}

/* Tells the operators behind which nobody looks at rows that are not selected. */
static void plan_cuts(struct op *last)
{
    for (struct op *op = last; op && strcmp(op->name, "versus") != 0; op = op->input) {
        op->cuts = true;
        if (lookback_any(op->lookback)) return;
    }
}

/* `with excluded` somewhere: archived branches are selected, excluded runs shown. */
static bool shows_excluded(const struct flat *flat)
{
    for (const struct flat_stage *at = flat->stages; at; at = at->next)
        if (at->stage.kind == STAGE_WITH && slice_is(at->stage.name, "excluded")) return true;
    return false;
}

/* Whether an operator does not mind rows that come all at once instead of series by series. */
static bool takes_any_rows(const struct op *op)
{
    static const char *const names[] = {"where", "derive", "keep",      "sort",
                                        "top",   "take",   "summarize", "expect"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(op->name, names[i]) == 0) return !op->of_series && !lookback_any(op->lookback);
    return false;
}

/* Tells a check behind which nobody asks of what series a row is. */
static void plan_gathers(struct op *last)
{
    struct op *op = last;
    while (op && (takes_any_rows(op) || strcmp(op->name, "fdr") == 0))
        op = op->input;
    if (op) op->gathers = strcmp(op->name, "check") == 0 && op->cuts && op_scan_is(op->input);
}

/* The rows of a bare check that are those of `last run`, and that nobody looks back on, get a q
 * each: the series of a run are judged together. Elsewhere it stays missing. */
static int plan_family(struct context *ctx, const struct flat *flat, struct planner *planner,
                       struct plan *plan)
{
    struct op **place = &plan->last;
    const struct stage *stage = NULL;
    for (const struct flat_stage *at = flat->stages; at; at = at->next)
        if (at->stage.kind == STAGE_CHECK && !at->stage.has_model) stage = &at->stage;
    if (!planner->gone || !stage) return 0;
    while (*place && strcmp((*place)->name, "check") != 0) {
        if (!takes_any_rows(*place)) return 0;
        place = &(*place)->input;
    }
    if (!*place || schema_find(&(*place)->schema, "q", 1) < 0) return 0;
    struct op *check = *place;
    int status = op_check_fdr(ctx, stage, check, place);
    if (!status) (*place)->detail = "q, over the series of a run";
    return status;
}

/* Plans a query up to the stage `end` (NULL: all of it). base: on what the branches of that plan
 * inherit; NULL: on what is selected. */
static int plan_chain(struct context *ctx, const struct flat *flat, const struct flat_stage *end,
                      const struct plan *base, struct plan *out)
{
    struct planner planner = {
        .ctx = ctx, .plan = out, .flat = flat, .tail = &planner.ranges, .pushing = true};
    *out = (struct plan){0};
    struct mark_view *marks = NULL;
    int status = marks_load(ctx, &marks);
    ctx->anchor = flat->anchor;
    if (base)
        out->selection = base->selection;
    else if (ctx->chosen)
        out->selection = *ctx->chosen;
    else if (!status)
        status = select_series(ctx, flat->selector, &out->selection);
    ctx->anchor = NULL;
    if (!status && !base && !ctx->chosen && !shows_excluded(flat))
        status = marks_archive(ctx, marks, &out->selection);
    if (!status) status = op_scan(ctx, &out->selection, marks, &out->last);
    planner.scan = out->last;
    if (!status && shows_excluded(flat)) op_scan_show_excluded(planner.scan);
    if (!status) {
        const char *selector = print_selector(ctx->arena, flat->selector);
        out->last->detail = selector ? arena_printf(ctx->arena, "scan %s", selector) : NULL;
        if (!out->last->detail) return context_no_memory(ctx);
    }
    for (const struct flat_stage *at = flat->stages; at != end && !status; at = at->next) {
        struct op *chain = out->last;
        ctx->anchor = at->anchor;
        planner.at = at;
        status = plan_stage(&planner, &at->stage, &chain);
        ctx->anchor = NULL;
        if (status) break;
        plan_lookback(&planner, &at->stage, chain);
        if (chain != out->last) chain->detail = print_stage(ctx->arena, &at->stage);
        if (!chain->detail) return context_no_memory(ctx);
        out->last = chain;
    }
    if (status) return status;
    ctx->every_row |= planner.lookback.deep;
    plan_cuts(out->last);
    status = plan_family(ctx, flat, &planner, out);
    if (status) return status;
    schema_want(&out->last->schema);
    op_scan_extend(planner.scan, planner.ranges, planner.lookback, planner.gone,
                   planner.with_history);
    if (base) op_scan_base(planner.scan);
    out->asks_run = planner.gone;
    return 0;
}

int plan_query(struct context *ctx, const struct query *query, struct plan *out)
{
    struct flat flat = {.tail = &flat.stages};
    *out = (struct plan){0};
    ctx->every_row = false;
    int status = flatten(ctx, query, &flat);
    if (!status) status = plan_chain(ctx, &flat, NULL, NULL, out);
    if (status) return status;
    ctx->outcome->series = out->selection.count;
    plan_gathers(out->last);
    return 0;
}

void plan_free(struct plan *plan)
{
    for (struct op *op = plan->last; op; op = op->input)
        if (op->free) op->free(op);

    plan->last = NULL;
}
