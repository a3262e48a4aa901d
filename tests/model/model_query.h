/* model_query.h -- random queries: the tree that model_eval.h evaluates, and its text. */
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
    enum { OVER_POINTS, OVER_DAYS, OVER_ALL } kind;
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
    return window->kind == OVER_POINTS && window->over < 5 ? window->over : 5;
}

static void put_window(struct query_spec *q, const struct window_spec *window)
{
    if (window->kind == OVER_ALL) put(q, " over all");
    if (window->kind == OVER_POINTS && window->over != 64) put(q, " over %d", window->over);
    if (window->kind == OVER_DAYS) put(q, " over %dd", window->over);
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

/* -- making them up ---------------------------------------------------------------------------- */

static struct ex *ex_make(struct query_spec *q, enum ex_kind kind)
{
    assert_true(q->used < POOL_MAX);
    struct ex *ex = &q->pool[q->used++];
    *ex = (struct ex){.kind = kind};
    return ex;
}

static struct ex *ex_column(struct query_spec *q, const char *name)
{
    struct ex *ex = ex_make(q, EX_COLUMN);
    snprintf(ex->text, sizeof ex->text, "%s", name);
    return ex;
}

/* A number that no value equals, near those that occur. */
static struct ex *ex_number(struct query_spec *q, struct random *random)
{
    struct ex *ex = ex_make(q, EX_NUMBER);
    snprintf(ex->text, sizeof ex->text, "%d.123",
             random_between(random, 1, 3) * 1000 + random_between(random, -40, 60));
    ex->number = strtod(ex->text, NULL);
    return ex;
}

static struct ex *ex_two(struct query_spec *q, enum ex_kind kind, const char *op, struct ex *a,
                         struct ex *b)
{
    struct ex *ex = ex_make(q, kind);
    snprintf(ex->op, sizeof ex->op, "%s", op);
    ex->a = a;
    ex->b = b;
    return ex;
}

static struct window_spec random_window(struct random *random)
{
    static const int overs[] = {1, 2, 3, 5, 8, 20, 64, 64};
    struct window_spec window = {OVER_POINTS, overs[random_below(random, 8)], 1, 5};
    if (random_chance(random, 20))
        window = (struct window_spec){OVER_DAYS, random_between(random, 1, 40), 1, 5};
    if (random_chance(random, 10)) window.kind = OVER_ALL;
    if (random_chance(random, 25)) window.lag = random_between(random, 0, 6);
    if (random_chance(random, 40)) window.needs = random_between(random, 1, 9);
    if (window.kind == OVER_POINTS && window.needs > window.over) window.needs = window.over;
    return window;
}

/* What a query may name by now. */
struct known {
    bool base, verdict, mixed;
    int derived;
    bool plain[STAGES_MAX]; /* derived column i has no unit */
};

static struct ex *random_measured(struct query_spec *q, struct random *random,
                                  const struct known *known, int depth);

static struct ex *ex_one(struct query_spec *q, enum ex_kind kind, struct ex *a)
{
    return ex_two(q, kind, "", a, NULL);
}

static struct ex *random_window_call(struct query_spec *q, struct random *random,
                                     struct ex *argument, enum fn fn)
{
    struct ex *ex = ex_make(q, EX_WINDOW);
    ex->fn = fn;
    ex->window = random_window(random);
    ex->a = argument;
    return ex;
}

/* A column with or without a unit that an earlier stage derived, or NULL. */
static struct ex *random_derived(struct query_spec *q, struct random *random,
                                 const struct known *known, bool plain)
{
    char name[NAME_MAX_LEN];
    if (!known->derived) return NULL;
    int i = random_below(random, known->derived);
    if (known->plain[i] != plain) return NULL;
    snprintf(name, sizeof name, "d%d", i);
    return ex_column(q, name);
}

/* A number of a row in the unit of its value. */
static struct ex *random_measured(struct query_spec *q, struct random *random,
                                  const struct known *known, int depth)
{
    static const char *const stored[] = {"value", "value", "value", "lower_value", "upper_value"};
    int kind = depth <= 0 ? random_below(random, 30) : random_below(random, 100);
    struct ex *ex = kind < 8 ? random_derived(q, random, known, false) : NULL;
    if (ex) return ex;
    if (kind < 12 && known->base) return ex_column(q, "base");
    if (kind < 30) return ex_column(q, stored[random_below(random, 5)]);
    if (kind < 62) {
        ex = random_chance(random, 70) ? ex_column(q, "value")
                                       : random_measured(q, random, known, depth - 1);
        return random_window_call(q, random, ex,
                                  (enum fn)random_between(random, FN_COUNT + 1, FN_KINDS - 1));
    }
    if (kind < 70) return ex_one(q, EX_PREV, random_measured(q, random, known, depth - 1));
    if (kind < 78)
        return ex_two(q, EX_ELSE, "", random_measured(q, random, known, depth - 1),
                      ex_number(q, random));
    if (kind < 86) {
        ex = ex_make(q, EX_IF);
        ex->a = ex_two(q, EX_COMPARE, ">", ex_column(q, "value"), ex_number(q, random));
        ex->b = ex_column(q, "value");
        ex->c = random_measured(q, random, known, depth - 1);
        return ex;
    }
    if (kind < 90)
        return ex_two(q, EX_ARITHMETIC, "*", random_measured(q, random, known, depth - 1),
                      ex_number(q, random));
    return ex_two(q, EX_ARITHMETIC, random_chance(random, 50) ? "+" : "-",
                  random_measured(q, random, known, depth - 1),
                  random_measured(q, random, known, depth - 1));
}

/* A number of a row without a unit. */
static struct ex *random_plain(struct query_spec *q, struct random *random,
                               const struct known *known, int depth)
{
    int kind = random_below(random, 100);
    struct ex *ex = kind < 20 ? random_derived(q, random, known, true) : NULL;
    if (ex) return ex;
    if (kind < 35) return ex_one(q, EX_DELTA, random_measured(q, random, known, depth - 1));
    if (kind < 55) /* missing for many rows */
        return ex_one(q, EX_LOG,
                      ex_two(q, EX_ARITHMETIC, "-", ex_column(q, "value"), ex_number(q, random)));
    if (kind < 70) {
        ex = random_chance(random, 50) ? NULL : random_measured(q, random, known, depth - 1);
        return random_window_call(q, random, ex, FN_COUNT);
    }
    if (depth > 0 && kind < 80)
        return random_window_call(q, random, random_plain(q, random, known, depth - 1),
                                  (enum fn)random_below(random, FN_KINDS));
    return ex_two(q, EX_ARITHMETIC, "/", random_measured(q, random, known, depth - 1),
                  random_measured(q, random, known, depth - 1));
}

static struct ex *random_value(struct query_spec *q, struct random *random,
                               const struct known *known, int depth, bool *plain)
{
    *plain = random_chance(random, 35);
    return *plain ? random_plain(q, random, known, depth)
                  : random_measured(q, random, known, depth);
}

static struct ex *random_match(struct query_spec *q, struct random *random,
                               const struct model_store *store)
{
    static const struct {
        int key;
        const char *pattern;
    } matches[] = {
        {KEY_BENCHMARK, "*s*"}, {KEY_BENCHMARK, "*t*"},    {KEY_BENCHMARK, "{fft,parse/*}"},
        {KEY_TESTBED, "ci-?"},  {KEY_BRANCH, "main"},      {KEY_BRANCH, "{main,pr-*}"},
        {KEY_COMMIT, "*7*"},    {KEY_COMMIT, "{0,1,2,3}*"}};
    struct ex *ex = ex_make(q, EX_MATCH);
    int i = random_below(random, 40);
    if (i < 39) {
        i %= 8;
        ex->key = matches[i].key;
        snprintf(ex->text, sizeof ex->text, "%s", matches[i].pattern);
        return ex;
    }
    ex->key = KEY_RUN;
    ex->number = 1 + random_below(random, (int)store->run_count);
    snprintf(ex->text, sizeof ex->text, "%.0f", ex->number);
    return ex;
}

static int64_t random_time(struct random *random, const struct model_store *store)
{
    int64_t time_ns = store->runs[random_below(random, (int)store->run_count)].time_ns;
    return random_chance(random, 50)
               ? time_ns
               : time_ns + INT64_C(3600000000000) * random_between(random, -30, 30);
}

/* A condition on a row. */
static struct ex *random_flag(struct query_spec *q, struct random *random,
                              const struct model_store *store, const struct known *known, int depth)
{
    static const char *const verdicts[] = {"ok",   "worse",   "better", "suspected", "changed",
                                           "thin", "flat-ok", "new",    "failed",    "gone"};
    static const char *const orders[] = {">", "<", ">=", "<="};
    int kind = random_below(random, 100);
    struct ex *ex;
    if (known->verdict && kind < 35) {
        ex = ex_make(q, kind < 25 ? EX_VERDICT : kind < 30 ? EX_HIGH : EX_LOW);
        snprintf(ex->text, sizeof ex->text, "%s", verdicts[random_below(random, 10)]);
        return random_chance(random, 50) ? ex_one(q, EX_NOT, ex) : ex;
    }
    if (depth > 0 && kind < 50)
        return ex_two(q, random_chance(random, 50) ? EX_AND : EX_OR, "",
                      random_flag(q, random, store, known, depth - 1),
                      random_flag(q, random, store, known, depth - 1));
    if (depth > 0 && kind < 58)
        return ex_one(q, EX_NOT, random_flag(q, random, store, known, depth - 1));
    bool plain;
    if (kind < 65)
        return ex_one(q, random_chance(random, 50) ? EX_IS_NONE : EX_IS_NOT_NONE,
                      random_value(q, random, known, 0, &plain));
    if (kind < 75) return random_match(q, random, store);
    const char *order = orders[random_below(random, 4)];
    if (kind < 82) {
        ex = ex_make(q, EX_TIME);
        ex->time_ns = random_time(random, store);
        return ex_two(q, EX_COMPARE, order, ex_column(q, "time"), ex);
    }
    struct ex *left = random_value(q, random, known, random_chance(random, 25), &plain);
    struct ex *right = ex_number(q, random);
    if (plain) { /* near the middle of what ratios and logarithms are */
        right->number = random_between(random, -3, 3) + 0.0123;
        snprintf(right->text, sizeof right->text, "%.4f", right->number);
    }
    return ex_two(q, EX_COMPARE, order, left, right);
}

/* -- selectors --------------------------------------------------------------------------------- */

static void term_set(struct term *term, int i, const char *pattern)
{
    snprintf(term->pattern[i], NAME_MAX_LEN, "%s", pattern);
    term->quoted[i] = strchr(pattern, ' ') != NULL;
}

static const char *random_pattern(struct random *random, int key)
{
    static const char *const patterns[5][6] = {
        {"p", "*", "{p,q}", "q", "?", "p"},
        {"main", "main", "pr-*", "{main,dev/x}", "*", "dev*"},
        {"ci-1", "ci-*", "lin x", "*", "ci-?", "{ci-1,lin}*"},
        {"parse/json", "parse/*", "sort[1000-a]", "*t", "{fft,parse/toml}", "*"},
        {"latency", "throughput", "cache", "latency.min", "*.*", "*"},
    };
    return patterns[key][random_below(random, 6)];
}

/* Mostly patterns that name a series of the store. */
static const char *near_pattern(struct random *random, const struct model_stream *stream,
                                int column, int key)
{
    if (random_chance(random, 30)) return random_pattern(random, key);
    if (key == KEY_MEASURE) return MEASURE_INFO[column % MEASURES].name;
    return key == KEY_BENCHMARK ? BENCHMARK_NAMES[column / MEASURES] : stream->names[key];
}

static void random_conj(struct conj *conj, struct random *random, const struct model_store *store,
                        bool rows)
{
    *conj = (struct conj){0};
    const struct model_stream *stream = &store->streams[random_below(random, store->stream_count)];
    int column = 0;
    for (int i = 0; i < COLUMNS && !stream->has[column]; i++)
        column = random_below(random, COLUMNS);
    if (random_chance(random, 15)) {
        struct term *path = &conj->terms[conj->count++];
        *path = (struct term){.key = KEY_PATH, .count = random_between(random, 1, 4)};
        for (int i = 0; i < path->count; i++)
            term_set(path, i, near_pattern(random, stream, column, i));
    } else {
        for (int key = 0; key < 4 && conj->count < 3; key++) {
            if (!random_chance(random, 30)) continue;
            struct term *term = &conj->terms[conj->count++];
            *term = (struct term){.key = key, .count = 1, .negated = random_chance(random, 10)};
            term_set(term, 0,
                     term->negated ? random_pattern(random, key)
                                   : near_pattern(random, stream, column, key));
        }
    }
    struct term *measure = &conj->terms[conj->count++];
    *measure = (struct term){.key = KEY_MEASURE, .count = 1};
    term_set(measure, 0, near_pattern(random, stream, column, KEY_MEASURE));
    if (!rows || !random_chance(random, 12)) return;
    struct term *term = &conj->terms[conj->count++];
    const struct model_run *run = &store->runs[random_below(random, (int)store->run_count)];
    *term = (struct term){.key = KEY_RUN, .count = 1, .negated = random_chance(random, 60)};
    snprintf(term->pattern[0], NAME_MAX_LEN, "%llu", (unsigned long long)run->number);
    if (!*run->commit || random_chance(random, 40)) return;
    term->key = KEY_COMMIT;
    snprintf(term->pattern[0], NAME_MAX_LEN, random_chance(random, 50) ? "%.12s" : "%.5s*",
             run->commit);
}

static bool selection_mixed(const struct selection_spec *selection)
{
    const char *first = selection->conjs[0].terms[0].pattern[0];
    bool mixed = false;
    for (int c = 0; c < selection->count; c++)
        for (int t = 0; t < selection->conjs[c].count; t++) {
            const struct term *term = &selection->conjs[c].terms[t];
            if (term->key != KEY_MEASURE) continue;
            if (c == 0) first = term->pattern[0];
            mixed |= strcmp(term->pattern[0], first) != 0 || strcmp(first, "*") == 0;
        }
    return mixed;
}

/* -- stages ------------------------------------------------------------------------------------ */

static void random_range(struct stage_spec *stage, struct random *random,
                         const struct model_store *store)
{
    char from[40], until[40];
    stage->from_ns = INT64_MIN;
    stage->until_ns = INT64_MAX;
    int64_t a = random_time(random, store), b = random_time(random, store);
    const struct model_run *run = &store->runs[random_below(random, (int)store->run_count)];
    switch (random_below(random, 12)) {
    case 0:
    case 1:
    case 2:
        stage->type = ST_LAST;
        stage->count = random_chance(random, 50) ? 1 : random_between(random, 1, 40);
        return;
    case 3:
        stage->type = ST_FIRST;
        stage->count = random_between(random, 1, 40);
        return;
    case 4:
    case 5:
        stage->type = ST_LAST_DAYS;
        stage->count = random_between(random, 1, 60);
        return;
    case 6:
        stage->type = ST_LAST_COMMITS;
        stage->count = random_between(random, 1, 10);
        return;
    case 7:
        stage->type = ST_SINCE;
        print_time(from, a);
        stage->from_ns = a;
        snprintf(stage->text, sizeof stage->text, "since %s", from);
        return;
    case 8:
        stage->type = ST_SINCE;
        stage->count = random_between(random, 1, 60);
        stage->from_ns = store->now_ns - stage->count * INT64_C(86400000000000);
        snprintf(stage->text, sizeof stage->text, "since %dd ago", stage->count);
        return;
    case 9:
        stage->type = ST_UNTIL;
        print_time(until, b);
        stage->until_ns = b;
        snprintf(stage->text, sizeof stage->text, "until %s", until);
        return;
    case 10:
        if (*run->commit) { /* up to and including the last run of the commit */
            stage->type = ST_UNTIL;
            stage->until_ns = INT64_MIN;
            for (size_t i = 0; i < store->run_count; i++)
                if (strcmp(store->runs[i].commit, run->commit) == 0 &&
                    store->runs[i].time_ns >= stage->until_ns)
                    stage->until_ns = store->runs[i].time_ns + 1;
            snprintf(stage->text, sizeof stage->text, "until commit:%.16s", run->commit);
            return;
        }
        break;
    default: break;
    }
    stage->type = ST_BETWEEN;
    stage->from_ns = a < b ? a : b;
    stage->until_ns = a < b ? b : a;
    print_time(from, stage->from_ns);
    print_time(until, stage->until_ns);
    snprintf(stage->text, sizeof stage->text, "between %s and %s", from, until);
}

static struct bound_spec random_bound(struct random *random, enum check_model model)
{
    struct bound_spec bound = {0};
    switch (model) {
    case CHECK_STATIC:
        bound.unit = AS_VALUE;
        snprintf(bound.text, sizeof bound.text, "%d.123", random_between(random, 900, 3300));
        bound.value = strtod(bound.text, NULL);
        break;
    case CHECK_PERCENTAGE:
    case CHECK_IQR:
        bound.unit = AS_FRACTION;
        snprintf(bound.text, sizeof bound.text, model == CHECK_IQR ? "%d.37x" : "%d.37%%",
                 random_between(random, 0, 4));
        bound.value = strtod(bound.text, NULL) * (model == CHECK_IQR ? 1 : 0.01);
        break;
    case CHECK_Z:
    case CHECK_T:
        if (random_chance(random, 50)) {
            bound.unit = AS_PROBABILITY;
            snprintf(bound.text, sizeof bound.text, "%d.5%%", random_between(random, 80, 99));
            bound.value = strtod(bound.text, NULL) * 0.01;
            break;
        }
        /* fall through */
    case CHECK_MAD:
        bound.unit = AS_DEVIATIONS;
        snprintf(bound.text, sizeof bound.text, "%d.37sd", random_between(random, 0, 4));
        bound.value = strtod(bound.text, NULL);
        break;
    }
    return bound;
}

static void random_check(struct check_spec *check, struct random *random)
{
    *check = (struct check_spec){
        .model = (enum check_model)random_below(random, 6), .confirm = 1, .confirm_of = 1};
    int sides = random_below(random, 4);
    if (sides == 0) check->worse = random_bound(random, check->model);
    if (sides == 1 || sides == 3) check->upper = random_bound(random, check->model);
    if (sides == 2 || sides == 3) check->lower = random_bound(random, check->model);
    check->window = random_window(random);
    if (check->model == CHECK_STATIC) { /* 0 is its default */
        check->window.kind = OVER_POINTS;
        check->window.over = 64;
        check->window.needs = random_chance(random, 70) ? 0 : random_between(random, 6, 9);
    }
    if (random_chance(random, 40)) check->floor = random_chance(random, 50) ? 0.05 : 0.01;
    if (random_chance(random, 35)) {
        check->confirm_of = random_between(random, 2, 4);
        check->confirm = random_between(random, 1, check->confirm_of);
    }
}

static void random_summarize(struct stage_spec *stage, struct random *random,
                             const struct known *known)
{
    static const char *const by[] = {"benchmark", "testbed", "branch", "commit", "time", "run"};
    stage->type = ST_SUMMARIZE;
    stage->column_count = random_between(random, 1, 4);
    for (int i = 0; i < stage->column_count; i++) {
        struct column_spec *column = &stage->columns[i];
        column->fn = (enum fn)random_below(random, FN_KINDS);
        column->counts_rows = column->fn == FN_COUNT && random_chance(random, 50);
        snprintf(column->name, NAME_MAX_LEN, "s%d", i);
        snprintf(column->column, NAME_MAX_LEN, "%s",
                 known->base && random_chance(random, 40) ? "base" : "value");
        if (known->derived && random_chance(random, 30))
            snprintf(column->column, NAME_MAX_LEN, "d%d", random_below(random, known->derived));
    }
    if (known->mixed) snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "measure");
    for (int i = 0; i < 6 && stage->by_count < 3; i++)
        if (random_chance(random, 30))
            snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "%s", by[i]);
}

