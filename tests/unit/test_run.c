/* test_run.c -- building a run: names, values, limits, metadata. The
 * contract of engine/pace.h: each function, each error that can be brought about. */
#include "store_fixture.h"

#include <time.h>

static void test_run_begin_errors(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct pace_run_info info;
        int code;
    } rows[] = {
        {{NULL, "b", "t", 0, 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "", "t", 0, 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "b", "t\n", 0, 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "b\x7f", "t", 0, 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p\xff", "b", "t", 0, 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "b", "t", "c\t", 0, 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "b", "t", 0, "\x80", 0, 0, 0, 0, 0, 0, 0}, PACE_ENAME},
        {{"p", "b", "t", 0, 0, -1, 0, 0, 0, 0, 0, 0}, PACE_ETIME},
        {{"p", "b", "t", 0, 0, 0, -1, 0, 0, 0, 0, 0}, PACE_ETIME},
        {{"p", "b", "t", 0, 0, INT64_MAX, 0, 0, 0, 0, 0, 0}, PACE_ETIME},
        {{"p", "b", "t", 0, 0, 0, 0, 0, 4, 0, 0, 0}, PACE_EMISUSE},
        {{"p", "b", "t", 0, 0, 0, 0, 0, 0, "m\n", 0, 0}, PACE_ENAME},
        {{"p", "b", "t", 0, 0, 0, 0, 0, 0, "m", "c\t", 0}, PACE_ENAME},
        {{"p", "b", "t", 0, 0, 0, 0, 0, 0, "m", 0, -1}, PACE_ETIME},
    };
    pace_run *run = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        store_fails(rows[i].code, pace_run_begin(f->store, &rows[i].info, error, &run));
    assert_null(run);

    char longest[PACE_MAX_NAME + 2];
    memset(longest, 'n', sizeof longest);
    longest[PACE_MAX_NAME + 1] = 0;
    struct pace_run_info info = run_at(0);
    info.project = longest;
    store_fails(PACE_ELIMIT, pace_run_begin(f->store, &info, error, &run));
    longest[PACE_MAX_NAME] = 0;
    store_ok(pace_run_begin(f->store, &info, error, &run));
    pace_run_free(run);
    info = run_at(0);
    longest[PACE_MAX_COMMIT + 1] = 0;
    info.commit = longest;
    store_fails(PACE_ELIMIT, pace_run_begin(f->store, &info, error, &run));
    info.commit = NULL;
    info.id = longest;
    store_fails(PACE_ELIMIT, pace_run_begin(f->store, &info, error, &run));
    longest[PACE_MAX_COMMIT] = 0;
    info.commit = longest;
    store_ok(pace_run_begin(f->store, &info, error, &run));
    pace_run_free(run);

    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    info = run_at((now.tv_sec + 23 * 3600) * SECOND_NS);
    store_ok(pace_run_begin(f->store, &info, error, &run));
    pace_run_free(run);
    info.time_ns += 2 * 3600 * SECOND_NS;
    store_fails(PACE_ETIME, pace_run_begin(f->store, &info, error, &run));
    pace_run_free(NULL);
}

static void test_run_put_errors(void **state)
{
    struct fixture *f = *state;
    pace_run *run = begin(f->store, T0_NS);
    double bad_sample[] = {1, (double)INFINITY};
    struct pace_cell cell = cell_of("a", 1);
    store_ok(pace_run_put(run, &cell, error));
    store_fails(PACE_EDUPLICATE, pace_run_put(run, &cell, error));
    cell = cell_of("", 1);
    store_fails(PACE_ENAME, pace_run_put(run, &cell, error));
    cell = cell_of(NULL, 1);
    store_fails(PACE_ENAME, pace_run_put(run, &cell, error));
    cell = cell_of("b", (double)NAN);
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", -(double)INFINITY);
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.lower = (double)INFINITY;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.upper = (double)INFINITY;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.samples = bad_sample;
    cell.sample_count = 2;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell.samples = NULL;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.status = (enum pace_cell_status)3;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.direction = (enum pace_direction)3;
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell = cell_of("b", 1);
    cell.unit = "n\ns";
    store_fails(PACE_ENAME, pace_run_put(run, &cell, error));
    char unit[PACE_MAX_UNIT + 2];
    memset(unit, 'u', sizeof unit);
    unit[PACE_MAX_UNIT + 1] = 0;
    cell.unit = unit;
    store_fails(PACE_ELIMIT, pace_run_put(run, &cell, error));
    assert_int_equal(pace_run_cell_count(run), 1);
    put(run, "b", 2); /* the failures left no trace */
    assert_int_equal(pace_run_cell_count(run), 2);
    struct pace_run_result result;
    store_ok(pace_runs_commit(f->store, &run, 1, error, &result));
    assert_int_equal(result.new_series, 2);
    cell = cell_of("c", 1);
    store_fails(PACE_EMISUSE, pace_run_put(run, &cell, error));
    store_fails(PACE_EMISUSE, pace_run_put_meta(run, "k", "v", error));
    store_fails(PACE_EMISUSE, pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
}

static void test_limits_of_a_run(void **state)
{
    struct fixture *f = *state;
    pace_run *run = begin(f->store, T0_NS);
    char name[32];
    for (int i = 0; i < PACE_MAX_CELLS; i++) {
        snprintf(name, sizeof name, "bench-%d", i);
        put(run, name, i);
    }
    struct pace_cell cell = cell_of("one more", 1);
    store_fails(PACE_ELIMIT, pace_run_put(run, &cell, error));
    struct pace_run_result result = commit(f->store, run);
    assert_int_equal(result.new_series, PACE_MAX_CELLS);

    /* A run wider than one part of a row is read back from all of them. */
    static const uint32_t columns[] = {PACE_MAX_CELLS - 1, 0, 32767, 32768, 65536};
    pace_snapshot *snapshot = look(f->store);
    pace_scan *scan;
    struct pace_cells cells;
    store_ok(pace_scan_open(snapshot, 0, columns, 5, &all, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 1);
    for (size_t i = 0; i < 5; i++)
        assert_true(cells.value[i * cells.stride] == (double)columns[i]);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);

    /* A narrow run whose only cell lies far out. */
    run = begin(f->store, T0_NS + 1);
    put(run, "bench-100000", 7);
    commit(f->store, run);
    static const uint32_t far[] = {100000, 1};
    snapshot = look(f->store);
    store_ok(pace_scan_open(snapshot, 0, far, 2, &all, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 2);
    assert_true(cells.value[1] == 7 && cells.status[1] == PACE_CELL_OK);
    assert_int_equal(cells.status[cells.stride + 1], PACE_CELL_ABSENT);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);

    /* The stream has all columns that it may have: one more is refused, and what it has goes on. */
    run = begin(f->store, T0_NS + 2);
    put(run, "bench-5", 8);
    put(run, "one more", 1);
    store_fails(PACE_ELIMIT, pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
    run = begin(f->store, T0_NS + 2);
    put(run, "bench-5", 8);
    result = commit(f->store, run);
    assert_int_equal(result.run, 3);
    assert_int_equal(result.new_series, 0);

    run = begin(f->store, T0_NS);
    double *samples = calloc(PACE_MAX_SAMPLES + 1, sizeof *samples);
    cell = cell_of("x", 1);
    cell.samples = samples;
    cell.sample_count = PACE_MAX_SAMPLES + 1;
    store_fails(PACE_ELIMIT, pace_run_put(run, &cell, error));
    pace_run_free(run);
    free(samples);
}

static void test_limit_of_handles(void **state)
{
    struct fixture *f = *state;
    pace_column_handle handle, first = UINT32_MAX;
    char name[32];
    for (int i = 0; i <= PACE_MAX_COLUMNS; i++) {
        snprintf(name, sizeof name, "%d", i);
        if (i == PACE_MAX_COLUMNS)
            store_fails(PACE_ELIMIT, pace_column(f->store, name, "m", "", 0, error, &handle));
        else
            store_ok(pace_column(f->store, name, "m", "", 0, error, &handle));
        if (i == 0) first = handle;
    }
    assert_int_equal(handle, PACE_MAX_COLUMNS - 1); /* of the last that there was */
    store_ok(pace_column(f->store, "0", "m", "", 0, error, &handle));
    assert_int_equal(handle, first);
}

static void test_meta(void **state)
{
    struct fixture *f = *state;
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1);
    char *big = malloc(PACE_MAX_META_VALUE + 2);
    memset(big, 'v', PACE_MAX_META_VALUE + 1);
    big[PACE_MAX_META_VALUE + 1] = 0;
    store_fails(PACE_ELIMIT, pace_run_put_meta(run, "k", big, error));
    store_fails(PACE_ENAME, pace_run_put_meta(run, "", "v", error));
    store_fails(PACE_ENAME, pace_run_put_meta(run, "k\n", "v", error));
    store_fails(PACE_EVALUE, pace_run_put_meta(run, "k", "v\x01", error));
    big[PACE_MAX_META_VALUE] = 0;
    store_ok(pace_run_put_meta(run, "zebra", "first", error));
    store_ok(pace_run_put_meta(run, "zebra", "last\nline", error));
    char key[16];
    for (int i = 0; i < PACE_MAX_META - 1; i++) {
        snprintf(key, sizeof key, "key-%04d", i);
        store_ok(pace_run_put_meta(run, key, i % 500 ? "small" : big, error));
    }
    store_fails(PACE_ELIMIT, pace_run_put_meta(run, "too many", "v", error));
    commit(f->store, run);
    run = begin(f->store, T0_NS + 1);
    put(run, "a", 1);
    commit(f->store, run);

    pace_snapshot *snapshot = look(f->store);
    struct pace_meta meta;
    store_ok(pace_run_meta(snapshot, 1, error, &meta));
    assert_int_equal(meta.count, PACE_MAX_META);
    assert_string_equal(meta.keys[0], "key-0000");
    assert_string_equal(meta.values[500], big);
    assert_string_equal(meta.values[501], "small");
    assert_string_equal(meta.keys[PACE_MAX_META - 1], "zebra");
    assert_string_equal(meta.values[PACE_MAX_META - 1], "last\nline");
    store_ok(pace_run_meta(snapshot, 2, error, &meta));
    assert_int_equal(meta.count, 0);
    store_fails(PACE_ENOTFOUND, pace_run_meta(snapshot, 3, error, &meta));
    pace_snapshot_end(snapshot);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_run_begin_errors),
        STORE_TEST(test_run_put_errors),
        STORE_TEST(test_limits_of_a_run),
        STORE_TEST(test_limit_of_handles),
        STORE_TEST(test_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
