/* test_segment.c -- change points: exact against dynamic programming, invariant, right on clear
 * steps, quiet on noise. Random series come from the seeds that are printed. */
#include "../../query/stats/dist.h"
#include "../../query/stats/segment.h"

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

static const struct segment_options defaults = {
    .shortest = 3, .penalty = 3, .alpha = 0.001, .floor = 0.03, .effect = 1.5};
/* Nothing is dropped but changes between equal medians: what least squares alone found. */
static const struct segment_options bare = {
    .shortest = 3, .penalty = 3, .alpha = 1, .floor = 0, .effect = 0};

enum { LENGTH_MAX = 20000 };

static uint64_t random_state;

static double uniform(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static void seed(uint64_t value)
{
    random_state = value * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < 8; i++)
        (void)uniform();
}

/* -- against dynamic programming --------------------------------------------------------------- */

static long double segment_cost(const double *x, size_t from, size_t to)
{
    long double mean = 0, cost = 0;
    for (size_t i = from; i < to; i++)
        mean += (long double)x[i];
    mean /= (long double)(to - from);
    for (size_t i = from; i < to; i++)
        cost += ((long double)x[i] - mean) * ((long double)x[i] - mean);
    return cost;
}

/* Optimal partitioning in O(n^3): least cost, and where the last segment of each prefix starts. */
static long double reference(const double *x, size_t n, size_t shortest, long double beta,
                             size_t *last)
{
    long double best[201];
    assert_true(n <= 200);
    best[0] = -beta;
    for (size_t t = 1; t <= n; t++) {
        best[t] = (long double)INFINITY;
        for (size_t s = 0; s + shortest <= t; s++) {
            if (s > 0 && s < shortest) continue;
            long double cost = best[s] + beta + segment_cost(x, s, t);
            if (cost < best[t]) {
                best[t] = cost;
                last[t] = s;
            }
        }
    }
    return best[n];
}

/* Noise with steps, bursts, ramps or quantised values. */
static void random_series(double *x, size_t n, int family)
{
    double level = 100 + 10 * normal();
    for (size_t i = 0; i < n; i++) {
        if (uniform() < 0.05) level += 8 * normal();
        x[i] = level + normal();
        if (family == 1 && uniform() < 0.03) x[i] += 60 * uniform();
        if (family == 2) x[i] += 0.2 * (double)i;
        if (family == 3) x[i] = round(x[i]);
    }
}

static void test_exact(void **state)
{
    (void)state;
    const uint64_t first = 1000;
    print_message("# seeds %d to %d\n", (int)first, (int)first + 299);
    size_t changed = 0;
    for (uint64_t s = first; s < first + 300; s++) {
        seed(s);
        size_t n = 6 + (size_t)(uniform() * 150);
        double x[200], scratch[200], rho;
        random_series(x, n, (int)(s % 4));
        struct segment_options options = bare;
        options.shortest = 1 + (size_t)(uniform() * 5);
        options.penalty = 0.2 + 4 * uniform();
        double sigma = noise_sigma(x, n, scratch, &rho);
        long double beta =
            (long double)(options.penalty * log((double)n) * sigma * sigma * (1 + rho) / (1 - rho));
        size_t last[201];
        long double best = reference(x, n, options.shortest, beta, last);

        struct change changes[200];
        int count = segment_changes(x, n, &options, changes, 200);
        assert_true(count >= 0);
        /* The cost of what was found is the least cost. */
        long double cost = -beta;
        size_t start = 0;
        for (int i = 0; i <= count; i++) {
            size_t end = i < count ? changes[i].index : n;
            assert_true(end >= start + options.shortest);
            cost += segment_cost(x, start, end) + beta;
            start = end;
        }
        size_t expected = 0;
        int dropped = 0;
        for (size_t end = n; last[end] > 0; end = last[end])
            expected++;
        dropped = (int)expected - count;
        changed += expected;
        if (dropped == 0)
            assert_true(fabsl(cost - best) <= 1e-9L * (1 + fabsl(best)));
        else /* only changes between equal medians may go, in ties of few values */
            assert_true(dropped > 0 && cost >= best - 1e-9L * (1 + fabsl(best)));
        if (dropped == 0 && s % 4 != 3) {
            size_t end = n;
            for (int i = count; i-- > 0; end = last[end])
                assert_int_equal(changes[i].index, last[end]);
        }
    }
    assert_true(changed > 500);
}

