/* svg_panel.c -- see svg_panel.h. */
#include "svg_panel.h"

#include "escape.h"
#include "event.h"
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TICKS_ONE = 6,
    TICKS_MANY = 3,
    BOUNDS_MAX = 200, /* points whose bounds are drawn */
    LABEL_GAP = 14,
};

/* -- places ------------------------------------------------------------------------------------ */

double svg_place_x(const struct svg_panel *panel, double index)
{
    size_t last = panel->series->count - 1;
    if (last == 0) return panel->x + panel->width / 2;
    double at = panel->x + panel->width * index / (double)last;
    return fmin(fmax(at, panel->x), panel->x + panel->width);
}

double svg_place_y(const struct svg_panel *panel, double value)
{
    double part = fmin(fmax(axis_part(&panel->axis, value), 0), 1);
    return panel->y + panel->height * (1 - part);
}

static bool on_axis(const struct svg_panel *panel, double value)
{
    return value >= panel->axis.least && value <= panel->axis.most;
}

void svg_put_place(struct svg_panel *panel, char command, double x, double y)
{
    char letter[2] = {command, '\0'};
    text_out_put(panel->out, letter);
    svg_number(panel->out, x);
    text_out_put(panel->out, " ");
    svg_number(panel->out, y);
}

void svg_path_begin(struct svg_panel *panel, const char *class)
{
    text_out_put(panel->out, "<path class=\"");
    text_out_put(panel->out, class);
    text_out_put(panel->out, "\" d=\"");
}

void svg_path_end(struct svg_panel *panel)
{
    text_out_put(panel->out, "\"/>\n");
}

/* -- axes -------------------------------------------------------------------------------------- */

static void put_value_axis(struct svg_panel *panel)
{
    for (size_t i = 0; i < panel->axis.tick_count; i++) {
        const struct axis_tick *tick = &panel->axis.ticks[i];
        double y = panel->y + panel->height * (1 - tick->part);
        svg_rule(panel->out, "grid", panel->x, y, panel->x + panel->width, y);
        svg_label(panel->out, panel->x - 8, y + 4, SVG_END, "dim", tick->text);
    }
    svg_rule(panel->out, "axis", panel->x, panel->y + panel->height, panel->x + panel->width,
             panel->y + panel->height);
}

/* Days, or times of one day, and commits below these where there is room. */
static void put_run_axis(struct svg_panel *panel)
{
    const struct figure_columns *c = &panel->figure->columns;
    size_t indices[AXIS_LABELS_MAX], last = panel->series->count - 1;
    enum time_detail detail = figure_time_detail(panel->figure, panel->series);
    size_t room = SVG_CHAR * (size_t)((panel->one && c->commit) || !c->time ? 12 : 10);
    size_t most = axis_label_count(panel->series->count, (size_t)panel->width, room, LABEL_GAP);
    size_t count = axis_points(panel->series->count, most, indices);
    for (size_t i = 0; i < count; i++) {
        uint32_t row = panel->series->rows[indices[i]];
        double x = svg_place_x(panel, (double)indices[i]), y = panel->y + panel->height;
        enum svg_anchor anchor = SVG_MIDDLE;
        if (last && indices[i] == 0) anchor = SVG_START;
        if (last && indices[i] == last) anchor = SVG_END;
        svg_rule(panel->out, "axis", x, y, x, y + 5);
        const char *time = figure_time(panel->figure, panel->arena, row, detail);
        if (detail == TIME_MINUTE && time[0]) time += strlen("2026-08-03 ");
        svg_label(panel->out, x, y + SVG_LINE, anchor, "dim", time);
        if (!panel->one && c->time) continue;
        const char *commit = figure_commit(panel->figure, panel->arena, row);
        svg_label(panel->out, x, y + (c->time ? 2 : 1) * SVG_LINE, anchor, "dim",
                  svg_fit(panel->arena, commit, (double)room));
    }
}

/* -- what a point was judged by ---------------------------------------------------------------- */

/* Steps are joined, but not across a restart of the baseline: that is no way that a level took. */
static bool joined(const struct svg_panel *panel, double y, double next)
{
    return fabs(next - y) < panel->height / 8;
}

