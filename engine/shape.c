/* shape.c -- lists of columns, and how streams share them; see stream.h. */
#include "branch.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMN_BYTES = sizeof(struct pace_column), FIRST_CAPACITY = 64 };
_Static_assert(COLUMN_BYTES == 8, "layout on disk");
_Static_assert(SHAPES_PER_START * sizeof(uint32_t) <= KV_STRUCT_MAX, "fits a record");

static uint64_t column_key(const struct pace_column *column)
{
    return map_pair(column->benchmark, column->measure);
}

static int same_column(const struct pace_column *a, const struct pace_column *b)
{
    return a->benchmark == b->benchmark && a->measure == b->measure;
}

static void shape_free(struct shape *shape)
{
    free(shape->columns);
    map_free(&shape->by_name);
    free(shape->by_handle);
    *shape = (struct shape){0};
}

static int shape_reserve(struct shape *shape, uint32_t length, struct pace_error *error)
{
    if (length <= shape->capacity) return 0;
    uint32_t capacity = shape->capacity ? shape->capacity : FIRST_CAPACITY;
    while (capacity < length)
        capacity *= 2;
    struct pace_column *columns = realloc(shape->columns, (size_t)capacity * sizeof *columns);
    if (!columns) return error_memory(error);
    shape->columns = columns;
    shape->capacity = capacity;
    return 0;
}

static int damaged_columns(struct kv_txn *txn, uint32_t shape, struct pace_error *error)
{
    return error_damaged(error, "%s: the columns of shape %u", kv_path(txn), shape);
}

/* Reads a list of columns, or what was appended to it since. */
static int shape_load(struct kv_txn *txn, uint32_t id, struct pace_error *error,
                      struct shape *shape)
{
    struct key key = key_shape(id);
    uint32_t length;
    int rc = kv_get_struct(txn, &key, "the record of a shape", error, &length, sizeof length);
    if (rc == PACE_ENOTFOUND || (!rc && (length < shape->length || length > PACE_MAX_COLUMNS)))
        return damaged_columns(txn, id, error);
    if (!rc) rc = shape_reserve(shape, length, error);
    if (rc) return rc;
    shape->id = id;
    for (uint32_t chunk = shape->length / COLUMNS_PER_CHUNK; shape->length < length; chunk++) {
        uint32_t first = chunk * COLUMNS_PER_CHUNK;
        uint32_t count = length - first < COLUMNS_PER_CHUNK ? length - first : COLUMNS_PER_CHUNK;
        struct kv_slice body;
        key = key_columns(id, chunk);
        rc = kv_get_sealed(txn, &key, "a list of columns", error, &body);
        if (rc && rc != PACE_ENOTFOUND) return rc;
        if (rc || body.len != (size_t)count * COLUMN_BYTES) return damaged_columns(txn, id, error);
        memcpy(shape->columns + first, body.data, body.len);
        shape->length = first + count;
    }
    return 0;
}

/* -- the cache of a writer ------------------------------------------------------------------- */

void shapes_free(struct shapes *shapes)
{
    for (uint32_t i = 0; i < shapes->count; i++)
        shape_free(&shapes->items[i]);
    free(shapes->items);
    map_free(&shapes->by_id);
    *shapes = (struct shapes){0};
}

/* Maps the columns from `from` on. */
static int shape_map(struct shape *shape, uint32_t from, struct pace_error *error)
{
    for (uint32_t i = from; i < shape->length; i++) {
        if (map_set(&shape->by_name, column_key(&shape->columns[i]), i)) return error_memory(error);
    }
    return 0;
}

