/* test_read.c -- reading: names, streams, columns, order and ranges of scans, batches, samples, commits. The
 * contract of engine/pace.h: each function, each error that can be brought about. */
#include "store_fixture.h"

#include "../../engine/store.h"

static void test_names_streams_columns(void **state)
{
    struct fixture *f = *state;
    static const char *const testbeds[] = {"t0", "t1", "t2"};
    for (int i = 0; i < 3; i++) {
        struct pace_run_info info = {.project = "p", .branch = "b", .time_ns = T0_NS + i};
        info.testbed = testbeds[i];
        pace_run *run;
        store_ok(pace_run_begin(f->store, &info, error, &run));
        put(run, "x", 1);
        if (i != 1) put(run, "y", 1);
        put(run, i == 2 ? "w" : "z", 1);
        commit(f->store, run);
    }
    reopen(f);
    pace_snapshot *snapshot = look(f->store);
    const char *const *names;
    uint32_t count, id;
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &names, &count));
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "x");
    assert_string_equal(names[3], "w");
    store_ok(pace_name_find(snapshot, PACE_BENCHMARK, "z and more", 1, error, &id));
    assert_string_equal(names[id], "z");
    store_fails(PACE_ENOTFOUND, pace_name_find(snapshot, PACE_BENCHMARK, "p", 1, error, &id));
    store_fails(PACE_EMISUSE, pace_names(snapshot, (enum pace_dimension)5, error, &names, &count));

    const struct pace_stream *streams;
    store_ok(pace_streams(snapshot, error, &streams, &count));
    assert_int_equal(count, 3);
    assert_int_equal(streams[1].id, 1);
    assert_int_equal(streams[1].testbed, 1);
    assert_int_equal(streams[1].column_count, 2);
    assert_int_equal(streams[1].run_count, 1);
    assert_int_equal(streams[1].cell_count, 2);
    assert_int_equal(streams[1].first_time_ns, T0_NS + 1);
    assert_int_equal(streams[1].last_time_ns, T0_NS + 1);
    assert_int_equal(streams[1].last_run, 2);
    static const char *const expected[3][3] = {{"x", "y", "z"}, {"x", "z"}, {"x", "y", "w"}};
    for (uint32_t s = 0; s < 3; s++) {
        const struct pace_column *columns;
        store_ok(pace_columns(snapshot, s, error, &columns, &count));
        assert_int_equal(count, s == 1 ? 2 : 3);
        for (uint32_t c = 0; c < count; c++)
            assert_string_equal(names[columns[c].benchmark], expected[s][c]);
    }
    const struct pace_column *columns;
    store_fails(PACE_ENOTFOUND, pace_columns(snapshot, 3, error, &columns, &count));
    struct pace_stat stat;
    store_ok(pace_stat(snapshot, error, &stat));
    assert_int_equal(stat.runs, 3);
    assert_int_equal(stat.cells, 8);
    assert_int_equal(stat.streams, 3);
    assert_int_equal(stat.series, 8);
    assert_int_equal(stat.names, 1 + 1 + 3 + 4 + 1);
    assert_true(stat.file_bytes > 0);
    pace_snapshot_end(snapshot);
}

