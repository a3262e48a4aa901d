/* trend.c -- sparklines beside rows; see trend.h. Where the store cannot be read, there is no
 * column: the rows themselves are what was asked for. */
#include "trend.h"

#include "../query/spark.h"
#include "rows.h"

#include <math.h>
#include <string.h>

enum { MOST_ROWS = 200, VALUES = 16, TEXT = 3 * VALUES + 1 };

/* The fields that name a series, and the row's time. */
struct where {
    const struct pace_field *names[PACE_DIMENSION_COUNT], *time;
};

static int where_find(struct where *where, const struct pace_rows *rows)
{
    static const char *const names[] = {"project", "branch", "testbed", "benchmark", "measure"};
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++) {
        where->names[i] = rows_find(rows, names[i]);
        if (where->names[i] == NULL || where->names[i]->type != PACE_FIELD_TEXT) return 0;
    }
    where->time = rows_find(rows, "time");
    if (where->time != NULL && where->time->type != PACE_FIELD_TIME) where->time = NULL;
    return rows_find(rows, "value") != NULL;
}

static const char *name_at(const struct where *where, size_t dimension, size_t row)
{
    const char *name = field_text(where->names[dimension], row);
    return name != NULL ? name : "";
}

/* Rows come series by series, so that a series with two of them has them side by side. */
static int is_row_a_series(const struct where *where, const struct pace_rows *rows)
{
    for (size_t r = 1; r < rows->count; r++) {
        int same = 1;
        for (size_t i = 0; i < PACE_DIMENSION_COUNT && same; i++)
            same = strcmp(name_at(where, i, r), name_at(where, i, r - 1)) == 0;
        if (same) return 0;
    }
    return 1;
}

/* The stream and the column of a row's series; 0 or a code of libpace. */
static int series_find(pace_snapshot *snapshot, const struct where *where, size_t row,
                       uint32_t *stream, uint32_t *column)
{
    uint32_t ids[PACE_DIMENSION_COUNT], count = 0;
    const struct pace_stream *streams;
    const struct pace_column *columns;
    int code = 0;
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_MEASURE && code == 0; i++) {
        const char *name = name_at(where, i, row);
        code = pace_name_find(snapshot, i, name, strlen(name), NULL, &ids[i]);
    }
    if (code == 0) code = pace_streams_of(snapshot, ids[PACE_BRANCH], NULL, &streams, &count);
    if (code != 0) return code;
    for (uint32_t s = 0; s < count; s++) {
        if (streams[s].project != ids[PACE_PROJECT] || streams[s].testbed != ids[PACE_TESTBED])
            continue;
        uint32_t column_count;
        code = pace_columns(snapshot, streams[s].id, NULL, &columns, &column_count);
        if (code != 0) return code;
        for (uint32_t c = 0; c < column_count; c++) {
            if (columns[c].benchmark != ids[PACE_BENCHMARK] ||
                columns[c].measure != ids[PACE_MEASURE])
                continue;
            *stream = streams[s].id;
            *column = c;
            return 0;
        }
    }
    return PACE_ENOTFOUND;
}

static int draw(char text[TEXT], pace_snapshot *snapshot, const struct where *where, size_t row,
                int ascii)
{
    uint32_t stream, column;
    double values[VALUES];
    size_t count = 0;
    pace_scan *scan = NULL;
    struct pace_cells cells;
    struct pace_range range = {INT64_MIN, INT64_MAX, VALUES};
    if (where->time != NULL && !(where->time->missing != NULL && where->time->missing[row]))
        range.until_ns = where->time->time_ns[row] + 1;
    int code = series_find(snapshot, where, row, &stream, &column);
    if (code == 0) code = pace_scan_open(snapshot, stream, &column, 1, &range, NULL, &scan);
    if (code != 0) return code;
    pace_scan_skip_runs(scan);
    while ((code = pace_scan_next(scan, NULL, &cells)) == 0 && cells.run_count > 0)
        for (size_t r = 0; r < cells.run_count && count < VALUES; r++)
            values[count++] = cells.value[r];
    pace_scan_close(scan);
    spark(text, TEXT, values, count, ascii);
    return code;
}

static int add_column(struct trend *trend, pace_snapshot *snapshot, const struct where *where,
                      const struct pace_rows *rows, int ascii)
{
    struct arena *arena = &trend->arena;
    struct pace_field *fields = arena_array(arena, rows->field_count + 1, sizeof *fields);
    const char **texts = arena_array(arena, rows->count, sizeof *texts);
    uint8_t *missing = arena_alloc(arena, rows->count);
    if (fields == NULL || texts == NULL || missing == NULL) return PACE_ENOMEM;
    for (size_t r = 0; r < rows->count; r++) {
        char text[TEXT];
        missing[r] = 1;
        if (snapshot == NULL || draw(text, snapshot, where, r, ascii) != 0) continue;
        texts[r] = arena_string(arena, text);
        if (texts[r] == NULL) return PACE_ENOMEM;
        missing[r] = *text == '\0';
    }
    memcpy(fields, rows->fields, rows->field_count * sizeof *fields);
    fields[rows->field_count] = (struct pace_field){
        .name = "trend", .type = PACE_FIELD_TEXT, .text = texts, .missing = missing};
    trend->rows = (struct pace_rows){rows->count, rows->field_count + 1, fields, rows->marks};
    trend->used = 1;
    return 0;
}

int trend_add(struct trend *trend, pace *store, const struct pace_rows *rows, uint64_t before,
              int ascii)
{
    struct where where = {0};
    pace_snapshot *snapshot = NULL;
    arena_init(&trend->arena, 0);
    int fits = rows->count > 0 && before + rows->count <= MOST_ROWS && where_find(&where, rows) &&
               is_row_a_series(&where, rows) && pace_snapshot_begin(store, NULL, &snapshot) == 0;
    if (!fits && before == 0) return 0;
    int code = add_column(trend, snapshot, &where, rows, ascii);
    if (snapshot != NULL) pace_snapshot_end(snapshot);
    return code;
}

void trend_clear(struct trend *trend)
{
    arena_clear(&trend->arena);
    *trend = (struct trend){0};
}
