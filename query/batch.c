/* batch.c -- see batch.h. */
#include "batch.h"

#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int schema_index(const struct schema *schema, const char *name, size_t len)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *own = schema->columns[i].name;
        if (len && own[0] == name[0] && strncmp(own, name, len) == 0 && own[len] == 0)
            return (int)i;
    }
    return -1;
}

int schema_find(const struct schema *schema, const char *name, size_t len)
{
    int index = schema_index(schema, name, len);
    if (index >= 0 && schema->columns[index].wanted) *schema->columns[index].wanted = true;
    return index;
}

int schema_find_compared(const struct schema *schema, const char *name, size_t len, bool *by_keys)
{
    int index = schema_index(schema, name, len);
    *by_keys = index >= 0 && schema->columns[index].compared;
    if (!*by_keys) return schema_find(schema, name, len);
    *schema->columns[index].compared = true;
    return index;
}

void schema_want(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->columns[i].wanted) *schema->columns[i].wanted = true;
}

bool schema_add(struct arena *arena, struct schema *schema, struct column column)
{
    struct column *columns = arena_array(arena, schema->count + 1, sizeof *columns);
    if (!columns) return false;
    if (schema->count) memcpy(columns, schema->columns, schema->count * sizeof *columns);
    columns[schema->count] = column;
    schema->columns = columns;
    schema->count++;
    return true;
}

static size_t type_size(enum type type)
{
    switch (type) {
    case TYPE_NUMBER: return sizeof(double);
    case TYPE_TIME: return sizeof(int64_t);
    case TYPE_TEXT: return sizeof(const char *);
    case TYPE_FLAG: break;
    }
    return sizeof(uint8_t);
}

struct vec vec_make(struct arena *arena, enum type type, bool units)
{
    struct vec v = {.type = type, .step = 1, .unit = ""};
    v.at.flag = arena_space(arena, PACE_MAX_BATCH * type_size(type));
    if (units) v.units = arena_space(arena, PACE_MAX_BATCH * sizeof *v.units);
    return v;
}

bool vec_missing(const struct vec *v, size_t row)
{
    size_t i = row * v->step;
    switch (v->type) {
    case TYPE_NUMBER: return isnan(v->at.number[i]);
    case TYPE_TIME: return v->at.time_ns[i] == TIME_MISSING;
    case TYPE_TEXT: return v->at.text[i] == NULL;
    case TYPE_FLAG: break;
    }
    return v->at.flag[i] == FLAG_UNKNOWN;
}

/* -- rows kept in memory ----------------------------------------------------------------------- */

int rowset_init(struct rowset *set, struct arena *arena, const struct schema *schema, size_t limit)
{
    *set = (struct rowset){.schema = schema, .arena = arena, .limit = limit};
    schema_want(schema);
    set->columns = arena_array(arena, schema->count, sizeof *set->columns);
    set->out = arena_array(arena, schema->count, sizeof *set->out);
    set->view = arena_array(arena, schema->count, sizeof *set->view);
    set->out_restart = arena_alloc(arena, PACE_MAX_BATCH);
    set->out_gone = arena_alloc(arena, PACE_MAX_BATCH);
    set->out_origin = arena_array(arena, PACE_MAX_BATCH, sizeof *set->out_origin);
    set->out_hidden = arena_alloc(arena, PACE_MAX_BATCH);
    if (arena->failed) return PACE_ENOMEM;
    for (size_t i = 0; i < schema->count; i++) {
        enum type type = schema->columns[i].type;
        set->columns[i] = (struct vec){.type = type, .step = 1};
        set->out[i] = set->view[i] = vec_make(arena, type, type == TYPE_NUMBER);
    }
    return arena->failed ? PACE_ENOMEM : 0;
}

void rowset_free(struct rowset *set)
{
    if (!set->columns) return;
    for (size_t i = 0; i < set->schema->count; i++) {
        free(set->columns[i].at.flag);
        free(set->columns[i].units);
    }
    free(set->restart);
    free(set->gone);
    free(set->origin);
    free(set->hidden);
    *set = (struct rowset){0};
}

void rowset_reset(struct rowset *set)
{
    set->count = 0;
}

static int rowset_reserve(struct rowset *set, size_t count)
{
    if (count > set->limit) return PACE_ELIMIT;
    if (count <= set->capacity) return 0;
    size_t capacity = set->capacity ? set->capacity * 2 : 256;
    while (capacity < count)
        capacity *= 2;
    size_t row_size = 4 + set->schema->count * 2 * sizeof(double);
    if (arena_charge(set->arena, (capacity - set->capacity) * row_size)) return PACE_ENOMEM;
    for (size_t i = 0; i < set->schema->count; i++) {
        struct vec *column = &set->columns[i];
        if (!grow(&column->at.flag, capacity, type_size(column->type))) return PACE_ENOMEM;
        if (column->type == TYPE_NUMBER && !grow(&column->units, capacity, sizeof *column->units))
            return PACE_ENOMEM;
    }
    if (!grow(&set->restart, capacity, 1) || !grow(&set->gone, capacity, 1) ||
        !grow(&set->origin, capacity, sizeof *set->origin) || !grow(&set->hidden, capacity, 1))
        return PACE_ENOMEM;
    set->capacity = capacity;
    return 0;
}

