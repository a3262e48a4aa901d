/* group.c -- see group.h. Moments are updated; only order statistics and slope keep their values.
 */
#include "group.h"

#include "bytes.h"
#include "grow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NS_PER_DAY = 86400e9;

static bool keeps_values(enum function function)
{
    return function == F_MEDIAN || function == F_MAD || function == F_IQR ||
           function == F_PERCENTILE || function == F_SLOPE;
}

void gathered_plan(struct aggregate *aggregate, size_t most)
{
    if (aggregate->function == F_PERCENTILE)
        tail_plan(&aggregate->tail, aggregate->percentile, most);
}

static void add_sum(struct gathered *state, double x)
{
    double sum = state->sum + x;
    if (fabs(state->sum) >= fabs(x))
        state->carry += (state->sum - sum) + x;
    else
        state->carry += (x - sum) + state->sum;
    state->sum = sum;
}

/* Room for `count` more values, with their times for slope. */
static int values_reserve(struct arena *arena, struct gathered *state, enum function function,
                          size_t count)
{
    size_t needed = state->value_count + count, capacity = state->capacity ? state->capacity : 16;
    if (needed <= state->capacity) return 0;
    while (capacity < needed)
        capacity *= 2;
    size_t arrays = function == F_SLOPE ? 2 : 1;
    if (arena_charge(arena, (capacity - state->capacity) * arrays * sizeof(double)))
        return PACE_ENOMEM;
    if (!grow(&state->values, capacity, sizeof *state->values)) return PACE_ENOMEM;
    if (function == F_SLOPE && !grow(&state->days, capacity, sizeof *state->days))
        return PACE_ENOMEM;
    state->capacity = capacity;
    return 0;
}

/* Keeps values, of a percentile those that its tail may need. */
static int keep_values(struct arena *arena, struct gathered *state,
                       const struct aggregate *aggregate, const double *x, size_t n)
{
    const struct tail *tail = &aggregate->tail;
    if (tail->keep && state->value_count + n > tail_room(tail))
        state->value_count = tail_cut(tail, &state->bound, state->values, state->value_count);
    if (values_reserve(arena, state, aggregate->function, n)) return PACE_ENOMEM;
    state->value_count += tail_put(tail, &state->bound, x, n, state->values + state->value_count);
    return 0;
}

static int add_value(struct arena *arena, struct gathered *state, const struct aggregate *aggregate,
                     double x, int64_t time_ns)
{
    size_t at = state->value_count;
    if (keep_values(arena, state, aggregate, &x, 1)) return PACE_ENOMEM;
    if (aggregate->function == F_SLOPE) state->days[at] = (double)time_ns / NS_PER_DAY;
    return 0;
}

/* Rows come series by series, so the earliest and the latest row of a group are found by their
 * times; of equal ones the first and the last to come. */
static bool is_first(struct gathered *state, int64_t time_ns)
{
    if (state->any && time_ns >= state->first_ns) return false;
    state->first_ns = time_ns;
    return true;
}

static bool is_last(struct gathered *state, int64_t time_ns)
{
    if (state->any && time_ns < state->last_ns) return false;
    state->last_ns = time_ns;
    return true;
}

static int add_number(struct arena *arena, struct gathered *state,
                      const struct aggregate *aggregate, const struct vec *v, size_t row,
                      int64_t time_ns)
{
    double x = v->at.number[row * v->step], factor = 1;
    const char *unit = vec_unit(v, row);
    if (isnan(x)) return 0;
    if (!state->unit) state->unit = unit;
    if (unit != state->unit && unit_convert(unit, state->unit, &factor)) return 0;
    x *= factor;
    if (!state->any) state->min = state->max = x;
    if (is_first(state, time_ns)) state->first = x;
    if (is_last(state, time_ns)) state->last = x;
    state->any = true;
    if (x < state->min) state->min = x;
    if (x > state->max) state->max = x;
    if (aggregate->function == F_GEOMEAN) state->log_sum += x > 0 ? log(x) : NAN;
    state->count++;
    moments_push(&state->moments, x);
    add_sum(state, x);
    return keeps_values(aggregate->function) ? add_value(arena, state, aggregate, x, time_ns) : 0;
}

