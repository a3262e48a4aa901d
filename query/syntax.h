/* syntax.h -- what is wrong with a text, in the words of its author: the diagnostics of the scanner
 * and the parser. Each function adds one diagnostic and sets parser->failed. */
#ifndef PACE_SYNTAX_H
#define PACE_SYNTAX_H

#include "build.h"

/* The scanner's; each returns 0, because no token follows. */
int syntax_stray(struct parser *parser, struct span span);
int syntax_unclosed(struct parser *parser,
                    struct span span); /* begins with the quote, / or brace */
int syntax_unclosed_path(struct parser *parser, struct span span); /* a quote inside it */
int syntax_bad_number(struct parser *parser, struct span span);
int syntax_bad_date(struct parser *parser, struct span span);
int syntax_no_key(struct parser *parser, struct span span);
int syntax_no_pattern(struct parser *parser); /* after the key that was scanned last */
int syntax_beside_pattern(struct parser *parser, struct span span);
int syntax_path_after_key(struct parser *parser, struct span span);

/* parser->token cannot stand where it is; `expected` are names of the grammar's tokens that could.
 */
void syntax_unexpected(struct parser *parser, const char *const *expected, size_t count);

void syntax_too_deep(struct parser *parser, struct span span);
void syntax_too_long(struct parser *parser, struct span span);
void syntax_no_memory(struct parser *parser);
/* A NUL, another control character, or a byte that is not UTF-8, found before scanning. */
void syntax_bad_byte(struct parser *parser, struct span span);

#endif
