/* keep.c -- the kept states of a stream's series brought up to date; see kept.h.
 *
 * Columns whose state is kept go on from it, a few runs further; the others are read from the first
 * run on. Both as matrices of so many columns that KEPT_CELLS are in memory. */
#include "kept.h"

#include "grow.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_CELLS = 2 * 1024 * 1024, LEARN_SHARE = 8 };

struct keep {
    struct context *ctx;
    const struct pace_stream *stream;
    struct kept old, next; /* next: up to where the states are to be, for its marks */
    uint64_t until;        /* runs */
    const struct pace_column *columns;
    const char *const *names[PACE_DIMENSION_COUNT];
    struct online_work work;
    struct kept_column *states; /* one a column */
    /* The points of a group of columns: `stride` places each. */
    size_t stride;
    double *value;
    uint32_t *run; /* counted from 0 */
    size_t *count;
    struct kept_point *history;
};

struct kept_column {
    struct kept_state state;
    const struct mark_view **marks;
    size_t mark_count;
    bool goes_on; /* the state is that of `old` */
};

static void keep_free(struct keep *keep)
{
    online_work_free(&keep->work);
    free(keep->states);
    free(keep->value);
    free(keep->run);
    free(keep->count);
    free(keep->history);
}

static struct series series_of(const struct keep *keep, uint32_t column)
{
    const struct pace_stream *stream = keep->stream;
    const struct pace_column *names = &keep->columns[column];
    struct series series = {.stream = stream, .column = column, .unit = ""};
    series.names[PACE_PROJECT] = keep->names[PACE_PROJECT][stream->project];
    series.names[PACE_BRANCH] = keep->names[PACE_BRANCH][stream->branch];
    series.names[PACE_TESTBED] = keep->names[PACE_TESTBED][stream->testbed];
    series.names[PACE_BENCHMARK] = keep->names[PACE_BENCHMARK][names->benchmark];
    series.names[PACE_MEASURE] = keep->names[PACE_MEASURE][names->measure];
    return series;
}

/* What a column begins with. */
static int column_begin(struct keep *keep, uint32_t column)
{
    struct context *ctx = keep->ctx;
    struct kept_column *out = &keep->states[column];
    const struct series series = series_of(keep, column);
    *out = (struct kept_column){0};
    online_start(&out->state.online);
    /* Companions of a measure are asked for by name only. */
    struct kept_state *state = &out->state;
    state->is_kept = strchr(series.names[PACE_MEASURE], '.') == NULL;
    if (!state->is_kept) return 0;
    int status =
        kept_marks(ctx, &keep->next, &series, &out->marks, &out->mark_count, &state->digest);
    if (status) return status;
    struct kept_series old;
    int found = keep->old.runs ? kept_find(ctx, &keep->old, &series, &old) : 0;
    out->goes_on = found > 0;
    if (found <= 0) return found;
    state->points = old.points;
    state->from = old.from;
    return kept_online(ctx, &keep->old, &old, &state->online);
}

/* Adds the points of a batch to those of the group; its first run is number `from` of the
 * stream. */
static int add_batch(struct keep *keep, const struct pace_cells *cells, const uint32_t *group,
                     uint64_t from)
{
    for (size_t c = 0; c < cells->column_count; c++) {
        const struct kept_column *column = &keep->states[group[c]];
        for (size_t r = 0; r < cells->run_count && from + r < keep->until; r++) {
            size_t cell = c * cells->stride + r;
            if (cells->status[cell] != PACE_CELL_OK) continue;
            if (column->mark_count) {
                int hidden = marks_exclude(keep->ctx, column->marks, column->mark_count,
                                           cells->runs[r].commit, cells->runs[r].run);
                if (hidden < 0) return hidden;
                if (hidden) continue;
            }
            size_t at = c * keep->stride + keep->count[c]++;
            keep->value[at] = cells->value[cell];
            keep->run[at] = (uint32_t)(from + r);
        }
    }
    return 0;
}

