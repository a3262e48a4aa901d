/* test_query_model.c -- the query layer against an evaluator that knows no batches, no pushing down
 * and no bounded memory (model_eval.h): random stores, random queries printed as text, every row
 * compared.
 *
 * The seed is printed; PACE_SEED=N repeats a run, PACE_QUERIES=N sets the number of queries. */
#include "../query_help.h"
#include "model_random.h"
#include "model_table.h"

#include <sys/resource.h>

enum { QUERIES = 5000, QUERIES_A_STORE = 60 };

/* What one statement may use, and the whole program with the model's own tables: a query layer that
 * holds what it need not would go over one of them. */
enum { STATEMENT_BYTES = 16 << 20, PROGRAM_BYTES = 96 << 20 };

struct tally {
    uint64_t seed;
    size_t queries, rows, skipped, empty;
};

/* -- one query, both ways ------------------------------------------------------------------------
 */

struct check_of {
    const struct query_spec *query;
    const struct answer *expected;
    const char *text;
    uint64_t seed;
    size_t at; /* rows compared so far */
};

__attribute__((format(printf, 2, 3), noreturn)) static void differ(const struct check_of *of,
                                                                   const char *format, ...)
{
    char what[600];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    print_error("seed %llu\n  %s\n  %s\n", (unsigned long long)of->seed, of->text, what);
    fail_msg("the query layer and the model differ: PACE_SEED=%llu: %s: %s",
             (unsigned long long)of->seed, of->text, what);
    abort();
}

static bool close_to(number a, number b, number scale)
{
    number largest = fabsl(a) > fabsl(b) ? fabsl(a) : fabsl(b);
    return fabsl(a - b) <= 1e-9L * largest + 1e-12L * scale;
}

static void compare_cell(const struct check_of *of, const struct pace_field *field, size_t row,
                         const struct cell *cell, number scale)
{
    bool missing = field->missing && field->missing[row];
    if (missing != cell->missing)
        differ(of, "row %zu, %s: %s, the model says %s (%Lg)", of->at, field->name,
               missing ? "missing" : "there", cell->missing ? "missing" : "there", cell->number);
    if (missing) return;
    switch (field->type) {
    case PACE_FIELD_NUMBER:
        /* A spread is a difference of numbers: what it is exact to grows with the score as well. */
        if (strcmp(field->name, "score") == 0 && cell->number * cell->number > scale)
            scale = cell->number * cell->number;
        if (!close_to(field->number[row], cell->number, scale))
            differ(of, "row %zu, %s: %.17g, the model says %.17Lg", of->at, field->name,
                   field->number[row], cell->number);
        return;
    case PACE_FIELD_TIME:
        if (field->time_ns[row] != cell->time_ns)
            differ(of, "row %zu, %s: another time", of->at, field->name);
        return;
    case PACE_FIELD_TEXT:
        if (strcmp(field->text[row], cell->text) != 0)
            differ(of, "row %zu, %s: '%s', the model says '%s'", of->at, field->name,
                   field->text[row], cell->text);
        return;
    case PACE_FIELD_FLAG:
        if (field->flag[row] != cell->flag)
            differ(of, "row %zu, %s: another flag", of->at, field->name);
        return;
    }
}

static void compare_batch(struct check_of *of, const struct pace_rows *rows)
{
    static const enum cell_type types[] = {CELL_TEXT, CELL_NUMBER, CELL_TIME, CELL_FLAG};
    const struct schema_spec *schema = &of->expected->schema;
    assert_true(rows->count > 0 && rows->count <= PACE_MAX_BATCH);
    if (rows->field_count != (size_t)schema->count)
        differ(of, "%zu columns, not %d", rows->field_count, schema->count);
    for (size_t f = 0; f < rows->field_count; f++)
        if (strcmp(rows->fields[f].name, schema->names[f]) != 0 ||
            types[rows->fields[f].type] != schema->types[f])
            differ(of, "column %zu is '%s' (type %d), not '%s'", f, rows->fields[f].name,
                   (int)rows->fields[f].type, schema->names[f]);
    for (size_t row = 0; row < rows->count; row++, of->at++) {
        if (of->at >= of->expected->count) differ(of, "more than %zu rows", of->expected->count);
        const struct line *line = &of->expected->lines[of->at];
        number scale = 1; /* differences of numbers are as exact as the numbers */
        for (int f = 0; f < schema->count; f++)
            if (schema->types[f] == CELL_NUMBER && strcmp(schema->names[f], "run") != 0 &&
                fabsl(line->cells[f].number) > scale)
                scale = fabsl(line->cells[f].number);
        for (size_t f = 0; f < rows->field_count; f++)
            compare_cell(of, &rows->fields[f], row, &line->cells[f], scale);
    }
}

