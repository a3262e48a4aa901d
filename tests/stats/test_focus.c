/* test_focus.c -- changes as points arrive: the statistic against all splits, the state there and
 * back, the rate of alarms, the delay. Random series come from the seeds that are printed. */
#include "../../query/stats/focus.h"
#include "../../query/stats/online.h"
#include "series.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

enum { LENGTH = 300 };

/* The largest ratio over all splits of the first n values, pulled in to 3. */
static double reference(const double *x, size_t n)
{
    double most = 0, all = 0, left = 0;
    for (size_t i = 0; i < n; i++)
        all += fmin(fmax(x[i], -3), 3);
    for (size_t k = 1; k < n; k++) {
        left += fmin(fmax(x[k - 1], -3), 3);
        double a = (double)k, b = (double)(n - k), rest = all - left;
        most = fmax(most, left * left / a + rest * rest / b - all * all / (double)n);
    }
    return most;
}

static void test_exact(void **state)
{
    (void)state;
    print_message("# seeds 1 to 60\n");
    for (uint64_t number = 1; number <= 60; number++) {
        seed(number);
        double x[LENGTH], level = 0;
        struct focus focus;
        size_t since;
        focus_init(&focus, 0, 1);
        assert_true(focus_push(&focus, x[0] = normal(), &since) == 0);
        for (size_t i = 1; i < LENGTH; i++) {
            if (uniform() < 0.01) level = 2 * normal();
            x[i] = (number % 3 ? level : 0) + normal();
            if (number % 5 == 0) x[i] = round(x[i]);
            double found = focus_push(&focus, x[i], &since), expected = reference(x, i + 1);
            assert_true(fabs(found - expected) <= 1e-9 * (1 + expected));
            assert_true(since >= 1 && since <= i);
        }
    }
}

/* The state after each point goes on as if it had never been packed, to the bit. */
static void test_pack(void **state)
{
    (void)state;
    seed(5);
    struct focus focus, again;
    uint8_t bytes[FOCUS_BYTES], other[FOCUS_BYTES];
    focus_init(&focus, 100, 2);
    memset(&again, 0, sizeof again);
    for (int i = 0; i < 3000; i++) {
        size_t len = focus_pack(&focus, bytes), since, since_again;
        assert_true(len <= FOCUS_BYTES);
        assert_true(focus_unpack(&again, bytes, len));
        assert_int_equal(focus_pack(&again, other), len);
        assert_memory_equal(bytes, other, len);
        double x = 100 + 2 * normal() + (i > 2000 ? 0.01 * i : 0);
        double a = focus_push(&focus, x, &since), b = focus_push(&again, x, &since_again);
        assert_true(a == b && since == since_again);
    }
    size_t len = focus_pack(&focus, bytes);
    for (size_t cut = 0; cut < len; cut++)
        if (cut % 16) assert_false(focus_unpack(&again, bytes, cut));
    assert_false(focus_unpack(&again, bytes, 32));
    memset(bytes, 0xff, sizeof bytes);
    assert_false(focus_unpack(&again, bytes, len));
}

/* A ramp makes every point a corner: the state stays bounded and goes on alarming. */
static void test_bounded(void **state)
{
    (void)state;
    struct focus focus;
    size_t since;
    focus_init(&focus, 0, 1000);
    double last = 0;
    for (int i = 0; i < 20000; i++) {
        last = focus_push(&focus, i * 0.15, &since);
        assert_true(focus.upper_count <= FOCUS_CORNERS && focus.lower_count <= FOCUS_CORNERS);
    }
    assert_true(last > focus_threshold(1e5));
}

static void test_rates(void **state)
{
    (void)state;
    print_message("# seeds 11 and 12\n");
    seed(11);
    struct focus focus;
    size_t since, alarms = 0;
    focus_init(&focus, 0, 1);
    double threshold = focus_threshold(1000);
    for (int i = 0; i < 200000; i++) {
        if (focus_push(&focus, normal(), &since) < threshold) continue;
        alarms++;
        focus_init(&focus, 0, 1);
    }
    assert_true(alarms > 140 && alarms < 270); /* 200 expected */
    assert_true(focus_threshold(1e5) > focus_threshold(1e4));
    /* A step of 3 deviations after 100 points is found, and placed, within a few. */
    seed(12);
    size_t late = 0;
    for (int round = 0; round < 200; round++) {
        focus_init(&focus, 0, 1);
        size_t delay = 0;
        for (int i = 0; i < 100; i++)
            (void)focus_push(&focus, normal(), &since);
        while (++delay < 50 && focus_push(&focus, 3 + normal(), &since) < focus_threshold(1e5))
            ;
        late += delay > 6;
        assert_true(delay < 12);
    }
    assert_true(late <= 20);
}

/* -- with what confirms ------------------------------------------------------------------------ */

/* What was told after m points is never taken back, and later points move nothing of it; a state
 * that was packed after any of them goes on as if it never had been. */
