/* moving.h -- sums, means and deviations of windows that move over an array, many at a time.
 *
 * A window of W values is the tail of one block of W and the head of the next: the sums of all tails
 * and heads of a block take two passes, and nothing that came in is ever taken out again, so nothing
 * is lost but the rounding of W additions (van Herk 1992 for minima; here for moments). They are of
 * differences from the value before the block, so that the digits of a level are not lost; where that
 * value is far from the window's mean the window is looked at as a sample. Pure. */
#ifndef PACE_MOVING_H
#define PACE_MOVING_H

#include <stddef.h>
#include <stdint.h>

enum { MOVING_MAX = 512 }; /* values in a window */

/* Where results go, one a window; NULL: not asked for. An empty window has NAN. */
struct moving_out {
    double *sum, *mean;
    double *sd; /* n-1; NAN for one value; exactly 0 when all are equal */
};

/* Window i holds the values x[end[i] - window] .. x[end[i] - 1], or from x[0] on where there are not so
 * many; end[] does not fall. x[0] is number `origin` of its series: blocks begin at the same values
 * however a series is cut into arrays. 0 < window <= MOVING_MAX; values are finite. */
void moving_moments(const double *x, uint64_t origin, size_t window, const uint32_t *end,
                    size_t count, const struct moving_out *out);

#endif
