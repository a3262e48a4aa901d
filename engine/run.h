/* run.h -- a run under construction: what pace_run_put gathered, checked and copied. */
#ifndef PACE_RUN_H
#define PACE_RUN_H

#include "branch.h"
#include "map.h"
#include "pace.h"
#include "seal.h"
#include "text.h"

#include <string.h>

/* A cell; names and unit are indices of the run's texts. */
struct run_cell {
    uint32_t benchmark, measure;
    uint32_t unit; /* TEXTS_NONE: none given */
    uint32_t sample_count;
    uint8_t status, direction;
    double value, lower, upper; /* NAN when not ok, or when there is none */
    const double *samples;
};

/* Cells put by handle: all ok, neither bounds nor samples. */
struct run_row {
    struct run_row *next;
    struct handle_list *list; /* that has the columns; NULL: they are the run's own */
    const uint32_t *columns;
    const double *values;
    size_t count;
};

/* With a measure: the metadata that notes the unit in which its values came, when that is not the
 * store's. */
#define RUN_UNIT_KEY "unit:"

/* A run that follows a script (handle.h). */
struct run_follow {
    enum { FOLLOW_NEW, FOLLOWS, FOLLOW_LEFT } state;
    struct run_row row; /* of the cells so far; run->rows while it has any */
    double *values;     /* room for the script's cells */
    size_t most;        /* cells of the script */
};

struct pace_run {
    struct arena arena;
    struct texts texts; /* of benchmarks, measures and units alike */
    struct text project, branch, testbed;
    const char *commit, *id; /* "" none */
    int64_t time_ns, ran_ns;
    uint32_t ordinal, flags;
    int has_start; /* the run says where its branch started */
    struct start_wish start;
    struct pace *store;
    size_t cell_count;      /* of all */
    struct run_cell *cells; /* put by name */
    size_t named_count, cell_capacity;
    struct run_row *rows, *last_row; /* put by handle */
    struct run_follow follow;
    size_t sample_count;
    struct map by_name; /* map_pair(benchmark, measure) -> cell */
    struct texts meta_keys;
    const char **meta_values; /* by index of meta_keys */
    size_t meta_capacity;
    uint32_t unit_keys;         /* of these, notes of units */
    struct seal_digest content; /* sum of the digests of the cells as they were given */
    struct seal_digest units;   /* and of their units */
    uint64_t number; /* that it gets when it is new; 0: the next. Only a copy of a store gives it */
    int committed;
};

/* Adds a cell that was put by name, checked and of a series that the run has not; not its digest.
 * 0, or
 * -1 without memory. */
int run_add_cell(struct pace_run *run, const struct run_cell *cell);

/* Checks and copies what a start point is to be. start NULL or its branch "": take it back. */
int run_start_wish(struct arena *arena, const struct pace_start_point *start,
                   struct pace_error *error, struct start_wish *out);

/* Digests of a run's cells are added up, so their order does not matter. The digest of a cell is of
 * its series, its number and what else there is to it; units come on top for the derived identity,
 * which is of what was given. */
struct seal_digest run_series_seed(uint64_t benchmark_hash, uint64_t measure_hash);
struct seal_digest run_unit_term(const struct seal_digest *seed, uint64_t unit_hash); /* 0: none */

static inline uint64_t run_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Adds an ok cell without bounds and samples. */
static inline void run_add_value(struct seal_digest *sum, const struct seal_digest *seed,
                                 double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    sum->low += run_mix(seed->low ^ bits);
    sum->high += run_mix(seed->high + bits);
}

/* Any cell; `samples` may be NULL when there are none. */
struct seal_digest run_cell_digest(const struct seal_digest *seed, uint8_t status, double value,
                                   double lower, double upper, const double *samples,
                                   size_t sample_count);

/* The digest of a run whose cells add up to `cells`: names of its stream, commit, time, flags,
 * cells. Not of `ran_ns`, the ordinal and metadata: they may differ between two tellings of one
 * run. */
struct seal_digest run_digest(const struct pace_run *run, const struct seal_digest *cells);

#endif
