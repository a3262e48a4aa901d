/* test_commit.c -- committing runs: all or none, identity, units, other writers. The
 * contract of engine/pace.h: each function, each error that can be brought about. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/file.h>

static void test_commit_all_or_none(void **state)
{
    struct fixture *f = *state;
    pace_run *runs[3] = {begin(f->store, T0_NS), begin(f->store, T0_NS + 1),
                         begin(f->store, T0_NS + 2)};
    put(runs[0], "a", 1);
    put(runs[2], "a", 1);
    store_fails(PACE_EEMPTY, pace_runs_commit(f->store, runs, 3, error, NULL));
    struct pace_cell cell = cell_of("b", 1);
    cell.unit = "MiB"; /* latency is a time: the third run brings it all down */
    put(runs[1], "a", 2);
    store_ok(pace_run_put(runs[2], &cell, error));
    store_fails(PACE_EUNIT, pace_runs_commit(f->store, runs, 3, error, NULL));
    pace_snapshot *snapshot = look(f->store);
    assert_int_equal(pace_run_count(snapshot), 0);
    uint32_t id;
    store_fails(PACE_ENOTFOUND, pace_name_find(snapshot, PACE_BENCHMARK, "a", 1, error, &id));
    pace_snapshot_end(snapshot);

    struct pace_run_result results[2];
    store_ok(pace_runs_commit(f->store, runs, 2, error, results));
    assert_int_equal(results[0].run, 1);
    assert_int_equal(results[1].run, 2);
    assert_int_equal(results[0].new_series, 1);
    assert_int_equal(results[1].new_series, 0);
    store_ok(pace_runs_commit(f->store, NULL, 0, error, NULL));
    for (int i = 0; i < 3; i++)
        pace_run_free(runs[i]);
}

static struct pace_run_result commit_with_id(pace *store, const char *id, int64_t ran_ns,
                                             double value)
{
    struct pace_run_info info = run_at(T0_NS);
    info.id = id;
    info.ran_ns = ran_ns;
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    put(run, "a", value);
    put(run, "b", value);
    return commit(store, run);
}

static void test_identity(void **state)
{
    struct fixture *f = *state;
    struct pace_run_result result = commit_with_id(f->store, "job-1", 5, 1);
    assert_int_equal(result.duplicate, 0);
    result = commit_with_id(f->store, "job-1", 6, 1); /* `ran` is not content */
    assert_int_equal(result.duplicate, 1);
    assert_int_equal(result.run, 1);
    result = commit_with_id(f->store, "job-2", 5, 1);
    assert_int_equal(result.duplicate, 0);
    assert_int_equal(result.run, 2);

    struct pace_run_info info = run_at(T0_NS);
    info.id = "job-1";
    pace_run *run;
    struct pace_error why = {0};
    store_ok(pace_run_begin(f->store, &info, error, &run));
    put(run, "a", 2);
    assert_int_equal(pace_runs_commit(f->store, &run, 1, &why, NULL), PACE_ECONFLICT);
    assert_non_null(strstr(why.message, "run 1"));
    pace_run_free(run);

    /* Derived: from content, in any order of cells; and usable as a given identity. */
    result = commit_with_id(f->store, NULL, 5, 3);
    assert_int_equal(result.run, 3);
    run = begin(f->store, T0_NS);
    put(run, "b", 3);
    put(run, "a", 3);
    result = commit(f->store, run);
    assert_int_equal(result.duplicate, 1);
    assert_int_equal(result.run, 3);
    pace_snapshot *snapshot = look(f->store);
    const char *id;
    store_ok(pace_run_id(snapshot, 1, error, &id));
    assert_string_equal(id, "job-1");
    store_ok(pace_run_id(snapshot, 3, error, &id));
    assert_int_equal(strlen(id), 32);
    result = commit_with_id(f->store, id, 7, 3);
    assert_int_equal(result.duplicate, 1);
    store_fails(PACE_ENOTFOUND, pace_run_id(snapshot, 0, error, &id));
    pace_snapshot_end(snapshot);

    /* The same run twice in one call. */
    pace_run *twice[2] = {begin(f->store, T0_NS + 5), begin(f->store, T0_NS + 5)};
    struct pace_run_result results[2];
    put(twice[0], "a", 9);
    put(twice[1], "a", 9);
    store_ok(pace_runs_commit(f->store, twice, 2, error, results));
    assert_int_equal(results[0].run, results[1].run);
    assert_int_equal(results[1].duplicate, 1);
    pace_run_free(twice[0]);
    pace_run_free(twice[1]);
}

