/* test_store_fault.c -- the store in strange and full surroundings: files that are no store or end
 * early, a newer format, fork, other writers, growth, a full disk, missing rights. */
#include "../child.h"
#include "../damage.h"

#include "../../engine/store.h"

#include <errno.h>
#include <time.h>

enum { PAGE = 4096, NOBODY = 65534 };

/* The number of runs whose values are what commit_wide stored; -1 when one is not. */
static int64_t count_wide(pace *store)
{
    pace_snapshot *snapshot;
    pace_scan *scan;
    struct pace_cells cells;
    int64_t seen = 0;
    if (pace_snapshot_begin(store, NULL, &snapshot)) return -1;
    if (pace_run_count(snapshot) > 0) {
        static const uint32_t column = 7;
        if (pace_scan_open(snapshot, 0, &column, 1, NULL, NULL, &scan)) return -1;
        for (;;) {
            if (pace_scan_next(scan, NULL, &cells)) return -1;
            if (cells.run_count == 0) break;
            for (size_t r = 0; r < cells.run_count; r++) {
                int64_t n = (cells.runs[r].time_ns - T0_NS) / SECOND_NS;
                if (cells.value[r] != (double)(n + 7)) return -1;
                seen++;
            }
        }
        pace_scan_close(scan);
    }
    if ((uint64_t)seen != pace_run_count(snapshot)) seen = -1;
    pace_snapshot_end(snapshot);
    return seen;
}

/* -- files that are no store ----------------------------------------------------------------- */

static void test_not_a_store(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    join(path, dir, "text");
    damage_write(path, "hello\n", 6);
    store_fails(PACE_ENOSTORE, pace_open(path, 0, NULL, error, &store));
    assert_int_equal(pace_open(path, PACE_CREATE, NULL, NULL, &store), PACE_ENOSTORE);
    unlink(path);
    join(path, dir, "data.mdb");
    static const size_t sizes[] = {0, 6, 4096, 8192, 20000};
    char *text = malloc(20000);
    memset(text, 'x', 20000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        damage_write(path, text, sizes[i]);
        store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));
        store_fails(PACE_ENOSTORE, pace_open(dir, PACE_CREATE, NULL, error, &store));
    }
    free(text);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));
    remove_tree(dir);
}

static void test_cut_short(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    size_t len;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < 30; i++)
        assert_int_equal(commit_wide(store, i, 200), 0);
    pace_close(store);
    join(path, dir, "data.mdb");
    unsigned char *whole = damage_read(path, &len);
    for (size_t cut = 0; cut < len; cut += cut < 3 * PAGE ? 512 : 5 * PAGE) {
        damage_write(path, whole, cut);
        struct pace_error why = {0};
        int rc = pace_open(dir, 0, NULL, &why, &store);
        assert_int_equal(rc, cut < 512 ? PACE_ENOSTORE : PACE_ECORRUPT);
        assert_int_equal(why.code, rc);
    }
    damage_write(path, whole, len);
    store_ok(pace_open(dir, 0, NULL, error, &store));
    assert_int_equal(count_wide(store), 30);
    pace_close(store);
    free(whole);
    remove_tree(dir);
}

/* -- formats --------------------------------------------------------------------------------- */

static int put_format(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct key key = key_format();
    return kv_put_struct(txn, &key, context, sizeof(struct format), error);
}

static void write_format(const char *dir, struct format *format)
{
    struct kv_options options = {.timeout_ms = 1000};
    struct kv_work work = {.run = put_format, .context = format};
    struct kv *kv;
    store_ok(kv_open(dir, &options, error, &kv));
    store_ok(kv_write(kv, 1000, &work, error));
    kv_close(kv);
}

static void rule_13_feature_bits(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_int_equal(commit_wide(store, 1, 10), 0);
    pace_close(store);

    struct format format = {.magic = FORMAT_MAGIC, .version = FORMAT_VERSION + 1};
    write_format(dir, &format);
    store_fails(PACE_EFORMAT, pace_open(dir, 0, NULL, error, &store));
    format.version = FORMAT_VERSION;
    format.read_bits = (uint64_t)1 << 63;
    write_format(dir, &format);
    store_fails(PACE_EFORMAT, pace_open(dir, PACE_READONLY, NULL, error, &store));
    format.read_bits = 0;
    memcpy(format.magic, "other", 5);
    write_format(dir, &format);
    store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));

    format = (struct format){.magic = FORMAT_MAGIC, .version = FORMAT_VERSION, .write_bits = 1};
    write_format(dir, &format);
    store_ok(pace_open(dir, 0, NULL, error, &store));
    assert_int_equal(count_wide(store), 1);
    struct pace_run_info info = run_at(T0_NS);
    pace_run *run;
    store_fails(PACE_EREADONLY, pace_run_begin(store, &info, error, &run));
    store_fails(PACE_EREADONLY, pace_measure_put(store, "p", "m", "ns", 0, error));
    pace_close(store);
    remove_tree(dir);
}

/* -- processes ------------------------------------------------------------------------------- */

static int visit_none(void *context, const char *commit, uint64_t run)
{
    (void)context, (void)commit, (void)run;
    return 0;
}

