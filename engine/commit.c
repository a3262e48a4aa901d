/* commit.c -- pace_runs_commit: runs that were built in memory become part of the store, all or
 * none.
 *
 * Per run: ids of names, units brought to those of the store, the digest of the content, the
 * identity; if it is new, columns, row, index entries, metadata, samples. Work per cell is a hash
 * lookup or two; a run touches a few pages. */
#include "beside.h"
#include "fold.h"
#include "index.h"
#include "log.h"
#include "run.h"
#include "store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_KEY "unit:" /* and a measure: the metadata that keeps the unit a value came in */

/* What the batch knows of a project x measure. */
struct measure_use {
    uint32_t project, measure;
    struct measure own, resolved;
};

/* A name of the run's texts, looked up when it is first met in a role. */
struct text_ids {
    uint32_t benchmark, measure; /* UINT32_MAX: not yet */
    uint32_t use;                /* in commit.uses, MAP_NONE: not yet */
    uint32_t unit;               /* in commit.units, MAP_NONE: no cell came in another unit */
};

struct commit {
    struct pace *store;
    pace_run *const *runs;
    size_t run_count;
    struct pace_run_result *results;
    /* of the batch */
    struct kv_txn *txn;
    struct pace_error *error;
    struct head head;
    struct measure_use *uses;
    size_t use_count, use_capacity;
    struct map use_by_name;
    /* of one run, sized for it */
    const struct pace_run *run;
    struct arena arena;
    uint32_t project, branch, testbed;
    struct text_ids *ids;
    struct row_cell *cells; /* tag: the cell of the run */
    const double **samples; /* by cell of the run, in the store's unit */
    struct pace_column *columns;
    struct meta_pair *units; /* "unit:measure" of cells that came in another unit */
    size_t unit_count;
    struct row_buffer buffer;
    struct fold fold;
};

/* -- names and measures ---------------------------------------------------------------------- */

static int name_id(struct commit *commit, enum pace_dimension dimension, const struct text *name,
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
    if (!rc)
        rc = measure_resolve(commit->txn, use->project, measure, commit->error, &use->resolved);
    if (rc) return rc;
    if (map_set(&commit->use_by_name, name, (uint32_t)commit->use_count))
        return error_memory(commit->error);
    *index = (uint32_t)commit->use_count++;
    return 0;
}

/* The ids of a cell's names, and what is known of its measure. */
static int find_ids(struct commit *commit, const struct run_cell *cell, struct measure_use **use)
{
    const struct text *texts = commit->run->texts.items;
    struct text_ids *benchmark = &commit->ids[cell->benchmark];
    struct text_ids *measure = &commit->ids[cell->measure];
    int rc = 0;
    if (benchmark->benchmark == UINT32_MAX)
        rc = name_id(commit, PACE_BENCHMARK, &texts[cell->benchmark], &benchmark->benchmark);
    if (!rc && measure->measure == UINT32_MAX)
        rc = name_id(commit, PACE_MEASURE, &texts[cell->measure], &measure->measure);
    if (!rc && measure->use == MAP_NONE) rc = load_use(commit, measure->measure, &measure->use);
    if (!rc) *use = &commit->uses[measure->use];
    return rc;
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
static int note_unit(struct commit *commit, uint32_t measure, const char *unit)
{
    struct text_ids *ids = &commit->ids[measure];
    if (ids->unit != MAP_NONE) return 0;
    struct meta_pair *pair = &commit->units[commit->unit_count];
    pair->key = arena_printf(&commit->arena, UNIT_KEY "%s", commit->run->texts.items[measure].text);
    pair->value = unit;
    if (!pair->key) return error_memory(commit->error);
    ids->unit = (uint32_t)commit->unit_count++;
    return 0;
}

static int rescale_cell(struct commit *commit, const struct run_cell *cell,
                        const struct rescale *rescale, struct row_cell *out, const double **samples)
{
    const struct text *texts = commit->run->texts.items;
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
                         texts[cell->benchmark].text, texts[cell->measure].text);
    return 0;
}

