/* plot_lines.c -- a panel for each series: its values in the order of the runs, as a line.
 *
 *     parse/json   64 points, last 15.4 ms
 *     15 ms ┤                      ⣀⡠⠤⠒●⠒⠉
 *     12 ms ┤⣀⠤⠒⠊⠉⠒⠤⣀⠤⠒⠊⠉──────────
 *           └────────────────────────────
 *            4f2a1c9d0 2026-07-25      9c1d22e07 2026-08-03
 *
 * The runs are spaced evenly: what happened between two commits is seen, a quiet month is not. The
 * base is a rule, limits are a dashed one where they are near the values. Alerts are marked and
 * listed. */
#include "plot.h"

#include "chart.h"
#include "human.h"
#include "layout.h"
#include "timefmt.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL_ROWS_ONE = 12, PANEL_ROWS_MANY = 6 };

/* Rows of one series in the order of time. */
struct series {
    const uint32_t *rows;
    size_t count;
    uint32_t first; /* smallest row number: series print in the order of the result */
};

struct panel {
    struct pace_writer *writer;
    struct arena *arena;
    const struct plot_columns *columns;
    const struct series *series;
    struct chart chart;
    double least, most; /* of the axis */
    struct human_scale scale;
    struct human_range range; /* of the values: their decimals */
    unsigned label_width;
    bool used[INK_BETTER + 1]; /* inks that the legend explains */
};

/* -- series ------------------------------------------------------------------------------------ */

static int compare_keys(const struct plot_columns *columns, uint32_t a, uint32_t b)
{
    for (size_t k = 0; k < columns->key_count; k++) {
        const struct held_column *key = columns->keys[k];
        const char *x = key->missing[a] ? "" : key->values[a].text;
        const char *y = key->missing[b] ? "" : key->values[b].text;
        int order = x == y ? 0 : strcmp(x, y);
        if (order) return order;
    }
    return 0;
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct plot_columns *columns = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = compare_keys(columns, a, b);
    if (order) return order;
    int64_t x = columns->time->values[a].time_ns, y = columns->time->values[b].time_ns;
    if (x != y) return x < y ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int compare_series(const void *left, const void *right)
{
    const struct series *a = left, *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* Rows with a value, grouped; *count series. NULL when memory is out. */
static struct series *find_series(struct arena *arena, const struct held *held,
                                  const struct plot_columns *columns, size_t *count)
{
    uint32_t *rows = arena_array(arena, held->count, sizeof *rows);
    struct series *series = arena_array(arena, held->count, sizeof *series);
    if (!rows || !series) return NULL;
    size_t used = 0;
    for (uint32_t r = 0; r < held->count; r++) {
        if (!columns->time->missing[r]) rows[used++] = r;
    }
    qsort_r(rows, used, sizeof *rows, compare_rows, (void *)(uintptr_t)columns);
    *count = 0;
    for (size_t i = 0; i < used; i++) {
        if (i == 0 || compare_keys(columns, rows[i - 1], rows[i]) != 0)
            series[(*count)++] = (struct series){.rows = &rows[i], .first = rows[i]};
        struct series *last = &series[*count - 1];
        last->count++;
        if (rows[i] < last->first) last->first = rows[i];
    }
    qsort(series, *count, sizeof *series, compare_series);
    return series;
}

/* -- the axis ---------------------------------------------------------------------------------- */

static bool number_at(const struct held_column *column, uint32_t row, double *value)
{
    if (!column || column->missing[row]) return false;
    *value = column->values[row].number;
    return true;
}

static void extend(double *least, double *most, double value)
{
    *least = fmin(*least, value);
    *most = fmax(*most, value);
}

/* The range of values and base; limits count where they do not squeeze the values. */
static bool choose_axis(struct panel *panel)
{
    const struct plot_columns *c = panel->columns;
    double least = DBL_MAX, most = -DBL_MAX, value;
    for (size_t i = 0; i < panel->series->count; i++) {
        uint32_t row = panel->series->rows[i];
        if (number_at(c->value, row, &value)) {
            extend(&least, &most, value);
            human_range_add(&panel->range, value);
        }
        if (number_at(c->base, row, &value)) extend(&least, &most, value);
    }
    if (least > most) return false;
    double span = most - least, low = least - span, high = most + span;
    const struct held_column *limits[] = {c->low, c->high};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < panel->series->count; i++) {
            if (!number_at(limits[k], panel->series->rows[i], &value)) continue;
            if (value > low && value < high) extend(&least, &most, value);
        }
    }
    span = most - least;
    if (!(span > 0)) span = fabs(most) > 0 ? fabs(most) * 0.02 : 1;
    panel->least = least - span * 0.04;
    panel->most = most + span * 0.04;
    return isfinite(panel->least) && isfinite(panel->most) && panel->most > panel->least;
}

