/* scan_group.c -- which series of a stream are read together, and how many of their runs: the newest
 * runs of as many series as a matrix holds; more for those that turn out to need more. */
#include "scan.h"

#include "grow.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_READ = 256,                 /* runs tried first where the ranges do not say how many */
    MORE = 4,                         /* times as many, where they were too few */
    DIRECT_RUNS = 4 * PACE_MAX_BATCH, /* a longer series is read without a matrix */
};

/* -- plain series ------------------------------------------------------------------------------ */

bool scan_is_plain(const struct scan_op *scan, size_t index)
{
    size_t at = index - scan->group_start;
    return scan->near.whole[at] && !scan->far_column[at] && !scan->near.inherited_runs &&
           !scan->near.any_origin && scan->near.runs && !scan->selection->series[index].rows &&
           !scan->selection->series[index].older_count && !scan->marks && !scan->base_only;
}

/* Remembers what was found for the series that is loaded, which is plain. */
int plain_learn(struct scan_op *scan, struct context *ctx, bool needs_more)
{
    const struct points *points = &scan->points;
    struct plain *plain = &scan->plain;
    if (points->count > plain->capacity) {
        if (arena_charge(ctx->arena, points->count - plain->capacity) ||
            !grow(&plain->selected, points->count, 1))
            return context_no_memory(ctx);
        plain->capacity = points->count;
    }
    memcpy(plain->selected, points->selected, points->count);
    plain->newest_run = points->newest_run;
    plain->needs_more = needs_more;
    plain->known = true;
    return 0;
}

/* -- groups ------------------------------------------------------------------------------------ */

/* Says once a stream where its windows have no history, or another than was asked for. */
static void note_lineage(struct scan_op *scan, struct context *ctx, const struct series *series)
{
    char text[PACE_MAX_NAME + 2 * PACE_MAX_COMMIT + 100];
    const struct pace_lineage *lineage = &scan->lineage;
    /* Whoever reads the stream's first series tells of it. */
    if (series != scan->selection->series && series[-1].stream == series->stream) return;
    if (lineage->state == PACE_LINEAGE_NONE || lineage->state == PACE_LINEAGE_EXACT) return;
    if (lineage->state == PACE_LINEAGE_NEAREST && !*lineage->start.commit) return;
    if (scan->noted++ >= SCAN_NOTES_MAX) return;
    diag_note(ctx->diags, "%s on %s: %s%s", series->names[PACE_BRANCH], series->names[PACE_TESTBED],
              lineage->segment_count ? "the baseline is " : "",
              pace_lineage_text(lineage, text, sizeof text));
}

/* How many runs need not be read, where all that inherits nothing is wanted. */
static int known_load(struct scan_op *scan, struct context *ctx)
{
    const struct selection *selection = scan->selection;
    scan->known_runs = scan->known_run = 0;
    if (!scan->known || scan->lineage.segment_count || scan->base_only || scan->with_excluded ||
        selection->rows || selection->rows_differ || selection->any_older)
        return 0;
    return scan->known->runs(scan->known->context, ctx, scan->stream, &scan->known_runs,
                             &scan->known_run);
}

static int lineage_load(struct scan_op *scan, struct context *ctx, const struct series *series)
{
    if (scan->stream == series->stream) return 0;
    scan->stream = series->stream;
    scan->lineage = (struct pace_lineage){.state = PACE_LINEAGE_NONE};
    if (!lookback_any(scan->lookback) && !scan->with_history && !scan->base_only) return 0;
    int status = pace_lineage_get(ctx->snapshot, series->stream->id, ctx->error, &scan->lineage);
    if (status) return context_store_error(ctx, status);
    note_lineage(scan, ctx, series);
    return known_load(scan, ctx);
}

/* How many points the ranges choose, or about that; 0: all. */
static uint64_t first_chosen(const struct scan_op *scan)
{
    const struct lookback *back = &scan->lookback;
    uint64_t chosen = scan->ranges && !back->all ? FIRST_READ : 0; /* 0: all */
    for (const struct range *range = scan->ranges; range && chosen; range = range->next) {
        if (range->kind == STAGE_FIRST) chosen = 0;
        if (range->kind != STAGE_LAST) continue;
        if (range->unit == RANGE_POINTS) chosen = range->count;
        if (range->unit == RANGE_RUN) chosen = 1;
    }
    return chosen;
}

uint64_t scan_points_of(const struct scan_op *scan, const struct pace_stream *stream)
{
    uint64_t chosen = first_chosen(scan);
    uint64_t points = chosen + scan->lookback.judged + scan->lookback.points;
    return chosen && points < stream->run_count ? points : stream->run_count;
}