static int shapes_slot(struct shapes *shapes, uint32_t id, struct pace_error *error,
                       struct shape **out)
{
    uint32_t index = map_get(&shapes->by_id, id);
    if (index == MAP_NONE) {
        if (shapes->count == shapes->capacity) {
            uint32_t capacity = shapes->capacity ? shapes->capacity * 2 : FIRST_CAPACITY;
            struct shape *items = realloc(shapes->items, capacity * sizeof *items);
            if (!items) return error_memory(error);
            shapes->items = items;
            shapes->capacity = capacity;
        }
        index = shapes->count;
        if (map_set(&shapes->by_id, id, index)) return error_memory(error);
        shapes->items[shapes->count++] = (struct shape){.id = id};
    }
    *out = &shapes->items[index];
    return 0;
}

int shapes_read(struct kv_txn *txn, struct shapes *shapes, uint32_t id, struct pace_error *error,
                struct shape **out)
{
    struct shape *shape = NULL;
    int rc = shapes_slot(shapes, id, error, &shape);
    if (!rc) rc = shape_load(txn, id, error, shape);
    if (!rc) *out = shape;
    return rc;
}

int shapes_get(struct kv_txn *txn, struct shapes *shapes, uint32_t id, struct pace_error *error,
               struct shape **out)
{
    struct shape *shape = NULL;
    int rc = shapes_read(txn, shapes, id, error, &shape);
    if (!rc) rc = shape_map(shape, (uint32_t)shape->by_name.count, error);
    if (!rc) *out = shape;
    return rc;
}

/* -- growing --------------------------------------------------------------------------------- */

/* Writes the chunks of a shape from the one that holds column `from`, and its length. */
static int shape_write(struct kv_txn *txn, const struct shape *shape, uint32_t from,
                       struct pace_error *error)
{
    unsigned char record[SEAL_BYTES + COLUMNS_PER_CHUNK * COLUMN_BYTES];
    for (uint32_t chunk = from / COLUMNS_PER_CHUNK; chunk * COLUMNS_PER_CHUNK < shape->length;
         chunk++) {
        uint32_t first = chunk * COLUMNS_PER_CHUNK, count = shape->length - first;
        if (count > COLUMNS_PER_CHUNK) count = COLUMNS_PER_CHUNK;
        size_t len = SEAL_BYTES + (size_t)count * COLUMN_BYTES;
        struct key key = key_columns(shape->id, chunk);
        memcpy(record + SEAL_BYTES, shape->columns + first, len - SEAL_BYTES);
        seal_close(record, len, key.bytes, key.len);
        int rc = kv_put(txn, &key, record, len, error);
        if (rc) return rc;
    }
    struct key key = key_shape(shape->id);
    return kv_put_struct(txn, &key, &shape->length, sizeof shape->length, error);
}

static int shape_append(struct kv_txn *txn, struct shape *shape, const struct pace_column *columns,
                        size_t count, struct pace_error *error)
{
    uint32_t from = shape->length;
    if (count > PACE_MAX_COLUMNS - from)
        return ERROR_LIMIT(error, PACE_MAX_COLUMNS, "the columns of a stream");
    int rc = shape_reserve(shape, from + (uint32_t)count, error);
    if (rc) return rc;
    memcpy(shape->columns + from, columns, count * sizeof *columns);
    shape->length = from + (uint32_t)count;
    rc = shape_map(shape, from, error);
    return rc ? rc : shape_write(txn, shape, from, error);
}

/* The shapes that begin with a column. */
static int starts_load(struct kv_txn *txn, const struct key *key, struct pace_error *error,
                       uint32_t ids[SHAPES_PER_START], uint32_t *count)
{
    struct kv_slice body;
    int rc = kv_get_sealed(txn, key, "the index of shapes", error, &body);
    *count = 0;
    if (rc == PACE_ENOTFOUND) return 0;
    if (rc) return rc;
    if (body.len > SHAPES_PER_START * sizeof *ids || body.len % sizeof *ids)
        return error_damaged(error, "%s: the index of shapes", kv_path(txn));
    memcpy(ids, body.data, body.len);
    *count = (uint32_t)(body.len / sizeof *ids);
    return 0;
}

