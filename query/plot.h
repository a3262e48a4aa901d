/* plot.h -- charts in the terminal: lines over the runs, and bars. Used by format_plot.c. */
#ifndef PACE_PLOT_H
#define PACE_PLOT_H

#include "figure.h"

enum {
    PLOT_ROWS_MAX = 100000, /* rows held; later ones are counted, not drawn */
    PLOT_SERIES_MAX = 8,    /* panels of one plot */
    PLOT_SPARKS_MAX = 40,   /* series after these, a line each */
    PLOT_BARS_MAX = 200,
    PLOT_MARKS_MAX = 8, /* marks listed under a panel */
    PLOT_WIDTH_DEFAULT = 80,
    PLOT_WIDTH_MIN = 40,
    PLOT_WIDTH_MAX = 400,
    PLOT_WIDTH_TWO = 160, /* from here on, panels of several series stand in pairs */
};

/* Display columns to draw in. */
unsigned plot_width(const struct pace_writer *writer);

/* A panel for each series. 0 or PACE_ENOMEM. */
int plot_lines(struct pace_writer *writer, struct arena *arena, struct figure *figure);

/* A bar for each row. 0 or PACE_ENOMEM. */
int plot_bars(struct pace_writer *writer, struct arena *arena, const struct figure *figure);

#endif
