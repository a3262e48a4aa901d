/* copy.c -- see copy.h. */
#include "copy.h"
#include "beside.h"
#include "index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_CELLS = 1 << 17 }; /* some 10 MB of runs in memory, and as much a transaction */

/* -- one run --------------------------------------------------------------------------------- */

static int begin(struct copy *copy, const struct pace_stream *stream,
                 const struct pace_run_view *view, struct pace_error *error, pace_run **out)
{
    const char *id;
    int rc = pace_run_id(copy->from, view->run, error, &id);
    if (rc) return rc;
    struct pace_run_info info = {.project = copy->names[PACE_PROJECT][stream->project],
                                 .branch = copy->names[PACE_BRANCH][stream->branch],
                                 .testbed = copy->names[PACE_TESTBED][stream->testbed],
                                 .commit = view->commit,
                                 .id = id,
                                 .ordinal = view->ordinal,
                                 .flags = view->flags};
    rc = pace_run_begin(copy->to, &info, error, out);
    if (rc) return rc;
    (*out)->time_ns =
        view->time_ns; /* which was checked when it came; clocks may have moved since */
    (*out)->ran_ns = view->ran_ns;
    if (copy->keep_numbers) (*out)->number = view->run;
    return 0;
}

static int put_cells(struct copy *copy, const struct pace_stream *stream,
                     const struct pace_column *columns, const struct pace_cells *cells, size_t r,
                     uint32_t sample_parts, struct pace_error *error, pace_run *run)
{
    struct kv_txn *txn = copy->from->txn;
    const struct sample_entry *entries = NULL;
    const double *samples = NULL;
    size_t entry_count = 0, entry = 0;
    int rc = beside_all_samples(txn, cells->runs[r].run, sample_parts, &copy->arena, error,
                                &entries, &entry_count, &samples);
    for (uint32_t c = 0; !rc && c < cells->column_count; c++) {
        size_t at = c * cells->stride + r, count = 0;
        struct measure measure;
        if (cells->status[at] == PACE_CELL_ABSENT) continue;
        if (entry < entry_count && entries[entry].column == c) count = entries[entry++].count;
        const double *own = samples;
        samples += count;
        if (copy->cell && !copy->cell(copy->context, stream, &cells->runs[r], c)) continue;
        rc = measure_load(txn, stream->project, columns[c].measure, error, &measure);
        if (rc) break;
        struct pace_cell cell = {.benchmark = copy->names[PACE_BENCHMARK][columns[c].benchmark],
                                 .measure = copy->names[PACE_MEASURE][columns[c].measure],
                                 .unit = measure.unit,
                                 .direction = (enum pace_direction)measure.direction,
                                 .status = (enum pace_cell_status)cells->status[at],
                                 .value = cells->value[at],
                                 .lower = cells->lower ? cells->lower[at] : (double)NAN,
                                 .upper = cells->upper ? cells->upper[at] : (double)NAN,
                                 .samples = own,
                                 .sample_count = count};
        rc = pace_run_put(run, &cell, error);
    }
    return rc;
}

int copy_build(struct copy *copy, const struct pace_stream *stream,
               const struct pace_column *columns, const struct pace_cells *cells, size_t r,
               struct pace_error *error, pace_run **out)
{
    struct kv_txn *txn = copy->from->txn;
    const struct pace_run_view *view = &cells->runs[r];
    struct run_place place;
    struct pace_meta meta;
    pace_run *run;
    arena_clear(&copy->arena);
    int rc = begin(copy, stream, view, error, &run);
    if (rc) return rc;
    rc = index_get_run(txn, view->run, error, &place, NULL);
    if (!rc) rc = put_cells(copy, stream, columns, cells, r, place.sample_parts, error, run);
    if (!rc) rc = beside_get_meta(txn, view->run, place.meta_parts, &copy->arena, error, &meta);
    for (size_t i = 0; !rc && i < meta.count; i++)
        rc = pace_run_put_meta(run, meta.keys[i], meta.values[i], error);
    if (rc)
        pace_run_free(run);
    else
        *out = run;
    return rc;
}

/* -- batches --------------------------------------------------------------------------------- */

