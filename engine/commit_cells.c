/* commit_cells.c -- the cells of a run in the ids and units of the store; see commit.h. */
#include "commit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int commit_name(struct commit *commit, enum pace_dimension dimension, const struct text *name,
                uint32_t *id)
{
    return catalogue_name(&commit->store->catalogue, commit->txn, &commit->head, dimension, name,
                          commit->error, id);
}

static int load_use(struct commit *commit, uint32_t measure, uint32_t *index)
{
    uint64_t name = map_pair(commit->project, measure);
    *index = map_get(&commit->use_by_name, name);
    if (*index != MAP_NONE) return 0;
    if (commit->use_count == commit->use_capacity) {
        size_t capacity = commit->use_capacity ? commit->use_capacity * 2 : 16;
        struct measure_use *uses = realloc(commit->uses, capacity * sizeof *uses);
        if (!uses) return error_memory(commit->error);
        commit->uses = uses;
        commit->use_capacity = capacity;
    }
    struct measure_use *use = &commit->uses[commit->use_count];
    *use = (struct measure_use){.project = commit->project, .measure = measure};
    int rc = measure_load(commit->txn, use->project, measure, commit->error, &use->own);
    use->resolved = use->own;
    if (!rc) rc = measure_complete(commit->txn, measure, commit->error, &use->resolved);
    if (rc) return rc;
    if (map_set(&commit->use_by_name, name, (uint32_t)commit->use_count))
        return error_memory(commit->error);
    *index = (uint32_t)commit->use_count++;
    return 0;
}

/* The ids of a cell's names, and what is known of its measure. */
static int find_ids(struct commit *commit, const struct run_cell *cell, struct pace_column *name,
                    uint32_t *use)
{
    const struct text *texts = commit->run->texts.items;
    struct text_ids *benchmark = &commit->ids[cell->benchmark];
    struct text_ids *measure = &commit->ids[cell->measure];
    int rc = 0;
    if (benchmark->benchmark == UINT32_MAX)
        rc = commit_name(commit, PACE_BENCHMARK, &texts[cell->benchmark], &benchmark->benchmark);
    if (!rc && measure->measure == UINT32_MAX)
        rc = commit_name(commit, PACE_MEASURE, &texts[cell->measure], &measure->measure);
    if (!rc && measure->use == MAP_NONE) rc = load_use(commit, measure->measure, &measure->use);
    if (rc) return rc;
    *name = (struct pace_column){.benchmark = benchmark->benchmark, .measure = measure->measure};
    *use = measure->use;
    return 0;
}

/* Keeps the first unit and the first direction that are known. A unit that comes from the default
 * is kept too: from now on values are stored in it. */
static int learn(struct commit *commit, struct measure_use *use, const char *unit,
                 uint8_t direction)
{
    int changed = 0;
    if (use->own.unit[0] == 0 && (use->resolved.unit[0] || unit[0])) {
        if (use->resolved.unit[0] == 0) memcpy(use->resolved.unit, unit, strlen(unit) + 1);
        memcpy(use->own.unit, use->resolved.unit, sizeof use->own.unit);
        changed = 1;
    }
    if (use->resolved.direction == PACE_DIRECTION_UNKNOWN && direction) {
        use->resolved.direction = use->own.direction = direction;
        changed = 1;
    }
    if (!changed) return 0;
    return measure_store(commit->txn, use->project, use->measure, &use->own, commit->error);
}

/* -- cells in the store's units -------------------------------------------------------------- */

static double rescaled(double number, const struct rescale *rescale)
{
    return number * rescale->multiply / rescale->divide;
}

/* Notes the unit in which the first of a measure's cells came. */
static int note_unit(struct commit *commit, uint32_t measure, const char *name, const char *unit)
{
    for (size_t i = 0; i < commit->unit_count; i++) {
        if (commit->units[i].measure == measure) return 0;
    }
    if (commit->unit_count == commit->unit_capacity) {
        size_t capacity = commit->unit_capacity ? commit->unit_capacity * 2 : 8;
        struct noted_unit *units = arena_array(&commit->arena, capacity, sizeof *units);
        if (!units) return error_memory(commit->error);
        if (commit->unit_count) memcpy(units, commit->units, commit->unit_count * sizeof *units);
        commit->units = units;
        commit->unit_capacity = capacity;
    }
    struct noted_unit *noted = &commit->units[commit->unit_count];
    *noted = (struct noted_unit){.measure = measure, .pair = {.value = unit}};
    noted->pair.key = arena_printf(&commit->arena, RUN_UNIT_KEY "%s", name);
    if (!noted->pair.key) return error_memory(commit->error);
    commit->unit_count++;
    return 0;
}

/* A cell as it was given, with its names. */
struct given {
    const struct text *benchmark, *measure;
    const char *unit; /* "" none */
    const struct run_cell *cell;
};

