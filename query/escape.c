/* escape.c -- text that somebody else chose, on its way into JSON, XML, HTML, SVG or Markdown.
 *
 * One pass, a character at a time; no memory of its own. */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SAFE_CHARACTER = TEXT_SAFE_GROWTH * 4 + 1 };

/* -- JSON -------------------------------------------------------------------------------------- */

unsigned escape_json_character(char piece[ESCAPE_JSON_MAX], const char *text, size_t len)
{
    static const char plain[] = "\"\\\n\t\r", letters[] = "\"\\ntr";
    uint32_t code;
    unsigned taken = text_decode(text, len, &code);
    const char *known = code != 0 && code < 0x80 ? strchr(plain, (int)code) : NULL;
    if (code == TEXT_INVALID)
        snprintf(piece, ESCAPE_JSON_MAX, "\xef\xbf\xbd");
    else if (known != NULL)
        snprintf(piece, ESCAPE_JSON_MAX, "\\%c", letters[known - plain]);
    else if (text_is_control(code) && code < 0x10000)
        snprintf(piece, ESCAPE_JSON_MAX, "\\u%04x", (unsigned)code);
    else if (text_is_control(code))
        snprintf(piece, ESCAPE_JSON_MAX, "\\u%04x\\u%04x",
                 (unsigned)(0xD800 + ((code - 0x10000) >> 10)),
                 (unsigned)(0xDC00 + (code & 0x3FF)));
    else
        snprintf(piece, ESCAPE_JSON_MAX, "%.*s", (int)taken, text);
    return taken;
}

size_t escape_json_plain(const char *text)
{
    size_t len = 0;
    while (text[len] >= 0x20 && text[len] < 0x7f && text[len] != '"' && text[len] != '\\')
        len++;
    return len;
}

void escape_json(struct text_out *out, const char *text)
{
    char piece[ESCAPE_JSON_MAX];
    text_out_put(out, "\"");
    while (*text != '\0') {
        size_t plain = escape_json_plain(text);
        text_out_bytes(out, text, plain);
        text += plain;
        if (*text == '\0') break;
        text += escape_json_character(piece, text, strnlen(text, 4));
        text_out_put(out, piece);
    }
    text_out_put(out, "\"");
}

/* -- characters as references ------------------------------------------------------------------ */

/* The safe form, and `&#N;` for each of these ASCII characters. */
static void put_referenced(struct text_out *out, const char *text, const char *which)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        uint32_t code;
        unsigned taken = text_decode(text + at, len - at, &code);
        char piece[SAFE_CHARACTER];
        if (code < 0x80 && code != 0 && strchr(which, (int)code) != NULL)
            snprintf(piece, sizeof piece, "&#%u;", (unsigned)code);
        else
            text_safe(piece, sizeof piece, text + at, taken);
        text_out_put(out, piece);
        at += taken;
    }
}

void escape_xml(struct text_out *out, const char *text)
{
    put_referenced(out, text, "&<>\"'");
}

/* -- Markdown ---------------------------------------------------------------------------------- */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits, and between them single spaces, hyphens and underscores: no markup begins here.
 */
static bool is_words(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (is_alphanumeric(*at)) continue;
        if (!strchr("- _", *at) || at == text || at[1] == '\0' || at[1] == at[0]) return false;
    }
    return true;
}

/* A backquote, bar or backslash would be read before the code is: then it is HTML's code, with
 * references for all that Markdown, and what GitHub looks for in text, begin with. */
void escape_markdown_code(struct text_out *out, const char *text)
{
    size_t len = strlen(text);
    bool plain = len > 0 && !strpbrk(text, "`|\\<&") && text_safe(NULL, 0, text, len) == len;
    text_out_put(out, plain ? "`" : "<code>");
    if (plain)
        text_out_put(out, text);
    else
        put_referenced(out, text, "`|\\<>&\"'*_[]()!#~@:.$");
    text_out_put(out, plain ? "`" : "</code>");
}

void escape_markdown(struct text_out *out, const char *text)
{
    if (is_words(text))
        text_out_put(out, text);
    else
        escape_markdown_code(out, text);
}
