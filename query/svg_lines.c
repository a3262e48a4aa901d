/* svg_lines.c -- `as svg` of series: one large panel with its events listed below, or small
 * multiples in two columns.
 *
 * The runs are spaced evenly, as in the terminal. Base, band and limits are steps: what a point was
 * judged by holds for that point. A long series is drawn by the extremes of each pixel. */
#include "escape.h"
#include "event.h"
#include "svg.h"

#include "layout.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    PLOT_HEIGHT_ONE = 300,
    PLOT_HEIGHT_MANY = 120,
    TICKS_ONE = 6,
    TICKS_MANY = 3,
    HEAD_TOP = 34,    /* baseline of the title */
    NAME_HEIGHT = 50, /* of the name and the facts above a small panel */
    CELL_GAP = 28,
    EVENTS_MAX = 12,
    BOUNDS_MAX = 200, /* points whose bounds are drawn */
    DOTS_MAX = 400,   /* points that get a dot; more are a line alone */
    LABEL_GAP = 14,
};

struct panel {
    struct text_out *out;
    struct arena *arena;
    const struct figure *figure;
    const struct figure_series *series;
    struct axis axis;
    double x, y, width, height; /* of the plot area; y is its top */
    bool one, drawn;
};

/* What the legend has to explain. */
struct legend {
    bool base, band, limit, change, marks[FIGURE_PLAIN];
};

/* -- places ------------------------------------------------------------------------------------ */

static double place_x(const struct panel *panel, double index)
{
    size_t last = panel->series->count - 1;
    if (last == 0) return panel->x + panel->width / 2;
    double at = panel->x + panel->width * index / (double)last;
    return fmin(fmax(at, panel->x), panel->x + panel->width);
}

static double place_y(const struct panel *panel, double value)
{
    double part = fmin(fmax(axis_part(&panel->axis, value), 0), 1);
    return panel->y + panel->height * (1 - part);
}

static bool on_axis(const struct panel *panel, double value)
{
    return value >= panel->axis.least && value <= panel->axis.most;
}

static void put_place(struct panel *panel, char command, double x, double y)
{
    char letter[2] = {command, '\0'};
    text_out_put(panel->out, letter);
    svg_number(panel->out, x);
    text_out_put(panel->out, " ");
    svg_number(panel->out, y);
}

static void path_begin(struct panel *panel, const char *class)
{
    text_out_put(panel->out, "<path class=\"");
    text_out_put(panel->out, class);
    text_out_put(panel->out, "\" d=\"");
}

static void path_end(struct panel *panel)
{
    text_out_put(panel->out, "\"/>\n");
}

/* -- axes -------------------------------------------------------------------------------------- */