/* A path of level steps through a column; it breaks where there is no value on the axis. */
static bool put_steps(struct svg_panel *panel, const struct held_column *column, const char *class)
{
    bool before = false, any = false;
    double last = 0;
    for (size_t i = 0; i < panel->series->count; i++) {
        double value;
        if (!figure_number(column, panel->series->rows[i], &value) || !on_axis(panel, value)) {
            before = false;
            continue;
        }
        double y = svg_place_y(panel, value);
        if (!any) svg_path_begin(panel, class);
        any = true;
        svg_put_place(panel, before && joined(panel, last, y) ? 'L' : 'M',
                      svg_place_x(panel, (double)i - 0.5), y);
        svg_put_place(panel, 'L', svg_place_x(panel, (double)i + 0.5), y);
        before = true;
        last = y;
    }
    if (any) svg_path_end(panel);
    return any;
}

static bool band_at(const struct svg_panel *panel, size_t index, double *low, double *high)
{
    return index < panel->series->count &&
           figure_band(panel->figure, panel->series->rows[index], low, high) &&
           *high >= panel->axis.least && *low <= panel->axis.most;
}

/* One outline for each stretch of points that have a band: the tops on the way there, the bottoms
 * on the way back. */
static bool put_band(struct svg_panel *panel)
{
    bool any = false;
    double low, high;
    for (size_t i = 0, end; i < panel->series->count; i = end) {
        end = i + 1;
        if (!band_at(panel, i, &low, &high)) continue;
        double last = svg_place_y(panel, low);
        while (band_at(panel, end, &low, &high) && joined(panel, last, svg_place_y(panel, low))) {
            last = svg_place_y(panel, low);
            end++;
        }
        svg_path_begin(panel, "band");
        for (size_t k = i; k < end && band_at(panel, k, &low, &high); k++) {
            svg_put_place(panel, k == i ? 'M' : 'L', svg_place_x(panel, (double)k - 0.5),
                          svg_place_y(panel, high));
            svg_put_place(panel, 'L', svg_place_x(panel, (double)k + 0.5),
                          svg_place_y(panel, high));
        }
        for (size_t k = end; k-- > i && band_at(panel, k, &low, &high);) {
            svg_put_place(panel, 'L', svg_place_x(panel, (double)k + 0.5), svg_place_y(panel, low));
            svg_put_place(panel, 'L', svg_place_x(panel, (double)k - 0.5), svg_place_y(panel, low));
        }
        text_out_put(panel->out, "Z");
        svg_path_end(panel);
        any = true;
    }
    return any;
}

/* -- values ------------------------------------------------------------------------------------ */

bool svg_value_at(const struct svg_panel *panel, size_t index, double *value)
{
    uint32_t row = panel->series->rows[index];
    return !figure_excluded(panel->figure, row) &&
           figure_number(panel->figure->columns.value, row, value);
}

/* The bounds that the harness gave, where there is room to see them; the axis is not stretched for
 * them. */
static void put_bounds(struct svg_panel *panel)
{
    const struct figure_columns *c = &panel->figure->columns;
    if (!panel->one || panel->series->count > BOUNDS_MAX) return;
    bool any = false;
    for (size_t i = 0; i < panel->series->count; i++) {
        double low, high;
        if (!figure_number(c->lower, panel->series->rows[i], &low)) continue;
        if (!figure_number(c->upper, panel->series->rows[i], &high)) continue;
        if (!any) svg_path_begin(panel, "bound");
        any = true;
        svg_put_place(panel, 'M', svg_place_x(panel, (double)i), svg_place_y(panel, low));
        svg_put_place(panel, 'L', svg_place_x(panel, (double)i), svg_place_y(panel, high));
    }
    if (any) svg_path_end(panel);
}

/* Points [from, to) that share a pixel: the first, the extremes in their order, the last. Returns
 * how many of `kept` they are. */
static size_t thin_out(const struct svg_panel *panel, size_t from, size_t to, size_t kept[4])
{
    size_t low = from, high = from, count = 0;
    double value, least = 0, most = 0;
    for (size_t i = from; i < to; i++) {
        if (!svg_value_at(panel, i, &value)) continue;
        if (i == from || value < least) least = value, low = i;
        if (i == from || value > most) most = value, high = i;
    }
    size_t order[] = {from, low < high ? low : high, low < high ? high : low, to - 1};
    for (size_t i = 0; i < 4; i++) {
        if (count == 0 || kept[count - 1] != order[i]) kept[count++] = order[i];
    }
    return count;
}