static int flush(struct copy *copy, struct pace_error *error)
{
    struct pace_run_result results[COPY_RUNS_MAX];
    int rc = pace_runs_commit(copy->to, copy->batch, copy->batch_count, error, results);
    for (size_t i = 0; i < copy->batch_count; i++) {
        if (!rc) copy->duplicates += (uint64_t)results[i].duplicate;
        pace_run_free(copy->batch[i]);
    }
    copy->batch_count = copy->batch_cells = 0;
    return rc;
}

static int add(struct copy *copy, pace_run *run, struct pace_error *error)
{
    copy->batch[copy->batch_count++] = run;
    copy->batch_cells += pace_run_cell_count(run);
    if (copy->batch_count < COPY_RUNS_MAX && copy->batch_cells < BATCH_CELLS) return 0;
    return flush(copy, error);
}

/* How many cells of a run are taken. */
static size_t count_cells(const struct copy *copy, const struct pace_stream *stream,
                          const struct pace_cells *cells, size_t r)
{
    size_t count = 0;
    for (uint32_t c = 0; c < cells->column_count; c++) {
        if (cells->status[c * cells->stride + r] != PACE_CELL_ABSENT &&
            (!copy->cell || copy->cell(copy->context, stream, &cells->runs[r], c)))
            count++;
    }
    return count;
}

static int copy_run(struct copy *copy, const struct pace_stream *stream,
                    const struct pace_column *columns, const struct pace_cells *cells, size_t r,
                    struct pace_error *error)
{
    const struct pace_run_view *view = &cells->runs[r];
    pace_run *run;
    int taken = copy->choose ? copy->choose(copy->context, stream, view, error) : 1;
    if (taken != 1) return taken;
    size_t count = count_cells(copy, stream, cells, r);
    if (count == 0) return 0;
    copy->runs++;
    copy->cells += count;
    if (copy->taken) copy->taken[view->run / 8] |= (unsigned char)(1u << view->run % 8);
    if (!copy->to) return 0;
    int rc = copy_build(copy, stream, columns, cells, r, error, &run);
    return rc ? rc : add(copy, run, error);
}

/* -- streams --------------------------------------------------------------------------------- */

static int copy_stream(struct copy *copy, const struct pace_stream *stream,
                       struct pace_error *error)
{
    const struct pace_column *columns;
    struct pace_cells cells = {.run_count = 1};
    pace_scan *scan;
    uint32_t count;
    int rc = pace_columns(copy->from, stream->id, error, &columns, &count);
    if (rc) return rc;
    uint32_t *all = calloc(count + 1u, sizeof *all);
    if (!all) return error_memory(error);
    for (uint32_t i = 0; i < count; i++)
        all[i] = i;
    rc = pace_scan_open(copy->from, stream->id, all, count, NULL, error, &scan);
    free(all);
    if (rc) return rc;
    while (!rc && cells.run_count) {
        rc = pace_scan_next(scan, error, &cells);
        for (size_t r = 0; !rc && r < cells.run_count; r++)
            rc = copy_run(copy, stream, columns, &cells, r, error);
    }
    pace_scan_close(scan);
    return rc;
}

int copy_runs(struct copy *copy, struct pace_error *error)
{
    const struct pace_stream *streams;
    uint32_t count, names;
    arena_init(&copy->arena, 0);
    int rc = pace_streams(copy->from, error, &streams, &count);
    for (int i = 0; !rc && i < PACE_DIMENSION_COUNT; i++)
        rc = pace_names(copy->from, (enum pace_dimension)i, error, &copy->names[i], &names);
    if (!rc && copy->keep_numbers) {
        copy->taken = calloc(copy->from->head.runs / 8 + 1, 1);
        if (!copy->taken) rc = error_memory(error);
    }
    for (uint32_t i = 0; !rc && i < count; i++)
        rc = copy_stream(copy, &streams[i], error);
    if (!rc && copy->batch_count) rc = flush(copy, error);
    return rc;
}

void copy_free(struct copy *copy)
{
    for (size_t i = 0; i < copy->batch_count; i++)
        pace_run_free(copy->batch[i]);
    copy->batch_count = 0;
    arena_clear(&copy->arena);
    free(copy->taken);
    copy->taken = NULL;
}

