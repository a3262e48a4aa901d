/* select.c -- see select.h. */
#include "select.h"

#include "alias.h"
#include "parse.h"
#include "word.h"

#include <stdlib.h>
#include <string.h>

/* The names of the dimensions: key.def begins with them, in order; commit and run follow. */
static const char *dimension_name(int dimension)
{
    return key_row((size_t)dimension)->name;
}

enum truth { FALSE = 0, TRUE = 1, UNKNOWN = 2 };

/* A selector with its patterns matched against the names of the store. */
struct test {
    enum selector_kind kind;
    struct test *child, *next;
    int dimension;  /* MATCH */
    bool names_dot; /* MATCH on measure: the pattern has a dot, so dotted measures may match */
    bool positive;  /* not under a `not` */
    uint32_t id;    /* literal: the one id */
    bool is_literal, is_known;
    const uint8_t *match; /* else one byte per name id */
    uint32_t match_count;
    const struct row_filter *row; /* MATCH on rows: unknown of a series */
};

int key_dimension(struct slice key)
{
    for (int i = 0; i < PACE_DIMENSION_COUNT; i++)
        if (slice_is(key, dimension_name(i))) return i;
    return -1;
}

int context_fail_key(struct context *ctx, struct slice key, struct span span)
{
    const struct key *near = key_suggest(key.text, key.len);
    const char *help = near ? arena_printf(ctx->arena, "did you mean '%s'?", near->name) : NULL;
    return context_fail(ctx, Q_NO_KEY, span, help, "no key '%.*s'", (int)key.len, key.text);
}

/* -- from selector to test --------------------------------------------------------------------- */

struct build {
    struct context *ctx;
    struct row_filter *rows; /* the conjunctive ones */
    struct pace_range times; /* of the runs that these can keep */
    bool conjunctive;        /* only ANDs (and one NOT) above here */
    bool negated;
    bool rows_differ; /* a row key stands elsewhere */
    const struct alias_map *aliases;
};

/* Matches a pattern against the names of its dimension. */
static int test_names(struct build *build, struct test *test, struct matcher *matcher)
{
    struct context *ctx = build->ctx;
    const char *const *names = NULL;
    uint32_t count = 0;
    int status = 0;
    const char *literal = matcher_literal(matcher);
    test->positive = !build->negated;
    test->names_dot = strchr(matcher->text, '.') != NULL;
    if (literal) {
        test->is_literal = true;
        status = pace_name_find(ctx->snapshot, (enum pace_dimension)test->dimension, literal,
                                strlen(literal), ctx->error, &test->id);
        if (status == 0) {
            test->id = alias_now(build->aliases, test->dimension, test->id);
            test->is_known = true;
            return 0;
        }
        if (status != PACE_ENOTFOUND) return context_store_error(ctx, status);
        return matcher_note_none(ctx, test->dimension, matcher);
    }
    status =
        pace_names(ctx->snapshot, (enum pace_dimension)test->dimension, ctx->error, &names, &count);
    if (status) return context_store_error(ctx, status);
    uint8_t *match = arena_alloc(ctx->arena, count);
    if (!match) return context_no_memory(ctx);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        status = matcher_match(ctx, matcher, names[i]);
        if (status < 0) return status;
        match[i] = (uint8_t)status;
        any |= status;
    }
    test->match = match;
    test->match_count = count;
    if (!any) matcher_note_none_of(ctx, test->dimension, matcher, names, count);
    return 0;
}

static int test_match(struct build *build, int dimension, const struct pattern *pattern,
                      struct test **out)
{
    struct test *test = arena_alloc(build->ctx->arena, sizeof *test);
    if (!test) return context_no_memory(build->ctx);
    struct matcher matcher;
    int status = matcher_bind(build->ctx, pattern, &matcher);
    if (status) return status;
    test->kind = SELECT_MATCH;
    test->dimension = dimension;
    *out = test;
    return test_names(build, test, &matcher);
}