/* Reads columns from run `from` on. */
static int read_group(struct keep *keep, const uint32_t *group, size_t count, uint64_t from)
{
    struct context *ctx = keep->ctx;
    const struct pace_range range = {INT64_MIN, INT64_MAX, keep->stream->run_count - from};
    struct pace_cells cells = {.run_count = 1};
    pace_scan *scan;
    keep->stride = (size_t)(keep->until - from);
    if (!grow(&keep->value, count * keep->stride, sizeof *keep->value) ||
        !grow(&keep->run, count * keep->stride, sizeof *keep->run) ||
        !grow(&keep->count, count, sizeof *keep->count))
        return context_no_memory(ctx);
    memset(keep->count, 0, count * sizeof *keep->count);
    int status =
        pace_scan_open(ctx->snapshot, keep->stream->id, group, count, &range, ctx->error, &scan);
    if (status) return context_store_error(ctx, status);
    for (uint64_t run = from; !status && run < keep->until && cells.run_count;
         run += cells.run_count) {
        status = pace_scan_next(scan, ctx->error, &cells);
        if (status) status = context_store_error(ctx, status);
        if (!status) status = add_batch(keep, &cells, group, run);
        if (!status) status = context_check(ctx);
    }
    pace_scan_close(scan);
    return status;
}

/* Takes in the new points of column c of the group; the points of its level are behind `history`,
 * where those before the group's are needed. */
static int column_run(struct keep *keep, uint32_t column, size_t c)
{
    struct kept_state *state = &keep->states[column].state;
    const double *value = keep->value + c * keep->stride;
    const uint32_t *run = keep->run + c * keep->stride;
    size_t count = keep->count[c], level = 0, before = 0;
    struct online online = state->online;
    bool asks = state->points == 0;
    for (size_t i = 0; i < count && !asks; i++)
        asks = online_push(&online, value[i]);
    state->points += count;
    if (!asks) {
        state->online = online;
        return 0;
    }
    if (state->online.count) {
        const struct series series = series_of(keep, column);
        before = (size_t)state->online.count;
        if (!grow(&keep->history, before, sizeof *keep->history))
            return context_no_memory(keep->ctx);
        int status =
            kept_history(keep->ctx, &keep->old, &series, state->from, before, keep->history);
        if (status) return status;
    }
    double *all = malloc((before + count + 1) * sizeof *all);
    if (!all) return context_no_memory(keep->ctx);
    for (size_t i = 0; i < before; i++)
        all[i] = keep->history[i].value;
    if (count) memcpy(all + before, value, count * sizeof *all);
    keep->work.count = 0;
    int failed = online_run(&state->online, &keep->work, all, before + count, before, &level);
    free(all);
    if (failed) return context_no_memory(keep->ctx);
    if (level < before)
        state->from = keep->history[level].run;
    else if (level - before < count)
        state->from = run[level - before];
    return 0;
}

/* Takes in the new points of all columns that go on, or of those that begin with the first run. */
static int keep_columns(struct keep *keep, bool going_on)
{
    uint32_t columns = keep->stream->column_count;
    uint64_t from = going_on ? keep->old.runs : 0, fit = KEPT_CELLS / (keep->until - from);
    uint32_t *group = malloc(columns * sizeof *group);
    int status = 0;
    if (!group) return context_no_memory(keep->ctx);
    for (uint32_t next = 0; next < columns && !status;) {
        size_t count = 0;
        for (; next < columns && (count < fit || !count); next++)
            if (keep->states[next].state.is_kept && keep->states[next].goes_on == going_on)
                group[count++] = next;
        if (!count) break;
        status = read_group(keep, group, count, from);
        for (size_t c = 0; c < count && !status; c++)
            status = column_run(keep, group[c], c);
    }
    free(group);
    return status;
}

/* The number of run `index` (counted from 0) of the stream. */
static int run_at(struct keep *keep, uint64_t index, uint64_t *run)
{
    struct context *ctx = keep->ctx;
    const struct pace_range range = {INT64_MIN, INT64_MAX, keep->stream->run_count - index};
    struct pace_cells cells;
    pace_scan *scan;
    int status =
        pace_scan_open(ctx->snapshot, keep->stream->id, NULL, 0, &range, ctx->error, &scan);
    if (status) return context_store_error(ctx, status);
    status = pace_scan_next(scan, ctx->error, &cells);
    if (status)
        status = context_store_error(ctx, status);
    else
        *run = cells.run_count ? cells.runs[0].run : 0;
    pace_scan_close(scan);
    return status;
}

/* The runs after which one in LEARN_SHARE series has its noise estimated again, before the states
 * are brought up to date anyway: if none has gaps. */
static uint32_t learn_runs(const struct keep *keep)
{
    size_t series = 0, due[KEPT_RUNS + KEPT_MARGIN + 1] = {0}, sum = 0;
    for (uint32_t i = 0; i < keep->stream->column_count; i++) {
        const struct online *online = &keep->states[i].state.online;
        uint64_t left = online->learn_next - online->count;
        if (!online->count) continue;
        series++;
        if (left <= KEPT_RUNS + KEPT_MARGIN) due[left]++;
    }
    for (uint32_t runs = 1; runs <= KEPT_RUNS + KEPT_MARGIN; runs++) {
        sum += due[runs];
        if (sum && sum * LEARN_SHARE >= series) return (uint32_t)keep->until + runs;
    }
    return UINT32_MAX;
}

