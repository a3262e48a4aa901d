/* alias.c -- see alias.h. */
#include "alias.h"

#include "parse.h"
#include "select.h"

#include <string.h>

/* -- reading ----------------------------------------------------------------------------------- */

/* The dimension and name of "benchmark:old"; false when the text is no such thing. */
static int read_side(struct context *ctx, const char *text, int *dimension, const char **name)
{
    struct script *script;
    struct matcher matcher;
    int status = context_parse(ctx, text, &script);
    *dimension = -1;
    if (status || script->statements->kind != STATEMENT_QUERY) return status;
    const struct selector *side = script->statements->query->source->selector;
    while (side && side->kind != SELECT_MATCH)
        side = side->child;
    if (!side) return 0;
    status = matcher_bind(ctx, &side->pattern, &matcher);
    *name = matcher_literal(&matcher);
    if (!status && *name) *dimension = key_dimension(side->key);
    return status;
}

static int find_name(struct context *ctx, int dimension, const char *name, uint32_t *id)
{
    int status = pace_name_find(ctx->snapshot, (enum pace_dimension)dimension, name, strlen(name),
                                ctx->error, id);
    return status && status != PACE_ENOTFOUND ? context_store_error(ctx, status) : status;
}

/* Puts one mark into the map. */
static int add_mark(struct context *ctx, const struct pace_mark *mark, struct alias_map *out)
{
    int from = -1, to = -1;
    const char *old = NULL, *fresh = NULL;
    uint32_t old_id = 0, new_id = 0, count;
    int status = read_side(ctx, mark->selector, &from, &old);
    if (!status) status = read_side(ctx, mark->target, &to, &fresh);
    if (status || from != to || from < 0) return status;
    status = find_name(ctx, from, old, &old_id);
    if (!status) status = find_name(ctx, from, fresh, &new_id);
    if (status) return status == PACE_ENOTFOUND ? 0 : status;
    if (!out->now[from]) {
        const char *const *names;
        status = pace_names(ctx->snapshot, (enum pace_dimension)from, ctx->error, &names, &count);
        if (status) return context_store_error(ctx, status);
        uint32_t *now = arena_array(ctx->arena, count, sizeof *now);
        if (!now) return context_no_memory(ctx);
        for (uint32_t i = 0; i < count; i++)
            now[i] = i;
        out->now[from] = now;
        out->count[from] = count;
    }
    /* What was renamed before to the old name goes on to the new one, which itself stays. */
    uint32_t *now = out->now[from], target = now[new_id] == old_id ? new_id : now[new_id];
    now[new_id] = target;
    for (uint32_t i = 0; i < out->count[from]; i++)
        if (now[i] == old_id) now[i] = target;
    out->any = true;
    return 0;
}

int alias_load(struct context *ctx, struct alias_map *out)
{
    const struct pace_mark *marks;
    size_t count;
    *out = (struct alias_map){0};
    if (ctx->stored_names) return 0;
    int status = pace_marks(ctx->snapshot, ctx->error, &marks, &count);
    if (status) return context_store_error(ctx, status);
    for (size_t i = 0; i < count && !status; i++)
        if (!marks[i].undone && marks[i].kind == PACE_MARK_ALIAS)
            status = add_mark(ctx, &marks[i], out);
    return status;
}

/* -- columns of names that continue as others --------------------------------------------------- */

static bool same_now(const struct alias_map *map, struct pace_column a, struct pace_column b)
{
    return alias_now(map, PACE_BENCHMARK, a.benchmark) ==
               alias_now(map, PACE_BENCHMARK, b.benchmark) &&
           alias_now(map, PACE_MEASURE, a.measure) == alias_now(map, PACE_MEASURE, b.measure);
}

static bool is_renamed(const struct alias_map *map, struct pace_column column)
{
    return alias_now(map, PACE_BENCHMARK, column.benchmark) != column.benchmark ||
           alias_now(map, PACE_MEASURE, column.measure) != column.measure;
}

bool alias_continues(const struct alias_map *map, const struct pace_column *columns, uint32_t count,
                     uint32_t i)
{
    if (!is_renamed(map, columns[i])) return false;
    for (uint32_t j = 0; j < count; j++) {
        bool newer = j < i || !is_renamed(map, columns[j]);
        if (j != i && newer && same_now(map, columns[i], columns[j])) return true;
    }
    return false;
}

static bool is_older(const struct alias_map *map, const struct pace_column *columns, uint32_t i,
                     uint32_t j)
{
    return j != i && is_renamed(map, columns[j]) && same_now(map, columns[i], columns[j]);
}

int alias_older(struct context *ctx, const struct alias_map *map, const struct pace_column *columns,
                uint32_t count, uint32_t i, const uint32_t **out, size_t *out_count)
{
    uint32_t found = 0;
    for (uint32_t j = 0; j < count; j++)
        found += is_older(map, columns, i, j);
    if (!found) return 0;
    uint32_t *older = arena_array(ctx->arena, found, sizeof *older);
    if (!older) return context_no_memory(ctx);
    for (uint32_t j = count; j-- > 0;)
        if (is_older(map, columns, i, j)) older[(*out_count)++] = j;
    *out = older;
    return 0;
}

