/* test_lineage_model.c -- branches with start points against a naive evaluator: random chains,
 * late runs, start points that are set again and taken back; then what a lineage scan gives, and
 * what windows see.
 *
 * The seed is printed; PACE_SEED=N repeats a run. */
#include "../../query/pace_query.h"
#include "../store_help.h"

#include <stdbool.h>
#include <time.h>

enum {
    STORES = 25,
    STEPS = 16, /* of a store; each is a commit, then questions */
    BRANCHES = 7,
    TESTBEDS = 2,
    BENCHMARKS = 4,
    COMMITS = 40,
    RUNS_MAX = 400,
    LIST_MAX = BRANCHES * RUNS_MAX,
};

struct model_run {
    uint64_t number;
    int branch, testbed;
    int64_t time_ns;
    uint32_t ordinal;
    char commit[8];
    uint8_t status[BENCHMARKS]; /* PACE_CELL_ABSENT: none */
    double value[BENCHMARKS];
};

struct model_start {
    int parent; /* -1: none */
    char commit[8];
    int64_t time_ns;
};

struct model {
    uint64_t seed, random;
    char *directory;
    pace *store;
    struct model_run runs[RUNS_MAX];
    size_t run_count;
    struct model_start starts[BRANCHES];
    size_t questions, inherited;
};

static int below(struct model *m, int n)
{
    uint64_t z = m->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (int)((z ^ z >> 31) % (uint64_t)n);
}

static char *branch_name(char out[16], int branch)
{
    snprintf(out, 16, branch ? "pr/%d" : "main", branch);
    return out;
}

static void random_commit(struct model *m, char out[8])
{
    out[0] = 0;
    if (below(m, 12)) snprintf(out, 8, "c%d", below(m, COMMITS));
}

/* -- the naive lineage ------------------------------------------------------------------------- */

static const struct model_run *sorted; /* for qsort */

