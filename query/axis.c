/* axis.c -- see axis.h. */
#include "axis.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MARGIN 0.04 /* of the range, kept free above and below */

/* -- the range --------------------------------------------------------------------------------- */

static void extend(double *least, double *most, double value)
{
    *least = fmin(*least, value);
    *most = fmax(*most, value);
}

/* Extends the range by what is not further from the values than they are from each other. */
static void extend_near(struct axis *axis, double low, double high, double value)
{
    if (value > low && value < high) extend(&axis->least, &axis->most, value);
}

static void include_near(struct axis *axis, const struct figure *figure,
                         const struct figure_series *series)
{
    const struct figure_columns *c = &figure->columns;
    const struct held_column *columns[] = {c->low, c->high};
    double span = axis->most - axis->least, low = axis->least - span, high = axis->most + span;
    if (axis->by_ratio) {
        low = axis->least / AXIS_RATIO_SPAN;
        high = axis->most * AXIS_RATIO_SPAN;
    }
    for (size_t i = 0; i < series->count; i++) {
        double value, other;
        for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
            if (figure_number(columns[k], series->rows[i], &value))
                extend_near(axis, low, high, value);
        }
        if (!figure_band(figure, series->rows[i], &value, &other)) continue;
        extend_near(axis, low, high, value);
        extend_near(axis, low, high, other);
    }
}

static void add_margin(struct axis *axis)
{
    if (axis->by_ratio) {
        double margin = pow(axis->most / axis->least, MARGIN);
        axis->least /= margin;
        axis->most *= margin;
        return;
    }
    double span = axis->most - axis->least;
    bool positive = axis->least >= 0;
    if (!(span > 0)) span = fabs(axis->most) > 0 ? fabs(axis->most) * 0.02 : 1;
    axis->least -= span * MARGIN;
    axis->most += span * MARGIN;
    if (positive && axis->least < 0) axis->least = 0;
}

double axis_part(const struct axis *axis, double value)
{
    if (!axis->by_ratio) return (value - axis->least) / (axis->most - axis->least);
    return value > 0 ? log(value / axis->least) / log(axis->most / axis->least) : -1;
}

/* -- ticks ------------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, near `step`. */
static double nice_step(double step)
{
    double power = pow(10, floor(log10(step))), rest = step / power;
    return power * (rest <= 1.2 ? 1 : rest <= 2.5 ? 2 : rest <= 6 ? 5 : 10);
}

static void add_tick(struct axis *axis, double value, int decimals)
{
    double part = axis_part(axis, value);
    if (axis->tick_count == AXIS_TICKS_MAX || part < -1e-9 || part > 1 + 1e-9) return;
    struct axis_tick *tick = &axis->ticks[axis->tick_count++];
    tick->part = part < 0 ? 0 : part > 1 ? 1 : part;
    struct human_number number = {.unit = ""};
    if (human_style_in(axis->column, axis->unit) != HUMAN_QUANTITY)
        human_text(tick->text, axis->column, value, axis->unit);
    else {
        if (decimals >= 0)
            human_print(&number, value, &axis->scale, decimals, axis->unit);
        else
            human_print_one(&number, value, axis->unit);
        human_join(tick->text, &number);
    }
    char safe[HUMAN_TEXT_MAX];
    text_safe(safe, sizeof safe, tick->text, strlen(tick->text));
    memcpy(tick->text, safe, sizeof safe);
    /* Finer than the column is printed: one of them is enough. */
    if (axis->tick_count > 1 && strcmp(tick[-1].text, tick->text) == 0) axis->tick_count--;
}

static void even_ticks(struct axis *axis, size_t wanted)
{
    double factor = axis->scale.factor;
    double step = nice_step((axis->most - axis->least) * factor / (double)wanted);
    int decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    if (decimals > 9) decimals = 9;
    double first = ceil(axis->least * factor / step - 1e-9);
    for (size_t i = 0; i < AXIS_TICKS_MAX; i++) {
        double tick = (first + (double)i) * step;
        if (!(tick <= axis->most * factor * (1 + 1e-12))) return;
        if (i && tick - step >= tick) return; /* beyond the digits of a double */
        add_tick(axis, tick / factor, decimals);
    }
}

