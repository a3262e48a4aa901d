/* format_table.c -- `as table`: aligned columns for a person at a terminal.
 *
 *     calendar · main · ci-1 · latency
 *     benchmark    time              commit     value     base      verdict
 *     month[31]    2026-08-03 14:05  4f2a1c9d0  12.50 ms  10.20 ms  worse
 *
 * Up to TABLE_BLOCK_ROWS rows are held to see their widths; longer results go on in blocks of that
 * size that keep the widths, and repeat the names of the columns only when something had to change.
 */
#include "format.h"
#include "held.h"
#include "layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TABLE_BLOCK_ROWS = 10000, /* rows held at a time */
    TABLE_SCREEN_ROWS = 20,   /* longer tables end with the number of rows */
};

struct table {
    struct held held;
    struct arena names;   /* of the block before */
    char *heading, *head; /* of the block before: heading, names of columns; NULL: first block */
    size_t *widths;       /* widths of the block before: a column's, then its parts' */
    size_t width_count;
    char *dropped;
    uint64_t rows;
};

enum { WIDTHS = 1 + LAYOUT_PARTS };

static int table_open(struct pace_writer *writer)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table) return PACE_ENOMEM;
    held_init(&table->held);
    arena_init(&table->names, 0);
    writer->state = table;
    return 0;
}

static void table_close(struct pace_writer *writer)
{
    struct table *table = writer->state;
    if (!table) return;
    held_free(&table->held);
    arena_clear(&table->names);
    free(table);
}

/* -- lines ------------------------------------------------------------------------------------- */

/* Spaces are written when something follows them: no line ends with any. */
struct line {
    struct pace_writer *writer;
    size_t spaces;
};

static void line_put(struct line *line, const char *text)
{
    if (!text[0]) return;
    text_out_repeat(&line->writer->out, " ", line->spaces);
    line->spaces = 0;
    text_out_put(&line->writer->out, text);
}

static void line_cell(struct line *line, const struct layout_column *column,
                      const struct layout_cell *cell)
{
    size_t parts = 0;
    for (int p = 0; p < LAYOUT_PARTS; p++)
        parts += column->part_width[p];
    if (column->number && column->width > parts) line->spaces += column->width - parts;
    bool begun = false;
    for (int p = 0; p < LAYOUT_PARTS; p++) {
        size_t room = column->number ? column->part_width[p] : p ? 0 : column->width;
        size_t pad = room > cell->width[p] ? room - cell->width[p] : 0;
        bool right = column->number && (p == 0 || p == 2);
        if (right) line->spaces += pad;
        if (cell->part[p][0] && !begun) {
            text_out_repeat(&line->writer->out, " ", line->spaces);
            line->spaces = 0;
            format_tone_begin(line->writer, cell->tone);
            begun = true;
        }
        line_put(line, cell->part[p]);
        if (!right) line->spaces += pad;
    }
    if (begun) format_tone_end(line->writer, cell->tone);
}

static void put_row(struct pace_writer *writer, const struct layout *layout, size_t row)
{
    struct line line = {.writer = writer};
    bool first = true;
    for (size_t c = 0; c < layout->column_count; c++) {
        const struct layout_column *column = &layout->columns[c];
        if (column->hidden) continue;
        if (!first) line.spaces += LAYOUT_GAP;
        first = false;
        line_cell(&line, column, &column->cells[row]);
    }
    text_out_put(&writer->out, "\n");
}

static void put_names(struct pace_writer *writer, const struct layout *layout)
{
    struct line line = {.writer = writer};
    bool first = true;
    for (size_t c = 0; c < layout->column_count; c++) {
        const struct layout_column *column = &layout->columns[c];
        if (column->hidden) continue;
        if (!first) line.spaces += LAYOUT_GAP;
        first = false;
        size_t pad = column->width - text_width(column->name);
        if (column->number) line.spaces += pad;
        text_out_repeat(&writer->out, " ", line.spaces);
        line.spaces = 0;
        format_toned(writer, TONE_BOLD, column->name);
        if (!column->number) line.spaces += pad;
    }
    text_out_put(&writer->out, "\n");
}

/* -- blocks ------------------------------------------------------------------------------------ */

/* The names of the columns that are shown, as one text to compare blocks by. */
static char *head_of(struct arena *arena, const struct layout *layout)
{
    char *head = arena_string(arena, "");
    for (size_t c = 0; c < layout->column_count && head; c++) {
        if (layout->columns[c].hidden) continue;
        head = arena_printf(arena, "%s\t%s", head, layout->columns[c].name);
    }
    return head;
}

/* Widens the columns of a block to those of the block before, when both have the same. Returns true
 * when the line before it can go on. */
