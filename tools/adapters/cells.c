/* cells.c -- the cells of one run while an adapter collects them: repeats become samples.
 *
 * Repeats are found by sorting: n log n in the number of cells, whatever the names are. */
#include "cells.h"
#include "json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct pace_error *error)
{
    return error_fill(error, PACE_ENOMEM, "out of memory");
}

int cells_put(struct cells *cells, const struct pace_cell *cell, struct pace_error *error)
{
    if (cells->count == cells->capacity) {
        size_t capacity = cells->capacity == 0 ? 64 : cells->capacity * 2;
        struct pace_cell *grown = arena_array(cells->arena, capacity, sizeof *grown);
        if (grown == NULL) return no_memory(error);
        if (cells->count > 0) memcpy(grown, cells->items, cells->count * sizeof *grown);
        cells->items = grown;
        cells->capacity = capacity;
    }
    cells->items[cells->count++] = *cell;
    return 0;
}

static int compare_names(const struct pace_cell *a, const struct pace_cell *b)
{
    int order = strcmp(a->benchmark, b->benchmark);
    return order != 0 ? order : strcmp(a->measure, b->measure);
}

/* By name, then by place: items are in one array, so their addresses are their order. */
static int compare_cells(const void *a, const void *b)
{
    const struct pace_cell *const *x = a, *const *y = b;
    int order = compare_names(*x, *y);
    return order != 0 ? order : (*x > *y) - (*x < *y);
}

static int compare_groups(const void *a, const void *b)
{
    const struct pace_cell *const *const *x = a, *const *const *y = b;
    return (**x > **y) - (**x < **y);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int values_median(struct arena *arena, const double *values, size_t count, struct pace_error *error,
                  double *out)
{
    double *sorted = arena_array(arena, count, sizeof *sorted);
    if (sorted == NULL) return no_memory(error);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    *out = count % 2 != 0 ? sorted[count / 2] : sorted[count / 2 - 1] / 2 + sorted[count / 2] / 2;
    return 0;
}

/* One cell out of same[0..count), which are of one benchmark and measure. */
static int merge(struct cells *cells, const struct pace_cell *const *same, size_t count,
                 struct pace_cell *out, struct pace_error *error)
{
    double *values = arena_array(cells->arena, count, sizeof *values);
    size_t ok = 0;
    if (values == NULL) return no_memory(error);
    *out = *same[0];
    for (size_t i = 0; i < count; i++) {
        const struct pace_cell *cell = same[i];
        if (cell->status != PACE_CELL_OK) continue;
        if (ok == 0) *out = *cell;
        out->lower = fmin(out->lower, cell->lower); /* the number, when one of them is NAN */
        out->upper = fmax(out->upper, cell->upper);
        values[ok++] = cell->value;
    }
    if (ok < 2) return 0;
    out->samples = values; /* in the order of the output */
    out->sample_count = ok;
    return values_median(cells->arena, values, ok, error, &out->value);
}

static void warn_repeats(const struct adapter_sink *sink, const char *benchmark, size_t count)
{
    char message[400];
    (void)snprintf(message, sizeof message,
                   "benchmark '%.250s' is there %zu times: its values are kept as samples, the "
                   "value is their median",
                   benchmark, count);
    sink->warn(sink->context, message);
}

int cells_emit(struct cells *cells, const struct adapter_sink *sink, struct pace_error *error)
{
    size_t count = cells->count, group_count = 0;
    if (count == 0) return 0;
    /* sorted has a NULL behind it, so that a group ends there at the latest. */
    const struct pace_cell **sorted = arena_array(cells->arena, count + 1, sizeof *sorted);
    const struct pace_cell ***groups = arena_array(cells->arena, count, sizeof *groups);
    const char *warned = "";
    if (sorted == NULL || groups == NULL) return no_memory(error);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &cells->items[i];
    qsort(sorted, count, sizeof *sorted, compare_cells);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_names(sorted[i - 1], sorted[i]) != 0)
            groups[group_count++] = &sorted[i];
    }
    qsort(groups, group_count, sizeof *groups, compare_groups);
    for (size_t i = 0; i < group_count; i++) {
        const struct pace_cell **same = groups[i];
        struct pace_cell merged;
        size_t repeats = 1;
        while (same[repeats] != NULL && compare_names(same[0], same[repeats]) == 0)
            repeats++;
        int code = merge(cells, same, repeats, &merged, error);
        if (repeats > 1 && !cells->repeats_are_samples && strcmp(warned, merged.benchmark) != 0) {
            warned = merged.benchmark;
            warn_repeats(sink, warned, repeats);
        }
        if (code == 0) code = sink->cell(sink->context, repeats > 1 ? &merged : same[0], error);
        if (code != 0) return code;
    }
    return 0;
}