/* In a child: each call says PACE_EFORKED; closing does no harm; a handle of its own works. */
static int in_child(const char *dir, pace *store, pace_snapshot *snapshot, pace_scan *scan,
                    pace_run *run)
{
    struct pace_run_info info = run_at(T0_NS);
    struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "x"};
    struct pace_run_view view;
    struct pace_meta meta;
    struct pace_stat stat;
    struct pace_measure measure;
    struct pace_cells cells;
    pace_run *other_run;
    pace_scan *other_scan;
    pace_snapshot *other;
    const void *pointer;
    const char *const *names;
    uint32_t count;
    size_t size;
    uint64_t id;
    int codes[] = {
        pace_run_begin(store, &info, NULL, &other_run),
        pace_runs_commit(store, &run, 1, NULL, NULL),
        pace_snapshot_begin(store, NULL, &other),
        pace_mark_add(store, &mark, NULL, &id),
        pace_mark_undo(store, 1, NULL),
        pace_object_put(store, PACE_OBJECT_LET, "x", "1", NULL, NULL),
        pace_measure_put(store, "p", "m", "ns", 0, NULL),
        pace_names(snapshot, PACE_PROJECT, NULL, &names, &count),
        pace_name_find(snapshot, PACE_PROJECT, "app", 3, NULL, &count),
        pace_streams(snapshot, NULL, (const struct pace_stream **)&pointer, &count),
        pace_columns(snapshot, 0, NULL, (const struct pace_column **)&pointer, &count),
        pace_measure_get(snapshot, 0, 0, NULL, &measure),
        pace_scan_open(snapshot, 0, NULL, 0, NULL, NULL, &other_scan),
        pace_scan_next(scan, NULL, &cells),
        pace_run_get(snapshot, 1, NULL, &view),
        pace_run_id(snapshot, 1, NULL, (const char **)&pointer),
        pace_run_meta(snapshot, 1, NULL, &meta),
        pace_samples(snapshot, 1, 0, NULL, (const double **)&pointer, &size),
        pace_commits(snapshot, "", NULL, visit_none, NULL),
        pace_marks(snapshot, NULL, (const struct pace_mark **)&pointer, &size),
        pace_objects(snapshot, NULL, (const struct pace_object **)&pointer, &size),
        pace_stat(snapshot, NULL, &stat),
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] != PACE_EFORKED) return (int)i + 1;
    }
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    pace_close(store);
    pace *own;
    if (pace_open(dir, 0, NULL, NULL, &own)) return 100;
    if (commit_wide(own, 2, 10) || count_wide(own) != 2) return 101;
    pace_close(own);
    return 0;
}

static void test_fork(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    pace_snapshot *snapshot;
    pace_scan *scan;
    pace_run *run;
    struct pace_run_info info = run_at(T0_NS);
    struct pace_cell cell = cell_of("x", 1);
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_int_equal(commit_wide(store, 1, 10), 0);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_scan_open(snapshot, 0, NULL, 0, NULL, error, &scan));
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    pid_t child = fork();
    if (child == 0) _exit(in_child(dir, store, snapshot, scan, run));
    assert_int_equal(child_status(child), 0);
    pace_run_free(run);
    assert_int_equal(pace_run_count(snapshot), 1); /* the parent's snapshot stands */
    struct pace_cells cells;
    store_ok(pace_scan_next(scan, error, &cells));
    assert_int_equal(cells.run_count, 1);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    assert_int_equal(commit_wide(store, 3, 10), 0);
    assert_int_equal(count_wide(store), 3);
    pace_close(store);
    remove_tree(dir);
}

static int write_many(const char *dir, int first, int count, int cells)
{
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    pace *store;
    if (pace_open(dir, PACE_CREATE, &options, NULL, &store)) return 1;
    for (int i = 0; i < count; i++) {
        if (commit_wide(store, first + i, cells)) return 2;
    }
    pace_close(store);
    return 0;
}

/* Three writers that also make the store, and a reader whose map others outgrow. */
static void test_processes_write_at_once(void **state)
{
    (void)state;
    enum { WRITERS = 3, RUNS = 60 };
    char *dir = make_directory();
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(write_many(dir, i * RUNS, RUNS, 600));
    }
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, &options, error, &store));
    int64_t seen = 0, before = 0;
    while (seen < WRITERS * RUNS) {
        seen = count_wide(store);
        assert_true(seen >= before);
        before = seen;
        int status;
        for (int i = 0; i < WRITERS; i++) {
            if (children[i] && waitpid(children[i], &status, WNOHANG) == children[i]) {
                assert_int_equal(status, 0);
                children[i] = 0;
            }
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        if (children[i]) assert_int_equal(child_status(children[i]), 0);
    }
    assert_int_equal(commit_wide(store, WRITERS * RUNS, 600), 0);
    assert_int_equal(count_wide(store), WRITERS * RUNS + 1);
    pace_close(store);
    remove_tree(dir);
}

/* -- space ----------------------------------------------------------------------------------- */

