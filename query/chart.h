/* chart.h -- a grid of terminal cells to draw on: Braille dots (2 x 4 a cell) or ASCII.
 *
 * A cell shows one thing: a mark before the line, the line before rules, rules before the band.
 * Pure; memory is the arena's. */
#ifndef PACE_CHART_H
#define PACE_CHART_H

#include "../engine/arena.h"
#include "figure.h"

#include <stdint.h>

/* What a cell shows besides the line; from INK_MARK on: the marks of figure.def. */
enum chart_ink {
    INK_NONE,
    INK_BAND,   /* base and spread around it */
    INK_CHANGE, /* the rule of a change point */
    INK_ACCEPT, /* and of a change that was accepted */
    INK_LIMIT,
    INK_BASE,
    INK_LINE, /* dots of the line */
    INK_MARK,
};

struct chart {
    unsigned columns, rows; /* cells */
    unsigned width, height; /* dots */
    int ascii;
    uint8_t *dots; /* one byte a cell: Braille bits, or 1 point and 2 stroke */
    uint8_t *inks; /* one a cell */
};

/* 0 or -1 when memory is out. columns and rows are at least 1. */
int chart_init(struct chart *chart, struct arena *arena, unsigned columns, unsigned rows,
               int ascii);

/* Dots; (0, 0) is at the bottom left. What lies outside is not drawn. */
void chart_point(struct chart *chart, unsigned x, unsigned y);
void chart_stroke(struct chart *chart, unsigned x0, unsigned y0, unsigned x1, unsigned y1);

/* Puts an ink on the cell that holds a dot; of two the later in the enum is seen, of two marks the
 * graver. */
void chart_mark(struct chart *chart, unsigned x, unsigned y, unsigned ink);

/* What to print in the cell (row 0 is the top), and its ink. */
unsigned chart_cell(const struct chart *chart, unsigned column, unsigned row, char text[5]);

/* The sign of an ink, for legends. */
const char *chart_sign(unsigned ink, int ascii);

#endif