/* Fills commit->cells[i] and samples[i]; adds the cell to the digest of the content. */
static int convert_cell(struct commit *commit, size_t i, struct seal_digest *content)
{
    const struct run_cell *cell = &commit->run->cells[i];
    const struct text *texts = commit->run->texts.items;
    const char *unit = cell->unit == TEXTS_NONE ? "" : texts[cell->unit].text;
    struct row_cell *out = &commit->cells[i];
    struct measure_use *use = NULL;
    int rc = find_ids(commit, cell, &use);
    if (!rc) rc = learn(commit, use, unit, cell->direction);
    if (rc) return rc;
    *out = (struct row_cell){.tag = (uint32_t)i,
                             .status = cell->status,
                             .value = cell->value,
                             .lower = cell->lower,
                             .upper = cell->upper};
    commit->samples[i] = cell->samples;
    if (unit[0] && strcmp(unit, use->own.unit) != 0) {
        struct rescale rescale;
        if (measure_rescale(unit, use->own.unit, &rescale))
            return error_set(
                commit->error, PACE_EUNIT,
                "measure '%.150s' of project '%.150s' is in %s; %.100s is in %s, which is "
                "of another kind",
                texts[cell->measure].text, commit->run->project.text, use->own.unit,
                texts[cell->benchmark].text, unit);
        rc = note_unit(commit, cell->measure, unit);
        if (!rc && cell->status == PACE_CELL_OK)
            rc = rescale_cell(commit, cell, &rescale, out, &commit->samples[i]);
        if (rc) return rc;
    }
    struct cell_image image = {
        .benchmark = texts[cell->benchmark].hash,
        .measure = texts[cell->measure].hash,
        .status = cell->status,
        .value = out->value,
        .lower = out->lower,
        .upper = out->upper,
        .samples = seal_digest(commit->samples[i], cell->sample_count * sizeof(double)),
    };
    run_add_digest(content, &image);
    return 0;
}

/* -- columns --------------------------------------------------------------------------------- */

static struct pace_column column_of(const struct commit *commit, size_t i)
{
    const struct run_cell *cell = &commit->run->cells[i];
    return (struct pace_column){.benchmark = commit->ids[cell->benchmark].benchmark,
                                .measure = commit->ids[cell->measure].measure};
}

/* Finds or makes the run's stream. */
static int find_stream(struct commit *commit, uint32_t *stream, struct stream_record *record)
{
    int rc = stream_find(commit->txn, commit->project, commit->branch, commit->testbed,
                         commit->error, stream);
    if (rc == 0) return stream_load(commit->txn, *stream, commit->error, record);
    if (rc != PACE_ENOTFOUND) return rc;
    for (size_t i = 0; i < commit->run->cell_count; i++)
        commit->columns[i] = column_of(commit, i);
    return stream_create(commit->txn, &commit->head, &commit->store->catalogue.shapes,
                         commit->project, commit->branch, commit->testbed, commit->columns,
                         commit->run->cell_count, commit->error, stream, record);
}

/* Numbers the columns of all cells; those the stream lacks are appended in the order of the
 * cells. */
static int number_columns(struct commit *commit, struct stream_record *record, uint32_t *added)
{
    struct shapes *shapes = &commit->store->catalogue.shapes;
    struct shape *shape;
    int rc = shapes_get(commit->txn, shapes, record->shape, commit->error, &shape);
    if (rc) return rc;
    uint32_t pending = 0;
    for (size_t i = 0; i < commit->run->cell_count; i++) {
        struct pace_column column = column_of(commit, i);
        uint32_t number = map_get(&shape->by_name, map_pair(column.benchmark, column.measure));
        if (number == MAP_NONE || number >= record->column_count) {
            number = record->column_count + pending;
            commit->columns[pending++] = column;
        }
        commit->cells[i].column = number;
    }
    *added = pending;
    if (pending == 0) return 0;
    return stream_extend(commit->txn, &commit->head, shapes, record, commit->columns, pending,
                         commit->error);
}

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct row_cell *)a)->column;
    uint32_t right = ((const struct row_cell *)b)->column;
    return left < right ? -1 : left > right;
}

static void sort_cells(struct row_cell *cells, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (cells[i - 1].column > cells[i].column) {
            qsort(cells, count, sizeof *cells, by_column);
            return;
        }
    }
}

/* -- what is stored beside the row ----------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct meta_pair *)a)->key, ((const struct meta_pair *)b)->key);
}

/* 1 when a key of the run's metadata is one that the engine sets. */
static int is_noted(const struct commit *commit, const struct text *key)
{
    const size_t prefix = sizeof UNIT_KEY - 1;
    if (commit->unit_count == 0 || strncmp(key->text, UNIT_KEY, prefix) != 0) return 0;
    const char *name = key->text + prefix;
    size_t len = key->len - prefix;
    uint32_t text = texts_find(&commit->run->texts, name, len, text_hash(name, len));
    return text != TEXTS_NONE && commit->ids[text].unit != MAP_NONE;
}

