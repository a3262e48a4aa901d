/* print.c -- trees back to text, in canonical form: one space between words, quotes and parentheses
 * only where needed, numbers as short as they read back. parse(print(tree)) equals the tree, spans
 * aside. */
#include "parse.h"

#include "../engine/unit.h"
#include "strbuf.h"
#include "word.h"

#include <string.h>

static void put_slice(struct strbuf *out, struct slice slice)
{
    strbuf_bytes(out, slice.text, slice.len);
}

static void put_words(struct strbuf *out, const char *lead, struct slice slice)
{
    strbuf_put(out, lead);
    put_slice(out, slice);
}

static void put_number(struct strbuf *out, double number)
{
    char buffer[UNIT_TEXT_MAX];
    strbuf_put(out, unit_print_number(buffer, number));
}

static void put_quoted(struct strbuf *out, struct slice text)
{
    strbuf_char(out, '"');
    for (uint32_t i = 0; i < text.len; i++) {
        char c = text.text[i];
        if (c == '"' || c == '\\') strbuf_char(out, '\\');
        if (c == '\n') {
            strbuf_put(out, "\\n");
        } else if (c == '\t') {
            strbuf_put(out, "\\t");
        } else {
            strbuf_char(out, c);
        }
    }
    strbuf_char(out, '"');
}

/* -- selectors --------------------------------------------------------------------------------- */

static void put_pattern(struct strbuf *out, const struct pattern *pattern)
{
    switch (pattern->kind) {
    case PATTERN_GLOB: put_slice(out, pattern->text); break;
    case PATTERN_REGEX:
        strbuf_char(out, '/');
        put_slice(out, pattern->text);
        strbuf_char(out, '/');
        break;
    case PATTERN_STRING: put_quoted(out, pattern->text); break;
    case PATTERN_VAR: put_words(out, "$", pattern->text); break;
    }
}

static void put_match(struct strbuf *out, struct slice key, const struct pattern *pattern)
{
    put_slice(out, key);
    strbuf_char(out, ':');
    put_pattern(out, pattern);
}

/* OR holds ANDs, ANDs hold terms: three levels, so the recursion is bounded by the grammar. */
static void put_selector(struct strbuf *out, const struct selector *selector)
{
    switch (selector->kind) {
    case SELECT_OR:
    case SELECT_AND:
        for (const struct selector *child = selector->child; child; child = child->next) {
            if (child != selector->child)
                strbuf_put(out, selector->kind == SELECT_OR ? " or " : " ");
            put_selector(out, child);
        }
        break;
    case SELECT_NOT:
        strbuf_put(out, "not ");
        put_selector(out, selector->child);
        break;
    case SELECT_MATCH: put_match(out, selector->key, &selector->pattern); break;
    case SELECT_PATH:
        for (unsigned i = 0; i < selector->segment_count; i++) {
            strbuf_put(out, "//");
            put_pattern(out, &selector->segments[i]);
        }
        break;
    }
}

/* -- values ------------------------------------------------------------------------------------ */

static void put_value(struct strbuf *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NUMBER:
    case VALUE_QUANTITY:
        put_number(out, value->number);
        put_slice(out, value->unit);
        break;
    case VALUE_NAME: put_slice(out, value->name); break;
    case VALUE_VAR: put_words(out, "$", value->name); break;
    }
}

static void put_window(struct strbuf *out, const struct window_span *window)
{
    switch (window->kind) {
    case WINDOW_COUNT:
        put_value(out, &window->value);
        if (window->word.len) put_words(out, " ", window->word);
        break;
    case WINDOW_TIME:
    case WINDOW_VAR: put_value(out, &window->value); break;
    case WINDOW_WORD: put_slice(out, window->word); break;
    case WINDOW_ALL: strbuf_put(out, "all"); break;
    case WINDOW_SEGMENT: strbuf_put(out, "segment"); break;
    }
}

static void put_instant(struct strbuf *out, const struct instant *instant)
{
    switch (instant->kind) {
    case INSTANT_DATE: put_slice(out, instant->text); break;
    case INSTANT_NOW: strbuf_put(out, "now"); break;
    case INSTANT_VAR: put_words(out, "$", instant->text); break;
    case INSTANT_AGO:
        put_value(out, &instant->quantity);
        strbuf_put(out, " ago");
        break;
    case INSTANT_MATCH: put_match(out, instant->key, &instant->pattern); break;
    }
}