static int by_place(const void *a, const void *b)
{
    const struct model_run *x = &sorted[*(const size_t *)a], *y = &sorted[*(const size_t *)b];
    if (x->time_ns != y->time_ns) return x->time_ns < y->time_ns ? -1 : 1;
    if (x->ordinal != y->ordinal) return x->ordinal < y->ordinal ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Indices of runs, oldest first. */
struct list {
    size_t count, at[LIST_MAX];
};

static void add_own(const struct model *m, int branch, int testbed, struct list *out)
{
    size_t first = out->count;
    for (size_t i = 0; i < m->run_count; i++)
        if (m->runs[i].branch == branch && m->runs[i].testbed == testbed) out->at[out->count++] = i;
    sorted = m->runs;
    qsort(out->at + first, out->count - first, sizeof *out->at, by_place);
}

/* What a branch inherits: all that its parent has, cut. */
static void inherit(const struct model *m, int branch, int testbed, struct list *out)
{
    const struct model_start *start = &m->starts[branch];
    out->count = 0;
    if (start->parent < 0) return;
    inherit(m, start->parent, testbed, out);
    add_own(m, start->parent, testbed, out);
    int youngest = -1; /* branch of the last run with the commit: an ancestor's runs lie together */
    for (size_t i = out->count; *start->commit && i > 0; i--) {
        const struct model_run *run = &m->runs[out->at[i - 1]];
        if (strcmp(run->commit, start->commit) != 0) continue;
        youngest = run->branch;
        out->count = i;
        break;
    }
    if (youngest >= 0) return;
    size_t kept = 0;
    for (size_t i = 0; i < out->count && start->time_ns; i++)
        if (m->runs[out->at[i]].time_ns <= start->time_ns) out->at[kept++] = out->at[i];
    out->count = kept;
}

static bool comes_from(const struct model *m, int branch, int ancestor)
{
    for (; branch >= 0; branch = m->starts[branch].parent)
        if (branch == ancestor) return true;
    return false;
}

/* -- making history ---------------------------------------------------------------------------- */

static bool random_start(struct model *m, int branch, struct model_start *out)
{
    *out = (struct model_start){.parent = below(m, BRANCHES)};
    random_commit(m, out->commit);
    if (below(m, 3)) out->time_ns = T0_NS + below(m, 60) * SECOND_NS;
    return !comes_from(m, out->parent, branch);
}

static void random_run(struct model *m, struct model_run *run)
{
    *run = (struct model_run){.branch = below(m, BRANCHES), .testbed = below(m, TESTBEDS)};
    run->time_ns = T0_NS + below(m, 60) * SECOND_NS;
    run->ordinal = (uint32_t)below(m, 2);
    random_commit(m, run->commit);
    for (int i = 0; i < BENCHMARKS; i++) {
        /* Branches know different benchmarks. */
        run->status[i] = (run->branch + i) % 5 == 0 || below(m, 6) == 0 ? PACE_CELL_ABSENT
                         : below(m, 10) == 0                            ? PACE_CELL_FAILED
                                                                        : PACE_CELL_OK;
        run->value[i] = below(m, 1000);
    }
    if (run->status[run->branch % BENCHMARKS] == PACE_CELL_ABSENT)
        run->status[run->branch % BENCHMARKS] = PACE_CELL_OK;
}

static pace_run *build(struct model *m, const struct model_run *run,
                       const struct model_start *start, size_t number)
{
    char branch[16], parent[16] = "", id[24], testbed[8], benchmark[8];
    snprintf(id, sizeof id, "run-%zu", number);
    snprintf(testbed, sizeof testbed, "t%d", run->testbed);
    struct pace_run_info info = {.project = "app",
                                 .branch = branch_name(branch, run->branch),
                                 .testbed = testbed,
                                 .commit = run->commit,
                                 .id = id,
                                 .time_ns = run->time_ns,
                                 .ordinal = run->ordinal};
    if (start) {
        if (start->parent >= 0) branch_name(parent, start->parent);
        info.start_branch = parent;
        info.start_commit = start->commit;
        info.start_time_ns = start->time_ns;
    }
    pace_run *out;
    store_ok(pace_run_begin(m->store, &info, error, &out));
    for (int k = 0; k < BENCHMARKS; k++) {
        int i = (k + run->branch) % BENCHMARKS; /* so that columns get different numbers */
        if (run->status[i] == PACE_CELL_ABSENT) continue;
        snprintf(benchmark, sizeof benchmark, "b%d", i);
        struct pace_cell cell = cell_of(benchmark, run->value[i]);
        cell.status = (enum pace_cell_status)run->status[i];
        store_ok(pace_run_put(out, &cell, error));
    }
    return out;
}

static void commit_some(struct model *m)
{
    enum { MOST = 20 };
    pace_run *runs[MOST];
    struct pace_run_result results[MOST];
    bool refused[MOST] = {0};
    size_t count = 0;
    while (count < MOST && m->run_count < RUNS_MAX) {
        struct model_run *run = &m->runs[m->run_count];
        struct model_start start = {.parent = -1};
        int says = below(m, 4); /* 0: where it started, 1 at times: that it did not */
        random_run(m, run);
        if (says == 0) refused[count] = !random_start(m, run->branch, &start);
        bool given = says == 0 || (says == 1 && below(m, 4) == 0);
        runs[count] = build(m, run, given ? &start : NULL, m->run_count + 1);
        if (given && !refused[count]) m->starts[run->branch] = start;
        run->number = ++m->run_count;
        count++;
    }
    if (count) store_ok(pace_runs_commit(m->store, runs, count, error, results));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(results[i].run, m->run_count - count + i + 1);
        assert_int_equal(results[i].start_point, refused[i] ? PACE_EMISUSE : 0);
        pace_run_free(runs[i]);
    }
}

static void set_start(struct model *m)
{
    char branch[16], parent[16];
    int which = below(m, BRANCHES);
    struct model_start start = {.parent = -1};
    if (below(m, 6) == 0) {
        store_ok(pace_start_point_set(m->store, "app", branch_name(branch, which), NULL, error));
        m->starts[which] = start;
        return;
    }
    bool good = random_start(m, which, &start);
    struct pace_start_point point = {branch_name(parent, start.parent), start.commit,
                                     start.time_ns};
    int rc = pace_start_point_set(m->store, "app", branch_name(branch, which), &point, NULL);
    assert_int_equal(rc, good ? 0 : PACE_EMISUSE);
    if (good) m->starts[which] = start;
}

/* -- the scan ---------------------------------------------------------------------------------- */

static uint32_t benchmark_of(pace_snapshot *snapshot, const struct pace_column *column)
{
    const char *const *names;
    uint32_t count;
    store_ok(pace_names(snapshot, PACE_BENCHMARK, error, &names, &count));
    assert_true(column->benchmark < count);
    return (uint32_t)(names[column->benchmark][1] - '0');
}

