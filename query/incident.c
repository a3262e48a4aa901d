/* incident.c -- see incident.h. */
#include "incident.h"

#include <stdbool.h>
#include <stdlib.h>

/* Changes that were seen at one instant: changes[first .. first + count). */
struct instant_changes {
    size_t first, count;
};

static int by_group_and_time(const void *a, const void *b)
{
    const struct incident_change *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->at_ns != y->at_ns) return x->at_ns < y->at_ns ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_count(const void *a, const void *b)
{
    const struct instant_changes *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static bool is_covered(const struct incident_change *change, const struct incident_change *by)
{
    return change->event == 0 && change->group == by->group && change->earliest_ns <= by->at_ns &&
           by->at_ns <= change->latest_ns;
}

/* Gives all that the instant of changes[at] covers the event at + 1. Those are near in time: none
 * is further away than `reach_ns`. */
static void take_covered(struct incident_change *changes, size_t count, size_t at, int64_t reach_ns)
{
    const struct incident_change *anchor = &changes[at];
    uint32_t group = anchor->group;
    int64_t at_ns = anchor->at_ns;
    for (size_t i = at + 1; i-- > 0;) {
        if (changes[i].group != group || at_ns - changes[i].at_ns > reach_ns) break;
        if (is_covered(&changes[i], anchor)) changes[i].event = at + 1;
    }
    for (size_t i = at + 1; i < count; i++) {
        if (changes[i].group != group || changes[i].at_ns - at_ns > reach_ns) break;
        if (is_covered(&changes[i], anchor)) changes[i].event = at + 1;
    }
}

/* From 1, in order of their first change, instead of by where their instant is. number[] and
 * members[] hold count + 1 zeros. */
static void number_events(struct incident_change *changes, size_t count, size_t *number,
                          size_t *members)
{
    size_t events = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = changes[i].event;
        if (number[at] == 0) number[at] = ++events;
        changes[i].event = number[at];
        members[number[at]]++;
    }
    for (size_t i = 0; i < count; i++)
        changes[i].members = members[changes[i].event];
}

int incidents_group(struct incident_change *changes, size_t count)
{
    if (count == 0) return 0;
    struct instant_changes *instants = malloc(count * sizeof *instants);
    size_t *numbers = calloc(2 * (count + 1), sizeof *numbers), instant_count = 0;
    int64_t reach_ns = 0;
    if (instants && numbers) {
        qsort(changes, count, sizeof *changes, by_group_and_time);
        for (size_t i = 0; i < count; i++) {
            struct incident_change *change = &changes[i];
            int64_t back_ns = change->at_ns - change->earliest_ns;
            int64_t on_ns = change->latest_ns - change->at_ns;
            if (back_ns > reach_ns) reach_ns = back_ns;
            if (on_ns > reach_ns) reach_ns = on_ns;
            change->event = 0;
            bool again = i > 0 && change->group == changes[i - 1].group &&
                         change->at_ns == changes[i - 1].at_ns;
            if (!again) instants[instant_count++] = (struct instant_changes){i, 0};
            instants[instant_count - 1].count++;
        }
        qsort(instants, instant_count, sizeof *instants, by_count);
        for (size_t k = 0; k < instant_count; k++)
            take_covered(changes, count, instants[k].first, reach_ns);
        number_events(changes, count, numbers, numbers + count + 1);
    }
    int status = instants && numbers ? 0 : -1;
    free(instants);
    free(numbers);
    return status;
}
