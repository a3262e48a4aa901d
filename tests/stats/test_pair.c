/* test_pair.c -- two samples: reference vectors (data/pairs.tsv by scipy and by counting, data of
 * benchstat), invariance, calibration under no change, verdicts. */
#include "../../query/stats/dist.h"
#include "../../query/stats/pair.h"
#include "../../query/stats/sample.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 512 };

struct vector {
    char kind[16];
    double x[VALUES_MAX], y[VALUES_MAX], expected[VALUES_MAX];
    size_t nx, ny, count;
};

static size_t read_list(char **at, double *values)
{
    size_t count = 0;
    while (**at && **at != '\t' && **at != '\n') {
        char *end;
        values[count++] = strtod(*at, &end);
        assert_true(end > *at && count < VALUES_MAX);
        *at = *end == ',' ? end + 1 : end;
    }
    if (**at == '\t') (*at)++;
    return count;
}

/* Calls check() on each line of a file of tests/stats/data. */
static void each(const char *path, int least, void (*check)(const struct vector *))
{
    static struct vector v;
    static char line[32768];
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s: cannot be read (tests run from the root of the sources)", path);
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') continue;
        char *at = strchr(line, '\t');
        snprintf(v.kind, sizeof v.kind, "%.*s", (int)(at - line), line);
        at++;
        v.nx = read_list(&at, v.x);
        v.ny = read_list(&at, v.y);
        v.count = 0;
        while (*at && *at != '\n')
            v.count += read_list(&at, v.expected + v.count);
        check(&v);
        rows++;
    }
    fclose(file);
    assert_true(rows >= least);
}

static void near(const char *what, double value, double expected, double tolerance)
{
    if (isinf(expected) && value == expected) return;
    if (!(fabs(value - expected) <= tolerance * fmax(fabs(expected), 1e-300)))
        fail_msg("%s: %.17g, expected %.17g", what, value, expected);
}

static void check_vector(const struct vector *v)
{
    struct rank_test rank;
    struct rank_shift shift;
    double value, p, q[VALUES_MAX];
    if (strncmp(v->kind, "rank", 4) == 0) {
        assert_int_equal(rank_test(v->x, v->nx, v->y, v->ny, &rank), 0);
        near("U", rank.u, v->expected[0], 1e-15);
        near(v->kind, rank.p, v->expected[1], 1e-12);
        /* Exchanged samples have the other U and the same p. */
        struct rank_test other;
        assert_int_equal(rank_test(v->y, v->ny, v->x, v->nx, &other), 0);
        near("U", other.u, (double)(v->nx * v->ny) - rank.u, 1e-15);
        near("exchanged", other.p, rank.p, 1e-12);
        near("sides", other.p_less, rank.p_greater, 1e-12);
    } else if (strncmp(v->kind, "ks", 2) == 0) {
        assert_int_equal(ks_test(v->x, v->nx, v->y, v->ny, &value, &p), 0);
        near("distance", value, v->expected[0], 1e-12);
        near(v->kind, p, v->expected[1], 1e-10);
    } else if (strcmp(v->kind, "welch") == 0) {
        near("welch", welch_p(v->x, v->nx, v->y, v->ny, &value), v->expected[0], 1e-11);
        near("df", value, v->expected[1], 1e-12);
    } else if (strcmp(v->kind, "shift") == 0) {
        assert_int_equal(rank_shift(v->x, v->nx, v->y, v->ny, 0.95, &shift), 0);
        near("shift", shift.shift, v->expected[0], 1e-12);
        near("low", shift.low, v->expected[1], 1e-15);
        near("high", shift.high, v->expected[2], 1e-15);
    } else {
        assert_string_equal(v->kind, "fdr");
        assert_int_equal(fdr_adjust(v->x, v->nx, q), 0);
        for (size_t i = 0; i < v->nx; i++)
            near("q", q[i], v->expected[i], 1e-12);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    each("tests/stats/data/pairs.tsv", 150, check_vector);
    each("tests/stats/data/benchstat.tsv", 8, check_vector);
}

static void test_median_ranks(void **state)
{
    (void)state;
    FILE *file = fopen("tests/stats/data/median_ranks.tsv", "r");
    char line[256];
    int rows = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        double asked, reached, actual;
        unsigned n, low, high;
        size_t l, h;
        if (line[0] == '#') continue;
        assert_int_equal(sscanf(line, "%lf %u %u %u %lf", &asked, &n, &low, &high, &reached), 5);
        median_ranks(n, asked, &l, &h, &actual);
        assert_int_equal(l, low);
        assert_int_equal(h, high);
        near("confidence", actual, reached, 1e-14);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 60);
    /* The approximation above 30 goes on where the exact ranks end. */
    size_t low, high;
    median_ranks(31, 0.95, &low, &high, NULL);
    assert_true(low == 10 && high == 22);
    median_ranks(1000, 0.95, &low, &high, NULL);
    assert_true(low == 469 && high == 532);
}

