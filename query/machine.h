/* machine.h -- on which class of machine a run was measured: architecture, processor and cores of
 * its environment, as a number.
 *
 * The metadata of a run is read once, when it is asked about first: some microseconds; later
 * answers are a look into an array. Belongs to one statement. */
#ifndef PACE_MACHINE_H
#define PACE_MACHINE_H

#include "context.h"

enum { MACHINE_UNKNOWN = 0 }; /* the run says nothing about it: it fits any */

struct machines {
    uint16_t *of_run; /* number + 1; 0: not read yet */
    size_t capacity;
    const char **names; /* of the classes, in order of first use */
    size_t count, name_capacity;
    uint64_t bare_from, bare_until; /* runs between have no metadata */
};

void machines_free(struct machines *machines);

/* The class of a run (NAN: none): MACHINE_UNKNOWN, or a number from 1. 0, or diagnosed. */
int machine_of(struct context *ctx, struct machines *machines, double run, uint16_t *machine);

/* Whether all of these runs are known to say nothing. */
bool machines_have_bare(const struct machines *machines, const double *runs, size_t count);

/* Whether values of two classes can be compared. */
bool machines_agree(uint16_t a, uint16_t b);

#endif
