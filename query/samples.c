/* samples.c -- see samples.h. */
#include "samples.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

static int reserve(struct sample_pool *pool, struct context *ctx, size_t more)
{
    size_t need = pool->count + more, capacity = pool->capacity ? pool->capacity : 64;
    if (need <= pool->capacity) return 0;
    if (need > PACE_MAX_ROWS)
        return context_fail(ctx, Q_LIMIT, (struct span){0, 0}, "choose fewer runs",
                            "more than %d raw samples in one comparison", PACE_MAX_ROWS);
    while (capacity < need)
        capacity *= 2;
    if (arena_charge(ctx->arena, (capacity - pool->capacity) * sizeof *pool->values) ||
        !grow(&pool->values, capacity, sizeof *pool->values))
        return context_no_memory(ctx);
    pool->capacity = capacity;
    return 0;
}

/* The column of a series in another stream: -1 when it has none. */
static int64_t column_in(const struct context *ctx, const struct series *series, uint32_t stream)
{
    const struct pace_column *own, *columns;
    uint32_t own_count, count;
    if (stream == series->stream->id) return series->column;
    if (pace_columns(ctx->snapshot, series->stream->id, NULL, &own, &own_count) ||
        pace_columns(ctx->snapshot, stream, NULL, &columns, &count))
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (columns[i].benchmark == own[series->column].benchmark &&
            columns[i].measure == own[series->column].measure)
            return i;
    return -1;
}

int sample_pool_add(struct sample_pool *pool, struct context *ctx, const struct series *series,
                    double run)
{
    struct pace_run_view view;
    const double *samples = NULL;
    size_t count = 0;
    int status = pace_run_get(ctx->snapshot, (uint64_t)run, ctx->error, &view);
    if (status) return context_store_error(ctx, status);
    int64_t column = column_in(ctx, series, view.stream);
    if (column < 0) return 0;
    status = pace_samples(ctx->snapshot, view.run, (uint32_t)column, ctx->error, &samples, &count);
    if (status) return status == PACE_ENOTFOUND ? 0 : context_store_error(ctx, status);
    if (count == 0) return 0;
    status = reserve(pool, ctx, count);
    if (status) return status;
    memcpy(pool->values + pool->count, samples, count * sizeof *samples);
    pool->count += count;
    return 0;
}

int sample_pool_push(struct sample_pool *pool, struct context *ctx, double value)
{
    int status = reserve(pool, ctx, 1);
    if (status) return status;
    pool->values[pool->count++] = value;
    return 0;
}

void sample_pool_free(struct sample_pool *pool)
{
    free(pool->values);
    *pool = (struct sample_pool){0};
}
