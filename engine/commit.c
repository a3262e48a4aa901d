/* commit.c -- pace_runs_commit: runs that were built in memory become part of the store, all or
 * none.
 *
 * Work per cell is a hash lookup or two; a run touches a few pages. */
#include "commit.h"
#include "index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int is_short(const struct commit *commit)
{
    return (commit->fold.forms & FORMAT_SHORT) != 0;
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
    return meta_put(commit->txn, commit->project, run, pairs, count, is_short(commit),
                    &commit->arena, &commit->buffer, commit->error, parts);
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
    return samples_put(commit->txn, run, entries, samples, count, is_short(commit), &commit->buffer,
                       commit->error, parts);
}

/* -- one run --------------------------------------------------------------------------------- */

/* Looks the run's identity up: 0 and result filled in when it is stored already, PACE_ENOTFOUND, or
 * PACE_ECONFLICT. */
static int find_identity(struct commit *commit, const char *id, const struct seal_digest *content,
                         struct pace_run_result *result)
{
    struct seal_digest stored;
    uint64_t run;
    int rc = index_find_identity(commit->txn, &commit->head, &commit->store->catalogue.tail, id,
                                 commit->error, &run, &stored);
    if (rc) return rc;
    if (stored.low != content->low || stored.high != content->high)
        return error_set(commit->error, PACE_ECONFLICT,
                         "run id '%s' is stored as run %llu with other content; give another id",
                         id, (unsigned long long)run);
    *result = (struct pace_run_result){.run = run, .duplicate = 1};
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

/* Cells and samples of a batch that may share a commit. */
#define LITTLE_CELLS_MAX 65536

/* Runs go to the log one by one: the batch is no large one. */
static int is_direct(const struct commit *commit)
{
    return commit->run_count < commit->store->limits.direct_runs;
}

/* What is known of a run's cells without looking at each. */
enum likeness { LIKE_NONE, LIKE_USUAL, LIKE_LAST };

/* Puts a run's cells into its stream: at once, or with the others of a large batch. */
static int put_cells(struct commit *commit, uint32_t index, const struct log_run *row,
                     enum likeness like)
{
    struct batch_stream *at = &commit->streams[index];
    if (is_direct(commit)) {
        if (like == LIKE_NONE) commit_learn_usual(commit, &at->record);
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
    const struct bulk_run *last = at->count ? &at->runs[at->count - 1] : NULL;
    if (like == LIKE_LAST) {
        at->runs[at->count] = bulk_repeat(row, last, commit->run->rows->values);
    } else {
        if (bulk_copy(&commit->waiting, row, last, &at->runs[at->count]))
            return error_memory(commit->error);
        commit_keep(commit, index);
    }
    at->count++;
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
    commit->repeat = (struct repeat){0};
    return rc;
}

/* Stores a run that is new. */
static int store_run(struct commit *commit, const char *id, const struct seal_digest *content,
                     enum likeness like, struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct kv_txn *txn = commit->txn;
    struct pace_error *error = commit->error;
    uint32_t index = 0, added = 0;
    uint64_t number = run->number ? run->number : commit->head.runs + 1;
    int rc = commit_find_stream(commit, &index);
    if (rc) return rc;
    struct batch_stream *at = &commit->streams[index];
    if (like == LIKE_NONE) rc = commit_number(commit, &at->record, &added);
    if (rc) return rc;
    struct log_run row = {
        .is_short = is_short(commit),
        .position = {.time_ns = run->time_ns, .ordinal = run->ordinal, .run = number},
        .ran_ns = run->ran_ns,
        .flags = run->flags,
        .commit = run->commit,
        .cells = commit->cells,
        .values = like == LIKE_USUAL ? run->rows->values : NULL,
        .cell_count = run->cell_count,
    };
    struct run_place place = {
        .stream = at->stream, .ordinal = run->ordinal, .time_ns = run->time_ns};
    rc = put_cells(commit, index, &row, like);
    if (!rc) rc = put_meta(commit, number, &place.meta_parts);
    if (!rc) rc = put_samples(commit, number, &place.sample_parts);
    if (!rc) rc = index_put_run(txn, number, &place, id, run->commit, content, error);
    if (!rc && index_tail_add(&commit->store->catalogue.tail, number, id, run->commit))
        rc = error_memory(error);
    if (rc) return rc;
    if (number > commit->head.runs) commit->head.runs = number;
    commit->head.commits += run->commit[0] != 0;
    commit->head.cells += run->cell_count;
    commit->head.series += added;
    *result = (struct pace_run_result){.run = number, .new_series = added};
    return set_start(commit, result);
}

static int commit_run(struct commit *commit, struct pace_run_result *result)
{
    const struct pace_run *run = commit->run;
    struct seal_digest cells = run->content;
    arena_clear(&commit->arena);
    commit->units = NULL;
    commit->unit_count = commit->unit_capacity = 0;
    int rc = commit_name(commit, PACE_PROJECT, &run->project, &commit->project);
    if (!rc) rc = commit_name(commit, PACE_BRANCH, &run->branch, &commit->branch);
    if (!rc) rc = commit_name(commit, PACE_TESTBED, &run->testbed, &commit->testbed);
    if (rc) return rc;
    enum likeness like = LIKE_NONE;
    if (is_direct(commit)) {
        int is_usual;
        rc = commit_is_usual(commit, &is_usual);
        if (is_usual) like = LIKE_USUAL;
    } else if (commit_repeats(commit)) {
        like = LIKE_LAST;
    }
    if (!rc && like == LIKE_NONE) rc = commit_convert(commit, &cells);
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
    return rc == PACE_ENOTFOUND ? store_run(commit, id, &content, like, result) : rc;
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
    commit->repeat = (struct repeat){0};
}

static int commit_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct commit *commit = context;
    size_t duplicates = 0;
    commit->txn = txn;
    commit->error = error;
    begin_batch(commit);
    struct index_tail *tail = &commit->store->catalogue.tail;
    int rc = head_load(txn, error, &commit->head);
    commit->fold.forms = commit->store->forms;
    if (!rc) rc = index_tail_load(txn, &commit->head, tail, error);
    for (size_t i = 0; !rc && i < commit->run_count; i++) {
        commit->run = commit->runs[i];
        rc = commit_run(commit, &commit->results[i]);
        if (!rc) duplicates += (size_t)commit->results[i].duplicate;
    }
    if (rc) return rc;
    if (duplicates == commit->run_count) return KV_UNCHANGED;
    rc = flush(commit);
    if (!rc)
        rc = index_settle(txn, &commit->head, tail, commit->store->tail_runs, is_direct(commit),
                          error);
    for (uint32_t i = 0; !rc && i < commit->stream_count; i++)
        rc = stream_store(txn, commit->streams[i].stream, &commit->streams[i].record, error);
    if (rc) return rc;
    return head_store(txn, &commit->head, error);
}

static int check_runs(const pace *store, pace_run *const *runs, size_t count,
                      struct pace_error *error)
{
    uint64_t cells = 0;
    for (size_t i = 0; i < count; i++) {
        if (!runs[i] || runs[i]->committed)
            return error_set(error, PACE_EMISUSE, "run %zu of the batch: %s", i + 1,
                             runs[i] ? "it is committed already" : "there is none");
        if (runs[i]->store != store) /* whose handles its columns are */
            return error_set(error, PACE_EMISUSE,
                             "run %zu of the batch was begun with another handle of a store",
                             i + 1);
        if (runs[i]->cell_count == 0)
            return error_set(error, PACE_EEMPTY,
                             "run %zu of the batch has no cells; nothing was stored", i + 1);
        cells += runs[i]->cell_count + runs[i]->sample_count;
    }
    if (count > 1 && cells > PACE_MAX_BATCH_CELLS)
        return ERROR_LIMIT(error, PACE_MAX_BATCH_CELLS, "the batch");
    return 0;
}

/* A batch that others may join: it stays small, and does not write blocks of its own. */
static int is_little(const struct commit *commit)
{
    uint64_t cells = 0;
    if (!is_direct(commit)) return 0;
    for (size_t i = 0; i < commit->run_count; i++)
        cells += commit->runs[i]->cell_count + commit->runs[i]->sample_count;
    return cells <= LITTLE_CELLS_MAX;
}

int pace_runs_commit(pace *store, pace_run *const *runs, size_t count, struct pace_error *error,
                     struct pace_run_result *results)
{
    int rc = store_check_writable(store, error);
    if (!rc) rc = check_runs(store, runs, count, error);
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
    if (!rc) script_learn(runs[count - 1], count, commit.results[count - 1].new_series == 0);
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