static void put_option(struct strbuf *out, const struct option *option)
{
    static const char *const words[] = {
        [OPTION_UPPER] = "upper ", [OPTION_LOWER] = "lower ",     [OPTION_WITHIN] = "within ",
        [OPTION_ALPHA] = "alpha ", [OPTION_FLOOR] = "floor ",     [OPTION_EFFECT] = "effect ",
        [OPTION_FDR] = "fdr ",     [OPTION_OVER] = "over ",       [OPTION_LAG] = "lag ",
        [OPTION_NEEDS] = "needs ", [OPTION_CONFIRM] = "confirm ", [OPTION_USING] = "using ",
    };
    strbuf_put(out, words[option->kind]);
    switch (option->kind) {
    case OPTION_OVER: put_window(out, &option->window); break;
    case OPTION_LAG:
    case OPTION_NEEDS: put_value(out, &option->number); break;
    case OPTION_CONFIRM:
        put_value(out, &option->number);
        if (option->of_number.span.len) {
            strbuf_put(out, " of ");
            put_value(out, &option->of_number);
        }
        break;
    case OPTION_USING: put_slice(out, option->name); break;
    default: put_value(out, &option->bound); break;
    }
}

static void put_options(struct strbuf *out, const struct option *options)
{
    for (; options; options = options->next) {
        strbuf_char(out, ' ');
        put_option(out, options);
    }
}

static void put_model(struct strbuf *out, const struct model *model)
{
    put_slice(out, model->name);
    if (model->has_bound) {
        strbuf_char(out, ' ');
        put_value(out, &model->bound);
    }
    put_options(out, model->options);
}

/* -- expressions ------------------------------------------------------------------------------- */

/* How tightly an expression binds, as in parse.y. */
enum {
    BIND_OR = 1,
    BIND_AND,
    BIND_NOT,
    BIND_COMPARE,
    BIND_ELSE,
    BIND_ADD,
    BIND_MULTIPLY,
    BIND_NEGATE,
    BIND_PRIMARY
};

static const struct {
    const char *text;
    int bind;
} operators[] = {
    [OP_OR] = {" or ", BIND_OR},       [OP_AND] = {" and ", BIND_AND},
    [OP_EQ] = {" == ", BIND_COMPARE},  [OP_NE] = {" != ", BIND_COMPARE},
    [OP_LT] = {" < ", BIND_COMPARE},   [OP_LE] = {" <= ", BIND_COMPARE},
    [OP_GT] = {" > ", BIND_COMPARE},   [OP_GE] = {" >= ", BIND_COMPARE},
    [OP_ELSE] = {" else ", BIND_ELSE}, [OP_ADD] = {" + ", BIND_ADD},
    [OP_SUB] = {" - ", BIND_ADD},      [OP_MUL] = {" * ", BIND_MULTIPLY},
    [OP_DIV] = {" / ", BIND_MULTIPLY},
};

static int expr_bind_strength(const struct expr *expr)
{
    switch (expr->kind) {
    case EXPR_BINARY: return operators[expr->op].bind;
    case EXPR_NOT: return BIND_NOT;
    case EXPR_NEGATE: return BIND_NEGATE;
    case EXPR_REGEX:
    case EXPR_IS_NONE:
    case EXPR_IS_NOT_NONE: return BIND_COMPARE;
    default: return BIND_PRIMARY;
    }
}

static void put_expr(struct strbuf *out, const struct expr *expr);

/* In parentheses when it binds less than `least`. */
static void put_operand(struct strbuf *out, const struct expr *expr, int least)
{
    bool parens = expr_bind_strength(expr) < least;
    if (parens) strbuf_char(out, '(');
    put_expr(out, expr);
    if (parens) strbuf_char(out, ')');
}

static void put_call(struct strbuf *out, const struct expr *call)
{
    put_slice(out, call->text);
    strbuf_char(out, '(');
    for (const struct expr *arg = call->args; arg; arg = arg->next) {
        if (arg != call->args) strbuf_put(out, ", ");
        put_expr(out, arg);
    }
    strbuf_char(out, ')');
    put_options(out, call->window);
}

