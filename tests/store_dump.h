/* store_dump.h -- everything the public API tells of a store, as one hash. */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "store_help.h"

struct dump {
    pace_snapshot *snapshot;
    uint64_t hash;
    int rc;              /* of the first call that failed */
    int without_numbers; /* 1: run numbers and file sizes do not count */
};

static inline void dump_bytes(struct dump *dump, const void *data, size_t len)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < len; i++)
        dump->hash = (dump->hash ^ at[i]) * 0x100000001b3u;
    dump->hash ^= dump->hash >> 29;
}

static inline void dump_text(struct dump *dump, const char *text)
{
    dump_bytes(dump, text, strlen(text) + 1);
}

static inline void dump_number(struct dump *dump, uint64_t number)
{
    dump_bytes(dump, &number, sizeof number);
}

static inline void dump_names(struct dump *dump)
{
    for (int d = 0; d < PACE_DIMENSION_COUNT && !dump->rc; d++) {
        const char *const *names;
        uint32_t count, id;
        dump->rc = pace_names(dump->snapshot, (enum pace_dimension)d, NULL, &names, &count);
        for (uint32_t i = 0; !dump->rc && i < count; i++) {
            dump_text(dump, names[i]);
            dump->rc = pace_name_find(dump->snapshot, (enum pace_dimension)d, names[i],
                                      strlen(names[i]), NULL, &id);
            if (!dump->rc) dump_number(dump, id);
        }
    }
}

/* What is stored beside run `view`. */
static inline void dump_beside(struct dump *dump, const struct pace_run_view *view,
                               uint32_t columns)
{
    struct pace_meta meta;
    struct pace_run_view again;
    const double *samples;
    const char *id;
    size_t count;
    dump->rc = pace_run_get(dump->snapshot, view->run, NULL, &again);
    if (!dump->rc) dump_text(dump, again.commit);
    if (!dump->rc) dump->rc = pace_run_id(dump->snapshot, view->run, NULL, &id);
    if (!dump->rc) dump_text(dump, id);
    if (!dump->rc) dump->rc = pace_run_meta(dump->snapshot, view->run, NULL, &meta);
    for (size_t i = 0; !dump->rc && i < meta.count; i++) {
        dump_text(dump, meta.keys[i]);
        dump_text(dump, meta.values[i]);
    }
    for (uint32_t c = 0; !dump->rc && c < columns; c++) {
        dump->rc = pace_samples(dump->snapshot, view->run, c, NULL, &samples, &count);
        if (!dump->rc) dump_bytes(dump, samples, count * sizeof *samples);
    }
}

static inline void dump_batch(struct dump *dump, const struct pace_cells *cells)
{
    for (size_t r = 0; r < cells->run_count && !dump->rc; r++) {
        const struct pace_run_view *view = &cells->runs[r];
        if (!dump->without_numbers) dump_number(dump, view->run);
        dump_number(dump, (uint64_t)view->time_ns);
        dump_number(dump, (uint64_t)view->ran_ns);
        dump_number(dump, (uint64_t)view->flags << 32 | view->ordinal);
        dump_number(dump, view->cell_count);
        dump_text(dump, view->commit);
        for (size_t c = 0; c < cells->column_count; c++) {
            size_t at = c * cells->stride + r;
            dump_number(dump, cells->status[at]);
            if (cells->status[at] == PACE_CELL_OK) dump_bytes(dump, &cells->value[at], 8);
            if (cells->lower && !isnan(cells->lower[at])) dump_bytes(dump, &cells->lower[at], 8);
            if (cells->upper && !isnan(cells->upper[at])) dump_bytes(dump, &cells->upper[at], 8);
        }
        dump_beside(dump, view, (uint32_t)cells->column_count);
    }
}

