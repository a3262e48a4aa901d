/* catalogue.c -- see catalogue.h. */
#include "catalogue.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void catalogue_init(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){0};
    arena_init(&catalogue->arena, 0);
}

void catalogue_clear(struct catalogue *catalogue)
{
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++) {
        texts_free(&catalogue->names[i].texts);
        free(catalogue->names[i].ids);
        catalogue->names[i] = (struct known_names){0};
    }
    shapes_free(&catalogue->shapes);
    index_tail_free(&catalogue->tail);
    free(catalogue->handles);
    catalogue->handles = NULL;
    catalogue->handle_count = 0;
    free(catalogue->streams);
    catalogue->streams = NULL;
    catalogue->stream_count = catalogue->stream_capacity = 0;
    map_free(&catalogue->stream_by_names);
    free(catalogue->usual.columns);
    catalogue->usual = (struct usual_row){0};
    arena_clear(&catalogue->arena);
}

void catalogue_usual(struct catalogue *catalogue, uint32_t project, uint32_t shape,
                     const uint32_t *columns, size_t count)
{
    struct usual_row *usual = &catalogue->usual;
    usual->count = 0;
    if (count > usual->capacity) {
        uint32_t *room = realloc(usual->columns, count * sizeof *room);
        if (!room) return;
        usual->columns = room;
        usual->capacity = count;
    }
    memcpy(usual->columns, columns, count * sizeof *columns);
    usual->count = count;
    usual->project = project;
    usual->shape = shape;
}

int catalogue_handles(struct catalogue *catalogue, uint32_t count)
{
    uint32_t old = catalogue->handle_count;
    if (count <= old) return 0;
    struct handle_ids *handles = realloc(catalogue->handles, count * sizeof *handles);
    if (!handles) return -1;
    memset(handles + old, 0xff, (count - old) * sizeof *handles);
    catalogue->handles = handles;
    catalogue->handle_count = count;
    return 0;
}

void catalogue_trim(struct catalogue *catalogue)
{
    uint64_t columns = 0;
    int large = catalogue->stream_count > CATALOGUE_NAMES_MAX;
    for (size_t i = 0; i < PACE_DIMENSION_COUNT; i++)
        large |= catalogue->names[i].texts.count > CATALOGUE_NAMES_MAX;
    for (uint32_t i = 0; i < catalogue->shapes.count; i++)
        columns += catalogue->shapes.items[i].length;
    if (large || columns > CATALOGUE_COLUMNS_MAX) catalogue_clear(catalogue);
}

static uint64_t names_hash(uint32_t project, uint32_t branch, uint32_t testbed)
{
    return (map_pair(project, testbed) ^ branch * UINT64_C(0x9e3779b97f4a7c15)) *
           UINT64_C(0xbf58476d1ce4e5b9);
}

static int remember_stream(struct catalogue *catalogue, const struct known_stream *known)
{
    if (catalogue->stream_count == catalogue->stream_capacity) {
        uint32_t capacity =
            catalogue->stream_capacity ? catalogue->stream_capacity * 2 : FIRST_CAPACITY;
        struct known_stream *streams = realloc(catalogue->streams, capacity * sizeof *streams);
        if (!streams) return -1;
        catalogue->streams = streams;
        catalogue->stream_capacity = capacity;
    }
    if (map_set(&catalogue->stream_by_names,
                names_hash(known->project, known->branch, known->testbed), catalogue->stream_count))
        return -1;
    catalogue->streams[catalogue->stream_count++] = *known;
    return 0;
}

int catalogue_stream(struct catalogue *catalogue, struct kv_txn *txn, uint32_t project,
                     uint32_t branch, uint32_t testbed, struct pace_error *error, uint32_t *stream)
{
    uint32_t i = map_get(&catalogue->stream_by_names, names_hash(project, branch, testbed));
    if (i != MAP_NONE) {
        const struct known_stream *known = &catalogue->streams[i];
        if (known->project == project && known->branch == branch && known->testbed == testbed) {
            *stream = known->stream;
            return 0;
        }
    }
    int rc = stream_find(txn, project, branch, testbed, error, stream);
    if (rc || i != MAP_NONE) return rc;
    const struct known_stream known = {project, branch, testbed, *stream};
    return remember_stream(catalogue, &known) ? error_memory(error) : 0;
}

static int remember(struct catalogue *catalogue, struct known_names *known, const struct text *name,
                    uint32_t id)
{
    if (known->texts.count == known->capacity) {
        uint32_t capacity = known->capacity ? known->capacity * 2 : FIRST_CAPACITY;
        uint32_t *ids = realloc(known->ids, capacity * sizeof *ids);
        if (!ids) return -1;
        known->ids = ids;
        known->capacity = capacity;
    }
    uint32_t index = texts_add(&known->texts, &catalogue->arena, name->text, name->len, name->hash);
    if (index == TEXTS_NONE) return -1;
    known->ids[index] = id;
    return 0;
}

int catalogue_name(struct catalogue *catalogue, struct kv_txn *txn, struct head *head,
                   enum pace_dimension dimension, const struct text *name, struct pace_error *error,
                   uint32_t *id)
{
    struct known_names *known = &catalogue->names[dimension];
    uint32_t index = texts_find(&known->texts, name->text, name->len, name->hash);
    if (index != TEXTS_NONE) {
        *id = known->ids[index];
        return 0;
    }
    uint32_t found = 0;
    int rc = names_find(txn, dimension, name->text, name->len, name->hash, error, &found);
    if (rc == PACE_ENOTFOUND)
        rc = names_append(txn, head, dimension, name->text, name->len, name->hash, error, &found);
    if (rc) return rc;
    if (remember(catalogue, known, name, found)) return error_memory(error);
    *id = found;
    return 0;
}
