/* test_incident.c -- which changes of many series are one event, on examples and against the same
 * rule written down naively. Random changes come from the seeds that are printed. */
#include "../../query/incident.h"
#include "../stats/series.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(incidents_group(NULL, 0), 0);
    struct incident_change one = {.group = 3, .at_ns = 5, .earliest_ns = 5, .latest_ns = 5};
    assert_int_equal(incidents_group(&one, 1), 0);
    assert_true(one.event == 1 && one.members == 1 && one.group == 3);
}

/* The instant of most changes draws in those that may have happened then, and no others. */
static void test_one_commit(void **state)
{
    (void)state;
    struct incident_change c[] = {{0, 100, 100, 100, 0, 0, 0}, {0, 100, 90, 130, 1, 0, 0},
                                  {0, 120, 95, 125, 2, 0, 0},  {0, 120, 110, 130, 3, 0, 0},
                                  {0, 100, 100, 110, 4, 0, 0}, {1, 100, 100, 100, 5, 0, 0}};
    assert_int_equal(incidents_group(c, 6), 0);
    /* In order of group, time and place: 0, 1, 4 | 2, 3 | 5. */
    static const size_t places[] = {0, 1, 4, 2, 3, 5}, events[] = {1, 1, 1, 1, 2, 3};
    static const size_t members[] = {4, 4, 4, 4, 1, 1};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(c[i].place, places[i]);
        assert_int_equal(c[i].event, events[i]);
        assert_int_equal(c[i].members, members[i]);
    }
}

/* A chain of overlapping intervals is not one event: each is as near to an instant as it says. */
static void test_chain(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    struct incident_change c[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        int64_t at = 10 * (int64_t)i;
        c[i] = (struct incident_change){
            .at_ns = at, .earliest_ns = at - 10, .latest_ns = at + 10, .place = i};
    }
    assert_int_equal(incidents_group(c, COUNT), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(c[i].members <= 3);
    assert_true(c[COUNT - 1].event > COUNT / 4);
}

/* -- the rule, naively ------------------------------------------------------------------------- */

enum { MOST = 60 };

/* Of the instants that are left the one with most changes (all of its own, the earliest in order of
 * ties) takes what covers it. */
static void reference(struct incident_change *c, size_t count, size_t *event)
{
    bool used[MOST] = {false};
    size_t first[MOST];
    memset(event, 0, count * sizeof *event);
    for (;;) {
        size_t best = count, most = 0;
        for (size_t i = 0; i < count; i++) {
            size_t same = 0;
            for (size_t k = 0; k < count; k++)
                same += c[k].group == c[i].group && c[k].at_ns == c[i].at_ns;
            if (used[i] || same <= most) continue;
            most = same;
            best = i;
        }
        if (best == count) break;
        for (size_t i = 0; i < count; i++) {
            if (c[i].group != c[best].group) continue;
            used[i] = used[i] || c[i].at_ns == c[best].at_ns;
            if (event[i] == 0 && c[i].earliest_ns <= c[best].at_ns &&
                c[best].at_ns <= c[i].latest_ns)
                event[i] = best + 1;
        }
    }
    /* Numbered in order of the first change. */
    size_t events = 0;
    memset(first, 0, sizeof first);
    for (size_t i = 0; i < count; i++) {
        if (first[event[i] - 1] == 0) first[event[i] - 1] = ++events;
        event[i] = first[event[i] - 1];
    }
}

static void test_against_rule(void **state)
{
    (void)state;
    print_message("# seeds 1 to 400\n");
    size_t joined = 0;
    for (uint64_t number = 1; number <= 400; number++) {
        seed(number);
        struct incident_change c[MOST];
        size_t count = 1 + (size_t)(uniform() * (MOST - 1)), event[MOST];
        for (size_t i = 0; i < count; i++) {
            int64_t at = (int64_t)(uniform() * 30);
            c[i] = (struct incident_change){.group = (uint32_t)(uniform() * 3),
                                            .at_ns = at,
                                            .earliest_ns = at - (int64_t)(uniform() * 6),
                                            .latest_ns = at + (int64_t)(uniform() * 6),
                                            .place = i};
        }
        assert_int_equal(incidents_group(c, count), 0);
        reference(c, count, event);
        for (size_t i = 0; i < count; i++) {
            size_t members = 0;
            for (size_t k = 0; k < count; k++)
                members += event[k] == event[i];
            assert_int_equal(c[i].event, event[i]);
            assert_int_equal(c[i].members, members);
            joined += members > 1;
        }
    }
    assert_true(joined > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_one_commit),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_against_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
