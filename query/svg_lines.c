/* svg_lines.c -- `as svg` of series: one large panel with its events listed below, several lines in
 * one, or small multiples in two columns.
 *
 * Histories of one benchmark on a few branches or machines are lines of one panel, where they are
 * plain values: what a point was judged by needs a panel for each. */
#include "svg_panel.h"

#include "event.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_TOP = 34,    /* baseline of the title */
    NAME_HEIGHT = 50, /* of the name and the facts above a small panel */
    CELL_GAP = 28,
    EVENTS_MAX = 12,
    OVERLAID_MAX = 6, /* classes s1 ... s6 */
};

/* -- the legend -------------------------------------------------------------------------------- */

static double put_key(struct text_out *out, double x, double y, const char *word)
{
    svg_label(out, x + 24, y, SVG_START, "dim", word);
    return x + 24 + (double)text_width(word) * SVG_CHAR + 16;
}

static void put_legend(struct text_out *out, const struct svg_legend *legend, double y)
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
    if (legend->accept) {
        svg_rule(out, "accept", x + 9, y - 11, x + 9, y + 2);
        x = put_key(out, x, y, "accepted");
    }
    for (size_t i = 0; i < FIGURE_PLAIN; i++) {
        if (!legend->marks[i]) continue;
        svg_sign(out, (enum figure_mark)i, x + 9, middle);
        text_out_put(out, "/>\n");
        x = put_key(out, x, y, figure_mark_word((enum figure_mark)i));
    }
}

/* -- one series -------------------------------------------------------------------------------- */

static void put_event(struct svg_panel *panel, const struct event *event, double y,
                      const double columns[6])
{
    struct text_out *out = panel->out;
    const char *class = svg_class(event->tone);
    if (event->kind != EVENT_MARK) {
        const char *rule = event->tone == TONE_WARN ? "change warn" : "change";
        if (event->kind == EVENT_ACCEPT) rule = "accept";
        svg_rule(out, rule, SVG_MARGIN + 8, y - 12, SVG_MARGIN + 8, y + 2);
    } else {
        svg_sign(out, event->mark, SVG_MARGIN + 8, y - 4);
        text_out_put(out, "/>\n");
    }
    svg_label(out, columns[0], y, SVG_START, "", event->time);
    svg_label(out, columns[1], y, SVG_START, "", event->commit);
    svg_label(out, columns[2], y, SVG_END, "", event->value);
    svg_label(out, columns[3], y, SVG_START, class, event->word);
    svg_label(out, columns[4], y, SVG_START, "dim", event->rest);
    svg_label(out, columns[5], y, SVG_END, class, event->change);
}

static void put_events(struct svg_panel *panel, const struct events *events, double y)
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

static int put_one(struct svg_panel *panel, const char *title)
{
    enum { LEGEND = HEAD_TOP + 44, TOP = LEGEND + 30 };
    const struct figure_columns *c = &panel->figure->columns;
    struct events events;
    struct svg_legend legend = {.base = false};
    svg_panel_place(panel, SVG_MARGIN, SVG_WIDTH - SVG_MARGIN);
    panel->y = TOP;
    if (events_find(&events, panel->arena, panel->figure, panel->series, &panel->axis, EVENTS_MAX))
        return PACE_ENOMEM;
    if (!panel->drawn) events = (struct events){.count = 0};
    double below = panel->y + panel->height + SVG_LINE * (c->time && c->commit ? 2 : 1) + 26;
    size_t lines = events.count + (events.total > events.count);
    const char *facts = svg_panel_facts(panel);
    svg_begin(panel->out, (unsigned)(below + (double)lines * SVG_LINE), title, facts);
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP, SVG_START, "title",
              svg_fit(panel->arena, title, (SVG_WIDTH - 2 * SVG_MARGIN) * SVG_CHAR / 9.0));
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP + 20, SVG_START, "dim", facts);
    svg_panel_put(panel, &legend);
    if (panel->drawn) put_legend(panel->out, &legend, LEGEND);
    put_events(panel, &events, below);
    svg_end(panel->out);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

/* -- several series ---------------------------------------------------------------------------- */

static int put_many(struct svg_panel *panel, struct figure *figure, const char *title,
                    uint64_t left_out)
{
    enum { COLUMNS = 2, TOP = HEAD_TOP + 56, CELL = NAME_HEIGHT + SVG_PLOT_MANY + SVG_LINE };
    const double cell_width = (SVG_WIDTH - 2.0 * SVG_MARGIN - CELL_GAP) / COLUMNS;
    struct svg_legend legend = {.base = false};
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
        svg_panel_place(panel, left, left + cell_width);
        panel->y = top + NAME_HEIGHT;
        const char *text = svg_panel_facts(panel);
        svg_label(panel->out, left, top + 8, SVG_START, "name",
                  svg_fit(panel->arena, panel->series->name, cell_width * 0.85));
        svg_label(panel->out, left, top + 25, SVG_START, "dim", text);
        svg_panel_put(panel, &legend);
    }
    put_legend(panel->out, &legend, HEAD_TOP + 24);
    svg_end(panel->out);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

/* -- several lines in one panel ---------------------------------------------------------------- */

