/* test_dist.c -- distributions against grids computed by mpmath (data/, see make.py there). */
#include "../../query/stats/dist.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-12

enum { COLUMNS_MAX = 4, ROWS_LEAST = 15 };

/* tests/stats/data from the root of the sources, where tests are started. */
static FILE *open_data(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "tests/stats/data/%s.tsv", name);
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s: cannot be read (tests run from the root of the sources)", path);
    return file;
}

/* Calls `f` on each row of a grid; its last column is what is expected. */
static void check_grid(const char *name, int columns, double (*f)(const double *))
{
    FILE *file = open_data(name);
    char line[512];
    int rows = 0;
    double worst = 0, worst_row[COLUMNS_MAX] = {0}, worst_value = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') continue;
        double row[COLUMNS_MAX] = {0};
        char *at = line;
        for (int i = 0; i < columns; i++) {
            char *end;
            row[i] = strtod(at, &end);
            assert_true(end > at);
            at = end;
        }
        double expected = row[columns - 1], value = f(row);
        double error = expected == 0 ? fabs(value) : fabs(value / expected - 1);
        if (!(error <= worst)) {
            worst = error;
            worst_value = value;
            memcpy(worst_row, row, sizeof row);
        }
        rows++;
    }
    fclose(file);
    assert_true(rows >= ROWS_LEAST);
    print_message("# %s: %d rows, largest relative error %.3g at %.17g %.17g %.17g\n", name, rows,
                  worst, worst_row[0], worst_row[1], worst_row[2]);
    if (!(worst <= TOLERANCE)) fail_msg("%s: %.17g is off by %g", name, worst_value, worst);
}

static double call_log_gamma(const double *row)
{
    return log_gamma(row[0]);
}
static double call_beta(const double *row)
{
    return beta_incomplete(row[0], row[1], row[2]);
}
static double call_normal_upper(const double *row)
{
    return normal_upper(row[0]);
}
static double call_normal_cdf(const double *row)
{
    return normal_cdf(-row[0]);
}
static double call_normal_quantile(const double *row)
{
    return normal_quantile(row[0]);
}
static double call_t_upper(const double *row)
{
    return t_upper(row[0], row[1]);
}
static double call_t_cdf(const double *row)
{
    return t_cdf(-row[0], row[1]);
}
static double call_t_quantile(const double *row)
{
    return t_quantile(row[0], row[1]);
}

static void test_log_gamma(void **state)
{
    (void)state;
    check_grid("log_gamma", 2, call_log_gamma);
    assert_true(isnan(log_gamma(0)));
    assert_true(isnan(log_gamma(-1.5)));
    assert_true(isnan(log_gamma((double)NAN)));
}

static void test_beta(void **state)
{
    (void)state;
    check_grid("beta", 4, call_beta);
    assert_true(beta_incomplete(2, 3, 0) == 0);
    assert_true(beta_incomplete(2, 3, 1) == 1);
    assert_true(isnan(beta_incomplete(0, 3, 0.5)));
    assert_true(isnan(beta_incomplete(2, -1, 0.5)));
    assert_true(isnan(beta_incomplete(2, 3, 1.5)));
    assert_true(isnan(beta_incomplete(2, 3, -0.5)));
    assert_true(isnan(beta_incomplete(2, 3, (double)NAN)));
}

static void test_normal(void **state)
{
    (void)state;
    check_grid("normal", 2, call_normal_upper);
    check_grid("normal", 2, call_normal_cdf);
    assert_true(normal_upper((double)INFINITY) == 0);
    assert_true(normal_cdf((double)INFINITY) == 1);
}

static void test_normal_quantile(void **state)
{
    (void)state;
    check_grid("normal_quantile", 2, call_normal_quantile);
    assert_true(isnan(normal_quantile(0)));
    assert_true(isnan(normal_quantile(1)));
    assert_true(isnan(normal_quantile((double)NAN)));
    assert_true(normal_quantile(DBL_TRUE_MIN) < -38);
    for (double p = 0.001; p < 0.5; p += 0.0137)
        assert_true(fabs(normal_cdf(normal_quantile(p)) / p - 1) < 1e-14);
}

