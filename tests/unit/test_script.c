/* test_script.c -- runs put by name that follow a script: what they store, and where they leave
 * it. */
#include "store_fixture.h"

#include "../../engine/run.h"

#include <math.h>

enum { CELLS = 40, LEARNING = 3 };

static void cell_name(char *name, size_t size, int i)
{
    snprintf(name, size, "bench/%d", i);
}

static void put_number(pace_run *run, int i, double value)
{
    char name[32];
    cell_name(name, sizeof name, i);
    put(run, name, value);
}

/* Run number `number` with cells [0, count). */
static pace_run *make(pace *store, int number, int count)
{
    pace_run *run = begin(store, T0_NS + number);
    for (int i = 0; i < count; i++)
        put_number(run, i, number * 1000.0 + i);
    return run;
}

/* After these a run with the same cells follows. */
static void learn(pace *store)
{
    for (int number = 0; number < LEARNING; number++)
        commit(store, make(store, number, CELLS));
}

static void expect_values(pace *store, uint64_t number, int count, double first)
{
    pace_snapshot *snapshot = look(store);
    const struct pace_column *names;
    const char *const *benchmarks;
    uint32_t columns[2 * CELLS], total, name_count;
    struct pace_cells cells;
    pace_scan *scan;
    int seen = 0;
    store_ok(pace_columns(snapshot, 0, error, &names, &total));
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &benchmarks, &name_count));
    for (uint32_t i = 0; i < total; i++)
        columns[i] = i;
    store_ok(pace_scan_open(snapshot, 0, columns, total, NULL, error, &scan));
    do {
        store_ok(pace_scan_next(scan, error, &cells));
        for (size_t r = 0; r < cells.run_count; r++) {
            if (cells.runs[r].run != number) continue;
            for (uint32_t c = 0; c < total; c++) {
                char name[32];
                size_t at = c * cells.stride + r;
                if (cells.status[at] == PACE_CELL_ABSENT) continue;
                cell_name(name, sizeof name, (int)c);
                assert_string_equal(benchmarks[names[c].benchmark], name);
                assert_true(cells.value[at] == first + c);
                seen++;
            }
        }
    } while (cells.run_count);
    assert_int_equal(seen, count);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
}

static const char *id_of(pace_snapshot *snapshot, uint64_t run)
{
    const char *id;
    store_ok(pace_run_id(snapshot, run, error, &id));
    return id;
}

/* The identity of a run does not depend on how its cells were put. */
static void expect_same_ids(pace *a, uint64_t run_a, pace *b, uint64_t run_b)
{
    pace_snapshot *left = look(a), *right = look(b);
    assert_string_equal(id_of(left, run_a), id_of(right, run_b));
    pace_snapshot_end(left);
    pace_snapshot_end(right);
}

static void test_follows(void **state)
{
    struct fixture *f = *state, other = {0};
    learn(f->store);
    pace_run *run = make(f->store, 10, CELLS);
    assert_int_equal(run->follow.state, FOLLOWS);
    assert_int_equal(run->named_count, 0);
    assert_int_equal(pace_run_cell_count(run), CELLS);
    struct pace_run_result result = commit(f->store, run);
    assert_int_equal(result.new_series, 0);
    expect_values(f->store, result.run, CELLS, 10000);

    other.dir = make_directory();
    store_ok(pace_open(other.dir, PACE_CREATE, NULL, error, &other.store));
    struct pace_run_result alone = commit(other.store, make(other.store, 10, CELLS));
    expect_same_ids(f->store, result.run, other.store, alone.run);
    pace_close(other.store);
    remove_tree(other.dir);

    assert_true(commit(f->store, make(f->store, 10, CELLS)).duplicate);
    reopen(f);
    assert_true(commit(f->store, make(f->store, 10, CELLS)).duplicate); /* put by name */
}

/* A run that has only the first cells of its script. */
static void test_part(void **state)
{
    struct fixture *f = *state;
    learn(f->store);
    pace_run *run = make(f->store, 10, CELLS / 2);
    assert_int_equal(run->follow.state, FOLLOWS);
    expect_values(f->store, commit(f->store, run).run, CELLS / 2, 10000);
}

