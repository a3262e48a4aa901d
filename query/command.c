/* command.c -- statements that define, mark and set: let, view, threshold, alert, measure, mark,
 * use, drop. Each checks all it can before it writes. */
#include "session.h"

#include "alias.h"
#include "parse.h"
#include "put.h"
#include "rule.h"
#include "select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Writing waits for the process' own snapshots when the store must grow: end ours first. */
static void end_snapshot(struct context *ctx)
{
    pace_snapshot_end(ctx->snapshot);
    ctx->snapshot = NULL;
}

static int say(struct context *ctx, const char *message)
{
    ctx->outcome->message = message;
    return message ? 0 : context_no_memory(ctx);
}

/* -- definitions ------------------------------------------------------------------------------- */

static const char *const KIND_NAMES[] = {"", "let", "view", "threshold", "alert", "measure"};

enum pace_object_kind statement_defines(const struct statement *statement)
{
    switch (statement->kind) {
    case STATEMENT_LET: return PACE_OBJECT_LET;
    case STATEMENT_VIEW: return PACE_OBJECT_VIEW;
    case STATEMENT_THRESHOLD: return PACE_OBJECT_THRESHOLD;
    case STATEMENT_ALERT: return PACE_OBJECT_ALERT;
    case STATEMENT_MEASURE: return PACE_OBJECT_MEASURE;
    default: break;
    }
    return (enum pace_object_kind)0;
}

static bool is_variable(const struct value *value)
{
    return value->kind == VALUE_VAR;
}

/* A threshold's model must be one, with bounds that it takes, under a name that is no model's. A
 * saved one is read in sessions that do not know this one's variables. */
static int check_threshold(struct context *ctx, const struct statement *statement)
{
    struct stage stage = {.kind = STAGE_CHECK, .has_model = true, .model = statement->model};
    struct rule *rule;
    if (model_find(statement->name.text, statement->name.len) != MODEL_COUNT)
        return context_fail(ctx, Q_AMBIGUOUS, statement->name_span, "choose another name",
                            "'%.*s' is a model", (int)statement->name.len, statement->name.text);
    bool variable = statement->model.has_bound && is_variable(&statement->model.bound);
    for (const struct option *option = statement->model.options; option; option = option->next)
        variable |= is_variable(&option->bound) || is_variable(&option->number) ||
                    is_variable(&option->of_number) || option->window.kind == WINDOW_VAR;
    if (variable && statement->save)
        return context_fail(ctx, Q_NO_VARIABLE, statement->model.span, "write the value itself",
                            "a saved threshold cannot hold a variable");
    return rules_bind(ctx, &stage, &rule);
}

/* What is stored outlives the session: $names in it become the texts that they stand for. */
static int resolve_pattern(struct context *ctx, struct pattern *pattern)
{
    struct matcher matcher;
    if (pattern->kind != PATTERN_VAR) return 0;
    int status = matcher_bind(ctx, pattern, &matcher);
    if (status) return status;
    pattern->kind = PATTERN_STRING;
    pattern->text = (struct slice){matcher.text, (uint32_t)strlen(matcher.text)};
    return 0;
}

static int resolve_variables(struct context *ctx, struct selector *selector)
{
    int status = 0;
    if (selector->kind == SELECT_MATCH) return resolve_pattern(ctx, &selector->pattern);
    for (unsigned i = 0; selector->kind == SELECT_PATH && i < selector->segment_count && !status;
         i++)
        status = resolve_pattern(ctx, &selector->segments[i]);
    for (struct selector *child = selector->child; child && !status; child = child->next)
        status = resolve_variables(ctx, child);
    return status;
}

