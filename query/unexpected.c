/* unexpected.c -- the parser's diagnostics: a token that does not fit. See syntax.h.
 *
 * The grammar says which tokens could have stood there (exactly, by LAC). From these, the token,
 * the two before it and the verb being read, a list of explanations is tried, the most particular
 * first; each returns whether it applied. The last one says what was expected, in groups ("an
 * expression"). */
#include "syntax.h"

#include "../engine/unit.h"
#include "parse.tab.h"
#include "say.h"
#include "strbuf.h"
#include "suggest.h"
#include "word.h"

#include <string.h>

struct scene {
    struct parser *parser;
    const struct token *token, *previous;
    const struct word *word, *previous_word; /* NULL when no word of the language */
    const char *const *expected;
    size_t count;
};

static bool expects(const struct scene *scene, const char *name)
{
    for (size_t i = 0; i < scene->count; i++)
        if (strcmp(scene->expected[i], name) == 0) return true;
    return false;
}

static bool expects_all(const struct scene *scene, const char *const *names)
{
    for (; *names; names++)
        if (!expects(scene, *names)) return false;
    return true;
}

static const struct word *word_at(const struct parser *parser, const struct token *token)
{
    struct slice text = slice_of(parser, token->span);
    const struct word *word = token->kind ? word_find(text.text, text.len) : NULL;
    return word && word->token == token->kind ? word : NULL;
}

/* Whether what was read up to here could be a whole stage, statement or operand. */
static bool complete(const struct scene *scene)
{
    return expects(scene, "|") || expects(scene, ";") || expects(scene, ")") ||
           expects(scene, "==");
}

static bool ends_something(int kind)
{
    return kind == T_YYEOF || kind == T_PIPE || kind == T_SEMICOLON || kind == T_CLOSE ||
           kind == T_COMMA;
}

static bool is_head(const struct scene *scene, const struct token *token)
{
    return token->kind && token->span.start == scene->parser->head.span.start;
}

/* Words that stand where names do are not worth saying beside "a name". */
static const char *const soft_names[] = {"last",     "first",  "upper",   "lower", "changes",
                                         "baseline", "floor",  "measure", "with",  "higher",
                                         "alpha",    "effect", "base",    "until", NULL};

static bool listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

static const char *suggestion(struct parser *parser, const char *name)
{
    return name ? arena_printf(parser->arena, "did you mean '%s'?", name) : NULL;
}

/* The nearest of the expected words. */
static const char *near_expected(const struct scene *scene, struct span span)
{
    struct slice text = slice_of(scene->parser, span);
    const char *names[PARSER_NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < scene->count && count < PARSER_NAMES_MAX; i++)
        if (word_find(scene->expected[i], strlen(scene->expected[i])))
            names[count++] = scene->expected[i];
    return suggest(text.text, text.len, names, count);
}

/* -- the end ----------------------------------------------------------------------------------- */

static bool explain_unclosed(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    bool ends = scene->token->kind == T_YYEOF || scene->token->kind == T_SEMICOLON;
    if (!ends || parser->paren_count == 0 || !expects(scene, ")")) return false;
    struct span paren = {parser->parens[parser->paren_count - 1], 1};
    say(parser, Q_UNCLOSED, paren, "write the missing ')'", "the '(' is not closed");
    return true;
}

/* A line that begins a statement behind one that could end before it: the ; is missing. */
static bool explain_separator(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    const struct token *token = scene->token, *previous = scene->previous;
    uint32_t end = previous->span.start + previous->span.len;
    bool begins = (scene->word && scene->word->class == WORD_COMMAND) || token->kind == T_KEY ||
                  token->kind == T_PATH;
    if (!begins || !previous->kind || !expects(scene, ";") || token->span.start < end ||
        !memchr(parser->text + end, '\n', token->span.start - end))
        return false;
    say(parser, Q_SYNTAX, token->span, "write ';' between statements",
        "'%.*s%s' begins a statement, and the one before it has not ended",
        QUOTE(parser, token->span));
    return true;
}

static bool explain_unopened(const struct scene *scene)
{
    if (scene->token->kind != T_CLOSE || scene->parser->paren_count > 0) return false;
    say(scene->parser, Q_SYNTAX, scene->token->span, NULL, "')' without a '('");
    return true;
}

