/* test_segment.c -- change points of a series, all steps together: invariant, right on clear steps,
 * quiet on noise, calibrated. Random series come from the seeds that are printed. */
#include "../../query/stats/judge.h"
#include "../../query/stats/noise.h"
#include "../../query/stats/segment.h"
#include "series.h"

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
    .method = METHOD_FPOP, .shortest = 3, .alpha = 0.007, .floor = 0.03, .effect = 1.5};

enum { LENGTH_MAX = 20000 };

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
        if (length < 3) assert_int_equal(count, 1); /* two outliers are no change of level */
        if (even && length >= 3) {
            assert_int_equal(count, 2);
            assert_int_equal(c[0].kind, CHANGE_EXCURSION);
            assert_int_equal(c[0].index, 60);
            assert_int_equal(c[0].end, 60 + length);
            assert_true(c[0].recovered);
        }
    }
}

static void test_noise(void **state)
{
    (void)state;
    static const double rhos[] = {0, 0.6};
    print_message("# seeds 5000 to 5399\n");
    int alarms = 0;
    for (uint64_t s = 5000; s < 5400; s++) {
        seed(s);
        struct segment_options options = defaults;
        options.floor = options.effect = 0;
        double x[500], rho = rhos[s % 2], noise = normal();
        for (size_t i = 0; i < 500; i++) {
            noise = rho * noise + sqrt(1 - rho * rho) * normal();
            x[i] = 50 + 5 * noise;
        }
        struct change c[10];
        alarms += segment_changes(x, 500, &options, c, 10) > 0;
    }
    print_message("# %d of 400 quiet series with a change\n", alarms);
    assert_true(alarms <= 4);
}

static void noise_ar(double *x, size_t n, double rho)
{
    double value = normal();
    for (size_t i = 0; i < n; i++) {
        x[i] = 100 + value;
        value = rho * value + sqrt(1 - rho * rho) * normal();
    }
}

/* Short series tell little of their correlation, yet noise that is correlated may not pass for a
 * step, and a clear step has to be found: p <= 5 % at most 1.1 times as often as it says, rho up to
 * .6. */
static void test_short(void **state)
{
    (void)state;
    enum { ROUNDS = 2000 };
    static const size_t lengths[] = {20, 30, 50};
    /* Of steps of 4 deviations, %, without correlation and with rho .3. */
    static const int least[3][2] = {{70, 50}, {95, 78}, {99, 97}};
    double x[50];
    for (int k = 0; k < 3; k++) {
        struct segment_options options = defaults;
        options.floor = options.effect = 0;
        options.alpha = 0.05;
        int alarms = 0, found[2] = {0, 0};
        seed(23);
        for (int s = 0; s < ROUNDS; s++) {
            noise_ar(x, lengths[k], 0.6);
            alarms += segment_changes(x, lengths[k], &options, NULL, 0) > 0;
        }
        for (int s = 0; s < 2 * ROUNDS; s++) {
            noise_ar(x, lengths[k], s % 2 ? 0.3 : 0);
            for (size_t i = lengths[k] / 2; i < lengths[k]; i++)
                x[i] += 4;
            options.alpha = defaults.alpha;
            found[s % 2] += segment_changes(x, lengths[k], &options, NULL, 0) > 0;
        }
        print_message("# n %zu: %d alarms of %d at 5 %%, %d and %d steps found\n", lengths[k],
                      alarms, ROUNDS, found[0], found[1]);
        assert_true(alarms <= ROUNDS * 55 / 1000);
        assert_true(found[0] >= ROUNDS / 100 * least[k][0]);
        assert_true(found[1] >= ROUNDS / 100 * least[k][1]);
    }
}

/* The longer a series, the further apart are the quietest and the noisiest of its windows: that
 * alone is no change of noise. */
static void test_noise_constant(void **state)
{
    (void)state;
    enum { ROUNDS = 40, N = 5000 };
    static double x[N], scale[N], scratch[2 * N + LOCAL_NOISE_POINTS];
    int varying = 0;
    seed(29);
    for (int s = 0; s < ROUNDS; s++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = 100 + normal();
            scale[i] = 1;
        }
        noise_local(x, N, 0, scale, scratch);
        varying += scale[0] < 1 || scale[0] > 1;
    }
    assert_true(varying <= 2);
    for (size_t i = 0; i < N; i++) {
        x[i] = 100 + normal() * (i < N / 2 ? 0.5 : 2);
        scale[i] = 1;
    }
    noise_local(x, N, 0, scale, scratch);
    assert_true(scale[N - 100] > 1.8 * scale[100]);
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

