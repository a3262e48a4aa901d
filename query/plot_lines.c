/* plot_lines.c -- a panel for each series: its values in the order of the runs, as a line.
 *
 *     parse/json   64 points, last 15.4 ms
 *     15 ms ┤                   ┊  ⣀⡠⠤⠒●⠒⠉
 *     12 ms ┤⣀⠤⠒⠊⠉⠒⠤⣀⠤⠒⠊⠉──────────
 *           └┬─────────────┬──────────────
 *            2026-07-25    2026-07-30
 *            4f2a1c9d0     9c1d22e07
 *
 * The runs are spaced evenly: what happened between two commits is seen, a quiet month is not. The
 * base is a rule in its band, limits are dashed where they are near the values, change points and
 * accepted changes are upright rules, excluded runs are signs beside the line, marks are listed
 * below. Several series are panels of less height, in pairs on a wide terminal; when there are
 * many, the gravest are panels and the others a sparkline each. */
#include "plot.h"

#include "axis.h"
#include "chart.h"
#include "event.h"
#include "layout.h"
#include "spark.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS_ONE = 12,
    ROWS_MANY = 6,
    ROWS_MAX = ROWS_ONE,
    TICKS_ONE = 5,
    TICKS_MANY = 3,
    LEAST_COLUMNS = 8,
    AXIS_WIDTH = 2, /* " ┤" */
    PAIR_GAP = 3,
    LABEL_GAP = 2,

    INK_COUNT = INK_MARK + FIGURE_PLAIN,
};

/* A text below the axis, and its dot. */
struct label {
    const char *time, *commit;
    unsigned column, at; /* of its point, and where the text begins */
};

struct panel {
    struct pace_writer *writer;
    struct arena *arena;
    const struct figure *figure;
    const struct figure_series *series;
    unsigned width; /* display columns of the whole panel */
    struct chart chart;
    struct axis axis;
    bool drawn; /* there is an axis */
    const char *row_labels[ROWS_MAX];
    unsigned label_width;
    struct label labels[AXIS_LABELS_MAX];
    size_t label_count;
    bool with_commits; /* a line of commits below that of times */
    struct events events;
    bool used[INK_COUNT]; /* inks that the legend explains */
};

static enum format_tone ink_tone(unsigned ink)
{
    static const enum format_tone tones[] = {
        [INK_NONE] = TONE_PLAIN,   [INK_BAND] = TONE_DIM,  [INK_CHANGE] = TONE_BAD,
        [INK_ACCEPT] = TONE_PLAIN, [INK_LIMIT] = TONE_DIM, [INK_BASE] = TONE_PLAIN,
        [INK_LINE] = TONE_LINE,
    };
    return ink >= INK_MARK ? figure_mark_tone((enum figure_mark)(ink - INK_MARK)) : tones[ink];
}

/* -- places ------------------------------------------------------------------------------------ */

static unsigned dot_y(const struct panel *panel, double value)
{
    double part = axis_part(&panel->axis, value);
    return (unsigned)lround(fmin(fmax(part, 0), 1) * (panel->chart.height - 1));
}

static unsigned dot_x(const struct panel *panel, size_t index)
{
    size_t last = panel->series->count - 1;
    if (last == 0) return panel->chart.width / 2;
    return (unsigned)lround((double)index / (double)last * (panel->chart.width - 1));
}

static unsigned column_of(const struct panel *panel, size_t index)
{
    return dot_x(panel, index) / (panel->chart.ascii ? 1 : 2);
}

static bool on_axis(const struct panel *panel, double value)
{
    return value >= panel->axis.least && value <= panel->axis.most;
}

/* -- drawing ----------------------------------------------------------------------------------- */

static void put_ink(struct panel *panel, unsigned x, unsigned y, unsigned ink)
{
    chart_mark(&panel->chart, x, y, ink);
    panel->used[ink] = true;
}

/* The row that a column of cells tells of: the nearest point's. */
static uint32_t row_at(const struct panel *panel, unsigned x)
{
    size_t last = panel->series->count - 1;
    double part = panel->chart.width > 1 ? (double)x / (panel->chart.width - 1) : 0;
    return panel->series->rows[(size_t)lround(part * (double)last)];
}

