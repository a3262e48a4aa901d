/* points.c -- the points of a series: its cells of a matrix that are there and that no mark or
 * filter leaves out, which of them the ranges choose, and whether there are enough before these for
 * the windows that look back on them. Every point that is loaded costs a few comparisons; series
 * without gaps and marks share what was found for the first of them (scan_group.c). */
#include "scan.h"

#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const scan_status_names[] = {"ok", "failed", "skipped"};

void points_free(struct points *points)
{
    void *blocks[] = {points->time_ns,   points->commit,   points->status,  points->run,
                      points->value,     points->lower,    points->upper,   points->branch,
                      points->segment,   points->selected, points->restart, points->gone,
                      points->inherited, points->hidden,   points->origin};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
}

static int points_reserve(struct points *points, struct arena *arena, size_t count)
{
    const size_t point_size = 8 * sizeof(double) + 2 * sizeof(uint16_t) + 5;
    if (count <= points->capacity) return 0;
    if (arena_charge(arena, (count - points->capacity) * point_size)) return PACE_ENOMEM;
    if (!grow(&points->time_ns, count, sizeof *points->time_ns) ||
        !grow(&points->commit, count, sizeof *points->commit) ||
        !grow(&points->status, count, sizeof *points->status) ||
        !grow(&points->run, count, sizeof *points->run) ||
        !grow(&points->value, count, sizeof *points->value) ||
        !grow(&points->lower, count, sizeof *points->lower) ||
        !grow(&points->upper, count, sizeof *points->upper) || !grow(&points->selected, count, 1) ||
        !grow(&points->restart, count, 1) || !grow(&points->gone, count, 1) ||
        !grow(&points->inherited, count, 1) || !grow(&points->hidden, count, 1) ||
        !grow(&points->branch, count, sizeof *points->branch) ||
        !grow(&points->segment, count, sizeof *points->segment) ||
        !grow(&points->origin, count, sizeof *points->origin))
        return PACE_ENOMEM;
    points->capacity = count;
    return 0;
}

/* The marks that name the series as each part of the lineage calls it; the last part is its own. */
struct lineage_marks {
    struct {
        const char *branch;
        const struct mark_view **marks;
        size_t count;
    } parts[PACE_MAX_LINEAGE + 1];
    size_t part_count;
    bool any;
};

static int load_marks(struct scan_op *scan, struct context *ctx, const struct series *series,
                      struct lineage_marks *out)
{
    const struct pace_lineage *lineage = &scan->lineage;
    const char *const *names = NULL;
    uint32_t name_count = 0;
    int status = 0;
    out->part_count = lineage->segment_count + 1;
    out->any = false;
    if (lineage->segment_count)
        status = pace_names(ctx->snapshot, PACE_BRANCH, ctx->error, &names, &name_count);
    if (status) return context_store_error(ctx, status);
    for (size_t i = 0; i < out->part_count; i++) {
        struct series there = *series;
        if (i < lineage->segment_count)
            there.names[PACE_BRANCH] = names[lineage->segments[i].branch];
        out->parts[i].branch = there.names[PACE_BRANCH];
        status =
            marks_of_series(ctx, scan->marks, &there, &out->parts[i].marks, &out->parts[i].count);
        if (status) return status;
        out->any |= out->parts[i].count != 0;
    }
    return 0;
}

static bool names_part(const struct lineage_marks *marks, size_t part, const struct mark_view *mark)
{
    for (size_t m = 0; m < marks->parts[part].count; m++)
        if (marks->parts[part].marks[m] == mark) return true;
    return false;
}

/* Whether points before those that were read, of the branch or of what it inherits, may be later
 * than this. */
static bool older_may_follow(const struct matrix *matrix, bool inherited, int64_t time_ns)
{
    bool complete = inherited ? matrix->inherited_complete : matrix->own_complete;
    size_t first = inherited ? 0 : matrix->inherited_runs;
    return !complete && matrix->time_ns[first] >= time_ns;
}

