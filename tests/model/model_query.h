/* model_query.h -- a query of the model: its tree, and the text that says it. */
#ifndef PACE_MODEL_QUERY_H
#define PACE_MODEL_QUERY_H

#include "model_store.h"

enum {
    TERMS_MAX = 5,
    CONJS_MAX = 2,
    STAGES_MAX = 9,
    POOL_MAX = 256,
    TEXT_MAX = 8192,
    NAME_MAX_LEN = 64
};

/* -- selectors --------------------------------------------------------------------------------- */

enum {
    KEY_PROJECT,
    KEY_BRANCH,
    KEY_TESTBED,
    KEY_BENCHMARK,
    KEY_MEASURE,
    KEY_COMMIT,
    KEY_RUN,
    KEY_PATH
};
static const char *const KEYS[] = {"project", "branch", "testbed", "benchmark",
                                   "measure", "commit", "run"};

struct term {
    bool negated;
    int key;
    int count; /* PATH: segments; else 1 */
    char pattern[5][NAME_MAX_LEN];
    bool quoted[5]; /* a literal text, not a glob */
};

struct conj {
    int count;
    struct term terms[TERMS_MAX];
};

struct selection_spec {
    int count;
    struct conj conjs[CONJS_MAX];
};

/* -- expressions ------------------------------------------------------------------------------- */

enum fn {
    FN_COUNT,
    FN_MEAN,
    FN_MEDIAN,
    FN_MIN,
    FN_MAX,
    FN_STDDEV,
    FN_SUM,
    FN_FIRST,
    FN_LAST,
    FN_P95,
    FN_P25,
    FN_KINDS
};
static const char *const FN_NAMES[] = {"count", "mean",  "median", "min", "max", "stddev",
                                       "sum",   "first", "last",   "p95", "p25"};

struct window_spec {
    enum { OVER_POINTS, OVER_DAYS, OVER_COMMITS, OVER_ALL, OVER_SEGMENT } kind;
    int over, lag, needs;
};

enum ex_kind {
    EX_NUMBER,
    EX_COLUMN,
    EX_TIME,
    EX_ARITHMETIC,
    EX_COMPARE,
    EX_AND,
    EX_OR,
    EX_NOT,
    EX_IS_NONE,
    EX_IS_NOT_NONE,
    EX_ELSE,
    EX_WINDOW,
    EX_PREV,
    EX_DELTA,
    EX_MATCH,
    EX_VERDICT,
    EX_HIGH,
    EX_LOW,
    EX_IF,
    EX_LOG
};

struct ex {
    enum ex_kind kind;
    char op[3];
    double number;
    char text[NAME_MAX_LEN]; /* the column, verdict, pattern, or number as written */
    int key;
    int64_t time_ns;
    enum fn fn;
    struct window_spec window;
    struct ex *a, *b, *c;
};

/* -- stages ------------------------------------------------------------------------------------ */

enum bound_unit { NO_BOUND, AS_DEVIATIONS, AS_PROBABILITY, AS_FRACTION, AS_VALUE };
struct bound_spec {
    enum bound_unit unit;
    double value; /* deviations, 0..1, fraction, value */
    char text[24];
};

enum check_model { CHECK_STATIC, CHECK_PERCENTAGE, CHECK_Z, CHECK_T, CHECK_IQR, CHECK_MAD };
static const char *const MODEL_NAMES[] = {"static", "percentage", "z-score",
                                          "t-test", "iqr",        "mad"};

struct check_spec {
    enum check_model model;
    struct bound_spec worse, lower, upper;
    double floor;
    int confirm, confirm_of;
    struct window_spec window;
};

enum stage_type {
    ST_LAST,
    ST_FIRST,
    ST_LAST_DAYS,
    ST_LAST_RUN,
    ST_LAST_COMMITS,
    ST_SINCE,
    ST_UNTIL,
    ST_BETWEEN,
    ST_WHERE,
    ST_DERIVE,
    ST_BASELINE,
    ST_CHECK,
    ST_SUMMARIZE,
    ST_SORT,
    ST_TAKE,
    ST_TOP,
    ST_KEEP
};

