/* pair.h -- are two samples different, the same, or is it too early to tell?
 *
 * One call compares x (the base) with y: by ranks (Mann-Whitney and the shift of the logarithms),
 * by means (Welch's t and Fieller's interval), by a bootstrap of the ratio of medians, or by the
 * whole distributions (Kolmogorov and Smirnov, with the intervals of the ranks). All give a ratio y
 * / x with an interval and a two-sided p; the verdict follows from these alone, so that the four
 * agree on what it means. Pure. */
#ifndef PACE_PAIR_H
#define PACE_PAIR_H

#include "ranks.h"

enum pair_method { PAIR_RANKS, PAIR_WELCH, PAIR_BOOTSTRAP, PAIR_KS };

enum pair_verdict {
    PAIR_DIFFERENT, /* p <= alpha, and by the margin at least where one was asked for */
    PAIR_SAME,      /* the whole interval is within the margin */
    PAIR_NEED_MORE, /* neither */
};

struct pair_options {
    enum pair_method method;
    double alpha; /* 0.05: also of the intervals, which hold with 1 - alpha */
    double floor; /* smallest |ratio - 1| that counts as different; 0: any */
    double
        margin; /* within it two samples are the same; 0: the floor, or PAIR_MARGIN without one */
};
#define PAIR_MARGIN 0.05

struct pair {
    struct median x, y; /* welch: means and their t intervals */
    double ratio;       /* y / x; NAN for x = 0, unless both are */
    double ratio_low, ratio_high;
    double p;
    enum pair_verdict verdict;
    size_t needs; /* NEED_MORE: values a side that are likely to do */
};

/* 0, or -1 when out of memory or a sample is empty. */
int pair_compare(const double *x, size_t nx, const double *y, size_t ny,
                 const struct pair_options *options, struct pair *out);

/* The middle of one sample with its interval, as pair_compare gives it. 0, or -1 likewise. */
int pair_side(const double *x, size_t n, const struct pair_options *options, struct median *out);

/* Welch (1947): two-sided p of equal means, and the degrees of freedom; NAN below two values a side
 * without any spread. */
double welch_p(const double *x, size_t nx, const double *y, size_t ny, double *df);

/* Kolmogorov and Smirnov: the largest distance of the distributions and its two-sided p: exact by
 * paths (Hodges 1957) up to KS_EXACT pairs, with ties too (Schroeer and Trenkler 1995), else the
 * series for large samples. 0 or -1. */
enum { KS_EXACT = 10000 };
int ks_test(const double *x, size_t nx, const double *y, size_t ny, double *distance, double *p);

/* Benjamini and Hochberg (1995): q[i] is the smallest rate of false discoveries at which p[i]
 * counts as one. NANs are left out and stay. 0, or -1 when out of memory. */
int fdr_adjust(const double *p, size_t n, double *q);

#endif
