/* build.h -- what the scanner, the grammar and the tree's constructors share while one script is
 * parsed.
 *
 * Constructors take slices of the text and finished parts and return a node of the arena. They
 * count nodes and depth. A constructor that fails adds a diagnostic, sets parser->failed and
 * returns NULL; the grammar stops there. Lists grow at the end: while they grow, the list is its
 * last element and that one's `next` is the first; *_close makes it an ordinary list and returns
 * the first. */
#ifndef PACE_BUILD_H
#define PACE_BUILD_H

#include "../engine/pace.h"
#include "ast.h"
#include "limit.h"

#include <setjmp.h>

struct token {
    int kind; /* of the grammar; 0: none yet */
    struct span span;
};

struct parser {
    struct arena *arena;
    struct diag_list *diags;
    const char *text;
    uint32_t len;
    struct script *script; /* the result */
    bool failed;           /* a diagnostic says why */
    bool unfinished;       /* the text ended where more could follow */
    unsigned node_count;   /* of this statement */
    struct comment *comments, **comment_tail;
    const struct limit_table *limits;
    /* scanning */
    uint32_t offset;                      /* end of what was scanned */
    struct token token, previous, before; /* the newest tokens, newest first */
    struct token first;                   /* of this statement */
    struct token head;                    /* the verb or command that is being read */
    unsigned paren_count;
    uint32_t parens[PACE_MAX_DEPTH]; /* where the open ones stand */
    jmp_buf no_memory;               /* flex cannot report failure otherwise */
};

struct slice slice_of(const struct parser *parser, struct span span);

/* -- selectors --------------------------------------------------------------------------------- */

/* From the token's text, with its quotes, slashes or dollar. */
struct pattern *build_pattern(struct parser *, enum pattern_kind, struct span);
struct selector *build_match(struct parser *, struct span key, const struct pattern *, struct span);
struct selector *build_not(struct parser *, struct selector *match, struct span);
struct selector *build_path(struct parser *, struct span);
/* AND or OR of a growing list; of one element: that element. */
struct selector *build_group(struct parser *, enum selector_kind, struct selector *list,
                             struct span);

/* -- values ------------------------------------------------------------------------------------ */

/* A NUMBER or QUANTITY token, or a NAME or VAR. */
struct value *build_number(struct parser *, struct span number, bool negative, struct span);
struct value *build_word(struct parser *, enum value_kind, struct span);
struct window_span *build_window(struct parser *, enum span_kind, const struct value *,
                                 struct slice word, struct span);
struct instant *build_instant(struct parser *, enum instant_kind, struct span);
struct option *build_option(struct parser *, enum option_kind, struct span);
struct model *build_model(struct parser *, struct span name, const struct value *bound,
                          struct option *options, struct span);

/* -- expressions ------------------------------------------------------------------------------- */

struct expr *build_leaf(struct parser *, enum expr_kind, struct span);
struct expr *build_unary(struct parser *, enum expr_kind, struct expr *left, struct span);
struct expr *build_binary(struct parser *, enum binary_op, struct expr *left, struct expr *right,
                          struct span op_span, struct span);
struct expr *build_call(struct parser *, struct span name, struct expr *args, struct span);
struct expr *build_of(struct parser *, struct span name, struct selector *, struct span);
struct binding *build_binding(struct parser *, struct span name, struct expr *);
struct name_item *build_name(struct parser *, struct span);

/* -- queries and statements -------------------------------------------------------------------- */

struct stage *build_stage(struct parser *, enum stage_kind, struct span verb, struct span);
struct source *build_source(struct parser *, enum source_kind, struct span);
struct query *build_query(struct parser *, struct source *, struct stage *stages, struct span);
struct statement *build_statement(struct parser *, enum statement_kind, struct span);
/* Sets the note from a STRING token. False: failed. */
bool build_note(struct parser *, struct statement *, struct span);
/* Sets the unit from a name or a STRING token. False: failed. */
bool build_unit(struct parser *, struct statement *, struct span);
/* Notes a comment; one that does not fit into memory is left out, and the next node fails. */
void build_comment(struct parser *, struct span);
struct script *build_script(struct parser *, struct statement *list);

#define BUILD_LIST(type)                                                                           \
    struct type *type##_append(struct type *list, struct type *item);                              \
    struct type *type##_close(struct type *list);
BUILD_LIST(selector)
BUILD_LIST(option)
BUILD_LIST(expr)
BUILD_LIST(binding)
BUILD_LIST(name_item)
BUILD_LIST(stage)
BUILD_LIST(statement)
#undef BUILD_LIST

/* From `from` up to the end of `to`. */
struct span span_join(struct span from, struct span to);

#endif