/* An accepted change begins at the first point from its time on that the mark names. */
static void points_mark_restarts(const struct matrix *matrix, struct points *points,
                                 const struct mark_view *all, const struct lineage_marks *marks)
{
    for (const struct mark_view *mark = all; mark; mark = mark->next) {
        if (mark->kind != PACE_MARK_ACCEPT) continue;
        size_t i = 0;
        while (i < points->count &&
               (points->time_ns[i] < mark->at_ns || !names_part(marks, points->segment[i], mark)))
            i++;
        if (i == points->count) continue;
        points->own_restart |= !points->inherited[i];
        if (older_may_follow(matrix, points->inherited[i], mark->at_ns)) continue;
        points->restart[i] = 1;
        points->any_restart = true;
    }
}

/* 1 when a mark hides run r of the matrix. */
static int row_is_hidden(const struct scan_op *scan, struct context *ctx, size_t r,
                         const struct lineage_marks *marks)
{
    const struct matrix *matrix = scan->matrix;
    uint16_t part = matrix->segment[r];
    return marks_exclude(ctx, marks->parts[part].marks, marks->parts[part].count, matrix->commit[r],
                         (uint64_t)matrix->run[r]);
}

/* 1 when a run is shown: it passes the selector, and no mark excludes it; or *excluded tells so. */
static int row_passes(const struct scan_op *scan, struct context *ctx, size_t r,
                      const struct lineage_marks *marks, bool *excluded)
{
    const struct matrix *matrix = scan->matrix;
    int pass = row_filters_pass(ctx, scan->rows, matrix->commit[r], (uint64_t)matrix->run[r]);
    if (pass <= 0) return pass;
    int hidden = row_is_hidden(scan, ctx, r, marks);
    if (hidden < 0) return hidden;
    *excluded = hidden;
    return !hidden || scan->with_excluded;
}

/* Takes the cells of one column that are there, pass the row filters and are not excluded. */
static int points_gather(struct scan_op *scan, struct context *ctx,
                         const struct lineage_marks *marks)
{
    const struct matrix *matrix = scan->matrix;
    struct points *points = &scan->points;
    size_t base = scan->base;
    if (points_reserve(points, ctx->arena, matrix->runs + 1)) return context_no_memory(ctx);
    points->count = points->inherited_count = 0;
    points->any_restart = points->any_gone = points->own_restart = points->any_origin = false;
    points->any_hidden = false;
    size_t runs = scan->base_only ? matrix->inherited_runs : matrix->runs;
    for (size_t r = 0; r < runs; r++) {
        uint8_t cell = matrix->status[base + r];
        if (cell == PACE_CELL_ABSENT) continue;
        bool excluded = false;
        if (scan->rows || marks->any) {
            int pass = row_passes(scan, ctx, r, marks, &excluded);
            if (pass < 0) return pass;
            if (!pass) continue;
        }
        size_t i = points->count++;
        points->time_ns[i] = matrix->time_ns[r];
        points->commit[i] = matrix->commit[r];
        points->run[i] = matrix->run[r];
        points->value[i] = cell == PACE_CELL_OK ? matrix->value[base + r] : NAN;
        points->lower[i] = matrix->bounds ? matrix->lower[base + r] : NAN;
        points->upper[i] = matrix->bounds ? matrix->upper[base + r] : NAN;
        points->status[i] = scan_status_names[cell < 3 ? cell : PACE_CELL_FAILED];
        points->segment[i] = matrix->segment[r];
        points->branch[i] = marks->parts[matrix->segment[r]].branch;
        points->inherited[i] = r < matrix->inherited_runs;
        points->inherited_count += points->inherited[i];
        points->origin[i] =
            (uint16_t)(matrix->origin[r] | (points->inherited[i] ? ORIGIN_INHERITED : 0));
        points->any_origin |= points->origin[i] != 0;
        points->selected[i] = scan->with_history || scan->base_only || !points->inherited[i];
        points->restart[i] = points->gone[i] = 0;
        points->hidden[i] = excluded;
        points->any_hidden |= excluded;
    }
    if (marks->any) points_mark_restarts(matrix, points, scan->marks, marks);
    return 0;
}

