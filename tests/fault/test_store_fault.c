/* test_store_fault.c -- the store against damaged, strange and full surroundings: damaged bytes,
 * files that are no store, a newer format, fork, other writers, growth, a full disk, missing
 * rights.
 *
 * The damage is random; the seed is printed; set PACE_TEST_SEED to repeat a run. */
#include "../damage.h"
#include "../store_help.h"

#include "../../engine/seal.h"
#include "../../engine/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { PAGE = 4096, NOBODY = 65534 };

static void join(char out[8192], const char *dir, const char *name)
{
    assert_true(snprintf(out, 8192, "%s/%s", dir, name) < 8192);
}

static void write_file(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

/* Waits for a child; 0 when it left with 0. */
static int child_status(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Commits one run of `cells` cells, with values made from `n`. */
static int commit_wide(pace *store, int n, int cells)
{
    struct pace_run_info info = run_at(T0_NS + n * SECOND_NS);
    pace_run *run;
    int rc = pace_run_begin(store, &info, NULL, &run);
    if (rc) return rc;
    for (int i = 0; !rc && i < cells; i++) {
        char name[32];
        snprintf(name, sizeof name, "bench-%d", i);
        struct pace_cell cell = cell_of(name, n + i);
        rc = pace_run_put(run, &cell, NULL);
    }
    if (!rc) rc = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return rc;
}

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
    write_file(path, "hello\n", 6);
    store_fails(PACE_ENOSTORE, pace_open(path, 0, NULL, error, &store));
    assert_int_equal(pace_open(path, PACE_CREATE, NULL, NULL, &store), PACE_ENOSTORE);
    unlink(path);
    join(path, dir, "data.mdb");
    static const size_t sizes[] = {0, 6, 4096, 8192, 20000};
    char *text = malloc(20000);
    memset(text, 'x', 20000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_file(path, text, sizes[i]);
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
        write_file(path, whole, cut);
        struct pace_error why = {0};
        int rc = pace_open(dir, 0, NULL, &why, &store);
        assert_int_equal(rc, cut < 512 ? PACE_ENOSTORE : PACE_ECORRUPT);
        assert_int_equal(why.code, rc);
    }
    write_file(path, whole, len);
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

static void test_formats(void **state)
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

/* -- damaged bytes --------------------------------------------------------------------------- */

enum { STREAMS = 3, RUNS = 60, COLUMNS = 70 };

static void fill_for_damage(pace *store)
{
    pace_run *runs[STREAMS * RUNS];
    store->tail_runs = 100;
    for (int i = 0; i < STREAMS * RUNS; i++) {
        int at = i % 11 == 5 ? i / 2 : i; /* some come late */
        struct pace_run_info info = run_at(T0_NS + at * SECOND_NS);
        char testbed[16], commit[16], name[64];
        snprintf(testbed, sizeof testbed, "bed-%d", i % STREAMS);
        snprintf(commit, sizeof commit, "%08x", i * 7919);
        info.testbed = testbed;
        info.commit = commit;
        store_ok(pace_run_begin(store, &info, error, &runs[i]));
        for (int c = 0; c < COLUMNS; c += i % 5 ? 1 : 9) {
            double samples[] = {i, c};
            snprintf(name, sizeof name, "benchmark/with/a/long/name-%d", c);
            struct pace_cell cell = cell_of(name, i * 1000 + c);
            if (i % 7 == 0) cell.upper = i * 1000 + c + 1;
            if (i % 10 == 0 && c < 4) cell.samples = samples, cell.sample_count = 2;
            store_ok(pace_run_put(runs[i], &cell, error));
        }
        store_ok(pace_run_put_meta(runs[i], "host", testbed, error));
    }
    store_ok(pace_runs_commit(store, runs, STREAMS * RUNS, error, NULL));
    for (int i = 0; i < STREAMS * RUNS; i++)
        pace_run_free(runs[i]);
    for (int i = 0; i < 20; i++) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:x", .at_ns = i};
        char name[16];
        snprintf(name, sizeof name, "view-%d", i % 7);
        store_ok(pace_mark_add(store, &mark, error, NULL));
        store_ok(pace_object_put(store, PACE_OBJECT_VIEW, name, "branch:main", error, NULL));
    }
    store_ok(pace_mark_undo(store, 3, error));
}

/* Answers to a fixed list of questions: a hash each, 0 for an error. */
enum { QUESTIONS = 5 + 2 + 3 * STREAMS + 1 + 3 * STREAMS * RUNS + 3 };

struct answers {
    uint64_t hash[QUESTIONS];
    size_t count;
};

static void answer(struct answers *answers, int rc, uint64_t hash)
{
    assert_true(answers->count < QUESTIONS);
    answers->hash[answers->count++] = rc ? 0 : hash | 1;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return seal_hash(text, strlen(text), hash);
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return seal_hash(&number, sizeof number, hash);
}

static void ask_names(pace_snapshot *snapshot, struct answers *answers)
{
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++) {
        const char *const *names;
        uint32_t count, id;
        uint64_t hash = 1;
        int rc = pace_names(snapshot, (enum pace_dimension)d, NULL, &names, &count);
        for (uint32_t i = 0; !rc && i < count; i++) {
            hash = hash_text(hash, names[i]);
            rc = pace_name_find(snapshot, (enum pace_dimension)d, names[i], strlen(names[i]), NULL,
                                &id);
            hash = hash_number(hash, rc ? 0 : id);
        }
        answer(answers, rc, hash);
    }
    struct pace_measure measure;
    int rc = pace_measure_get(snapshot, 0, 0, NULL, &measure);
    answer(answers, rc, rc ? 0 : hash_text(measure.direction, measure.unit));
    const struct pace_stream *streams;
    uint32_t count;
    rc = pace_streams(snapshot, NULL, &streams, &count);
    answer(answers, rc, rc ? 0 : seal_hash(streams, count * sizeof *streams, 0));
}

