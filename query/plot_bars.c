/* plot_bars.c -- a bar for each row. Those of negative numbers go to the left of the zero line. */
#include "plot.h"

#include "bars.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* `eighths` of a cell to the right; what is not zero shows at least one eighth. */
static void put_bar(struct text_out *out, double size, unsigned room, bool ascii)
{
    unsigned eighths = (unsigned)lround(fabs(size) * room * 8);
    if (eighths == 0 && fabs(size) > 0) eighths = 1;
    unsigned full = eighths / 8, rest = eighths % 8;
    if (ascii) {
        bool rounded_up = rest >= 4 || (full == 0 && rest > 0);
        text_out_repeat(out, "#", full + (rounded_up ? 1 : 0));
        return;
    }
    text_out_repeat(out, "\xe2\x96\x88", full);
    if (rest == 0) return;
    char part[4] = "\xe2\x96\x88";
    part[2] = (char)(part[2] + (8 - (int)rest)); /* 7/8 ... 1/8 follow the full block */
    text_out_put(out, part);
}

/* To the left of the zero line there are only full and half cells. */
static void put_bar_left(struct text_out *out, double size, unsigned room, bool ascii)
{
    unsigned halves = size < 0 ? (unsigned)lround(-size * room * 2) : 0;
    if (halves == 0 && size < 0) halves = 1;
    unsigned full = halves / 2, half = halves % 2;
    text_out_repeat(out, " ", room - full - half);
    if (half) text_out_put(out, ascii ? "#" : "\xe2\x96\x90");
    text_out_repeat(out, ascii ? "#" : "\xe2\x96\x88", full);
}

static void put_padded(struct text_out *out, const char *text, size_t width, bool right)
{
    size_t used = text_width(text), pad = width > used ? width - used : 0;
    if (right) text_out_repeat(out, " ", pad);
    text_out_put(out, text);
    if (!right) text_out_repeat(out, " ", pad);
}

/* Columns of the parts of a line; left is 0 when no number is negative. */
struct bar_room {
    size_t label, number, word;
    unsigned left, right;
};

static struct bar_room share_room(size_t width, const struct bar *bars, size_t count, bool negative)
{
    enum { LEAST_BAR = 16, LEAST_LABEL = 8, GAPS = 4 };
    struct bar_room room = {
        .label = bars_widest(bars, count, offsetof(struct bar, label)),
        .number = bars_widest(bars, count, offsetof(struct bar, number)),
        .word = bars_widest(bars, count, offsetof(struct bar, word)),
    };
    size_t fixed = room.number + GAPS + (room.word ? room.word + 2 : 0) + negative;
    size_t labels =
        width > fixed + LEAST_BAR + LEAST_LABEL ? width - fixed - LEAST_BAR : LEAST_LABEL;
    if (room.label > labels) room.label = labels;
    size_t bar = width > fixed + room.label ? width - fixed - room.label : 1;
    room.right = (unsigned)(negative ? (bar + 1) / 2 : bar);
    room.left = negative ? room.right : 0;
    return room;
}

static int put_bar_line(struct pace_writer *writer, struct arena *arena, const struct bar *bar,
                        const struct bar_room *room)
{
    struct text_out *out = &writer->out;
    bool ascii = writer->options.ascii != 0, drawn = room->left || bar->size > 0;
    enum format_tone tone = bar->tone == TONE_PLAIN ? TONE_LINE : bar->tone;
    char *label = arena_alloc(arena, strlen(bar->label) + 4);
    if (!label) return PACE_ENOMEM;
    text_shorten(label, bar->label, room->label, ascii);
    put_padded(out, label, room->label ? room->label + 2 : 0, false);
    put_padded(out, bar->number, room->number, true);
    if (room->word && (drawn || bar->word[0])) {
        text_out_put(out, "  ");
        format_tone_begin(writer, bar->tone);
        put_padded(out, bar->word, drawn ? room->word : 0, false);
        format_tone_end(writer, bar->tone);
    }
    if (drawn) {
        text_out_put(out, "  ");
        format_tone_begin(writer, tone);
        if (room->left) put_bar_left(out, bar->size, room->left, ascii);
        if (room->left) text_out_put(out, ascii ? "|" : "\xe2\x94\x82");
        if (bar->size > 0) put_bar(out, bar->size, room->right, ascii);
        format_tone_end(writer, tone);
    }
    text_out_put(out, "\n");
    return 0;
}

int plot_bars(struct pace_writer *writer, struct arena *arena, const struct figure *figure)
{
    struct bars bars;
    if (bars_build(&bars, arena, figure, PLOT_BARS_MAX, writer->options.ascii)) return PACE_ENOMEM;
    struct bar_room room = share_room(plot_width(writer), bars.bars, bars.count, bars.negative);
    format_toned(writer, TONE_DIM, bars.heading);
    text_out_put(&writer->out, "\n");
    for (size_t i = 0; i < bars.count; i++) {
        if (put_bar_line(writer, arena, &bars.bars[i], &room)) return PACE_ENOMEM;
    }
    if (bars.left_out == 0) return 0;
    char line[64];
    snprintf(line, sizeof line, "%zu more rows\n", bars.left_out);
    format_toned(writer, TONE_DIM, line);
    return 0;
}
