/* bmf.h -- Bencher's own measures. */
#ifndef PACE_ADAPTER_BMF_H
#define PACE_ADAPTER_BMF_H

#include "reading.h"

struct bmf_measure {
    const char *name, *unit; /* "": not one of them */
    enum pace_direction direction;
};

/* By name; never NULL. */
const struct bmf_measure *bmf_measure(const char *name);

#endif