void range_meet(struct pace_range *range, const struct pace_range *other)
{
    if (other->from_ns > range->from_ns) range->from_ns = other->from_ns;
    if (other->until_ns < range->until_ns) range->until_ns = other->until_ns;
}

/* A `commit:` or `run:` term becomes a filter on rows. Where every other term holds too it is the
 * same for all series, and *out is NULL; elsewhere it is a test whose answer a series does not
 * know.
 */
static int add_row_filter(struct build *build, const struct selector *selector, bool is_run,
                          struct test **out)
{
    struct context *ctx = build->ctx;
    struct row_filter *filter = arena_alloc(ctx->arena, sizeof *filter);
    if (!filter) return context_no_memory(ctx);
    *filter =
        (struct row_filter){.kind = SELECT_MATCH, .negated = build->negated, .is_run = is_run};
    struct pace_range times = {INT64_MIN, INT64_MAX, 0};
    int status = matcher_bind(ctx, &selector->pattern, &filter->matcher);
    if (!status)
        status = is_run
                     ? row_filter_bind_run(ctx, &selector->pattern, filter, &times)
                     : matcher_find_commit(ctx, &filter->matcher, selector->pattern.span, &times);
    if (status) return status;
    if (build->conjunctive) {
        if (!build->negated) range_meet(&build->times, &times);
        filter->next = build->rows;
        build->rows = filter;
        return 0;
    }
    struct test *test = arena_alloc(ctx->arena, sizeof *test);
    if (!test) return context_no_memory(ctx);
    *test = (struct test){.kind = SELECT_MATCH, .row = filter};
    build->rows_differ = true;
    *out = test;
    return 0;
}

static int test_build(struct build *build, const struct selector *selector, struct test **out);

static int test_children(struct build *build, const struct selector *selector, struct test *test)
{
    struct test **tail = &test->child;
    for (const struct selector *child = selector->child; child; child = child->next) {
        int status = test_build(build, child, tail);
        if (status) return status;
        if (*tail) tail = &(*tail)->next;
    }
    return 0;
}

static int test_path(struct build *build, const struct selector *selector, struct test *test)
{
    test->kind = SELECT_AND;
    struct test **tail = &test->child;
    for (unsigned i = 0; i < selector->segment_count; i++) {
        int status = test_match(build, (int)i, &selector->segments[i], tail);
        if (status) return status;
        tail = &(*tail)->next;
    }
    return 0;
}

/* *out is NULL for a term that holds for every series. */
static int test_build(struct build *build, const struct selector *selector, struct test **out)
{
    struct context *ctx = build->ctx;
    *out = NULL;
    if (selector->kind == SELECT_MATCH) {
        int dimension = key_dimension(selector->key);
        if (dimension >= 0) return test_match(build, dimension, &selector->pattern, out);
        if (slice_is(selector->key, "commit")) return add_row_filter(build, selector, false, out);
        if (slice_is(selector->key, "run")) return add_row_filter(build, selector, true, out);
        return context_fail_key(ctx, selector->key, selector->key_span);
    }
    struct test *test = arena_alloc(ctx->arena, sizeof *test);
    if (!test) return context_no_memory(ctx);
    test->kind = selector->kind;
    int status;
    struct build saved = *build;
    switch (selector->kind) {
    case SELECT_PATH: status = test_path(build, selector, test); break;
    case SELECT_OR:
        build->conjunctive = build->conjunctive && selector->child && !selector->child->next;
        status = test_children(build, selector, test);
        break;
    case SELECT_NOT:
        build->negated = !build->negated;
        status = test_children(build, selector, test);
        /* `not run:118` leaves nothing to test on the series, or a filter that is negated
         * itself. */
        if (!status && (!test->child || test->child->row)) test = test->child;
        break;
    default: status = test_children(build, selector, test); break;
    }
    build->conjunctive = saved.conjunctive;
    build->negated = saved.negated;
    *out = test;
    return status;
}

/* -- evaluating a test ------------------------------------------------------------------------- */