/* -- verbs ------------------------------------------------------------------------------------- */

static const char *word_list(struct parser *parser, const char *lead, enum word_class class)
{
    struct strbuf list;
    strbuf_init(&list, parser->arena);
    strbuf_put(&list, lead);
    const struct word *word;
    for (size_t i = 0; (word = word_row(i)); i++)
        if (word->class == class) strbuf_printf(&list, " %s", word->text);
    return strbuf_end(&list);
}

static bool explain_verb(const struct scene *scene)
{
    if (scene->previous->kind != T_PIPE) return false;
    struct parser *parser = scene->parser;
    struct slice text = slice_of(parser, scene->token->span);
    if (scene->token->kind != T_NAME && !scene->word) {
        bool series = scene->token->kind == T_KEY || scene->token->kind == T_PATH;
        say(parser, scene->token->kind == T_YYEOF ? Q_UNFINISHED : Q_SYNTAX, scene->previous->span,
            series ? "series are named first: branch:main testbed:ci | last 30"
                   : "such as 'last 30', 'check' or 'where value > 3ms'",
            "a verb must follow '|'");
        return true;
    }
    const char *help = habit_advice(HABIT_STAGE, text.text, text.len);
    if (!help) {
        const struct word *near = word_suggest(WORD_VERB, text.text, text.len);
        help = suggestion(parser, near ? near->text : NULL);
    }
    if (!help) help = word_list(parser, "the verbs are", WORD_VERB);
    say(parser, Q_NO_VERB, scene->token->span, help, "no verb '%.*s%s'",
        QUOTE(parser, scene->token->span));
    return true;
}

/* `branch:main testbed`: a key without its pattern. */
static bool explain_key(const struct scene *scene)
{
    struct slice text = slice_of(scene->parser, scene->token->span);
    const struct key *key = key_find(text.text, text.len);
    if (!key || !expects(scene, "a path") || !expects(scene, "|")) return false;
    say(scene->parser, Q_BAD_PATTERN, scene->token->span,
        arena_printf(scene->parser->arena, "write %s:NAME", key->name), "no pattern after '%s'",
        key->name);
    return true;
}

/* `last 64 where high`: a verb without its bar. */
static bool explain_bar(const struct scene *scene)
{
    if (!expects(scene, "|")) return false;
    if (scene->token->kind == T_NAME) {
        struct slice text = slice_of(scene->parser, scene->token->span);
        const struct word *near = word_suggest(WORD_VERB, text.text, text.len);
        if (!near || near_expected(scene, scene->token->span)) return false;
        say(scene->parser, Q_NO_VERB, scene->token->span,
            arena_printf(scene->parser->arena, "did you mean '| %s'?", near->text),
            "no verb '%.*s%s'", QUOTE(scene->parser, scene->token->span));
        return true;
    }
    if (!scene->word || scene->word->class != WORD_VERB) return false;
    say(scene->parser, Q_SYNTAX, scene->token->span,
        arena_printf(scene->parser->arena, "write | %s", scene->word->text), "no '|' before '%s'",
        scene->word->text);
    return true;
}

/* -- the beginning ----------------------------------------------------------------------------- */

static bool explain_first(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    if (scene->token->span.start != parser->first.span.start || scene->token->kind == T_YYEOF)
        return false;
    struct slice text = slice_of(parser, scene->token->span);
    const char *help = habit_advice(HABIT_START, text.text, text.len);
    if (scene->word && scene->word->class == WORD_VERB) {
        if (!help)
            help = arena_printf(parser->arena, "write branch:main | %s ...", scene->word->text);
        say(parser, Q_SYNTAX, scene->token->span, help,
            "'%s' needs something before it: a query names its series first", scene->word->text);
        return true;
    }
    if (!help)
        help =
            "a query begins with series or a view: branch:main | last 30; a command with its name: "
            "show benchmarks";
    say(parser, Q_SYNTAX, scene->token->span, help, "a statement cannot begin with '%.*s%s'",
        QUOTE(parser, scene->token->span));
    return true;
}