/* All states, one behind the other. */
static int keep_pack(struct keep *keep, uint8_t **data, size_t *len)
{
    uint32_t columns = keep->stream->column_count;
    size_t head = KEPT_HEAD_BYTES + 4 * (size_t)columns, at = head, capacity = head;
    uint8_t *out = malloc(head);
    if (!out) return context_no_memory(keep->ctx);
    const uint32_t numbers[2] = {columns, learn_runs(keep)};
    memcpy(out, numbers, sizeof numbers);
    for (uint32_t i = 0; i < columns; i++) {
        if (capacity - at < KEPT_STATE_BYTES) {
            capacity = 2 * capacity + KEPT_STATE_BYTES;
            if (!grow(&out, capacity, 1)) {
                free(out);
                return context_no_memory(keep->ctx);
            }
        }
        at += kept_pack(&keep->states[i].state, out + at);
        uint32_t end = (uint32_t)(at - head);
        memcpy(out + KEPT_HEAD_BYTES + 4 * (size_t)i, &end, sizeof end);
    }
    *data = out;
    *len = at;
    return 0;
}

/* Forgets what a run that came late has made wrong. */
static int check_old(struct keep *keep)
{
    uint64_t last = 0;
    int status = keep->old.runs ? run_at(keep, keep->old.runs - 1, &last) : 0;
    if (!status && last != keep->old.run)
        keep->old = (struct kept){.stream = keep->stream, .marks = keep->next.marks};
    return status;
}

static int keep_anew(struct keep *keep, struct pace_kept *value, uint8_t **data)
{
    struct context *ctx = keep->ctx;
    uint32_t columns = keep->stream->column_count, ignored;
    int status = run_at(keep, keep->until - 1, &value->run);
    if (!status) status = kept_excludes(ctx, keep->next.marks, value->run, &keep->next);
    if (status) return status;
    for (int i = 0; i < PACE_DIMENSION_COUNT && !status; i++)
        status = pace_names(ctx->snapshot, (enum pace_dimension)i, ctx->error, &keep->names[i],
                            &ignored);
    if (!status)
        status =
            pace_columns(ctx->snapshot, keep->stream->id, ctx->error, &keep->columns, &ignored);
    if (status) return context_store_error(ctx, status);
    keep->states = malloc(columns * sizeof *keep->states);
    if (!keep->states) return context_no_memory(ctx);
    for (uint32_t i = 0; i < columns && !status; i++)
        status = column_begin(keep, i);
    if (!status) status = keep_columns(keep, true);
    if (!status) status = keep_columns(keep, false);
    if (!status) status = keep_pack(keep, data, &value->len);
    return status;
}

int keep_stream(struct context *ctx, const struct pace_stream *stream,
                const struct mark_view *marks, bool late, struct pace_kept *value, uint8_t **data)
{
    struct keep keep = {.ctx = ctx,
                        .stream = stream,
                        .next = {.stream = stream, .marks = marks},
                        .work.options = segment_methods[METHOD_FOCUS].defaults};
    struct pace_lineage lineage;
    *data = NULL;
    if (stream->run_count < KEPT_RUNS + KEPT_MARGIN || stream->run_count > UINT32_MAX ||
        stream->column_count > KEPT_COLUMNS)
        return 0;
    int status = kept_open(ctx, stream, marks, &keep.old);
    bool learns = keep.old.runs && keep.old.learn_runs <= stream->run_count - KEPT_NEWEST &&
                  keep.old.runs + KEPT_MARGIN <= stream->run_count;
    bool due = learns || keep.old.runs + KEPT_RUNS + KEPT_MARGIN <= stream->run_count;
    if (!status && (due || late)) status = check_old(&keep);
    if (status || !(due || (late && !keep.old.runs))) return status;
    status = pace_lineage_get(ctx->snapshot, stream->id, ctx->error, &lineage);
    if (status) return context_store_error(ctx, status);
    if (lineage.segment_count) return 0; /* nobody could go on from it */
    keep.until = stream->run_count - (learns ? KEPT_NEWEST : KEPT_MARGIN);
    *value = (struct pace_kept){.kind = KEPT_FOCUS, .version = ONLINE_VERSION, .runs = keep.until};
    status = keep_anew(&keep, value, data);
    value->data = *data;
    keep_free(&keep);
    return status;
}