/* ids[d] of the series; the first `known` dimensions count, the rest are not looked at yet. */
static enum truth test_eval(const struct test *test, const uint32_t *ids, int known)
{
    enum truth result;
    switch (test->kind) {
    case SELECT_MATCH:
        if (test->row || test->dimension >= known) return UNKNOWN;
        if (test->is_literal) return test->is_known && ids[test->dimension] == test->id;
        return ids[test->dimension] < test->match_count && test->match[ids[test->dimension]];
    case SELECT_NOT:
        result = test_eval(test->child, ids, known);
        return result == UNKNOWN ? UNKNOWN : (enum truth) !result;
    case SELECT_OR:
        result = test->child ? FALSE : TRUE;
        for (const struct test *child = test->child; child; child = child->next) {
            enum truth one = test_eval(child, ids, known);
            if (one == TRUE) return TRUE;
            if (one == UNKNOWN) result = UNKNOWN;
        }
        return result;
    case SELECT_AND:
    case SELECT_PATH: break;
    }
    result = TRUE;
    for (const struct test *child = test->child; child; child = child->next) {
        enum truth one = test_eval(child, ids, known);
        if (one == FALSE) return FALSE;
        if (one == UNKNOWN) result = UNKNOWN;
    }
    return result;
}

/* The one name of a dimension that a selector asks for, if it does so: what has another need not be
 * looked at, of which there may be ten thousand branches or columns. */
static const struct test *one_name(const struct test *test, int dimension)
{
    if (test->kind == SELECT_MATCH)
        return test->dimension == dimension && test->is_literal ? test : NULL;
    bool all = test->kind == SELECT_AND || test->kind == SELECT_PATH;
    bool single = test->kind == SELECT_OR && test->child && !test->child->next;
    for (const struct test *child = test->child; child && (all || single); child = child->next) {
        const struct test *found = one_name(child, dimension);
        if (found) return found;
    }
    return NULL;
}

/* Rule 4: a dotted measure counts only where a pattern with a dot names it. */
static bool dotted_is_named(const struct test *test, const uint32_t *ids)
{
    if (test->kind == SELECT_MATCH)
        return !test->row && test->dimension == PACE_MEASURE && test->positive && test->names_dot &&
               test_eval(test, ids, PACE_DIMENSION_COUNT) == TRUE;
    if (test->kind == SELECT_NOT) return false;
    for (const struct test *child = test->child; child; child = child->next) {
        bool holds = test->kind != SELECT_OR || test_eval(child, ids, PACE_DIMENSION_COUNT);
        if (holds && dotted_is_named(child, ids)) return true;
    }
    return false;
}

/* -- what is left for rows --------------------------------------------------------------------- */

static int left_of(struct context *ctx, const struct test *test, const uint32_t *ids,
                   struct row_filter **out);

static int filter_make(struct context *ctx, enum selector_kind kind, struct row_filter **out)
{
    *out = arena_alloc(ctx->arena, sizeof **out);
    if (!*out) return context_no_memory(ctx);
    (*out)->kind = kind;
    return 0;
}

/* Of an `or` none of whose sides holds for the series alone: one of the others must. */
static int left_of_any(struct context *ctx, const struct test *test, const uint32_t *ids,
                       struct row_filter **out)
{
    struct row_filter **tail = &(*out)->child;
    for (const struct test *child = test->child; child; child = child->next) {
        if (test_eval(child, ids, PACE_DIMENSION_COUNT) != UNKNOWN) continue;
        int status = filter_make(ctx, SELECT_AND, tail);
        if (!status) status = left_of(ctx, child, ids, &(*tail)->child);
        if (status) return status;
        tail = &(*tail)->next;
    }
    return 0;
}