static int ask_scan(pace_snapshot *snapshot, uint32_t stream, const struct pace_range *range,
                    uint64_t *hash)
{
    uint32_t columns[COLUMNS];
    pace_scan *scan;
    struct pace_cells cells;
    *hash = 1;
    for (uint32_t i = 0; i < COLUMNS; i++)
        columns[i] = i;
    int rc = pace_scan_open(snapshot, stream, columns, COLUMNS, range, NULL, &scan);
    if (rc) return rc;
    for (;;) {
        rc = pace_scan_next(scan, NULL, &cells);
        if (rc || cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++) {
            *hash = hash_number(*hash, cells.runs[r].run);
            *hash = hash_text(*hash, cells.runs[r].commit);
            for (size_t c = 0; c < COLUMNS; c++) {
                size_t at = c * cells.stride + r;
                *hash = seal_hash(&cells.value[at], 8, *hash + cells.status[at]);
                if (cells.upper) *hash = seal_hash(&cells.upper[at], 8, *hash);
            }
        }
    }
    pace_scan_close(scan);
    return rc;
}

static int add_commit(void *context, const char *commit, uint64_t run)
{
    *(uint64_t *)context = hash_number(hash_text(*(uint64_t *)context, commit), run);
    return 0;
}

static void ask_run(pace_snapshot *snapshot, uint64_t run, struct answers *answers)
{
    struct pace_run_view view;
    struct pace_meta meta;
    const char *id;
    const double *samples;
    size_t count;
    int rc = pace_run_get(snapshot, run, NULL, &view);
    answer(answers, rc, rc ? 0 : hash_text(hash_number(view.cell_count, view.run), view.commit));
    rc = pace_run_meta(snapshot, run, NULL, &meta);
    uint64_t hash = rc ? 0 : meta.count;
    for (size_t i = 0; !rc && i < meta.count; i++)
        hash = hash_text(hash_text(hash, meta.keys[i]), meta.values[i]);
    if (!rc) rc = pace_run_id(snapshot, run, NULL, &id);
    answer(answers, rc, rc ? 0 : hash_text(hash, id));
    rc = pace_samples(snapshot, run, 2, NULL, &samples, &count);
    answer(answers, rc, rc ? 0 : seal_hash(samples, count * sizeof *samples, count));
}

static void ask_all(pace *store, struct answers *answers)
{
    pace_snapshot *snapshot;
    answers->count = 0;
    int rc = pace_snapshot_begin(store, NULL, &snapshot);
    if (rc) {
        while (answers->count < QUESTIONS)
            answer(answers, rc, 0);
        return;
    }
    ask_names(snapshot, answers);
    static const struct pace_range ranges[] = {
        {INT64_MIN, INT64_MAX, 0},
        {INT64_MIN, INT64_MAX, 10},
        {T0_NS + 20 * SECOND_NS, T0_NS + 90 * SECOND_NS, 0},
    };
    uint64_t hash;
    for (uint32_t s = 0; s < STREAMS; s++) {
        for (size_t i = 0; i < 3; i++) {
            rc = ask_scan(snapshot, s, &ranges[i], &hash);
            answer(answers, rc, hash);
        }
    }
    hash = 1;
    rc = pace_commits(snapshot, "", NULL, add_commit, &hash);
    answer(answers, rc, hash);
    for (uint64_t run = 1; run <= STREAMS * RUNS; run++)
        ask_run(snapshot, run, answers);
    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count;
    rc = pace_marks(snapshot, NULL, &marks, &count);
    hash = 1;
    for (size_t i = 0; !rc && i < count; i++)
        hash = hash_text(hash_number(hash, (uint64_t)marks[i].undone), marks[i].selector);
    answer(answers, rc, hash);
    rc = pace_objects(snapshot, NULL, &objects, &count);
    hash = 1;
    for (size_t i = 0; !rc && i < count; i++)
        hash = hash_text(hash_number(hash, objects[i].version), objects[i].name);
    answer(answers, rc, hash);
    struct pace_stat stat;
    rc = pace_stat(snapshot, NULL, &stat);
    answer(answers, rc, rc ? 0 : seal_hash(&stat, sizeof stat, 0));
    pace_snapshot_end(snapshot);
}

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

