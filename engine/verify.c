/* verify.c -- pace_verify: the walk as a whole; see verify.h.
 *
 * The order is: files and meta pages, as any open; all pages by pread, in the state of a snapshot
 * that keeps them from being reused; and only if these are whole, records by way of the backend.
 * Numbers of the head are not trusted before they were counted. */
#include "verify.h"
#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 10000,
    SNAPSHOT_TRIES = 100,
    LEAST_RECORD_BYTES = 16, /* no list is longer than the file has room for */
};

/* -- telling --------------------------------------------------------------------------------- */

int verify_tell(struct verify *verify, const char *place, const char *format, ...)
{
    char problem[600];
    va_list args;
    if (verify->stopped) return 1;
    size_t len = strlen(place);
    uint64_t hash = text_hash(place, len);
    if (texts_find(&verify->places, place, len, hash) != TEXTS_NONE) return 0;
    texts_add(&verify->places, &verify->arena, place, len, hash);
    va_start(args, format);
    vsnprintf(problem, sizeof problem, format, args);
    va_end(args);
    struct pace_damage damage = {.place = place, .problem = problem};
    verify->result->damages++;
    if (verify->report && verify->report(verify->context, &damage)) verify->stopped = 1;
    if (verify->result->damages == VERIFY_DAMAGES_MAX) verify->stopped = 1;
    return verify->stopped;
}

int verify_outcome(struct verify *verify, int rc, const char *place, const struct pace_error *error)
{
    if (rc != PACE_ECORRUPT && rc != PACE_ENOTFOUND) return rc;
    verify_tell(verify, place, "%s", rc == PACE_ENOTFOUND ? "it is missing" : error->message);
    return 0;
}

static int tell_page(void *context, uint64_t page, const void *key, size_t key_len,
                     const char *problem)
{
    struct verify *verify = context;
    char place[200], of[120];
    verify->file_damaged = 1;
    if (key && key_len) {
        verify_place(key, key_len, of, sizeof of);
        snprintf(place, sizeof place, "page %llu (at %s)", (unsigned long long)page, of);
    } else {
        snprintf(place, sizeof place, "page %llu", (unsigned long long)page);
    }
    return verify_tell(verify, place, "%s", problem);
}

/* -- lists ----------------------------------------------------------------------------------- */

static const char *const dimension_places[PACE_DIMENSION_COUNT] = {
    "the names of projects",   "the names of branches", "the names of testbeds",
    "the names of benchmarks", "the names of measures",
};

static int check_names(struct verify *verify, enum pace_dimension dimension,
                       struct pace_error *error)
{
    const char *place = dimension_places[dimension];
    uint32_t count = verify->head->names[dimension].names;
    int rc = names_load(verify->txn, verify->head, dimension, &verify->arena, error,
                        &verify->names[dimension]);
    if (rc) return verify_outcome(verify, rc, place, error);
    const char **names = verify->names[dimension];
    uint64_t *hashes = arena_array(&verify->arena, count, sizeof *hashes);
    if (!hashes) return error_memory(error);
    verify->hashes[dimension] = hashes;
    for (uint32_t i = 0; i < count && !verify->stopped; i++) {
        size_t len = strlen(names[i]);
        uint32_t id = UINT32_MAX;
        hashes[i] = text_hash(names[i], len);
        rc = name_check(names[i], len, "name", error);
        if (rc) verify_tell(verify, place, "number %u: %s", i, error->message);
        rc = names_find(verify->txn, dimension, names[i], len, hashes[i], error, &id);
        if (rc) rc = verify_outcome(verify, rc, place, error);
        if (rc) return rc;
        if (id != i)
            verify_tell(verify, place, "the index gives '%.200s' another number", names[i]);
    }
    return 0;
}