/* The filters of a test that is unknown of a series: a list. */
static int left_of(struct context *ctx, const struct test *test, const uint32_t *ids,
                   struct row_filter **out)
{
    int status = 0;
    *out = NULL;
    if (test_eval(test, ids, PACE_DIMENSION_COUNT) != UNKNOWN) return 0;
    if (test->row || test->kind == SELECT_OR) {
        status = filter_make(ctx, SELECT_OR, out);
        if (status) return status;
        if (!test->row) return left_of_any(ctx, test, ids, out);
        **out = *test->row;
        (*out)->next = NULL;
        return 0;
    }
    for (const struct test *child = test->child; child && !status; child = child->next) {
        status = left_of(ctx, child, ids, out);
        while (*out)
            out = &(*out)->next;
    }
    return status;
}

/* -- series ------------------------------------------------------------------------------------ */

static int compare_series(const void *a, const void *b)
{
    const struct series *left = a, *right = b;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++) {
        if (left->names[d] == right->names[d]) continue;
        int order = strcmp(left->names[d], right->names[d]);
        if (order) return order;
    }
    return 0;
}

struct gather {
    struct context *ctx;
    const struct test *test;
    const char *const *names[PACE_DIMENSION_COUNT];
    struct selection *out;
    size_t capacity;
    /* Unit and direction of a measure, remembered while the project stays the same. */
    uint32_t measure_project, measure_id;
    struct pace_measure measure;
    bool measure_known;
    const struct alias_map *aliases;
    bool dotted;       /* dotted measures need no pattern that names them */
    bool by_benchmark; /* the test asks for benchmarks */
};

/* Whether a test looks at the name of a dimension. */
static bool asks_for(const struct test *test, int dimension)
{
    if (test->kind == SELECT_MATCH) return !test->row && test->dimension == dimension;
    for (const struct test *child = test->child; child; child = child->next)
        if (asks_for(child, dimension)) return true;
    return false;
}

/* What the session's own `measure NAME = ...` says goes before what is stored: the direction, and
 * the unit of a measure that has none. */
static int override_measure(struct context *ctx, const char *name, struct pace_measure *measure)
{
    const char *text = context_own_definition(ctx, PACE_OBJECT_MEASURE,
                                              (struct slice){name, (uint32_t)strlen(name)});
    struct script *script;
    if (!text) return 0;
    int status = context_parse(ctx, text, &script);
    if (status) return status;
    const struct statement *own = script->statements;
    if (own->direction == DIRECTION_LOWER) measure->direction = PACE_LOWER_IS_BETTER;
    if (own->direction == DIRECTION_HIGHER) measure->direction = PACE_HIGHER_IS_BETTER;
    if (!*measure->unit) measure->unit = slice_string(ctx->arena, own->unit);
    return measure->unit ? 0 : context_no_memory(ctx);
}

static int gather_measure(struct gather *gather, uint32_t project, uint32_t measure)
{
    if (gather->measure_known && gather->measure_project == project &&
        gather->measure_id == measure)
        return 0;
    int status = pace_measure_get(gather->ctx->snapshot, project, measure, gather->ctx->error,
                                  &gather->measure);
    if (status) return context_store_error(gather->ctx, status);
    status = override_measure(gather->ctx, gather->names[PACE_MEASURE][measure], &gather->measure);
    if (status) return status;
    gather->measure_project = project;
    gather->measure_id = measure;
    gather->measure_known = true;
    return 0;
}

static int gather_add(struct gather *gather, const struct pace_stream *stream, uint32_t column,
                      const uint32_t *ids)
{
    struct context *ctx = gather->ctx;
    struct selection *out = gather->out;
    if (out->count == gather->capacity) {
        size_t capacity = gather->capacity ? gather->capacity * 4 : 64;
        struct series *series = arena_space(ctx->arena, capacity * sizeof *series);
        if (!series) return context_no_memory(ctx);
        if (out->count) memcpy(series, out->series, out->count * sizeof *series);
        out->series = series;
        gather->capacity = capacity;
    }
    int status = gather_measure(gather, stream->project, ids[PACE_MEASURE]);
    if (status) return status;
    struct series *series = &out->series[out->count++];
    *series = (struct series){.stream = stream,
                              .column = column,
                              .unit = gather->measure.unit,
                              .direction = gather->measure.direction,
                              .rows = out->rows};
    if (out->rows_differ) {
        struct row_filter *own;
        status = left_of(ctx, gather->test, ids, &own);
        if (status) return status;
        struct row_filter **tail = &own;
        while (*tail)
            tail = &(*tail)->next;
        *tail = out->rows;
        series->rows = own;
    }
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        series->names[d] = gather->names[d][ids[d]];
    return 0;
}