/* Row of the matrix that is the newest run as the series sees it: marks may hide runs. -1: none. */
static int newest_row(const struct scan_op *scan, struct context *ctx,
                      const struct lineage_marks *marks, size_t *row)
{
    const struct matrix *matrix = scan->matrix;
    size_t end = scan->base_only ? matrix->inherited_runs : matrix->runs;
    size_t start = scan->base_only ? 0 : matrix->inherited_runs;
    for (size_t r = end; r > start; r--) {
        int hidden = row_is_hidden(scan, ctx, r - 1, marks);
        if (hidden < 0) return hidden;
        *row = r - 1;
        if (!hidden || scan->with_excluded) return 1;
    }
    return 0;
}

/* With `last run`: a row for a series that its stream's newest run does not hold. */
static void points_add_gone(struct scan_op *scan, const struct series *series, size_t newest)
{
    struct points *points = &scan->points;
    const struct matrix *matrix = scan->matrix;
    size_t i = points->count++;
    points->time_ns[i] = matrix->time_ns[newest];
    points->commit[i] = matrix->commit[newest];
    points->run[i] = matrix->run[newest];
    points->value[i] = points->lower[i] = points->upper[i] = NAN;
    points->status[i] = NULL;
    points->selected[i] = points->gone[i] = 1;
    points->branch[i] = series->names[PACE_BRANCH];
    points->segment[i] = matrix->segment[newest];
    points->restart[i] = points->inherited[i] = points->hidden[i] = 0;
    points->origin[i] = matrix->origin[newest];
    points->any_gone = true;
}

/* Whether a window finds its points in the parent alone. A change that was accepted on the branch
 * makes its own points count too. */
bool scan_from_parent(const struct scan_op *scan)
{
    return scan->lookback.from_parent && scan->lineage.state != PACE_LINEAGE_NONE;
}

/* Whether `needed` points with a value and of other commits lie before point `at`; inherited ones
 * alone, or all. */
static bool has_points_before(const struct points *points, size_t at, uint64_t needed,
                              bool inherited_alone)
{
    const char *own = points->commit[at];
    if (inherited_alone && at > points->inherited_count) at = points->inherited_count;
    for (size_t i = at; i > 0 && needed; i--) {
        if (isnan(points->value[i - 1]) || points->hidden[i - 1] ||
            (points->origin[i - 1] & ORIGIN_DIRTY))
            continue;
        needed -= !*own || strcmp(points->commit[i - 1], own) != 0;
    }
    return needed == 0;
}

/* Whether points of so many commits lie before point `at`, and then some: one may be that of a
 * later judged point, and of the oldest there may be more. */
static bool has_commits_before(struct scan_op *scan, size_t at, uint64_t needed,
                               bool inherited_alone)
{
    const struct points *points = &scan->points;
    if (inherited_alone && at > points->inherited_count) at = points->inherited_count;
    if (!commit_set_reset(&scan->commits, at)) return false; /* reading more is no mistake */
    needed += 2;
    for (size_t i = at; i > 0 && needed; i--)
        if (!isnan(points->value[i - 1]) && !points->hidden[i - 1])
            needed -= commit_set_add(&scan->commits, points->commit[i - 1]);
    return needed == 0;
}

/* Whether the loaded points fill the windows of those from `first` on. */
static bool windows_filled(struct scan_op *scan, size_t first, bool parent)
{
    const struct points *points = &scan->points;
    const struct lookback *back = &scan->lookback;
    const struct matrix *matrix = scan->matrix;
    if (back->all) return false;
    if (back->span_ns && ((parent && matrix->inherited_runs == 0) ||
                          matrix->time_ns[0] > points->time_ns[first] - back->span_ns))
        return false;
    if (back->commits && !has_commits_before(scan, first, back->commits, parent)) return false;
    for (size_t i = first; back->points && i < points->count; i++) {
        bool looks = points->selected[i] || back->judged;
        if (looks && !points->gone[i] && !has_points_before(points, i, back->points, parent))
            return false;
    }
    return true;
}

/* Own runs before inherited ones. */
static struct need need_more(const struct matrix *matrix)
{
    return (struct need){.own = !matrix->own_complete,
                         .inherited = matrix->own_complete && !matrix->inherited_complete};
}

