/* test_gather.c -- the newest rows of many series are judged in batches of all of them: with the
 * answers, bit by bit, that the series have one by one. `worse()` asks of what series a row is: a
 * stage with it takes the rows one by one. */
#include "world.h"

#include <stdbool.h>

enum { BENCHMARKS = 190, RUNS = 14, MEASURES = 3 };

/* Plain series of three units and directions; some with gaps, failures, too few points, no spread;
 * the last run is one of another commit, and of the commit before in every second stream. */
static int put_run_of(pace *store, const char *testbed, int day, bool bounds)
{
    static const char *const measures[MEASURES] = {"latency", "bytes", "throughput"};
    static const char *const units[MEASURES] = {"ns", "B", "ops/s"};
    static const enum pace_direction directions[MEASURES] = {
        PACE_LOWER_IS_BETTER, PACE_DIRECTION_UNKNOWN, PACE_HIGHER_IS_BETTER};
    char commit[41], name[16];
    fixture_commit(commit, bounds && day == RUNS - 1 ? day - 1 : day);
    struct pace_run_info info = {.project = "p",
                                 .branch = "main",
                                 .testbed = testbed,
                                 .commit = commit,
                                 .time_ns = FIXTURE_START_NS + day * FIXTURE_DAY_NS};
    pace_run *run;
    int status = pace_run_begin(store, &info, NULL, &run);
    for (int b = 0; b < BENCHMARKS && !status; b++) {
        snprintf(name, sizeof name, "b%03d", b);
        if (b % 97 == 5 && day < RUNS - 3) continue;  /* new */
        if (b % 89 == 7 && day == 6) continue;        /* a gap */
        if (b % 83 == 9 && day == RUNS - 1) continue; /* gone */
        for (int m = 0; m < MEASURES && !status; m++) {
            double value = 1000 + b % 7 * 10 + (b % 71 == 3 ? 0 : fixture_noise(day, b + m));
            if (b % 5 == 0 && day == RUNS - 1) value *= b % 2 ? 1.1 : 0.9;
            status = fixture_cell(run, name, measures[m], units[m], directions[m], value,
                                  bounds ? 3 : 0);
        }
    }
    if (!status) status = pace_runs_commit(store, &run, 1, NULL, NULL);
    pace_run_free(run);
    return status;
}

static int fill(pace *store)
{
    int status = 0;
    for (int day = 0; day < RUNS && !status; day++) {
        status = put_run_of(store, "t1", day, false);
        if (!status) status = put_run_of(store, "t2", day, true);
    }
    return status;
}

static int open_world(void **state)
{
    return world_open(state, fill);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const CHECKS[] = {
    "check z-score 3sd over 8 needs 3",
    "check z-score upper 3sd over 64",
    "check t-test within 99% over 8 needs 3 floor 2%",
    "check mad 5sd over 9 needs 4",
    "check log-normal upper 99% over 8",
    "check static upper 1050ns",
    "check slow",
};

/* What comes behind, with a condition that holds of every row where %s is. */
static const char *const REST[] = {
    "%s",
    "| where high %s",
    "| where worse or better %s",
    "| where p < 0.01 or value is none %s",
    "| where not ok %s | derive d = value / base | keep benchmark, measure, d, p, score, spread",
    "| where value >= 0 %s | summarize count(), count(worse), max(score), min(p) by testbed, "
    "measure",
    "| where high %s | sort score desc, benchmark, measure, testbed | take 30",
};

static const char *const RANGES[] = {"last 1", "last 3",  "last run",
                                     "last 9", "first 2", "since 388d ago"};

static char *answer(const struct world *world, const char *check, const char *range,
                    const char *rest, bool alone, struct pace_outcome *outcome)
{
    char script[600], *rows;
    int len = snprintf(script, sizeof script, "branch:main measure:%s | %s | %s ",
                       strstr(check, "static") ? "latency" : "*", check, range);
    const char *at = strstr(rest, "%s");
    snprintf(script + len, sizeof script - (size_t)len, "%.*s%s%s", (int)(at - rest), rest,
             !alone       ? ""
             : at == rest ? "| where run > 0 or worse(value, value)"
                          : "and (run > 0 or worse(value, value))",
             at + 2);
    query_run(world->session, script, &rows, outcome);
    return rows;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STEP = 5 }; /* each check, range and rest comes all the same */
#else
enum { STEP = 1 };
#endif

/* Question number i of all that these three make. */
static void compare(const struct world *world, size_t i, size_t *any)
{
    const char *rest = REST[i % COUNT(REST)], *range = RANGES[i / COUNT(REST) % COUNT(RANGES)];
    const char *check = CHECKS[i / COUNT(REST) / COUNT(RANGES)];
    struct pace_outcome one, many;
    char *together = answer(world, check, range, rest, false, &many);
    char *alone = answer(world, check, range, rest, true, &one);
    if (strcmp(together, alone) != 0)
        fail_msg("%s | %s %s:\n%.2000s\nnot\n%.2000s", check, range, rest, together, alone);
    assert_int_equal(one.judged, many.judged);
    assert_int_equal(one.points_read, many.points_read);
    assert_int_equal(one.worse, many.worse);
    *any += strlen(together) > 100;
    free(together);
    free(alone);
}

static void test_answers(void **state)
{
    const struct world *world = *state;
    query_run(world->session, "threshold slow = z-score upper 2sd over 6 needs 2 for benchmark:b1*",
              NULL, NULL);
    size_t any = 0;
    for (size_t i = 0; i < COUNT(CHECKS) * COUNT(RANGES) * COUNT(REST); i += STEP)
        compare(world, i, &any);
    assert_true(any * STEP > 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, open_world, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
