/* layout.h -- rows made ready for people: what goes into the heading, which columns stay, their
 * cells.
 *
 * Used by `table` and `markdown`. What is the same in all rows is said once, in the heading;
 * columns that say nothing are left out; numbers of one unit share a prefix. Cells are texts in
 * parts that are aligned on the decimal point; their bytes are safe for a terminal. All memory is
 * the arena's. */
#ifndef PACE_LAYOUT_H
#define PACE_LAYOUT_H

#include "format.h"
#include "held.h"

#include <stdbool.h>

/* Before the point (aligned right), from the point on (left), a margin "± 0.3" (right), the unit.
 */
enum { LAYOUT_PARTS = 4 };

struct layout_cell {
    const char *part[LAYOUT_PARTS]; /* "" where there is none */
    unsigned width[LAYOUT_PARTS];   /* display columns */
    enum format_tone tone;
};

struct layout_column {
    const char *name;
    bool number;      /* aligned on the point, name to the right */
    bool cut_allowed; /* names may be cut */
    bool hidden;      /* by layout_fit */
    size_t width;     /* display columns, at least the name's */
    size_t shared; /* of names: bytes at the beginning that all have, left out first; layout_fit */
    size_t own;    /* columns of the longest name behind them */
    size_t whole;  /* columns of the longest name */
    size_t part_width[LAYOUT_PARTS];
    struct layout_cell *cells;
};

struct layout {
    const char *heading; /* "" when nothing is the same in all rows; may be of several lines */
    size_t column_count, row_count;
    struct layout_column *columns;
    const char *dropped; /* names of hidden columns, or NULL */
};

struct layout_options {
    bool ascii;
    int64_t now_ns; /* 0: times are not told as distances */
    size_t width;   /* the heading is broken between its parts to fit; 0: one line */
};

/* Lays out all rows of `held`. 0 or PACE_ENOMEM. */
int layout_build(struct layout *layout, struct arena *arena, const struct held *held,
                 const struct layout_options *options);

/* Display columns of a line. */
size_t layout_width(const struct layout *layout);

/* Makes a line fit `width` if it can: cuts names, first what all begin with, then in the middle;
 * then hides columns that say least, then cuts names further. Numbers are never cut. 0 or
 * PACE_ENOMEM. */
int layout_fit(struct layout *layout, struct arena *arena, size_t width, bool ascii);

/* A copy that is safe for a terminal; "" when memory is out (the arena remembers). */
const char *layout_safe(struct arena *arena, const char *text);

/* A commit for people, safe: a long run of hexadecimal digits is cut to 9, what follows ("+dirty")
 * stays. */
const char *layout_commit(struct arena *arena, const char *commit);

enum { LAYOUT_GAP = 2 }; /* spaces between columns */

#endif