static inline void dump_stream(struct dump *dump, const struct pace_stream *stream)
{
    const struct pace_column *columns;
    struct pace_measure measure;
    pace_scan *scan;
    uint32_t count;
    dump->rc = pace_columns(dump->snapshot, stream->id, NULL, &columns, &count);
    if (dump->rc) return;
    uint32_t *all = calloc(count + 1u, sizeof *all);
    if (!all) dump->rc = PACE_ENOMEM;
    for (uint32_t i = 0; !dump->rc && i < count; i++) {
        all[i] = i;
        dump_number(dump, (uint64_t)columns[i].benchmark << 32 | columns[i].measure);
        dump->rc =
            pace_measure_get(dump->snapshot, stream->project, columns[i].measure, NULL, &measure);
        if (dump->rc) break;
        dump_text(dump, measure.unit);
        dump_number(dump, measure.direction);
    }
    if (!dump->rc)
        dump->rc = pace_scan_open(dump->snapshot, stream->id, all, count, NULL, NULL, &scan);
    free(all);
    if (dump->rc) return;
    struct pace_cells cells = {.run_count = 1};
    while (!dump->rc && cells.run_count) {
        dump->rc = pace_scan_next(scan, NULL, &cells);
        if (!dump->rc) dump_batch(dump, &cells);
    }
    pace_scan_close(scan);
}

static inline int dump_commit(void *context, const char *commit, uint64_t run)
{
    struct dump *dump = context;
    dump_text(dump, commit);
    if (!dump->without_numbers) dump_number(dump, run);
    return 0;
}

static inline void dump_starts(struct dump *dump)
{
    const char *const *names;
    uint32_t projects, branches;
    dump->rc = pace_names(dump->snapshot, PACE_PROJECT, NULL, &names, &projects);
    if (!dump->rc) dump->rc = pace_names(dump->snapshot, PACE_BRANCH, NULL, &names, &branches);
    for (uint32_t i = 0; !dump->rc && i < projects * branches; i++) {
        struct pace_start_point start;
        int rc = pace_start_point_get(dump->snapshot, i % projects, i / projects, NULL, &start);
        if (rc == PACE_ENOTFOUND) continue;
        dump->rc = rc;
        if (rc) break;
        dump_number(dump, i);
        dump_number(dump, (uint64_t)start.time_ns);
        dump_text(dump, start.branch);
        dump_text(dump, start.commit);
    }
}

static inline void dump_facts(struct dump *dump)
{
    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count;
    dump->rc = pace_commits(dump->snapshot, "", NULL, dump_commit, dump);
    if (!dump->rc) dump->rc = pace_marks(dump->snapshot, NULL, &marks, &count);
    for (size_t i = 0; !dump->rc && i < count; i++) {
        dump_number(dump, (uint64_t)marks[i].kind << 8 | (uint64_t)marks[i].undone);
        dump_number(dump, (uint64_t)marks[i].at_ns);
        dump_number(dump, (uint64_t)marks[i].created_ns);
        dump_text(dump, marks[i].selector);
        dump_text(dump, marks[i].target);
        dump_text(dump, marks[i].note);
    }
    if (!dump->rc) dump->rc = pace_objects(dump->snapshot, NULL, &objects, &count);
    for (size_t i = 0; !dump->rc && i < count; i++) {
        dump_number(dump, (uint64_t)objects[i].kind << 32 | objects[i].version);
        dump_number(dump, (uint64_t)objects[i].created_ns);
        dump_text(dump, objects[i].name);
        dump_text(dump, objects[i].text);
    }
}

/* 0 and the hash of all that is in the store, or the code of the call that failed. */
static inline int dump_store(pace *store, int without_numbers, uint64_t *hash)
{
    struct dump dump = {.hash = 0xcbf29ce484222325u, .without_numbers = without_numbers};
    const struct pace_stream *streams;
    uint32_t count;
    dump.rc = pace_snapshot_begin(store, NULL, &dump.snapshot);
    if (dump.rc) return dump.rc;
    dump_names(&dump);
    if (!dump.rc) dump.rc = pace_streams(dump.snapshot, NULL, &streams, &count);
    for (uint32_t i = 0; !dump.rc && i < count; i++)
        dump_stream(&dump, &streams[i]);
    if (!dump.rc) dump_facts(&dump);
    if (!dump.rc) dump_starts(&dump);
    pace_snapshot_end(dump.snapshot);
    *hash = dump.hash;
    return dump.rc;
}

/* The same of the store in a directory. */
static inline int dump_directory(const char *path, int without_numbers, uint64_t *hash)
{
    pace *store;
    int rc = pace_open(path, PACE_READONLY, NULL, NULL, &store);
    if (rc) return rc;
    rc = dump_store(store, without_numbers, hash);
    pace_close(store);
    return rc;
}

#endif
