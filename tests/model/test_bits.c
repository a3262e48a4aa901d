/* test_bits.c -- what is stored comes back bit for bit, whatever the numbers are and wherever they
 * lie: in rows, in small and large blocks, in a compacted store.
 *
 * Streams of random widths get runs of columns with habits: zeros of both signs, the least and the
 * largest doubles, numbers with few bits, decimals, numbers that follow from the column before or
 * nearly do, bounds on both sides alike or beyond what a difference can be. Some runs come late,
 * some at the same time as others. The seed is printed; PACE_TEST_SEED=N begins with that one,
 * PACE_BITS_ROUNDS=N: so many rounds. */
#include "../store_help.h"

#include "../../engine/store.h"

#include <float.h>
#include <time.h>

enum { ROUNDS = 24, RUNS_MAX = 400, COLUMNS_MAX = 70, SAMPLES = 5, HABITS = 12 };

/* A cell; bits are compared. */
struct cell {
    uint8_t status; /* PACE_CELL_ABSENT: none */
    uint8_t sample_count;
    double value, lower, upper, samples[SAMPLES];
};

struct run {
    int64_t time_ns;
    uint32_t ordinal;
    uint64_t number;
    struct cell cells[COLUMNS_MAX];
};

struct stream {
    uint64_t random;
    uint32_t columns, runs;
    int habits[COLUMNS_MAX], gaps,
        first_of[COLUMNS_MAX]; /* first_of: the run that begins a column */
    struct run *run;           /* as they arrive */
    uint32_t order[RUNS_MAX];
};

