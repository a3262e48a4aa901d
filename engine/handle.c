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
    for (size_t i = 0; i < LISTS; i++)
        handle_list_leave(handles->lists[i]);
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

/* -- rows ------------------------------------------------------------------------------------ */

void handle_list_leave(struct handle_list *list)
{
    if (list && atomic_fetch_sub(&list->uses, 1) == 1) free(list);
}

/* A list of handles that exist, for one user. NULL: no memory. */
static struct handle_list *make_list(const struct handles *handles, const uint32_t *columns,
                                     size_t count)
{
    struct handle_list *list =
        malloc(sizeof *list + count * (2 * sizeof *list->low + sizeof *columns));
    if (!list) return NULL;
    *list = (struct handle_list){.uses = 1, .count = count};
    list->low = (uint64_t *)(void *)(list + 1);
    list->high = list->low + count;
    list->columns = (uint32_t *)(void *)(list->high + count);
    memcpy(list->columns, columns, count * sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        const struct handle_digest *digest = handle_digest(handles, columns[i]);
        list->low[i] = digest->seed.low;
        list->high[i] = digest->seed.high;
        list->units.low += digest->unit_term.low;
        list->units.high += digest->unit_term.high;
    }
    return list;
}

/* The remembered list of these columns, which its caller leaves, or NULL. *known: handles that
 * exist. */
static struct handle_list *find_list(struct handles *handles, const uint32_t *columns, size_t count,
                                     uint32_t *known)
{
    struct handle_list *found = NULL;
    pthread_mutex_lock(&handles->mutex);
    *known = handles->count;
    for (size_t i = 0; i < LISTS && !found; i++) {
        struct handle_list *list = handles->lists[i];
        if (list && list->count == count && list->columns[0] == columns[0] &&
            list->columns[count - 1] == columns[count - 1])
            found = list;
    }
    if (found) {
        atomic_fetch_add(&found->uses, 1);
        handles->list_misses = 0;
    }
    pthread_mutex_unlock(&handles->mutex);
    if (!found || memcmp(found->columns, columns, count * sizeof *columns) == 0) return found;
    handle_list_leave(found);
    return NULL;
}

/* Remembers a list, or not, where those of the rows before were of no use either. */
static void keep_list(struct handles *handles, struct handle_list *list)
{
    struct handle_list *old = NULL;
    pthread_mutex_lock(&handles->mutex);
    unsigned misses = handles->list_misses++;
    if (misses < LISTS || misses % LIST_EVERY == 0) {
        struct handle_list **place = &handles->lists[handles->next_list++ % LISTS];
        old = *place;
        *place = list;
        atomic_fetch_add(&list->uses, 1);
    }
    pthread_mutex_unlock(&handles->mutex);
    handle_list_leave(old);
}

/* The list of the columns of a row, which the caller leaves. */
static int take_list(pace_run *run, const pace_column_handle *columns, size_t count,
                     struct pace_error *error, struct handle_list **out)
{
    struct handles *handles = &run->store->handles;
    uint32_t known;
    *out = find_list(handles, columns, count, &known);
    if (*out) return 0;
    for (size_t i = 0; i < count; i++) {
        if (columns[i] >= known)
            return error_set(error, PACE_EMISUSE, "%u is not a column handle of this store",
                             columns[i]);
    }
    *out = make_list(handles, columns, count);
    if (!*out) return error_memory(error);
    keep_list(handles, *out);
    return 0;
}

#define INFINITE_BITS (UINT64_C(0x7ff) << 53) /* of infinity, shifted by its sign */

/* Adds the values of a row to a digest. 1 when all of them are finite. */
static int add_values(const struct handle_list *list, const double *values,
                      struct seal_digest *content)
{
    uint64_t largest = 0; /* without its sign, a double's bits are in the order of its size */
    for (size_t i = 0; i < list->count; i++) {
        const struct seal_digest seed = {.low = list->low[i], .high = list->high[i]};
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        largest = bits << 1 > largest ? bits << 1 : largest;
        run_add_value(content, &seed, values[i]);
    }
    return largest < INFINITE_BITS;
}

static int refuse_values(const pace_run *run, const struct handle_list *list, const double *values,
                         struct pace_error *error)
{
    size_t i = 0;
    while (isfinite(values[i]))
        i++;
    return error_set(error, PACE_EVALUE,
                     "%.200s: a value is not a finite number; store a failed cell instead",
                     handle_at(&run->store->handles, list->columns[i])->benchmark.text);
}

/* Adds a row; the list becomes its own unless there is an error. */
static int add_row(pace_run *run, struct handle_list *list, const double *values,
                   struct pace_error *error)
{
    struct seal_digest content = run->content;
    if (!add_values(list, values, &content)) return refuse_values(run, list, values, error);
    int rc = script_leave(run, error);
    if (rc) return rc;
    struct run_row *row = arena_alloc(&run->arena, sizeof *row);
    double *own = arena_space(&run->arena, list->count * sizeof *own);
    if (!row || !own) return error_memory(error);
    memcpy(own, values, list->count * sizeof *own);
    *row = (struct run_row){
        .list = list, .columns = list->columns, .values = own, .count = list->count};
    run->content = content;
    run->units.low += list->units.low;
    run->units.high += list->units.high;
    if (run->last_row)
        run->last_row->next = row;
    else
        run->rows = row;
    run->last_row = row;
    run->cell_count += list->count;
    return 0;
}

int pace_run_put_row(pace_run *run, const pace_column_handle *columns, const double *values,
                     size_t count, struct pace_error *error)
{
    if (run->committed)
        return error_set(error, PACE_EMISUSE, "the run is committed; begin another");
    if (count > PACE_MAX_CELLS - run->cell_count)
        return ERROR_LIMIT(error, PACE_MAX_CELLS, "the run");
    if (count == 0) return script_leave(run, error);
    struct handle_list *list = NULL;
    int rc = take_list(run, columns, count, error, &list);
    if (!rc) rc = add_row(run, list, values, error);
    if (rc) handle_list_leave(list);
    return rc;
}
