/* rule.h -- what `check` judges by: a model with its bounds, window, floor and confirmation. */
#ifndef PACE_RULE_H
#define PACE_RULE_H

#include "context.h"
#include "history.h"
#include "scope.h"
#include "stats/model.h"

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
#define RULE_DEFAULT "t-test 99% over 64 needs 5 floor 5%"

/* The rules of a `check` stage: one for an explicit model or threshold; for a bare check every
 * saved threshold with a scope, narrowest first, then the default. */
int rules_bind(struct context *ctx, const struct stage *stage, struct rule **out);

/* The limits' bounds for one series, with the bare bound on its worse side and values in its unit.
 */
int rule_bounds(struct context *ctx, const struct rule *rule, const struct series *series,
                struct bound *lower, struct bound *upper);

#endif
