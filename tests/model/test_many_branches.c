/* test_many_branches.c -- a store with many short-lived branches: each is judged by its parent's
 * runs, and asking about one reads what that one needs. bench/bench_branches.c does it with
 * 10,000. */
#include "../../query/pace_query.h"
#include "../store_help.h"

enum { MAIN_RUNS = 70, COLUMNS = 200, BRANCHES = 300, RUNS = 3, BATCH = 50, SLOW_BRANCH = 123 };

/* Run `number` of a branch; 0 is main. One branch is slow in its last run. */
static pace_run *make_run(pace *store, int branch, int number)
{
    char name[16], commit[32], start[24], benchmark[16];
    snprintf(name, sizeof name, branch ? "pr/%d" : "main", branch);
    snprintf(commit, sizeof commit, "c%d-%d", branch, number);
    snprintf(start, sizeof start, "c0-%d", MAIN_RUNS - 1 - branch % 3);
    struct pace_run_info info =
        run_at(T0_NS + (branch ? MAIN_RUNS + branch : 0) * SECOND_NS + number * SECOND_NS);
    info.branch = name;
    info.commit = commit;
    if (branch) {
        info.start_branch = "main";
        info.start_commit = start;
    }
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int i = 0; i < COLUMNS; i++) {
        int noise = (number * 7 + i * 5 + branch) % 11;
        snprintf(benchmark, sizeof benchmark, "b%d", i);
        struct pace_cell cell = cell_of(benchmark, 1000 + noise);
        cell.direction = PACE_LOWER_IS_BETTER;
        if (branch == SLOW_BRANCH && number == RUNS - 1) cell.value *= 2;
        store_ok(pace_run_put(run, &cell, error));
    }
    return run;
}

static void commit_batch(pace *store, pace_run **runs, size_t *count)
{
    store_ok(pace_runs_commit(store, runs, *count, error, NULL));
    for (size_t i = 0; i < *count; i++)
        pace_run_free(runs[i]);
    *count = 0;
}

static void fill(pace *store)
{
    pace_run *runs[BATCH];
    size_t count = 0;
    for (int branch = 0; branch <= BRANCHES; branch++) {
        for (int number = 0; number < (branch ? RUNS : MAIN_RUNS); number++) {
            runs[count++] = make_run(store, branch, number);
            if (count == BATCH) commit_batch(store, runs, &count);
        }
    }
    if (count) commit_batch(store, runs, &count);
}

/* Runs a query; returns what became of it. Every row must have 64 points in its window. */
static struct pace_outcome ask(pace *store, const char *text)
{
    pace_session *session;
    pace_query *query;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    store_ok(pace_session_open(store, NULL, error, &session));
    store_ok(pace_prepare(session, text, strlen(text), error, &query));
    while (step == PACE_STEP_ROWS) {
        store_ok(pace_step(query, error, &step, &rows));
        for (size_t i = 0; step == PACE_STEP_ROWS && i < rows->count; i++)
            assert_true(rows->fields[0].number[i] == 64);
    }
    struct pace_outcome outcome = *pace_outcome(query);
    pace_query_free(query);
    pace_session_close(session);
    return outcome;
}

/* A series of a branch: where the parent's segment begins depends on all that it has up to the
 * start point. */
static uint64_t points_of(int branch)
{
    return (uint64_t)(MAIN_RUNS - branch % 3 + RUNS);
}

static void test_many_branches(void **state)
{
    (void)state;
    char *directory = make_directory();
    pace *store;
    store_ok(pace_open(directory, PACE_CREATE, NULL, error, &store));
    fill(store);

    struct pace_outcome one = ask(store, "branch:pr/7 | check | last run | keep n");
    assert_int_equal(one.rows, COLUMNS);
    assert_int_equal(one.worse, 0);
    assert_int_equal(one.points_read, COLUMNS * points_of(7));
    struct pace_outcome slow = ask(store, "branch:pr/123 | check | last run | keep n");
    assert_int_equal(slow.suspected, COLUMNS);
    struct pace_outcome all = ask(store, "branch:pr/* | check | last run | keep n");
    assert_int_equal(all.rows, BRANCHES * COLUMNS);
    assert_int_equal(all.suspected, COLUMNS);
    uint64_t points = 0;
    for (int branch = 1; branch <= BRANCHES; branch++)
        points += COLUMNS * points_of(branch);
    assert_int_equal(all.points_read, points);

    pace_snapshot *snapshot;
    struct pace_stat stat;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_stat(snapshot, error, &stat));
    pace_snapshot_end(snapshot);
    assert_int_equal(stat.streams, BRANCHES + 1);
    assert_int_equal(stat.series, (BRANCHES + 1) * COLUMNS);
    assert_int_equal(stat.runs, MAIN_RUNS + BRANCHES * RUNS);
    pace_close(store);
    remove_tree(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_branches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
