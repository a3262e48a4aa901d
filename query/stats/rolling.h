/* rolling.h -- statistics of a window that slides over an array of values.
 *
 * A window is values [first, end) of a series; the next one lies a little further on. Moments are
 * updated in O(1): compensated sums about a value of the window, taken anew whenever the window has
 * moved by its own length or the sums have lost digits. Order statistics are updated in O(log W)
 * and a short move of memory. Values are finite. Pure; not thread-safe for one window. */
#ifndef PACE_ROLLING_H
#define PACE_ROLLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rolling_kind { ROLLING_MOMENTS, ROLLING_ORDER };

struct rolling_sum {
    double high, low;
};
struct rolling_large; /* windows that are too long for one sorted array */

struct rolling {
    enum rolling_kind kind;
    uint64_t first, end;  /* the window, by number of value; empty before the first move */
    const double *values; /* of the window */

    double shift; /* sums are of x - shift */
    struct rolling_sum sum, squares;
    double passed; /* squares that went in and out since they were taken anew */
    size_t moved;  /* values that went in since then */

    double *sorted,
        *other;     /* the values in order; room for as many, to which they move with each */
    double *memory; /* of both */
    size_t capacity;
    size_t padded; /* so many values have their bounds beside them, in both */
    struct rolling_large *large;
};

void rolling_init(struct rolling *rolling, enum rolling_kind kind);
void rolling_release(struct rolling *rolling);
void rolling_reset(struct rolling *rolling); /* empty; values are numbered anew */

/* Moves to values [first, end), first < end. values[0] is number `base`; base is at most `first`,
 * and values that leave must be there too, or the window is taken anew. 0, or -1 when out of
 * memory. */
int rolling_move(struct rolling *rolling, const double *values, uint64_t base, uint64_t first,
                 uint64_t end);

/* Of the window; the values given to rolling_move must still be there. MOMENTS: */
double rolling_sum(struct rolling *rolling);
double rolling_mean(struct rolling *rolling);
double
rolling_sd(struct rolling *rolling); /* n-1; NAN for one value; exactly 0 when all are equal */
/* ORDER: type 7; 0 <= p <= 1. */
double rolling_quantile(const struct rolling *rolling, double p);

#endif