static void test_growth(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_options options = {
        .struct_size = sizeof options, .map_size = 1 << 20, .write_timeout_ms = 50};
    pace *store;
    pace_snapshot *snapshot;
    store_ok(pace_open(dir, PACE_CREATE, &options, error, &store));
    assert_int_equal(commit_wide(store, 0, 100), 0);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    /* The map cannot move under a snapshot of this process: an error, not a crash. */
    assert_int_equal(commit_wide(store, 1, 100000), PACE_EBUSY);
    struct pace_run_view view;
    store_ok(pace_run_get(snapshot, 1, error, &view));
    pace_snapshot_end(snapshot);
    assert_int_equal(commit_wide(store, 1, 100000), 0);
    for (int i = 2; i < 40; i++)
        assert_int_equal(commit_wide(store, i, 2000), 0);
    assert_int_equal(count_wide(store), 40);
    pace_close(store);
    store_ok(pace_open(dir, 0, &options, error, &store));
    assert_int_equal(count_wide(store), 40);
    pace_close(store);
    remove_tree(dir);
}

/* In a child: the disk "ends" at 512 KiB. */
static int fill_disk(const char *dir)
{
    struct rlimit limit = {.rlim_cur = 512 * 1024, .rlim_max = RLIM_INFINITY};
    pace *store;
    int stored = 0, rc = 0;
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit)) return 1;
    limit.rlim_cur = 512 * 1024;
    if (setrlimit(RLIMIT_FSIZE, &limit)) return 1;
    if (pace_open(dir, PACE_CREATE, NULL, NULL, &store)) return 2;
    while (stored < 1000 && !(rc = commit_wide(store, stored, 500)))
        stored++;
    if (rc != PACE_EFULL || stored == 0) return 3;
    if (count_wide(store) != stored) return 4;
    if (commit_wide(store, stored, 500) != PACE_EFULL) return 5;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_FSIZE, &limit)) return 6;
    if (commit_wide(store, stored, 500) || count_wide(store) != stored + 1) return 7;
    pace_close(store);
    if (pace_open(dir, 0, NULL, NULL, &store) || count_wide(store) != stored + 1) return 8;
    pace_close(store);
    return 0;
}

static void test_full_disk(void **state)
{
    (void)state;
    char *dir = make_directory();
    pid_t child = fork();
    if (child == 0) _exit(fill_disk(dir));
    assert_int_equal(child_status(child), 0);
    remove_tree(dir);
}

/* -- rights ---------------------------------------------------------------------------------- */

/* In a child that is not root and owns the store. */
static int without_rights(const char *dir)
{
    char path[8192], inner[8192];
    pace *store;
    pace_run *run;
    struct pace_run_info info = run_at(T0_NS);
    if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY))) return 1;
    join(inner, dir, "store");
    if (pace_open(inner, PACE_CREATE, NULL, NULL, &store)) return 2;
    if (commit_wide(store, 1, 10)) return 3;
    pace_close(store);

    join(path, inner, "write.lock"); /* no lock, and it cannot be made: read-only */
    if (unlink(path) || chmod(inner, 0500)) return 4;
    if (pace_open(inner, 0, NULL, NULL, &store)) return 5;
    if (count_wide(store) != 1 || commit_wide(store, 2, 10) != PACE_EREADONLY) return 6;
    pace_close(store);
    join(path, inner, "data.mdb");
    if (chmod(path, 0400)) return 7;
    if (pace_open(inner, 0, NULL, NULL, &store)) return 8;
    if (count_wide(store) != 1) return 9;
    if (pace_run_begin(store, &info, NULL, &run) != PACE_EREADONLY) return 10;
    pace_close(store);
    if (chmod(path, 0000)) return 11;
    if (pace_open(inner, 0, NULL, NULL, &store) != EACCES) return 12;
    join(path, dir, "locked");
    if (mkdir(path, 0500)) return 13;
    if (pace_open(path, PACE_CREATE, NULL, NULL, &store) != EACCES) return 14;
    join(path, dir, "locked/below");
    if (pace_open(path, PACE_CREATE, NULL, NULL, &store) != EACCES) return 15;
    return chmod(inner, 0700) ? 16 : 0;
}

static void test_rights(void **state)
{
    (void)state;
    char *dir = make_directory();
    if (geteuid() == 0) assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
    pid_t child = fork();
    if (child == 0) _exit(without_rights(dir));
    assert_int_equal(child_status(child), 0);
    remove_tree(dir);
}

/* A store of another user: only root can make one. */
static void test_other_owner(void **state)
{
    (void)state;
    if (geteuid() != 0) return;
    char *dir = make_directory();
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    pace_close(store);
    assert_int_equal(chmod(dir, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setgid(NOBODY) || setuid(NOBODY)) _exit(1);
        _exit(pace_open(dir, 0, NULL, NULL, &store) == PACE_EUNSAFE ? 0 : 2);
    }
    assert_int_equal(child_status(child), 0);
    assert_int_equal(chown(dir, NOBODY, NOBODY), 0); /* root opens what is another's */
    store_ok(pace_open(dir, 0, NULL, error, &store));
    pace_close(store);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_store),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(rule_13_feature_bits),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_processes_write_at_once),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_other_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
