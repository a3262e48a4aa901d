/* test_batch.c -- many runs in one commit, or one each: rows that are alike and rows that are not,
 * and how much a commit may hold. */
#include "../store_dump.h"

enum { COLUMNS = 70, RUNS = 400, NAME_BYTES = 32 };

/* Columns 0 .. COLUMNS - 1 in nanoseconds, and the same again in microseconds. */
static void make_columns(pace *store, pace_column_handle *ns, pace_column_handle *us)
{
    for (int i = 0; i < COLUMNS; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "bench-%d", i);
        store_ok(pace_column(store, name, "latency", "ns", PACE_LOWER_IS_BETTER, error, &ns[i]));
        store_ok(pace_column(store, name, "latency", "us", PACE_LOWER_IS_BETTER, error, &us[i]));
    }
}

/* The kinds of runs: what differs from the one before, of which a batch must not be misled. */
enum { PLAIN, REVERSED, RESCALED, SHORTER, SPLIT, BY_NAME, KINDS };

static int kind_of(unsigned run)
{
    return run % 5 < 3 ? PLAIN : (int)(run / 5 % KINDS);
}

static double value_of(unsigned run, int column)
{
    return run * 1000.0 + column + 0.25;
}

static void put_named(pace_run *run, unsigned number)
{
    for (int i = 0; i < COLUMNS; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "bench-%d", i);
        struct pace_cell cell = {.benchmark = name,
                                 .measure = "latency",
                                 .unit = "ns",
                                 .value = value_of(number, i),
                                 .lower = (double)NAN,
                                 .upper = (double)NAN};
        store_ok(pace_run_put(run, &cell, error));
    }
}

static void put_cells(pace_run *run, int kind, unsigned number, const pace_column_handle *ns,
                      const pace_column_handle *us)
{
    pace_column_handle columns[COLUMNS];
    double values[COLUMNS];
    int count = kind == SHORTER ? COLUMNS - 3 : COLUMNS;
    if (kind == BY_NAME) {
        put_named(run, number);
        return;
    }
    for (int i = 0; i < count; i++) {
        int column = kind == REVERSED ? COLUMNS - 1 - i : i;
        columns[i] = kind == RESCALED ? us[column] : ns[column];
        values[i] = value_of(number, column) / (kind == RESCALED ? 1000 : 1);
    }
    int first = kind == SPLIT ? COLUMNS / 2 : count;
    store_ok(pace_run_put_row(run, columns, values, (size_t)first, error));
    if (first < count)
        store_ok(
            pace_run_put_row(run, columns + first, values + first, (size_t)(count - first), error));
}

/* Reads a stream back; returns its number of runs. */
static unsigned check_stream(pace_snapshot *snapshot, uint32_t stream)
{
    const struct pace_column *names;
    const char *const *benchmarks;
    uint32_t count, name_count, all[COLUMNS];
    struct pace_cells cells;
    pace_scan *scan;
    unsigned runs = 0;
    store_ok(pace_columns(snapshot, stream, error, &names, &count));
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &benchmarks, &name_count));
    assert_int_equal(count, COLUMNS);
    for (uint32_t i = 0; i < COLUMNS; i++)
        all[i] = i;
    store_ok(pace_scan_open(snapshot, stream, all, COLUMNS, NULL, error, &scan));
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++, runs++) {
            unsigned number = (unsigned)((cells.runs[r].time_ns - T0_NS) / SECOND_NS);
            for (uint32_t c = 0; c < COLUMNS; c++) {
                int column = atoi(benchmarks[names[c].benchmark] + strlen("bench-"));
                double value = cells.value[c * cells.stride + r];
                if (kind_of(number) == SHORTER && column >= COLUMNS - 3)
                    assert_true(isnan(value));
                else if (fabs(value - value_of(number, column)) > 1e-6)
                    fail_msg("run %u, column %d: %g", number, column, value);
            }
        }
    }
    pace_scan_close(scan);
    return runs;
}

/* Each run keeps its own cells, whatever the one before it was like. */
static void test_runs_of_every_kind_in_one_batch(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store;
    pace_column_handle ns[COLUMNS], us[COLUMNS];
    pace_run *runs[RUNS];
    pace_snapshot *snapshot;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    make_columns(store, ns, us);
    for (unsigned i = 0; i < RUNS; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        info.testbed = i / 7 % 4 == 3 ? "other" : "ci";
        store_ok(pace_run_begin(store, &info, error, &runs[i]));
        put_cells(runs[i], kind_of(i), i, ns, us);
    }
    store_ok(pace_runs_commit(store, runs, RUNS, error, NULL));
    for (unsigned i = 0; i < RUNS; i++)
        pace_run_free(runs[i]);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    unsigned other = check_stream(snapshot, 1);
    assert_true(other > 50);
    assert_int_equal(check_stream(snapshot, 0) + other, RUNS);
    pace_snapshot_end(snapshot);
    pace_close(store);
    store_ok(pace_verify(path, NULL, NULL, error, NULL));
    remove_tree(path);
}

