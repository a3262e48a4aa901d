/* test_parts.c -- a statement whose series are divided among threads: the same bytes as one thread gives. */
#include "../query_help.h"
#include "model_random.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUERIES = 600, QUERIES_A_STORE = 40, THREADS = 4 };

/* -- what a statement gives, as text ------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void add_text(struct query_text *out,
                                                           const char *format, ...)
{
    char text[4000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    query_text_add(out, text, strlen(text));
}

/* Statements that other threads helped with. */
static size_t helped;

static void add_outcome(struct query_text *out, const struct pace_outcome *outcome)
{
    const uint64_t counts[] = {outcome->rows,      outcome->unknown_rows, outcome->series,
                               outcome->judged,    outcome->worse,        outcome->better,
                               outcome->suspected, outcome->changed,      outcome->thin,
                               outcome->fresh,     outcome->gone,         outcome->failed,
                               outcome->recovered, outcome->moved,        outcome->settling};
    helped += outcome->threads > 1;
    add_text(out, "status %d:", outcome->status);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        add_text(out, " %llu", (unsigned long long)counts[i]);
    add_text(out, "\n");
}

/* Rows with all their digits and marks, how the statement ended, and what was told. */
static int answer(pace_session *session, const char *script, struct query_text *out)
{
    struct pace_writer_options options = {.struct_size = sizeof options};
    struct pace_error error = {0};
    struct pace_diag diag;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    struct query_text marks = {0};
    size_t row = 0;
    pace_writer *writer = NULL;
    pace_query *query;
    out->len = 0;
    query_text_add(out, "", 0);
    int status = pace_prepare(session, script, strlen(script), &error, &query);
    while (!status && step != PACE_STEP_END) {
        status = pace_step(query, &error, &step, &rows);
        if (!status && step == PACE_STEP_ROWS) {
            if (!writer)
                assert_int_equal(
                    pace_writer_open("jsonl", &options, query_text_add, out, &error, &writer), 0);
            assert_int_equal(pace_writer_rows(writer, rows, &error), 0);
            for (size_t i = 0; i < rows->count; i++, row++)
                if (rows->marks && rows->marks[i]) add_text(&marks, "%zu:%d ", row, rows->marks[i]);
        }
        if (status || step != PACE_STEP_STATEMENT) continue;
        add_outcome(out, pace_outcome(query));
        pace_writer_close(writer);
        writer = NULL;
    }
    pace_writer_close(writer);
    for (size_t i = 0; pace_diag_get(query, i, &diag) == 0; i++)
        add_text(out, "Q%03d %s\n%s\n", diag.code, diag.message, diag.help ? diag.help : "");
    add_text(out, "marks %s\n", marks.bytes ? marks.bytes : "");
    free(marks.bytes);
    pace_query_free(query);
    return status;
}

/* -- sessions ------------------------------------------------------------------------------------ */

/* A session whose statements are divided as finely as can be. */
static pace_session *session_of(pace *store, int64_t now_ns, uint64_t threads, size_t memory_bytes)
{
    struct pace_query_options options = {.struct_size = sizeof options,
                                         .now_ns = now_ns,
                                         .memory_bytes = memory_bytes,
                                         .thread_points = 1};
    pace_session *session;
    assert_int_equal(pace_session_open(store, &options, NULL, &session), 0);
    assert_int_equal(pace_limit_lower(session, "PACE_MAX_THREADS", threads), 0);
    return session;
}

static void open_sessions(pace *store, int64_t now_ns, size_t memory_bytes,
                          pace_session *sessions[THREADS])
{
    for (uint64_t i = 0; i < THREADS; i++)
        sessions[i] = session_of(store, now_ns, i + 1, memory_bytes);
}

