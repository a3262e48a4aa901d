/* op_scan.c -- reads the selected series from the store, stream by stream.
 *
 * All series of a stream share its runs, so they are read together as a matrix of runs x columns
 * (cut into groups of columns by MATRIX_CELLS) and handed on series by series without copying cells
 * again except to close gaps. Ranges are resolved here, so only the judged points and the history
 * that windows need are read: the newest K runs first, more where a series turns out to have gaps,
 * runs of one commit, or a window in days. */
#include "op.h"

#include "grow.h"
#include "marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MATRIX_CELLS = 4 * 1024 * 1024,
    FIRST_READ = 256, /* runs tried first where the ranges do not say how many */
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

/* The runs of one read, and the cells of its columns: value[c * stride + r]. */
struct matrix {
    size_t runs, stride, columns;
    size_t charged; /* cells counted against the statement's memory */
    int64_t *time_ns;
    const char **commit;
    double *run;
    double *value, *lower, *upper;
    uint8_t *status;
    bool bounds, complete; /* complete: holds the stream from its first run on */
};

/* The points of the series being handed on. */
struct points {
    size_t count, capacity;
    int64_t *time_ns;
    const char **commit, **status;
    double *run, *value, *lower, *upper;
    uint8_t *selected, *restart, *gone;
    bool any_restart, any_gone;
    double newest_run; /* that this series may have a row of; NAN: among runs not read yet */
    bool settled;      /* which points the ranges choose, whatever older runs hold */
};

struct scan_op {
    struct op op;
    const struct selection *selection;
    struct range *ranges;
    struct lookback lookback;
    bool wants_gone;
    const struct mark_view *marks;
    size_t group_start, group_end; /* series of the matrices */
    size_t next_series;
    struct matrix near;   /* the newest runs, of every series of the group */
    struct matrix far;    /* more runs, of those series that need them */
    uint32_t *far_column; /* a series of the group: its column of far + 1, or 0 */
    size_t far_capacity;
    const struct matrix *matrix; /* of the series being loaded, near or far */
    size_t base;                 /* its first cell there */
    struct points points;
    size_t offset;               /* points of the current series handed on */
    const struct series *series; /* being handed on; NULL: none */
    struct vec vecs[COLUMN_COUNT];
    const char *unit_text;
    struct batch batch;
};

static void matrix_free(struct matrix *matrix)
{
    free(matrix->time_ns);
    free(matrix->commit);
    free(matrix->run);
    free(matrix->value);
    free(matrix->lower);
    free(matrix->upper);
    free(matrix->status);
}

static void scan_free(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    struct points *points = &scan->points;
    matrix_free(&scan->near);
    matrix_free(&scan->far);
    free(scan->far_column);
    void *blocks[] = {points->time_ns, points->commit, points->status, points->run,
                      points->value,   points->lower,  points->upper,  points->selected,
                      points->restart, points->gone};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        free(blocks[i]);
}

/* -- reading a matrix -------------------------------------------------------------------------- */

static int matrix_reserve(struct matrix *matrix, struct arena *arena, size_t runs, size_t columns)
{
    size_t cells, cell_size = 3 * sizeof(double) + 1;
    if (__builtin_mul_overflow(runs, columns + 1, &cells) || cells > SIZE_MAX / cell_size)
        return PACE_ENOMEM;
    if (cells > matrix->charged) {
        if (arena_charge(arena, (cells - matrix->charged) * cell_size)) return PACE_ENOMEM;
        matrix->charged = cells;
    }
    if (!grow(&matrix->time_ns, runs, sizeof *matrix->time_ns) ||
        !grow(&matrix->commit, runs, sizeof *matrix->commit) ||
        !grow(&matrix->run, runs, sizeof *matrix->run) ||
        !grow(&matrix->value, cells, sizeof *matrix->value) ||
        !grow(&matrix->lower, cells, sizeof *matrix->lower) ||
        !grow(&matrix->upper, cells, sizeof *matrix->upper) || !grow(&matrix->status, cells, 1))
        return PACE_ENOMEM;
    matrix->stride = runs;
    matrix->columns = columns;
    matrix->runs = 0;
    matrix->bounds = false;
    return 0;
}