/* Rules and the band, cell by cell. */
static void draw_rules(struct panel *panel)
{
    const struct figure_columns *c = &panel->figure->columns;
    unsigned step_x = panel->chart.ascii ? 1 : 2, step_y = panel->chart.ascii ? 1 : 4;
    for (unsigned x = 0; x < panel->chart.width; x += step_x) {
        uint32_t row = row_at(panel, x);
        double value, low, high;
        if (figure_band(panel->figure, row, &low, &high) && high >= panel->axis.least &&
            low <= panel->axis.most) {
            unsigned top = dot_y(panel, high);
            for (unsigned y = dot_y(panel, low) / step_y * step_y; y <= top; y += step_y)
                put_ink(panel, x, y, INK_BAND);
        }
        if (figure_number(c->low, row, &value) && on_axis(panel, value))
            put_ink(panel, x, dot_y(panel, value), INK_LIMIT);
        if (figure_number(c->high, row, &value) && on_axis(panel, value))
            put_ink(panel, x, dot_y(panel, value), INK_LIMIT);
        if (figure_number(c->base, row, &value) && on_axis(panel, value))
            put_ink(panel, x, dot_y(panel, value), INK_BASE);
    }
}

/* From the bottom to the top, at a point. */
static void draw_upright(struct panel *panel, size_t at, unsigned ink)
{
    unsigned step = panel->chart.ascii ? 1 : 4, x = dot_x(panel, at);
    for (unsigned y = 0; y < panel->chart.height; y += step)
        put_ink(panel, x, y, ink);
}

static void draw_changes(struct panel *panel)
{
    const struct figure_series *series = panel->series;
    for (size_t i = 0; i < series->change_count; i++)
        draw_upright(panel, series->changes[i].at, INK_CHANGE);
    for (size_t i = 0; series->accept_count && i < series->count; i++)
        if (figure_accepted(panel->figure, series->rows[i])) draw_upright(panel, i, INK_ACCEPT);
}

static void draw_line(struct panel *panel)
{
    const struct figure_series *series = panel->series;
    bool before = false;
    unsigned last_x = 0, last_y = 0;
    for (size_t i = 0; i < series->count; i++) {
        double value;
        if (figure_excluded(panel->figure, series->rows[i])) continue;
        if (!figure_number(panel->figure->columns.value, series->rows[i], &value)) {
            before = false;
            continue;
        }
        unsigned x = dot_x(panel, i), y = dot_y(panel, value);
        if (before) chart_stroke(&panel->chart, last_x, last_y, x, y);
        chart_point(&panel->chart, x, y);
        before = true;
        last_x = x;
        last_y = y;
    }
    panel->used[INK_LINE] = true;
}

/* Points without a value are marked on the axis. */
static void draw_marks(struct panel *panel)
{
    for (size_t i = 0; i < panel->series->count; i++) {
        uint32_t row = panel->series->rows[i];
        enum figure_mark mark = figure_mark_of(panel->figure, row);
        double value = panel->axis.least;
        if (mark == FIGURE_PLAIN) continue;
        (void)figure_number(panel->figure->columns.value, row, &value);
        put_ink(panel, dot_x(panel, i), dot_y(panel, value), INK_MARK + mark);
    }
}

/* -- labels ------------------------------------------------------------------------------------ */

static void label_rows(struct panel *panel)
{
    unsigned rows = panel->chart.rows;
    for (size_t i = 0; i < panel->axis.tick_count; i++) {
        const struct axis_tick *tick = &panel->axis.ticks[i];
        unsigned height = panel->chart.ascii ? rows : rows * 4;
        unsigned up = (unsigned)lround(tick->part * (height - 1)) * rows / height;
        panel->row_labels[rows - 1 - up] = tick->text;
        unsigned width = (unsigned)text_width(tick->text);
        if (width > panel->label_width) panel->label_width = width;
    }
}

/* Cut so that neighbours do not meet. */
static const char *fit(struct panel *panel, const char *text, unsigned room)
{
    char *out = arena_alloc(panel->arena, strlen(text) + 4);
    if (!out) return "";
    text_shorten(out, text, room, panel->chart.ascii);
    return out;
}

/* As many labels as fit: the first to the right of its point, the last to the left, others around
 * it. */