/* `shw benchmarks`: the first name was taken for a view. */
static bool explain_second(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    if (scene->previous->span.start != parser->first.span.start || scene->previous->kind != T_NAME)
        return false;
    struct span span = scene->previous->span;
    struct slice name = slice_of(parser, span);
    if (scene->token->kind == T_ASSIGN) {
        const struct key *key = key_find(name.text, name.len);
        say(parser, Q_SYNTAX, scene->token->span,
            key ? arena_printf(parser->arena, "a key takes a colon: %s:main", key->name)
                : arena_printf(parser->arena, "to name a value write let %.*s = ...", (int)name.len,
                               name.text),
            "'=' cannot follow '%.*s%s' here", QUOTE(parser, span));
        return true;
    }
    if (ends_something(scene->token->kind)) return false;
    const char *help = habit_advice(HABIT_START, name.text, name.len);
    if (!help) {
        const struct word *near = word_suggest(WORD_COMMAND, name.text, name.len);
        help = suggestion(parser, near ? near->text : NULL);
    }
    if (!help && scene->word && scene->word->class == WORD_VERB) return false;
    if (!help) {
        const struct word *near = word_suggest(WORD_VERB, name.text, name.len);
        if (near)
            help = arena_printf(parser->arena,
                                "a query names its series first: branch:main | %s ...", near->text);
    }
    if (!help) help = word_list(parser, "the commands are", WORD_COMMAND);
    say(parser, Q_NO_VERB, span, help, "no command '%.*s%s'", QUOTE(parser, span));
    return true;
}

/* -- patterns ---------------------------------------------------------------------------------- */

/* `branch:main,dev`, `benchmark:f(x)`: the pattern ended where its author did not. */
static bool explain_pattern(const struct scene *scene)
{
    struct span last = scene->previous->span, span = scene->token->span;
    int before = scene->parser->before.kind;
    if (!is_pattern(scene->previous->kind) || last.start + last.len != span.start) return false;
    if (before != T_KEY && scene->previous->kind != T_PATH) return false;
    const char *help = NULL;
    switch (scene->token->kind) {
    case T_COMMA:
        help = "several names: branch:{main,dev}; a name with a comma needs quotes";
        break;
    case T_OPEN: help = "a name with parentheses needs quotes: benchmark:\"f(1)\""; break;
    case T_STRING: help = "quotes stand around a whole pattern: benchmark:\"f(1)/x\""; break;
    default: return false;
    }
    struct quote quote = quote_of(scene->parser, span);
    if (scene->token->kind == T_STRING) quote.len = 1, quote.more = "";
    say(scene->parser, Q_BAD_PATTERN, span, help, "'%.*s' cannot stand in a pattern", quote.len,
        quote.text);
    return true;
}

/* -- expressions ------------------------------------------------------------------------------- */

static bool is_comparison(int kind)
{
    return kind == T_EQ || kind == T_NE || kind == T_LT || kind == T_LE || kind == T_GT ||
           kind == T_GE || kind == T_MATCHES || kind == T_IS;
}

static bool explain_operator(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    struct span span = scene->token->span;
    int kind = scene->token->kind;
    if (kind == T_ASSIGN && (expects(scene, "==") || expects(scene, "else"))) {
        say(parser, Q_SYNTAX, span, "write == to compare", "'=' does not compare");
        return true;
    }
    if (is_comparison(kind) && expects(scene, "else") && !expects(scene, "==")) {
        say(parser, Q_SYNTAX, span, "write a < b and b < c, or parentheses",
            "comparisons do not chain");
        return true;
    }
    if (kind == T_PATH && expects(scene, "/")) {
        say(parser, Q_SYNTAX, span, "division is a single '/'", "a path cannot stand here");
        return true;
    }
    if (kind == T_ASSIGN && scene->previous->kind == T_ASSIGN) {
        say(parser, Q_SYNTAX, span, "'==' is written without a space", "'=' cannot stand here");
        return true;
    }
    if (scene->previous->kind == T_MATCHES) {
        say(parser, kind == T_YYEOF ? Q_UNFINISHED : Q_SYNTAX,
            ends_something(kind) ? scene->previous->span : span,
            "like benchmark ~ /json$/; compare with other text by ==", "a regex must follow '~'");
        return true;
    }
    return false;
}