static bool has_diag(const pace_query *query, int code)
{
    struct pace_diag diag;
    for (size_t i = 0; pace_diag_get(query, i, &diag) == 0; i++)
        if (diag.code == code) return true;
    return false;
}

/* Whether a query may find no newest run: `last run` beside a range or a key of runs. */
static bool no_run(const struct query_spec *query)
{
    for (int i = 0; i < query->stage_count; i++)
        if (query->stages[i].type == ST_LAST_RUN) return true;
    return false;
}

/* Runs query->text; false when units of several kinds met. */
static bool run_query(pace_session *session, const struct model_store *store,
                      struct query_spec *query, struct tally *tally)
{
    struct answer expected;
    struct pace_error error;
    pace_query *running;
    struct check_of of = {
        .query = query, .expected = &expected, .text = query->text, .seed = tally->seed};
    query_eval(store, query, &expected);
    int status = pace_prepare(session, query->text, query->len, &error, &running);
    if (status) differ(&of, "not parsed: %s", error.message);
    bool mixed = false;
    for (;;) {
        enum pace_step step;
        const struct pace_rows *rows;
        status = pace_step(running, &error, &step, &rows);
        mixed =
            status == PACE_EQUERY && has_diag(running, 40) && selection_mixed(&query->selection);
        if (mixed) break;
        if (status) differ(&of, "error %d: %s", status, error.message);
        if (step == PACE_STEP_STATEMENT) break;
        compare_batch(&of, rows);
    }
    if (!mixed) {
        const struct pace_outcome *outcome = pace_outcome(running);
        if (of.at != expected.count)
            differ(&of, "%zu rows, the model says %zu", of.at, expected.count);
        if (outcome->series != expected.series)
            differ(&of, "%llu series, the model says %zu", (unsigned long long)outcome->series,
                   expected.series);
        bool takes = query->stage_count && query->stages[query->stage_count - 1].type == ST_TAKE;
        if (!takes && outcome->unknown_rows != expected.unknown) /* take stops reading */
            differ(&of, "%llu unknown rows, the model says %zu",
                   (unsigned long long)outcome->unknown_rows, expected.unknown);
        if (outcome->status != (expected.series ? 0 : 4) &&
            !(no_run(query) && outcome->status == 4))
            differ(&of, "status %d", outcome->status);
        tally->rows += expected.count;
        tally->empty += expected.count == 0;
    }
    pace_query_free(running);
    free(expected.lines);
    return !mixed;
}

/* -- random queries ------------------------------------------------------------------------------
 */

/* Every other store is read as if its series were long ones, by as many threads as may be; the rest by one. */
static pace_session *session_of(const struct model_store *store)
{
    static unsigned count;
    bool as_long = count++ % 2;
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = store->now_ns,
                                         .memory_bytes = STATEMENT_BYTES,
                                         .thread_points = as_long ? 1 : 0};
    pace_session *session;
    assert_int_equal(pace_session_open(store->store, &options, NULL, &session), 0);
    return session;
}

static void add_marks(struct model_store *store, pace_session *session, int count)
{
    char statement[400];
    for (int m = 0; m < count; m++)
        if (random_mark(store, statement, sizeof statement))
            query_run(session, statement, NULL, NULL);
}

