/* snapshot.c -- reading everything but cells: names, streams, columns, measures, runs, what is
 * stored beside them, counts. Lists are read once a snapshot. Counts in the head tell when
 * something is missing. */
#include "snapshot.h"
#include "branch.h"
#include "blocks.h"
#include "index.h"
#include "log.h"
#include "meta.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

static const char *const dimension_words[PACE_DIMENSION_COUNT] = {
    "project", "branch", "testbed", "benchmark", "measure",
};

int snapshot_check(const struct pace_snapshot *snapshot, struct pace_error *error)
{
    return kv_check(snapshot->kv, error);
}

static int begin(struct pace *store, unsigned timeout_ms, struct pace_error *error,
                 pace_snapshot **out)
{
    struct pace_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) return error_memory(error);
    arena_init(&snapshot->arena, 0);
    snapshot->store = store;
    snapshot->kv = store->kv;
    int rc = kv_read_begin(store->kv, timeout_ms, error, &snapshot->txn);
    if (!rc) rc = head_load(snapshot->txn, error, &snapshot->head);
    if (rc) {
        pace_snapshot_end(snapshot);
        return rc;
    }
    *out = snapshot;
    return 0;
}

int pace_snapshot_begin(pace *store, struct pace_error *error, pace_snapshot **out)
{
    return begin(store, store->timeout_ms, error, out);
}

int pace_snapshot_again(const pace_snapshot *snapshot, struct pace_error *error,
                        pace_snapshot **out)
{
    /* To wait for a map that is to move would be in vain: it waits for the snapshot that is open. */
    pace_snapshot *again;
    int rc = begin(snapshot->store, 0, error, &again);
    if (rc) return rc;
    if (kv_state(again->txn) != kv_state(snapshot->txn)) {
        pace_snapshot_end(again);
        return error_set(error, PACE_ENOTFOUND, "%s: there is a newer state",
                         kv_path(snapshot->txn));
    }
    *out = again;
    return 0;
}

/* -- the newest runs --------------------------------------------------------------------------- */

void snapshot_spare_free(struct spare_tail *spare)
{
    if (spare) index_tail_free(&spare->tail);
    free(spare);
}

/* Goes on from what an earlier snapshot read, unless that was of a state behind this one's. */
static void take_tail(struct pace_snapshot *snapshot)
{
    if (!snapshot->store) return; /* pace_verify reads all itself */
    struct spare_tail *spare = atomic_exchange(&snapshot->store->spare_tail, NULL);
    if (spare && spare->indexed <= snapshot->head.indexed) {
        snapshot->tail = spare->tail;
        spare->tail = (struct index_tail){0};
    }
    snapshot_spare_free(spare);
}

static void leave_tail(struct pace_snapshot *snapshot)
{
    struct spare_tail *spare =
        snapshot->store && snapshot->tail.count ? malloc(sizeof *spare) : NULL;
    if (!spare) {
        index_tail_free(&snapshot->tail);
        return;
    }
    *spare = (struct spare_tail){snapshot->tail, snapshot->head.indexed};
    snapshot_spare_free(atomic_exchange(&snapshot->store->spare_tail, spare));
}

static int load_tail(struct pace_snapshot *snapshot, struct pace_error *error)
{
    if (snapshot->tail.count == 0) take_tail(snapshot);
    int rc = index_tail_load(snapshot->txn, &snapshot->head, &snapshot->tail, error);
    if (rc) index_tail_free(&snapshot->tail);
    return rc;
}

void pace_snapshot_end(pace_snapshot *snapshot)
{
    if (!snapshot) return;
    kv_read_end(snapshot->txn);
    shapes_free(&snapshot->shapes);
    leave_tail(snapshot);
    free(snapshot->spare.value);
    free(snapshot->spare.status);
    arena_clear(&snapshot->arena);
    free(snapshot);
}

/* -- names ----------------------------------------------------------------------------------- */

