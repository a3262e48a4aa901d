/* bars.h -- rows as bars: results without a line over time (summarize, versus, changes).
 *
 * A bar is a row: what tells it from the others, its number in human units, its verdict and its
 * size against the largest of the same unit. Drawn by plot_bars.c and svg_bars.c. */
#ifndef PACE_BARS_H
#define PACE_BARS_H

#include "figure.h"

struct bar {
    const char **parts;        /* what tells the row from others: bars.part_count texts */
    const char *number, *word; /* safe; word: the verdict, or "" */
    const char *unit;
    double value; /* NAN: missing */
    double size;  /* of the largest of the unit: -1..1 */
    enum format_tone tone;
};

struct bars {
    struct bar *bars;
    size_t count, part_count, left_out; /* left_out: rows behind the last bar that is drawn */
    bool negative;                      /* some bar is: the zero line is not at the left */
    const char *heading; /* what is the same in all rows, and the name of the number */
};

/* Makes bars of the first `most` rows. ascii: how names are joined. 0 or PACE_ENOMEM. */
int bars_build(struct bars *bars, struct arena *arena, const struct figure *figure, size_t most,
               int ascii);

/* Display columns of the widest number or word: offsetof(struct bar, number). */
size_t bars_widest(const struct bars *bars, size_t offset);

/* Widths of the parts so that they and `gap` behind each fit `room`: the widest are cut first, none
 * below BARS_PART_LEAST. Fills widths[0..part_count) and returns what they take with their gaps. */
enum { BARS_PART_LEAST = 8 };
size_t bars_fit(const struct bars *bars, size_t room, size_t gap, size_t *widths);

#endif
