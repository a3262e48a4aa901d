/* test_check_rows.c -- rows of a check that are taken many at once have the answers, bit by bit,
 * that they have one by one. Behind a `where` rows are taken one by one, since it may have dropped
 * the first one of an accepted change: here it drops none. */
#include "world.h"

#include <math.h>
#include <stdbool.h>

enum { RUNS = 260, BENCHMARKS = 9 };

/* Commits that are measured again at once or later, some unknown; machines that change for good and
 * for a run; gaps, failures, outliers, a step. */
static int put_run_of(pace *store, const char *testbed, int run_number, bool moves)
{
    static const char *const machines[] = {"old", "new", ""};
    char commit[41], name[16];
    int day = run_number, n = run_number;
    if (n % 13 == 7) day = n - 1;
    if (n % 41 == 30) day = n - 20;
    fixture_commit(commit, day);
    if (n % 29 == 11) commit[0] = 0;
    struct pace_run_info info = {.project = "p",
                                 .branch = "main",
                                 .testbed = testbed,
                                 .commit = commit,
                                 .time_ns = FIXTURE_START_NS + run_number * FIXTURE_DAY_NS};
    pace_run *run;
    int status = pace_run_begin(store, &info, NULL, &run);
    const char *machine = machines[moves ? (n % 37 == 5 ? 2 : n % 53 == 9 ? 0 : n >= 150) : 2];
    if (!status && *machine) status = pace_run_put_meta(run, "env.cpu", machine, NULL);
    for (int b = 0; b < BENCHMARKS && !status; b++) {
        snprintf(name, sizeof name, "b%d", b);
        if (b == 3 && n % 17 == 4) continue;
        double value = 1000 + 10 * b + (b == 7 ? 0 : fixture_noise(n, b));
        if (b == 2 && n >= 120) value *= 1.2;
        if ((n + b) % 31 == 3) value *= 1.3;
        if (b == 5 && n % 23 == 8) value = (double)NAN;
        struct pace_cell cell = {.benchmark = name,
                                 .measure = "latency",
                                 .unit = "ns",
                                 .direction = PACE_LOWER_IS_BETTER,
                                 .value = value,
                                 .lower = (double)NAN,
                                 .upper = (double)NAN,
                                 .status = isnan(value) ? PACE_CELL_FAILED : PACE_CELL_OK};
        status = pace_run_put(run, &cell, NULL);
    }
    if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return status;
}

static int fill(pace *store)
{
    int status = 0;
    for (int n = 0; n < RUNS && !status; n++) {
        status = put_run_of(store, "still", n, false);
        if (!status) status = put_run_of(store, "moves", n, true);
    }
    return status;
}

static int open_world(void **state)
{
    return world_open(state, fill);
}

static const char *const CHECKS[] = {
    "check",
    "check t-test 99% over 64",
    "check t-test 99% over 7 needs 3 confirm 2 of 3",
    "check z-score within 2sd over 20 floor 1%",
    "check mad 5sd over 30 confirm 2 of 2",
    "check delta-iqr 200% over 12",
    "check percentage 10% over 1 needs 1",
    "check z-score 3sd over segment",
    "check t-test 99% over 64 fdr 5%",
};
static const char *const RANGES[] = {"",           "| last 1",   "| last 40",
                                     "| last 200", "| last run", "| first 100"};

static char *answer(const struct world *world, const char *check, const char *range, bool alone,
                    struct pace_outcome *outcome)
{
    char script[400], *rows;
    snprintf(script, sizeof script,
             "measure:latency %s| %s %s | keep testbed, benchmark, run, "
             "value, base, spread, low_limit, high_limit, n, score, p, before, verdict",
             alone ? "| where value is none or value > 0 " : "", check, range);
    query_run(world->session, script, &rows, outcome);
    return rows;
}

static void test_answers(void **state)
{
    const struct world *world = *state;
    size_t fired = 0;
    for (size_t c = 0; c < sizeof CHECKS / sizeof *CHECKS; c++)
        for (size_t r = 0; r < sizeof RANGES / sizeof *RANGES; r++) {
            struct pace_outcome one, many;
            char *together = answer(world, CHECKS[c], RANGES[r], false, &many);
            char *alone = answer(world, CHECKS[c], RANGES[r], true, &one);
            if (strcmp(together, alone) != 0)
                fail_msg("%s %s:\n%.2000s\nnot\n%.2000s", CHECKS[c], RANGES[r], together, alone);
            assert_int_equal(one.judged, many.judged);
            assert_int_equal(one.worse, many.worse);
            assert_int_equal(one.moved, many.moved);
            assert_int_equal(one.thin, many.thin);
            fired += many.worse + many.moved;
            free(together);
            free(alone);
        }
    assert_true(fired > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, open_world, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
