/* test_upkeep.c -- backups while others write, compaction and merging: what they hold is right, and
 * when they fail, or are killed, the store is as it was. */
#include "../child.h"
#include "../store_dump.h"

#include "../../engine/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

enum { COLUMNS = 12 };

/* Puts run i, which has everything a run may have; its branch and its cells follow from i. */
static int put_run(pace *store, int i, struct pace_error *error)
{
    struct pace_run_info info = run_at(T0_NS + (i % 7 == 5 ? i - 3 : i) * 3600 * SECOND_NS);
    char branch[16], commit[16], name[64];
    pace_run *run;
    snprintf(branch, sizeof branch, i % 3 ? "main" : "pr/%d", i);
    snprintf(commit, sizeof commit, "%08x", i * 7919);
    info.branch = branch;
    info.commit = i % 4 ? commit : NULL;
    info.ran_ns = info.time_ns + i;
    info.flags = i % 9 == 0 ? PACE_RUN_DIRTY : 0;
    int rc = pace_run_begin(store, &info, error, &run);
    if (rc) return rc;
    for (int c = 0; !rc && c < COLUMNS; c += i % 5 ? 1 : 4) {
        double samples[] = {i, c, i + c};
        snprintf(name, sizeof name, "benchmark-%d", c);
        struct pace_cell cell = cell_of(name, i * 1000 + c);
        if (i % 7 == 0) cell.upper = i * 1000 + c + 1;
        if (i % 4 == 0 && c < 6) cell.samples = samples, cell.sample_count = 3;
        if (i % 6 == 0 && c == 8) cell.status = PACE_CELL_FAILED;
        if (c == 4) cell.measure = "size", cell.unit = i % 2 ? "KB" : "B";
        if (c == 3) cell.measure = "custom", cell.unit = "";
        rc = pace_run_put(run, &cell, error);
    }
    if (!rc) rc = pace_run_put_meta(run, "host", branch, error);
    if (!rc) rc = pace_runs_commit(store, &run, 1, error, NULL);
    pace_run_free(run);
    return rc;
}

static void put_facts(pace *store)
{
    for (int i = 0; i < 9; i++) {
        struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "benchmark:x", .at_ns = i};
        char name[16];
        snprintf(name, sizeof name, "view-%d", i % 4);
        store_ok(pace_mark_add(store, &mark, error, NULL));
        store_ok(pace_object_put(store, PACE_OBJECT_VIEW, name, "branch:main", error, NULL));
    }
    store_ok(pace_mark_undo(store, 3, error));
    store_ok(pace_object_put(store, PACE_OBJECT_VIEW, "view-1", NULL, error, NULL));
    store_ok(pace_measure_put(store, NULL, "memory", "B", PACE_LOWER_IS_BETTER, error));
    store_ok(pace_measure_put(store, "app", "custom", "", PACE_HIGHER_IS_BETTER, error));
    store_ok(pace_measure_put(store, "other", "custom", "ops", 0, error));
    struct pace_start_point start = {.branch = "main", .commit = "00001eef", .time_ns = T0_NS};
    store_ok(pace_start_point_set(store, "app", "pr/3", &start, error));
    store_ok(pace_start_point_set(store, "app", "pr/15", &start, error)); /* its run goes */
    start.branch = "gone";
    store_ok(pace_start_point_set(store, "app", "main", &start, error));
    store_ok(pace_start_point_set(store, "app", "main", NULL, error));
}

static void fill(const char *dir, int runs)
{
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int i = 0; i < runs; i++)
        store_ok(put_run(store, i, error));
    put_facts(store);
    pace_close(store);
}

static struct pace_verified clean(const char *dir)
{
    struct pace_verified seen = {0};
    store_ok(pace_verify(dir, print_damage, NULL, error, &seen));
    return seen;
}

static uint64_t dump_of(const char *dir, int without_numbers)
{
    uint64_t hash = 0;
    assert_int_equal(dump_directory(dir, without_numbers, &hash), 0);
    return hash;
}

