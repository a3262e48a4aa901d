/* judge.h -- what a change between two segments is worth, and which are kept.
 *
 * Works on a segmentation that some method has found. Pure. */
#ifndef PACE_JUDGE_H
#define PACE_JUDGE_H

#include "noise.h"
#include "segment.h"

#include <stdbool.h>
#include <stddef.h>

/* One segment: x[start..end). */
struct segment {
    size_t start, end;
    double median;
    double mean;     /* of values pulled in to 3 deviations, weighted by their noise */
    double scale;    /* square of what the noise of its points is as a factor of the series' */
    double variance; /* of one such value, at least about half of the noise's */
    double back_p; /* both neighbours have one level: p of its being another, as the largest of all
                        segments; 0: they have not */
};

struct judge {
    const double *x;
    const double *scale; /* noise of each point as a factor; NULL: 1 */
    size_t n;
    const double *median;  /* of all points; NULL: not known yet */
    struct noise noise;    /* around the levels, with a cautious rho */
    struct noise measured; /* the same with the rho that was found */
    double spread;         /* from differences; the least spread an effect is measured in */
    const struct segment_options *options;
    double *scratch; /* n doubles */
};

/* p of the largest |z| over all places to split `count` independent values, each split giving a
 * standard normal z (James, James, Siegmund 1987, with Siegmund's correction for the overshoot). */
double judge_largest_p(double z, double count);

/* p of the largest |z| over all segments of `least` to count - least independent values, each
 * against the rest (Siegmund 1988; Olshen et al. 2004). */
double judge_largest_segment_p(double z, double count, double least);

/* Mean of values pulled in to `reach` deviations around their level; reorders nothing. */
double judge_level(const struct judge *judge, size_t start, size_t end);

/* Distance of point i from `level`, pulled in to 3 deviations. */
double judge_pulled(const struct judge *judge, size_t i, double level);

void judge_measure(const struct judge *judge, struct segment *segment);

/* Changes between segments[0 .. count]: drops the weakest that does not hold, until all do (where
 * `by_p` is false p does not count), and writes the others. segments[i] and segments[i + 1] are on
 * the sides of changes[i]. Returns how many are left. */
size_t judge_merge(const struct judge *judge, struct segment *segments, struct change *changes,
                   size_t count, bool by_p);

#endif
