/* op_summarize.c -- aggregates over groups of rows. Groups are found by hash and given out in order
 * of their `by` columns, one after the other; those of a run (time, commit, run) by when the group
 * was first seen. */
#include "op.h"

#include "group.h"
#include "grow.h"
#include "parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A `by` value of one group. */
struct by_value {
    double number;
    int64_t time_ns;
    const char *text, *unit;
    uint8_t flag;
};

struct summarize_op {
    struct op op;
    struct node **by, **results; /* results: one a column, over the slots */
    size_t by_count, result_count, aggregate_count;
    bool *by_run; /* this `by` column is time, commit or run */
    struct aggregate *aggregates;
    int time_column;
    struct by_value *values; /* group g: values[g * by_count ...] */
    int64_t *first_ns;
    struct gathered *states; /* group g: states[g * aggregate_count ...] */
    uint32_t *table;         /* hash table of group numbers + 1 */
    size_t table_size, count, capacity;
    uint32_t *order;
    size_t offset;
    bool filled;
    struct vec *vecs;
    struct batch batch;
};

static void summarize_free(struct op *op)
{
    struct summarize_op *summarize = (struct summarize_op *)op;
    for (size_t i = 0; i < summarize->count * summarize->aggregate_count; i++)
        gathered_free(&summarize->states[i]);
    free(summarize->values);
    free(summarize->first_ns);
    free(summarize->states);
    free(summarize->table);
    free(summarize->order);
    for (size_t i = 0; i < summarize->by_count; i++)
        expr_free(summarize->by[i]);
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next)
        expr_free(a->arg);
}

/* -- groups ------------------------------------------------------------------------------------ */