static int exists(const char *dir, const char *name)
{
    char path[8192];
    struct stat st;
    join(path, dir, name);
    return lstat(path, &st) == 0;
}

/* -- backup ---------------------------------------------------------------------------------- */

static void test_backup(void **state)
{
    (void)state;
    char *dir = make_directory();
    char from[8192], to[8192], path[8192];
    struct stat st;
    pace *store;
    uint64_t bytes;
    join(from, dir, "store");
    join(to, dir, "copy");
    fill(from, 40);
    store_ok(pace_open(from, 0, NULL, error, &store));
    store_ok(pace_backup(store, to, 0, error, &bytes));
    join(path, to, "data.mdb");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, bytes);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(clean(to).runs, 40);
    assert_true(dump_of(from, 0) == dump_of(to, 0));
    store_fails(EEXIST, pace_backup(store, to, 0, error, NULL));
    store_fails(PACE_EMISUSE, pace_backup(store, "", 0, error, NULL));
    store_fails(PACE_EMISUSE, pace_backup(store, to, 8, error, NULL));

    join(path, dir, "copy.mdb");
    store_ok(pace_backup(store, path, PACE_BACKUP_FILE, error, &bytes));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    store_fails(EEXIST, pace_backup(store, path, PACE_BACKUP_FILE, error, NULL));
    join(path, dir, "none/copy.mdb");
    store_fails(ENOENT, pace_backup(store, path, PACE_BACKUP_FILE, error, NULL));
    pace_close(store);
    assert_false(exists(dir, "copy.mdb.tmp"));
    remove_tree(dir);
}

static int write_runs(const char *dir, int first, int count)
{
    pace *store;
    if (pace_open(dir, 0, NULL, NULL, &store)) return 1;
    for (int i = first; i < first + count; i++) {
        if (put_run(store, i, NULL)) return 2;
    }
    pace_close(store);
    return 0;
}

/* Every backup holds what was there when it began, and is clean. */
static void test_backup_under_load(void **state)
{
    (void)state;
    enum { WRITERS = 3, RUNS = 150, BACKUPS = 5 };
    char *dir = make_directory();
    char from[8192], to[8192], name[32];
    pid_t children[WRITERS];
    join(from, dir, "store");
    fill(from, 3);
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(write_runs(from, 10 + i * RUNS, RUNS));
    }
    pace *store;
    store_ok(pace_open(from, PACE_READONLY, NULL, error, &store));
    for (int i = 0; i < BACKUPS; i++) {
        pace_snapshot *snapshot;
        store_ok(pace_snapshot_begin(store, error, &snapshot));
        uint64_t before = pace_run_count(snapshot);
        pace_snapshot_end(snapshot);
        snprintf(name, sizeof name, "copy-%d", i);
        join(to, dir, name);
        store_ok(pace_backup(store, to, 0, error, NULL));
        store_ok(pace_snapshot_begin(store, error, &snapshot));
        uint64_t after = pace_run_count(snapshot), runs = clean(to).runs;
        pace_snapshot_end(snapshot);
        assert_true(before <= runs && runs <= after);
        clean(from); /* also while others write */
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(child_status(children[i]), 0);
    pace_close(store);
    assert_int_equal(clean(from).runs, 3 + WRITERS * RUNS);
    remove_tree(dir);
}

/* -- compaction ------------------------------------------------------------------------------ */

struct keep {
    uint64_t from_run, until_run; /* these go */
    uint32_t column;              /* and this column of main */
};

static int keep_run(void *context, const struct pace_stream *stream,
                    const struct pace_run_view *run)
{
    const struct keep *keep = context;
    return stream->run_count && (run->run < keep->from_run || run->run >= keep->until_run);
}

static int keep_cell(void *context, const struct pace_stream *stream,
                     const struct pace_run_view *run, uint32_t column)
{
    const struct keep *keep = context;
    return run->stream == stream->id && column != keep->column;
}

