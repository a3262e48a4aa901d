/* marks.c -- see marks.h. */
#include "marks.h"

#include "parse.h"

#include <string.h>

/* The commit: and run: terms of a mark's selector as row filters; terms under `or` are
 * refused when the mark is made. */
static int collect_rows(struct context *ctx, const struct selector *selector, bool negated,
                        struct row_filter **out)
{
    if (selector->kind == SELECT_MATCH) {
        bool is_run = slice_is(selector->key, "run");
        if (!is_run && !slice_is(selector->key, "commit")) return 0;
        struct row_filter *filter = arena_alloc(ctx->arena, sizeof *filter);
        if (!filter) return context_no_memory(ctx);
        filter->kind = SELECT_MATCH;
        filter->negated = negated;
        filter->is_run = is_run;
        filter->prefix = true;
        int status = matcher_bind(ctx, &selector->pattern, &filter->matcher);
        if (status) return status;
        for (const char *digit = filter->matcher.text; is_run && *digit >= '0' && *digit <= '9';
             digit++)
            filter->run = filter->run * 10 + (uint64_t)(*digit - '0');
        filter->next = *out;
        *out = filter;
        return 0;
    }
    if (selector->kind == SELECT_PATH) return 0;
    for (const struct selector *child = selector->child; child; child = child->next) {
        int status = collect_rows(ctx, child, negated != (selector->kind == SELECT_NOT), out);
        if (status) return status;
    }
    return 0;
}

static int mark_parse(struct context *ctx, const struct pace_mark *mark, struct mark_view *out)
{
    struct script *script;
    int status = context_parse(ctx, mark->selector, &script);
    if (status == PACE_ENOMEM) return status;
    if (status)
        return context_fail(ctx, Q_STORE, (struct span){0, 0}, "take it back with 'mark undo'",
                            "mark %llu has a selector that cannot be read: %s",
                            (unsigned long long)mark->id, mark->selector);
    const struct statement *statement = script->statements;
    if (!statement || statement->kind != STATEMENT_QUERY ||
        statement->query->source->kind != SOURCE_SELECTOR)
        return context_fail(ctx, Q_STORE, (struct span){0, 0}, "take it back with 'mark undo'",
                            "mark %llu names no series: %s", (unsigned long long)mark->id,
                            mark->selector);
    const struct selector *selector = statement->query->source->selector;
    *out = (struct mark_view){.kind = mark->kind, .id = mark->id, .at_ns = mark->at_ns};
    status = scope_bind(ctx, selector, &out->scope);
    return status ? status : collect_rows(ctx, selector, false, &out->rows);
}

int marks_load(struct context *ctx, struct mark_view **out)
{
    const struct pace_mark *marks;
    size_t count;
    *out = NULL;
    int status = pace_marks(ctx->snapshot, ctx->error, &marks, &count);
    if (status) return context_store_error(ctx, status);
    struct mark_view **tail = out;
    for (size_t i = 0; i < count; i++) {
        if (marks[i].undone || marks[i].kind == PACE_MARK_ALIAS) continue;
        struct mark_view *view = arena_alloc(ctx->arena, sizeof *view);
        if (!view) return context_no_memory(ctx);
        status = mark_parse(ctx, &marks[i], view);
        if (status) return status;
        *tail = view;
        tail = &view->next;
    }
    return 0;
}

int marks_archive(struct context *ctx, const struct mark_view *marks, struct selection *selection)
{
    for (const struct mark_view *mark = marks; mark; mark = mark->next) {
        size_t kept = 0;
        if (mark->kind != PACE_MARK_ARCHIVE) continue;
        for (size_t i = 0; i < selection->count; i++) {
            int status = scope_matches(ctx, mark->scope, &selection->series[i]);
            if (status < 0) return status;
            if (!status) selection->series[kept++] = selection->series[i];
        }
        if (kept == 0 && selection->count > 0)
            diag_note(ctx->diags, "all of these series are archived");
        selection->count = kept;
    }
    return 0;
}

int marks_of_series(struct context *ctx, const struct mark_view *marks, const struct series *series,
                    const struct mark_view ***out, size_t *count)
{
    size_t total = 0;
    for (const struct mark_view *mark = marks; mark; mark = mark->next)
        total++;
    *count = 0;
    *out = NULL;
    if (!total) return 0;
    const struct mark_view **list = arena_array(ctx->arena, total, sizeof *list);
    if (!list) return context_no_memory(ctx);
    for (const struct mark_view *mark = marks; mark; mark = mark->next) {
        int status = scope_matches(ctx, mark->scope, series);
        if (status < 0) return status;
        if (status) list[(*count)++] = mark;
    }
    *out = list;
    return 0;
}

int marks_exclude(struct context *ctx, const struct mark_view *const *marks, size_t count,
                  const char *commit, uint64_t run)
{
    for (size_t i = 0; i < count; i++) {
        if (marks[i]->kind != PACE_MARK_EXCLUDE) continue;
        int status = row_filters_pass(ctx, marks[i]->rows, commit, run);
        if (status) return status;
    }
    return 0;
}