struct column_spec {
    char name[NAME_MAX_LEN]; /* as it comes out */
    enum fn fn;
    bool counts_rows; /* count() */
    char column[NAME_MAX_LEN];
};

struct stage_spec {
    enum stage_type type;
    int count;
    int64_t from_ns, until_ns; /* what the verb means: from <= time < until */
    char text[200];            /* of the range, as written */
    struct ex *ex;
    char name[NAME_MAX_LEN];
    enum fn fn;
    struct window_spec window;
    struct check_spec check;
    int column_count, by_count;
    struct column_spec columns[4];
    char by[3][NAME_MAX_LEN]; /* summarize by, top per, keep */
    struct {
        char column[NAME_MAX_LEN];
        bool descending;
    } keys[2];
    int key_count;
};

struct query_spec {
    struct selection_spec selection;
    int stage_count;
    struct stage_spec stages[STAGES_MAX];
    struct ex pool[POOL_MAX];
    int used;
    char text[TEXT_MAX];
    size_t len;
};

/* -- text -------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(struct query_spec *q, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    q->len += (size_t)vsnprintf(q->text + q->len, TEXT_MAX - q->len, format, args);
    va_end(args);
    assert_true(q->len < TEXT_MAX);
}

static void put_pattern(struct query_spec *q, const struct term *term, int i)
{
    put(q, term->quoted[i] ? "\"%s\"" : "%s", term->pattern[i]);
}

static void put_selection(struct query_spec *q)
{
    for (int c = 0; c < q->selection.count; c++) {
        const struct conj *conj = &q->selection.conjs[c];
        put(q, c ? " or " : "");
        for (int t = 0; t < conj->count; t++) {
            const struct term *term = &conj->terms[t];
            put(q, "%s%s", t ? " " : "", term->negated ? "not " : "");
            if (term->key != KEY_PATH) put(q, "%s:", KEYS[term->key]);
            for (int i = 0; i < term->count; i++) {
                if (term->key == KEY_PATH) put(q, "//");
                put_pattern(q, term, i);
            }
        }
    }
}

static int default_needs(const struct window_spec *window)
{
    bool counts = window->kind == OVER_POINTS || window->kind == OVER_COMMITS;
    return counts && window->over < 5 ? window->over : 5;
}

static void put_window(struct query_spec *q, const struct window_spec *window)
{
    if (window->kind == OVER_ALL) put(q, " over all");
    if (window->kind == OVER_SEGMENT) put(q, " over segment");
    if (window->kind == OVER_POINTS && window->over != 64) put(q, " over %d", window->over);
    if (window->kind == OVER_DAYS) put(q, " over %dd", window->over);
    if (window->kind == OVER_COMMITS) put(q, " over %d commits", window->over);
    if (window->lag != 1) put(q, " lag %d", window->lag);
    if (window->needs != default_needs(window)) put(q, " needs %d", window->needs);
}

static void put_ex(struct query_spec *q, const struct ex *ex)
{
    char time[40];
    switch (ex->kind) {
    case EX_NUMBER:
    case EX_COLUMN:
    case EX_VERDICT: put(q, "%s", ex->text); return;
    case EX_HIGH: put(q, "high"); return;
    case EX_LOW: put(q, "low"); return;
    case EX_TIME:
        print_time(time, ex->time_ns);
        put(q, "%s", time);
        return;
    case EX_MATCH: put(q, "%s:%s", KEYS[ex->key], ex->text); return;
    case EX_PREV:
    case EX_DELTA:
    case EX_LOG:
        put(q, "%s(", ex->kind == EX_PREV ? "prev" : ex->kind == EX_DELTA ? "delta" : "log");
        put_ex(q, ex->a);
        put(q, ")");
        return;
    case EX_IF:
        put(q, "if(");
        put_ex(q, ex->a);
        put(q, ", ");
        put_ex(q, ex->b);
        put(q, ", ");
        put_ex(q, ex->c);
        put(q, ")");
        return;
    case EX_WINDOW: /* `over` is always written: without it the call is no window */
        put(q, "(%s(", FN_NAMES[ex->fn]);
        if (ex->a) put_ex(q, ex->a);
        put(q, ")");
        if (ex->window.kind == OVER_POINTS && ex->window.over == 64) put(q, " over 64");
        put_window(q, &ex->window);
        put(q, ")");
        return;
    case EX_NOT:
        put(q, "not (");
        put_ex(q, ex->a);
        put(q, ")");
        return;
    case EX_IS_NONE:
    case EX_IS_NOT_NONE:
        put(q, "(");
        put_ex(q, ex->a);
        put(q, ex->kind == EX_IS_NONE ? " is none)" : " is not none)");
        return;
    case EX_ARITHMETIC:
    case EX_COMPARE:
    case EX_AND:
    case EX_OR:
    case EX_ELSE: break;
    }
    put(q, "(");
    put_ex(q, ex->a);
    put(q, " %s ",
        ex->kind == EX_AND    ? "and"
        : ex->kind == EX_OR   ? "or"
        : ex->kind == EX_ELSE ? "else"
                              : ex->op);
    put_ex(q, ex->b);
    put(q, ")");
}

