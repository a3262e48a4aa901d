/* test_model.c -- threshold models: the table, the goldens, flat and thin samples, scores and p.
 *
 * The goldens were computed with mpmath from the formulas of the manual. Where Bencher 0.6 has
 * another formula (lower limit of its log-normal, delta-iqr over values newest first) its numbers
 * are not ours; test_bencher has them. */
#include "../../query/stats/dist.h"
#include "../../query/stats/model.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

static const struct bound none = {BOUND_NONE, 0};

static struct bound probability(double p)
{
    return (struct bound){BOUND_PROBABILITY, p};
}
static struct bound deviations(double k)
{
    return (struct bound){BOUND_DEVIATIONS, k};
}
static struct bound fraction(double f)
{
    return (struct bound){BOUND_FRACTION, f};
}

static void near(double value, double expected)
{
    if (!(fabs(value - expected) <= 2e-14 * fmax(fabs(expected), 1)))
        fail_msg("%.17g, expected %.17g", value, expected);
}

static struct limits limits_of(enum model_kind kind, const double *x, size_t n, struct bound b)
{
    struct limits limits;
    assert_int_equal(model_limits(kind, x, n, b, b, &limits), 0);
    assert_int_equal(limits.n, n);
    return limits;
}

static void check(enum model_kind kind, const double *x, size_t n, struct bound b, double low,
                  double high)
{
    struct limits limits = limits_of(kind, x, n, b);
    near(limits.low, low);
    near(limits.high, high);
}

/* Ten values, oldest first. */
static const double ten[] = {100, 97, 103, 99.5, 100.5, 98, 102, 99, 101, 100};
static const double up[] = {1, 2, 3, 4, 5}, down[] = {5, 4, 3, 2, 1};

static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < (int)MODEL_COUNT; i++) {
        const struct model_row *row = &model_rows[i];
        assert_int_equal(model_find(row->name, strlen(row->name)), i);
        assert_true(strlen(row->text) > 0 && row->bounds != 0);
        struct limits limits;
        if (i == MODEL_MANN_WHITNEY) continue; /* by samples, without limits on a value */
        int status =
            model_limits((enum model_kind)i, ten, 10, deviations(3), deviations(3), &limits);
        assert_int_equal(status, 0);
        assert_int_equal(limits.n, 10);
        /* Limits come out exactly for the bounds that the table names. */
        static const struct bound all[] = {{BOUND_PROBABILITY, 0.9},
                                           {BOUND_DEVIATIONS, 2},
                                           {BOUND_FRACTION, 0.5},
                                           {BOUND_VALUE, 7}};
        for (size_t b = 0; b < 4; b++) {
            limits = limits_of((enum model_kind)i, ten, 10, all[b]);
            bool takes = (row->bounds & (unsigned)all[b].kind) != 0;
            assert_int_equal(!isnan(limits.low), takes);
            assert_int_equal(!isnan(limits.high), takes);
        }
    }
    assert_int_equal(model_find("t-test2", 6), MODEL_T_TEST);
    assert_int_equal(model_find("t-tes", 5), MODEL_COUNT);
    assert_int_equal(model_find("", 0), MODEL_COUNT);
    assert_int_equal(model_rows[MODEL_STATIC].needs, 0);
    assert_int_equal(model_rows[MODEL_T_TEST].needs, 5);
}

static void test_goldens_ten(void **state)
{
    (void)state;
    struct bound p99 = probability(0.99);
    struct limits z = limits_of(MODEL_Z_SCORE, ten, 10, p99);
    near(z.centre, 100);
    near(z.spread, 1.7795130420052185);
    check(MODEL_Z_SCORE, ten, 10, p99, 95.86023361790321, 104.13976638209679);
    check(MODEL_T_TEST, ten, 10, p99, 94.734155653905454, 105.26584434609455);
    check(MODEL_IQR, ten, 10, fraction(2), 96.5, 103.5);
    check(MODEL_PERCENTAGE, ten, 10, fraction(0.1), 90, 110);
    struct limits log_normal = limits_of(MODEL_LOG_NORMAL, ten, 10, p99);
    near(log_normal.centre, 99.985746110189993);
    near(log_normal.high, 104.21300078698594);
    /* e^(mu - z sigma) = centre^2 / high; Bencher mirrors the upper one: 95.758491433394045. */
    near(log_normal.low, 99.985746110189993 * 99.985746110189993 / 104.21300078698594);
    /* By the older value. Bencher, by the newer: 96.925220160206975 and 103.07477983979302. */
    check(MODEL_DELTA_IQR, ten, 10, fraction(2), 97.244287535549671, 102.75571246445033);
}