/* Gives the series that was added last the columns that continue in it. */
static int gather_older(struct gather *gather, const struct pace_column *columns, uint32_t count,
                        uint32_t i)
{
    struct selection *out = gather->out;
    struct series *series = &out->series[out->count - 1];
    int status = alias_older(gather->ctx, gather->aliases, columns, count, i, &series->older,
                             &series->older_count);
    out->any_older |= series->older_count != 0;
    return status;
}

/* The names of dimensions that come first in the order of series; of the others when they are
 * met. */
static int gather_names(struct gather *gather, int dimensions)
{
    struct context *ctx = gather->ctx;
    int status = 0;
    for (int d = 0; d < dimensions && !status; d++) {
        uint32_t count;
        if (!gather->names[d])
            status = pace_names(ctx->snapshot, (enum pace_dimension)d, ctx->error,
                                &gather->names[d], &count);
    }
    return status ? context_store_error(ctx, status) : 0;
}

/* Whether a column of these names belongs to the selection; its names are read then. */
static int gather_takes(struct gather *gather, const uint32_t *ids, bool *takes)
{
    *takes = test_eval(gather->test, ids, PACE_DIMENSION_COUNT) != FALSE;
    if (!*takes) return 0;
    int status = gather_names(gather, PACE_DIMENSION_COUNT);
    if (status) return status;
    *takes = gather->dotted || !strchr(gather->names[PACE_MEASURE][ids[PACE_MEASURE]], '.') ||
             dotted_is_named(gather->test, ids);
    return 0;
}

static int gather_stream(struct gather *gather, const struct pace_stream *stream)
{
    struct context *ctx = gather->ctx;
    uint32_t ids[PACE_DIMENSION_COUNT] = {stream->project, stream->branch, stream->testbed, 0, 0};
    const struct test *benchmark = one_name(gather->test, PACE_BENCHMARK);
    const struct pace_column *columns;
    uint32_t count, asked = UINT32_MAX; /* the measure that `takes` is about */
    bool takes = false;
    int status = pace_columns(ctx->snapshot, stream->id, ctx->error, &columns, &count);
    if (status) return context_store_error(ctx, status);
    for (uint32_t i = 0; i < count; i++) {
        ids[PACE_BENCHMARK] = alias_now(gather->aliases, PACE_BENCHMARK, columns[i].benchmark);
        if (benchmark && (!benchmark->is_known || ids[PACE_BENCHMARK] != benchmark->id)) continue;
        ids[PACE_MEASURE] = alias_now(gather->aliases, PACE_MEASURE, columns[i].measure);
        if (gather->aliases->any && alias_continues(gather->aliases, columns, count, i)) continue;
        if (gather->by_benchmark || ids[PACE_MEASURE] != asked) {
            status = gather_takes(gather, ids, &takes);
            if (status) return status;
            asked = ids[PACE_MEASURE];
        }
        if (!takes) continue;
        status = gather_add(gather, stream, i, ids);
        if (!status && gather->aliases->any) status = gather_older(gather, columns, count, i);
        if (status) return status;
    }
    return 0;
}

static int compare_streams(const void *a, const void *b, void *context)
{
    const struct pace_stream *left = *(const struct pace_stream *const *)a;
    const struct pace_stream *right = *(const struct pace_stream *const *)b;
    const struct gather *gather = context;
    const uint32_t ids[][2] = {{left->project, right->project},
                               {left->branch, right->branch},
                               {left->testbed, right->testbed}};
    for (int d = 0; d < PACE_BENCHMARK; d++) {
        if (ids[d][0] == ids[d][1]) continue;
        return strcmp(gather->names[d][ids[d][0]], gather->names[d][ids[d][1]]);
    }
    return 0;
}

