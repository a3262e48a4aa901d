/* test_format.c -- the format on disk is what pace-format(5) says: a reader that knows only the
 * page (decode.h) finds in a store what the library says is in it, with every checksum, every count
 * and no record left over. */
#include "decode.h"

#include "../child.h"
#include "../../query/pace_query.h"
#include "../format_dump.h"
#include "../store_help.h"

/* -- comparing ------------------------------------------------------------------------------- */

static char *dump_by_page(const char *dir, struct coverage *seen)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    *seen = decode_store(dir, out);
    fclose(out);
    return text;
}

static char *dump_by_library(const char *dir)
{
    char *text;
    size_t len;
    pace *store;
    pace_snapshot *snapshot;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    store_ok(pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(store_dump(snapshot, out, error));
    pace_snapshot_end(snapshot);
    pace_close(store);
    fclose(out);
    return text;
}

/* Fails with the first line that differs. */
static void same_lines(const char *found, const char *expected)
{
    for (unsigned line = 1;; line++) {
        size_t a = strcspn(found, "\n"), b = strcspn(expected, "\n");
        if (a != b || memcmp(found, expected, a) != 0)
            fail_msg("line %u\n  by the page:    %.*s\n  by the library: %.*s", line,
                     a > 300 ? 300 : (int)a, found, b > 300 ? 300 : (int)b, expected);
        if (!found[a] || !expected[b]) {
            assert_int_equal(found[a], expected[b]);
            break;
        }
        found += a + 1;
        expected += b + 1;
    }
}

/* Compares a store that is closed; what the reader met. */
static struct coverage compare(const char *dir)
{
    struct coverage seen;
    char *by_page = dump_by_page(dir, &seen), *by_library = dump_by_library(dir);
    same_lines(by_page, by_library);
    free(by_page);
    free(by_library);
    return seen;
}

/* -- making stores --------------------------------------------------------------------------- */

static pace *open_store(const char *dir)
{
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    return store;
}

static uint32_t below(uint32_t n)
{
    static uint64_t state = 11;
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % n);
}

static pace_run *begin_run(pace *store, const char *branch, int64_t time_ns)
{
    struct pace_run_info info = run_at(time_ns);
    pace_run *run;
    info.branch = branch;
    store_ok(pace_run_begin(store, &info, error, &run));
    return run;
}

static uint64_t commit_run(pace *store, pace_run *run)
{
    struct pace_run_result result;
    store_ok(pace_runs_commit(store, &run, 1, error, &result));
    pace_run_free(run);
    return result.run;
}

/* Puts a cell of latency with what a cell may have. */
static void put_any(pace_run *run, const char *benchmark, double value)
{
    struct pace_cell cell = cell_of(benchmark, value);
    if (below(8) == 0) cell.status = (enum pace_cell_status)(1 + below(2));
    if (below(3) == 0) cell.lower = value - 1;
    if (below(3) == 0) cell.upper = value + 1;
    store_ok(pace_run_put(run, &cell, error));
}

/* Puts columns [from, until) of those named "wide-N". */
static void put_wide(pace *store, pace_run *run, uint32_t from, uint32_t until, double base)
{
    uint32_t count = until - from;
    pace_column_handle *columns = malloc(count * sizeof *columns);
    double *values = malloc(count * sizeof *values);
    assert_true(columns && values);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "wide-%u", from + i);
        store_ok(
            pace_column(store, name, "latency", "ns", PACE_LOWER_IS_BETTER, error, &columns[i]));
        values[i] = base + i / 16.0;
    }
    store_ok(pace_run_put_row(run, columns, values, count, error));
    free(columns);
    free(values);
}

/* -- tests ----------------------------------------------------------------------------------- */

static void test_empty(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace_close(open_store(dir));
    compare(dir);
    remove_tree(dir);
}