/* The list of a shape's columns: names that are there, none of them twice. */
static int check_shape(struct verify *verify, uint32_t id, struct pace_error *error)
{
    char place[64];
    struct shape *shape;
    struct map seen = {0};
    snprintf(place, sizeof place, "the columns of shape %u", id);
    int rc = shapes_read(verify->txn, &verify->snapshot->shapes, id, error, &shape);
    if (rc) return verify_outcome(verify, rc, place, error);
    for (uint32_t i = 0; !rc && i < shape->length && !verify->stopped; i++) {
        const struct pace_column *column = &shape->columns[i];
        uint64_t key = map_pair(column->benchmark, column->measure);
        if (column->benchmark >= verify->head->names[PACE_BENCHMARK].names ||
            column->measure >= verify->head->names[PACE_MEASURE].names)
            verify_tell(verify, place, "column %u has no name", i);
        else if (map_get(&seen, key) != MAP_NONE)
            verify_tell(verify, place, "column %u is there twice", i);
        if (map_set(&seen, key, i)) rc = error_memory(error);
    }
    map_free(&seen);
    return rc;
}

static int check_stream(struct verify *verify, uint32_t id, struct pace_error *error)
{
    char place[64];
    struct stream_record *record = &verify->streams[id];
    struct shape *shape;
    uint32_t found = UINT32_MAX;
    snprintf(place, sizeof place, "stream %u", id);
    int rc = stream_load(verify->txn, id, error, record);
    if (rc) return verify_outcome(verify, rc, place, error);
    const struct name_count *names = verify->head->names;
    if (record->project >= names[PACE_PROJECT].names ||
        record->branch >= names[PACE_BRANCH].names || record->testbed >= names[PACE_TESTBED].names)
        return verify_tell(verify, place, "it has no name"), 0;
    if (record->shape >= verify->head->shapes)
        return verify_tell(verify, place, "its columns are of shape %u, which there is not",
                           record->shape),
               0;
    rc = shapes_read(verify->txn, &verify->snapshot->shapes, record->shape, error, &shape);
    if (rc) return verify_outcome(verify, rc, place, error);
    if (record->column_count > shape->length)
        verify_tell(verify, place, "it has %u columns, its shape has %u", record->column_count,
                    shape->length);
    rc = stream_find(verify->txn, record->project, record->branch, record->testbed, error, &found);
    if (rc) return verify_outcome(verify, rc, place, error);
    if (found != id) verify_tell(verify, place, "the index of streams gives it number %u", found);
    return 0;
}

/* 0 when a count of the head cannot be true. */
static int plausible(struct verify *verify, uint64_t count, const char *what, uint64_t file_bytes)
{
    if (count <= file_bytes / LEAST_RECORD_BYTES) return 1;
    verify_tell(verify, "the head record", "%llu %s do not fit the file", (unsigned long long)count,
                what);
    return 0;
}

static int check_lists(struct verify *verify, struct pace_error *error)
{
    const struct head *head = verify->head;
    uint64_t file_bytes;
    int rc = kv_file_bytes(verify->snapshot->kv, error, &file_bytes);
    if (rc) return rc;
    for (int i = 0; !rc && i < PACE_DIMENSION_COUNT && !verify->stopped; i++) {
        if (plausible(verify, head->names[i].names * 4ull, "names", file_bytes))
            rc = check_names(verify, (enum pace_dimension)i, error);
    }
    if (rc || verify->stopped || !plausible(verify, head->shapes, "shapes", file_bytes) ||
        !plausible(verify, head->streams, "streams", file_bytes))
        return rc;
    for (uint32_t i = 0; !rc && i < head->shapes && !verify->stopped; i++)
        rc = check_shape(verify, i, error);
    verify->streams = arena_array(&verify->arena, head->streams, sizeof *verify->streams);
    if (!verify->streams) return error_memory(error);
    for (uint32_t i = 0; !rc && i < head->streams && !verify->stopped; i++)
        rc = check_stream(verify, i, error);
    if (rc) return rc;

    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count;
    if (plausible(verify, head->marks, "marks", file_bytes)) {
        rc = pace_marks(verify->snapshot, error, &marks, &count);
        if (rc) rc = verify_outcome(verify, rc, "the marks", error);
    }
    if (!rc && plausible(verify, head->objects, "saved objects", file_bytes)) {
        rc = pace_objects(verify->snapshot, error, &objects, &count);
        if (rc) rc = verify_outcome(verify, rc, "the saved objects", error);
    }
    return rc;
}

