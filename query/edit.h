/* edit.h -- tables that editing and completion share; see edit.c. */
#ifndef PACE_EDIT_H
#define PACE_EDIT_H

#include "pace_query.h"

struct column_row {
    const char *name;
    int verb; /* token of the verb that adds it; 0: rows have it from the start */
    const char *help;
};

/* One row of column.def; NULL past the end. */
const struct column_row *column_row(size_t index);

#endif