/* -- random samples ---------------------------------------------------------------------------- */

static uint64_t seed;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(seed >> 11) + 0.5) * 0x1p-53;
}

static void sample(double *x, size_t n, double mean, double sd)
{
    for (size_t i = 0; i < n; i++)
        x[i] = mean + sd * normal_quantile(uniform());
}

static const enum pair_method methods[] = {PAIR_RANKS, PAIR_WELCH, PAIR_BOOTSTRAP, PAIR_KS};

static struct pair compare(enum pair_method method, const double *x, size_t nx, const double *y,
                           size_t ny)
{
    struct pair_options options = {.method = method, .alpha = 0.05};
    struct pair pair;
    assert_int_equal(pair_compare(x, nx, y, ny, &options, &pair), 0);
    return pair;
}

/* A factor changes nothing; exchanged samples have the inverse ratio; a shift changes no p. */
static void test_invariance(void **state)
{
    (void)state;
    seed = 4;
    for (size_t m = 0; m < 4; m++) {
        for (int round = 0; round < 20; round++) {
            double x[12], y[12], x2[12], y2[12], x3[12], y3[12];
            size_t nx = 5 + (size_t)round % 7, ny = 5 + (size_t)round % 5;
            sample(x, nx, 100, 3);
            sample(y, ny, 100 + round % 6, 4);
            for (size_t i = 0; i < 12; i++) {
                x2[i] = x[i] * 1024, y2[i] = y[i] * 1024;
                x3[i] = x[i] + 4096, y3[i] = y[i] + 4096;
            }
            struct pair pair = compare(methods[m], x, nx, y, ny);
            struct pair scaled = compare(methods[m], x2, nx, y2, ny);
            near("scaled p", scaled.p, pair.p, 1e-9);
            near("scaled ratio", scaled.ratio, pair.ratio, 1e-14);
            near("scaled low", scaled.ratio_low, pair.ratio_low, 1e-9);
            assert_int_equal(scaled.verdict, pair.verdict);
            assert_true(pair.ratio_low <= pair.ratio && pair.ratio <= pair.ratio_high);
            if (methods[m] == PAIR_BOOTSTRAP) continue; /* other resamples */
            struct pair shifted = compare(methods[m], x3, nx, y3, ny);
            near("shifted p", shifted.p, pair.p, 1e-8);
            struct pair back = compare(methods[m], y, ny, x, nx);
            near("p of exchanged", back.p, pair.p, 1e-9);
            near("ratio of exchanged", back.ratio, 1 / pair.ratio, 1e-12);
            if (methods[m] != PAIR_WELCH) near("low", back.ratio_low, 1 / pair.ratio_high, 1e-9);
        }
    }
}

/* P(p <= alpha) without a change is at most alpha, and the interval holds 1 as often. */
static void test_calibration(void **state)
{
    (void)state;
    enum { TRIALS = 2000 };
    static const size_t sizes[][2] = {{5, 5}, {8, 13}, {20, 20}};
    seed = 20251122;
    for (size_t m = 0; m < 4; m++) {
        int trials = methods[m] == PAIR_BOOTSTRAP ? TRIALS / 10 : TRIALS;
        for (size_t s = 0; s < 3; s++) {
            int alarms = 0, outside = 0;
            for (int i = 0; i < trials; i++) {
                double x[20], y[20];
                sample(x, sizes[s][0], 100, 5);
                sample(y, sizes[s][1], 100, 5);
                struct pair pair = compare(methods[m], x, sizes[s][0], y, sizes[s][1]);
                alarms += pair.p <= 0.05;
                outside += !(pair.ratio_low <= 1 && 1 <= pair.ratio_high);
            }
            double rate = (double)alarms / trials, sd = sqrt(0.05 * 0.95 / trials);
            /* A percentile bootstrap of medians of few values is known to be too eager. */
            double most = methods[m] == PAIR_BOOTSTRAP ? 0.15 : 1.1 * 0.05 + 3 * sd;
            if (rate > most) fail_msg("method %zu: %g of quiet pairs alarm", m, rate);
            assert_true((double)outside / trials <= most);
        }
    }
}

/* -- verdicts ---------------------------------------------------------------------------------- */

