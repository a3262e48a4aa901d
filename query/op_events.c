/* op_events.c -- see events.h. */
#include "events.h"

#include "grow.h"
#include "incident.h"

#include <stdlib.h>
#include <string.h>

struct events_op {
    struct op op;
    const struct changes_seen *seen;
    struct rowset rows;
    struct incident_change *incidents;
    double *event, *members; /* of the rows */
    size_t offset;
    bool read;
    struct vec vecs[OUT_COUNT];
    struct batch batch;
};

static void events_free(struct op *op)
{
    struct events_op *events = (struct events_op *)op;
    rowset_free(&events->rows);
    free(events->incidents);
    free(events->event);
    free(events->members);
}

/* What explain says of it. */
static const char *what_is_looked_at(const struct changes_seen *seen, struct context *ctx)
{
    if (!seen->from_kept) return NULL;
    return arena_printf(ctx->arena, "kept state of %llu of %llu series",
                        (unsigned long long)seen->from_kept, (unsigned long long)seen->series);
}

/* A result without rows is explained. */
static void tell_nothing(const struct events_op *events, struct context *ctx)
{
    const struct changes_seen *seen = events->seen;
    unsigned long long series = seen->series, outside = seen->outside, brief = seen->brief;
    if (events->rows.count > 0 || series == 0) return;
    const char *points =
        brief ? arena_printf(ctx->arena, "; %llu with fewer than %zu points", brief, seen->enough)
              : "";
    if (outside)
        diag_note(ctx->diags, "no change in this range; before or after it there %s %llu",
                  outside == 1 ? "is" : "are", outside);
    else
        diag_note(ctx->diags, "no change in %llu series%s", series, points ? points : "");
}

/* Changes of one project and branch can be one event; series come in their order. */
static bool is_one_group(const struct vec *columns, size_t a, size_t b)
{
    const char **project = columns[PACE_PROJECT].at.text, **branch = columns[INNER_BRANCH].at.text;
    return strcmp(project[a], project[b]) == 0 && strcmp(branch[a], branch[b]) == 0;
}

static int events_group(struct events_op *events)
{
    const struct vec *columns = events->rows.columns;
    size_t count = events->rows.count;
    uint32_t group = 0;
    if (!grow(&events->incidents, count, sizeof *events->incidents) ||
        !grow(&events->event, count, sizeof *events->event) ||
        !grow(&events->members, count, sizeof *events->members))
        return -1;
    for (size_t i = 0; i < count; i++) {
        group += i && !is_one_group(columns, i - 1, i);
        events->incidents[i] =
            (struct incident_change){.group = group,
                                     .at_ns = columns[OUT_TIME].at.time_ns[i],
                                     .earliest_ns = columns[INNER_EARLIEST].at.time_ns[i],
                                     .latest_ns = columns[INNER_LATEST].at.time_ns[i],
                                     .place = i};
    }
    if (incidents_group(events->incidents, count)) return -1;
    for (size_t i = 0; i < count; i++) {
        const struct incident_change *incident = &events->incidents[i];
        events->event[incident->place] = (double)incident->event;
        events->members[incident->place] = (double)incident->members;
    }
    return 0;
}

static int events_read(struct events_op *events, struct context *ctx)
{
    for (;;) {
        struct batch *batch;
        int status = events->op.input->next(events->op.input, ctx, &batch);
        if (status) return status;
        if (!batch) break;
        status = rowset_append(&events->rows, batch, false);
        if (status) return op_fail_rows(ctx, status, "changes");
    }
    size_t row_size = sizeof *events->incidents + 2 * sizeof(double);
    if (arena_charge(ctx->arena, events->rows.count * row_size) || events_group(events))
        return context_no_memory(ctx);
    events->read = true;
    events->op.looks = what_is_looked_at(events->seen, ctx);
    tell_nothing(events, ctx);
    return 0;
}

static int events_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct events_op *events = (struct events_op *)op;
    struct rowset *rows = &events->rows;
    *out = NULL;
    int status = events->read ? 0 : events_read(events, ctx);
    if (status || events->offset == rows->count) return status;
    struct batch *batch = rowset_batch(rows, NULL, events->offset, rows->count - events->offset);
    memcpy(events->vecs, batch->vecs, OUT_EVENT * sizeof *events->vecs);
    events->vecs[OUT_EVENT] = (struct vec){
        .type = TYPE_NUMBER, .step = 1, .at.number = events->event + events->offset, .unit = ""};
    events->vecs[OUT_MEMBERS] = (struct vec){
        .type = TYPE_NUMBER, .step = 1, .at.number = events->members + events->offset, .unit = ""};
    events->offset += batch->count;
    events->batch = (struct batch){.count = batch->count, .vecs = events->vecs};
    *out = &events->batch;
    return 0;
}

int op_events(struct context *ctx, struct op *changes, const struct changes_seen *seen,
              struct op **out)
{
    static const struct column own[] = {{.name = "event", .type = TYPE_NUMBER},
                                        {.name = "event_changes", .type = TYPE_NUMBER}};
    struct events_op *events;
    const struct column *columns = changes->schema.columns;
    int status = op_make(ctx, sizeof *events, "changes", changes, &events);
    if (status) return status;
    events->seen = seen;
    events->op.schema = (struct schema){0};
    for (int i = 0; i < OUT_COUNT; i++) {
        status = op_add_column(ctx, &events->op, i < OUT_EVENT ? columns[i] : own[i - OUT_EVENT]);
        if (status) return status;
    }
    size_t most = context_limit(ctx, LIMIT_PACE_MAX_ROWS);
    if (rowset_init(&events->rows, ctx->arena, &changes->schema, most))
        return context_no_memory(ctx);
    events->op.by_series = false;
    events->op.lookback.all = true;
    events->op.next = events_next;
    events->op.free = events_free;
    *out = &events->op;
    return 0;
}
