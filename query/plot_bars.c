/* plot_bars.c -- a bar for each row: results without a line over time (summarize, versus, changes).
 *
 * Bars of one unit share a scale; those of negative numbers go to the left of the zero line. */
#include "plot.h"

#include "human.h"
#include "layout.h"
#include "timefmt.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct bar {
    const char *label, *number, *word; /* safe; word: the verdict, or "" */
    const char *unit;
    double value; /* NAN: missing */
    double size;  /* of the largest of the unit: -1..1 */
    enum format_tone tone;
};

static size_t widest(const struct bar *bars, size_t count, size_t offset)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = *(const char *const *)((const char *)&bars[i] + offset);
        size_t width = text_width(text);
        if (width > most) most = width;
    }
    return most;
}

/* One column's part of a label; NULL when it has none. */
static const char *label_part(struct arena *arena, const struct held_column *column,
                              const struct plot_columns *columns, size_t row)
{
    char time[TIME_TEXT_MAX];
    if (column->missing[row]) return "-";
    if (column->type == PACE_FIELD_TIME)
        return arena_string(arena, time_print_short(time, column->values[row].time_ns, TIME_DAY));
    if (column == columns->commit) return layout_commit(arena, column->values[row].text);
    return layout_safe(arena, column->values[row].text);
}

/* Adds a column to the labels, aligned. */
static int label_add(struct bar *bars, size_t count, struct arena *arena,
                     const struct held_column *column, const struct plot_columns *columns)
{
    const char **parts = arena_array(arena, count, sizeof *parts);
    size_t before = widest(bars, count, offsetof(struct bar, label));
    if (!parts) return PACE_ENOMEM;
    for (size_t r = 0; r < count; r++) {
        const char *part = label_part(arena, column, columns, r), *label = bars[r].label;
        size_t pad = before ? before - text_width(label) + 2 : 0;
        bars[r].label = part ? arena_printf(arena, "%s%*s%s", label, (int)pad, "", part) : NULL;
        if (!bars[r].label) return PACE_ENOMEM;
    }
    return 0;
}

/* A label is everything that tells rows apart: names, commit, kind, time; not what belongs to the
 * number. */
static int make_labels(struct bar *bars, size_t count, struct arena *arena, const struct held *held,
                       const struct plot_columns *columns)
{
    static const char *const skipped[] = {"unit", "status", "verdict", "basis", "from_commit"};
    for (size_t r = 0; r < count; r++)
        bars[r].label = "";
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        bool skip = column->type != PACE_FIELD_TIME && column->type != PACE_FIELD_TEXT;
        for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
            skip = skip || strcmp(column->name, skipped[i]) == 0;
        bool differs = held->count == 1;
        for (size_t r = 1; r < held->count && !differs; r++)
            differs = !held_equal(column, 0, r);
        if (skip || !differs) continue;
        if (label_add(bars, count, arena, column, columns)) return PACE_ENOMEM;
    }
    return 0;
}

/* One prefix where all bars share a unit and are near enough; else each its own. */
static int make_numbers(struct bar *bars, size_t count, struct arena *arena,
                        const struct plot_columns *columns)
{
    const char *name = columns->value->name;
    struct human_range range = {0};
    bool common = human_style_of(name) == HUMAN_QUANTITY;
    for (size_t i = 0; i < count; i++) {
        human_range_add(&range, bars[i].value);
        common = common && strcmp(bars[i].unit, bars[0].unit) == 0;
    }
    common = common && human_range_narrow(&range);
    struct human_scale scale = {.factor = 1};
    int most = 0, decimals = 0;
    if (common) {
        human_scale_range(&scale, &range, bars[0].unit);
        most = human_decimals(&range, scale.factor);
    }
    for (size_t i = 0; i < count && common; i++) {
        if (!isfinite(bars[i].value)) continue;
        int needed = human_decimals_needed(bars[i].value * scale.factor, most);
        if (needed > decimals) decimals = needed;
    }
    for (size_t i = 0; i < count; i++) {
        char text[HUMAN_TEXT_MAX];
        struct human_number number = {.unit = ""};
        bars[i].number = "-";
        if (!isfinite(bars[i].value)) continue;
        if (common) {
            human_print(&number, bars[i].value, &scale, decimals, bars[i].unit);
            human_join(text, &number);
        } else {
            human_text(text, name, bars[i].value, bars[i].unit);
        }
        bars[i].number = layout_safe(arena, text);
    }
    return arena->failed ? PACE_ENOMEM : 0;
}

