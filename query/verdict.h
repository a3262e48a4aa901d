/* verdict.h -- the verdicts of `check`, from verdict.def. A verdict column holds pointers into
 * verdict_names, so a flag is one comparison. */
#ifndef PACE_VERDICT_H
#define PACE_VERDICT_H

enum verdict {
#define VERDICT(id, name, help) id,
#include "verdict.def"
#undef VERDICT
    VERDICT_COUNT
};

extern const char *const verdict_names[VERDICT_COUNT];

struct pace_outcome;

/* Counts a verdict in an outcome, or takes it back (times -1). */
void outcome_count(struct pace_outcome *outcome, enum verdict verdict, int times);

#endif
