/* run.h -- a run under construction: what pace_run_put gathered, checked and copied. */
#ifndef PACE_RUN_H
#define PACE_RUN_H

#include "branch.h"
#include "map.h"
#include "pace.h"
#include "seal.h"
#include "text.h"

/* A cell; names and unit are indices of the run's texts. */
struct run_cell {
    uint32_t benchmark, measure;
    uint32_t unit; /* TEXTS_NONE: none given */
    uint32_t sample_count;
    uint8_t status, direction;
    double value, lower, upper; /* NAN when not ok, or when there is none */
    const double *samples;
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
    struct run_cell *cells;
    size_t cell_count, cell_capacity;
    size_t sample_count;
    struct map by_name; /* map_pair(benchmark, measure) -> cell */
    struct texts meta_keys;
    const char **meta_values; /* by index of meta_keys */
    size_t meta_capacity;
    struct seal_digest given; /* sum of the digests of the cells as they were given */
    uint64_t number; /* that it gets when it is new; 0: the next. Only a copy of a store gives it */
    int committed;
};

/* Checks and copies what a start point is to be. start NULL or its branch "": take it back. */
int run_start_wish(struct arena *arena, const struct pace_start_point *start,
                   struct pace_error *error, struct start_wish *out);

/* The digest of one cell. Digests of a run's cells are added up, so their order does not matter. */
struct cell_image {
    uint64_t benchmark, measure, unit; /* hashes */
    uint64_t status;
    double value, lower, upper;
    struct seal_digest samples;
};
void run_add_digest(struct seal_digest *sum, const struct cell_image *cell);

/* The digest of a run whose cells add up to `cells`: names of its stream, commit, time, flags,
 * cells. Not of `ran_ns`, the ordinal and metadata: they may differ between two tellings of one
 * run. */
struct seal_digest run_digest(const struct pace_run *run, const struct seal_digest *cells);

#endif
