/* event.c -- see event.h. */
#include "event.h"

#include <math.h>
#include <stdio.h>

struct finder {
    struct arena *arena;
    const struct figure *figure;
    const struct axis *axis;
};

static const char *quantity(const struct finder *f, double value)
{
    char text[HUMAN_TEXT_MAX];
    const char *kept = arena_string(f->arena, axis_value_text(f->axis, value, text));
    return kept ? kept : "";
}

char *event_change_text(double from, double to, char text[HUMAN_TEXT_MAX])
{
    double ratio = fabs(from) > 0 ? to / from : (double)NAN;
    text[0] = '\0';
    if (ratio >= 10 && ratio < 1e6)
        snprintf(text, HUMAN_TEXT_MAX, "%dx", (int)lround(ratio));
    else if (isfinite(ratio))
        human_text(text, "delta", ratio - 1, "");
    return text;
}

static void compare(const struct finder *f, struct event *event, const char *with, double from,
                    double to)
{
    char change[HUMAN_TEXT_MAX];
    const char *rest = arena_printf(f->arena, "%s %s", with, quantity(f, from));
    const char *text = arena_string(f->arena, event_change_text(from, to, change));
    event->rest = rest ? rest : "";
    event->change = text ? text : "";
}

static void fill_mark(const struct finder *f, struct event *event, uint32_t row)
{
    const struct figure_columns *c = &f->figure->columns;
    double value, base;
    bool there = figure_number(c->value, row, &value);
    event->mark = figure_mark_of(f->figure, row);
    event->tone = figure_mark_tone(event->mark);
    event->word = figure_mark_word(event->mark);
    event->value = there ? quantity(f, value) : "-";
    event->rest = event->change = "";
    if (there && figure_number(c->base, row, &base)) compare(f, event, "base", base, value);
}

static void fill_change(const struct finder *f, struct event *event,
                        const struct figure_change *change)
{
    event->is_change = true;
    event->tone = change->tone;
    event->word = "change";
    event->value = quantity(f, change->after);
    compare(f, event, "from", change->before, change->after);
}

int events_find(struct events *events, struct arena *arena, const struct figure *figure,
                const struct figure_series *series, const struct axis *axis, size_t room)
{
    const struct finder f = {.arena = arena, .figure = figure, .axis = axis};
    size_t changes = series->change_count < room ? series->change_count : room;
    size_t *marks = arena_array(arena, room + 1, sizeof *marks), mark = 0, change = 0;
    *events = (struct events){.total = series->change_count + series->mark_count};
    if (!marks) return PACE_ENOMEM;
    size_t count = figure_gravest(figure, series, room, marks);
    events->events = arena_array(arena, count + changes + 1, sizeof *events->events);
    if (!events->events) return PACE_ENOMEM;
    while (mark < count || change < changes) {
        struct event *event = &events->events[events->count++];
        const struct figure_change *next = &series->changes[change];
        bool is_change = change < changes && (mark == count || next->at <= marks[mark]);
        event->at = is_change ? next->at : marks[mark];
        uint32_t row = series->rows[event->at];
        event->time = figure_time(figure, arena, row, TIME_MINUTE);
        event->commit = figure_commit(figure, arena, row);
        if (is_change) {
            fill_change(&f, event, next);
            change++;
        } else {
            fill_mark(&f, event, row);
            mark++;
        }
    }
    return arena->failed ? PACE_ENOMEM : 0;
}
