/* test_within.c -- every row of a long series is judged by windows made one from another where a
 * where behind asks for the verdict alone: what goes on has the bits of a row judged by its window.
 * With a derive between them, a check judges row by row. Windows of expressions are the same
 * whether commits come as texts or as keys, and whether rows are taken many at once or one by
 * one. */
#include "world.h"

enum { RUNS = 5200, CHUNK = 1300, KINDS = 5 };
static const char *const TESTBEDS[KINDS] = {"noise", "flat", "gaps", "commits", "machines"};

static double value_of(int kind, int run)
{
    double noise = fixture_noise(run, kind) * (1 + (double)(run % 13) / 7);
    if (kind == 1) return run / 400 % 2 ? 1e6 : 1e6 + noise; /* flat for 400 runs at a time */
    if (run % 211 == 5) return 1e6 + 1e4;                    /* far out */
    if (run % 97 == 3) return 1e6 + 9;                       /* near a limit */
    return run < 3000 ? 1e6 + noise : 1.2e6 + 2 * noise;     /* and a step */
}

static int begin_run(pace *store, int kind, int run, pace_run **out)
{
    char commit[41], cores[8];
    fixture_commit(commit, kind == 3 ? run / 3 - (run % 50 == 0) : run);
    struct pace_run_info info = {.project = "p",
                                 .branch = "main",
                                 .testbed = TESTBEDS[kind],
                                 .commit = commit,
                                 .flags = kind == 2 && run % 701 == 9 ? PACE_RUN_DIRTY : 0,
                                 .time_ns = FIXTURE_START_NS + run * (FIXTURE_DAY_NS / 24)};
    int status = pace_run_begin(store, &info, NULL, out);
    snprintf(cores, sizeof cores, "%d", run < 2600 ? 4 : 8);
    if (!status && kind == 4 && run > 30)
        status = pace_run_put_meta(*out, "env.cores", cores, NULL);
    struct pace_cell cell = {.benchmark = "b",
                             .measure = "latency",
                             .unit = "ns",
                             .direction = PACE_LOWER_IS_BETTER,
                             .status =
                                 kind == 2 && run % 301 == 7 ? PACE_CELL_FAILED : PACE_CELL_OK,
                             .value = value_of(kind, run),
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    if (!status && !(kind == 2 && run % 157 == 3)) status = pace_run_put(*out, &cell, NULL);
    cell.benchmark = "other"; /* no run is empty */
    cell.measure = "bytes";
    cell.unit = "B";
    return status ? status : pace_run_put(*out, &cell, NULL);
}

static int fill(pace *store)
{
    static pace_run *runs[CHUNK];
    int status = 0;
    for (int kind = 0; kind < KINDS; kind++)
        for (int first = 0; first < RUNS && !status; first += CHUNK) {
            for (int i = 0; i < CHUNK && !status; i++)
                status = begin_run(store, kind, first + i, &runs[i]);
            if (!status) status = pace_runs_commit(store, runs, CHUNK, NULL, NULL);
            for (int i = 0; i < CHUNK; i++)
                pace_run_free(runs[i]);
        }
    return status;
}

static int open_world(void **state)
{
    return world_open(state, fill);
}

#define KEPT                                                                                       \
    " | keep testbed, time, commit, run, value, base, spread, low_limit, high_limit, n, score, "   \
    "p, "                                                                                          \
    "verdict"

static void test_within(void **state)
{
    static const char *const checks[] = {
        "check t-test 99% over 64",
        "check z-score within 3sd over 30",
        "check z-score lower 2sd over 64 lag 4 needs 20",
        "check t-test upper 99.9% over 200 floor 1%",
        "check z-score 3sd over 5 needs 2",
    };
    static const char *const conditions[] = {
        "worse", "not ok", "ok and value > 1200002ns", "high", "low or high is none", "score > 3",
    };
    const struct world *world = *state;
    size_t any = 0;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t c = 0; c < sizeof checks / sizeof *checks; c++)
            for (size_t w = 0; w < sizeof conditions / sizeof *conditions; w++) {
                char script[600], *rows, *alone;
                struct pace_outcome outcome, expected;
                snprintf(script, sizeof script, "testbed:%s measure:latency | %s | where %s" KEPT,
                         TESTBEDS[kind], checks[c], conditions[w]);
                query_run(world->session, script, &rows, &outcome);
                snprintf(script, sizeof script,
                         "testbed:%s measure:latency | %s | derive one = 1 | where %s" KEPT,
                         TESTBEDS[kind], checks[c], conditions[w]);
                query_run(world->session, script, &alone, &expected);
                if (strcmp(rows, alone) != 0)
                    fail_msg("%s:\n%.1500s\nnot\n%.1500s", script, rows, alone);
                assert_int_equal(outcome.judged, expected.judged);
                assert_int_equal(outcome.worse, expected.worse);
                assert_int_equal(outcome.thin, expected.thin);
                assert_int_equal(outcome.points_read, expected.points_read);
                assert_int_equal(outcome.unknown_rows, expected.unknown_rows);
                any += strlen(rows) > 300;
                free(rows);
                free(alone);
            }
    assert_true(any > 90);
}

