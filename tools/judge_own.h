/* judge_own.h -- what the files of the verdict share: judge.c asks, judge_notes.c and
 * judge_alerts.c tell. */
#ifndef PACE_JUDGE_OWN_H
#define PACE_JUDGE_OWN_H

#include "../engine/unit.h"
#include "judge.h"

enum {
    MAX_LISTED = 20, /* alerts, or notes of one kind, that are written out */
    SHORT_COMMIT = 7,
};

extern const char *const judge_verdicts[]; /* names, by enum judge_verdict */

static const double JUDGE_MOVED_LEAST = 0.05; /* a change of less is not told of as a move */

/* The limit that a value is beyond, else the one that it is nearer to; NAN: none. */
double judged_limit(const struct judged *judged);

/* A row that counts as worse. */
struct firing {
    const struct judged *row, *second; /* second: what confirms it, or NULL */
    size_t incident;                   /* from 1: what began together */
};

/* The rows that count, by incident, as an array of the caller's; NULL without memory. `again` is
 * NULL where there is no second run. */
struct firing *judge_firing(const struct judgement *judgement, const struct judgement *again,
                            enum judge_confirm confirm, size_t *count);

/* The same series in another judgement, or NULL. */
const struct judged *judged_find(const struct judgement *judgement, const struct judged *series);

/* Whether a regression of an earlier run is still there. */
int judged_is_open(const struct judged *judged);

/* "+614 %", "81 times that" from tenfold on, or "from 0" where the base is zero. */
const char *delta_text(char buffer[UNIT_TEXT_MAX], double delta);

/* The column of a judged series in a stream: 0, or an error of the engine. */
int column_find(pace_snapshot *snapshot, uint32_t stream, const struct judged *judged,
                uint32_t *column);

/* Notes, on stderr. Before the alerts: the lineage, another machine, everything together. Behind
 * them: what is open, how to accept what is worse or open, what is recovered, better, changed or
 * moved; and always what could not be judged. */
void judge_note_first(pace *store, const struct judgement *judgement, int quiet);
void judge_note_rest(pace *store, const struct judgement *judgement, const struct firing *firing,
                     size_t alerts, int quiet);

#endif