static void matrix_add(struct matrix *matrix, const struct pace_cells *cells)
{
    size_t room = matrix->stride - matrix->runs;
    size_t count = cells->run_count < room ? cells->run_count : room;
    for (size_t r = 0; r < count; r++) {
        matrix->time_ns[matrix->runs + r] = cells->runs[r].time_ns;
        matrix->commit[matrix->runs + r] = cells->runs[r].commit;
        matrix->run[matrix->runs + r] = (double)cells->runs[r].run;
    }
    bool bounds = cells->lower != NULL;
    if (bounds && !matrix->bounds)
        for (size_t i = 0; i < matrix->columns * matrix->stride; i++)
            matrix->lower[i] = matrix->upper[i] = NAN;
    matrix->bounds |= bounds;
    for (size_t c = 0; c < matrix->columns; c++) {
        size_t to = c * matrix->stride + matrix->runs, from = c * cells->stride;
        memcpy(matrix->value + to, cells->value + from, count * sizeof(double));
        memcpy(matrix->status + to, cells->status + from, count);
        for (size_t r = 0; matrix->bounds && r < count; r++) {
            matrix->lower[to + r] = bounds ? cells->lower[from + r] : NAN;
            matrix->upper[to + r] = bounds ? cells->upper[from + r] : NAN;
        }
    }
    matrix->runs += count;
}

/* Reads the newest `last` runs (0: all) of the group's columns into near, of the `columns` ones
 * that need more into far. */
static int matrix_read(struct scan_op *scan, struct context *ctx, struct matrix *matrix,
                       size_t columns, uint64_t last)
{
    const struct series *series = &scan->selection->series[scan->group_start];
    const struct pace_stream *stream = series->stream;
    uint64_t runs = last && last < stream->run_count ? last : stream->run_count;
    uint32_t *wanted = malloc(columns * sizeof *wanted);
    int status = wanted ? matrix_reserve(matrix, ctx->arena, runs, columns) : PACE_ENOMEM;
    if (status) {
        free(wanted);
        return context_no_memory(ctx);
    }
    for (size_t i = 0; i < scan->group_end - scan->group_start; i++) {
        if (matrix == &scan->near)
            wanted[i] = series[i].column;
        else if (scan->far_column[i])
            wanted[scan->far_column[i] - 1] = series[i].column;
    }
    struct pace_range range = {INT64_MIN, INT64_MAX, runs};
    struct pace_scan *cursor;
    status =
        pace_scan_open(ctx->snapshot, stream->id, wanted, columns, &range, ctx->error, &cursor);
    free(wanted);
    if (status) return context_store_error(ctx, status);
    for (;;) {
        struct pace_cells cells;
        status = pace_scan_next(cursor, ctx->error, &cells);
        if (status) status = context_store_error(ctx, status);
        if (!status) status = context_check(ctx);
        if (status || cells.run_count == 0) break;
        matrix_add(matrix, &cells);
    }
    pace_scan_close(cursor);
    matrix->complete = matrix->runs == stream->run_count;
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < matrix->runs; r++)
            ctx->outcome->points_read += matrix->status[c * matrix->stride + r] != PACE_CELL_ABSENT;
    return status;
}

/* -- the points of a series -------------------------------------------------------------------- */

static int points_reserve(struct points *points, struct arena *arena, size_t count)
{
    const size_t point_size = 7 * sizeof(double) + 3;
    if (count <= points->capacity) return 0;
    if (arena_charge(arena, (count - points->capacity) * point_size)) return PACE_ENOMEM;
    if (!grow(&points->time_ns, count, sizeof *points->time_ns) ||
        !grow(&points->commit, count, sizeof *points->commit) ||
        !grow(&points->status, count, sizeof *points->status) ||
        !grow(&points->run, count, sizeof *points->run) ||
        !grow(&points->value, count, sizeof *points->value) ||
        !grow(&points->lower, count, sizeof *points->lower) ||
        !grow(&points->upper, count, sizeof *points->upper) || !grow(&points->selected, count, 1) ||
        !grow(&points->restart, count, 1) || !grow(&points->gone, count, 1))
        return PACE_ENOMEM;
    points->capacity = count;
    return 0;
}

