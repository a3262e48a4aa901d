/* test_store.c -- the contract of engine/pace.h: each function, each error that can be brought
 * about. */
#include "../store_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

struct fixture {
    char *dir;
    pace *store;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = make_directory();
    store_ok(pace_open(f->dir, PACE_CREATE, NULL, error, &f->store));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    pace_close(f->store);
    remove_tree(f->dir);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    pace_close(f->store);
    store_ok(pace_open(f->dir, 0, NULL, error, &f->store));
}

static pace_run *begin(pace *store, int64_t time_ns)
{
    struct pace_run_info info = run_at(time_ns);
    pace_run *run;
    store_ok(pace_run_begin(store, &info, error, &run));
    return run;
}

static void put(pace_run *run, const char *benchmark, double value)
{
    struct pace_cell cell = cell_of(benchmark, value);
    store_ok(pace_run_put(run, &cell, error));
}

static struct pace_run_result commit(pace *store, pace_run *run)
{
    struct pace_run_result result;
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    return result;
}

static pace_snapshot *look(pace *store)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    return snapshot;
}

static const struct pace_range all = {.from_ns = INT64_MIN, .until_ns = INT64_MAX};

/* -- opening --------------------------------------------------------------------------------- */

static void test_version_and_strerror(void **state)
{
    (void)state;
    assert_string_equal(pace_version(), PACE_VERSION);
    assert_string_equal(pace_strerror(0), "success");
    assert_string_equal(pace_strerror(PACE_EFULL), "no space left for the store");
    assert_string_equal(pace_strerror(ENOENT), "No such file or directory");
    assert_non_null(pace_strerror(-12345));
    assert_non_null(pace_strerror(123456));
}

static void test_open_errors(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    snprintf(path, sizeof path, "%s/absent", dir);
    store_fails(ENOENT, pace_open(path, 0, NULL, error, &store));
    store_fails(ENOENT, pace_open(path, PACE_READONLY, NULL, error, &store));
    store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));
    store_fails(PACE_ENOSTORE, pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open(dir, PACE_READONLY | PACE_CREATE, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open("", 0, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open(dir, 64, NULL, error, &store));
    struct pace_options unset = {0};
    store_fails(PACE_EMISUSE, pace_open(dir, 0, &unset, error, &store));
    assert_int_equal(pace_open(dir, 0, NULL, NULL, &store), PACE_ENOSTORE);
    assert_int_equal(access(path, F_OK), -1);
    remove_tree(dir);
}

static void test_create_makes_directory_and_modes(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192], data[8300];
    struct stat st;
    pace *store;
    snprintf(path, sizeof path, "%s/new//", dir);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    assert_string_equal(pace_path(store), path);
    pace_close(store);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_size < 100 * 1024 - 40000);                /* with lock.mdb, under 100 KiB */
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store)); /* again: it is there */
    pace_close(store);
    snprintf(data, sizeof data, "%s/new.tmp", path);
    assert_int_equal(access(data, F_OK), -1);
    remove_tree(dir);
}