/* One store and its share of queries. Most stores are small, some have long streams. */
static void run_store(struct tally *tally, uint64_t seed, size_t queries)
{
    static struct query_spec query;
    struct random random = {seed};
    struct model_store store;
    int size = random_below(&random, 10);
    model_store_make(&store, seed, size < 8 ? random_between(&random, 1, 5) : 1,
                     size < 6   ? 60
                     : size < 9 ? 150
                                : 400);
    pace_session *session = session_of(&store);
    if (random_chance(&random, 60))
        add_marks(&store, session, random_between(&random, 1, MARKS_MAX));
    if (size == 9) queries /= 4;
    for (size_t i = 0; i < queries; i++) {
        random_query(&query, &random, &store);
        query_print(&query);
        if (getenv("PACE_TRACE")) print_message("# %s\n", query.text);
        if (!run_query(session, &store, &query, tally)) tally->skipped++;
        tally->queries++;
    }
    pace_session_close(session);
    model_store_free(&store);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* Sanitizers have memory of their own, as much as the program's. */
static void check_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    print_message("# note at most %ld KiB of memory\n", usage.ru_maxrss);
    assert_true((size_t)usage.ru_maxrss * 1024 < PROGRAM_BYTES);
#endif
}

/* PACE_SEED repeats: the first store has exactly that seed. */
static void test_random_queries(void **state)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = environment_number("PACE_SEED", (uint64_t)now.tv_sec * 1000 +
                                                        (uint64_t)now.tv_nsec / 1000000);
    size_t queries = environment_number("PACE_QUERIES", QUERIES);
    struct tally tally = {.seed = seed};
    print_message("# note seed %llu\n", (unsigned long long)seed);
    while (tally.queries < queries) {
        run_store(&tally, tally.seed, QUERIES_A_STORE);
        tally.seed++;
    }
    print_message("# note %zu queries (%zu without rows, %zu of mixed units), %zu rows compared\n",
                  tally.queries, tally.empty, tally.skipped, tally.rows);
    check_memory();
    assert_true(tally.skipped < tally.queries / 4);
    assert_true(tally.empty < tally.queries / 2);
}

/* -- long series: several batches, more runs than are read at first -----------------------------
 */

static bool has_window(const struct ex *ex)
{
    if (!ex) return false;
    return ex->kind == EX_WINDOW || has_window(ex->a) || has_window(ex->b) || has_window(ex->c);
}

static bool is_slow(const struct query_spec *query)
{
    for (int i = 0; i < query->stage_count; i++)
        if (has_window(query->stages[i].ex)) return true;
    return false;
}

static void test_long_series(void **state)
{
    (void)state;
    static struct query_spec query;
    struct tally tally = {.seed = 7};
    struct model_store store;
    model_store_make(&store, tally.seed, 1, 2600);
    while (store.run_count < 2 * PACE_MAX_BATCH) {
        model_store_free(&store);
        model_store_make(&store, ++tally.seed, 1, 2600);
    }
    pace_session *session = session_of(&store);
    add_marks(&store, session, 3);
    struct random random = {tally.seed};
    size_t most = 0;
    while (tally.queries < 60) {
        random_query(&query, &random, &store);
        if (is_slow(&query)) continue;
        query_print(&query);
        size_t before = tally.rows;
        if (!run_query(session, &store, &query, &tally)) tally.skipped++;
        if (tally.rows - before > most) most = tally.rows - before;
        tally.queries++;
    }
    assert_true(most > PACE_MAX_BATCH);
    pace_session_close(session);
    model_store_free(&store);
}

/* -- the place of a range does not matter (rule 5) ------------------------------------------------
 */

