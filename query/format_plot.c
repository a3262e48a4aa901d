/* format_plot.c -- `as plot`: a chart in the terminal.
 *
 * Rows of series over time or commits are lines over the runs in order (plot_lines.c); anything
 * else with a number is a bar a row (plot_bars.c). Rows are held: up to PLOT_ROWS_MAX. */
#include "plot.h"

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

static int plot_finish(struct pace_writer *writer)
{
    const struct held *held = writer->state;
    struct figure figure;
    struct arena arena;
    arena_init(&arena, 0);
    int code = figure_build(&figure, &arena, held, writer->options.ascii);
    if (!code && (held->count == 0 || !figure.columns.value)) {
        format_toned(writer, TONE_DIM,
                     held->count ? "nothing to plot: the rows hold no numbers" : "no rows");
        text_out_put(&writer->out, "\n");
    } else if (!code) {
        code =
            figure.count ? plot_lines(writer, &arena, &figure) : plot_bars(writer, &arena, &figure);
    }
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
