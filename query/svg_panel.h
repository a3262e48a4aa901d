/* svg_panel.h -- the plot area of one series in SVG: axes, what its points were judged by, values,
 * change points, marks.
 *
 * The runs are spaced evenly, as in the terminal. Base, band and limits are steps: what a point was
 * judged by holds for that point. A long series is drawn by the extremes of each pixel. Used by
 * svg_lines.c, which lays out panels and what is around them. */
#ifndef PACE_SVG_PANEL_H
#define PACE_SVG_PANEL_H

#include "svg.h"

enum {
    SVG_PLOT_ONE = 300, /* height of the plot area of one series */
    SVG_PLOT_MANY = 120,
    SVG_DOTS_MAX = 400, /* points that get a dot; more are a line alone */
};

struct svg_panel {
    struct text_out *out;
    struct arena *arena;
    const struct figure *figure;
    const struct figure_series *series;
    struct axis axis;
    double x, y, width, height; /* of the plot area; y is its top */
    bool one;                   /* the only panel: with commits, bounds and texts of points */
    bool drawn;                 /* there is an axis: svg_panel_place */
};

/* What the legend has to explain. */
struct svg_legend {
    bool base, band, limit, change, accept, marks[FIGURE_PLAIN];
};

/* Chooses the axis of panel->series, and the plot area between `left` and `right`, where the texts
 * of the axis have their room; y is the caller's. */
void svg_panel_place(struct svg_panel *panel, double left, double right);

/* Draws it; what is there to be explained is set in the legend. */
void svg_panel_put(struct svg_panel *panel, struct svg_legend *legend);

/* The axes alone. */
void svg_panel_axes(struct svg_panel *panel);

/* "62 points, last 12.5 ms". */
const char *svg_panel_facts(struct svg_panel *panel);

/* -- pieces ------------------------------------------------------------------------------------ */

/* Pixels of a point (a fraction lies between two) and of a value; within the plot area. */
double svg_place_x(const struct svg_panel *panel, double index);
double svg_place_y(const struct svg_panel *panel, double value);

/* The value of a point; false: it has none, or no line leads there. */
bool svg_value_at(const struct svg_panel *panel, size_t index, double *value);

/* A path of a class: begin, any number of places behind 'M' or 'L', end. */
void svg_path_begin(struct svg_panel *panel, const char *class);
void svg_put_place(struct svg_panel *panel, char command, double x, double y);
void svg_path_end(struct svg_panel *panel);

/* The sign of a mark, as a path that is still open: "/>" or ">...</path>" ends it. */
void svg_sign(struct text_out *out, enum figure_mark mark, double x, double y);

#endif