static void check_cells(const struct model_run *run, const struct pace_cells *cells, size_t r,
                        const uint32_t *benchmarks)
{
    assert_int_equal(cells->runs[r].run, run->number);
    for (size_t c = 0; c < cells->column_count; c++) {
        size_t at = c * cells->stride + r;
        assert_int_equal(cells->status[at], run->status[benchmarks[c]]);
        if (cells->status[at] == PACE_CELL_OK)
            assert_true(cells->value[at] == run->value[benchmarks[c]]);
    }
}

static void check_scan(struct model *m, pace_snapshot *snapshot, const struct pace_stream *stream,
                       int branch, int testbed)
{
    static struct list expected, own;
    uint32_t columns[6], benchmarks[6], count;
    const struct pace_column *names;
    store_ok(pace_columns(snapshot, stream->id, error, &names, &count));
    size_t column_count = (size_t)below(m, 7);
    for (size_t i = 0; i < column_count; i++) {
        columns[i] = (uint32_t)below(m, (int)count);
        benchmarks[i] = benchmark_of(snapshot, &names[columns[i]]);
    }
    uint64_t inherited = below(m, 4) ? (uint64_t)below(m, 30) : UINT64_MAX;
    struct pace_range range = {INT64_MIN, INT64_MAX, (uint64_t)below(m, 10)};
    inherit(m, branch, testbed, &expected);
    size_t drop = inherited < expected.count ? expected.count - inherited : 0;
    expected.count -= drop;
    memmove(expected.at, expected.at + drop, expected.count * sizeof *expected.at);
    own.count = 0;
    add_own(m, branch, testbed, &own);
    drop = range.last && range.last < own.count ? own.count - range.last : 0;
    m->inherited += expected.count;
    for (size_t i = drop; i < own.count; i++)
        expected.at[expected.count++] = own.at[i];
    pace_lineage_scan *scan;
    struct pace_cells cells;
    size_t seen = 0;
    store_ok(pace_lineage_scan_open(snapshot, stream->id, NULL, columns, column_count, inherited,
                                    &range, error, &scan));
    for (;;) {
        store_ok(pace_lineage_scan_next(scan, error, &cells));
        if (cells.run_count == 0) break;
        for (size_t r = 0; r < cells.run_count; r++, seen++) {
            assert_true(seen < expected.count);
            assert_int_equal(cells.runs[r].stream, cells.runs[0].stream);
            check_cells(&m->runs[expected.at[seen]], &cells, r, benchmarks);
        }
    }
    assert_int_equal(seen, expected.count);
    pace_lineage_scan_close(scan);
    m->questions++;
}

/* -- windows ----------------------------------------------------------------------------------- */

struct question {
    int branch, testbed, benchmark;
    int over, last;
    bool bare; /* check without a model: inherited points alone */
};

/* The mean of the window before a run; *n is its size. */
static double window_mean(const struct model *m, const struct question *question,
                          const struct model_run *judged, size_t *n)
{
    static struct list list;
    inherit(m, question->branch, question->testbed, &list);
    if (!question->bare) {
        add_own(m, question->branch, question->testbed, &list);
        while (list.count && &m->runs[list.at[list.count - 1]] != judged)
            list.count--;
        list.count--; /* the run itself */
    }
    double sum = 0;
    *n = 0;
    for (size_t i = list.count; i > 0 && *n < (size_t)question->over; i--) {
        const struct model_run *run = &m->runs[list.at[i - 1]];
        if (run->status[question->benchmark] != PACE_CELL_OK) continue;
        if (*judged->commit && strcmp(run->commit, judged->commit) == 0) continue;
        sum += run->value[question->benchmark];
        ++*n;
    }
    return sum / (double)*n;
}

static double number_at(const struct pace_rows *rows, size_t field, size_t row)
{
    const struct pace_field *own = &rows->fields[field];
    return own->missing && own->missing[row] ? (double)NAN : own->number[row];
}

static void check_row(const struct model *m, const struct question *question,
                      const struct pace_rows *rows, size_t row, const struct model_run *run,
                      const char *text)
{
    size_t n;
    double mean = window_mean(m, question, run, &n);
    double got_n = number_at(rows, 1, row), base = number_at(rows, 2, row);
    bool there = n >= 2;
    if (number_at(rows, 0, row) != (double)run->number || got_n != (double)n ||
        (there && !(fabs(base - mean) <= 1e-9 * (1 + fabs(mean)))))
        fail_msg("seed %llu: %s: run %g (%llu), n %g (%zu), base %g (%g)",
                 (unsigned long long)m->seed, text, number_at(rows, 0, row),
                 (unsigned long long)run->number, got_n, n, base, mean);
}