static struct pace_compact_options options_of(struct keep *keep)
{
    return (struct pace_compact_options){.struct_size = sizeof(struct pace_compact_options),
                                         .keep_run = keep_run,
                                         .keep_cell = keep_cell,
                                         .context = keep};
}

static void test_compact_keeps_all(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_compacted done;
    struct stat before;
    char path[8192];
    fill(dir, 60);
    uint64_t hash = dump_of(dir, 0);
    join(path, dir, "data.mdb");
    assert_int_equal(stat(path, &before), 0);
    store_ok(pace_compact(dir, NULL, error, &done));
    assert_int_equal(done.runs, 60);
    assert_int_equal(done.runs_dropped, 0);
    assert_int_equal(done.bytes_before, before.st_size);
    assert_true(done.bytes_after < done.bytes_before);
    assert_true(dump_of(dir, 0) == hash);
    clean(dir);
    assert_false(exists(dir, "compact.new") || exists(dir, "compact.work") ||
                 exists(dir, "compact.full"));

    pace *store;
    store_ok(pace_open(dir, 0, NULL, error, &store));
    store_ok(put_run(store, 60, error));
    pace_close(store);
    assert_int_equal(clean(dir).runs, 61);
    remove_tree(dir);
}

/* -- compaction folds ------------------------------------------------------------------------ */

enum { WIDE_COLUMNS = 40 };

/* Runs from..until of a wide stream, all in one batch a hundred. */
static void put_wide(pace *store, int from, int until)
{
    pace_run *batch[100];
    size_t count = 0;
    for (int i = from; i < until; i++) {
        struct pace_run_info info = run_at(T0_NS + i * 60 * SECOND_NS);
        info.branch = "wide";
        store_ok(pace_run_begin(store, &info, error, &batch[count]));
        for (int c = 0; c < WIDE_COLUMNS; c++) {
            char name[16];
            snprintf(name, sizeof name, "b%d", c);
            struct pace_cell cell = cell_of(name, 1000 + i * c % 97);
            store_ok(pace_run_put(batch[count], &cell, error));
        }
        if (++count < 100 && i + 1 < until) continue;
        store_ok(pace_runs_commit(store, batch, count, error, NULL));
        while (count)
            pace_run_free(batch[--count]);
    }
}

