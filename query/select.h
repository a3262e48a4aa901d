/* select.h -- which series a selector names, and which runs.
 *
 * Patterns are matched once per name of a dimension, then series by ids. Keys `commit` and `run`
 * choose rows, not series: what a selector asks of the rows of one series is what is left of it
 * when the names of that series are put in. */
#ifndef PACE_SELECT_H
#define PACE_SELECT_H

#include "row_filter.h"

/* One series of the selection. Names live as long as the snapshot. */
struct series {
    const struct pace_stream *stream;
    uint32_t column;
    const char *names[PACE_DIMENSION_COUNT];
    const char *unit;
    enum pace_direction direction;
    const struct row_filter *rows; /* which of its rows; NULL: all */
    const uint32_t *older;         /* columns of names that continue as this one, newest first */
    size_t older_count;            /* 0: none */
};

struct selection {
    struct series *series; /* by project, branch, testbed, then benchmark, measure */
    size_t count;
    struct row_filter *rows; /* of every series; NULL where they differ */
    struct pace_range times; /* of the runs that these can keep, as far as it is known */
    bool any_older;          /* a series has older columns */
    bool rows_differ;        /* commit: or run: stand under an `or`: see series[].rows */
};

/* Fills `out`; an empty selection is not an error, but adds notes that say which pattern matched
 * nothing. */
int select_series(struct context *ctx, const struct selector *selector, struct selection *out);

/* For listings: as above, of every series when selector is NULL, with dotted measures. */
int select_stored(struct context *ctx, const struct selector *selector, struct selection *out);

/* The selector with what `use` adds to it, for texts that outlive the session. */
int select_with_use(struct context *ctx, struct selector *selector, struct selector **out);

/* Leaves of a range of times what is in another, too. */
void range_meet(struct pace_range *range, const struct pace_range *other);

/* The dimension of a key, or -1 (`commit` and `run` are none). */
int key_dimension(struct slice key);
/* "no key 'brunch'", with the nearest key. */
int context_fail_key(struct context *ctx, struct slice key, struct span span);

#endif