static void put_value_axis(struct panel *panel)
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
static void put_run_axis(struct panel *panel)
{
    const struct figure_columns *c = &panel->figure->columns;
    size_t indices[AXIS_LABELS_MAX], last = panel->series->count - 1;
    enum time_detail detail = figure_time_detail(panel->figure, panel->series);
    size_t room = SVG_CHAR * (size_t)((panel->one && c->commit) || !c->time ? 12 : 10);
    size_t most = axis_label_count(panel->series->count, (size_t)panel->width, room, LABEL_GAP);
    size_t count = axis_points(panel->series->count, most, indices);
    for (size_t i = 0; i < count; i++) {
        uint32_t row = panel->series->rows[indices[i]];
        double x = place_x(panel, (double)indices[i]), y = panel->y + panel->height;
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
static bool joined(const struct panel *panel, double y, double next)
{
    return fabs(next - y) < panel->height / 8;
}

/* A path of level steps through a column; it breaks where there is no value on the axis. */
static bool put_steps(struct panel *panel, const struct held_column *column, const char *class)
{
    bool before = false, any = false;
    double last = 0;
    for (size_t i = 0; i < panel->series->count; i++) {
        double value;
        if (!figure_number(column, panel->series->rows[i], &value) || !on_axis(panel, value)) {
            before = false;
            continue;
        }
        double y = place_y(panel, value);
        if (!any) path_begin(panel, class);
        any = true;
        put_place(panel, before && joined(panel, last, y) ? 'L' : 'M',
                  place_x(panel, (double)i - 0.5), y);
        put_place(panel, 'L', place_x(panel, (double)i + 0.5), y);
        before = true;
        last = y;
    }
    if (any) path_end(panel);
    return any;
}

static bool band_at(const struct panel *panel, size_t index, double *low, double *high)
{
    return index < panel->series->count &&
           figure_band(panel->figure, panel->series->rows[index], low, high) &&
           *high >= panel->axis.least && *low <= panel->axis.most;
}

/* One outline for each stretch of points that have a band: the tops on the way there, the bottoms
 * on the way back. */
static bool put_band(struct panel *panel)
{
    bool any = false;
    double low, high;
    for (size_t i = 0, end; i < panel->series->count; i = end) {
        end = i + 1;
        if (!band_at(panel, i, &low, &high)) continue;
        double last = place_y(panel, low);
        while (band_at(panel, end, &low, &high) && joined(panel, last, place_y(panel, low))) {
            last = place_y(panel, low);
            end++;
        }
        path_begin(panel, "band");
        for (size_t k = i; k < end && band_at(panel, k, &low, &high); k++) {
            put_place(panel, k == i ? 'M' : 'L', place_x(panel, (double)k - 0.5),
                      place_y(panel, high));
            put_place(panel, 'L', place_x(panel, (double)k + 0.5), place_y(panel, high));
        }
        for (size_t k = end; k-- > i && band_at(panel, k, &low, &high);) {
            put_place(panel, 'L', place_x(panel, (double)k + 0.5), place_y(panel, low));
            put_place(panel, 'L', place_x(panel, (double)k - 0.5), place_y(panel, low));
        }
        text_out_put(panel->out, "Z");
        path_end(panel);
        any = true;
    }
    return any;
}

/* -- values ------------------------------------------------------------------------------------ */

static bool value_at(const struct panel *panel, size_t index, double *value)
{
    return figure_number(panel->figure->columns.value, panel->series->rows[index], value);
}

/* The bounds that the harness gave, where there is room to see them; the axis is not stretched for them. */
static void put_bounds(struct panel *panel)
{
    const struct figure_columns *c = &panel->figure->columns;
    if (!panel->one || panel->series->count > BOUNDS_MAX) return;
    bool any = false;
    for (size_t i = 0; i < panel->series->count; i++) {
        double low, high;
        if (!figure_number(c->lower, panel->series->rows[i], &low)) continue;
        if (!figure_number(c->upper, panel->series->rows[i], &high)) continue;
        if (!any) path_begin(panel, "bound");
        any = true;
        put_place(panel, 'M', place_x(panel, (double)i), place_y(panel, low));
        put_place(panel, 'L', place_x(panel, (double)i), place_y(panel, high));
    }
    if (any) path_end(panel);
}

/* Points [from, to) that share a pixel: the first, the extremes in their order, the last. Returns
 * how many of `kept` they are. */
static size_t thin_out(const struct panel *panel, size_t from, size_t to, size_t kept[4])
{
    size_t low = from, high = from, count = 0;
    double value, least = 0, most = 0;
    for (size_t i = from; i < to; i++) {
        if (!value_at(panel, i, &value)) continue;
        if (i == from || value < least) least = value, low = i;
        if (i == from || value > most) most = value, high = i;
    }
    size_t order[] = {from, low < high ? low : high, low < high ? high : low, to - 1};
    for (size_t i = 0; i < 4; i++) {
        if (count == 0 || kept[count - 1] != order[i]) kept[count++] = order[i];
    }
    return count;
}

static void put_line(struct panel *panel)
{
    bool before = false;
    double value;
    path_begin(panel, "line");
    for (size_t i = 0, end; i < panel->series->count; i = end) {
        end = i + 1;
        if (!value_at(panel, i, &value)) {
            before = false;
            continue;
        }
        double pixel = floor(place_x(panel, (double)i));
        while (end < panel->series->count && value_at(panel, end, &value) &&
               floor(place_x(panel, (double)end)) <= pixel)
            end++;
        size_t kept[4], count = thin_out(panel, i, end, kept);
        for (size_t k = 0; k < count; k++) {
            (void)value_at(panel, kept[k], &value);
            put_place(panel, before ? 'L' : 'M', place_x(panel, (double)kept[k]),
                      place_y(panel, value));
            before = true;
        }
    }
    path_end(panel);
}

/* Time, commit, value and verdict of a point, as the text that a pointer over it shows. */
static void put_tooltip(struct panel *panel, uint32_t row)
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

static void put_dots(struct panel *panel)
{
    double value;
    if (panel->series->count > DOTS_MAX) return;
    bool told = panel->one && panel->series->count <= SVG_TOOLTIPS_MAX;
    if (!told) path_begin(panel, "dots");
    for (size_t i = 0; i < panel->series->count; i++) {
        if (!value_at(panel, i, &value)) continue;
        double x = place_x(panel, (double)i), y = place_y(panel, value);
        if (!told) {
            put_place(panel, 'M', x, y);
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
    if (!told) path_end(panel);
}

/* -- changes and marks ------------------------------------------------------------------------- */

static void put_changes(struct panel *panel)
{
    double free_from = panel->x; /* texts at the top do not overlap */
    for (size_t i = 0; i < panel->series->change_count; i++) {
        const struct figure_change *change = &panel->series->changes[i];
        double x = place_x(panel, (double)change->at), text_at = x + 5;
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

static void put_sign(struct text_out *out, enum figure_mark mark, double x, double y)
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
static void put_marks(struct panel *panel, struct legend *legend)
{
    for (size_t i = 0; i < panel->series->count; i++) {
        uint32_t row = panel->series->rows[i];
        enum figure_mark mark = figure_mark_of(panel->figure, row);
        double value = panel->axis.least;
        if (mark == FIGURE_PLAIN) continue;
        (void)value_at(panel, i, &value);
        put_sign(panel->out, mark, place_x(panel, (double)i), place_y(panel, value));
        text_out_put(panel->out, ">");
        put_tooltip(panel, row);
        text_out_put(panel->out, "</path>\n");
        legend->marks[mark] = true;
    }
}

/* -- panels ------------------------------------------------------------------------------------ */

static const char *facts_of(struct panel *panel)
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
static void place_panel(struct panel *panel, double left, double right)
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
    panel->height = panel->one ? PLOT_HEIGHT_ONE : PLOT_HEIGHT_MANY;
}

static void put_panel(struct panel *panel, struct legend *legend)
{
    const struct figure_columns *c = &panel->figure->columns;
    if (!panel->drawn) {
        svg_label(panel->out, panel->x, panel->y + SVG_LINE, SVG_START, "dim",
                  "no values that an axis could span");
        return;
    }
    put_value_axis(panel);
    put_run_axis(panel);
    legend->band |= put_band(panel);
    legend->limit |= put_steps(panel, c->low, "limit");
    legend->limit |= put_steps(panel, c->high, "limit");
    legend->base |= put_steps(panel, c->base, "base");
    put_bounds(panel);
    put_line(panel);
    put_dots(panel);
    put_changes(panel);
    legend->change |= panel->series->change_count > 0;
    put_marks(panel, legend);
}

/* -- the legend -------------------------------------------------------------------------------- */

static double put_key(struct text_out *out, double x, double y, const char *word)
{
    svg_label(out, x + 24, y, SVG_START, "dim", word);
    return x + 24 + (double)text_width(word) * SVG_CHAR + 16;
}

static void put_legend(struct text_out *out, const struct legend *legend, double y)
{
    double x = SVG_MARGIN, middle = y - 4;
    svg_rule(out, "line", x, middle, x + 18, middle);
    x = put_key(out, x, y, "value");
    if (legend->base) {
        svg_rule(out, "base", x, middle, x + 18, middle);
        x = put_key(out, x, y, "base");
    }
    if (legend->band) {
        text_out_put(out, "<rect class=\"band\" width=\"18\" height=\"10\"");
        svg_attribute(out, "x", x);
        svg_attribute(out, "y", y - 9);
        text_out_put(out, "/>\n");
        x = put_key(out, x, y, "\xc2\xb1 spread");
    }
    if (legend->limit) {
        svg_rule(out, "limit", x, middle, x + 18, middle);
        x = put_key(out, x, y, "limit");
    }
    if (legend->change) {
        svg_rule(out, "change", x + 9, y - 11, x + 9, y + 2);
        x = put_key(out, x, y, "change");
    }
    for (size_t i = 0; i < FIGURE_PLAIN; i++) {
        if (!legend->marks[i]) continue;
        put_sign(out, (enum figure_mark)i, x + 9, middle);
        text_out_put(out, "/>\n");
        x = put_key(out, x, y, figure_mark_word((enum figure_mark)i));
    }
}

/* -- one series -------------------------------------------------------------------------------- */

static void put_event(struct panel *panel, const struct event *event, double y,
                      const double columns[6])
{
    struct text_out *out = panel->out;
    const char *class = svg_class(event->tone);
    if (event->is_change)
        svg_rule(out, event->tone == TONE_WARN ? "change warn" : "change", SVG_MARGIN + 8, y - 12,
                 SVG_MARGIN + 8, y + 2);
    else {
        put_sign(out, event->mark, SVG_MARGIN + 8, y - 4);
        text_out_put(out, "/>\n");
    }
    svg_label(out, columns[0], y, SVG_START, "", event->time);
    svg_label(out, columns[1], y, SVG_START, "", event->commit);
    svg_label(out, columns[2], y, SVG_END, "", event->value);
    svg_label(out, columns[3], y, SVG_START, class, event->word);
    svg_label(out, columns[4], y, SVG_START, "dim", event->rest);
    svg_label(out, columns[5], y, SVG_END, class, event->change);
}

static void put_events(struct panel *panel, const struct events *events, double y)
{
    double widths[6] = {0}, columns[6];
    for (size_t i = 0; i < events->count; i++) {
        const struct event *e = &events->events[i];
        const char *texts[] = {e->time, e->commit, e->value, e->word, e->rest, e->change};
        for (size_t k = 0; k < 6; k++)
            widths[k] = fmax(widths[k], (double)text_width(texts[k]) * SVG_CHAR + 18);
    }
    columns[0] = SVG_MARGIN + 24;
    columns[1] = columns[0] + (widths[0] > 18 ? widths[0] : 0);
    columns[2] = columns[1] + (widths[1] > 18 ? widths[1] : 0) + widths[2] - 18;
    columns[3] = columns[2] + 18;
    columns[4] = columns[3] + widths[3];
    columns[5] = columns[4] + widths[4] + widths[5] - 18;
    for (size_t i = 0; i < events->count; i++, y += SVG_LINE)
        put_event(panel, &events->events[i], y, columns);
    if (events->total == events->count) return;
    char text[64];
    snprintf(text, sizeof text, "and %zu more", events->total - events->count);
    svg_label(panel->out, columns[0], y, SVG_START, "dim", text);
}

static int put_one(struct panel *panel, const char *title)
{
    enum { LEGEND = HEAD_TOP + 44, TOP = LEGEND + 30 };
    const struct figure_columns *c = &panel->figure->columns;
    struct events events;
    struct legend legend = {.base = false};
    place_panel(panel, SVG_MARGIN, SVG_WIDTH - SVG_MARGIN);
    panel->y = TOP;
    if (events_find(&events, panel->arena, panel->figure, panel->series, &panel->axis, EVENTS_MAX))
        return PACE_ENOMEM;
    if (!panel->drawn) events = (struct events){.count = 0};
    double below = panel->y + panel->height + SVG_LINE * (c->time && c->commit ? 2 : 1) + 26;
    size_t lines = events.count + (events.total > events.count);
    const char *facts = facts_of(panel);
    svg_begin(panel->out, (unsigned)(below + (double)lines * SVG_LINE), title, facts);
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP, SVG_START, "title",
              svg_fit(panel->arena, title, (SVG_WIDTH - 2 * SVG_MARGIN) * SVG_CHAR / 9.0));
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP + 20, SVG_START, "dim", facts);
    put_panel(panel, &legend);
    if (panel->drawn) put_legend(panel->out, &legend, LEGEND);
    put_events(panel, &events, below);
    svg_end(panel->out);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

/* -- several series ---------------------------------------------------------------------------- */

static int put_many(struct panel *panel, struct figure *figure, const char *title,
                    uint64_t left_out)
{
    enum { COLUMNS = 2, TOP = HEAD_TOP + 56, CELL = NAME_HEIGHT + PLOT_HEIGHT_MANY + SVG_LINE };
    const double cell_width = (SVG_WIDTH - 2.0 * SVG_MARGIN - CELL_GAP) / COLUMNS;
    struct legend legend = {.base = false};
    size_t shown = figure->count < SVG_SERIES_MAX ? figure->count : SVG_SERIES_MAX;
    figure_put_gravest_first(figure, SVG_SERIES_MAX);
    size_t rows = (shown + COLUMNS - 1) / COLUMNS;
    double end = TOP + (double)rows * (CELL + CELL_GAP);
    const char *facts = arena_printf(panel->arena, "%zu series", figure->count);
    if (facts && shown < figure->count)
        facts = arena_printf(panel->arena, "%s, the %zu that changed most or come first are drawn",
                             facts, shown);
    if (facts && left_out)
        facts = arena_printf(panel->arena, "%s; %" PRIu64 " more rows are not", facts, left_out);
    if (!facts) return PACE_ENOMEM;
    svg_begin(panel->out, (unsigned)end, title, facts);
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP, SVG_START, "title",
              svg_fit(panel->arena, title, (SVG_WIDTH - 2 * SVG_MARGIN) * SVG_CHAR / 9.0));
    svg_label(panel->out, SVG_WIDTH - SVG_MARGIN, HEAD_TOP + 24, SVG_END, "dim", facts);
    for (size_t s = 0; s < shown; s++) {
        panel->series = &figure->series[s];
        double left = SVG_MARGIN + (double)(s % COLUMNS) * (cell_width + CELL_GAP);
        double top = TOP + (double)(s / COLUMNS) * (CELL + CELL_GAP);
        place_panel(panel, left, left + cell_width);
        panel->y = top + NAME_HEIGHT;
        const char *text = facts_of(panel);
        svg_label(panel->out, left, top + 8, SVG_START, "name",
                  svg_fit(panel->arena, panel->series->name, cell_width * 0.85));
        svg_label(panel->out, left, top + 25, SVG_START, "dim", text);
        put_panel(panel, &legend);
    }
    put_legend(panel->out, &legend, HEAD_TOP + 24);
    svg_end(panel->out);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

int svg_lines(struct pace_writer *writer, struct arena *arena, struct figure *figure,
              uint64_t left_out)
{
    struct panel panel = {.out = &writer->out, .arena = arena, .figure = figure};
    const char *title = figure->heading[0] ? figure->heading : "history";
    panel.one = figure->count == 1;
    if (!panel.one) return put_many(&panel, figure, title, left_out);
    panel.series = &figure->series[0];
    return put_one(&panel, title);
}