static unsigned dot_y(const struct panel *panel, double value)
{
    double part = (value - panel->least) / (panel->most - panel->least);
    return (unsigned)lround(part * (panel->chart.height - 1));
}

static unsigned dot_x(const struct panel *panel, size_t index)
{
    size_t last = panel->series->count - 1;
    if (last == 0) return panel->chart.width / 2;
    return (unsigned)lround((double)index / (double)last * (panel->chart.width - 1));
}

/* 1, 2 or 5 times a power of ten, near `step`. */
static double nice_step(double step)
{
    double power = pow(10, floor(log10(step))), rest = step / power;
    return power * (rest <= 1.2 ? 1 : rest <= 2.5 ? 2 : rest <= 6 ? 5 : 10);
}

/* -- drawing ----------------------------------------------------------------------------------- */

/* A rule at the height of `column`, cell by cell. */
static void draw_rule(struct panel *panel, const struct held_column *column, enum chart_ink ink)
{
    const struct series *series = panel->series;
    unsigned step = panel->chart.ascii ? 1 : 2;
    for (unsigned x = 0; column && x < panel->chart.width; x += step) {
        double part = panel->chart.width > 1 ? (double)x / (panel->chart.width - 1) : 0, value;
        uint32_t row = series->rows[(size_t)lround(part * (double)(series->count - 1))];
        if (!number_at(column, row, &value)) continue;
        if (value < panel->least || value > panel->most) continue;
        chart_mark(&panel->chart, x, dot_y(panel, value), ink);
        panel->used[ink] = true;
    }
}