static void close_sessions(pace_session *sessions[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        pace_session_close(sessions[i]);
}

/* From the line on in which two texts begin to differ. */
static const char *difference(const char *text, const char *other)
{
    const char *line = text;
    for (; *text && *text == *other; text++, other++)
        if (*text == '\n') line = text + 1;
    return line;
}

/* All give the same. What one thread gives is left in answers[0]. */
static int compare(pace_session *sessions[THREADS], const char *script,
                   struct query_text answers[THREADS], uint64_t seed)
{
    int status = 0;
    for (int i = 0; i < THREADS; i++) {
        int own = answer(sessions[i], script, &answers[i]);
        if (i == 0) status = own;
        if (own != status || answers[i].len != answers[0].len ||
            memcmp(answers[i].bytes, answers[0].bytes, answers[0].len) != 0)
            fail_msg("PACE_SEED=%llu: %s\n%d threads: %d\n%.600s\none thread: %d\n%.600s",
                     (unsigned long long)seed, script, i + 1, own,
                     difference(answers[i].bytes, answers[0].bytes), status,
                     difference(answers[0].bytes, answers[i].bytes));
    }
    return status;
}

static void free_answers(struct query_text answers[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        free(answers[i].bytes);
}

/* -- random statements --------------------------------------------------------------------------- */

static void add_marks(struct model_store *store, pace_session *session, int count)
{
    char statement[400];
    for (int m = 0; m < count; m++)
        if (random_mark(store, statement, sizeof statement))
            query_run(session, statement, NULL, NULL);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void run_store(uint64_t seed, size_t queries, size_t *rows)
{
    static struct query_spec query;
    struct random random = {seed};
    struct model_store store;
    struct query_text answers[THREADS] = {{0}};
    pace_session *sessions[THREADS];
    model_store_make(&store, seed, random_between(&random, 1, 6), 60);
    open_sessions(store.store, store.now_ns, 16 << 20, sessions);
    if (random_chance(&random, 60))
        add_marks(&store, sessions[0], random_between(&random, 1, MARKS_MAX));
    for (size_t i = 0; i < queries; i++) {
        random_query(&query, &random, &store);
        query_print(&query);
        compare(sessions, query.text, answers, seed);
        *rows += answers[0].len > 400;
    }
    free_answers(answers);
    close_sessions(sessions);
    model_store_free(&store);
}

static void test_random_queries(void **state)
{
    (void)state;
    uint64_t seed = environment_number("PACE_SEED", (uint64_t)time(NULL));
    size_t queries = environment_number("PACE_QUERIES", QUERIES), done = 0, rows = 0;
    if (queries > QUERIES) queries /= 4;
    print_message("# note PACE_SEED=%llu\n", (unsigned long long)seed);
    for (; done < queries; done += QUERIES_A_STORE)
        run_store(seed++, QUERIES_A_STORE, &rows);
    assert_true(rows > done / 4);
    assert_true(helped > done / 4);
}

/* -- statements of each kind ---------------------------------------------------------------------- */

static void test_kinds(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "measure:latency",
        "measure:latency | last 3",
        "measure:latency | where value > 1000 | last 2",
        "measure:latency | check | last run",
        "measure:latency | check | last run | expect not worse",
        "measure:latency | check z-score 2sd over 20 | where worse | sort value desc",
        "measure:latency | check z-score 2sd over 20 | last 4",
        "measure:latency | check t-test 95% over 20 fdr 20% | last 4",
        "measure:latency | check mad 2sd over 9 confirm 2 of 3 | where verdict worse",
        "measure:latency | baseline median over 8 | where spread > 0 | top 5 by delta",
        "measure:latency | derive m = median(value) over 9, d = delta(value) | last 2",
        "measure:latency | where nosuch > 1",
        "measure:latency | summarize mean(value), p90(value), count() by benchmark",
        "measure:latency | last 9 | summarize sum(value), slope(value) by testbed, benchmark",
        "measure:latency | take 7",
        "measure:latency | with history | last 5",
        "measure:latency | with excluded | last 5",
        "measure:latency | changes",
        "measure:latency | changes using focus",
        "measure:latency | last 3 | versus branch:main | where ratio > 0",
        "measure:* | last 3 | where value > 100ns",
        "measure:* | last 3 | derive x = value of measure:bytes | where x > 0 | keep benchmark, x",
        "commit:* measure:latency | last 2",
        "explain measure:latency | check z-score 2sd over 20 | last 1",
        "measure:latency | last 1; measure:latency | check | last run; measure:bytes | last 2",
    };
    struct query_text answers[THREADS] = {{0}};
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct model_store store;
        pace_session *sessions[THREADS];
        model_store_make(&store, seed, 6, 60);
        open_sessions(store.store, store.now_ns, 0, sessions);
        add_marks(&store, sessions[0], (int)seed % 3);
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
            compare(sessions, scripts[i], answers, seed);
        close_sessions(sessions);
        model_store_free(&store);
    }
    free_answers(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_random_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
