/* build.c -- see build.h. */
#include "build.h"

#include "syntax.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice slice_of(const struct parser *parser, struct span span)
{
    return (struct slice){parser->text + span.start, span.len};
}

struct span span_join(struct span from, struct span to)
{
    return (struct span){from.start, to.start + to.len - from.start};
}

#define BUILD_LIST(type)                                                                           \
    struct type *type##_append(struct type *list, struct type *item)                               \
    {                                                                                              \
        if (!item) return list;                                                                    \
        item->next = list ? list->next : item;                                                     \
        if (list) list->next = item;                                                               \
        return item;                                                                               \
    }                                                                                              \
    struct type *type##_close(struct type *list)                                                   \
    {                                                                                              \
        if (!list) return NULL;                                                                    \
        struct type *first = list->next;                                                           \
        list->next = NULL;                                                                         \
        return first;                                                                              \
    }
BUILD_LIST(selector)
BUILD_LIST(option)
BUILD_LIST(expr)
BUILD_LIST(binding)
BUILD_LIST(name_item)
BUILD_LIST(stage)
BUILD_LIST(statement)
#undef BUILD_LIST

static void fail(struct parser *parser, enum diag_code code, struct span span, const char *message,
                 const char *help)
{
    struct diag *diag = diag_error(parser->diags, code, span, "%s", message);
    if (help) diag_help(parser->diags, diag, "%s", help);
    parser->failed = true;
}

/* Memory for a node, counted. */
static void *node(struct parser *parser, size_t size, struct span span)
{
    if (parser->node_count >= parser->limits->most[LIMIT_PACE_MAX_NODES]) {
        struct diag *diag = diag_error(parser->diags, Q_TOO_MANY_NODES, span,
                                       "the statement has more than %d parts (PACE_MAX_NODES)",
                                       (int)parser->limits->most[LIMIT_PACE_MAX_NODES]);
        diag_help(parser->diags, diag, "split it, or use a pattern such as {a,b} or a regex");
        parser->failed = true;
        return NULL;
    }
    parser->node_count++;
    void *memory = arena_alloc(parser->arena, size);
    if (!memory) fail(parser, Q_NO_MEMORY, span, "out of memory", NULL);
    return memory;
}

static bool depth_fits(struct parser *parser, unsigned depth, struct span span)
{
    if (depth <= parser->limits->most[LIMIT_PACE_MAX_DEPTH]) return true;
    syntax_too_deep(parser, span);
    return false;
}

static unsigned deeper(unsigned depth, const struct expr *expr)
{
    return expr && expr->depth > depth ? expr->depth : depth;
}

/* -- text -------------------------------------------------------------------------------------- */

/* The text of a STRING with its escapes resolved; *ok false: failed. */
static struct slice unquote(struct parser *parser, struct span span, bool *ok)
{
    *ok = true;
    struct slice raw = {parser->text + span.start + 1, span.len - 2};
    if (!memchr(raw.text, '\\', raw.len)) return raw;
    char *out = arena_alloc(parser->arena, raw.len);
    if (!out) {
        fail(parser, Q_NO_MEMORY, span, "out of memory", NULL);
        *ok = false;
        return raw;
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < raw.len; i++) {
        char c = raw.text[i];
        if (c == '\\') {
            c = raw.text[++i];
            if (c == 'n') {
                c = '\n';
            } else if (c == 't') {
                c = '\t';
            } else if (c != '"' && c != '\\') {
                fail(parser, Q_SYNTAX, (struct span){span.start + i, 2}, "no such escape in a text",
                     "\\\" \\\\ \\n \\t are the escapes; a backslash itself is \\\\");
                *ok = false;
                return raw;
            }
        }
        out[used++] = c;
    }
    return (struct slice){out, used};
}

/* -- selectors --------------------------------------------------------------------------------- */

static bool pattern_set(struct parser *parser, struct pattern *pattern, enum pattern_kind kind,
                        struct span span)
{
    bool ok = true;
    struct slice text = slice_of(parser, span);
    switch (kind) {
    case PATTERN_GLOB: break;
    case PATTERN_REGEX: text = (struct slice){text.text + 1, text.len - 2}; break;
    case PATTERN_STRING: text = unquote(parser, span, &ok); break;
    case PATTERN_VAR: text = (struct slice){text.text + 1, text.len - 1}; break;
    }
    *pattern = (struct pattern){kind, text, span};
    return ok;
}

struct pattern *build_pattern(struct parser *parser, enum pattern_kind kind, struct span span)
{
    struct pattern *pattern = node(parser, sizeof *pattern, span);
    return pattern && pattern_set(parser, pattern, kind, span) ? pattern : NULL;
}