static void test_goldens_five(void **state)
{
    (void)state;
    struct bound p85 = probability(0.85);
    check(MODEL_Z_SCORE, up, 5, p85, 1.3612549230755983, 4.6387450769244017);
    check(MODEL_T_TEST, up, 5, p85, 0.93960977256773207, 5.0603902274322679);
    check(MODEL_IQR, up, 5, fraction(2), -1, 7);
    struct limits log_normal = limits_of(MODEL_LOG_NORMAL, up, 5, p85);
    near(log_normal.centre, 2.6051710846973519);
    near(log_normal.high, 5.0337314608738855);
    near(log_normal.low, 2.6051710846973519 * 2.6051710846973519 / 5.0337314608738855);
    /* Steps over the older value: 1, 1/2, 1/3, 1/4, and 1/5, 1/4, 1/3, 1/2 the other way. */
    check(MODEL_DELTA_IQR, up, 5, fraction(2), 1.125, 4.875);
    check(MODEL_DELTA_IQR, down, 5, fraction(2), 2.175, 3.825);
    const double two[] = {10, 12};
    check(MODEL_Z_SCORE, two, 2, probability(0.95), 8.6738256926466518, 13.326174307353348);
    check(MODEL_T_TEST, two, 2, probability(0.95), 0.064261590217869384, 21.935738409782131);
    double thirty[30];
    for (size_t i = 0; i < 30; i++)
        thirty[i] = up[i % 5];
    log_normal = limits_of(MODEL_LOG_NORMAL, thirty, 30, p85);
    near(log_normal.centre, 2.6051710846973519);
    near(log_normal.high, 4.7431235241435508);
}

/* Mean 100 and deviation 10 of 25 values. */
static void test_golden_documented(void **state)
{
    (void)state;
    double x[25];
    for (size_t i = 0; i < 24; i++)
        x[i] = 100 + (i % 2 ? 10 : -10);
    x[24] = 100;
    check(MODEL_T_TEST, x, 25, deviations(1), 90, 110);
    struct limits t = limits_of(MODEL_T_TEST, x, 25, probability(0.977));
    struct limits z = limits_of(MODEL_Z_SCORE, x, 25, probability(0.977));
    assert_true(fabs(t.low - 78.54) < 0.005 && fabs(t.high - 121.46) < 0.005);
    assert_true(fabs(z.low - 80.05) < 0.005 && fabs(z.high - 119.95) < 0.005);
}

/* `using bencher`: its own numbers, faults and all (golden values of Bencher 0.6.12's formulas, by
 * mpmath). */
static struct limits in_bencher(enum model_kind kind, const double *x, size_t n, struct bound b)
{
    struct limits limits;
    struct model_extra extra = {.bencher = true};
    assert_int_equal(model_limits_with(kind, x, n, b, b, &extra, &limits), 0);
    return limits;
}

static void check_bencher(enum model_kind kind, const double *x, size_t n, struct bound b,
                          double low, double high)
{
    struct limits limits = in_bencher(kind, x, n, b);
    near(limits.low, low);
    near(limits.high, high);
}