static void test_range_before_or_after(void **state)
{
    (void)state;
    static const char *const ranges[] = {"last 1",        "last 7",   "last 30d",
                                         "since 20d ago", "last run", "last 4 commits"};
    static const char *const verbs[] = {
        "check t-test 99% floor 1%",
        "check mad 3sd over 20 confirm 2 of 3",
        "check z-score 2sd over 20d confirm 2 of 4",
        "check cusum 3sd over 40",
        "check ewma within 2.7sd over 30",
        "check cohen 2sd over 10",
        "check t-test 95% within 90% fdr 20%",
        "baseline median over 30",
        "baseline mean over 12d lag 3 needs 2",
        "derive a = mean(value) over 5, b = max(a) over 5 needs 2",
        "derive d = delta(value), m = median(d) over 9 needs 3",
        "baseline median over 9 | derive worst = max(delta) over 5 needs 1",
        "where value > 1000 | baseline median over 8 needs 3",
        "where value < 1.1 * (median(value) over 20) | check iqr 2x over 20",
    };
    size_t rows = 0;
    for (uint64_t seed = 100; seed < 106; seed++) {
        struct model_store store;
        model_store_make(&store, seed, 3, seed % 2 ? 400 : 60);
        pace_session *session = session_of(&store);
        add_marks(&store, session, 2);
        for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
            for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
                char before[300], after[300];
                snprintf(before, sizeof before, "measure:latency | %s | %s", ranges[r], verbs[v]);
                snprintf(after, sizeof after, "measure:latency | %s | %s", verbs[v], ranges[r]);
                bool drops = strncmp(verbs[v], "where", 5) == 0;
                if (drops) { /* the range counts what is left, so it stands behind it */
                    const char *rest = strstr(verbs[v], " | ");
                    snprintf(before, sizeof before, "measure:latency | %.*s | %s%s",
                             (int)(rest - verbs[v]), verbs[v], ranges[r], rest);
                }
                char *a, *b;
                query_run(session, before, &a, NULL);
                query_run(session, after, &b, NULL);
                if (strcmp(a, b) != 0)
                    fail_msg("these differ (seed %llu):\n%s\n%s", (unsigned long long)seed, before,
                             after);
                rows += strlen(a) > 200;
                free(a);
                free(b);
            }
        pace_session_close(session);
        model_store_free(&store);
    }
    assert_true(rows > 200);
}

/* -- runs by commit or number ------------------------------------------------------------------- */

/* A commit or a run that a selector names is not looked for where it cannot be; under an `or`, or as a
 * pattern, it is. The answers are the same. */
static void test_runs_named(void **state)
{
    (void)state;
    static const char *const chains[] = {
        "",
        "| last 1",
        "| first 2",
        "| last run",
        "| since 400d ago",
        "| last 2 commits",
        "| check t-test 99% over 9 needs 2",
        "| baseline median over 5 needs 1 | last 1",
        "| derive d = delta(value), m = mean(value) over 30d lag 0 needs 1",
        "| where value > 1000 | last run",
        "| with history | last 3",
        "| with excluded",
        "| summarize count(), mean(value) by branch",
        "| versus branch:main",
    };
    enum { CHAINS = sizeof chains / sizeof *chains, EACH = 12 };
    size_t rows = 0;
    for (uint64_t seed = 300; seed < 308; seed++) {
        struct random random = {seed};
        struct model_store store;
        model_store_make(&store, seed, 3, 60);
        pace_session *session = session_of(&store);
        if (seed % 2) add_marks(&store, session, 2);
        for (size_t i = 0; i < (size_t)CHAINS * EACH; i++) {
            const struct model_run *run = &store.runs[random_below(&random, (int)store.run_count)];
            const char *chain = chains[i % CHAINS];
            char here[400], there[400], *a, *b;
            if (i / CHAINS % 3) {
                if (!*run->commit) continue;
                snprintf(here, sizeof here, "measure:latency commit:%s %s", run->commit, chain);
                snprintf(there, sizeof there, "measure:latency commit:%s* %s", run->commit, chain);
            } else {
                int n = random_between(&random, 1, (int)store.run_count);
                snprintf(here, sizeof here, "measure:latency run:%d %s", n, chain);
                snprintf(there, sizeof there, "measure:latency run:%d or measure:latency run:%d %s",
                         n, n, chain);
            }
            query_run(session, here, &a, NULL);
            query_run(session, there, &b, NULL);
            if (strcmp(a, b) != 0)
                fail_msg("these differ (seed %llu):\n%s\n%s\n%s\n%s", (unsigned long long)seed,
                         here, a, there, b);
            rows += strlen(a) > 150;
            free(a);
            free(b);
        }
        pace_session_close(session);
        model_store_free(&store);
    }
    assert_true(rows > 200);
}