static void draw_line(struct panel *panel)
{
    const struct series *series = panel->series;
    bool before = false;
    unsigned last_x = 0, last_y = 0;
    for (size_t i = 0; i < series->count; i++) {
        double value;
        if (!number_at(panel->columns->value, series->rows[i], &value)) {
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
}

static enum chart_ink verdict_ink(const struct plot_columns *columns, uint32_t row)
{
    static const struct {
        const char *verdict;
        enum chart_ink ink;
    } inks[] = {{"worse", INK_WORSE},
                {"suspected", INK_SUSPECTED},
                {"changed", INK_CHANGED},
                {"better", INK_BETTER}};
    double value;
    if (!columns->verdict || columns->verdict->missing[row]) return INK_NONE;
    if (!number_at(columns->value, row, &value)) return INK_NONE;
    for (size_t i = 0; i < sizeof inks / sizeof inks[0]; i++) {
        if (strcmp(inks[i].verdict, columns->verdict->values[row].text) == 0) return inks[i].ink;
    }
    return INK_NONE;
}

static size_t draw_marks(struct panel *panel)
{
    size_t marks = 0;
    for (size_t i = 0; i < panel->series->count; i++) {
        uint32_t row = panel->series->rows[i];
        enum chart_ink ink = verdict_ink(panel->columns, row);
        if (ink == INK_NONE) continue;
        double value = panel->columns->value->values[row].number;
        chart_mark(&panel->chart, dot_x(panel, i), dot_y(panel, value), ink);
        marks++;
    }
    return marks;
}

/* A value or base in the prefix of the axis, where the values allow it. */
static const char *value_text(const struct panel *panel, const struct held_column *column,
                              double value, const char *unit, char text[HUMAN_TEXT_MAX])
{
    struct human_number number = {.unit = ""};
    bool plain = human_style_of(column->name) != HUMAN_QUANTITY;
    if (plain || !human_range_narrow(&panel->range))
        return human_text(text, column->name, value, unit);
    int decimals = human_decimals(&panel->range, panel->scale.factor);
    human_print(&number, value, &panel->scale, decimals, unit);
    return human_join(text, &number);
}

/* -- output ------------------------------------------------------------------------------------ */

static enum format_tone ink_tone(enum chart_ink ink)
{
    static const enum format_tone tones[] = {
        [INK_NONE] = TONE_PLAIN,   [INK_LINE] = TONE_LINE,   [INK_BASE] = TONE_DIM,
        [INK_LIMIT] = TONE_DIM,    [INK_WORSE] = TONE_BAD,   [INK_SUSPECTED] = TONE_WARN,
        [INK_CHANGED] = TONE_WARN, [INK_BETTER] = TONE_GOOD,
    };
    return tones[ink];
}

enum { LABEL_MAX = HUMAN_TEXT_MAX };

/* Labels of the rows of the chart; "" for most. Returns the widest. */
static unsigned make_labels(struct panel *panel, char (*labels)[LABEL_MAX])
{
    unsigned rows = panel->chart.rows, widest = 0;
    const char *unit = panel->columns->value->units[panel->series->rows[0]];
    const char *name = panel->columns->value->name;
    enum human_style style = human_style_of(name);
    double factor = panel->scale.factor, span = (panel->most - panel->least) * factor;
    double step = nice_step(span / (rows > 8 ? 5 : 3));
    int decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (decimals > 9) decimals = 9;
    double tick = ceil(panel->least * factor / step) * step;
    for (; tick <= panel->most * factor; tick += step) {
        double part = (tick / factor - panel->least) / (panel->most - panel->least);
        unsigned up =
            (unsigned)lround(part * (panel->chart.height - 1)) * rows / panel->chart.height;
        char text[HUMAN_TEXT_MAX];
        struct human_number number = {.unit = ""};
        if (style != HUMAN_QUANTITY)
            human_text(text, name, tick, unit);
        else {
            human_print(&number, tick / factor, &panel->scale, decimals, unit);
            human_join(text, &number);
        }
        text_safe(labels[rows - 1 - up], LABEL_MAX, text, strlen(text));
        unsigned width = (unsigned)text_width(labels[rows - 1 - up]);
        if (width > widest) widest = width;
        if (tick + step <= tick) break; /* beyond the digits of a double */
    }
    return widest;
}

static void put_chart(struct panel *panel, char (*labels)[LABEL_MAX])
{
    struct text_out *out = &panel->writer->out;
    int ascii = panel->chart.ascii;
    for (unsigned row = 0; row < panel->chart.rows; row++) {
        const char *label = labels[row];
        text_out_repeat(out, " ", panel->label_width - text_width(label));
        format_tone_begin(panel->writer, TONE_DIM);
        text_out_put(out, label);
        text_out_put(out, label[0] ? (ascii ? " +" : " \xe2\x94\xa4")
                                   : (ascii ? " |" : " \xe2\x94\x82"));
        format_tone_end(panel->writer, TONE_DIM);
        enum format_tone tone = TONE_PLAIN;
        unsigned blank = 0;
        for (unsigned column = 0; column < panel->chart.columns; column++) {
            char cell[5];
            enum chart_ink ink = chart_cell(&panel->chart, column, row, cell);
            if (ink == INK_NONE) {
                blank++;
                continue;
            }
            if (ink_tone(ink) != tone) {
                format_tone_end(panel->writer, tone);
                text_out_repeat(out, " ", blank);
                blank = 0;
                tone = ink_tone(ink);
                format_tone_begin(panel->writer, tone);
            }
            text_out_repeat(out, " ", blank);
            blank = 0;
            text_out_put(out, cell);
        }
        format_tone_end(panel->writer, tone);
        text_out_put(out, "\n");
    }
}

/* The date and commit of one end of the axis. */
static const char *end_label(struct panel *panel, size_t index, enum time_detail detail,
                             bool with_commit)
{
    uint32_t row = panel->series->rows[index];
    const struct held_column *commit = panel->columns->commit;
    char time[TIME_TEXT_MAX];
    time_print_short(time, panel->columns->time->values[row].time_ns, detail);
    bool named = with_commit && commit && !commit->missing[row] && commit->values[row].text[0];
    const char *label =
        arena_printf(panel->arena, "%s%s%s", time, named ? " " : "",
                     named ? layout_commit(panel->arena, commit->values[row].text) : "");
    return label ? label : "";
}

/* Both ends: with commits if they fit, with the hour if the day is the same. */
static void choose_ends(struct panel *panel, const char **first, const char **last)
{
    size_t end = panel->series->count - 1;
    enum time_detail detail = TIME_DAY;
    for (int with_commit = 1; with_commit >= 0; with_commit--) {
        *first = end_label(panel, 0, detail, with_commit);
        *last = end_label(panel, end, detail, with_commit);
        if (end && detail == TIME_DAY && strncmp(*first, *last, strlen("2026-08-03")) == 0) {
            detail = TIME_MINUTE;
            *first = end_label(panel, 0, detail, with_commit);
            *last = end_label(panel, end, detail, with_commit);
        }
        if (text_width(*first) + text_width(*last) + 2 <= panel->chart.columns) return;
    }
    *first = end_label(panel, 0, TIME_DAY, false);
    *last = end_label(panel, end, TIME_DAY, false);
}

static void put_axis(struct panel *panel)
{
    struct text_out *out = &panel->writer->out;
    int ascii = panel->chart.ascii;
    const char *first, *last;
    choose_ends(panel, &first, &last);
    size_t used = text_width(first) + text_width(last), columns = panel->chart.columns;
    format_tone_begin(panel->writer, TONE_DIM);
    text_out_repeat(out, " ", panel->label_width + 1);
    text_out_put(out, ascii ? "+" : "\xe2\x94\x94");
    text_out_repeat(out, ascii ? "-" : "\xe2\x94\x80", columns);
    text_out_put(out, "\n");
    text_out_repeat(out, " ", panel->label_width + 2);
    text_out_put(out, first);
    if (panel->series->count > 1) {
        text_out_repeat(out, " ", used < columns ? columns - used : 2);
        text_out_put(out, last);
    }
    format_tone_end(panel->writer, TONE_DIM);
    text_out_put(out, "\n");
}

static void put_mark(struct panel *panel, uint32_t row, enum chart_ink ink)
{
    struct text_out *out = &panel->writer->out;
    const struct plot_columns *c = panel->columns;
    char time[TIME_TEXT_MAX], number[HUMAN_TEXT_MAX];
    double base, value = c->value->values[row].number;
    text_out_put(out, "  ");
    format_toned(panel->writer, ink_tone(ink), chart_glyph(ink, panel->chart.ascii));
    text_out_put(out, " ");
    text_out_put(out, time_print_short(time, c->time->values[row].time_ns, TIME_MINUTE));
    if (c->commit && !c->commit->missing[row]) {
        text_out_put(out, "  ");
        text_out_put(out, layout_commit(panel->arena, c->commit->values[row].text));
    }
    text_out_put(out, "  ");
    value_text(panel, c->value, value, c->value->units[row], number);
    text_out_safe(out, number, strlen(number));
    text_out_put(out, "  ");
    format_toned(panel->writer, ink_tone(ink),
                 layout_safe(panel->arena, c->verdict->values[row].text));
    if (number_at(c->base, row, &base)) {
        value_text(panel, c->base, base, c->base->units[row], number);
        text_out_put(out, ", base ");
        text_out_safe(out, number, strlen(number));
        if (fabs(base) > 0) {
            text_out_put(out, ", ");
            text_out_put(out, human_text(number, "delta", value / base - 1, ""));
        }
    }
    text_out_put(out, "\n");
}

/* The gravest are listed when there are too many; in the order of time. */
static void put_marks(struct panel *panel, size_t count)
{
    static const enum chart_ink order[] = {INK_WORSE, INK_SUSPECTED, INK_CHANGED, INK_BETTER};
    size_t room = PLOT_MARKS_MAX, listed = 0;
    bool shown[INK_BETTER + 1] = {false};
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        size_t of_kind = 0;
        for (size_t i = 0; i < panel->series->count; i++)
            of_kind += verdict_ink(panel->columns, panel->series->rows[i]) == order[k];
        shown[order[k]] = room > 0 && of_kind > 0;
        room -= of_kind < room ? of_kind : room;
    }
    for (size_t i = 0; i < panel->series->count && listed < PLOT_MARKS_MAX; i++) {
        enum chart_ink ink = verdict_ink(panel->columns, panel->series->rows[i]);
        if (ink == INK_NONE || !shown[ink]) continue;
        put_mark(panel, panel->series->rows[i], ink);
        listed++;
    }
    if (listed >= count) return;
    char line[64];
    snprintf(line, sizeof line, "  and %zu more\n", count - listed);
    format_toned(panel->writer, TONE_DIM, line);
}

static void put_title(struct panel *panel, const char *name)
{
    struct text_out *out = &panel->writer->out;
    const struct series *series = panel->series;
    char line[64], number[HUMAN_TEXT_MAX];
    if (name[0]) {
        format_toned(panel->writer, TONE_BOLD, name);
        text_out_put(out, "  ");
    }
    format_tone_begin(panel->writer, TONE_DIM);
    snprintf(line, sizeof line, "%zu point%s", series->count, series->count == 1 ? "" : "s");
    text_out_put(out, line);
    uint32_t last = series->rows[series->count - 1];
    if (!panel->columns->value->missing[last]) {
        human_text(number, panel->columns->value->name, panel->columns->value->values[last].number,
                   panel->columns->value->units[last]);
        text_out_put(out, ", last ");
        text_out_safe(out, number, strlen(number));
    }
    if (panel->used[INK_BASE]) {
        text_out_put(out, "   ");
        text_out_put(out, chart_glyph(INK_BASE, panel->chart.ascii));
        text_out_put(out, " base");
    }
    if (panel->used[INK_LIMIT]) {
        text_out_put(out, "  ");
        text_out_put(out, chart_glyph(INK_LIMIT, panel->chart.ascii));
        text_out_put(out, " limit");
    }
    format_tone_end(panel->writer, TONE_DIM);
    text_out_put(out, "\n");
}

static int put_panel(struct panel *panel, const char *name, unsigned rows)
{
    char labels[PANEL_ROWS_ONE][LABEL_MAX] = {""};
    int ascii = panel->writer->options.ascii;
    if (!choose_axis(panel)) {
        put_title(panel, name);
        return 0;
    }
    double typical = fmax(fabs(panel->least), fabs(panel->most));
    human_scale_one(&panel->scale, typical, panel->columns->value->units[panel->series->rows[0]]);
    panel->chart = (struct chart){.rows = rows, .height = ascii ? rows : rows * 4};
    panel->label_width = make_labels(panel, labels);
    unsigned width = plot_width(panel->writer), columns = 8;
    if (width > panel->label_width + 2 + columns) columns = width - panel->label_width - 2;
    if (chart_init(&panel->chart, panel->arena, columns, rows, ascii)) return PACE_ENOMEM;
    draw_rule(panel, panel->columns->low, INK_LIMIT);
    draw_rule(panel, panel->columns->high, INK_LIMIT);
    draw_rule(panel, panel->columns->base, INK_BASE);
    draw_line(panel);
    size_t marks = draw_marks(panel);
    put_title(panel, name);
    put_chart(panel, labels);
    put_axis(panel);
    put_marks(panel, marks);
    return panel->arena->failed ? PACE_ENOMEM : 0;
}

int plot_lines(struct pace_writer *writer, struct arena *arena, const struct held *held,
               const struct plot_columns *columns)
{
    size_t count;
    int differ[PACE_DIMENSION_COUNT] = {0};
    struct series *series = find_series(arena, held, columns, &count);
    if (!series) return PACE_ENOMEM;
    for (size_t k = 0; k < columns->key_count; k++) {
        for (size_t s = 1; s < count && !differ[k]; s++)
            differ[k] = !held_equal(columns->keys[k], series[0].first, series[s].first);
    }
    int ascii = writer->options.ascii;
    const char *heading = count ? plot_name(arena, columns, differ, 0, series[0].first, ascii) : "";
    if (heading[0]) {
        format_toned(writer, TONE_DIM, heading);
        text_out_put(&writer->out, "\n");
    }
    for (size_t s = 0; s < count && s < PLOT_SERIES_MAX; s++) {
        struct panel panel = {
            .writer = writer, .arena = arena, .columns = columns, .series = &series[s]};
        const char *name = plot_name(arena, columns, differ, 1, series[s].first, ascii);
        if (s) text_out_put(&writer->out, "\n");
        if (put_panel(&panel, name, count == 1 ? PANEL_ROWS_ONE : PANEL_ROWS_MANY))
            return PACE_ENOMEM;
    }
    if (count <= PLOT_SERIES_MAX) return 0;
    char line[96];
    snprintf(line, sizeof line, "\n%zu more series; select fewer to see them\n",
             count - PLOT_SERIES_MAX);
    format_toned(writer, TONE_DIM, line);
    return 0;
}