static void test_bencher(void **state)
{
    (void)state;
    struct bound p99 = probability(0.99), p85 = probability(0.85);
    check_bencher(MODEL_Z_SCORE, ten, 10, p99, 95.86023361790321, 104.13976638209679);
    check_bencher(MODEL_T_TEST, ten, 10, p99, 94.734155653905454, 105.26584434609455);
    check_bencher(MODEL_LOG_NORMAL, ten, 10, p99, 95.758491433394045, 104.21300078698594);
    check_bencher(MODEL_IQR, ten, 10, fraction(2), 96.5, 103.5);
    check_bencher(MODEL_DELTA_IQR, ten, 10, fraction(2), 96.925220160206975, 103.07477983979302);
    check_bencher(MODEL_PERCENTAGE, ten, 10, fraction(0.1), 90, 110);
    /* Values newest first there, oldest first here. */
    check_bencher(MODEL_LOG_NORMAL, up, 5, p85, 0.17661070852081833, 5.0337314608738855);
    check_bencher(MODEL_DELTA_IQR, down, 5, fraction(2), 1.125, 4.875);
    check_bencher(MODEL_DELTA_IQR, up, 5, fraction(2), 2.175, 3.825);
    double thirty[30];
    for (size_t i = 0; i < 30; i++)
        thirty[i] = up[i % 5];
    check_bencher(MODEL_LOG_NORMAL, thirty, 30, p85, 0.46721864525115303, 4.7431235241435508);
    /* A constant history has no limits, or the median itself. */
    const double flat[] = {7, 7, 7};
    assert_true(isnan(in_bencher(MODEL_T_TEST, flat, 3, p99).high));
    assert_true(isnan(in_bencher(MODEL_LOG_NORMAL, flat, 3, p99).low));
    struct limits limits = in_bencher(MODEL_IQR, flat, 3, fraction(2));
    assert_true(limits.low == 7 && limits.high == 7 && !limits.flat);
    /* Relative limits of a negative centre are the wrong way round. */
    const double negative[] = {-10, -10};
    check_bencher(MODEL_PERCENTAGE, negative, 2, fraction(0.1), -9, -11);
    /* The first value is never checked, and what it lacks is not computed. */
    struct model_extra extra = {.bencher = true};
    assert_int_equal(model_limits_with(MODEL_STATIC, NULL, 0, none, fraction(2), &extra, &limits),
                     -1);
    assert_false(model_in_bencher(MODEL_MAD));
    assert_int_equal(model_limits_with(MODEL_MAD, ten, 10, none, deviations(2), &extra, &limits),
                     -1);
}

/* The limit of a chart is where the next value takes it out of bounds; what it carries is
 * bounded. */
static void test_charts(void **state)
{
    (void)state;
    double x[40];
    for (size_t i = 0; i < 30; i++)
        x[i] = 100 + (i % 2 ? 1 : -1);
    for (size_t i = 30; i < 40; i++)
        x[i] = 101; /* the newest quarter: about one deviation above */
    double sd = sqrt(30.0 / 29), u = 1 / sd;
    struct limits cusum = limits_of(MODEL_CUSUM, x, 40, deviations(8));
    near(cusum.up, 10 * (u - 0.5));
    near(cusum.down, 0);
    near(cusum.high, 100 + sd * (8 + 0.5 - cusum.up));
    near(cusum.low, 100 - sd * 8.5);
    near(model_score(MODEL_CUSUM, &cusum, cusum.high), 8);
    near(model_score(MODEL_CUSUM, &cusum, cusum.low), -8);
    struct limits ewma = limits_of(MODEL_EWMA, x, 40, deviations(3));
    near(ewma.up, u * (1 - pow(0.8, 10)));
    near(model_score(MODEL_EWMA, &ewma, ewma.high), 3);
    near(model_score(MODEL_EWMA, &ewma, ewma.low), -3);
    assert_true(ewma.high - 100 < 100 - ewma.low);
    /* An excursion that ended does not stay beyond the bound. */
    x[33] = 1e6;
    cusum = limits_of(MODEL_CUSUM, x, 40, deviations(5));
    assert_true(cusum.up <= 5 && cusum.high > 100);
    ewma = limits_of(MODEL_EWMA, x, 40, deviations(3));
    assert_true(ewma.high > 100);
    struct model_extra wide = {.effect = 2};
    struct limits limits;
    x[33] = 101;
    assert_int_equal(model_limits_with(MODEL_CUSUM, x, 40, none, deviations(5), &wide, &limits), 0);
    near(limits.slack, 1);
    near(limits.up, 0);
    near(limits.high, 100 + sd * 6);
}

