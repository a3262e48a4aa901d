/* gather.h -- cells of many runs, regrouped by column.
 *
 * Runs come one after another, with cells of some columns each; a block wants column after column.
 * Two passes: one tells how many cells each column may have, the second puts them. Memory is kept
 * for the next use. Pure. */
#ifndef PACE_GATHER_H
#define PACE_GATHER_H

#include "block.h"

struct gather {
    uint32_t from, until; /* columns */
    uint32_t *start;      /* by column - from, and one behind: where its cells begin */
    uint32_t *used;
    uint32_t columns_capacity;
    uint16_t *run;
    uint8_t *status;
    double *value, *lower, *upper;
    size_t capacity;
    int bounded;    /* a cell has a bound */
    uint32_t whole; /* runs that gather_all took; 0: cells came another way */
};

void gather_free(struct gather *gather);

/* Begins the first pass. 0, or -1 without memory. */
int gather_begin(struct gather *gather, uint32_t from, uint32_t until);

/* `cells` more cells at most in each of the columns [from, until), which are cut to the range. */
void gather_expect(struct gather *gather, uint32_t from, uint32_t until, uint32_t cells);

/* Begins the second pass. 0, or -1 without memory. */
int gather_prepare(struct gather *gather);

/* Puts a cell that is there; run: its place in the block. The runs come in order. */
void gather_put(struct gather *gather, uint32_t run, const struct row_cell *cell);

/* Puts `runs` runs from `run` on whose cells of columns [from, until) are all there, ok and without
 * bounds; values[i][c] is of the i-th run and column from + c. */
void gather_put_values(struct gather *gather, uint32_t run, uint32_t runs, uint32_t from,
                       uint32_t until, const double *const *values);

/* Takes all that there is in one pass: runs 0 to `count` - 1, of which each has columns [from,
 * until), ok and without bounds; rows[i] is the i-th run's f64 of these columns, unaligned. 0, or
 * -1 without memory. */
int gather_all(struct gather *gather, uint32_t from, uint32_t until,
               const unsigned char *const *rows, uint32_t count);

/* The cells of a column in order of run; count 0: none. */
void gather_column(const struct gather *gather, uint32_t column, struct block_column *out);

#endif
