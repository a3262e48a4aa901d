/* tail.h -- one end of a sample that comes in pieces: the smallest or the largest of its values,
 * which are all that a quantile near that end needs. Exact, whatever the order of the values.
 *
 *     tail_plan(&tail, p, most);                 a sample of `most` values or fewer
 *     tail_put, tail_cut                         as they come; what is left lies with the caller
 *     tail_quantile                              type 7, as select_quantile has it of all
 *
 * A value costs a comparison; one that is kept, some more. Where they all go up or all go down,
 * each is kept for a while. */
#ifndef PACE_TAIL_H
#define PACE_TAIL_H

#include <stdbool.h>
#include <stddef.h>

struct tail {
    size_t
        keep; /* values that are always enough; 0: the sample is not worth it, or all are needed */
    bool low; /* the smallest */
};

/* What lies behind it is not wanted; is_set false: nothing was cut yet. */
struct tail_bound {
    double value;
    bool is_set;
};

void tail_plan(struct tail *tail, double p, size_t most);
/* Copies those of x[0 .. n) that may be needed to `to`, which has room for n; how many these
 * are. */
size_t tail_put(const struct tail *tail, const struct tail_bound *bound, const double *x, size_t n,
                double *to);
/* How many values are worth cutting. */
size_t tail_room(const struct tail *tail);
/* Leaves tail->keep of them, or more where they are fewer, in any order; how many. Sets the
 * bound. */
size_t tail_cut(const struct tail *tail, struct tail_bound *bound, double *x, size_t n);
/* The quantile of a sample of `all` values of which x[0 .. n) are left; reorders them. */
double tail_quantile(const struct tail *tail, double *x, size_t n, size_t all, double p);

#endif
