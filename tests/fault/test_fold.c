/* test_fold.c -- folding under faults: damaged block records are errors that name the place, a
 * writer killed at any moment loses nothing that was acknowledged and leaves no run half there. */
#include "../child.h"
#include "../small_blocks.h"
#include "../store_help.h"

#include "../../engine/snapshot.h"

#include <time.h>

enum { COLUMNS = 70, KILLS = 40 };

/* Small blocks, large blocks soon. Each test runs with both. */
static const struct fold_limits wide = {SMALL_BLOCKS, .runs = 6, .keep_rows = 3,
                                        .direct_runs = 1000, .totals_rows = 4};
static const struct fold_limits narrow = {
    SMALL_BLOCKS,        .runs = 12, /* a block grows by two or three rows */
    .direct_runs = 1000, .narrow_columns = COLUMNS,
    .narrow_runs = 2,    .totals_rows = 5};

static pace *open_small(const char *dir, const struct fold_limits *limits)
{
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store->limits = *limits;
    return store;
}

static double value_of(uint64_t run, uint32_t column)
{
    return (double)(run * 1000 + column) / 8;
}

/* Run `number` (it gets that number): every third column is left out of every fifth run. */
static pace_run *build(pace *store, uint64_t number)
{
    pace_run *run;
    char benchmark[16];
    struct pace_run_info info = run_at(T0_NS + (int64_t)(number ^ 1) * SECOND_NS);
    info.ordinal = (uint32_t)number;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (uint32_t c = 0; c < COLUMNS; c++) {
        if (number > 1 && number % 5 == 0 && c % 3 == 1) continue;
        snprintf(benchmark, sizeof benchmark, "b%02u", c);
        struct pace_cell cell = cell_of(benchmark, value_of(number, c));
        store_ok(pace_run_put(run, &cell, error));
    }
    return run;
}

/* The number of the run at a place in history: 1, 3, 2, 5, 4, ... */
static uint64_t number_at(uint64_t place, uint64_t count)
{
    if (place % 2 == 0) return place ? place : 1;
    return place + 2 <= count ? place + 2 : place + 1;
}

/* Counts and extremes of all columns over all runs. */
static int check_summaries(pace_snapshot *snapshot, struct pace_error *error)
{
    struct pace_summary summaries[COLUMNS];
    uint32_t columns[COLUMNS];
    uint64_t runs = pace_run_count(snapshot);
    for (uint32_t c = 0; c < COLUMNS; c++)
        columns[c] = c;
    int rc = pace_scan_summary(snapshot, 0, columns, COLUMNS, NULL, error, summaries);
    for (uint32_t c = 0; !rc && runs && c < COLUMNS; c++) {
        uint64_t last = c % 3 == 1 && runs > 1 && runs % 5 == 0 ? runs - 1 : runs;
        assert_int_equal(summaries[c].count, runs - (c % 3 == 1 ? runs / 5 : 0));
        assert_true(summaries[c].min == value_of(1, c));
        assert_true(summaries[c].max == value_of(last, c));
    }
    return rc;
}

/* Scans all; *runs is their number. An error is returned, a wrong cell fails the test. */
static int read_all(pace *store, uint64_t *runs, struct pace_error *error)
{
    pace_snapshot *snapshot;
    pace_scan *scan = NULL;
    uint32_t columns[COLUMNS];
    struct pace_cells cells;
    for (uint32_t c = 0; c < COLUMNS; c++)
        columns[c] = c;
    *runs = 0;
    int rc = pace_snapshot_begin(store, error, &snapshot);
    if (rc) return rc;
    rc = pace_scan_open(snapshot, 0, columns, COLUMNS, NULL, error, &scan);
    while (!rc) {
        rc = pace_scan_next(scan, error, &cells);
        if (rc || cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++) {
            uint64_t number = cells.runs[r].run;
            assert_int_equal(number, number_at(*runs + r, pace_run_count(snapshot)));
            assert_int_equal(cells.runs[r].ordinal, number);
            for (uint32_t c = 0; c < COLUMNS; c++) {
                size_t at = c * cells.stride + r;
                int absent = number > 1 && number % 5 == 0 && c % 3 == 1;
                assert_int_equal(cells.status[at], absent ? PACE_CELL_ABSENT : PACE_CELL_OK);
                assert_true(absent || cells.value[at] == value_of(number, c));
            }
        }
        *runs += cells.run_count;
    }
    if (!rc) rc = check_summaries(snapshot, error);
    for (uint64_t number = 1; !rc && number <= pace_run_count(snapshot); number++) {
        struct pace_run_view view;
        rc = pace_run_get(snapshot, number, error, &view);
        if (!rc) assert_int_equal(view.ordinal, number);
    }
    if (!rc) assert_int_equal(*runs, pace_run_count(snapshot));
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    return rc;
}

/* -- damage ---------------------------------------------------------------------------------- */

struct damage {
    struct key keys[4096];
    size_t count;
    /* What to do: change `mask` of a byte of a record. */
    size_t record, byte;
    unsigned char mask;
    int remove;
    unsigned char *removed; /* the record, to put it back */
    size_t removed_len;
};

