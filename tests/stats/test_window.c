/* test_window.c -- the window against recomputing everything, over random pushes and pops. */
#include "../../query/stats/window.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state;

static double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static void seed(uint64_t value)
{
    random_state = value * 0x9e3779b97f4a7c15u + 1;
}

/* The model: all values ever pushed, of which from..to are in the window. */
struct naive {
    double *values, *sorted;
    size_t from, to;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_moments(const struct window *w, const double *x, size_t n)
{
    long double mean = 0, m2 = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (long double)x[i];
        size += fabsl((long double)x[i]);
    }
    mean /= (long double)n;
    size /= (long double)n;
    for (size_t i = 0; i < n; i++)
        m2 += ((long double)x[i] - mean) * ((long double)x[i] - mean);
    assert_true(fabsl((long double)window_mean(w) - mean) <= 1e-14L * size);
    if (n < 2) {
        assert_true(isnan(window_sd(w)));
        return;
    }
    long double sd = sqrtl(m2 / (long double)(n - 1));
    assert_true(fabsl((long double)window_sd(w) - sd) <= 1e-11L * sd + 1e-14L * size);
}

static void check(const struct window *w, struct naive *naive, double *copy)
{
    size_t n = naive->to - naive->from;
    const double *x = naive->values + naive->from;
    assert_int_equal(window_size(w), n);
    if (n == 0) {
        assert_true(isnan(window_mean(w)) && isnan(window_sd(w)) && isnan(window_min(w)));
        assert_true(isnan(window_max(w)) && isnan(window_median(w)));
        return;
    }
    window_copy(w, copy);
    assert_memory_equal(copy, x, n * sizeof *x);
    assert_true(window_value(w, 0) == x[0] && window_value(w, n - 1) == x[n - 1]);
    memcpy(naive->sorted, x, n * sizeof *x);
    qsort(naive->sorted, n, sizeof *naive->sorted, compare);
    window_copy_sorted(w, copy);
    for (size_t i = 0; i < n; i++)
        assert_true(copy[i] == naive->sorted[i]);
    assert_true(window_min(w) == naive->sorted[0]);
    assert_true(window_max(w) == naive->sorted[n - 1]);
    static const double ps[] = {0, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999, 1};
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++)
        assert_true(window_quantile(w, ps[i]) == sorted_quantile(naive->sorted, n, ps[i]));
    assert_true(window_median(w) == sorted_quantile(naive->sorted, n, 0.5));
    check_moments(w, x, n);
}

/* Kinds of values: smooth, few different ones, huge outliers on a large base, rising. */
static double next_value(int family, size_t i)
{
    switch (family) {
    case 0: return uniform() - 0.5;
    case 1: return floor(uniform() * 4);
    case 2: return 1e6 + uniform() + (uniform() < 0.01 ? 1e15 * uniform() : 0);
    default: return (double)i + uniform();
    }
}

static void check_random(size_t limit, size_t pushes, double pops, int family, size_t every)
{
    struct naive naive = {.values = malloc(pushes * sizeof(double)),
                          .sorted = malloc(pushes * sizeof(double))};
    double *copy = malloc(pushes * sizeof *copy);
    assert_true(naive.values && naive.sorted && copy);
    struct window w;
    window_init(&w, limit);
    check(&w, &naive, copy);
    for (size_t i = 0; i < pushes; i++) {
        double value = next_value(family, i);
        assert_int_equal(window_push(&w, value), 0);
        naive.values[naive.to++] = value;
        if (limit && naive.to - naive.from > limit) naive.from++;
        while (naive.to > naive.from && uniform() < pops) {
            window_pop_oldest(&w);
            naive.from++;
        }
        if (i % every == 0) check(&w, &naive, copy);
    }
    check(&w, &naive, copy);
    while (naive.from < naive.to) { /* down to nothing */
        window_pop_oldest(&w);
        naive.from++;
        if (naive.from % every == 0) check(&w, &naive, copy);
    }
    check(&w, &naive, copy);
    window_release(&w);
    free(naive.values);
    free(naive.sorted);
    free(copy);
}

static void test_small(void **state)
{
    (void)state;
    static const size_t limits[] = {1, 2, 3, 30, 64, 0};
    uint64_t s = 1;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (int family = 0; family < 4; family++) {
            seed(s++);
            check_random(limits[i], 300, 0, family, 1);
            check_random(limits[i], 300, 0.45, family, 1);
        }
    }
}

static void test_large(void **state)
{
    (void)state;
    for (int family = 0; family < 4; family++) {
        seed(100 + (uint64_t)family);
        check_random(5000, 20000, 0, family, 1999);
        check_random(0, 20000, 0.4, family, 1999);
    }
}

/* The moments of what is left do not remember a huge value. */
static void test_forgets(void **state)
{
    (void)state;
    struct window w;
    window_init(&w, 10);
    assert_int_equal(window_push(&w, 1e18), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(window_push(&w, 0.1), 0);
    assert_true(window_mean(&w) == 0.1);
    assert_true(window_sd(&w) == 0);
    window_release(&w);
}

static void test_clear(void **state)
{
    (void)state;
    struct window w;
    window_init(&w, 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5000; i++)
            assert_int_equal(window_push(&w, i), 0);
        assert_true(window_median(&w) == 2499.5);
        assert_true(window_mean(&w) == 2499.5);
        window_clear(&w);
        assert_int_equal(window_size(&w), 0);
        assert_true(isnan(window_mean(&w)) && isnan(window_quantile(&w, 0.5)));
    }
    assert_int_equal(window_push(&w, -0.0), 0);
    assert_int_equal(window_push(&w, 0.0), 0);
    assert_true(window_min(&w) == 0 && window_max(&w) == 0);
    assert_true(isnan(window_quantile(&w, 1.5)) && isnan(window_quantile(&w, -0.1)));
    window_release(&w);
    window_release(&w); /* twice is harmless */
    assert_int_equal(window_size(&w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
