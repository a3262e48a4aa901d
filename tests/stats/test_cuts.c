/* test_cuts.c -- each way to find change points, against a naive one: exact segmentation against
 * dynamic programming, the energy statistic against its definition, asv's steps against what asv
 * itself gave (data/asv_steps.def). Random series come from the seeds that are printed. */
#include "../../query/stats/energy.h"
#include "../../query/stats/fpop.h"
#include "../../query/stats/perfherder.h"
#include "../../query/stats/quiet.h"
#include "../../query/stats/rank.h"
#include "../../query/stats/squares.h"
#include "../../query/stats/steps.h"
#include "series.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 160 };

/* -- dynamic programming ----------------------------------------------------------------------- */

struct series {
    double x[MOST], scale[MOST];
    size_t n, shortest;
    double k, beta;
};

static double cost_squares(const struct series *s, size_t from, size_t to)
{
    double mean = 0, cost = 0;
    for (size_t i = from; i < to; i++)
        mean += s->x[i] / (double)(to - from);
    for (size_t i = from; i < to; i++)
        cost += (s->x[i] - mean) * (s->x[i] - mean);
    return cost;
}

static double bounded_at(const struct series *s, size_t from, size_t to, double level)
{
    double cost = 0;
    for (size_t i = from; i < to; i++) {
        double z = (s->x[i] - level) / s->scale[i];
        cost += fmin(z * z, s->k * s->k);
    }
    return cost;
}

/* The least bounded loss: at the weighted mean of some set of points, which is found between the
 * places where the loss bends. */
static double cost_bounded(const struct series *s, size_t from, size_t to)
{
    double bends[2 * MOST + 2], least = bounded_at(s, from, to, s->x[from]);
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        bends[count++] = s->x[i] - s->k * s->scale[i];
        bends[count++] = s->x[i] + s->k * s->scale[i];
    }
    for (size_t b = 0; b < count; b++) {
        for (int side = -1; side <= 1; side += 2) {
            double at = bends[b] + side * 1e-9, weights = 0, sum = 0;
            for (size_t i = from; i < to; i++) {
                if (fabs(s->x[i] - at) >= s->k * s->scale[i]) continue;
                double weight = 1 / (s->scale[i] * s->scale[i]);
                weights += weight;
                sum += weight * s->x[i];
            }
            if (weights > 0) least = fmin(least, bounded_at(s, from, to, sum / weights));
        }
    }
    return least;
}

static double cost_ranks(const struct series *s, size_t from, size_t to)
{
    return rank_cost(s->x, s->n, from, to);
}

/* The least cost of all segmentations, every one of them weighed. */
static double reference(const struct series *s,
                        double (*cost)(const struct series *s, size_t from, size_t to))
{
    double best[MOST + 1];
    best[0] = -s->beta;
    for (size_t t = 1; t <= s->n; t++) {
        best[t] = (double)INFINITY;
        for (size_t from = 0; from + s->shortest <= t; from++)
            if (isfinite(best[from]))
                best[t] = fmin(best[t], best[from] + s->beta + cost(s, from, t));
    }
    return best[s->n];
}

/* The cost of the segmentation that `last` leads back to. */
static double cost_of(const struct series *s, const size_t *last, size_t *changes,
                      double (*cost)(const struct series *s, size_t from, size_t to))
{
    double sum = -s->beta;
    for (size_t end = s->n; end > 0; end = last[end]) {
        assert_true(last[end] + s->shortest <= end);
        sum += s->beta + cost(s, last[end], end);
        *changes += last[end] > 0;
    }
    return sum;
}

static void make(struct series *s, uint64_t number)
{
    seed(number);
    s->n = 6 + (size_t)(uniform() * 100);
    random_series(s->x, s->n, (int)(number % 4));
    bool even = uniform() < 0.5;
    for (size_t i = 0; i < s->n; i++)
        s->scale[i] = even ? 1 : 0.7 + 2 * uniform();
    s->k = 1 + 4 * uniform();
    s->shortest = 1;
    s->beta = 0.5 + 25 * uniform();
}

