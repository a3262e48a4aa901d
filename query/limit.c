/* limit.c -- see limit.h, and pace_limit_* in pace_query.h. */
#include "limit.h"

#include "session.h"

#include <string.h>

const struct limit_table limits_default = {{
#define PACE_LIMIT(name, value, text) [LIMIT_##name] = value,
#include "../engine/limits.def"
#undef PACE_LIMIT
}};

static const struct {
    const char *name, *text;
} ROWS[LIMIT_IDS] = {
#define PACE_LIMIT(name, value, text) {#name, text},
#include "../engine/limits.def"
#undef PACE_LIMIT
};

/* Those that a statement runs into; the others are the store's. */
static bool is_of_statement(size_t id)
{
    return id == LIMIT_PACE_MAX_STATEMENT || id == LIMIT_PACE_MAX_DEPTH ||
           id == LIMIT_PACE_MAX_NODES || id == LIMIT_PACE_MAX_WINDOW ||
           id == LIMIT_PACE_MAX_GROUPS || id == LIMIT_PACE_MAX_ROWS || id == LIMIT_PACE_MAX_THREADS;
}

size_t context_limit(const struct context *ctx, enum limit_id id)
{
    return (size_t)ctx->session->limits.most[id];
}

int pace_limit_get(const pace_session *session, size_t index, struct pace_limit_row *out)
{
    if (index >= LIMIT_IDS) return PACE_ENOTFOUND;
    *out = (struct pace_limit_row){.name = ROWS[index].name,
                                   .text = ROWS[index].text,
                                   .value = session->limits.most[index],
                                   .most = limits_default.most[index],
                                   .can_lower = is_of_statement(index)};
    return 0;
}

int pace_limit_lower(pace_session *session, const char *name, uint64_t value)
{
    for (size_t i = 0; i < LIMIT_IDS; i++) {
        if (strcmp(ROWS[i].name, name) != 0) continue;
        if (!is_of_statement(i) || value == 0 || value > limits_default.most[i])
            return PACE_EMISUSE;
        session->limits.most[i] = value;
        return 0;
    }
    return PACE_ENOTFOUND;
}
