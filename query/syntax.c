/* syntax.c -- see syntax.h. The scanner's diagnostics; those of the parser are in unexpected.c. */
#include "syntax.h"

#include "parse.tab.h"
#include "say.h"
#include "text.h"
#include "word.h"

#include <string.h>

void say(struct parser *parser, enum diag_code code, struct span span, const char *help,
         const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(parser->arena, format, args);
    va_end(args);
    struct diag *diag =
        diag_error(parser->diags, code, span, "%s", message ? message : "out of memory");
    if (help) diag_help(parser->diags, diag, "%s", help);
    parser->failed = true;
}

struct quote quote_of(const struct parser *parser, struct span span)
{
    struct quote quote = {parser->text + span.start, (int)span.len, ""};
    if (span.len <= QUOTE_LONGEST) return quote;
    quote.len = QUOTE_LONGEST;
    while (quote.len > 0 && ((unsigned char)quote.text[quote.len] & 0xc0) == 0x80)
        quote.len--;
    quote.more = "...";
    return quote;
}

bool is_pattern(int token)
{
    return token == T_GLOB || token == T_REGEX || token == T_STRING || token == T_VAR ||
           token == T_PATH;
}

static bool follows_pattern(const struct parser *parser, struct span span)
{
    const struct token *last = &parser->token;
    return is_pattern(last->kind) && last->span.start + last->span.len == span.start;
}

int syntax_stray(struct parser *parser, struct span span)
{
    struct slice text = slice_of(parser, span);
    if (text.text[0] == '{' && follows_pattern(parser, span)) return syntax_unclosed(parser, span);
    if (text.text[0] == '}' && follows_pattern(parser, span)) {
        say(parser, Q_BAD_PATTERN, span,
            "braces hold alternatives: branch:{main,dev}; a name with a brace needs quotes",
            "'}' without a '{'");
        return 0;
    }
    if (parser->token.kind == T_PIPE && text.text[0] == '{') {
        say(parser, Q_SYNTAX, span, "such as 'last 30', 'check' or 'where value > 3ms'",
            "a verb must follow '|'");
        return 0;
    }
    bool sign = span.len > 1 && (unsigned char)text.text[0] < 0x80;
    say(parser, sign ? Q_SYNTAX : Q_BAD_BYTE, span, habit_advice(HABIT_SIGN, text.text, text.len),
        "'%.*s' cannot stand here", (int)text.len, text.text);
    return 0;
}

int syntax_unclosed(struct parser *parser, struct span span)
{
    switch (parser->text[span.start]) {
    case '"':
        say(parser, Q_UNCLOSED, span, "end it with \" on the same line; \\\" is a quote inside",
            "the quote is not closed");
        break;
    case '/':
        say(parser, Q_UNCLOSED, span,
            "end it with / on the same line; a name that begins with / needs quotes",
            "the regex is not closed");
        break;
    default:
        say(parser, Q_UNCLOSED, span,
            "like branch:{main,dev}, without spaces, quotes or braces inside",
            "the brace is not closed");
        break;
    }
    return 0;
}

int syntax_unclosed_path(struct parser *parser, struct span span)
{
    uint32_t end = span.start + span.len, quote = span.start;
    bool open = false;
    for (uint32_t i = span.start; i < end; i++) {
        if (parser->text[i] == '"') {
            open = !open;
            quote = i;
        } else if (open && parser->text[i] == '\\') {
            i++;
        }
    }
    return syntax_unclosed(parser, (struct span){quote, end - quote});
}

int syntax_bad_number(struct parser *parser, struct span span)
{
    struct slice text = slice_of(parser, span);
    const char *help = "a number has one unit: 36h, 10%, 3sd, 12.5ms";
    if (text.text[0] == '.')
        help = "write a digit before the point: 0.5";
    else if (text.text[text.len - 1] == '.')
        help = "write a digit after the point: 5.0";
    say(parser, Q_BAD_NUMBER, span, help, "'%.*s%s' is not a number", QUOTE(parser, span));
    return 0;
}

