/* expr.h -- expressions bound to the columns of a schema, and run over batches.
 *
 * Binding checks names, types and kinds of units; running converts units of one kind as needed (the
 * unit of a column may differ from series to series). Three-valued logic; a missing operand makes
 * arithmetic missing and a comparison unknown. */
#ifndef PACE_EXPR_H
#define PACE_EXPR_H

#include "context.h"
#include "history.h"
#include "select.h"
#include "stats/tail.h"

enum function_kind { SCALAR, AGGREGATE, SERIES };

enum function {
#define FUNCTION(id, name, kind, fewest, most, signature, help) id,
#include "function.def"
#undef FUNCTION
    FUNCTION_COUNT
};

struct function_row {
    const char *name;
    enum function_kind kind;
    unsigned fewest, most;
    const char *signature, *help;
};
extern const struct function_row function_rows[FUNCTION_COUNT];

struct node;
struct windows;

/* An aggregate call inside a summarize or expect: its argument is run over the rows of a group. */
struct aggregate {
    enum function function;
    double percentile; /* 0..1 */
    struct node *arg;  /* NULL: count() */
    struct node *slot; /* the node that stands for its result */
    struct tail tail;  /* of a percentile's values; keep 0: all of them */
    struct aggregate *next;
};

enum expr_mode {
    MODE_ROW,   /* aggregates need a window */
    MODE_GROUP, /* aggregates are collected in `aggregates` */
};

struct binder {
    struct context *ctx;
    const struct schema *schema;
    enum expr_mode mode;
    struct aggregate *aggregates, **tail; /* MODE_GROUP; tail starts at &aggregates */
    struct lookback lookback;             /* how far the bound expressions look back */
    bool of_series;                       /* they ask what series a row is of */
    struct windows **windows; /* of the operator: calls with the same windows share them; or NULL */
    bool inside_aggregate;
};

void binder_init(struct binder *binder, struct context *ctx, const struct schema *schema,
                 enum expr_mode mode);

/* Binds an expression; diagnosed on error. */
int expr_bind(struct binder *binder, const struct expr *expr, struct node **out);

/* "the columns here: time, value, ...": help where a name is none. NULL without memory. */
const char *schema_told(struct context *ctx, const struct schema *schema);

/* The column that an expression is, and nothing else; -1: it is more than that. */
int node_is_column(const struct node *node);
/* Type of a bound expression, as a column without a name. */
struct column node_column(const struct node *node);

/* Runs over a batch, in the order of rows; *out is valid until the node runs again. At the start of
 * a series (batch->series_start) windows are emptied. */
int expr_eval(struct context *ctx, struct node *node, const struct batch *batch,
              const struct vec **out);

/* Why a row of the batch that was run last has no value, in a few words (static memory); *column is
 * the name of the column that is missing, or NULL. */
const char *expr_why_missing(const struct node *node, const struct schema *schema,
                             const struct batch *batch, size_t row, const char **column);

/* Frees what windows hold. */
void expr_free(struct node *node);

/* Binds the options over, lag and needs; fails with Q_WINDOW on others. */
int window_bind(struct context *ctx, const struct option *options, struct window *out);
/* One of these options, into a window that has its defaults. */
int window_option_bind(struct context *ctx, const struct option *option, struct window *window);
/* When all are bound: a window of fewer points or commits than the default of `needs` needs no
 * more; a `needs` that was given and cannot be met is an error. */
int window_settle(struct context *ctx, const struct option *options, struct window *window);
/* The window of one `over`. */
int window_span_bind(struct context *ctx, const struct window_span *span, struct window *out);

/* Runs an aggregate over a finished sample in order of time (n may be 0). `days` are the points'
 * times for slope. Reorders sample. */
double aggregate_sample(enum function function, double percentile, double *sample,
                        const double *days, size_t n);

/* Fills a slot of a group: the value that its aggregate had, for the batch that follows. */
void slot_set(struct node *slot, double value, int64_t time_ns, const char *text, const char *unit);

#endif
