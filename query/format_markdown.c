/* format_markdown.c -- `as markdown`: a GitHub-flavoured table for comments and summaries.
 *
 * Laid out as the terminal's table (heading, units, what is left out). Text is
 * written by escape.h. At most MARKDOWN_ROWS rows, the rest is counted: comments
 * have a size limit. */
#include "escape.h"
#include "format.h"
#include "held.h"
#include "layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKDOWN_ROWS = 1000 };
#define UNIT_PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 %/"

static int markdown_open(struct pace_writer *writer)
{
    struct held *held = malloc(sizeof *held);
    if (!held) return PACE_ENOMEM;
    held_init(held);
    writer->state = held;
    return 0;
}

static void markdown_close(struct pace_writer *writer)
{
    if (!writer->state) return;
    held_free(writer->state);
    free(writer->state);
}

static int markdown_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    struct held *held = writer->state;
    int code = writer->begun ? 0 : held_begin(held, rows);
    size_t room = MARKDOWN_ROWS - held->count;
    return code ? code : held_add(held, rows, 0, rows->count < room ? rows->count : room);
}

/* A unit with its space: letters, digits, "%" and "/" are plain, what an input made up is code. */
static void put_unit(struct text_out *out, const char *unit)
{
    size_t plain = strspn(unit, UNIT_PLAIN);
    if (unit[plain] == '\0') {
        text_out_put(out, unit);
        return;
    }
    text_out_put(out, " ");
    escape_markdown_code(out, unit + (unit[0] == ' '));
}

static void put_cell(struct text_out *out, const struct layout_column *column,
                     const struct layout_cell *cell)
{
    text_out_put(out, " ");
    if (!column->number) {
        bool bold = cell->tone == TONE_BAD;
        if (bold) text_out_put(out, "**");
        if (strcmp(cell->part[0], "-") == 0)
            text_out_put(out, "-"); /* no text: in a cell it means nothing else */
        else
            escape_markdown(out, cell->part[0]);
        if (bold) text_out_put(out, "**");
    } else {
        for (int p = 0; p < LAYOUT_PARTS - 1; p++) {
            bool less = cell->part[p][0] == '<'; /* <1e-9 */
            text_out_put(out, less ? "&lt;" : "");
            text_out_put(out, cell->part[p] + less);
        }
        put_unit(out, cell->part[LAYOUT_PARTS - 1]);
    }
    text_out_put(out, " |");
}

static int put_table(struct pace_writer *writer, struct arena *arena)
{
    const struct held *held = writer->state;
    struct text_out *out = &writer->out;
    struct layout layout;
    struct layout_options how = {.ascii = writer->options.ascii != 0,
                                 .now_ns = writer->options.now_ns};
    if (layout_build(&layout, arena, held, &how)) return PACE_ENOMEM;
    if (layout.heading[0]) {
        escape_markdown(out, layout.heading);
        text_out_put(out, "\n\n");
    }
    text_out_put(out, "|");
    for (size_t c = 0; c < layout.column_count; c++) {
        text_out_put(out, " ");
        escape_markdown(out, layout.columns[c].name);
        text_out_put(out, " |");
    }
    text_out_put(out, "\n|");
    for (size_t c = 0; c < layout.column_count; c++)
        text_out_put(out, layout.columns[c].number ? " ---: |" : " --- |");
    text_out_put(out, "\n");
    for (size_t r = 0; r < layout.row_count; r++) {
        text_out_put(out, "|");
        for (size_t c = 0; c < layout.column_count; c++)
            put_cell(out, &layout.columns[c], &layout.columns[c].cells[r]);
        text_out_put(out, "\n");
    }
    return 0;
}

static int markdown_finish(struct pace_writer *writer)
{
    const struct held *held = writer->state;
    if (held->count == 0) {
        text_out_put(&writer->out, "No rows.\n");
        return 0;
    }
    struct arena arena;
    arena_init(&arena, 0);
    int code = put_table(writer, &arena);
    arena_clear(&arena);
    if (writer->row_count > held->count) {
        char line[64];
        snprintf(line, sizeof line, "\n%" PRIu64 " more rows\n", writer->row_count - held->count);
        text_out_put(&writer->out, line);
    }
    return code;
}

const struct format format_markdown = {.open = markdown_open,
                                       .rows = markdown_rows,
                                       .finish = markdown_finish,
                                       .close = markdown_close};