static void test_samples(void **state)
{
    (void)state;
    const double run[] = {104, 105, 106, 107, 108};
    struct model_extra extra = {.run = run, .run_count = 5};
    struct limits limits;
    struct bound p99 = probability(0.99);
    /* Pooled: 9 of 3.1667 and 4 of 2.5. */
    assert_int_equal(
        model_limits_with(MODEL_COHEN, ten, 10, deviations(2), deviations(2), &extra, &limits), 0);
    near(limits.spread, sqrt((9 * (28.5 / 9) + 4 * 2.5) / 13));
    near(limits.high, 100 + 2 * limits.spread);
    assert_int_equal(model_limits_with(MODEL_MANN_WHITNEY, ten, 10, p99, p99, &extra, &limits), 0);
    near(limits.rank, 1);
    near(limits.rank_p, 1.0 / 3003); /* 1 / C(15, 5) */
    assert_int_equal(limits.side, 1);
    assert_true(model_p(MODEL_MANN_WHITNEY, &limits, 106) == limits.rank_p);
    assert_true(isinf(limits.high) && limits.centre == 100);
    /* The other way round it is below; with one side asked for, only that one counts. */
    extra = (struct model_extra){.run = ten, .run_count = 10};
    assert_int_equal(model_limits_with(MODEL_MANN_WHITNEY, run, 5, p99, p99, &extra, &limits), 0);
    assert_int_equal(limits.side, -1);
    assert_int_equal(model_limits_with(MODEL_MANN_WHITNEY, run, 5, none, p99, &extra, &limits), 0);
    assert_int_equal(limits.side, 0);
    extra.run_count = 0;
    assert_int_equal(model_limits_with(MODEL_MANN_WHITNEY, run, 5, none, p99, &extra, &limits), -1);
}

/* What chance alone does to limits is what was asked for. */
static void test_chance(void **state)
{
    (void)state;
    static const enum model_kind kinds[] = {MODEL_Z_SCORE, MODEL_T_TEST, MODEL_LOG_NORMAL};
    for (size_t i = 0; i < 3; i++) {
        struct limits limits = limits_of(kinds[i], ten, 10, probability(0.99));
        double both = model_chance(kinds[i], &limits, probability(0.99), probability(0.99));
        assert_true(fabs(both - 0.02) < 1e-12);
    }
    struct limits limits = limits_of(MODEL_IQR, ten, 10, fraction(2));
    assert_true(model_chance(MODEL_IQR, &limits, fraction(2), fraction(2)) == 0);
}

static void test_mad(void **state)
{
    (void)state;
    const double x[] = {10, 11, 12, 13, 1000}; /* median 12, distances 2 1 0 1 988 */
    check(MODEL_MAD, x, 5, deviations(3), 12 - 3 * 1.4826, 12 + 3 * 1.4826);
    check(MODEL_MAD, x, 5, fraction(5), 12 - 5 * 1.4826, 12 + 5 * 1.4826);
    struct limits limits = limits_of(MODEL_MAD, x, 5, deviations(3));
    near(model_score(MODEL_MAD, &limits, 12 + 2 * 1.4826), 2);
    near(model_p(MODEL_MAD, &limits, 12 + 2 * 1.4826), normal_upper(2));
}