/* Rows of the log in each of their forms; what is stored beside them; marks and objects. */
static void test_rows(void **state)
{
    (void)state;
    char *dir = make_directory(), name[32];
    pace *store = open_store(dir);
    for (int i = 0; i < 40; i++) {
        /* Some arrive late. */
        pace_run *run = begin_run(store, "main", T0_NS + (i % 7 == 6 ? i - 5 : i) * SECOND_NS);
        for (uint32_t c = 0; c < 150; c++) {
            snprintf(name, sizeof name, "bench-%u", c);
            if (i == 0 || below(10) < (i % 2 ? 9u : 2u)) put_any(run, name, below(100000) / 8.0);
        }
        store_value(store,
                    &(struct pace_run_info){.project = "p",
                                            .branch = "b",
                                            .testbed = "t",
                                            .time_ns = i * SECOND_NS,
                                            .commit = i % 3 ? "abc" : "abcd"},
                    "x", i);
        commit_run(store, run);
    }
    store_ok(pace_measure_put(store, NULL, "latency", "ns", PACE_LOWER_IS_BETTER, error));
    store_ok(pace_measure_put(store, "p", "throughput", "/s", PACE_HIGHER_IS_BETTER, error));
    struct pace_mark mark = {.kind = PACE_MARK_ALIAS, .selector = "a", .target = "b", .at_ns = -5};
    uint64_t id;
    uint32_t version;
    store_ok(pace_mark_add(store, &mark, error, &id));
    store_ok(pace_mark_add(store, &mark, error, &id));
    store_ok(pace_mark_undo(store, 1, error));
    store_ok(pace_object_put(store, PACE_OBJECT_ALERT, "slow", "one", error, &version));
    store_ok(pace_object_put(store, PACE_OBJECT_ALERT, "slow", "two", error, &version));
    store_ok(pace_object_put(store, PACE_OBJECT_LET, "slow", "", error, &version));
    store_ok(pace_object_put(store, PACE_OBJECT_LET, "slow", NULL, error, &version));
    pace_close(store);
    struct coverage seen = compare(dir);
    assert_true(seen.log_rows && seen.dense && seen.sparse && seen.late);
    assert_true(seen.row_bounds && seen.row_statuses && seen.undone && seen.dropped);
    remove_tree(dir);
}

/* Samples and metadata of several parts. */
static void test_beside(void **state)
{
    (void)state;
    enum { SAMPLES = 40000, VALUE = 65536 };
    char *dir = make_directory(), *value = calloc(1, VALUE + 1), key[16];
    double *samples = malloc(SAMPLES * sizeof *samples);
    pace *store = open_store(dir);
    pace_run *run = begin_run(store, "main", T0_NS);
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = i / 4.0;
    memset(value, 'v', VALUE);
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "b%d", i);
        struct pace_cell cell = cell_of(key, i);
        cell.samples = samples;
        cell.sample_count = i == 1 ? 3 : SAMPLES;
        store_ok(pace_run_put(run, &cell, error));
    }
    for (int i = 0; i < 9; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        store_ok(pace_run_put_meta(run, key, value, error));
    }
    commit_run(store, run);
    pace_close(store);
    struct coverage seen = compare(dir);
    assert_int_equal(seen.samples, 1);
    assert_int_equal(seen.meta, 9);
    assert_int_equal(seen.differences, 0);
    free(samples);
    free(value);
    remove_tree(dir);
}

/* Metadata that is the difference from another run's: values changed at their end, gone, new. */
static void test_differences(void **state)
{
    (void)state;
    char *dir = make_directory(), value[300], key[32];
    pace *store = open_store(dir);
    for (int i = 0; i < 30; i++) {
        pace_run *run = begin_run(store, i % 4 ? "main" : "side", T0_NS + i * SECOND_NS);
        struct pace_cell cell = cell_of("b", i);
        cell.samples = (double[]){i, i + 0.25, i / 3.0};
        cell.sample_count = 3;
        store_ok(pace_run_put(run, &cell, error));
        for (int k = 0; k < 20; k++) {
            if (k == 5 && i % 3 == 0) continue;
            snprintf(key, sizeof key, "%s-%d", i % 10 == 9 ? "other" : "key", k);
            snprintf(value, sizeof value, "%0*d of a value that is long", k * 5,
                     k == 7 || k == i ? i : k);
            store_ok(pace_run_put_meta(run, key, value, error));
        }
        if (i == 20) store_ok(pace_run_put_meta(run, "key-10a", "new", error));
        commit_run(store, run);
    }
    pace_close(store);
    struct coverage seen = compare(dir);
    assert_int_equal(seen.samples, 30);
    assert_true(seen.differences > 20 && seen.differences < 30);
    remove_tree(dir);
}