static struct pace_cell odd_cell(int kind)
{
    static const double sample = 7;
    struct pace_cell cell = cell_of("bench/5", 10005);
    switch (kind) {
    case 0: cell.benchmark = "another"; break;
    case 1: cell.measure = "memory"; break;
    case 2: cell.unit = "us"; break;
    case 3: cell.direction = PACE_HIGHER_IS_BETTER; break;
    case 4: cell.lower = 1; break;
    case 5: cell.upper = 1e9; break;
    case 6: cell.status = PACE_CELL_FAILED; break;
    case 7: cell.samples = &sample, cell.sample_count = 1; break;
    default: break;
    }
    return cell;
}

/* Where a cell is another, the run is what it would have been without a script: in a store that has
 * none the same cells have the same identity. */
static void test_leaves(void **state)
{
    enum { KINDS = 8 };
    struct fixture *f = *state;
    learn(f->store);
    for (int kind = 0; kind < KINDS; kind++) {
        struct fixture other = {.dir = make_directory()};
        store_ok(pace_open(other.dir, PACE_CREATE, NULL, error, &other.store));
        pace *stores[] = {f->store, other.store};
        uint64_t numbers[2];
        for (int i = 0; i < 2; i++) {
            pace_run *run = make(stores[i], 10 + kind, 5);
            assert_int_equal(run->follow.state, i ? FOLLOW_LEFT : FOLLOWS);
            struct pace_cell cell = odd_cell(kind);
            store_ok(pace_run_put(run, &cell, error));
            assert_int_equal(run->follow.state, FOLLOW_LEFT);
            assert_int_equal(run->named_count, 6);
            assert_null(run->rows);
            put_number(run, 6, 1);
            numbers[i] = commit(stores[i], run).run;
        }
        expect_same_ids(f->store, numbers[0], other.store, numbers[1]);
        pace_close(other.store);
        remove_tree(other.dir);
    }
}

/* A cell more than the script has; a cell twice; a row by handle; what is refused leaves no
 * trace. */
static void test_mixed(void **state)
{
    struct fixture *f = *state;
    pace_column_handle column;
    const double value = 1;
    learn(f->store);
    pace_run *run = make(f->store, 10, CELLS + 1);
    assert_int_equal(run->follow.state, FOLLOW_LEFT);
    expect_values(f->store, commit(f->store, run).run, CELLS + 1, 10000);

    run = make(f->store, 11, 5);
    struct pace_cell cell = cell_of("bench/2", 1);
    store_fails(PACE_EDUPLICATE, pace_run_put(run, &cell, error));
    assert_int_equal(pace_run_cell_count(run), 5);
    cell = cell_of("bench/5", (double)NAN);
    store_fails(PACE_EVALUE, pace_run_put(run, &cell, error));
    cell.benchmark = NULL;
    store_fails(PACE_ENAME, pace_run_put(run, &cell, error));
    put_number(run, 5, 11005);
    expect_values(f->store, commit(f->store, run).run, 6, 11000);

    store_ok(
        pace_column(f->store, "bench/5", "latency", "ns", PACE_LOWER_IS_BETTER, error, &column));
    run = make(f->store, 12, 5);
    store_ok(pace_run_put_row(run, &column, &value, 1, error));
    assert_int_equal(pace_run_cell_count(run), 6);
    assert_int_equal(run->named_count, 5);
    cell = cell_of("bench/0", 1);
    store_fails(PACE_EDUPLICATE, pace_run_put(run, &cell, error));
    assert_int_equal(commit(f->store, run).new_series, 0);
}

/* Suites take turns, and each is followed. */
static void test_several(void **state)
{
    enum { SUITES = 4 };
    struct fixture *f = *state;
    for (int round = 0; round < LEARNING + 2; round++)
        for (int suite = 0; suite < SUITES; suite++) {
            pace_run *run = begin(f->store, T0_NS + round * 100 + suite);
            for (int i = 0; i < 10; i++)
                put_number(run, suite * 100 + i, round);
            if (round > LEARNING) assert_int_equal(run->follow.state, FOLLOWS);
            commit(f->store, run);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_follows), STORE_TEST(test_part),    STORE_TEST(test_leaves),
        STORE_TEST(test_mixed),   STORE_TEST(test_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
