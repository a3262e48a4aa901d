/* test_sample.c -- sample statistics against long double recomputation and known values. */
#include "../../query/stats/sample.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 88172645463325252u;

static double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static int near(double value, double expected, double tolerance)
{
    return fabs(value - expected) <= tolerance * (fabs(expected) > 1 ? fabs(expected) : 1);
}

static void test_sums(void **state)
{
    (void)state;
    const double cancel[] = {1, 1e100, 1, -1e100};
    assert_true(sample_sum(cancel, 4) == 2);
    assert_true(sample_mean(cancel, 4) == 0.5);
    assert_true(isnan(sample_sum(cancel, 0)) && isnan(sample_mean(cancel, 0)));
    assert_true(isnan(sample_sd(cancel, 0)) && isnan(sample_sd(cancel, 1)));
    assert_true(isnan(sample_geomean(cancel, 0)));
    const double five[] = {2, 4, 4, 4, 5, 5, 7, 9};
    assert_true(sample_mean(five, 8) == 5);
    assert_true(near(sample_sd(five, 8), sqrt(32.0 / 7), 1e-15));
    const double pair[] = {10, 12};
    assert_true(near(sample_sd(pair, 2), sqrt(2), 1e-15));
}

/* Equal values: their mean is the value and their deviation is 0, whatever the rounding. */
static void test_equal(void **state)
{
    (void)state;
    double x[1000];
    for (int k = 0; k < 200; k++) {
        double value = ldexp(uniform() - 0.5, (int)(uniform() * 100) - 50);
        size_t n = 2 + (size_t)(uniform() * 998);
        struct moments m = {0, 0, 0};
        for (size_t i = 0; i < n; i++) {
            x[i] = value;
            moments_push(&m, value);
        }
        assert_true(sample_mean(x, n) == value);
        assert_true(sample_sd(x, n) == 0);
        assert_true(m.mean == value && moments_sd(&m) == 0);
        assert_true(select_mad(x, n) == 0);
    }
}

