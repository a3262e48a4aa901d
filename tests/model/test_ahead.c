/* test_ahead.c -- one long series that another thread reads ahead: the same bytes as one thread
 * gives, also where commits come again, runs have no row, came late or are damaged, and where
 * nobody takes the rest. */
#include "thread_help.h"

#include "../damage.h"
#include "../lang/fixture.h"

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 12000, LATE = 300, A_COMMIT = 500 };

static int64_t minute(int number)
{
    return FIXTURE_START_NS + number * (FIXTURE_DAY_NS / 1440);
}

/* The cells of run i of a stream: a latency, now and then failed, with bounds or missing, and
 * bytes. */
static void put_cells(pace_run *run, uint64_t *random, int i)
{
    double value = 1000 + (double)damage_below(random, 1000) / 8;
    bool bounded = i > 5000 && i<6500, gaps = i> 7000 && i < 9000;
    struct pace_cell cell = {.benchmark = "long",
                             .measure = "latency",
                             .unit = "ns",
                             .direction = PACE_LOWER_IS_BETTER,
                             .value = i % 4000 > 3000 ? value * 1.2 : value,
                             .lower = bounded ? value - 5 : (double)NAN,
                             .upper = bounded ? value + 7 : (double)NAN};
    if (gaps && damage_below(random, 100) < 10) cell.status = PACE_CELL_FAILED;
    if (!gaps || damage_below(random, 100) >= 20)
        assert_int_equal(pace_run_put(run, &cell, NULL), 0);
    cell = (struct pace_cell){.benchmark = "long",
                              .measure = "bytes",
                              .unit = "B",
                              .value = i,
                              .lower = (double)NAN,
                              .upper = (double)NAN};
    assert_int_equal(pace_run_put(run, &cell, NULL), 0);
}

static pace_run *make_run(pace *store, uint64_t *random, const char *testbed, int i, int at)
{
    char commit[PACE_MAX_COMMIT + 1];
    struct pace_run_info info = {
        .project = "p", .branch = "main", .testbed = testbed, .commit = commit};
    pace_run *run;
    bool again = (i > 2000 && i < 3000) || (i > 10000 && i < 10100);
    snprintf(commit, sizeof commit, "%040x", again ? i / 3 : i);
    if (i > 9500 && i < 9600) commit[0] = 0;
    info.time_ns = minute(at);
    if (damage_below(random, 100) < 1) info.flags = PACE_RUN_DIRTY;
    assert_int_equal(pace_run_begin(store, &info, NULL, &run), 0);
    put_cells(run, random, i);
    return run;
}

static void add_runs(pace *store, uint64_t *random, const char *testbed, int first, int count,
                     int at)
{
    pace_run *runs[A_COMMIT];
    for (int i = 0; i < count; i++)
        runs[i] = make_run(store, random, testbed, first + i, at + i);
    assert_int_equal(pace_runs_commit(store, runs, (size_t)count, NULL, NULL), 0);
    for (int i = 0; i < count; i++)
        pace_run_free(runs[i]);
}

/* Two streams; the runs of one came late in part. */
static pace *open_long(char **directory, uint64_t seed)
{
    uint64_t random = seed;
    pace *store;
    *directory = fixture_dir();
    assert_non_null(*directory);
    assert_int_equal(pace_open(*directory, PACE_CREATE, NULL, NULL, &store), 0);
    for (int i = 0; i < RUNS; i += A_COMMIT)
        add_runs(store, &random, "t", i, A_COMMIT, i);
    for (int i = 0; i < RUNS / 2; i += A_COMMIT)
        add_runs(store, &random, "u", i, A_COMMIT, i);
    add_runs(store, &random, "t", RUNS, LATE, RUNS / 4);
    return store;
}

static void close_long(pace *store, char *directory)
{
    pace_close(store);
    fixture_remove(directory);
    free(directory);
}

static const char WHOLE[] = "testbed:t measure:latency | derive m = median(value) over 9";

static const char *const SCRIPTS[] = {
    WHOLE,
    "testbed:t measure:latency | derive s = stddev(value) over 30, m = mean(value) over 30 | keep "
    "time, s, m",
    "testbed:t measure:latency | derive m = mean(value) over 20 commits | keep m, commit, run",
    "testbed:t measure:latency | derive m = max(value) over 3h, d = delta(value) | where d > 0",
    "testbed:t measure:latency | check t-test 99% over 64 | where worse",
    "testbed:t measure:latency | check z-score 3sd over 64 | where not ok | keep time, score, "
    "commit",
    "testbed:t measure:latency | check mad 5sd over 64 floor 3% confirm 2 of 3 | where worse",
    "testbed:t measure:latency | check | where not ok",
    "testbed:t measure:latency | check | expect not worse",
    "testbed:t measure:latency | baseline median over 7 | where delta > 10% | sort delta desc",
    "testbed:t measure:latency | baseline median over 30 | summarize geomean(value / base), "
    "count() by day = bucket(time, 1d)",
    "testbed:t measure:latency | where value > 1050ns | derive m = mean(value) over 30 | keep m",
    "testbed:t measure:latency | derive m = mean(value) over 30 | take 5",
    "testbed:t measure:latency | derive x = value of measure:bytes, m = mean(value) over 9 | where "
    "x > 3000 and m > 1us",
    "testbed:t measure:latency | derive m = mean(value) over 30 | where m > 1 and lower_value > 0",
    "measure:latency | derive m = mean(value) over 30 | keep time, m",
    "measure:latency | check z-score 3sd over 64 | where high",
    "testbed:t measure:latency | derive m = mean(value) over 9 | versus testbed:u",
    "testbed:t measure:latency | derive m = nosuch(value) over 9",
    "explain testbed:t measure:latency | check t-test 99% over 64 | where worse",
    "testbed:t measure:latency | derive m = mean(value) over 5 | take 3; testbed:u measure:latency "
    "| derive m = mean(value) over 5 | summarize max(m)",
};