static void label_points(struct panel *panel)
{
    enum { COMMIT_ROOM = 12 };
    const struct figure_series *series = panel->series;
    enum time_detail detail = figure_time_detail(panel->figure, series);
    bool timed = panel->figure->columns.time != NULL, commits = panel->with_commits || !timed;
    unsigned columns = panel->chart.columns, room = commits ? COMMIT_ROOM : 0;
    unsigned time_room = (unsigned)strlen(detail == TIME_DAY ? "2026-08-03" : "14:05");
    if (timed && room < time_room) room = time_room;
    if (!timed && !panel->figure->columns.commit) return;
    size_t indices[AXIS_LABELS_MAX];
    size_t most = axis_label_count(series->count, columns, room, LABEL_GAP);
    if (most < 2) room = columns;
    panel->label_count = axis_points(series->count, most, indices);
    for (size_t i = 0; i < panel->label_count; i++) {
        struct label *label = &panel->labels[i];
        uint32_t row = series->rows[indices[i]];
        label->time = figure_time(panel->figure, panel->arena, row, detail);
        /* The day that all share is in the title. */
        if (detail == TIME_MINUTE) label->time += label->time[0] ? strlen("2026-08-03 ") : 0;
        label->commit =
            commits ? fit(panel, figure_commit(panel->figure, panel->arena, row), room) : "";
        label->column = column_of(panel, indices[i]);
        unsigned width = (unsigned)text_width(timed ? label->time : label->commit);
        if (commits && timed && text_width(label->commit) > width)
            width = (unsigned)text_width(label->commit);
        label->at = label->column > width / 2 ? label->column - width / 2 : 0;
        if (label->at + width > columns) label->at = columns > width ? columns - width : 0;
    }
}

/* -- output: a panel is lines, so that two can stand side by side ------------------------------ */

static size_t put(struct panel *panel, const char *text)
{
    text_out_put(&panel->writer->out, text);
    return text_width(text);
}

static size_t put_toned(struct panel *panel, enum format_tone tone, const char *text)
{
    format_toned(panel->writer, tone, text);
    return text_width(text);
}

static size_t put_blanks(struct panel *panel, size_t count)
{
    text_out_repeat(&panel->writer->out, " ", count);
    return count;
}

static size_t put_title(struct panel *panel)
{
    const struct figure_series *series = panel->series;
    uint32_t last = series->rows[series->count - 1];
    const struct held_column *column = panel->figure->columns.value;
    char number[HUMAN_TEXT_MAX], safe[HUMAN_TEXT_MAX] = "";
    double value;
    if (figure_number(column, last, &value)) {
        human_text(number, column->name, value, column->units[last]);
        text_safe(safe, sizeof safe, number, strlen(number));
    }
    bool one_day = figure_time_detail(panel->figure, series) == TIME_MINUTE;
    const char *day = one_day ? figure_time(panel->figure, panel->arena, last, TIME_DAY) : "";
    const char *facts = arena_printf(panel->arena, "%zu point%s%s%s%s%s%s", series->count,
                                     series->count == 1 ? "" : "s", one_day ? " on " : "", day,
                                     safe[0] ? ", last " : "", safe,
                                     panel->drawn && panel->axis.by_ratio ? ", log axis" : "");
    if (!facts) return 0;
    size_t used = 0, room = panel->width, taken = text_width(facts) + 2;
    if (series->name[0]) {
        const char *name =
            fit(panel, series->name, room > taken + 8 ? (unsigned)(room - taken) : 8);
        used += put_toned(panel, TONE_BOLD, name);
        used += put_blanks(panel, 2);
    }
    return used + put_toned(panel, TONE_DIM, facts);
}

static size_t put_chart_row(struct panel *panel, unsigned row)
{
    const char *label = panel->row_labels[row] ? panel->row_labels[row] : "";
    int ascii = panel->chart.ascii;
    struct pace_writer *writer = panel->writer;
    size_t used = put_blanks(panel, panel->label_width - text_width(label));
    format_tone_begin(writer, TONE_DIM);
    used += put(panel, label);
    used +=
        put(panel, label[0] ? (ascii ? " +" : " \xe2\x94\xa4") : (ascii ? " |" : " \xe2\x94\x82"));
    format_tone_end(writer, TONE_DIM);
    enum format_tone tone = TONE_PLAIN;
    size_t blank = 0;
    for (unsigned column = 0; column < panel->chart.columns; column++) {
        char cell[5];
        unsigned ink = chart_cell(&panel->chart, column, row, cell);
        if (ink == INK_NONE) {
            blank++;
            continue;
        }
        if (ink_tone(ink) != tone) {
            format_tone_end(writer, tone);
            used += put_blanks(panel, blank);
            blank = 0;
            tone = ink_tone(ink);
            format_tone_begin(writer, tone);
        }
        used += put_blanks(panel, blank) + 1;
        blank = 0;
        text_out_put(&writer->out, cell);
    }
    format_tone_end(writer, tone);
    return used;
}

