/* check.h -- the operator that judges, as op_check.c and check_group.c share it:
 *
 *     op_check.c      a row against the window of its series before it; a series at a time
 *     check_rows.c    rows taken many at once
 *     check_within.c  every row of a long series, most of which a where behind drops
 *     check_group.c   the newest rows of many series that lie side by side, in batches of all of them
 */
#ifndef PACE_CHECK_H
#define PACE_CHECK_H

#include "judged.h"

#include "levels.h"
#include "machine.h"
#include "rule.h"
#include "samples.h"

enum check_column {
    CHECK_BASE,
    CHECK_SPREAD,
    CHECK_LOW,
    CHECK_HIGH,
    CHECK_N,
    CHECK_SCORE,
    CHECK_P,
    CHECK_Q, /* of a bare check; for op_fdr, whether the row is one that confirms */
    CHECK_BEFORE,
    CHECK_GOOD_COMMIT, /* texts from here on */
    CHECK_BAD_COMMIT,
    CHECK_VERDICT,
    CHECK_COLUMNS
};

enum { CONFIRM_MAX = 64 };

#define CHECK_CHANCE_UNITS 0x1p32

/* So few rows are judged where a series is looked at where it lies. */
enum { WHOLE_JUDGED = 8 };

struct check_op {
    struct op op;
    struct inputs inputs;
    struct rule *rules;
    const struct rule *rule; /* of the current series */
    struct bound lower, upper;
    const struct series *series;
    struct history *histories; /* one a rule */
    struct history *history;
    struct levels *levels; /* one a rule, for those that look back on a segment */
    struct levels *level;  /* of the current series, or NULL */
    struct machines machines;
    bool by_keys;  /* commits come as keys too */
    bool bare;     /* no model was named: on a branch with a start point the parent alone counts */
    bool accepted; /* a change was accepted on the branch: from there on its own points count too */
    bool own_seen; /* a point of the branch itself was met */
    struct sample_pool run_samples, window_samples; /* for the models that compare them */
    uint64_t sampleless; /* judged points without the raw samples that their model compares */
    uint64_t
        chance; /* judged points that are beyond the limits where nothing changed, in CHECK_CHANCE_UNITS:
                        whole numbers, whose sum is the same in any order */
    struct model_memo memo;
    struct { /* the false_alarm of a window of this size */
        bool known;
        size_t n;
        double chance;
    } alarm;
    signed char
        sides[CONFIRM_MAX]; /* of the points before, newest last: -1 low, 1 high, 0 within */
    struct vec *vecs;
    struct vec own[CHECK_COLUMNS];
    const char *own_unit; /* that own[] has in vecs[]; NULL: they are not there */
    bool for_fdr;
    size_t blank;                      /* so many rows of own[] have nothing */
    const double *sample, *sample_run; /* the window of the row being judged */
    struct {
        uint64_t runs_id;
        size_t first, row;
    } alike; /* in these runs, none of the window is of the row's commit or another machine */
    struct { /* rows of a batch that one class of machine measured, each of a commit */
        uint64_t runs_id; /* the same in all batches with these runs */
        size_t first, end;
        uint16_t machine;
        uint16_t *hash; /* of their commits */
    } stretch;
    struct {          /* of the newest points of the history */
        size_t known; /* so many of them; less than a window: to be found again */
        size_t same;  /* so many the class of the newest one measured */
        uint16_t machine;
        uint32_t pushed;                 /* points, of all series */
        uint32_t last[LEVEL_HASHES + 1]; /* by hash of the commit: which of them was the last */
    } near;
    bool read[CHECK_COLUMNS]; /* asked for by name (op.watch) */
    struct {                  /* what comes late */
        bool rows; /* all columns of a row, but for its verdict and whether it is high or low */
        bool p;
        bool open;             /* some rows of the batch have no columns yet (check_within.c) */
        enum model_kind model; /* what p is made of, a row: */
        size_t offset;         /* of the batch's rows in these */
        double *score;         /* NAN: p is there, or there is none */
        size_t *n;
    } late;
    struct gathering *gathering; /* check_group.c; NULL: not begun */
    struct limits limits;        /* of the row judged last */
    struct within *within;       /* check_within.c; NULL: not begun */
    struct batch batch;
};

/* The series that comes: which rule judges it, and nothing before it. */
int check_start(struct check_op *check, struct context *ctx, const struct series *series);
/* Judges a row whose window is check->sample: n points, `before` of them before an accepted
 * change. */
int check_judge(struct check_op *check, struct context *ctx, const struct point *point, size_t row,
                bool selected, size_t n, size_t before, bool moved);
/* How likely such a row is to be beyond its limits, and confirmed, where nothing changed. */
double check_false_alarm(struct check_op *check, const struct limits *limits);
static inline void check_add_chance(struct check_op *check, double chance)
{
    if (chance > 0) check->chance += (uint64_t)(chance * CHECK_CHANCE_UNITS);
}
void check_put_nothing(struct check_op *check, size_t row);
/* The rows up to `end` have no verdict. */
void check_put_blank(struct check_op *check, size_t row, size_t end);
/* Whether a column of its own has the unit of the series. */
bool check_has_unit(const struct check_op *check, enum check_column column);

/* A batch that comes. */
void check_rows_begin(struct check_op *check, const struct batch *batch);
/* Takes rows from `row` on for which less than all has to be looked at, many at once: those that
 * are history of others and no more; those whose window is the points right before them. How many
 * there were; 0: the first one is to be taken by itself. */
int check_rows(struct check_op *check, struct context *ctx, const struct batch *batch, size_t row,
               size_t *count);
/* Takes note of a point that was pushed by itself. */
int check_near_note(struct check_op *check, struct context *ctx, const struct point *point);

/* Rows of several series at once, where the scan has series that can be judged that way; *out is
 * NULL where the next one cannot. */
int check_gather(struct check_op *check, struct context *ctx, struct batch **out);

/* Judges a whole series without gaps or marks whose last rows alone, from `first` on, are judged
 * and given out: they become the first ones. *done false: it is not such a series, and nothing is
 * changed. */
int check_whole(struct check_op *check, struct context *ctx, const struct batch *batch,
                size_t first, bool *done);

/* Judges all rows of a batch; *done false: none, and nothing is changed. */
int check_within(struct check_op *check, struct context *ctx, const struct batch *batch,
                 bool *done);
/* Fills the columns of rows of that batch that go on. */
int check_within_finish(struct check_op *check, struct context *ctx, const uint32_t *rows,
                        size_t count);
void check_within_free(struct check_op *check);

#endif
