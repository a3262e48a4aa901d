/* op.h -- operators: each pulls batches from its input and hands its own on.
 *
 * plan.c makes the chain, one operator a stage; an operator says what it adds to the schema and how
 * far it looks back. next() gives *out = NULL at the end and returns PACE_EQUERY (diagnosed), or
 * another code, on error. Batches of one series come in order of time, the last one flagged
 * series_end (it may hold no rows); operators that look at one series only rely on that. */
#ifndef PACE_OP_H
#define PACE_OP_H

#include "context.h"
#include "expr.h"
#include "select.h"

struct plan;

struct op {
    const char *name;   /* for explain */
    const char *detail; /* what it does, in the words of the query; "" when nothing */
    struct op *input;
    struct schema schema; /* of its output */
    bool by_series;       /* its output still comes series by series */
    bool
        cuts; /* nobody behind it looks back: rows before the first that is selected may be cut off */
    bool of_series;           /* it asks of what series a row is */
    bool gathers;             /* nobody behind it does: rows of several series may come together */
    bool holds;               /* rows come out when all went in */
    struct lookback lookback; /* how far before the judged points it looks */
    const char *looks;        /* the same in words, for explain; or NULL */
    struct plan *other;       /* the rows of another side, which it pulls too; or NULL */
    bool inner;               /* a part of the operator behind it, which speaks for both */
    bool by_summaries;        /* it may ask the scan for summaries instead of rows */
    bool by_batches;      /* the last bits of its answers depend on which rows come in one batch */
    uint64_t points_read; /* by a scan */
    /* Columns that are dear are filled late, where the operator right behind is a where that asks
     * of others: it calls watch before and after it binds its condition, and finish with the rows
     * that it keeps. */
    void (*watch)(struct op *op, bool ended); /* sets late; NULL: there are none */
    bool late;
    int (*finish)(struct op *op, struct context *ctx, const uint32_t *rows, size_t count);
    int (*next)(struct op *op, struct context *ctx, struct batch **out);
    /* Adds what the same operator of another chain counted, for notes at the end; may be NULL. */
    void (*absorb)(struct op *op, const struct op *other);
    void (*free)(struct op *op); /* what the arena does not hold; may be NULL */
};

/* Which points are judged: a range verb, resolved. */
struct range {
    enum stage_kind kind; /* LAST FIRST SINCE UNTIL BETWEEN */
    enum { RANGE_POINTS, RANGE_SPAN, RANGE_RUN, RANGE_COMMITS } unit; /* LAST, FIRST */
    uint64_t count;
    int64_t span_ns;
    int64_t from_ns, until_ns; /* SINCE: from; UNTIL: until; BETWEEN: both; until is exclusive */
    struct range *next;
};