static bool keep_widths(struct table *table, struct layout *layout)
{
    bool same = table->width_count == layout->column_count;
    for (size_t c = 0; c < layout->column_count && same; c++) {
        struct layout_column *column = &layout->columns[c];
        const size_t *before = &table->widths[c * WIDTHS];
        if (before[0] < column->width) same = false;
        for (int p = 0; p < LAYOUT_PARTS; p++) {
            if (before[1 + p] < column->part_width[p]) same = false;
        }
    }
    if (!same) return false;
    for (size_t c = 0; c < layout->column_count; c++) {
        struct layout_column *column = &layout->columns[c];
        column->width = table->widths[c * WIDTHS];
        memcpy(column->part_width, &table->widths[c * WIDTHS + 1], sizeof column->part_width);
    }
    return true;
}

/* What the next block is compared with. */
static int remember(struct table *table, const struct layout *layout, const char *head)
{
    arena_clear(&table->names);
    table->heading = arena_string(&table->names, layout->heading);
    table->head = arena_string(&table->names, head);
    table->widths =
        arena_array(&table->names, layout->column_count * WIDTHS, sizeof *table->widths);
    table->dropped = layout->dropped ? arena_string(&table->names, layout->dropped) : NULL;
    table->width_count = 0;
    if (table->names.failed) return PACE_ENOMEM;
    table->width_count = layout->column_count;
    for (size_t c = 0; c < layout->column_count; c++) {
        const struct layout_column *column = &layout->columns[c];
        table->widths[c * WIDTHS] = column->width;
        memcpy(&table->widths[c * WIDTHS + 1], column->part_width, sizeof column->part_width);
    }
    return 0;
}

static int put_block(struct pace_writer *writer, struct arena *arena)
{
    struct table *table = writer->state;
    const struct pace_writer_options *options = &writer->options;
    struct layout layout;
    struct layout_options how = {
        .ascii = options->ascii != 0, .now_ns = options->now_ns, .width = options->width};
    if (layout_build(&layout, arena, &table->held, &how)) return PACE_ENOMEM;
    if (layout_fit(&layout, arena, options->width, how.ascii)) return PACE_ENOMEM;
    char *head = head_of(arena, &layout);
    if (!head) return PACE_ENOMEM;

    bool same_names = table->head && strcmp(table->head, head) == 0;
    bool same_heading = table->heading && strcmp(table->heading, layout.heading) == 0;
    if (!same_heading && layout.heading[0]) {
        if (table->heading) text_out_put(&writer->out, "\n");
        format_toned(writer, TONE_DIM, layout.heading);
        text_out_put(&writer->out, "\n");
    }
    if (!(same_names && same_heading && keep_widths(table, &layout))) put_names(writer, &layout);
    for (size_t r = 0; r < layout.row_count; r++)
        put_row(writer, &layout, r);
    table->rows += layout.row_count;
    return remember(table, &layout, head);
}

static int flush_block(struct pace_writer *writer)
{
    struct table *table = writer->state;
    struct arena arena;
    arena_init(&arena, 0);
    int code = put_block(writer, &arena);
    arena_clear(&arena);
    held_reset(&table->held);
    return code;
}

static int table_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    struct table *table = writer->state;
    int code = writer->begun ? 0 : held_begin(&table->held, rows);
    for (size_t from = 0; from < rows->count && !code;) {
        size_t room = TABLE_BLOCK_ROWS - table->held.count, left = rows->count - from;
        size_t take = left < room ? left : room;
        code = held_add(&table->held, rows, from, take);
        from += take;
        if (!code && table->held.count == TABLE_BLOCK_ROWS) code = flush_block(writer);
    }
    return code;
}

/* What was hidden, on lines that fit; `used` columns of the first are taken. */
static void put_dropped(struct pace_writer *writer, const char *names, size_t used)
{
    static const char head[] = "not shown at this width:";
    text_out_put(&writer->out, head);
    used += sizeof head - 1;
    while (*names) {
        const char *between = " ";
        const char *end = strstr(names, ", ");
        size_t len = end ? (size_t)(end - names) + 1 : strlen(names);
        if (used + strlen(between) + len > writer->options.width) {
            between = "\n  ";
            used = 2 - strlen(between);
        }
        text_out_put(&writer->out, between);
        text_out_bytes(&writer->out, names, len);
        used += strlen(between) + len;
        names += end ? len + 1 : len;
    }
}

static int table_finish(struct pace_writer *writer)
{
    struct table *table = writer->state;
    if (table->held.count) {
        int code = flush_block(writer);
        if (code) return code;
    }
    char line[64];
    if (table->rows == 0) {
        format_toned(writer, TONE_DIM, "no rows");
        text_out_put(&writer->out, "\n");
        return 0;
    }
    bool counted = table->rows > TABLE_SCREEN_ROWS;
    if (!counted && !table->dropped) return 0;
    snprintf(line, sizeof line, "%" PRIu64 " row%s%s", table->rows, table->rows == 1 ? "" : "s",
             table->dropped ? "; " : "");
    format_tone_begin(writer, TONE_DIM);
    if (counted) text_out_put(&writer->out, line);
    if (table->dropped) put_dropped(writer, table->dropped, counted ? text_width(line) : 0);
    format_tone_end(writer, TONE_DIM);
    text_out_put(&writer->out, "\n");
    return 0;
}

const struct format format_table = {
    .open = table_open, .rows = table_rows, .finish = table_finish, .close = table_close};