/* Rows of two parts, and a fold that takes several steps. */
static void test_wide(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    struct coverage seen = {0};
    pace_run *run = begin_run(store, "wider", T0_NS);
    put_wide(store, run, 0, 33000, 1);
    commit_run(store, run);
    run = begin_run(store, "wider", T0_NS + 1);
    put_wide(store, run, 32800, 32900, 2); /* nothing in part 0 */
    commit_run(store, run);
    for (int i = 0; i < 16; i++) {
        run = begin_run(store, "main", T0_NS + i);
        put_wide(store, run, 0, 9000, i);
        commit_run(store, run);
    }
    pace_close(store);
    seen = compare(dir);
    assert_int_equal(seen.folding, 1);
    assert_int_equal(seen.parts, 2);
    assert_int_equal(seen.small, 0);
    store = open_store(dir);
    run = begin_run(store, "main", T0_NS + 17);
    put_wide(store, run, 0, 9000, 17);
    commit_run(store, run);
    pace_close(store);
    seen = compare(dir);
    assert_int_equal(seen.folding, 0);
    assert_int_equal(seen.small, 1);
    assert_true(seen.totals == 1 && seen.totals_even == 1);
    remove_tree(dir);
}

enum {
    MERGE_COLUMNS = 100,
    MERGE_BEGINS = 1024 + 128 + 65, /* runs of a large block, of small ones that stay, and rows */
};

/* A value of one of the kinds that are packed in their own way. */
static double value_of(uint32_t column)
{
    switch (column % 5) {
    case 0: return below(1u << 30) / 7.0 * (below(2) ? -1e9 : 1e-9);
    case 1: return below(100000);
    case 2: return below(100000) / 100.0;
    case 3: return (8000 + below(1000)) / 4096.0 * 1e9;
    default: return 1.0 + below(1u << 30) / 9e9;
    }
}

static void merge_run(pace *store, int i)
{
    int64_t time_ns = T0_NS + (i % 97 == 96 ? i - 90 : i) * SECOND_NS;
    pace_run *run = begin_run(store, "main", time_ns);
    char name[32];
    double before = 0;
    for (uint32_t c = 0; c < MERGE_COLUMNS; c++) {
        snprintf(name, sizeof name, "bench-%u", c);
        struct pace_cell cell = cell_of(name, value_of(c));
        if (c == 37 && i > 10) continue; /* a column that ends */
        if (i && (c == 50 || c == 51) && below(3)) continue;
        if (c == 60) before = cell.value = 1e6 + below(1u << 30) / 7.0;
        if (c == 62) cell.value = 1e9 / before; /* a rate of that time */
        if (c == 63) cell.lower = cell.value - before / 3, cell.upper = cell.value + before / 3;
        if (c == 64) cell.value = i % 9 ? before : before * (1 + 0x1p-50);
        if (c >= 50 && c < 55)
            put_any(run, name, cell.value);
        else
            store_ok(pace_run_put(run, &cell, error));
    }
    commit_run(store, run);
}

/* Blocks of both tiers, and each state on the way from one to the other. */
static void test_blocks(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    struct coverage seen = {0};
    unsigned making = 0, merging = 0;
    for (int i = 0; i < MERGE_BEGINS; i++)
        merge_run(store, i);
    for (int i = MERGE_BEGINS; seen.large == 0 && i < MERGE_BEGINS + 20; i++) {
        merge_run(store, i);
        pace_close(store);
        seen = compare(dir);
        making += seen.making_large;
        merging += seen.merging;
        store = open_store(dir);
    }
    pace_close(store);
    assert_int_equal(seen.large, 1);
    assert_int_equal(making, 2); /* begun; with one group of two */
    assert_int_equal(merging, 2 * 16);
    assert_true(seen.small && seen.log_rows && seen.groups_dense && seen.groups_sparse);
    assert_true(seen.ragged && seen.statuses && seen.bounds && seen.empty_chunks);
    assert_true(seen.raw && seen.scaled && seen.bits && seen.binary && seen.tight);
    assert_true(seen.related && seen.mirrored && seen.keys);
    assert_true(seen.totals && !seen.totals_even);
    remove_tree(dir);
}

