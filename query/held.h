/* held.h -- rows of a result kept until their widths, scales or order are known.
 *
 * Copies what it is given; equal neighbours share one copy of a text, so the names of a series cost
 * nothing per row. */
#ifndef PACE_HELD_H
#define PACE_HELD_H

#include "../engine/arena.h"
#include "pace_query.h"

union held_value {
    const char *text;
    double number;
    int64_t time_ns;
    int flag;
};

struct held_column {
    const char *name;
    enum pace_field_type type;
    union held_value *values;
    uint8_t *missing;   /* one a row; NaN and infinity are missing */
    const char **units; /* NUMBER: one a row, "" when none */
    int measured;       /* some value has a unit, and no ratio's */
};

struct held {
    size_t column_count, count, capacity;
    struct held_column *columns;
    uint8_t *marks;     /* one a row: bits of pace_row_mark */
    struct arena names; /* columns and their names: until held_free */
    struct arena cells; /* text: until held_reset */
};

void held_init(struct held *held);                               /* no columns until held_begin */
int held_begin(struct held *held, const struct pace_rows *rows); /* takes names and types */
void held_reset(struct held *held); /* drops the rows, keeps the columns */
void held_free(struct held *held);

/* Adds rows [from, from+count). 0 or PACE_ENOMEM. */
int held_add(struct held *held, const struct pace_rows *rows, size_t from, size_t count);

/* The column of that name, or NULL. */
const struct held_column *held_find(const struct held *held, const char *name);

/* 1 when two rows hold the same value (or both none). */
int held_equal(const struct held_column *column, size_t a, size_t b);

#endif
