/* bars.c -- see bars.h. */
#include "bars.h"

#include "human.h"
#include "layout.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static size_t wider(size_t width, const char *text)
{
    size_t own = text_width(text);
    return own > width ? own : width;
}

size_t bars_widest(const struct bars *bars, size_t offset)
{
    size_t most = 0;
    for (size_t i = 0; i < bars->count; i++)
        most = wider(most, *(const char *const *)((const char *)&bars->bars[i] + offset));
    return most;
}

size_t bars_fit(const struct bars *bars, size_t room, size_t gap, size_t *widths)
{
    size_t sum = 0;
    for (size_t k = 0; k < bars->part_count; k++) {
        widths[k] = 0;
        for (size_t i = 0; i < bars->count; i++)
            widths[k] = wider(widths[k], bars->bars[i].parts[k]);
        sum += widths[k] + gap;
    }
    while (sum > room) {
        size_t widest = 0;
        for (size_t k = 1; k < bars->part_count; k++)
            widest = widths[k] > widths[widest] ? k : widest;
        if (widths[widest] <= BARS_PART_LEAST) break;
        widths[widest]--;
        sum--;
    }
    return sum;
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

/* Names, commit, kind, time: what tells rows apart; not what belongs to the number. */
static bool is_part(const struct held *held, const struct held_column *column)
{
    static const char *const skipped[] = {"unit", "status", "verdict", "basis"};
    static const char other_commit[] = "_commit"; /* from_, bad_, ...: `commit` says enough */
    size_t len = strlen(column->name), tail = sizeof other_commit - 1;
    if (column->type != PACE_FIELD_TIME && column->type != PACE_FIELD_TEXT) return false;
    if (len > tail && strcmp(column->name + len - tail, other_commit) == 0) return false;
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
        if (strcmp(column->name, skipped[i]) == 0) return false;
    }
    if (held->count == 1) return true;
    for (size_t r = 1; r < held->count; r++) {
        if (!held_equal(column, 0, r)) return true;
    }
    return false;
}

static int make_parts(struct bars *bars, struct arena *arena, const struct held *held,
                      const struct figure_columns *columns)
{
    for (size_t i = 0; i < bars->count; i++) {
        bars->bars[i].parts = arena_array(arena, held->column_count, sizeof *bars->bars[i].parts);
        if (!bars->bars[i].parts) return PACE_ENOMEM;
    }
    for (size_t c = 0; c < held->column_count; c++) {
        if (!is_part(held, &held->columns[c])) continue;
        for (size_t r = 0; r < bars->count; r++) {
            const char *part = label_part(arena, &held->columns[c], columns, r);
            if (!part) return PACE_ENOMEM;
            bars->bars[r].parts[bars->part_count] = part;
        }
        bars->part_count++;
    }
    return 0;
}

/* One prefix where all bars share a unit and are near enough; else each its own. */
static int make_numbers(struct bar *bars, size_t count, struct arena *arena,
                        const struct figure_columns *columns)
{
    const char *name = columns->value->name;
    struct human_range range = {0};
    bool common = count && human_style_in(name, bars[0].unit) == HUMAN_QUANTITY;
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

static int fill_bars(struct bars *bars, struct arena *arena, const struct held *held,
                     const struct figure_columns *columns)
{
    for (size_t r = 0; r < bars->count; r++) {
        struct bar *bar = &bars->bars[r];
        bar->unit = columns->value->units[r];
        bar->value = columns->value->missing[r] ? (double)NAN : columns->value->values[r].number;
        bar->word = columns->verdict && !columns->verdict->missing[r]
                        ? layout_safe(arena, columns->verdict->values[r].text)
                        : "";
        bar->tone = bar_tone(held, columns, r);
    }
    if (make_parts(bars, arena, held, columns)) return PACE_ENOMEM;
    return make_numbers(bars->bars, bars->count, arena, columns);
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
    if (!bars->bars || fill_bars(bars, arena, held, &figure->columns)) return PACE_ENOMEM;
    size_bars(bars->bars, count, &bars->negative);
    bars->heading = make_heading(arena, held, &figure->columns, ascii);
    return arena->failed ? PACE_ENOMEM : 0;
}