/* What the only stream of a store is made of. */
static struct stream_record shape_of(const char *dir)
{
    struct stream_record record;
    pace_snapshot *snapshot;
    pace *store;
    store_ok(pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(snapshot_stream(snapshot, 0, error, &record));
    pace_snapshot_end(snapshot);
    pace_close(store);
    return record;
}

static void compact_wide(const char *dir, uint32_t large)
{
    uint64_t hash = dump_of(dir, 0);
    store_ok(pace_compact(dir, NULL, error, NULL));
    assert_true(dump_of(dir, 0) == hash);
    clean(dir);
    struct stream_record record = shape_of(dir);
    assert_int_equal(record.log_runs, 0);
    assert_int_equal(record.small_blocks, 0);
    assert_int_equal(record.large_blocks, large);
    assert_int_equal(record.jobs, 0);
}

/* All is packed after a compaction, and many of them leave no more blocks than one. */
static void test_compact_folds(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_compacted done;
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    put_wide(store, 0, 9);
    pace_close(store);
    store_ok(pace_compact(dir, NULL, error, NULL)); /* as columns they would take more */
    assert_int_equal(shape_of(dir).log_runs, 9);

    int runs = 9;
    for (int i = 0; i < 4; i++, runs += 100) {
        store_ok(pace_open(dir, 0, NULL, error, &store));
        put_wide(store, runs, runs + 100);
        pace_close(store);
        compact_wide(dir, 1);
    }
    compact_wide(dir, 1); /* with nothing to do */
    store_ok(pace_open(dir, 0, NULL, error, &store));
    put_wide(store, runs, 2200);
    pace_close(store);
    store_ok(pace_compact(dir, NULL, error, &done));
    assert_int_equal(done.runs, 2200);
    assert_true(done.bytes_before - done.bytes_after > (2200u - (unsigned)runs) * WIDE_COLUMNS * 4);
    compact_wide(dir, 3); /* 1,024 twice, and the rest */
    store_ok(pace_open(dir, 0, NULL, error, &store));
    put_wide(store, 2200, 2202); /* few rows join the block that is not full */
    pace_close(store);
    compact_wide(dir, 3);
    remove_tree(dir);
}

/* The runs that stay are as they were, by their numbers; of those that go nothing is left. */
static void compare_runs(const char *old_dir, const char *new_dir, const struct keep *keep)
{
    pace *stores[2];
    pace_snapshot *snapshots[2];
    const char *dirs[2] = {old_dir, new_dir};
    for (int i = 0; i < 2; i++) {
        store_ok(pace_open(dirs[i], PACE_READONLY, NULL, error, &stores[i]));
        store_ok(pace_snapshot_begin(stores[i], error, &snapshots[i]));
    }
    assert_int_equal(pace_run_count(snapshots[0]), pace_run_count(snapshots[1]));
    for (uint64_t run = 1; run <= pace_run_count(snapshots[0]); run++) {
        struct pace_run_view views[2];
        struct pace_meta meta[2];
        const char *ids[2];
        store_ok(pace_run_get(snapshots[0], run, error, &views[0]));
        if (run >= keep->from_run && run < keep->until_run) {
            store_fails(PACE_ENOTFOUND, pace_run_get(snapshots[1], run, error, &views[1]));
            store_fails(PACE_ENOTFOUND, pace_run_meta(snapshots[1], run, error, &meta[1]));
            continue;
        }
        store_ok(pace_run_get(snapshots[1], run, error, &views[1]));
        for (int i = 0; i < 2; i++) {
            store_ok(pace_run_id(snapshots[i], run, error, &ids[i]));
            store_ok(pace_run_meta(snapshots[i], run, error, &meta[i]));
        }
        assert_string_equal(ids[0], ids[1]);
        assert_string_equal(views[0].commit, views[1].commit);
        assert_int_equal(views[0].time_ns, views[1].time_ns);
        assert_int_equal(views[0].ran_ns, views[1].ran_ns);
        assert_int_equal(views[0].flags, views[1].flags);
        assert_int_equal(meta[0].count, meta[1].count);
        for (size_t i = 0; i < meta[0].count; i++) {
            assert_string_equal(meta[0].keys[i], meta[1].keys[i]);
            assert_string_equal(meta[0].values[i], meta[1].values[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        pace_snapshot_end(snapshots[i]);
        pace_close(stores[i]);
    }
}

static void test_compact_drops(void **state)
{
    (void)state;
    char *dir = make_directory();
    char from[8192], to[8192];
    struct keep keep = {.from_run = 10, .until_run = 31, .column = UINT32_MAX};
    struct pace_compact_options options = options_of(&keep);
    struct pace_compacted dry, done;
    join(from, dir, "store");
    join(to, dir, "new");
    fill(from, 60);
    uint64_t hash = dump_of(from, 0);
    options.dry_run = 1;
    store_ok(pace_compact(from, &options, error, &dry));
    assert_int_equal(dry.runs, 39);
    assert_int_equal(dry.runs_dropped, 21);
    assert_int_equal(dry.bytes_after, 0);
    options.dry_run = 0;
    options.to = to;
    store_ok(pace_compact(from, &options, error, &done));
    assert_true(dump_of(from, 0) == hash);
    assert_int_equal(done.runs, dry.runs);
    assert_int_equal(done.cells_dropped, dry.cells_dropped);
    compare_runs(from, to, &keep);
    assert_int_equal(clean(to).runs, 39);
    store_fails(EEXIST, pace_compact(from, &options, error, &done));
    assert_true(exists(to, "data.mdb"));

    /* In place: the same, then again, with a column. */
    options.to = NULL;
    store_ok(pace_compact(from, &options, error, &done));
    assert_true(dump_of(from, 0) == dump_of(to, 0));
    assert_false(exists(from, "compact.new") || exists(from, "compact.work") ||
                 exists(from, "compact.full"));
    keep = (struct keep){.from_run = 55, .until_run = 61, .column = 2};
    store_ok(pace_compact(from, &options, error, &done));
    assert_int_equal(done.runs_dropped, 6);
    assert_true(done.cells_dropped > 6 * COLUMNS);
    assert_int_equal(clean(from).runs, 33);

    /* Numbers are not given again; a dropped run can come back under a new one. */
    pace *store;
    pace_snapshot *snapshot;
    struct pace_stat stat;
    const struct pace_mark *marks;
    size_t count;
    store_ok(pace_open(from, 0, NULL, error, &store));
    store_ok(put_run(store, 20, error));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    assert_int_equal(pace_run_count(snapshot), 61);
    store_ok(pace_stat(snapshot, error, &stat));
    assert_int_equal(stat.runs, 34);
    store_ok(pace_marks(snapshot, error, &marks, &count));
    assert_int_equal(count, 9);

    /* A branch whose runs went is gone with its start point; others keep theirs. */
    struct pace_start_point start;
    uint32_t project, branch;
    store_ok(pace_name_find(snapshot, PACE_PROJECT, "app", 3, error, &project));
    store_ok(pace_name_find(snapshot, PACE_BRANCH, "pr/3", 4, error, &branch));
    store_ok(pace_start_point_get(snapshot, project, branch, error, &start));
    assert_string_equal(start.branch, "main");
    assert_string_equal(start.commit, "00001eef");
    store_fails(PACE_ENOTFOUND, pace_name_find(snapshot, PACE_BRANCH, "pr/15", 5, error, &branch));
    pace_snapshot_end(snapshot);
    pace_close(store);
    assert_int_equal(clean(from).runs, 34);
    remove_tree(dir);
}

/* While another process, or another handle, has the store open it is not replaced. */
static void test_compact_alone(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct keep keep = {.from_run = 1, .until_run = 5, .column = UINT32_MAX};
    struct pace_compact_options options = options_of(&keep);
    int ready[2], done[2];
    char byte = 0;
    pace *store;
    fill(dir, 20);
    uint64_t hash = dump_of(dir, 0);
    store_ok(pace_open(dir, 0, NULL, error, &store));
    store_fails(PACE_EBUSY, pace_compact(dir, &options, error, NULL));
    pace_close(store);
    assert_true(dump_of(dir, 0) == hash);
    assert_int_equal(pipe(ready) | pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        int bad = pace_open(dir, 0, NULL, NULL, &store) != 0;
        bad |= write(ready[1], &byte, 1) != 1;
        bad |= read(done[0], &byte, 1) != 1;
        bad |= put_run(store, 100, NULL) != 0;
        pace_close(store);
        _exit(bad);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    store_fails(PACE_EBUSY, pace_compact(dir, &options, error, NULL));
    assert_int_equal(write(done[1], &byte, 1), 1);
    assert_int_equal(child_status(child), 0);
    assert_int_equal(clean(dir).runs, 21);
    assert_false(exists(dir, "compact.new") || exists(dir, "compact.work") ||
                 exists(dir, "compact.full"));
    store_ok(pace_compact(dir, &options, error, NULL));
    assert_int_equal(clean(dir).runs, 17);
    remove_tree(dir);
    close(ready[0]), close(ready[1]), close(done[0]), close(done[1]);
}

/* -- merging --------------------------------------------------------------------------------- */

static struct pace_merged merge_ok(const char *into, const char *from)
{
    struct pace_merged done;
    pace *store, *other;
    store_ok(pace_open(into, PACE_CREATE, NULL, error, &store));
    store_ok(pace_open(from, PACE_READONLY, NULL, error, &other));
    store_ok(pace_merge(store, other, NULL, NULL, error, &done));
    pace_close(store);
    pace_close(other);
    clean(into);
    return done;
}

/* Two stores with common runs, in both orders, give the same; again, nothing. */
static void test_merge(void **state)
{
    (void)state;
    char *dir = make_directory();
    char left[8192], right[8192], all[8192], copy[8192];
    pace *store;
    uint64_t id;
    join(left, dir, "left");
    join(right, dir, "right");
    join(all, dir, "all");
    join(copy, dir, "copy");
    fill(left, 40);
    store_ok(pace_open(right, PACE_CREATE, NULL, error, &store));
    for (int i = 59; i >= 20; i--)
        store_ok(put_run(store, i, error));
    struct pace_mark mark = {
        .kind = PACE_MARK_EXCLUDE, .selector = "branch:\"run:9\" run:3", .created_ns = 5};
    store_ok(pace_mark_add(store, &mark, error, NULL)); /* run 3 there is i = 57 */
    store_ok(pace_object_put(store, PACE_OBJECT_LET, "limit", "5", error, NULL));
    pace_close(store);

    struct pace_merged done = merge_ok(left, right);
    assert_int_equal(done.runs, 20);
    assert_int_equal(done.duplicates, 20);
    assert_int_equal(done.marks, 1);
    assert_int_equal(done.objects, 1);
    assert_int_equal(done.marks_left + done.conflicts, 0);
    uint64_t hash = dump_of(left, 0);
    done = merge_ok(left, right);
    assert_int_equal(done.runs + done.marks + done.objects + done.conflicts, 0);
    assert_int_equal(done.duplicates, 40);
    assert_true(dump_of(left, 0) == hash);
    merge_ok(all, left);
    assert_int_equal(clean(all).runs, 60);
    assert_int_equal(clean(all).cells, clean(left).cells);
    done = merge_ok(all, right);
    assert_int_equal(done.runs + done.marks + done.objects + done.conflicts, 0);

    pace_snapshot *snapshot;
    const struct pace_mark *marks;
    struct pace_run_view view;
    size_t count;
    store_ok(pace_open(left, 0, NULL, error, &store));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_marks(snapshot, error, &marks, &count));
    assert_int_equal(count, 10);
    assert_int_equal(sscanf(marks[9].selector, "branch:\"run:9\" run:%lu", &id), 1);
    store_ok(pace_run_get(snapshot, id, error, &view));
    assert_int_equal(view.ran_ns - view.time_ns, 57);
    pace_snapshot_end(snapshot);
    store_fails(PACE_EMISUSE, pace_merge(store, store, NULL, NULL, error, NULL));
    pace_close(store);
    remove_tree(dir);
}

static void put_value(pace *store, const char *id, const char *unit, double value)
{
    struct pace_run_info info = run_at(T0_NS);
    struct pace_cell cell = cell_of("b", value);
    pace_run *run;
    info.id = id;
    cell.unit = unit;
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, NULL));
    pace_run_free(run);
}

static int keep_conflict(void *context, const struct pace_merge_conflict *conflict)
{
    char line[200];
    snprintf(line, sizeof line, "%s %s %lu %lu; ", conflict->id ? conflict->id : "-",
             conflict->object ? conflict->object : "-", (unsigned long)conflict->run,
             (unsigned long)conflict->other_run);
    strcat(context, line);
    return 0;
}

/* The same id with other content is told of and left out; a value that units rounded is the
 * same. */
static void test_merge_conflicts(void **state)
{
    (void)state;
    char *dir = make_directory();
    char left[8192], right[8192], told[400] = "";
    pace *a, *b;
    struct pace_merged done;
    join(left, dir, "left");
    join(right, dir, "right");
    store_ok(pace_open(left, PACE_CREATE, NULL, error, &a));
    store_ok(pace_open(right, PACE_CREATE, NULL, error, &b));
    put_value(a, "first", "ns", 1234567.891);
    put_value(a, "same", "ns", 0.1);
    put_value(a, "other", "ns", 5);
    put_value(b, "first", "s", 0.001234567891); /* of seconds: rounded */
    put_value(b, "new", "ms", 7);
    put_value(b, "other", "ns", 6);
    put_value(b, "same", "ns", 0.1);
    store_ok(pace_object_put(a, PACE_OBJECT_LET, "limit", "5", error, NULL));
    store_ok(pace_object_put(b, PACE_OBJECT_LET, "limit", "6", error, NULL));
    store_fails(PACE_ECONFLICT, pace_merge(a, b, keep_conflict, told, error, &done));
    assert_string_equal(told, "other - 3 3; - limit 0 0; ");
    assert_int_equal(done.runs, 1);
    assert_int_equal(done.duplicates, 2);
    assert_int_equal(done.conflicts, 2);
    pace_close(a);
    pace_close(b);
    assert_int_equal(clean(left).runs, 4);
    remove_tree(dir);
}

/* -- a full disk, and sudden death ----------------------------------------------------------- */

/* In a child whose files end at some size. */
static int with_limit(const char *dir, const char *to, rlim_t bytes, int compact)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
    struct keep keep = {.from_run = 1, .until_run = 3, .column = UINT32_MAX};
    struct pace_compact_options options = options_of(&keep);
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit)) return 1;
    if (compact) return pace_compact(dir, &options, NULL, NULL) == PACE_EFULL ? 0 : 2;
    pace *store;
    if (pace_open(dir, 0, NULL, NULL, &store)) return 3;
    if (pace_backup(store, to, 0, NULL, NULL) != PACE_EFULL) return 4;
    pace_close(store);
    return 0;
}

