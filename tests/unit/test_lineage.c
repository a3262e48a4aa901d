/* test_lineage.c -- start points, the chain of ancestors of a stream, and the scan along it. */
#include "../store_help.h"

static int setup(void **state)
{
    char *directory = make_directory();
    pace *store = NULL;
    if (pace_open(directory, PACE_CREATE, NULL, NULL, &store)) return -1;
    free(directory);
    *state = store;
    return 0;
}

static int teardown(void **state)
{
    char *directory = strdup(pace_path(*state));
    pace_close(*state);
    remove_tree(directory);
    return 0;
}

static char *commit_text(char out[16], const char *branch, int i)
{
    snprintf(out, 16, "%s-%d", branch, i);
    return out;
}

/* Run i of a branch: commit BRANCH-i at second i, value i. */
static uint64_t store_run(pace *store, const char *branch, const char *testbed, int i,
                          const struct pace_start_point *start)
{
    char commit[16];
    struct pace_run_info info = {.project = "app",
                                 .branch = branch,
                                 .testbed = testbed,
                                 .commit = commit_text(commit, branch, i),
                                 .time_ns = T0_NS + i * SECOND_NS};
    if (start) {
        info.start_branch = start->branch;
        info.start_commit = start->commit;
        info.start_time_ns = start->time_ns;
    }
    return store_value(store, &info, "bench", i);
}

static uint32_t name_id(pace_snapshot *snapshot, enum pace_dimension dimension, const char *name)
{
    uint32_t id;
    store_ok(pace_name_find(snapshot, dimension, name, strlen(name), error, &id));
    return id;
}

static struct pace_lineage lineage_of(pace_snapshot *snapshot, const char *branch)
{
    struct pace_lineage lineage;
    store_ok(pace_lineage_find(snapshot, name_id(snapshot, PACE_PROJECT, "app"),
                               name_id(snapshot, PACE_BRANCH, branch),
                               name_id(snapshot, PACE_TESTBED, "ci"), error, &lineage));
    return lineage;
}

/* What a lineage scan of column 0 of a branch on testbed ci gives, as "main-1 main-2 dev-3". */
static const char *scanned(pace *store, const char *branch, uint64_t inherited, uint64_t own)
{
    static char text[4096];
    pace_snapshot *snapshot;
    const struct pace_stream *streams;
    uint32_t count, column = 0;
    size_t used = 0;
    pace_lineage_scan *scan;
    struct pace_cells cells;
    struct pace_range range = {INT64_MIN, INT64_MAX, own};
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(
        pace_streams_of(snapshot, name_id(snapshot, PACE_BRANCH, branch), error, &streams, &count));
    assert_true(count >= 1);
    store_ok(pace_lineage_scan_open(snapshot, streams[0].id, NULL, &column, 1, inherited, &range,
                                    error, &scan));
    text[0] = 0;
    for (;;) {
        store_ok(pace_lineage_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "",
                                     cells.runs[r].commit);
    }
    store_ok(pace_lineage_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 0); /* the end lasts */
    pace_lineage_scan_close(scan);
    pace_snapshot_end(snapshot);
    return text;
}

static enum pace_lineage_state state_of(pace *store, const char *branch)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    enum pace_lineage_state state = lineage_of(snapshot, branch).state;
    pace_snapshot_end(snapshot);
    return state;
}

static void set_start(pace *store, const char *branch, const char *parent, const char *commit,
                      int64_t time_ns)
{
    struct pace_start_point start = {parent, commit, time_ns};
    store_ok(pace_start_point_set(store, "app", branch, &start, error));
}

/* -- start points ------------------------------------------------------------------------------ */