static void test_static(void **state)
{
    (void)state;
    struct limits limits;
    struct bound low = {BOUND_VALUE, 2}, high = {BOUND_VALUE, 9};
    assert_int_equal(model_limits(MODEL_STATIC, NULL, 0, low, high, &limits), 0);
    assert_true(limits.low == 2 && limits.high == 9 && isnan(limits.centre) && !limits.flat);
    assert_true(isnan(model_score(MODEL_STATIC, &limits, 5)));
    assert_true(isnan(model_p(MODEL_STATIC, &limits, 5)));
    assert_int_equal(model_limits(MODEL_STATIC, ten, 10, none, high, &limits), 0);
    assert_true(isnan(limits.low) && limits.high == 9);
    assert_int_equal(model_limits(MODEL_STATIC, ten, 10, fraction(0.8), none, &limits), 0);
    assert_true(limits.low == 0.8 && isnan(limits.high));
}

/* Signs: limits of a negative series are on the right sides. */
static void test_negative(void **state)
{
    (void)state;
    double x[10];
    for (size_t i = 0; i < 10; i++)
        x[i] = -ten[i];
    check(MODEL_PERCENTAGE, x, 10, fraction(0.1), -110, -90);
    check(MODEL_DELTA_IQR, x, 10, fraction(2), -102.75571246445033, -97.244287535549671);
    struct limits limits = limits_of(MODEL_PERCENTAGE, x, 10, fraction(0.1));
    near(model_score(MODEL_PERCENTAGE, &limits, -110), -0.1);
    near(model_score(MODEL_PERCENTAGE, &limits, -95), 0.05);
    assert_int_equal(model_limits(MODEL_LOG_NORMAL, x, 10, none, deviations(1), &limits), -1);
    assert_true(isnan(limits.centre) && isnan(limits.low) && isnan(limits.high) && limits.n == 10);
}

static const enum model_kind spread_models[] = {MODEL_Z_SCORE, MODEL_T_TEST,    MODEL_LOG_NORMAL,
                                                MODEL_IQR,     MODEL_DELTA_IQR, MODEL_MAD};

static struct bound usual(enum model_kind kind)
{
    return model_rows[kind].bounds & BOUND_FRACTION ? fraction(3) : probability(0.99);
}

/* Without spread the limits are the centre, and only a rounding error is no difference. */
static void test_flat(void **state)
{
    (void)state;
    double x[300];
    for (size_t i = 0; i < 300; i++)
        x[i] = 1234567.1;
    for (size_t k = 0; k < sizeof spread_models / sizeof spread_models[0]; k++) {
        enum model_kind kind = spread_models[k];
        for (size_t n = 2; n <= 300; n += 149) {
            struct limits limits = limits_of(kind, x, n, usual(kind));
            assert_true(limits.flat && limits.spread == 0 && limits.centre == x[0]);
            assert_true(limits.low == x[0] && limits.high == x[0]);
            assert_true(model_score(kind, &limits, x[0]) == 0);
            assert_true(model_score(kind, &limits, x[0] * (1 + 5e-10)) == 0);
            assert_true(isinf(model_score(kind, &limits, x[0] * (1 + 2e-9))));
            assert_true(model_score(kind, &limits, x[0] + 1) > 0);
            assert_true(model_score(kind, &limits, x[0] - 1) < 0);
        }
    }
    struct limits limits = limits_of(MODEL_T_TEST, x, 9, probability(0.99));
    assert_true(model_p(MODEL_T_TEST, &limits, x[0]) == 0.5);
    assert_true(model_p(MODEL_T_TEST, &limits, x[0] + 1) == 0);
    /* A percentage needs no spread. */
    limits = limits_of(MODEL_PERCENTAGE, x, 9, fraction(0.5));
    assert_true(!limits.flat && limits.high > limits.low);
    /* One value off makes it a sample with spread again. */
    x[4] += 1;
    assert_false(limits_of(MODEL_T_TEST, x, 9, probability(0.99)).flat);
    assert_true(
        limits_of(MODEL_MAD, x, 9, deviations(3)).flat); /* its median distance is still 0 */
}

