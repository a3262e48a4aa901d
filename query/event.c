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
    event->kind = EVENT_CHANGE;
    event->tone = change->tone;
    event->word = "change";
    event->value = quantity(f, change->after);
    compare(f, event, "from", change->before, change->after);
}

static void fill_accept(const struct finder *f, struct event *event, uint32_t row)
{
    double value;
    event->kind = EVENT_ACCEPT;
    event->tone = TONE_PLAIN;
    event->word = "accepted";
    event->value = figure_number(f->figure->columns.value, row, &value) ? quantity(f, value) : "-";
    event->rest = event->change = "";
}

/* The next event, at a point. */
static struct event *add_event(const struct finder *f, struct events *events,
                               const struct figure_series *series, size_t at)
{
    struct event *event = &events->events[events->count++];
    uint32_t row = series->rows[at];
    event->at = at;
    event->time = figure_time(f->figure, f->arena, row, TIME_MINUTE);
    event->commit = figure_commit(f->figure, f->arena, row);
    return event;
}

static size_t at_most(size_t count, size_t room)
{
    return count < room ? count : room;
}

int events_find(struct events *events, struct arena *arena, const struct figure *figure,
                const struct figure_series *series, const struct axis *axis, size_t room)
{
    const struct finder f = {.arena = arena, .figure = figure, .axis = axis};
    size_t changes = at_most(series->change_count, room), change = 0;
    size_t accepts = at_most(series->accept_count, room), accept = 0;
    size_t *marks = arena_array(arena, room + 1, sizeof *marks), mark = 0;
    *events =
        (struct events){.total = series->change_count + series->accept_count + series->mark_count};
    if (!marks) return PACE_ENOMEM;
    size_t count = figure_gravest(figure, series, room, marks);
    events->events = arena_array(arena, count + changes + accepts + 1, sizeof *events->events);
    if (!events->events) return PACE_ENOMEM;
    for (size_t at = 0; at < series->count; at++) {
        for (; change < changes && series->changes[change].at <= at; change++)
            fill_change(&f, add_event(&f, events, series, series->changes[change].at),
                        &series->changes[change]);
        if (accept < accepts && figure_accepted(figure, series->rows[at])) {
            fill_accept(&f, add_event(&f, events, series, at), series->rows[at]);
            accept++;
        }
        if (mark < count && marks[mark] == at) {
            fill_mark(&f, add_event(&f, events, series, at), series->rows[at]);
            mark++;
        }
    }
    return arena->failed ? PACE_ENOMEM : 0;
}
