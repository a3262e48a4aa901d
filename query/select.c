/* select.c -- see select.h. */
#include "select.h"

#include "suggest.h"
#include "word.h"

#include <stdio.h>
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

/* -- patterns ---------------------------------------------------------------------------------- */

int matcher_bind(struct context *ctx, const struct pattern *pattern, struct matcher *out)
{
    struct matcher matcher = {.kind = pattern->kind};
    struct slice text = pattern->text;
    if (pattern->kind == PATTERN_VAR) {
        const char *value = context_variable(ctx, text);
        if (!value)
            return context_fail(ctx, Q_NO_VARIABLE, pattern->span, "give it with -v NAME=VALUE",
                                "$%.*s has no value", (int)text.len, text.text);
        text = (struct slice){value, (uint32_t)strlen(value)};
        matcher.kind = PATTERN_STRING;
    }
    matcher.text = slice_string(ctx->arena, text);
    if (!matcher.text) return context_no_memory(ctx);
    if (matcher.kind == PATTERN_REGEX) {
        char message[160];
        size_t offset = 0;
        if (regex_compile(text.text, text.len, message, sizeof message, &offset, &matcher.regex))
            return context_fail(ctx, Q_BAD_PATTERN, pattern->span, NULL,
                                "not a regular expression: %s (at byte %zu of it)", message,
                                offset);
        if (context_keep(ctx, matcher.regex)) return PACE_ENOMEM;
    } else if (matcher.kind == PATTERN_GLOB) {
        int status = glob_compile(ctx->arena, text.text, text.len, &matcher.glob);
        if (status == -1)
            return context_fail(ctx, Q_BAD_PATTERN, pattern->span,
                                "write {a,b}; braces do not nest; quote a name that holds a brace",
                                "the braces of '%s' do not match", matcher.text);
        if (status)
            return context_fail(ctx, Q_BAD_PATTERN, pattern->span, NULL,
                                "'%s' has more than %d alternatives", matcher.text, PACE_MAX_NODES);
    }
    *out = matcher;
    return 0;
}

int matcher_match(struct context *ctx, const struct matcher *matcher, const char *name)
{
    if (matcher->kind == PATTERN_STRING) return strcmp(matcher->text, name) == 0;
    if (matcher->kind == PATTERN_GLOB) return glob_match(&matcher->glob, name);
    int status = regex_match(matcher->regex, name);
    if (status >= 0) return status;
    return context_fail(
        ctx, Q_LIMIT, (struct span){0, 0}, "write it with less backtracking, or use * and ?",
        "the regular expression /%s/ needs too many steps on '%s'", matcher->text, name);
}

const char *matcher_literal(const struct matcher *matcher)
{
    if (matcher->kind == PATTERN_STRING) return matcher->text;
    if (matcher->kind == PATTERN_GLOB && matcher->glob.literal)
        return matcher->glob.alternatives[0];
    return NULL;
}

int matcher_find_commit(struct context *ctx, struct matcher *matcher, struct span span)
{
    const char *literal = matcher_literal(matcher), *commit;
    int64_t from_ns, until_ns;
    if (!literal) return 0;
    int status = commit_find(ctx, literal, span, &commit, &from_ns, &until_ns);
    if (status) return status;
    if (!commit) diag_note(ctx->diags, "no stored run has the commit '%s'", literal);
    matcher->kind = PATTERN_STRING;
    matcher->text = commit ? commit : literal;
    return 0;
}

/* -- from selector to test --------------------------------------------------------------------- */

struct build {
    struct context *ctx;
    struct row_filter *rows;
    bool conjunctive; /* only ANDs (and one NOT) above here, so that a row key may stand */
    bool negated;
};

enum { NEAREST_MAX = 3, PART_MIN = 3 };

/* Names near a pattern that matches none: near as a whole, or for a glob where its plain beginning is
 * near the beginning of the name. Writes up to NEAREST_MAX of them; returns how many. */
static size_t nearest_names(const struct matcher *matcher, const char *const *names, uint32_t count,
                            const char **out)
{
    size_t prefix = strcspn(matcher->text, "*?{"), found = 0;
    if (matcher->regex) return 0;
    if (!matcher->text[prefix]) {
        out[0] = suggest(matcher->text, prefix, names, count);
        if (out[0]) return 1;
        /* Harnesses' names are long: the text may be a part of one. */
        for (uint32_t i = 0; i < count && prefix >= PART_MIN && found < NEAREST_MAX; i++)
            if (strstr(names[i], matcher->text)) out[found++] = names[i];
        return found;
    }
    for (uint32_t i = 0; i < count && prefix && found < NEAREST_MAX; i++) {
        /* One letter may be missing or too many before the first wildcard. */
        for (size_t len = prefix - 1; len <= prefix + 1; len++) {
            char head[PACE_MAX_NAME + 2];
            const char *candidate = head;
            if (len > PACE_MAX_NAME || len == 0) continue;
            snprintf(head, sizeof head, "%.*s", (int)len, names[i]);
            if (!suggest(matcher->text, prefix, &candidate, 1)) continue;
            out[found++] = names[i];
            break;
        }
    }
    return found;
}

