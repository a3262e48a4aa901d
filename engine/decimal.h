/* decimal.h -- the decimal digits of a double, rounded correctly.
 *
 * As printf's %e rounds: to the nearest, of the exact value; a half to the even digit. Pure: libc
 * only, whatever the locale. */
#ifndef PACE_DECIMAL_H
#define PACE_DECIMAL_H

#include <stdbool.h>

enum { DECIMAL_DIGITS_MAX = 17 }; /* enough for any double */

/* A finite number as 0.d1d2d3... * 10^point. */
struct decimal {
    bool negative;
    char digits[DECIMAL_DIGITS_MAX + 1];
    int count, point;
};

/* The number rounded to 1 to 17 significant digits, zeros at the end dropped. Returns whether the
 * digits read back as the same double. */
bool decimal_round(struct decimal *out, double value, int significant);

#endif
