/* op_sort.c -- sort, top, bottom: rows are held (PACE_MAX_ROWS at most), then given out in order.
 *
 * Stable: rows that compare equal stay in their order. Missing values come last, whichever way. */
#include "op.h"

#include "parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One sort key, evaluated for every row. Numbers are compared in one unit (that of the first
 * row). */
struct key {
    struct node *node;
    bool descending;
    enum type type;
    union {
        double *number;
        int64_t *time_ns;
        const char **text;
        uint8_t *flag;
    } at;
    const char *unit;
};

struct sort_op {
    struct op op;
    struct key *keys;
    size_t key_count, capacity;
    struct rowset rows;
    uint32_t *order;
    size_t count, offset; /* rows to give out, given out */
    size_t limit;         /* top: rows a group; SIZE_MAX: all */
    int *per;             /* top: columns of the group */
    size_t per_count;
    bool filled;
};

static void sort_free(struct op *op)
{
    struct sort_op *sort = (struct sort_op *)op;
    rowset_free(&sort->rows);
    free(sort->order);
    for (size_t i = 0; i < sort->key_count; i++) {
        expr_free(sort->keys[i].node);
        free(sort->keys[i].at.number);
    }
}

static size_t key_size(enum type type)
{
    return type == TYPE_FLAG ? 1 : sizeof(double);
}

static int keys_reserve(struct sort_op *sort, struct arena *arena, size_t count)
{
    if (count <= sort->capacity) return 0;
    size_t capacity = sort->capacity ? sort->capacity * 2 : 256;
    while (capacity < count)
        capacity *= 2;
    if (arena_charge(arena, (capacity - sort->capacity) * sort->key_count * sizeof(double)))
        return PACE_ENOMEM;
    for (size_t i = 0; i < sort->key_count; i++) {
        struct key *key = &sort->keys[i];
        void *grown = reallocarray(key->at.number, capacity, key_size(key->type));
        if (!grown) return PACE_ENOMEM;
        key->at.number = grown;
    }
    sort->capacity = capacity;
    return 0;
}

/* Appends the keys of the selected rows of a batch, from row `at` on. */
static int key_append(struct context *ctx, struct key *key, const struct batch *batch, size_t at)
{
    const struct vec *v;
    int status = expr_eval(ctx, key->node, batch, &v);
    if (status) return status;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch_selected(batch, i)) continue;
        size_t from = i * v->step;
        switch (key->type) {
        case TYPE_NUMBER: {
            double factor = 1;
            const char *unit = vec_unit(v, i);
            if (!key->unit) key->unit = unit;
            if (unit != key->unit) unit_convert(unit, key->unit, &factor);
            key->at.number[at++] = v->at.number[from] * factor;
            break;
        }
        case TYPE_TIME: key->at.time_ns[at++] = v->at.time_ns[from]; break;
        case TYPE_TEXT: key->at.text[at++] = v->at.text[from]; break;
        case TYPE_FLAG: key->at.flag[at++] = v->at.flag[from]; break;
        }
    }
    return 0;
}

static int sort_fill(struct sort_op *sort, struct context *ctx)
{
    struct batch *batch;
    for (;;) {
        int status = sort->op.input->next(sort->op.input, ctx, &batch);
        if (status || !batch) return status;
        size_t at = sort->rows.count;
        if (keys_reserve(sort, ctx->arena, at + batch->count)) return context_no_memory(ctx);
        for (size_t i = 0; i < sort->key_count; i++) {
            status = key_append(ctx, &sort->keys[i], batch, at);
            if (status) return status;
        }
        status = rowset_append(&sort->rows, batch, true);
        if (status) return op_fail_rows(ctx, status, sort->op.name);
    }
}

