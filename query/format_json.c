/* format_json.c -- `as jsonl`: an object a row; `as json`: one document.
 *
 *     {"schema": "pace.rows/1",
 *      "rows": [{"benchmark":"sort","time":"2026-08-03T14:05:00Z","value":12.5}, ...],
 *      "columns": [{"name":"value","type":"number","unit":"ms"}, ...],
 *      "row_count": 2,
 *      "status": 0, "unknown_rows": 0, "notes": ["..."]}      (of a query's statement)
 *
 * Members are the columns in their order; numbers are the shortest that read back the same, times
 * ISO 8601 in UTC, missing values null. A column's unit is null when it has none, or its rows have
 * several: then the row's `unit` tells. Text is always valid UTF-8: a byte that is not becomes
 * U+FFFD. Control and bidirectional characters are written as \u escapes, which parse to the same
 * text. Rows are streamed, so the columns, whose units are known last, come after them. */
#include "escape.h"
#include "format.h"
#include "timefmt.h"

#include "../engine/arena.h"
#include "../engine/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- values ------------------------------------------------------------------------------------ */

static void put_value(struct text_out *out, const struct pace_field *field, size_t row)
{
    char buffer[UNIT_TEXT_MAX], time[TIME_TEXT_MAX];
    if (format_missing(field, row)) {
        text_out_put(out, "null");
        return;
    }
    switch (field->type) {
    case PACE_FIELD_TEXT: escape_json(out, field->text[row]); break;
    case PACE_FIELD_NUMBER: text_out_put(out, unit_print_number(buffer, field->number[row])); break;
    case PACE_FIELD_TIME: escape_json(out, time_print(time, field->time_ns[row])); break;
    case PACE_FIELD_FLAG: text_out_put(out, field->flag[row] ? "true" : "false"); break;
    }
}

static void put_object(struct text_out *out, const struct pace_rows *rows, size_t row)
{
    for (size_t c = 0; c < rows->field_count; c++) {
        text_out_put(out, c ? "," : "{");
        escape_json(out, rows->fields[c].name);
        text_out_put(out, ":");
        put_value(out, &rows->fields[c], row);
    }
    text_out_put(out, rows->field_count ? "}" : "{}");
}

static int jsonl_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    for (size_t r = 0; r < rows->count; r++) {
        put_object(&writer->out, rows, r);
        text_out_put(&writer->out, "\n");
    }
    return 0;
}

const struct format format_jsonl = {.rows = jsonl_rows};

/* -- the document ------------------------------------------------------------------------------ */

struct json_column {
    const char *name, *unit; /* unit NULL: none seen yet */
    enum pace_field_type type;
    int several_units;
};

struct json {
    struct arena arena;
    struct json_column *columns;
};

static int json_open(struct pace_writer *writer)
{
    struct json *json = calloc(1, sizeof *json);
    if (!json) return PACE_ENOMEM;
    arena_init(&json->arena, 0);
    writer->state = json;
    return 0;
}

static void json_close(struct pace_writer *writer)
{
    struct json *json = writer->state;
    if (!json) return;
    arena_clear(&json->arena);
    free(json);
}

static int json_begin(struct pace_writer *writer, const struct pace_rows *rows)
{
    struct json *json = writer->state;
    json->columns = arena_array(&json->arena, rows->field_count, sizeof *json->columns);
    for (size_t c = 0; c < rows->field_count && !json->arena.failed; c++) {
        json->columns[c].name = arena_string(&json->arena, rows->fields[c].name);
        json->columns[c].type = rows->fields[c].type;
    }
    return json->arena.failed ? PACE_ENOMEM : 0;
}

static void note_unit(struct json *json, struct json_column *column, const struct pace_field *field,
                      size_t row)
{
    const char *unit = format_unit(field, row);
    if (!column->unit)
        column->unit = arena_string(&json->arena, unit);
    else if (!column->several_units && strcmp(column->unit, unit) != 0)
        column->several_units = 1;
}

static int json_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    struct json *json = writer->state;
    if (!writer->begun) {
        if (json_begin(writer, rows)) return PACE_ENOMEM;
        text_out_put(&writer->out, "{\"schema\":\"pace.rows/1\",\n\"rows\":[");
    }
    for (size_t r = 0; r < rows->count; r++) {
        text_out_put(&writer->out, writer->row_count + r ? ",\n" : "\n");
        put_object(&writer->out, rows, r);
        for (size_t c = 0; c < rows->field_count; c++) {
            if (rows->fields[c].type == PACE_FIELD_NUMBER && !format_missing(&rows->fields[c], r))
                note_unit(json, &json->columns[c], &rows->fields[c], r);
        }
    }
    return json->arena.failed ? PACE_ENOMEM : 0;
}

/* Status, unknown rows and notes of the statement. */
static void put_outcome(struct text_out *out, const pace_query *query)
{
    const struct pace_outcome *outcome = pace_outcome(query);
    struct pace_diag diag;
    char line[80];
    snprintf(line, sizeof line, ",\n\"status\":%d,\n\"unknown_rows\":%" PRIu64 ",\n\"notes\":[",
             outcome->status, outcome->unknown_rows);
    text_out_put(out, line);
    for (size_t i = 0; pace_diag_get(query, i, &diag) == 0; i++) {
        text_out_put(out, i ? "," : "");
        escape_json(out, diag.message);
    }
    text_out_put(out, "]");
}

static int json_finish(struct pace_writer *writer)
{
    static const char *const types[] = {[PACE_FIELD_TEXT] = "text",
                                        [PACE_FIELD_NUMBER] = "number",
                                        [PACE_FIELD_TIME] = "time",
                                        [PACE_FIELD_FLAG] = "flag"};
    const struct json *json = writer->state;
    struct text_out *out = &writer->out;
    if (!writer->begun) text_out_put(out, "{\"schema\":\"pace.rows/1\",\n\"rows\":[");
    text_out_put(out, "],\n\"columns\":[");
    for (size_t c = 0; c < writer->field_count; c++) {
        const struct json_column *column = &json->columns[c];
        text_out_put(out, c ? ",\n{\"name\":" : "\n{\"name\":");
        escape_json(out, column->name);
        text_out_put(out, ",\"type\":\"");
        text_out_put(out, types[column->type]);
        text_out_put(out, "\",\"unit\":");
        if (column->unit && column->unit[0] && !column->several_units)
            escape_json(out, column->unit);
        else
            text_out_put(out, "null");
        text_out_put(out, "}");
    }
    char line[64];
    snprintf(line, sizeof line, "],\n\"row_count\":%" PRIu64, writer->row_count);
    text_out_put(out, line);
    if (writer->query) put_outcome(out, writer->query);
    text_out_put(out, "}\n");
    return 0;
}

const struct format format_json = {
    .open = json_open, .rows = json_rows, .finish = json_finish, .close = json_close};