static int rescale_cell(struct commit *commit, const struct given *given,
                        const struct rescale *rescale, struct row_cell *out, const double **samples)
{
    const struct run_cell *cell = given->cell;
    int finite = 1;
    out->value = rescaled(cell->value, rescale);
    out->lower = rescaled(cell->lower, rescale);
    out->upper = rescaled(cell->upper, rescale);
    finite = isfinite(out->value) && !isinf(out->lower) && !isinf(out->upper);
    if (cell->sample_count) {
        double *copy = arena_array(&commit->arena, cell->sample_count, sizeof *copy);
        if (!copy) return error_memory(commit->error);
        for (uint32_t i = 0; i < cell->sample_count; i++) {
            copy[i] = rescaled(cell->samples[i], rescale);
            finite = finite && isfinite(copy[i]);
        }
        *samples = copy;
    }
    if (!finite)
        return error_set(commit->error, PACE_EVALUE,
                         "%.200s: a value is too large for the unit of measure '%.100s'",
                         given->benchmark->text, given->measure->text);
    return 0;
}

/* Brings commit->cells[i], and samples[i], to the unit of the store; corrects the digest of the
 * content. */
static int convert_unit(struct commit *commit, size_t i, const struct given *given,
                        const struct measure_use *use, struct seal_digest *content)
{
    const struct run_cell *cell = given->cell;
    struct row_cell *out = &commit->cells[i];
    struct rescale rescale;
    if (measure_rescale(given->unit, use->own.unit, &rescale))
        return error_set(commit->error, PACE_EUNIT,
                         "measure '%.150s' of project '%.150s' is in %s; %.100s is in %s, which is "
                         "of another kind",
                         given->measure->text, commit->run->project.text, use->own.unit,
                         given->benchmark->text, given->unit);
    int rc = note_unit(commit, use->measure, given->measure->text, given->unit);
    if (rc || cell->status != PACE_CELL_OK) return rc;
    struct seal_digest seed = run_series_seed(given->benchmark->hash, given->measure->hash);
    struct seal_digest old = run_cell_digest(&seed, cell->status, cell->value, cell->lower,
                                             cell->upper, cell->samples, cell->sample_count);
    rc = rescale_cell(commit, given, &rescale, out, &commit->samples[i]);
    struct seal_digest new = run_cell_digest(&seed, out->status, out->value, out->lower, out->upper,
                                             commit->samples[i], cell->sample_count);
    content->low += new.low - old.low;
    content->high += new.high - old.high;
    return rc;
}

/* Fills commit->cells[i], names[i] and samples[i]. */
static int convert_cell(struct commit *commit, size_t i, struct seal_digest *content)
{
    const struct run_cell *cell = &commit->run->cells[i];
    const struct text *texts = commit->run->texts.items;
    const struct given given = {.benchmark = &texts[cell->benchmark],
                                .measure = &texts[cell->measure],
                                .unit = cell->unit == TEXTS_NONE ? "" : texts[cell->unit].text,
                                .cell = cell};
    uint32_t index;
    int rc = find_ids(commit, cell, &commit->names[i], &index);
    if (rc) return rc;
    struct measure_use *use = &commit->uses[index];
    rc = learn(commit, use, given.unit, cell->direction);
    if (rc) return rc;
    commit->cells[i] = (struct row_cell){.tag = (uint32_t)i,
                                         .status = cell->status,
                                         .value = cell->value,
                                         .lower = cell->lower,
                                         .upper = cell->upper};
    commit->samples[i] = cell->samples;
    if (!given.unit[0] || strcmp(given.unit, use->own.unit) == 0) return 0;
    return convert_unit(commit, i, &given, use, content);
}

/* A cell that was put by handle, the first time in this project, or in a unit of its own. */
static int convert_value(struct commit *commit, size_t i, const struct handle *handle,
                         struct handle_ids *ids, struct seal_digest *content)
{
    const struct run_cell cell = {.unit = TEXTS_NONE,
                                  .direction = handle->direction,
                                  .value = commit->cells[i].value,
                                  .lower = (double)NAN,
                                  .upper = (double)NAN};
    const struct given given = {.benchmark = &handle->benchmark,
                                .measure = &handle->measure,
                                .unit = handle->unit,
                                .cell = &cell};
    uint32_t index = 0;
    int rc = 0;
    if (ids->benchmark == UINT32_MAX)
        rc = commit_name(commit, PACE_BENCHMARK, &handle->benchmark, &ids->benchmark);
    if (!rc && ids->measure == UINT32_MAX)
        rc = commit_name(commit, PACE_MEASURE, &handle->measure, &ids->measure);
    if (!rc) rc = load_use(commit, ids->measure, &index);
    if (rc) return rc;
    struct measure_use *use = &commit->uses[index];
    rc = learn(commit, use, handle->unit, handle->direction);
    if (rc || !handle->unit[0]) return rc;
    /* The unit of a project's measure stays, and so does a direction that is known. */
    if (strcmp(handle->unit, use->own.unit) != 0)
        return convert_unit(commit, i, &given, use, content);
    ids->plain = commit->project;
    return 0;
}

