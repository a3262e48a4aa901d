/* listing.h -- rows that a statement makes itself: what `show` and `explain` answer. */
#ifndef PACE_LISTING_H
#define PACE_LISTING_H

#include "op.h"

struct listing_column {
    const char *name;
    enum type type;
};

/* An operator that gives out the rows put into it. `input` (may be NULL) is not pulled from; it is
 * freed with the plan. */
int listing_make(struct context *ctx, const struct listing_column *columns, size_t count,
                 struct op *input, struct op **out);

/* The values of the row being made, by column; what is not set is missing. Texts are not copied:
 * they live as long as the statement. */
void listing_text(struct op *listing, size_t column, const char *text);
void listing_number(struct op *listing, size_t column, double number, const char *unit);
void listing_time(struct op *listing, size_t column, int64_t time_ns);
void listing_flag(struct op *listing, size_t column, bool flag);

/* Ends the row. PACE_MAX_ROWS at most; diagnosed. */
int listing_row(struct context *ctx, struct op *listing);

#endif
