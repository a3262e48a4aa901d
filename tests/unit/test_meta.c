/* test_meta.c -- metadata and samples of runs: whatever a run before had, each run gives back its
 * own; what repeats takes little room. */
#include "store_fixture.h"

enum { KEYS = 40, RUNS = 300 };

static uint32_t below(uint32_t n)
{
    static uint64_t state = 5;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

/* What a key of a run has; "" for none. Scripts differ in their keys, runs in a few values. */
static void expected_value(int run, int key, char value[400])
{
    int script = run / 3 % 12, revision = run / 40;
    value[0] = 0;
    if ((key + script) % 7 == 0 || (key == 11 && run % 5 == 0)) return;
    if (key == 12) /* of each run its own, with a long beginning that all share */
        snprintf(value, 400, "https://example.org/%0200d/%d", 0, run * 7919);
    else if (key == 13)
        snprintf(value, 400, "%.*s", run % 30, "one text that grows and shrinks");
    else
        snprintf(value, 400, "%0*d", 1 + key * 5, key * 1000 + (key % 5 == 0 ? revision : 0));
}

static void put_meta(pace_run *run, int number)
{
    char key[32], value[400];
    for (int i = 0; i < KEYS; i++) {
        int at = (i * 17 + number) % KEYS; /* in any order */
        snprintf(key, sizeof key, "key-%02d", at);
        expected_value(number, at, value);
        if (value[0]) store_ok(pace_run_put_meta(run, key, value, error));
    }
}

static void has_meta(pace_snapshot *snapshot, int number)
{
    struct pace_meta meta;
    char key[32], value[400];
    size_t at = 0;
    store_ok(pace_run_meta(snapshot, (uint64_t)number + 1, error, &meta));
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key-%02d", i);
        expected_value(number, i, value);
        if (!value[0]) continue;
        assert_true(at < meta.count);
        assert_string_equal(meta.keys[at], key);
        assert_string_equal(meta.values[at++], value);
    }
    assert_int_equal(at, meta.count);
}

static struct pace_storage storage_of(pace *store)
{
    struct pace_storage storage;
    pace_snapshot *snapshot = look(store);
    store_ok(pace_storage(snapshot, error, &storage));
    pace_snapshot_end(snapshot);
    return storage;
}

static void test_metadata(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < RUNS; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        pace_run *run;
        info.branch = i % 2 ? "main" : "side";
        store_ok(pace_run_begin(f->store, &info, error, &run));
        put(run, "x", i);
        put_meta(run, i);
        commit(f->store, run);
    }
    reopen(f);
    pace_snapshot *snapshot = look(f->store);
    for (int i = 0; i < RUNS; i++)
        has_meta(snapshot, i);
    pace_snapshot_end(snapshot);
    struct pace_verified seen;
    store_ok(pace_verify(f->dir, print_damage, NULL, error, &seen));
    assert_int_equal(seen.damages, 0);
}

/* A thousand pairs that repeat, on ten branches, take the room of one run's; so do a few that
 * change. */
static void test_repeats_are_small(void **state)
{
    struct fixture *f = *state;
    char key[32], value[80], branch[16];
    uint64_t first = 0;
    for (int i = 0; i < 50; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        pace_run *run;
        snprintf(branch, sizeof branch, "pr/%d", i % 10);
        info.branch = branch;
        store_ok(pace_run_begin(f->store, &info, error, &run));
        put(run, "x", i);
        for (int k = 0; k < 1000; k++) {
            snprintf(key, sizeof key, "benchmark-%d:version", k);
            snprintf(value, sizeof value, "%064d", k * 7919 + (k == 500) * i);
            store_ok(pace_run_put_meta(run, key, value, error));
        }
        commit(f->store, run);
        if (i == 0) first = storage_of(f->store).metadata.bytes;
    }
    assert_true(first > 1000 * 80);
    assert_in_range(storage_of(f->store).metadata.bytes, first, first + 50 * 80);
    pace_snapshot *snapshot = look(f->store);
    struct pace_meta meta;
    store_ok(pace_run_meta(snapshot, 50, error, &meta));
    assert_int_equal(meta.count, 1000);
    pace_snapshot_end(snapshot);
}

