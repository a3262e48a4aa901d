/* model_random.h -- queries made up at random, near what a store holds. */
#ifndef PACE_MODEL_RANDOM_H
#define PACE_MODEL_RANDOM_H

#include "model_query.h"

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
    if (random_chance(random, 12))
        window = (struct window_spec){OVER_COMMITS, random_between(random, 1, 12), 1, 5};
    if (window.kind == OVER_COMMITS && window.over < 5) window.needs = window.over;
    if (random_chance(random, 15)) window = (struct window_spec){OVER_SEGMENT, 64, 1, 5};
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
    case CHECK_MAD:
        bound.unit =
            model == CHECK_MAD || random_chance(random, 50) ? AS_DEVIATIONS : AS_PROBABILITY;
        if (bound.unit == AS_DEVIATIONS)
            snprintf(bound.text, sizeof bound.text, "%d.37sd", random_between(random, 0, 4));
        else
            snprintf(bound.text, sizeof bound.text, "%d.5%%", random_between(random, 80, 99));
        bound.value = strtod(bound.text, NULL) * (bound.unit == AS_DEVIATIONS ? 1 : 0.01);
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