static void test_set_get_take_back(void **state)
{
    pace *store = *state;
    pace_snapshot *snapshot;
    struct pace_start_point start = {"main", "main-2", 5}, got;
    store_run(store, "dev", "ci", 1, NULL);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint32_t app = name_id(snapshot, PACE_PROJECT, "app");
    uint32_t dev = name_id(snapshot, PACE_BRANCH, "dev");
    assert_int_equal(pace_start_point_get(snapshot, app, dev, NULL, &got), PACE_ENOTFOUND);
    store_ok(pace_start_point_set(store, "app", "dev", &start, error));
    assert_int_equal(pace_start_point_get(snapshot, app, dev, NULL, &got), PACE_ENOTFOUND);
    pace_snapshot_end(snapshot);

    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_start_point_get(snapshot, app, dev, error, &got));
    assert_string_equal(got.branch, "main");
    assert_string_equal(got.commit, "main-2");
    assert_int_equal(got.time_ns, 5);
    uint32_t main_id = name_id(snapshot, PACE_BRANCH, "main"), count;
    const struct pace_stream *streams;
    store_ok(pace_streams_of(snapshot, main_id, error, &streams, &count));
    assert_int_equal(count, 0); /* a parent without runs */
    assert_int_equal(pace_start_point_get(snapshot, app, main_id, NULL, &got), PACE_ENOTFOUND);
    assert_int_equal(pace_start_point_get(snapshot, app, 99, NULL, &got), PACE_ENOTFOUND);
    pace_snapshot_end(snapshot);

    store_ok(pace_start_point_set(store, "app", "dev", NULL, error));
    store_ok(pace_start_point_set(store, "app", "never", NULL, error));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    assert_int_equal(pace_start_point_get(snapshot, app, dev, NULL, &got), PACE_ENOTFOUND);
    pace_snapshot_end(snapshot);
    set_start(store, "dev", "other", "x", 0);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_start_point_get(snapshot, app, dev, error, &got));
    assert_string_equal(got.branch, "other");
    pace_snapshot_end(snapshot);
}

static void test_a_start_point_is_of_one_project(void **state)
{
    pace *store = *state;
    struct pace_start_point start = {"main", "c", 0}, got;
    struct pace_run_info info = run_at(T0_NS);
    info.branch = "dev";
    store_value(store, &info, "bench", 1);
    info.project = "lib";
    store_value(store, &info, "bench", 1);
    store_ok(pace_start_point_set(store, "app", "dev", &start, error));
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint32_t dev = name_id(snapshot, PACE_BRANCH, "dev");
    store_ok(
        pace_start_point_get(snapshot, name_id(snapshot, PACE_PROJECT, "app"), dev, error, &got));
    assert_int_equal(
        pace_start_point_get(snapshot, name_id(snapshot, PACE_PROJECT, "lib"), dev, NULL, &got),
        PACE_ENOTFOUND);
    const struct pace_stream *streams;
    uint32_t count;
    store_ok(pace_streams_of(snapshot, dev, error, &streams, &count));
    assert_int_equal(count, 2);
    assert_int_not_equal(streams[0].project, streams[1].project);
    pace_snapshot_end(snapshot);
}

static void test_what_is_refused(void **state)
{
    pace *store = *state;
    char long_commit[PACE_MAX_COMMIT + 2];
    memset(long_commit, 'f', sizeof long_commit - 1);
    long_commit[sizeof long_commit - 1] = 0;
    struct pace_start_point self = {"dev", "", 0}, too_long = {"main", long_commit, 0},
                            before_1970 = {"main", "", -1}, control = {"a\nb", "", 0},
                            main_point = {"main", "c", 0}, dev_point = {"dev", "c", 0},
                            more_point = {"more", "c", 0};
    store_fails(PACE_EMISUSE, pace_start_point_set(store, "app", "dev", &self, error));
    store_fails(PACE_ELIMIT, pace_start_point_set(store, "app", "dev", &too_long, error));
    store_fails(PACE_ETIME, pace_start_point_set(store, "app", "dev", &before_1970, error));
    store_fails(PACE_ENAME, pace_start_point_set(store, "app", "dev", &control, error));
    store_fails(PACE_ENAME, pace_start_point_set(store, "", "dev", &main_point, error));
    store_fails(PACE_ENAME, pace_start_point_set(store, "app", NULL, &main_point, error));
    store_ok(pace_start_point_set(store, "app", "dev", &main_point, error));
    store_ok(pace_start_point_set(store, "app", "more", &dev_point, error));
    store_fails(PACE_EMISUSE, pace_start_point_set(store, "app", "main", &more_point, error));
    store_fails(PACE_EMISUSE, pace_start_point_set(store, "app", "main", &dev_point, error));
    store_ok(pace_start_point_set(store, "lib", "main", &dev_point, error)); /* another project */
}