/* -- invariance -------------------------------------------------------------------------------- */

static void test_invariant(void **state)
{
    (void)state;
    for (uint64_t s = 1; s <= 40; s++) {
        seed(s);
        double x[300], y[300];
        for (size_t i = 0; i < 300; i++)
            x[i] = 100 + (i >= 120 ? 12 : 0) + (i >= 200 ? -20 : 0) + normal();
        struct segment_options options = defaults;
        options.floor = 0;
        struct change a[20], b[20];
        int count = segment_changes(x, 300, &options, a, 20);
        assert_true(count >= 2);
        for (int transform = 0; transform < 4; transform++) {
            double scale = transform == 1 ? 1024 : transform == 2 ? -1 : transform == 3 ? 1e-9 : 1;
            double shift = transform == 0 ? 4096 : 0;
            for (size_t i = 0; i < 300; i++)
                y[i] = x[i] * scale + shift;
            assert_int_equal(segment_changes(y, 300, &options, b, 20), count);
            for (int i = 0; i < count; i++) {
                assert_int_equal(a[i].index, b[i].index);
                assert_true(fabs(b[i].before - (a[i].before * scale + shift)) <
                            1e-9 * fabs(b[i].before));
                assert_true(fabs(b[i].effect / a[i].effect - 1) < 1e-6);
                assert_true(fabs(b[i].p - a[i].p) <= 1e-6 * a[i].p);
            }
        }
        /* Backwards in time: the same cuts, seen from the other end. */
        for (size_t i = 0; i < 300; i++)
            y[i] = x[299 - i];
        assert_int_equal(segment_changes(y, 300, &options, b, 20), count);
        for (int i = 0; i < count; i++) {
            assert_int_equal(a[i].index, 300 - b[count - 1 - i].index);
            assert_true(a[i].before == b[count - 1 - i].after);
        }
    }
}

/* -- steps and noise --------------------------------------------------------------------------- */

static void test_clear_steps(void **state)
{
    (void)state;
    for (uint64_t s = 100; s < 200; s++) {
        seed(s);
        double x[400];
        for (size_t i = 0; i < 400; i++)
            x[i] = (i < 130 ? 1000 : i < 300 ? 1120 : 1060) + 5 * normal();
        struct change c[10];
        assert_int_equal(segment_changes(x, 400, &defaults, c, 10), 2);
        assert_int_equal(c[0].index, 130);
        assert_int_equal(c[1].index, 300);
        assert_true(fabs(c[0].before - 1000) < 3 && fabs(c[0].after - 1120) < 3);
        assert_true(fabs(c[1].before - 1120) < 3 && fabs(c[1].after - 1060) < 3);
        assert_true(c[0].effect > 15 && c[0].effect < 35);
        assert_true(c[0].p < 1e-50 && c[0].p >= 0);
    }
}

/* A burst of huge values is cut out and hides nothing; an even one is found from end to end. */
static void test_outlier_region(void **state)
{
    (void)state;
    for (uint64_t s = 200; s < 320; s++) {
        seed(s);
        double x[300];
        for (size_t i = 0; i < 300; i++)
            x[i] = (i < 200 ? 100 : 108) + normal();
        size_t length = 1 + s % 12;
        bool even = s % 2 == 0;
        for (size_t i = 0; i < length; i++)
            x[60 + i] += even ? 1e6 : 1e6 * (1 + uniform());
        struct change c[10];
        int count = segment_changes(x, 300, &defaults, c, 10);
        assert_true(count >= 1);
        assert_int_equal(c[count - 1].index, 200);
        assert_true(fabs(c[count - 1].before - 100) < 1 && fabs(c[count - 1].after - 108) < 1);
        for (int i = 0; i < count - 1; i++)
            assert_true(c[i].index >= 60 && c[i].index <= 60 + length);
        if (length == 1) assert_int_equal(count, 1); /* a lone outlier is no change of level */
        if (even && length >= 3) {
            assert_int_equal(count, 3);
            assert_int_equal(c[0].index, 60);
            assert_int_equal(c[1].index, 60 + length);
        }
    }
}

