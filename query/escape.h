/* escape.h -- text that somebody else chose, on its way into JSON, XML, HTML, SVG or Markdown.
 *
 * Any bytes may be given: what comes out is valid UTF-8, cannot end the place it stands in, begins
 * no markup there, and holds no control or bidirectional character. Pure: libc only, no locale. */
#ifndef PACE_ESCAPE_H
#define PACE_ESCAPE_H

#include "text.h"

/* As a JSON string, with its quotes. Control and bidirectional characters become \u escapes, which
 * parse to the same text; a byte that is not UTF-8 becomes U+FFFD. */
void escape_json(struct text_out *out, const char *text);

/* Bytes at the beginning of text that stand for themselves in a JSON string: printable ASCII. */
size_t escape_json_plain(const char *text);

/* The form in a JSON string of the character that text[0..len) begins with, len at least 1; its
 * bytes are NUL-terminated in piece. Returns the bytes of text that it stands for. */
enum { ESCAPE_JSON_MAX = 16 };
unsigned escape_json_character(char piece[ESCAPE_JSON_MAX], const char *text, size_t len);

/* As content or a quoted attribute of XML 1.0, HTML or SVG: its safe form (text_safe), with
 * character references for & < > " and '. */
void escape_xml(struct text_out *out, const char *text);

/* As a span of GitHub-flavoured Markdown that may stand in a table's cell, its safe form: words
 * stay, anything else becomes code, where nothing is a link, a mention or markup. */
void escape_markdown(struct text_out *out, const char *text);

/* The same, and words are code as well. */
void escape_markdown_code(struct text_out *out, const char *text);

#endif