static int define(struct context *ctx, const struct statement *statement)
{
    enum pace_object_kind kind = statement_defines(statement);
    struct statement plain = *statement;
    int status = 0;
    if (statement->save && statement->selector) status = resolve_variables(ctx, plain.selector);
    if (status) return status;
    plain.save = plain.explain = false;
    plain.next = NULL;
    struct script script = {.statements = &plain};
    const char *text = print_script(ctx->arena, &script);
    char *name = slice_string(ctx->arena, statement->name);
    if (!text || !name) return context_no_memory(ctx);
    if (kind == PACE_OBJECT_THRESHOLD) status = check_threshold(ctx, statement);
    if (status) return status;
    if (!statement->save)
        return binding_text_set(&ctx->session->definitions, kind, name, text)
                   ? context_no_memory(ctx)
                   : 0;
    uint32_t version;
    end_snapshot(ctx);
    status = pace_object_put(ctx->store, kind, name, text, ctx->error, &version);
    if (status) return context_store_error(ctx, status);
    if (version > 1)
        return say(ctx, arena_printf(ctx->arena, "saved %s %s, version %u", KIND_NAMES[kind], name,
                                     version));
    return say(ctx, arena_printf(ctx->arena, "saved %s %s", KIND_NAMES[kind], name));
}

/* A unit of another kind than the stored one would make its values others. */
static int check_measure_unit(struct context *ctx, const struct statement *statement)
{
    const char *const *projects;
    uint32_t count, measure;
    int status = pace_name_find(ctx->snapshot, PACE_MEASURE, statement->name.text,
                                statement->name.len, ctx->error, &measure);
    if (status == PACE_ENOTFOUND || !statement->unit.len) return 0;
    if (!status) status = pace_names(ctx->snapshot, PACE_PROJECT, ctx->error, &projects, &count);
    struct unit given = unit_lookup(statement->unit.text, statement->unit.len);
    for (uint32_t i = 0; !status && i < count; i++) {
        struct pace_measure stored;
        status = pace_measure_get(ctx->snapshot, i, measure, ctx->error, &stored);
        if (status || !*stored.unit) continue;
        struct unit own = unit_lookup(stored.unit, strlen(stored.unit));
        if (own.kind == given.kind &&
            (own.kind != UNIT_CUSTOM || slice_is(statement->unit, stored.unit)))
            continue;
        return context_fail(ctx, Q_UNIT, statement->span, NULL,
                            "measure '%.*s' is stored in %s, a %s; %.*s is a %s",
                            (int)statement->name.len, statement->name.text, stored.unit,
                            unit_kind_name(own.kind), (int)statement->unit.len,
                            statement->unit.text, unit_kind_name(given.kind));
    }
    return status ? context_store_error(ctx, status) : 0;
}

static int define_measure(struct context *ctx, const struct statement *statement)
{
    int status = check_measure_unit(ctx, statement);
    if (status) return status;
    if (!statement->save) return define(ctx, statement);
    enum pace_direction direction = statement->direction == DIRECTION_LOWER ? PACE_LOWER_IS_BETTER
                                    : statement->direction == DIRECTION_HIGHER
                                        ? PACE_HIGHER_IS_BETTER
                                        : PACE_DIRECTION_UNKNOWN;
    char *name = slice_string(ctx->arena, statement->name);
    char *unit = slice_string(ctx->arena, statement->unit);
    if (!name || !unit) return context_no_memory(ctx);
    end_snapshot(ctx);
    status = pace_measure_put(ctx->store, NULL, name, unit, direction, ctx->error);
    if (status) return context_store_error(ctx, status);
    return say(ctx, arena_printf(ctx->arena, "saved measure %s", name));
}

/* Takes back what `save measure` said. */
static int drop_measure(struct context *ctx, const struct statement *statement, const char *name)
{
    end_snapshot(ctx);
    int status = pace_measure_drop(ctx->store, name, ctx->error);
    if (status == PACE_ENOTFOUND)
        return context_fail(ctx, Q_NO_NAME, statement->name_span, "see: show measures",
                            "nothing was saved of a measure '%s'", name);
    if (status) return context_store_error(ctx, status);
    return say(ctx, arena_printf(ctx->arena, "dropped measure %s", name));
}