/* -- making ------------------------------------------------------------------------------------ */

static int bind_side(struct context *ctx, struct pattern *pattern, const char **name)
{
    struct matcher matcher;
    int status = matcher_bind(ctx, pattern, &matcher);
    if (status) return status;
    *name = matcher_literal(&matcher);
    if (!*name)
        return context_fail(ctx, Q_BAD_PATTERN, pattern->span, "make a mark for each name",
                            "an alias is of one name, and '%s' is a pattern", matcher.text);
    if (pattern->kind != PATTERN_VAR) return 0;
    pattern->kind = PATTERN_STRING;
    pattern->text = (struct slice){*name, (uint32_t)strlen(*name)};
    return 0;
}

/* The measures of both names are in the same unit, wherever both are. */
static int check_units(struct context *ctx, const struct statement *statement, const char *old,
                       const char *fresh)
{
    const char *const *projects;
    uint32_t count, ids[2];
    int status = find_name(ctx, PACE_MEASURE, old, &ids[0]);
    if (!status) status = find_name(ctx, PACE_MEASURE, fresh, &ids[1]);
    if (status) return status == PACE_ENOTFOUND ? 0 : status;
    status = pace_names(ctx->snapshot, PACE_PROJECT, ctx->error, &projects, &count);
    for (uint32_t i = 0; !status && i < count; i++) {
        struct pace_measure a, b;
        status = pace_measure_get(ctx->snapshot, i, ids[0], ctx->error, &a);
        if (!status) status = pace_measure_get(ctx->snapshot, i, ids[1], ctx->error, &b);
        if (!status && *a.unit && *b.unit && strcmp(a.unit, b.unit) != 0)
            return context_fail(ctx, Q_UNIT, statement->span, NULL,
                                "measure '%s' is stored in %s, '%s' in %s", old, a.unit, fresh,
                                b.unit);
    }
    return status ? context_store_error(ctx, status) : 0;
}

/* What serves where a name of this dimension has no alias: those two are the names of series within
 * a stream, the others name streams, whose runs are stored apart. */
static const char *instead_of_alias(int dimension)
{
    if (dimension == PACE_BRANCH)
        return "a branch inherits history by its start point: pace run --start-point";
    if (dimension == PACE_PROJECT || dimension == PACE_TESTBED)
        return "rename it in a dump, for another store: pace dump | sed s/OLD/NEW/ | pace load "
               "--db "
               "PATH -";
    return NULL;
}

int alias_statement(struct context *ctx, const struct statement *given)
{
    struct statement statement = *given;
    const char *old, *fresh;
    uint32_t id;
    int dimension = key_dimension(statement.key), to = key_dimension(statement.to_key);
    if (dimension != to)
        return context_fail(ctx, Q_ARGUMENTS, statement.span, NULL,
                            "both sides of an alias have the same key, not %.*s and %.*s",
                            (int)statement.key.len, statement.key.text, (int)statement.to_key.len,
                            statement.to_key.text);
    if (dimension != PACE_BENCHMARK && dimension != PACE_MEASURE)
        return context_fail(ctx, Q_NO_KEY, statement.span, instead_of_alias(dimension),
                            "benchmarks and measures can continue under a new name, a %.*s cannot",
                            (int)statement.key.len, statement.key.text);
    int status = bind_side(ctx, &statement.pattern, &old);
    if (!status) status = bind_side(ctx, &statement.to_pattern, &fresh);
    if (status) return status;
    if (strcmp(old, fresh) == 0)
        return context_fail(ctx, Q_ARGUMENTS, statement.span, NULL, "this is the same name twice");
    status = find_name(ctx, dimension, old, &id);
    if (status == PACE_ENOTFOUND) {
        struct matcher matcher = {.kind = PATTERN_STRING, .text = old};
        status = matcher_note_none(ctx, dimension, &matcher);
        return status ? status
                      : context_fail(ctx, Q_NO_MATCH, statement.pattern.span, NULL,
                                     "nothing is called '%s'", old);
    }
    if (!status && dimension == PACE_MEASURE) status = check_units(ctx, &statement, old, fresh);
    if (status) return status;
    const struct pace_mark mark = {
        .kind = PACE_MARK_ALIAS,
        .selector = print_match(ctx->arena, statement.key, &statement.pattern),
        .target = print_match(ctx->arena, statement.to_key, &statement.to_pattern),
        .note = statement.has_note ? slice_string(ctx->arena, statement.note) : "",
        .at_ns = INT64_MIN};
    uint64_t number;
    if (!mark.selector || !mark.target || !mark.note) return context_no_memory(ctx);
    pace_snapshot_end(ctx->snapshot);
    ctx->snapshot = NULL;
    status = pace_mark_add(ctx->store, &mark, ctx->error, &number);
    if (status) return context_store_error(ctx, status);
    ctx->outcome->message = arena_printf(ctx->arena, "mark %llu: %s continues as %s",
                                         (unsigned long long)number, mark.selector, mark.target);
    return ctx->outcome->message ? 0 : context_no_memory(ctx);
}