static int check_dimension(enum pace_dimension dimension, struct pace_error *error)
{
    if ((unsigned)dimension < PACE_DIMENSION_COUNT) return 0;
    return error_set(error, PACE_EMISUSE, "%d is not a dimension", (int)dimension);
}

int pace_names(pace_snapshot *snapshot, enum pace_dimension dimension, struct pace_error *error,
               const char *const **names, uint32_t *count)
{
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = check_dimension(dimension, error);
    if (!rc && !snapshot->names[dimension])
        rc = names_load(snapshot->txn, &snapshot->head, dimension, &snapshot->arena, error,
                        &snapshot->names[dimension]);
    if (rc) return rc;
    *names = snapshot->names[dimension];
    *count = snapshot->head.names[dimension].names;
    return 0;
}

/* A name the index does not know. Rare, so that it is worth looking through the list: an entry that
 * is there but not in the index is damage. */
static int confirm_absent(pace_snapshot *snapshot, enum pace_dimension dimension, const char *name,
                          size_t len, struct pace_error *error)
{
    const char *const *names;
    uint32_t count;
    int rc = pace_names(snapshot, dimension, error, &names, &count);
    if (rc) return rc;
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return error_damaged(error, "%s: the index of %s names", kv_path(snapshot->txn),
                                 dimension_words[dimension]);
    }
    return error_set(error, PACE_ENOTFOUND, "no %s '%.*s'", dimension_words[dimension],
                     len > 200 ? 200 : (int)len, name);
}

int pace_name_find(pace_snapshot *snapshot, enum pace_dimension dimension, const char *name,
                   size_t length, struct pace_error *error, uint32_t *id)
{
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = check_dimension(dimension, error);
    if (rc) return rc;
    uint32_t found;
    rc = names_find(snapshot->txn, dimension, name, length, text_hash(name, length), error, &found);
    if (rc == PACE_ENOTFOUND) return confirm_absent(snapshot, dimension, name, length, error);
    if (rc) return rc;
    if (found >= snapshot->head.names[dimension].names)
        return error_damaged(error, "%s: the index of %s names", kv_path(snapshot->txn),
                             dimension_words[dimension]);
    *id = found;
    return 0;
}

/* -- streams and columns --------------------------------------------------------------------- */

int snapshot_stream(struct pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                    struct stream_record *out)
{
    if (stream >= snapshot->head.streams)
        return error_set(error, PACE_ENOTFOUND, "no stream %u", stream);
    if (snapshot->records) {
        *out = snapshot->records[stream];
        return 0;
    }
    return stream_load(snapshot->txn, stream, error, out);
}

static int load_stream(struct pace_snapshot *snapshot, uint32_t id, struct pace_error *error,
                       struct pace_stream *out)
{
    struct stream_record record;
    int rc = snapshot_stream(snapshot, id, error, &record);
    if (rc) return rc;
    *out = (struct pace_stream){
        .id = id,
        .project = record.project,
        .branch = record.branch,
        .testbed = record.testbed,
        .column_count = record.column_count,
        .run_count = record.run_count,
        .cell_count = record.cell_count,
        .first_time_ns = record.first_time_ns,
        .last_time_ns = record.last_time_ns,
        .last_run = record.last_run,
    };
    return 0;
}

static int load_streams(struct pace_snapshot *snapshot, struct pace_error *error)
{
    uint32_t count = snapshot->head.streams;
    struct pace_stream *streams = arena_array(&snapshot->arena, count, sizeof *streams);
    struct stream_record *records = arena_array(&snapshot->arena, count, sizeof *records);
    if (!streams || !records) return error_memory(error);
    int rc = streams_load(snapshot->txn, count, error, records);
    if (rc) return rc;
    snapshot->records = records;
    for (uint32_t i = 0; i < count; i++) {
        rc = load_stream(snapshot, i, error, &streams[i]);
        if (rc) return rc;
    }
    snapshot->streams = streams;
    return 0;
}

