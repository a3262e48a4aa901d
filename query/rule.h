/* rule.h -- what `check` judges by: a model with its bounds, window, floor and confirmation. */
#ifndef PACE_RULE_H
#define PACE_RULE_H

#include "context.h"
#include "history.h"
#include "scope.h"
#include "stats/model.h"
#include "verdict.h"

/* A bound as it was given; a value keeps its unit until the series is known. */
struct rule_bound {
    struct bound bound;
    const char *unit;
    struct span span;
};

struct rule {
    enum model_kind model;
    const char *name;               /* of a saved threshold, or NULL */
    struct rule_bound lower, upper; /* explicit sides */
    struct rule_bound worse;        /* a bare bound: the worse side */
    double floor;                   /* smallest |value/base - 1| */
    unsigned confirm, confirm_of;   /* K of N; 1 of 1 without */
    double fdr;                     /* accepted rate of false alarms over a run's series; 0: none */
    double effect;                  /* cusum: the shift to find, in deviations; 0: the default */
    bool bencher;                   /* limits as Bencher computes them */
    struct window window;
    struct scope *scope;  /* a threshold's `for`; NULL: everything */
    unsigned scope_terms; /* how narrow it is */
    struct rule *next;
};

/* The gate of a bare `check` where no saved threshold applies. */
#define RULE_DEFAULT "t-test 99% over segment needs 5 floor 5% confirm 2 of 2"

/* The rule that RULE_DEFAULT spells. */
int rule_default(struct context *ctx, struct rule **out);

/* The rules of a `check` stage: one for an explicit model or threshold; for a bare check every
 * saved threshold with a scope, narrowest first, then the default. */
int rules_bind(struct context *ctx, const struct stage *stage, struct rule **out);

/* The limits' bounds for one series, with the bare bound on its worse side and values in its unit.
 */
int rule_bounds(struct context *ctx, const struct rule *rule, const struct series *series,
                struct bound *lower, struct bound *upper);

/* Limits of a window of n points; behind an accepted change with few points yet, the spread of the
 * `before` points from before it around the centre since (rule 10). A static model has neither. */
void rule_limits(const struct rule *rule, const double *sample, size_t n, size_t before,
                 size_t needs, struct bound lower, struct bound upper,
                 const struct model_extra *extra, struct limits *out);

/* Which side of its limits a value is on: -1, 0, 1, and by the floor at least. */
int rule_side(const struct rule *rule, const struct limits *limits, double value);

/* The limits with the floor: beyond them is what check calls high and low. */
struct limits rule_widen(const struct rule *rule, const struct limits *limits);

/* What being beyond on a side means. */
enum verdict rule_verdict(enum pace_direction direction, int side);

/* Whether a value equals a history without any spread. */
bool limits_equal(const struct limits *limits, double value);

#endif
