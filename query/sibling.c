/* sibling.c -- see sibling.h. A batch's runs are read again, one column of them: only those between
 * the batch's first and last row. */
#include "sibling.h"

#include <math.h>
#include <string.h>

static int bind_key(struct context *ctx, const struct selector *match, struct sibling *out)
{
    int dimension = key_dimension(match->key);
    struct matcher matcher;
    uint32_t id;
    if (dimension < 0 && !slice_is(match->key, "commit") && !slice_is(match->key, "run"))
        return context_fail_key(ctx, match->key, match->key_span);
    if (dimension != PACE_BENCHMARK && dimension != PACE_MEASURE)
        return context_fail(ctx, Q_NO_KEY, match->span,
                            "write measure:NAME, benchmark:NAME or both",
                            "a sibling is of the same run, which has one %.*s", (int)match->key.len,
                            match->key.text);
    int status = matcher_bind(ctx, &match->pattern, &matcher);
    if (status) return status;
    const char *name = matcher_literal(&matcher);
    if (!name)
        return context_fail(ctx, Q_BAD_PATTERN, match->pattern.span, "write its name in full",
                            "a sibling is one series, and '%s' is a pattern", matcher.text);
    status = pace_name_find(ctx->snapshot, (enum pace_dimension)dimension, name, strlen(name),
                            ctx->error, &id);
    if (status && status != PACE_ENOTFOUND) return context_store_error(ctx, status);
    if (status) {
        status = matcher_note_none(ctx, dimension, &matcher);
        if (status) return status;
    }
    *(dimension == PACE_MEASURE ? &out->measure : &out->benchmark) = name;
    return 0;
}

int sibling_bind(struct context *ctx, const struct selector *selector, struct sibling *out)
{
    const struct selector *match = selector->kind == SELECT_MATCH ? selector : selector->child;
    int status = 0;
    *out = (struct sibling){0};
    for (; match && !status; match = match->next)
        status = bind_key(ctx, match, out);
    return status ? status : alias_load(ctx, &out->aliases);
}

/* The id of what a name is called now. */
static int find_now(struct context *ctx, const struct sibling *sibling,
                    enum pace_dimension dimension, const char *name, uint32_t *id)
{
    int status = pace_name_find(ctx->snapshot, dimension, name, strlen(name), ctx->error, id);
    if (!status) *id = alias_now(&sibling->aliases, (int)dimension, *id);
    return status;
}

int sibling_column(struct context *ctx, const struct sibling *sibling, struct column *out)
{
    const char *const *projects;
    uint32_t count, measure;
    int status = pace_names(ctx->snapshot, PACE_PROJECT, ctx->error, &projects, &count);
    if (!status) status = find_now(ctx, sibling, PACE_MEASURE, sibling->measure, &measure);
    if (status == PACE_ENOTFOUND) return 0;
    bool any = false;
    for (uint32_t i = 0; i < count && !status; i++) {
        struct pace_measure of;
        status = pace_measure_get(ctx->snapshot, i, measure, ctx->error, &of);
        if (status || !*of.unit) continue;
        enum unit_kind kind = unit_lookup(of.unit, strlen(of.unit)).kind;
        out->mixed |= any && kind != out->kind;
        out->kind = kind;
        if (!any)
            out->about = arena_printf(ctx->arena, "measure '%s' is a %s (%s)", sibling->measure,
                                      unit_kind_name(kind), of.unit);
        any = true;
    }
    return status ? context_store_error(ctx, status) : 0;
}

/* The columns of the sibling among those of a stream. */
static int take_columns(struct context *ctx, struct sibling *sibling, struct pace_column wanted,
                        const struct pace_column *columns, uint32_t count)
{
    const struct alias_map *map = &sibling->aliases;
    const uint32_t *older = NULL;
    size_t older_count = 0;
    uint32_t i = 0;
    while (i < count && (alias_now(map, PACE_BENCHMARK, columns[i].benchmark) != wanted.benchmark ||
                         alias_now(map, PACE_MEASURE, columns[i].measure) != wanted.measure ||
                         (map->any && alias_continues(map, columns, count, i))))
        i++;
    if (i == count) return 0;
    int status = map->any ? alias_older(ctx, map, columns, count, i, &older, &older_count) : 0;
    if (status) return status;
    uint32_t *all = arena_array(ctx->arena, older_count + 1, sizeof *all);
    if (!all) return context_no_memory(ctx);
    all[0] = i;
    if (older_count) memcpy(all + 1, older, older_count * sizeof *older);
    sibling->columns = all;
    sibling->column_count = older_count + 1;
    return 0;
}

