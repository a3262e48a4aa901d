/* format_plot.c -- `as plot` and `as svg`: a chart in the terminal, and one for pages.
 *
 * Rows of series over time or commits are lines over the runs in order (plot_lines.c, svg_lines.c);
 * anything else with a number is a bar a row (plot_bars.c, svg_bars.c). Rows are held: up to
 * PLOT_ROWS_MAX. */
#include "plot.h"
#include "svg.h"

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

unsigned plot_width(const struct pace_writer *writer)
{
    unsigned width = writer->options.width ? writer->options.width : PLOT_WIDTH_DEFAULT;
    if (width < PLOT_WIDTH_MIN) return PLOT_WIDTH_MIN;
    return width > PLOT_WIDTH_MAX ? PLOT_WIDTH_MAX : width;
}

static int draw_text(struct pace_writer *writer, struct arena *arena, struct figure *figure,
                     uint64_t left_out)
{
    int code = figure->count ? plot_lines(writer, arena, figure) : plot_bars(writer, arena, figure);
    if (code || left_out == 0) return code;
    char line[96];
    snprintf(line, sizeof line, "%" PRIu64 " more rows are not drawn\n", left_out);
    format_toned(writer, TONE_DIM, line);
    return 0;
}

static int draw_svg(struct pace_writer *writer, struct arena *arena, struct figure *figure,
                    uint64_t left_out)
{
    return figure->count ? svg_lines(writer, arena, figure, left_out)
                         : svg_bars(writer, arena, figure, left_out);
}

static void say_text(struct pace_writer *writer, const char *text)
{
    format_toned(writer, TONE_DIM, text);
    text_out_put(&writer->out, "\n");
}

static int finish(struct pace_writer *writer,
                  int (*draw)(struct pace_writer *, struct arena *, struct figure *, uint64_t),
                  void (*say)(struct pace_writer *, const char *))
{
    const struct held *held = writer->state;
    struct figure figure;
    struct arena arena;
    arena_init(&arena, 0);
    int code = figure_build(&figure, &arena, held, writer->options.ascii);
    if (!code && held->count == 0)
        say(writer, "no rows");
    else if (!code && !figure.columns.value)
        say(writer, "nothing to plot: the rows hold no numbers");
    else if (!code)
        code = draw(writer, &arena, &figure, writer->row_count - held->count);
    arena_clear(&arena);
    return code;
}

static int plot_finish(struct pace_writer *writer)
{
    return finish(writer, draw_text, say_text);
}

static int svg_finish(struct pace_writer *writer)
{
    writer->options.ascii = 0;
    return finish(writer, draw_svg, svg_say);
}

const struct format format_plot = {
    .open = plot_open, .rows = plot_rows, .finish = plot_finish, .close = plot_close};
const struct format format_svg = {
    .open = plot_open, .rows = plot_rows, .finish = svg_finish, .close = plot_close};