static void note_no_match(struct context *ctx, int dimension, const struct matcher *matcher,
                          const char *const *names, uint32_t count)
{
    const char *near[NEAREST_MAX] = {0};
    size_t found = nearest_names(matcher, names, count, near);
    const char *list = found ? near[0] : "";
    for (size_t i = 1; i < found && list; i++)
        list = arena_printf(ctx->arena, "%s, %s", list, near[i]);
    diag_note(ctx->diags, "pattern %s:%s matches no %s%s%s", dimension_name(dimension),
              matcher->text, dimension_name(dimension), found ? "; nearest: " : "",
              list ? list : near[0]);
}

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
            test->is_known = true;
            return 0;
        }
        if (status != PACE_ENOTFOUND) return context_store_error(ctx, status);
        status = pace_names(ctx->snapshot, (enum pace_dimension)test->dimension, ctx->error, &names,
                            &count);
        if (status) return context_store_error(ctx, status);
        note_no_match(ctx, test->dimension, matcher, names, count);
        return 0;
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
    if (!any) note_no_match(ctx, test->dimension, matcher, names, count);
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

/* A `commit:` or `run:` term becomes a filter on rows, and always holds for series. */
static int add_row_filter(struct build *build, const struct selector *selector, bool is_run)
{
    struct context *ctx = build->ctx;
    if (!build->conjunctive)
        return context_fail(
            ctx, Q_NOT_YET, selector->span, "put it where every other key holds too",
            "'%.*s' inside 'or' is not built yet", (int)selector->key.len, selector->key.text);
    struct row_filter *filter = arena_alloc(ctx->arena, sizeof *filter);
    if (!filter) return context_no_memory(ctx);
    filter->negated = build->negated;
    filter->is_run = is_run;
    int status = matcher_bind(ctx, &selector->pattern, &filter->matcher);
    if (status) return status;
    if (is_run) {
        char *end;
        filter->run = strtoull(filter->matcher.text, &end, 10);
        if (*end || end == filter->matcher.text)
            return context_fail(ctx, Q_BAD_PATTERN, selector->pattern.span,
                                "runs have numbers, like run:118",
                                "'%s' is not the number of a run", filter->matcher.text);
        struct pace_run_view view;
        status = pace_run_get(ctx->snapshot, filter->run, ctx->error, &view);
        if (status == PACE_ENOTFOUND)
            diag_note(ctx->diags, "there is no run %llu; the newest is %llu",
                      (unsigned long long)filter->run,
                      (unsigned long long)pace_run_count(ctx->snapshot));
        else if (status)
            return context_store_error(ctx, status);
        filter->missing = status == PACE_ENOTFOUND;
    } else {
        status = matcher_find_commit(ctx, &filter->matcher, selector->pattern.span);
        if (status) return status;
    }
    filter->next = build->rows;
    build->rows = filter;
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
        if (slice_is(selector->key, "commit")) return add_row_filter(build, selector, false);
        if (slice_is(selector->key, "run")) return add_row_filter(build, selector, true);
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
        /* `not run:118` leaves nothing to test on the series. */
        if (!status && !test->child) test = NULL;
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
        if (test->dimension >= known) return UNKNOWN;
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

/* Rule 4: a dotted measure counts only where a pattern with a dot names it. */
static bool dotted_is_named(const struct test *test, const uint32_t *ids)
{
    if (test->kind == SELECT_MATCH)
        return test->dimension == PACE_MEASURE && test->positive && test->names_dot &&
               test_eval(test, ids, PACE_DIMENSION_COUNT) == TRUE;
    if (test->kind == SELECT_NOT) return false;
    for (const struct test *child = test->child; child; child = child->next) {
        bool holds = test->kind != SELECT_OR || test_eval(child, ids, PACE_DIMENSION_COUNT) == TRUE;
        if (holds && dotted_is_named(child, ids)) return true;
    }
    return false;
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
};

static int gather_measure(struct gather *gather, uint32_t project, uint32_t measure)
{
    if (gather->measure_known && gather->measure_project == project &&
        gather->measure_id == measure)
        return 0;
    int status = pace_measure_get(gather->ctx->snapshot, project, measure, gather->ctx->error,
                                  &gather->measure);
    if (status) return context_store_error(gather->ctx, status);
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
        size_t capacity = gather->capacity ? gather->capacity * 2 : 64;
        struct series *series = arena_array(ctx->arena, capacity, sizeof *series);
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
                              .direction = gather->measure.direction};
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        series->names[d] = gather->names[d][ids[d]];
    return 0;
}

