/* event.h -- what a chart lists below a series: change points, accepted changes and marks, in
 * columns of text. */
#ifndef PACE_EVENT_H
#define PACE_EVENT_H

#include "axis.h"

enum event_kind { EVENT_MARK, EVENT_CHANGE, EVENT_ACCEPT };

struct event {
    size_t at; /* the point */
    enum event_kind kind;
    enum figure_mark mark; /* of EVENT_MARK */
    enum format_tone tone;
    /* Safe, "" where there is none: "39.4 ms", "worse", "base 480 us", "82x". */
    const char *time, *commit, *value, *word, *rest, *change;
};

struct events {
    struct event *events;
    size_t count, total; /* listed, and how many there are */
};

/* Changes, accepted ones and the gravest marks, up to `room` of each, in the order of time. 0 or
 * PACE_ENOMEM. */
int events_find(struct events *events, struct arena *arena, const struct figure *figure,
                const struct figure_series *series, const struct axis *axis, size_t room);

/* "+8.3 %"; what is ten times as much or more reads better as "82.2x". "" when `from` is 0. */
char *event_change_text(double from, double to, char text[HUMAN_TEXT_MAX]);

#endif
