/* test_wide.c -- streams of many columns: rows of several parts, sparse rows, groups without cells;
 * before, during and after their folds; handles that are not. */
#include "../store_help.h"

#include "../../engine/snapshot.h"

enum { COLUMNS = 70000, ASKED = 400 };

static pace_column_handle handles[COLUMNS];

static double value_of(uint64_t run, uint32_t column)
{
    return (double)run + (double)column / 4;
}

/* Every `step`-th column from `first` on. */
static pace_run *build(pace *store, uint64_t number, uint32_t first, uint32_t step)
{
    static pace_column_handle columns[COLUMNS];
    static double values[COLUMNS];
    size_t count = 0;
    pace_run *run;
    struct pace_run_info info = run_at(T0_NS + (int64_t)number);
    for (uint32_t c = first; c < COLUMNS; c += step) {
        columns[count] = handles[c];
        values[count++] = value_of(number, c);
    }
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put_row(run, columns, values, count, error));
    return run;
}

struct shape_of_run {
    uint32_t first, step;
};

static void check(pace *store, const struct shape_of_run *shapes, uint64_t count)
{
    pace_snapshot *snapshot;
    pace_scan *scan;
    uint32_t columns[ASKED];
    struct pace_cells cells;
    struct pace_summary summaries[ASKED];
    uint64_t seen = 0;
    for (uint32_t i = 0; i < ASKED; i++)
        columns[i] = (uint32_t)((uint64_t)i * 7919 * 31 % COLUMNS);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_scan_summary(snapshot, 0, columns, ASKED, NULL, error, summaries));
    store_ok(pace_scan_open(snapshot, 0, columns, ASKED, NULL, error, &scan));
    uint64_t there[ASKED] = {0};
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++, seen++) {
            const struct shape_of_run *shape = &shapes[seen];
            assert_int_equal(cells.runs[r].run, seen + 1);
            for (uint32_t i = 0; i < ASKED; i++) {
                size_t at = i * cells.stride + r;
                int ok =
                    columns[i] >= shape->first && (columns[i] - shape->first) % shape->step == 0;
                assert_int_equal(cells.status[at], ok ? PACE_CELL_OK : PACE_CELL_ABSENT);
                if (ok) assert_true(cells.value[at] == value_of(seen + 1, columns[i]));
                there[i] += (uint64_t)ok;
            }
        }
    }
    assert_int_equal(seen, count);
    for (uint32_t i = 0; i < ASKED; i++)
        assert_int_equal(summaries[i].count, there[i]);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
}

static void make_handles(pace *store)
{
    char benchmark[16];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        snprintf(benchmark, sizeof benchmark, "b%05u", c);
        store_ok(pace_column(store, benchmark, "latency", "ns", PACE_LOWER_IS_BETTER, error,
                             &handles[c]));
    }
}

static void test_wide_streams(void **state)
{
    (void)state;
    static struct shape_of_run shapes[400];
    char *dir = make_directory();
    pace *store;
    uint64_t count = 0;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    make_handles(store);
    for (int round = 0; round < 2; round++) {
        store->limits.large_runs = 100;
        store->limits.keep_runs = 10;
        for (int i = 0; i < 100; i++) {
            struct shape_of_run shape = {.first = (uint32_t)(i * 11), .step = 700};
            if (i < 9) shape = (struct shape_of_run){.first = 0, .step = 1};
            if (i == 20)
                shape = (struct shape_of_run){.first = 66000, .step = 1}; /* part 2 alone */
            if (i == 30) shape = (struct shape_of_run){.first = COLUMNS - 1, .step = 1};
            shapes[count++] = shape;
            pace_run *run = build(store, count, shape.first, shape.step);
            store_ok(pace_runs_commit(store, &run, 1, error, NULL));
            pace_run_free(run);
            if (i % 33 == 3) check(store, shapes, count);
        }
    }
    pace_run *runs[100]; /* and at once */
    for (int i = 0; i < 100; i++) {
        shapes[count++] = (struct shape_of_run){.first = (uint32_t)i, .step = 300};
        runs[i] = build(store, count, shapes[count - 1].first, shapes[count - 1].step);
    }
    store_ok(pace_runs_commit(store, runs, 100, error, NULL));
    for (int i = 0; i < 100; i++)
        pace_run_free(runs[i]);
    check(store, shapes, count);
    pace_snapshot *snapshot;
    struct stream_record record;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(snapshot_stream(snapshot, 0, error, &record));
    assert_true(record.small_blocks > 0 && record.large_blocks > 0);
    pace_snapshot_end(snapshot);
    pace_close(store);
    remove_tree(dir);
}

