/* parse.h -- text in, tree out. */
#ifndef PACE_PARSE_H
#define PACE_PARSE_H

#include "ast.h"
#include "limit.h"

enum parse_result {
    PARSE_OK,
    PARSE_ERROR,      /* diagnostics say why */
    PARSE_UNFINISHED, /* every token fits so far and more is needed (a REPL shows a continuation
                         prompt) */
};

/* Parses a whole script: statements separated by `;` (comments run from # to the end of the line).
 * The text must outlive the tree. On PARSE_ERROR and PARSE_UNFINISHED `diags` has at least one
 * error and *out is NULL. Limits, each per statement: PACE_MAX_STATEMENT (from its first token to
 * its last), PACE_MAX_DEPTH, PACE_MAX_NODES. */
enum parse_result parse_script_within(struct arena *arena, const char *text, size_t len,
                                      struct diag_list *diags, const struct limit_table *limits,
                                      struct script **out);
enum parse_result parse_script(struct arena *arena, const char *text, size_t len,
                               struct diag_list *diags, struct script **out);

/* What could come next after a text: names of tokens, such as "where" or "a number" (a name with a
 * space stands for a class). Cut an unfinished last word off first; a text may end in a key and its
 * colon. Returns how many there are, 0 when the text is wrong. Static memory; `arena` is for
 * scratch. */
enum { PARSE_EXPECTED_MAX = 128 };
size_t parse_expected(struct arena *arena, const char *text, size_t len,
                      const char *names[PARSE_EXPECTED_MAX]);

/* The tokens of a text that may be wrong or unfinished: kinds of the grammar, in order, as far as
 * the scanner gets; at most `capacity` of them. *end is where the last of them ends, or before the
 * piece that is none. */
struct token;
size_t parse_tokens(struct arena *arena, const char *text, size_t len, struct token *tokens,
                    size_t capacity, size_t *end);

/* Prints a tree in canonical form, one statement a line, `;` between; parsing the result gives the
 * same tree. Memory of the arena. */
const char *print_script(struct arena *arena, const struct script *script);
/* The same with the comments of the text that it was parsed from: a comment behind a statement
 * stays there, one inside it goes before it. Ends with a line end. */
const char *print_text(struct arena *arena, const struct script *script, const char *text);
const char *print_query(struct arena *arena, const struct query *query);
const char *print_selector(struct arena *arena, const struct selector *selector);
const char *print_model(struct arena *arena, const struct model *model);
const char *print_match(struct arena *arena, struct slice key, const struct pattern *pattern);
const char *print_expr(struct arena *arena, const struct expr *expr);
const char *print_stage(struct arena *arena, const struct stage *stage);
/* The path of a series from its five names, quoted where needed: //p//b//t//bench//measure. */
const char *print_path(struct arena *arena, const char *const names[5]);

#endif
