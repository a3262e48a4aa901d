/* test_follow.c -- runs that put the same cells by name as others before (engine/handle.h):
 * whatever a run puts, the same is stored and the same is refused in a store that has learned
 * scripts as in one that was just opened and knows none. PACE_TEST_SEED=N repeats a test. */
#include "../store_help.h"

#include <time.h>

enum { RUNS = 400, NAMES = 12, WORD = 16 };

static uint64_t below(uint64_t *state, uint64_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % n;
}

static double value_at(uint64_t *random)
{
    return 1 + (double)below(random, 1000) / 8;
}

/* A cell of the suite; now and then one that no script can hold. */
static struct pace_cell next_cell(uint64_t *random, int name, int odd, char *benchmark)
{
    static const double samples[] = {1, 2, 3};
    snprintf(benchmark, WORD, "b%d", name);
    struct pace_cell cell = cell_of(benchmark, value_at(random));
    if (!odd) return cell;
    switch (below(random, 9)) {
    case 0: cell.status = PACE_CELL_FAILED; break;
    case 1: cell.lower = 0.5; break;
    case 2: cell.upper = 2000; break;
    case 3: cell.samples = samples, cell.sample_count = 3; break;
    case 4: cell.value = (double)NAN; break;
    case 5: cell.unit = "ms"; break;
    case 6: cell.unit = NULL; break;
    case 7: cell.measure = "size", cell.unit = "B"; break;
    default: cell.direction = PACE_LOWER_IS_BETTER; break;
    }
    return cell;
}

static int put_handle(pace *store, pace_run *run, const struct pace_cell *cell)
{
    pace_column_handle handle;
    int rc = pace_column(store, cell->benchmark, cell->measure, cell->unit, cell->direction, NULL,
                         &handle);
    return rc ? rc : pace_run_put_row(run, &handle, &cell->value, 1, NULL);
}

/* Puts a run into both stores, and compares what they say. */
static void put_run(pace *const *stores, uint64_t *random, int number)
{
    struct pace_run_info info = run_at(1000 + number);
    struct pace_run_result results[2] = {{0}};
    pace_run *runs[2];
    int rc[2], first = (int)below(random, 3), cells = (int)below(random, NAMES + 3);
    int strays = below(random, 2) == 0;
    for (int s = 0; s < 2; s++)
        store_ok(pace_run_begin(stores[s], &info, error, &runs[s]));
    for (int i = 0; i < cells; i++) {
        char benchmark[WORD];
        int odd = strays && below(random, 8) == 0, by_handle = strays && below(random, 16) == 0;
        int name = strays && below(random, 16) == 0 ? (int)below(random, NAMES) : first + i;
        struct pace_cell cell = next_cell(random, name, odd, benchmark);
        for (int s = 0; s < 2; s++)
            rc[s] = by_handle ? put_handle(stores[s], runs[s], &cell)
                              : pace_run_put(runs[s], &cell, NULL);
        assert_int_equal(rc[0], rc[1]);
    }
    for (int s = 0; s < 2; s++) {
        rc[s] = pace_runs_commit(stores[s], &runs[s], 1, NULL, &results[s]);
        pace_run_free(runs[s]);
    }
    assert_int_equal(rc[0], rc[1]);
    assert_int_equal(results[0].run, results[1].run);
    assert_int_equal(results[0].new_series, results[1].new_series);
}

static int same_bits(const double *a, const double *b, size_t i)
{
    return !a == !b && (!a || memcmp(a + i, b + i, sizeof *a) == 0);
}

/* Compares all cells of both stores; how many there are. */
static size_t compare_cells(pace *const *stores)
{
    pace_snapshot *snapshots[2];
    pace_scan *scans[2];
    struct pace_stream stream;
    struct pace_cells cells[2];
    uint32_t columns[4 * NAMES + 64];
    size_t seen = 0;
    for (int s = 0; s < 2; s++) {
        store_ok(pace_snapshot_begin(stores[s], error, &snapshots[s]));
        store_ok(pace_stream_get(snapshots[s], 0, error, &stream));
        assert_true(stream.column_count <= sizeof columns / sizeof *columns);
        for (uint32_t i = 0; i < stream.column_count; i++)
            columns[i] = i;
        store_ok(
            pace_scan_open(snapshots[s], 0, columns, stream.column_count, NULL, error, &scans[s]));
    }
    do {
        for (int s = 0; s < 2; s++)
            store_ok(pace_scan_next(scans[s], error, &cells[s]));
        assert_int_equal(cells[0].run_count, cells[1].run_count);
        assert_int_equal(cells[0].column_count, cells[1].column_count);
        for (size_t c = 0; c < cells[0].column_count; c++) {
            for (size_t r = 0; r < cells[0].run_count; r++) {
                size_t a = c * cells[0].stride + r, b = c * cells[1].stride + r;
                assert_int_equal(a, b);
                assert_int_equal(cells[0].status[a], cells[1].status[a]);
                assert_true(same_bits(cells[0].value, cells[1].value, a));
                assert_true(same_bits(cells[0].lower, cells[1].lower, a));
                assert_true(same_bits(cells[0].upper, cells[1].upper, a));
                seen += cells[0].status[a] != PACE_CELL_ABSENT;
            }
        }
    } while (cells[0].run_count);
    for (int s = 0; s < 2; s++) {
        pace_scan_close(scans[s]);
        pace_snapshot_end(snapshots[s]);
    }
    return seen;
}

static void test_learned_or_not(void **state)
{
    (void)state;
    char *dirs[2] = {make_directory(), make_directory()};
    const char *seed = getenv("PACE_TEST_SEED");
    uint64_t random = seed && seed[0] ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    pace *stores[2];
    printf("# note seed %llu\n", (unsigned long long)random);
    for (int s = 0; s < 2; s++)
        store_ok(pace_open(dirs[s], PACE_CREATE, NULL, error, &stores[s]));
    for (int i = 0; i < RUNS; i++) {
        put_run(stores, &random, i);
        pace_close(stores[1]);
        store_ok(pace_open(dirs[1], 0, NULL, error, &stores[1]));
    }
    assert_true(compare_cells(stores) > RUNS);
    struct pace_merged merged; /* content, with samples and units, is compared by its digest */
    store_ok(pace_merge(stores[0], stores[1], NULL, NULL, error, &merged));
    assert_int_equal(merged.runs, 0);
    assert_int_equal(merged.conflicts, 0);
    assert_true(merged.duplicates > RUNS / 2);
    for (int s = 0; s < 2; s++) {
        pace_close(stores[s]);
        store_ok(pace_verify(dirs[s], print_damage, NULL, error, NULL));
        remove_tree(dirs[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learned_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
