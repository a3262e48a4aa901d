/* model.h -- threshold models: from a sample to limits, from a value to a score.
 *
 * The table is model.def. Formulas are those of the page pace-detect: with n the sample size, m the
 * mean, s the deviation (n-1), type 7 quantiles. A limit that cannot be computed is NAN. Pure. */
#ifndef PACE_MODEL_H
#define PACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum model_kind {
#define MODEL(id, name, needs, bounds, built, text) id,
#include "model.def"
#undef MODEL
    MODEL_COUNT
};

/* How a bound was given; each model says in model.def which it takes. */
enum bound_kind {
    BOUND_NONE,
    BOUND_PROBABILITY = 1, /* 0.99: one-sided; 0.5 <= p < 1 */
    BOUND_DEVIATIONS = 2,  /* 3sd: so many spreads; t-test then leaves sqrt(1 + 1/n) out */
    BOUND_FRACTION = 4,    /* 10%, 2x: of the centre or of the spread */
    BOUND_VALUE = 8,       /* a value in the measure's unit */
};

struct bound {
    enum bound_kind kind;
    double value;
};

struct model_row {
    const char *name;
    unsigned needs;  /* default of `needs` */
    unsigned bounds; /* OR of bound kinds it takes */
    bool built;      /* 0: parsed, not run yet */
    const char *text;
};
extern const struct model_row model_rows[MODEL_COUNT];

/* MODEL_COUNT when there is none. */
enum model_kind model_find(const char *name, size_t len);

struct limits {
    double centre, spread; /* spread in the value's unit (log-normal: sigma of the logs) */
    double low, high;      /* NAN where no bound was asked for, or none can be computed */
    size_t n;
    bool flat; /* the sample has no spread: the limits are the centre */
};

/* Limits from a sample in the order of time. Returns 0, or -1 when the model cannot be computed
 * from it (log-normal of a value <= 0, a relative step from 0, a model not built): everything NAN
 * but n. */
int model_limits(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                 struct bound upper, struct limits *out);

/* The signed distance of a value from the centre in the model's own unit (deviations, fraction of
 * the centre, quartile ranges), positive = above. NAN when there is none. */
double model_score(enum model_kind kind, const struct limits *limits, double value);

/* One-sided p of a value at least this far on its own side of the centre; NAN for a model without a
 * distribution. */
double model_p(enum model_kind kind, const struct limits *limits, double value);

/* Relative difference below which a value equals a flat history. */
#define MODEL_FLAT_TOLERANCE 1e-9

#endif