/* -- versus is two queries, joined ---------------------------------------------------------------
 */

/* The line of a csv text that begins with this key, behind it; NULL when there is none. */
static const char *line_of(const char *csv, const char *key, size_t len)
{
    for (const char *line = csv; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0) return line + len;
    }
    return NULL;
}

/* The text behind the first line end; "" when there is none. */
static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end ? end + 1 : "";
}

static size_t field_length(const char *text, int fields)
{
    size_t len = 0;
    for (; fields > 0 && text[len] && text[len] != '\n'; len++)
        fields -= text[len] == ',';
    return len;
}

static void check_versus(pace_session *session, const char *here, const char *there,
                         const char *range, size_t *pairs)
{
    static const char both[] = "where value is not none | summarize median(value), n = count() by "
                               "project, benchmark, measure, testbed";
    char text[600], *a, *b, *joined;
    snprintf(text, sizeof text, "branch:%s measure:latency | %s | %s", here, range, both);
    query_run(session, text, &a, NULL);
    snprintf(text, sizeof text, "branch:%s measure:latency | %s | %s", there, range, both);
    query_run(session, text, &b, NULL);
    snprintf(
        text, sizeof text,
        "branch:%s measure:latency | %s | versus branch:%s | where n > 0 and n_base > 0 | keep "
        "project, benchmark, measure, testbed, value, n, base, n_base",
        here, range, there);
    query_run(session, text, &joined, NULL);
    size_t found = 0;
    for (const char *line = next_line(joined); *line; line = next_line(line)) {
        size_t key = field_length(line, 4), own = field_length(line + key, 2);
        const char *expected = line_of(a, line, key), *base = line_of(b, line, key);
        if (!expected || !base || strncmp(expected, line + key, own - 1) != 0 ||
            strncmp(base, line + key + own, strcspn(base, "\n")) != 0)
            fail_msg("%s\n%.300s", text, line);
        found++;
    }
    for (const char *line = next_line(a); *line; line = next_line(line))
        found -= line_of(b, line, field_length(line, 4)) != NULL;
    assert_int_equal(found, 0); /* each pair once */
    *pairs += strlen(joined) > 60;
    free(a);
    free(b);
    free(joined);
}

static void test_versus_is_two_queries(void **state)
{
    (void)state;
    static const char *const ranges[] = {"last 3", "last 30d", "first 9", "last run", "last 1000"};
    size_t pairs = 0;
    for (uint64_t seed = 300; seed < 310; seed++) {
        struct model_store store;
        model_store_make(&store, seed, 5, 60);
        pace_session *session = session_of(&store);
        add_marks(&store, session, 2);
        for (int i = 0; i < store.stream_count; i++)
            for (int j = 0; j < store.stream_count; j++)
                check_versus(session, store.streams[i].names[PACE_BRANCH],
                             store.streams[j].names[PACE_BRANCH], ranges[(i + j) % 5], &pairs);
        pace_session_close(session);
        model_store_free(&store);
    }
    assert_true(pairs > 20);
}

/* -- windows never hold the judged point, nor a run of its commit (rule 6) ------------------------
 */