/* Each op_* makes an operator on `input` from its stage; diagnosed on error. */
int op_range(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_where(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_derive(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_keep(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_take(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_sort(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_top(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_summarize(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_baseline(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_check(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
/* Behind a check: holds its rows, adds q, and takes back verdicts whose q is over `rate`. Behind a
 * bare one see op_fdr.c; a rate of 0 is none. */
int op_fdr(struct context *ctx, const struct stage *stage, struct op *input, double rate,
           struct op **out);
/* Behind a bare check whose rows are those of one run a series: its own q. */
int op_check_fdr(struct context *ctx, const struct stage *stage, struct op *check, struct op **out);
/* Compares with the rows of `other`, which it frees; series need not agree in the dimensions
 * named. */
int op_versus(struct context *ctx, const struct stage *stage, struct op *input, struct plan *other,
              unsigned dimensions, struct op **out);
int op_changes(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);
int op_expect(struct context *ctx, const struct stage *stage, struct op *input, struct op **out);

/* Resolves a range verb. */
int range_bind(struct context *ctx, const struct stage *stage, struct range *out);
/* Clears the selection of rows that a range leaves out, among rows of one series in order of time:
 * all of them, or the newest ones. 0 or PACE_ENOMEM. */
struct range_rows {
    size_t count;
    const int64_t *time_ns;
    const char *const *commit;
    const double *run;
    uint8_t *selected;
    double newest_run; /* number of the stream's newest run; NAN: not known yet */
    int64_t oldest_ns; /* rows that are not here are not later than this */
    bool settled;      /* set when no older row can change which of these are chosen */
};
int range_apply(const struct range *range, struct range_rows *rows);

struct mark_view;

/* The scan: reads the selection, chooses by the ranges it is given in order, and adds runs from
 * before a branch's start point as far as windows look (rule 7). */
int op_scan(struct context *ctx, const struct selection *selection, const struct mark_view *marks,
            struct op **out);
/* Before the first next(): ranges, with history for `lookback`; gone: with a row for each series
 * that its newest run lacks; with_history: inherited rows are chosen and printed like others. */
void op_scan_extend(struct op *scan, struct range *ranges, struct lookback lookback, bool gone,
                    bool with_history);

/* Where whoever takes the rows knows all that it needs of a stream's oldest runs, they are not
 * read, and batch.skipped tells; but for the last of them, which shows whether they are still the
 * oldest. */
struct scan_known {
    /* How many of a stream, the last of which is *run; 0: none. */
    int (*runs)(void *context, struct context *ctx, const struct pace_stream *stream,
                uint64_t *runs, uint64_t *run);
    /* 1 when that is so for a series of it, 0 when all of its rows are needed. */
    int (*series)(void *context, struct context *ctx, const struct series *series);
    void *context;
};
const struct mark_view *op_scan_marks(const struct op *scan);
void op_scan_known(struct op *scan, const struct scan_known *known);

/* Of each series what its branch inherits, and nothing else: the ranges choose among that. */
void op_scan_base(struct op *scan);

/* Runs that a mark excludes are shown too; they are history of nothing. */
void op_scan_show_excluded(struct op *scan);

/* For those who divide the series of a selection (parts.h). */
/* It reads these alone, and then tells that there are no more. */
void op_scan_slice(struct op *scan, size_t from, size_t end);
/* Asked at the end whether there are more, which follow: true with a new end. */
void op_scan_more(struct op *scan, bool (*more)(void *context, size_t *end), void *context);
/* It is one of so many, which share the memory. */
void op_scan_share(struct op *scan, unsigned threads);
/* Counts branches that were told about elsewhere; how many of these may be shown. */
size_t op_scan_noted(struct op *scan, size_t more);
/* How many branches it told about since. */
size_t op_scan_take_noted(struct op *scan);
/* About how many points it will read, where each stream begins among the series. */
uint64_t op_scan_points(const struct op *scan, size_t *starts, size_t *start_count);

/* Instead of next(): a summary of the rows of each series of the selection, from the store's own
 * where it has them. *out (of the arena) is NULL where rows must be read: a mark or a range chooses
 * among them, or a series has no value. */
int op_scan_summaries(struct op *scan, struct context *ctx, struct pace_summary **out);
bool op_scan_is(const struct op *op);
/* How many rows it gives at most; 0: nobody knows. */
size_t op_scan_most(const struct op *scan);
const struct selection *op_scan_selection(const struct op *scan);
/* Its first columns are the names of a series, by dimension; this one is its value. */
enum { OP_SCAN_VALUE = 8 };

/* A series whose rows lie as they are in the scan's memory: a value in each, no mark, the first
 * one's columns all but its names and values those of every other with the same runs_id. */
struct plain_series {
    const struct series *series; /* NULL: the next one is not such a series */
    size_t count;
    const int64_t *time_ns;
    const char *const *commit;
    const double *run, *value, *lower, *upper; /* lower, upper: NULL where there are none */
    const uint8_t *selected;
    uint64_t runs_id; /* not 0 */
};
/* The series that next() would hand on next, where none is being handed on. */
int op_scan_peek(struct op *scan, struct context *ctx, struct plain_series *out);
/* Goes on behind it. */
void op_scan_take(struct op *scan);
/* Puts a row of it to place `to` of vectors for the scan's columns, but for units. */
void op_scan_put(const struct plain_series *plain, size_t row, struct vec *vecs, size_t to);

/* For operators: memory, and a schema that begins as the input's. */
int op_make(struct context *ctx, size_t size, const char *name, struct op *input, void *out);
int op_add_column(struct context *ctx, struct op *op, struct column column);
/* Adds how far an expression of the operator looks back; an error where its rows are of no series.
 */
int op_look_back(struct context *ctx, struct op *op, const struct binder *binder, struct span span);
/* Diagnosed as Q_LIMIT or Q_NO_MEMORY. */
int op_fail_rows(struct context *ctx, int code, const char *verb);

#endif