/* The fields of a row but for one; gives the row behind it. */
static const char *next_row(const char *row, int left_out, char out[600])
{
    size_t len = strcspn(row, "\n"), used = 0;
    int field = 0;
    for (size_t i = 0; i < len; i++) {
        if (row[i] == ',') field++;
        if (field != left_out && used < 599) out[used++] = row[i];
    }
    out[used] = 0;
    return row[len] ? row + len + 1 : row + len;
}

/* Numbers may differ in their last bits. */
static void near_fields(const char *a, const char *b)
{
    while (*a && *b) {
        char *a_end, *b_end;
        double x = strtod(a, &a_end), y = strtod(b, &b_end);
        if (a_end == a || b_end == b) {
            assert_int_equal(*a++, *b++);
            continue;
        }
        assert_true(fabs(x - y) <= 1e-9 * fabs(y));
        a = a_end;
        b = b_end;
    }
    assert_int_equal(*a, *b);
}

#define WINDOWS                                                                                    \
    " derive m = mean(value) over 30, s = stddev(value) over 30 lag 3, p = median(value) over 20," \
    " n = count(value) over 500, cv = cv(value) over 5 needs 2 | keep time,"

/* As keys, which nobody's texts are asked for; as texts; and one by one, as behind a where. */
static void test_expressions(void **state)
{
    const struct world *world = *state;
    for (int kind = 0; kind < KINDS; kind++) {
        char script[600], *by_keys, *by_texts, *alone, row[3][600];
        struct pace_outcome outcome[3];
        size_t count = 0;
        snprintf(script, sizeof script, "testbed:%s measure:latency |" WINDOWS " m, s, p, n, cv",
                 TESTBEDS[kind]);
        query_run(world->session, script, &by_keys, &outcome[0]);
        snprintf(script, sizeof script,
                 "testbed:%s measure:latency |" WINDOWS " commit, m, s, p, n, cv", TESTBEDS[kind]);
        query_run(world->session, script, &by_texts, &outcome[1]);
        snprintf(script, sizeof script,
                 "testbed:%s measure:latency | where value > 0 or value is none |" WINDOWS
                 " m, s, p, n, cv",
                 TESTBEDS[kind]);
        query_run(world->session, script, &alone, &outcome[2]);
        for (const char *a = by_keys, *b = by_texts, *c = alone; *a || *b || *c; count++) {
            a = next_row(a, -1, row[0]);
            b = next_row(b, 1, row[1]);
            c = next_row(c, -1, row[2]);
            assert_string_equal(row[0], row[1]);
            near_fields(row[0], row[2]);
        }
        assert_true(count > RUNS - 100);
        assert_int_equal(outcome[0].points_read, outcome[1].points_read);
        assert_int_equal(outcome[0].points_read, outcome[2].points_read);
        free(by_keys);
        free(by_texts);
        free(alone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_within, open_world, world_close),
        cmocka_unit_test_setup_teardown(test_expressions, open_world, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
