/* figure.h -- what there is to draw of held rows: series, their points in order, marks and change
 * points.
 *
 * `as plot` and `as svg` draw the same figure, so that a point marked in one is marked in the
 * other. Rows belong to one series when project, branch, testbed, benchmark and measure are the
 * same; its points are in the order of time, or of the rows where these have commits and no time.
 * All memory is the arena's; names and texts are safe for a terminal. */
#ifndef PACE_FIGURE_H
#define PACE_FIGURE_H

#include "format.h"
#include "held.h"
#include "timefmt.h"

#include <stdbool.h>

enum figure_mark {
#define FIGURE_MARK(id, verdict, sign, ascii, tone, outline, filled) id,
#include "figure.def"
#undef FIGURE_MARK
    FIGURE_PLAIN /* no mark; also how many there are */
};

/* The row of figure.def; ascii chooses between the two signs. */
const char *figure_mark_word(enum figure_mark mark);
const char *figure_mark_sign(enum figure_mark mark, int ascii);
const char *figure_mark_outline(enum figure_mark mark);
int figure_mark_filled(enum figure_mark mark);
enum format_tone figure_mark_tone(enum figure_mark mark);

/* Which columns a figure uses; NULL: the rows have none. */
struct figure_columns {
    const struct held_column *time, *commit, *value, *lower, *upper, *status;
    const struct held_column *base, *spread, *low, *high; /* of `value`, else NULL */
    const struct held_column *verdict, *before, *bad_commit;
    const struct held_column *keys[PACE_DIMENSION_COUNT]; /* what names a series */
    size_t key_count;
};

/* A confirmed change of level that the rows tell of: since which point, and from where to where. */
struct figure_change {
    size_t at; /* index of the point of the first commit that has it */
    double before, after;
    enum format_tone tone; /* of its verdict */
};

struct figure_series {
    const uint32_t *rows; /* of the points */
    size_t count;
    uint32_t first;   /* smallest row: series are in the order of the result */
    const char *name; /* the keys in which the series differ; "" for one */
    const struct figure_change *changes;
    size_t change_count, mark_count, accept_count;
    enum figure_mark gravest; /* of its marks */
};

struct figure {
    const struct held *held;
    struct figure_columns columns;
    const char *heading; /* the keys that all series share, and what is drawn if not `value` */
    struct figure_series *series;
    size_t count; /* 0: the rows are no lines, but a bar each */
};

/* Finds the columns, and the series where the rows make lines. ascii: how keys are joined. 0 or
 * PACE_ENOMEM. */
int figure_build(struct figure *figure, struct arena *arena, const struct held *held, int ascii);

/* The number of a row; false: the column or the value is missing. */
bool figure_number(const struct held_column *column, uint32_t row, double *value);

/* The unit of the values of a series. */
const char *figure_unit(const struct figure *figure, const struct figure_series *series);

enum figure_mark figure_mark_of(const struct figure *figure, uint32_t row);

/* Whether a change is accepted from this row on; whether its run is excluded: no line leads
 * there. */
bool figure_accepted(const struct figure *figure, uint32_t row);
bool figure_excluded(const struct figure *figure, uint32_t row);

/* base - spread and base + spread; false when the row has none. */
bool figure_band(const struct figure *figure, uint32_t row, double *low, double *high);

/* The marks to list when at most `room` can be: the gravest, in the order of time. Fills
 * indices[0..room) with points and returns how many. */
size_t figure_gravest(const struct figure *figure, const struct figure_series *series, size_t room,
                      size_t *indices);

/* Of how many points the commit and the day tell them apart: TIME_DAY or TIME_MINUTE. */
enum time_detail figure_time_detail(const struct figure *figure,
                                    const struct figure_series *series);

/* The time and the commit of a point, "" when it has none. */
const char *figure_time(const struct figure *figure, struct arena *arena, uint32_t row,
                        enum time_detail detail);
const char *figure_commit(const struct figure *figure, struct arena *arena, uint32_t row);

/* The keys of a row that differ between rows (differ[i] != 0), or the others, joined. */
const char *figure_keys(struct arena *arena, const struct figure_columns *columns,
                        const int *differ, int which, size_t row, int ascii);

/* Series with marks first, the gravest before the others, where there are more than `room`. */
void figure_put_gravest_first(struct figure *figure, size_t room);

#endif