int syntax_bad_date(struct parser *parser, struct span span)
{
    say(parser, Q_BAD_DATE, span,
        memchr(parser->text + span.start, ' ', span.len)
            ? "write T between the day and the time: 2026-01-31T12:00Z"
            : "a date is 2026-01-31 or 2026-01-31T12:00Z; a subtraction has spaces: 2026 - 1",
        "'%.*s%s' is not a date", QUOTE(parser, span));
    return 0;
}

int syntax_no_key(struct parser *parser, struct span span)
{
    struct span name_span = {span.start, span.len - 1};
    struct slice name = slice_of(parser, name_span);
    const char *help = habit_advice(HABIT_DIMENSION, name.text, name.len);
    const struct key *near = key_suggest(name.text, name.len);
    if (!help && near) help = arena_printf(parser->arena, "did you mean '%s'?", near->name);
    if (!help) help = "the keys are project, branch, testbed, benchmark, measure, commit and run";
    say(parser, Q_NO_KEY, name_span, help, "no key '%.*s%s'", QUOTE(parser, name_span));
    return 0;
}

int syntax_no_pattern(struct parser *parser)
{
    struct span key = parser->token.span;
    uint32_t at = key.start + key.len, space = at;
    while (at < parser->len && (parser->text[at] == ' ' || parser->text[at] == '\t'))
        at++;
    uint32_t end = at;
    while (end < parser->len && !strchr(" \t\r\n,;|()", parser->text[end]))
        end++;
    const char *help = NULL;
    if (at > space && end > at && end - at <= QUOTE_LONGEST)
        help = arena_printf(parser->arena, "write %.*s%.*s, without a space", (int)key.len,
                            parser->text + key.start, (int)(end - at), parser->text + at);
    say(parser, Q_BAD_PATTERN, key,
        help ? help : "the pattern follows the colon directly, like branch:main",
        "no pattern after '%.*s'", (int)key.len, parser->text + key.start);
    return 0;
}

int syntax_beside_pattern(struct parser *parser, struct span span)
{
    switch (parser->text[span.start]) {
    case '$':
        say(parser, Q_BAD_PATTERN, span, "bind the whole pattern to the variable",
            "a variable is a whole pattern");
        break;
    case '/':
        say(parser, Q_BAD_PATTERN, span,
            "a regex holds no slash; a name that begins with / needs quotes",
            "text beside a regex");
        break;
    default:
        say(parser, Q_BAD_PATTERN, span,
            "quotes stand around a whole pattern: benchmark:\"f(1)/x\"",
            "text beside a quoted pattern");
        break;
    }
    return 0;
}

int syntax_path_after_key(struct parser *parser, struct span span)
{
    say(parser, Q_BAD_PATTERN, span,
        "a path stands without a key; a name that begins with / needs quotes",
        "a pattern cannot begin with '//'");
    return 0;
}

void syntax_too_deep(struct parser *parser, struct span span)
{
    say(parser, Q_TOO_DEEP, span, "name a part of it with let or view",
        "the statement nests too deeply: more than %d levels (PACE_MAX_DEPTH)",
        (int)parser->limits->most[LIMIT_PACE_MAX_DEPTH]);
}

void syntax_too_long(struct parser *parser, struct span span)
{
    say(parser, Q_TOO_LONG, span, "split it, or use a pattern such as {a,b} or a regex",
        "the statement is longer than %d bytes (PACE_MAX_STATEMENT)",
        (int)parser->limits->most[LIMIT_PACE_MAX_STATEMENT]);
}

void syntax_no_memory(struct parser *parser)
{
    say(parser, Q_NO_MEMORY, (struct span){0, 0}, NULL, "out of memory");
}

void syntax_bad_byte(struct parser *parser, struct span span)
{
    unsigned char byte = (unsigned char)parser->text[span.start];
    if (byte == 0)
        say(parser, Q_BAD_BYTE, span, NULL, "a NUL byte cannot stand in a query");
    else if (byte < 0x80)
        say(parser, Q_BAD_BYTE, span, "use \\n and \\t in quoted text",
            "the control character \\x%02x cannot stand in a query", byte);
    else
        say(parser, Q_BAD_BYTE, span, "save the text as UTF-8", "the byte \\x%02x is not UTF-8",
            byte);
}