static void put_line(struct svg_panel *panel)
{
    bool before = false;
    double value;
    svg_path_begin(panel, "line");
    for (size_t i = 0, end; i < panel->series->count; i = end) {
        end = i + 1;
        if (!svg_value_at(panel, i, &value)) {
            before &= figure_excluded(panel->figure, panel->series->rows[i]);
            continue;
        }
        double pixel = floor(svg_place_x(panel, (double)i));
        while (end < panel->series->count && svg_value_at(panel, end, &value) &&
               floor(svg_place_x(panel, (double)end)) <= pixel)
            end++;
        size_t kept[4], count = thin_out(panel, i, end, kept);
        for (size_t k = 0; k < count; k++) {
            (void)svg_value_at(panel, kept[k], &value);
            svg_put_place(panel, before ? 'L' : 'M', svg_place_x(panel, (double)kept[k]),
                          svg_place_y(panel, value));
            before = true;
        }
    }
    svg_path_end(panel);
}

/* Time, commit, value and verdict of a point, as the text that a pointer over it shows. */
static void put_tooltip(struct svg_panel *panel, uint32_t row)
{
    char number[HUMAN_TEXT_MAX] = "";
    double value, base;
    const struct figure_columns *c = &panel->figure->columns;
    enum figure_mark mark = figure_mark_of(panel->figure, row);
    if (figure_number(c->value, row, &value)) axis_value_text(&panel->axis, value, number);
    text_out_put(panel->out, "<title>");
    const char *text = arena_printf(
        panel->arena, "%s %s %s%s%s", figure_time(panel->figure, panel->arena, row, TIME_MINUTE),
        figure_commit(panel->figure, panel->arena, row), number, mark == FIGURE_PLAIN ? "" : " ",
        mark == FIGURE_PLAIN ? "" : figure_mark_word(mark));
    if (text) escape_xml(panel->out, text);
    if (figure_number(c->base, row, &base)) {
        text_out_put(panel->out, ", base ");
        axis_value_text(&panel->axis, base, number);
        escape_xml(panel->out, number);
    }
    text_out_put(panel->out, "</title>");
}

static void put_dots(struct svg_panel *panel)
{
    double value;
    if (panel->series->count > SVG_DOTS_MAX) return;
    bool told = panel->one && panel->series->count <= SVG_TOOLTIPS_MAX;
    if (!told) svg_path_begin(panel, "dots");
    for (size_t i = 0; i < panel->series->count; i++) {
        if (!svg_value_at(panel, i, &value)) continue;
        double x = svg_place_x(panel, (double)i), y = svg_place_y(panel, value);
        if (!told) {
            svg_put_place(panel, 'M', x, y);
            text_out_put(panel->out, "h0");
            continue;
        }
        text_out_put(panel->out, "<circle class=\"dot\" r=\"2.6\"");
        svg_attribute(panel->out, "cx", x);
        svg_attribute(panel->out, "cy", y);
        text_out_put(panel->out, ">");
        put_tooltip(panel, panel->series->rows[i]);
        text_out_put(panel->out, "</circle>\n");
    }
    if (!told) svg_path_end(panel);
}

/* -- changes and marks ------------------------------------------------------------------------- */

static void put_changes(struct svg_panel *panel)
{
    double free_from = panel->x; /* texts at the top do not overlap */
    for (size_t i = 0; i < panel->series->change_count; i++) {
        const struct figure_change *change = &panel->series->changes[i];
        double x = svg_place_x(panel, (double)change->at), text_at = x + 5;
        char text[HUMAN_TEXT_MAX];
        svg_rule(panel->out, change->tone == TONE_WARN ? "change warn" : "change", x, panel->y - 12,
                 x, panel->y + panel->height);
        event_change_text(change->before, change->after, text);
        double width = (double)text_width(text) * SVG_CHAR;
        enum svg_anchor anchor = SVG_START;
        if (text_at + width > panel->x + panel->width) {
            text_at = x - 5;
            anchor = SVG_END;
        }
        if ((anchor == SVG_END ? text_at - width : text_at) < free_from) continue;
        svg_label(panel->out, text_at, panel->y - 3, anchor, svg_class(change->tone), text);
        free_from = anchor == SVG_END ? text_at : text_at + width;
    }
}

