/* test_rolling.c -- windows that slide against the same windows as samples: any way of moving,
 * values that cancel, and what is left when a huge value has gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../query/stats/moving.h"
#include "../../query/stats/rolling.h"
#include "../../query/stats/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 4000 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t next_random(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    return state_of_random ^= state_of_random << 17;
}

static double uniform(void)
{
    return (double)(next_random() >> 11) * 0x1p-53;
}

static bool near(double a, double b, double tolerance)
{
    return a == b || fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b));
}

/* Compares the window [first, end) of values. */
static void check_window(struct rolling *moments, struct rolling *order, const double *values,
                         uint64_t first, uint64_t end)
{
    static double sample[VALUES];
    size_t n = (size_t)(end - first);
    const double *window = values + first;
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(window[i]));
    assert_int_equal(rolling_move(moments, values, 0, first, end), 0);
    assert_int_equal(rolling_move(order, values, 0, first, end), 0);
    assert_true(fabs(rolling_mean(moments) - sample_mean(window, n)) <= 1e-14 * largest);
    assert_true(fabs(rolling_sum(moments) - sample_sum(window, n)) <= 1e-14 * largest * (double)n);
    double sd = sample_sd(window, n);
    assert_true(n < 2 ? isnan(rolling_sd(moments)) : near(rolling_sd(moments), sd, 1e-10));
    static const double ps[] = {0, 0.25, 0.5, 0.9, 0.99, 1};
    for (size_t i = 0; i < sizeof ps / sizeof *ps; i++) {
        memcpy(sample, window, n * sizeof *sample);
        assert_true(near(rolling_quantile(order, ps[i]), select_quantile(sample, n, ps[i]), 0));
    }
}

static void check_walk(const double *values, size_t size)
{
    struct rolling moments, order;
    rolling_init(&moments, ROLLING_MOMENTS);
    rolling_init(&order, ROLLING_ORDER);
    for (uint64_t end = 1; end <= VALUES; end++)
        check_window(&moments, &order, values, end > size ? end - size : 0, end);
    rolling_release(&moments);
    rolling_release(&order);
}

static void fill(double *values, int kind)
{
    for (size_t i = 0; i < VALUES; i++)
        switch (kind) {
        case 0: values[i] = 1e6 + uniform(); break;
        case 1: values[i] = uniform() - 0.5; break;
        case 2: values[i] = (double)(next_random() % 7); break;
        case 3: values[i] = i / 500 % 2 ? 1e9 + uniform() : uniform(); break; /* levels */
        case 4: values[i] = i % 700 ? uniform() : 1e15; break;                /* a spike at times */
        default: values[i] = i % 300 < 150 ? 42.1 : uniform(); break;         /* flat at times */
        }
}

static void test_walks(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 5, 30, 64, 511, 512, 513, 1500};
    static double values[VALUES];
    for (int kind = 0; kind < 6; kind++) {
        fill(values, kind);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            check_walk(values, sizes[s]);
    }
}

/* All windows at once: as samples, and the same bits when the values come in pieces. */
static void check_moving(const double *values, size_t size, uint64_t origin)
{
    static double sum[VALUES], mean[VALUES], sd[VALUES];
    static uint32_t end[VALUES];
    const struct moving_out all = {sum, mean, sd};
    for (uint32_t i = 0; i < VALUES; i++)
        end[i] = i - (i % 11 < 4 ? i % 11 : 0); /* it stands still at times */
    for (size_t i = 1; i < VALUES; i++)
        if (end[i] < end[i - 1]) end[i] = end[i - 1];
    moving_moments(values, origin, size, end, VALUES, &all);
    for (size_t i = 0; i < VALUES; i++) {
        size_t first = end[i] > size ? end[i] - size : 0, n = end[i] - first;
        double largest = 0, s, m, d, expected = sample_sd(values + first, n);
        moving_moments(values, origin, size, &end[i], 1, &(struct moving_out){&s, &m, &d});
        assert_memory_equal(&s, &sum[i], sizeof s);
        assert_memory_equal(&m, &mean[i], sizeof m);
        assert_memory_equal(&d, &sd[i], sizeof d);
        assert_int_equal(n < 2, isnan(d));
        if (n == 0) continue;
        for (size_t k = first; k < end[i]; k++)
            largest = fmax(largest, fabs(values[k]));
        assert_true(fabs(m - sample_mean(values + first, n)) <= 1e-14 * largest);
        assert_true(fabs(s - sample_sum(values + first, n)) <= 1e-14 * largest * (double)n);
        assert_true(n < 2 || near(d, expected, 1e-11));
    }
}

static void test_moving(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 5, 30, 64, MOVING_MAX};
    static double values[VALUES];
    for (int kind = 0; kind < 6; kind++) {
        fill(values, kind);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            check_moving(values, sizes[s], (uint64_t)kind * 1000003);
    }
}

/* Windows that jump, grow, shrink and go back. */
static void test_any_move(void **state)
{
    (void)state;
    static double values[VALUES];
    struct rolling moments, order;
    fill(values, 0);
    rolling_init(&moments, ROLLING_MOMENTS);
    rolling_init(&order, ROLLING_ORDER);
    uint64_t first = 0, end = 1;
    for (int i = 0; i < 4000; i++) {
        uint64_t far = next_random() % 20 ? 4 : 900;
        first += next_random() % far;
        end += next_random() % far;
        if (next_random() % 50 == 0) first /= 2;
        if (end > VALUES || first >= end) {
            first = next_random() % 100;
            end = first + 1 + next_random() % 600;
        }
        check_window(&moments, &order, values, first, end);
        if (next_random() % 100 == 0) {
            rolling_reset(&moments);
            rolling_reset(&order);
        }
    }
    rolling_release(&moments);
    rolling_release(&order);
}

/* Whole numbers have whole sums, equal values no deviation. */
static void test_exact(void **state)
{
    (void)state;
    static double values[VALUES];
    struct rolling moments;
    rolling_init(&moments, ROLLING_MOMENTS);
    for (size_t i = 0; i < VALUES; i++)
        values[i] = i < 2000 ? (double)(next_random() % 1000003) : 0.1;
    for (uint64_t end = 30; end <= VALUES; end++) {
        assert_int_equal(rolling_move(&moments, values, 0, end - 30, end), 0);
        if (end <= 2000) assert_true(rolling_sum(&moments) == sample_sum(values + end - 30, 30));
        if (end >= 2030) {
            assert_true(rolling_sd(&moments) == 0);
            assert_true(rolling_mean(&moments) == 0.1);
        }
    }
    rolling_release(&moments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_moving),
        cmocka_unit_test(test_any_move),
        cmocka_unit_test(test_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