/* The run's metadata and the noted units, which win over a key of the same name. */
static int put_meta(struct commit *commit, uint64_t run, uint32_t *parts)
{
    const struct texts *keys = &commit->run->meta_keys;
    size_t count = commit->unit_count;
    struct meta_pair *pairs = arena_array(&commit->arena, keys->count + count, sizeof *pairs);
    if (!pairs) return error_memory(commit->error);
    if (count) memcpy(pairs, commit->units, count * sizeof *pairs);
    for (uint32_t i = 0; i < keys->count; i++) {
        if (!is_noted(commit, &keys->items[i]))
            pairs[count++] = (struct meta_pair){.key = keys->items[i].text,
                                                .value = commit->run->meta_values[i]};
    }
    qsort(pairs, count, sizeof *pairs, by_key);
    return beside_put_meta(commit->txn, run, pairs, count, &commit->buffer, commit->error, parts);
}

static int put_samples(struct commit *commit, uint64_t run, uint32_t *parts)
{
    size_t count = 0;
    *parts = 0;
    if (commit->run->sample_count == 0) return 0;
    struct sample_entry *entries =
        arena_array(&commit->arena, commit->run->cell_count, sizeof *entries);
    const double **samples = arena_array(&commit->arena, commit->run->cell_count, sizeof *samples);
    if (!entries || !samples) return error_memory(commit->error);
    for (size_t i = 0; i < commit->run->cell_count; i++) {
        const struct row_cell *cell = &commit->cells[i];
        uint32_t n = commit->run->cells[cell->tag].sample_count;
        if (n == 0) continue;
        entries[count] = (struct sample_entry){.column = cell->column, .count = n};
        samples[count++] = commit->samples[cell->tag];
    }
    return beside_put_samples(commit->txn, run, entries, samples, count, &commit->buffer,
                              commit->error, parts);
}

/* -- one run --------------------------------------------------------------------------------- */

/* Gives memory for one run; what the run before used is freed. */
static int reserve(struct commit *commit)
{
    const struct pace_run *run = commit->run;
    arena_clear(&commit->arena);
    commit->ids = arena_array(&commit->arena, run->texts.count, sizeof *commit->ids);
    commit->cells = arena_array(&commit->arena, run->cell_count, sizeof *commit->cells);
    commit->samples = arena_array(&commit->arena, run->cell_count, sizeof *commit->samples);
    commit->columns = arena_array(&commit->arena, run->cell_count, sizeof *commit->columns);
    commit->units = arena_array(&commit->arena, run->texts.count, sizeof *commit->units);
    commit->unit_count = 0;
    if (commit->arena.failed) return error_memory(commit->error);
    memset(commit->ids, 0xff, run->texts.count * sizeof *commit->ids);
    return 0;
}

/* Looks the run's identity up: 0 and result filled in when it is stored already, PACE_ENOTFOUND, or
 * PACE_ECONFLICT. */
static int find_identity(struct commit *commit, const char *id, const struct seal_digest *content,
                         struct pace_run_result *result)
{
    struct run_identity stored;
    int rc = index_get_identity(commit->txn, id, commit->error, &stored);
    if (rc) return rc;
    if (stored.content.low != content->low || stored.content.high != content->high)
        return error_set(commit->error, PACE_ECONFLICT,
                         "run id '%s' is stored as run %llu with other content; give another id",
                         id, (unsigned long long)stored.run);
    *result = (struct pace_run_result){.run = stored.run, .duplicate = 1};
    return 0;
}

/* Sets the start point that the run brings. A refused one does not keep the run back. */
static int set_start(struct commit *commit, struct pace_run_result *result)
{
    if (!commit->run->has_start) return 0;
    int rc = start_append(commit->txn, &commit->store->catalogue, &commit->head, commit->project,
                          commit->branch, &commit->run->start, NULL);
    if (rc == PACE_EMISUSE || rc == PACE_ELIMIT) {
        result->start_point = rc;
        return 0;
    }
    return rc ? error_set(commit->error, rc, "the start point: %s", pace_strerror(rc)) : 0;
}

