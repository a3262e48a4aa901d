/* series.h -- made-up series of known changes: level 100, noise of many shapes, deviation 1.
 *
 * Pseudo-random from a seed, so that they are the same wherever they are made. One stream of
 * numbers belongs to the program. */
#ifndef PACE_BENCH_SERIES_H
#define PACE_BENCH_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LENGTH_MAX = 5000, CHANGES_MAX = 64 };

/* What noise looks like. `hard`: what real histories have and the usual made-up ones have not. */
enum family {
    GAUSS,
    AR03,
    AR06,
    LOGNORMAL,
    T3,
    SPIKES,
    BIMODAL,
    QUANTISED,
    HETERO, /* usual */
    USUAL,
    BURSTS = USUAL,
    EXCURSIONS,
    CHANGING,
    ZERO_MAD,
    DRIFT,
    TWO_MODES,
    SHARED, /* hard */
    FAMILY_COUNT
};
extern const char *const family_names[FAMILY_COUNT];

struct series {
    enum family family;
    double x[LENGTH_MAX];
    size_t n, change[CHANGES_MAX], changes;
};

void seed(uint64_t value);
double uniform(void); /* in (0, 1) */
double normal(void);

/* n values around 0: correlated by rho; of a family. */
void noise_ar(double *x, size_t n, double rho);
void noise_make(double *x, size_t n, enum family family);

/* As many changes as fit 75 points each at most, 15 points apart or more, of 1 to 5 deviations.
 * Series of the family SHARED change in step with the others. n <= LENGTH_MAX. */
void series_make(struct series *s, enum family family, size_t n, bool changed);

#endif
