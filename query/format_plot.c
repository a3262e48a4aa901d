/* format_plot.c -- `as plot`: what to draw of a result, and how its columns are found.
 *
 * Rows with a time and a number, several a series, are lines over the runs in order (plot_lines.c);
 * anything else with a number is a bar a row (plot_bars.c). Rows are held: up to PLOT_ROWS_MAX. */
#include "plot.h"

#include "human.h"
#include "layout.h"

#include <stdbool.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int plot_open(struct pace_writer *writer)
{
    struct held *held = malloc(sizeof *held);
    if (!held) return PACE_ENOMEM;
    held_init(held);
    writer->state = held;
    return 0;
}

static void plot_close(struct pace_writer *writer)
{
    if (!writer->state) return;
    held_free(writer->state);
    free(writer->state);
}

static int plot_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    struct held *held = writer->state;
    int code = writer->begun ? 0 : held_begin(held, rows);
    size_t room = PLOT_ROWS_MAX - held->count;
    return code ? code : held_add(held, rows, 0, rows->count < room ? rows->count : room);
}

/* -- columns ----------------------------------------------------------------------------------- */

static const struct held_column *find_typed(const struct held *held, const char *name,
                                            enum pace_field_type type)
{
    const struct held_column *column = held_find(held, name);
    return column && column->type == type ? column : NULL;
}

static const struct held_column *find_value(const struct held *held)
{
    static const char *const first[] = {"delta", "value", "ratio"};
    /* A time axis wants the value itself, bars want what compares. */
    bool changes = held_find(held, "before") || !held_find(held, "time");
    if (!changes && find_typed(held, "value", PACE_FIELD_NUMBER)) return held_find(held, "value");
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        const struct held_column *column = find_typed(held, first[i], PACE_FIELD_NUMBER);
        if (column) return column;
    }
    const struct held_column *spare = NULL;
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        if (column->type != PACE_FIELD_NUMBER) continue;
        if (human_style_of(column->name) != HUMAN_INTEGER) return column;
        if (!spare) spare = column;
    }
    return spare;
}

void plot_columns_find(struct plot_columns *columns, const struct held *held)
{
    static const char *const keys[] = {"project", "branch", "testbed", "benchmark", "measure"};
    *columns = (struct plot_columns){
        .time = find_typed(held, "time", PACE_FIELD_TIME),
        .commit = find_typed(held, "commit", PACE_FIELD_TEXT),
        .value = find_value(held),
        .base = find_typed(held, "base", PACE_FIELD_NUMBER),
        .low = find_typed(held, "low_limit", PACE_FIELD_NUMBER),
        .high = find_typed(held, "high_limit", PACE_FIELD_NUMBER),
        .verdict = find_typed(held, "verdict", PACE_FIELD_TEXT),
    };
    for (size_t c = 0; c < held->column_count && !columns->time; c++) {
        if (held->columns[c].type == PACE_FIELD_TIME) columns->time = &held->columns[c];
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct held_column *key = find_typed(held, keys[i], PACE_FIELD_TEXT);
        if (key) columns->keys[columns->key_count++] = key;
    }
    /* Limits and base are of `value`: not of another number that is drawn. */
    if (columns->value && strcmp(columns->value->name, "value") != 0)
        columns->base = columns->low = columns->high = NULL;
}

unsigned plot_width(const struct pace_writer *writer)
{
    unsigned width = writer->options.width ? writer->options.width : PLOT_WIDTH_DEFAULT;
    if (width < PLOT_WIDTH_MIN) return PLOT_WIDTH_MIN;
    return width > PLOT_WIDTH_MAX ? PLOT_WIDTH_MAX : width;
}

const char *plot_name(struct arena *arena, const struct plot_columns *columns, const int *differ,
                      int which, size_t row, int ascii)
{
    const char *name = "", *gap = ascii ? " - " : " \xc2\xb7 ";
    for (size_t k = 0; k < columns->key_count; k++) {
        const struct held_column *key = columns->keys[k];
        if ((differ[k] != 0) != (which != 0) || key->missing[row]) continue;
        name = arena_printf(arena, "%s%s%s", name, name[0] ? gap : "",
                            layout_safe(arena, key->values[row].text));
        if (!name) return "";
    }
    return name;
}

/* -- which chart ------------------------------------------------------------------------------- */

/* 1 when some series has more than one row, so that there is a line to draw. */
static int has_lines(const struct held *held, const struct plot_columns *columns)
{
    if (!columns->time || !columns->value || held_find(held, "before")) return 0;
    for (size_t r = 1; r < held->count; r++) {
        int same = 1;
        for (size_t k = 0; k < columns->key_count && same; k++)
            same = held_equal(columns->keys[k], r - 1, r);
        if (same) return 1;
    }
    return 0;
}

static int plot_finish(struct pace_writer *writer)
{
    const struct held *held = writer->state;
    struct plot_columns columns;
    plot_columns_find(&columns, held);
    if (held->count == 0 || !columns.value) {
        format_toned(writer, TONE_DIM,
                     held->count ? "nothing to plot: the rows hold no numbers" : "no rows");
        text_out_put(&writer->out, "\n");
        return 0;
    }
    struct arena arena;
    arena_init(&arena, 0);
    int code = has_lines(held, &columns) ? plot_lines(writer, &arena, held, &columns)
                                         : plot_bars(writer, &arena, held, &columns);
    arena_clear(&arena);
    if (!code && writer->row_count > held->count) {
        char line[96];
        snprintf(line, sizeof line, "%" PRIu64 " more rows are not drawn\n",
                 writer->row_count - held->count);
        format_toned(writer, TONE_DIM, line);
    }
    return code;
}

const struct format format_plot = {
    .open = plot_open, .rows = plot_rows, .finish = plot_finish, .close = plot_close};
