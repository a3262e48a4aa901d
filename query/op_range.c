/* op_range.c -- last, first, since, until, between: which points are judged and printed.
 *
 * Where nothing but windows lies between a range and the scan, plan.c gives the range to the scan.
 * Behind a `where` the operator here holds the rows of one series until it has seen the last. */
#include "op.h"

#include "commits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- binding ----------------------------------------------------------------------------------- */

static int bind_span(struct context *ctx, const struct stage *stage, struct range *out)
{
    const struct window_span *span = &stage->window;
    const char *verb = stage->kind == STAGE_LAST ? "last" : "first";
    struct value value = span->value;
    double number;
    const char *unit;
    if (span->kind == WINDOW_ALL || span->kind == WINDOW_SEGMENT)
        return context_fail(ctx, Q_WINDOW, span->span, NULL, "'%s' takes a number, a span or 'run'",
                            verb);
    if (span->kind == WINDOW_WORD) {
        if (slice_is(span->word, "run")) {
            if (stage->kind == STAGE_FIRST)
                return context_fail(ctx, Q_WINDOW, span->span, "write 'first 1'",
                                    "'first run' has no meaning");
            out->unit = RANGE_RUN;
            return 0;
        }
        value = (struct value){.kind = VALUE_NAME, .name = span->word, .span = span->span};
    }
    out->unit = RANGE_POINTS;
    if (span->kind == WINDOW_COUNT && slice_is(span->word, "commits")) {
        out->unit = RANGE_COMMITS;
    } else if (span->kind == WINDOW_COUNT && span->word.len && !slice_is(span->word, "points") &&
               !slice_is(span->word, "runs") && !slice_is(span->word, "commit")) {
        return context_fail(ctx, Q_WINDOW, span->span, "write last 20, last 20 commits or last 30d",
                            "'%s' does not count '%.*s'", verb, (int)span->word.len,
                            span->word.text);
    }
    int status = value_bind(ctx, &value, &number, &unit);
    if (status) return status;
    if (*unit) {
        struct value quantity = {.kind = VALUE_QUANTITY,
                                 .number = number,
                                 .unit = {unit, (uint32_t)strlen(unit)},
                                 .span = span->span};
        out->unit = RANGE_SPAN;
        return duration_bind(ctx, &quantity, &out->span_ns);
    }
    if (!(number >= 1) || number != floor(number) || number > 1e15)
        return context_fail(ctx, Q_RANGE, span->span, NULL, "'%s' takes a whole number from 1",
                            verb);
    out->count = (uint64_t)number;
    return 0;
}

int range_bind(struct context *ctx, const struct stage *stage, struct range *out)
{
    *out = (struct range){.kind = stage->kind, .from_ns = INT64_MIN, .until_ns = INT64_MAX};
    int64_t ignored;
    int status;
    switch (stage->kind) {
    case STAGE_SINCE: return instant_bind(ctx, &stage->from, &out->from_ns, &ignored);
    case STAGE_UNTIL: return instant_bind(ctx, &stage->from, &ignored, &out->until_ns);
    case STAGE_BETWEEN:
        status = instant_bind(ctx, &stage->from, &out->from_ns, &ignored);
        if (!status) status = instant_bind(ctx, &stage->to, &ignored, &out->until_ns);
        if (!status && out->from_ns > out->until_ns)
            return context_fail(ctx, Q_RANGE, stage->span, "write the earlier one first",
                                "'between' ends before it begins");
        return status;
    default: break;
    }
    return bind_span(ctx, stage, out);
}

/* -- applying -----------------------------------------------------------------------------------
 */

/* `20 commits`: the longest stretch of the newest (or oldest) points that has no more commits. */
static int apply_commits(const struct range *range, struct range_rows *rows)
{
    struct commit_set set = {0};
    if (!commit_set_reset(&set, rows->count)) return PACE_ENOMEM;
    uint64_t taken = 0;
    for (size_t k = 0; k < rows->count; k++) {
        size_t i = range->kind == STAGE_LAST ? rows->count - 1 - k : k;
        if (!rows->selected[i]) continue;
        if (taken <= range->count) taken += commit_set_add(&set, rows->commit[i]);
        if (taken > range->count) rows->selected[i] = 0;
    }
    commit_set_free(&set);
    rows->settled |= taken > range->count;
    return 0;
}

static void apply_count(const struct range *range, struct range_rows *rows)
{
    uint64_t taken = 0;
    for (size_t k = 0; k < rows->count; k++) {
        size_t i = range->kind == STAGE_LAST ? rows->count - 1 - k : k;
        if (rows->selected[i] && ++taken > range->count) rows->selected[i] = 0;
    }
    rows->settled |= taken >= range->count;
}

static void apply_span(const struct range *range, struct range_rows *rows)
{
    bool last = range->kind == STAGE_LAST;
    size_t edge = rows->count;
    for (size_t k = 0; k < rows->count && edge == rows->count; k++) {
        size_t i = last ? rows->count - 1 - k : k;
        if (rows->selected[i]) edge = i;
    }
    if (edge == rows->count) return;
    int64_t from = rows->time_ns[edge];
    for (size_t i = 0; i < rows->count; i++) {
        int64_t distance = last ? from - rows->time_ns[i] : rows->time_ns[i] - from;
        if (distance >= range->span_ns) rows->selected[i] = 0;
    }
    rows->settled |= rows->oldest_ns <= from - range->span_ns;
}