static enum format_tone bar_tone(const struct held *held, const struct plot_columns *columns,
                                 size_t row)
{
    if (columns->verdict && !columns->verdict->missing[row])
        return format_tone_of(columns->verdict->values[row].text);
    const struct held_column *worse = held_find(held, "worse");
    if (!worse || worse->type != PACE_FIELD_FLAG || worse->missing[row]) return TONE_PLAIN;
    return worse->values[row].flag ? TONE_BAD : TONE_GOOD;
}

/* Sizes relative to the largest of the same unit; *negative: some bar is. */
static void size_bars(struct bar *bars, size_t count, bool *negative)
{
    *negative = false;
    for (size_t i = 0; i < count; i++) {
        double most = 0;
        for (size_t j = 0; j < count; j++) {
            if (isfinite(bars[j].value) && strcmp(bars[i].unit, bars[j].unit) == 0)
                most = fmax(most, fabs(bars[j].value));
        }
        bars[i].size = most > 0 && isfinite(bars[i].value) ? bars[i].value / most : 0;
        if (bars[i].size < 0) *negative = true;
    }
}

/* `eighths` of a cell to the right; what is not zero shows at least one eighth. */
static void put_bar(struct text_out *out, double size, unsigned room, bool ascii)
{
    unsigned eighths = (unsigned)lround(fabs(size) * room * 8);
    if (eighths == 0 && fabs(size) > 0) eighths = 1;
    unsigned full = eighths / 8, rest = eighths % 8;
    if (ascii) {
        bool rounded_up = rest >= 4 || (full == 0 && rest > 0);
        text_out_repeat(out, "#", full + (rounded_up ? 1 : 0));
        return;
    }
    text_out_repeat(out, "\xe2\x96\x88", full);
    if (rest == 0) return;
    char part[4] = "\xe2\x96\x88";
    part[2] = (char)(part[2] + (8 - (int)rest)); /* 7/8 ... 1/8 follow the full block */
    text_out_put(out, part);
}

/* To the left of the zero line there are only full and half cells. */
static void put_bar_left(struct text_out *out, double size, unsigned room, bool ascii)
{
    unsigned halves = size < 0 ? (unsigned)lround(-size * room * 2) : 0;
    if (halves == 0 && size < 0) halves = 1;
    unsigned full = halves / 2, half = halves % 2;
    text_out_repeat(out, " ", room - full - half);
    if (half) text_out_put(out, ascii ? "#" : "\xe2\x96\x90");
    text_out_repeat(out, ascii ? "#" : "\xe2\x96\x88", full);
}

static void put_padded(struct text_out *out, const char *text, size_t width, bool right)
{
    size_t used = text_width(text), pad = width > used ? width - used : 0;
    if (right) text_out_repeat(out, " ", pad);
    text_out_put(out, text);
    if (!right) text_out_repeat(out, " ", pad);
}

static int fill_bars(struct bar *bars, size_t count, struct arena *arena, const struct held *held,
                     const struct plot_columns *columns)
{
    for (size_t r = 0; r < count; r++) {
        struct bar *bar = &bars[r];
        bar->unit = columns->value->units[r];
        bar->value = columns->value->missing[r] ? (double)NAN : columns->value->values[r].number;
        bar->word = columns->verdict && !columns->verdict->missing[r]
                        ? layout_safe(arena, columns->verdict->values[r].text)
                        : "";
        bar->tone = bar_tone(held, columns, r);
    }
    if (make_labels(bars, count, arena, held, columns)) return PACE_ENOMEM;
    return make_numbers(bars, count, arena, columns);
}

