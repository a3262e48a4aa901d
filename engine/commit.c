/* commit.c -- pace_runs_commit: runs that were built in memory become part of the store, all or
 * none.
 *
 * Per run: ids of names, units brought to those of the store, the digest of the content, the
 * identity; if it is new, columns, row, index entries, metadata, samples. Work per cell is a hash
 * lookup or two; a run touches a few pages. */
#include "beside.h"
#include "bulk.h"
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
};

/* A stream of the batch; its record is stored when the batch ends. */
struct batch_stream {
    uint32_t stream;
    struct stream_record record;
    struct bulk_run *runs; /* that wait for the end of the batch */
    size_t count, capacity;
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
    struct batch_stream *streams;
    uint32_t stream_count, stream_capacity;
    struct map stream_by_id;
    struct arena waiting; /* of the runs that wait */
    uint64_t waiting_cells;
    /* of one run, sized for it */
    const struct pace_run *run;
    struct arena arena;
    uint32_t project, branch, testbed;
    struct text_ids *ids;
    struct row_cell *cells;      /* tag: the cell of the run */
    const double **samples;      /* by cell of the run, in the store's unit */
    struct pace_column *names;   /* of cells */
    struct pace_column *columns; /* that are new */
    struct noted_unit {
        uint32_t measure;
        struct meta_pair pair;
    } * units; /* "unit:measure" of cells that came in another unit */
    size_t unit_count, unit_capacity;
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
static int find_ids(struct commit *commit, const struct run_cell *cell, struct pace_column *name,
                    uint32_t *use)
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
    noted->pair.key = arena_printf(&commit->arena, UNIT_KEY "%s", name);
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
        rc = name_id(commit, PACE_BENCHMARK, &handle->benchmark, &ids->benchmark);
    if (!rc && ids->measure == UINT32_MAX)
        rc = name_id(commit, PACE_MEASURE, &handle->measure, &ids->measure);
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

/* All cells; the digest of the content is corrected for those that came in another unit. */
static int convert(struct commit *commit, struct seal_digest *content)
{
    const struct pace_run *run = commit->run;
    uint32_t known = 0;
    int rc = 0;
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

/* -- columns --------------------------------------------------------------------------------- */

static int repeated(struct commit *commit, size_t i)
{
    const struct text *name = NULL;
    size_t at = commit->run->named_count;
    if (i < at) name = &commit->run->texts.items[commit->run->cells[i].benchmark];
    for (const struct run_row *row = commit->run->rows; row && !name; row = row->next) {
        if (i - at < row->count)
            name = &handle_at(&commit->store->handles, row->columns[i - at])->benchmark;
        at += row->count;
    }
    return error_set(commit->error, PACE_EDUPLICATE,
                     "%.200s: a second cell of this series in one run", name ? name->text : "");
}

/* Two cells of one series: pace_run_put refuses them, rows are only looked at here. */
static int check_new(struct commit *commit)
{
    struct map seen = {0};
    int rc = 0;
    for (size_t i = 0; commit->run->rows && !rc && i < commit->run->cell_count; i++) {
        uint64_t name = map_pair(commit->names[i].benchmark, commit->names[i].measure);
        if (map_get(&seen, name) != MAP_NONE)
            rc = repeated(commit, i);
        else if (map_set(&seen, name, 0))
            rc = error_memory(commit->error);
    }
    map_free(&seen);
    return rc;
}

static int add_stream(struct commit *commit, uint32_t stream, const struct stream_record *record,
                      uint32_t *index)
{
    if (commit->stream_count == commit->stream_capacity) {
        uint32_t capacity = commit->stream_capacity ? commit->stream_capacity * 2 : 8;
        struct batch_stream *streams = realloc(commit->streams, capacity * sizeof *streams);
        if (!streams) return error_memory(commit->error);
        commit->streams = streams;
        commit->stream_capacity = capacity;
    }
    if (map_set(&commit->stream_by_id, stream, commit->stream_count))
        return error_memory(commit->error);
    commit->streams[commit->stream_count] =
        (struct batch_stream){.stream = stream, .record = *record};
    *index = commit->stream_count++;
    return 0;
}

/* Finds or makes the run's stream among those of the batch. */
static int find_stream(struct commit *commit, uint32_t *index)
{
    struct stream_record record;
    uint32_t stream;
    int rc = stream_find(commit->txn, commit->project, commit->branch, commit->testbed,
                         commit->error, &stream);
    if (!rc) {
        *index = map_get(&commit->stream_by_id, stream);
        if (*index != MAP_NONE) return 0;
        rc = stream_load(commit->txn, stream, commit->error, &record);
    } else if (rc == PACE_ENOTFOUND) {
        rc = check_new(commit);
        if (!rc)
            rc = stream_create(commit->txn, &commit->head, &commit->store->catalogue.shapes,
                               commit->project, commit->branch, commit->testbed, commit->names,
                               commit->run->cell_count, commit->error, &stream, &record);
    }
    return rc ? rc : add_stream(commit, stream, &record, index);
}

static int reserve_handles(struct shape *shape, uint32_t count)
{
    if (count <= shape->handle_count) return 0;
    uint32_t *by_handle = realloc(shape->by_handle, count * sizeof *by_handle);
    if (!by_handle) return -1;
    memset(by_handle + shape->handle_count, 0xff,
           (count - shape->handle_count) * sizeof *by_handle);
    shape->by_handle = by_handle;
    shape->handle_count = count;
    return 0;
}

/* Numbers one cell; a column that the stream lacks waits in commit->columns. */
static void number_cell(struct commit *commit, const struct stream_record *record, size_t i,
                        uint32_t number, uint32_t *added)
{
    if (number == MAP_NONE || number >= record->column_count) {
        number = record->column_count + *added;
        commit->columns[(*added)++] = commit->names[i];
    }
    commit->cells[i].column = number;
}

static uint32_t find_column(const struct shape *shape, const struct pace_column *name)
{
    return map_get(&shape->by_name, map_pair(name->benchmark, name->measure));
}

/* Numbers the columns of all cells; those the stream lacks are appended in the order of the
 * cells. */
static int number_columns(struct commit *commit, struct stream_record *record, uint32_t *added)
{
    struct shapes *shapes = &commit->store->catalogue.shapes;
    struct shape *shape;
    size_t i = 0;
    int rc = shapes_get(commit->txn, shapes, record->shape, commit->error, &shape);
    if (rc) return rc;
    *added = 0;
    for (; i < commit->run->named_count; i++)
        number_cell(commit, record, i, find_column(shape, &commit->names[i]), added);
    if (commit->run->rows && reserve_handles(shape, commit->store->catalogue.handle_count))
        return error_memory(commit->error);
    for (const struct run_row *row = commit->run->rows; row; row = row->next) {
        for (size_t j = 0; j < row->count; j++, i++) {
            uint32_t *column = &shape->by_handle[row->columns[j]];
            if (*column == MAP_NONE) *column = find_column(shape, &commit->names[i]);
            number_cell(commit, record, i, *column, added);
        }
    }
    if (*added == 0) return 0;
    rc = check_new(commit);
    if (rc) return rc;
    return stream_extend(commit->txn, &commit->head, shapes, record, commit->columns, *added,
                         commit->error);
}

static int by_column(const void *a, const void *b)
{
    uint32_t left = ((const struct row_cell *)a)->column;
    uint32_t right = ((const struct row_cell *)b)->column;
    return left < right ? -1 : left > right;
}

/* Puts the cells in order of column. */
static int sort_cells(struct commit *commit)
{
    struct row_cell *cells = commit->cells;
    size_t count = commit->run->cell_count;
    for (size_t i = 1; i < count; i++) {
        if (cells[i - 1].column > cells[i].column) {
            qsort(cells, count, sizeof *cells, by_column);
            break;
        }
    }
    for (size_t i = 1; i < count; i++) {
        if (cells[i - 1].column == cells[i].column) return repeated(commit, cells[i].tag);
    }
    return 0;
}

/* -- what is stored beside the row ----------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct meta_pair *)a)->key, ((const struct meta_pair *)b)->key);
}

/* 1 when a key of the run's metadata is one that the engine sets. */
static int is_noted(const struct commit *commit, const struct text *key)
{
    for (size_t i = 0; i < commit->unit_count; i++) {
        if (strcmp(commit->units[i].pair.key, key->text) == 0) return 1;
    }
    return 0;
}

/* The run's metadata and the noted units, which win over a key of the same name. */
static int put_meta(struct commit *commit, uint64_t run, uint32_t *parts)
{
    const struct texts *keys = &commit->run->meta_keys;
    size_t count = commit->unit_count;
    struct meta_pair *pairs = arena_array(&commit->arena, keys->count + count, sizeof *pairs);
    if (!pairs) return error_memory(commit->error);
    for (size_t i = 0; i < count; i++)
        pairs[i] = commit->units[i].pair;
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
        if (cell->tag >= commit->run->named_count) continue;
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
    commit->names = arena_array(&commit->arena, run->cell_count, sizeof *commit->names);
    commit->units = NULL;
    commit->unit_count = commit->unit_capacity = 0;
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

/* Cells of a batch that may share a commit. */
#define LITTLE_CELLS_MAX 65536

/* Keeps the runs that wait from filling the memory. */
#define WAITING_CELLS_MAX ((uint64_t)1 << 23)

/* Puts a run's cells into its stream: at once, or with the others of a large batch. */
static int put_cells(struct commit *commit, struct batch_stream *at, const struct log_run *row)
{
    if (commit->run_count < commit->store->limits.direct_runs) {
        int rc = log_put(commit->txn, at->stream, &at->record, row, &commit->buffer, commit->error);
        if (rc) return rc;
        return fold_step(&commit->fold, commit->txn, at->stream, &at->record, row->cell_count,
                         commit->error);
    }
    if (at->count == at->capacity) {
        size_t capacity = at->capacity ? at->capacity * 2 : 64;
        struct bulk_run *runs = realloc(at->runs, capacity * sizeof *runs);
        if (!runs) return error_memory(commit->error);
        at->runs = runs;
        at->capacity = capacity;
    }
    const struct bulk_run *like = at->count ? &at->runs[at->count - 1] : NULL;
    if (bulk_copy(&commit->waiting, row, like, &at->runs[at->count]))
        return error_memory(commit->error);
    at->count++;
    commit->waiting_cells += row->cell_count;
    return 0;
}

/* Stores the runs that wait. */
static int flush(struct commit *commit)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < commit->stream_count; i++) {
        struct batch_stream *at = &commit->streams[i];
        if (at->count == 0) continue;
        rc = bulk_store(&commit->fold, commit->txn, at->stream, &at->record, at->runs, at->count,
                        &commit->buffer, commit->error);
        at->count = 0;
    }
    arena_clear(&commit->waiting);
    commit->waiting_cells = 0;
    return rc;
}

/* Stores a run that is new. */
static int store_run(struct commit *commit, const char *id, const struct seal_digest *content,
                     struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct kv_txn *txn = commit->txn;
    struct pace_error *error = commit->error;
    uint32_t index = 0, added = 0;
    struct run_identity identity = {.run = run->number ? run->number : commit->head.runs + 1,
                                    .content = *content};
    int rc = find_stream(commit, &index);
    if (rc) return rc;
    struct batch_stream *at = &commit->streams[index];
    rc = number_columns(commit, &at->record, &added);
    if (!rc) rc = sort_cells(commit);
    if (rc) return rc;
    struct log_run row = {
        .position = {.time_ns = run->time_ns, .ordinal = run->ordinal, .run = identity.run},
        .ran_ns = run->ran_ns,
        .flags = run->flags,
        .commit = run->commit,
        .cells = commit->cells,
        .cell_count = run->cell_count,
    };
    struct run_place place = {
        .stream = at->stream, .ordinal = run->ordinal, .time_ns = run->time_ns};
    rc = put_cells(commit, at, &row);
    if (!rc) rc = put_meta(commit, identity.run, &place.meta_parts);
    if (!rc) rc = put_samples(commit, identity.run, &place.sample_parts);
    if (!rc) rc = index_put_run(txn, identity.run, &place, id, error);
    if (!rc) rc = index_put_identity(txn, id, &identity, error);
    if (!rc && run->commit[0])
        rc = index_put_commit(txn, &commit->head, run->commit, identity.run, error);
    if (rc) return rc;
    if (identity.run > commit->head.runs) commit->head.runs = identity.run;
    commit->head.cells += run->cell_count;
    commit->head.series += added;
    *result = (struct pace_run_result){.run = identity.run, .new_series = added};
    rc = set_start(commit, result);
    if (rc) return rc;
    return commit->waiting_cells > WAITING_CELLS_MAX ? flush(commit) : 0;
}

static int commit_run(struct commit *commit, struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct seal_digest cells = run->content;
    int rc = reserve(commit);
    if (!rc) rc = name_id(commit, PACE_PROJECT, &run->project, &commit->project);
    if (!rc) rc = name_id(commit, PACE_BRANCH, &run->branch, &commit->branch);
    if (!rc) rc = name_id(commit, PACE_TESTBED, &run->testbed, &commit->testbed);
    if (!rc) rc = convert(commit, &cells);
    if (rc) return rc;

    char derived[33];
    const char *id = run->id;
    if (!id[0]) {
        struct seal_digest given = {.low = run->content.low + run->units.low,
                                    .high = run->content.high + run->units.high};
        given = run_digest(run, &given);
        snprintf(derived, sizeof derived, "%016llx%016llx", (unsigned long long)given.high,
                 (unsigned long long)given.low);
        id = derived;
    }
    struct seal_digest content = run_digest(run, &cells);
    rc = find_identity(commit, id, &content, result);
    return rc == PACE_ENOTFOUND ? store_run(commit, id, &content, result) : rc;
}

/* -- the batch ------------------------------------------------------------------------------- */

/* Forgets what an earlier try of the batch had. */
static void begin_batch(struct commit *commit)
{
    commit->use_count = 0;
    map_empty(&commit->use_by_name);
    for (uint32_t i = 0; i < commit->stream_count; i++)
        free(commit->streams[i].runs);
    commit->stream_count = 0;
    map_empty(&commit->stream_by_id);
    arena_clear(&commit->waiting);
    commit->waiting_cells = 0;
}

static int commit_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct commit *commit = context;
    size_t duplicates = 0;
    commit->txn = txn;
    commit->error = error;
    begin_batch(commit);
    int rc = head_load(txn, error, &commit->head);
    for (size_t i = 0; !rc && i < commit->run_count; i++) {
        commit->run = commit->runs[i];
        rc = commit_run(commit, &commit->results[i]);
        if (!rc) duplicates += (size_t)commit->results[i].duplicate;
    }
    if (rc) return rc;
    if (duplicates == commit->run_count) return KV_UNCHANGED;
    rc = flush(commit);
    for (uint32_t i = 0; !rc && i < commit->stream_count; i++)
        rc = stream_store(txn, commit->streams[i].stream, &commit->streams[i].record, error);
    if (rc) return rc;
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

/* A batch that others may join: it stays small, and does not write blocks of its own. */
static int is_little(const struct commit *commit)
{
    uint64_t cells = 0;
    if (commit->run_count >= commit->store->limits.direct_runs) return 0;
    for (size_t i = 0; i < commit->run_count; i++)
        cells += commit->runs[i]->cell_count;
    return cells <= LITTLE_CELLS_MAX;
}

int pace_runs_commit(pace *store, pace_run *const *runs, size_t count, struct pace_error *error,
                     struct pace_run_result *results)
{
    int rc = store_check_writable(store, error);
    if (!rc) rc = check_runs(runs, count, error);
    if (rc || count == 0) return rc;
    struct commit commit = {.store = store, .runs = runs, .run_count = count};
    arena_init(&commit.arena, 0);
    arena_init(&commit.waiting, 0);
    commit.fold.limits = &store->limits;
    commit.results = calloc(count, sizeof *commit.results);
    rc = commit.results ? store_write(store, is_little(&commit), commit_batch, &commit, error)
                        : error_memory(error);
    for (size_t i = 0; !rc && i < count; i++) {
        runs[i]->committed = 1;
        if (results) results[i] = commit.results[i];
    }
    free(commit.results);
    begin_batch(&commit);
    free(commit.streams);
    map_free(&commit.stream_by_id);
    free(commit.uses);
    map_free(&commit.use_by_name);
    row_buffer_free(&commit.buffer);
    fold_free(&commit.fold);
    arena_clear(&commit.arena);
    return rc;
}