static int list_blocks(struct kv_txn *txn, void *context, struct pace_error *error)
{
    static const char tags[] = {'d', 'g', 'G', 'T'};
    struct damage *damage = context;
    struct kv_cursor *cursor;
    int rc = kv_cursor_open(txn, error, &cursor);
    damage->count = 0;
    for (size_t t = 0; !rc && t < sizeof tags; t++) {
        struct key prefix = {.len = 1, .bytes = {(unsigned char)tags[t]}};
        struct kv_slice key, value;
        rc = kv_cursor_seek(cursor, &prefix, error, &key, &value);
        while (!rc && key_begins(key.data, key.len, &prefix)) {
            struct key *own = &damage->keys[damage->count++];
            own->len = key.len;
            memcpy(own->bytes, key.data, key.len);
            rc = kv_cursor_next(cursor, error, &key, &value);
        }
        if (rc == PACE_ENOTFOUND) rc = 0;
    }
    kv_cursor_close(cursor);
    return rc ? rc : KV_UNCHANGED;
}

static int do_damage(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct damage *damage = context;
    struct key *key = &damage->keys[damage->record];
    struct kv_slice value;
    if (damage->removed) return kv_put(txn, key, damage->removed, damage->removed_len, error);
    int rc = kv_get(txn, key, error, &value);
    if (rc) return rc;
    unsigned char *copy = malloc(value.len);
    assert_non_null(copy);
    memcpy(copy, value.data, value.len);
    if (damage->remove) {
        damage->removed = copy;
        damage->removed_len = value.len;
        return kv_delete(txn, key, error);
    }
    copy[damage->byte % value.len] ^= damage->mask;
    rc = kv_put(txn, key, copy, value.len, error);
    free(copy);
    return rc;
}

static void apply(pace *store, struct damage *damage)
{
    struct kv_work work = {.run = do_damage, .context = damage};
    store_ok(kv_write(store->kv, 1000, &work, error));
}

static void test_damage(void **state)
{
    const struct fold_limits *limits = *state;
    static struct damage damage;
    char *dir = make_directory();
    pace *store = open_small(dir, limits);
    struct pace_error failure = {0};
    uint64_t runs, noticed = 0;
    for (uint64_t number = 1; number <= 300; number += 3) {
        pace_run *batch[3];
        for (uint64_t i = 0; i < 3; i++)
            batch[i] = build(store, number + i);
        store_ok(pace_runs_commit(store, batch, 3, error, NULL));
        for (uint64_t i = 0; i < 3; i++)
            pace_run_free(batch[i]);
    }
    assert_int_equal(read_all(store, &runs, &failure), 0);
    assert_int_equal(runs, 300);
    struct kv_work work = {.run = list_blocks, .context = &damage};
    store_ok(kv_write(store->kv, 1000, &work, error));
    assert_true(damage.count > 60);
    srand(11);
    size_t damages = 0;
    for (size_t record = 0; record < damage.count; record++) {
        for (int i = 0; i < 3; i++, damages++) {
            damage.record = record;
            damage.byte = (size_t)rand();
            damage.mask = (unsigned char)(1 << rand() % 8);
            apply(store, &damage);
            int rc = read_all(store, &runs, &failure);
            assert_true(rc == 0 || rc == PACE_ECORRUPT);
            if (rc)
                assert_true(strstr(failure.message, "stream 0") || strstr(failure.message, "run "));
            noticed += rc != 0;
            apply(store, &damage); /* the same bit again */
        }
        damage.remove = 1;
        apply(store, &damage);
        int rc = read_all(store, &runs, &failure);
        noticed += rc != 0;
        damages++;
        apply(store, &damage);
        free(damage.removed);
        damage.removed = NULL;
        damage.remove = 0;
    }
    /* Not noticed is only damage of a block that is being made, which is not read yet. */
    assert_true(noticed * 10 > damages * 8);
    assert_int_equal(read_all(store, &runs, &failure), 0);
    pace_close(store);
    remove_tree(dir);
}

/* -- the newest runs --------------------------------------------------------------------------- */

static void remove_groups(pace *store)
{
    static struct damage damage;
    struct kv_work work = {.run = list_blocks, .context = &damage};
    store_ok(kv_write(store->kv, 1000, &work, error));
    damage.remove = 1;
    for (damage.record = 0; damage.record < damage.count; damage.record++) {
        if (damage.keys[damage.record].bytes[0] != 'G') continue;
        apply(store, &damage);
        free(damage.removed);
        damage.removed = NULL;
    }
}