static int gather_stream(struct gather *gather, const struct pace_stream *stream)
{
    struct context *ctx = gather->ctx;
    uint32_t ids[PACE_DIMENSION_COUNT] = {stream->project, stream->branch, stream->testbed, 0, 0};
    if (test_eval(gather->test, ids, PACE_BENCHMARK) == FALSE) return 0;
    const struct pace_column *columns;
    uint32_t count;
    int status = pace_columns(ctx->snapshot, stream->id, ctx->error, &columns, &count);
    if (status) return context_store_error(ctx, status);
    for (uint32_t i = 0; i < count; i++) {
        ids[PACE_BENCHMARK] = columns[i].benchmark;
        ids[PACE_MEASURE] = columns[i].measure;
        if (test_eval(gather->test, ids, PACE_DIMENSION_COUNT) != TRUE) continue;
        for (int d = 0; d < PACE_DIMENSION_COUNT; d++) {
            uint32_t name_count;
            if (gather->names[d]) continue;
            status = pace_names(ctx->snapshot, (enum pace_dimension)d, ctx->error,
                                &gather->names[d], &name_count);
            if (status) return context_store_error(ctx, status);
        }
        if (strchr(gather->names[PACE_MEASURE][ids[PACE_MEASURE]], '.') &&
            !dotted_is_named(gather->test, ids))
            continue;
        status = gather_add(gather, stream, i, ids);
        if (status) return status;
    }
    return 0;
}

/* Whether a selector says anything about a key, so that `use` does not. */
static bool mentions(const struct selector *selector, struct slice key)
{
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

/* A term of `use`, as far as its keys are left open by the selector. */
static int add_use_term(struct build *build, const struct selector *selector,
                        const struct selector *term, struct test **tail)
{
    const struct selector *key_term = term->kind == SELECT_NOT ? term->child : term;
    if (key_term->kind == SELECT_MATCH && mentions(selector, key_term->key)) return 0;
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

static int select_test(struct context *ctx, const struct selector *selector, struct build *build,
                       struct test **out)
{
    struct test *all = arena_alloc(ctx->arena, sizeof *all);
    if (!all) return context_no_memory(ctx);
    all->kind = SELECT_AND;
    *build = (struct build){.ctx = ctx, .conjunctive = true};
    int status = test_build(build, selector, &all->child);
    if (!status) status = add_use(build, selector, all);
    *out = all;
    return status;
}

/* The one branch that a selector asks for, if it does so by name: then the other branches' streams
 * need not be looked at, of which there may be ten thousand. */
static const struct test *one_branch(const struct test *test)
{
    if (test->kind == SELECT_MATCH)
        return test->dimension == PACE_BRANCH && test->is_literal ? test : NULL;
    bool all = test->kind == SELECT_AND || test->kind == SELECT_PATH;
    bool single = test->kind == SELECT_OR && test->child && !test->child->next;
    for (const struct test *child = test->child; child && (all || single); child = child->next) {
        const struct test *found = one_branch(child);
        if (found) return found;
    }
    return NULL;
}

/* The streams that may hold selected series. */
static int candidates(struct context *ctx, const struct test *test,
                      const struct pace_stream **streams, uint32_t *count)
{
    const struct test *branch = one_branch(test);
    int status = 0;
    *count = 0;
    if (!branch)
        status = pace_streams(ctx->snapshot, ctx->error, streams, count);
    else if (branch->is_known)
        status = pace_streams_of(ctx->snapshot, branch->id, ctx->error, streams, count);
    return status ? context_store_error(ctx, status) : 0;
}

int select_series(struct context *ctx, const struct selector *selector, struct selection *out)
{
    *out = (struct selection){0};
    struct build build;
    struct test *test = NULL;
    int status = select_test(ctx, selector, &build, &test);
    out->rows = build.rows;
    if (status) return status;

    const struct pace_stream *streams;
    uint32_t count;
    status = candidates(ctx, test, &streams, &count);
    if (status) return status;
    struct gather gather = {.ctx = ctx, .test = test, .out = out};
    for (uint32_t i = 0; i < count; i++) {
        status = gather_stream(&gather, &streams[i]);
        if (status) return status;
    }
    if (out->count > 1) qsort(out->series, out->count, sizeof *out->series, compare_series);
    return 0;
}

int row_filters_pass(struct context *ctx, const struct row_filter *filters, const char *commit,
                     uint64_t run)
{
    for (; filters; filters = filters->next) {
        bool passes;
        if (filters->is_run) {
            passes = filters->run == run;
        } else if (filters->prefix && matcher_literal(&filters->matcher)) {
            const char *literal = matcher_literal(&filters->matcher);
            size_t len = strlen(literal);
            passes =
                strncmp(commit, literal, len) == 0 && (!commit[len] || len >= COMMIT_PREFIX_MIN);
        } else {
            int status = matcher_match(ctx, &filters->matcher, commit);
            if (status < 0) return status;
            passes = status;
        }
        if (passes == filters->negated) return 0;
    }
    return 1;
}
