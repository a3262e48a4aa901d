/* test_family.c -- the series of a run judged together: q of a bare check, and what it takes
 * back. */
#include "world.h"

enum { SERIES = 20, QUIET = 6 };

/* A run in which the first `slow` series are slower, by p .007 of a t of 5 degrees, and one if
 * asked for is much slower. */
static void put(struct world *world, int day, int slow, int much)
{
    char name[16];
    pace_run *run = world_run(world, day);
    for (int i = 0; i < SERIES; i++) {
        double value = i < slow ? 108.8 : day % 2 ? 98 : 102;
        snprintf(name, sizeof name, "b%02d", i);
        if (i == much) value = 300;
        assert_int_equal(fixture_cell(run, name, "latency", "ns", PACE_LOWER_IS_BETTER, value, 0),
                         0);
    }
    world_commit(world, run);
}

static void put_quiet(struct world *world)
{
    for (int day = 0; day < QUIET; day++)
        put(world, day, 0, -1);
}

static const char ASK[] = "branch:main | check | last run | where not ok "
                          "| derive p4 = round(10000 * p), q4 = round(10000 * q) "
                          "| keep benchmark, p4, q4, verdict";

/* One of one that was suspected is confirmed, whatever the number of series. */
static void test_lone(void **state)
{
    struct world *world = *state;
    put_quiet(world);
    put(world, QUIET, 1, -1);
    put(world, QUIET + 1, 1, -1);
    query_gives(world->session, ASK, "benchmark,p4,q4,verdict\nb00,69,69,worse\n");
}

/* One of twenty is what chance does: it stays suspected. */
static void test_many(void **state)
{
    struct world *world = *state;
    struct pace_outcome outcome;
    put_quiet(world);
    put(world, QUIET, SERIES, -1);
    query_run(world->session, ASK, NULL, &outcome);
    assert_int_equal(outcome.suspected, SERIES);
    put(world, QUIET + 1, 1, -1);
    query_gives(world->session, ASK, "benchmark,p4,q4,verdict\nb00,69,1373,suspected\n");
    put(world, QUIET + 2, 1, -1); /* it is told of until it is over */
    query_gives(world->session,
                "branch:main | check | last run | where before > 0ns | keep benchmark, bad_commit",
                "benchmark,bad_commit\nb00,c000006000000000000000000000000000000000\n");
}

/* One that is far out is no chance, and makes the other less likely to be one. */
static void test_far(void **state)
{
    struct world *world = *state;
    put_quiet(world);
    put(world, QUIET, SERIES, -1);
    put(world, QUIET + 1, 1, 7);
    query_gives(world->session, ASK,
                "benchmark,p4,q4,verdict\nb00,69,687,suspected\nb07,0,0,worse\n");
    struct pace_outcome outcome;
    query_run(world->session, "branch:main | check | last run", NULL, &outcome);
    assert_int_equal(outcome.worse, 1);
    assert_int_equal(outcome.suspected, 1);
}

/* Where the rows are those of many runs there is none. */
static void test_elsewhere(void **state)
{
    struct world *world = *state;
    put_quiet(world);
    query_gives(world->session, "branch:main benchmark:b00 | check | last 1 | keep n, q",
                "n,q\n5,\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lone, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_many, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_far, world_empty, world_close),
        cmocka_unit_test_setup_teardown(test_elsewhere, world_empty, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
