/* op_scan.c -- reads the selected series from the store, stream by stream.
 *
 * All series of a stream share its runs, so they are read together as a matrix of runs x columns
 * (cut into groups of columns by MATRIX_CELLS) and handed on series by series without copying
 * cells again except to close gaps. Ranges are resolved here, so only the judged points and the
 * history that windows need are read: the newest K runs first, more where a series turns out to
 * have gaps, runs of one commit, or a window in days. */
#include "scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a column without values. */
static const double NONE = (double)NAN;
static const int64_t NO_TIME = TIME_MISSING;
static const char *const NO_TEXT = NULL;

static void scan_free(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    direct_free(scan->ctx, &scan->direct);
    matrix_free(&scan->near);
    matrix_free(&scan->far);
    points_free(&scan->points);
    free(scan->far_column);
    commit_set_free(&scan->commits);
    free(scan->plain.selected);
}

static int next_series(struct scan_op *scan, struct context *ctx)
{
    int status = 0;
    scan->series = NULL;
    if (scan->next_series == scan->end &&
        !(scan->more && scan->more(scan->more_context, &scan->end))) {
        if (scan->noted > SCAN_NOTES_MAX && !ctx->more_parts)
            diag_note(ctx->diags, "... and %zu more branches without the baseline asked for",
                      scan->noted - SCAN_NOTES_MAX);
        return 0;
    }
    if (scan->next_series == scan->group_end) status = group_load(scan, ctx);
    if (status) return status;
    scan->is_plain = !direct_is_open(&scan->direct) && scan_is_plain(scan, scan->next_series);
    if (!direct_is_open(&scan->direct) && (!scan->is_plain || !scan->plain.known)) {
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

/* Own runs that lie before those of the matrix in hand. */
static uint64_t scan_skipped(const struct scan_op *scan)
{
    const struct matrix *matrix = scan->is_plain ? &scan->near : scan->matrix;
    if (!scan->known_runs || matrix->own_complete) return 0;
    return scan->stream->run_count - (matrix->runs - matrix->inherited_runs);
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
    vecs[COLUMN_STATUS] =
        (struct vec){.type = TYPE_TEXT, .at.text = (const char **)scan_status_names};
    size_t count = matrix->runs - at;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    scan->batch = (struct batch){.count = count,
                                 .vecs = vecs,
                                 .selected = scan->plain.selected + at,
                                 .branched = scan->lineage.state != PACE_LINEAGE_NONE,
                                 .series = series,
                                 .newest_run = scan->plain.newest_run,
                                 .skipped = scan_skipped(scan),
                                 .runs_id = at == 0 ? scan->plain.id : 0,
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
                                 .skipped = scan_skipped(scan),
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
    int status = direct_next(ctx, direct);
    if (status) return status;
    direct->started = true;
    const struct direct_rows *rows = direct->rows;
    bool time = scan->wanted[COLUMN_TIME];
    bool commit = (rows->asked & PACE_RUNS_COMMIT) != 0;
    bool run = scan->wanted[COLUMN_RUN], bounds = rows->bounds && rows->count;
    vecs[COLUMN_TIME] =
        (struct vec){.type = TYPE_TIME,
                     .step = time,
                     .at.time_ns = (int64_t *)(time && rows->count ? rows->times : &NO_TIME)};
    vecs[COLUMN_COMMIT] = text_vec(commit && rows->count ? rows->commits : &NO_TEXT, commit);
    vecs[COLUMN_RUN] = number_vec(run ? rows->runs : &NONE, run, "");
    vecs[COLUMN_VALUE] = number_vec(rows->values, 1, unit);
    vecs[COLUMN_LOWER] = number_vec(bounds ? rows->lowers : &NONE, bounds, unit);
    vecs[COLUMN_UPPER] = number_vec(bounds ? rows->uppers : &NONE, bounds, unit);
    vecs[COLUMN_STATUS] = text_vec(rows->whole ? scan_status_names : rows->statuses, !rows->whole);
    scan->batch =
        (struct batch){.count = rows->count,
                       .vecs = vecs,
                       .origin = rows->any_origin ? rows->origins : NULL,
                       .keys = rows->asked & PACE_RUNS_KEY && rows->count ? &direct->keys : NULL,
                       .branched = scan->lineage.state != PACE_LINEAGE_NONE,
                       .series = scan->series,
                       .newest_run = (double)scan->stream->last_run,
                       .series_start = first,
                       .series_end = rows->count == 0};
    return 0;
}

static int scan_pull(struct scan_op *scan, struct context *ctx, struct batch **out)
{
    int status = context_check(ctx);
    if (status) return status;
    if (!scan->series || scan->batch.series_end) {
        status = next_series(scan, ctx);
        if (status) return status;
    }
    *out = NULL;
    if (!scan->series) return 0;
    fill_names(scan);
    if (direct_is_open(&scan->direct))
        status = fill_direct(scan, ctx);
    else if (scan->is_plain)
        fill_plain(scan);
    else
        fill_points(scan);
    if (status) return status;
    *out = &scan->batch;
    return 0;
}

static int scan_next(struct op *op, struct context *ctx, struct batch **out)
{
    uint64_t before = ctx->outcome->points_read;
    int status = scan_pull((struct scan_op *)op, ctx, out);
    op->points_read += ctx->outcome->points_read - before;
    return status;
}

/* -- series where they lie --------------------------------------------------------------------- */

int op_scan_peek(struct op *op, struct context *ctx, struct plain_series *out)
{
    struct scan_op *scan = (struct scan_op *)op;
    const struct matrix *matrix = &scan->near;
    out->series = NULL;
    if (!scan->series || scan->batch.series_end) {
        uint64_t before = ctx->outcome->points_read;
        int status = context_check(ctx);
        if (!status) status = next_series(scan, ctx);
        op->points_read += ctx->outcome->points_read - before;
        if (status || !scan->series) return status;
        scan->batch.series_end = false; /* none of it was handed on */
    }
    if (direct_is_open(&scan->direct) || !scan->is_plain || scan->offset ||
        matrix->runs > PACE_MAX_BATCH)
        return 0;
    size_t index = (size_t)(scan->series - scan->selection->series);
    size_t base = (index - scan->group_start) * matrix->stride;
    *out = (struct plain_series){.series = scan->series,
                                 .count = matrix->runs,
                                 .time_ns = matrix->time_ns,
                                 .commit = matrix->commit,
                                 .run = matrix->run,
                                 .value = matrix->value + base,
                                 .lower = matrix->bounds ? matrix->lower + base : NULL,
                                 .upper = matrix->bounds ? matrix->upper + base : NULL,
                                 .selected = scan->plain.selected,
                                 .runs_id = scan->plain.id};
    return 0;
}

void op_scan_take(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->offset = scan->near.runs;
    scan->batch.series_end = true;
}

void op_scan_put(const struct plain_series *plain, size_t row, struct vec *vecs, size_t to)
{
    const struct series *series = plain->series;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++)
        vecs[d].at.text[to] = series->names[d];
    vecs[COLUMN_TIME].at.time_ns[to] = plain->time_ns[row];
    vecs[COLUMN_COMMIT].at.text[to] = plain->commit[row];
    vecs[COLUMN_RUN].at.number[to] = plain->run[row];
    vecs[COLUMN_VALUE].at.number[to] = plain->value[row];
    vecs[COLUMN_LOWER].at.number[to] = plain->lower ? plain->lower[row] : NAN;
    vecs[COLUMN_UPPER].at.number[to] = plain->upper ? plain->upper[row] : NAN;
    vecs[COLUMN_UNIT].at.text[to] = *series->unit ? series->unit : NULL;
    vecs[COLUMN_STATUS].at.text[to] = scan_status_names[PACE_CELL_OK];
}

/* -- making it --------------------------------------------------------------------------------- */

/* What is known of the value's unit before reading: one kind, or several. */
static void value_column(struct context *ctx, const struct selection *selection,
                         struct column *column)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct series *series = &selection->series[i];
        if (i && series->unit == selection->series[i - 1].unit) continue;
        enum unit_kind kind = unit_lookup(series->unit, strlen(series->unit)).kind;
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
        {"project", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"branch", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"testbed", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"benchmark", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"measure", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"time", TYPE_TIME, UNIT_NONE, false, NULL, NULL, NULL},
        {"commit", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"run", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL, NULL},
        {"value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL, NULL},
        {"lower_value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL, NULL},
        {"upper_value", TYPE_NUMBER, UNIT_NONE, false, NULL, NULL, NULL},
        {"unit", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
        {"status", TYPE_TEXT, UNIT_NONE, false, NULL, NULL, NULL},
    };
    struct scan_op *scan;
    int status = op_make(ctx, sizeof *scan, "scan", NULL, &scan);
    if (status) return status;
    scan->ctx = ctx;
    scan->selection = selection;
    scan->end = selection->count;
    scan->matrix_cells = SCAN_MATRIX_CELLS;
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
    scan->op.schema.columns[COLUMN_COMMIT].compared = &scan->direct.compares;
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
    scan->direct.ahead_helps = lookback_any(lookback);
    scan->wants_gone = gone;
    scan->with_history = with_history;
    scan->by_times =
        ranges && ranges_of_times(ranges, &scan->times) && !lookback.all && !gone && !with_history;
    if (lookback_any(lookback)) scan->times.from_ns = INT64_MIN; /* history of what is chosen */
    scan->by_rows = scan->selection->rows && !scan->marks && !with_history;
    if (scan->by_rows && scan->by_times) range_meet(&scan->times, &scan->selection->times);
    for (const struct mark_view *mark = scan->marks; mark; mark = mark->next) {
        scan->times.until_ns = INT64_MAX; /* which run is the newest that is not hidden? */
        if (mark->kind == PACE_MARK_ACCEPT) scan->by_times = false;
    }
}

void op_scan_base(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->base_only = true;
    scan->by_times = scan->by_rows = false;
}

const struct mark_view *op_scan_marks(const struct op *op)
{
    return ((const struct scan_op *)op)->marks;
}

void op_scan_known(struct op *op, const struct scan_known *known)
{
    ((struct scan_op *)op)->known = known;
}

void op_scan_show_excluded(struct op *op)
{
    ((struct scan_op *)op)->with_excluded = true;
}

/* -- some of the series ------------------------------------------------------------------------ */

void op_scan_slice(struct op *op, size_t from, size_t end)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->next_series = scan->group_start = scan->group_end = from;
    scan->end = end;
    scan->series = NULL;
}

void op_scan_more(struct op *op, bool (*more)(void *context, size_t *end), void *context)
{
    struct scan_op *scan = (struct scan_op *)op;
    scan->more = more;
    scan->more_context = context;
}

void op_scan_share(struct op *op, unsigned threads)
{
    ((struct scan_op *)op)->matrix_cells = SCAN_MATRIX_CELLS / (2 * threads);
}

size_t op_scan_noted(struct op *op, size_t more)
{
    struct scan_op *scan = (struct scan_op *)op;
    size_t before = scan->noted;
    scan->noted += more;
    return before < SCAN_NOTES_MAX ? SCAN_NOTES_MAX - before : 0;
}

size_t op_scan_take_noted(struct op *op)
{
    struct scan_op *scan = (struct scan_op *)op;
    size_t noted = scan->noted;
    scan->noted = 0;
    return noted;
}

uint64_t op_scan_points(const struct op *op, size_t *starts, size_t *start_count)
{
    const struct scan_op *scan = (const struct scan_op *)op;
    const struct selection *selection = scan->selection;
    const struct pace_stream *stream = NULL;
    uint64_t points = 0, each = 0;
    *start_count = 0;
    for (size_t i = 0; i < selection->count; i++, points += each) {
        if (selection->series[i].stream == stream) continue;
        stream = selection->series[i].stream;
        each = scan_points_of(scan, stream);
        starts[(*start_count)++] = i;
    }
    return points;
}

/* -- summaries --------------------------------------------------------------------------------- */

_Static_assert((int)OP_SCAN_VALUE == (int)COLUMN_VALUE && COLUMN_MEASURE == (int)PACE_MEASURE,
               "columns of the scan");

bool op_scan_is(const struct op *op)
{
    return op->next == scan_next;
}

size_t op_scan_most(const struct op *op)
{
    const struct scan_op *scan = (const struct scan_op *)op;
    const struct selection *selection = scan->selection;
    size_t most = 0;
    if (scan->wants_gone || scan->with_history || scan->base_only) return 0;
    for (size_t i = 0; i < selection->count; i++)
        most += selection->series[i].stream->run_count;
    return most;
}

const struct selection *op_scan_selection(const struct op *op)
{
    return ((const struct scan_op *)op)->selection;
}

int op_scan_summaries(struct op *op, struct context *ctx, struct pace_summary **out)
{
    struct scan_op *scan = (struct scan_op *)op;
    const struct selection *selection = scan->selection;
    struct pace_range range;
    *out = NULL;
    if (scan->marks || scan->with_history || scan->base_only || scan->wants_gone ||
        lookback_any(scan->lookback) || !ranges_of_times(scan->ranges, &range))
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