static void apply_run(struct range_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!(rows->run[i] >= rows->newest_run && rows->run[i] <= rows->newest_run))
            rows->selected[i] = 0;
    rows->settled |= !isnan(rows->newest_run);
}

static void apply_times(const struct range *range, struct range_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->time_ns[i] < range->from_ns || rows->time_ns[i] >= range->until_ns)
            rows->selected[i] = 0;
    rows->settled |= rows->oldest_ns < range->from_ns;
}

int range_apply(const struct range *range, struct range_rows *rows)
{
    if (range->kind != STAGE_LAST && range->kind != STAGE_FIRST) {
        apply_times(range, rows);
        return 0;
    }
    switch (range->unit) {
    case RANGE_POINTS: apply_count(range, rows); return 0;
    case RANGE_SPAN: apply_span(range, rows); return 0;
    case RANGE_RUN: apply_run(rows); return 0;
    case RANGE_COMMITS: break;
    }
    return apply_commits(range, rows);
}

/* -- the operator ------------------------------------------------------------------------------ */

struct range_op {
    struct op op;
    struct range range;
    int time, commit, run;
    struct rowset rows;
    uint8_t *selected;
    size_t selected_capacity, offset;
    const struct series *series;
    double newest_run;
    bool branched;
    bool holding;
};

static void range_free(struct op *op)
{
    struct range_op *range = (struct range_op *)op;
    rowset_free(&range->rows);
    free(range->selected);
}

/* Reads one series whole; selected[] follows the rows. */
static int range_fill(struct range_op *range, struct context *ctx, bool *end)
{
    struct batch *batch;
    rowset_reset(&range->rows);
    range->series = NULL;
    *end = true;
    for (;;) {
        int status = range->op.input->next(range->op.input, ctx, &batch);
        if (status || !batch) return status;
        *end = false;
        size_t from = range->rows.count;
        status = rowset_append(&range->rows, batch, false);
        if (status) return op_fail_rows(ctx, status, range->op.name);
        if (range->rows.count > range->selected_capacity) {
            size_t capacity = range->rows.count * 2;
            uint8_t *grown = realloc(range->selected, capacity);
            if (!grown) return context_no_memory(ctx);
            range->selected = grown;
            range->selected_capacity = capacity;
        }
        for (size_t i = 0; i < batch->count; i++)
            range->selected[from + i] = batch_selected(batch, i);
        range->series = batch->series;
        range->newest_run = batch->newest_run;
        range->branched = batch->branched;
        if (batch->series_end) return 0;
    }
}

static int range_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct range_op *range = (struct range_op *)op;
    struct rowset *rows = &range->rows;
    *out = NULL;
    bool start = false;
    if (!range->holding) {
        bool end;
        int status = range_fill(range, ctx, &end);
        if (status || end) return status;
        struct range_rows view = {.count = rows->count,
                                  .time_ns = rows->columns[range->time].at.time_ns,
                                  .commit = rows->columns[range->commit].at.text,
                                  .run = rows->columns[range->run].at.number,
                                  .selected = range->selected,
                                  .newest_run = range->newest_run};
        if (range_apply(&range->range, &view)) return context_no_memory(ctx);
        range->holding = start = true;
        range->offset = 0;
    }
    struct batch *batch = rowset_batch(rows, NULL, range->offset, rows->count - range->offset);
    batch->selected = range->selected ? range->selected + range->offset : NULL;
    range->offset += batch->count;
    batch->series = range->series;
    batch->newest_run = range->newest_run;
    batch->branched = range->branched;
    batch->series_start = start;
    batch->series_end = range->offset == rows->count;
    range->holding = !batch->series_end;
    *out = batch;
    return 0;
}

int op_range(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    static const char *const names[] = {"last", "first", "since", "until", "between"};
    const char *name = names[stage->kind - STAGE_LAST];
    if (!input->by_series)
        return context_fail(ctx, Q_ORDER, stage->verb_span, "use 'take', or put it before",
                            "'%s' counts points of a series, and the rows here are none", name);
    struct range_op *range;
    int status = op_make(ctx, sizeof *range, name, input, &range);
    if (!status) status = range_bind(ctx, stage, &range->range);
    if (status) return status;
    range->time = schema_find(&input->schema, "time", 4);
    range->commit = schema_find(&input->schema, "commit", 6);
    range->run = schema_find(&input->schema, "run", 3);
    if (range->time < 0 || range->commit < 0 || range->run < 0)
        return context_fail(ctx, Q_ORDER, stage->verb_span, "put it before 'keep'",
                            "'%s' needs the columns time, commit and run", name);
    status = rowset_init(&range->rows, ctx->arena, &range->op.schema,
                         context_limit(ctx, LIMIT_PACE_MAX_ROWS));
    if (status) return context_no_memory(ctx);
    range->op.next = range_next;
    range->op.free = range_free;
    *out = &range->op;
    return 0;
}