static uint64_t next_random(struct stream *stream)
{
    uint64_t z = stream->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint32_t below(struct stream *stream, uint32_t n)
{
    return (uint32_t)(next_random(stream) % n);
}

/* Any finite number: its bits are random. */
static double any_bits(struct stream *stream)
{
    double number;
    do {
        uint64_t bits = next_random(stream);
        memcpy(&number, &bits, sizeof number);
    } while (!isfinite(number));
    return number;
}

static double extreme(struct stream *stream)
{
    static const double extremes[] = {0.0,
                                      -0.0,
                                      DBL_MIN,
                                      -DBL_MIN,
                                      DBL_TRUE_MIN,
                                      -DBL_TRUE_MIN,
                                      DBL_MIN - DBL_TRUE_MIN,
                                      DBL_MAX,
                                      -DBL_MAX,
                                      1e308,
                                      -1e308,
                                      0x1p51,
                                      -0x1p51,
                                      0x1p51 - 1,
                                      0x1p52 + 1,
                                      0x1p53,
                                      0x1p63,
                                      1e15,
                                      1e16 + 2,
                                      1e-15,
                                      0.1,
                                      1.0 / 3,
                                      0x1p-500,
                                      0x1p500,
                                      0x1p-1022,
                                      5e-324};
    return extremes[below(stream, sizeof extremes / sizeof *extremes)];
}

static double nudged(struct stream *stream, double number, uint32_t most)
{
    for (uint32_t i = below(stream, most); i > 0; i--)
        number = nextafter(number, below(stream, 2) ? DBL_MAX : -DBL_MAX);
    return isfinite(number) ? number : 0;
}

static double number_of(struct stream *stream, int habit, double before)
{
    double power = (double)(below(stream, 4) ? 1e9 : 1e15), other;
    switch (habit) {
    case 0: return 1234.5;
    case 1: return below(stream, 2) ? 0.0 : -0.0;
    case 2: return extreme(stream);
    case 3: return any_bits(stream);
    case 4: return (double)below(stream, 100000) / 1000 - 50;
    case 5: return (double)below(stream, 1u << 20) / 4096 * 1e9;
    case 6: return nudged(stream, before, 4);
    case 7: other = power / before; return isfinite(other) ? nudged(stream, other, 3) : before;
    case 8: return before;
    case 9: return (double)below(stream, 30) * DBL_TRUE_MIN;
    case 10: return -1e300 - below(stream, 3) * 1e299;
    default: return below(stream, 9) ? 1e6 + below(stream, 1000) : extreme(stream);
    }
}

static double bound_of(struct stream *stream, double value, double lower, uint32_t kind)
{
    double mirrored = value + (value - lower);
    switch (kind) {
    case 0: return (double)NAN;
    case 1: return isfinite(mirrored) ? mirrored : DBL_MAX;
    case 2: return extreme(stream);
    default: return isfinite(mirrored) ? nudged(stream, mirrored, 3) : -DBL_MAX;
    }
}

static void fill_cell(struct stream *stream, uint32_t column, double before, struct cell *cell)
{
    *cell = (struct cell){PACE_CELL_OK, 0, 0, (double)NAN, (double)NAN, {0}};
    if (below(stream, 100) < 4) {
        cell->status = (uint8_t)(1 + below(stream, 2));
        cell->value = (double)NAN;
        return;
    }
    cell->value = number_of(stream, stream->habits[column], before);
    if (column % 4 == 1) {
        uint32_t kind = column / 4 % 2 ? 1 : below(stream, 4);
        cell->lower = kind == 2 ? extreme(stream) : cell->value - fabs(cell->value) / 8;
        if (!isfinite(cell->lower) || below(stream, 20) == 0) cell->lower = (double)NAN;
        cell->upper = isnan(cell->lower) && kind == 1
                          ? (double)NAN
                          : bound_of(stream, cell->value, cell->lower, kind);
        if (isnan(cell->lower) && kind == 3) cell->upper = cell->value;
    }
    if (below(stream, 10)) return;
    cell->sample_count = (uint8_t)below(stream, SAMPLES + 1);
    for (int i = 0; i < cell->sample_count; i++)
        cell->samples[i] = number_of(stream, stream->habits[column], cell->value);
}

static void fill_run(struct stream *stream, uint32_t i)
{
    struct run *run = &stream->run[i];
    uint32_t at = below(stream, 6) ? i : below(stream, i + 1), any = 0;
    run->time_ns = T0_NS + (int64_t)(at - at % 3) * SECOND_NS; /* three at one time */
    run->ordinal = below(stream, 2);
    double before = 1e6;
    for (uint32_t c = 0; c < COLUMNS_MAX; c++)
        run->cells[c].status = PACE_CELL_ABSENT;
    for (uint32_t c = 0; c < stream->columns; c++) {
        if (i < (uint32_t)stream->first_of[c] || below(stream, 100) < (uint32_t)stream->gaps)
            continue;
        fill_cell(stream, c, before, &run->cells[c]);
        if (run->cells[c].status == PACE_CELL_OK) before = run->cells[c].value;
        any++;
    }
    if (!any) fill_cell(stream, 0, before, &run->cells[0]);
}

static void fill_stream(struct stream *stream, uint64_t seed)
{
    static const uint32_t widths[] = {1, 2, 31, 32, 33, 63, 64, 65, COLUMNS_MAX};
    static const uint32_t lengths[] = {1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 200, RUNS_MAX};
    *stream = (struct stream){.random = seed};
    stream->columns = widths[below(stream, sizeof widths / sizeof *widths)];
    stream->runs = lengths[below(stream, sizeof lengths / sizeof *lengths)];
    stream->gaps = below(stream, 2) ? 0 : (int)below(stream, 80);
    for (uint32_t c = 0; c < stream->columns; c++) {
        stream->habits[c] = (int)below(stream, HABITS);
        stream->first_of[c] = c && below(stream, 4) == 0 ? (int)below(stream, stream->runs) : 0;
    }
    stream->run = calloc(stream->runs, sizeof *stream->run);
    assert_non_null(stream->run);
    for (uint32_t i = 0; i < stream->runs; i++)
        fill_run(stream, i);
}

/* -- storing ------------------------------------------------------------------------------------- */

static pace_run *build(pace *store, const struct stream *stream, uint32_t i)
{
    const struct run *own = &stream->run[i];
    struct pace_run_info info = run_at(own->time_ns);
    char id[24], name[24];
    pace_run *run;
    snprintf(id, sizeof id, "run-%u", i);
    info.id = id;
    info.ordinal = own->ordinal;
    store_ok(pace_run_begin(store, &info, error, &run));
    for (uint32_t c = 0; c < stream->columns; c++) {
        const struct cell *cell = &own->cells[c];
        if (cell->status == PACE_CELL_ABSENT) continue;
        snprintf(name, sizeof name, "bench-%u", c);
        struct pace_cell put = cell_of(name, cell->value);
        put.status = (enum pace_cell_status)cell->status;
        put.lower = cell->lower;
        put.upper = cell->upper;
        put.samples = cell->samples;
        put.sample_count = cell->sample_count;
        store_ok(pace_run_put(run, &put, error));
    }
    return run;
}

/* Commits runs in batches of random sizes: by rows, or as blocks at once. */
static void store_stream(pace *store, struct stream *stream)
{
    pace_run *runs[RUNS_MAX];
    struct pace_run_result results[RUNS_MAX];
    uint32_t most = below(stream, 2) ? 9 : RUNS_MAX;
    for (uint32_t at = 0; at < stream->runs;) {
        uint32_t count = 1 + below(stream, most);
        if (count > stream->runs - at) count = stream->runs - at;
        for (uint32_t i = 0; i < count; i++)
            runs[i] = build(store, stream, at + i);
        store_ok(pace_runs_commit(store, runs, count, error, results));
        for (uint32_t i = 0; i < count; i++) {
            stream->run[at + i].number = results[i].run;
            pace_run_free(runs[i]);
        }
        at += count;
    }
}

/* -- looking ------------------------------------------------------------------------------------- */

static const struct stream *sorted; /* for qsort */

static int by_place(const void *a, const void *b)
{
    const struct run *x = &sorted->run[*(const uint32_t *)a];
    const struct run *y = &sorted->run[*(const uint32_t *)b];
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static int same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* The columns in the order of the store, by their names: column_of[c] is that of "bench-c". */
static void find_columns(pace_snapshot *snapshot, const struct stream *stream, uint32_t *column_of)
{
    const struct pace_column *columns;
    const char *const *names;
    uint32_t count, name_count;
    store_ok(pace_columns(snapshot, 0, error, &columns, &count));
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &names, &name_count));
    for (uint32_t c = 0; c < stream->columns; c++)
        column_of[c] = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        column_of[atoi(names[columns[i].benchmark] + 6)] = i;
}