static void keep(pace *store)
{
    pace_session *session;
    store_ok(pace_session_open(store, NULL, error, &session));
    store_ok(pace_keep(session, 0, error));
    pace_session_close(session);
}

/* What is kept of a stream, in several parts, and when a run comes late. */
static void test_kept_values(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    for (int i = 0; i < 100; i++) {
        pace_run *run = begin_run(store, "main", T0_NS + i * SECOND_NS);
        put_wide(store, run, 0, i < 90 ? 1200 : 1201, i % 7 ? i % 7 : i);
        struct pace_cell cell = cell_of("constant", 7);
        store_ok(pace_run_put(run, &cell, error));
        cell.measure = "latency.max";
        store_ok(pace_run_put(run, &cell, error));
        if (i > 20 && i % 3) put_any(run, "gaps", below(100) + 1);
        commit_run(store, run);
    }
    keep(store);
    pace_close(store);
    struct coverage seen = compare(dir);
    assert_true(seen.kept >= 1200 && seen.kept_parts > 1 && !seen.kept_stale);
    store = open_store(dir);
    pace_run *run = begin_run(store, "main", T0_NS + 50 * SECOND_NS);
    put_any(run, "gaps", 1);
    commit_run(store, run);
    pace_close(store);
    seen = compare(dir);
    assert_true(seen.kept == 0 && seen.kept_stale == 1);
    store = open_store(dir);
    keep(store);
    pace_close(store);
    seen = compare(dir);
    assert_true(seen.kept >= 1200 && !seen.kept_stale);
    remove_tree(dir);
}

/* More shapes with one first column than the index of shapes remembers. */
static void test_shapes(void **state)
{
    (void)state;
    char *dir = make_directory(), branch[32];
    pace *store = open_store(dir);
    for (int i = 0; i < 20; i++) {
        struct pace_run_info info = run_at(T0_NS);
        snprintf(branch, sizeof branch, "branch-%d", i);
        info.branch = branch;
        store_value(store, &info, "first", i);
    }
    for (int i = 0; i < 20; i++) {
        snprintf(branch, sizeof branch, "branch-%d", i);
        pace_run *run = begin_run(store, branch, T0_NS + 1);
        struct pace_cell cell = cell_of(branch, i);
        store_ok(pace_run_put(run, &cell, error));
        commit_run(store, run);
    }
    pace_close(store);
    compare(dir);
    remove_tree(dir);
}

/* Start points: set, set again, taken back, of a parent that has no runs. */
static void test_starts(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    struct pace_start_point start = {"main", "c0ffee", T0_NS};
    struct pace_run_info info = run_at(T0_NS);
    store_value(store, &info, "b", 1);
    store_ok(pace_start_point_set(store, "app", "topic", &start, error));
    start.commit = NULL;
    store_ok(pace_start_point_set(store, "app", "topic", &start, error));
    store_ok(pace_start_point_set(store, "app", "other", &start, error));
    store_ok(pace_start_point_set(store, "app", "other", NULL, error));
    info.project = "lib";
    info.branch = "topic";
    info.start_branch = "never measured";
    info.start_commit = "abc";
    store_value(store, &info, "b", 1);
    pace_close(store);
    struct coverage seen = compare(dir);
    assert_int_equal(seen.starts, 5);
    assert_int_equal(seen.starts_taken_back, 1);
    remove_tree(dir);
}

