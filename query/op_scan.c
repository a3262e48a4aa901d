/* op_scan.c -- reads the selected series from the store, stream by stream.
 *
 * All series of a stream share its runs, so they are read together as a matrix of runs x columns
 * (cut into groups of columns by MATRIX_CELLS) and handed on series by series without copying
 * cells again except to close gaps. Ranges are resolved here, so only the judged points and the
 * history that windows need are read: the newest K runs first, more where a series turns out to
 * have gaps, runs of one commit, or a window in days. */
#include "op.h"

#include "direct.h"
#include "grow.h"
#include "marks.h"
#include "matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MATRIX_CELLS = 4 * 1024 * 1024,
    FIRST_READ = 256,                 /* runs tried first where the ranges do not say how many */
    MORE = 4,                         /* times as many, where they were too few */
    NOTES_MAX = 5,                    /* branches that are told about */
    DIRECT_RUNS = 4 * PACE_MAX_BATCH, /* a longer series is read without a matrix */
};

enum {
    COLUMN_PROJECT,
    COLUMN_BRANCH,
    COLUMN_TESTBED,
    COLUMN_BENCHMARK,
    COLUMN_MEASURE,
    COLUMN_TIME,
    COLUMN_COMMIT,
    COLUMN_RUN,
    COLUMN_VALUE,
    COLUMN_LOWER,
    COLUMN_UPPER,
    COLUMN_UNIT,
    COLUMN_STATUS,
    COLUMN_COUNT
};

static const char *const STATUS_NAMES[] = {"ok", "failed", "skipped"};

/* Of a column without values. */
static const double NONE = (double)NAN;
static const int64_t NO_TIME = TIME_MISSING;
static const char *const NO_TEXT = NULL;

/* The points of the series being handed on. */
struct points {
    size_t count, capacity;
    int64_t *time_ns;
    const char **commit, **status;
    double *run, *value, *lower, *upper;
    const char **branch;
    uint16_t *segment; /* of the lineage */
    uint8_t *selected, *restart, *gone, *inherited, *hidden;
    uint16_t *origin;
    size_t inherited_count; /* they come first */
    bool any_restart, any_gone, any_hidden, any_origin;
    bool own_restart;  /* one of the branch's own points is one */
    double newest_run; /* that this series may have a row of; NAN: among runs not read yet */
    bool settled;      /* which points the ranges choose, whatever older runs hold */
};

/* Series of near without gaps, which no mark or filter touches and whose branch inherits nothing,
 * differ in their values alone: which of their rows are chosen is found for the first of them. Their
 * rows are handed on where the matrix has them. */
struct plain {
    bool known;
    uint8_t *selected;
    size_t capacity;
    double newest_run;
    bool needs_more; /* these series need more than near holds */
};

struct scan_op {
    struct op op;
    const struct selection *selection;
    struct range *ranges;
    struct lookback lookback;
    bool wants_gone, with_history, with_excluded;
    bool base_only; /* only what is inherited */
    const struct mark_view *marks;
    const struct pace_stream *stream; /* whose lineage this is */
    struct pace_lineage lineage;
    size_t noted;                  /* lineages that were told about */
    size_t group_start, group_end; /* series of the matrices */
    size_t next_series;
    struct matrix near;   /* the newest runs, of every series of the group */
    struct matrix far;    /* more runs, of those series that need them */
    uint32_t *far_column; /* a series of the group: its column of far + 1, or 0 */
    size_t far_capacity;
    const struct row_filter *rows; /* of the series being loaded */
    const struct matrix *matrix;   /* of the series being loaded, near or far */
    size_t base;                   /* its first cell there */
    struct points points;
    struct plain plain;
    bool is_plain;        /* the series being handed on is one of plain */
    struct direct direct; /* open: the series being handed on is read directly */
    bool wanted[COLUMN_COUNT];
    struct commit_set commits;   /* scratch */
    size_t offset;               /* points of the current series handed on */
    const struct series *series; /* being handed on; NULL: none */
    struct vec vecs[COLUMN_COUNT];
    const char *unit_text;
    struct batch batch;
};