/* -- order ------------------------------------------------------------------------------------- */

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static int key_compare(const struct key *key, uint32_t a, uint32_t b)
{
    int order = 0;
    bool a_missing, b_missing;
    switch (key->type) {
    case TYPE_NUMBER:
        a_missing = isnan(key->at.number[a]);
        b_missing = isnan(key->at.number[b]);
        order = compare_numbers(key->at.number[a], key->at.number[b]);
        break;
    case TYPE_TIME:
        a_missing = key->at.time_ns[a] == TIME_MISSING;
        b_missing = key->at.time_ns[b] == TIME_MISSING;
        order =
            (key->at.time_ns[a] > key->at.time_ns[b]) - (key->at.time_ns[a] < key->at.time_ns[b]);
        break;
    case TYPE_TEXT:
        a_missing = !key->at.text[a];
        b_missing = !key->at.text[b];
        if (!a_missing && !b_missing) order = strcmp(key->at.text[a], key->at.text[b]);
        break;
    default:
        a_missing = key->at.flag[a] == FLAG_UNKNOWN;
        b_missing = key->at.flag[b] == FLAG_UNKNOWN;
        order = key->at.flag[a] - key->at.flag[b];
        break;
    }
    if (a_missing || b_missing) return a_missing - b_missing;
    return key->descending ? -order : order;
}

static int row_compare(const void *a, const void *b, void *context)
{
    const struct sort_op *sort = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    for (size_t i = 0; i < sort->key_count; i++) {
        int order = key_compare(&sort->keys[i], left, right);
        if (order) return order;
    }
    return (left > right) - (left < right);
}

static int sort_order(struct sort_op *sort, struct context *ctx)
{
    sort->count = sort->rows.count;
    sort->order = malloc((sort->count + 1) * sizeof *sort->order);
    if (!sort->order) return context_no_memory(ctx);
    for (size_t i = 0; i < sort->count; i++)
        sort->order[i] = (uint32_t)i;
    qsort_r(sort->order, sort->count, sizeof *sort->order, row_compare, sort);
    return 0;
}

/* -- top N per group --------------------------------------------------------------------------- */

/* By the columns of `per`, then by place. */
static int group_compare(const void *a, const void *b, void *context)
{
    const struct sort_op *sort = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    for (size_t i = 0; i < sort->per_count; i++) {
        const char *const *text = sort->rows.columns[sort->per[i]].at.text;
        const char *x = text[sort->order[left]], *y = text[sort->order[right]];
        int order = x == y ? 0 : !x || !y ? !x - !y : strcmp(x, y);
        if (order) return order;
    }
    return (left > right) - (left < right);
}

static bool same_group(const struct sort_op *sort, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < sort->per_count; i++) {
        const char *const *text = sort->rows.columns[sort->per[i]].at.text;
        const char *x = text[sort->order[a]], *y = text[sort->order[b]];
        if (x != y && (!x || !y || strcmp(x, y) != 0)) return false;
    }
    return true;
}

/* Keeps the first `limit` rows of each group in the order that they have now. */
static int keep_top(struct sort_op *sort, struct context *ctx)
{
    size_t count = sort->count, kept = 0;
    uint32_t *places = malloc((count + 1) * sizeof *places);
    uint8_t *is_kept = calloc(count + 1, 1);
    if (!places || !is_kept) {
        free(places);
        free(is_kept);
        return context_no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++)
        places[i] = (uint32_t)i;
    if (sort->per_count) qsort_r(places, count, sizeof *places, group_compare, sort);
    for (size_t i = 0, taken = 0; i < count; i++) {
        taken = i && same_group(sort, places[i - 1], places[i]) ? taken + 1 : 0;
        is_kept[places[i]] = taken < sort->limit;
    }
    for (size_t i = 0; i < count; i++)
        if (is_kept[i]) sort->order[kept++] = sort->order[i];
    free(places);
    free(is_kept);
    sort->count = kept;
    return 0;
}