static void test_fpop(void **state)
{
    (void)state;
    print_message("# seeds 1000 to 1079\n");
    size_t changes = 0, last[MOST + 1];
    for (uint64_t number = 1000; number < 1080; number++) {
        struct series s;
        make(&s, number);
        assert_int_equal(fpop_biweight(s.x, s.scale, s.n, s.k, s.beta, last), 0);
        double least = reference(&s, cost_bounded),
               found = cost_of(&s, last, &changes, cost_bounded);
        assert_true(fabs(found - least) <= 1e-6 * (1 + fabs(least)));
        /* A series far away from 0 loses nothing. */
        size_t moved[MOST + 1];
        for (size_t i = 0; i < s.n; i++)
            s.x[i] += 1048576;
        assert_int_equal(fpop_biweight(s.x, s.scale, s.n, s.k, s.beta, moved), 0);
        size_t more = 0;
        found = cost_of(&s, moved, &more, cost_bounded);
        assert_true(fabs(found - least) <= 1e-6 * (1 + fabs(least)));
    }
    assert_true(changes > 120);
}

static void test_fpop_edges(void **state)
{
    (void)state;
    double x[200];
    size_t last[201];
    for (size_t i = 0; i < 200; i++)
        x[i] = 5;
    for (size_t n = 1; n <= 200; n++) {
        assert_int_equal(fpop_biweight(x, NULL, n, 3, 10, last), 0);
        assert_int_equal(last[n], 0);
    }
    /* Outliers cost k^2 each, however far: ten apart stay, three together are cheaper as a
     * level. */
    for (size_t i = 0; i < 200; i += 20)
        x[i] = 1e9;
    assert_int_equal(fpop_biweight(x, NULL, 200, 3, 10, last), 0);
    assert_int_equal(last[200], 0);
    x[61] = x[62] = 1e9;
    assert_int_equal(fpop_biweight(x, NULL, 200, 3, 10, last), 0);
    assert_int_equal(last[200], 63);
    assert_int_equal(last[63], 60);
    assert_int_equal(last[60], 0);
}

/* -- quiet series ------------------------------------------------------------------------------ */