static void put_names(struct query_spec *q, const char *before, const char names[][NAME_MAX_LEN],
                      int count)
{
    for (int i = 0; i < count; i++)
        put(q, "%s%s", i ? ", " : before, names[i]);
}

static void put_check(struct query_spec *q, const struct check_spec *check)
{
    put(q, "check %s", MODEL_NAMES[check->model]);
    if (check->worse.unit) put(q, " %s", check->worse.text);
    if (check->upper.unit) put(q, " upper %s", check->upper.text);
    if (check->lower.unit) put(q, " lower %s", check->lower.text);
    put_window(q, &check->window);
    if (check->floor > 0) put(q, " floor %g%%", check->floor * 100);
    if (check->confirm_of > 1) put(q, " confirm %d of %d", check->confirm, check->confirm_of);
}

static void put_summarize(struct query_spec *q, const struct stage_spec *stage)
{
    put(q, "summarize ");
    for (int i = 0; i < stage->column_count; i++) {
        const struct column_spec *column = &stage->columns[i];
        put(q, "%s%s = %s(%s)", i ? ", " : "", column->name, FN_NAMES[column->fn],
            column->counts_rows ? "" : column->column);
    }
    put_names(q, " by ", stage->by, stage->by_count);
}

static void put_stage(struct query_spec *q, const struct stage_spec *stage)
{
    put(q, " | ");
    switch (stage->type) {
    case ST_LAST:
    case ST_FIRST: put(q, "%s %d", stage->type == ST_LAST ? "last" : "first", stage->count); return;
    case ST_LAST_DAYS: put(q, "last %dd", stage->count); return;
    case ST_LAST_RUN: put(q, "last run"); return;
    case ST_LAST_COMMITS: put(q, "last %d commits", stage->count); return;
    case ST_SINCE:
    case ST_UNTIL:
    case ST_BETWEEN: put(q, "%s", stage->text); return;
    case ST_WHERE:
        put(q, "where ");
        put_ex(q, stage->ex);
        return;
    case ST_DERIVE:
        put(q, "derive %s = ", stage->name);
        put_ex(q, stage->ex);
        return;
    case ST_BASELINE:
        put(q, "baseline %s", FN_NAMES[stage->fn]);
        put_window(q, &stage->window);
        return;
    case ST_CHECK: put_check(q, &stage->check); return;
    case ST_SUMMARIZE: put_summarize(q, stage); return;
    case ST_SORT:
        for (int i = 0; i < stage->key_count; i++)
            put(q, "%s%s%s", i ? ", " : "sort ", stage->keys[i].column,
                stage->keys[i].descending ? " desc" : "");
        return;
    case ST_TAKE: put(q, "take %d", stage->count); return;
    case ST_TOP:
        put(q, "%s %d by %s", stage->keys[0].descending ? "top" : "bottom", stage->count,
            stage->keys[0].column);
        put_names(q, " per ", stage->by, stage->by_count);
        return;
    case ST_KEEP:
        put(q, "keep");
        put_names(q, " ", stage->by, stage->by_count);
        return;
    }
}

static void query_print(struct query_spec *q)
{
    q->len = 0;
    put_selection(q);
    for (int i = 0; i < q->stage_count; i++)
        put_stage(q, &q->stages[i]);
}

#endif
