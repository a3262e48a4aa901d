/* format_dump.h -- all that a store holds, as the library shows it, in the lines of
 * dump_lines.h. */
#ifndef PACE_FORMAT_DUMP_H
#define PACE_FORMAT_DUMP_H

#include "../engine/pace.h"
#include "dump_lines.h"

/* What store_dump needs of one snapshot. `error` holds the message when something fails. */
struct store_dump {
    FILE *out;
    pace_snapshot *snapshot;
    struct pace_error error;
};

static inline int store_dump_names(struct store_dump *dump)
{
    struct pace_stat stat;
    int rc = pace_stat(dump->snapshot, &dump->error, &stat);
    if (rc) return rc;
    fprintf(dump->out, "stat %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
            stat.runs, stat.cells, stat.streams, stat.series, stat.names);
    for (unsigned dimension = 0; dimension < PACE_DIMENSION_COUNT; dimension++) {
        const char *const *names;
        uint32_t count;
        rc = pace_names(dump->snapshot, (enum pace_dimension)dimension, &dump->error, &names,
                        &count);
        for (uint32_t id = 0; !rc && id < count; id++)
            dump_name(dump->out, dimension, id, names[id], strlen(names[id]));
        if (rc) return rc;
    }
    return 0;
}

static inline int store_dump_measures(struct store_dump *dump)
{
    const char *const *names;
    uint32_t projects, measures;
    int rc = pace_names(dump->snapshot, PACE_PROJECT, &dump->error, &names, &projects);
    if (!rc) rc = pace_names(dump->snapshot, PACE_MEASURE, &dump->error, &names, &measures);
    for (uint32_t project = 0; !rc && project < projects; project++) {
        for (uint32_t measure = 0; !rc && measure < measures; measure++) {
            struct pace_measure found;
            rc = pace_measure_get(dump->snapshot, project, measure, &dump->error, &found);
            if (!rc) dump_measure(dump->out, project, measure, found.unit, found.direction);
        }
    }
    return rc;
}

static inline int store_dump_starts(struct store_dump *dump)
{
    const char *const *names;
    uint32_t projects, branches;
    int rc = pace_names(dump->snapshot, PACE_PROJECT, &dump->error, &names, &projects);
    if (!rc) rc = pace_names(dump->snapshot, PACE_BRANCH, &dump->error, &names, &branches);
    for (uint32_t project = 0; !rc && project < projects; project++) {
        for (uint32_t branch = 0; !rc && branch < branches; branch++) {
            struct pace_start_point start;
            rc = pace_start_point_get(dump->snapshot, project, branch, &dump->error, &start);
            if (!rc)
                dump_start(dump->out, project, branch, start.branch, start.commit,
                           strlen(start.commit), start.time_ns);
            if (rc == PACE_ENOTFOUND) rc = 0;
        }
    }
    return rc;
}

/* The runs of a batch, with their cells. */
static inline int store_dump_batch(struct store_dump *dump, const struct pace_cells *cells)
{
    for (size_t r = 0; r < cells->run_count; r++) {
        const struct pace_run_view *view = &cells->runs[r];
        const char *id;
        int rc = pace_run_id(dump->snapshot, view->run, &dump->error, &id);
        if (rc) return rc;
        struct dump_run run = {.stream = view->stream,
                               .ordinal = view->ordinal,
                               .flags = view->flags,
                               .cells = view->cell_count,
                               .run = view->run,
                               .time_ns = view->time_ns,
                               .ran_ns = view->ran_ns,
                               .commit = view->commit,
                               .commit_len = strlen(view->commit),
                               .id = id,
                               .id_len = strlen(id)};
        dump_run(dump->out, &run);
        for (size_t c = 0; c < cells->column_count; c++) {
            size_t i = c * cells->stride + r;
            if (cells->status[i] == PACE_CELL_ABSENT) continue;
            dump_cell(dump->out, (uint32_t)c, cells->status[i], cells->value[i],
                      cells->lower ? cells->lower[i] : (double)NAN,
                      cells->upper ? cells->upper[i] : (double)NAN);
        }
        fputc('\n', dump->out);
    }
    return 0;
}

/* Runs, cells and summaries of a stream; `columns` are 0, 1, 2 ... */
static inline int store_dump_cells(struct store_dump *dump, const struct pace_stream *stream,
                                   const uint32_t *columns)
{
    pace_scan *scan;
    struct pace_cells cells;
    int rc = pace_scan_open(dump->snapshot, stream->id, columns, stream->column_count, NULL,
                            &dump->error, &scan);
    if (rc) return rc;
    do {
        rc = pace_scan_next(scan, &dump->error, &cells);
        if (!rc) rc = store_dump_batch(dump, &cells);
    } while (!rc && cells.run_count);
    pace_scan_close(scan);
    struct pace_summary *sums = calloc(stream->column_count, sizeof *sums);
    if (!sums) return PACE_ENOMEM;
    if (!rc)
        rc = pace_scan_summary(dump->snapshot, stream->id, columns, stream->column_count, NULL,
                               &dump->error, sums);
    for (uint32_t c = 0; !rc && c < stream->column_count; c++)
        dump_summary(dump->out, stream->id, c, sums[c].count, sums[c].min, sums[c].max);
    free(sums);
    return rc;
}