/* The least beta at which fpop finds no change, within so much. */
static double beta_without_change(const double *x, const double *scale, size_t n, double k,
                                  size_t *last)
{
    double low = 0, high = 1;
    while (fpop_biweight(x, scale, n, k, high, last) == 0 && last[n] > 0)
        high *= 2;
    for (int i = 0; i < 40; i++) {
        double middle = 0.5 * (low + high);
        assert_int_equal(fpop_biweight(x, scale, n, k, middle, last), 0);
        if (last[n] > 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

typedef bool certain_fn(const double *y, const double *scale, size_t n, double k, double beta,
                        double centre, double *scratch);
static certain_fn *const kernels[] = {quiet_certain, quiet_certain_portable};

/* What is certain is true, up to the last beta at which there is a change; well above it, it is
 * found to be certain. */
static void test_quiet(void **state)
{
    (void)state;
    print_message("# seeds 6000 to 6299\n");
    unsigned certain[2] = {0, 0}, rounds = 300;
    size_t last[MOST + 1];
    double scratch[2 * MOST];
    for (uint64_t number = 6000; number < 6000 + rounds; number++) {
        struct series s;
        make(&s, number);
        const double *scale = number % 3 ? s.scale : NULL;
        double centre = s.x[(size_t)(uniform() * (double)s.n)];
        double least = beta_without_change(s.x, scale, s.n, s.k, last);
        for (int kernel = 0; kernel < 2; kernel++) {
            for (double share = 0.5; share < 1; share = share < 0.99 ? share + 0.1 : 1) {
                double beta = least * (share > 0.85 ? 1 - 1e-9 : share);
                assert_false(kernels[kernel](s.x, scale, s.n, s.k, beta, centre, scratch));
            }
            certain[kernel] +=
                kernels[kernel](s.x, scale, s.n, s.k, 1.5 * least + 3, centre, scratch);
        }
    }
    print_message("# %u and %u of %u series certain at 1.5 times that beta\n", certain[0],
                  certain[1], rounds);
    assert_true(certain[0] > rounds / 3 && certain[1] > rounds / 3);
}

/* Noise around 100; a copy is made of it. */
static void check_long(certain_fn *certain, const double *noise, size_t count, double *scratch)
{
    double *x = malloc(count * sizeof *x), beta = 2 * log((double)count);
    assert_true(x != NULL);
    memcpy(x, noise, count * sizeof *x);
    for (size_t n = 1; n <= count; n = n * 5 / 2 + 1)
        assert_true(certain(x, NULL, n, 3, beta, 100.5, scratch));
    for (size_t i = 0; i < count; i += 500)
        x[i] += 1e9;
    assert_true(certain(x, NULL, count, 3, beta, 100, scratch));
    for (size_t i = 9000; i < 9005; i++) /* 45 as outliers, two changes as a level */
        x[i] = 1e9;
    assert_false(certain(x, NULL, count, 3, beta, 100, scratch));
    assert_true(certain(x, NULL, 9000, 3, beta, 100, scratch));
    for (size_t i = 7000; i < count; i++)
        x[i] += 0.2;
    assert_false(certain(x, NULL, 9000, 3, beta, 100, scratch));
    x[100] = (double)INFINITY;
    assert_false(certain(x, NULL, 500, 3, beta, 100, scratch));
    free(x);
}

/* Long series, which are looked at in double precision, and what the limits are: a step, two
 * outliers, values that are not finite. */
static void test_quiet_long(void **state)
{
    (void)state;
    enum { N = 20000 };
    double *x = malloc(N * sizeof *x), *scratch = malloc(2 * N * sizeof *scratch);
    assert_true(x && scratch);
    seed(6500);
    for (size_t i = 0; i < N; i++)
        x[i] = 100 + normal();
    for (int kernel = 0; kernel < 2; kernel++)
        check_long(kernels[kernel], x, N, scratch);
    free(x);
    free(scratch);
}

static void test_squares(void **state)
{
    (void)state;
    print_message("# seeds 2000 to 2299\n");
    size_t changes = 0, last[MOST + 1];
    double best[MOST + 1];
    for (uint64_t number = 2000; number < 2300; number++) {
        struct series s;
        make(&s, number);
        s.shortest = 1 + (size_t)(uniform() * 5);
        assert_int_equal(squares_segment(s.x, s.n, s.shortest, s.beta, best, last), 0);
        double least = reference(&s, cost_squares),
               found = cost_of(&s, last, &changes, cost_squares);
        assert_true(fabs(found - least) <= 1e-9 * (1 + fabs(least)));
        assert_true(fabs(best[s.n] - least) <= 1e-9 * (1 + fabs(least)));
    }
    assert_true(changes > 500);
}

static void test_rank(void **state)
{
    (void)state;
    print_message("# seeds 3000 to 3059\n");
    size_t changes = 0, cuts[MOST + 1];
    for (uint64_t number = 3000; number < 3060; number++) {
        struct series s;
        make(&s, number);
        s.n = s.n > 60 ? 60 : s.n;
        s.shortest = 1 + (size_t)(uniform() * 4);
        s.beta = 3 * log((double)s.n);
        int count = rank_cuts(s.x, s.n, s.shortest, 1, cuts);
        assert_true(count >= 0);
        double found = -s.beta;
        for (int i = 0; i <= count; i++) {
            size_t from = i > 0 ? cuts[i - 1] : 0, to = i < count ? cuts[i] : s.n;
            assert_true(to >= from + s.shortest);
            found += s.beta + cost_ranks(&s, from, to);
        }
        changes += (size_t)count;
        double least = reference(&s, cost_ranks);
        assert_true(fabs(found - least) <= 1e-9 * (1 + fabs(least)));
    }
    assert_true(changes > 40);
    /* Longer than a block: the same changes, each once. */
    enum { LONG = 9000 };
    double *x = malloc(LONG * sizeof *x);
    size_t *many = malloc(LONG * sizeof *many);
    assert_true(x && many);
    seed(5);
    for (size_t i = 0; i < LONG; i++)
        x[i] = (i / 1500) % 2 ? 110 + normal() : 100 + normal();
    assert_int_equal(rank_cuts(x, LONG, 3, 1, many), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(many[i], (i + 1) * 1500);
    free(x);
    free(many);
}

/* -- the energy statistic ---------------------------------------------------------------------- */

static double pair_sum(const double *a, size_t count_a, const double *b, size_t count_b)
{
    double sum = 0;
    for (size_t i = 0; i < count_a; i++)
        for (size_t k = 0; k < count_b; k++)
            sum += fabs(a[i] - b[k]);
    return sum;
}

static void test_energy(void **state)
{
    (void)state;
    print_message("# seeds 4000 to 4059\n");
    for (uint64_t number = 4000; number < 4060; number++) {
        struct series s;
        make(&s, number);
        double q[MOST + 1], n = (double)s.n;
        assert_int_equal(energy_splits(s.x, s.n, q), 0);
        for (size_t t = 1; t < s.n; t++) {
            double k = (double)t, m = n - k;
            double expected = 2 / n * pair_sum(s.x, t, s.x + t, s.n - t);
            if (t > 1) expected -= m / n / (k - 1) * pair_sum(s.x, t, s.x, t);
            if (s.n - t > 1)
                expected -= k / n / (m - 1) * pair_sum(s.x + t, s.n - t, s.x + t, s.n - t);
            assert_true(fabs(q[t] - expected) <= 1e-9 * (1 + fabs(expected)));
        }
    }
    double x[400];
    size_t cuts[400];
    seed(9);
    for (size_t i = 0; i < 400; i++)
        x[i] = (i < 130 ? 100 : i < 300 ? 110 : 104) + normal();
    assert_int_equal(energy_cuts(x, 400, 1, 1e-9, cuts), 2);
    assert_int_equal(cuts[0], 130);
    assert_int_equal(cuts[1], 300);
    /* No side is shorter than asked for. */
    for (size_t shortest = 2; shortest < 8; shortest++) {
        int count = energy_cuts(x, 131 + shortest - 2, shortest, 0.001, cuts);
        for (int i = 0; i < count; i++)
            assert_true(cuts[i] >= shortest && cuts[i] + shortest <= 131 + shortest - 2);
    }
    assert_int_equal(energy_cuts(x, 1, 1, 0.001, cuts), 0);
    assert_int_equal(energy_cuts(x, 0, 1, 0.001, cuts), 0);
}

/* -- others' methods --------------------------------------------------------------------------- */

struct asv_vector {
    const char *name;
    const double *y;
    size_t n, steps;
    const size_t *starts;
    const double *medians;
};

#include "data/asv_steps.def"

static void test_asv_steps(void **state)
{
    (void)state;
    size_t cuts[MOST];
    for (size_t v = 0; v < sizeof asv_vectors / sizeof *asv_vectors; v++) {
        const struct asv_vector *vector = &asv_vectors[v];
        int count = steps_cuts(vector->y, NULL, vector->n, cuts);
        assert_int_equal(count + 1, vector->steps);
        for (size_t i = 0; i < vector->steps; i++) {
            size_t from = i > 0 ? cuts[i - 1] : 0, to = (int)i < count ? cuts[i] : vector->n;
            assert_int_equal(from, vector->starts[i]);
            assert_true(steps_median(vector->y + from, NULL, to - from) == vector->medians[i]);
        }
    }
    /* Weights: half of the weight on each side, the mean of the two in the middle. */
    assert_true(steps_median((double[]){1, 2, 3, 4}, (double[]){3, 1, 1, 1}, 4) == 1.5);
    assert_true(steps_median((double[]){4, 2, 1}, (double[]){1, 1, 5}, 3) == 1);
    /* Equal weights change nothing. */
    double y[100], w[100];
    size_t other[100];
    seed(12);
    for (size_t i = 0; i < 100; i++) {
        y[i] = (i < 40 ? 10 : 12) + 0.1 * normal();
        w[i] = 1;
    }
    assert_int_equal(steps_cuts(y, NULL, 100, cuts), 1);
    assert_int_equal(cuts[0], 40);
    assert_int_equal(steps_cuts(y, w, 100, other), 1);
    assert_int_equal(other[0], 40);
    assert_int_equal(steps_cuts(y, NULL, 1, cuts), 0);
}

static void test_perfherder(void **state)
{
    (void)state;
    double x[100];
    size_t cuts[100];
    seed(21);
    for (size_t i = 0; i < 100; i++)
        x[i] = (i < 50 ? 100 : 110) + normal();
    assert_int_equal(perfherder_cuts(x, 100, 12, cuts), 1);
    assert_int_equal(cuts[0], 50);
    /* The last 12 points cannot be judged, nor the first 12. */
    assert_int_equal(perfherder_cuts(x, 61, 12, cuts), 0);
    assert_int_equal(perfherder_cuts(x, 62, 12, cuts), 1);
    assert_int_equal(perfherder_cuts(x + 39, 50, 12, cuts), 0);
    assert_int_equal(perfherder_cuts(x, 0, 12, cuts), 0);
    /* No spread at all: t is infinite at the step alone. */
    for (size_t i = 0; i < 100; i++)
        x[i] = i < 50 ? 1 : 2;
    assert_int_equal(perfherder_cuts(x, 100, 12, cuts), 1);
    assert_int_equal(cuts[0], 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fpop),       cmocka_unit_test(test_fpop_edges),
        cmocka_unit_test(test_quiet),      cmocka_unit_test(test_quiet_long),
        cmocka_unit_test(test_squares),    cmocka_unit_test(test_rank),
        cmocka_unit_test(test_energy),     cmocka_unit_test(test_asv_steps),
        cmocka_unit_test(test_perfherder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
