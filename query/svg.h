/* svg.h -- pieces of an SVG document: numbers, texts, styles.
 *
 * Well-formed XML whatever the names hold: texts are made safe (text.h) and escaped. Numbers have
 * at most two decimals and are written from integers, so that a document has the same bytes on
 * every machine. Colours are classes, light ones and, where the reader prefers them, dark ones; no
 * script, no reference to anything outside. */
#ifndef PACE_SVG_H
#define PACE_SVG_H

#include "axis.h"
#include "bars.h"

enum {
    SVG_WIDTH = 960,
    SVG_MARGIN = 24,
    SVG_CHAR = 7,           /* pixels of a display column of the 12 px font, on the safe side */
    SVG_LINE = 18,          /* from one line of text to the next */
    SVG_SERIES_MAX = 60,    /* panels of one document */
    SVG_BARS_MAX = 200,     /* bars of one document */
    SVG_TOOLTIPS_MAX = 500, /* points with a text of their own */
};

/* The root with its title, description and styles; then a background. */
void svg_begin(struct text_out *out, unsigned height, const char *title, const char *description);
void svg_end(struct text_out *out);

/* A number: 12, 12.5, -0.25. */
void svg_number(struct text_out *out, double value);

/* ` name="number"`. */
void svg_attribute(struct text_out *out, const char *name, double value);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* A text of a class ("" is the plain one) with its baseline at y. */
void svg_label(struct text_out *out, double x, double y, enum svg_anchor anchor, const char *class,
               const char *text);

/* A straight line of a class. */
void svg_rule(struct text_out *out, const char *class, double x0, double y0, double x1, double y1);

/* The class of what is drawn in a tone: "bad", "warn", "good", "dim". */
const char *svg_class(enum format_tone tone);

/* A text cut in the middle to fit so many pixels. */
const char *svg_fit(struct arena *arena, const char *text, double pixels);

/* A document that says why there is nothing to draw. */
void svg_say(struct pace_writer *writer, const char *text);

/* Panels and bars: what `as svg` draws. 0 or PACE_ENOMEM. */
int svg_lines(struct pace_writer *writer, struct arena *arena, struct figure *figure,
              uint64_t left_out);
int svg_bars(struct pace_writer *writer, struct arena *arena, const struct figure *figure,
             uint64_t left_out);

#endif