static void random_sort(struct stage_spec *stage, struct random *random, const struct known *known,
                        bool top)
{
    static const char *const keys[] = {"value",     "time",   "run",
                                       "benchmark", "commit", "lower_value"};
    stage->type = top ? ST_TOP : ST_SORT;
    stage->key_count = top ? 1 : random_between(random, 1, 2);
    for (int i = 0; i < stage->key_count; i++) {
        int key = known->mixed ? 1 + random_below(random, 4) : random_below(random, 6);
        snprintf(stage->keys[i].column, NAME_MAX_LEN, "%s", keys[key]);
        stage->keys[i].descending = random_chance(random, 50);
    }
    stage->count = random_between(random, 0, 30);
    if (top && random_chance(random, 50))
        snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "testbed");
    if (top && random_chance(random, 30))
        snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "commit");
}

static void random_stage(struct query_spec *q, struct random *random,
                         const struct model_store *store, struct known *known)
{
    struct stage_spec *stage = &q->stages[q->stage_count];
    *stage = (struct stage_spec){0};
    int kind = random_below(random, 100);
    if (kind < 40) {
        random_range(stage, random, store);
    } else if (kind < 58) {
        stage->type = ST_WHERE;
        stage->ex = random_flag(q, random, store, known, 2);
    } else if (kind < 76) {
        stage->type = ST_DERIVE;
        stage->ex = random_value(q, random, known, 2, &known->plain[known->derived]);
        snprintf(stage->name, sizeof stage->name, "d%d", known->derived++);
    } else if (kind < 86 && !known->base) {
        static const enum fn functions[] = {FN_MEAN, FN_MEDIAN, FN_P95, FN_MIN, FN_MAX, FN_LAST};
        stage->type = ST_BASELINE;
        stage->fn = functions[random_below(random, 6)];
        stage->window = random_window(random);
        known->base = true;
    } else if (!known->base) {
        stage->type = ST_CHECK;
        random_check(&stage->check, random);
        known->base = known->verdict = true;
    } else {
        return;
    }
    q->stage_count++;
}