static void put_run_of(pace *store, const char *benchmark, const char *commit, int day,
                       double value)
{
    struct pace_run_info info = {.project = "p",
                                 .branch = "main",
                                 .testbed = "ci",
                                 .commit = commit,
                                 .time_ns = MODEL_START_NS + day * FIXTURE_DAY_NS};
    struct pace_cell cell = {.benchmark = benchmark,
                             .measure = "latency",
                             .unit = "ns",
                             .value = value,
                             .direction = PACE_LOWER_IS_BETTER,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    pace_run *run;
    assert_int_equal(pace_run_begin(store, &info, NULL, &run), 0);
    assert_int_equal(pace_run_put(run, &cell, NULL), 0);
    assert_int_equal(pace_runs_commit(store, &run, 1, NULL, NULL), 0);
    pace_run_free(run);
}

static void put_run(pace *store, const char *commit, int day, double value)
{
    put_run_of(store, "b", commit, day, value);
}

static void test_own_commit_is_left_out(void **state)
{
    (void)state;
    struct model_store store = {.now_ns = MODEL_START_NS + 100 * FIXTURE_DAY_NS};
    store.directory = fixture_dir();
    assert_int_equal(pace_open(store.directory, PACE_CREATE, NULL, NULL, &store.store), 0);
    put_run(store.store, "aaaa", 0, 1);
    put_run(store.store, "bbbb", 1, 2);
    put_run(store.store, "aaaa", 2, 4); /* a commit that comes again */
    put_run(store.store, "cccc", 3, 8);
    put_run(store.store, "cccc", 3, 16);
    put_run(store.store, "cccc", 3, 32);
    put_run(store.store, "", 4, 64);
    put_run(store.store, "", 5, 128);
    pace_session *session = session_of(&store);
    query_gives(session,
                "branch:main | derive s = sum(value) over 2 needs 1, n = count() over all needs 0, "
                "own = sum(value) over 2 lag 0 needs 1 | keep s, n, own",
                "s,n,own\n,0,1\n1,1,3\n2,1,6\n6,3,12\n6,3,20\n6,3,36\n48,6,96\n96,7,192\n");
    query_gives(session, "branch:main | derive s = sum(value) over 2 needs 1 | last 1 | keep s",
                "s\n96\n");
    query_gives(session,
                "branch:main | last 4 | derive s = sum(value) over 3 lag 2 needs 1 | keep s",
                "s\n3\n3\n28\n56\n");
    pace_session_close(session);
    pace_close(store.store);
    fixture_remove(store.directory);
    free(store.directory);
}

/* -- a series that the newest run lacks (rule 10) -------------------------------------------------
 */

/* `last run` tells of it also behind a `where`, so that all of the series is read, whichever way. */
static void test_gone_behind_where(void **state)
{
    (void)state;
    struct model_store store = {.now_ns = MODEL_START_NS + 100 * FIXTURE_DAY_NS};
    store.directory = fixture_dir();
    assert_int_equal(pace_open(store.directory, PACE_CREATE, NULL, NULL, &store.store), 0);
    put_run(store.store, "aaaa", 0, 1);
    put_run(store.store, "bbbb", 1, 2);
    put_run_of(store.store, "other", "cccc", 2, 4);
    for (int i = 0; i < 2; i++) { /* one of both reads every series as a long one */
        pace_session *session = session_of(&store);
        query_gives(session,
                    "benchmark:b | where lower_value is none | last run | keep benchmark, run, "
                    "commit, value",
                    "benchmark,run,commit,value\nb,3,cccc,\n");
        query_gives(
            session,
            "branch:main | where lower_value is none | derive s = sum(value) over 2 needs 1 "
            "| last run | keep benchmark, run, value, s",
            "benchmark,run,value,s\nb,3,,\nother,3,4,\n");
        query_gives(
            session,
            "benchmark:b | where lower_value is none | check | last run | keep run, verdict",
            "run,verdict\n3,gone\n");
        query_gives(session, "benchmark:b | where lower_value is none | keep run", "run\n1\n2\n");
        query_gives(session, "benchmark:b | where value > 0 | last run | keep run", "");
        pace_session_close(session);
    }
    pace_close(store.store);
    fixture_remove(store.directory);
    free(store.directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_commit_is_left_out), cmocka_unit_test(test_gone_behind_where),
        cmocka_unit_test(test_range_before_or_after),  cmocka_unit_test(test_runs_named),
        cmocka_unit_test(test_versus_is_two_queries),  cmocka_unit_test(test_long_series),
        cmocka_unit_test(test_random_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
