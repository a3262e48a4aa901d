/* test_scan.c -- the same history read from log rows and from blocks: the same cells and summaries,
 * whatever rows are like and columns are asked for. */
#include "../store_help.h"

enum { RUNS = 63, COLUMNS = 150, QUESTIONS = 200 };

static uint64_t state_of_random = 11;

static uint64_t next_random(void)
{
    uint64_t z = state_of_random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* What is stored. Most runs have all columns there were then, all ok; some have gaps, few cells,
 * cells that failed, or bounds. */
static struct pace_cell history[RUNS + 1][COLUMNS];
static uint8_t there[RUNS + 1][COLUMNS];
static char names[COLUMNS][16];

static void make_history(void)
{
    for (int c = 0; c < COLUMNS; c++)
        snprintf(names[c], sizeof names[c], "b%03d", c);
    for (int r = 0; r <= RUNS; r++) {
        uint64_t kind = next_random() % 12;
        int columns = r == 0 || r > 20 ? COLUMNS : 130; /* the first run tells the columns' order */
        for (int c = 0; c < COLUMNS; c++) {
            struct pace_cell *cell = &history[r][c];
            *cell = cell_of(names[c], (double)(next_random() % 100000) / 8);
            there[r][c] = c < columns;
            if (r && kind == 1 && next_random() % 10 == 0) there[r][c] = 0;
            if (r && kind == 2 && c % 9) there[r][c] = 0;
            if (kind == 3 && next_random() % 20 == 0) cell->status = PACE_CELL_FAILED;
            if (kind == 4 && next_random() % 3) cell->lower = cell->value - 1;
        }
        there[r][5] = 1;
    }
}

static const char *commit_of(int r)
{
    static char commit[16];
    snprintf(commit, sizeof commit, "c%d", r * r);
    return commit;
}

static int is_dirty(int r)
{
    return r == 9 || r == 40;
}

/* Stores runs [from, until) in one commit. */
static void store_runs(pace *store, int from, int until)
{
    pace_run *runs[RUNS + 1];
    for (int r = from; r < until; r++) {
        struct pace_run_info info = run_at(T0_NS + r);
        info.commit = commit_of(r);
        info.flags = is_dirty(r) ? PACE_RUN_DIRTY : 0;
        store_ok(pace_run_begin(store, &info, error, &runs[r]));
        for (int c = 0; c < COLUMNS; c++) {
            if (there[r][c]) store_ok(pace_run_put(runs[r], &history[r][c], error));
        }
    }
    store_ok(pace_runs_commit(store, runs + from, (size_t)(until - from), error, NULL));
    for (int r = from; r < until; r++)
        pace_run_free(runs[r]);
}

static void check_cell(const struct pace_cells *cells, size_t at, int run, uint32_t column)
{
    const struct pace_cell *cell = &history[run][column];
    int ok = there[run][column] && cell->status == PACE_CELL_OK;
    assert_int_equal(cells->status[at], there[run][column] ? cell->status : PACE_CELL_ABSENT);
    if (ok)
        assert_memory_equal(&cells->value[at], &cell->value, sizeof cell->value);
    else
        assert_true(isnan(cells->value[at]));
    if (!cells->lower) assert_true(!ok || isnan(cell->lower));
    if (cells->lower && ok && !isnan(cell->lower))
        assert_memory_equal(&cells->lower[at], &cell->lower, sizeof cell->lower);
    else if (cells->lower)
        assert_true(isnan(cells->lower[at]));
}

static void check_summary(const struct pace_summary *summary, int from, int until, uint32_t column)
{
    uint64_t count = 0;
    double min = (double)INFINITY, max = (double)-INFINITY, sum = 0;
    for (int r = from; r < until; r++) {
        if (!there[r][column] || history[r][column].status != PACE_CELL_OK) continue;
        double value = history[r][column].value;
        count++;
        sum += value; /* exact: eighths */
        if (value < min) min = value;
        if (value > max) max = value;
    }
    assert_int_equal(summary->count, count);
    if (count == 0) return;
    assert_true(summary->sum == sum && summary->min == min && summary->max == max);
    double squares = 0;
    for (int r = from; r < until; r++) {
        if (!there[r][column] || history[r][column].status != PACE_CELL_OK) continue;
        double difference = history[r][column].value - sum / (double)count;
        squares += difference * difference;
    }
    if (count > 1) {
        double sd = sqrt(squares / (double)(count - 1));
        assert_true(fabs(summary->sd - sd) <= 1e-9 * (sd + 1));
    }
}

/* Some columns: a stretch of neighbours, scattered ones, one twice, in any order. */
static size_t choose_columns(uint32_t *columns)
{
    size_t count = 1 + next_random() % COLUMNS;
    uint32_t first = (uint32_t)(next_random() % COLUMNS);
    uint64_t kind = next_random() % 3;
    for (size_t i = 0; i < count; i++)
        columns[i] = kind == 0 ? (uint32_t)(next_random() % COLUMNS)
                               : (uint32_t)((first + i * kind) % COLUMNS);
    return count;
}

/* What is asked for of the runs. */
enum manner { WHOLE_RUNS, NO_COMMITS, NO_RUNS, COLUMNS_OF_RUNS, MANNERS };

static void check_run(const struct pace_cells *cells, size_t k, int r, enum manner manner)
{
    if (manner == NO_RUNS || manner == COLUMNS_OF_RUNS) {
        assert_null(cells->runs);
        return;
    }
    assert_int_equal(cells->runs[k].time_ns, T0_NS + r);
    if (manner == NO_COMMITS)
        assert_null(cells->runs[k].commit);
    else
        assert_string_equal(cells->runs[k].commit, commit_of(r));
}

static uint64_t places[RUNS + 1];
static uint32_t keys[RUNS + 1];

/* The runs of a batch, from r on, as columns: those that are asked for. */
static void check_columns(const pace_scan *scan, size_t count, int r, unsigned asked)
{
    struct pace_runs runs;
    int any = 0;
    pace_scan_runs(scan, &runs);
    assert_int_equal(runs.time_ns != NULL, (asked & PACE_RUNS_TIME) != 0);
    assert_int_equal(runs.run != NULL, (asked & PACE_RUNS_NUMBER) != 0);
    assert_int_equal(runs.commit != NULL, (asked & PACE_RUNS_COMMIT) != 0);
    assert_int_equal(runs.commit_key && runs.place, (asked & PACE_RUNS_KEY) != 0);
    for (size_t k = 0; k < count; k++) {
        int own = r + (int)k;
        if (runs.time_ns) assert_int_equal(runs.time_ns[k], T0_NS + own);
        if (runs.run) assert_int_equal(runs.run[k], own + 1);
        if (runs.commit) assert_string_equal(runs.commit[k], commit_of(own));
        if (runs.place) places[own] = runs.place[k];
        if (runs.commit_key) keys[own] = runs.commit_key[k];
        if (runs.flags) assert_int_equal(runs.flags[k], is_dirty(own) ? PACE_RUN_DIRTY : 0);
        any |= is_dirty(own);
    }
    if (any) assert_non_null(runs.flags);
}

/* Commits that were not asked for, by the places of their runs; keys of commits that differ. */
static void check_places(pace_scan *scan, int from, int until)
{
    const char *commit;
    for (int r = from; r < until; r++) {
        int other = from + (int)(next_random() % (uint64_t)(until - from));
        store_ok(pace_scan_commit(scan, places[other], error, &commit));
        assert_string_equal(commit, commit_of(other));
        assert_true(keys[r] != 0 && (other == r || keys[r] != keys[other]));
    }
    store_fails(PACE_EMISUSE, pace_scan_commit(scan, places[from] + 64, error, &commit));
    store_fails(PACE_EMISUSE, pace_scan_commit(scan, UINT64_MAX, error, &commit));
}

static void ask(pace_snapshot *snapshot)
{
    enum manner manner = (enum manner)(next_random() % MANNERS);
    unsigned asked = PACE_RUNS_KEY | (unsigned)(next_random() % 16);
    uint32_t columns[COLUMNS];
    struct pace_summary summaries[COLUMNS];
    struct pace_cells cells;
    pace_scan *scan;
    size_t count = choose_columns(columns);
    int from = (int)(next_random() % RUNS),
        until = from + 1 + (int)(next_random() % (uint64_t)(RUNS - from));
    if (next_random() % 4 == 0) from = 0, until = RUNS;
    struct pace_range range = {.from_ns = T0_NS + from, .until_ns = T0_NS + until};
    store_ok(pace_scan_summary(snapshot, 0, columns, count, &range, error, summaries));
    for (size_t i = 0; i < count; i++)
        check_summary(&summaries[i], from, until, columns[i]);
    store_ok(pace_scan_open(snapshot, 0, columns, count, &range, error, &scan));
    if (manner == NO_COMMITS) pace_scan_skip_commits(scan);
    if (manner == NO_RUNS) pace_scan_skip_runs(scan);
    if (manner == COLUMNS_OF_RUNS) pace_scan_ask_runs(scan, asked);
    for (int r = from;;) {
        store_ok(pace_scan_next(scan, error, &cells));
        if (cells.run_count == 0) {
            assert_int_equal(r, until);
            break;
        }
        if (manner == COLUMNS_OF_RUNS) check_columns(scan, cells.run_count, r, asked);
        for (size_t k = 0; k < cells.run_count; k++, r++) {
            check_run(&cells, k, r, manner);
            for (size_t i = 0; i < count; i++)
                check_cell(&cells, i * cells.stride + k, r, columns[i]);
        }
    }
    if (manner == COLUMNS_OF_RUNS) check_places(scan, from, until);
    pace_scan_close(scan);
}

/* `batch` runs a commit: 64 of them at once go to a block, fewer to the log. */
static void check_history(int batch)
{
    char *dir = make_directory();
    pace *store;
    pace_snapshot *snapshot;
    int runs = batch > RUNS ? batch : RUNS;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int r = 0; r < runs; r += batch)
        store_runs(store, r, r + batch < runs ? r + batch : runs);
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    for (int i = 0; i < QUESTIONS; i++)
        ask(snapshot);
    pace_snapshot_end(snapshot);
    pace_close(store);
    remove_tree(dir);
}

static void test_log(void **state)
{
    (void)state;
    check_history(7);
}

static void test_block(void **state)
{
    (void)state;
    check_history(RUNS + 1);
}

static int set_up(void **state)
{
    (void)state;
    make_history();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_block),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