/* Copies element `from` of `source` to element `to` of `target` (step 1). */
static void vec_copy(struct vec *target, size_t to, const struct vec *source, size_t from)
{
    size_t i = from * source->step;
    switch (source->type) {
    case TYPE_NUMBER:
        target->at.number[to] = source->at.number[i];
        if (target->units) target->units[to] = vec_unit(source, from);
        break;
    case TYPE_TIME: target->at.time_ns[to] = source->at.time_ns[i]; break;
    case TYPE_TEXT: target->at.text[to] = source->at.text[i]; break;
    case TYPE_FLAG: target->at.flag[to] = source->at.flag[i]; break;
    }
}

/* Copies elements of `source` (rows NULL: the first ones) behind the `to` that `target` has. */
static void vec_append(struct vec *target, size_t to, const struct vec *source,
                       const uint32_t *rows, size_t count)
{
    if (!rows && source->step) {
        size_t size = type_size(source->type);
        memcpy(target->at.flag + to * size, source->at.flag, count * size);
        if (source->type != TYPE_NUMBER) return;
        for (size_t k = 0; k < count; k++)
            target->units[to + k] = vec_unit(source, k);
        return;
    }
    for (size_t k = 0; k < count; k++)
        vec_copy(target, to + k, source, rows ? rows[k] : k);
}

int rowset_append(struct rowset *set, const struct batch *batch, bool selected_only)
{
    uint32_t rows[PACE_MAX_BATCH];
    size_t count = 0;
    bool all = !selected_only || !batch->selected;
    int status = rowset_reserve(set, set->count + batch->count);
    if (status) return status;
    for (size_t row = 0; row < batch->count; row++)
        if (all || batch->selected[row]) rows[count++] = (uint32_t)row;
    if (count == 0) return 0;
    all = count == batch->count;
    for (size_t i = 0; i < set->schema->count; i++)
        vec_append(&set->columns[i], set->count, &batch->vecs[i], all ? NULL : rows, count);
    for (size_t k = 0; k < count; k++, set->count++) {
        size_t row = rows[k];
        set->restart[set->count] = batch->restart ? batch->restart[row] : 0;
        set->gone[set->count] = batch->gone ? batch->gone[row] : 0;
        set->origin[set->count] = (uint16_t)batch_origin(batch, row);
        set->hidden[set->count] = batch->hidden ? batch->hidden[row] : 0;
    }
    return 0;
}

/* One unit for all rows where they agree, which is the common and the fast case. */
static void join_units(struct vec *v, size_t count)
{
    if (v->type != TYPE_NUMBER) return;
    const char *unit = count ? v->units[0] : "";
    v->unit = NULL;
    for (size_t k = 1; k < count; k++)
        if (v->units[k] != unit && strcmp(v->units[k], unit) != 0) return;
    v->unit = unit;
}

/* Rows where they lie. */
static void batch_of_rows(struct rowset *set, size_t from)
{
    for (size_t i = 0; i < set->schema->count; i++) {
        struct vec *view = &set->view[i];
        *view = set->columns[i];
        view->at.flag += from * type_size(view->type);
        if (view->units) view->units += from;
    }
    set->batch = (struct batch){.vecs = set->view,
                                .restart = set->restart + from,
                                .gone = set->gone + from,
                                .origin = set->origin + from,
                                .hidden = set->hidden + from};
}

struct batch *rowset_batch(struct rowset *set, const uint32_t *order, size_t from, size_t count)
{
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    if (order) {
        for (size_t k = 0; k < count; k++) {
            size_t row = order[from + k];
            for (size_t i = 0; i < set->schema->count; i++)
                vec_copy(&set->out[i], k, &set->columns[i], row);
            set->out_restart[k] = set->restart[row];
            set->out_gone[k] = set->gone[row];
            set->out_origin[k] = set->origin[row];
            set->out_hidden[k] = set->hidden[row];
        }
        memcpy(set->view, set->out, set->schema->count * sizeof *set->view);
        set->batch = (struct batch){.vecs = set->view,
                                    .restart = set->out_restart,
                                    .gone = set->out_gone,
                                    .origin = set->out_origin,
                                    .hidden = set->out_hidden};
    } else if (set->capacity) {
        batch_of_rows(set, from);
    } else {
        set->batch = (struct batch){.vecs = set->view};
    }
    set->batch.count = count;
    for (size_t i = 0; i < set->schema->count; i++)
        join_units(&set->view[i], count);
    return &set->batch;
}
