/* svg_bars.c -- `as svg` of rows that are no history: a bar for each. */
#include "svg.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

enum {
    BAR_HEIGHT = 12,
    BAR_STEP = 22,
    TOP = 64,
    LABEL_MOST = 68 /* columns */,
    GAP = 2 * SVG_CHAR
};

static double column_width(const struct bars *bars, size_t offset)
{
    size_t width = bars_widest(bars, offset);
    return width ? (double)width * SVG_CHAR + GAP : 0;
}

static void put_bar(struct text_out *out, const struct bar *bar, double zero, double room, double y)
{
    double length = fmax(fabs(bar->size) * room, 1);
    text_out_put(out, "<rect class=\"bar");
    if (bar->tone != TONE_PLAIN) {
        text_out_put(out, " ");
        text_out_put(out, svg_class(bar->tone));
    }
    text_out_put(out, "\" rx=\"1.5\"");
    svg_attribute(out, "x", bar->size < 0 ? zero - length : zero);
    svg_attribute(out, "y", y - BAR_HEIGHT + 2);
    svg_attribute(out, "width", length);
    svg_attribute(out, "height", BAR_HEIGHT);
    text_out_put(out, "/>\n");
}

int svg_bars(struct pace_writer *writer, struct arena *arena, const struct figure *figure,
             uint64_t left_out)
{
    struct text_out *out = &writer->out;
    struct bars bars;
    char facts[96];
    if (bars_build(&bars, arena, figure, SVG_BARS_MAX, 0)) return PACE_ENOMEM;
    snprintf(facts, sizeof facts, "%zu row%s", bars.count, bars.count == 1 ? "" : "s");
    left_out += bars.left_out;
    if (left_out)
        snprintf(facts, sizeof facts, "the first %zu of %" PRIu64 " rows", bars.count,
                 bars.count + left_out);
    size_t *widths = arena_array(arena, bars.part_count + 1, sizeof *widths);
    if (!widths) return PACE_ENOMEM;
    double label = (double)bars_fit(&bars, LABEL_MOST, GAP / SVG_CHAR, widths) * SVG_CHAR;
    double number = column_width(&bars, offsetof(struct bar, number));
    double word = column_width(&bars, offsetof(struct bar, word));
    double left = SVG_MARGIN + label + number + word;
    double room = SVG_WIDTH - SVG_MARGIN - left, zero = left;
    if (bars.negative) {
        room /= 2;
        zero += room;
    }
    svg_begin(out, (unsigned)(TOP + bars.count * BAR_STEP + 10), bars.heading, facts);
    svg_label(out, SVG_MARGIN, 34, SVG_START, "title",
              svg_fit(arena, bars.heading, (SVG_WIDTH - 2 * SVG_MARGIN) * SVG_CHAR / 9.0));
    svg_label(out, SVG_WIDTH - SVG_MARGIN, 34, SVG_END, "dim", facts);
    for (size_t i = 0; i < bars.count; i++) {
        const struct bar *bar = &bars.bars[i];
        double y = TOP + (double)i * BAR_STEP + 8;
        double x = SVG_MARGIN;
        for (size_t k = 0; k < bars.part_count; k++) {
            svg_label(out, x, y, SVG_START, "",
                      svg_fit(arena, bar->parts[k], (double)widths[k] * SVG_CHAR));
            x += (double)widths[k] * SVG_CHAR + GAP;
        }
        svg_label(out, SVG_MARGIN + label + number - GAP, y, SVG_END, "", bar->number);
        svg_label(out, SVG_MARGIN + label + number, y, SVG_START, svg_class(bar->tone), bar->word);
        if (isfinite(bar->value)) put_bar(out, bar, zero, room, y);
    }
    if (bars.negative)
        svg_rule(out, "axis", zero, TOP - 8, zero, TOP + (double)bars.count * BAR_STEP);
    svg_end(out);
    return arena->failed ? PACE_ENOMEM : 0;
}