struct selector *build_match(struct parser *parser, struct span key, const struct pattern *pattern,
                             struct span span)
{
    struct selector *match = node(parser, sizeof *match, span);
    if (!match) return NULL;
    match->kind = SELECT_MATCH;
    match->span = span;
    match->key_span = (struct span){key.start, key.len - 1};
    match->key = slice_of(parser, match->key_span);
    match->pattern = *pattern;
    return match;
}

struct selector *build_not(struct parser *parser, struct selector *match, struct span span)
{
    struct selector *not = node(parser, sizeof *not, span);
    if (!not ) return NULL;
    not ->kind = SELECT_NOT;
    not ->span = span;
    not ->child = match;
    return not ;
}

struct selector *build_group(struct parser *parser, enum selector_kind kind, struct selector *list,
                             struct span span)
{
    if (list->next == list) return selector_close(list);
    struct selector *group = node(parser, sizeof *group, span);
    if (!group) return NULL;
    group->kind = kind;
    group->span = span;
    group->child = selector_close(list);
    return group;
}

/* Length of the segment at `text`: a quoted one to its closing quote, else up to the next `//`. */
static uint32_t segment_len(const char *text, uint32_t len)
{
    uint32_t i = 0;
    if (text[0] == '"') {
        for (i = 1; text[i] != '"'; i++)
            if (text[i] == '\\') i++;
        return i + 1;
    }
    while (i < len && text[i] != '"' && !(text[i] == '/' && i + 1 < len && text[i + 1] == '/'))
        i++;
    return i;
}

struct selector *build_path(struct parser *parser, struct span span)
{
    struct selector *path = node(parser, sizeof *path, span);
    if (!path) return NULL;
    path->kind = SELECT_PATH;
    path->span = span;
    const uint32_t end = span.start + span.len;
    for (uint32_t at = span.start; at < end;) {
        struct span rest = {at, end - at};
        if (rest.len < 2 || parser->text[at] != '/' || parser->text[at + 1] != '/') {
            fail(parser, Q_BAD_PATTERN, rest, "text beside the quotes of a path's segment",
                 "quotes stand around a whole segment: //\"my project\"//main");
            return NULL;
        }
        at += 2;
        uint32_t len = at < end ? segment_len(parser->text + at, end - at) : 0;
        if (len == 0) {
            fail(parser, Q_BAD_PATTERN, rest, "a path's segment is empty",
                 "two slashes separate names; * stands for any: //*//main");
            return NULL;
        }
        struct span segment = {at, len};
        if (path->segment_count == PATH_SEGMENTS_MAX) {
            fail(parser, Q_BAD_PATTERN, segment, "a path has at most five segments",
                 "they are project, branch, testbed, benchmark and measure; quote a name with // "
                 "in it");
            return NULL;
        }
        enum pattern_kind kind = parser->text[at] == '"' ? PATTERN_STRING : PATTERN_GLOB;
        if (!pattern_set(parser, &path->segments[path->segment_count++], kind, segment))
            return NULL;
        at += len;
    }
    return path;
}

/* -- values ------------------------------------------------------------------------------------ */

enum { NUMBER_LONGEST = 400 };

/* Reads the number at the beginning of a NUMBER or QUANTITY and returns its length. The digits go
 * to strtod without their point, as 125e-1, because the locale decides what a point is. */
static uint32_t number_read(const char *text, uint32_t len, double *number)
{
    char digits[NUMBER_LONGEST + 32];
    uint32_t i = 0, used = 0;
    int exponent = 0;
    bool fraction = false;
    for (; i < len && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction)); i++) {
        if (text[i] == '.') {
            fraction = true;
        } else {
            digits[used++] = text[i];
            exponent -= fraction;
        }
    }
    if (i + 1 < len && (text[i] == 'e' || text[i] == 'E')) {
        uint32_t k = i + 1;
        bool negative = text[k] == '-';
        if (text[k] == '-' || text[k] == '+') k++;
        int written = 0;
        uint32_t digit = k;
        for (; digit < len && text[digit] >= '0' && text[digit] <= '9'; digit++)
            if (written < 100000) written = written * 10 + (text[digit] - '0');
        if (digit > k) {
            exponent += negative ? -written : written;
            i = digit;
        }
    }
    if (exponent == 0 && used <= 15) { /* exact without strtod */
        uint64_t whole = 0;
        for (uint32_t k = 0; k < used; k++)
            whole = whole * 10 + (uint64_t)(digits[k] - '0');
        *number = (double)whole;
        return i;
    }
    snprintf(digits + used, sizeof digits - used, "e%d", exponent);
    *number = strtod(digits, NULL);
    return i;
}