/* The series of all streams that may have some: stream after stream in the order of their names, so
 * that mostly they are in order when they are gathered. */
static int gather_streams(struct gather *gather, const struct pace_stream *streams, uint32_t count)
{
    struct selection *out = gather->out;
    const struct pace_stream **chosen = malloc((count + 1) * sizeof *chosen);
    size_t found = 0, ordered = 1;
    if (!chosen) return context_no_memory(gather->ctx);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t ids[PACE_DIMENSION_COUNT] = {streams[i].project, streams[i].branch,
                                              streams[i].testbed, 0, 0};
        if (test_eval(gather->test, ids, PACE_BENCHMARK) != FALSE) chosen[found++] = &streams[i];
    }
    int status = found > 1 ? gather_names(gather, PACE_BENCHMARK) : 0;
    if (!status && found > 1) qsort_r(chosen, found, sizeof *chosen, compare_streams, gather);
    for (size_t i = 0; i < found && !status; i++)
        status = gather_stream(gather, chosen[i]);
    free(chosen);
    if (status) return status;
    while (ordered < out->count &&
           compare_series(&out->series[ordered - 1], &out->series[ordered]) <= 0)
        ordered++;
    if (ordered < out->count) qsort(out->series, out->count, sizeof *out->series, compare_series);
    return 0;
}

/* Whether a selector says anything about a key, so that `use` does not. */
static bool mentions(const struct selector *selector, struct slice key)
{
    if (!selector) return false;
    if (selector->kind == SELECT_MATCH)
        return selector->key.len == key.len && memcmp(selector->key.text, key.text, key.len) == 0;
    if (selector->kind == SELECT_PATH) {
        int dimension = key_dimension(key);
        return dimension >= 0 && dimension < (int)selector->segment_count;
    }
    for (const struct selector *child = selector->child; child; child = child->next)
        if (mentions(child, key)) return true;
    return false;
}

/* Whether a selector says something about every key of a term. */
static bool mentions_all(const struct selector *selector, const struct selector *term)
{
    if (term->kind == SELECT_MATCH) return mentions(selector, term->key);
    for (unsigned i = 0; term->kind == SELECT_PATH && i < term->segment_count; i++) {
        const char *name = dimension_name((int)i);
        if (!mentions(selector, (struct slice){name, (uint32_t)strlen(name)})) return false;
    }
    for (const struct selector *child = term->child; child; child = child->next)
        if (!mentions_all(selector, child)) return false;
    return true;
}

/* A term of `use`, as far as its keys are left open by the selector. */
static int add_use_term(struct build *build, const struct selector *selector,
                        const struct selector *term, struct test **tail)
{
    if (selector && mentions_all(selector, term)) return 0;
    if (term->kind != SELECT_PATH) return test_build(build, term, tail);
    for (unsigned i = 0; i < term->segment_count; i++) {
        const char *name = dimension_name((int)i);
        struct slice key = {name, (uint32_t)strlen(name)};
        if (mentions(selector, key)) continue;
        int status = test_match(build, (int)i, &term->segments[i], tail);
        if (status) return status;
        tail = &(*tail)->next;
    }
    return 0;
}

/* Adds what `use` says of keys that the selector leaves open. */
static int add_use(struct build *build, const struct selector *selector, struct test *all)
{
    const struct selector *use = context_use(build->ctx);
    if (!use) return 0;
    if (use->kind == SELECT_OR && use->child && !use->child->next) use = use->child;
    const struct selector *term = use->kind == SELECT_AND ? use->child : use;
    struct test **tail = &all->child;
    while (*tail)
        tail = &(*tail)->next;
    for (; term; term = use->kind == SELECT_AND ? term->next : NULL) {
        int status = add_use_term(build, selector, term, tail);
        if (status) return status;
        while (*tail)
            tail = &(*tail)->next;
    }
    return 0;
}