static void scan_free(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    struct points *points = &scan->points;
    direct_close(&scan->direct);
    matrix_free(&scan->near);
    matrix_free(&scan->far);
    free(scan->far_column);
    commit_set_free(&scan->commits);
    free(scan->plain.selected);
    void *blocks[] = {points->time_ns,   points->commit,   points->status,  points->run,
                      points->value,     points->lower,    points->upper,   points->branch,
                      points->segment,   points->selected, points->restart, points->gone,
                      points->inherited, points->hidden,   points->origin};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
}

/* -- the points of a series -------------------------------------------------------------------- */

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

/* An accepted change begins at the first point from its time on that the mark names. */
static void points_mark_restarts(struct points *points, const struct mark_view *all,
                                 const struct lineage_marks *marks)
{
    for (const struct mark_view *mark = all; mark; mark = mark->next) {
        if (mark->kind != PACE_MARK_ACCEPT) continue;
        size_t i = 0;
        while (i < points->count &&
               (points->time_ns[i] < mark->at_ns || !names_part(marks, points->segment[i], mark)))
            i++;
        if (i == points->count) continue;
        points->restart[i] = 1;
        points->any_restart = true;
        points->own_restart |= !points->inherited[i];
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
        points->status[i] = STATUS_NAMES[cell < 3 ? cell : PACE_CELL_FAILED];
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
    if (marks->any) points_mark_restarts(points, scan->marks, marks);
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
static bool from_parent(const struct scan_op *scan)
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

/* Whether points of so many commits lie before point `at`, and then some: one may be that of a later
 * judged point, and of the oldest there may be more. */
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

/* What is still to be read. */
struct need {
    bool own, inherited;
};

/* Own runs before inherited ones. */
static struct need need_more(const struct matrix *matrix)
{
    return (struct need){.own = !matrix->own_complete,
                         .inherited = matrix->own_complete && !matrix->inherited_complete};
}

static bool needs_any(struct need need)
{
    return need.own || need.inherited;
}

static bool is_complete(const struct matrix *matrix)
{
    return !needs_any(need_more(matrix));
}

/* What the loaded points lack of what the judged ones need. */
static struct need points_need(struct scan_op *scan)
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
    bool parent = from_parent(scan) && !points->own_restart;
    uint64_t judged = back->judged;
    size_t edge = parent && first >= points->inherited_count ? points->inherited_count : 0;
    for (; judged && first > edge; first--)
        judged -= isnan(points->value[first - 1]) || points->hidden[first - 1] ? 0 : 1;
    if (judged && !(parent && edge > 0 && matrix->own_complete)) {
        if (!is_complete(matrix)) return need_more(matrix);
    }
    /* Between own runs that were not read and inherited ones there is a gap. */
    bool gap = !parent && !matrix->own_complete && matrix->inherited_runs > 0;
    if (!gap && windows_filled(scan, first, parent)) return nothing;
    if (parent) return (struct need){.inherited = !matrix->inherited_complete};
    return need_more(matrix);
}

/* Points of series `index` of the selection: gathered, chosen. */
static int points_load(struct scan_op *scan, struct context *ctx, size_t index)
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
    points->newest_run = found ? matrix->run[newest] : NAN;
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

/* -- plain series ------------------------------------------------------------------------------ */

static bool is_plain(const struct scan_op *scan, size_t index)
{
    size_t at = index - scan->group_start;
    return scan->near.whole[at] && !scan->far_column[at] && !scan->near.inherited_runs &&
           !scan->near.any_origin && scan->near.runs && !scan->selection->series[index].rows &&
           !scan->selection->series[index].older_count && !scan->marks && !scan->base_only;
}

/* Remembers what was found for the series that is loaded, which is plain. */
static int plain_learn(struct scan_op *scan, struct context *ctx, bool needs_more)
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
    if (lineage->state == PACE_LINEAGE_NONE || lineage->state == PACE_LINEAGE_EXACT) return;
    if (lineage->state == PACE_LINEAGE_NEAREST && !*lineage->start.commit) return;
    if (scan->noted++ >= NOTES_MAX) return;
    diag_note(ctx->diags, "%s on %s: %s%s", series->names[PACE_BRANCH], series->names[PACE_TESTBED],
              lineage->segment_count ? "the baseline is " : "",
              pace_lineage_text(lineage, text, sizeof text));
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
    return 0;
}

