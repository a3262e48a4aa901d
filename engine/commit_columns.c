/* commit_columns.c -- the stream of a run and the numbers of its columns; see commit.h. */
#include "commit.h"

#include <stdlib.h>
#include <string.h>

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

int commit_find_known_stream(struct commit *commit, uint32_t *index)
{
    struct stream_record record;
    uint32_t stream;
    int rc = catalogue_stream(&commit->store->catalogue, commit->txn, commit->project,
                              commit->branch, commit->testbed, commit->error, &stream);
    if (rc) return rc;
    *index = map_get(&commit->stream_by_id, stream);
    if (*index != MAP_NONE) return 0;
    rc = stream_load(commit->txn, stream, commit->error, &record);
    return rc ? rc : add_stream(commit, stream, &record, index);
}

int commit_find_stream(struct commit *commit, uint32_t *index)
{
    struct stream_record record;
    uint32_t stream;
    int rc = commit_find_known_stream(commit, index);
    if (rc == PACE_ENOTFOUND) {
        rc = check_new(commit);
        if (!rc)
            rc = stream_create(commit->txn, &commit->head, &commit->store->catalogue.shapes,
                               commit->project, commit->branch, commit->testbed, commit->names,
                               commit->run->cell_count, commit->error, &stream, &record);
        if (!rc) rc = add_stream(commit, stream, &record, index);
    }
    return rc;
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

int commit_number(struct commit *commit, struct stream_record *record, uint32_t *added)
{
    int rc = number_columns(commit, record, added);
    return rc ? rc : sort_cells(commit);
}
