/* model.h -- threshold models: from a sample to limits, from a value to a score.
 *
 * The table is model.def. Formulas are those of the page pace-detect: with n the sample size, m the
 * mean, s the deviation (n-1), type 7 quantiles. A limit that cannot be computed is NAN. Pure. */
#ifndef PACE_MODEL_H
#define PACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

enum model_kind {
#define MODEL(id, name, needs, bounds, text) id,
#include "model.def"
#undef MODEL
    MODEL_COUNT
};

/* How a bound was given; each model says in model.def which it takes. */
enum bound_kind {
    BOUND_NONE,
    BOUND_PROBABILITY = 1, /* 0.99: one-sided; 0.5 <= p < 1 */
    BOUND_DEVIATIONS = 2, /* 3sd: so many spreads; t-test then leaves sqrt(1 + 1/n) out; cusum: h */
    BOUND_FRACTION = 4,   /* 10%, 2x: of the centre or of the spread */
    BOUND_VALUE = 8,      /* a value in the measure's unit */
};

struct bound {
    enum bound_kind kind;
    double value;
};

struct model_row {
    const char *name;
    unsigned needs;  /* default of `needs` */
    unsigned bounds; /* OR of bound kinds it takes */
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

    /* cusum and ewma: what the points before add up to, in deviations (chart.h): the sums upwards
     * and downwards; the mean of ewma as `up`, weighted for the next point. */
    double up, down;
    double slack, weight; /* k of cusum; lambda of ewma */

    /* mann-whitney: the limits are infinite; which side the run is on by its ranks (-1, 0, 1), and
     * the rank correlation and one-sided p behind that. */
    int side;
    double rank, rank_p;
};

/* Limits from a sample in the order of time. Returns 0, or -1 when the model cannot be computed
 * from it (log-normal of a value <= 0, a relative step from 0, mann-whitney without samples of the
 * run): everything NAN but n. */
int model_limits(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                 struct bound upper, struct limits *out);

/* How far a limit lies from the centre, by the size of a sample and a probability: of those asked
 * for last in each place, which the size tells. Windows of many series grow through the same sizes.
 * Zero: none yet. */
enum { MODEL_MEMO = 64 };
struct model_memo {
    struct {
        size_t n;
        double probability, reach;
    } of[MODEL_MEMO];
};

/* What a model may go by beside its sample and bounds; zero: nothing. */
struct model_extra {
    bool bencher;  /* limits as Bencher 0.6 computes them; see model_in_bencher */
    double effect; /* cusum: the smallest lasting shift to find, in deviations; 0: 1 */
    const double
        *run; /* raw samples of the judged run, for cohen and mann-whitney; for the latter */
    size_t run_count;        /* `sample` is that of raw samples, too */
    struct model_memo *memo; /* kept from window to window; NULL: not */
};
int model_limits_with(enum model_kind kind, const double *sample, size_t n, struct bound lower,
                      struct bound upper, const struct model_extra *extra, struct limits *out);

/* Whether Bencher has the model. Its lower log-normal limit mirrors the upper one, its delta-iqr
 * divides by the newer value, a limit of a negative centre changes sides, and a sample without
 * spread has no limits for z-score, t-test and log-normal. */
bool model_in_bencher(enum model_kind kind);
/* Whether the model compares raw samples of runs. */
bool model_by_samples(enum model_kind kind);

/* The signed distance of a value from the centre in the model's own unit (deviations, fraction of
 * the centre, quartile ranges), positive = above. NAN when there is none. */
double model_score(enum model_kind kind, const struct limits *limits, double value);

/* One-sided p of a value at least this far on its own side of the centre; NAN for a model without a
 * distribution. */
double model_p(enum model_kind kind, const struct limits *limits, double value);

/* The same from the score, of limits that a sample of n gave; NAN for mann-whitney too, whose p is
 * in the limits. */
double model_score_p(enum model_kind kind, double score, size_t n);

/* Whether model_p is a number. */
bool model_has_p(enum model_kind kind);

/* How often a value goes beyond these limits where nothing changed, by the model's own
 * distribution:
 * 0..1; 0 for a model without one. */
double model_chance(enum model_kind kind, const struct limits *limits, struct bound lower,
                    struct bound upper);

/* Relative difference below which a value equals a flat history. */
#define MODEL_FLAT_TOLERANCE 1e-9

#endif
