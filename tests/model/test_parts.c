/* test_parts.c -- a statement whose series are divided among threads: the same bytes as one thread
 * gives. */
#include "../query_help.h"
#include "model_random.h"
#include "thread_help.h"

#include "../lang/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUERIES = 600, QUERIES_A_STORE = 40 };

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

/* -- a statement that does not come to its end ----------------------------------------------------- */

enum { BENCHES = 300, LONG_RUNS = 40, ROUNDS = 500 };

/* One run: every benchmark has the value `value`. */
static void add_run(pace *store, int64_t time_ns, double value)
{
    struct pace_error error = {0};
    struct pace_run_info info = {.project = "p", .branch = "main", .testbed = "t"};
    pace_run *run;
    info.time_ns = time_ns;
    assert_int_equal(pace_run_begin(store, &info, &error, &run), 0);
    for (int b = 0; b < BENCHES; b++) {
        char name[16];
        snprintf(name, sizeof name, "b%03d", b);
        struct pace_cell cell = {.benchmark = name,
                                 .measure = "latency",
                                 .unit = "ns",
                                 .value = value,
                                 .lower = NAN,
                                 .upper = NAN};
        assert_int_equal(pace_run_put(run, &cell, &error), 0);
    }
    assert_int_equal(pace_runs_commit(store, &run, 1, &error, NULL), 0);
    pace_run_free(run);
}

static int64_t hour(int number)
{
    return FIXTURE_START_NS + number * (FIXTURE_DAY_NS / 24);
}

static pace *open_wide(char **directory)
{
    struct pace_error error = {0};
    pace *store;
    *directory = fixture_dir();
    assert_non_null(*directory);
    assert_int_equal(pace_open(*directory, PACE_CREATE, NULL, &error, &store), 0);
    for (int i = 0; i < LONG_RUNS; i++)
        add_run(store, hour(i), i);
    return store;
}

static void close_wide(pace *store, char *directory)
{
    pace_close(store);
    fixture_remove(directory);
    free(directory);
}

static const char WHOLE[] = "measure:latency | derive m = median(value) over 9";

static void test_half_read(void **state)
{
    (void)state;
    char *directory;
    pace *store = open_wide(&directory);
    pace_session *session = session_of(store, hour(60), 3, 0);
    int before = count_threads();
    for (int i = 0; i < 40; i++)
        pace_query_free(begin(session, WHOLE));
    assert_int_equal(count_threads(), before);
    /* Two at once. */
    pace_query *one = begin(session, WHOLE), *other = begin(session, WHOLE);
    assert_true(finish(one) > BENCHES * (LONG_RUNS - 1));
    assert_true(finish(other) > BENCHES * (LONG_RUNS - 1));
    pace_query_free(one);
    pace_query_free(other);
    assert_int_equal(count_threads(), before);
    pace_session_close(session);
    close_wide(store, directory);
}

/* The last series, which all threads want, are done once, whoever gets them. */
static void test_last_series(void **state)
{
    (void)state;
    static const char script[] = "benchmark:b0* measure:latency | where value > 38ns";
    char *directory;
    pace *store = open_wide(&directory);
    pace_session *session = session_of(store, hour(60), THREADS, 0);
    for (int i = 0; i < ROUNDS; i++) {
        pace_query *query;
        assert_int_equal(pace_prepare(session, script, strlen(script), NULL, &query), 0);
        assert_int_equal(finish(query), 100);
        pace_query_free(query);
    }
    pace_session_close(session);
    close_wide(store, directory);
}

static void test_interrupt(void **state)
{
    (void)state;
    char *directory;
    pace *store = open_wide(&directory);
    pace_session *session = session_of(store, hour(60), 2, 0);
    for (int i = 0; i < 20; i++) {
        pace_query *query = begin(session, WHOLE);
        pace_interrupt(session);
        assert_int_equal(finish(query), PACE_EINTERRUPT);
        pace_query_free(query);
    }
    pace_session_close(session);
    struct pace_query_options options = {
        .struct_size = sizeof options, .deadline_ns = 1, .thread_points = 1};
    assert_int_equal(pace_session_open(store, &options, NULL, &session), 0);
    struct query_text text = {0};
    assert_int_equal(answer(session, WHOLE, &text), PACE_EDEADLINE);
    free(text.bytes);
    pace_session_close(session);
    close_wide(store, directory);
}