static void test_noise(void **state)
{
    (void)state;
    static const double rhos[] = {0, 0.3};
    print_message("# seeds 5000 to 5399\n");
    int alarms = 0;
    for (uint64_t s = 5000; s < 5400; s++) {
        seed(s);
        double x[500], rho = rhos[s % 2], noise = normal();
        for (size_t i = 0; i < 500; i++) {
            noise = rho * noise + sqrt(1 - rho * rho) * normal();
            x[i] = 50 + 5 * noise;
        }
        struct change c[10];
        alarms += segment_changes(x, 500, &defaults, c, 10) > 0;
    }
    print_message("# %d of 400 quiet series with a change\n", alarms);
    assert_true(alarms <= 4);
}

static void test_filters(void **state)
{
    (void)state;
    double x[200];
    seed(7);
    for (size_t i = 0; i < 200; i++)
        x[i] = (i < 100 ? 1000 : 1020) + normal(); /* 2 %, 20 sigma */
    struct change c[5];
    assert_int_equal(segment_changes(x, 200, &defaults, c, 5), 0);
    struct segment_options options = defaults;
    options.floor = 0.01;
    assert_int_equal(segment_changes(x, 200, &options, c, 5), 1);
    assert_int_equal(c[0].index, 100);
    options.effect = 100;
    assert_int_equal(segment_changes(x, 200, &options, c, 5), 0);
    options.effect = 0;
    options.alpha = 0;
    assert_int_equal(segment_changes(x, 200, &options, c, 5), 0);
    /* From 0 every change is over the floor. */
    for (size_t i = 0; i < 200; i++)
        x[i] = i < 100 ? 0 : 1;
    assert_int_equal(segment_changes(x, 200, &defaults, c, 5), 1);
    assert_true(c[0].index == 100 && c[0].before == 0 && c[0].after == 1);
}

/* p is Welch's, two-sided, with the counts that the correlation leaves. */
static void test_p(void **state)
{
    (void)state;
    double x[60], scratch[60], rho, sums[2] = {0, 0}, squares[2] = {0, 0};
    seed(17);
    for (size_t i = 0; i < 60; i++) {
        x[i] = i < 20 ? 100 + normal() : 106 + 1.3 * normal();
        sums[i >= 20] += x[i];
    }
    const double counts[2] = {20, 40}, means[2] = {sums[0] / 20, sums[1] / 40};
    for (size_t i = 0; i < 60; i++)
        squares[i >= 20] += (x[i] - means[i >= 20]) * (x[i] - means[i >= 20]);
    noise_sigma(x, 60, scratch, &rho);
    double share = (1 - rho) / (1 + rho), v[2], sum = 0, df = 0;
    for (int i = 0; i < 2; i++) {
        v[i] = squares[i] / (counts[i] - 1) / (counts[i] * share);
        sum += v[i];
        df += v[i] * v[i] / (counts[i] * share - 1);
    }
    struct change c[5];
    assert_int_equal(segment_changes(x, 60, &defaults, c, 5), 1);
    assert_int_equal(c[0].index, 20);
    double p = 2 * t_upper((means[1] - means[0]) / sqrt(sum), sum * sum / df);
    assert_true(p > 0 && fabs(c[0].p / p - 1) < 1e-9);

    /* Three equal values do not prove that a side has no noise. */
    for (size_t i = 57; i < 60; i++)
        x[i] = 116;
    assert_int_equal(segment_changes(x, 60, &bare, c, 5), 2);
    assert_int_equal(c[1].index, 57);
    assert_true(c[1].p > 1e-5 && c[1].p < 0.05);
}

