/* relate.h -- numbers that follow from others but for their last bits: a rate from a time, an upper
 * bound from a value and its lower bound. What is stored of them is the RESIDUAL: by how much the
 * 64 bits of the number are more than those of the one that was predicted. Pure.
 *
 *   relation 1:       the other number
 *   relation 16 + p:  10^p / the other number, p 0 to 15 */
#ifndef PACE_RELATE_H
#define PACE_RELATE_H

#include <stddef.h>
#include <stdint.h>

enum {
    RELATE_NONE = 0,
    RELATE_SAME = 1,
    RELATE_RECIPROCAL = 16,
    RELATE_END = 32,
    RELATE_RESIDUAL_MAX = 1 << 20, /* of what is still called near */
};

/* 1 when it is the number of a relation. */
int relate_is_known(unsigned relation);

/* The relation that predicts `number` from `other` well, or RELATE_NONE. */
unsigned relate_guess(double number, double other);

double relate_predict(unsigned relation, double other);

/* The upper bound as far from the value as the lower one is. */
static inline double relate_mirror(double value, double lower)
{
    return value + (value - lower);
}

/* Residuals of n numbers, as whole numbers: 0, or -1: one is not near. */
int relate_residuals(const double *numbers, const double *predicted, size_t n, double *out);

double relate_restore(double residual, double predicted);

#endif
