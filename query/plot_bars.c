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

enum { PART_GAP = 2 };

/* Columns of the parts of a line; left is 0 when no number is negative. */
struct bar_room {
    size_t *parts;
    size_t number, word;
    unsigned left, right;
};

static int share_room(struct bar_room *room, struct arena *arena, size_t width,
                      const struct bars *bars)
{
    enum { LEAST_BAR = 16, LEAST_LABEL = 8, GAPS = 2 };
    *room = (struct bar_room){
        .parts = arena_array(arena, bars->part_count + 1, sizeof *room->parts),
        .number = bars_widest(bars, offsetof(struct bar, number)),
        .word = bars_widest(bars, offsetof(struct bar, word)),
    };
    if (!room->parts) return PACE_ENOMEM;
    size_t fixed = room->number + GAPS + (room->word ? room->word + 2 : 0) + bars->negative;
    size_t labels =
        width > fixed + LEAST_BAR + LEAST_LABEL ? width - fixed - LEAST_BAR : LEAST_LABEL;
    labels = bars_fit(bars, labels, PART_GAP, room->parts);
    size_t bar = width > fixed + labels ? width - fixed - labels : 1;
    room->right = (unsigned)(bars->negative ? (bar + 1) / 2 : bar);
    room->left = bars->negative ? room->right : 0;
    return 0;
}

static int put_parts(struct pace_writer *writer, struct arena *arena, const struct bar *bar,
                     const struct bar_room *room, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        char *text = arena_alloc(arena, strlen(bar->parts[k]) + 4);
        if (!text) return PACE_ENOMEM;
        text_shorten(text, bar->parts[k], room->parts[k], writer->options.ascii);
        put_padded(&writer->out, text, room->parts[k] + PART_GAP, false);
    }
    return 0;
}

static void put_bar_line(struct pace_writer *writer, const struct bar *bar,
                         const struct bar_room *room)
{
    struct text_out *out = &writer->out;
    bool ascii = writer->options.ascii != 0, drawn = room->left || bar->size > 0;
    enum format_tone tone = bar->tone == TONE_PLAIN ? TONE_LINE : bar->tone;
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
}

int plot_bars(struct pace_writer *writer, struct arena *arena, const struct figure *figure)
{
    struct bars bars;
    if (bars_build(&bars, arena, figure, PLOT_BARS_MAX, writer->options.ascii)) return PACE_ENOMEM;
    struct bar_room room;
    if (share_room(&room, arena, plot_width(writer), &bars)) return PACE_ENOMEM;
    format_toned(writer, TONE_DIM, bars.heading);
    text_out_put(&writer->out, "\n");
    for (size_t i = 0; i < bars.count; i++) {
        if (put_parts(writer, arena, &bars.bars[i], &room, bars.part_count)) return PACE_ENOMEM;
        put_bar_line(writer, &bars.bars[i], &room);
    }
    if (bars.left_out == 0) return 0;
    char line[64];
    snprintf(line, sizeof line, "%zu more rows\n", bars.left_out);
    format_toned(writer, TONE_DIM, line);
    return 0;
}