static int sort_next(struct op *op, struct context *ctx, struct batch **out)
{
    struct sort_op *sort = (struct sort_op *)op;
    *out = NULL;
    if (!sort->filled) {
        int status = sort_fill(sort, ctx);
        if (!status) status = sort_order(sort, ctx);
        if (!status && sort->limit != SIZE_MAX) status = keep_top(sort, ctx);
        if (status) return status;
        sort->filled = true;
    }
    if (sort->offset == sort->count) return 0;
    *out = rowset_batch(&sort->rows, sort->order, sort->offset, sort->count - sort->offset);
    sort->offset += (*out)->count;
    return 0;
}

/* -- making it --------------------------------------------------------------------------------- */

static int sort_make(struct context *ctx, const char *name, struct op *input, size_t keys,
                     struct sort_op **out)
{
    struct sort_op *sort;
    int status = op_make(ctx, sizeof *sort, name, input, &sort);
    if (status) return status;
    sort->keys = arena_array(ctx->arena, keys, sizeof *sort->keys);
    if (!sort->keys || rowset_init(&sort->rows, ctx->arena, &sort->op.schema,
                                   context_limit(ctx, LIMIT_PACE_MAX_ROWS)))
        return context_no_memory(ctx);
    sort->limit = SIZE_MAX;
    sort->op.by_series = false;
    sort->op.holds = true;
    sort->op.next = sort_next;
    sort->op.free = sort_free;
    *out = sort;
    return 0;
}

static int sort_key(struct context *ctx, struct sort_op *sort, const struct expr *expr,
                    bool descending)
{
    struct binder binder;
    binder_init(&binder, ctx, &sort->op.schema, MODE_ROW);
    struct key *key = &sort->keys[sort->key_count];
    int status = expr_bind(&binder, expr, &key->node);
    if (!status) status = op_look_back(ctx, &sort->op, &binder, expr->span);
    if (status) return status;
    struct column column = node_column(key->node);
    if (column.mixed)
        return context_fail(ctx, Q_UNIT, expr->span, "select one measure with measure:NAME",
                            "values of several kinds of units have no order");
    key->type = column.type;
    key->descending = descending;
    sort->key_count++;
    return 0;
}

int op_sort(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    size_t count = 0;
    for (const struct binding *key = stage->bindings; key; key = key->next)
        count++;
    struct sort_op *sort;
    int status = sort_make(ctx, "sort", input, count, &sort);
    for (const struct binding *key = stage->bindings; key && !status; key = key->next)
        status = sort_key(ctx, sort, key->expr, key->descending);
    *out = status ? NULL : &sort->op;
    return status;
}

int op_top(struct context *ctx, const struct stage *stage, struct op *input, struct op **out)
{
    bool top = stage->kind == STAGE_TOP;
    struct sort_op *sort;
    int status = sort_make(ctx, top ? "top" : "bottom", input, 1, &sort);
    if (!status) status = sort_key(ctx, sort, stage->expr, top);
    if (status) return status;
    double number;
    status = number_bind(ctx, &stage->number, &number);
    if (status) return status;
    if (!(number >= 0) || number != floor(number) || number > 1e15)
        return context_fail(ctx, Q_RANGE, stage->number.span, NULL,
                            "'%s' needs a whole number of rows", sort->op.name);
    sort->limit = (size_t)number;
    size_t count = 0;
    for (const struct name_item *name = stage->names; name; name = name->next)
        count++;
    sort->per = arena_array(ctx->arena, count, sizeof *sort->per);
    if (!sort->per) return context_no_memory(ctx);
    for (const struct name_item *name = stage->names; name; name = name->next) {
        int column = schema_find(&input->schema, name->name.text, name->name.len);
        if (column < 0 || input->schema.columns[column].type != TYPE_TEXT)
            return context_fail(ctx, Q_NO_COLUMN, name->span, "name a text column, like testbed",
                                "'per' cannot group by '%.*s'", (int)name->name.len,
                                name->name.text);
        sort->per[sort->per_count++] = column;
    }
    *out = &sort->op;
    return 0;
}