static struct by_value by_value(const struct vec *v, size_t row)
{
    struct by_value value = {.number = NAN};
    size_t i = row * v->step;
    switch (v->type) {
    case TYPE_NUMBER:
        value.number = v->at.number[i] + 0.0; /* -0 is 0 */
        value.unit = vec_unit(v, row);
        break;
    case TYPE_TIME: value.time_ns = v->at.time_ns[i]; break;
    case TYPE_TEXT: value.text = v->at.text[i]; break;
    case TYPE_FLAG: value.flag = v->at.flag[i]; break;
    }
    return value;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool by_equal(const struct by_value *a, const struct by_value *b)
{
    bool numbers = a->number == b->number || (isnan(a->number) && isnan(b->number));
    return numbers && a->time_ns == b->time_ns && a->flag == b->flag &&
           same_text(a->text, b->text) && same_text(a->unit, b->unit);
}

static uint64_t mix(uint64_t hash, uint64_t x)
{
    hash ^= x;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static uint64_t by_hash(const struct by_value *values, size_t count)
{
    uint64_t hash = 0x51ed270b;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        if (!isnan(values[i].number)) memcpy(&bits, &values[i].number, sizeof bits);
        hash = mix(hash, bits);
        hash = mix(hash, (uint64_t)values[i].time_ns);
        hash = mix(hash, values[i].flag);
        for (const char *c = values[i].text; c && *c; c++)
            hash = mix(hash, (unsigned char)*c);
    }
    return hash;
}

static void table_put(struct summarize_op *summarize, size_t group)
{
    uint64_t hash = by_hash(&summarize->values[group * summarize->by_count], summarize->by_count);
    size_t slot = hash & (summarize->table_size - 1);
    while (summarize->table[slot])
        slot = (slot + 1) & (summarize->table_size - 1);
    summarize->table[slot] = (uint32_t)group + 1;
}

static int groups_grow(struct summarize_op *summarize, struct context *ctx)
{
    size_t most = context_limit(ctx, LIMIT_PACE_MAX_GROUPS);
    if (summarize->count == most)
        return context_fail(ctx, Q_LIMIT, (struct span){0, 0}, "group by fewer columns",
                            "'summarize' would make more than %zu groups (PACE_MAX_GROUPS)", most);
    if (summarize->count < summarize->capacity) return 0;
    size_t capacity = summarize->capacity ? summarize->capacity * 2 : 64;
    size_t group_size = summarize->by_count * sizeof *summarize->values + 2 * sizeof(uint64_t) +
                        summarize->aggregate_count * sizeof *summarize->states;
    if (arena_charge(ctx->arena, (capacity - summarize->capacity) * group_size))
        return context_no_memory(ctx);
    if (!grow(&summarize->values, capacity, summarize->by_count * sizeof *summarize->values) ||
        !grow(&summarize->first_ns, capacity, sizeof *summarize->first_ns) ||
        !grow(&summarize->states, capacity,
              summarize->aggregate_count * sizeof *summarize->states) ||
        !grow(&summarize->table, capacity * 2, sizeof *summarize->table))
        return context_no_memory(ctx);
    summarize->capacity = capacity;
    summarize->table_size = capacity * 2;
    memset(summarize->table, 0, summarize->table_size * sizeof *summarize->table);
    for (size_t g = 0; g < summarize->count; g++)
        table_put(summarize, g);
    return 0;
}

/* The group with these values; made when there is none. */
static int group_find(struct summarize_op *summarize, struct context *ctx,
                      const struct by_value *values, int64_t time_ns, size_t *out)
{
    size_t width = summarize->by_count;
    if (summarize->table_size) {
        size_t slot = by_hash(values, width) & (summarize->table_size - 1);
        for (; summarize->table[slot]; slot = (slot + 1) & (summarize->table_size - 1)) {
            size_t group = summarize->table[slot] - 1, i = 0;
            while (i < width && by_equal(&summarize->values[group * width + i], &values[i]))
                i++;
            if (i < width) continue;
            *out = group;
            if (time_ns < summarize->first_ns[group]) summarize->first_ns[group] = time_ns;
            return 0;
        }
    }
    int status = groups_grow(summarize, ctx);
    if (status) return status;
    size_t group = summarize->count++;
    if (width) memcpy(&summarize->values[group * width], values, width * sizeof *values);
    summarize->first_ns[group] = time_ns;
    memset(&summarize->states[group * summarize->aggregate_count], 0,
           summarize->aggregate_count * sizeof *summarize->states);
    table_put(summarize, group);
    *out = group;
    return 0;
}

/* -- filling ----------------------------------------------------------------------------------- */

/* Whether all rows of a batch count and have the same `by` values. */
static bool is_same_for_all(const struct summarize_op *summarize, const struct batch *batch,
                            const struct vec *const *by)
{
    if (batch->selected || batch->count == 0) return false;
    for (size_t i = 0; i < summarize->by_count; i++)
        if (by[i]->step) return false;
    return true;
}

/* *one: all rows are in the group groups[0], and the others are not told of theirs. */
static int assign_groups(struct summarize_op *summarize, struct context *ctx,
                         const struct batch *batch, struct by_value *values, const struct vec **by,
                         size_t *groups, bool *one)
{
    *one = false;
    for (size_t i = 0; i < summarize->by_count; i++) {
        int status = expr_eval(ctx, summarize->by[i], batch, &by[i]);
        if (status) return status;
    }
    const struct vec *time =
        summarize->time_column < 0 ? NULL : &batch->vecs[summarize->time_column];
    if (is_same_for_all(summarize, batch, by) && !time) {
        for (size_t i = 0; i < summarize->by_count; i++)
            values[i] = by_value(by[i], 0);
        *one = true;
        return group_find(summarize, ctx, values, 0, &groups[0]);
    }
    for (size_t row = 0; row < batch->count; row++) {
        groups[row] = SIZE_MAX;
        if (!batch_selected(batch, row)) continue;
        for (size_t i = 0; i < summarize->by_count; i++)
            values[i] = by_value(by[i], row);
        int64_t time_ns = time ? time->at.time_ns[row * time->step] : 0;
        int status = group_find(summarize, ctx, values, time_ns, &groups[row]);
        if (status) return status;
    }
    return 0;
}

/* Whether all rows of a batch are in one group. */
static bool is_one_group(const struct batch *batch, const size_t *groups)
{
    for (size_t row = 1; row < batch->count; row++)
        if (groups[row] != groups[0]) return false;
    return batch->count && groups[0] != SIZE_MAX;
}

static int add_batch(struct summarize_op *summarize, struct context *ctx, const struct batch *batch,
                     size_t *groups, bool one)
{
    struct gathered_values values;
    values.vec = NULL; /* the rest is large */
    bool told = !one;  /* each row of its group */
    size_t index = 0;
    one = one || is_one_group(batch, groups);
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next, index++) {
        const struct vec *v = NULL;
        int status = a->arg ? expr_eval(ctx, a->arg, batch, &v) : 0;
        if (status) return status;
        struct gathered *state =
            one ? &summarize->states[groups[0] * summarize->aggregate_count + index] : NULL;
        if (one && v && gathered_can_many(a, batch, v, state)) {
            status = gathered_add_many(ctx, a, batch, v, &values, state);
        } else {
            for (size_t row = 1; row < batch->count && !told; row++)
                groups[row] = groups[0];
            told = true;
            status = gathered_add(ctx, a, index, batch, v, summarize->time_column, groups,
                                  summarize->states, summarize->aggregate_count);
        }
        if (status) return status;
    }
    return 0;
}