static void points_mark_restarts(struct points *points, const struct mark_view *const *marks,
                                 size_t mark_count)
{
    for (size_t m = 0; m < mark_count; m++) {
        if (marks[m]->kind != PACE_MARK_ACCEPT) continue;
        size_t i = 0;
        while (i < points->count && points->time_ns[i] < marks[m]->at_ns)
            i++;
        if (i == points->count) continue;
        points->restart[i] = 1;
        points->any_restart = true;
    }
}

/* Takes the cells of one column that are there, pass the row filters and are not excluded. */
static int points_gather(struct scan_op *scan, struct context *ctx,
                         const struct mark_view *const *marks, size_t mark_count)
{
    const struct matrix *matrix = scan->matrix;
    struct points *points = &scan->points;
    size_t base = scan->base;
    if (points_reserve(points, ctx->arena, matrix->runs + 1)) return context_no_memory(ctx);
    points->count = 0;
    points->any_restart = points->any_gone = false;
    for (size_t r = 0; r < matrix->runs; r++) {
        uint8_t cell = matrix->status[base + r];
        if (cell == PACE_CELL_ABSENT) continue;
        if (scan->selection->rows || mark_count) {
            uint64_t run = (uint64_t)matrix->run[r];
            int pass = row_filters_pass(ctx, scan->selection->rows, matrix->commit[r], run);
            if (pass > 0) {
                int hidden = marks_exclude(ctx, marks, mark_count, matrix->commit[r], run);
                pass = hidden < 0 ? hidden : !hidden;
            }
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
        points->selected[i] = 1;
        points->restart[i] = points->gone[i] = 0;
    }
    points_mark_restarts(points, marks, mark_count);
    return 0;
}

/* Row of the matrix that is the newest run as the series sees it: marks may hide runs. -1: none. */
static int newest_row(const struct scan_op *scan, struct context *ctx,
                      const struct mark_view *const *marks, size_t mark_count, size_t *row)
{
    const struct matrix *matrix = scan->matrix;
    for (size_t r = matrix->runs; r > 0; r--) {
        uint64_t run = (uint64_t)matrix->run[r - 1];
        int hidden = marks_exclude(ctx, marks, mark_count, matrix->commit[r - 1], run);
        if (hidden < 0) return hidden;
        *row = r - 1;
        if (!hidden) return 1;
    }
    return 0;
}

/* With `last run`: a row for a series that its stream's newest run does not hold. */
static void points_add_gone(struct scan_op *scan, size_t newest)
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
    points->restart[i] = 0;
    points->any_gone = true;
}

/* Whether `needed` points with a value and of other commits lie before point `at`. */
static bool has_points_before(const struct points *points, size_t at, uint64_t needed)
{
    const char *own = points->commit[at];
    for (size_t i = at; i > 0 && needed; i--) {
        if (isnan(points->value[i - 1])) continue;
        needed -= !*own || strcmp(points->commit[i - 1], own) != 0;
    }
    return needed == 0;
}

/* Whether the loaded points hold what the judged ones need. */
static bool points_suffice(const struct scan_op *scan)
{
    const struct points *points = &scan->points;
    const struct lookback *back = &scan->lookback;
    if (scan->matrix->complete) return true;
    if (!points->settled) return false;
    size_t first = 0;
    while (first < points->count && (!points->selected[first] || points->gone[first]))
        first++;
    if (first == points->count) return true; /* nothing is judged */
    if (back->all) return false;
    uint64_t judged = back->judged;
    for (; judged && first > 0; first--)
        judged -= isnan(points->value[first - 1]) ? 0 : 1;
    if (judged) return false;
    if (back->span_ns && scan->matrix->time_ns[0] > points->time_ns[first] - back->span_ns)
        return false;
    for (size_t i = first; back->points && i < points->count; i++) {
        bool looks = points->selected[i] || back->judged;
        if (looks && !points->gone[i] && !has_points_before(points, i, back->points)) return false;
    }
    return true;
}