/* Stores a run that is new. */
static int store_run(struct commit *commit, const char *id, const struct seal_digest *content,
                     struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct kv_txn *txn = commit->txn;
    struct pace_error *error = commit->error;
    uint32_t stream = 0, added = 0;
    struct stream_record record;
    struct run_identity identity = {.run = commit->head.runs + 1, .content = *content};
    int rc = find_stream(commit, &stream, &record);
    if (!rc) rc = number_columns(commit, &record, &added);
    if (rc) return rc;
    sort_cells(commit->cells, run->cell_count);
    struct log_run row = {
        .position = {.time_ns = run->time_ns, .ordinal = run->ordinal, .run = identity.run},
        .ran_ns = run->ran_ns,
        .flags = run->flags,
        .commit = run->commit,
        .cells = commit->cells,
        .cell_count = run->cell_count,
    };
    struct run_place place = {.stream = stream, .ordinal = run->ordinal, .time_ns = run->time_ns};
    rc = log_put(txn, stream, &record, &row, &commit->buffer, error);
    if (!rc) rc = fold_step(&commit->fold, txn, stream, &record, run->cell_count, error);
    if (!rc) rc = stream_store(txn, stream, &record, error);
    if (!rc) rc = put_meta(commit, identity.run, &place.meta_parts);
    if (!rc) rc = put_samples(commit, identity.run, &place.sample_parts);
    if (!rc) rc = index_put_run(txn, identity.run, &place, id, error);
    if (!rc) rc = index_put_identity(txn, id, &identity, error);
    if (!rc && run->commit[0])
        rc = index_put_commit(txn, &commit->head, run->commit, identity.run, error);
    if (rc) return rc;
    commit->head.runs++;
    commit->head.cells += run->cell_count;
    commit->head.series += added;
    *result = (struct pace_run_result){.run = identity.run, .new_series = added};
    return set_start(commit, result);
}

static int commit_run(struct commit *commit, struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct seal_digest cells = {0};
    int rc = reserve(commit);
    if (!rc) rc = name_id(commit, PACE_PROJECT, &run->project, &commit->project);
    if (!rc) rc = name_id(commit, PACE_BRANCH, &run->branch, &commit->branch);
    if (!rc) rc = name_id(commit, PACE_TESTBED, &run->testbed, &commit->testbed);
    for (size_t i = 0; !rc && i < run->cell_count; i++)
        rc = convert_cell(commit, i, &cells);
    if (rc) return rc;

    char derived[33];
    const char *id = run->id;
    if (!id[0]) {
        struct seal_digest given = run_digest(run, &run->given);
        snprintf(derived, sizeof derived, "%016llx%016llx", (unsigned long long)given.high,
                 (unsigned long long)given.low);
        id = derived;
    }
    struct seal_digest content = run_digest(run, &cells);
    rc = find_identity(commit, id, &content, result);
    return rc == PACE_ENOTFOUND ? store_run(commit, id, &content, result) : rc;
}

/* -- the batch ------------------------------------------------------------------------------- */

static int commit_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct commit *commit = context;
    size_t duplicates = 0;
    commit->txn = txn;
    commit->error = error;
    commit->use_count = 0;
    map_empty(&commit->use_by_name);
    int rc = head_load(txn, error, &commit->head);
    for (size_t i = 0; !rc && i < commit->run_count; i++) {
        commit->run = commit->runs[i];
        rc = commit_run(commit, &commit->results[i]);
        if (!rc) duplicates += (size_t)commit->results[i].duplicate;
    }
    if (rc) return rc;
    if (duplicates == commit->run_count) return KV_UNCHANGED;
    return head_store(txn, &commit->head, error);
}

static int check_runs(pace_run *const *runs, size_t count, struct pace_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!runs[i] || runs[i]->committed)
            return error_set(error, PACE_EMISUSE, "run %zu of the batch: %s", i + 1,
                             runs[i] ? "it is committed already" : "there is none");
        if (runs[i]->cell_count == 0)
            return error_set(error, PACE_EEMPTY,
                             "run %zu of the batch has no cells; nothing was stored", i + 1);
    }
    return 0;
}

int pace_runs_commit(pace *store, pace_run *const *runs, size_t count, struct pace_error *error,
                     struct pace_run_result *results)
{
    int rc = store_check_writable(store, error);
    if (!rc) rc = check_runs(runs, count, error);
    if (rc || count == 0) return rc;
    struct commit commit = {.store = store, .runs = runs, .run_count = count};
    arena_init(&commit.arena, 0);
    commit.fold.limits = &store->limits;
    commit.results = calloc(count, sizeof *commit.results);
    rc = commit.results ? store_write(store, commit_batch, &commit, error) : error_memory(error);
    for (size_t i = 0; !rc && i < count; i++) {
        runs[i]->committed = 1;
        if (results) results[i] = commit.results[i];
    }
    free(commit.results);
    free(commit.uses);
    map_free(&commit.use_by_name);
    row_buffer_free(&commit.buffer);
    fold_free(&commit.fold);
    arena_clear(&commit.arena);
    return rc;
}