static void put_accepts(struct svg_panel *panel)
{
    const struct figure_series *series = panel->series;
    for (size_t i = 0; series->accept_count && i < series->count; i++) {
        double x = svg_place_x(panel, (double)i);
        if (!figure_accepted(panel->figure, series->rows[i])) continue;
        svg_rule(panel->out, "accept", x, panel->y - 12, x, panel->y + panel->height);
    }
}

void svg_sign(struct text_out *out, enum figure_mark mark, double x, double y)
{
    text_out_put(out, "<path class=\"mark ");
    if (figure_mark_filled(mark)) text_out_put(out, "full ");
    text_out_put(out, svg_class(figure_mark_tone(mark)));
    text_out_put(out, "\" d=\"M");
    svg_number(out, x);
    text_out_put(out, " ");
    svg_number(out, y);
    text_out_put(out, figure_mark_outline(mark));
    text_out_put(out, "\"");
}

/* Points without a value are marked on the axis. */
static void put_marks(struct svg_panel *panel, struct svg_legend *legend)
{
    for (size_t i = 0; i < panel->series->count; i++) {
        uint32_t row = panel->series->rows[i];
        enum figure_mark mark = figure_mark_of(panel->figure, row);
        double value = panel->axis.least;
        if (mark == FIGURE_PLAIN) continue;
        (void)figure_number(panel->figure->columns.value, row, &value);
        svg_sign(panel->out, mark, svg_place_x(panel, (double)i), svg_place_y(panel, value));
        text_out_put(panel->out, ">");
        put_tooltip(panel, row);
        text_out_put(panel->out, "</path>\n");
        legend->marks[mark] = true;
    }
}

/* -- panels ------------------------------------------------------------------------------------ */

const char *svg_panel_facts(struct svg_panel *panel)
{
    const struct figure_series *series = panel->series;
    uint32_t last = series->rows[series->count - 1];
    char number[HUMAN_TEXT_MAX] = "";
    double value;
    if (figure_number(panel->figure->columns.value, last, &value))
        human_text(number, panel->figure->columns.value->name, value,
                   figure_unit(panel->figure, series));
    bool one_day = figure_time_detail(panel->figure, series) == TIME_MINUTE;
    const char *day = one_day ? figure_time(panel->figure, panel->arena, last, TIME_DAY) : "";
    const char *text = arena_printf(panel->arena, "%zu point%s%s%s%s%s%s", series->count,
                                    series->count == 1 ? "" : "s", one_day ? " on " : "", day,
                                    number[0] ? ", last " : "", layout_safe(panel->arena, number),
                                    panel->drawn && panel->axis.by_ratio ? ", log axis" : "");
    return text ? text : "";
}

/* Chooses the axis, and gives its texts the room that they need. */
void svg_panel_place(struct svg_panel *panel, double left, double right)
{
    panel->drawn = axis_choose(&panel->axis, panel->figure, panel->series,
                               panel->one ? TICKS_ONE : TICKS_MANY);
    size_t widest = 4;
    for (size_t i = 0; i < panel->axis.tick_count; i++) {
        size_t width = text_width(panel->axis.ticks[i].text);
        if (width > widest) widest = width;
    }
    panel->x = left + (double)widest * SVG_CHAR + 8;
    panel->width = right - panel->x;
    panel->height = panel->one ? SVG_PLOT_ONE : SVG_PLOT_MANY;
}

void svg_panel_put(struct svg_panel *panel, struct svg_legend *legend)
{
    const struct figure_columns *c = &panel->figure->columns;
    if (!panel->drawn) {
        svg_label(panel->out, panel->x, panel->y + SVG_LINE, SVG_START, "dim",
                  "no values that an axis could span");
        return;
    }
    svg_panel_axes(panel);
    legend->band |= put_band(panel);
    legend->limit |= put_steps(panel, c->low, "limit");
    legend->limit |= put_steps(panel, c->high, "limit");
    legend->base |= put_steps(panel, c->base, "base");
    put_bounds(panel);
    put_line(panel);
    put_dots(panel);
    put_changes(panel);
    legend->change |= panel->series->change_count > 0;
    put_accepts(panel);
    legend->accept |= panel->series->accept_count > 0;
    put_marks(panel, legend);
}

void svg_panel_axes(struct svg_panel *panel)
{
    put_value_axis(panel);
    put_run_axis(panel);
}
