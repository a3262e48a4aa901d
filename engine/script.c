/* script.c -- runs that put the same cells by name as one before: see handle.h.
 *
 * A cell costs a comparison of its names with those that are expected. Scripts belong to the open
 * store and are changed under the handles' mutex; a run has a copy of the one that it follows. */
#include "error.h"
#include "handle.h"
#include "run.h"
#include "store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_plain(enum pace_cell_status status, double lower, double upper, size_t samples)
{
    return status == PACE_CELL_OK && isnan(lower) && isnan(upper) && samples == 0;
}

static int is_same(const struct handle *handle, const struct pace_cell *cell)
{
    const char *unit = cell->unit ? cell->unit : "";
    return strcmp(cell->benchmark, handle->benchmark.text) == 0 &&
           strcmp(cell->measure, handle->measure.text) == 0 && strcmp(unit, handle->unit) == 0 &&
           cell->direction == (enum pace_direction)handle->direction;
}

/* Copies the script that begins with a cell. 0 also when there is none, or -1 without memory. */
static int find_script(pace_run *run, const struct pace_cell *cell)
{
    struct handles *handles = &run->store->handles;
    struct run_follow *follow = &run->follow;
    int rc = 0;
    pthread_mutex_lock(&handles->mutex);
    for (size_t i = 0; i < SCRIPTS; i++) {
        const struct script *script = &handles->scripts[i];
        if (script->count == 0 || !is_same(handle_at(handles, script->columns[0]), cell)) continue;
        uint32_t *columns = arena_space(&run->arena, script->count * sizeof *columns);
        follow->values = arena_space(&run->arena, script->count * sizeof *follow->values);
        if (!columns || !follow->values) {
            rc = -1;
            break;
        }
        memcpy(columns, script->columns, script->count * sizeof *columns);
        follow->row = (struct run_row){.columns = columns, .values = follow->values};
        follow->most = script->count;
        follow->state = FOLLOWS;
        break;
    }
    pthread_mutex_unlock(&handles->mutex);
    return rc;
}

int script_put(pace_run *run, const struct pace_cell *cell, struct pace_error *error, int *done)
{
    struct run_follow *follow = &run->follow;
    size_t i = follow->row.count;
    *done = 0;
    if (follow->state == FOLLOW_LEFT || run->committed) return 0;
    int plain = cell->benchmark && cell->measure && isfinite(cell->value) &&
                is_plain(cell->status, cell->lower, cell->upper, cell->sample_count);
    if (follow->state == FOLLOW_NEW && plain && !run->rows && find_script(run, cell))
        return error_memory(error);
    if (follow->state != FOLLOWS || !plain || i == follow->most) return script_leave(run, error);
    const struct handle *handle = handle_at(&run->store->handles, follow->row.columns[i]);
    if (!is_same(handle, cell)) return script_leave(run, error);
    follow->values[i] = cell->value;
    follow->row.count++;
    run->rows = run->last_row = &follow->row;
    run->cell_count++;
    const struct handle_digest *digest =
        handle_digest(&run->store->handles, follow->row.columns[i]);
    run_add_value(&run->content, &digest->seed, cell->value);
    run->units.low += digest->unit_term.low;
    run->units.high += digest->unit_term.high;
    *done = 1;
    return 0;
}

static uint32_t add_text(pace_run *run, const struct text *text)
{
    return texts_add(&run->texts, &run->arena, text->text, text->len, text->hash);
}

/* The cell of a handle, put by name. */
static int add_named(pace_run *run, const struct handle *handle, double value)
{
    size_t len = strlen(handle->unit);
    struct text unit = {handle->unit, (uint32_t)len, text_hash(handle->unit, len)};
    struct run_cell cell = {.benchmark = add_text(run, &handle->benchmark),
                            .measure = add_text(run, &handle->measure),
                            .unit = len ? add_text(run, &unit) : TEXTS_NONE,
                            .status = PACE_CELL_OK,
                            .direction = handle->direction,
                            .value = value,
                            .lower = (double)NAN,
                            .upper = (double)NAN};
    if (cell.benchmark == TEXTS_NONE || cell.measure == TEXTS_NONE ||
        (len && cell.unit == TEXTS_NONE))
        return -1;
    return run_add_cell(run, &cell);
}

int script_leave(pace_run *run, struct pace_error *error)
{
    struct run_follow *follow = &run->follow;
    const struct run_row *row = &follow->row;
    if (follow->state == FOLLOWS && row->count) {
        for (size_t i = 0; i < row->count; i++) {
            if (add_named(run, handle_at(&run->store->handles, row->columns[i]), row->values[i])) {
                run->named_count = 0; /* it follows still */
                return error_memory(error);
            }
        }
        run->rows = run->last_row = NULL;
    }
    follow->state = FOLLOW_LEFT;
    return 0;
}

/* -- learning -------------------------------------------------------------------------------- */

/* Counts the run; 1 when its columns are worth a script. */
static int is_worth(struct handles *handles, const pace_run *run, size_t count, int is_known)
{
    int worth = 0;
    pthread_mutex_lock(&handles->mutex);
    if (run->follow.state == FOLLOWS) {
        if (handles->strangers) handles->strangers--;
    } else if (run->named_count && !run->rows && is_known && run->named_count <= SCRIPT_CELLS_MAX) {
        /* Where runs are all unlike each other, fewer and fewer are looked at. */
        unsigned strangers = handles->strangers += count > 1 ? SCRIPT_RUNS_LEAST : 1;
        worth = strangers >= SCRIPT_RUNS_LEAST &&
                (strangers <= 2 * SCRIPTS || (strangers & (strangers - 1)) == 0) &&
                handles->count + run->named_count <= SCRIPT_HANDLES_MAX;
    }
    pthread_mutex_unlock(&handles->mutex);
    return worth;
}

static int resolve_cells(const pace_run *run, uint32_t *columns)
{
    const struct text *texts = run->texts.items;
    for (size_t i = 0; i < run->named_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        const char *unit = cell->unit == TEXTS_NONE ? "" : texts[cell->unit].text;
        if (!is_plain((enum pace_cell_status)cell->status, cell->lower, cell->upper,
                      cell->sample_count) ||
            handle_resolve(&run->store->handles, texts[cell->benchmark].text,
                           texts[cell->measure].text, unit, (enum pace_direction)cell->direction,
                           NULL, &columns[i]))
            return -1;
    }
    return 0;
}

void script_learn(const pace_run *run, size_t count, int is_known)
{
    struct handles *handles = &run->store->handles;
    if (!is_worth(handles, run, count, is_known)) return;
    uint32_t *columns = malloc(run->named_count * sizeof *columns);
    if (!columns || resolve_cells(run, columns)) {
        free(columns);
        return;
    }
    pthread_mutex_lock(&handles->mutex);
    struct script *place = &handles->scripts[handles->next_script % SCRIPTS];
    int is_new = 1;
    for (size_t i = 0; i < SCRIPTS && is_new; i++) {
        struct script *script = &handles->scripts[i];
        if (script->count == 0 || script->columns[0] != columns[0]) continue;
        place = script;
        is_new = 0;
    }
    handles->next_script += (unsigned)is_new;
    free(place->columns);
    *place = (struct script){.columns = columns, .count = run->named_count};
    pthread_mutex_unlock(&handles->mutex);
}
