/* lines.h -- JSON lines: one point a line, with the names of a query's rows.
 *
 * {"project":"p","branch":"main","testbed":"ci","benchmark":"b","measure":"latency","unit":"ns",
 *  "time":1714557600000000000,"commit":"4f2a1c9","value":12.5,"lower_value":12,"upper_value":13,
 *  "run":1,"direction":"lower","status":"ok","samples":[12.4,12.6]}
 *
 * `at`, `lower` and `upper` are other names of time, lower_value and upper_value. Needed: project,
 * benchmark and value (a null or NaN value is a failed cell; a failed or skipped one needs none).
 * null is the same as absent. Any other key is an error. Defaults: branch main, testbed local,
 * measure latency where the unit is a time, else value, direction lower for times and higher for
 * rates, else unknown, time the caller's.
 *
 * A line is not an adapter's input: a file of them holds many runs, in any order, and may be larger
 * than memory. load_lines.c brings them together. */
#ifndef PACE_LINES_H
#define PACE_LINES_H

#include "../../engine/arena.h"
#include "adapter.h"

#include <stddef.h>
#include <stdint.h>

/* What a line is given that does not say so itself. NULL: the default above, or none. */
struct line_defaults {
    const char *project, *branch, *testbed, *commit;
    int64_t time_ns;
    int64_t now_ns; /* times over 24 h after it are refused */
};

struct line_point {
    const char *project, *branch, *testbed, *commit;
    const char *run; /* tells runs of one commit apart; "" when not given */
    int64_t time_ns;
    int time_given; /* 0: time_ns is the default */
    struct pace_cell cell;
};

/* 2 when the text is JSON lines, else 0: its first line that is not blank begins an object with two
 * of the keys project, benchmark and value. Looks only. */
int lines_recognise(const struct input *head);

/* Reads line `number` of `name`: line[0..len), NUL-terminated. Everything that the store checks in
 * one point is checked here. Text and samples of *out live in the arena. Errors: PACE_EVALUE,
 * PACE_ENAME, PACE_ETIME, PACE_ELIMIT, each with name and line; PACE_ENOMEM. */
int line_parse(const char *name, uint64_t number, const char *line, size_t len,
               const struct line_defaults *defaults, struct arena *arena, struct pace_error *error,
               struct line_point *out);

#endif