static void test_t(void **state)
{
    (void)state;
    check_grid("t", 3, call_t_upper);
    check_grid("t", 3, call_t_cdf);
    assert_true(t_upper(0, 3) == 0.5);
    assert_true(t_upper((double)INFINITY, 3) == 0);
    assert_true(t_upper(-(double)INFINITY, 3) == 1);
    assert_true(isnan(t_upper(1, 0)));
    assert_true(isnan(t_upper(1, -2)));
    assert_true(isnan(t_upper((double)NAN, 2)));
    assert_true(t_upper(1.5, (double)INFINITY) == normal_upper(1.5));
    assert_true(t_upper(DBL_MAX, 1) > 0); /* its square overflows */
    assert_true(fabs(t_upper(1e300, 1) * 3.14159265358979323846e300 - 1) < TOLERANCE);
    for (double t = 0.1; t < 9; t += 0.37) {
        assert_true(fabs(t_cdf(t, 4.5) + t_upper(t, 4.5) - 1) < 1e-15);
        assert_true(fabs(t_upper(-t, 4.5) - t_cdf(t, 4.5)) < 1e-16);
    }
}

static void test_t_quantile(void **state)
{
    (void)state;
    check_grid("t_quantile", 3, call_t_quantile);
    assert_true(isnan(t_quantile(0, 3)));
    assert_true(isnan(t_quantile(1, 3)));
    assert_true(isnan(t_quantile(0.9, 0)));
    assert_true(isnan(t_quantile(0.9, (double)NAN)));
    assert_true(t_quantile(0.5, 3) == 0);
    assert_true(t_quantile(0.9, (double)INFINITY) == normal_quantile(0.9));
    assert_true(isinf(t_quantile(1e-300, 0.5))); /* about -1e599 */
    /* There and back over sizes between the rows of the grid. */
    for (double df = 0.6; df < 1e9; df *= 1.9) {
        for (double p = 1e-250; p < 0.5; p *= 1.7e7) {
            if (df < 1 && p < 1e-150) continue;
            double t = t_quantile(p, df), error = fabs(t_cdf(t, df) / p - 1);
            /* An ulp of t moves the tail by about so many ulps. */
            double ulps = 1 / (1 / (t * t) + 1 / df);
            assert_true(error < 1e-13 + 2e-15 * ulps);
            assert_true(t_quantile(1 - 0.25, df) == -t_quantile(0.25, df));
        }
    }
}

/* The same curve from two formulas: no jump where the code changes between them. */
static void test_seams(void **state)
{
    (void)state;
    static const double dfs[] = {1, 2.5, 30, 31.5, 199, 200.5, 5000};
    for (size_t i = 0; i < sizeof dfs / sizeof dfs[0]; i++) {
        double last = 0.5;
        for (double t = 1e-3; t < 1e3; t *= 1.01) {
            double upper = t_upper(t, dfs[i]);
            assert_true(upper < last || upper == 0);
            last = upper;
        }
    }
    double a = t_upper(9.9999e10, 2), b = t_upper(1.00001e11, 2);
    assert_true(fabs(a / b - 1.0000200000) < 1e-3 && a > b);
}

static void test_goldens(void **state)
{
    (void)state;
    assert_true(fabs(normal_quantile(0.85) - 1.0364333894937896) < 1e-15);
    assert_true(fabs(t_quantile(0.85, 5) * sqrt(7.0 / 6) - 1.2483714094976263) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_gamma), cmocka_unit_test(test_beta),
        cmocka_unit_test(test_normal),    cmocka_unit_test(test_normal_quantile),
        cmocka_unit_test(test_t),         cmocka_unit_test(test_t_quantile),
        cmocka_unit_test(test_seams),     cmocka_unit_test(test_goldens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