static void check_cell(const struct cell *own, const struct pace_cells *cells, size_t at,
                       uint32_t run, uint32_t c)
{
    double lower = cells->lower ? cells->lower[at] : (double)NAN;
    double upper = cells->upper ? cells->upper[at] : (double)NAN;
    if (cells->status[at] == own->status &&
        (own->status == PACE_CELL_ABSENT || (same(cells->value[at], own->value) &&
                                             same(lower, own->lower) && same(upper, own->upper))))
        return;
    fail_msg("run %u, column %u: status %u, %a [%a, %a] is status %u, %a [%a, %a]", run, c,
             own->status, own->value, own->lower, own->upper, cells->status[at], cells->value[at],
             lower, upper);
}

static void check_samples(pace_snapshot *snapshot, const struct run *run, const uint32_t *column_of,
                          uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++) {
        const double *samples;
        size_t count;
        const struct cell *cell = &run->cells[c];
        if (column_of[c] == UINT32_MAX || cell->status == PACE_CELL_ABSENT) continue;
        store_ok(pace_samples(snapshot, run->number, column_of[c], error, &samples, &count));
        assert_int_equal(count, cell->sample_count);
        if (count) assert_memory_equal(samples, cell->samples, count * sizeof *samples);
    }
}

/* Whole streams in order, column by column. */
static void check(pace *store, struct stream *stream)
{
    pace_snapshot *snapshot;
    pace_scan *scan;
    struct pace_cells cells;
    uint32_t column_of[COLUMNS_MAX], asked[COLUMNS_MAX], of[COLUMNS_MAX], count = 0, seen = 0;
    for (uint32_t i = 0; i < stream->runs; i++)
        stream->order[i] = i;
    sorted = stream;
    qsort(stream->order, stream->runs, sizeof *stream->order, by_place);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    find_columns(snapshot, stream, column_of);
    for (uint32_t c = 0; c < stream->columns; c++) {
        if (column_of[c] == UINT32_MAX) continue;
        of[count] = c;
        asked[count++] = column_of[c];
    }
    store_ok(pace_scan_open(snapshot, 0, asked, count, NULL, error, &scan));
    for (;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++, seen++) {
            const struct run *run = &stream->run[stream->order[seen]];
            assert_int_equal(cells.runs[r].run, run->number);
            for (uint32_t c = 0; c < count; c++)
                check_cell(&run->cells[of[c]], &cells, c * cells.stride + r, seen, of[c]);
            if (seen % 7 == 0) check_samples(snapshot, run, column_of, stream->columns);
        }
    }
    assert_int_equal(seen, stream->runs);
    pace_scan_close(scan);
    pace_snapshot_end(snapshot);
}

static void run_round(uint64_t seed)
{
    static const struct fold_limits small = {.runs = 9,
                                             .cells = 1 << 30,
                                             .least_runs = 1,
                                             .large_runs = 100,
                                             .keep_runs = 10,
                                             .step_cells = 60,
                                             .step_factor = 2,
                                             .direct_runs = 30,
                                             .totals_rows = 5};
    struct stream stream;
    char *dir = make_directory();
    pace *store;
    printf("# note seed %llu\n", (unsigned long long)seed);
    fill_stream(&stream, seed);
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    if (below(&stream, 2)) store->limits = small;
    store_stream(store, &stream);
    check(store, &stream);
    pace_close(store);
    store_ok(pace_verify(dir, print_damage, NULL, error, NULL));
    for (int i = 0; i < 2; i++) { /* what was compacted is compacted again */
        store_ok(pace_compact(dir, NULL, error, NULL));
        store_ok(pace_open(dir, 0, NULL, error, &store));
        check(store, &stream);
        pace_close(store);
    }
    remove_tree(dir);
    free(stream.run);
}

static uint64_t environment_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static void test_any_numbers(void **state)
{
    (void)state;
    uint64_t seed = environment_number("PACE_TEST_SEED", (uint64_t)time(NULL));
    uint64_t rounds = environment_number("PACE_BITS_ROUNDS", ROUNDS);
    for (uint64_t i = 0; i < rounds; i++)
        run_round(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