static void random_query(struct query_spec *q, struct random *random,
                         const struct model_store *store)
{
    q->stage_count = q->used = 0;
    q->selection.count = random_chance(random, 85) ? 1 : 2;
    for (int c = 0; c < q->selection.count; c++)
        random_conj(&q->selection.conjs[c], random, store, q->selection.count == 1);
    struct known known = {.mixed = selection_mixed(&q->selection)};
    int stages = random_below(random, 6);
    bool run = random_chance(random, 8);
    for (int i = 0; i < stages; i++) {
        if (run && random_chance(random, 30)) {
            q->stages[q->stage_count++] = (struct stage_spec){.type = ST_LAST_RUN};
            run = false;
        }
        random_stage(q, random, store, &known);
    }
    if (run) q->stages[q->stage_count++] = (struct stage_spec){.type = ST_LAST_RUN};
    struct stage_spec *stage = &q->stages[q->stage_count];
    *stage = (struct stage_spec){0};
    switch (random_below(random, 10)) {
    case 0:
    case 1: random_summarize(stage, random, &known); break;
    case 2: random_sort(stage, random, &known, false); break;
    case 3: random_sort(stage, random, &known, true); break;
    case 4:
        stage->type = ST_TAKE;
        stage->count = random_between(random, 0, 30);
        break;
    case 5:
        stage->type = ST_KEEP;
        snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "benchmark");
        snprintf(stage->by[stage->by_count++], NAME_MAX_LEN, "%s",
                 known.verdict ? "verdict" : "value");
        break;
    default: return;
    }
    q->stage_count++;
}

#endif