static void test_verdicts(void **state)
{
    (void)state;
    const double x[] = {100, 101, 99, 100.5, 99.5, 100.2}, y[] = {110, 111, 109, 110.5, 109.5, 110};
    const double z[] = {100.1, 100.9, 99.2, 100.6, 99.4, 100.3},
                 wide[] = {70, 130, 100, 85, 118, 96};
    for (size_t m = 0; m < 4; m++) {
        struct pair pair = compare(methods[m], x, 6, y, 6);
        assert_int_equal(pair.verdict, PAIR_DIFFERENT);
        assert_true(pair.ratio_low > 1.07 && pair.ratio_high < 1.13);
        assert_int_equal(compare(methods[m], x, 6, z, 6).verdict, PAIR_SAME);
        pair = compare(methods[m], x, 6, wide, 6);
        assert_int_equal(pair.verdict, PAIR_NEED_MORE);
        assert_true(pair.needs > 6 && pair.needs < 100000);
        /* Too few values to tell anything; so many would do at least. */
        pair = compare(methods[m], x, 1, y, 1);
        assert_int_equal(pair.verdict, PAIR_NEED_MORE);
        assert_int_equal(pair.needs, 4);
        /* Deterministic counters. */
        assert_int_equal(compare(methods[m], x, 1, x, 1).verdict, PAIR_SAME);
        const double zero[] = {0, 0, 0, 0}, one[] = {1, 1, 1, 1};
        assert_int_equal(compare(methods[m], zero, 4, zero, 4).verdict, PAIR_SAME);
        pair = compare(methods[m], zero, 4, one, 4);
        assert_true(isnan(pair.ratio) && isnan(pair.ratio_low));
        pair = compare(methods[m], one, 4, zero, 4);
        assert_true(pair.ratio == 0);
    }
    /* A floor: different, but not by as much. */
    struct pair_options options = {.alpha = 0.05, .floor = 0.2};
    struct pair pair;
    assert_int_equal(pair_compare(x, 6, y, 6, &options, &pair), 0);
    assert_true(pair.p < 0.05);
    assert_int_equal(pair.verdict, PAIR_SAME);
    assert_int_equal(pair_compare(x, 0, y, 6, &options, &pair), -1);
    near("least p", rank_least_p(4, 4), 2.0 / 70, 1e-14);
    near("least p", rank_least_p(3, 3), 0.1, 1e-14);
}

/* The n that would do: with so many values of the same kind the verdict falls, mostly. */
static void test_needs(void **state)
{
    (void)state;
    enum { TRIALS = 100 };
    static double x[4000], y[4000];
    int asked = 0, settled = 0;
    seed = 7;
    for (int i = 0; i < TRIALS; i++) {
        sample(x, 6, 100, 8);
        sample(y, 6, 103, 8);
        struct pair pair = compare(PAIR_WELCH, x, 6, y, 6);
        if (pair.verdict != PAIR_NEED_MORE || pair.needs > 4000) continue;
        size_t more = pair.needs;
        sample(x, more, 100, 8);
        sample(y, more, 103, 8);
        asked++;
        settled += compare(PAIR_WELCH, x, more, y, more).verdict != PAIR_NEED_MORE;
    }
    assert_true(asked > TRIALS / 2);
    if (settled * 2 < asked) fail_msg("%d of %d settled", settled, asked);
}

/* Large samples take the approximations; the seams to the exact ways are small. */
static void test_seams(void **state)
{
    (void)state;
    static double x[200], y[200];
    seed = 11;
    sample(x, 200, 100, 5);
    sample(y, 200, 101, 5);
    struct rank_test exact, normal;
    assert_int_equal(rank_test(x, 50, y, 50, &exact), 0);
    assert_int_equal(rank_test(x, 50, y, 51, &normal), 0);
    assert_true(exact.exact && !normal.exact);
    assert_true(fabs(exact.p - normal.p) < 0.05);
    struct rank_shift near_limit, beyond;
    assert_int_equal(rank_shift(x, 50, y, 50, 0.95, &near_limit), 0);
    assert_int_equal(rank_shift(x, 50, y, 51, 0.95, &beyond), 0);
    assert_true(fabs(near_limit.low - beyond.low) < 0.5);
    assert_true(near_limit.low < near_limit.shift && near_limit.shift < near_limit.high);
    double distance, few, many;
    assert_int_equal(ks_test(x, 100, y, 100, &distance, &few), 0);
    assert_int_equal(ks_test(x, 101, y, 100, &distance, &many), 0);
    assert_true(fabs(few - many) < 0.1);
    /* All the same. */
    for (size_t i = 0; i < 200; i++)
        x[i] = 3;
    assert_int_equal(rank_test(x, 100, x, 100, &normal), 0);
    assert_true(normal.p == 1 && normal.u == 5000);
    assert_int_equal(ks_test(x, 150, x, 150, &distance, &few), 0);
    assert_true(distance == 0 && few == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),    cmocka_unit_test(test_median_ranks),
        cmocka_unit_test(test_invariance), cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_needs),
        cmocka_unit_test(test_seams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