static void ask(struct model *m, pace_session *session, const struct question *question)
{
    static struct list own;
    char text[300], branch[16];
    struct pace_error failure = {0};
    pace_query *query;
    enum pace_step step = PACE_STEP_ROWS;
    const struct pace_rows *rows;
    snprintf(
        text, sizeof text,
        "branch:%s testbed:t%d benchmark:b%d | %s%s over %d needs 2 | last %d | keep run, n, base",
        branch_name(branch, question->branch), question->testbed, question->benchmark,
        below(m, 5) ? "" : "where run > 0 | ", question->bare ? "check" : "baseline mean",
        question->over, question->last);
    own.count = 0;
    add_own(m, question->branch, question->testbed, &own);
    size_t kept = 0, seen = 0;
    for (size_t i = 0; i < own.count; i++)
        if (m->runs[own.at[i]].status[question->benchmark] != PACE_CELL_ABSENT)
            own.at[kept++] = own.at[i];
    size_t first = kept > (size_t)question->last ? kept - (size_t)question->last : 0;
    if (pace_prepare(session, text, strlen(text), &failure, &query))
        fail_msg("%s: %s", text, failure.message);
    while (step != PACE_STEP_STATEMENT) {
        if (pace_step(query, &failure, &step, &rows)) fail_msg("%s: %s", text, failure.message);
        for (size_t row = 0; step == PACE_STEP_ROWS && row < rows->count; row++, seen++) {
            assert_true(first + seen < kept);
            check_row(m, question, rows, row, &m->runs[own.at[first + seen]], text);
        }
    }
    assert_int_equal(seen, kept - first);
    pace_query_free(query);
    m->questions++;
}

/* -- all of it --------------------------------------------------------------------------------- */

static void check_all(struct model *m)
{
    pace_snapshot *snapshot;
    const struct pace_stream *streams;
    uint32_t count;
    store_ok(pace_snapshot_begin(m->store, error, &snapshot));
    for (int branch = 0; branch < BRANCHES; branch++) {
        char name[16];
        uint32_t id;
        branch_name(name, branch);
        if (pace_name_find(snapshot, PACE_BRANCH, name, strlen(name), NULL, &id)) continue;
        store_ok(pace_streams_of(snapshot, id, error, &streams, &count));
        const char *const *testbeds;
        uint32_t testbed_count;
        store_ok(pace_names(snapshot, PACE_TESTBED, error, &testbeds, &testbed_count));
        for (uint32_t i = 0; i < count; i++) {
            int testbed = testbeds[streams[i].testbed][1] - '0';
            check_scan(m, snapshot, &streams[i], branch, testbed);
        }
    }
    pace_snapshot_end(snapshot);
    pace_session *session;
    store_ok(pace_session_open(m->store, NULL, error, &session));
    for (int i = 0; i < 12; i++) {
        struct question question = {.branch = below(m, BRANCHES),
                                    .testbed = below(m, TESTBEDS),
                                    .benchmark = below(m, BENCHMARKS),
                                    .over = 2 + below(m, 20),
                                    .last = 1 + below(m, 6)};
        /* Without a start point a bare check is as any other. */
        question.bare = m->starts[question.branch].parent >= 0 && below(m, 2);
        ask(m, session, &question);
    }
    pace_session_close(session);
}

static void test_lineages(void **state)
{
    (void)state;
    static struct model m;
    const char *given = getenv("PACE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    size_t questions = 0, inherited = 0;
    print_message("# note seed %llu\n", (unsigned long long)seed);
    for (int s = 0; s < STORES; s++) {
        m = (struct model){.seed = seed, .random = seed * 1000 + (uint64_t)s};
        for (int i = 0; i < BRANCHES; i++)
            m.starts[i].parent = -1;
        m.directory = make_directory();
        store_ok(pace_open(m.directory, PACE_CREATE, NULL, error, &m.store));
        for (int step = 0; step < STEPS; step++) {
            commit_some(&m);
            if (below(&m, 2)) set_start(&m);
            check_all(&m);
        }
        pace_close(m.store);
        remove_tree(m.directory);
        questions += m.questions;
        inherited += m.inherited;
    }
    print_message("# note %zu questions, %zu inherited runs\n", questions, inherited);
    assert_true(inherited > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lineages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