static void add_time(struct gathered *state, int64_t time_ns, int64_t row_ns)
{
    if (time_ns == TIME_MISSING) return;
    if (!state->any) state->time_min = state->time_max = time_ns;
    if (is_first(state, row_ns)) state->time_first = time_ns;
    if (is_last(state, row_ns)) state->time_last = time_ns;
    state->any = true;
    if (time_ns < state->time_min) state->time_min = time_ns;
    if (time_ns > state->time_max) state->time_max = time_ns;
    state->count++;
}

int gathered_add(struct context *ctx, const struct aggregate *aggregate, size_t index,
                 const struct batch *batch, const struct vec *v, int time_column,
                 const size_t *groups, struct gathered *states, size_t stride)
{
    const struct vec *time = time_column < 0 ? NULL : &batch->vecs[time_column];
    for (size_t i = 0; i < batch->count; i++) {
        if (groups[i] == SIZE_MAX) continue;
        struct gathered *state = &states[groups[i] * stride + index];
        int64_t time_ns = time ? time->at.time_ns[i * time->step] : 0;
        if (!v) {
            state->count++;
        } else if (v->type == TYPE_NUMBER) {
            if (add_number(ctx->arena, state, aggregate, v, i, time_ns))
                return context_no_memory(ctx);
        } else if (v->type == TYPE_TIME) {
            add_time(state, v->at.time_ns[i * v->step], time_ns);
        } else if (!vec_missing(v, i)) {
            /* count(verdict flag) counts where it holds */
            state->count += v->type == TYPE_FLAG ? v->at.flag[i * v->step] : 1;
        }
    }
    return 0;
}

/* Whether a function can take many values at once, in any order. */
static bool takes_many(enum function function)
{
    switch (function) {
    case F_COUNT:
    case F_SUM:
    case F_MEAN:
    case F_STDDEV:
    case F_CV:
    case F_MIN:
    case F_MAX:
    case F_MEDIAN:
    case F_MAD:
    case F_IQR:
    case F_PERCENTILE: return true;
    default: break;
    }
    return false;
}

/* Values of one unit, none of them missing. */
static int add_many(struct arena *arena, const struct aggregate *aggregate, struct gathered *state,
                    const double *x, size_t n)
{
    enum function function = aggregate->function;
    if (keeps_values(function)) {
        if (keep_values(arena, state, aggregate, x, n)) return PACE_ENOMEM;
    } else if (function == F_MIN || function == F_MAX) {
        if (!state->any) state->min = state->max = x[0];
        for (size_t i = 0; i < n; i++) {
            state->min = x[i] < state->min ? x[i] : state->min;
            state->max = x[i] > state->max ? x[i] : state->max;
        }
    } else if (function != F_COUNT) {
        if (function == F_SUM || function == F_MEAN) add_sum(state, sample_sum(x, n));
        if (function == F_STDDEV || function == F_CV) {
            struct moments some = {.count = (double)n, .mean = sample_mean(x, n)};
            double sd = n > 1 ? sample_sd_about(x, n, some.mean) : 0;
            some.m2 = sd * sd * (double)(n - 1);
            moments_merge(&state->moments, &some);
        }
    }
    state->any = true;
    state->count += n;
    return 0;
}

bool gathered_can_many(const struct aggregate *aggregate, const struct batch *batch,
                       const struct vec *v, const struct gathered *state)
{
    return v->type == TYPE_NUMBER && v->step && v->unit && takes_many(aggregate->function) &&
           (!state->unit || state->unit == v->unit) && batch->count;
}