static void test_same(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct query_text answers[THREADS] = {{0}};
    pace_session *sessions[THREADS];
    char *directory;
    pace *store = open_long(&directory, seed);
    open_sessions(store, minute(2 * RUNS), 0, sessions);
    helped = 0;
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++)
        compare(sessions, SCRIPTS[i], answers, seed);
    assert_true(helped > 2 * sizeof SCRIPTS / sizeof *SCRIPTS);
    free_answers(answers);
    close_sessions(sessions);
    close_long(store, directory);
}

/* A page of the file is written over: all say the same, of the same run. */
static void test_damaged(void **state)
{
    (void)state;
    enum { TRIES = 20, PAGE = 4096, FROM = 20 };
    uint64_t random_state = 5;
    struct query_text answers[THREADS] = {{0}};
    char *directory, path[PATH_MAX];
    int failed = 0;
    size_t len;
    pace_close(open_long(&directory, 3));
    snprintf(path, sizeof path, "%s/data.mdb", directory);
    unsigned char *data = damage_read(path, &len);
    size_t pages = len / PAGE;
    while (pages > FROM + 1 && !data[(pages - 1) * PAGE + PAGE - 1] && !data[(pages - 1) * PAGE])
        pages--; /* what lies ahead of use */
    for (int i = 0; i < TRIES; i++) {
        size_t at = (FROM + damage_below(&random_state, pages - FROM)) * PAGE + PAGE / 2;
        unsigned char kept[64];
        pace_session *sessions[THREADS];
        pace *store;
        memcpy(kept, data + at, sizeof kept);
        for (size_t k = 0; k < sizeof kept; k++)
            data[at + k] ^= 0x55;
        damage_write(path, data, len);
        memcpy(data + at, kept, sizeof kept);
        if (pace_open(directory, 0, NULL, NULL, &store)) continue;
        open_sessions(store, minute(2 * RUNS), 0, sessions);
        failed += compare(sessions, WHOLE, answers, 3) != 0;
        close_sessions(sessions);
        pace_close(store);
    }
    assert_true(failed > TRIES / 8);
    free_answers(answers);
    free(data);
    fixture_remove(directory);
    free(directory);
}

static void test_half_read(void **state)
{
    (void)state;
    char *directory;
    pace *store = open_long(&directory, 1);
    pace_session *session = session_of(store, minute(2 * RUNS), 3, 0);
    int before = count_threads();
    for (int i = 0; i < 40; i++)
        pace_query_free(begin(session, WHOLE));
    assert_int_equal(count_threads(), before);
    /* Two at once. */
    pace_query *one = begin(session, WHOLE), *other = begin(session, WHOLE);
    long rows = finish(one);
    assert_true(rows > RUNS / 2);
    assert_int_equal(finish(other), rows);
    pace_query_free(one);
    pace_query_free(other);
    assert_int_equal(count_threads(), before);
    pace_session_close(session);
    close_long(store, directory);
}

static void test_interrupt(void **state)
{
    (void)state;
    char *directory;
    pace *store = open_long(&directory, 2);
    pace_session *session = session_of(store, minute(2 * RUNS), 2, 0);
    for (int i = 0; i < 20; i++) {
        pace_query *query = begin(session, WHOLE);
        pace_interrupt(session);
        assert_int_equal(finish(query), PACE_EINTERRUPT);
        pace_query_free(query);
    }
    pace_session_close(session);
    close_long(store, directory);
}

/* In a child the other thread is gone: it comes to an end there. */
static void test_fork(void **state)
{
    (void)state;
    char *directory;
    int code;
    pace *store = open_long(&directory, 4);
    pace_session *session = session_of(store, minute(2 * RUNS), 2, 0);
    pace_query *query = begin(session, WHOLE);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        long rows = finish(query);
        pace_query_free(query);
        _exit(rows < 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_true(finish(query) > RUNS / 2);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    pace_query_free(query);
    pace_session_close(session);
    close_long(store, directory);
}

/* The least memory is the same; and where the limit is small nobody reads ahead. */
static void test_memory(void **state)
{
    (void)state;
    static const char script[] = "testbed:t measure:latency | baseline median over 9 | sort delta";
    struct query_text answers[THREADS] = {{0}};
    char *directory;
    pace *store = open_long(&directory, 6);
    size_t low = 1 << 20, high = 256 << 20;
    while (low + 4096 < high) {
        size_t middle = low + (high - low) / 2;
        pace_session *sessions[THREADS];
        open_sessions(store, minute(2 * RUNS), middle, sessions);
        *(compare(sessions, script, answers, 6) ? &low : &high) = middle;
        close_sessions(sessions);
    }
    free_answers(answers);
    close_long(store, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),      cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_half_read), cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_fork),      cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
