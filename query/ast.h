/* ast.h -- the tree of a parsed script: types only.
 *
 * Every node carries the span of its text, every name is a slice into that text; nothing is looked
 * up (bind.c does that). Memory is the arena's. Lists are linked in the order of the text. */
#ifndef PACE_AST_H
#define PACE_AST_H

#include "diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of the text, not NUL-terminated. Equal to a span, but with the pointer at hand. */
struct slice {
    const char *text;
    uint32_t len;
};

/* -- which series ------------------------------------------------------------------------------ */

enum pattern_kind {
    PATTERN_GLOB,   /* text with * ? {a,b}; may be plain */
    PATTERN_REGEX,  /* text between the slashes */
    PATTERN_STRING, /* literal; text is unescaped, in the arena */
    PATTERN_VAR,    /* $name; text is the name without $ */
};

struct pattern {
    enum pattern_kind kind;
    struct slice text;
    struct span span;
};

enum selector_kind {
    SELECT_OR, /* children joined by `next` of the first child */
    SELECT_AND,
    SELECT_NOT,   /* one child */
    SELECT_MATCH, /* key, pattern */
    SELECT_PATH,  /* //p//b//t//bench//measure: 1..5 segments, each a glob or a literal */
};

enum { PATH_SEGMENTS_MAX = 5 };

struct selector {
    enum selector_kind kind;
    struct span span;
    struct selector *child; /* OR, AND, NOT: first child */
    struct selector *next;  /* next sibling */
    struct slice key;       /* MATCH: without the colon */
    struct span key_span;
    struct pattern pattern;                     /* MATCH */
    unsigned segment_count;                     /* PATH */
    struct pattern segments[PATH_SEGMENTS_MAX]; /* PATH: project branch testbed benchmark measure */
};

/* -- values ------------------------------------------------------------------------------------ */

enum value_kind {
    VALUE_NUMBER,   /* 64 */
    VALUE_QUANTITY, /* 10%, 3sd, 30d: number and unit */
    VALUE_NAME,     /* a let */
    VALUE_VAR,      /* $name */
};

/* A bound or a span's count as it was written. */
struct value {
    enum value_kind kind;
    double number;     /* negative sign applied */
    struct slice unit; /* QUANTITY */
    struct slice name; /* NAME, VAR */
    struct span span;
};

enum span_kind {
    WINDOW_COUNT, /* 64 | 64 points | 20 commits: value and optional word */
    WINDOW_TIME,  /* 30d: value is a quantity */
    WINDOW_WORD,  /* `run`, or a let; word */
    WINDOW_VAR,   /* $name */
    WINDOW_ALL,
    WINDOW_SEGMENT,
};

struct window_span {
    enum span_kind kind;
    struct value value;
    struct slice word; /* COUNT: points, commits, runs...; len 0 when none */
    struct span span;
};

enum instant_kind {
    INSTANT_DATE, /* text */
    INSTANT_NOW,
    INSTANT_AGO,   /* quantity */
    INSTANT_MATCH, /* commit:v1.2.0 */
    INSTANT_VAR,   /* $name: text */
};

struct instant {
    enum instant_kind kind;
    struct slice text;     /* DATE, VAR */
    struct value quantity; /* AGO */
    struct slice key;      /* MATCH */
    struct pattern pattern;
    struct span span;
};

enum option_kind {
    OPTION_UPPER,
    OPTION_LOWER,
    OPTION_WITHIN,
    OPTION_ALPHA,
    OPTION_FLOOR,
    OPTION_EFFECT,
    OPTION_FDR,     /* bound */
    OPTION_OVER,    /* window */
    OPTION_LAG,     /* number */
    OPTION_NEEDS,   /* number */
    OPTION_CONFIRM, /* number, of_number */
    OPTION_USING,   /* name */
};

struct option {
    enum option_kind kind;
    struct value bound;
    struct window_span window;
    struct value number, of_number; /* of_number.span.len 0: no `of` */
    struct slice name;
    struct span span;
    struct option *next;
};

/* NAME [bound] {option}: a model, or the name of a saved threshold. */
struct model {
    struct slice name;
    struct span name_span;
    bool has_bound;
    struct value bound;
    struct option *options;
    struct span span;
};

enum expr_kind {
    EXPR_NUMBER,
    EXPR_QUANTITY,
    EXPR_DATE,
    EXPR_STRING,
    EXPR_VAR,
    EXPR_NOW,
    EXPR_NAME,
    EXPR_CALL,   /* name(args) window */
    EXPR_OF,     /* name of KEY pattern ... : selector is an AND of matches */
    EXPR_MATCH,  /* KEY pattern: selector is one match */
    EXPR_BINARY, /* op, left, right */
    EXPR_NOT,
    EXPR_NEGATE, /* left */
    EXPR_REGEX,  /* left ~ /pattern/ */
    EXPR_IS_NONE,
    EXPR_IS_NOT_NONE, /* left */
};

enum binary_op {
    OP_OR,
    OP_AND,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_ELSE,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
};

