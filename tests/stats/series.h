/* series.h -- made-up series for the tests of change points, each from a seed. */
#ifndef PACE_TEST_SERIES_H
#define PACE_TEST_SERIES_H

#include <math.h>
#include <stdint.h>
#include <stddef.h>

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

/* Noise with steps, bursts, ramps or quantised values. */
static inline void random_series(double *x, size_t n, int family)
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

#endif
