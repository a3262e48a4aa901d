/* test_chart.c -- average run lengths of the control charts, by Markov chains, against the
 * published ones (Lucas and Saccucci 1990; Hawkins and Olwell 1998), and by a short simulation. */
#include "../../query/stats/chart.h"
#include "../../query/stats/dist.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { STATES = 301 };

/* Solves (I - Q) length = 1 for one chart: Brook and Evans (1972). */
static void solve(double q[STATES][STATES + 1], double length[STATES])
{
    for (int i = 0; i < STATES; i++) {
        for (int j = 0; j < STATES; j++)
            q[i][j] = (i == j) - q[i][j];
        q[i][STATES] = 1;
    }
    for (int i = 0; i < STATES; i++) { /* diagonally dominant: no pivots needed */
        for (int r = i + 1; r < STATES; r++) {
            double factor = q[r][i] / q[i][i];
            for (int c = i; c <= STATES; c++)
                q[r][c] -= factor * q[i][c];
        }
    }
    for (int i = STATES - 1; i >= 0; i--) {
        double sum = q[i][STATES];
        for (int c = i + 1; c < STATES; c++)
            sum -= q[i][c] * length[c];
        length[i] = sum / q[i][i];
    }
}

static double matrix[STATES][STATES + 1], length[STATES];

/* From 0 until the one-sided sum passes h, where u is normal with mean `shift`. */
static double cusum_run_length(double k, double h, double shift)
{
    double width = 2 * h / (2 * STATES - 1);
    for (int i = 0; i < STATES; i++) {
        for (int j = 0; j < STATES; j++) {
            double high = (j + 0.5 - i) * width + k - shift;
            double low = high - width;
            matrix[i][j] = normal_cdf(high) - (j ? normal_cdf(low) : 0);
        }
    }
    solve(matrix, length);
    return length[0];
}

static double cusum_two_sided(double k, double h, double shift)
{
    double up = cusum_run_length(k, h, shift), down = cusum_run_length(k, h, -shift);
    return 1 / (1 / up + 1 / down);
}

static double ewma_run_length(double lambda, double l, double shift)
{
    double h = l * ewma_deviation(lambda), width = 2 * h / STATES;
    for (int i = 0; i < STATES; i++) {
        double from = -h + (i + 0.5) * width;
        for (int j = 0; j < STATES; j++) {
            double low = (-h + j * width - (1 - lambda) * from) / lambda - shift;
            matrix[i][j] = normal_cdf(low + width / lambda) - normal_cdf(low);
        }
    }
    solve(matrix, length);
    return length[STATES / 2];
}

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.6g, expected %.6g", value, expected);
}

static void test_shewhart(void **state)
{
    (void)state;
    near(1 / (2 * normal_upper(3)), 370.4, 0.05);
    near(1 / (normal_upper(2) + normal_upper(4)), 43.9, 0.05);
}

static void test_cusum(void **state)
{
    (void)state;
    near(cusum_two_sided(0.5, 4, 0), 167.7, 0.1);
    near(cusum_two_sided(0.5, 4, 1), 8.38, 0.01);
    near(cusum_two_sided(0.5, 5, 0), 465.4, 0.3);
    near(cusum_two_sided(0.5, 5, 1), 10.38, 0.01);
}

static void test_ewma(void **state)
{
    (void)state;
    near(ewma_run_length(0.2, 2.962, 0), 500, 1);
    near(ewma_run_length(0.2, 2.962, 1), 10.5, 0.05);
    near(ewma_run_length(0.1, 2.814, 0), 499, 2);
    near(ewma_run_length(0.1, 2.814, 1), 10.3, 0.05);
}

static uint64_t seed = 20251122;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(seed >> 11) + 0.5) * 0x1p-53;
}

/* The steps themselves, until they pass the bound. */
static void test_steps(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    double cusum_total = 0, ewma_total = 0;
    for (int run = 0; run < RUNS; run++) {
        double up = 0, down = 0, mean = 0;
        int cusum = 0, ewma = 0;
        for (int i = 1; !cusum || !ewma; i++) {
            double u = normal_quantile(uniform()) + 1;
            up = cusum_step(up, u, 0.5);
            down = cusum_step(down, -u, 0.5);
            mean = ewma_step(mean, u, EWMA_WEIGHT);
            if (!cusum && (up > 5 || down > 5)) cusum = i;
            if (!ewma && fabs(mean) > 2.962 * ewma_deviation(EWMA_WEIGHT)) ewma = i;
        }
        cusum_total += cusum;
        ewma_total += ewma;
    }
    near(cusum_total / RUNS, 10.38, 0.35);
    near(ewma_total / RUNS, 10.5, 0.45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shewhart),
        cmocka_unit_test(test_cusum),
        cmocka_unit_test(test_ewma),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