/* Points of series `index` of the selection: gathered, chosen. */
static int points_load(struct scan_op *scan, struct context *ctx, size_t index)
{
    const struct series *series = &scan->selection->series[index];
    size_t column = scan->far_column[index - scan->group_start];
    const struct matrix *matrix = scan->matrix = column ? &scan->far : &scan->near;
    struct points *points = &scan->points;
    scan->base = (column ? column - 1 : index - scan->group_start) * matrix->stride;
    const struct mark_view **marks;
    size_t mark_count, newest = 0;
    int status = marks_of_series(ctx, scan->marks, series, &marks, &mark_count);
    if (status) return status;
    status = points_gather(scan, ctx, marks, mark_count);
    if (status) return status;
    int found = newest_row(scan, ctx, marks, mark_count, &newest);
    if (found < 0) return found;
    points->newest_run = found ? matrix->run[newest] : NAN;
    size_t cell = scan->base + newest;
    if (found && scan->wants_gone && !scan->selection->rows &&
        matrix->status[cell] == PACE_CELL_ABSENT)
        points_add_gone(scan, newest);
    struct range_rows rows = {.count = points->count,
                              .time_ns = points->time_ns,
                              .commit = points->commit,
                              .run = points->run,
                              .selected = points->selected,
                              .newest_run = points->newest_run,
                              .oldest_ns = matrix->runs ? matrix->time_ns[0] : INT64_MAX};
    for (const struct range *range = scan->ranges; range; range = range->next)
        if (range_apply(range, &rows)) return context_no_memory(ctx);
    points->settled = rows.settled;
    return 0;
}

/* -- groups ------------------------------------------------------------------------------------ */

/* Runs to read first: as many as the ranges ask for, with history. */
static uint64_t first_read(const struct scan_op *scan)
{
    if (!scan->ranges || scan->lookback.all) return 0; /* all */
    uint64_t runs = FIRST_READ;
    for (const struct range *range = scan->ranges; range; range = range->next) {
        if (range->kind == STAGE_FIRST) return 0;
        if (range->kind != STAGE_LAST) continue;
        if (range->unit == RANGE_POINTS) runs = range->count;
        if (range->unit == RANGE_RUN) runs = 1;
    }
    return runs + scan->lookback.points + scan->lookback.judged;
}

/* How many columns fit into a matrix of so many runs (0: all) of a stream. */
static size_t columns_fit(const struct pace_stream *stream, uint64_t runs)
{
    if (runs == 0 || runs > stream->run_count) runs = stream->run_count;
    size_t fit = runs ? MATRIX_CELLS / runs : 1;
    return fit ? fit : 1;
}

