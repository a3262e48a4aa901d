/* pairing.c -- see pairing.h. */
#include "pairing.h"

#include "select.h"

static bool is_any(const struct pattern *pattern)
{
    return pattern->kind == PATTERN_GLOB && pattern->text.len == 1 && pattern->text.text[0] == '*';
}

unsigned selector_dimensions(const struct selector *selector)
{
    unsigned bits = 0;
    if (selector->kind == SELECT_MATCH) {
        int dimension = key_dimension(selector->key);
        return dimension < 0 ? 0 : 1u << dimension;
    }
    for (unsigned i = 0; i < selector->segment_count; i++)
        if (!is_any(&selector->segments[i])) bits |= 1u << i;
    for (const struct selector *child = selector->child; child; child = child->next)
        bits |= selector_dimensions(child);
    return bits;
}

/* A copy of what is left; *out NULL: nothing is, so it says nothing. */
static int without(struct context *ctx, const struct selector *from, unsigned dimensions,
                   struct selector **out)
{
    *out = NULL;
    if (from->kind == SELECT_MATCH) {
        int dimension = key_dimension(from->key);
        bool is_row = slice_is(from->key, "commit") || slice_is(from->key, "run");
        if (is_row || (dimension >= 0 && (dimensions >> dimension & 1))) return 0;
    }
    struct selector *copy = arena_alloc(ctx->arena, sizeof *copy);
    if (!copy) return context_no_memory(ctx);
    *copy = *from;
    copy->next = copy->child = NULL;
    for (unsigned i = 0; i < copy->segment_count; i++)
        if (dimensions >> i & 1)
            copy->segments[i] = (struct pattern){PATTERN_GLOB, {"*", 1}, from->segments[i].span};
    struct selector **tail = &copy->child;
    for (const struct selector *child = from->child; child; child = child->next) {
        int status = without(ctx, child, dimensions, tail);
        if (status) return status;
        if (*tail)
            tail = &(*tail)->next;
        else if (from->kind == SELECT_OR)
            return 0; /* one side takes everything */
    }
    if (from->child && !copy->child) return 0;
    *out = copy;
    return 0;
}

int selector_replace(struct context *ctx, const struct selector *upstream,
                     const struct selector *named, unsigned dimensions, struct selector **out)
{
    struct selector *both = arena_alloc(ctx->arena, sizeof *both);
    struct selector *last = arena_alloc(ctx->arena, sizeof *last);
    if (!both || !last) return context_no_memory(ctx);
    *last = *named;
    last->next = NULL;
    *both = (struct selector){.kind = SELECT_AND, .span = named->span};
    int status = without(ctx, upstream, dimensions, &both->child);
    if (both->child)
        both->child->next = last;
    else
        both->child = last;
    *out = both;
    return status;
}
