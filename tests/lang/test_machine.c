/* test_machine.c -- verdicts where the machine changes: moved, never worse; a level for each
 * machine. */
#include "world.h"

/* A run of the next day; cpu NULL: it does not say where it was measured. */
static void put(struct world *world, const char *cpu, double value)
{
    int day = world->day++;
    pace_run *run = world_run(world, day);
    if (cpu) {
        assert_int_equal(pace_run_put_meta(run, "env.arch", "x86_64", NULL), 0);
        assert_int_equal(pace_run_put_meta(run, "env.cpu", cpu, NULL), 0);
        assert_int_equal(pace_run_put_meta(run, "env.cores", "4", NULL), 0);
        assert_int_equal(pace_run_put_meta(run, "env.kernel", day % 2 ? "6.1" : "6.2", NULL), 0);
    }
    assert_int_equal(fixture_cell(run, "b", "latency", "ns", PACE_LOWER_IS_BETTER,
                                  value * (1 + 0.001 * fixture_noise(day, 3)), 0),
                     0);
    world_commit(world, run);
}

static void put_level(struct world *world, const char *cpu, int count, double level)
{
    for (int i = 0; i < count; i++)
        put(world, cpu, level);
}

/* The verdicts of all rows, in order. */
static void verdicts_are(struct world *world, const char *check, const char *wanted)
{
    char query[256], *rows;
    snprintf(query, sizeof query, "branch:main | check %s | keep verdict", check);
    query_run(world->session, query, &rows, NULL);
    for (char *at = rows; *at; at++)
        if (*at == '\n') *at = ' ';
    assert_string_equal(rows, wanted);
    free(rows);
}

/* A window over a segment holds what the row's own machine measured. */
static void test_segment_windows(void **state)
{
    struct world *world = *state;
    put_level(world, "fast", 7, 100);
    put_level(world, "slow", 6, 150);
    put_level(world, "fast", 1, 100);
    query_gives(world->session,
                "branch:main | baseline median over segment | last 9 "
                "| derive b = round(base) | keep b, n",
                "b,n\n100,5\n100,6\n,0\n,1\n,2\n,3\n,4\n150,5\n100,7\n");
    query_gives(world->session,
                "branch:main | derive b = round(median(value) over segment) | last 2 | keep b",
                "b\n150\n100\n");
    /* Without saying where it was measured a row belongs to the machine before it. */
    put(world, NULL, 100);
    query_gives(world->session, "branch:main | baseline median over segment | last 1 | keep n",
                "n\n8\n");
}

static void test_slower_machine(void **state)
{
    struct world *world = *state;
    put_level(world, "fast", 6, 100);
    put_level(world, "slow", 6, 150);
    verdicts_are(world, "", "verdict new thin thin thin thin ok moved moved moved moved moved ok ");
    verdicts_are(world, "t-test 99% over 64",
                 "verdict new thin thin thin thin ok moved moved moved moved moved ok ");
    struct pace_outcome outcome;
    query_run(world->session, "branch:main | check | last 2", NULL, &outcome);
    assert_int_equal(outcome.moved, 1);
    assert_int_equal(outcome.worse, 0);
    /* what it is set beside, and that a range does not change a verdict */
    query_gives(world->session,
                "branch:main | check | last 6 | derive more = round(100 * (value / base - 1)) "
                "| keep verdict, n, more | take 1",
                "verdict,n,more\nmoved,6,50\n");
}

/* Machines that take turns are judged each by itself. */
static void test_turns(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 6; i++) {
        put(world, "fast", 100);
        put(world, "slow", 150);
    }
    put(world, "fast", 120);
    put(world, "slow", 180);
    put(world, "fast", 120);
    put(world, "slow", 180);
    const char *wanted = "verdict new new thin thin thin thin thin thin thin moved ok ok "
                         "suspected suspected worse worse ";
    verdicts_are(world, "", wanted);
}

/* Runs that say nothing fit every machine. */
static void test_unknown(void **state)
{
    struct world *world = *state;
    put_level(world, NULL, 6, 100);
    put_level(world, "fast", 2, 150);
    verdicts_are(world, "", "verdict new thin thin thin thin ok suspected worse ");
    put_level(world, NULL, 1, 150);
    verdicts_are(world, "t-test 99% over 64 floor 5%",
                 "verdict new thin thin thin thin ok worse ok ok ");
}

/* A regression that one machine showed is open on the other one too, until it is over. */
static void test_open(void **state)
{
    struct world *world = *state;
    put_level(world, "fast", 6, 100);
    put_level(world, "slow", 6, 200);
    put_level(world, "fast", 2, 150);
    put(world, "slow", 200);
    query_gives(world->session,
                "branch:main | check | last 2 | derive was = round(before/1ns) | keep verdict, "
                "was, bad_commit",
                "verdict,was,bad_commit\n"
                "worse,,c00000c000000000000000000000000000000000\n"
                "ok,100,c00000c000000000000000000000000000000000\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_segment_windows, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_slower_machine, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_turns, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_unknown, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_open, world_empty, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