enum { EXIT_ERROR = 10, EXIT_UNNOTICED = 11, EXIT_WRONG = 12 };

/* In a child: opens a damaged store, asks everything, writes to it. */
static int use_damaged(const char *dir, const struct answers *expected, int write_too)
{
    pace *store;
    struct answers answers;
    if (pace_open(dir, 0, NULL, NULL, &store)) return EXIT_ERROR;
    ask_all(store, &answers);
    int errors = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (answers.hash[i] == 0)
            errors++;
        else if (answers.hash[i] != expected->hash[i])
            return EXIT_WRONG;
    }
    if (write_too) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "y"};
        commit_wide(store, 5000, 30);
        pace_mark_add(store, &mark, NULL, NULL);
        ask_all(store, &answers);
    }
    pace_close(store);
    return errors ? EXIT_ERROR : EXIT_UNNOTICED;
}

static uint64_t random_state;

static size_t below(size_t n)
{
    return damage_below(&random_state, n);
}

static void damage(unsigned char *data, size_t len)
{
    size_t at = below(len), page = below(len / PAGE) * PAGE;
    switch (below(5)) {
    case 0: data[at] ^= (unsigned char)(1 << below(8)); break;
    case 1: data[at] = (unsigned char)below(256); break;
    case 2:
        for (size_t i = at; i < at + 16 && i < len; i++)
            data[i] = (unsigned char)below(256);
        break;
    case 3: /* the first bytes of a page hold what LMDB trusts most */
        data[page + below(64)] ^= (unsigned char)(1 << below(8));
        break;
    default: memset(data + page, 0, PAGE); break;
    }
}

static void test_damaged_bytes(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    enum { ROUNDS = 120 }; /* a fork of a sanitized process is slow */
#else
    enum { ROUNDS = 600 };
#endif
    const char *given = getenv("PACE_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# note seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    random_state = seed;

    char *dir = make_directory();
    char path[8192], lock[8192];
    pace *store;
    struct answers expected;
    size_t len;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    fill_for_damage(store);
    ask_all(store, &expected);
    for (size_t i = 0; i < QUESTIONS; i++)
        assert_true(expected.hash[i] != 0);
    pace_close(store);
    join(path, dir, "data.mdb");
    join(lock, dir, "lock.mdb");
    unsigned char *whole = damage_read(path, &len), *copy = malloc(len);
    int errors = 0, unnoticed = 0, wrong = 0, crashed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(copy, whole, len);
        damage(copy, len);
        write_file(path, copy, len);
        unlink(lock);
        pid_t child = fork();
        if (child == 0) {
            struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            for (size_t i = 0; i < sizeof crash_signals / sizeof *crash_signals; i++)
                signal(crash_signals[i], SIG_DFL); /* cmocka's handlers would go on */
            alarm(20);
            _exit(use_damaged(dir, &expected, round % 2));
        }
        int status = child_status(child);
        if (WIFSIGNALED(status)) {
            crashed++;
            printf("# round %d: signal %d\n", round, WTERMSIG(status));
        } else if (WEXITSTATUS(status) == EXIT_ERROR) {
            errors++;
        } else if (WEXITSTATUS(status) == EXIT_UNNOTICED) {
            unnoticed++;
        } else {
            wrong++;
            printf("# round %d: wrong data\n", round);
        }
    }
    printf("# note %d damaged stores: %d gave errors, %d were hit where nothing is read\n", ROUNDS,
           errors, unnoticed);
    assert_int_equal(wrong, 0);
    assert_int_equal(crashed, 0);
    assert_true(errors > ROUNDS / 4);
    free(whole);
    free(copy);
    remove_tree(dir);
}

/* -- damaged keys of measures ---------------------------------------------------------------- */

/* A measure may have no record: then a record whose key was damaged must not look like none. */
enum { MEASURE_KEY = 9, SCRAMBLED = 16, SCRAMBLES = 200 };