/* Runs to read first: as many as the ranges ask for, with history. */
static struct reach first_reach(const struct scan_op *scan)
{
    const struct lookback *back = &scan->lookback;
    if (scan->known_runs)
        return (struct reach){.own = scan->stream->run_count - scan->known_runs + 1};
    struct reach reach = {.times = scan_times(scan)};
    uint64_t chosen = first_chosen(scan);
    if (scan->base_only)
        return (struct reach){1, chosen && !lookback_any(*back) ? chosen : UINT64_MAX, NULL};
    bool parent = scan_from_parent(scan) && !scan->with_history;
    if (chosen) reach.own = chosen + back->judged + (parent ? 0 : back->points);
    if (scan->lineage.segment_count == 0) return reach;
    if (back->all || (scan->with_history && !chosen))
        reach.inherited = UINT64_MAX;
    else if (parent || !chosen)
        reach.inherited = back->points;
    else if (reach.own > scan->stream->run_count)
        reach.inherited = reach.own - scan->stream->run_count;
    return reach;
}

static struct reach reach_further(struct reach reach, struct need need)
{
    if (need.own) reach.own *= MORE;
    if (need.inherited) {
        uint64_t least = reach.inherited ? reach.inherited : 1;
        reach.inherited = least > UINT64_MAX / MORE ? UINT64_MAX : least * MORE;
    }
    return reach;
}

/* How many columns fit into a matrix of so many runs of a stream. */
static size_t columns_fit(const struct scan_op *scan, const struct pace_stream *stream,
                          struct reach reach)
{
    uint64_t own = reach.own && reach.own < stream->run_count ? reach.own : stream->run_count;
    uint64_t runs = reach.inherited < UINT64_MAX - own ? own + reach.inherited : UINT64_MAX;
    size_t fit = runs ? scan->matrix_cells / runs : 1;
    return fit ? fit : 1;
}

/* The next columns of one stream, as many as fit with so many runs. */
static int group_choose(struct scan_op *scan, struct context *ctx, struct reach reach)
{
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = selection->series[scan->next_series].stream;
    size_t fit = columns_fit(scan, stream, reach), count = 0;
    while (count < fit && scan->next_series + count < scan->end &&
           selection->series[scan->next_series + count].stream == stream)
        count++;
    scan->group_start = scan->next_series;
    scan->group_end = scan->next_series + count;
    scan->plain.known = false;
    scan->plain.id++;
    if (count > scan->far_capacity) {
        if (!grow(&scan->far_column, count, sizeof *scan->far_column))
            return context_no_memory(ctx);
        scan->far_capacity = count;
    }
    memset(scan->far_column, 0, count * sizeof *scan->far_column);
    return 0;
}

/* Cuts the group so that only `fit` of its series read from far. */
static void group_cut(struct scan_op *scan, size_t fit)
{
    size_t end = scan->group_start;
    while (end < scan->group_end && scan->far_column[end - scan->group_start] <= fit)
        end++;
    scan->group_end = end;
}

/* The older columns of the series that are read: how many, and which (NULL: only counted). */
static size_t older_columns(const struct scan_op *scan, const struct matrix *matrix, uint32_t *out)
{
    const struct series *series = &scan->selection->series[scan->group_start];
    size_t count = 0;
    if (!scan->selection->any_older) return 0;
    for (size_t i = 0; i < scan->group_end - scan->group_start; i++) {
        if (matrix == &scan->far && !scan->far_column[i]) continue;
        for (size_t k = 0; k < series[i].older_count; k++, count++)
            if (out) out[count] = series[i].older[k];
    }
    return count;
}

/* Where a series has no cell in a run, that of its older name, the newest of several. */
static void join_older(const struct scan_op *scan, struct matrix *matrix, size_t columns)
{
    const struct series *series = &scan->selection->series[scan->group_start];
    struct matrix_cells *own = &matrix->own;
    size_t from = columns;
    for (size_t i = 0; i < scan->group_end - scan->group_start; i++) {
        bool far = matrix == &scan->far;
        if (far && !scan->far_column[i]) continue;
        size_t to = (far ? scan->far_column[i] - 1 : i) * matrix->stride;
        for (size_t k = 0; k < series[i].older_count; k++, from++) {
            for (size_t r = 0; r < matrix->runs; r++) {
                size_t cell = from * matrix->stride + r;
                if (matrix->status[to + r] != PACE_CELL_ABSENT) continue;
                own->status[to + r] = matrix->status[cell];
                own->value[to + r] = matrix->value[cell];
                if (!matrix->bounds) continue;
                own->lower[to + r] = matrix->lower[cell];
                own->upper[to + r] = matrix->upper[cell];
            }
        }
    }
}

/* Reads series of the group: all into near, those with a column there into far. */
static int group_read(struct scan_op *scan, struct context *ctx, struct matrix *matrix,
                      size_t columns, struct reach reach)
{
    const struct series *series = &scan->selection->series[scan->group_start];
    size_t older = older_columns(scan, matrix, NULL);
    uint32_t *wanted = malloc((columns + older) * sizeof *wanted);
    if (!wanted) return context_no_memory(ctx);
    for (size_t i = 0; i < scan->group_end - scan->group_start; i++) {
        if (matrix == &scan->near)
            wanted[i] = series[i].column;
        else if (scan->far_column[i])
            wanted[scan->far_column[i] - 1] = series[i].column;
    }
    older_columns(scan, matrix, wanted + columns);
    int status =
        matrix_read(ctx, matrix, scan->stream, &scan->lineage, wanted, columns + older, reach);
    free(wanted);
    if (!status && older) status = matrix_own(ctx, matrix);
    if (!status && older) join_older(scan, matrix, columns);
    return status;
}

