/* limit.h -- the limits of limits.def as a session has them: some may be lowered. */
#ifndef PACE_QUERY_LIMIT_H
#define PACE_QUERY_LIMIT_H

#include "pace_query.h"

enum limit_id {
#define PACE_LIMIT(name, value, text) LIMIT_##name,
#include "../engine/limits.def"
#undef PACE_LIMIT
    LIMIT_IDS
};

/* By id. */
struct limit_table {
    uint64_t most[LIMIT_IDS];
};
extern const struct limit_table limits_default;

#endif