/* -- totals ---------------------------------------------------------------------------------- */

static void expect(struct verify *verify, const char *what, uint64_t there, uint64_t expected)
{
    if (there != expected)
        verify_tell(verify, what, "there are %llu, not %llu", (unsigned long long)there,
                    (unsigned long long)expected);
}

/* A table of pairs goes on to the last of them. */
static void expect_end(struct verify *verify, const char *what, uint64_t chunks,
                       const struct pair *until)
{
    if (chunks && (until->word != UINT64_MAX || until->run != UINT64_MAX))
        verify_tell(verify, what, "its last part is not there");
}

/* How many records of a kind there are is what the rest of the store says. */
static void check_totals(struct verify *verify)
{
    const struct head *head = verify->head;
    const uint64_t *kinds = verify->kinds;
    uint64_t cells = 0, series = 0, name_entries = 0, names = 0, chunks = 0;
    for (uint32_t i = 0; verify->streams && i < head->streams; i++) {
        cells += verify->streams[i].cell_count;
        series += verify->streams[i].column_count;
    }
    for (int i = 0; i < PACE_DIMENSION_COUNT; i++) {
        name_entries += verify->index_names[i];
        names += head->names[i].names;
        chunks += head->names[i].chunks;
    }
    expect(verify, "the head record: cells", head->cells, cells);
    expect(verify, "the head record: series", head->series, series);
    expect(verify, "the head record: runs", head->runs, verify->run_count + verify->dropped);
    expect(verify, "the head record: commits", head->commits, verify->commits);
    if (head->indexed > head->runs)
        verify_tell(verify, "the head record: indexed", "there are %llu runs, not %llu",
                    (unsigned long long)head->runs, (unsigned long long)head->indexed);
    expect(verify, "the index of runs: entries", kinds['r'], verify->run_count);
    expect_end(verify, "the index of run ids", kinds['i'], &verify->identities_until);
    expect_end(verify, "the index of commits", kinds['k'], &verify->commits_until);
    expect(verify, "metadata: records", kinds['m'], verify->meta_parts);
    expect(verify, "samples: records", kinds['x'], verify->sample_parts);
    expect(verify, "names: records", kinds['n'], chunks);
    expect(verify, "the index of names: entries", name_entries, names);
    expect(verify, "streams: records", kinds['t'], head->streams);
    expect(verify, "the index of streams: entries", kinds['S'], head->streams);
    expect(verify, "branches: records", kinds['B'], head->names[PACE_BRANCH].names);
    expect(verify, "branches: streams", verify->branch_streams, head->streams);
    expect(verify, "start points: lists", kinds['y'], verify->branch_projects);
    expect(verify, "start points: records", kinds['z'], verify->start_versions);
    expect(verify, "shapes: records", kinds['p'], head->shapes);
    expect(verify, "marks: records", kinds['a'], head->marks);
    expect(verify, "undone marks: records", kinds['b'], head->undone);
    expect(verify, "saved objects: records", kinds['o'], head->objects);
}

/* -- the walk -------------------------------------------------------------------------------- */

/* Takes a snapshot and walks the pages of its state. A writer may commit twice in between; then a
 * newer one is taken. */
