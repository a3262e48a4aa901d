/* matcher.c -- see matcher.h. */
#include "matcher.h"

#include "suggest.h"
#include "word.h"

#include <stdio.h>
#include <string.h>

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

int matcher_find_commit(struct context *ctx, struct matcher *matcher, struct span span,
                        struct pace_range *times)
{
    const char *literal = matcher_literal(matcher), *commit;
    int64_t from_ns, until_ns;
    if (!literal) return 0;
    int status = commit_find(ctx, literal, span, &commit, &from_ns, &until_ns);
    if (status) return status;
    if (!commit) diag_note(ctx->diags, "no stored run has the commit '%s'", literal);
    matcher->kind = PATTERN_STRING;
    matcher->text = commit ? commit : literal;
    if (commit && times) *times = (struct pace_range){from_ns, until_ns + 1, 0};
    return 0;
}

enum { NEAREST_MAX = 3, PART_MIN = 3 };

/* Names near a pattern that matches none: near as a whole, or for a glob where its plain beginning
 * is near the beginning of the name. Writes up to NEAREST_MAX of them; returns how many. */
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

void matcher_note_none_of(struct context *ctx, int dimension, const struct matcher *matcher,
                          const char *const *names, uint32_t count)
{
    const char *near[NEAREST_MAX] = {0}, *name = key_row((size_t)dimension)->name;
    size_t found = nearest_names(matcher, names, count, near);
    const char *list = found ? near[0] : "";
    for (size_t i = 1; i < found && list; i++)
        list = arena_printf(ctx->arena, "%s, %s", list, near[i]);
    diag_note(ctx->diags, "pattern %s:%s matches no %s%s%s", name, matcher->text, name,
              found ? "; nearest: " : "", list ? list : near[0]);
}

int matcher_note_none(struct context *ctx, int dimension, const struct matcher *matcher)
{
    const char *const *names;
    uint32_t count;
    int status =
        pace_names(ctx->snapshot, (enum pace_dimension)dimension, ctx->error, &names, &count);
    if (status) return context_store_error(ctx, status);
    matcher_note_none_of(ctx, dimension, matcher, names, count);
    return 0;
}

const char *stored_name_told(struct context *ctx, struct slice name)
{
    uint32_t id;
    for (size_t d = 0; ctx->snapshot && d < PACE_DIMENSION_COUNT; d++) {
        const char *key = key_row(d)->name;
        if (pace_name_find(ctx->snapshot, (enum pace_dimension)d, name.text, name.len, NULL, &id))
            continue;
        return arena_printf(ctx->arena, "'%.*s' is a %s: write %s:%.*s", (int)name.len, name.text,
                            key, key, (int)name.len, name.text);
    }
    return NULL;
}
