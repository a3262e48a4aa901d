/* rows.c -- result rows: building them for a writer, and finding a field of a query's. */
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 64 };

void rows_init(struct rows *rows)
{
    *rows = (struct rows){0};
    arena_init(&rows->arena, 0);
}

void rows_clear(struct rows *rows)
{
    for (size_t i = 0; i < rows->field_count; i++) {
        free(rows->columns[i]);
        free(rows->missing[i]);
        free(rows->units[i]);
    }
    arena_clear(&rows->arena);
    *rows = (struct rows){0};
}

void rows_field(struct rows *rows, const char *name, enum pace_field_type type)
{
    if (rows->field_count == ROWS_MAX_FIELDS) {
        rows->failed = 1;
        return;
    }
    rows->fields[rows->field_count++] = (struct pace_field){.name = name, .type = type};
}

static size_t value_size(enum pace_field_type type)
{
    switch (type) {
    case PACE_FIELD_TEXT: return sizeof(char *);
    case PACE_FIELD_NUMBER: return sizeof(double);
    case PACE_FIELD_TIME: return sizeof(int64_t);
    case PACE_FIELD_FLAG: break;
    }
    return sizeof(uint8_t);
}

/* Makes *column hold `count` values more than before; 0 when there is no memory. */
static int column_grow(void **column, size_t count, size_t size)
{
    void *grown = reallocarray(*column, count, size);
    if (grown == NULL) return 0;
    *column = grown;
    return 1;
}

static int rows_grow(struct rows *rows)
{
    size_t capacity = rows->capacity ? rows->capacity * 2 : FIRST_ROWS;
    for (size_t i = 0; i < rows->field_count; i++) {
        void *missing = rows->missing[i], *units = rows->units[i];
        int ok = column_grow(&rows->columns[i], capacity, value_size(rows->fields[i].type));
        ok = ok && column_grow(&missing, capacity, 1);
        rows->missing[i] = missing;
        ok = ok && column_grow(&units, capacity, sizeof(char *));
        rows->units[i] = units;
        if (!ok) return 0;
    }
    rows->capacity = capacity;
    return 1;
}

void rows_next(struct rows *rows)
{
    if (rows->count == rows->capacity && !rows_grow(rows)) rows->failed = 1;
    if (rows->failed) return;
    for (size_t i = 0; i < rows->field_count; i++) {
        size_t size = value_size(rows->fields[i].type);
        memset((char *)rows->columns[i] + rows->count * size, 0, size);
        rows->missing[i][rows->count] = 1;
        rows->units[i][rows->count] = "";
        if (rows->fields[i].type == PACE_FIELD_TEXT)
            ((const char **)rows->columns[i])[rows->count] = "";
    }
    rows->count++;
}

void rows_text(struct rows *rows, size_t field, const char *text)
{
    if (rows->failed || text == NULL) return;
    const char *copy = arena_string(&rows->arena, text);
    if (copy == NULL) {
        rows->failed = 1;
        return;
    }
    ((const char **)rows->columns[field])[rows->count - 1] = copy;
    rows->missing[field][rows->count - 1] = 0;
}

void rows_number(struct rows *rows, size_t field, double number, const char *unit)
{
    if (rows->failed || isnan(number)) return;
    ((double *)rows->columns[field])[rows->count - 1] = number;
    rows->missing[field][rows->count - 1] = 0;
    if (unit == NULL || *unit == '\0') return;
    const char *copy = arena_string(&rows->arena, unit);
    if (copy == NULL)
        rows->failed = 1;
    else
        rows->units[field][rows->count - 1] = copy;
}

void rows_time(struct rows *rows, size_t field, int64_t time_ns)
{
    if (rows->failed) return;
    ((int64_t *)rows->columns[field])[rows->count - 1] = time_ns;
    rows->missing[field][rows->count - 1] = 0;
}

void rows_flag(struct rows *rows, size_t field, int flag)
{
    if (rows->failed) return;
    ((uint8_t *)rows->columns[field])[rows->count - 1] = flag != 0;
    rows->missing[field][rows->count - 1] = 0;
}

void rows_batch(struct rows *rows, size_t index, struct pace_field *fields, struct pace_rows *out)
{
    size_t count = rows->count - index;
    if (count > PACE_MAX_BATCH) count = PACE_MAX_BATCH;
    for (size_t i = 0; i < rows->field_count; i++) {
        struct pace_field *field = &fields[i];
        *field = rows->fields[i];
        if (rows->capacity > 0) {
            const char *start = (const char *)rows->columns[i] + index * value_size(field->type);
            const void *values = start;
            if (field->type == PACE_FIELD_TEXT) field->text = values;
            if (field->type == PACE_FIELD_NUMBER) field->number = values;
            if (field->type == PACE_FIELD_TIME) field->time_ns = values;
            if (field->type == PACE_FIELD_FLAG) field->flag = values;
            field->missing = rows->missing[i] + index;
            if (field->type == PACE_FIELD_NUMBER) field->units = rows->units[i] + index;
        }
    }
    *out = (struct pace_rows){count, rows->field_count, fields, NULL};
}

/* -- reading ----------------------------------------------------------------------------------- */

const struct pace_field *rows_find(const struct pace_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->field_count; i++)
        if (strcmp(rows->fields[i].name, name) == 0) return &rows->fields[i];
    return NULL;
}

static int is_there(const struct pace_field *field, size_t row, enum pace_field_type type)
{
    return field != NULL && field->type == type &&
           (field->missing == NULL || field->missing[row] == 0);
}

const char *field_text(const struct pace_field *field, size_t row)
{
    return is_there(field, row, PACE_FIELD_TEXT) ? field->text[row] : NULL;
}

double field_number(const struct pace_field *field, size_t row)
{
    return is_there(field, row, PACE_FIELD_NUMBER) ? field->number[row] : (double)NAN;
}

int64_t field_time(const struct pace_field *field, size_t row)
{
    return is_there(field, row, PACE_FIELD_TIME) ? field->time_ns[row] : 0;
}

const char *field_unit(const struct pace_field *field, size_t row)
{
    if (field == NULL || field->type != PACE_FIELD_NUMBER) return "";
    const char *unit = field->units != NULL ? field->units[row] : field->unit;
    return unit != NULL ? unit : "";
}

uint64_t field_run(const struct pace_field *field, size_t row)
{
    double number = field_number(field, row);
    const char *text = field_text(field, row);
    if (!isnan(number)) return (uint64_t)number;
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}