/* Number and unit of a token; false: failed. */
static bool number_set(struct parser *parser, struct span span, double *number, struct slice *unit)
{
    struct slice text = slice_of(parser, span);
    if (text.len > NUMBER_LONGEST) {
        fail(parser, Q_BAD_NUMBER, span, "the number has too many digits", NULL);
        return false;
    }
    uint32_t len = number_read(text.text, text.len, number);
    if (!isfinite(*number)) {
        fail(parser, Q_BAD_NUMBER, span, "the number is too large", NULL);
        return false;
    }
    *unit = (struct slice){text.text + len, text.len - len};
    return true;
}

struct value *build_number(struct parser *parser, struct span number, bool negative,
                           struct span span)
{
    struct value *value = node(parser, sizeof *value, span);
    if (!value || !number_set(parser, number, &value->number, &value->unit)) return NULL;
    value->kind = value->unit.len ? VALUE_QUANTITY : VALUE_NUMBER;
    if (negative) value->number = -value->number;
    value->span = span;
    return value;
}

struct value *build_word(struct parser *parser, enum value_kind kind, struct span span)
{
    struct value *value = node(parser, sizeof *value, span);
    if (!value) return NULL;
    value->kind = kind;
    value->name = slice_of(parser, span);
    if (kind == VALUE_VAR) value->name = (struct slice){value->name.text + 1, span.len - 1};
    value->span = span;
    return value;
}

struct window_span *build_window(struct parser *parser, enum span_kind kind,
                                 const struct value *value, struct slice word, struct span span)
{
    struct window_span *window = node(parser, sizeof *window, span);
    if (!window) return NULL;
    window->kind = kind;
    if (value) window->value = *value;
    window->word = word;
    window->span = span;
    return window;
}

struct instant *build_instant(struct parser *parser, enum instant_kind kind, struct span span)
{
    struct instant *instant = node(parser, sizeof *instant, span);
    if (!instant) return NULL;
    instant->kind = kind;
    if (kind == INSTANT_DATE) instant->text = slice_of(parser, span);
    instant->span = span;
    return instant;
}

struct option *build_option(struct parser *parser, enum option_kind kind, struct span span)
{
    struct option *option = node(parser, sizeof *option, span);
    if (!option) return NULL;
    option->kind = kind;
    option->span = span;
    return option;
}

struct model *build_model(struct parser *parser, struct span name, const struct value *bound,
                          struct option *options, struct span span)
{
    struct model *model = node(parser, sizeof *model, span);
    if (!model) return NULL;
    model->name = slice_of(parser, name);
    model->name_span = name;
    if (bound) {
        model->has_bound = true;
        model->bound = *bound;
    }
    model->options = options;
    model->span = span;
    return model;
}

/* -- expressions ------------------------------------------------------------------------------- */

static struct expr *expr_new(struct parser *parser, enum expr_kind kind, unsigned depth_below,
                             struct span span)
{
    if (!depth_fits(parser, depth_below + 1, span)) return NULL;
    struct expr *expr = node(parser, sizeof *expr, span);
    if (!expr) return NULL;
    expr->kind = kind;
    expr->depth = depth_below + 1;
    expr->span = span;
    return expr;
}

struct expr *build_leaf(struct parser *parser, enum expr_kind kind, struct span span)
{
    struct expr *leaf = expr_new(parser, kind, 0, span);
    if (!leaf) return NULL;
    bool ok = true;
    leaf->text = slice_of(parser, span);
    switch (kind) {
    case EXPR_NUMBER:
    case EXPR_QUANTITY: ok = number_set(parser, span, &leaf->number, &leaf->text); break;
    case EXPR_STRING: leaf->text = unquote(parser, span, &ok); break;
    case EXPR_VAR: leaf->text = (struct slice){leaf->text.text + 1, span.len - 1}; break;
    default: break;
    }
    return ok ? leaf : NULL;
}

struct expr *build_unary(struct parser *parser, enum expr_kind kind, struct expr *left,
                         struct span span)
{
    struct expr *unary = expr_new(parser, kind, left->depth, span);
    if (unary) unary->left = left;
    return unary;
}

struct expr *build_binary(struct parser *parser, enum binary_op op, struct expr *left,
                          struct expr *right, struct span op_span, struct span span)
{
    struct expr *binary = expr_new(parser, EXPR_BINARY, deeper(left->depth, right), span);
    if (!binary) return NULL;
    binary->op = op;
    binary->name_span = op_span;
    binary->left = left;
    binary->right = right;
    return binary;
}