static void test_the_depth_has_a_limit(void **state)
{
    pace *store = *state;
    char child[16], parent[16];
    for (int i = 1; i <= PACE_MAX_LINEAGE; i++) {
        snprintf(child, sizeof child, "b%d", i);
        snprintf(parent, sizeof parent, "b%d", i - 1);
        store_run(store, child, "ci", i, &(struct pace_start_point){parent, "", T0_NS * 2});
    }
    store_run(store, "b0", "ci", 0, NULL);
    snprintf(child, sizeof child, "b%d", PACE_MAX_LINEAGE);
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    assert_int_equal(lineage_of(snapshot, child).segment_count, PACE_MAX_LINEAGE);
    pace_snapshot_end(snapshot);
    struct pace_start_point beyond = {child, "", 1};
    store_fails(PACE_ELIMIT, pace_start_point_set(store, "app", "b-beyond", &beyond, error));
    /* The chain of a branch may also grow at its far end: then it cannot be read. */
    set_start(store, "b0", "root", "", 1);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    struct pace_lineage lineage;
    store_fails(PACE_ELIMIT,
                pace_lineage_find(snapshot, name_id(snapshot, PACE_PROJECT, "app"),
                                  name_id(snapshot, PACE_BRANCH, child),
                                  name_id(snapshot, PACE_TESTBED, "ci"), error, &lineage));
    pace_snapshot_end(snapshot);
}

static void test_a_refused_start_point_keeps_no_run_back(void **state)
{
    pace *store = *state;
    struct pace_run_info info = run_at(T0_NS);
    info.start_branch = "main"; /* of main */
    pace_run *run;
    struct pace_run_result result;
    struct pace_cell cell = cell_of("bench", 1);
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    assert_int_equal(result.run, 1);
    assert_int_equal(result.start_point, PACE_EMISUSE);
    assert_int_equal(state_of(store, "main"), PACE_LINEAGE_NONE);
}

/* -- the lineage ------------------------------------------------------------------------------- */

static void test_up_to_and_including_the_commit(void **state)
{
    pace *store = *state;
    for (int i = 1; i <= 6; i++)
        store_run(store, "main", "ci", i, NULL);
    store_run(store, "dev", "ci", 9, &(struct pace_start_point){"main", "main-4", 0});
    assert_string_equal(scanned(store, "dev", UINT64_MAX, 0), "main-1 main-2 main-3 main-4 dev-9");
    assert_string_equal(scanned(store, "dev", 2, 0), "main-3 main-4 dev-9");
    assert_string_equal(scanned(store, "dev", 0, 0), "dev-9");
    assert_string_equal(scanned(store, "main", 9, 0), "main-1 main-2 main-3 main-4 main-5 main-6");
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_EXACT);
    assert_int_equal(state_of(store, "main"), PACE_LINEAGE_NONE);
    store_run(store, "main", "ci", 0, NULL); /* comes late */
    assert_string_equal(scanned(store, "dev", UINT64_MAX, 0),
                        "main-0 main-1 main-2 main-3 main-4 dev-9");
    store_run(store, "dev", "ci", 10, NULL); /* says nothing: keeps it */
    assert_string_equal(scanned(store, "dev", 1, 1), "main-4 dev-10");
    store_run(store, "dev", "ci", 11, &(struct pace_start_point){"main", "main-5", 0});
    assert_string_equal(scanned(store, "dev", 1, 0), "main-5 dev-9 dev-10 dev-11");
    store_run(store, "dev", "ci", 12, &(struct pace_start_point){"", NULL, 0});
    assert_string_equal(scanned(store, "dev", 1, 0), "dev-9 dev-10 dev-11 dev-12");
}

