/* output.h -- batches as the caller sees them: the rows that are judged, an element each.
 *
 * Columns all of whose rows are shown are handed on where they are; others are copied together, and
 * a value that stands for every row is written out once and used again while it stays. */
#ifndef PACE_OUTPUT_H
#define PACE_OUTPUT_H

#include "batch.h"

struct output_column;

struct output {
    struct output_column *columns;
    struct pace_field *fields;
    uint8_t *marks;        /* of the rows, where a batch has any */
    struct pace_rows rows; /* valid until the next batch */
};

/* Memory of the arena. 0 or PACE_ENOMEM. */
int output_init(struct output *output, struct arena *arena, const struct schema *schema);
/* Fills output->rows, which may hold no rows. */
void output_batch(struct output *output, const struct batch *batch);

#endif