static void test_thin(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof spread_models / sizeof spread_models[0]; k++) {
        enum model_kind kind = spread_models[k];
        struct limits limits = limits_of(kind, ten, 0, usual(kind));
        assert_true(isnan(limits.centre) && isnan(limits.spread) && !limits.flat);
        assert_true(isnan(limits.low) && isnan(limits.high));
        assert_true(isnan(model_score(kind, &limits, 5)) && isnan(model_p(kind, &limits, 5)));
        limits = limits_of(kind, ten, 1, usual(kind));
        near(limits.centre, 100);
        bool one_is_enough = kind == MODEL_IQR || kind == MODEL_MAD;
        assert_int_equal(limits.flat, one_is_enough);
        assert_int_equal(isnan(limits.high), !one_is_enough);
    }
    struct limits limits;
    const double zero[] = {1, 0, 1};
    assert_int_equal(model_limits(MODEL_DELTA_IQR, zero, 3, none, fraction(2), &limits), -1);
    assert_true(isnan(limits.centre) && isnan(limits.high) && limits.n == 3);
    const double zeros[] = {0, 0, 0}; /* equal values are a step of 0 */
    assert_int_equal(model_limits(MODEL_DELTA_IQR, zeros, 3, none, fraction(2), &limits), 0);
    assert_true(limits.flat && limits.high == 0);
    /* Probabilities outside 0.5 <= p < 1 have no limit. */
    assert_true(isnan(limits_of(MODEL_Z_SCORE, ten, 10, probability(0.4)).high));
    assert_true(isnan(limits_of(MODEL_T_TEST, ten, 10, probability(1)).high));
    assert_true(limits_of(MODEL_Z_SCORE, ten, 10, probability(0.5)).high == 100);
}

/* A value at the limit has the limit's score, and p is what the limit was asked for. */
static void test_scores(void **state)
{
    (void)state;
    static const enum model_kind kinds[] = {MODEL_Z_SCORE, MODEL_T_TEST, MODEL_LOG_NORMAL};
    for (size_t k = 0; k < 3; k++) {
        for (double p = 0.6; p < 0.9999; p += 0.03) {
            struct limits limits = limits_of(kinds[k], ten, 10, probability(p));
            assert_true(fabs(model_p(kinds[k], &limits, limits.high) / (1 - p) - 1) < 1e-10);
            assert_true(fabs(model_p(kinds[k], &limits, limits.low) / (1 - p) - 1) < 1e-10);
            double score = model_score(kinds[k], &limits, limits.high);
            assert_true(score > 0);
            assert_true(fabs(model_score(kinds[k], &limits, limits.low) + score) < 1e-10);
        }
        struct limits limits = limits_of(kinds[k], ten, 10, deviations(3));
        assert_true(fabs(model_score(kinds[k], &limits, limits.high) - 3) < 1e-11);
        assert_true(model_p(kinds[k], &limits, limits.centre) <= 0.5);
        assert_true(model_p(kinds[k], &limits, limits.centre) > 0.499);
        assert_true(isnan(model_p(kinds[k], &limits, (double)NAN)));
    }
    struct limits limits = limits_of(MODEL_IQR, ten, 10, fraction(2));
    near(model_score(MODEL_IQR, &limits, 103.5), 2);
    assert_true(isnan(model_p(MODEL_IQR, &limits, 103.5)));
    limits = limits_of(MODEL_DELTA_IQR, ten, 10, fraction(2));
    near(model_score(MODEL_DELTA_IQR, &limits, limits.low), -2);
    limits = limits_of(MODEL_PERCENTAGE, ten, 10, fraction(0.1));
    near(model_score(MODEL_PERCENTAGE, &limits, 90), -0.1);
    assert_true(isnan(model_p(MODEL_PERCENTAGE, &limits, 90)));
    /* Below all logarithms. */
    limits = limits_of(MODEL_LOG_NORMAL, ten, 10, deviations(3));
    assert_true(model_score(MODEL_LOG_NORMAL, &limits, 0) < -1e300);
    assert_true(model_p(MODEL_LOG_NORMAL, &limits, -5) == 0);
}