/* `3 ms`. */
static bool explain_unit(const struct scene *scene)
{
    if (scene->previous->kind != T_NUMBER || scene->token->kind != T_NAME) return false;
    struct parser *parser = scene->parser;
    struct slice name = slice_of(parser, scene->token->span);
    struct unit unit = unit_lookup(name.text, name.len);
    bool deviations = name.len == 2 && memcmp(name.text, "sd", 2) == 0;
    if ((unit.kind == UNIT_CUSTOM || unit.kind == UNIT_NONE) && !deviations) return false;
    struct slice number = slice_of(parser, scene->previous->span);
    say(parser, Q_SYNTAX, scene->token->span,
        arena_printf(parser->arena, "write %.*s%.*s", (int)number.len, number.text, (int)name.len,
                     name.text),
        "a unit follows its number without a space");
    return true;
}

/* -- words ------------------------------------------------------------------------------------- */

/* A word of the language where only names can stand, or an option where an expression should. */
static bool explain_reserved(const struct scene *scene)
{
    if (!scene->word || !expects(scene, "a name")) return false;
    bool only_names = true;
    for (size_t i = 0; i < scene->count; i++)
        only_names = only_names && (strcmp(scene->expected[i], "a name") == 0 ||
                                    listed(soft_names, scene->expected[i]));
    bool operand = scene->word->class == WORD_OPTION && expects(scene, "(");
    if (!only_names && !(operand && !complete(scene))) return false;
    say(scene->parser, Q_SYNTAX, scene->token->span, "choose another name",
        "'%s' is a word of the language, not a name", scene->word->text);
    return true;
}

/* `last |`: the word before needs an argument. */
static bool explain_needs(const struct scene *scene)
{
    const struct word *word = scene->previous_word;
    if (!word || !word->needs || complete(scene)) return false;
    if (scene->count == 1 && expects(scene, "=")) return false; /* `derive floor`: a name */
    if (word->class == WORD_VERB && !is_head(scene, scene->previous)) return false;
    bool at_end = ends_something(scene->token->kind);
    say(scene->parser, scene->token->kind == T_YYEOF ? Q_UNFINISHED : Q_SYNTAX,
        at_end ? scene->previous->span : scene->token->span,
        at_end ? NULL : suggestion(scene->parser, near_expected(scene, scene->token->span)),
        "'%s' needs %s", word->text, word->needs);
    return true;
}

/* `check mad 5sd ovr 64`, and `check mad ovr 64`, where ovr was taken for a bound. */
static bool explain_option(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    bool options = expects(scene, "over") && expects(scene, "upper") && expects(scene, "|");
    struct span span = scene->token->span;
    const char *near = NULL;
    if (scene->token->kind == T_NAME) near = near_expected(scene, span);
    if (!near && options && scene->previous->kind == T_NAME) {
        near = near_expected(scene, scene->previous->span);
        if (near) span = scene->previous->span;
    }
    const struct word *head = word_at(parser, &parser->head);
    if (options && head && (near || scene->token->kind == T_NAME)) {
        say(parser, Q_NO_OPTION, span,
            near ? suggestion(parser, near) : word_list(parser, "the options are", WORD_OPTION),
            "'%s' has no option '%.*s%s'", head->text, QUOTE(parser, span));
        return true;
    }
    if (!near) return false;
    say(parser, Q_SYNTAX, span, suggestion(parser, near), "'%.*s%s' does not fit here",
        QUOTE(parser, span));
    return true;
}

/* -- what was expected ------------------------------------------------------------------------- */