static void test_moments(void **state)
{
    (void)state;
    enum { N = 3000 };
    double x[N];
    for (int k = 0; k < 30; k++) {
        /* Offsets up to 1e10 deviations. */
        double offset = k ? pow(10, k / 3.0) : 0;
        long double sum = 0, m2 = 0;
        struct moments all = {0, 0, 0}, parts[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
        for (size_t i = 0; i < N; i++) {
            x[i] = offset + uniform();
            sum += (long double)x[i];
            moments_push(&all, x[i]);
            moments_push(&parts[i < 10 ? 0 : i < 700 ? 1 : 2], x[i]);
        }
        long double mean = sum / N;
        for (size_t i = 0; i < N; i++)
            m2 += ((long double)x[i] - mean) * ((long double)x[i] - mean);
        double sd = (double)sqrtl(m2 / (N - 1));
        assert_true(near(sample_mean(x, N), (double)mean, 3e-16));
        assert_true(fabs(sample_sd(x, N) / sd - 1) < 1e-13);
        struct moments merged = {0, 0, 0}, none = {0, 0, 0};
        moments_merge(&merged, &none);
        for (int i = 0; i < 3; i++)
            moments_merge(&merged, &parts[i]);
        moments_merge(&merged, &none);
        /* One pass loses digits with the offset. */
        double loss = 1e-12 + 1e-15 * offset;
        assert_true(merged.count == N && all.count == N);
        assert_true(fabs(moments_sd(&all) / sd - 1) < loss);
        assert_true(fabs(moments_sd(&merged) / sd - 1) < loss);
        assert_true(near(all.mean, (double)mean, 1e-14) && near(merged.mean, (double)mean, 1e-14));
    }
    struct moments one = {0, 0, 0};
    assert_true(isnan(moments_sd(&one)));
    moments_push(&one, 4);
    assert_true(isnan(moments_sd(&one)) && one.mean == 4);
}

/* The order of additions is fixed, whatever vectors the processor has: four lanes, each with what
 * rounding took from it, joined one after the other, and the rest. */
struct lane {
    double high, low;
};

static void lane_add(struct lane *lane, double x)
{
    double total = lane->high + x, rest = total - lane->high;
    lane->low += (lane->high - (total - rest)) + (x - rest);
    lane->high = total;
}

static struct lane lanes_sum(const double *x, size_t n)
{
    struct lane lanes[4] = {{0, 0}}, sum = {0, 0};
    size_t whole = n < 16 ? 0 : n - n % 4;
    for (size_t i = 0; i < whole; i++)
        lane_add(&lanes[i % 4], x[i]);
    for (size_t k = 0; k < 4 && whole; k++) {
        lane_add(&sum, lanes[k].high);
        sum.low += lanes[k].low;
    }
    for (size_t i = whole; i < n; i++)
        lane_add(&sum, x[i]);
    return sum;
}

static void test_lanes(void **state)
{
    (void)state;
    static double x[300], squares[300];
    for (int round = 0; round < 2000; round++) {
        size_t n = 2 + (size_t)(uniform() * 298);
        for (size_t i = 0; i < n; i++)
            x[i] = ldexp(uniform() - 0.3, (int)(uniform() * 40) - 20);
        struct lane sum = lanes_sum(x, n);
        double expected = sum.high + sum.low, got = sample_sum(x, n), mean = x[0], rest = 0;
        assert_memory_equal(&expected, &got, sizeof got);
        double rests[2] = {0, 0};
        size_t whole = n < 16 ? 0 : n - n % 4;
        for (size_t i = 0; i < n; i++)
            squares[i] = (x[i] - mean) * (x[i] - mean);
        for (size_t i = 0; i < whole; i += 4)
            for (size_t k = 0; k < 2; k++)
                rests[k] += (x[i + k] - mean) + (x[i + 2 + k] - mean);
        rest = rests[0] + rests[1];
        for (size_t i = whole; i < n; i++)
            rest += x[i] - mean;
        sum = lanes_sum(squares, n);
        double m2 = sum.high + sum.low - rest * rest / (double)n;
        expected = m2 > 0 ? sqrt(m2 / (double)(n - 1)) : 0;
        got = sample_sd_about(x, n, mean);
        assert_memory_equal(&expected, &got, sizeof got);
    }
}

static void test_geomean(void **state)
{
    (void)state;
    const double x[] = {1, 10, 100};
    assert_true(near(sample_geomean(x, 3), 10, 1e-15));
    const double wide[] = {1e-300, 1e300, 1e-200, 1e200}; /* their product leaves the range */
    assert_true(near(sample_geomean(wide, 4), 1, 1e-12));
    const double zero[] = {1, 0}, negative[] = {1, -1};
    assert_true(isnan(sample_geomean(zero, 2)) && isnan(sample_geomean(negative, 2)));
}

static void test_slope(void **state)
{
    (void)state;
    double t[50], x[50];
    for (size_t i = 0; i < 50; i++) {
        t[i] =
            1.7e9 + (double)(i * i); /* seconds of an epoch: offset much larger than the spread */
        x[i] = 3 - 0.25 * (double)(i * i);
    }
    assert_true(near(sample_slope(t, x, 50), -0.25, 1e-13));
    assert_true(isnan(sample_slope(t, x, 1)) && isnan(sample_slope(t, x, 0)));
    t[1] = t[0];
    assert_true(isnan(sample_slope(t, x, 2)));
}

static void test_quantiles(void **state)
{
    (void)state;
    const double two[] = {1, 2};
    assert_true(sorted_quantile(two, 2, 0.25) == 1.25 && sorted_quantile(two, 2, 0.75) == 1.75);
    const double six[] = {-6, -6, 1, 1, 9, 9};
    assert_true(sorted_quantile(six, 6, 0.25) == -4.25);
    assert_true(sorted_quantile(six, 6, 0.5) == 1 && sorted_quantile(six, 6, 0.75) == 7);
    assert_true(sorted_quantile(six, 6, 0) == -6 && sorted_quantile(six, 6, 1) == 9);
    assert_true(sorted_quantile(six, 1, 0.3) == -6);
    assert_true(isnan(sorted_quantile(six, 0, 0.5)));
    assert_true(isnan(sorted_quantile(six, 6, 1.01)) && isnan(sorted_quantile(six, 6, -0.01)));
    assert_true(isnan(sorted_quantile(six, 6, (double)NAN)));
    double empty[1] = {0};
    assert_true(isnan(select_median(empty, 0)) && isnan(select_mad(empty, 0)));
    assert_true(isnan(select_quantile(empty, 1, 2)));
}

/* Selection gives what sorting gives, and keeps the values. */
static void test_selection(void **state)
{
    (void)state;
    enum { N = 400 };
    double x[N], sorted[N], work[N], distance[N];
    for (int k = 0; k < 400; k++) {
        size_t n = 1 + (size_t)(uniform() * (N - 1));
        for (size_t i = 0; i < n; i++) {
            x[i] = k % 4 == 0   ? floor(uniform() * 5)
                   : k % 4 == 1 ? (double)i
                   : k % 4 == 2 ? -(double)i
                                : uniform();
        }
        memcpy(sorted, x, n * sizeof *x);
        sample_sort(sorted, n);
        for (size_t i = 1; i < n; i++)
            assert_true(sorted[i - 1] <= sorted[i]);
        double p = uniform();
        memcpy(work, x, n * sizeof *x);
        assert_true(select_quantile(work, n, p) == sorted_quantile(sorted, n, p));
        assert_true(select_quantile(work, n, 0) == sorted[0]);
        assert_true(select_quantile(work, n, 1) == sorted[n - 1]);
        double median = sorted_quantile(sorted, n, 0.5);
        assert_true(select_median(work, n) == median);
        for (size_t i = 0; i < n; i++)
            distance[i] = fabs(x[i] - median);
        sample_sort(distance, n);
        assert_true(select_mad(work, n) == sorted_quantile(distance, n, 0.5));
        sample_sort(work, n);
        assert_memory_equal(work, sorted, n * sizeof *x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),      cmocka_unit_test(test_equal),
        cmocka_unit_test(test_moments),   cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_geomean),   cmocka_unit_test(test_slope),
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