/* Recursion: expr->depth levels, at most PACE_MAX_DEPTH. */
static void put_expr(struct strbuf *out, const struct expr *expr)
{
    int bind = expr_bind_strength(expr);
    switch (expr->kind) {
    case EXPR_NUMBER: put_number(out, expr->number); break;
    case EXPR_QUANTITY:
        put_number(out, expr->number);
        put_slice(out, expr->text);
        break;
    case EXPR_DATE:
    case EXPR_NAME: put_slice(out, expr->text); break;
    case EXPR_STRING: put_quoted(out, expr->text); break;
    case EXPR_VAR: put_words(out, "$", expr->text); break;
    case EXPR_NOW: strbuf_put(out, "now"); break;
    case EXPR_CALL: put_call(out, expr); break;
    case EXPR_OF:
        put_slice(out, expr->text);
        strbuf_put(out, " of ");
        put_selector(out, expr->selector);
        break;
    case EXPR_MATCH: put_selector(out, expr->selector); break;
    case EXPR_BINARY: /* left-associative; comparisons do not chain */
        put_operand(out, expr->left, bind + (bind == BIND_COMPARE));
        strbuf_put(out, operators[expr->op].text);
        put_operand(out, expr->right, bind + 1);
        break;
    case EXPR_NOT:
        strbuf_put(out, "not ");
        put_operand(out, expr->left, bind);
        break;
    case EXPR_NEGATE:
        strbuf_char(out, '-');
        put_operand(out, expr->left, bind);
        break;
    case EXPR_REGEX:
        put_operand(out, expr->left, bind + 1);
        strbuf_put(out, " ~ ");
        put_pattern(out, &expr->pattern);
        break;
    case EXPR_IS_NONE:
    case EXPR_IS_NOT_NONE:
        put_operand(out, expr->left, bind + 1);
        strbuf_put(out, expr->kind == EXPR_IS_NONE ? " is none" : " is not none");
        break;
    }
}

/* -- stages ------------------------------------------------------------------------------------ */

static void put_query(struct strbuf *out, const struct query *query);

static void put_source(struct strbuf *out, const struct source *source)
{
    switch (source->kind) {
    case SOURCE_SELECTOR: put_selector(out, source->selector); break;
    case SOURCE_NAME: put_slice(out, source->name); break;
    case SOURCE_QUERY:
        strbuf_char(out, '(');
        put_query(out, source->query);
        strbuf_char(out, ')');
        break;
    }
}

static void put_bindings(struct strbuf *out, const struct binding *bindings)
{
    for (const struct binding *item = bindings; item; item = item->next) {
        if (item != bindings) strbuf_put(out, ", ");
        if (item->name.len) {
            put_slice(out, item->name);
            strbuf_put(out, " = ");
        }
        put_expr(out, item->expr);
        if (item->descending) strbuf_put(out, " desc");
    }
}

static void put_names(struct strbuf *out, const struct name_item *names)
{
    for (const struct name_item *item = names; item; item = item->next) {
        if (item != names) strbuf_put(out, ", ");
        put_slice(out, item->name);
    }
}

static void put_top(struct strbuf *out, const struct stage *stage)
{
    put_value(out, &stage->number);
    strbuf_put(out, " by ");
    put_expr(out, stage->expr);
    if (!stage->names) return;
    strbuf_put(out, " per ");
    put_names(out, stage->names);
}

static void put_versus(struct strbuf *out, const struct stage *stage)
{
    if (stage->source)
        put_source(out, stage->source);
    else
        strbuf_put(out, "base");
    put_options(out, stage->options);
}

static void put_stage(struct strbuf *out, const struct stage *stage)
{
    static const char *const verbs[] = {
        [STAGE_LAST] = "last ",         [STAGE_FIRST] = "first ",
        [STAGE_SINCE] = "since ",       [STAGE_UNTIL] = "until ",
        [STAGE_BETWEEN] = "between ",   [STAGE_WHERE] = "where ",
        [STAGE_WITH] = "with ",         [STAGE_DERIVE] = "derive ",
        [STAGE_KEEP] = "keep ",         [STAGE_SUMMARIZE] = "summarize ",
        [STAGE_SORT] = "sort ",         [STAGE_TAKE] = "take ",
        [STAGE_TOP] = "top ",           [STAGE_BOTTOM] = "bottom ",
        [STAGE_BASELINE] = "baseline ", [STAGE_CHECK] = "check",
        [STAGE_CHANGES] = "changes",    [STAGE_VERSUS] = "versus ",
        [STAGE_EXPECT] = "expect ",     [STAGE_AS] = "as ",
    };
    strbuf_put(out, verbs[stage->kind]);
    switch (stage->kind) {
    case STAGE_LAST:
    case STAGE_FIRST: put_window(out, &stage->window); break;
    case STAGE_SINCE:
    case STAGE_UNTIL: put_instant(out, &stage->from); break;
    case STAGE_BETWEEN:
        put_instant(out, &stage->from);
        strbuf_put(out, " and ");
        put_instant(out, &stage->to);
        break;
    case STAGE_WHERE: put_expr(out, stage->expr); break;
    case STAGE_DERIVE:
    case STAGE_SORT: put_bindings(out, stage->bindings); break;
    case STAGE_KEEP: put_names(out, stage->names); break;
    case STAGE_SUMMARIZE:
        put_bindings(out, stage->bindings);
        if (stage->by) strbuf_put(out, " by ");
        put_bindings(out, stage->by);
        break;
    case STAGE_TAKE: put_value(out, &stage->number); break;
    case STAGE_TOP:
    case STAGE_BOTTOM: put_top(out, stage); break;
    case STAGE_WITH:
    case STAGE_AS:
    case STAGE_BASELINE:
        put_slice(out, stage->name);
        put_options(out, stage->options);
        break;
    case STAGE_CHECK:
        if (stage->has_model) {
            strbuf_char(out, ' ');
            put_model(out, &stage->model);
        }
        put_options(out, stage->options);
        break;
    case STAGE_CHANGES: put_options(out, stage->options); break;
    case STAGE_VERSUS: put_versus(out, stage); break;
    case STAGE_EXPECT:
        if (stage->expect == EXPECT_EXPR)
            put_expr(out, stage->expr);
        else
            strbuf_put(out, stage->expect == EXPECT_NONE ? "none" : "some");
        break;
    }
}

