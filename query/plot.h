/* plot.h -- charts of held rows: lines over time, and bars. Used by format_plot.c. */
#ifndef PACE_PLOT_H
#define PACE_PLOT_H

#include "format.h"
#include "held.h"

enum {
    PLOT_ROWS_MAX = 100000, /* rows held; later ones are counted, not drawn */
    PLOT_SERIES_MAX = 8,    /* panels of one plot */
    PLOT_BARS_MAX = 200,
    PLOT_MARKS_MAX = 8, /* alerts listed under a panel */
    PLOT_WIDTH_DEFAULT = 80,
    PLOT_WIDTH_MIN = 40,
    PLOT_WIDTH_MAX = 400,
};

/* Which columns a plot uses; NULL: the rows have none. */
struct plot_columns {
    const struct held_column *time, *commit, *value, *base, *low, *high, *verdict;
    const struct held_column *keys[PACE_DIMENSION_COUNT]; /* what names a series */
    size_t key_count;
};

/* Finds them: `value`, or else the number that says most. */
void plot_columns_find(struct plot_columns *columns, const struct held *held);

/* Display columns to draw in. */
unsigned plot_width(const struct pace_writer *writer);

/* The keys of a row that differ between rows (differ[i] != 0), or the others, joined; safe text. */
const char *plot_name(struct arena *arena, const struct plot_columns *columns, const int *differ,
                      int which, size_t row, int ascii);

/* A panel for each series. 0 or PACE_ENOMEM. */
int plot_lines(struct pace_writer *writer, struct arena *arena, const struct held *held,
               const struct plot_columns *columns);

/* A bar for each row. 0 or PACE_ENOMEM. */
int plot_bars(struct pace_writer *writer, struct arena *arena, const struct held *held,
              const struct plot_columns *columns);

#endif
