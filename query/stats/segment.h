/* segment.h -- the change points of one series.
 *
 * A method of method.def finds where the level changes; then each change is measured, and those
 * that are not worth telling are dropped, the weakest first (judge.h). The default method, fpop:
 * noise from the differences of neighbours, exact segmentation with a bounded loss, noise again
 * from the residuals, segmentation again, then the merge pass with a p that is corrected for having
 * looked at all places. Noise is local: its level may change along the series. Costs O(n log n) or
 * so on quiet series. Pure. */
#ifndef PACE_SEGMENT_H
#define PACE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

enum segment_method {
#define METHOD(id, name, alpha, needs, floor, effect, by_p, help) id,
#include "method.def"
#undef METHOD
    METHOD_COUNT
};

struct segment_options {
    enum segment_method method;
    size_t shortest; /* points in a segment */
    double alpha;    /* largest p; of e-divisive that of its t-test; l1, perfherder: unused */
    double floor;    /* smallest |after / before - 1| */
    double effect;   /* smallest effect */
};

struct segment_method_row {
    const char *name;
    struct segment_options defaults;
    bool by_p;
    const char *help;
};
extern const struct segment_method_row segment_methods[METHOD_COUNT];

enum change_kind { CHANGE_STEP, CHANGE_DRIFT, CHANGE_EXCURSION };

/* One change between x[index-1] and x[index]. */
struct change {
    enum change_kind kind;
    size_t index;
    size_t end;                     /* DRIFT, EXCURSION: the first point behind it; STEP: index */
    size_t earliest, latest;        /* where index may lie as well: 95 % (Hansen 2000) */
    double before, after;           /* medians of the segments on both sides */
    double mean_before, mean_after; /* of values pulled in to 3 deviations */
    double effect; /* |after - before| / max(MAD of up to 24 points a side, noise); may be inf */
    double p; /* two-sided Welch's t of the pulled-in values, for correlated points, as the largest
                 of all splits */
    bool recovered; /* a later level came back by more than half of the step */
};

/* Writes up to `capacity` changes in order of index (METHOD_FOCUS: as they were told, online.h) and
 * returns how many there are, or -1 when out of memory. n < 2 * shortest gives 0. Values are
 * finite. */
int segment_changes(const double *x, size_t n, const struct segment_options *options,
                    struct change *changes, size_t capacity);

#endif