/* What is the same in all rows, then the name of the number. */
static void put_heading(struct pace_writer *writer, struct arena *arena, const struct held *held,
                        const struct plot_columns *columns)
{
    int differ[PACE_DIMENSION_COUNT] = {0}, ascii = writer->options.ascii;
    for (size_t k = 0; k < columns->key_count; k++) {
        differ[k] = held->count == 1;
        for (size_t r = 1; r < held->count && !differ[k]; r++)
            differ[k] = !held_equal(columns->keys[k], 0, r);
    }
    const char *names = plot_name(arena, columns, differ, 0, 0, ascii);
    format_tone_begin(writer, TONE_DIM);
    text_out_put(&writer->out, names);
    if (names[0]) text_out_put(&writer->out, ascii ? " - " : " \xc2\xb7 ");
    text_out_put(&writer->out, layout_safe(arena, columns->value->name));
    format_tone_end(writer, TONE_DIM);
    text_out_put(&writer->out, "\n");
}

/* Columns of the parts of a line; left is 0 when no number is negative. */
struct bar_room {
    size_t label, number, word;
    unsigned left, right;
};

static struct bar_room share_room(size_t width, const struct bar *bars, size_t count, bool negative)
{
    enum { LEAST_BAR = 16, LEAST_LABEL = 8, GAPS = 4 };
    struct bar_room room = {
        .label = widest(bars, count, offsetof(struct bar, label)),
        .number = widest(bars, count, offsetof(struct bar, number)),
        .word = widest(bars, count, offsetof(struct bar, word)),
    };
    size_t fixed = room.number + GAPS + (room.word ? room.word + 2 : 0) + negative;
    size_t labels =
        width > fixed + LEAST_BAR + LEAST_LABEL ? width - fixed - LEAST_BAR : LEAST_LABEL;
    if (room.label > labels) room.label = labels;
    size_t bar = width > fixed + room.label ? width - fixed - room.label : 1;
    room.right = (unsigned)(negative ? (bar + 1) / 2 : bar);
    room.left = negative ? room.right : 0;
    return room;
}

static int put_bar_line(struct pace_writer *writer, struct arena *arena, const struct bar *bar,
                        const struct bar_room *room)
{
    struct text_out *out = &writer->out;
    bool ascii = writer->options.ascii != 0, drawn = room->left || bar->size > 0;
    enum format_tone tone = bar->tone == TONE_PLAIN ? TONE_LINE : bar->tone;
    char *label = arena_alloc(arena, strlen(bar->label) + 4);
    if (!label) return PACE_ENOMEM;
    text_shorten(label, bar->label, room->label, ascii);
    put_padded(out, label, room->label ? room->label + 2 : 0, false);
    put_padded(out, bar->number, room->number, true);
    if (room->word && (drawn || bar->word[0])) {
        text_out_put(out, "  ");
        format_tone_begin(writer, bar->tone);
        put_padded(out, bar->word, drawn ? room->word : 0, false);
        format_tone_end(writer, bar->tone);
    }
    if (drawn) {
        text_out_put(out, "  ");
        format_tone_begin(writer, tone);
        if (room->left) put_bar_left(out, bar->size, room->left, ascii);
        if (room->left) text_out_put(out, ascii ? "|" : "\xe2\x94\x82");
        if (bar->size > 0) put_bar(out, bar->size, room->right, ascii);
        format_tone_end(writer, tone);
    }
    text_out_put(out, "\n");
    return 0;
}

int plot_bars(struct pace_writer *writer, struct arena *arena, const struct held *held,
              const struct plot_columns *columns)
{
    bool negative;
    size_t count = held->count < PLOT_BARS_MAX ? held->count : PLOT_BARS_MAX;
    struct bar *bars = arena_array(arena, count, sizeof *bars);
    if (!bars || fill_bars(bars, count, arena, held, columns)) return PACE_ENOMEM;
    size_bars(bars, count, &negative);
    struct bar_room room = share_room(plot_width(writer), bars, count, negative);
    put_heading(writer, arena, held, columns);
    for (size_t i = 0; i < count; i++) {
        if (put_bar_line(writer, arena, &bars[i], &room)) return PACE_ENOMEM;
    }
    if (held->count <= count) return 0;
    char line[64];
    snprintf(line, sizeof line, "%zu more rows\n", held->count - count);
    format_toned(writer, TONE_DIM, line);
    return 0;
}