/* Whether summaries of series are enough: aggregates of the value, by names of series. */
static bool can_summaries(const struct summarize_op *summarize)
{
    if (!op_scan_is(summarize->op.input)) return false;
    for (size_t i = 0; i < summarize->by_count; i++) {
        int column = node_is_column(summarize->by[i]);
        if (column < 0 || column >= PACE_DIMENSION_COUNT) return false;
    }
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next)
        if (!a->arg || node_is_column(a->arg) != OP_SCAN_VALUE || !gathered_can_summary(a))
            return false;
    return true;
}

/* Fills the groups from summaries; *done false: from rows then. */
static int summarize_summaries(struct summarize_op *summarize, struct context *ctx, bool *done)
{
    struct pace_summary *summaries = NULL;
    const struct selection *selection = op_scan_selection(summarize->op.input);
    *done = false;
    if (selection->count == 0) return 0; /* without `by` there is one group, even of no rows */
    int status = op_scan_summaries(summarize->op.input, ctx, &summaries);
    if (status || !summaries) return status;
    struct by_value *values = arena_array(ctx->arena, summarize->by_count, sizeof *values);
    if (!values) return context_no_memory(ctx);
    for (size_t s = 0; s < selection->count; s++) {
        const struct series *series = &selection->series[s];
        size_t group;
        for (size_t i = 0; i < summarize->by_count; i++)
            values[i] = (struct by_value){.number = NAN,
                                          .text = series->names[node_is_column(summarize->by[i])]};
        status = group_find(summarize, ctx, values, 0, &group);
        if (status) return status;
        for (size_t i = 0; i < summarize->aggregate_count; i++)
            gathered_add_summary(&summarize->states[group * summarize->aggregate_count + i],
                                 &summaries[s], series->unit);
    }
    *done = true;
    return 0;
}

/* How many rows come at most: those of the scan, where each row is made of one of it; 0: nobody knows. */
static size_t rows_most(const struct op *op)
{
    static const char *const of_one[] = {"derive", "keep", "where", "parts"};
    for (; !op_scan_is(op); op = op->input) {
        size_t i = 0, count = sizeof of_one / sizeof *of_one;
        while (i < count && strcmp(op->name, of_one[i]) != 0)
            i++;
        if (i == count || !op->input) return 0;
    }
    return op_scan_most(op);
}

static int summarize_fill(struct summarize_op *summarize, struct context *ctx)
{
    bool done = false;
    int from_store = can_summaries(summarize) ? summarize_summaries(summarize, ctx, &done) : 0;
    if (from_store || done) return from_store;
    size_t most = rows_most(summarize->op.input);
    for (struct aggregate *a = summarize->aggregates; a; a = a->next)
        gathered_plan(a, most);
    struct by_value *values = arena_array(ctx->arena, summarize->by_count, sizeof *values);
    const struct vec **by = arena_array(ctx->arena, summarize->by_count, sizeof *by);
    size_t *groups = arena_array(ctx->arena, PACE_MAX_BATCH, sizeof *groups);
    if (!values || !by || !groups) return context_no_memory(ctx);
    if (summarize->by_count == 0) { /* one group, also of no rows */
        size_t only;
        int status = group_find(summarize, ctx, values, 0, &only);
        if (status) return status;
    }
    for (;;) {
        struct batch *batch;
        int status = summarize->op.input->next(summarize->op.input, ctx, &batch);
        if (status || !batch) return status;
        bool one;
        status = assign_groups(summarize, ctx, batch, values, by, groups, &one);
        if (!status) status = add_batch(summarize, ctx, batch, groups, one);
        if (status) return status;
    }
}

static int compare_times(int64_t a, int64_t b)
{
    if (a == TIME_MISSING || b == TIME_MISSING) return (a == TIME_MISSING) - (b == TIME_MISSING);
    return (a > b) - (a < b);
}

