/* alias.h -- `mark alias`: benchmarks and measures whose old name continues as a new one. */
#ifndef PACE_ALIAS_H
#define PACE_ALIAS_H

#include "context.h"

/* By name id what the name is called now; beyond `count` and without marks: itself. */
struct alias_map {
    uint32_t *now[PACE_DIMENSION_COUNT]; /* of benchmarks and measures; NULL: nothing is renamed */
    uint32_t count[PACE_DIMENSION_COUNT];
    bool any;
};

/* From the marks in force. A new name that no run has yet renames nothing. */
int alias_load(struct context *ctx, struct alias_map *out);

static inline uint32_t alias_now(const struct alias_map *map, int dimension, uint32_t id)
{
    return map->now[dimension] && id < map->count[dimension] ? map->now[dimension][id] : id;
}

/* Whether column i of a stream goes on in another one: that of the new name, or the first of
 * several old ones. */
bool alias_continues(const struct alias_map *map, const struct pace_column *columns, uint32_t count,
                     uint32_t i);
/* The columns that continue in column i, newest first: *out (of the arena) holds *out_count of
 * them. */
int alias_older(struct context *ctx, const struct alias_map *map, const struct pace_column *columns,
                uint32_t count, uint32_t i, const uint32_t **out, size_t *out_count);

/* Appends the mark of a statement. The statement's snapshot is ended. */
int alias_statement(struct context *ctx, const struct statement *statement);

#endif