static void test_runs_of_the_same_time(void **state)
{
    pace *store = *state;
    struct pace_run_info info = run_at(T0_NS);
    static const char *const commits[] = {"a", "b", "b", "c", "d"};
    for (int i = 0; i < 5; i++) {
        char id[16];
        snprintf(id, sizeof id, "id%d", i);
        info.commit = commits[i];
        info.id = id;
        store_value(store, &info, "bench", i);
    }
    store_run(store, "dev", "ci", 5, &(struct pace_start_point){"main", "b", 0});
    assert_string_equal(scanned(store, "dev", UINT64_MAX, 0), "a b b dev-5");
    assert_string_equal(scanned(store, "dev", 2, 0), "b b dev-5");
    store_run(store, "more", "ci", 6, &(struct pace_start_point){"dev", "b", 0});
    assert_string_equal(scanned(store, "more", 2, 0), "b b more-6");
    assert_string_equal(scanned(store, "more", 9, 0), "a b b more-6");
}

static void test_the_nearest_stands_in(void **state)
{
    pace *store = *state;
    for (int i = 1; i <= 6; i++)
        store_run(store, "main", "ci", i, NULL);
    struct pace_start_point start = {"main", "never", T0_NS + 4 * SECOND_NS + 1};
    store_run(store, "dev", "ci", 9, &start);
    assert_string_equal(scanned(store, "dev", 2, 0), "main-3 main-4 dev-9");
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_NEAREST);
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    struct pace_lineage lineage = lineage_of(snapshot, "dev");
    assert_string_equal(lineage.last.commit, "main-4");
    assert_string_equal(lineage.start.commit, "never");
    pace_snapshot_end(snapshot);
    start.time_ns = T0_NS + 6 * SECOND_NS; /* no later than: the same time counts */
    set_start(store, "dev", "main", "never", start.time_ns);
    assert_string_equal(scanned(store, "dev", 1, 0), "main-6 dev-9");
    set_start(store, "dev", "main", "never", T0_NS);
    assert_string_equal(scanned(store, "dev", 9, 0), "dev-9");
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_MISSING);
    set_start(store, "dev", "main", "never", 0);
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_UNKNOWN);
    set_start(store, "dev", "nobody", "main-3", T0_NS + SECOND_NS);
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_MISSING);
    assert_string_equal(scanned(store, "dev", 9, 0), "dev-9");
    set_start(store, "dev", "main", "never", T0_NS + 5 * SECOND_NS);
    struct pace_run_info info = run_at(T0_NS + 2 * SECOND_NS);
    info.commit = "never"; /* measured after all */
    store_value(store, &info, "bench", 0);
    assert_string_equal(scanned(store, "dev", 2, 0), "main-2 never dev-9");
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_EXACT);
}

static void test_testbeds_have_their_own(void **state)
{
    pace *store = *state;
    store_run(store, "main", "other", 1, NULL);
    store_run(store, "dev", "ci", 2, &(struct pace_start_point){"main", "main-1", 0});
    assert_string_equal(scanned(store, "dev", 9, 0), "dev-2");
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_UNKNOWN);
    set_start(store, "dev", "main", "main-1", T0_NS + SECOND_NS);
    assert_int_equal(state_of(store, "dev"), PACE_LINEAGE_MISSING);
}

static void test_chains(void **state)
{
    pace *store = *state;
    for (int i = 1; i <= 4; i++)
        store_run(store, "main", "ci", i, NULL);
    for (int i = 5; i <= 8; i++)
        store_run(store, "a", "ci", i, &(struct pace_start_point){"main", "main-3", 0});
    store_run(store, "b", "ci", 9, &(struct pace_start_point){"a", "a-6", 0});
    assert_string_equal(scanned(store, "b", UINT64_MAX, 0), "main-1 main-2 main-3 a-5 a-6 b-9");
    assert_string_equal(scanned(store, "b", 3, 0), "main-3 a-5 a-6 b-9");
    assert_string_equal(scanned(store, "b", 2, 0), "a-5 a-6 b-9");
    /* The commit is one that a has from main. */
    set_start(store, "b", "a", "main-2", 0);
    assert_string_equal(scanned(store, "b", UINT64_MAX, 0), "main-1 main-2 b-9");
    assert_int_equal(state_of(store, "b"), PACE_LINEAGE_EXACT);
    /* main-4 is none that a has. */
    set_start(store, "b", "a", "main-4", 0);
    assert_int_equal(state_of(store, "b"), PACE_LINEAGE_UNKNOWN);
    /* A time cuts every ancestor. */
    set_start(store, "b", "a", "x", T0_NS + 5 * SECOND_NS);
    assert_string_equal(scanned(store, "b", UINT64_MAX, 0), "main-1 main-2 main-3 a-5 b-9");
    set_start(store, "b", "a", "x", T0_NS + 2 * SECOND_NS);
    assert_string_equal(scanned(store, "b", UINT64_MAX, 0), "main-1 main-2 b-9");
    /* A branch between that was never measured. */
    set_start(store, "between", "a", "a-7", 0);
    set_start(store, "b", "between", "between-1", T0_NS + 99 * SECOND_NS);
    assert_string_equal(scanned(store, "b", 3, 0), "a-5 a-6 a-7 b-9");
    assert_int_equal(state_of(store, "b"), PACE_LINEAGE_NEAREST);
    /* Its start point moves: so does what b has of main. */
    set_start(store, "a", "main", "main-1", 0);
    assert_string_equal(scanned(store, "b", 9, 0), "main-1 a-5 a-6 a-7 b-9");
}