/* Missing values last. A value has one type, the other fields are equal. */
static int compare_values(const struct by_value *a, const struct by_value *b)
{
    if (!a->text || !b->text) {
        if (a->text || b->text) return !a->text - !b->text;
    } else {
        int order = strcmp(a->text, b->text);
        if (order) return order;
    }
    int order = compare_times(a->time_ns, b->time_ns);
    if (order) return order;
    if (a->flag != b->flag) return a->flag < b->flag ? -1 : 1;
    if (isnan(a->number) || isnan(b->number)) return isnan(a->number) - isnan(b->number);
    return (a->number > b->number) - (a->number < b->number);
}

/* By the columns as they were given; what belongs to a run by when its group was first seen. */
static int group_compare(const void *a, const void *b, void *context)
{
    const struct summarize_op *summarize = context;
    size_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    for (size_t i = 0; i < summarize->by_count; i++) {
        int order = 0;
        if (summarize->by_run[i])
            order = compare_times(summarize->first_ns[left], summarize->first_ns[right]);
        if (!order)
            order = compare_values(&summarize->values[left * summarize->by_count + i],
                                   &summarize->values[right * summarize->by_count + i]);
        if (order) return order;
    }
    return (left > right) - (left < right);
}

/* -- giving out -------------------------------------------------------------------------------- */

static void put_by(struct vec *v, size_t row, const struct by_value *value)
{
    switch (v->type) {
    case TYPE_NUMBER:
        v->at.number[row] = value->number;
        v->units[row] = value->unit ? value->unit : "";
        v->unit = NULL;
        break;
    case TYPE_TIME: v->at.time_ns[row] = value->time_ns; break;
    case TYPE_TEXT: v->at.text[row] = value->text; break;
    case TYPE_FLAG: v->at.flag[row] = value->flag; break;
    }
}

static int put_group(struct summarize_op *summarize, struct context *ctx, size_t row, size_t group)
{
    for (size_t i = 0; i < summarize->by_count; i++)
        put_by(&summarize->vecs[i], row, &summarize->values[group * summarize->by_count + i]);
    size_t index = 0;
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next)
        gathered_finish(a, &summarize->states[group * summarize->aggregate_count + index++]);
    /* The result expressions see only slots: a batch of one row without columns. */
    struct batch one = {.count = 1};
    for (size_t i = 0; i < summarize->result_count; i++) {
        const struct vec *v;
        int status = expr_eval(ctx, summarize->results[i], &one, &v);
        if (status) return status;
        struct by_value value = by_value(v, 0);
        put_by(&summarize->vecs[summarize->by_count + i], row, &value);
    }
    return 0;
}

static int summarize_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct summarize_op *summarize = (struct summarize_op *)op;
    *out = NULL;
    if (!summarize->filled) {
        int status = summarize_fill(summarize, ctx);
        if (status) return status;
        summarize->order = malloc((summarize->count + 1) * sizeof *summarize->order);
        if (!summarize->order) return context_no_memory(ctx);
        for (size_t g = 0; g < summarize->count; g++)
            summarize->order[g] = (uint32_t)g;
        qsort_r(summarize->order, summarize->count, sizeof *summarize->order, group_compare,
                summarize);
        summarize->filled = true;
    }
    size_t count = summarize->count - summarize->offset;
    if (count == 0) return 0;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    for (size_t row = 0; row < count; row++) {
        int status = put_group(summarize, ctx, row, summarize->order[summarize->offset + row]);
        if (status) return status;
    }
    summarize->offset += count;
    summarize->batch = (struct batch){.count = count, .vecs = summarize->vecs};
    *out = &summarize->batch;
    return 0;
}

/* -- making it --------------------------------------------------------------------------------- */

static size_t count_bindings(const struct binding *binding)
{
    size_t count = 0;
    for (; binding; binding = binding->next)
        count++;
    return count;
}

static int add_named(struct context *ctx, struct op *op, const struct binding *binding,
                     struct column column)
{
    column.name = binding->name.len ? slice_string(ctx->arena, binding->name)
                                    : print_expr(ctx->arena, binding->expr);
    column.about = NULL;
    if (!column.name) return context_no_memory(ctx);
    if (schema_find(&op->schema, column.name, strlen(column.name)) >= 0)
        return context_fail(ctx, Q_NO_COLUMN, binding->expr->span, "name it: other = ...",
                            "two columns are called '%s'", column.name);
    return op_add_column(ctx, op, column);
}