enum { CELLS = 200 };

static uint32_t sample_count(int run, int cell)
{
    static const uint32_t counts[] = {0, 1, 2, 10, 10, 10, 63, 64, 65, 128, 1000};
    if (run == 1) return cell == 70 ? 20000 : 0;
    return counts[(unsigned)(run * 5 + cell * 3) % (sizeof counts / sizeof *counts)];
}

/* Of several kinds: whole, decimal, of nearly one size, of any. */
static double sample_value(int run, int cell, uint32_t i)
{
    switch (cell % 4) {
    case 0: return (run + cell) * 1000 + (int)i % 7;
    case 1: return (double)((unsigned)cell * 100 + i % 13) / 100;
    case 2: return 1e6 / (cell + 1) * (1 + (i % 11) * 1e-3 / 3);
    default: return (i % 2 ? 1e300 : -1e-300) / (1 + i);
    }
}

static void put_samples(pace *store, int number)
{
    struct pace_run_info info = run_at(T0_NS + number * SECOND_NS);
    double *samples = malloc(20000 * sizeof *samples);
    char name[32];
    pace_run *run;
    assert_non_null(samples);
    store_ok(pace_run_begin(store, &info, error, &run));
    for (int c = 0; c < CELLS; c++) {
        snprintf(name, sizeof name, "b%03d", c);
        struct pace_cell cell = cell_of(name, 1);
        cell.sample_count = sample_count(number, c);
        cell.samples = cell.sample_count ? samples : NULL;
        for (uint32_t i = 0; i < cell.sample_count; i++)
            samples[i] = sample_value(number, c, i);
        store_ok(pace_run_put(run, &cell, error));
    }
    commit(store, run);
    free(samples);
}

static void test_samples(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        put_samples(f->store, i);
    reopen(f);
    pace_snapshot *snapshot = look(f->store);
    for (int i = 0; i < 4; i++) {
        for (int c = 0; c < CELLS + 1; c++) {
            int at = i ? (int)below(CELLS) : c; /* in any order, too */
            uint32_t n = c == CELLS ? 0 : sample_count(i, at);
            const double *samples;
            size_t count;
            store_ok(pace_samples(snapshot, (uint64_t)i + 1, (uint32_t)(c == CELLS ? c : at), error,
                                  &samples, &count));
            assert_int_equal(count, n);
            for (uint32_t s = 0; s < n; s++) {
                double expected = sample_value(i, at, s);
                assert_memory_equal(&samples[s], &expected, sizeof expected);
            }
        }
    }
    pace_snapshot_end(snapshot);
    struct pace_verified seen;
    store_ok(pace_verify(f->dir, print_damage, NULL, error, &seen));
    assert_int_equal(seen.damages, 0);
}

/* Of runs 3, 4 and 9 of twelve. */
static void test_next(void **state)
{
    static const uint64_t expected[] = {3, 3, 3, 3, 4, 9, 9, 9, 9, 9, UINT64_MAX, UINT64_MAX};
    struct fixture *f = *state;
    uint64_t next;
    pace_snapshot *snapshot = look(f->store);
    store_ok(pace_run_meta_next(snapshot, 0, error, &next));
    assert_true(next == UINT64_MAX);
    pace_snapshot_end(snapshot);
    for (int i = 1; i <= 12; i++) {
        struct pace_run_info info = run_at(T0_NS + i * SECOND_NS);
        pace_run *run;
        store_ok(pace_run_begin(f->store, &info, error, &run));
        put(run, "x", i);
        if (i == 3 || i == 4 || i == 9) store_ok(pace_run_put_meta(run, "key", "value", error));
        commit(f->store, run);
    }
    snapshot = look(f->store);
    for (uint64_t run = 0; run < sizeof expected / sizeof *expected; run++) {
        store_ok(pace_run_meta_next(snapshot, run, error, &next));
        assert_true(next == expected[run]);
    }
    pace_snapshot_end(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_metadata),
        STORE_TEST(test_repeats_are_small),
        STORE_TEST(test_samples),
        STORE_TEST(test_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
