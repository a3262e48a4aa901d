/* handle.c -- pace_column and pace_run_put_row; see handle.h. */
#include "handle.h"
#include "error.h"
#include "measure.h"
#include "names.h"
#include "run.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void handles_init(struct handles *handles)
{
    pthread_mutex_init(&handles->mutex, NULL);
    arena_init(&handles->arena, 0);
}

void handles_free(struct handles *handles)
{
    pthread_mutex_destroy(&handles->mutex);
    for (size_t i = 0; i < SCRIPTS; i++)
        free(handles->scripts[i].columns);
    texts_free(&handles->texts);
    arena_clear(&handles->arena);
}

static int copy_text(struct handles *handles, const char *text, struct text *out)
{
    size_t len = strlen(text);
    const char *copy = arena_copy(&handles->arena, text, len);
    *out = (struct text){.text = copy, .len = (uint32_t)len, .hash = text_hash(text, len)};
    return copy ? 0 : -1;
}

/* Makes the next handle. 0, or -1 without memory. */
static int add(struct handles *handles, const char *benchmark, const char *measure,
               const char *unit, enum pace_direction direction)
{
    struct handle_chunk **chunk = &handles->chunks[handles->count / HANDLES_PER_CHUNK];
    if (!*chunk) *chunk = arena_alloc(&handles->arena, sizeof **chunk);
    if (!*chunk) return -1;
    struct handle *handle = &(*chunk)->handles[handles->count % HANDLES_PER_CHUNK];
    struct handle_digest *digest = &(*chunk)->digests[handles->count % HANDLES_PER_CHUNK];
    struct text unit_text;
    if (copy_text(handles, benchmark, &handle->benchmark) ||
        copy_text(handles, measure, &handle->measure) || copy_text(handles, unit, &unit_text))
        return -1;
    handle->unit = unit_text.text;
    handle->direction = (uint8_t)direction;
    digest->seed = run_series_seed(handle->benchmark.hash, handle->measure.hash);
    digest->unit_term = run_unit_term(&digest->seed, unit[0] ? unit_text.hash : 0);
    handles->count++;
    return 0;
}

/* Finds or makes a handle; `key` is all that makes it. The mutex is held. */
static int find_or_add(struct handles *handles, const struct text *key, const char *benchmark,
                       const char *measure, const char *unit, enum pace_direction direction,
                       struct pace_error *error, uint32_t *out)
{
    uint32_t index = texts_find(&handles->texts, key->text, key->len, key->hash);
    if (index == TEXTS_NONE) {
        if (handles->count == PACE_MAX_COLUMNS)
            return ERROR_LIMIT(error, PACE_MAX_COLUMNS, "the store's column handles");
        /* The handle first: a text without one would be found later. */
        if (handles->texts.count == handles->count &&
            add(handles, benchmark, measure, unit, direction))
            return error_memory(error);
        index = texts_add(&handles->texts, &handles->arena, key->text, key->len, key->hash);
        if (index == TEXTS_NONE) {
            handles->count--;
            return error_memory(error);
        }
    }
    *out = index;
    return 0;
}

int handle_resolve(struct handles *handles, const char *benchmark, const char *measure,
                   const char *unit, enum pace_direction direction, struct pace_error *error,
                   uint32_t *out)
{
    /* Names and units have no control characters. */
    size_t len = strlen(benchmark) + strlen(measure) + strlen(unit) + 4;
    char *joined = malloc(len + 1);
    if (!joined) return error_memory(error);
    char *end = stpcpy(stpcpy(joined, benchmark), "\n");
    end = stpcpy(stpcpy(end, measure), "\n");
    end = stpcpy(stpcpy(end, unit), "\n");
    *end = (char)('0' + (int)direction);
    end[1] = 0;
    struct text key = {.text = joined, .len = (uint32_t)len, .hash = text_hash(joined, len)};
    pthread_mutex_lock(&handles->mutex);
    int rc = find_or_add(handles, &key, benchmark, measure, unit, direction, error, out);
    pthread_mutex_unlock(&handles->mutex);
    free(joined);
    return rc;
}

int pace_column(pace *store, const char *benchmark, const char *measure, const char *unit,
                enum pace_direction direction, struct pace_error *error, pace_column_handle *out)
{
    if (!unit) unit = "";
    int rc = store_check_writable(store, error);
    if (!rc) rc = name_check(benchmark, benchmark ? strlen(benchmark) : 0, "benchmark", error);
    if (!rc) rc = name_check(measure, measure ? strlen(measure) : 0, "measure", error);
    if (!rc) rc = measure_check_unit(unit, error);
    if (!rc && (unsigned)direction > PACE_HIGHER_IS_BETTER)
        rc = error_set(error, PACE_EVALUE, "%.200s: not a direction", benchmark);
    if (rc) return rc;
    return handle_resolve(&store->handles, benchmark, measure, unit, direction, error, out);
}

#define INFINITE_BITS (UINT64_C(0x7ff) << 53) /* of infinity, shifted by its sign */

static int check_row(pace_run *run, const pace_column_handle *columns, const double *values,
                     size_t count, struct pace_error *error)
{
    pthread_mutex_lock(&run->store->handles.mutex);
    uint32_t known = run->store->handles.count;
    pthread_mutex_unlock(&run->store->handles.mutex);
    uint32_t last = 0;
    uint64_t largest = 0; /* without its sign, a double's bits are in the order of its size */
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        last = columns[i] > last ? columns[i] : last;
        largest = bits << 1 > largest ? bits << 1 : largest;
    }
    int is_bad = last >= known || largest >= INFINITE_BITS;
    for (size_t i = 0; is_bad && i < count; i++) {
        if (columns[i] >= known)
            return error_set(error, PACE_EMISUSE, "%u is not a column handle of this store",
                             columns[i]);
        if (!isfinite(values[i]))
            return error_set(error, PACE_EVALUE,
                             "%.200s: a value is not a finite number; store a failed cell instead",
                             handle_at(&run->store->handles, columns[i])->benchmark.text);
    }
    return 0;
}

int pace_run_put_row(pace_run *run, const pace_column_handle *columns, const double *values,
                     size_t count, struct pace_error *error)
{
    if (run->committed)
        return error_set(error, PACE_EMISUSE, "the run is committed; begin another");
    if (count > PACE_MAX_CELLS - run->cell_count)
        return ERROR_LIMIT(error, PACE_MAX_CELLS, "the run");
    int rc = check_row(run, columns, values, count, error);
    if (!rc) rc = script_leave(run, error);
    if (rc || count == 0) return rc;
    struct run_row *row = arena_alloc(&run->arena, sizeof *row);
    uint32_t *own_columns = arena_space(&run->arena, count * sizeof *own_columns);
    double *own_values = arena_space(&run->arena, count * sizeof *own_values);
    if (!row || !own_columns || !own_values) return error_memory(error);
    memcpy(own_columns, columns, count * sizeof *own_columns);
    memcpy(own_values, values, count * sizeof *own_values);
    struct seal_digest content = run->content, units = run->units;
    for (size_t i = 0; i < count; i++) {
        const struct handle_digest *digest = handle_digest(&run->store->handles, columns[i]);
        run_add_value(&content, &digest->seed, values[i]);
        units.low += digest->unit_term.low;
        units.high += digest->unit_term.high;
    }
    run->content = content;
    run->units = units;
    *row = (struct run_row){.columns = own_columns, .values = own_values, .count = count};
    if (run->last_row)
        run->last_row->next = row;
    else
        run->rows = row;
    run->last_row = row;
    run->cell_count += count;
    return 0;
}