/* Scans the newest runs, their cells without gaps in columns 0 and 69. */
static int read_newest(pace *store, uint64_t last, struct pace_error *failure)
{
    const struct pace_range range = {.from_ns = INT64_MIN, .until_ns = INT64_MAX, .last = last};
    const uint32_t columns[] = {0, COLUMNS - 1};
    pace_snapshot *snapshot;
    pace_scan *scan;
    struct pace_cells cells;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint64_t count = pace_run_count(snapshot);
    store_ok(pace_scan_open(snapshot, 0, columns, 2, &range, error, &scan));
    int rc = pace_scan_next(scan, failure, &cells);
    if (!rc) assert_int_equal(cells.run_count, last < count ? last : count);
    for (size_t r = 0; !rc && r < cells.run_count; r++) {
        uint64_t number = number_at(count - cells.run_count + r, count);
        assert_int_equal(cells.runs[r].run, number);
        assert_true(cells.value[r] == value_of(number, 0));
        assert_true(cells.value[cells.stride + r] == value_of(number, columns[1]));
    }
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
    return rc;
}

/* At any moment the newest 65 runs of a stream are rows, and are read without a look at a block. */
static void test_newest(void **state)
{
    enum { RUNS = 330, LAST = 65, FOLDED = 64 };
    char *dir = make_directory();
    pace *store = open_small(dir, &fold_limits_default);
    struct pace_error failure = {0};
    (void)state;
    for (uint64_t number = 1; number <= RUNS; number++) {
        pace_run *run = build(store, number);
        pace_snapshot *snapshot;
        struct pace_tiers tiers;
        store_ok(pace_runs_commit(store, &run, 1, error, NULL));
        pace_run_free(run);
        store_ok(pace_snapshot_begin(store, error, &snapshot));
        store_ok(pace_stream_tiers(snapshot, 0, error, &tiers));
        assert_true(tiers.rows.runs >= LAST || tiers.rows.runs == number);
        assert_true(tiers.rows.runs < LAST + FOLDED);
        pace_snapshot_end(snapshot);
        assert_int_equal(read_newest(store, LAST, &failure), 0);
        assert_int_equal(read_newest(store, LAST + FOLDED, &failure), 0);
    }
    remove_groups(store);
    assert_int_equal(read_newest(store, LAST, &failure), 0);
    assert_int_equal(read_newest(store, LAST + FOLDED, &failure), PACE_ECORRUPT);
    pace_close(store);
    remove_tree(dir);
}

/* -- kill -9 --------------------------------------------------------------------------------- */

/* Appends runs and tells each number once it is durable, until it is killed. */
static void write_runs(const char *dir, const struct fold_limits *limits, int out)
{
    pace *store = open_small(dir, limits);
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint64_t number = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    for (;;) {
        pace_run *runs[3];
        size_t count = 1 + number % 3;
        for (size_t i = 0; i < count; i++)
            runs[i] = build(store, ++number);
        if (pace_runs_commit(store, runs, count, NULL, NULL)) _exit(1);
        if (write(out, &number, sizeof number) != sizeof number) _exit(1);
        for (size_t i = 0; i < count; i++)
            pace_run_free(runs[i]);
    }
}

static void test_killed_writers(void **state)
{
    const struct fold_limits *limits = *state;
    char *dir = make_directory();
    uint64_t random = 5, acknowledged = 0, large = 0;
    pace_close(open_small(dir, limits));
    for (int cycle = 0; cycle < KILLS; cycle++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            write_runs(dir, limits, pipes[1]);
        }
        close(pipes[1]);
        uint64_t number, first = acknowledged;
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t after = random >> 40;
        /* Some runs, and then some moment within the next. */
        while (acknowledged < first + 1 + after % 30 &&
               read(pipes[0], &number, sizeof number) == sizeof number)
            acknowledged = number;
        struct timespec moment = {.tv_nsec = (long)(after % 3000) * 1000};
        nanosleep(&moment, NULL);
        kill(child, SIGKILL);
        assert_true(WIFSIGNALED(child_status(child)));
        while (read(pipes[0], &number, sizeof number) == sizeof number)
            acknowledged = number;
        close(pipes[0]);

        pace *store = open_small(dir, limits);
        struct pace_error failure = {0};
        uint64_t runs;
        int rc = read_all(store, &runs, &failure);
        if (rc) fail_msg("cycle %d: %s", cycle, failure.message);
        assert_in_range(runs, acknowledged, acknowledged + 3);
        /* A batch of which only a part is there would break the count of the next cycle. */
        acknowledged = runs;
        pace_snapshot *snapshot;
        struct stream_record record;
        store_ok(pace_snapshot_begin(store, error, &snapshot));
        store_ok(snapshot_stream(snapshot, 0, error, &record));
        large = record.large_blocks;
        pace_snapshot_end(snapshot);
        pace_close(store);
    }
    assert_true(large > 2); /* folds and merges went on over the kills */
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"damage", test_damage, NULL, NULL, (void *)(uintptr_t)&wide},
        {"damage, narrow", test_damage, NULL, NULL, (void *)(uintptr_t)&narrow},
        {"the newest runs", test_newest, NULL, NULL, NULL},
        {"killed writers", test_killed_writers, NULL, NULL, (void *)(uintptr_t)&wide},
        {"killed writers, narrow", test_killed_writers, NULL, NULL, (void *)(uintptr_t)&narrow},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