/* Three equal values do not prove that a side has no noise: its p is that of the series' noise. */
static void test_few_equal_values(void **state)
{
    (void)state;
    struct segment_options options = {.method = METHOD_L2, .shortest = 3, .alpha = 1};
    double x[60];
    seed(17);
    for (size_t i = 0; i < 60; i++)
        x[i] = i < 20 ? 100 + normal() : 106 + 1.3 * normal();
    for (size_t i = 57; i < 60; i++)
        x[i] = 116;
    struct change c[5];
    assert_int_equal(segment_changes(x, 60, &options, c, 5), 2);
    assert_int_equal(c[1].index, 57);
    assert_true(c[1].p > 1e-16 && c[1].p < 1e-3);
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

static void test_noise_of_differences(void **state)
{
    (void)state;
    static double x[LENGTH_MAX], scratch[LENGTH_MAX], factor[LENGTH_MAX];
    struct noise noise = noise_of_differences(x, NULL, 0, scratch);
    assert_true(noise.sigma == 0 && noise.rho == 0);
    noise = noise_of_differences(x, NULL, 1, scratch);
    assert_true(noise.sigma == 0 && noise.rho == 0);
    for (size_t i = 0; i < 50; i++)
        x[i] = 0.3;
    assert_true(noise_of_differences(x, NULL, 50, scratch).sigma == 0);
    x[2] = 1.3; /* most differences are 0: the mean |difference|, 2 of 49 */
    noise = noise_of_differences(x, NULL, 50, scratch);
    assert_true(fabs(noise.sigma - 2.0 / 49 * 0.886226925452758) < 1e-15 && noise.rho == 0);

    static const double rhos[] = {0, 0.2, 0.4, 0.8};
    for (int k = 0; k < 4; k++) {
        seed(31 + (uint64_t)k);
        double value = normal(), rho = rhos[k];
        for (size_t i = 0; i < LENGTH_MAX; i++) {
            value = rho * value + sqrt(1 - rho * rho) * normal();
            x[i] = 7 * value + (i >= 9000 ? 1e4 : 0); /* a step moves nothing */
        }
        noise = noise_of_differences(x, NULL, LENGTH_MAX, scratch);
        if (k < 3) {
            assert_true(fabs(noise.rho - rho) < 0.06);
            assert_true(fabs(noise.sigma / 7 - 1) < 0.06);
        } else {
            assert_true(noise.rho == 0.5); /* the cap */
        }
        /* Around the level that is known it is measured, not guessed. */
        const size_t start[] = {0, 9000};
        for (size_t i = 9000; i < LENGTH_MAX; i++)
            x[i] -= 1e4;
        noise = noise_of_residuals(x, NULL, LENGTH_MAX, start, 2, 0.9, scratch);
        assert_true(fabs(noise.rho - rho) < 0.03 && fabs(noise.sigma / 7 - 1) < 0.04);
    }
    /* Noise as a share of a level that falls by a factor of 10. */
    for (size_t i = 0; i < LENGTH_MAX; i++)
        x[i] = (i < 12000 ? 1000 : 100) * (1 + 0.02 * normal());
    noise_levels(x, LENGTH_MAX, factor, scratch);
    noise = noise_of_differences(x, factor, LENGTH_MAX, scratch);
    assert_true(fabs(factor[6000] - 1) < 0.1 && fabs(factor[15000] - 0.1) < 0.01);
    assert_true(fabs(noise.sigma - 20) < 1 && noise.rho < 0.05);
    assert_true(noise_worth((struct noise){2, 0.5}, 30) == 10);
    assert_true(noise_long_run((struct noise){2, 0.5}) == 12);
}

/* Noise that grows by a factor of 5 is followed; constant noise gives factors of 1. */
static void test_noise_local(void **state)
{
    (void)state;
    enum { N = 3000 };
    static double x[N], scale[N], scratch[2 * N + LOCAL_NOISE_POINTS];
    seed(77);
    for (int varies = 0; varies < 2; varies++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = 100 + (varies && i >= 2000 ? 5 : 1) * normal();
            scale[i] = 1;
        }
        noise_local(x, N, 0, scale, scratch);
        for (size_t i = 0; i < N; i++) {
            if (!varies) assert_true(scale[i] == 1);
            if (varies && i < 1960) assert_true(scale[i] >= 0.7 && scale[i] < 1.6);
            if (varies && i > 2040) assert_true(scale[i] > 2.5 && scale[i] < 7);
        }
    }
}