static void test_handles(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    pace_column_handle first, again, other;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store_ok(pace_column(store, "b", "m", "ns", PACE_LOWER_IS_BETTER, error, &first));
    store_ok(pace_column(store, "b", "m", "ns", PACE_LOWER_IS_BETTER, error, &again));
    store_ok(pace_column(store, "b", "m", "us", PACE_LOWER_IS_BETTER, error, &other));
    assert_int_equal(first, again);
    assert_int_not_equal(first, other);
    store_fails(PACE_ENAME, pace_column(store, "", "m", "ns", 0, error, &again));
    store_fails(PACE_ENAME, pace_column(store, "b", NULL, "ns", 0, error, &again));
    store_fails(PACE_ENAME, pace_column(store, "b", "m", "n\ns", 0, error, &again));
    store_fails(PACE_EVALUE,
                pace_column(store, "b", "m", "ns", (enum pace_direction)7, error, &again));

    struct pace_run_info info = run_at(T0_NS);
    pace_run *run;
    pace_column_handle twice[2] = {first, other}, unknown = 99;
    double values[2] = {1, (double)NAN};
    store_ok(pace_run_begin(store, &info, error, &run));
    store_fails(PACE_EMISUSE, pace_run_put_row(run, &unknown, values, 1, error));
    store_fails(PACE_EVALUE, pace_run_put_row(run, twice, values, 2, error));
    assert_int_equal(pace_run_cell_count(run), 0);
    store_fails(PACE_EEMPTY, pace_runs_commit(store, &run, 1, error, NULL));
    values[1] = 2;
    store_ok(pace_run_put_row(run, twice, values, 2, error));
    store_fails(PACE_EDUPLICATE, pace_runs_commit(store, &run, 1, error, NULL));
    pace_run_free(run);

    /* By name and by handle is the same run; a value in another unit is brought to the first. */
    struct pace_run_result results[2];
    store_value(store, &info, "b", 5);
    info.time_ns++;
    store_ok(pace_column(store, "b", "latency", "us", PACE_DIRECTION_UNKNOWN, error, &other));
    store_ok(pace_run_begin(store, &info, error, &run));
    values[0] = 3;
    store_ok(pace_run_put_row(run, &other, values, 1, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &results[0]));
    pace_run_free(run);
    struct pace_cell cell = cell_of("b", 3);
    cell.unit = "us";
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &results[1]));
    pace_run_free(run);
    assert_true(results[1].duplicate && results[1].run == results[0].run);
    pace_snapshot *snapshot;
    struct pace_summary summary;
    struct pace_meta meta;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_scan_summary(snapshot, 0, (uint32_t[]){0}, 1, NULL, error, &summary));
    assert_true(summary.min == 5 && summary.max == 3000 && summary.count == 2);
    store_ok(pace_run_meta(snapshot, results[0].run, error, &meta));
    assert_int_equal(meta.count, 1);
    assert_string_equal(meta.keys[0], "unit:latency");
    assert_string_equal(meta.values[0], "us");
    pace_snapshot_end(snapshot);
    pace_close(store);
    remove_tree(dir);
}

/* Rows share the lists of their columns: more lists than are remembered, of which some differ in
 * the middle only. The same runs by name are found to be the same. */
static void test_lists_of_columns(void **state)
{
    enum { SERIES = 12, ROWS = 200, PASSES = 2 };
    (void)state;
    char *dir = make_directory();
    pace *store;
    pace_column_handle known[SERIES];
    char names[SERIES][8];
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (uint32_t i = 0; i < SERIES; i++) {
        snprintf(names[i], sizeof names[i], "b%u", i);
        store_ok(pace_column(store, names[i], "m", "", PACE_DIRECTION_UNKNOWN, error, &known[i]));
    }
    for (uint64_t number = 0; number < (uint64_t)ROWS * PASSES; number++) {
        uint32_t shape = (uint32_t)number % ROWS / 3 % 70, count = 0;
        pace_column_handle columns[SERIES];
        double values[SERIES];
        struct pace_run_info info = run_at(T0_NS + (int64_t)number);
        struct pace_run_result results[2];
        pace_run *by_handle, *by_name;
        store_ok(pace_run_begin(store, &info, error, &by_handle));
        store_ok(pace_run_begin(store, &info, error, &by_name));
        for (uint32_t i = 0; i < SERIES; i++) {
            if (i > 0 && i < 7 && !(shape >> (i - 1) & 1)) continue;
            struct pace_cell cell = cell_of(names[i], value_of(number, i));
            cell.measure = "m";
            cell.unit = "";
            columns[count] = known[i];
            values[count++] = cell.value;
            store_ok(pace_run_put(by_name, &cell, error));
        }
        store_ok(pace_run_put_row(by_handle, columns, values, count, error));
        store_ok(pace_runs_commit(store, &by_handle, 1, error, &results[0]));
        store_ok(pace_runs_commit(store, &by_name, 1, error, &results[1]));
        assert_int_equal(results[0].duplicate, 0);
        assert_true(results[1].duplicate && results[1].run == results[0].run);
        pace_run_free(by_handle);
        pace_run_free(by_name);
    }
    pace_close(store);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_streams),
        cmocka_unit_test(test_handles),
        cmocka_unit_test(test_lists_of_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