/* More values than are judged without allocating. */
static void test_large(void **state)
{
    (void)state;
    double x[1000];
    for (size_t i = 0; i < 1000; i++)
        x[i] = ten[i % 10];
    check(MODEL_IQR, x, 1000, fraction(2), 96, 104);
    struct limits limits = limits_of(MODEL_MAD, x, 1000, deviations(1));
    near(limits.centre, 100);
    near(limits.spread, 1.4826);
}

/* Without a change, values of a normal series go beyond a limit as often as was asked for. */
static void test_calibration(void **state)
{
    (void)state;
    enum { TRIALS = 20000, WINDOW = 20 };
    static const struct {
        enum model_kind kind;
        double most; /* of the rate asked for: z-score takes the deviation as known */
    } models[] = {{MODEL_T_TEST, 1.1}, {MODEL_Z_SCORE, 2.2}, {MODEL_LOG_NORMAL, 2.2}};
    uint64_t seed = 20251122;
    for (size_t m = 0; m < 3; m++) {
        int beyond = 0, small = 0;
        for (int i = 0; i < TRIALS; i++) {
            double x[WINDOW + 1];
            for (int k = 0; k <= WINDOW; k++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                x[k] = 1000 + 10 * normal_quantile(((double)(seed >> 11) + 0.5) * 0x1p-53);
            }
            struct limits limits = limits_of(models[m].kind, x, WINDOW, probability(0.99));
            beyond += x[WINDOW] > limits.high;
            small += model_p(models[m].kind, &limits, x[WINDOW]) < 0.05;
        }
        double rate = (double)beyond / TRIALS, noise = 3 * sqrt(0.01 * 0.99 / TRIALS);
        if (rate > 0.01 * models[m].most + noise || rate < 0.01 / 1.1 - noise)
            fail_msg("%s: %g beyond 99%%", model_rows[models[m].kind].name, rate);
        /* One-sided p on the value's own side: below 5 % on either. */
        assert_true((double)small / TRIALS < 0.1 * models[m].most);
    }
}

/* Scaled values have scaled limits; mirrored ones mirrored limits, for models with a symmetric
 * form. */
static void test_invariance(void **state)
{
    (void)state;
    for (size_t k = 0; k < (size_t)MODEL_COUNT; k++) {
        enum model_kind kind = (enum model_kind)k;
        if (kind == MODEL_STATIC || kind == MODEL_MANN_WHITNEY) continue;
        struct bound bound = model_rows[kind].bounds & BOUND_PROBABILITY  ? probability(0.99)
                             : model_rows[kind].bounds & BOUND_DEVIATIONS ? deviations(3)
                                                                          : fraction(0.5);
        double scaled[10], mirrored[10], value = 108;
        for (size_t i = 0; i < 10; i++) {
            scaled[i] = ten[i] * 4096;
            mirrored[i] = -ten[i];
        }
        struct limits plain = limits_of(kind, ten, 10, bound);
        struct limits large = limits_of(kind, scaled, 10, bound);
        near(large.high / 4096, plain.high);
        near(large.low / 4096, plain.low);
        near(model_score(kind, &large, value * 4096), model_score(kind, &plain, value));
        if (kind == MODEL_LOG_NORMAL) continue;
        struct limits mirror = limits_of(kind, mirrored, 10, bound);
        near(mirror.low, -plain.high);
        near(mirror.high, -plain.low);
        near(model_score(kind, &mirror, -value), -model_score(kind, &plain, value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),        cmocka_unit_test(test_goldens_ten),
        cmocka_unit_test(test_goldens_five), cmocka_unit_test(test_golden_documented),
        cmocka_unit_test(test_mad),          cmocka_unit_test(test_static),
        cmocka_unit_test(test_negative),     cmocka_unit_test(test_flat),
        cmocka_unit_test(test_thin),         cmocka_unit_test(test_scores),
        cmocka_unit_test(test_large),        cmocka_unit_test(test_bencher),
        cmocka_unit_test(test_charts),       cmocka_unit_test(test_samples),
        cmocka_unit_test(test_chance),       cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_invariance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