/* Stores runs of every kind, one a commit, to streams of several shapes. `plain`: how those are put
 * that are like most. Its dump, and that a second run of the same content is noticed. */
static uint64_t store_alone(int plain)
{
    enum { ALONE = 300 };
    static const char *const projects[] = {"p", "p", "p", "q"};
    static const char *const branches[] = {"main", "pr/1"};
    static const char *const testbeds[] = {"ci", "ci", "third", "other"};
    char *path = make_directory();
    pace *store;
    pace_column_handle ns[COLUMNS], us[COLUMNS];
    uint64_t hash = 0;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    make_columns(store, ns, us);
    for (unsigned i = 0; i < ALONE; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        struct pace_run_result result;
        pace_run *run;
        int kind = kind_of(i);
        info.project = projects[i / 3 % 4];
        info.branch = branches[i / 13 % 2];
        info.testbed = testbeds[i / 7 % 4];
        int is_odd = i < ALONE / 2 && i / 7 % 4 == 2;
        for (int again = 0; again < 1 + (!is_odd && i % 17 == 0); again++) {
            store_ok(pace_run_begin(store, &info, error, &run));
            /* The third testbed's streams begin with another column; some get very many. */
            if (is_odd) {
                struct pace_cell cell = cell_of("first", i);
                store_ok(pace_run_put(run, &cell, error));
            }
            for (int j = 0; i >= 200 && i % 50 == 0 && j < 2 * COLUMNS; j++) {
                char name[NAME_BYTES];
                snprintf(name, sizeof name, "more-%d", j);
                struct pace_cell cell = cell_of(name, j);
                store_ok(pace_run_put(run, &cell, error));
            }
            put_cells(run, kind == PLAIN ? plain : kind, i, ns, us);
            store_ok(pace_runs_commit(store, &run, 1, error, &result));
            pace_run_free(run);
            assert_int_equal(result.duplicate, again);
        }
        if (i % 60 == 59) {
            pace_close(store);
            store_ok(pace_open(path, 0, NULL, error, &store));
            make_columns(store, ns, us);
        }
    }
    pace_close(store);
    store_ok(pace_verify(path, NULL, NULL, error, NULL));
    assert_int_equal(dump_directory(path, 0, &hash), 0);
    remove_tree(path);
    return hash;
}

/* A run whose row is like that of one before it is what it would have been without. */
static void test_runs_of_every_kind_alone(void **state)
{
    (void)state;
    uint64_t hash = store_alone(PLAIN);
    assert_true(hash == store_alone(SPLIT));
    assert_true(hash == store_alone(BY_NAME));
}

/* A batch over the limit is refused as a whole and by name; what is just within it is stored. */
static void test_a_batch_has_a_limit(void **state)
{
    (void)state;
    enum { FULL = PACE_MAX_BATCH_CELLS / PACE_MAX_CELLS };
    char *path = make_directory();
    pace *store;
    pace_column_handle *columns = malloc(PACE_MAX_CELLS * sizeof *columns);
    double *values = malloc(PACE_MAX_CELLS * sizeof *values);
    pace_run *runs[FULL + 1];
    pace_snapshot *snapshot;
    assert_true(columns && values);
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < PACE_MAX_CELLS; i++) {
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "bench-%d", i);
        store_ok(
            pace_column(store, name, "latency", "ns", PACE_LOWER_IS_BETTER, error, &columns[i]));
        values[i] = i;
    }
    for (int i = 0; i <= FULL; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        store_ok(pace_run_begin(store, &info, error, &runs[i]));
        store_ok(pace_run_put_row(runs[i], columns, values, i < FULL ? PACE_MAX_CELLS : 1, error));
    }
    struct pace_error refused = {0};
    assert_int_equal(pace_runs_commit(store, runs, FULL + 1, &refused, NULL), PACE_ELIMIT);
    assert_non_null(strstr(refused.message, "PACE_MAX_BATCH_CELLS"));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    assert_int_equal(pace_run_count(snapshot), 0);
    pace_snapshot_end(snapshot);
    store_ok(pace_runs_commit(store, runs, FULL, error, NULL));
    store_ok(pace_runs_commit(store, runs + FULL, 1, error, NULL));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    assert_int_equal(pace_run_count(snapshot), FULL + 1);
    pace_snapshot_end(snapshot);
    for (int i = 0; i <= FULL; i++)
        pace_run_free(runs[i]);
    free(columns);
    free(values);
    pace_close(store);
    remove_tree(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_of_every_kind_in_one_batch),
        cmocka_unit_test(test_runs_of_every_kind_alone),
        cmocka_unit_test(test_a_batch_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