static void test_open_finishes_interrupted_creation(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    snprintf(path, sizeof path, "%s/new.tmp", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/new.tmp/data.mdb", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "half", 4), 4);
    close(fd);
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store_value(store, &(struct pace_run_info){"p", "b", "t", 0, 0, T0_NS, 0, 0, 0, 0, 0, 0}, "x",
                1);
    pace_close(store);
    remove_tree(dir);
}

static void test_unsafe_files(void **state)
{
    struct fixture *f = *state;
    char link_path[8192], lock[8192], other[8192];
    pace *store;
    snprintf(link_path, sizeof link_path, "%s/link", f->dir);
    assert_int_equal(symlink(f->dir, link_path), 0);
    store_fails(PACE_EUNSAFE, pace_open(link_path, 0, NULL, error, &store));
    strcat(link_path, "/");
    store_fails(PACE_EUNSAFE, pace_open(link_path, 0, NULL, error, &store));

    assert_int_equal(chmod(f->dir, 0777), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(chmod(f->dir, 0700), 0);

    snprintf(lock, sizeof lock, "%s/data.mdb", f->dir);
    snprintf(other, sizeof other, "%s/second-name", f->dir);
    assert_int_equal(link(lock, other), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(chmod(lock, 0666), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(chmod(lock, 0600), 0);

    pace_close(f->store);
    f->store = NULL;
    snprintf(lock, sizeof lock, "%s/lock.mdb", f->dir);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(symlink("/dev/null", lock), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(unlink(lock), 0);
    store_ok(pace_open(f->dir, 0, NULL, error, &store));
    pace_close(store);
}

static void test_second_open_shares(void **state)
{
    struct fixture *f = *state;
    pace *second, *reader;
    store_ok(pace_open(f->dir, 0, NULL, error, &second));
    store_ok(pace_open(f->dir, PACE_READONLY, NULL, error, &reader));
    struct pace_run_info info = run_at(T0_NS);
    store_value(f->store, &info, "a", 1);
    info.time_ns++;
    store_value(second, &info, "a", 2);
    pace_close(second);
    pace_snapshot *snapshot = look(reader);
    assert_int_equal(pace_run_count(snapshot), 2);
    pace_snapshot_end(snapshot);
    info.time_ns++;
    store_value(f->store, &info, "a", 3);

    pace_run *run = begin(f->store, T0_NS + 9);
    put(run, "a", 1);
    pace_run *none;
    store_fails(PACE_EREADONLY, pace_run_begin(reader, &info, error, &none));
    store_fails(PACE_EREADONLY, pace_runs_commit(reader, &run, 1, error, NULL));
    store_fails(PACE_EREADONLY, pace_mark_undo(reader, 1, error));
    pace_run_free(run);
    pace_close(reader);
    pace_close(NULL);
}

/* -- building runs --------------------------------------------------------------------------- */

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

    run = begin(f->store, T0_NS);
    double *samples = calloc(PACE_MAX_SAMPLES + 1, sizeof *samples);
    cell = cell_of("x", 1);
    cell.samples = samples;
    cell.sample_count = PACE_MAX_SAMPLES + 1;
    store_fails(PACE_ELIMIT, pace_run_put(run, &cell, error));
    pace_run_free(run);
    free(samples);
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

/* -- committing ------------------------------------------------------------------------------ */

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

/* -- reading --------------------------------------------------------------------------------- */

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

/* -- marks and objects ----------------------------------------------------------------------- */

static void test_marks(void **state)
{
    struct fixture *f = *state;
    struct pace_mark mark = {
        .kind = PACE_MARK_ACCEPT, .selector = "benchmark:a", .note = "on purpose", .at_ns = T0_NS};
    uint64_t id = 0;
    store_ok(pace_mark_add(f->store, &mark, error, &id));
    assert_int_equal(id, 1);
    mark = (struct pace_mark){.kind = PACE_MARK_ALIAS,
                              .selector = "benchmark:old",
                              .target = "benchmark:new",
                              .at_ns = INT64_MIN,
                              .created_ns = 77};
    store_ok(pace_mark_add(f->store, &mark, error, &id));
    assert_int_equal(id, 2);
    store_fails(PACE_ENOTFOUND, pace_mark_undo(f->store, 3, error));
    store_fails(PACE_ENOTFOUND, pace_mark_undo(f->store, 0, error));
    store_ok(pace_mark_undo(f->store, 1, error));
    store_fails(PACE_EMISUSE, pace_mark_undo(f->store, 1, error));
    mark.kind = 0;
    store_fails(PACE_EMISUSE, pace_mark_add(f->store, &mark, error, &id));
    mark.kind = PACE_MARK_EXCLUDE;
    mark.note = "\x01";
    store_fails(PACE_EVALUE, pace_mark_add(f->store, &mark, error, &id));
    char *big = malloc(PACE_MAX_NOTE + 2);
    memset(big, 'n', PACE_MAX_NOTE + 1);
    big[PACE_MAX_NOTE + 1] = 0;
    mark.note = big;
    store_fails(PACE_ELIMIT, pace_mark_add(f->store, &mark, error, &id));
    free(big);
    reopen(f);

    pace_snapshot *snapshot = look(f->store);
    const struct pace_mark *marks;
    size_t count;
    store_ok(pace_marks(snapshot, error, &marks, &count));
    assert_int_equal(count, 2);
    assert_int_equal(marks[0].id, 1);
    assert_int_equal(marks[0].undone, 1);
    assert_string_equal(marks[0].selector, "benchmark:a");
    assert_string_equal(marks[0].target, "");
    assert_string_equal(marks[0].note, "on purpose");
    assert_int_equal(marks[0].at_ns, T0_NS);
    assert_true(marks[0].created_ns > T0_NS);
    assert_int_equal(marks[1].undone, 0);
    assert_int_equal(marks[1].kind, PACE_MARK_ALIAS);
    assert_string_equal(marks[1].target, "benchmark:new");
    assert_true(marks[1].at_ns == INT64_MIN);
    assert_int_equal(marks[1].created_ns, 77);
    pace_snapshot_end(snapshot);
}

static void test_objects(void **state)
{
    struct fixture *f = *state;
    uint32_t version = 0;
    pace *s = f->store;
    store_ok(pace_object_put(s, PACE_OBJECT_VIEW, "slow", "branch:main\n| check", error, &version));
    assert_int_equal(version, 1);
    store_ok(pace_object_put(s, PACE_OBJECT_LET, "slow", "5%", error, &version));
    assert_int_equal(version, 1);
    store_ok(pace_object_put(s, PACE_OBJECT_LET, "slow", "6%", error, &version));
    assert_int_equal(version, 2);
    store_ok(pace_object_put(s, PACE_OBJECT_ALERT, "gone", "x", error, &version));
    store_ok(pace_object_put(s, PACE_OBJECT_ALERT, "gone", NULL, error, &version));
    assert_int_equal(version, 2);
    store_fails(PACE_ENOTFOUND, pace_object_put(s, PACE_OBJECT_ALERT, "gone", NULL, error, NULL));
    store_fails(PACE_ENOTFOUND, pace_object_put(s, PACE_OBJECT_VIEW, "no", NULL, error, NULL));
    store_fails(PACE_EMISUSE, pace_object_put(s, 9, "x", "y", error, NULL));
    store_fails(PACE_ENAME, pace_object_put(s, PACE_OBJECT_LET, "", "y", error, NULL));
    store_fails(PACE_EVALUE, pace_object_put(s, PACE_OBJECT_LET, "x", "\xc3", error, NULL));
    char *big = malloc(PACE_MAX_OBJECT + 2);
    memset(big, 'n', PACE_MAX_OBJECT + 1);
    big[PACE_MAX_OBJECT + 1] = 0;
    store_fails(PACE_ELIMIT, pace_object_put(s, PACE_OBJECT_LET, "x", big, error, NULL));
    free(big);
    reopen(f);

    pace_snapshot *snapshot = look(f->store);
    const struct pace_object *objects;
    size_t count;
    store_ok(pace_objects(snapshot, error, &objects, &count));
    assert_int_equal(count, 2);
    assert_int_equal(objects[0].kind, PACE_OBJECT_LET);
    assert_string_equal(objects[0].text, "6%");
    assert_int_equal(objects[0].version, 2);
    assert_string_equal(objects[1].name, "slow");
    assert_string_equal(objects[1].text, "branch:main\n| check");
    pace_snapshot_end(snapshot);
    store_ok(pace_object_put(f->store, PACE_OBJECT_ALERT, "gone", "back", error, &version));
    assert_int_equal(version, 3);
}

int main(void)
{
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_strerror),
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_create_makes_directory_and_modes),
        cmocka_unit_test(test_open_finishes_interrupted_creation),
        STORE_TEST(test_unsafe_files),
        STORE_TEST(test_second_open_shares),
        STORE_TEST(test_run_begin_errors),
        STORE_TEST(test_run_put_errors),
        STORE_TEST(test_limits_of_a_run),
        STORE_TEST(test_meta),
        STORE_TEST(test_commit_all_or_none),
        STORE_TEST(test_identity),
        STORE_TEST(test_units_rescale),
        STORE_TEST(test_unit_of_another_kind),
        STORE_TEST(test_measure_put),
        STORE_TEST(test_busy),
        STORE_TEST(test_removed_store),
        STORE_TEST(test_names_streams_columns),
        STORE_TEST(test_scan_order_and_ranges),
        STORE_TEST(test_order_of_equal_times),
        STORE_TEST(test_batches),
        STORE_TEST(test_samples_across_parts),
        STORE_TEST(test_commits),
        STORE_TEST(test_snapshot_does_not_change),
        STORE_TEST(test_marks),
        STORE_TEST(test_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
