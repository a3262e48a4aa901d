/* tree.h -- for tests: whether two trees say the same. Spans and node depths do not count, the
 * order of everything does. */
#ifndef PACE_TEST_TREE_H
#define PACE_TEST_TREE_H

#include "parse.h"

#include <string.h>

static bool same_slice(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_pattern(const struct pattern *a, const struct pattern *b)
{
    return a->kind == b->kind && same_slice(a->text, b->text);
}

static bool same_selector(const struct selector *a, const struct selector *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (a->kind != b->kind || !same_slice(a->key, b->key)) return false;
        if (!same_pattern(&a->pattern, &b->pattern)) return false;
        if (a->segment_count != b->segment_count) return false;
        for (unsigned i = 0; i < a->segment_count; i++)
            if (!same_pattern(&a->segments[i], &b->segments[i])) return false;
        if (!same_selector(a->child, b->child)) return false;
    }
    return !a && !b;
}

static bool same_value(const struct value *a, const struct value *b)
{
    return a->kind == b->kind && same_double(a->number, b->number) &&
           same_slice(a->unit, b->unit) && same_slice(a->name, b->name);
}

static bool same_window(const struct window_span *a, const struct window_span *b)
{
    return a->kind == b->kind && same_value(&a->value, &b->value) && same_slice(a->word, b->word);
}

static bool same_instant(const struct instant *a, const struct instant *b)
{
    return a->kind == b->kind && same_slice(a->text, b->text) &&
           same_value(&a->quantity, &b->quantity) && same_slice(a->key, b->key) &&
           same_pattern(&a->pattern, &b->pattern);
}

static bool same_options(const struct option *a, const struct option *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (a->kind != b->kind || !same_value(&a->bound, &b->bound)) return false;
        if (!same_window(&a->window, &b->window) || !same_slice(a->name, b->name)) return false;
        if (!same_value(&a->number, &b->number) || !same_value(&a->of_number, &b->of_number))
            return false;
    }
    return !a && !b;
}

static bool same_model(const struct model *a, const struct model *b)
{
    return same_slice(a->name, b->name) && a->has_bound == b->has_bound &&
           same_value(&a->bound, &b->bound) && same_options(a->options, b->options);
}

static bool same_expr(const struct expr *a, const struct expr *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (a->kind != b->kind || a->op != b->op || !same_double(a->number, b->number))
            return false;
        bool named = a->kind != EXPR_NUMBER && a->kind != EXPR_NOW && a->kind != EXPR_MATCH;
        if (named && !same_slice(a->text, b->text)) return false;
        if (!same_expr(a->left, b->left) || !same_expr(a->right, b->right)) return false;
        if (!same_expr(a->args, b->args) || !same_options(a->window, b->window)) return false;
        if (!same_selector(a->selector, b->selector)) return false;
        if (!same_pattern(&a->pattern, &b->pattern)) return false;
    }
    return !a && !b;
}

static bool same_bindings(const struct binding *a, const struct binding *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (!same_slice(a->name, b->name) || a->descending != b->descending) return false;
        if (!same_expr(a->expr, b->expr)) return false;
    }
    return !a && !b;
}

static bool same_names(const struct name_item *a, const struct name_item *b)
{
    for (; a && b; a = a->next, b = b->next)
        if (!same_slice(a->name, b->name)) return false;
    return !a && !b;
}

static bool same_query(const struct query *a, const struct query *b);

static bool same_source(const struct source *a, const struct source *b)
{
    if (!a || !b) return a == b;
    return a->kind == b->kind && same_selector(a->selector, b->selector) &&
           same_slice(a->name, b->name) && same_query(a->query, b->query);
}

static bool same_stages(const struct stage *a, const struct stage *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (a->kind != b->kind || a->expect != b->expect || a->has_model != b->has_model)
            return false;
        if (!same_window(&a->window, &b->window) || !same_instant(&a->from, &b->from)) return false;
        if (!same_instant(&a->to, &b->to) || !same_expr(a->expr, b->expr)) return false;
        if (!same_bindings(a->bindings, b->bindings) || !same_bindings(a->by, b->by)) return false;
        if (!same_names(a->names, b->names) || !same_slice(a->name, b->name)) return false;
        if (!same_value(&a->number, &b->number) || !same_model(&a->model, &b->model)) return false;
        if (!same_options(a->options, b->options) || !same_source(a->source, b->source))
            return false;
    }
    return !a && !b;
}

static bool same_query(const struct query *a, const struct query *b)
{
    if (!a || !b) return a == b;
    return same_source(a->source, b->source) && same_stages(a->stages, b->stages);
}

static bool same_statement(const struct statement *a, const struct statement *b)
{
    return a->kind == b->kind && a->save == b->save && a->explain == b->explain &&
           same_slice(a->name, b->name) && same_expr(a->expr, b->expr) &&
           same_query(a->query, b->query) && same_model(&a->model, &b->model) &&
           same_selector(a->selector, b->selector) && same_slice(a->unit, b->unit) &&
           a->direction == b->direction && a->object == b->object &&
           same_value(&a->quantity, &b->quantity) && a->has_instant == b->has_instant &&
           same_instant(&a->instant, &b->instant) && a->mark == b->mark &&
           same_slice(a->key, b->key) && same_slice(a->to_key, b->to_key) &&
           same_pattern(&a->pattern, &b->pattern) && same_pattern(&a->to_pattern, &b->to_pattern) &&
           a->has_note == b->has_note && same_slice(a->note, b->note) &&
           same_double(a->number, b->number);
}

static bool same_script(const struct script *one, const struct script *other)
{
    const struct statement *a = one->statements, *b = other->statements;
    for (; a && b; a = a->next, b = b->next)
        if (!same_statement(a, b)) return false;
    return !a && !b;
}

/* Parses, prints, parses again: the trees are the same and so are the prints. The first print, or
 * NULL when the text does not parse; *same false when it does not come back. */
static const char *round_trip(struct arena *arena, const char *text, size_t len, bool *same)
{
    struct diag_list diags;
    struct script *first, *second;
    *same = false;
    diag_list_init(&diags, arena);
    if (parse_script(arena, text, len, &diags, &first) != PARSE_OK) return NULL;
    const char *print = print_script(arena, first);
    if (!print || parse_script(arena, print, strlen(print), &diags, &second) != PARSE_OK)
        return print;
    const char *again = print_script(arena, second);
    *same = again && strcmp(print, again) == 0 && same_script(first, second);
    return print;
}

#endif