/* Whether the runs that were not read are known for a series: they are still the oldest, and so for it. */
static int known_covers(struct scan_op *scan, struct context *ctx, size_t index, bool *covered)
{
    const struct matrix *near = &scan->near;
    bool oldest = near->runs > 0 && near->run[0] >= (double)scan->known_run &&
                  near->run[0] <= (double)scan->known_run;
    int covers =
        oldest ? scan->known->series(scan->known->context, ctx, &scan->selection->series[index])
               : 0;
    *covered = covers > 0;
    return covers < 0 ? covers : 0;
}

/* The same for the points that are loaded: and no range chooses one of those. Else all are needed. */
static struct need known_need(const struct scan_op *scan, bool covered)
{
    const struct points *points = &scan->points;
    bool chosen = points->count && points->selected[0] && !points->gone[0] &&
                  points->run[0] <= (double)scan->known_run &&
                  points->run[0] >= (double)scan->known_run;
    bool enough = covered && points->settled && !chosen;
    return (struct need){.own = !enough && !scan->matrix->own_complete};
}

/* Finds the series of the group that need more than near holds; *need is what. */
static int find_needy(struct scan_op *scan, struct context *ctx, uint32_t *needy, struct need *need)
{
    int status = 0;
    for (size_t i = scan->group_start;
         i < scan->group_end && !matrix_is_complete(&scan->near) && !status; i++) {
        bool plain = scan_is_plain(scan, i);
        bool covered = false;
        status = scan->known_runs ? known_covers(scan, ctx, i, &covered) : 0;
        if (status) break;
        if (plain && scan->plain.known && !scan->plain.needs_more && (covered || !scan->known_runs))
            continue;
        status = points_load(scan, ctx, i);
        if (status) break;
        struct need one = scan->known_runs ? known_need(scan, covered) : points_need(scan);
        need->own |= one.own;
        need->inherited |= one.inherited;
        if (plain && !scan->plain.known) status = plain_learn(scan, ctx, needs_any(one));
        if (needs_any(one)) scan->far_column[i - scan->group_start] = ++*needy;
    }
    return status;
}

/* From how many runs on: of fewer where a statement of fewer points is given another thread, too. */
static uint64_t direct_runs(const struct context *ctx)
{
    uint64_t worth = ctx->session->options.thread_points;
    return worth && worth < DIRECT_RUNS ? worth : DIRECT_RUNS;
}

/* Whether the next series is read directly: all rows of a long one, or one of few of its stream, so
 * that a pass over its runs for each is no waste. */
static bool is_direct(const struct scan_op *scan)
{
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = scan->stream;
    size_t here = scan->next_series, next = here + 1;
    bool by_times = scan->by_times && !lookback_any(scan->lookback);
    if ((scan->ranges && !by_times) || selection->series[here].rows ||
        selection->series[here].older_count || scan->marks || scan->base_only || scan->wants_gone ||
        scan->lineage.segment_count || scan->known_runs ||
        stream->run_count < direct_runs(scan->ctx))
        return false;
    bool alone = next == selection->count || selection->series[next].stream != stream;
    bool first = here == 0 || selection->series[here - 1].stream != stream;
    return (alone && first) || stream->run_count * 2 > SCAN_MATRIX_CELLS;
}

static int direct_load(struct scan_op *scan, struct context *ctx)
{
    scan->group_start = scan->next_series;
    scan->group_end = scan->next_series + 1;
    return direct_open(ctx, &scan->direct, &scan->selection->series[scan->next_series],
                       scan->by_times ? &scan->times : NULL, scan_status_names);
}

/* Reads the group: the newest runs of all its series, then ever more of those that need more: new,
 * sparse and dead ones, which are to make the reading of the others no longer. */
int group_load(struct scan_op *scan, struct context *ctx)
{
    int status = lineage_load(scan, ctx, &scan->selection->series[scan->next_series]);
    if (status) return status;
    if (is_direct(scan)) return direct_load(scan, ctx);
    struct reach reach = first_reach(scan);
    struct need need = {false, false};
    uint32_t needy = 0;
    status = group_choose(scan, ctx, reach);
    if (!status)
        status = group_read(scan, ctx, &scan->near, scan->group_end - scan->group_start, reach);
    if (!status) status = find_needy(scan, ctx, &needy, &need);
    while (!status && needs_any(need)) {
        reach = reach_further(reach, need);
        size_t fit = columns_fit(scan, scan->stream, reach);
        if (needy > fit) {
            needy = (uint32_t)fit;
            group_cut(scan, fit);
        }
        status = group_read(scan, ctx, &scan->far, needy, reach);
        need = (struct need){false, false};
        for (size_t i = scan->group_start; i < scan->group_end && !needs_any(need) && !status;
             i++) {
            if (!scan->far_column[i - scan->group_start]) continue;
            status = points_load(scan, ctx, i);
            if (!status && !matrix_is_complete(&scan->far))
                need = scan->known_runs ? known_need(scan, false) : points_need(scan);
        }
    }
    return status;
}