/* 0: what is known of both measures is right or an error (then *errors counts it); else what is wrong. */
static const char *ask_measures(pace *store, int *errors)
{
    const struct pace_measure_row *rows;
    struct pace_measure measure;
    pace_snapshot *snapshot;
    const char *wrong = NULL;
    uint32_t id;
    size_t count;
    if (pace_snapshot_begin(store, NULL, &snapshot)) return ++*errors, NULL;
    if (pace_measure_get(snapshot, 0, 0, NULL, &measure))
        ++*errors;
    else if (strcmp(measure.unit, "ns") != 0)
        wrong = "the unit of a project's measure";
    if (pace_name_find(snapshot, PACE_MEASURE, "memory", 6, NULL, &id) ||
        pace_measure_get(snapshot, 0, id, NULL, &measure))
        ++*errors;
    else if (strcmp(measure.unit, "B") != 0 || measure.direction != PACE_LOWER_IS_BETTER)
        wrong = "the default of a measure";
    if (pace_measures(snapshot, NULL, &rows, &count))
        ++*errors;
    else if (count != 2 || strcmp(rows[0].unit, "ns") != 0 || strcmp(rows[1].unit, "B") != 0)
        wrong = "the list of measures";
    pace_snapshot_end(snapshot);
    return wrong;
}

/* Asks a damaged store, appends in another unit of the same kind, and asks again. */
static void use_damaged_measures(const char *dir, int *errors)
{
    struct pace_run_info info = run_at(T0_NS + 9 * SECOND_NS);
    struct pace_cell cell = cell_of("bench-3", 5);
    pace *store;
    pace_run *run;
    if (pace_open(dir, 0, NULL, NULL, &store)) {
        ++*errors;
        return;
    }
    const char *wrong = ask_measures(store, errors);
    if (wrong) fail_msg("%s is wrong", wrong);
    cell.unit = "ms";
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    if (pace_runs_commit(store, &run, 1, NULL, NULL)) ++*errors;
    pace_run_free(run);
    wrong = ask_measures(store, errors);
    if (wrong) fail_msg("%s is wrong after an append", wrong);
    pace_close(store);
}

/* Flips each bit of the key at `at`, then writes noise over it and what follows, from each of its bytes. */
static int damage_key(const char *dir, const unsigned char *whole, size_t len, size_t at)
{
    char path[8192], lock[8192];
    unsigned char *copy = malloc(len);
    int errors = 0;
    join(path, dir, "data.mdb");
    join(lock, dir, "lock.mdb");
    for (size_t i = 0; i < 8 * MEASURE_KEY + SCRAMBLES; i++) {
        memcpy(copy, whole, len);
        if (i < 8 * MEASURE_KEY)
            copy[at + i / 8] ^= (unsigned char)(1 << i % 8);
        else
            for (size_t j = 0; j < SCRAMBLED; j++)
                copy[at + i % MEASURE_KEY + j] = (unsigned char)below(256);
        write_file(path, copy, len);
        unlink(lock);
        use_damaged_measures(dir, &errors);
    }
    free(copy);
    return errors;
}

static void test_damaged_measure_keys(void **state)
{
    (void)state;
    static const unsigned char keys[][MEASURE_KEY - 1] = {
        {'u', 0, 0, 0, 0, 0, 0, 0},             /* project 0, measure 0 (its last byte) */
        {'u', 0xff, 0xff, 0xff, 0xff, 0, 0, 0}, /* every project, measure 1 */
    };
    char *dir = make_directory();
    char path[8192];
    pace *store;
    size_t len;
    random_state = 1;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_int_equal(commit_wide(store, 1, 10), 0);
    store_ok(pace_measure_put(store, NULL, "memory", "B", PACE_LOWER_IS_BETTER, error));
    int errors = 0;
    assert_null(ask_measures(store, &errors));
    assert_int_equal(errors, 0);
    pace_close(store);
    join(path, dir, "data.mdb");
    unsigned char *whole = damage_read(path, &len);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        int places = 0, noticed = 0; /* pages that are free have older copies */
        for (size_t at = 0; at + MEASURE_KEY + SCRAMBLED < len; at++) {
            if (memcmp(whole + at, keys[k], sizeof keys[k]) != 0) continue;
            places++;
            noticed += damage_key(dir, whole, len, at);
        }
        printf("# note key %zu: %d copies, %d answers were errors\n", k, places, noticed);
        assert_true(places > 0 && noticed > 8 * MEASURE_KEY + SCRAMBLES);
    }
    free(whole);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_store),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_processes_write_at_once),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_other_owner),
        cmocka_unit_test(test_damaged_bytes),
        cmocka_unit_test(test_damaged_measure_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