/* Tokens that are said in one word when the first ones are all expected. */
static const struct group {
    const char *label;
    const char *when[8];
    const char *members[24];
} groups[] = {
    {"an expression",
     {"a number", "a quantity", "a quoted text", "a key", "(", "-"},
     {"a number", "a quantity", "a date", "a quoted text", "a variable", "a name", "a key", "now",
      "not", "(", "-"}},
    {"a selector like branch:main", {"a key", "a path"}, {"a key", "a path", "not"}},
    {"a selector like branch:main", {"a key"}, {"a key"}},
    {"a pattern",
     {"a pattern", "a regex"},
     {"a pattern", "a regex", "a quoted text", "a variable"}},
    {"an operator",
     {"else", "+", "*"},
     {"or", "and", "==", "!=", "<", "<=", ">", ">=", "~", "is", "else", "+", "-", "*", "/", "(",
      "of"}},
    {"a number", {"a number", "a quantity", "-"}, {"a number", "a quantity", "-"}},
    {"an option like 'over 64'",
     {"over", "upper"},
     {"upper", "lower", "within", "alpha", "floor", "effect", "fdr", "over", "lag", "needs",
      "confirm", "using"}},
    {"an option like 'over 64'", {"over", "lag"}, {"over", "lag", "needs"}},
};
enum { GROUP_COUNT = sizeof groups / sizeof *groups, LABELS_MAX = 6 };

/* The expected tokens as phrases, at most LABELS_MAX; returns how many there would be. */
static size_t labels_of(const struct scene *scene, const char *labels[LABELS_MAX])
{
    bool said[PARSER_NAMES_MAX] = {false};
    size_t count = 0;
    bool end = false, soft = expects_all(scene, soft_names) && expects(scene, "a name");
    for (size_t g = 0; g < GROUP_COUNT; g++) {
        if (!expects_all(scene, groups[g].when)) continue;
        bool news = false;
        for (size_t i = 0; i < scene->count; i++) {
            if (said[i] || !listed(groups[g].members, scene->expected[i])) continue;
            said[i] = news = true;
        }
        if (news && count < LABELS_MAX) labels[count] = groups[g].label;
        count += news;
    }
    for (size_t i = 0; i < scene->count; i++) {
        const char *name = scene->expected[i];
        if (said[i] || (soft && listed(soft_names, name))) continue;
        if (strcmp(name, "end of input") == 0 || strcmp(name, ";") == 0) {
            end = true;
            continue;
        }
        bool phrase = strchr(name, ' ') != NULL;
        if (count < LABELS_MAX)
            labels[count] = phrase ? name : arena_printf(scene->parser->arena, "'%s'", name);
        count++;
    }
    if (end && count < LABELS_MAX) labels[count] = "end of statement";
    return count + end;
}

static void explain_expected(const struct scene *scene)
{
    struct parser *parser = scene->parser;
    bool at_end = scene->token->kind == T_YYEOF;
    struct span span = at_end ? scene->previous->span : scene->token->span;
    const char *labels[LABELS_MAX];
    size_t count = labels_of(scene, labels);
    struct strbuf list;
    strbuf_init(&list, parser->arena);
    for (size_t i = 0; i < count && count <= LABELS_MAX; i++) {
        const char *joint = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        strbuf_printf(&list, "%s%s", joint, labels[i] ? labels[i] : "");
    }
    const char *expected = strbuf_end(&list);
    const struct word *head = word_at(parser, &parser->head);
    const char *help = NULL;
    if (head && head->syntax) help = arena_printf(parser->arena, "write %s", head->syntax);
    enum diag_code code = at_end ? Q_UNFINISHED : Q_SYNTAX;
    bool known = expected && *expected;
    if (at_end || scene->token->kind == T_SEMICOLON) {
        say(parser, code, span, help, "the statement ends too early%s%s",
            known ? "; expected " : "", known ? expected : "");
    } else {
        say(parser, code, span, help, "'%.*s%s' does not fit here%s%s", QUOTE(parser, span),
            known ? "; expected " : "", known ? expected : "");
    }
}

void syntax_unexpected(struct parser *parser, const char *const *expected, size_t count)
{
    static bool (*const explanations[])(const struct scene *) = {
        explain_separator, explain_verb, explain_unopened, explain_first,    explain_second,
        explain_pattern,   explain_unit, explain_operator, explain_reserved, explain_needs,
        explain_unclosed,  explain_key,  explain_option,   explain_bar,
    };
    struct scene scene = {
        .parser = parser,
        .token = &parser->token,
        .previous = &parser->previous,
        .word = word_at(parser, &parser->token),
        .previous_word = word_at(parser, &parser->previous),
        .expected = expected,
        .count = count,
    };
    parser->unfinished = parser->token.kind == T_YYEOF;
    for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++)
        if (explanations[i](&scene)) return;
    explain_expected(&scene);
}