/* Series of plain values that differ in branch or testbed alone, few enough to tell apart. */
static bool can_overlay(const struct figure *figure)
{
    const struct figure_columns *c = &figure->columns;
    if (figure->count < 2 || figure->count > OVERLAID_MAX || !c->time) return false;
    if (c->verdict || c->base) return false;
    const char *unit = figure_unit(figure, &figure->series[0]);
    for (size_t s = 1; s < figure->count; s++) {
        if (strcmp(figure_unit(figure, &figure->series[s]), unit) != 0) return false;
        for (size_t k = 0; k < c->key_count; k++) {
            const char *name = c->keys[k]->name;
            if (strcmp(name, "branch") == 0 || strcmp(name, "testbed") == 0) continue;
            if (!held_equal(c->keys[k], figure->series[0].first, figure->series[s].first))
                return false;
        }
    }
    return true;
}

static int compare_times(const void *left, const void *right, void *context)
{
    const struct held_column *time = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int64_t x = time->values[a].time_ns, y = time->values[b].time_ns;
    if (x != y) return x < y ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* All points in the order of time: the axis that the lines share. */
static int merge_series(struct svg_panel *panel, struct figure_series *all)
{
    const struct figure *figure = panel->figure;
    size_t count = 0;
    for (size_t s = 0; s < figure->count; s++)
        count += figure->series[s].count;
    uint32_t *rows = arena_array(panel->arena, count, sizeof *rows);
    if (!rows) return PACE_ENOMEM;
    *all = (struct figure_series){.rows = rows, .name = "", .gravest = FIGURE_PLAIN};
    for (size_t s = 0; s < figure->count; s++) {
        const struct figure_series *series = &figure->series[s];
        memcpy(rows + all->count, series->rows, series->count * sizeof *rows);
        all->count += series->count;
    }
    qsort_r(rows, count, sizeof *rows, compare_times, (void *)(uintptr_t)figure->columns.time);
    return 0;
}

/* The line of the points of one series among all of them: its rows come in the same order. */
static void put_overlaid(struct svg_panel *panel, const struct figure_series *series, size_t number)
{
    char class[32];
    bool dots = panel->series->count <= SVG_DOTS_MAX;
    for (int pass = 0; pass < 1 + dots; pass++) {
        size_t next = 0;
        bool before = false;
        snprintf(class, sizeof class, "%s s%zu", pass ? "dots" : "line", number);
        svg_path_begin(panel, class);
        for (size_t i = 0; i < panel->series->count && next < series->count; i++) {
            double value;
            if (panel->series->rows[i] != series->rows[next]) continue;
            next++;
            if (!svg_value_at(panel, i, &value)) {
                before &= figure_excluded(panel->figure, panel->series->rows[i]);
                continue;
            }
            svg_put_place(panel, before && !pass ? 'L' : 'M', svg_place_x(panel, (double)i),
                          svg_place_y(panel, value));
            if (pass) text_out_put(panel->out, "h0");
            before = true;
        }
        svg_path_end(panel);
    }
}

static int put_overlay(struct svg_panel *panel, const char *title)
{
    enum { LEGEND = HEAD_TOP + 44, TOP = LEGEND + 30 };
    const struct figure *figure = panel->figure;
    panel->one = true;
    svg_panel_place(panel, SVG_MARGIN, SVG_WIDTH - SVG_MARGIN);
    panel->y = TOP;
    const char *facts =
        arena_printf(panel->arena, "%zu series, %zu points", figure->count, panel->series->count);
    if (!facts) return PACE_ENOMEM;
    svg_begin(panel->out, (unsigned)(panel->y + panel->height) + SVG_LINE * 3, title, facts);
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP, SVG_START, "title",
              svg_fit(panel->arena, title, (SVG_WIDTH - 2 * SVG_MARGIN) * SVG_CHAR / 9.0));
    svg_label(panel->out, SVG_MARGIN, HEAD_TOP + 20, SVG_START, "dim", facts);
    double x = SVG_MARGIN, room = (SVG_WIDTH - 2.0 * SVG_MARGIN) / (double)figure->count;
    for (size_t s = 0; s < figure->count && panel->drawn; s++) {
        char class[32];
        snprintf(class, sizeof class, "line s%zu", s + 1);
        svg_rule(panel->out, class, x, LEGEND - 4, x + 18, LEGEND - 4);
        x = put_key(panel->out, x, LEGEND,
                    svg_fit(panel->arena, figure->series[s].name, room - 40));
    }
    if (panel->drawn) {
        svg_panel_axes(panel);
        for (size_t s = 0; s < figure->count; s++)
            put_overlaid(panel, &figure->series[s], s + 1);
    }
    svg_end(panel->out);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

int svg_lines(struct pace_writer *writer, struct arena *arena, struct figure *figure,
              uint64_t left_out)
{
    struct svg_panel panel = {.out = &writer->out, .arena = arena, .figure = figure};
    const char *title = figure->heading[0] ? figure->heading : "history";
    panel.one = figure->count == 1;
    struct figure_series all;
    if (can_overlay(figure)) {
        if (merge_series(&panel, &all)) return PACE_ENOMEM;
        panel.series = &all;
        return put_overlay(&panel, title);
    }
    if (!panel.one) return put_many(&panel, figure, title, left_out);
    panel.series = &figure->series[0];
    return put_one(&panel, title);
}