/* Runs to read first: as many as the ranges ask for, with history. */
static struct reach first_reach(const struct scan_op *scan)
{
    const struct lookback *back = &scan->lookback;
    struct reach reach = {0, 0};
    uint64_t chosen = scan->ranges && !back->all ? FIRST_READ : 0; /* 0: all */
    for (const struct range *range = scan->ranges; range && chosen; range = range->next) {
        if (range->kind == STAGE_FIRST) chosen = 0;
        if (range->kind != STAGE_LAST) continue;
        if (range->unit == RANGE_POINTS) chosen = range->count;
        if (range->unit == RANGE_RUN) chosen = 1;
    }
    if (scan->base_only)
        return (struct reach){1, chosen && !lookback_any(*back) ? chosen : UINT64_MAX};
    bool parent = from_parent(scan) && !scan->with_history;
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
static size_t columns_fit(const struct pace_stream *stream, struct reach reach)
{
    uint64_t own = reach.own && reach.own < stream->run_count ? reach.own : stream->run_count;
    uint64_t runs = reach.inherited < UINT64_MAX - own ? own + reach.inherited : UINT64_MAX;
    size_t fit = runs ? MATRIX_CELLS / runs : 1;
    return fit ? fit : 1;
}

/* The next columns of one stream, as many as fit with so many runs. */
static int group_choose(struct scan_op *scan, struct context *ctx, struct reach reach)
{
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = selection->series[scan->next_series].stream;
    size_t fit = columns_fit(stream, reach), count = 0;
    while (count < fit && scan->next_series + count < selection->count &&
           selection->series[scan->next_series + count].stream == stream)
        count++;
    scan->group_start = scan->next_series;
    scan->group_end = scan->next_series + count;
    scan->plain.known = false;
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

/* Finds the series of the group that need more than near holds; *need is what. */
static int find_needy(struct scan_op *scan, struct context *ctx, uint32_t *needy, struct need *need)
{
    int status = 0;
    for (size_t i = scan->group_start; i < scan->group_end && !is_complete(&scan->near) && !status;
         i++) {
        bool plain = is_plain(scan, i);
        if (plain && scan->plain.known && !scan->plain.needs_more) continue;
        status = points_load(scan, ctx, i);
        if (status) break;
        struct need one = points_need(scan);
        need->own |= one.own;
        need->inherited |= one.inherited;
        if (plain && !scan->plain.known) status = plain_learn(scan, ctx, needs_any(one));
        if (needs_any(one)) scan->far_column[i - scan->group_start] = ++*needy;
    }
    return status;
}

/* Whether the next series is read directly: all rows of a long one, or one of few of its stream, so
 * that a pass over its runs for each is no waste. */
static bool is_direct(const struct scan_op *scan)
{
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = scan->stream;
    size_t here = scan->next_series, next = here + 1;
    if (scan->ranges || selection->series[here].rows || selection->series[here].older_count ||
        scan->marks || scan->base_only || scan->lineage.segment_count ||
        stream->run_count < DIRECT_RUNS)
        return false;
    bool alone = next == selection->count || selection->series[next].stream != stream;
    bool first = here == 0 || selection->series[here - 1].stream != stream;
    return (alone && first) || stream->run_count * 2 > MATRIX_CELLS;
}

static int direct_load(struct scan_op *scan, struct context *ctx)
{
    ctx->any_chosen = true;
    scan->group_start = scan->next_series;
    scan->group_end = scan->next_series + 1;
    return direct_open(ctx, &scan->direct, &scan->selection->series[scan->next_series]);
}

/* Reads the group: the newest runs of all its series, then ever more of those that need more: new,
 * sparse and dead ones, which are to make the reading of the others no longer. */
static int group_load(struct scan_op *scan, struct context *ctx)
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
        size_t fit = columns_fit(scan->stream, reach);
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
            if (!status && !is_complete(&scan->far)) need = points_need(scan);
        }
    }
    return status;
}

static int next_series(struct scan_op *scan, struct context *ctx)
{
    int status = 0;
    scan->series = NULL;
    if (scan->next_series == scan->selection->count) {
        if (scan->noted > NOTES_MAX)
            diag_note(ctx->diags, "... and %zu more branches without the baseline asked for",
                      scan->noted - NOTES_MAX);
        scan->noted = 0;
        return 0;
    }
    if (scan->next_series == scan->group_end) status = group_load(scan, ctx);
    if (status) return status;
    scan->is_plain = !scan->direct.scan && is_plain(scan, scan->next_series);
    if (!scan->direct.scan && (!scan->is_plain || !scan->plain.known)) {
        status = points_load(scan, ctx, scan->next_series);
        if (!status && scan->is_plain) status = plain_learn(scan, ctx, false);
        if (status) return status;
    }
    scan->series = &scan->selection->series[scan->next_series++];
    scan->offset = 0;
    return 0;
}

