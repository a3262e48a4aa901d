/* ci_badge.c -- a verdict as a badge: a small SVG for a README. Its words are ours alone: no name
 * of an input is in it. */
#include "ci_verdict.h"

#include <string.h>

static const struct {
    const char *word, *colour;
} looks[] = {
    {"worse", "#b3261e"}, {"suspected", "#9a6700"}, {"ok", "#1a7f37"}, {"none", "#59636e"}};

enum { LETTER = 7, PAD = 12 /* pixels: of a letter at 11 px, and beside a text */ };

int ci_put_badge(const struct ci_verdict *verdict, struct text_out *out)
{
    static const char label[] = "benchmarks";
    const char *word = ci_word(verdict), *colour = looks[0].colour;
    char message[64], svg[2048];
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (strcmp(looks[i].word, word) == 0) colour = looks[i].colour;
    if (verdict->parts[CI_FAILS] > 0)
        snprintf(message, sizeof message, "%zu worse", verdict->parts[CI_FAILS]);
    else if (strcmp(word, "suspected") == 0)
        snprintf(message, sizeof message, "%zu suspected", verdict->parts[CI_SUSPECTED]);
    else
        snprintf(message, sizeof message, "%s", strcmp(word, "none") == 0 ? "no verdict" : "ok");
    int left = (int)strlen(label) * LETTER + PAD, right = (int)strlen(message) * LETTER + PAD;
    snprintf(svg, sizeof svg,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"20\" role=\"img\" "
             "aria-label=\"%s: %s\">\n<title>%s: %s</title>\n"
             "<rect width=\"%d\" height=\"20\" rx=\"3\" fill=\"#3d444d\"/>\n"
             "<path d=\"M%d 0h%da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-%dz\" fill=\"%s\"/>\n"
             "<g fill=\"#fff\" text-anchor=\"middle\" "
             "font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n"
             "<text x=\"%d\" y=\"14\" textLength=\"%d\">%s</text>\n"
             "<text x=\"%d\" y=\"14\" textLength=\"%d\">%s</text>\n</g>\n</svg>\n",
             left + right, label, message, label, message, left + right, left, right - 3, right - 3,
             colour, left / 2, left - PAD, label, left + right / 2, right - PAD, message);
    text_out_put(out, svg);
    return text_out_flush(out);
}