/* Finds the columns in the stream of a series. */
static int find_columns(struct context *ctx, struct sibling *sibling, const struct series *series)
{
    const struct pace_stream *stream = series->stream;
    const struct pace_column *columns;
    struct pace_column wanted;
    uint32_t count;
    const char *benchmark = sibling->benchmark ? sibling->benchmark : series->names[PACE_BENCHMARK];
    const char *measure = sibling->measure ? sibling->measure : series->names[PACE_MEASURE];
    sibling->series = series;
    sibling->column_count = 0;
    sibling->unit = "";
    int status = find_now(ctx, sibling, PACE_MEASURE, measure, &wanted.measure);
    if (status == PACE_ENOTFOUND) return 0;
    /* Also where there is no such series: a column of missing values has a unit. */
    struct pace_measure of;
    if (!status)
        status = pace_measure_get(ctx->snapshot, stream->project, wanted.measure, ctx->error, &of);
    if (status) return context_store_error(ctx, status);
    sibling->unit = of.unit;
    status = find_now(ctx, sibling, PACE_BENCHMARK, benchmark, &wanted.benchmark);
    if (status == PACE_ENOTFOUND) return 0;
    if (!status) status = pace_columns(ctx->snapshot, stream->id, ctx->error, &columns, &count);
    if (status) return context_store_error(ctx, status);
    return take_columns(ctx, sibling, wanted, columns, count);
}

static bool is_run(double number, uint64_t run)
{
    return number >= (double)run && number <= (double)run;
}

/* Takes the cells of the runs that rows from *row on have; both are in the order of history. */
static void take_cells(struct context *ctx, const struct sibling *sibling,
                       const struct pace_cells *cells, const struct vec *run, size_t count,
                       size_t *row, double *out)
{
    const double *from = sibling->field == SIBLING_VALUE   ? cells->value
                         : sibling->field == SIBLING_LOWER ? cells->lower
                                                           : cells->upper;
    for (size_t r = 0; r < cells->run_count; r++) {
        size_t i = *row;
        while (i < count && !is_run(run->at.number[i * run->step], cells->runs[r].run))
            i++;
        size_t at = r, end = cells->column_count * cells->stride;
        while (at + cells->stride < end && cells->status[at] == PACE_CELL_ABSENT)
            at += cells->stride; /* an older name of it */
        ctx->outcome->points_read += cells->status[at] != PACE_CELL_ABSENT;
        if (i == count) continue; /* a `where` dropped the row, or it has no such cell */
        if (from && cells->status[at] == PACE_CELL_OK) out[i] = from[at];
        *row = i + 1;
    }
}

int sibling_values(struct context *ctx, struct sibling *sibling, const struct batch *batch,
                   const struct vec *run, const struct vec *time, double *out)
{
    int status = 0;
    for (size_t i = 0; i < batch->count; i++)
        out[i] = NAN;
    if (batch->count && sibling->series != batch->series)
        status = find_columns(ctx, sibling, batch->series);
    if (status || !batch->count || !sibling->column_count) return status;
    const int64_t *times = time->at.time_ns;
    struct pace_range own = {times[0], times[(batch->count - 1) * time->step], 0};
    size_t own_row = 0, row = 0;
    for (; own_row < batch->count && (batch_origin(batch, own_row) & ORIGIN_INHERITED); own_row++)
        ;
    if (own_row < batch->count) own.from_ns = times[own_row * time->step];
    own.until_ns += own.until_ns < INT64_MAX;
    if (own_row == batch->count) own = (struct pace_range){INT64_MAX - 1, INT64_MAX, 0};
    pace_lineage_scan *scan;
    status = pace_lineage_scan_open(ctx->snapshot, batch->series->stream->id, NULL,
                                    sibling->columns, sibling->column_count,
                                    own_row ? UINT64_MAX : 0, &own, ctx->error, &scan);
    if (status) return context_store_error(ctx, status);
    for (;;) {
        struct pace_cells cells;
        status = pace_lineage_scan_next(scan, ctx->error, &cells);
        if (status) status = context_store_error(ctx, status);
        if (status || cells.run_count == 0) break;
        take_cells(ctx, sibling, &cells, run, batch->count, &row, out);
        status = context_check(ctx);
        if (status) break;
    }
    pace_lineage_scan_close(scan);
    return status;
}
