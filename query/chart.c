/* chart.c -- see chart.h. */
#include "chart.h"

#include <string.h>

enum { DOTS_X = 2, DOTS_Y = 4, ASCII_POINT = 1, ASCII_STROKE = 2 };

int chart_init(struct chart *chart, struct arena *arena, unsigned columns, unsigned rows, int ascii)
{
    *chart = (struct chart){.columns = columns, .rows = rows, .ascii = ascii};
    chart->width = columns * (ascii ? 1 : DOTS_X);
    chart->height = rows * (ascii ? 1 : DOTS_Y);
    chart->dots = arena_array(arena, columns, rows);
    chart->inks = arena_array(arena, columns, rows);
    return chart->dots && chart->inks ? 0 : -1;
}

static size_t cell_of(const struct chart *chart, unsigned x, unsigned y)
{
    unsigned down = chart->height - 1 - y;
    if (chart->ascii) return (size_t)down * chart->columns + x;
    return (size_t)(down / DOTS_Y) * chart->columns + x / DOTS_X;
}

static void dot(struct chart *chart, unsigned x, unsigned y, uint8_t ascii_dot)
{
    /* Bits of U+2800: 1 4 / 2 5 / 3 6 / 7 8 from top left to bottom right. */
    static const uint8_t bits[DOTS_Y][DOTS_X] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x >= chart->width || y >= chart->height) return;
    unsigned down = chart->height - 1 - y;
    uint8_t bit = chart->ascii ? ascii_dot : bits[down % DOTS_Y][x % DOTS_X];
    chart->dots[cell_of(chart, x, y)] |= bit;
}

void chart_point(struct chart *chart, unsigned x, unsigned y)
{
    dot(chart, x, y, ASCII_POINT);
}

void chart_stroke(struct chart *chart, unsigned x0, unsigned y0, unsigned x1, unsigned y1)
{
    /* Bresenham; x1 is not left of x0. */
    int dx = (int)x1 - (int)x0, dy = (int)y1 - (int)y0, up = dy < 0 ? -1 : 1;
    if (dy < 0) dy = -dy;
    int x = (int)x0, y = (int)y0, error = dx - dy;
    for (int steps = dx + dy; steps >= 0; steps--) {
        dot(chart, (unsigned)x, (unsigned)y, ASCII_STROKE);
        if (x == (int)x1 && y == (int)y1) return;
        int twice = 2 * error;
        if (twice > -dy) {
            error -= dy;
            x++;
        }
        if (twice < dx) {
            error += dx;
            y += up;
        }
    }
}

void chart_mark(struct chart *chart, unsigned x, unsigned y, unsigned ink)
{
    if (x >= chart->width || y >= chart->height) return;
    uint8_t *cell = &chart->inks[cell_of(chart, x, y)];
    bool graver = *cell >= INK_MARK ? ink >= INK_MARK && ink < *cell : ink > *cell;
    if (graver) *cell = (uint8_t)ink;
}

const char *chart_sign(unsigned ink, int ascii)
{
    static const char *const signs[][2] = {
        [INK_NONE] = {" ", " "},
        [INK_BAND] = {"\xe2\x96\x91", ":"},
        [INK_CHANGE] = {"\xe2\x94\x8a", "|"},
        [INK_ACCEPT] = {"\xe2\x95\x8e", "!"},
        [INK_LIMIT] = {"\xe2\x95\x8c", "="},
        [INK_BASE] = {"\xe2\x94\x80", "-"},
        [INK_LINE] = {"\xe2\xa0\xa4", "*"},
    };
    if (ink >= INK_MARK) return figure_mark_sign((enum figure_mark)(ink - INK_MARK), ascii);
    return signs[ink][ascii != 0];
}

unsigned chart_cell(const struct chart *chart, unsigned column, unsigned row, char text[5])
{
    size_t cell = (size_t)row * chart->columns + column;
    unsigned ink = chart->inks[cell];
    uint8_t dots = chart->dots[cell];
    if (ink < INK_MARK && dots) {
        if (chart->ascii) {
            strcpy(text, dots & ASCII_POINT ? "*" : ".");
        } else {
            text[0] = (char)0xE2;
            text[1] = (char)(0xA0 | dots >> 6);
            text[2] = (char)(0x80 | (dots & 0x3F));
            text[3] = '\0';
        }
        return INK_LINE;
    }
    strcpy(text, chart_sign(ink, chart->ascii));
    return ink;
}
