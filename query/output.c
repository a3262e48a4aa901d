/* output.c -- see output.h. */
#include "output.h"

#include "bytes.h"

#include <math.h>
#include <string.h>

struct output_column {
    struct vec own;
    uint8_t *missing;
    /* So many rows of `own` hold one value, that of element 0. */
    size_t alike;
};

int output_init(struct output *output, struct arena *arena, const struct schema *schema)
{
    static const enum pace_field_type types[] = {PACE_FIELD_NUMBER, PACE_FIELD_TIME,
                                                 PACE_FIELD_TEXT, PACE_FIELD_FLAG};
    output->fields = arena_array(arena, schema->count, sizeof *output->fields);
    output->columns = arena_array(arena, schema->count, sizeof *output->columns);
    output->marks = arena_space(arena, PACE_MAX_BATCH);
    if (arena->failed) return PACE_ENOMEM;
    for (size_t i = 0; i < schema->count; i++) {
        enum type type = schema->columns[i].type;
        output->columns[i].own = vec_make(arena, type, type == TYPE_NUMBER);
        output->columns[i].missing = arena_space(arena, PACE_MAX_BATCH);
        output->fields[i] =
            (struct pace_field){.name = schema->columns[i].name, .type = types[type]};
    }
    output->rows = (struct pace_rows){.field_count = schema->count, .fields = output->fields};
    return arena->failed ? PACE_ENOMEM : 0;
}

/* -- a column ---------------------------------------------------------------------------------- */

static bool same_element(const struct vec *a, const struct vec *b)
{
    switch (a->type) {
    case TYPE_NUMBER: return memcmp(a->at.number, b->at.number, sizeof *a->at.number) == 0;
    case TYPE_TIME: return *a->at.time_ns == *b->at.time_ns;
    case TYPE_TEXT: return *a->at.text == *b->at.text;
    case TYPE_FLAG: break;
    }
    return *a->at.flag == *b->at.flag;
}

/* Writes one value out for `count` rows. */
static void repeat(struct output_column *column, const struct vec *from, size_t count)
{
    struct vec *to = &column->own;
    size_t k = column->alike && same_element(to, from) ? column->alike : 0;
    switch (from->type) {
    case TYPE_NUMBER:
        for (; k < count; k++)
            to->at.number[k] = *from->at.number;
        break;
    case TYPE_TIME:
        for (; k < count; k++)
            to->at.time_ns[k] = *from->at.time_ns;
        break;
    case TYPE_TEXT:
        for (; k < count; k++)
            to->at.text[k] = *from->at.text;
        break;
    case TYPE_FLAG:
        for (; k < count; k++)
            to->at.flag[k] = *from->at.flag;
        break;
    }
    column->alike = k;
}

static void gather(struct output_column *column, const struct vec *from, const uint32_t *rows,
                   size_t count)
{
    struct vec *to = &column->own;
    column->alike = 0;
    switch (from->type) {
    case TYPE_NUMBER:
        for (size_t k = 0; k < count; k++)
            to->at.number[k] = from->at.number[rows[k]];
        break;
    case TYPE_TIME:
        for (size_t k = 0; k < count; k++)
            to->at.time_ns[k] = from->at.time_ns[rows[k]];
        break;
    case TYPE_TEXT:
        for (size_t k = 0; k < count; k++)
            to->at.text[k] = from->at.text[rows[k]];
        break;
    case TYPE_FLAG:
        for (size_t k = 0; k < count; k++)
            to->at.flag[k] = from->at.flag[rows[k]];
        break;
    }
}

/* Marks the elements that have no value; whether there are any. */
static bool find_missing(const struct vec *v, size_t count, uint8_t *missing)
{
    unsigned any = 0;
    if (!v->step) {
        bool none = vec_missing(v, 0);
        if (none) memset(missing, 1, count);
        return none;
    }
    switch (v->type) {
    case TYPE_NUMBER:
        if (!any_nan(v->at.number, count)) return false;
        for (size_t k = 0; k < count; k++)
            any |= missing[k] = (uint8_t)(isnan(v->at.number[k]) != 0);
        break;
    case TYPE_TIME:
        any = any_word(v->at.time_ns, count, (uint64_t)TIME_MISSING);
        for (size_t k = 0; any && k < count; k++)
            missing[k] = v->at.time_ns[k] == TIME_MISSING;
        break;
    case TYPE_TEXT:
        any = any_word(v->at.text, count, (uintptr_t)NULL);
        for (size_t k = 0; any && k < count; k++)
            missing[k] = v->at.text[k] == NULL;
        break;
    case TYPE_FLAG:
        for (size_t k = 0; k < count; k++)
            any |= missing[k] = v->at.flag[k] == FLAG_UNKNOWN;
        break;
    }
    return any;
}

/* The unit of each row, where there is not one for all. */
static const char *const *units_of(struct output_column *column, const struct vec *from,
                                   const uint32_t *rows, size_t count)
{
    if (from->type != TYPE_NUMBER || from->unit) return NULL;
    for (size_t k = 0; k < count; k++)
        column->own.units[k] = vec_unit(from, rows ? rows[k] : k);
    return column->own.units;
}

/* rows NULL: the first `count` ones. */
static void output_column(struct output *output, size_t index, const struct vec *from,
                          const uint32_t *rows, size_t count)
{
    struct output_column *column = &output->columns[index];
    struct pace_field *field = &output->fields[index];
    struct vec shown = column->own;
    if (!from->step)
        repeat(column, from, count);
    else if (rows)
        gather(column, from, rows, count);
    else
        shown = *from;
    shown.step = from->step;
    field->missing = find_missing(&shown, count, column->missing) ? column->missing : NULL;
    field->units = units_of(column, from, rows, count);
    switch (from->type) {
    case TYPE_NUMBER:
        field->unit = from->unit;
        field->number = shown.at.number;
        break;
    case TYPE_TIME: field->time_ns = shown.at.time_ns; break;
    case TYPE_TEXT: field->text = shown.at.text; break;
    case TYPE_FLAG: field->flag = shown.at.flag; break;
    }
}

/* What marks say about the rows: NULL where a batch has no such row. */
static const uint8_t *find_marks(struct output *output, const struct batch *batch,
                                 const uint32_t *rows, size_t count)
{
    unsigned any = 0;
    if (!batch->restart && !batch->hidden) return NULL;
    for (size_t k = 0; k < count; k++) {
        size_t row = rows ? rows[k] : k;
        output->marks[k] =
            (uint8_t)((batch->restart && batch->restart[row] ? PACE_ROW_ACCEPTED : 0) |
                      (batch->hidden && batch->hidden[row] ? PACE_ROW_EXCLUDED : 0));
        any |= output->marks[k];
    }
    return any ? output->marks : NULL;
}

void output_batch(struct output *output, const struct batch *batch)
{
    uint32_t rows[PACE_MAX_BATCH];
    size_t count = 0;
    bool all = !batch->selected;
    if (all) count = batch->count;
    for (size_t i = 0; i < batch->count && !all; i++)
        if (batch->selected[i]) rows[count++] = (uint32_t)i;
    all |= count == batch->count;
    output->rows.count = count;
    output->rows.marks = find_marks(output, batch, all ? NULL : rows, count);
    for (size_t column = 0; count && column < output->rows.field_count; column++)
        output_column(output, column, &batch->vecs[column], all ? NULL : rows, count);
}
