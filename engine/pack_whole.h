/* pack_whole.h -- values that are whole numbers over a power of ten, for pack.c.
 *
 * Most measurements are: a clock's or a printer's digits. There is a portable form and one for AVX2,
 * chosen by the processor; both give the same numbers. Pure. */
#ifndef PACE_PACK_WHOLE_H
#define PACE_PACK_WHOLE_H

#include "pack.h"

#define PACK_WHOLE_MAX 0x1p51 /* whole numbers below are exact, and their differences fit 52 bits */

extern const double pack_powers[PACK_SCALE_MAX + 1]; /* of ten */

struct pack_whole {
    unsigned scale;
    int64_t least, most; /* of the whole numbers */
};

/* The smallest scale at which each of n (1 to 64) values is a whole number / 10^scale, bit for bit. 0, or
 * -1: there is none. */
int pack_whole_find(const double *values, size_t n, struct pack_whole *out);

/* Those whole numbers, at a scale that was found. */
void pack_whole_take(const double *values, size_t n, unsigned scale, int64_t *out);

/* The forms for any machine, for tests. */
int pack_whole_find_portable(const double *values, size_t n, struct pack_whole *out);
void pack_whole_take_portable(const double *values, size_t n, unsigned scale, int64_t *out);

#endif