/* -- shapes ------------------------------------------------------------------------------------ */

static void test_drift(void **state)
{
    (void)state;
    for (uint64_t s = 900; s < 930; s++) {
        seed(s);
        double x[300];
        for (size_t i = 0; i < 300; i++)
            x[i] = 100 + (i < 100 ? 0 : i < 220 ? 0.25 * (double)(i - 100) : 30) + normal();
        struct change c[10];
        assert_int_equal(segment_changes(x, 300, &defaults, c, 10), 1);
        assert_int_equal(c[0].kind, CHANGE_DRIFT);
        assert_true(c[0].index > 75 && c[0].index < 130 && c[0].end > 190 && c[0].end < 245);
        assert_true(fabs(c[0].before - 100) < 2.5 && fabs(c[0].after - 130) < 2.5);
    }
}

/* -- p ----------------------------------------------------------------------------------------- */

/* The largest |z| of all splits of independent values, against its p. */
static void test_largest_p(void **state)
{
    (void)state;
    enum { ROUNDS = 4000 };
    static const size_t lengths[] = {20, 100, 400};
    print_message("# seeds 7000 to 7002\n");
    for (int k = 0; k < 3; k++) {
        size_t n = lengths[k];
        seed(7000 + (uint64_t)k);
        int below[2] = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            double sum = 0, most = 0, part[400];
            for (size_t i = 0; i < n; i++)
                part[i] = sum += normal();
            for (size_t t = 1; t < n; t++) {
                double left = (double)t, all = (double)n;
                double z = fabs(part[t - 1] - sum * left / all) / sqrt(left * (all - left) / all);
                if (z > most) most = z;
            }
            double p = judge_largest_p(most, (double)n);
            below[0] += p <= 0.05;
            below[1] += p <= 0.01;
        }
        /* 5 % and 1 % of 4,000, and 1.1 times that with three deviations of luck. */
        assert_true(below[0] > 120 && below[0] < 220 + 42);
        assert_true(below[1] > 12 && below[1] < 44 + 19);
    }
    assert_true(judge_largest_p(0, 100) == 1 && judge_largest_p(60, 100) < 1e-300);
}

/* The largest |z| of all segments against what is around them, against its p. */
static void test_largest_segment_p(void **state)
{
    (void)state;
    enum { ROUNDS = 2000, LEAST = 3 };
    static const size_t lengths[] = {20, 100};
    print_message("# seeds 7100 and 7101\n");
    for (int k = 0; k < 2; k++) {
        size_t n = lengths[k];
        seed(7100 + (uint64_t)k);
        int below[2] = {0, 0};
        for (int round = 0; round < ROUNDS; round++) {
            double most = 0, part[101] = {0}, all = (double)n;
            for (size_t i = 0; i < n; i++)
                part[i + 1] = part[i] + normal();
            for (size_t from = 0; from < n; from++)
                for (size_t end = from + LEAST; end <= n && end - from <= n - LEAST; end++) {
                    double length = (double)(end - from);
                    double d = part[end] - part[from] - length * part[n] / all;
                    most = fmax(most, d * d / (length * (1 - length / all)));
                }
            double p = judge_largest_segment_p(sqrt(most), (double)n, LEAST);
            below[0] += p <= 0.05;
            below[1] += p <= 0.01;
        }
        /* 5 % and 1 % of 2,000, and 1.1 times that with three deviations of luck. */
        assert_true(below[0] > 60 && below[0] < 110 + 31);
        assert_true(below[1] > 6 && below[1] < 22 + 14);
    }
    assert_true(judge_largest_segment_p(0, 100, 3) == 1 &&
                judge_largest_segment_p(60, 100, 3) < 1e-300);
}

