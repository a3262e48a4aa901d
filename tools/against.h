/* against.h -- a base and the work tree measured in turns on one machine, and the verdict of that.
 *
 * The base gets a git work tree of its own. Each round measures both sides, and every second round
 * begins with the other one (ABBA), so that what drifts meanwhile meets both alike. What is stored
 * is one run: the work tree's values as ever, the base's under measures that end in `.base`, a
 * sample a round on either side. No window ever sees those: a measure with a dot is looked at only
 * when it is named. */
#ifndef PACE_AGAINST_H
#define PACE_AGAINST_H

#include "job.h"
#include "judge.h"

/* The rounds of both sides. */
struct against {
    struct record *base, *head; /* one a round */
    unsigned count, capacity;   /* whole rounds */
};

/* Makes the work tree, runs --setup in both, then the rounds; the work tree is gone when this
 * returns. *out is what to store, as trial_run gives it. Statuses as of trial_run; a failing setup
 * is STATUS_BENCHMARK without cells. Clear both always. */
int against_run(const struct job *job, struct against *against, struct trial_result *out);
void against_clear(struct against *against);

/* A row for each benchmark and measure, without the companions. Directions that the harness does
 * not tell are asked of the store. 0 or the exit status; clear *out always. */
int against_judge(const struct job *job, const struct against *against, pace *store,
                  const struct stored *stored, struct judgement *out);

#endif