static size_t put_axis(struct panel *panel)
{
    int ascii = panel->chart.ascii;
    format_tone_begin(panel->writer, TONE_DIM);
    size_t used = put_blanks(panel, panel->label_width + 1);
    used += put(panel, ascii ? "+" : "\xe2\x94\x94");
    for (unsigned column = 0; column < panel->chart.columns; column++) {
        bool tick = false;
        for (size_t i = 0; i < panel->label_count; i++)
            tick = tick || panel->labels[i].column == column;
        used += put(panel, tick ? (ascii ? "+" : "\xe2\x94\xac") : (ascii ? "-" : "\xe2\x94\x80"));
    }
    format_tone_end(panel->writer, TONE_DIM);
    return used;
}

static size_t put_labels(struct panel *panel, bool commits)
{
    format_tone_begin(panel->writer, TONE_DIM);
    size_t used = put_blanks(panel, panel->label_width + AXIS_WIDTH), start = used;
    for (size_t i = 0; i < panel->label_count; i++) {
        const struct label *label = &panel->labels[i];
        size_t at = start + label->at;
        const char *text = commits ? label->commit : label->time;
        /* The last one ends where its line ends, be it the shorter of the two. */
        if (i && i + 1 == panel->label_count && start + panel->chart.columns > text_width(text))
            at = start + panel->chart.columns - text_width(text);
        if (at > used) used += put_blanks(panel, at - used);
        used += put(panel, text);
    }
    format_tone_end(panel->writer, TONE_DIM);
    return used;
}

static size_t widest_part(const struct panel *panel, size_t offset)
{
    size_t most = 0;
    for (size_t i = 0; i < panel->events.count; i++) {
        const char *text = *(const char *const *)((const char *)&panel->events.events[i] + offset);
        if (text_width(text) > most) most = text_width(text);
    }
    return most;
}

static size_t put_column(struct panel *panel, const char *text, size_t width, bool right)
{
    size_t used = text_width(text), pad = width > used ? width - used : 0;
    if (width == 0) return 0;
    if (right) put_blanks(panel, pad);
    put(panel, text);
    if (!right) put_blanks(panel, pad);
    return used + pad + put_blanks(panel, 2);
}

static size_t put_event(struct panel *panel, const struct event *event)
{
    size_t used = put_blanks(panel, 2);
    unsigned ink = INK_MARK + event->mark;
    if (event->kind != EVENT_MARK) ink = event->kind == EVENT_CHANGE ? INK_CHANGE : INK_ACCEPT;
    used += put_toned(panel, event->tone, chart_sign(ink, panel->chart.ascii));
    used += put_blanks(panel, 1);
    used += put_column(panel, event->time, widest_part(panel, offsetof(struct event, time)), false);
    used +=
        put_column(panel, event->commit, widest_part(panel, offsetof(struct event, commit)), false);
    used +=
        put_column(panel, event->value, widest_part(panel, offsetof(struct event, value)), true);
    format_tone_begin(panel->writer, event->tone);
    size_t word = widest_part(panel, offsetof(struct event, word));
    size_t rest = widest_part(panel, offsetof(struct event, rest));
    used += event->rest[0] ? put_column(panel, event->word, word, false) : put(panel, event->word);
    format_tone_end(panel->writer, event->tone);
    if (!event->rest[0]) return used;
    used += put_column(panel, event->rest, rest, false);
    return used + put(panel, event->change);
}

/* Title, chart, axis, one or two lines of labels, events, "and more". */
static size_t line_count(const struct panel *panel)
{
    if (!panel->drawn) return 1;
    bool two = panel->with_commits && panel->figure->columns.time && panel->figure->columns.commit;
    return 2 + panel->chart.rows + (panel->label_count ? 1 + two : 0) + panel->events.count +
           (panel->events.total > panel->events.count);
}