static void test_online_prefix(void **state)
{
    (void)state;
    print_message("# seeds 21 to 60\n");
    struct online_work all = {.options = segment_methods[METHOD_FOCUS].defaults}, some = all;
    size_t told = 0, quiet = 0, loud = 0;
    all.options.floor = all.options.effect = some.options.floor = some.options.effect = 0;
    for (uint64_t number = 21; number <= 60; number++) {
        seed(number);
        double x[LENGTH], shift = 100;
        struct online online, again;
        size_t level = 0, level_again = 0;
        for (size_t i = 0; i < LENGTH; i++) {
            if (uniform() < 0.01) shift += 4 * normal();
            x[i] = shift + (number % 4 ? normal() : 0);
        }
        online_start(&online);
        online_start(&again);
        all.count = some.count = 0;
        assert_int_equal(online_run(&online, &all, x, LENGTH, 0, &level), 0);
        for (size_t m = 0; m < LENGTH;) {
            uint8_t bytes[ONLINE_BYTES];
            size_t more = m + 1 + (size_t)(uniform() * 11);
            if (more > LENGTH) more = LENGTH;
            assert_int_equal(online_run(&again, &some, x, more, m, &level_again), 0);
            m = more;
            assert_true(some.count <= all.count);
            for (size_t i = 0; i < some.count; i++) {
                assert_true(some.told[i].at == all.told[i].at && some.told[i].at < m);
                assert_true(some.told[i].change.index == all.told[i].change.index);
                assert_true(some.told[i].change.p <= all.told[i].change.p &&
                            some.told[i].change.p >= all.told[i].change.p);
            }
            assert_true(some.count == all.count || all.told[some.count].at >= m);
            assert_int_equal(again.count, m - level_again);
            size_t len = online_pack(&again, bytes);
            size_t left = LENGTH - m,
                   tail = left < ONLINE_QUIET_POINTS ? left : ONLINE_QUIET_POINTS;
            bool is_quiet = online_quiet(bytes, len, x + m, tail), asks = false;
            struct online copy = again;
            for (size_t i = m; i < m + tail && !asks; i++)
                asks = online_push(&copy, x[i]);
            assert_false(is_quiet && asks);
            quiet += is_quiet;
            loud += !asks && !is_quiet; /* it may ask for nothing, where it is close */
            assert_true(online_unpack(&again, bytes, len));
        }
        assert_true(some.count == all.count && level == level_again);
        told += all.count;
    }
    print_message("# %zu quiet, %zu not known to be\n", quiet, loud);
    assert_true(told > 60 && quiet > 150 && loud < quiet / 20);
    online_work_free(&all);
    online_work_free(&some);
}

/* What is no state is refused. */
static void test_online_pack(void **state)
{
    (void)state;
    seed(61);
    double x[50];
    struct online online;
    struct online_work work = {.options = segment_methods[METHOD_FOCUS].defaults};
    uint8_t bytes[ONLINE_BYTES];
    size_t level = 0;
    for (size_t i = 0; i < 50; i++)
        x[i] = normal();
    online_start(&online);
    assert_int_equal(online_pack(&online, bytes), 32);
    assert_true(online_unpack(&online, bytes, 32));
    assert_int_equal(online_run(&online, &work, x, 50, 0, &level), 0);
    size_t len = online_pack(&online, bytes);
    assert_true(online_unpack(&online, bytes, len) && online.learn_next == 80);
    for (size_t cut = 0; cut < len; cut++)
        if (cut % 16) assert_false(online_unpack(&online, bytes, cut));
    bytes[0]++; /* FOCuS has seen another number of points */
    assert_false(online_unpack(&online, bytes, len));
    memset(bytes, 0xff, sizeof bytes);
    assert_false(online_unpack(&online, bytes, len));
    online_work_free(&work);
}

static void test_online(void **state)
{
    (void)state;
    enum { N = 400 };
    print_message("# seeds 100 to 299\n");
    const struct segment_options options = segment_methods[METHOD_FOCUS].defaults;
    struct change found[8];
    double x[N];
    unsigned alarms = 0;
    for (uint64_t number = 100; number < 300; number++) {
        seed(number);
        for (size_t i = 0; i < N; i++)
            x[i] = 100 + normal();
        alarms += segment_changes(x, N, &options, NULL, 0) > 0;
        for (size_t i = 0; i < N; i++)
            x[i] += (i >= 130 ? 12 : 0) - (i >= 300 ? 6 : 0);
        assert_int_equal(segment_changes(x, N, &options, found, 8), 2);
        assert_true(found[0].index == 130 && found[1].index >= 298 && found[1].index <= 302);
        assert_true(fabs(found[0].before - 100) < 1 && fabs(found[0].after - 112) < 3);
    }
    assert_true(alarms <= 2);
    /* A counter that never moved, and then does. */
    for (size_t i = 0; i < N; i++)
        x[i] = i < 200 ? 1000 : 1100;
    assert_int_equal(segment_changes(x, N, &options, found, 8), 1);
    assert_int_equal(found[0].index, 200);
    for (size_t n = 0; n < 200; n++)
        assert_int_equal(segment_changes(x, n, &options, found, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),         cmocka_unit_test(test_pack),
        cmocka_unit_test(test_bounded),       cmocka_unit_test(test_rates),
        cmocka_unit_test(test_online_prefix), cmocka_unit_test(test_online_pack),
        cmocka_unit_test(test_online),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