/* In a child the other threads are gone: whatever it still gets, it comes to an end. */
static void test_fork(void **state)
{
    (void)state;
    char *directory;
    int code;
    pace *store = open_wide(&directory);
    pace_session *session = session_of(store, hour(60), 2, 0);
    pace_query *query = begin(session, WHOLE);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        long rows = finish(query);
        pace_query_free(query);
        _exit(rows < 0 || rows > BENCHES * (LONG_RUNS - 1) ? 0 : 1);
    }
    assert_true(child > 0);
    assert_true(finish(query) > BENCHES * (LONG_RUNS - 1));
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    pace_query_free(query);
    pace_session_close(session);
    close_wide(store, directory);
}

/* -- memory ---------------------------------------------------------------------------------------- */

static size_t least_memory(pace *store, uint64_t threads, const char *script)
{
    struct query_text text = {0};
    size_t low = 1, high = 64 << 20;
    while (low + 1024 < high) {
        size_t middle = low + (high - low) / 2;
        pace_session *session = session_of(store, hour(60), threads, middle);
        int status = answer(session, script, &text);
        assert_true(status == 0 || status == PACE_ENOMEM || status == PACE_EQUERY);
        if (status)
            low = middle;
        else
            high = middle;
        pace_session_close(session);
    }
    free(text.bytes);
    return high;
}

/* What other threads take is given back where the statement itself needs it. */
static void test_memory(void **state)
{
    (void)state;
    static const char script[] = "measure:latency | baseline median over 9 | sort delta";
    char *directory;
    pace *store = open_wide(&directory);
    size_t alone = least_memory(store, 1, script);
    for (uint64_t threads = 2; threads <= THREADS; threads++) {
        size_t least = least_memory(store, threads, script);
        if (least > alone + alone / 4)
            fail_msg("%zu bytes for one thread, %zu for %d", alone, least, (int)threads);
    }
    close_wide(store, directory);
}

/* -- a commit that lands between ------------------------------------------------------------------- */

struct writer {
    pace *store;
    atomic_int stop;
};

static void *be_writer(void *context)
{
    struct writer *writer = context;
    for (int i = LONG_RUNS; i < LONG_RUNS + 400 && !atomic_load(&writer->stop); i++)
        add_run(writer->store, hour(i), i);
    return NULL;
}

/* All rows are of one state of the store, whatever is committed meanwhile. */
static void test_commits_between(void **state)
{
    (void)state;
    static const char script[] = "measure:latency | last 1";
    char *directory;
    struct writer writer = {.store = open_wide(&directory)};
    pace_session *session = session_of(writer.store, hour(600), 3, 0);
    pthread_t thread;
    double before = 0;
    assert_int_equal(pthread_create(&thread, NULL, be_writer, &writer), 0);
    for (int i = 0; i < 100; i++) {
        enum pace_step step = PACE_STEP_ROWS;
        const struct pace_rows *rows;
        double first = -1;
        long count = 0;
        pace_query *query;
        assert_int_equal(pace_prepare(session, script, strlen(script), NULL, &query), 0);
        while (step != PACE_STEP_END) {
            assert_int_equal(pace_step(query, NULL, &step, &rows), 0);
            if (step != PACE_STEP_ROWS) continue;
            size_t value = 0;
            while (strcmp(rows->fields[value].name, "value") != 0)
                value++;
            for (size_t r = 0; r < rows->count; r++, count++) {
                if (count == 0) first = rows->fields[value].number[r];
                assert_true(rows->fields[value].number[r] == first);
            }
        }
        assert_int_equal(count, BENCHES);
        assert_true(first >= before);
        before = first;
        pace_query_free(query);
    }
    atomic_store(&writer.stop, 1);
    pthread_join(thread, NULL);
    pace_session_close(session);
    close_wide(writer.store, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),     cmocka_unit_test(test_random_queries),
        cmocka_unit_test(test_half_read), cmocka_unit_test(test_last_series),
        cmocka_unit_test(test_interrupt), cmocka_unit_test(test_fork),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_commits_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