/* Writes one line; returns the columns used. */
static size_t put_line(struct panel *panel, size_t line)
{
    const struct figure_columns *c = &panel->figure->columns;
    if (line >= line_count(panel)) return 0;
    if (line == 0) return put_title(panel);
    line--;
    if (line < panel->chart.rows) return put_chart_row(panel, (unsigned)line);
    line -= panel->chart.rows;
    if (line == 0) return put_axis(panel);
    line--;
    if (panel->label_count) {
        if (line == 0) return put_labels(panel, !c->time);
        line--;
        if (panel->with_commits && c->time && c->commit) {
            if (line == 0) return put_labels(panel, true);
            line--;
        }
    }
    if (line < panel->events.count) return put_event(panel, &panel->events.events[line]);
    char text[64];
    snprintf(text, sizeof text, "  and %zu more", panel->events.total - panel->events.count);
    return put_toned(panel, TONE_DIM, text);
}

/* -- panels ------------------------------------------------------------------------------------ */

static int prepare(struct panel *panel, bool one)
{
    int ascii = panel->writer->options.ascii;
    unsigned rows = one ? ROWS_ONE : ROWS_MANY;
    panel->with_commits = one;
    panel->drawn =
        axis_choose(&panel->axis, panel->figure, panel->series, one ? TICKS_ONE : TICKS_MANY);
    if (!panel->drawn) return 0;
    panel->chart.rows = rows;
    panel->chart.ascii = ascii;
    label_rows(panel);
    unsigned columns = LEAST_COLUMNS;
    if (panel->width > panel->label_width + AXIS_WIDTH + columns)
        columns = panel->width - panel->label_width - AXIS_WIDTH;
    if (chart_init(&panel->chart, panel->arena, columns, rows, ascii)) return PACE_ENOMEM;
    draw_rules(panel);
    draw_changes(panel);
    draw_line(panel);
    draw_marks(panel);
    label_points(panel);
    return events_find(&panel->events, panel->arena, panel->figure, panel->series, &panel->axis,
                       PLOT_MARKS_MAX);
}

/* Panels side by side. */
static void put_strip(struct panel *panels, size_t count)
{
    size_t lines = 0;
    for (size_t i = 0; i < count; i++)
        lines = line_count(&panels[i]) > lines ? line_count(&panels[i]) : lines;
    for (size_t line = 0; line < lines; line++) {
        for (size_t i = 0; i < count; i++) {
            size_t used = put_line(&panels[i], line), width = panels[i].width + PAIR_GAP;
            if (i + 1 < count && line < line_count(&panels[i + 1]))
                put_blanks(&panels[i], width > used ? width - used : 1);
        }
        text_out_put(&panels[0].writer->out, "\n");
    }
}

/* What the signs mean, where there is more than the line; marks listed by words need none. */
static void put_legend(struct pace_writer *writer, const bool *used, bool one)
{
    static const char *const words[] = {
        [INK_BAND] = "\xc2\xb1 spread", [INK_CHANGE] = "change", [INK_ACCEPT] = "accepted",
        [INK_LIMIT] = "limit",          [INK_BASE] = "base",     [INK_LINE] = "value"};
    static const unsigned order[] = {INK_LINE,  INK_BASE,   INK_BAND,
                                     INK_LIMIT, INK_CHANGE, INK_ACCEPT};
    int ascii = writer->options.ascii;
    bool any = false;
    for (unsigned ink = INK_BAND; ink < (one ? INK_LINE : INK_COUNT); ink++)
        any = any || (used[ink] && ink != INK_LINE);
    if (!any) return;
    for (unsigned i = 0; i < sizeof order / sizeof order[0] + FIGURE_PLAIN; i++) {
        unsigned fixed = sizeof order / sizeof order[0], ink = i < fixed ? order[i] : 0;
        if (i >= fixed) ink = INK_MARK + i - fixed;
        if (!used[ink] || (one && ink >= INK_MARK)) continue;
        text_out_put(&writer->out, "  ");
        format_toned(writer, ink_tone(ink), chart_sign(ink, ascii));
        text_out_put(&writer->out, " ");
        const char *word =
            ink >= INK_MARK ? figure_mark_word((enum figure_mark)(ink - INK_MARK)) : words[ink];
        format_toned(writer, TONE_DIM, ascii && ink == INK_BAND ? "+- spread" : word);
    }
    text_out_put(&writer->out, "\n");
}

/* -- many series ------------------------------------------------------------------------------- */