static inline int store_dump_stream(struct store_dump *dump, const struct pace_stream *stream)
{
    const struct pace_column *columns;
    uint32_t count;
    int rc = pace_columns(dump->snapshot, stream->id, &dump->error, &columns, &count);
    if (rc) return rc;
    struct dump_stream line = {.id = stream->id,
                               .project = stream->project,
                               .branch = stream->branch,
                               .testbed = stream->testbed,
                               .columns = stream->column_count,
                               .runs = stream->run_count,
                               .cells = stream->cell_count,
                               .first_ns = stream->first_time_ns,
                               .last_ns = stream->last_time_ns,
                               .last_run = stream->last_run};
    dump_stream(dump->out, &line);
    uint32_t *numbers = calloc(count + 1u, sizeof *numbers);
    if (!numbers) return PACE_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = i;
        fprintf(dump->out, "column %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", stream->id,
                i, columns[i].benchmark, columns[i].measure);
    }
    rc = store_dump_cells(dump, stream, numbers);
    free(numbers);
    return rc;
}

/* What is stored beside the cells of a run. */
static inline int store_dump_beside(struct store_dump *dump, uint64_t run, uint32_t columns)
{
    struct pace_meta meta;
    int rc = pace_run_meta(dump->snapshot, run, &dump->error, &meta);
    for (size_t i = 0; !rc && i < meta.count; i++)
        dump_meta(dump->out, run, meta.keys[i], meta.values[i]);
    for (uint32_t column = 0; !rc && column < columns; column++) {
        const double *samples;
        size_t count = 0;
        rc = pace_samples(dump->snapshot, run, column, &dump->error, &samples, &count);
        if (!rc && count) dump_samples(dump->out, run, column, samples, count);
    }
    return rc;
}

static inline int store_dump_commit(void *context, const char *commit, uint64_t run)
{
    struct store_dump *dump = context;
    dump_commit(dump->out, commit, strlen(commit), run);
    return 0;
}

static inline int store_dump_facts(struct store_dump *dump)
{
    const struct pace_mark *marks;
    const struct pace_object *objects;
    size_t count;
    int rc = pace_commits(dump->snapshot, "", &dump->error, store_dump_commit, dump);
    if (!rc) rc = pace_marks(dump->snapshot, &dump->error, &marks, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        struct dump_mark line = {.id = marks[i].id,
                                 .kind = (unsigned)marks[i].kind,
                                 .undone = marks[i].undone,
                                 .at_ns = marks[i].at_ns,
                                 .created_ns = marks[i].created_ns,
                                 .selector = marks[i].selector,
                                 .target = marks[i].target,
                                 .note = marks[i].note};
        dump_mark(dump->out, &line);
    }
    if (!rc) rc = pace_objects(dump->snapshot, &dump->error, &objects, &count);
    for (size_t i = 0; !rc && i < count; i++)
        dump_object(dump->out, (unsigned)objects[i].kind, objects[i].name, objects[i].version,
                    objects[i].created_ns, objects[i].text);
    return rc;
}

/* Writes the dump of a snapshot. 0, or what the library said; the message is in *error. */
static inline int store_dump(pace_snapshot *snapshot, FILE *out, struct pace_error *error)
{
    struct store_dump dump = {.out = out, .snapshot = snapshot};
    const struct pace_stream *streams;
    uint32_t count;
    int rc = store_dump_names(&dump);
    if (!rc) rc = store_dump_measures(&dump);
    if (!rc) rc = store_dump_starts(&dump);
    if (!rc) rc = pace_streams(snapshot, &dump.error, &streams, &count);
    for (uint32_t i = 0; !rc && i < count; i++)
        rc = store_dump_stream(&dump, &streams[i]);
    uint64_t runs = pace_run_count(snapshot);
    for (uint64_t run = 1; !rc && run <= runs; run++) {
        struct pace_run_view view;
        rc = pace_run_get(snapshot, run, &dump.error, &view);
        if (!rc) rc = store_dump_beside(&dump, run, streams[view.stream].column_count);
    }
    if (!rc) rc = store_dump_facts(&dump);
    *error = dump.error;
    return rc;
}

#endif
