/* expr_node.h -- the bound form of an expression, private to expr_*.c. */
#ifndef PACE_EXPR_NODE_H
#define PACE_EXPR_NODE_H

#include "expr.h"
#include "sibling.h"
#include "follow.h"
#include "verdict.h"
#include "windows.h"

enum node_kind {
    NODE_CONST,
    NODE_COLUMN,  /* column */
    NODE_VERDICT, /* column is the verdict column; flag: it is `verdict` */
    NODE_BEYOND,  /* a: value, b: limit; flag `high` (above) or `low` */
    NODE_MATCH,   /* column is a text (or the run number); matcher */
    NODE_REGEX,   /* a ~ matcher */
    NODE_NOT,
    NODE_NEGATE,
    NODE_IS_NONE,
    NODE_IS_NOT_NONE,
    NODE_BINARY, /* op, a, b */
    NODE_SCALAR, /* function, a, b, c */
    NODE_SERIES, /* function, a: prev and delta */
    NODE_WINDOW, /* function over the history of a */
    NODE_SLOT,   /* the result of an aggregate */
    NODE_OF,     /* sibling; column is that of the run, time_column */
    NODE_WORSE,  /* a is on the worse side of b */
};

/* How two units meet in one operation; remembered as long as the same two meet. */
struct unit_rule {
    const char *left, *right; /* the pair it was made for */
    double left_factor, right_factor;
    const char *unit; /* of the result */
    bool ok;
};

struct node {
    enum node_kind kind;
    enum type type;
    enum unit_kind unit_kind;
    bool mixed;
    const char *about;
    struct span span;
    struct node *a, *b, *c;
    int column, time_column, commit_column, value_column, run_column;
    enum verdict verdict;
    bool above; /* BEYOND */
    enum binary_op op;
    enum function function;
    double percentile;
    struct matcher matcher;
    uint64_t run;
    struct windows *windows; /* WINDOW, shared with others that look at the same */
    struct sibling sibling;  /* OF */
    struct follow *follow;   /* WINDOW over segment: instead of the windows */
    bool by_keys;            /* WINDOW: commits may come as keys */
    struct window window;
    double previous; /* SERIES */
    struct unit_rule rule;
    struct arena *arena;
    struct vec out;
};

/* -- what expr_bind.c and expr_call.c share ------------------------------------------------------ */

int node_make(struct binder *binder, enum node_kind kind, enum type type, struct span span,
              struct node **out);
/* 0 when the node has this type; diagnosed. */
int node_expect(struct binder *binder, const struct node *node, enum type type);
/* Units that may be added and compared: one kind, or a plain number on one side; diagnosed. */
int node_check_kinds(struct binder *binder, const struct node *a, const struct node *b,
                     struct span span);
/* A column of the schema as an expression. */
int node_column_bind(struct binder *binder, int index, struct span span, struct node **out);
/* Index of a column, or -1. */
int binder_column(const struct binder *binder, const char *name);
int call_bind(struct binder *binder, const struct expr *expr, struct node **out);

#endif
