/* test_compat.c -- stores that earlier versions wrote are read by this one, and go on: each store
 * under tests/data/store-N gives what its dump.txt says, takes new runs, folds, and still gives it.
 *
 * A difference is a broken promise (pace-format(5)), never a reason to write a dump anew. */
#include "../format_dump.h"
#include "../store_help.h"

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("no %s; run the test from the top of the tree", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *len = (size_t)ftell(file);
    char *data = malloc(*len + 1);
    rewind(file);
    assert_int_equal(fread(data, 1, *len, file), *len);
    data[*len] = 0;
    fclose(file);
    return data;
}

/* Of format 4: one made before its read bit 0 was, one with it, one with bit 1 as well. */
static const char *const kept_stores[] = {"tests/data/store-1", "tests/data/store-2",
                                          "tests/data/store-3"};
enum { KEPT = sizeof kept_stores / sizeof *kept_stores };

static char *read_kept(const char *store, const char *name, size_t *len)
{
    char path[8192];
    join(path, store, name);
    return read_whole(path, len);
}

/* Copies a kept store, as people copy one that is closed. */
static char *copy_kept(const char *store)
{
    char *dir = make_directory(), path[8192];
    size_t len;
    char *data = read_kept(store, "data.mdb", &len);
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
    free(data);
    return dir;
}

static char *dump_of(pace *store)
{
    char *text;
    size_t len;
    pace_snapshot *snapshot;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(store_dump(snapshot, out, error));
    pace_snapshot_end(snapshot);
    fclose(out);
    return text;
}

/* 1 when a line tells of a sum, which new runs change. */
static int is_sum(const char *line)
{
    return strncmp(line, "stat ", 5) == 0 || strncmp(line, "stream ", 7) == 0 ||
           strncmp(line, "summary ", 8) == 0;
}

/* Each line of `kept`, sums apart, is among those of `now`, in the same order. */
static void has_lines(const char *now, const char *kept)
{
    while (*kept) {
        size_t len = strcspn(kept, "\n");
        const char *line = now;
        while (!is_sum(kept) && *line &&
               (strcspn(line, "\n") != len || memcmp(line, kept, len) != 0))
            line += strcspn(line, "\n") + 1;
        if (!is_sum(kept)) {
            if (!*line) fail_msg("gone: %.*s", len > 300 ? 300 : (int)len, kept);
            now = line + len + 1;
        }
        kept += len + 1;
    }
}

static void reads(const char *kept_store)
{
    static const unsigned flags[] = {PACE_READONLY, 0};
    size_t len;
    char *expected = read_kept(kept_store, "dump.txt", &len);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char *dir = copy_kept(kept_store);
        pace *store;
        store_ok(pace_open(dir, flags[i], NULL, error, &store));
        char *now = dump_of(store);
        has_lines(now, expected); /* names what differs */
        assert_int_equal(strlen(now), len);
        assert_memory_equal(now, expected, len);
        free(now);
        pace_close(store);
        remove_tree(dir);
    }
    free(expected);
}

static void test_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEPT; i++)
        reads(kept_stores[i]);
}

/* New runs are stored behind the old ones; the folds that they bring change nothing. */
static void goes_on(const char *kept_store)
{
    enum { BATCHES = 60, BATCH = 20 }; /* enough to fold and merge what is kept */
    char *dir = copy_kept(kept_store);
    size_t len;
    char *expected = read_kept(kept_store, "dump.txt", &len);
    pace *store;
    pace_snapshot *snapshot;
    uint64_t before, after;
    store_ok(pace_open(dir, 0, NULL, error, &store));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    before = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    for (int64_t batch = 0; batch < BATCHES; batch++) {
        pace_run *runs[BATCH];
        for (int64_t i = 0; i < BATCH; i++) {
            struct pace_cell cell = cell_of("parse", (double)(batch * BATCH + i));
            struct pace_run_info info = run_at(1705000000 * SECOND_NS + batch * BATCH + i);
            store_ok(pace_run_begin(store, &info, error, &runs[i]));
            store_ok(pace_run_put(runs[i], &cell, error));
        }
        store_ok(pace_runs_commit(store, runs, BATCH, error, NULL));
        for (int64_t i = 0; i < BATCH; i++)
            pace_run_free(runs[i]);
    }
    char *now = dump_of(store);
    has_lines(now, expected);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    after = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    assert_int_equal(after, before + BATCHES * BATCH);
    free(now);
    free(expected);
    pace_close(store);
    remove_tree(dir);
}

static void test_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEPT; i++)
        goes_on(kept_stores[i]);
}

/* A run that the old version stored is known to this one by its identity: content and derived
 * identity are made the same way. */
static void test_knows_runs(void **state)
{
    (void)state;
    char *dir = copy_kept(kept_stores[0]);
    pace *store;
    pace_run *run;
    struct pace_run_result result;
    struct pace_run_info info = {
        .project = "lib", .branch = "main", .testbed = "laptop", .time_ns = 1700000002 * SECOND_NS};
    struct pace_cell cell = cell_of("step-3", 1.0 / 3);
    cell.measure = "throughput";
    cell.unit = "/s";
    store_ok(pace_open(dir, 0, NULL, error, &store));
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    assert_int_equal(result.duplicate, 1);
    assert_int_equal(result.run, 1239);
    pace_run_free(run);
    pace_close(store);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_knows_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
