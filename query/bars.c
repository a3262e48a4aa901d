/* bars.c -- see bars.h. */
#include "bars.h"

#include "human.h"
#include "layout.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

size_t bars_widest(const struct bar *bars, size_t count, size_t offset)
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
                              const struct figure_columns *columns, size_t row)
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
                     const struct held_column *column, const struct figure_columns *columns)
{
    const char **parts = arena_array(arena, count, sizeof *parts);
    size_t before = bars_widest(bars, count, offsetof(struct bar, label));
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
                       const struct figure_columns *columns)
{
    static const char *const skipped[] = {"unit", "status", "verdict", "basis"};
    static const char other_commit[] = "_commit"; /* from_, bad_, ...: `commit` says enough */
    for (size_t r = 0; r < count; r++)
        bars[r].label = "";
    for (size_t c = 0; c < held->column_count; c++) {
        const struct held_column *column = &held->columns[c];
        bool skip = column->type != PACE_FIELD_TIME && column->type != PACE_FIELD_TEXT;
        for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
            skip = skip || strcmp(column->name, skipped[i]) == 0;
        size_t len = strlen(column->name), tail = sizeof other_commit - 1;
        skip = skip || (len > tail && strcmp(column->name + len - tail, other_commit) == 0);
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
                        const struct figure_columns *columns)
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

static enum format_tone bar_tone(const struct held *held, const struct figure_columns *columns,
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

static int fill_bars(struct bar *bars, size_t count, struct arena *arena, const struct held *held,
                     const struct figure_columns *columns)
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

/* A column's text where it is the same in all rows of several, else "". */
static const char *shared_part(struct arena *arena, const struct held *held,
                               const struct held_column *column,
                               const struct figure_columns *columns)
{
    if (!column || held->count < 2 || column->missing[0]) return "";
    for (size_t r = 1; r < held->count; r++) {
        if (!held_equal(column, 0, r)) return "";
    }
    const char *part = label_part(arena, column, columns, 0);
    return part ? part : "";
}

static const char *join(struct arena *arena, const char *text, const char *part, int ascii)
{
    const char *gap = !text[0] || !part[0] ? "" : ascii ? " - " : " \xc2\xb7 ";
    const char *joined = arena_printf(arena, "%s%s%s", text, gap, part);
    return joined ? joined : "";
}

static const char *make_heading(struct arena *arena, const struct held *held,
                                const struct figure_columns *columns, int ascii)
{
    int differ[PACE_DIMENSION_COUNT] = {0};
    for (size_t k = 0; k < columns->key_count; k++) {
        differ[k] = held->count == 1;
        for (size_t r = 1; r < held->count && !differ[k]; r++)
            differ[k] = !held_equal(columns->keys[k], 0, r);
    }
    const char *names = figure_keys(arena, columns, differ, 0, 0, ascii);
    names = join(arena, names, shared_part(arena, held, columns->time, columns), ascii);
    names = join(arena, names, shared_part(arena, held, columns->commit, columns), ascii);
    return join(arena, names, layout_safe(arena, columns->value->name), ascii);
}

int bars_build(struct bars *bars, struct arena *arena, const struct figure *figure, size_t most,
               int ascii)
{
    const struct held *held = figure->held;
    size_t count = held->count < most ? held->count : most;
    *bars = (struct bars){.count = count, .left_out = held->count - count};
    bars->bars = arena_array(arena, count, sizeof *bars->bars);
    if (!bars->bars || fill_bars(bars->bars, count, arena, held, &figure->columns))
        return PACE_ENOMEM;
    size_bars(bars->bars, count, &bars->negative);
    bars->heading = make_heading(arena, held, &figure->columns, ascii);
    return arena->failed ? PACE_ENOMEM : 0;
}