/* One tick tells no distance: then at least two. */
static void linear_ticks(struct axis *axis, size_t wanted)
{
    for (size_t finer = 1; finer <= 4 && axis->tick_count < 2; finer *= 2) {
        axis->tick_count = 0;
        even_ticks(axis, wanted * finer);
    }
}

/* Powers of ten, and numbers between where these are few: of the sets below the first that gives no
 * more than half again as many as wanted. Each tick is in its own prefix. */
static void ratio_ticks(struct axis *axis, size_t wanted)
{
    static const struct {
        size_t count;
        double parts[9];
    } sets[] = {{9, {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {3, {1, 2, 5}}, {2, {1, 3}}, {1, {1}}};
    double factor = axis->scale.factor;
    double low = floor(log10(axis->least * factor)), high = ceil(log10(axis->most * factor));
    double every = 1;
    size_t most = wanted + wanted / 2, set = 0;
    if (most > AXIS_TICKS_MAX) most = AXIS_TICKS_MAX;
    for (;;) {
        axis->tick_count = 0;
        size_t count = 0;
        for (double power = low; power <= high; power += every) {
            for (size_t i = 0; i < sets[set].count; i++) {
                double value = pow(10, power) * sets[set].parts[i] / factor;
                if (!(value >= axis->least && value <= axis->most)) continue;
                if (++count <= most) add_tick(axis, value, -1);
            }
        }
        if (count <= most) return;
        if (set + 1 < sizeof sets / sizeof sets[0])
            set++;
        else
            every++;
    }
}

bool axis_choose(struct axis *axis, const struct figure *figure, const struct figure_series *series,
                 size_t ticks)
{
    const struct figure_columns *c = &figure->columns;
    *axis = (struct axis){.least = DBL_MAX,
                          .most = -DBL_MAX,
                          .column = c->value->name,
                          .unit = figure_unit(figure, series),
                          .scale = {.factor = 1}};
    for (size_t i = 0; i < series->count; i++) {
        double value;
        if (figure_number(c->value, series->rows[i], &value)) {
            extend(&axis->least, &axis->most, value);
            human_range_add(&axis->range, value);
        }
        if (figure_number(c->base, series->rows[i], &value))
            extend(&axis->least, &axis->most, value);
    }
    if (axis->least > axis->most || !(axis->most - axis->least <= DBL_MAX)) return false;
    axis->by_ratio = axis->least > DBL_MIN && axis->most / axis->least > AXIS_RATIO_SPAN;
    include_near(axis, figure, series);
    add_margin(axis);
    if (!isfinite(axis->least) || !(axis->most - axis->least <= DBL_MAX)) return false;
    if (!(axis->most > axis->least)) return false;
    double typical = fmax(fabs(axis->least), fabs(axis->most));
    human_scale_one(&axis->scale, axis->by_ratio ? sqrt(axis->least) * sqrt(axis->most) : typical,
                    axis->unit);
    if (axis->by_ratio)
        ratio_ticks(axis, ticks);
    else
        linear_ticks(axis, ticks);
    return true;
}

const char *axis_value_text(const struct axis *axis, double value, char text[HUMAN_TEXT_MAX])
{
    struct human_number number = {.unit = ""};
    char raw[HUMAN_TEXT_MAX];
    if (human_style_in(axis->column, axis->unit) != HUMAN_QUANTITY ||
        !human_range_narrow(&axis->range) || axis->by_ratio) {
        human_text(raw, axis->column, value, axis->unit);
    } else {
        int decimals = human_decimals(&axis->range, axis->scale.factor);
        human_print(&number, value, &axis->scale, decimals, axis->unit);
        human_join(raw, &number);
    }
    text_safe(text, HUMAN_TEXT_MAX, raw, strlen(raw));
    return text;
}

size_t axis_label_count(size_t points, size_t extent, size_t room, size_t gap)
{
    size_t last = points - 1;
    for (size_t count = AXIS_LABELS_MAX; count > 2; count--) {
        if (count - 1 > last) continue;
        size_t apart = last / (count - 1) * (extent - 1) / last;
        if (apart >= room + room / 2 + gap) return count;
    }
    return last && extent >= 2 * room + gap ? 2 : 1;
}

size_t axis_points(size_t count, size_t room, size_t *indices)
{
    if (room > count) room = count;
    for (size_t i = 0; i < room; i++)
        indices[i] = room > 1 ? (i * (count - 1) + (room - 1) / 2) / (room - 1) : 0;
    return room;
}
