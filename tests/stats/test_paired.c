/* test_paired.c -- two sides measured in turns: ratio, interval and p. */
#include "../../query/stats/paired.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>

#include "series.h"

static void close_to(double value, double expected)
{
    if (fabs(value - expected) > 1e-10 * fabs(expected))
        fail_msg("%.17g, not %.17g", value, expected);
}

/* References: mpmath 1.3.0 at 40 digits, from d = ln(y/x): mean, deviation, and the incomplete beta
 * function for p and, by findroot, the quantile. */
static void test_reference(void **state)
{
    static const double x[] = {10.1, 9.9, 10.4, 10.0, 10.2, 9.8};
    static const double y[] = {10.9, 10.8, 11.0, 10.7, 11.3, 10.5};
    static const double few_x[] = {2, 4, 8}, few_y[] = {1.9, 4.4, 7};
    struct paired paired;
    (void)state;
    assert_int_equal(paired_compare(x, y, 6, 0.01, &paired), 0);
    assert_int_equal(paired.n, 6);
    close_to(paired.x, 10.05);
    close_to(paired.y, 10.85);
    close_to(paired.ratio, 1.0793932982426177);
    close_to(paired.low, 1.0554501152835769);
    close_to(paired.high, 1.1038796390467415);
    close_to(paired.p_above, 4.4307902486778327e-5);
    close_to(paired.p_below, 0.99995569209751322);
    assert_int_equal(paired_compare(few_x, few_y, 3, 0.05, &paired), 0);
    close_to(paired.ratio, 0.97060259436075101);
    close_to(paired.low, 0.79830721355286537);
    close_to(paired.high, 1.1800837825166852);
    close_to(paired.p_above, 0.65033355090589896);
    close_to(paired.p_below, 0.34966644909410104);
}

/* Counters: no spread at all. */
static void test_flat(void **state)
{
    static const double same[] = {5, 5, 5}, more[] = {6, 6, 6};
    struct paired paired;
    (void)state;
    assert_int_equal(paired_compare(same, same, 3, 0.01, &paired), 0);
    assert_true(paired.p_above == 1 && paired.p_below == 1 && paired.ratio == 1);
    assert_int_equal(paired_compare(same, more, 3, 0.01, &paired), 0);
    assert_true(paired.p_above == 0 && paired.p_below == 1);
    close_to(paired.ratio, 1.2);
    close_to(paired.low, paired.high);
    assert_int_equal(paired_compare(more, same, 3, 0.01, &paired), 0);
    assert_true(paired.p_above == 1 && paired.p_below == 0);
}

/* Zeros and negative values have no logarithm. */
static void test_zero(void **state)
{
    static const double zero[] = {0, 0, 0}, some[] = {1, 2, 3}, mixed[] = {-1, 0, -2};
    struct paired paired;
    (void)state;
    assert_int_equal(paired_compare(zero, zero, 3, 0.01, &paired), 0);
    assert_true(paired.ratio == 1 && paired.p_above == 1 && paired.p_below == 1);
    assert_int_equal(paired_compare(zero, some, 3, 0.01, &paired), 0);
    assert_true(isinf(paired.ratio) && paired.p_above < 0.05);
    assert_int_equal(paired_compare(some, zero, 3, 0.01, &paired), 0);
    assert_true(paired.ratio == 0 && paired.p_below < 0.05);
    assert_int_equal(paired_compare(mixed, zero, 3, 0.01, &paired), 0);
    close_to(paired.ratio, 2); /* up by 1, as much as the base's mean is below 0 */
}

static void test_one_round(void **state)
{
    static const double x[] = {1}, y[] = {2};
    struct paired paired;
    (void)state;
    assert_int_equal(paired_compare(x, y, 1, 0.01, &paired), 0);
    assert_true(paired.p_above == 1 && paired.p_below == 1 && paired.low == 0 &&
                isinf(paired.high));
    assert_int_equal(paired_compare(x, y, 0, 0.01, &paired), -1);
}

/* Without a difference p is below alpha as often as alpha says, whatever the rounds have in
 * common. */
static void test_calibrated(void **state)
{
    enum { TRIALS = 20000, ROUNDS = 6 };
    unsigned above = 0, below = 0, outside = 0;
    (void)state;
    seed(7);
    for (int t = 0; t < TRIALS; t++) {
        double x[ROUNDS], y[ROUNDS];
        struct paired paired;
        for (int i = 0; i < ROUNDS; i++) {
            double common = exp(normal());
            x[i] = 100 * common * exp(0.02 * normal());
            y[i] = 100 * common * exp(0.02 * normal());
        }
        assert_int_equal(paired_compare(x, y, ROUNDS, 0.05, &paired), 0);
        above += paired.p_above <= 0.05;
        below += paired.p_below <= 0.05;
        outside += paired.low > 1 || paired.high < 1;
    }
    /* 5 standard errors of a share of 5 % (10 %) in 20,000 trials are 0.8 (1.1) points. */
    assert_true(fabs(above / (double)TRIALS - 0.05) < 0.008);
    assert_true(fabs(below / (double)TRIALS - 0.05) < 0.008);
    assert_true(fabs(outside / (double)TRIALS - 0.1) < 0.011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),  cmocka_unit_test(test_flat),
        cmocka_unit_test(test_zero),       cmocka_unit_test(test_one_round),
        cmocka_unit_test(test_calibrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
