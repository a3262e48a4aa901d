/* parse.c -- see parse.h: checks the bytes, then gives the scanner's tokens to the parser one by
 * one, watching length and nesting. */
#include "parse.h"

#include "build.h"
#include "parse.tab.h"
#define YYSTYPE QUERY_YYSTYPE
#define YYLTYPE QUERY_YYLTYPE
#include "lex.yy.h"
#include "syntax.h"
#include "text.h"
#include "word.h"

#include <assert.h>
#include <string.h>

/* Control characters and bytes that are not UTF-8 stand nowhere, not even in comments. */
static bool text_check(struct parser *parser)
{
    for (uint32_t i = 0; i < parser->len;) {
        unsigned char byte = (unsigned char)parser->text[i];
        uint32_t code = byte;
        unsigned used = 1;
        if (byte >= 0x80) used = text_decode(parser->text + i, parser->len - i, &code);
        bool space = byte == '\t' || byte == '\n' || byte == '\r';
        if (code == TEXT_INVALID || (byte < 0x20 && !space) || byte == 0x7f) {
            syntax_bad_byte(parser, (struct span){i, 1});
            return false;
        }
        i += used;
    }
    return true;
}

/* The scanner over a copy of the text that ends in the two NUL bytes which flex wants. */
static bool scanner_open(struct parser *parser, yyscan_t *scanner)
{
    *scanner = NULL;
    if (setjmp(parser->no_memory)) {
        syntax_no_memory(parser);
        return false;
    }
    char *copy = arena_alloc(parser->arena, (size_t)parser->len + 2);
    if (!copy || query_yylex_init_extra(parser, scanner) != 0) longjmp(parser->no_memory, 1);
    if (parser->len) memcpy(copy, parser->text, parser->len);
    if (!query_yy_scan_buffer(copy, (size_t)parser->len + 2, *scanner))
        longjmp(parser->no_memory, 1);
    return true;
}

static int scan(struct parser *parser, yyscan_t scanner, struct span *span)
{
    if (setjmp(parser->no_memory)) {
        syntax_no_memory(parser);
        return T_YYEOF;
    }
    QUERY_YYSTYPE none; /* tokens carry no value */
    return query_yylex(&none, span, scanner);
}

/* Keeps count of what the limits and the diagnostics need to know. */
static void token_note(struct parser *parser, struct token token)
{
    if (parser->token.kind == T_SEMICOLON) {
        parser->first = parser->head = (struct token){0};
        parser->paren_count = 0;
    } else if (parser->token.kind == T_CLOSE && parser->paren_count > 0) {
        parser->paren_count--;
    }
    parser->before = parser->previous;
    parser->previous = parser->token;
    parser->token = token;

    if (parser->first.kind == T_YYEOF) parser->first = parser->head = token;
    int last = parser->previous.kind;
    if (last == T_PIPE || last == T_EXPLAIN || last == T_SAVE) parser->head = token;

    uint32_t end = token.span.start + token.span.len;
    if (token.kind != T_YYEOF && token.kind != T_SEMICOLON &&
        end - parser->first.span.start > parser->limits->most[LIMIT_PACE_MAX_STATEMENT]) {
        syntax_too_long(parser, (struct span){parser->first.span.start, 1});
        return;
    }
    if (token.kind != T_OPEN) return;
    if (parser->paren_count == parser->limits->most[LIMIT_PACE_MAX_DEPTH])
        syntax_too_deep(parser, token.span);
    else
        parser->parens[parser->paren_count++] = token.span.start;
}

/* Reads tokens into the parser until the text ends or does not fit. With `to_end` the end is a
 * token too. False: a diagnostic was added. */
static bool feed(struct parser *parser, query_yypstate *state, bool to_end)
{
    yyscan_t scanner;
    if (!scanner_open(parser, &scanner)) return false;
    int status = YYPUSH_MORE;
    while (status == YYPUSH_MORE) {
        struct token token = {0};
        bool at_pattern = parser->token.kind == T_KEY && parser->offset == parser->len;
        if (!to_end && at_pattern) break;
        token.kind = scan(parser, scanner, &token.span);
        if (parser->failed || (!to_end && token.kind == T_YYEOF)) break;
        token_note(parser, token);
        if (parser->failed) break;
        status = query_yypush_parse(state, token.kind, NULL, &token.span, parser);
    }
    query_yylex_destroy(scanner);
    assert(parser->failed || status == 0 || !to_end);
    return !parser->failed;
}

static void parser_init(struct parser *parser, struct arena *arena, struct diag_list *diags,
                        const char *text, size_t len)
{
    *parser =
        (struct parser){.arena = arena, .diags = diags, .text = text, .limits = &limits_default};
    if (len > UINT32_MAX / 2)
        syntax_too_long(parser, (struct span){0, 1});
    else
        parser->len = (uint32_t)len;
}

enum parse_result parse_script(struct arena *arena, const char *text, size_t len,
                               struct diag_list *diags, struct script **out)
{
    return parse_script_within(arena, text, len, diags, &limits_default, out);
}

enum parse_result parse_script_within(struct arena *arena, const char *text, size_t len,
                                      struct diag_list *diags, const struct limit_table *limits,
                                      struct script **out)
{
    struct parser parser;
    *out = NULL;
    parser_init(&parser, arena, diags, text, len);
    parser.limits = limits;
    if (parser.failed || !text_check(&parser)) return PARSE_ERROR;
    query_yypstate *state = query_yypstate_new();
    if (!state) {
        syntax_no_memory(&parser);
        return PARSE_ERROR;
    }
    bool ok = feed(&parser, state, true);
    query_yypstate_delete(state);
    if (!ok) return parser.unfinished ? PARSE_UNFINISHED : PARSE_ERROR;
    *out = parser.script;
    return PARSE_OK;
}

size_t parse_expected(struct arena *arena, const char *text, size_t len,
                      const char *names[PARSE_EXPECTED_MAX])
{
    _Static_assert((int)PARSE_EXPECTED_MAX == (int)PARSER_NAMES_MAX, "the same room");
    struct diag_list diags;
    struct parser parser;
    diag_list_init(&diags, arena);
    parser_init(&parser, arena, &diags, text, len);
    if (parser.failed || !text_check(&parser)) return 0;
    query_yypstate *state = query_yypstate_new();
    if (!state) return 0;
    size_t count = feed(&parser, state, false) ? parser_expected(state, names) : 0;
    query_yypstate_delete(state);
    return count;
}

size_t parse_tokens(struct arena *arena, const char *text, size_t len, struct token *tokens,
                    size_t capacity, size_t *end)
{
    struct diag_list diags;
    struct parser parser;
    yyscan_t scanner;
    size_t count = 0;
    *end = 0;
    diag_list_init(&diags, arena);
    parser_init(&parser, arena, &diags, text, len);
    if (parser.failed || !text_check(&parser) || !scanner_open(&parser, &scanner)) return 0;
    while (count < capacity) {
        struct token token = {0};
        token.kind = scan(&parser, scanner, &token.span);
        if (parser.failed || token.kind == T_YYEOF) break;
        parser.previous = parser.token;
        parser.token = tokens[count++] = token;
        *end = token.span.start + token.span.len;
    }
    query_yylex_destroy(scanner);
    return count;
}