/* -- batches ----------------------------------------------------------------------------------- */

/* The columns that are the same for every row of a series. */
static void fill_names(struct scan_op *scan)
{
    const struct series *series = scan->series;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        scan->vecs[d] =
            (struct vec){.type = TYPE_TEXT, .at.text = (const char **)&series->names[d]};
    scan->unit_text = *series->unit ? series->unit : NULL;
    scan->vecs[COLUMN_UNIT] = (struct vec){.type = TYPE_TEXT, .at.text = &scan->unit_text};
}

static struct vec number_vec(const double *number, unsigned step, const char *unit)
{
    return (struct vec){
        .type = TYPE_NUMBER, .step = step, .at.number = (double *)number, .unit = unit};
}

static void fill_plain(struct scan_op *scan)
{
    const struct matrix *matrix = &scan->near;
    const struct series *series = scan->series;
    struct vec *vecs = scan->vecs;
    size_t at = scan->offset, index = (size_t)(series - scan->selection->series);
    size_t base = (index - scan->group_start) * matrix->stride + at;
    unsigned bounds = matrix->bounds;
    vecs[COLUMN_TIME] =
        (struct vec){.type = TYPE_TIME, .step = 1, .at.time_ns = matrix->time_ns + at};
    vecs[COLUMN_COMMIT] =
        (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = matrix->commit + at};
    vecs[COLUMN_RUN] = number_vec(matrix->run + at, 1, "");
    vecs[COLUMN_VALUE] = number_vec(matrix->value + base, 1, series->unit);
    vecs[COLUMN_LOWER] = number_vec(bounds ? matrix->lower + base : &NONE, bounds, series->unit);
    vecs[COLUMN_UPPER] = number_vec(bounds ? matrix->upper + base : &NONE, bounds, series->unit);
    vecs[COLUMN_STATUS] = (struct vec){.type = TYPE_TEXT, .at.text = (const char **)STATUS_NAMES};
    size_t count = matrix->runs - at;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    scan->batch = (struct batch){.count = count,
                                 .vecs = vecs,
                                 .selected = scan->plain.selected + at,
                                 .branched = scan->lineage.state != PACE_LINEAGE_NONE,
                                 .series = series,
                                 .newest_run = scan->plain.newest_run,
                                 .series_start = at == 0,
                                 .series_end = at + count == matrix->runs};
    scan->offset += count;
}

static void fill_points(struct scan_op *scan)
{
    const struct series *series = scan->series;
    struct points *points = &scan->points;
    struct vec *vecs = scan->vecs;
    size_t at = scan->offset;
    if (points->inherited_count)
        vecs[COLUMN_BRANCH] =
            (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = points->branch + at};
    vecs[COLUMN_TIME] =
        (struct vec){.type = TYPE_TIME, .step = 1, .at.time_ns = points->time_ns + at};
    vecs[COLUMN_COMMIT] =
        (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = points->commit + at};
    vecs[COLUMN_RUN] =
        (struct vec){.type = TYPE_NUMBER, .step = 1, .at.number = points->run + at, .unit = ""};
    vecs[COLUMN_VALUE] = (struct vec){
        .type = TYPE_NUMBER, .step = 1, .at.number = points->value + at, .unit = series->unit};
    vecs[COLUMN_LOWER] = (struct vec){
        .type = TYPE_NUMBER, .step = 1, .at.number = points->lower + at, .unit = series->unit};
    vecs[COLUMN_UPPER] = (struct vec){
        .type = TYPE_NUMBER, .step = 1, .at.number = points->upper + at, .unit = series->unit};
    vecs[COLUMN_STATUS] =
        (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = points->status + at};
    size_t count = points->count - at;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    scan->batch = (struct batch){.count = count,
                                 .vecs = vecs,
                                 .selected = points->selected + at,
                                 .restart = points->any_restart ? points->restart + at : NULL,
                                 .gone = points->any_gone ? points->gone + at : NULL,
                                 .origin = points->any_origin ? points->origin + at : NULL,
                                 .hidden = points->any_hidden ? points->hidden + at : NULL,
                                 .branched = scan->lineage.state != PACE_LINEAGE_NONE,
                                 .series = series,
                                 .newest_run = points->newest_run,
                                 .series_start = at == 0,
                                 .series_end = at + count == points->count};
    scan->offset += count;
}