/* The next columns of one stream, as many as fit with so many runs. */
static int group_choose(struct scan_op *scan, struct context *ctx, uint64_t runs)
{
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = selection->series[scan->next_series].stream;
    size_t fit = columns_fit(stream, runs), count = 0;
    while (count < fit && scan->next_series + count < selection->count &&
           selection->series[scan->next_series + count].stream == stream)
        count++;
    scan->group_start = scan->next_series;
    scan->group_end = scan->next_series + count;
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

/* Reads the group: the newest runs of all its series, then ever more of those that need more: new,
 * sparse and dead ones, which are to make the reading of the others no longer. */
static int group_load(struct scan_op *scan, struct context *ctx)
{
    uint64_t runs = first_read(scan);
    uint32_t needy = 0;
    int status = group_choose(scan, ctx, runs);
    const struct pace_stream *stream = scan->selection->series[scan->group_start].stream;
    if (!status)
        status = matrix_read(scan, ctx, &scan->near, scan->group_end - scan->group_start, runs);
    for (size_t i = scan->group_start; i < scan->group_end && !scan->near.complete && !status;
         i++) {
        status = points_load(scan, ctx, i);
        if (!status && !points_suffice(scan)) scan->far_column[i - scan->group_start] = ++needy;
    }
    bool enough = needy == 0;
    while (!status && !enough) {
        runs *= 4;
        size_t fit = columns_fit(stream, runs);
        if (needy > fit) {
            needy = (uint32_t)fit;
            group_cut(scan, fit);
        }
        status = matrix_read(scan, ctx, &scan->far, needy, runs);
        enough = true;
        for (size_t i = scan->group_start; i < scan->group_end && enough && !status; i++) {
            if (!scan->far_column[i - scan->group_start]) continue;
            status = points_load(scan, ctx, i);
            enough = points_suffice(scan);
        }
    }
    return status;
}

static int next_series(struct scan_op *scan, struct context *ctx)
{
    int status = 0;
    scan->series = NULL;
    if (scan->next_series == scan->selection->count) return 0;
    if (scan->next_series == scan->group_end) status = group_load(scan, ctx);
    if (!status) status = points_load(scan, ctx, scan->next_series);
    if (status) return status;
    scan->series = &scan->selection->series[scan->next_series++];
    scan->offset = 0;
    return 0;
}

/* -- batches ----------------------------------------------------------------------------------- */

static void batch_fill(struct scan_op *scan)
{
    const struct series *series = scan->series;
    struct points *points = &scan->points;
    struct vec *vecs = scan->vecs;
    size_t at = scan->offset;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        vecs[d] = (struct vec){.type = TYPE_TEXT, .at.text = (const char **)&series->names[d]};
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
    scan->unit_text = *series->unit ? series->unit : NULL;
    vecs[COLUMN_UNIT] = (struct vec){.type = TYPE_TEXT, .at.text = &scan->unit_text};
    vecs[COLUMN_STATUS] =
        (struct vec){.type = TYPE_TEXT, .step = 1, .at.text = points->status + at};
    size_t count = points->count - at;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    scan->batch = (struct batch){.count = count,
                                 .vecs = vecs,
                                 .selected = points->selected + at,
                                 .restart = points->any_restart ? points->restart + at : NULL,
                                 .gone = points->any_gone ? points->gone + at : NULL,
                                 .series = series,
                                 .newest_run = points->newest_run,
                                 .series_start = at == 0,
                                 .series_end = at + count == points->count};
    scan->offset += count;
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
    batch_fill(scan);
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
        {"project", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"branch", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"testbed", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"benchmark", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"measure", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"time", TYPE_TIME, UNIT_NONE, false, NULL},
        {"commit", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"run", TYPE_NUMBER, UNIT_NONE, false, NULL},
        {"value", TYPE_NUMBER, UNIT_NONE, false, NULL},
        {"lower_value", TYPE_NUMBER, UNIT_NONE, false, NULL},
        {"upper_value", TYPE_NUMBER, UNIT_NONE, false, NULL},
        {"unit", TYPE_TEXT, UNIT_NONE, false, NULL},
        {"status", TYPE_TEXT, UNIT_NONE, false, NULL},
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
        if (i == COLUMN_VALUE || i == COLUMN_LOWER || i == COLUMN_UPPER) {
            column.kind = measured.kind;
            column.mixed = measured.mixed;
            column.about = measured.about;
        }
        status = op_add_column(ctx, &scan->op, column);
        if (status) return status;
    }
    scan->op.by_series = true;
    scan->op.next = scan_next;
    scan->op.free = scan_free;
    *out = &scan->op;
    return 0;
}

void op_scan_extend(struct op *op, struct range *ranges, struct lookback lookback, bool gone)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->ranges = ranges;
    scan->lookback = lookback;
    scan->wants_gone = gone;
}