static int drop(struct context *ctx, const struct statement *statement)
{
    static const enum pace_object_kind kinds[] = {PACE_OBJECT_LET, PACE_OBJECT_VIEW,
                                                  PACE_OBJECT_THRESHOLD, PACE_OBJECT_ALERT,
                                                  PACE_OBJECT_MEASURE};
    enum pace_object_kind kind = kinds[statement->object];
    char *name = slice_string(ctx->arena, statement->name);
    if (!name) return context_no_memory(ctx);
    struct binding_text *own = ctx->session->definitions;
    while (own && (own->kind != kind || strcmp(own->name, name) != 0))
        own = own->next;
    if (own) {
        binding_text_set(&ctx->session->definitions, kind, name, NULL);
        return say(
            ctx, arena_printf(ctx->arena, "dropped %s %s of this session", KIND_NAMES[kind], name));
    }
    if (kind == PACE_OBJECT_MEASURE) return drop_measure(ctx, statement, name);
    if (!context_definition(ctx, kind, statement->name)) {
        size_t count;
        const char *const *names = context_names(ctx, kind, &count);
        return context_fail(ctx, Q_NO_NAME, statement->name_span,
                            context_suggest(ctx, statement->name, names, count), "no %s '%s'",
                            KIND_NAMES[kind], name);
    }
    uint32_t version;
    end_snapshot(ctx);
    int status = pace_object_put(ctx->store, kind, name, NULL, ctx->error, &version);
    if (status) return context_store_error(ctx, status);
    return say(ctx, arena_printf(ctx->arena, "dropped %s %s", KIND_NAMES[kind], name));
}

static int use(struct context *ctx, const struct statement *statement)
{
    const char *text = print_selector(ctx->arena, statement->selector);
    if (!text) return context_no_memory(ctx);
    char *copy = strdup(text);
    if (!copy) return context_no_memory(ctx);
    struct selection selection;
    int status = select_series(ctx, statement->selector, &selection);
    if (status) {
        free(copy);
        return status;
    }
    free(ctx->session->use);
    ctx->session->use = copy;
    return say(ctx, arena_printf(ctx->arena, "using %s (%zu series)", text, selection.count));
}

/* -- marks ------------------------------------------------------------------------------------- */

/* Where a mark applies from: the instant given, else the newest run of the series that it names. */
static int mark_instant(struct context *ctx, const struct statement *statement,
                        const struct selection *selection, int64_t *at_ns)
{
    *at_ns = INT64_MIN;
    if (statement->has_instant) {
        int64_t ignored;
        return instant_bind(ctx, &statement->instant, at_ns, &ignored);
    }
    if (statement->mark != MARK_ACCEPT) return 0;
    for (size_t i = 0; i < selection->count; i++)
        if (selection->series[i].stream->last_time_ns > *at_ns)
            *at_ns = selection->series[i].stream->last_time_ns;
    return 0;
}

/* " (3 series)": those that a mark is on; of a commit nobody counts them. */
static int mark_reach(struct context *ctx, const struct statement *statement,
                      const struct selection *selection, const char **out)
{
    size_t count = 0;
    bool known = true;
    for (const struct row_filter *filter = selection->rows; filter; filter = filter->next)
        known = known && filter->is_run && !filter->negated;
    for (size_t i = 0; known && i < selection->count; i++) {
        bool is_there = true;
        for (const struct row_filter *filter = selection->rows; filter; filter = filter->next) {
            struct pace_run_view view;
            int status = pace_run_get(ctx->snapshot, filter->run, ctx->error, &view);
            if (status) return context_store_error(ctx, status);
            is_there = is_there && view.stream == selection->series[i].stream->id &&
                       filter->run == selection->rows->run;
        }
        count += is_there;
    }
    if (known && count == 0)
        return context_fail(ctx, Q_NO_MATCH, statement->selector->span, "see: pace log",
                            "the run is of none of these series, so nothing would be marked");
    *out = known ? arena_printf(ctx->arena, " (%zu series)", count) : "";
    return *out ? 0 : context_no_memory(ctx);
}