static void put_query(struct strbuf *out, const struct query *query)
{
    put_source(out, query->source);
    for (const struct stage *stage = query->stages; stage; stage = stage->next) {
        strbuf_put(out, " | ");
        put_stage(out, stage);
    }
}

/* -- statements -------------------------------------------------------------------------------- */

/* A unit stands bare when it reads as a name, else quoted: "ops/s", "%". */
static void put_unit(struct strbuf *out, struct slice unit)
{
    static const char *const directions[] = {"lower", "higher"};
    bool plain = unit.len > 0 && !word_find(unit.text, unit.len);
    for (size_t i = 0; i < 2; i++)
        plain = plain && !(unit.len == strlen(directions[i]) &&
                           memcmp(unit.text, directions[i], unit.len) == 0);
    for (uint32_t i = 0; i < unit.len; i++) {
        char c = unit.text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        plain = plain && (letter || (i > 0 && ((c >= '0' && c <= '9') || c == '_' || c == '.')));
    }
    if (plain)
        put_slice(out, unit);
    else
        put_quoted(out, unit);
}

static void put_note(struct strbuf *out, const struct statement *statement)
{
    if (statement->has_instant) {
        strbuf_put(out, " at ");
        put_instant(out, &statement->instant);
    }
    if (!statement->has_note) return;
    strbuf_char(out, ' ');
    put_quoted(out, statement->note);
}

static void put_mark(struct strbuf *out, const struct statement *statement)
{
    static const char *const marks[] = {
        [MARK_ACCEPT] = "mark accept ",
        [MARK_EXCLUDE] = "mark exclude ",
        [MARK_ARCHIVE] = "mark archive ",
        [MARK_ALIAS] = "mark alias ",
    };
    strbuf_put(out, marks[statement->mark]);
    if (statement->mark == MARK_ALIAS) {
        put_match(out, statement->key, &statement->pattern);
        strbuf_put(out, " as ");
        put_match(out, statement->to_key, &statement->to_pattern);
    } else {
        put_selector(out, statement->selector);
    }
    put_note(out, statement);
}

static void put_definition(struct strbuf *out, const char *kind, const struct statement *statement)
{
    if (statement->save) strbuf_put(out, "save ");
    put_words(out, kind, statement->name);
    strbuf_put(out, " = ");
    switch (statement->kind) {
    case STATEMENT_LET: put_expr(out, statement->expr); break;
    case STATEMENT_THRESHOLD:
        put_model(out, &statement->model);
        if (!statement->selector) break;
        strbuf_put(out, " for ");
        put_selector(out, statement->selector);
        break;
    case STATEMENT_MEASURE:
        put_unit(out, statement->unit);
        if (statement->direction == DIRECTION_LOWER) strbuf_put(out, " lower");
        if (statement->direction == DIRECTION_HIGHER) strbuf_put(out, " higher");
        break;
    default: put_query(out, statement->query); break;
    }
}