struct expr *build_call(struct parser *parser, struct span name, struct expr *args,
                        struct span span)
{
    unsigned below = 0;
    for (const struct expr *arg = args; arg; arg = arg->next)
        below = deeper(below, arg);
    struct expr *call = expr_new(parser, EXPR_CALL, below, span);
    if (!call) return NULL;
    call->text = slice_of(parser, name);
    call->name_span = name;
    call->args = args;
    return call;
}

struct expr *build_of(struct parser *parser, struct span name, struct selector *selector,
                      struct span span)
{
    struct expr *of = expr_new(parser, EXPR_OF, 0, span);
    if (!of) return NULL;
    of->text = slice_of(parser, name);
    of->name_span = name;
    of->selector = selector;
    return of;
}

struct binding *build_binding(struct parser *parser, struct span name, struct expr *expr)
{
    struct binding *binding = node(parser, sizeof *binding, expr->span);
    if (!binding) return NULL;
    if (name.len) {
        binding->name = slice_of(parser, name);
        binding->name_span = name;
    }
    binding->expr = expr;
    return binding;
}

struct name_item *build_name(struct parser *parser, struct span span)
{
    struct name_item *item = node(parser, sizeof *item, span);
    if (!item) return NULL;
    item->name = slice_of(parser, span);
    item->span = span;
    return item;
}

/* -- queries and statements -------------------------------------------------------------------- */

struct stage *build_stage(struct parser *parser, enum stage_kind kind, struct span verb,
                          struct span span)
{
    struct stage *stage = node(parser, sizeof *stage, span);
    if (!stage) return NULL;
    stage->kind = kind;
    stage->verb_span = verb;
    stage->span = span;
    return stage;
}

struct source *build_source(struct parser *parser, enum source_kind kind, struct span span)
{
    struct source *source = node(parser, sizeof *source, span);
    if (!source) return NULL;
    source->kind = kind;
    source->span = span;
    return source;
}

static unsigned source_depth(const struct source *source)
{
    return source && source->query ? source->query->depth : 0;
}

struct query *build_query(struct parser *parser, struct source *source, struct stage *stages,
                          struct span span)
{
    unsigned below = source_depth(source);
    for (const struct stage *stage = stages; stage; stage = stage->next) {
        below = deeper(below, stage->expr);
        if (source_depth(stage->source) > below) below = source_depth(stage->source);
        for (const struct binding *item = stage->bindings; item; item = item->next)
            below = deeper(below, item->expr);
        for (const struct binding *item = stage->by; item; item = item->next)
            below = deeper(below, item->expr);
    }
    if (!depth_fits(parser, below + 1, span)) return NULL;
    struct query *query = node(parser, sizeof *query, span);
    if (!query) return NULL;
    query->source = source;
    query->stages = stages;
    query->span = span;
    query->depth = below + 1;
    return query;
}

struct statement *build_statement(struct parser *parser, enum statement_kind kind, struct span span)
{
    struct statement *statement = node(parser, sizeof *statement, span);
    if (!statement) return NULL;
    statement->kind = kind;
    statement->span = span;
    return statement;
}

bool build_note(struct parser *parser, struct statement *statement, struct span span)
{
    bool ok;
    statement->note = unquote(parser, span, &ok);
    statement->has_note = true;
    return ok;
}

bool build_unit(struct parser *parser, struct statement *statement, struct span span)
{
    bool ok = true;
    statement->unit = slice_of(parser, span);
    if (parser->text[span.start] == '"') statement->unit = unquote(parser, span, &ok);
    return ok;
}

void build_comment(struct parser *parser, struct span span)
{
    struct comment *comment = arena_alloc(parser->arena, sizeof *comment);
    if (!comment) return;
    comment->span = span;
    comment->text = slice_of(parser, span);
    while (comment->text.len && strchr(" \t\r", comment->text.text[comment->text.len - 1]))
        comment->text.len--;
    if (!parser->comment_tail) parser->comment_tail = &parser->comments;
    *parser->comment_tail = comment;
    parser->comment_tail = &comment->next;
}

struct script *build_script(struct parser *parser, struct statement *list)
{
    struct script *script = arena_alloc(parser->arena, sizeof *script);
    if (!script) {
        fail(parser, Q_NO_MEMORY, (struct span){0, 0}, "out of memory", NULL);
        return NULL;
    }
    script->statements = statement_close(list);
    script->comments = parser->comments;
    return script;
}