/* Some points of another level in a quiet series are told where noise hardly makes them, and not
 * where it does now and then: both ends of them were searched for. */
static void test_there_and_back(void **state)
{
    (void)state;
    enum { N = 600, ROUNDS = 60 };
    print_message("# seeds 7200 to 7259\n");
    unsigned low = 0, high = 0, step = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        static double x[N], y[N];
        struct change found[8];
        struct segment_options options = segment_methods[METHOD_FPOP].defaults;
        options.floor = options.effect = 0;
        for (int kind = 0; kind < 3; kind++) {
            seed(7200 + round);
            for (size_t i = 0; i < N; i++) {
                bool there = i >= 300 && (kind == 2 || i < 312);
                x[i] = 100 + normal() + (there ? (kind == 0 ? 1.2 : 3) : 0);
                y[i] = -x[i];
            }
            int count = segment_changes(x, N, &options, found, 8);
            assert_int_equal(segment_changes(y, N, &options, NULL, 0), count);
            if (kind == 0) low += count > 0;
            if (kind == 1) high += count == 2;
            if (kind == 2) step += count == 1;
        }
    }
    assert_true(low < ROUNDS / 2 && high > ROUNDS * 9 / 10 && step > ROUNDS * 9 / 10);
}

/* Whatever the unit: squares of the values need not be numbers. */
static void test_far_scales(void **state)
{
    (void)state;
    enum { N = 300 };
    print_message("# seed 7300\n");
    static double x[N], y[N];
    struct change one[4], found[4];
    for (int m = 0; m < METHOD_COUNT; m++) {
        struct segment_options options = segment_methods[m].defaults;
        seed(7300);
        for (size_t i = 0; i < N; i++)
            x[i] = 100 + normal() + (i >= 150 ? 12 : 0);
        int count = segment_changes(x, N, &options, one, 4);
        assert_int_equal(count, 1);
        for (int exponent = -1020; exponent <= 1010; exponent += 29) {
            for (size_t i = 0; i < N; i++)
                y[i] = ldexp(exponent % 2 ? -x[i] : x[i], exponent);
            assert_int_equal(segment_changes(y, N, &options, found, 4), 1);
            assert_int_equal(found[0].index, one[0].index);
            assert_true(fabs(ldexp(found[0].after, -exponent)) / one[0].after > 1 - 1e-9 &&
                        fabs(ldexp(found[0].after, -exponent)) / one[0].after < 1 + 1e-9);
        }
    }
    /* One value beyond all others hides no step of theirs. */
    struct segment_options options = segment_methods[METHOD_FPOP].defaults;
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < N; i++)
            y[i] = ldexp(x[i], -600);
        y[40] = sign * 1e300;
        assert_int_equal(segment_changes(y, N, &options, found, 4), 1);
        assert_int_equal(found[0].index, one[0].index);
    }
    for (size_t i = 0; i < N; i++)
        y[i] = i % 2 ? 1.7e308 : -1.7e308;
    assert_int_equal(segment_changes(y, N, &options, found, 4), 0);
}

/* The true place lies in the interval in 95 of 100 cases or more. */
static void test_interval(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    int held = 0, found = 0;
    for (uint64_t s = 0; s < ROUNDS; s++) {
        seed(40000 + s);
        double x[120];
        for (size_t i = 0; i < 120; i++)
            x[i] = (i < 50 ? 100 : 102) + normal();
        struct segment_options options = defaults;
        options.floor = options.effect = 0;
        struct change c[10];
        if (segment_changes(x, 120, &options, c, 10) != 1) continue;
        found++;
        held += c[0].earliest <= 50 && 50 <= c[0].latest;
        assert_true(c[0].earliest <= c[0].index && c[0].index <= c[0].latest);
    }
    print_message("# %d of %d intervals hold the change\n", held, found);
    assert_true(found > ROUNDS * 9 / 10 && held >= found * 93 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noise_of_differences),
        cmocka_unit_test(test_noise_local),
        cmocka_unit_test(test_invariant),
        cmocka_unit_test(test_clear_steps),
        cmocka_unit_test(test_outlier_region),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_noise_constant),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_few_equal_values),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_largest_p),
        cmocka_unit_test(test_largest_segment_p),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_far_scales),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