struct expr {
    enum expr_kind kind;
    struct span span;
    double number;         /* NUMBER, QUANTITY */
    struct slice text;     /* QUANTITY: unit; DATE, STRING (unescaped), VAR, NAME, CALL, OF: name */
    struct span name_span; /* CALL, OF, BINARY (the operator) */
    enum binary_op op;
    struct expr *left, *right;
    struct expr *args;         /* CALL: first argument */
    struct expr *next;         /* next argument, or next in a list */
    struct option *window;     /* CALL: over, lag, needs */
    struct selector *selector; /* OF, MATCH */
    struct pattern pattern;    /* REGEX */
    unsigned depth; /* levels of the tree below and including this one: <= PACE_MAX_DEPTH */
};

/* A named expression: `name = expr`; in a summarize or sort the name may be absent (len 0). */
struct binding {
    struct slice name;
    struct span name_span;
    struct expr *expr;
    bool descending; /* sort */
    struct binding *next;
};

/* A plain name in a list: keep time, benchmark. */
struct name_item {
    struct slice name;
    struct span span;
    struct name_item *next;
};

/* -- stages ------------------------------------------------------------------------------------ */

enum stage_kind {
    STAGE_LAST,
    STAGE_FIRST, /* window */
    STAGE_SINCE,
    STAGE_UNTIL,     /* from */
    STAGE_BETWEEN,   /* from, to */
    STAGE_WHERE,     /* expr */
    STAGE_WITH,      /* name */
    STAGE_DERIVE,    /* bindings */
    STAGE_KEEP,      /* names */
    STAGE_SUMMARIZE, /* bindings, by */
    STAGE_SORT,      /* bindings */
    STAGE_TAKE,      /* number */
    STAGE_TOP,
    STAGE_BOTTOM,   /* number, expr, names (per) */
    STAGE_BASELINE, /* name, options */
    STAGE_CHECK,    /* has_model ? model : options */
    STAGE_CHANGES,  /* options */
    STAGE_VERSUS,   /* source (NULL: base), options */
    STAGE_EXPECT,   /* expect_kind, expr */
    STAGE_AS,       /* name */
};

enum expect_kind { EXPECT_NONE, EXPECT_SOME, EXPECT_EXPR };

struct stage {
    enum stage_kind kind;
    struct span span, verb_span;
    struct window_span window;
    struct instant from, to;
    struct expr *expr;
    struct binding *bindings, *by;
    struct name_item *names;
    struct value number;
    struct slice name;
    struct span name_span;
    bool has_model;
    struct model model;
    struct option *options;
    struct source *source;
    enum expect_kind expect;
    struct stage *next;
};

enum source_kind { SOURCE_SELECTOR, SOURCE_NAME, SOURCE_QUERY };

struct source {
    enum source_kind kind;
    struct selector *selector;
    struct slice name;
    struct query *query;
    struct span span;
};

struct query {
    struct source *source;
    struct stage *stages;
    struct span span;
    unsigned depth; /* as of expressions */
};

/* -- statements -------------------------------------------------------------------------------- */

enum statement_kind {
    STATEMENT_EMPTY,
    STATEMENT_QUERY,     /* explain, query */
    STATEMENT_LET,       /* name, expr */
    STATEMENT_VIEW,      /* name, query */
    STATEMENT_THRESHOLD, /* name, model, selector (may be NULL) */
    STATEMENT_ALERT,     /* name, query */
    STATEMENT_MEASURE,   /* name, unit, direction */
    STATEMENT_SHOW,      /* name (the word), selector (may be NULL) */
    STATEMENT_DROP,      /* object, name */
    STATEMENT_USE,       /* selector */
    STATEMENT_PUT,       /* selector, quantity, instant */
    STATEMENT_MARK,      /* mark, selector, instant, note; alias: key pattern / to_key to_pattern */
    STATEMENT_MARK_UNDO, /* number */
};

enum object_word { WORD_LET, WORD_VIEW, WORD_THRESHOLD, WORD_ALERT, WORD_MEASURE };
enum mark_word { MARK_ACCEPT, MARK_EXCLUDE, MARK_ARCHIVE, MARK_ALIAS };
enum direction_word { DIRECTION_NONE, DIRECTION_LOWER, DIRECTION_HIGHER };

struct statement {
    enum statement_kind kind;
    struct span span;
    bool save, explain;
    struct slice name;
    struct span name_span;
    struct expr *expr;
    struct query *query;
    struct model model;
    struct selector *selector;
    struct slice unit;
    enum direction_word direction;
    enum object_word object;
    struct value quantity;
    bool has_instant;
    struct instant instant;
    enum mark_word mark;
    struct slice key, to_key;           /* alias */
    struct pattern pattern, to_pattern; /* alias */
    bool has_note;
    struct slice note; /* unescaped */
    double number;
    struct statement *next;
};

/* From # to the end of the line. */
struct comment {
    struct slice text; /* with the #, without blanks at its end */
    struct span span;
    struct comment *next;
};

struct script {
    struct statement *statements; /* EMPTY ones are left out */
    struct comment *comments;     /* in order of the text */
};

#endif