static int mark(struct context *ctx, const struct statement *statement)
{
    static const char *const verbs[] = {"accepted", "excluded", "archived"};
    static const enum pace_mark_kind kinds[] = {PACE_MARK_ACCEPT, PACE_MARK_EXCLUDE,
                                                PACE_MARK_ARCHIVE};
    if (statement->mark == MARK_ALIAS) return alias_statement(ctx, statement);
    struct selection selection;
    struct pace_mark fact = {.kind = kinds[statement->mark], .target = "", .note = ""};
    struct selector *selector;
    int status = select_with_use(ctx, statement->selector, &selector);
    if (!status) status = resolve_variables(ctx, selector);
    if (!status) status = select_series(ctx, selector, &selection);
    if (!status) status = mark_instant(ctx, statement, &selection, &fact.at_ns);
    if (status) return status;
    bool has_rows = selection.rows != NULL;
    if (selection.rows_differ)
        return context_fail(ctx, Q_ARGUMENTS, statement->selector->span, "make a mark for each",
                            "a mark takes commit: and run: beside its other keys, not inside 'or'");
    for (const struct row_filter *filter = selection.rows; filter; filter = filter->next)
        if (filter->missing)
            return context_fail(ctx, Q_NO_MATCH, statement->selector->span, "see: pace log",
                                "there is no run %llu to mark", (unsigned long long)filter->run);
    if (selection.count == 0)
        return context_fail(ctx, Q_NO_MATCH, statement->selector->span, NULL,
                            "this names no series, so nothing would be marked");
    if (statement->mark == MARK_EXCLUDE && !has_rows)
        return context_fail(ctx, Q_ARGUMENTS, statement->selector->span,
                            "add run:NUMBER or commit:HASH",
                            "'exclude' hides runs; this would hide whole series");
    fact.selector = print_selector(ctx->arena, selector);
    if (statement->has_note) fact.note = slice_string(ctx->arena, statement->note);
    if (!fact.selector || !fact.note) return context_no_memory(ctx);
    const char *reach;
    status = mark_reach(ctx, statement, &selection, &reach);
    if (status) return status;
    uint64_t id;
    end_snapshot(ctx);
    status = pace_mark_add(ctx->store, &fact, ctx->error, &id);
    if (status) return context_store_error(ctx, status);
    return say(ctx, arena_printf(ctx->arena, "mark %llu: %s %s%s", (unsigned long long)id,
                                 verbs[statement->mark], fact.selector, reach));
}

static int mark_undo(struct context *ctx, const struct statement *statement)
{
    double number = statement->number;
    if (!(number >= 1 && number < 9e15) || number != floor(number))
        return context_fail(ctx, Q_RANGE, statement->span, "see: show marks",
                            "a mark has a whole number from 1");
    end_snapshot(ctx);
    int status = pace_mark_undo(ctx->store, (uint64_t)number, ctx->error);
    if (status == PACE_ENOTFOUND || status == PACE_EMISUSE)
        return context_fail(ctx, Q_NO_NAME, statement->span, NULL, "%s", ctx->error->message);
    if (status) return context_store_error(ctx, status);
    return say(ctx, arena_printf(ctx->arena, "mark %.0f is taken back", number));
}

int command_run(struct context *ctx, const struct statement *statement)
{
    switch (statement->kind) {
    case STATEMENT_LET:
    case STATEMENT_VIEW:
    case STATEMENT_THRESHOLD:
    case STATEMENT_ALERT: return define(ctx, statement);
    case STATEMENT_MEASURE: return define_measure(ctx, statement);
    case STATEMENT_DROP: return drop(ctx, statement);
    case STATEMENT_USE: return use(ctx, statement);
    case STATEMENT_MARK: return mark(ctx, statement);
    case STATEMENT_MARK_UNDO: return mark_undo(ctx, statement);
    case STATEMENT_PUT: return put_statement(ctx, statement);
    case STATEMENT_SHOW:
    case STATEMENT_EMPTY:
    case STATEMENT_QUERY: break;
    }
    return 0;
}