int select_with_use(struct context *ctx, struct selector *selector, struct selector **out)
{
    const struct selector *use = context_use(ctx);
    *out = selector;
    if (!use) return 0;
    while (selector->kind == SELECT_OR && selector->child && !selector->child->next)
        selector = selector->child;
    while (use->kind == SELECT_OR && use->child && !use->child->next)
        use = use->child;
    if (selector->kind == SELECT_OR || use->kind == SELECT_OR || use->kind == SELECT_PATH)
        return context_fail(ctx, Q_ARGUMENTS, selector->span,
                            "name the series in full, without 'or'",
                            "this cannot be joined with what 'use' says");
    struct selector *all = arena_alloc(ctx->arena, sizeof *all);
    if (!all) return context_no_memory(ctx);
    *all = (struct selector){.kind = SELECT_AND, .span = selector->span};
    struct selector **tail = &all->child;
    for (const struct selector *term = use->kind == SELECT_AND ? use->child : use; term;
         term = use->kind == SELECT_AND ? term->next : NULL) {
        const struct selector *key_term = term->kind == SELECT_NOT ? term->child : term;
        if (key_term->kind == SELECT_MATCH && mentions(selector, key_term->key)) continue;
        struct selector *copy = arena_alloc(ctx->arena, sizeof *copy);
        if (!copy) return context_no_memory(ctx);
        *copy = *term;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
    }
    *tail = selector->kind == SELECT_AND ? selector->child : selector;
    *out = all;
    return 0;
}

static int select_test(struct context *ctx, const struct selector *selector,
                       const struct alias_map *aliases, struct build *build, struct test **out)
{
    struct test *all = arena_alloc(ctx->arena, sizeof *all);
    if (!all) return context_no_memory(ctx);
    all->kind = SELECT_AND;
    *build = (struct build){
        .ctx = ctx, .times = {INT64_MIN, INT64_MAX, 0}, .conjunctive = true, .aliases = aliases};
    int status = selector ? test_build(build, selector, &all->child) : 0;
    if (!status) status = add_use(build, selector, all);
    *out = all;
    return status;
}

/* The streams that may hold selected series. */
static int candidates(struct context *ctx, const struct test *test,
                      const struct pace_stream **streams, uint32_t *count)
{
    const struct test *branch = one_name(test, PACE_BRANCH);
    int status = 0;
    *count = 0;
    if (!branch)
        status = pace_streams(ctx->snapshot, ctx->error, streams, count);
    else if (branch->is_known)
        status = pace_streams_of(ctx->snapshot, branch->id, ctx->error, streams, count);
    return status ? context_store_error(ctx, status) : 0;
}

static int select_with(struct context *ctx, const struct selector *selector, bool dotted,
                       struct selection *out)
{
    *out = (struct selection){0};
    struct build build;
    struct test *test = NULL;
    struct alias_map aliases;
    int status = alias_load(ctx, &aliases);
    if (status) return status;
    status = select_test(ctx, selector, &aliases, &build, &test);
    out->rows = build.rows;
    out->times = build.times;
    out->rows_differ = build.rows_differ;
    if (status) return status;

    const struct pace_stream *streams;
    uint32_t count;
    status = candidates(ctx, test, &streams, &count);
    if (status) return status;
    struct gather gather = {.ctx = ctx,
                            .test = test,
                            .out = out,
                            .aliases = &aliases,
                            .dotted = dotted,
                            .by_benchmark = asks_for(test, PACE_BENCHMARK)};
    return gather_streams(&gather, streams, count);
}

int select_series(struct context *ctx, const struct selector *selector, struct selection *out)
{
    return select_with(ctx, selector, false, out);
}

int select_stored(struct context *ctx, const struct selector *selector, struct selection *out)
{
    return select_with(ctx, selector, true, out);
}