/* One line: the name, the last value, the newest values, what is the gravest of the marks. */
static int put_spark(struct pace_writer *writer, struct arena *arena, const struct figure *figure,
                     const struct figure_series *series)
{
    enum { NUMBER_ROOM = 12, NAME_MOST = 48 };
    int ascii = writer->options.ascii;
    unsigned width = plot_width(writer), room = (width - NUMBER_ROOM - 4) / 2;
    if (room > NAME_MOST) room = NAME_MOST;
    size_t shown = width - NUMBER_ROOM - 4 - room - 12, from = 0;
    if (shown > width) shown = 1;
    if (series->count > shown) from = series->count - shown;
    double *values = arena_array(arena, shown, sizeof *values);
    char *text = arena_alloc(arena, shown * 3 + 1),
         *name = arena_alloc(arena, strlen(series->name) + 4);
    char number[HUMAN_TEXT_MAX] = "-", safe[HUMAN_TEXT_MAX];
    if (!values || !text || !name) return PACE_ENOMEM;
    size_t count = series->count - from;
    for (size_t i = 0; i < count; i++) {
        if (!figure_number(figure->columns.value, series->rows[from + i], &values[i]))
            values[i] = (double)NAN;
    }
    spark(text, shown * 3 + 1, values, count, ascii);
    if (isfinite(values[count - 1]))
        human_text(number, figure->columns.value->name, values[count - 1],
                   figure_unit(figure, series));
    text_safe(safe, sizeof safe, number, strlen(number));
    text_shorten(name, series->name, room, ascii);
    text_out_put(&writer->out, name);
    size_t used = text_width(name), last = text_width(safe);
    text_out_repeat(&writer->out, " ", room - used + (last < NUMBER_ROOM ? NUMBER_ROOM - last : 1));
    text_out_put(&writer->out, safe);
    text_out_put(&writer->out, "  ");
    format_toned(writer, TONE_LINE, text);
    if (series->gravest != FIGURE_PLAIN) {
        text_out_put(&writer->out, "  ");
        format_toned(writer, figure_mark_tone(series->gravest), figure_mark_word(series->gravest));
    }
    text_out_put(&writer->out, "\n");
    return 0;
}

static int put_sparks(struct pace_writer *writer, struct arena *arena, const struct figure *figure)
{
    size_t end = PLOT_SERIES_MAX + PLOT_SPARKS_MAX;
    if (end > figure->count) end = figure->count;
    text_out_put(&writer->out, "\n");
    for (size_t s = PLOT_SERIES_MAX; s < end; s++) {
        if (put_spark(writer, arena, figure, &figure->series[s])) return PACE_ENOMEM;
    }
    if (figure->count == end) return 0;
    char line[96];
    snprintf(line, sizeof line, "%zu more series; select fewer to see them\n", figure->count - end);
    format_toned(writer, TONE_DIM, line);
    return 0;
}

int plot_lines(struct pace_writer *writer, struct arena *arena, struct figure *figure)
{
    bool one = figure->count == 1, used[INK_COUNT] = {false};
    unsigned width = plot_width(writer);
    size_t abreast = !one && width >= PLOT_WIDTH_TWO ? 2 : 1;
    size_t panels = figure->count < PLOT_SERIES_MAX ? figure->count : PLOT_SERIES_MAX;
    figure_put_gravest_first(figure, PLOT_SERIES_MAX);
    if (figure->heading[0]) {
        format_toned(writer, TONE_DIM, figure->heading);
        text_out_put(&writer->out, "\n");
    }
    for (size_t s = 0; s < panels; s += abreast) {
        struct panel strip[2] = {{.writer = NULL}};
        size_t count = panels - s < abreast ? panels - s : abreast;
        for (size_t i = 0; i < count; i++) {
            strip[i] = (struct panel){.writer = writer, .arena = arena, .figure = figure};
            strip[i].series = &figure->series[s + i];
            strip[i].width = abreast == 1 ? width : (width - PAIR_GAP) / 2;
            if (prepare(&strip[i], one)) return PACE_ENOMEM;
            for (unsigned ink = 0; ink < INK_COUNT; ink++)
                used[ink] = used[ink] || strip[i].used[ink];
        }
        if (s) text_out_put(&writer->out, "\n");
        put_strip(strip, count);
    }
    put_legend(writer, used, one);
    return figure->count > PLOT_SERIES_MAX ? put_sparks(writer, arena, figure) : 0;
}