static int bind_by(struct context *ctx, struct summarize_op *summarize, const struct stage *stage)
{
    for (const struct binding *binding = stage->by; binding; binding = binding->next) {
        struct binder binder;
        binder_init(&binder, ctx, &summarize->op.input->schema, MODE_ROW);
        struct node **node = &summarize->by[summarize->by_count];
        int status = expr_bind(&binder, binding->expr, node);
        if (!status) status = op_look_back(ctx, &summarize->op, &binder, binding->expr->span);
        if (!status) status = add_named(ctx, &summarize->op, binding, node_column(*node));
        if (status) return status;
        if (binding->expr->kind == EXPR_NAME &&
            (slice_is(binding->expr->text, "time") || slice_is(binding->expr->text, "commit") ||
             slice_is(binding->expr->text, "run")))
            summarize->by_run[summarize->by_count] = true;
        summarize->by_count++;
    }
    return 0;
}

/* Within a group of one measure the units are of one kind. */
static void unmix(struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        schema->columns[i].mixed = false;
}

static int bind_results(struct context *ctx, struct summarize_op *summarize,
                        const struct stage *stage)
{
    struct schema seen = summarize->op.input->schema;
    seen.columns = arena_array(ctx->arena, seen.count, sizeof *seen.columns);
    if (!seen.columns) return context_no_memory(ctx);
    memcpy(seen.columns, summarize->op.input->schema.columns, seen.count * sizeof *seen.columns);
    if (schema_find(&summarize->op.schema, "measure", 7) >= 0) unmix(&seen);
    struct binder binder;
    binder_init(&binder, ctx, &seen, MODE_GROUP);
    for (const struct binding *binding = stage->bindings; binding; binding = binding->next) {
        struct node **node = &summarize->results[summarize->result_count];
        struct aggregate *const *before = binder.tail;
        int status = expr_bind(&binder, binding->expr, node);
        if (!status) status = op_look_back(ctx, &summarize->op, &binder, binding->expr->span);
        if (status) return status;
        if (binder.tail == before)
            return context_fail(ctx, Q_TYPE, binding->expr->span,
                                "write mean(value), or put it after 'by'",
                                "'summarize' needs an aggregate here");
        status = add_named(ctx, &summarize->op, binding, node_column(*node));
        if (status) return status;
        summarize->result_count++;
    }
    summarize->aggregates = binder.aggregates;
    for (const struct aggregate *a = binder.aggregates; a; a = a->next)
        summarize->aggregate_count++;
    return 0;
}

/* Whether it matters when a row was: for first, last and slope, and for the order of groups. */
static bool needs_times(const struct summarize_op *summarize)
{
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next)
        if (a->function == F_FIRST || a->function == F_LAST || a->function == F_SLOPE) return true;
    for (size_t i = 0; i < summarize->by_count; i++)
        if (summarize->by_run[i]) return true;
    return false;
}

int op_summarize(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    struct summarize_op *summarize;
    int status = op_make(ctx, sizeof *summarize, "summarize", input, &summarize);
    if (status) return status;
    summarize->op.schema = (struct schema){0};
    summarize->by = arena_array(ctx->arena, count_bindings(stage->by), sizeof *summarize->by);
    summarize->results =
        arena_array(ctx->arena, count_bindings(stage->bindings), sizeof *summarize->results);
    summarize->by_run =
        arena_array(ctx->arena, count_bindings(stage->by), sizeof *summarize->by_run);
    if (!summarize->by || !summarize->results || !summarize->by_run) return context_no_memory(ctx);
    status = bind_by(ctx, summarize, stage);
    if (!status) status = bind_results(ctx, summarize, stage);
    if (status) return status;
    summarize->time_column = needs_times(summarize) ? schema_find(&input->schema, "time", 4) : -1;
    summarize->vecs = arena_array(ctx->arena, summarize->op.schema.count, sizeof *summarize->vecs);
    if (!summarize->vecs) return context_no_memory(ctx);
    for (size_t i = 0; i < summarize->op.schema.count; i++) {
        enum type type = summarize->op.schema.columns[i].type;
        summarize->vecs[i] = vec_make(ctx->arena, type, type == TYPE_NUMBER);
    }
    if (ctx->arena->failed) return context_no_memory(ctx);
    summarize->op.by_series = false;
    summarize->op.holds = true;
    summarize->op.by_summaries = can_summaries(summarize);
    for (const struct aggregate *a = summarize->aggregates; a; a = a->next)
        summarize->op.by_batches |= gathered_by_batches(a);
    summarize->op.next = summarize_next;
    summarize->op.free = summarize_free;
    *out = &summarize->op;
    return 0;
}
