/* ranks.h -- two samples by their ranks: Mann-Whitney's U, and what follows from its distribution.
 *
 * Exact where the samples are small (no ties: up to RANK_EXACT values each; with ties, by the
 * conditional permutation distribution: up to RANK_EXACT_TIES), else the normal approximation with
 * corrections for ties and continuity. Exact: some 10 us for ten values a side, at most some ms. No
 * order of values is asked for; values are finite. Pure. */
#ifndef PACE_RANKS_H
#define PACE_RANKS_H

#include <stdbool.h>
#include <stddef.h>

enum { RANK_EXACT = 50, RANK_EXACT_TIES = 25 };

struct rank_test {
    double u;         /* pairs with x > y; equal ones count half */
    double p;         /* two-sided: min(1, 2 P(as far on this side)); 1 when all values are equal */
    double p_greater; /* one-sided: P(U >= u) */
    double p_less;    /* P(U <= u) */
    bool exact, ties;
};

/* 0, or -1 when out of memory or a sample is empty. */
int rank_test(const double *x, size_t nx, const double *y, size_t ny, struct rank_test *out);

/* The smallest two-sided p that samples of this size without ties can have: 2 / C(nx + ny, nx). */
double rank_least_p(size_t nx, size_t ny);

/* Hodges and Lehmann's shift: the median of all differences y - x, and its interval: of those
 * shifts that the test would not reject at 1 - confidence (infinite where the samples are too
 * small).
 * 0, or -1 when out of memory or a sample is empty. */
struct rank_shift {
    double shift, low, high;
};
int rank_shift(const double *x, size_t nx, const double *y, size_t ny, double confidence,
               struct rank_shift *out);

/* Ranks (from 1) of the order statistics that hold the median with at least this confidence: the
 * mode of Binomial(n, 1/2), widened by the likelier neighbour, the left one of equals, until it is
 * reached. low 0: minus infinity, high n + 1: infinity. The normal approximation above 30. *actual
 * (may be NULL) is the confidence reached. */
void median_ranks(size_t n, double confidence, size_t *low, size_t *high, double *actual);

/* The median of a sorted sample with that interval; infinite ends where there is none. */
struct median {
    double value, low, high;
};
struct median sorted_median(const double *sorted, size_t n, double confidence);

#endif
