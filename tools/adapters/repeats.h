/* repeats.h -- which names of an output come more than once, and which names then tell them apart.
 *
 * Harnesses that run one benchmark with several parameters give all of them one name. A name that
 * comes once stays as it is; one that comes again gets its parameters behind it. */
#ifndef PACE_REPEATS_H
#define PACE_REPEATS_H

#include "../../engine/text.h"
#include "reading.h"

struct repeats {
    struct texts texts;
    uint32_t *counts; /* by index of the text */
    size_t capacity;
};

/* Counts a name once more. */
int repeats_add(struct repeats *repeats, struct reading *reading, const char *name);

/* How often it was added. */
uint32_t repeats_count(const struct repeats *repeats, const char *name);

void repeats_free(struct repeats *repeats);

/* NAME/key=value/key=value of a JSON object, in its order; NULL without memory. */
char *name_with_parameters(struct reading *reading, const char *name, const json_t *parameters);

#endif