int pace_streams(pace_snapshot *snapshot, struct pace_error *error,
                 const struct pace_stream **streams, uint32_t *count)
{
    int rc = snapshot_check(snapshot, error);
    if (!rc && !snapshot->streams) rc = load_streams(snapshot, error);
    if (rc) return rc;
    *streams = snapshot->streams;
    *count = snapshot->head.streams;
    return 0;
}

int pace_stream_get(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                    struct pace_stream *out)
{
    int rc = snapshot_check(snapshot, error);
    return rc ? rc : load_stream(snapshot, stream, error, out);
}

struct gather_streams {
    struct pace_snapshot *snapshot;
    struct pace_stream *streams;
    uint32_t count, capacity;
};

static int gather_stream(void *context, uint32_t stream, struct pace_error *error)
{
    struct gather_streams *gather = context;
    if (gather->count == gather->capacity) {
        uint32_t capacity = gather->capacity ? gather->capacity * 2 : 8;
        struct pace_stream *streams =
            arena_array(&gather->snapshot->arena, capacity, sizeof *streams);
        if (!streams) return error_memory(error);
        if (gather->count) memcpy(streams, gather->streams, gather->count * sizeof *streams);
        gather->streams = streams;
        gather->capacity = capacity;
    }
    return load_stream(gather->snapshot, stream, error, &gather->streams[gather->count++]);
}

int pace_streams_of(pace_snapshot *snapshot, uint32_t branch, struct pace_error *error,
                    const struct pace_stream **streams, uint32_t *count)
{
    struct gather_streams gather = {.snapshot = snapshot};
    int rc = snapshot_check(snapshot, error);
    if (!rc && branch >= snapshot->head.names[PACE_BRANCH].names)
        rc = error_set(error, PACE_ENOTFOUND, "no branch %u", branch);
    if (!rc) rc = branch_streams(snapshot->txn, branch, error, gather_stream, &gather);
    if (rc) return rc;
    *streams = gather.streams;
    *count = gather.count;
    return 0;
}

int pace_columns(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                 const struct pace_column **columns, uint32_t *count)
{
    struct stream_record record = {0};
    struct shape *shape = NULL;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = snapshot_stream(snapshot, stream, error, &record);
    if (!rc) rc = shapes_read(snapshot->txn, &snapshot->shapes, record.shape, error, &shape);
    if (rc) return rc;
    if (record.column_count > shape->length)
        return error_damaged(error, "%s: the columns of stream %u", kv_path(snapshot->txn), stream);
    *columns = shape->columns;
    *count = record.column_count;
    return 0;
}

int pace_measure_get(pace_snapshot *snapshot, uint32_t project, uint32_t measure,
                     struct pace_error *error, struct pace_measure *out)
{
    struct measure found;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = measure_resolve(snapshot->txn, project, measure, error, &found);
    if (rc) return rc;
    const char *unit = arena_string(&snapshot->arena, found.unit);
    if (!unit) return error_memory(error);
    *out = (struct pace_measure){.unit = unit, .direction = (enum pace_direction)found.direction};
    return 0;
}

/* A record whose key was damaged may lie before or behind those of measures: there it would be missed. */
static int check_ends(struct kv_txn *txn, struct pace_error *error)
{
    struct measure end;
    int rc = measure_load(txn, 0, 0, error, &end);
    return rc ? rc : measure_load(txn, UINT32_MAX, UINT32_MAX, error, &end);
}