static struct pace_measure measure_of(pace *store, const char *project, const char *measure)
{
    static char unit[PACE_MAX_UNIT + 1];
    pace_snapshot *snapshot = look(store);
    uint32_t p, m;
    struct pace_measure out;
    store_ok(pace_name_find(snapshot, PACE_PROJECT, project, strlen(project), error, &p));
    store_ok(pace_name_find(snapshot, PACE_MEASURE, measure, strlen(measure), error, &m));
    store_ok(pace_measure_get(snapshot, p, m, error, &out));
    strcpy(unit, out.unit);
    out.unit = unit;
    pace_snapshot_end(snapshot);
    return out;
}

static void test_units_rescale(void **state)
{
    struct fixture *f = *state;
    double samples[] = {1.5, 2.5};
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1); /* latency is in ns from here on */
    commit(f->store, run);
    run = begin(f->store, T0_NS + 1);
    struct pace_cell cell = {.benchmark = "a",
                             .measure = "latency",
                             .unit = "ms",
                             .direction = PACE_LOWER_IS_BETTER,
                             .value = 2.5,
                             .lower = 1.5,
                             .upper = (double)NAN,
                             .samples = samples,
                             .sample_count = 2};
    store_ok(pace_run_put(run, &cell, error));
    cell.benchmark = "no unit";
    cell.unit = NULL;
    cell.direction = PACE_HIGHER_IS_BETTER; /* too late */
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_run_put_meta(run, "unit:other", "kept", error));
    commit(f->store, run);

    pace_snapshot *snapshot = look(f->store);
    static const uint32_t columns[] = {0, 1};
    pace_scan *scan;
    struct pace_cells cells;
    store_ok(pace_scan_open(snapshot, 0, columns, 2, &all, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_true(cells.value[0] == 1 && cells.value[1] == 2.5e6);
    assert_true(isnan(cells.lower[0]) && cells.lower[1] == 1.5e6 && isnan(cells.upper[1]));
    assert_true(cells.value[cells.stride + 1] == 2.5);
    pace_scan_close(scan);
    const double *stored;
    size_t count;
    store_ok(pace_samples(snapshot, 2, 0, error, &stored, &count));
    assert_int_equal(count, 2);
    assert_true(stored[0] == 1.5e6 && stored[1] == 2.5e6);
    store_ok(pace_samples(snapshot, 1, 0, error, &stored, &count));
    assert_int_equal(count, 0);
    struct pace_meta meta;
    store_ok(pace_run_meta(snapshot, 2, error, &meta));
    assert_int_equal(meta.count, 2);
    assert_string_equal(meta.keys[0], "unit:latency");
    assert_string_equal(meta.values[0], "ms");
    assert_string_equal(meta.keys[1], "unit:other");
    pace_snapshot_end(snapshot);

    struct pace_measure measure = measure_of(f->store, "app", "latency");
    assert_string_equal(measure.unit, "ns");
    assert_int_equal(measure.direction, PACE_LOWER_IS_BETTER);

    /* Too large for the canonical unit. */
    run = begin(f->store, T0_NS + 2);
    cell = cell_of("a", 1e305);
    cell.unit = "s";
    store_ok(pace_run_put(run, &cell, error));
    store_fails(PACE_EVALUE, pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
}

static void test_unit_of_another_kind(void **state)
{
    struct fixture *f = *state;
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1);
    struct pace_cell cell = cell_of("misses", 5);
    cell.measure = "cache";
    cell.unit = "misses";
    store_ok(pace_run_put(run, &cell, error));
    commit(f->store, run);
    run = begin(f->store, T0_NS + 1);
    cell.unit = "hits";
    store_ok(pace_run_put(run, &cell, error));
    store_fails(PACE_EUNIT, pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
    /* Another project has units of its own. */
    struct pace_run_info info = run_at(T0_NS);
    info.project = "other";
    store_ok(pace_run_begin(f->store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    commit(f->store, run);
    assert_string_equal(measure_of(f->store, "other", "cache").unit, "hits");
    assert_string_equal(measure_of(f->store, "app", "cache").unit, "misses");
}

static void test_measure_put(void **state)
{
    struct fixture *f = *state;
    store_ok(pace_measure_put(f->store, NULL, "latency", "us", PACE_LOWER_IS_BETTER, error));
    store_ok(pace_measure_put(f->store, "quiet", "latency", NULL, PACE_DIRECTION_UNKNOWN, error));
    struct pace_measure measure = measure_of(f->store, "quiet", "latency");
    assert_string_equal(measure.unit, "us");
    assert_int_equal(measure.direction, PACE_LOWER_IS_BETTER);

    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 3000); /* ns, stored as us */
    commit(f->store, run);
    assert_string_equal(measure_of(f->store, "app", "latency").unit, "us");
    pace_snapshot *snapshot = look(f->store);
    static const uint32_t column = 0;
    pace_scan *scan;
    struct pace_cells cells;
    store_ok(pace_scan_open(snapshot, 0, &column, 1, &all, error, &scan));
    store_ok(pace_scan_next(scan, error, &cells));
    assert_true(cells.value[0] == 3);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);

    /* The default changes; what the project has stored does not. */
    store_ok(pace_measure_put(f->store, NULL, "latency", "ms", PACE_HIGHER_IS_BETTER, error));
    measure = measure_of(f->store, "app", "latency");
    assert_string_equal(measure.unit, "us");
    assert_int_equal(measure.direction, PACE_HIGHER_IS_BETTER); /* it has none of its own */
    store_ok(pace_measure_put(f->store, "app", "latency", "ms", PACE_LOWER_IS_BETTER, error));
    measure = measure_of(f->store, "app", "latency");
    assert_string_equal(measure.unit, "us");
    assert_int_equal(measure.direction, PACE_LOWER_IS_BETTER);

    store_fails(PACE_EUNIT, pace_measure_put(f->store, "app", "latency", "MB", 0, error));
    /* A default binds no values: it may become another kind. */
    store_ok(pace_measure_put(f->store, NULL, "latency", "MB", 0, error));
    assert_string_equal(measure_of(f->store, "app", "latency").unit, "us");
    store_fails(PACE_ENAME, pace_measure_put(f->store, "", "latency", "", 0, error));
    store_fails(PACE_ENAME, pace_measure_put(f->store, "app", NULL, "", 0, error));
    store_fails(PACE_EVALUE, pace_measure_put(f->store, "app", "x", "", 7, error));
}

static void test_busy(void **state)
{
    struct fixture *f = *state;
    struct pace_options options = {.struct_size = sizeof options, .write_timeout_ms = 20};
    char path[8192];
    reopen(f);
    struct pace_run_info info = run_at(T0_NS);
    store_value(f->store, &info, "a", 1);
    snprintf(path, sizeof path, "%s/write.lock", f->dir);
    pace *hasty;
    store_ok(pace_open(f->dir, 0, &options, error, &hasty));
    int fd = open(path, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pace_run *run = begin(hasty, T0_NS + 1);
    put(run, "a", 2);
    store_fails(PACE_EBUSY, pace_runs_commit(hasty, &run, 1, error, NULL));
    close(fd);
    store_ok(pace_runs_commit(hasty, &run, 1, error, NULL)); /* the same run again */
    pace_run_free(run);

    fd = open(f->dir, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pace *none;
    store_fails(PACE_EBUSY, pace_open(f->dir, 0, &options, error, &none));
    close(fd);
    pace_close(hasty);
}

static void test_removed_store(void **state)
{
    struct fixture *f = *state;
    char path[8192];
    snprintf(path, sizeof path, "%s/data.mdb", f->dir);
    assert_int_equal(unlink(path), 0);
    pace_run *run = begin(f->store, T0_NS);
    put(run, "a", 1);
    store_fails(PACE_ENOSTORE, pace_runs_commit(f->store, &run, 1, error, NULL));
    pace_run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_commit_all_or_none), STORE_TEST(test_identity),
        STORE_TEST(test_units_rescale),      STORE_TEST(test_unit_of_another_kind),
        STORE_TEST(test_measure_put),        STORE_TEST(test_busy),
        STORE_TEST(test_removed_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
