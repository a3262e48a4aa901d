/* judge.h -- the verdict on runs: asking the query language, and telling people.
 *
 * The rows of `... | check MODEL | last run` are kept. What got worse is a few lines on stdout (or
 * rows, with --format); counts and missing baselines are notes on stderr. */
#ifndef PACE_JUDGE_H
#define PACE_JUDGE_H

#include "../engine/arena.h"
#include "../query/pace_query.h"
#include "command.h"
#include "show.h"

enum judge_verdict {
#define VERDICT(id, name, help) JUDGE_##id,
#include "../query/verdict.def"
#undef VERDICT
    JUDGE_VERDICT_COUNT
};

/* Series that are judged where nobody asked for it, as at the prompt: more would be waited for. */
enum { JUDGE_AT_ONCE = 1500 };

/* What is judged: names, NULL or "" for any. */
struct judge_scope {
    const char *project, *branch, *testbed;
    uint64_t run;     /* 0: the newest of each stream */
    int64_t time_ns;  /* of `run` */
    int64_t since_ns; /* with run 0: all runs from this time on; 0: no such time */
};

/* One judged series. Text lives as long as the judgement. */
struct judged {
    const char *project, *branch, *testbed, *benchmark, *measure, *commit, *unit;
    const char *good_commit,
        *bad_commit; /* last good and first bad of what fires, or is open; "" */
    enum judge_verdict verdict;
    uint64_t run;
    int64_t time_ns;                    /* of the run; 0: not known */
    double value, base, delta, p, q, n; /* NAN where there is none */
    double spread, score, low_limit, high_limit;
    double low_delta, high_delta; /* of rounds: the interval of delta */
    double before;                /* level before the regression that is open; NAN: none */
    int higher_is_worse;          /* 1 or 0; -1: not known */
};

struct judgement {
    struct arena arena;
    struct judged *rows; /* in the order of the query */
    size_t count, capacity;
    size_t counts[JUDGE_VERDICT_COUNT];
    const char
        *paired_with;  /* the commit that rounds were measured against; NULL: history judged */
    uint64_t settling; /* of the thin ones: their level changed lately */
    int is_bare; /* no model was named: on a branch with a start point the parent alone counts */
};

/* Judges by a model; NULL: by the saved threshold in scope, else the default of `check`. Returns 0,
 * or the exit status after saying what failed (a bad model: STATUS_USAGE). Clear *out in every
 * case. */
int judge_read(pace *store, const struct judge_scope *scope, const char *model,
               struct judgement *out);
void judge_clear(struct judgement *judgement);

/* A judgement made elsewhere: an empty one, and a row more, without texts; NULL without memory. */
void judge_init(struct judgement *out);
struct judged *judge_add(struct judgement *out);

/* Orders the rows by benchmark and measure, so that judge_find finds one; NULL: there is none. */
void judge_sort(struct judgement *judgement);
const struct judged *judge_find(const struct judgement *judgement, const char *benchmark,
                                const char *measure);

/* Whether a model can be bound at all, before anything is measured: 0, or the exit status after
 * saying why not. */
int judge_check_model(pace *store, const char *model);

/* Whether no row got a verdict: all are new, thin, gone or failed. */
int judge_is_empty(const struct judgement *judgement);

/* Whether a series that is not new has too few earlier runs, or too few on this machine. */
int judge_lacks_baseline(const struct judgement *judgement);

/* Rows that a second run could confirm: suspected, or worse by a rule without `confirm`. */
size_t judge_suspects(const struct judgement *judgement);
int judge_is_suspect(const struct judged *judged);

/* Regressions that nobody accepted and that have not recovered, without those that fire now. */
size_t judge_open(const struct judgement *judgement);

/* Warns where the level crept away over the last hundred runs; names no more than a few. */
void judge_note_drift(pace *store, const struct judge_scope *scope,
                      const struct judgement *judgement);

/* What a report says beside its rows, a line each: where a branch has its history from, and what is
 * not as it was on the machine. What does not fit is left out. */
enum { JUDGE_NOTES_MAX = 12, JUDGE_NOTE_BYTES = 500 };
struct judge_notes {
    struct arena arena;
    const char *texts[JUDGE_NOTES_MAX];
    size_t count;
};
void judge_notes_read(pace *store, const struct judgement *judgement, struct judge_notes *out);
void judge_notes_clear(struct judge_notes *notes);

/* "3 series: 1 worse, 2 ok". Returns buffer. */
const char *judge_summary(const struct judgement *judgement, char *buffer, size_t size);

/* What became of confirming. */
enum judge_confirm {
    JUDGE_FIRST_COUNTS, /* not asked for, or not possible */
    JUDGE_SECOND_RUN,   /* what is worse in the second run as well counts */
    JUDGE_NO_SECOND,    /* the second run failed: nothing counts */
};

/* Writes alerts and notes; `again` is the judgement of the second run, else NULL. Returns
 * STATUS_REGRESSION when something counts as worse, else STATUS_OK. */
int judge_show(pace *store, const struct judgement *judgement, const struct judgement *again,
               enum judge_confirm confirm, const struct show_style *style, int quiet);

#endif