bool matrix_is_complete(const struct matrix *matrix)
{
    return !needs_any(need_more(matrix));
}

/* What the loaded points lack of what the judged ones need. */
struct need points_need(struct scan_op *scan)
{
    const struct points *points = &scan->points;
    const struct lookback *back = &scan->lookback;
    const struct matrix *matrix = scan->matrix;
    const struct need nothing = {false, false};
    if (scan->base_only)
        return (struct need){.inherited = !points->settled && !matrix->inherited_complete};
    if (!points->settled && (scan->with_history || !matrix->own_complete)) return need_more(matrix);
    size_t first = 0;
    while (first < points->count && (!points->selected[first] || points->gone[first]))
        first++;
    if (first == points->count || !lookback_any(*back)) return nothing;
    bool parent = scan_from_parent(scan) && !points->own_restart;
    uint64_t judged = back->judged;
    size_t edge = parent && first >= points->inherited_count ? points->inherited_count : 0;
    for (; judged && first > edge; first--)
        judged -= isnan(points->value[first - 1]) || points->hidden[first - 1] ? 0 : 1;
    if (judged && !(parent && edge > 0 && matrix->own_complete)) {
        if (!matrix_is_complete(matrix)) return need_more(matrix);
    }
    /* Between own runs that were not read and inherited ones there is a gap. */
    bool gap = !parent && !matrix->own_complete && matrix->inherited_runs > 0;
    if (!gap && windows_filled(scan, first, parent)) return nothing;
    if (parent) return (struct need){.inherited = !matrix->inherited_complete};
    return need_more(matrix);
}

/* Points of series `index` of the selection: gathered, chosen. */
int points_load(struct scan_op *scan, struct context *ctx, size_t index)
{
    const struct series *series = &scan->selection->series[index];
    size_t column = scan->far_column[index - scan->group_start];
    const struct matrix *matrix = scan->matrix = column ? &scan->far : &scan->near;
    struct points *points = &scan->points;
    scan->rows = series->rows;
    scan->base = (column ? column - 1 : index - scan->group_start) * matrix->stride;
    struct lineage_marks marks;
    size_t newest = 0;
    int status = load_marks(scan, ctx, series, &marks);
    if (!status) status = points_gather(scan, ctx, &marks);
    if (status) return status;
    int found = newest_row(scan, ctx, &marks, &newest);
    if (found < 0) return found;
    const struct pace_range *times = scan_times(scan);
    bool cut = times && times->until_ns != INT64_MAX;
    points->newest_run = cut ? (double)scan->stream->last_run : found ? matrix->run[newest] : NAN;
    size_t cell = scan->base + newest;
    if (found && scan->wants_gone && !scan->rows && matrix->status[cell] == PACE_CELL_ABSENT)
        points_add_gone(scan, series, newest);
    size_t oldest = scan->with_history || scan->base_only ? 0 : matrix->inherited_runs;
    struct range_rows rows = {.count = points->count,
                              .time_ns = points->time_ns,
                              .commit = points->commit,
                              .run = points->run,
                              .selected = points->selected,
                              .newest_run = points->newest_run,
                              .oldest_ns =
                                  matrix->runs > oldest ? matrix->time_ns[oldest] : INT64_MAX};
    for (const struct range *range = scan->ranges; range; range = range->next)
        if (range_apply(range, &rows)) return context_no_memory(ctx);
    points->settled = rows.settled;
    if (!ctx->any_chosen && points->count)
        ctx->any_chosen = memchr(points->selected, 1, points->count) != NULL;
    return 0;
}

const struct pace_range *scan_times(const struct scan_op *scan)
{
    if (scan->lineage.segment_count) return NULL;
    return scan->by_times ? &scan->times : scan->by_rows ? &scan->selection->times : NULL;
}

bool ranges_of_times(const struct range *range, struct pace_range *out)
{
    *out = (struct pace_range){INT64_MIN, INT64_MAX, 0};
    for (; range; range = range->next) {
        if (range->kind == STAGE_LAST || range->kind == STAGE_FIRST) return false;
        range_meet(out, &(struct pace_range){range->from_ns, range->until_ns, 0});
    }
    return true;
}