static void test_edges(void **state)
{
    (void)state;
    double x[300];
    struct change c[5];
    memset(c, 0, sizeof c);
    for (size_t i = 0; i < 300; i++)
        x[i] = 0.1;
    for (size_t n = 0; n <= 300; n++)
        assert_int_equal(segment_changes(x, n, &defaults, c, 5), 0);
    /* Exact counters: one step, no noise at all. */
    for (size_t i = 150; i < 300; i++)
        x[i] = 0.2;
    assert_int_equal(segment_changes(x, 300, &defaults, c, 5), 1);
    assert_int_equal(c[0].index, 150);
    assert_true(c[0].before == 0.1 && c[0].after == 0.2 && c[0].p < 1e-100);
    /* Two segments of the shortest length. */
    assert_int_equal(segment_changes(x + 147, 6, &bare, c, 5), 1);
    assert_int_equal(c[0].index, 3);
    assert_int_equal(segment_changes(x + 147, 5, &bare, c, 5), 0);
    /* More changes than there is room for: the first ones are written, all are counted. */
    for (size_t i = 0; i < 300; i++)
        x[i] = (i / 20) % 2 ? 200 : 100;
    struct change guard = {.index = 77};
    c[2] = guard;
    assert_int_equal(segment_changes(x, 300, &defaults, c, 2), 14);
    assert_int_equal(c[0].index, 20);
    assert_int_equal(c[1].index, 40);
    assert_int_equal(c[2].index, 77);
    assert_int_equal(segment_changes(x, 300, &defaults, NULL, 0), 14);
}

/* Linear-ish on a long quiet series and on one with many steps; quadratic code would not end. */
static void test_long(void **state)
{
    (void)state;
    enum { N = 100000 };
    double *x = malloc(N * sizeof *x);
    struct change *c = malloc(N * sizeof *c);
    assert_true(x && c);
    seed(11);
    for (size_t i = 0; i < N; i++)
        x[i] = 100 + normal();
    assert_int_equal(segment_changes(x, N, &defaults, c, N), 0);
    for (size_t i = 0; i < N; i++)
        x[i] += (i / 1000) % 2 ? 12 : 0;
    assert_int_equal(segment_changes(x, N, &defaults, c, N), 99);
    for (size_t i = 0; i < 99; i++)
        assert_int_equal(c[i].index, (i + 1) * 1000);
    free(x);
    free(c);
}

/* -- noise ------------------------------------------------------------------------------------- */

static void test_noise_sigma(void **state)
{
    (void)state;
    static double x[LENGTH_MAX], scratch[LENGTH_MAX];
    double rho = 9;
    assert_true(noise_sigma(x, 0, scratch, &rho) == 0 && rho == 0);
    assert_true(noise_sigma(x, 1, scratch, &rho) == 0 && rho == 0);
    for (size_t i = 0; i < 50; i++)
        x[i] = 0.3;
    assert_true(noise_sigma(x, 50, scratch, &rho) == 0 && rho == 0);
    x[2] = 1.3; /* most differences are 0: the mean |difference|, 2 of 49 */
    assert_true(fabs(noise_sigma(x, 50, scratch, &rho) - 2.0 / 49 * 0.886226925452758) < 1e-15);
    assert_true(rho == 0);

    static const double rhos[] = {0, 0.2, 0.4, 0.8};
    for (int k = 0; k < 4; k++) {
        seed(31 + (uint64_t)k);
        double noise = normal();
        for (size_t i = 0; i < LENGTH_MAX; i++) {
            noise = rhos[k] * noise + sqrt(1 - rhos[k] * rhos[k]) * normal();
            x[i] = 7 * noise + (i >= 9000 ? 1e4 : 0); /* a step moves nothing */
        }
        double sigma = noise_sigma(x, LENGTH_MAX, scratch, &rho);
        if (k < 3) {
            assert_true(fabs(rho - rhos[k]) < 0.06);
            assert_true(fabs(sigma / 7 - 1) < 0.06);
        } else {
            assert_true(rho == 0.5); /* the cap */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_sigma),    cmocka_unit_test(test_exact),
        cmocka_unit_test(test_invariant),      cmocka_unit_test(test_clear_steps),
        cmocka_unit_test(test_outlier_region), cmocka_unit_test(test_noise),
        cmocka_unit_test(test_filters),        cmocka_unit_test(test_p),
        cmocka_unit_test(test_edges),          cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
