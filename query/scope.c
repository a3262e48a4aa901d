/* scope.c -- see scope.h. */
#include "scope.h"

struct scope {
    enum selector_kind kind; /* OR, AND, NOT, MATCH */
    struct scope *child, *next;
    int dimension; /* MATCH */
    struct matcher matcher;
};

static int scope_make(struct context *ctx, enum selector_kind kind, struct scope **out)
{
    *out = arena_alloc(ctx->arena, sizeof **out);
    if (!*out) return context_no_memory(ctx);
    (*out)->kind = kind;
    return 0;
}

static int match_bind(struct context *ctx, int dimension, const struct pattern *pattern,
                      struct scope **out)
{
    int status = scope_make(ctx, SELECT_MATCH, out);
    if (status) return status;
    (*out)->dimension = dimension;
    return matcher_bind(ctx, pattern, &(*out)->matcher);
}

static int path_bind(struct context *ctx, const struct selector *selector, struct scope *scope)
{
    struct scope **tail = &scope->child;
    scope->kind = SELECT_AND;
    for (unsigned i = 0; i < selector->segment_count; i++) {
        int status = match_bind(ctx, (int)i, &selector->segments[i], tail);
        if (status) return status;
        tail = &(*tail)->next;
    }
    return 0;
}

int scope_bind(struct context *ctx, const struct selector *selector, struct scope **out)
{
    *out = NULL;
    if (selector->kind == SELECT_MATCH) {
        int dimension = key_dimension(selector->key);
        return dimension < 0 ? 0 : match_bind(ctx, dimension, &selector->pattern, out);
    }
    struct scope *scope;
    int status = scope_make(ctx, selector->kind, &scope);
    if (status) return status;
    if (selector->kind == SELECT_PATH) {
        *out = scope;
        return path_bind(ctx, selector, scope);
    }
    struct scope **tail = &scope->child;
    for (const struct selector *child = selector->child; child; child = child->next) {
        status = scope_bind(ctx, child, tail);
        if (status) return status;
        if (*tail)
            tail = &(*tail)->next;
        else if (selector->kind == SELECT_OR)
            return 0; /* one side names every series */
    }
    if (scope->child) *out = scope;
    return 0;
}

int scope_matches(struct context *ctx, const struct scope *scope, const struct series *series)
{
    if (!scope) return 1;
    if (scope->kind == SELECT_MATCH)
        return matcher_match(ctx, &scope->matcher, series->names[scope->dimension]);
    bool is_or = scope->kind == SELECT_OR;
    for (const struct scope *child = scope->child; child; child = child->next) {
        int status = scope_matches(ctx, child, series);
        if (status < 0) return status;
        if (scope->kind == SELECT_NOT) return !status;
        if (is_or == (status != 0)) return status;
    }
    return !is_or;
}
