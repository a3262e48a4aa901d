/* put.c -- see put.h. */
#include "put.h"

#include "parse.h"
#include "select.h"
#include "session.h"

#include <math.h>
#include <string.h>

/* What a `put` names: one text a dimension, and a commit. */
struct put_names {
    const char *names[PACE_DIMENSION_COUNT];
    const char *commit;
};

static int put_pattern(struct context *ctx, const struct pattern *pattern, const char **out)
{
    struct matcher matcher;
    int status = matcher_bind(ctx, pattern, &matcher);
    if (status) return status;
    *out = matcher_literal(&matcher);
    if (*out) return 0;
    return context_fail(ctx, Q_BAD_PATTERN, pattern->span, "write the name in full",
                        "'put' names one series, and '%s' is a pattern", matcher.text);
}

static int put_term(struct context *ctx, const struct selector *term, struct put_names *out)
{
    int status = 0;
    for (unsigned i = 0; term->kind == SELECT_PATH && i < term->segment_count && !status; i++)
        status = put_pattern(ctx, &term->segments[i], &out->names[i]);
    if (term->kind == SELECT_PATH) return status;
    int dimension = term->kind == SELECT_MATCH ? key_dimension(term->key) : -1;
    if (dimension >= 0) return put_pattern(ctx, &term->pattern, &out->names[dimension]);
    if (term->kind == SELECT_MATCH && slice_is(term->key, "commit"))
        return put_pattern(ctx, &term->pattern, &out->commit);
    return context_fail(ctx, Q_ARGUMENTS, term->span,
                        "write //PROJECT//BRANCH//TESTBED//BENCHMARK//MEASURE",
                        "'put' names one series, without 'or', 'not' and run:");
}

static int put_bind(struct context *ctx, const struct statement *statement, struct put_names *out)
{
    struct selector *selector;
    int status = select_with_use(ctx, statement->selector, &selector);
    if (status) return status;
    while (selector->kind == SELECT_OR && selector->child && !selector->child->next)
        selector = selector->child;
    const struct selector *term = selector->kind == SELECT_AND ? selector->child : selector;
    for (; term && !status; term = selector->kind == SELECT_AND ? term->next : NULL)
        status = put_term(ctx, term, out);
    for (int d = 0; d < PACE_DIMENSION_COUNT && !status; d++) {
        static const char *const keys[] = {"project", "branch", "testbed", "benchmark", "measure"};
        if (!out->names[d])
            status = context_fail(ctx, Q_ARGUMENTS, statement->selector->span,
                                  "write //PROJECT//BRANCH//TESTBED//BENCHMARK//MEASURE",
                                  "'put' needs the %s too", keys[d]);
    }
    return status;
}

int put_statement(struct context *ctx, const struct statement *statement)
{
    struct put_names put = {.commit = ""};
    double value;
    const char *unit;
    int64_t at_ns = ctx->now_ns, ignored;
    int status = put_bind(ctx, statement, &put);
    if (!status) status = value_bind(ctx, &statement->quantity, &value, &unit);
    if (!status && statement->has_instant)
        status = instant_bind(ctx, &statement->instant, &at_ns, &ignored);
    if (!status && statement->has_instant && statement->instant.kind == INSTANT_MATCH) {
        int64_t from_ns, until_ns;
        struct matcher matcher;
        status = matcher_bind(ctx, &statement->instant.pattern, &matcher);
        if (!status)
            status = commit_find(ctx, matcher_literal(&matcher), statement->instant.span,
                                 &put.commit, &from_ns, &until_ns);
        if (!status) put.commit = arena_string(ctx->arena, put.commit);
    }
    if (status) return status;
    const struct pace_run_info info = {.project = put.names[PACE_PROJECT],
                                       .branch = put.names[PACE_BRANCH],
                                       .testbed = put.names[PACE_TESTBED],
                                       .commit = put.commit,
                                       .time_ns = at_ns};
    /* Of times less is better, as where results of harnesses are read; of other units nobody
     * knows. */
    enum pace_direction direction = unit_lookup(unit, strlen(unit)).kind == UNIT_TIME
                                        ? PACE_LOWER_IS_BETTER
                                        : PACE_DIRECTION_UNKNOWN;
    const struct pace_cell cell = {.benchmark = put.names[PACE_BENCHMARK],
                                   .measure = put.names[PACE_MEASURE],
                                   .unit = unit,
                                   .direction = direction,
                                   .value = value,
                                   .lower = NAN,
                                   .upper = NAN};
    struct pace_run_result result;
    pace_run *run = NULL;
    pace_snapshot_end(ctx->snapshot);
    ctx->snapshot = NULL;
    status = pace_run_begin(ctx->store, &info, ctx->error, &run);
    if (!status) status = pace_run_put(run, &cell, ctx->error);
    if (!status) status = pace_runs_commit(ctx->store, &run, 1, ctx->error, &result);
    pace_run_free(run);
    if (status) return context_store_error(ctx, status);
    int interrupted = atomic_load(&ctx->session->interrupted); /* before: that ends the script */
    (void)pace_keep(ctx->session, result.run, NULL);
    if (interrupted) pace_interrupt(ctx->session);
    char text[UNIT_TEXT_MAX];
    const char *path = print_path(ctx->arena, put.names);
    ctx->outcome->message = arena_printf(
        ctx->arena, "run %llu: %s = %s%s", (unsigned long long)result.run, path ? path : "",
        unit_print(text, value, unit), result.duplicate ? ", which was there already" : "");
    return ctx->outcome->message ? 0 : context_no_memory(ctx);
}