/* -- columns ----------------------------------------------------------------------------------- */

static void store_columns(pace *store, const char *branch, int second, const char *const *names,
                          const double *values, const struct pace_start_point *start)
{
    struct pace_run_info info = run_at(T0_NS + second * SECOND_NS);
    char commit[16];
    info.branch = branch;
    info.commit = commit_text(commit, branch, second);
    if (start) {
        info.start_branch = start->branch;
        info.start_commit = start->commit;
    }
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int i = 0; names[i]; i++) {
        struct pace_cell cell = cell_of(names[i], values[i]);
        if (i == 0) cell.lower = values[i] - 1;
        store_ok(pace_run_put(run, &cell, error));
    }
    store_ok(pace_runs_commit(store, &run, 1, error, NULL));
    pace_run_free(run);
}

static void test_columns_are_matched_by_name(void **state)
{
    pace *store = *state;
    static const char *const of_main[] = {"x", "y", "z", NULL}, *const of_dev[] = {"w", "z", "x",
                                                                                   NULL};
    store_columns(store, "main", 1, of_main, (const double[]){1, 2, 3}, NULL);
    store_columns(store, "dev", 2, of_dev, (const double[]){40, 30, 10},
                  &(struct pace_start_point){"main", "main-1", 0});
    pace_snapshot *snapshot;
    pace_lineage_scan *scan;
    struct pace_cells cells;
    uint32_t columns[] = {2, 0, 1, 2}; /* x w z x */
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_lineage_scan_open(snapshot, 1, NULL, columns, 4, 9, NULL, error, &scan));
    store_ok(pace_lineage_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 1);
    assert_int_equal(cells.column_count, 4);
    assert_int_equal(cells.runs[0].stream, 0);
    assert_true(cells.value[0] == 1 && isnan(cells.value[cells.stride]));
    assert_true(cells.value[2 * cells.stride] == 3 && cells.value[3 * cells.stride] == 1);
    assert_int_equal(cells.status[0], PACE_CELL_OK);
    assert_int_equal(cells.status[cells.stride], PACE_CELL_ABSENT);
    assert_non_null(cells.lower);
    assert_true(cells.lower[0] == 0 && isnan(cells.lower[cells.stride]));
    store_ok(pace_lineage_scan_next(scan, error, &cells));
    assert_int_equal(cells.runs[0].stream, 1);
    assert_true(cells.value[0] == 10 && cells.value[cells.stride] == 40 &&
                cells.value[2 * cells.stride] == 30);
    pace_lineage_scan_close(scan);
    columns[0] = 3;
    store_fails(PACE_ENOTFOUND,
                pace_lineage_scan_open(snapshot, 1, NULL, columns, 1, 9, NULL, error, &scan));
    pace_snapshot_end(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_set_get_take_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_start_point_is_of_one_project, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_depth_has_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_start_point_keeps_no_run_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_up_to_and_including_the_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs_of_the_same_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_nearest_stands_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_testbeds_have_their_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_chains, setup, teardown),
        cmocka_unit_test_setup_teardown(test_columns_are_matched_by_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