/* The benchmarks of a stream's only measure over many runs that come out of order. */
static void test_scan_order_and_ranges(void **state)
{
    struct fixture *f = *state;
    static const int order[] = {5, 1, 9, 3, 7, 0, 8, 2, 6, 4};
    for (int i = 0; i < 10; i++) {
        struct pace_run_info info = run_at(T0_NS + order[i] * SECOND_NS);
        char commit_text[8];
        snprintf(commit_text, sizeof commit_text, "c%d", order[i]);
        info.commit = commit_text;
        info.ordinal = (uint32_t)order[i] + 1;
        info.ran_ns = T0_NS + i;
        info.flags = i == 2 ? PACE_RUN_PARTIAL | PACE_RUN_DIRTY : 0;
        store_value(f->store, &info, "a", order[i]);
    }
    pace_snapshot *snapshot = look(f->store);
    static const uint32_t column = 0;
    static const struct {
        int64_t from, until;
        uint64_t last;
        int first, count;
    } rows[] = {
        {INT64_MIN, INT64_MAX, 0, 0, 10},
        {INT64_MIN, INT64_MAX, 3, 7, 3},
        {INT64_MIN, INT64_MAX, 99, 0, 10},
        {T0_NS + 2 * SECOND_NS, INT64_MAX, 0, 2, 8},
        {T0_NS + 2 * SECOND_NS, T0_NS + 5 * SECOND_NS, 0, 2, 3},
        {T0_NS + 2 * SECOND_NS, T0_NS + 5 * SECOND_NS, 2, 3, 2},
        {T0_NS + 2 * SECOND_NS, T0_NS + 5 * SECOND_NS, 9, 2, 3},
        {INT64_MIN, T0_NS, 0, 0, 0},
        {INT64_MIN, T0_NS, 4, 0, 0},
        {T0_NS + 10 * SECOND_NS, INT64_MAX, 0, 0, 0},
        {T0_NS + 10 * SECOND_NS, INT64_MAX, 5, 0, 0},
        {T0_NS + 5 * SECOND_NS, T0_NS + 2 * SECOND_NS, 0, 0, 0},
        {T0_NS + 5 * SECOND_NS, T0_NS + 2 * SECOND_NS, 3, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pace_range range = {rows[i].from, rows[i].until, rows[i].last};
        pace_scan *scan;
        struct pace_cells cells;
        store_ok(pace_scan_open(snapshot, 0, &column, 1, &range, error, &scan));
        int next = rows[i].first;
        for (;;) {
            store_ok(pace_scan_next(scan, error, &cells));
            if (cells.run_count == 0) break;
            assert_null(cells.lower);
            for (size_t r = 0; r < cells.run_count; r++, next++) {
                assert_true(cells.value[r] == (double)next);
                assert_int_equal(cells.status[r], PACE_CELL_OK);
                assert_int_equal(cells.runs[r].ordinal, next + 1);
                assert_int_equal(cells.runs[r].commit[1], '0' + next);
            }
        }
        assert_int_equal(next - rows[i].first, rows[i].count);
        store_ok(pace_scan_next(scan, error, &cells)); /* the end stays the end */
        assert_int_equal(cells.run_count, 0);
        pace_scan_close(scan);
    }
    struct pace_run_view view;
    store_ok(pace_run_get(snapshot, 3, error, &view));
    assert_int_equal(view.run, 3);
    assert_int_equal(view.time_ns, T0_NS + 9 * SECOND_NS);
    assert_int_equal(view.ran_ns, T0_NS + 2);
    assert_int_equal(view.flags, PACE_RUN_PARTIAL | PACE_RUN_DIRTY);
    assert_int_equal(view.cell_count, 1);
    assert_string_equal(view.commit, "c9");
    store_fails(PACE_ENOTFOUND, pace_run_get(snapshot, 11, error, &view));
    store_fails(PACE_ENOTFOUND, pace_run_get(snapshot, 0, error, &view));
    pace_scan *scan;
    static const uint32_t beyond = 1;
    store_fails(PACE_ENOTFOUND, pace_scan_open(snapshot, 0, &beyond, 1, &all, error, &scan));
    store_fails(PACE_ENOTFOUND, pace_scan_open(snapshot, 1, &column, 1, &all, error, &scan));
    pace_scan_close(NULL);
    pace_snapshot_end(snapshot);
}

static void test_order_of_equal_times(void **state)
{
    struct fixture *f = *state;
    static const uint32_t ordinals[] = {7, 0, 3, 7};
    for (int i = 0; i < 4; i++) {
        struct pace_run_info info = run_at(T0_NS);
        info.ordinal = ordinals[i];
        store_value(f->store, &info, "a", i);
    }
    static const double expected[] = {1, 2, 0, 3};
    pace_snapshot *snapshot = look(f->store);
    pace_scan *scan;
    struct pace_cells cells;
    uint32_t column = 0;
    store_ok(pace_scan_open(snapshot, 0, &column, 1, NULL, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(cells.value[i] == expected[i]);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
}

static void test_batches(void **state)
{
    struct fixture *f = *state;
    enum { RUNS = 2500 };
    pace_run **runs = calloc(RUNS, sizeof *runs);
    for (int i = 0; i < RUNS; i++) {
        runs[i] = begin(f->store, T0_NS + i);
        put(runs[i], "a", i);
        struct pace_cell cell = cell_of("b", i);
        if (i == 2402) cell.upper = i + 1;
        cell.status = i % 3 ? PACE_CELL_OK : i % 2 ? PACE_CELL_FAILED : PACE_CELL_SKIPPED;
        store_ok(pace_run_put(runs[i], &cell, error));
    }
    store_ok(pace_runs_commit(f->store, runs, RUNS, error, NULL));
    pace_snapshot *snapshot = look(f->store);
    static const uint32_t columns[] = {1, 0, 1};
    pace_scan *scan;
    struct pace_cells cells;
    int seen = 0;
    store_ok(pace_scan_open(snapshot, 0, columns, 3, &all, error, &scan));
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        assert_true(cells.run_count <= PACE_MAX_BATCH);
        assert_int_equal(cells.lower != NULL, seen + (int)cells.run_count > 2402);
        for (size_t r = 0; r < cells.run_count; r++, seen++) {
            int status = seen % 3 ? PACE_CELL_OK : seen % 2 ? PACE_CELL_FAILED : PACE_CELL_SKIPPED;
            for (size_t c = 0; c < 3; c += 2) {
                size_t at = c * cells.stride + r;
                assert_int_equal(cells.status[at], status);
                assert_true(status ? isnan(cells.value[at]) : cells.value[at] == seen);
                if (seen == 2402) assert_true(cells.upper[at] == 2403);
                if (cells.lower) assert_true(isnan(cells.lower[at]));
            }
            assert_true(cells.value[cells.stride + r] == seen);
        }
    }
    assert_int_equal(seen, RUNS);
    pace_scan_close(scan);
    /* No columns: the runs alone. */
    store_ok(pace_scan_open(snapshot, 0, NULL, 0, &all, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, PACE_MAX_BATCH);
    assert_int_equal(cells.runs[5].run, 6);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    for (int i = 0; i < RUNS; i++)
        pace_run_free(runs[i]);
    free(runs);
}

static void test_samples_across_parts(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 70000 };
    double *samples = malloc(MANY * sizeof *samples);
    for (int i = 0; i < MANY; i++)
        samples[i] = i;
    pace_run *run = begin(f->store, T0_NS);
    static const size_t counts[] = {3, MANY, 0, 32768, 5};
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        struct pace_cell cell = cell_of(names[i], 1);
        cell.samples = samples + i;
        cell.sample_count = counts[i] > i ? counts[i] - i : counts[i];
        store_ok(pace_run_put(run, &cell, error));
    }
    commit(f->store, run);
    pace_snapshot *snapshot = look(f->store);
    for (uint32_t i = 0; i < 5; i++) {
        const double *stored;
        size_t count;
        store_ok(pace_samples(snapshot, 1, i, error, &stored, &count));
        assert_int_equal(count, counts[i] > i ? counts[i] - i : counts[i]);
        for (size_t j = 0; j < count; j++)
            assert_true(stored[j] == (double)(i + j));
    }
    const double *stored;
    size_t count;
    store_ok(pace_samples(snapshot, 1, 77, error, &stored, &count));
    assert_int_equal(count, 0);
    store_fails(PACE_ENOTFOUND, pace_samples(snapshot, 2, 0, error, &stored, &count));
    pace_snapshot_end(snapshot);
    free(samples);
}

struct visited {
    char text[256];
    int stop_after;
};

static int visit(void *context, const char *commit_text, uint64_t run)
{
    struct visited *visited = context;
    size_t len = strlen(visited->text);
    snprintf(visited->text + len, sizeof visited->text - len, "%s=%d ", commit_text, (int)run);
    return --visited->stop_after == 0 ? 42 : 0;
}

static void test_commits(void **state)
{
    struct fixture *f = *state;
    static const char *const commits[] = {"abc1", "abd", "abc1", "", "abc", "b"};
    for (int i = 0; i < 6; i++) {
        struct pace_run_info info = run_at(T0_NS + i);
        info.commit = commits[i];
        store_value(f->store, &info, "a", i);
    }
    pace_snapshot *snapshot = look(f->store);
    struct visited visited = {.stop_after = -1};
    store_ok(pace_commits(snapshot, "", error, visit, &visited));
    assert_string_equal(visited.text, "abc=5 abc1=1 abc1=3 abd=2 b=6 ");
    visited = (struct visited){.stop_after = -1};
    store_ok(pace_commits(snapshot, "abc", error, visit, &visited));
    assert_string_equal(visited.text, "abc=5 abc1=1 abc1=3 ");
    visited = (struct visited){.stop_after = 2};
    assert_int_equal(pace_commits(snapshot, "abc", NULL, visit, &visited), 42);
    assert_string_equal(visited.text, "abc=5 abc1=1 ");
    visited = (struct visited){.stop_after = -1};
    store_ok(pace_commits(snapshot, "c", error, visit, &visited));
    char longest[PACE_MAX_COMMIT + 2];
    memset(longest, 'a', sizeof longest);
    longest[PACE_MAX_COMMIT + 1] = 0;
    store_ok(pace_commits(snapshot, longest, error, visit, &visited));
    assert_string_equal(visited.text, "");
    pace_snapshot_end(snapshot);
}

/* How many runs a snapshot finds by commit: each has one of its own. */
static uint64_t count_commits(pace_snapshot *snapshot)
{
    struct visited visited = {.stop_after = -1};
    uint64_t count = 0;
    store_ok(pace_commits(snapshot, "c", error, visit, &visited));
    for (const char *c = visited.text; *c; c++)
        count += *c == '=';
    return count;
}

/* What a snapshot read of the newest runs is there for the next one: of each state the runs are its own, in
 * whatever order snapshots read and end, and whether runs went to the tables between or not. */
static void test_commits_of_states(void **state)
{
    struct fixture *f = *state;
    enum { STATES = 24, OPEN = 5 };
    pace_snapshot *open[OPEN] = {NULL};
    uint64_t runs[OPEN] = {0};
    f->store->tail_runs = 3;
    for (int i = 0; i < STATES; i++) {
        char name[16];
        struct pace_run_info info = run_at(T0_NS + i);
        info.commit = name;
        snprintf(name, sizeof name, "c%d", i);
        store_value(f->store, &info, "a", i);
        int at = i * 7 % OPEN;
        if (open[at] && i % 3) assert_int_equal(count_commits(open[at]), runs[at]);
        pace_snapshot_end(open[at]);
        open[at] = look(f->store);
        runs[at] = (uint64_t)i + 1;
        int other = (at + i) % OPEN;
        if (i % 2 && open[other]) assert_int_equal(count_commits(open[other]), runs[other]);
    }
    for (int i = 0; i < OPEN; i++) {
        assert_int_equal(count_commits(open[i]), runs[i]);
        pace_snapshot_end(open[i]);
    }
}

/* Another snapshot shows the same runs, as long as nothing was committed since the first began. */
static void test_snapshot_again(void **state)
{
    struct fixture *f = *state;
    struct pace_run_info info = run_at(T0_NS);
    store_value(f->store, &info, "x", 1);
    pace_snapshot *first = look(f->store), *again, *refused = NULL;
    store_ok(pace_snapshot_again(first, error, &again));
    assert_int_equal(pace_run_count(again), pace_run_count(first));
    info.time_ns += SECOND_NS;
    store_value(f->store, &info, "x", 2);
    store_fails(PACE_ENOTFOUND, pace_snapshot_again(first, error, &refused));
    store_fails(PACE_ENOTFOUND, pace_snapshot_again(again, error, &refused));
    assert_null(refused);
    pace_snapshot_end(first);
    assert_int_equal(pace_run_count(again), 1);
    pace_snapshot_end(again);
    first = look(f->store);
    store_ok(pace_snapshot_again(first, error, &again));
    assert_int_equal(pace_run_count(again), 2);
    pace_snapshot_end(again);
    pace_snapshot_end(first);
}

static void test_snapshot_does_not_change(void **state)
{
    struct fixture *f = *state;
    struct pace_run_info info = run_at(T0_NS);
    store_value(f->store, &info, "a", 1);
    pace_snapshot *before = look(f->store);
    info.time_ns++;
    store_value(f->store, &info, "b", 2);
    const struct pace_stream *streams;
    uint32_t count;
    store_ok(pace_streams(before, error, &streams, &count));
    assert_int_equal(streams[0].run_count, 1);
    assert_int_equal(streams[0].column_count, 1);
    assert_int_equal(pace_run_count(before), 1);
    const char *const *names;
    store_ok(pace_names(before, PACE_BENCHMARK, error, &names, &count));
    assert_int_equal(count, 1);
    pace_snapshot_end(before);
    pace_snapshot_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_names_streams_columns),    STORE_TEST(test_scan_order_and_ranges),
        STORE_TEST(test_order_of_equal_times),     STORE_TEST(test_batches),
        STORE_TEST(test_samples_across_parts),     STORE_TEST(test_commits),
        STORE_TEST(test_commits_of_states),        STORE_TEST(test_snapshot_again),
        STORE_TEST(test_snapshot_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