/* Makes a shape of these columns, and enters it in the index, where the oldest gives way. */
static int shape_create(struct kv_txn *txn, struct head *head, struct shapes *shapes,
                        const struct pace_column *columns, size_t count, struct pace_error *error,
                        struct shape **out)
{
    struct key key = key_shape_start(columns[0].benchmark, columns[0].measure);
    uint32_t ids[SHAPES_PER_START], known;
    int rc = starts_load(txn, &key, error, ids, &known);
    if (rc) return rc;
    if (known == SHAPES_PER_START) memmove(ids, ids + 1, --known * sizeof *ids);
    ids[known++] = head->shapes;
    rc = kv_put_struct(txn, &key, ids, known * sizeof *ids, error);
    if (!rc) rc = shapes_slot(shapes, head->shapes, error, out);
    if (rc) return rc;
    head->shapes++;
    return shape_append(txn, *out, columns, count, error);
}

static size_t agreement(const struct shape *shape, const struct pace_column *columns, size_t count)
{
    size_t same = 0;
    while (same < count && same < shape->length &&
           same_column(&shape->columns[same], &columns[same]))
        same++;
    return same;
}

int stream_create(struct kv_txn *txn, struct head *head, struct shapes *shapes, uint32_t project,
                  uint32_t branch, uint32_t testbed, const struct pace_column *first, size_t count,
                  struct pace_error *error, uint32_t *stream, struct stream_record *out)
{
    struct key key = key_shape_start(first[0].benchmark, first[0].measure);
    uint32_t ids[SHAPES_PER_START], known, best = 0;
    int rc = starts_load(txn, &key, error, ids, &known);
    size_t most = 0;
    for (uint32_t i = known; !rc && i-- > 0 && most < count;) {
        struct shape *shape;
        rc = shapes_get(txn, shapes, ids[i], error, &shape);
        size_t same = rc ? 0 : agreement(shape, first, count);
        if (same > most) {
            most = same;
            best = ids[i];
        }
    }
    if (!rc && most == 0) {
        struct shape *shape;
        rc = shape_create(txn, head, shapes, first, count, error, &shape);
        if (!rc) best = shape->id;
    }
    if (rc) return rc;

    uint32_t id = head->streams;
    *out = (struct stream_record){
        .project = project, .branch = branch, .testbed = testbed, .shape = best};
    key = key_stream_names(project, branch, testbed);
    rc = kv_put_struct(txn, &key, &id, sizeof id, error);
    if (!rc) rc = branch_add_stream(txn, branch, error);
    if (rc) return rc;
    head->streams++;
    *stream = id;
    return 0;
}

int stream_extend(struct kv_txn *txn, struct head *head, struct shapes *shapes,
                  struct stream_record *record, const struct pace_column *columns, size_t count,
                  struct pace_error *error)
{
    struct shape *shape;
    int rc = shapes_get(txn, shapes, record->shape, error, &shape);
    if (rc) return rc;
    if (record->column_count > shape->length) return damaged_columns(txn, record->shape, error);
    size_t taken = 0;
    while (taken < count && record->column_count < shape->length &&
           same_column(&shape->columns[record->column_count], &columns[taken])) {
        record->column_count++;
        taken++;
    }
    size_t rest = count - taken;
    if (rest == 0) return 0;
    if (rest > PACE_MAX_COLUMNS - record->column_count)
        return ERROR_LIMIT(error, PACE_MAX_COLUMNS, "the columns of a stream");
    if (record->column_count < shape->length) {
        struct pace_column *own = malloc((record->column_count + rest) * sizeof *own);
        if (!own) return error_memory(error);
        memcpy(own, shape->columns, record->column_count * sizeof *own);
        memcpy(own + record->column_count, columns + taken, rest * sizeof *own);
        rc = shape_create(txn, head, shapes, own, record->column_count + rest, error, &shape);
        free(own);
        if (!rc) record->shape = shape->id;
    } else {
        rc = shape_append(txn, shape, columns + taken, rest, error);
    }
    if (!rc) record->column_count += (uint32_t)rest;
    return rc;
}