/* The values of a vector that are there. */
static void find_values(struct gathered_values *values, const struct batch *batch,
                        const struct vec *v)
{
    values->vec = v;
    values->values = v->at.number;
    values->count = batch->count;
    if (!any_nan(v->at.number, batch->count)) return;
    values->values = values->there;
    values->count = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (!isnan(v->at.number[i])) values->there[values->count++] = v->at.number[i];
}

int gathered_add_many(struct context *ctx, const struct aggregate *aggregate,
                      const struct batch *batch, const struct vec *v,
                      struct gathered_values *values, struct gathered *state)
{
    if (values->vec != v) find_values(values, batch, v);
    if (values->count == 0) return 0;
    state->unit = v->unit;
    return add_many(ctx->arena, aggregate, state, values->values, values->count)
               ? context_no_memory(ctx)
               : 0;
}

bool gathered_by_batches(const struct aggregate *aggregate)
{
    enum function function = aggregate->function;
    return function == F_SUM || function == F_MEAN || function == F_STDDEV || function == F_CV;
}

bool gathered_can_summary(const struct aggregate *aggregate)
{
    enum function function = aggregate->function;
    return function == F_COUNT || function == F_SUM || function == F_MEAN || function == F_MIN ||
           function == F_MAX || function == F_STDDEV || function == F_CV;
}

void gathered_add_summary(struct gathered *state, const struct pace_summary *summary,
                          const char *unit)
{
    double factor = 1, count = (double)summary->count;
    if (!state->unit) state->unit = unit;
    if (unit != state->unit && unit_convert(unit, state->unit, &factor)) return;
    double sd = summary->count > 1 ? summary->sd * factor : 0;
    struct moments some = {count, summary->mean * factor, sd * sd * (count - 1)};
    double min = summary->min * factor, max = summary->max * factor;
    state->min = state->any && state->min < min ? state->min : min;
    state->max = state->any && state->max > max ? state->max : max;
    moments_merge(&state->moments, &some);
    add_sum(state, summary->sum * factor);
    state->count += summary->count;
    state->any = true;
}

static double finish_number(const struct aggregate *aggregate, struct gathered *state)
{
    double mean = state->moments.mean;
    switch (aggregate->function) {
    case F_COUNT: return (double)state->count;
    case F_SUM: return state->any ? state->sum + state->carry : NAN;
    case F_MEAN: return state->any ? (state->sum + state->carry) / (double)state->count : NAN;
    case F_MIN: return state->any ? state->min : NAN;
    case F_MAX: return state->any ? state->max : NAN;
    case F_FIRST: return state->any ? state->first : NAN;
    case F_LAST: return state->any ? state->last : NAN;
    case F_STDDEV: return moments_sd(&state->moments);
    case F_CV: return mean == 0 ? NAN : moments_sd(&state->moments) / mean;
    case F_GEOMEAN: return state->any ? exp(state->log_sum / (double)state->count) : NAN;
    default: break;
    }
    for (size_t i = state->days ? state->value_count : 0; i > 0; i--)
        state->days[i - 1] -= state->days[0];
    if (aggregate->tail.keep)
        return tail_quantile(&aggregate->tail, state->values, state->value_count, state->count,
                             aggregate->percentile);
    return aggregate_sample(aggregate->function, aggregate->percentile, state->values, state->days,
                            state->value_count);
}

void gathered_finish(const struct aggregate *aggregate, struct gathered *state)
{
    if (aggregate->arg && node_column(aggregate->slot).type == TYPE_TIME) {
        int64_t time_ns = TIME_MISSING;
        if (state->any)
            time_ns = aggregate->function == F_MIN     ? state->time_min
                      : aggregate->function == F_MAX   ? state->time_max
                      : aggregate->function == F_FIRST ? state->time_first
                                                       : state->time_last;
        slot_set(aggregate->slot, NAN, time_ns, NULL, "");
        return;
    }
    slot_set(aggregate->slot, finish_number(aggregate, state), 0, NULL,
             state->unit ? state->unit : "");
}

void gathered_free(struct gathered *state)
{
    free(state->values);
    free(state->days);
}