/* A derived identity is what the page says, whatever the unit of the store. */
static void test_derived_identity(void **state)
{
    (void)state;
    char *dir = make_directory(), expected[33];
    const char *id;
    pace *store = open_store(dir);
    pace_snapshot *snapshot;
    byte image[104], *at = image;
    struct digest cells = {0};
    struct pace_run_info info = run_at(T0_NS);
    struct pace_cell cell = cell_of("b", 2500);
    pace_run *run;
    store_value(store, &info, "b", 7); /* makes the unit ns */
    info.commit = "c0ffee";
    info.flags = PACE_RUN_DIRTY;
    cell.unit = "us";
    store_ok(pace_run_begin(store, &info, error, &run));
    store_ok(pace_run_put(run, &cell, error));
    uint64_t number = commit_run(store, run);

    put_le(&at, hash_seeded("b", 1, 0), 8);
    put_le(&at, hash_seeded("latency", 7, 0), 8);
    struct digest series = digest_of(image, 16);
    cells.low = mixed_bits(series.low ^ bits_of_double(2500));
    cells.high = mixed_bits(series.high + bits_of_double(2500));
    at = image;
    put_digest(&at, series);
    put_le(&at, hash_seeded("us", 2, 0), 8);
    struct digest unit = digest_of(image, 24);
    cells.low += unit.low;
    cells.high += unit.high;
    at = image;
    put_digest(&at, digest_of("app", 3));
    put_digest(&at, digest_of("main", 4));
    put_digest(&at, digest_of("ci", 2));
    put_digest(&at, digest_of("c0ffee", 6));
    put_le(&at, (uint64_t)T0_NS, 8);
    put_le(&at, PACE_RUN_DIRTY, 8);
    put_le(&at, 1, 8);
    put_digest(&at, cells);
    struct digest derived = digest_of(image, sizeof image);
    snprintf(expected, sizeof expected, "%016" PRIx64 "%016" PRIx64, derived.high, derived.low);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    store_ok(pace_run_id(snapshot, number, error, &id));
    assert_string_equal(id, expected);
    pace_snapshot_end(snapshot);
    pace_close(store);
    compare(dir);
    remove_tree(dir);
}

/* A journal, which a writer leaves that does not come to close the store. */
static void test_journal(void **state)
{
    (void)state;
    char *dir = make_directory();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pace *store = open_store(dir);
        for (int i = 0; i < 21; i++) {
            char name[16];
            pace_run *run = begin_run(store, "main", T0_NS + i * SECOND_NS);
            snprintf(name, sizeof name, "new-%d", i);
            put_any(run, "fib", i);
            put_any(run, i % 5 ? "sort" : name, i);
            store_ok(pace_run_put_meta(run, "host", name, error));
            commit_run(store, run);
        }
        _exit(0);
    }
    assert_int_equal(child_status(child), 0);
    struct coverage seen = compare(dir);
    assert_true(seen.journal >= 10 && seen.changed > 30 && seen.removed && seen.small);
    remove_tree(dir);
}

static struct coverage compare_kept(const char *store)
{
    struct coverage seen;
    size_t len = 0;
    char *by_page = dump_by_page(store, &seen), *expected = NULL, path[8192];
    join(path, store, "dump.txt");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&expected, &len, 0, file) > 0);
    fclose(file);
    same_lines(by_page, expected);
    free(by_page);
    free(expected);
    return seen;
}

/* The kept stores, by the page alone. */
static void test_kept(void **state)
{
    (void)state;
    struct coverage seen = compare_kept("tests/data/store-1");
    assert_true(seen.large && seen.small && seen.log_rows && seen.sparse && seen.undone);
    assert_true(seen.starts && seen.starts_taken_back && seen.samples && seen.meta);
    assert_true(seen.chunks && seen.tail && !seen.keys);
    seen = compare_kept("tests/data/store-2");
    assert_true(seen.large && seen.log_rows && seen.row_bounds && seen.undone && seen.starts);
    assert_true(seen.samples && seen.differences && seen.binary && seen.tight);
    assert_true(seen.related && seen.mirrored && !seen.keys);
    seen = compare_kept("tests/data/store-3");
    assert_true(seen.large && seen.small && seen.log_rows && seen.related && seen.keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),       cmocka_unit_test(test_rows),
        cmocka_unit_test(test_beside),      cmocka_unit_test(test_differences),
        cmocka_unit_test(test_wide),        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_kept_values), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_journal),     cmocka_unit_test(test_kept),
        cmocka_unit_test(test_starts),      cmocka_unit_test(test_derived_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
