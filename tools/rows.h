/* rows.h -- result rows: building them for a writer, and finding a field of a query's.
 *
 * What `ls`, `log` and `show` print goes through the same writers as a query's results, so that
 * every format and every rule of safe text holds for them. */
#ifndef PACE_ROWS_H
#define PACE_ROWS_H

#include "../engine/arena.h"
#include "../query/pace_query.h"

enum { ROWS_MAX_FIELDS = 24 };

/* A value per row and field, gathered row by row. */
struct rows {
    struct arena arena;
    struct pace_field fields[ROWS_MAX_FIELDS];
    size_t field_count, count, capacity;
    void *columns[ROWS_MAX_FIELDS]; /* text, numbers, times or flags */
    uint8_t *missing[ROWS_MAX_FIELDS];
    const char **units[ROWS_MAX_FIELDS]; /* NULL: the field has one unit */
    int failed;                          /* 1: out of memory */
};

void rows_init(struct rows *rows);
void rows_clear(struct rows *rows);

/* Declares the next field; all before the first row. */
void rows_field(struct rows *rows, const char *name, enum pace_field_type type);

/* Begins a row whose values are all missing, then the values by field number. */
void rows_next(struct rows *rows);
void rows_text(struct rows *rows, size_t field, const char *text);
void rows_number(struct rows *rows, size_t field, double number, const char *unit);
void rows_time(struct rows *rows, size_t field, int64_t time_ns);
void rows_flag(struct rows *rows, size_t field, int flag);

/* Row `index` of what was built as a batch of at most PACE_MAX_BATCH; count 0 at the end. */
void rows_batch(struct rows *rows, size_t index, struct pace_field *fields, struct pace_rows *out);

/* A field of a batch by name, or NULL. */
const struct pace_field *rows_find(const struct pace_rows *rows, const char *name);

/* Its values; NULL, NAN or `none` where there is none (or no such field). */
const char *field_text(const struct pace_field *field, size_t row);
double field_number(const struct pace_field *field, size_t row);
int64_t field_time(const struct pace_field *field, size_t row); /* 0 where there is none */
const char *field_unit(const struct pace_field *field, size_t row);
/* The number of a run, which is a number or its text; 0: none. */
uint64_t field_run(const struct pace_field *field, size_t row);

#endif