static void test_full_disk(void **state)
{
    (void)state;
    char *dir = make_directory();
    char from[8192], to[8192], path[8192];
    join(from, dir, "store");
    join(to, dir, "copy");
    fill(from, 60);
    uint64_t hash = dump_of(from, 0);
    join(path, dir, "whole");
    pace *store;
    uint64_t needed;
    store_ok(pace_open(from, PACE_READONLY, NULL, error, &store));
    store_ok(pace_backup(store, path, 0, error, &needed));
    pace_close(store);
    for (rlim_t bytes = 36 * 1024; bytes < needed - 8192; bytes += 8 * 1024) {
        for (int compact = 0; compact < 2; compact++) {
            pid_t child = fork();
            if (child == 0) _exit(with_limit(from, to, bytes, compact));
            assert_int_equal(child_status(child), 0);
            assert_true(dump_of(from, 0) == hash);
            assert_false(exists(dir, "copy"));
            assert_false(exists(from, "compact.new") || exists(from, "compact.work") ||
                         exists(from, "compact.full"));
        }
    }
    clean(from);
    remove_tree(dir);
}

/* Killed at random moments, a compaction has happened or it has not. */
static void test_killed_compaction(void **state)
{
    (void)state;
    enum { KILLS = 25 };
    char *dir = make_directory();
    struct keep keep = {.from_run = 2, .until_run = 12, .column = UINT32_MAX};
    struct pace_compact_options options = options_of(&keep);
    int done = 0;
    fill(dir, 40);
    uint64_t before = dump_of(dir, 0);
    for (int i = 0; i < KILLS && !done; i++) {
        pid_t child = fork();
        if (child == 0) _exit(pace_compact(dir, &options, NULL, NULL) != 0);
        nanosleep(&(struct timespec){.tv_nsec = i * 1500000}, NULL);
        kill(child, SIGKILL);
        child_status(child);
        done = dump_of(dir, 0) != before;
        assert_int_equal(clean(dir).runs, done ? 30 : 40);
    }
    if (!done) store_ok(pace_compact(dir, &options, error, NULL));
    assert_int_equal(clean(dir).runs, 30);
    store_ok(pace_compact(dir, NULL, error, NULL));
    assert_false(exists(dir, "compact.new") || exists(dir, "compact.work") ||
                 exists(dir, "compact.full"));
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backup),
        cmocka_unit_test(test_backup_under_load),
        cmocka_unit_test(test_compact_keeps_all),
        cmocka_unit_test(test_compact_folds),
        cmocka_unit_test(test_compact_drops),
        cmocka_unit_test(test_compact_alone),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_conflicts),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_killed_compaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
