/* group.c -- see group.h. Moments are updated; only order statistics and slope keep their values.
 */
#include "group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NS_PER_DAY = 86400e9;

static bool keeps_values(enum function function)
{
    return function == F_MEDIAN || function == F_MAD || function == F_IQR ||
           function == F_PERCENTILE || function == F_SLOPE;
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

static int add_value(struct arena *arena, struct gathered *state, double x, int64_t time_ns)
{
    if (state->value_count == state->capacity) {
        size_t capacity = state->capacity ? state->capacity * 2 : 16;
        if (arena_charge(arena, (capacity - state->capacity) * 2 * sizeof(double)))
            return PACE_ENOMEM;
        double *values = reallocarray(state->values, capacity, sizeof *values);
        if (!values) return PACE_ENOMEM;
        state->values = values;
        double *days = reallocarray(state->days, capacity, sizeof *days);
        if (!days) return PACE_ENOMEM;
        state->days = days;
        state->capacity = capacity;
    }
    state->values[state->value_count] = x;
    state->days[state->value_count++] = (double)time_ns / NS_PER_DAY;
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
    state->log_sum += x > 0 ? log(x) : NAN;
    state->count++;
    moments_push(&state->moments, x);
    add_sum(state, x);
    return keeps_values(aggregate->function) ? add_value(arena, state, x, time_ns) : 0;
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
                 const struct batch *batch, int time_column, const size_t *groups,
                 struct gathered *states, size_t stride)
{
    const struct vec *v = NULL;
    int status = aggregate->arg ? expr_eval(ctx, aggregate->arg, batch, &v) : 0;
    if (status) return status;
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
    for (size_t i = state->value_count; i > 0; i--)
        state->days[i - 1] -= state->days[0];
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