/* Reads the records of measures, in order of key, into out[0..room); *count is how many there are. */
static int list_measures(pace_snapshot *snapshot, struct pace_measure_row *out, size_t room,
                         struct pace_error *error, size_t *count)
{
    struct key start = key_measure(0, 0), prefix = {.len = 1, .bytes = {start.bytes[0]}};
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    struct measure record;
    int rc = kv_cursor_open(snapshot->txn, error, &cursor);
    if (rc) return rc;
    *count = 0;
    rc = kv_cursor_seek(cursor, &start, error, &found, &value);
    while (!rc && key_begins(found.data, found.len, &prefix)) {
        if (found.len != start.len) {
            rc = error_damaged(error, "%s: the record of a measure", kv_path(snapshot->txn));
            break;
        }
        uint32_t ids[2] = {0};
        for (size_t i = 0; i < 8; i++)
            ids[i / 4] = ids[i / 4] << 8 | found.data[1 + i];
        if (*count < room) {
            rc = measure_load(snapshot->txn, ids[0], ids[1], error, &record);
            if (rc) break;
            out[*count] = (struct pace_measure_row){ids[0], ids[1],
                                                    arena_string(&snapshot->arena, record.unit),
                                                    (enum pace_direction)record.direction};
            if (!out[*count].unit) rc = error_memory(error);
        }
        ++*count;
        if (!rc) rc = kv_cursor_next(cursor, error, &found, &value);
    }
    kv_cursor_close(cursor);
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

int pace_measures(pace_snapshot *snapshot, struct pace_error *error,
                  const struct pace_measure_row **rows, size_t *count)
{
    size_t total = 0, listed;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = check_ends(snapshot->txn, error);
    if (!rc) rc = list_measures(snapshot, NULL, 0, error, &total);
    if (rc) return rc;
    struct pace_measure_row *list = arena_array(&snapshot->arena, total, sizeof *list);
    if (!list) return error_memory(error);
    rc = list_measures(snapshot, list, total, error, &listed);
    if (rc) return rc;
    *rows = list;
    *count = listed;
    return 0;
}

/* -- runs ------------------------------------------------------------------------------------ */

uint64_t pace_run_count(const pace_snapshot *snapshot)
{
    return snapshot->head.runs;
}

static int find_run(struct pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                    struct run_place *place, struct run_names *names)
{
    int rc = snapshot_check(snapshot, error);
    if (rc) return rc;
    if (run == 0 || run > snapshot->head.runs)
        return error_set(error, PACE_ENOTFOUND, "no run %llu; there are %llu",
                         (unsigned long long)run, (unsigned long long)snapshot->head.runs);
    return index_get_run(snapshot->txn, run, error, place, names);
}

int pace_run_get(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                 struct pace_run_view *out)
{
    struct run_place place;
    struct row row;
    int rc = find_run(snapshot, run, error, &place, NULL);
    if (rc) return rc;
    struct position position = run_position(&place, run);
    struct stream_record record;
    rc = log_get(snapshot->txn, place.stream, &position, 0, error, &row);
    if (!rc) *out = log_view(&row);
    if (rc != PACE_ENOTFOUND) return rc;
    rc = snapshot_stream(snapshot, place.stream, error, &record);
    if (!rc) rc = blocks_find(snapshot->txn, place.stream, &record, &position, error, out);
    if (rc == PACE_ENOTFOUND)
        rc = error_damaged(error, "%s: run %llu", kv_path(snapshot->txn), (unsigned long long)run);
    return rc;
}

int pace_run_id(pace_snapshot *snapshot, uint64_t run, struct pace_error *error, const char **id)
{
    struct run_place place;
    struct run_names names;
    int rc = find_run(snapshot, run, error, &place, &names);
    if (rc) return rc;
    const char *copy = arena_copy(&snapshot->arena, names.id, names.id_len);
    if (!copy) return error_memory(error);
    *id = copy;
    return 0;
}

int pace_run_meta(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                  struct pace_meta *out)
{
    struct run_place place;
    struct pace_meta meta = {0};
    int rc = find_run(snapshot, run, error, &place, NULL);
    if (!rc) rc = meta_get(snapshot->txn, run, place.meta_parts, &snapshot->arena, error, &meta);
    if (!rc) *out = meta;
    return rc;
}

int pace_run_meta_next(pace_snapshot *snapshot, uint64_t run, struct pace_error *error,
                       uint64_t *next)
{
    int rc = snapshot_check(snapshot, error);
    return rc ? rc : meta_next(snapshot->txn, run, error, next);
}

int pace_samples(pace_snapshot *snapshot, uint64_t run, uint32_t column, struct pace_error *error,
                 const double **samples, size_t *count)
{
    struct run_place place;
    const double *found;
    size_t found_count;
    int rc = find_run(snapshot, run, error, &place, NULL);
    if (!rc)
        rc = samples_get(snapshot->txn, run, place.sample_parts, column, &snapshot->arena, error,
                         &found, &found_count);
    if (rc) return rc;
    *samples = found;
    *count = found_count;
    return 0;
}

/* -- commits --------------------------------------------------------------------------------- */

/* Runs whose commits begin with a prefix. */
struct commit_list {
    struct pace_snapshot *snapshot;
    const char *prefix;
    size_t prefix_len;
    struct arena arena; /* of the texts */
    struct commit_of {
        const char *commit;
        uint64_t run;
    } * items;
    size_t count, capacity;
};

static int list_commit(void *context, uint64_t run, struct pace_error *error)
{
    struct commit_list *list = context;
    struct run_place place;
    struct run_names names;
    int rc = index_get_run(list->snapshot->txn, run, error, &place, &names);
    if (rc == PACE_ENOTFOUND)
        rc = error_damaged(error, "%s: the index of commits", kv_path(list->snapshot->txn));
    if (rc || strncmp(names.commit, list->prefix, list->prefix_len) != 0) return rc;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct commit_of *items = realloc(list->items, capacity * sizeof *items);
        if (!items) return error_memory(error);
        list->items = items;
        list->capacity = capacity;
    }
    const char *copy = arena_copy(&list->arena, names.commit, names.commit_len);
    if (!copy) return error_memory(error);
    list->items[list->count++] = (struct commit_of){copy, run};
    return 0;
}

