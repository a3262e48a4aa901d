/* copy.c -- see copy.h. */
#include "copy.h"
#include "branch.h"
#include "index.h"
#include "meta.h"
#include "samples.h"

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
    int rc = samples_all(txn, cells->runs[r].run, sample_parts, &copy->arena, error, &entries,
                         &entry_count, &samples);
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

/* Builds the run that a scan shows at r. `columns` are the stream's, all of them scanned. */
static int build(struct copy *copy, const struct pace_stream *stream,
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
    if (!rc) rc = meta_get(txn, view->run, place.meta_parts, &copy->arena, error, &meta);
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
    size_t cells = run->cell_count + run->sample_count;
    if (copy->batch_count && copy->batch_cells + cells > PACE_MAX_BATCH_CELLS) {
        int rc = flush(copy, error);
        if (rc) {
            pace_run_free(run);
            return rc;
        }
    }
    copy->batch[copy->batch_count++] = run;
    copy->batch_cells += cells;
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
    int rc = build(copy, stream, columns, cells, r, error, &run);
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

static int own_id(struct copy *copy, struct kv_txn *txn, struct head *head,
                  enum pace_dimension dimension, const char *name, struct pace_error *error,
                  uint32_t *id)
{
    size_t len = strlen(name);
    struct text text = {.text = name, .len = (uint32_t)len, .hash = text_hash(name, len)};
    return catalogue_name(&copy->to->catalogue, txn, head, dimension, &text, error, id);
}

struct measure_copy {
    struct copy *copy;
    int defaults;
    unsigned char *with_runs; /* projects of `from` that have streams */
    const char *const *projects, *const *measures;
    uint32_t project_count, measure_count;
};

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
            rc = own_id(job->copy, txn, head, PACE_PROJECT, name, error, &to_project);
        if (rc) return rc;
    }
    int rc = measure_load(job->copy->from->txn, project, measure, error, &from);
    if (!rc)
        rc = own_id(job->copy, txn, head, PACE_MEASURE, job->measures[measure], error, &to_measure);
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
    rc = store_write(copy->to, 0, copy_measure_batch, &job, error);
    free(job.with_runs);
    return rc;
}

/* -- start points ---------------------------------------------------------------------------- */

enum { BRANCH_LEFT = 1, BRANCH_TAKEN = 2 }; /* has runs in `from`; in both */

struct start_copy {
    struct copy *copy;
    struct map branches; /* map_pair(project, branch) of `from` -> BRANCH_... */
};

static int name_id(struct kv_txn *txn, enum pace_dimension dimension, const char *name,
                   struct pace_error *error, uint32_t *id)
{
    size_t len = strlen(name);
    return names_find(txn, dimension, name, len, text_hash(name, len), error, id);
}

/* Which branches have runs here, there, and in both. */
static int note_branches(struct kv_txn *txn, struct start_copy *job, struct pace_error *error)
{
    struct copy *copy = job->copy;
    const struct pace_stream *streams;
    uint32_t count, project, branch, testbed, stream;
    int rc = pace_streams(copy->from, error, &streams, &count);
    for (uint32_t i = 0; !rc && i < count; i++) {
        uint64_t key = map_pair(streams[i].project, streams[i].branch);
        const char *const *const *names = copy->names;
        rc = name_id(txn, PACE_PROJECT, names[PACE_PROJECT][streams[i].project], error, &project);
        if (!rc)
            rc = name_id(txn, PACE_BRANCH, names[PACE_BRANCH][streams[i].branch], error, &branch);
        if (!rc)
            rc = name_id(txn, PACE_TESTBED, names[PACE_TESTBED][streams[i].testbed], error,
                         &testbed);
        if (!rc) rc = stream_find(txn, project, branch, testbed, error, &stream);
        if (rc && rc != PACE_ENOTFOUND) return rc;
        uint32_t state = rc ? BRANCH_LEFT : BRANCH_TAKEN;
        uint32_t before = map_get(&job->branches, key);
        rc = 0;
        if ((before == MAP_NONE || before < state) && map_set(&job->branches, key, state))
            rc = error_memory(error);
    }
    return rc;
}

static int copy_start(struct kv_txn *txn, struct start_copy *job, struct head *head,
                      uint32_t project, uint32_t branch, struct pace_error *error)
{
    struct copy *copy = job->copy;
    struct pace_start_point start;
    struct start own;
    uint32_t to_project, to_branch;
    if (map_get(&job->branches, map_pair(project, branch)) == BRANCH_LEFT) return 0;
    int rc = pace_start_point_get(copy->from, project, branch, error, &start);
    if (rc) return rc == PACE_ENOTFOUND ? 0 : rc; /* it was taken back */
    rc = own_id(copy, txn, head, PACE_PROJECT, copy->names[PACE_PROJECT][project], error,
                &to_project);
    if (!rc)
        rc = own_id(copy, txn, head, PACE_BRANCH, copy->names[PACE_BRANCH][branch], error,
                    &to_branch);
    if (rc) return rc;
    size_t len = strlen(start.branch);
    struct start_wish wish = {.parent = {.text = start.branch,
                                         .len = (uint32_t)len,
                                         .hash = text_hash(start.branch, len)},
                              .commit = start.commit,
                              .time_ns = start.time_ns};
    rc = branch_ensure(txn, to_branch, error);
    if (!rc) rc = start_load(txn, to_project, to_branch, error, &own);
    if (rc != PACE_ENOTFOUND) return rc;
    rc = start_append(txn, &copy->to->catalogue, head, to_project, to_branch, &wish, error);
    /* Start points of both stores together may go in a circle: then `to` is right. */
    return rc == PACE_EMISUSE || rc == PACE_ELIMIT ? 0 : rc;
}

static int copy_start_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct start_copy *job = context;
    struct key start = key_starts(0, 0), prefix = {.len = 1, .bytes = {start.bytes[0]}};
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    struct head head;
    map_empty(&job->branches);
    int rc = head_load(txn, error, &head);
    if (!rc) rc = note_branches(txn, job, error);
    if (!rc) rc = kv_cursor_open(job->copy->from->txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &start, error, &found, &value);
    while (!rc && key_begins(found.data, found.len, &prefix) && found.len == start.len) {
        uint32_t ids[2] = {0};
        for (size_t i = 0; i < 8; i++)
            ids[i / 4] = ids[i / 4] << 8 | found.data[1 + i];
        rc = copy_start(txn, job, &head, ids[1], ids[0], error);
        if (!rc) rc = kv_cursor_next(cursor, error, &found, &value);
    }
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    return head_store(txn, &head, error);
}

int copy_starts(struct copy *copy, struct pace_error *error)
{
    struct start_copy job = {.copy = copy};
    int rc = store_write(copy->to, 0, copy_start_batch, &job, error);
    map_free(&job.branches);
    return rc;
}