static void put_statement(struct strbuf *out, const struct statement *statement)
{
    static const char *const objects[] = {
        [WORD_LET] = "drop let ",
        [WORD_VIEW] = "drop view ",
        [WORD_THRESHOLD] = "drop threshold ",
        [WORD_ALERT] = "drop alert ",
        [WORD_MEASURE] = "drop measure ",
    };
    switch (statement->kind) {
    case STATEMENT_EMPTY: break;
    case STATEMENT_QUERY:
        if (statement->explain) strbuf_put(out, "explain ");
        put_query(out, statement->query);
        break;
    case STATEMENT_LET: put_definition(out, "let ", statement); break;
    case STATEMENT_VIEW: put_definition(out, "view ", statement); break;
    case STATEMENT_THRESHOLD: put_definition(out, "threshold ", statement); break;
    case STATEMENT_ALERT: put_definition(out, "alert ", statement); break;
    case STATEMENT_MEASURE: put_definition(out, "measure ", statement); break;
    case STATEMENT_SHOW:
        put_words(out, "show ", statement->name);
        if (!statement->selector) break;
        strbuf_char(out, ' ');
        put_selector(out, statement->selector);
        break;
    case STATEMENT_DROP: put_words(out, objects[statement->object], statement->name); break;
    case STATEMENT_USE:
        strbuf_put(out, "use ");
        put_selector(out, statement->selector);
        break;
    case STATEMENT_PUT:
        strbuf_put(out, "put ");
        put_selector(out, statement->selector);
        strbuf_char(out, ' ');
        put_value(out, &statement->quantity);
        put_note(out, statement);
        break;
    case STATEMENT_MARK: put_mark(out, statement); break;
    case STATEMENT_MARK_UNDO:
        strbuf_put(out, "mark undo ");
        put_number(out, statement->number);
        break;
    }
}

/* -- entry points ------------------------------------------------------------------------------ */

const char *print_script(struct arena *arena, const struct script *script)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    for (const struct statement *item = script->statements; item; item = item->next) {
        if (item != script->statements) strbuf_put(&out, ";\n");
        put_statement(&out, item);
    }
    return strbuf_end(&out);
}

static void put_comment(struct strbuf *out, const struct comment *comment)
{
    put_slice(out, comment->text);
    strbuf_char(out, '\n');
}

/* Whether a comment stands on the line on which a statement ends, and nothing follows that. */
static bool is_behind(const struct comment *comment, const struct statement *statement,
                      const char *text)
{
    uint32_t end = statement->span.start + statement->span.len;
    if (!comment || comment->span.start < end) return false;
    if (statement->next && statement->next->span.start < comment->span.start) return false;
    return !memchr(text + end, '\n', comment->span.start - end);
}

const char *print_text(struct arena *arena, const struct script *script, const char *text)
{
    struct strbuf out;
    const struct comment *comment = script->comments;
    strbuf_init(&out, arena);
    for (const struct statement *item = script->statements; item; item = item->next) {
        uint32_t end = item->span.start + item->span.len;
        for (; comment && comment->span.start < end; comment = comment->next)
            put_comment(&out, comment);
        put_statement(&out, item);
        if (item->next) strbuf_char(&out, ';');
        if (is_behind(comment, item, text)) {
            strbuf_put(&out, "  ");
            put_slice(&out, comment->text);
            comment = comment->next;
        }
        strbuf_char(&out, '\n');
    }
    for (; comment; comment = comment->next)
        put_comment(&out, comment);
    return strbuf_end(&out);
}

const char *print_query(struct arena *arena, const struct query *query)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_query(&out, query);
    return strbuf_end(&out);
}

const char *print_selector(struct arena *arena, const struct selector *selector)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_selector(&out, selector);
    return strbuf_end(&out);
}

const char *print_model(struct arena *arena, const struct model *model)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_model(&out, model);
    return strbuf_end(&out);
}

const char *print_expr(struct arena *arena, const struct expr *expr)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_expr(&out, expr);
    return strbuf_end(&out);
}

const char *print_match(struct arena *arena, struct slice key, const struct pattern *pattern)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_match(&out, key, pattern);
    return strbuf_end(&out);
}

const char *print_stage(struct arena *arena, const struct stage *stage)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    put_stage(&out, stage);
    return strbuf_end(&out);
}

/* Whether a name stands for itself as a segment of a path. */
static bool is_plain_segment(const char *name)
{
    size_t len = strlen(name);
    return len && !strpbrk(name, " \t\r\n,;|(){}\"*?#\\") && !strstr(name, "//") &&
           name[0] != '/' && name[len - 1] != '/';
}

const char *print_path(struct arena *arena, const char *const names[5])
{
    struct strbuf out;
    strbuf_init(&out, arena);
    for (size_t i = 0; i < PATH_SEGMENTS_MAX; i++) {
        strbuf_put(&out, "//");
        if (is_plain_segment(names[i]))
            strbuf_put(&out, names[i]);
        else
            put_quoted(&out, (struct slice){names[i], (uint32_t)strlen(names[i])});
    }
    return strbuf_end(&out);
}
