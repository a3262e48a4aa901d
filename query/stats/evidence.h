/* evidence.h -- does a step explain two neighbouring segments better than correlated noise alone
 * does?
 *
 * In a short series the correlation of neighbours is hardly known, and noise that is correlated
 * wanders as if its level had changed. So the likelihoods of "one level" and of "a step" are both
 * summed over all correlations from 0 to 0.7, and their ratio is asked. Pure. */
#ifndef PACE_EVIDENCE_H
#define PACE_EVIDENCE_H

#include "judge.h"

/* p of the step between two neighbours, as the largest of all places to split them. The rest of the
 * series helps to know noise and correlation, the more the longer it is. Right (at most 1.1 of what
 * it says, by simulation: bench-detect) from 20 points on, for correlations up to 0.6.
 * O(points). */
double evidence_p(const struct judge *judge, const struct segment *a, const struct segment *b);

#endif
