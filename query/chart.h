/* chart.h -- a grid of terminal cells to draw on: Braille dots (2 x 4 a cell) or ASCII.
 *
 * What is drawn first stays visible only where nothing is drawn over it: marks over the line, the
 * line over rules. Pure; memory is the arena's. */
#ifndef PACE_CHART_H
#define PACE_CHART_H

#include "../engine/arena.h"

#include <stdint.h>

/* What a cell shows besides the line. */
enum chart_ink {
    INK_NONE,
    INK_LINE, /* dots of the line */
    INK_BASE, /* the base line */
    INK_LIMIT,
    INK_WORSE,
    INK_SUSPECTED,
    INK_CHANGED,
    INK_BETTER,
};

struct chart {
    unsigned columns, rows; /* cells */
    unsigned width, height; /* dots */
    int ascii;
    uint8_t *dots; /* one byte a cell: Braille bits, or 1 point and 2 stroke */
    uint8_t *inks; /* one a cell: enum chart_ink */
};

/* 0 or -1 when memory is out. columns and rows are at least 1. */
int chart_init(struct chart *chart, struct arena *arena, unsigned columns, unsigned rows,
               int ascii);

/* Dots; (0, 0) is at the bottom left. What lies outside is not drawn. */
void chart_point(struct chart *chart, unsigned x, unsigned y);
void chart_stroke(struct chart *chart, unsigned x0, unsigned y0, unsigned x1, unsigned y1);

/* Puts an ink on the cell that holds a dot; a later mark replaces a lesser one. */
void chart_mark(struct chart *chart, unsigned x, unsigned y, enum chart_ink ink);

/* What to print in the cell (row 0 is the top), and its ink. */
enum chart_ink chart_cell(const struct chart *chart, unsigned column, unsigned row, char text[5]);

/* The mark of an ink, for legends. */
const char *chart_glyph(enum chart_ink ink, int ascii);

#endif
