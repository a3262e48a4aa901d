/* svg.c -- see svg.h. */
#include "svg.h"

#include "escape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Light colours, then the dark ones. */
static const char style[] =
    "text{font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;"
    "fill:#1f2328}\n"
    ".title{font-size:16px;font-weight:600}.name{font-weight:600}\n"
    ".dim{fill:#59636e}.bad{fill:#cf222e}.warn{fill:#9a6700}.good{fill:#1a7f37}\n"
    ".paper{fill:#fff}.grid{stroke:#d1d9e0}.axis{stroke:#818b98}\n"
    ".line{fill:none;stroke:#0969da;stroke-width:1.6;stroke-linejoin:round}\n"
    ".dots{fill:none;stroke:#0969da;stroke-width:4;stroke-linecap:round}.dot{fill:#0969da}\n"
    ".bound{stroke:#0969da;stroke-opacity:.3}\n"
    ".band{fill:#0969da;fill-opacity:.13}.base{fill:none;stroke:#59636e;stroke-width:1.2}\n"
    ".limit{fill:none;stroke:#9a6700;stroke-dasharray:5 4}\n"
    ".change{stroke:#cf222e;stroke-dasharray:2 3}.change.warn{stroke:#9a6700}\n"
    ".accept{stroke:#59636e;stroke-dasharray:6 3}.mark.dim{stroke:#59636e}\n"
    ".mark{stroke-width:1.8;fill:#fff}.mark.bad{stroke:#cf222e}.mark.warn{stroke:#bf8700}\n"
    ".mark.good{stroke:#1a7f37}.mark.full.bad{fill:#cf222e}.mark.full.warn{fill:#bf8700}\n"
    ".mark.full.good{fill:#1a7f37}\n"
    ".line.s2,.dots.s2{stroke:#bc4c00}.line.s3,.dots.s3{stroke:#1a7f37}\n"
    ".line.s4,.dots.s4{stroke:#8250df}.line.s5,.dots.s5{stroke:#bf3989}\n"
    ".line.s6,.dots.s6{stroke:#7d4e00}\n"
    ".bar{fill:#0969da;fill-opacity:.75}.bar.bad{fill:#cf222e}.bar.warn{fill:#bf8700}\n"
    ".bar.good{fill:#1a7f37}.bar.dim{fill:#818b98}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.dim{fill:#9198a1}.bad{fill:#ff7b72}.warn{fill:#e3b341}\n"
    ".good{fill:#56d364}.paper{fill:#0d1117}.grid{stroke:#2b3138}.axis{stroke:#656c76}\n"
    ".line,.dots,.bound{stroke:#58a6ff}.dot{fill:#58a6ff}.band{fill:#58a6ff;fill-opacity:.17}\n"
    ".line.s2,.dots.s2{stroke:#f0883e}.line.s3,.dots.s3{stroke:#56d364}\n"
    ".line.s4,.dots.s4{stroke:#bc8cff}.line.s5,.dots.s5{stroke:#f778ba}\n"
    ".line.s6,.dots.s6{stroke:#d4a72c}\n"
    ".accept,.mark.dim{stroke:#9198a1}\n"
    ".base{stroke:#b1bac4}.limit{stroke:#e3b341}.change{stroke:#ff7b72}\n"
    ".change.warn{stroke:#e3b341}.mark{fill:#0d1117}.mark.bad{stroke:#ff7b72}\n"
    ".mark.warn{stroke:#e3b341}.mark.good{stroke:#56d364}.mark.full.bad{fill:#ff7b72}\n"
    ".mark.full.warn{fill:#e3b341}.mark.full.good{fill:#56d364}.bar{fill:#58a6ff}\n"
    ".bar.bad{fill:#ff7b72}.bar.warn{fill:#e3b341}.bar.good{fill:#56d364}.bar.dim{fill:#656c76}\n"
    "}\n";

void svg_begin(struct text_out *out, unsigned height, const char *title, const char *description)
{
    char head[200];
    snprintf(head, sizeof head,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
             "viewBox=\"0 0 %d %u\" role=\"img\">\n",
             SVG_WIDTH, height, SVG_WIDTH, height);
    text_out_put(out, head);
    text_out_put(out, "<title>");
    escape_xml(out, title);
    text_out_put(out, "</title>\n<desc>");
    escape_xml(out, description);
    text_out_put(out, "</desc>\n<style>\n");
    text_out_put(out, style);
    text_out_put(out, "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
}

void svg_end(struct text_out *out)
{
    text_out_put(out, "</svg>\n");
}

void svg_number(struct text_out *out, double value)
{
    char text[32];
    long hundredths = lround(value * 100), whole = labs(hundredths) / 100;
    int rest = (int)(labs(hundredths) % 100);
    const char *sign = hundredths < 0 ? "-" : "";
    if (rest == 0)
        snprintf(text, sizeof text, "%s%ld", sign, whole);
    else if (rest % 10 == 0)
        snprintf(text, sizeof text, "%s%ld.%d", sign, whole, rest / 10);
    else
        snprintf(text, sizeof text, "%s%ld.%02d", sign, whole, rest);
    text_out_put(out, text);
}

void svg_attribute(struct text_out *out, const char *name, double value)
{
    text_out_put(out, " ");
    text_out_put(out, name);
    text_out_put(out, "=\"");
    svg_number(out, value);
    text_out_put(out, "\"");
}

static void put_class(struct text_out *out, const char *class)
{
    if (!class[0]) return;
    text_out_put(out, " class=\"");
    text_out_put(out, class);
    text_out_put(out, "\"");
}

void svg_label(struct text_out *out, double x, double y, enum svg_anchor anchor, const char *class,
               const char *text)
{
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    if (!text[0]) return;
    text_out_put(out, "<text");
    put_class(out, class);
    svg_attribute(out, "x", x);
    svg_attribute(out, "y", y);
    text_out_put(out, anchors[anchor]);
    text_out_put(out, ">");
    escape_xml(out, text);
    text_out_put(out, "</text>\n");
}

void svg_rule(struct text_out *out, const char *class, double x0, double y0, double x1, double y1)
{
    text_out_put(out, "<line");
    put_class(out, class);
    svg_attribute(out, "x1", x0);
    svg_attribute(out, "y1", y0);
    svg_attribute(out, "x2", x1);
    svg_attribute(out, "y2", y1);
    text_out_put(out, "/>\n");
}

const char *svg_class(enum format_tone tone)
{
    switch (tone) {
    case TONE_BAD: return "bad";
    case TONE_WARN: return "warn";
    case TONE_GOOD: return "good";
    case TONE_DIM: return "dim";
    case TONE_PLAIN:
    case TONE_BOLD:
    case TONE_LINE: break;
    }
    return "";
}

const char *svg_fit(struct arena *arena, const char *text, double pixels)
{
    size_t columns = pixels > SVG_CHAR ? (size_t)(pixels / SVG_CHAR) : 1;
    char *out = arena_alloc(arena, strlen(text) + 4);
    if (!out) return "";
    text_shorten(out, text, columns, 0);
    return out;
}

void svg_say(struct pace_writer *writer, const char *text)
{
    enum { HEIGHT = 60, MIDDLE = 35 };
    svg_begin(&writer->out, HEIGHT, text, "");
    svg_label(&writer->out, SVG_WIDTH / 2.0, MIDDLE, SVG_MIDDLE, "dim", text);
    svg_end(&writer->out);
}
