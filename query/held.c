/* held.c -- see held.h. Arrays double; a byte a row, 17 bytes a cell (9 where it is not a number),
 * and the texts.
 */
#include "held.h"

#include "format.h"
#include "human.h"

#include <stdlib.h>
#include <string.h>

enum { HELD_FIRST = 64 };

void held_init(struct held *held)
{
    *held = (struct held){0};
    arena_init(&held->names, 0);
    arena_init(&held->cells, 0);
}

int held_begin(struct held *held, const struct pace_rows *rows)
{
    held->columns = arena_array(&held->names, rows->field_count, sizeof *held->columns);
    if (!held->columns) return PACE_ENOMEM;
    for (size_t i = 0; i < rows->field_count; i++) {
        held->columns[i].name = arena_string(&held->names, rows->fields[i].name);
        held->columns[i].type = rows->fields[i].type;
        if (!held->columns[i].name) return PACE_ENOMEM;
    }
    held->column_count = rows->field_count;
    return 0;
}

void held_reset(struct held *held)
{
    held->count = 0;
    for (size_t i = 0; i < held->column_count; i++)
        held->columns[i].measured = 0;
    arena_clear(&held->cells);
}

void held_free(struct held *held)
{
    free(held->marks);
    for (size_t i = 0; i < held->column_count; i++) {
        free(held->columns[i].values);
        free(held->columns[i].missing);
        free(held->columns[i].units);
    }
    arena_clear(&held->cells);
    arena_clear(&held->names);
    held_init(held);
}

static int grow(void **array, size_t count, size_t size)
{
    void *larger = reallocarray(*array, count, size);
    if (!larger) return PACE_ENOMEM;
    *array = larger;
    return 0;
}

static int held_reserve(struct held *held, size_t count)
{
    if (count <= held->capacity) return 0;
    size_t capacity = held->capacity ? held->capacity : HELD_FIRST;
    while (capacity < count)
        capacity *= 2;
    void *marks = held->marks;
    if (grow(&marks, capacity, sizeof *held->marks)) return PACE_ENOMEM;
    held->marks = marks;
    for (size_t i = 0; i < held->column_count; i++) {
        struct held_column *column = &held->columns[i];
        void *values = column->values, *missing = column->missing, *units = (void *)column->units;
        int code = grow(&values, capacity, sizeof *column->values);
        column->values = values;
        if (!code) code = grow(&missing, capacity, sizeof *column->missing);
        column->missing = missing;
        if (!code && column->type == PACE_FIELD_NUMBER)
            code = grow(&units, capacity, sizeof *column->units);
        column->units = units;
        if (code) return code;
    }
    held->capacity = capacity;
    return 0;
}

/* The text of the row before: where it came from, and its copy. */
struct kept {
    const char *source, *copy;
};

/* A copy, or the one that the row before has. */
static const char *keep(struct held *held, const char *text, struct kept *before)
{
    if (text == before->source) return before->copy;
    if (!before->copy || strcmp(before->copy, text) != 0)
        before->copy = text[0] ? arena_string(&held->cells, text) : "";
    before->source = text;
    return before->copy;
}

int held_add(struct held *held, const struct pace_rows *rows, size_t from, size_t count)
{
    int code = held_reserve(held, held->count + count);
    if (code) return code;
    for (size_t i = 0; i < held->column_count; i++) {
        struct held_column *column = &held->columns[i];
        const struct pace_field *field = &rows->fields[i];
        struct kept text = {0}, unit = {0};
        for (size_t r = 0; r < count; r++) {
            size_t row = from + r, to = held->count + r;
            union held_value *value = &column->values[to];
            column->missing[to] = format_missing(field, row) != 0;
            if (column->units) column->units[to] = keep(held, format_unit(field, row), &unit);
            *value = (union held_value){.time_ns = 0};
            if (column->missing[to]) continue;
            if (column->units && !column->measured)
                column->measured = human_is_measured(column->units[to]);
            switch (field->type) {
            case PACE_FIELD_TEXT: value->text = keep(held, field->text[row], &text); break;
            case PACE_FIELD_NUMBER: value->number = field->number[row]; break;
            case PACE_FIELD_TIME: value->time_ns = field->time_ns[row]; break;
            case PACE_FIELD_FLAG: value->flag = field->flag[row] != 0; break;
            }
        }
    }
    if (held->cells.failed) return PACE_ENOMEM;
    for (size_t r = 0; r < count; r++)
        held->marks[held->count + r] = rows->marks ? rows->marks[from + r] : 0;
    held->count += count;
    return 0;
}

const struct held_column *held_find(const struct held *held, const char *name)
{
    for (size_t i = 0; i < held->column_count; i++) {
        if (strcmp(held->columns[i].name, name) == 0) return &held->columns[i];
    }
    return NULL;
}

int held_equal(const struct held_column *column, size_t a, size_t b)
{
    if (column->missing[a] || column->missing[b]) return column->missing[a] == column->missing[b];
    const union held_value *x = &column->values[a], *y = &column->values[b];
    switch (column->type) {
    case PACE_FIELD_TEXT: return x->text == y->text || strcmp(x->text, y->text) == 0;
    case PACE_FIELD_NUMBER: return !(x->number < y->number) && !(x->number > y->number);
    case PACE_FIELD_TIME: return x->time_ns == y->time_ns;
    case PACE_FIELD_FLAG: return x->flag == y->flag;
    }
    return 0;
}