/* -- units ----------------------------------------------------------------------------------- */

struct measure_copy {
    struct copy *copy;
    int defaults;
    unsigned char *with_runs; /* projects of `from` that have streams */
    const char *const *projects, *const *measures;
    uint32_t project_count, measure_count;
};

static int own_id(struct kv_txn *txn, struct measure_copy *job, struct head *head,
                  enum pace_dimension dimension, const char *name, struct pace_error *error,
                  uint32_t *id)
{
    size_t len = strlen(name);
    struct text text = {.text = name, .len = (uint32_t)len, .hash = text_hash(name, len)};
    return catalogue_name(&job->copy->to->catalogue, txn, head, dimension, &text, error, id);
}

/* What `to` does not know yet of a project x measure. A project whose runs were all left is
 * left. */
static int copy_measure(struct kv_txn *txn, struct measure_copy *job, struct head *head,
                        uint32_t project, uint32_t measure, struct pace_error *error)
{
    struct measure from, own;
    uint32_t to_project = MEASURE_EVERY_PROJECT, to_measure;
    int is_default = project == MEASURE_EVERY_PROJECT;
    if (is_default != job->defaults) return 0;
    if (measure >= job->measure_count || (!is_default && project >= job->project_count))
        return error_damaged(error, "%s: the record of a measure", kv_path(job->copy->from->txn));
    if (!is_default) {
        const char *name = job->projects[project];
        size_t len = strlen(name);
        int rc = names_find(txn, PACE_PROJECT, name, len, text_hash(name, len), error, &to_project);
        if (rc == PACE_ENOTFOUND && job->with_runs[project]) return 0;
        if (rc == PACE_ENOTFOUND)
            rc = own_id(txn, job, head, PACE_PROJECT, name, error, &to_project);
        if (rc) return rc;
    }
    int rc = measure_load(job->copy->from->txn, project, measure, error, &from);
    if (!rc) rc = own_id(txn, job, head, PACE_MEASURE, job->measures[measure], error, &to_measure);
    if (!rc) rc = measure_load(txn, to_project, to_measure, error, &own);
    if (rc) return rc;
    if (own.unit[0] && (own.direction || !from.direction)) return 0;
    if (!own.unit[0]) memcpy(own.unit, from.unit, sizeof own.unit);
    if (!own.direction) own.direction = from.direction;
    return measure_store(txn, to_project, to_measure, &own, error);
}

static int copy_measure_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct measure_copy *job = context;
    struct key start = key_measure(0, 0), prefix = {.len = 1, .bytes = {start.bytes[0]}};
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    struct head head;
    int rc = head_load(txn, error, &head);
    if (!rc) rc = kv_cursor_open(job->copy->from->txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &start, error, &found, &value);
    while (!rc && key_begins(found.data, found.len, &prefix) && found.len == 9) {
        uint32_t ids[2] = {0};
        for (size_t i = 0; i < 8; i++)
            ids[i / 4] = ids[i / 4] << 8 | found.data[1 + i];
        rc = copy_measure(txn, job, &head, ids[0], ids[1], error);
        if (!rc) rc = kv_cursor_next(cursor, error, &found, &value);
    }
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    return head_store(txn, &head, error);
}

int copy_measures(struct copy *copy, int defaults, struct pace_error *error)
{
    struct measure_copy job = {.copy = copy, .defaults = defaults};
    const struct pace_stream *streams;
    uint32_t count;
    int rc = pace_names(copy->from, PACE_PROJECT, error, &job.projects, &job.project_count);
    if (!rc) rc = pace_names(copy->from, PACE_MEASURE, error, &job.measures, &job.measure_count);
    if (!rc) rc = pace_streams(copy->from, error, &streams, &count);
    if (rc) return rc;
    job.with_runs = calloc(job.project_count + 1u, 1);
    if (!job.with_runs) return error_memory(error);
    for (uint32_t i = 0; i < count; i++) {
        if (streams[i].project < job.project_count) job.with_runs[streams[i].project] = 1;
    }
    rc = store_write(copy->to, copy_measure_batch, &job, error);
    free(job.with_runs);
    return rc;
}
