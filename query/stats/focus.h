/* focus.h -- change points of a series as its points arrive (FOCuS; Romano, Eckley, Fearnhead,
 * Rigaill, JMLR 2023, with both levels unknown).
 *
 * The statistic is the largest log likelihood ratio of one change, anywhere since the start,
 * against none. Only the corners of the convex hull of the partial sums can be that place, some 2
 * log n of them, so a point costs O(log n). A value that crosses the threshold is a candidate: the
 * detector of segment.h, over the points since the last change, confirms it. Pure; one detector
 * belongs to one thread. */
#ifndef PACE_FOCUS_H
#define PACE_FOCUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOCUS_CORNERS = 48, FOCUS_BYTES = 32 + 2 * FOCUS_CORNERS * 16 };

struct focus_corner {
    double count, sum; /* of the first `count` values */
};

struct focus {
    double centre, sigma; /* values enter as (x - centre) / sigma, pulled in to 3 */
    double count, sum;
    struct focus_corner upper[FOCUS_CORNERS], lower[FOCUS_CORNERS];
    unsigned upper_count, lower_count;
};

/* centre, sigma > 0: level and noise of the series so far. */
void focus_init(struct focus *focus, double centre, double sigma);

/* A value as it enters. */
double focus_pull(const struct focus *focus, double x);

/* Takes a value in, and asks nothing. By so much at most does the statistic grow: the squares
 * around one level do by as much, those around two levels by no less than 0. */
double focus_add(struct focus *focus, double x);
/* The statistic of the values so far, as focus_push gives it. */
double focus_statistic(const struct focus *focus, size_t *since);

/* Both: takes a value in. The statistic (of independent normal values: about chi-squared), and how
 * many of the last values are behind the most likely change. */
double focus_push(struct focus *focus, double x, size_t *since);

/* The statistic that independent normal values reach once in `run_length` points, from 500 to 10
 * million; times (1 + rho) / (1 - rho) for correlated ones. */
double focus_threshold(double run_length);

/* The state as bytes that are the same on every machine of the store's byte order: how many were
 * written, at most FOCUS_BYTES; and back: false when the bytes are no state. */
size_t focus_pack(const struct focus *focus, uint8_t bytes[FOCUS_BYTES]);
bool focus_unpack(struct focus *focus, const uint8_t *bytes, size_t len);

#endif
