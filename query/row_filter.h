/* row_filter.h -- `commit:` and `run:` of a selector: which rows of a series are meant. */
#ifndef PACE_ROW_FILTER_H
#define PACE_ROW_FILTER_H

#include "matcher.h"

/* Keeps rows by their commit or run number. A list: all of it must hold. */
struct row_filter {
    enum selector_kind kind; /* MATCH; OR: one of the children, AND: all of them */
    struct row_filter *child;
    bool negated, is_run; /* MATCH, and what follows */
    bool missing;         /* there is no such run */
    bool prefix;          /* a plain commit may be the beginning of one */
    uint64_t run;
    struct matcher matcher;
    struct row_filter *next;
};

/* The run that a bound matcher names, and its time; one that is not there is told about, and matches
 * nothing. */
int row_filter_bind_run(struct context *ctx, const struct pattern *pattern,
                        struct row_filter *filter, struct pace_range *times);
/* 1 when the rows' commit and run pass all filters, 0 when not, negative on error. */
int row_filters_pass(struct context *ctx, const struct row_filter *filters, const char *commit,
                     uint64_t run);

#endif
