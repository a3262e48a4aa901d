/* newest.c -- see newest.h. Streams are looked at from the one with the newest run on, so that
 * others mostly have nothing to add. */
#include "newest.h"

#include <stdlib.h>

/* The series of one stream, [from, end) of the selection. */
struct stretch {
    int64_t last_ns;
    size_t from, end;
};

struct newest {
    struct context *ctx;
    const struct selection *selection;
    const uint32_t *group;
    int64_t *out;
    uint32_t *columns, *of; /* that are scanned, and their groups */
};

static int newer_first(const void *a, const void *b)
{
    const struct stretch *left = a, *right = b;
    return (left->last_ns < right->last_ns) - (left->last_ns > right->last_ns);
}

static size_t find_stretches(const struct selection *selection, struct stretch *out)
{
    size_t count = 0;
    for (size_t i = 0; i < selection->count; i++) {
        const struct pace_stream *stream = selection->series[i].stream;
        if (i > 0 && selection->series[i - 1].stream == stream)
            out[count - 1].end++;
        else
            out[count++] = (struct stretch){stream->last_time_ns, i, i + 1};
    }
    return count;
}

/* The columns of those groups of a stretch whose newest run is not known to be at `time_ns` or
 * later. */
static size_t find_columns(const struct newest *newest, const struct stretch *stretch,
                           int64_t time_ns)
{
    size_t count = 0;
    for (size_t i = stretch->from; i < stretch->end; i++) {
        const struct series *series = &newest->selection->series[i];
        uint32_t group = newest->group[i];
        if (newest->out[group] >= time_ns) continue;
        for (size_t k = 0; k <= series->older_count; k++, count++) {
            newest->columns[count] = k ? series->older[k - 1] : series->column;
            newest->of[count] = group;
        }
    }
    return count;
}

/* Looks at the cells of a batch. */
static void look(const struct newest *newest, const struct pace_cells *cells,
                 const int64_t *time_ns)
{
    for (size_t c = 0; c < cells->column_count; c++) {
        const uint8_t *status = cells->status + c * cells->stride;
        size_t r = cells->run_count;
        while (r > 0 && status[r - 1] == PACE_CELL_ABSENT)
            r--;
        int64_t *out = &newest->out[newest->of[c]];
        if (r > 0 && time_ns[r - 1] > *out) *out = time_ns[r - 1];
    }
}

/* Reads the newest `last` runs of a stream (0: all); *oldest_ns: the time of the first of them. */
static int scan(const struct newest *newest, uint32_t stream, size_t count, uint64_t last,
                int64_t *oldest_ns)
{
    struct context *ctx = newest->ctx;
    const struct pace_range range = {INT64_MIN, INT64_MAX, last};
    pace_scan *scan;
    bool any = false;
    int status =
        pace_scan_open(ctx->snapshot, stream, newest->columns, count, &range, ctx->error, &scan);
    if (status) return context_store_error(ctx, status);
    pace_scan_ask_runs(scan, PACE_RUNS_TIME);
    for (;;) {
        struct pace_cells cells;
        struct pace_runs runs;
        status = pace_scan_next(scan, ctx->error, &cells);
        if (status) status = context_store_error(ctx, status);
        if (status || cells.run_count == 0) break;
        pace_scan_runs(scan, &runs);
        if (!any) *oldest_ns = runs.time_ns[0];
        any = true;
        look(newest, &cells, runs.time_ns);
        status = context_check(ctx);
        if (status) break;
    }
    pace_scan_close(scan);
    return status;
}

/* Most series are in the newest run; those that are gone are looked for further and further back,
 * as long as what is behind can be newer than what is known. */
static int look_back(const struct newest *newest, const struct stretch *stretch)
{
    static const uint64_t last[] = {1, 64, 4096, 0};
    uint32_t stream = newest->selection->series[stretch->from].stream->id;
    int64_t behind_ns = stretch->last_ns;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        size_t count = find_columns(newest, stretch, behind_ns);
        if (count == 0) return 0;
        int status = scan(newest, stream, count, last[i], &behind_ns);
        if (status) return status;
    }
    return 0;
}

int newest_times(struct context *ctx, const struct selection *selection, const uint32_t *group,
                 size_t count, int64_t *out)
{
    struct newest newest = {.ctx = ctx, .selection = selection, .group = group, .out = out};
    struct stretch *stretches = arena_array(ctx->arena, selection->count, sizeof *stretches);
    size_t columns = selection->count;
    for (size_t i = 0; i < selection->count; i++)
        columns += selection->series[i].older_count;
    newest.columns = arena_array(ctx->arena, columns, sizeof *newest.columns);
    newest.of = arena_array(ctx->arena, columns, sizeof *newest.of);
    if (!stretches || !newest.columns || !newest.of) return context_no_memory(ctx);
    for (size_t i = 0; i < count; i++)
        out[i] = INT64_MIN;
    size_t stretch_count = find_stretches(selection, stretches);
    qsort(stretches, stretch_count, sizeof *stretches, newer_first);
    int status = 0;
    for (size_t i = 0; i < stretch_count && !status; i++)
        status = look_back(&newest, &stretches[i]);
    return status;
}