static int by_commit(const void *a, const void *b)
{
    const struct commit_of *left = a, *right = b;
    int order = strcmp(left->commit, right->commit);
    return order ? order : left->run < right->run ? -1 : left->run > right->run;
}

int pace_commits(pace_snapshot *snapshot, const char *prefix, struct pace_error *error,
                 int (*visit)(void *context, const char *commit, uint64_t run), void *context)
{
    struct commit_list list = {
        .snapshot = snapshot, .prefix = prefix, .prefix_len = strlen(prefix)};
    int rc = snapshot_check(snapshot, error), stopped = 0;
    if (rc || list.prefix_len > PACE_MAX_COMMIT) return rc; /* no commit is that long */
    arena_init(&list.arena, 0);
    rc = load_tail(snapshot, error);
    if (!rc)
        rc = index_find_commits(snapshot->txn, &snapshot->head, &snapshot->tail, prefix, error,
                                list_commit, &list);
    if (!rc && !*prefix && list.count != snapshot->head.commits)
        rc = error_damaged(error, "%s: the index of commits", kv_path(snapshot->txn));
    if (!rc && list.count) qsort(list.items, list.count, sizeof *list.items, by_commit);
    for (size_t i = 0; !rc && !stopped && i < list.count; i++)
        stopped = visit(context, list.items[i].commit, list.items[i].run);
    free(list.items);
    arena_clear(&list.arena);
    return rc ? rc : stopped;
}

int snapshot_find_identity(struct pace_snapshot *snapshot, const char *id, struct pace_error *error,
                           uint64_t *run, struct seal_digest *content)
{
    int rc = load_tail(snapshot, error);
    if (rc) return rc;
    return index_find_identity(snapshot->txn, &snapshot->head, &snapshot->tail, id, error, run,
                               content);
}

/* -- counts ---------------------------------------------------------------------------------- */

int pace_stat(pace_snapshot *snapshot, struct pace_error *error, struct pace_stat *out)
{
    uint64_t file_bytes, dropped;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = kv_file_bytes(snapshot->kv, error, &file_bytes);
    if (!rc) rc = index_count_gaps(snapshot->txn, error, &dropped);
    if (rc) return rc;
    *out = (struct pace_stat){.runs = snapshot->head.runs - dropped,
                              .cells = snapshot->head.cells,
                              .streams = snapshot->head.streams,
                              .series = snapshot->head.series,
                              .file_bytes = file_bytes};
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++)
        out->names += snapshot->head.names[i].names;
    return 0;
}
