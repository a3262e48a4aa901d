/* test_lineage.c -- what queries answer on branches with start points: lineage.txt, see golden.h.
 *
 * Project demo, measure latency (ns, lower is better), a run a day from 2026-01-01 08:00 UTC.
 * Branch main on ci: days 0 to 19, commits m00 to m19, benchmark fast about 100 and slow about
 * 1,000; fast is half as slow again from m15 on. The branches (runs from day 20 on, commits named
 * after them):
 *   pr/1   from m12: three runs, fast at 150: worse than main was at m12
 *   pr/2   from m06x, which was not measured and lies between m06 and m07; on other nothing was
 *   pr/3   from old, which lies before m00
 *   pr/4   from pr/1's first commit: fast as pr/1, slow worse
 *   pr/5   from m19: new comes first, then slow and fast: other column numbers
 *   pr/6   from far, whose time nobody knows
 *   pr/7   from m12: six runs, fast at 150
 *   dev    without a start point */
#include "golden.h"
#include "world.h"

enum { MAIN_DAYS = 20, STEP_DAY = 15 };

struct branch_row {
    const char *branch, *testbed, *commit;
    int day;
    double fast, slow, fresh; /* NAN: no cell */
    const char *parent, *start;
    double start_day; /* 0: unknown */
};

static const struct branch_row ROWS[] = {
    {"pr/1", "ci", "p1a", 20, 150, 1000, NAN, "main", "m12", 12},
    {"pr/1", "ci", "p1b", 21, 151, 1001, NAN, "main", "m12", 12},
    {"pr/1", "ci", "p1c", 22, 149, 1002, NAN, "main", "m12", 12},
    {"pr/2", "ci", "p2a", 20, 100, 1300, NAN, "main", "m06x", 6.5},
    {"pr/2", "other", "p2a", 20, 100, 1000, NAN, "main", "m06x", 6.5},
    {"pr/3", "ci", "p3a", 20, 100, 1000, NAN, "main", "old", -1},
    {"pr/4", "ci", "p4a", 23, 150, 1500, NAN, "pr/1", "p1a", 20},
    {"pr/5", "ci", "p5a", 20, 150, 1000, 7, "main", "m19", 19},
    {"pr/6", "ci", "p6a", 20, 150, 1000, NAN, "main", "far", 0},
    {"pr/7", "ci", "p7a", 20, 151, 1000, NAN, "main", "m12", 12},
    {"pr/7", "ci", "p7b", 21, 150, 1004, NAN, "main", "m12", 12},
    {"pr/7", "ci", "p7c", 22, 149, 995, NAN, "main", "m12", 12},
    {"pr/7", "ci", "p7d", 23, 150, 1003, NAN, "main", "m12", 12},
    {"pr/7", "ci", "p7e", 24, 152, 997, NAN, "main", "m12", 12},
    {"pr/7", "ci", "p7f", 25, 150, 1001, NAN, "main", "m12", 12},
    {"dev", "ci", "d1", 20, 100, 1000, NAN, NULL, NULL, 0},
    {"dev", "ci", "d2", 21, 100, 1000, NAN, NULL, NULL, 0},
};

static int put(pace_run *run, const char *benchmark, double value)
{
    if (isnan(value)) return 0;
    return fixture_cell(run, benchmark, "latency", "ns", PACE_LOWER_IS_BETTER, value, 0);
}

static int store_row(pace *store, const struct branch_row *row)
{
    struct pace_run_info info = {.project = "demo",
                                 .branch = row->branch,
                                 .testbed = row->testbed,
                                 .commit = row->commit,
                                 .time_ns = FIXTURE_START_NS + row->day * FIXTURE_DAY_NS,
                                 .start_branch = row->parent,
                                 .start_commit = row->start};
    if (row->start_day != 0)
        info.start_time_ns =
            FIXTURE_START_NS + (int64_t)(row->start_day * 4) * (FIXTURE_DAY_NS / 4);
    pace_run *run;
    int status = pace_run_begin(store, &info, NULL, &run);
    if (status) return status;
    status = put(run, "new", row->fresh);
    if (!status && !isnan(row->fresh)) status = put(run, "slow", row->slow);
    if (!status) status = put(run, "fast", row->fast);
    if (!status && isnan(row->fresh)) status = put(run, "slow", row->slow);
    if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return status;
}

static int fill(pace *store)
{
    int status = 0;
    for (int day = 0; day < MAIN_DAYS && !status; day++) {
        char commit[16];
        snprintf(commit, sizeof commit, "m%02d", day);
        double fast = 100 + fixture_noise(day, 0), slow = 1000 + 10 * fixture_noise(day, 1);
        struct branch_row row = {.branch = "main",
                                 .testbed = "ci",
                                 .commit = commit,
                                 .day = day,
                                 .fast = day < STEP_DAY ? fast : fast * 1.5,
                                 .slow = slow,
                                 .fresh = (double)NAN};
        status = store_row(store, &row);
    }
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS && !status; i++)
        status = store_row(store, &ROWS[i]);
    return status;
}

static void test_answers(void **state)
{
    struct world *world = *state;
    golden_check(world->store, "tests/lang/lineage.txt");
}

/* `check percentage 10% over 64 | last 1` reads the judged point and the 64 before it, whoever they
 * are of; what confirms it is read as well. A segment may begin anywhere: all is read. */
static void test_points_read(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *query;
        uint64_t points;
    } rows[] = {
        {"branch:pr/1 benchmark:fast | check | last 1", 3 + 13},
        {"branch:pr/1 benchmark:fast | check over 10 | last 1", 12},
        {"branch:pr/1 benchmark:fast | check percentage 10% over 10 | last 1", 11},
        {"branch:pr/1 benchmark:fast | check percentage 10% over 2 | last 1", 3},
        {"branch:pr/4 benchmark:fast | check over 3 | last 1", 4},
        {"branch:pr/1 benchmark:fast | last 1", 1},
        {"branch:pr/1 benchmark:fast", 3},
        {"branch:pr/1 | check over 10 | last 1", 24},
        {"branch:pr/1 benchmark:fast | baseline mean over 5 | last 2", 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pace_session *session;
        pace_query *query;
        enum pace_step step = PACE_STEP_ROWS;
        const struct pace_rows *batch;
        assert_int_equal(pace_session_open(world->store, NULL, NULL, &session), 0);
        assert_int_equal(pace_prepare(session, rows[i].query, strlen(rows[i].query), NULL, &query),
                         0);
        while (step == PACE_STEP_ROWS)
            assert_int_equal(pace_step(query, NULL, &step, &batch), 0);
        if (pace_outcome(query)->points_read != rows[i].points)
            fail_msg("%s: %llu points read, not %llu", rows[i].query,
                     (unsigned long long)pace_outcome(query)->points_read,
                     (unsigned long long)rows[i].points);
        pace_query_free(query);
        pace_session_close(session);
    }
}

static int setup(void **state)
{
    return world_open(state, fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_read),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, setup, world_close);
}