static struct vec text_vec(const char *const *text, unsigned step)
{
    return (struct vec){.type = TYPE_TEXT, .step = step, .at.text = (const char **)text};
}

/* The next batch of a direct series; the last one has no rows. Columns that nobody looks at have no
 * values. */
static int fill_direct(struct scan_op *scan, struct context *ctx)
{
    struct direct *direct = &scan->direct;
    struct vec *vecs = scan->vecs;
    const char *unit = scan->series->unit;
    bool first = !direct->started;
    int status = direct_next(ctx, direct, STATUS_NAMES);
    if (status) return status;
    direct->started = true;
    bool time = scan->wanted[COLUMN_TIME], commit = scan->wanted[COLUMN_COMMIT];
    bool run = scan->wanted[COLUMN_RUN], bounds = direct->bounds && direct->count;
    vecs[COLUMN_TIME] = (struct vec){.type = TYPE_TIME,
                                     .step = time,
                                     .at.time_ns = time ? direct->time_ns : (int64_t *)&NO_TIME};
    vecs[COLUMN_COMMIT] = text_vec(commit ? direct->commit : &NO_TEXT, commit);
    vecs[COLUMN_RUN] = number_vec(run ? direct->run : &NONE, run, "");
    vecs[COLUMN_VALUE] = number_vec(direct->values, 1, unit);
    vecs[COLUMN_LOWER] = number_vec(bounds ? direct->lowers : &NONE, bounds, unit);
    vecs[COLUMN_UPPER] = number_vec(bounds ? direct->uppers : &NONE, bounds, unit);
    vecs[COLUMN_STATUS] = text_vec(
        direct->whole ? STATUS_NAMES : (const char *const *)direct->status, !direct->whole);
    scan->batch = (struct batch){.count = direct->count,
                                 .vecs = vecs,
                                 .origin = direct->any_origin ? direct->origin : NULL,
                                 .branched = scan->lineage.state != PACE_LINEAGE_NONE,
                                 .series = scan->series,
                                 .newest_run = (double)scan->stream->last_run,
                                 .series_start = first,
                                 .series_end = direct->count == 0};
    return 0;
}

static int scan_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct scan_op *scan = (struct scan_op *)op;
    int status = context_check(ctx);
    if (status) return status;
    if (!scan->series || scan->batch.series_end) {
        status = next_series(scan, ctx);
        if (status) return status;
    }
    *out = NULL;
    if (!scan->series) return 0;
    fill_names(scan);
    if (scan->direct.scan)
        status = fill_direct(scan, ctx);
    else if (scan->is_plain)
        fill_plain(scan);
    else
        fill_points(scan);
    if (status) return status;
    *out = &scan->batch;
    return 0;
}

/* -- making it --------------------------------------------------------------------------------- */

/* What is known of the value's unit before reading: one kind, or several. */
static void value_column(struct context *ctx, const struct selection *selection,
                         struct column *column)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct series *series = &selection->series[i];
        enum unit_kind kind = unit_lookup(series->unit, strlen(series->unit)).kind;
        if (i && series->unit == selection->series[i - 1].unit) continue;
        if (i == 0) {
            column->kind = kind;
            column->about =
                kind == UNIT_NONE
                    ? NULL
                    : arena_printf(ctx->arena, "measure '%s' is a %s (%s)",
                                   series->names[PACE_MEASURE], unit_kind_name(kind), series->unit);
        } else if (kind != column->kind) {
            column->mixed = true;
        }
    }
}

