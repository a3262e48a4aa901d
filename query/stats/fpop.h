/* fpop.h -- least-cost segmentation of one series with a bounded loss.
 *
 * Minimises the sum over points of min(((y - level) / scale)^2, k^2) plus `beta` for each change,
 * over all segmentations: exact (functional pruning with the biweight loss; Fearnhead and Rigaill,
 * "Changepoint detection in the presence of outliers", JASA 2019). A lone outlier costs k^2 and no
 * more, so it makes no change. Costs O(pieces) a point: about 10 pieces at 1,000 points, 100 at a
 * million quiet ones. Pure. */
#ifndef PACE_FPOP_H
#define PACE_FPOP_H

#include <stddef.h>

/* n >= 1 finite values; scale[i] > 0 is the noise of point i (NULL: 1 for all). last[t], 1 <= t <=
 * n: where the last segment of the first t points starts (n + 1 places; last[0] is not written).
 * 0, or -1 when out of memory. */
int fpop_biweight(const double *y, const double *scale, size_t n, double k, double beta,
                  size_t *last);

#endif
