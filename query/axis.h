/* axis.h -- the axes of a chart: which values it spans, where its ticks are, how they are called.
 *
 * The values of a series that spans more than AXIS_RATIO_SPAN to 1 are drawn by ratio (a
 * logarithmic axis): else a regression of 100x would leave a straight line of everything else. */
#ifndef PACE_AXIS_H
#define PACE_AXIS_H

#include "figure.h"
#include "human.h"

enum {
    AXIS_TICKS_MAX = 12,
    AXIS_LABELS_MAX = 24,
    AXIS_RATIO_SPAN = 30, /* largest to smallest of a linear axis; both positive */
};

struct axis_tick {
    double part; /* 0 at the low end of the axis, 1 at the high one */
    char text[HUMAN_TEXT_MAX];
};

struct axis {
    double least, most;
    bool by_ratio;
    const char *column, *unit;
    struct human_scale scale;
    struct human_range range; /* of the values: their decimals */
    size_t tick_count;
    struct axis_tick ticks[AXIS_TICKS_MAX];
};

/* The axis of values of a series with about `ticks` ticks: values and base are in its range, band
 * and limits where they do not squeeze the values. false: there is nothing to draw, or doubles do
 * not hold the distance. */
bool axis_choose(struct axis *axis, const struct figure *figure, const struct figure_series *series,
                 size_t ticks);

/* Where a value is: 0..1; outside of that when it is not in the range. */
double axis_part(const struct axis *axis, double value);

/* A value of the series in the prefix of the axis, where the values allow it. Returns text. */
const char *axis_value_text(const struct axis *axis, double value, char text[HUMAN_TEXT_MAX]);

/* How many labels of `room` find a place on an axis of `extent` with `points` points, `gap` apart
 * at least: 1 or more. The first and the last lie within the axis, so their neighbours are half a
 * label nearer; points are whole, so some are nearer than others. */
size_t axis_label_count(size_t points, size_t extent, size_t room, size_t gap);

/* Which points of `count` get a label when `room` labels fit: the ends, and others at even
 * distances. Fills indices[0..room), returns how many. */
size_t axis_points(size_t count, size_t room, size_t *indices);

#endif