int op_scan(struct context *ctx, const struct selection *selection, const struct mark_view *marks,
            struct op **out)
{
    static const struct column base[COLUMN_COUNT] = {
        {"project", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"branch", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"testbed", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"benchmark", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"measure", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"time", TYPE_TIME, UNIT_NONE, false, NULL, NULL},
        {"commit", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"run", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL},
        {"value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL},
        {"lower_value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL},
        {"upper_value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL},
        {"unit", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
        {"status", TYPE_TEXT, UNIT_NONE, false, NULL, NULL},
    };
    struct scan_op *scan;
    int status = op_make(ctx, sizeof *scan, "scan", NULL, &scan);
    if (status) return status;
    scan->selection = selection;
    scan->marks = marks;
    struct column measured = {0};
    value_column(ctx, selection, &measured);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        struct column column = base[i];
        column.wanted = &scan->wanted[i];
        if (i == COLUMN_VALUE || i == COLUMN_LOWER || i == COLUMN_UPPER) {
            column.kind = measured.kind;
            column.mixed = measured.mixed;
            column.about = measured.about;
        }
        status = op_add_column(ctx, &scan->op, column);
        if (status) return status;
    }
    static const int direct[DIRECT_COLUMNS] = {COLUMN_TIME,  COLUMN_COMMIT, COLUMN_RUN,
                                               COLUMN_LOWER, COLUMN_UPPER,  COLUMN_STATUS};
    for (int i = 0; i < DIRECT_COLUMNS; i++)
        scan->direct.wanted[i] = &scan->wanted[direct[i]];
    scan->op.by_series = true;
    scan->op.next = scan_next;
    scan->op.free = scan_free;
    *out = &scan->op;
    return 0;
}

void op_scan_extend(struct op *op, struct range *ranges, struct lookback lookback, bool gone,
                    bool with_history)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->ranges = ranges;
    scan->lookback = lookback;
    scan->wants_gone = gone;
    scan->with_history = with_history;
}

void op_scan_base(struct op *op)
{
    ((struct scan_op *)op)->base_only = true;
}

void op_scan_show_excluded(struct op *op)
{
    ((struct scan_op *)op)->with_excluded = true;
}

/* -- summaries --------------------------------------------------------------------------------- */

_Static_assert((int)OP_SCAN_VALUE == (int)COLUMN_VALUE && COLUMN_MEASURE == (int)PACE_MEASURE,
               "columns of the scan");

bool op_scan_is(const struct op *op)
{
    return op->next == scan_next;
}

const struct selection *op_scan_selection(const struct op *op)
{
    return ((const struct scan_op *)op)->selection;
}

/* The ranges as one of times; false when one counts points. */
static bool range_of_times(const struct range *range, struct pace_range *out)
{
    *out = (struct pace_range){INT64_MIN, INT64_MAX, 0};
    for (; range; range = range->next) {
        if (range->kind == STAGE_LAST || range->kind == STAGE_FIRST) return false;
        if (range->from_ns > out->from_ns) out->from_ns = range->from_ns;
        if (range->until_ns < out->until_ns) out->until_ns = range->until_ns;
    }
    return true;
}

int op_scan_summaries(struct op *op, struct context *ctx, struct pace_summary **out)
{
    struct scan_op *scan = (struct scan_op *)op;
    const struct selection *selection = scan->selection;
    struct pace_range range;
    *out = NULL;
    if (scan->marks || scan->with_history || scan->base_only || scan->wants_gone ||
        lookback_any(scan->lookback) || !range_of_times(scan->ranges, &range))
        return 0;
    struct pace_summary *summaries = arena_array(ctx->arena, selection->count, sizeof *summaries);
    uint32_t *columns = arena_array(ctx->arena, selection->count, sizeof *columns);
    if (!summaries || !columns) return context_no_memory(ctx);
    for (size_t i = 0; i < selection->count; i++) {
        const struct series *series = &selection->series[i];
        if (series->rows || series->older_count) return 0;
        columns[i] = series->column;
    }
    for (size_t first = 0, end = 0; first < selection->count; first = end) {
        const struct pace_stream *stream = selection->series[first].stream;
        while (end < selection->count && selection->series[end].stream == stream)
            end++;
        int status = context_check(ctx);
        if (status) return status;
        status = pace_scan_summary(ctx->snapshot, stream->id, columns + first, end - first, &range,
                                   ctx->error, summaries + first);
        if (status) return context_store_error(ctx, status);
    }
    for (size_t i = 0; i < selection->count; i++)
        if (summaries[i].count == 0) return 0; /* there may be rows without a value */
    *out = summaries;
    return 0;
}
