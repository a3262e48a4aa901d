/* compare.h -- `pace compare`: two sides, what a query says of them, and the tables made of it.
 *
 * A side is a run, a commit, a branch or a file of results. Sides of one store are compared where
 * they lie; where one is a file both are copied into a store that lasts as long as the command. The
 * statistics are those of the language's `versus`. */
#ifndef PACE_COMPARE_H
#define PACE_COMPARE_H

#include "../engine/arena.h"
#include "../query/pace_query.h"
#include "command.h"
#include "show.h"

enum side_kind { SIDE_RUN, SIDE_COMMIT, SIDE_BRANCH, SIDE_FILE };

struct side {
    enum side_kind kind;
    char label[PACE_MAX_NAME + 1]; /* for people */
    char project[PACE_MAX_NAME + 1], branch[PACE_MAX_NAME + 1], testbed[PACE_MAX_NAME + 1];
    char commit[PACE_MAX_COMMIT + 1];
    uint64_t *runs; /* of which it consists, oldest first within a stream */
    size_t run_count;
};

void side_clear(struct side *side);

/* What an operand names in a store, which may be NULL when there is none: a number, run:N, last,
 * last~N; commit:X, the beginning of a commit, any name that git knows; branch:X or the name of a
 * branch; a file. `branch`: where `last` is looked for, "" for everywhere. `newest`: how many runs
 * of a branch. Returns 0, or the exit status after saying why not. */
int side_find(pace *store, const char *operand, const char *branch, size_t newest,
              struct side *out);

/* The run before the newest, which is the one of `newest`; rather one of another commit, where one
 * is near: a run that confirms another says nothing new. As side_find with last~1. */
int side_before(pace *store, const char *branch, const struct side *newest, struct side *out);

/* Whether an operand is a file. */
int operand_is_file(const char *operand);

/* Copies a side's runs into `to` as the branch `name`, on one testbed of one project, and makes it
 * a branch of that store. 0 or the exit status. */
int side_copy(pace *from, struct side *side, pace *to, const char *name);
/* The same of a side that is a file, read by `adapter` (NULL: by content). */
int side_load(struct side *side, const char *adapter, pace *to, const char *name);

/* The query that compares the sides, by variables that are set in the session. */
int compare_query(pace_session *session, const struct side *base, const struct side *new_side,
                  size_t newest, const char *options, char *text, size_t size);

/* One pair of series, or a series without a partner. Text lives in the arena. */
struct compared {
    const char *project, *testbed, *benchmark, *measure, *unit, *verdict, *basis;
    double value, lower, upper, base, lower_base, upper_base; /* NAN where there is none */
    double n, n_base, ratio, p, needed;
};

struct comparison {
    struct arena arena;
    struct compared *rows;
    size_t count, capacity;
    size_t pairs, within_run; /* pairs, and those of them whose samples were compared */
};

/* Runs the query; keeps its rows. 0 or the exit status. */
int comparison_read(struct show *show, const char *text, struct comparison *out);
void comparison_clear(struct comparison *comparison);

/* Warns where the level of a branch changed within the runs that stand for it: how many of its
 * newest are of one level. */
void compare_note_steps(pace *store, pace_session *session, const struct side *side);

/* The table of medians with intervals, a block for each measure and testbed; changed: only rows
 * with a difference. */
void compare_table(struct comparison *comparison, const struct side *base,
                   const struct side *new_side, const struct show_style *style, int changed);

/* -- in the words of pytest-benchmark ---------------------------------------------------------- */

enum compare_stat {
    STAT_MIN,
    STAT_MAX,
    STAT_MEAN,
    STAT_STDDEV,
    STAT_MEDIAN,
    STAT_IQR,
    STAT_OUTLIERS, /* beyond one deviation */
    STAT_FAR,      /* beyond 1.5 quartile ranges */
    STAT_OPS,
    STAT_ROUNDS,
    STAT_ITERATIONS,
    STAT_COUNT
};

/* Of one benchmark in one run: companions where the harness gave them, else of its samples, else of
 * its value; NAN where none of these tells. */
struct cell_stats {
    const char *benchmark, *measure, *unit, *label;
    int is_new; /* of the new side */
    double at[STAT_COUNT];
};

struct stats_table {
    struct arena arena;
    struct cell_stats *rows; /* by measure, benchmark; the new side's first */
    size_t count, capacity;
};

int stats_read(pace *store, const struct side *base, const struct side *new_side,
               struct stats_table *out);
void stats_clear(struct stats_table *table);

/* pytest-benchmark's own table: best in the group and ratios to it. */
void stats_print(const struct stats_table *table, const struct show_style *style);

/* Whether `text` is a rule such as min:5% or mean:0.001. */
int rule_is_valid(const char *text);
/* Says what breaks the rule, new against base; how many did. */
size_t rule_check(const struct stats_table *table, const char *text);

#endif
