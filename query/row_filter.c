/* row_filter.c -- see row_filter.h. */
#include "row_filter.h"

#include <stdlib.h>
#include <string.h>

int row_filter_bind_run(struct context *ctx, const struct pattern *pattern,
                        struct row_filter *filter, struct pace_range *times)
{
    char *end;
    struct pace_run_view view;
    filter->run = strtoull(filter->matcher.text, &end, 10);
    if (*end || end == filter->matcher.text)
        return context_fail(ctx, Q_BAD_PATTERN, pattern->span, "runs have numbers, like run:118",
                            "'%s' is not the number of a run", filter->matcher.text);
    int status = pace_run_get(ctx->snapshot, filter->run, ctx->error, &view);
    if (status && status != PACE_ENOTFOUND) return context_store_error(ctx, status);
    filter->missing = status == PACE_ENOTFOUND;
    if (!status) *times = (struct pace_range){view.time_ns, view.time_ns + 1, 0};
    if (filter->missing)
        diag_note(ctx->diags, "there is no run %llu; the newest is %llu",
                  (unsigned long long)filter->run,
                  (unsigned long long)pace_run_count(ctx->snapshot));
    return 0;
}

/* 1 when one of the children, each an AND, passes. */
static int any_filter_passes(struct context *ctx, const struct row_filter *child,
                             const char *commit, uint64_t run)
{
    for (; child; child = child->next) {
        int status = row_filters_pass(ctx, child->child, commit, run);
        if (status) return status;
    }
    return 0;
}

int row_filters_pass(struct context *ctx, const struct row_filter *filters, const char *commit,
                     uint64_t run)
{
    for (; filters; filters = filters->next) {
        bool passes;
        if (filters->kind == SELECT_OR || filters->kind == SELECT_AND) {
            int status = filters->kind == SELECT_AND
                             ? row_filters_pass(ctx, filters->child, commit, run)
                             : any_filter_passes(ctx, filters->child, commit, run);
            if (status <= 0) return status;
            continue;
        }
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