static int walk_pages(struct verify *verify, struct kv *kv, struct pace_error *error)
{
    struct kv_page_count count = {0};
    int rc = PACE_EBUSY;
    for (int i = 0; i < SNAPSHOT_TRIES && rc == PACE_EBUSY; i++) {
        kv_read_end(verify->snapshot->txn);
        verify->snapshot->txn = NULL;
        rc = kv_read_pages(kv, TIMEOUT_MS, error, &verify->snapshot->txn);
        if (rc) return rc;
        rc = kv_walk_pages(verify->snapshot->txn, tell_page, verify, error, &count);
    }
    if (rc == PACE_EBUSY)
        return error_set(error, PACE_EBUSY, "writers are too fast to be followed; try again");
    verify->result->pages = count.pages < count.file_pages ? count.pages : count.file_pages;
    verify->result->free_pages = count.free;
    return rc ? verify_outcome(verify, rc, "the meta pages", error) : 0;
}

static int walk_all(struct verify *verify, struct kv *kv, struct pace_error *error)
{
    int unknown_write_bit;
    struct pace_snapshot *snapshot = verify->snapshot;
    int rc = walk_pages(verify, kv, error);
    if (rc || verify->file_damaged || verify->result->damages) return rc;
    verify->txn = snapshot->txn;
    verify->head = &snapshot->head;
    rc = kv_read_journal(snapshot->txn, 1, error);
    if (rc) return verify_outcome(verify, rc, "the journal", error);
    rc = head_check_format(snapshot->txn, error, &unknown_write_bit);
    if (rc) return verify_outcome(verify, rc, "the format record", error);
    rc = head_load(snapshot->txn, error, &snapshot->head);
    if (rc) return verify_outcome(verify, rc, "the head record", error);
    rc = check_lists(verify, error);
    if (!rc && !verify->stopped) rc = verify_runs(verify, error);
    if (!rc && !verify->stopped) rc = verify_records(verify, error);
    if (!rc && !verify->stopped && verify->result->damages == 0) check_totals(verify);
    verify->result->streams = snapshot->head.streams;
    verify->result->runs = verify->run_count;
    return rc;
}

static int verify_kv(struct verify *verify, struct kv *kv, struct pace_error *error)
{
    verify->snapshot = calloc(1, sizeof *verify->snapshot);
    if (!verify->snapshot) return error_memory(error);
    arena_init(&verify->snapshot->arena, 0);
    verify->snapshot->kv = kv;
    int rc = walk_all(verify, kv, error);
    pace_snapshot_end(verify->snapshot);
    map_free(&verify->by_run);
    free(verify->runs);
    return rc;
}

int pace_verify(const char *path, int (*report)(void *context, const struct pace_damage *damage),
                void *context, struct pace_error *error, struct pace_verified *out)
{
    struct pace_verified unseen = {0};
    struct pace_verified *result = out ? out : &unseen;
    struct pace_error own = {0}; /* messages become reports */
    struct verify verify = {.report = report, .context = context, .result = result};
    struct kv_options options = {
        .timeout_ms = TIMEOUT_MS, .metas_only = 1, .mark = head_mark_journal};
    struct kv *kv;
    if (!path || !path[0]) return error_set(error, PACE_EMISUSE, "pace_verify: no path");
    *result = (struct pace_verified){0};
    arena_init(&verify.arena, 0);
    arena_init(&verify.scratch, 0);
    int rc = kv_open(path, &options, &own, &kv);
    if (!rc) {
        rc = verify_kv(&verify, kv, &own);
        kv_close(kv);
    } else if (rc == PACE_ECORRUPT) {
        rc = verify_outcome(&verify, rc, "the data file", &own);
    }
    texts_free(&verify.places);
    arena_clear(&verify.arena);
    arena_clear(&verify.scratch);
    if (rc) {
        if (error) *error = own;
        return rc;
    }
    if (result->damages == 0) return 0;
    return error_set(error, PACE_ECORRUPT, "%s: %s%llu %s damaged; restore it from a backup", path,
                     result->damages == VERIFY_DAMAGES_MAX ? "at least " : "",
                     (unsigned long long)result->damages,
                     result->damages == 1 ? "place is" : "places are");
}