/* The cells of one row, from place i on. */
static int convert_row(struct commit *commit, const struct run_row *row, size_t i,
                       struct seal_digest *content)
{
    const struct handles *handles = &commit->store->handles;
    struct handle_ids *ids = commit->store->catalogue.handles;
    for (size_t j = 0; j < row->count; j++, i++) {
        uint32_t handle = row->columns[j];
        commit->cells[i] = (struct row_cell){.tag = (uint32_t)i,
                                             .value = row->values[j],
                                             .lower = (double)NAN,
                                             .upper = (double)NAN};
        if (ids[handle].plain != commit->project) {
            int rc = convert_value(commit, i, handle_at(handles, handle), &ids[handle], content);
            if (rc) return rc;
        }
        commit->names[i] = (struct pace_column){.benchmark = ids[handle].benchmark,
                                                .measure = ids[handle].measure};
    }
    return 0;
}

/* Gives memory for one run. */
static int reserve(struct commit *commit)
{
    const struct pace_run *run = commit->run;
    commit->ids = arena_array(&commit->arena, run->texts.count, sizeof *commit->ids);
    commit->cells = arena_space(&commit->arena, run->cell_count * sizeof *commit->cells);
    commit->samples = arena_array(&commit->arena, run->cell_count, sizeof *commit->samples);
    commit->columns = arena_space(&commit->arena, run->cell_count * sizeof *commit->columns);
    commit->names = arena_space(&commit->arena, run->cell_count * sizeof *commit->names);
    if (commit->arena.failed) return error_memory(commit->error);
    memset(commit->ids, 0xff, run->texts.count * sizeof *commit->ids);
    return 0;
}

int commit_convert(struct commit *commit, struct seal_digest *content)
{
    const struct pace_run *run = commit->run;
    uint32_t known = 0;
    int rc = reserve(commit);
    for (size_t i = 0; !rc && i < run->named_count; i++)
        rc = convert_cell(commit, i, content);
    size_t at = run->named_count;
    for (const struct run_row *row = run->rows; !rc && row; row = row->next) {
        for (size_t j = 0; j < row->count; j++)
            known = row->columns[j] >= known ? row->columns[j] + 1 : known;
        if (catalogue_handles(&commit->store->catalogue, known)) return error_memory(commit->error);
        rc = convert_row(commit, row, at, content);
        at += row->count;
    }
    return rc;
}

/* -- a run like the one before ----------------------------------------------------------------- */

static int is_one_row(const struct pace_run *run)
{
    return run->named_count == 0 && run->rows && !run->rows->next;
}

int commit_repeats(const struct commit *commit)
{
    const struct pace_run *run = commit->run;
    const struct repeat *repeat = &commit->repeat;
    if (!repeat->row || !is_one_row(run) || commit->project != repeat->project) return 0;
    const struct stream_record *record = &commit->streams[repeat->stream].record;
    return record->project == commit->project && record->branch == commit->branch &&
           record->testbed == commit->testbed && run->rows->count == repeat->row->count &&
           (run->rows->columns == repeat->row->columns ||
            memcmp(run->rows->columns, repeat->row->columns,
                   repeat->row->count * sizeof *repeat->row->columns) == 0);
}

/* Whether the run is one row, in the order of the columns and in the units of the project. */
static int is_plain_row(const struct commit *commit)
{
    const struct pace_run *run = commit->run;
    const struct handle_ids *ids = commit->store->catalogue.handles;
    if (!is_one_row(run)) return 0;
    for (size_t i = 0; i < run->rows->count; i++) {
        if (commit->cells[i].tag != i) return 0;
        if (ids[run->rows->columns[i]].plain != commit->project) return 0;
    }
    return 1;
}

int commit_is_usual(struct commit *commit, int *is_usual)
{
    const struct pace_run *run = commit->run;
    const struct usual_row *usual = &commit->store->catalogue.usual;
    uint32_t index;
    *is_usual = 0;
    if (usual->count == 0 || !is_one_row(run) || run->rows->count != usual->count ||
        commit->project != usual->project ||
        memcmp(run->rows->columns, usual->columns, usual->count * sizeof *usual->columns) != 0)
        return 0;
    int rc = commit_find_known_stream(commit, &index);
    if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
    const struct stream_record *record = &commit->streams[index].record;
    *is_usual = record->shape == usual->shape && record->column_count >= usual->count &&
                usual->count * 2 >= record->column_count;
    return 0;
}

void commit_learn_usual(struct commit *commit, const struct stream_record *record)
{
    const struct pace_run *run = commit->run;
    if (run->cell_count > ROW_PART_COLUMNS || !is_plain_row(commit)) return;
    /* Sorted, and no column twice: the last tells of all. */
    if (commit->cells[run->cell_count - 1].column != run->cell_count - 1) return;
    catalogue_usual(&commit->store->catalogue, commit->project, record->shape, run->rows->columns,
                    run->rows->count);
}

void commit_keep(struct commit *commit, uint32_t stream)
{
    const struct pace_run *run = commit->run;
    commit->repeat = (struct repeat){0};
    if (!is_plain_row(commit)) return;
    commit->repeat =
        (struct repeat){.row = run->rows, .project = commit->project, .stream = stream};
}
