/* names.c -- see names.h. */
#include "names.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

struct chunk_header {
    uint64_t sum;
    uint32_t first_id, count;
};
_Static_assert(sizeof(struct chunk_header) == 16, "layout on disk");
_Static_assert(NAMES_CHUNK_BYTES >= sizeof(struct chunk_header) + 2 + PACE_MAX_NAME + 1,
               "any name fits a chunk");

static const char *const dimension_words[PACE_DIMENSION_COUNT] = {
    "project", "branch", "testbed", "benchmark", "measure",
};

int name_check(const char *name, size_t len, const char *what, struct pace_error *error)
{
    if (len == 0) return error_set(error, PACE_ENAME, "the %s has no name", what);
    if (len > PACE_MAX_NAME) return ERROR_LIMIT(error, PACE_MAX_NAME, what);
    const char *problem = text_problem(name, len, TEXT_LINE);
    if (problem) return error_set(error, PACE_ENAME, "not a valid %s name: %s", what, problem);
    return 0;
}

/* -- the index ------------------------------------------------------------------------------- */

int names_index_find(const unsigned char *body, size_t body_len, const char *name, size_t len,
                     uint32_t *id)
{
    size_t at = 0;
    while (at < body_len) {
        uint32_t entry_id;
        uint16_t entry_len;
        if (body_len - at < sizeof entry_id + sizeof entry_len) return PACE_ECORRUPT;
        memcpy(&entry_id, body + at, sizeof entry_id);
        memcpy(&entry_len, body + at + sizeof entry_id, sizeof entry_len);
        at += sizeof entry_id + sizeof entry_len;
        if (body_len - at < entry_len) return PACE_ECORRUPT;
        if (entry_len == len && memcmp(body + at, name, len) == 0) {
            *id = entry_id;
            return 0;
        }
        at += entry_len;
    }
    return PACE_ENOTFOUND;
}

static const char *const index_record = "a record of the index of names";

int names_find(struct kv_txn *txn, enum pace_dimension dimension, const char *name, size_t len,
               uint64_t hash, struct pace_error *error, uint32_t *id)
{
    struct key key = key_name_hash(dimension, hash);
    struct kv_slice body;
    int rc = kv_get_optional(txn, &key, index_record, error, &body);
    if (rc) return rc;
    rc = names_index_find(body.data, body.len, name, len, id);
    if (rc == PACE_ECORRUPT)
        return error_damaged(error, "%s: the index of %s names", kv_path(txn),
                             dimension_words[dimension]);
    return rc;
}

/* Adds an entry, which was looked for, behind those that share its hash. */
static int index_add(struct kv_txn *txn, enum pace_dimension dimension, const char *name,
                     size_t len, uint64_t hash, uint32_t id, struct pace_error *error)
{
    struct key key = key_name_hash(dimension, hash);
    struct kv_slice old = {0};
    int rc = kv_get_sealed(txn, &key, index_record, error, &old);
    if (rc && rc != PACE_ENOTFOUND) return rc;

    uint16_t short_len = (uint16_t)len;
    size_t size = SEAL_BYTES + old.len + sizeof id + sizeof short_len + len;
    unsigned char *record = malloc(size);
    if (!record) return error_memory(error);
    unsigned char *at = record + SEAL_BYTES;
    if (old.len) memcpy(at, old.data, old.len);
    at += old.len;
    memcpy(at, &id, sizeof id);
    memcpy(at + sizeof id, &short_len, sizeof short_len);
    memcpy(at + sizeof id + sizeof short_len, name, len);
    seal_close(record, size, key.bytes, key.len);
    rc = kv_put(txn, &key, record, size, error);
    free(record);
    return rc;
}

/* -- the chunks ------------------------------------------------------------------------------ */

static int damaged_chunk(struct kv_txn *txn, enum pace_dimension dimension, uint32_t chunk,
                         struct pace_error *error)
{
    return error_damaged(error, "%s: chunk %u of the %s names", kv_path(txn), chunk,
                         dimension_words[dimension]);
}

/* Reads a chunk, header and all, and checks its frame. */
static int chunk_get(struct kv_txn *txn, enum pace_dimension dimension, uint32_t chunk,
                     struct pace_error *error, struct kv_slice *record, struct chunk_header *header)
{
    struct key key = key_name_chunk(dimension, chunk);
    int rc = kv_get(txn, &key, error, record);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || record->len < sizeof *header || record->len > NAMES_CHUNK_BYTES ||
        !seal_good(record->data, record->len, key.bytes, key.len))
        return damaged_chunk(txn, dimension, chunk, error);
    memcpy(header, record->data, sizeof *header);
    return 0;
}

int names_append(struct kv_txn *txn, struct head *head, enum pace_dimension dimension,
                 const char *name, size_t len, uint64_t hash, struct pace_error *error,
                 uint32_t *id)
{
    struct name_count *count = &head->names[dimension];
    unsigned char record[NAMES_CHUNK_BYTES];
    struct chunk_header header = {.first_id = count->names};
    size_t size = sizeof header;
    uint32_t chunk = count->chunks;
    uint16_t short_len = (uint16_t)len;
    size_t need = sizeof short_len + len + 1;
    if (count->names == UINT32_MAX - 1)
        return error_set(error, PACE_ELIMIT, "%s: no ids left for %s names", kv_path(txn),
                         dimension_words[dimension]);
    if (chunk > 0) {
        struct kv_slice old;
        struct chunk_header old_header;
        int rc = chunk_get(txn, dimension, chunk - 1, error, &old, &old_header);
        if (rc) return rc;
        if (old.len + need <= NAMES_CHUNK_BYTES) {
            memcpy(record, old.data, old.len);
            header = old_header;
            size = old.len;
            chunk--;
        }
    }
    header.count++;
    memcpy(record, &header, sizeof header);
    memcpy(record + size, &short_len, sizeof short_len);
    memcpy(record + size + sizeof short_len, name, len);
    record[size + need - 1] = 0;
    size += need;

    struct key key = key_name_chunk(dimension, chunk);
    seal_close(record, size, key.bytes, key.len);
    int rc = kv_put(txn, &key, record, size, error);
    if (!rc) rc = index_add(txn, dimension, name, len, hash, count->names, error);
    if (rc) return rc;
    *id = count->names++;
    count->chunks = chunk + 1;
    return 0;
}

/* Takes one chunk apart: the next header.count names. */
static int chunk_read(struct kv_slice record, const struct chunk_header *header, const char **names)
{
    size_t at = sizeof *header;
    for (uint32_t i = 0; i < header->count; i++) {
        uint16_t len;
        if (record.len - at < sizeof len) return -1;
        memcpy(&len, record.data + at, sizeof len);
        at += sizeof len;
        if (record.len - at < (size_t)len + 1 || record.data[at + len] != 0) return -1;
        names[i] = (const char *)record.data + at;
        at += (size_t)len + 1;
    }
    return at == record.len ? 0 : -1;
}

int names_load(struct kv_txn *txn, const struct head *head, enum pace_dimension dimension,
               struct arena *arena, struct pace_error *error, const char ***names)
{
    const struct name_count *count = &head->names[dimension];
    const char **out = arena_array(arena, count->names, sizeof *out);
    if (!out) return error_memory(error);
    uint32_t read = 0;
    for (uint32_t chunk = 0; chunk < count->chunks; chunk++) {
        struct kv_slice record;
        struct chunk_header header;
        int rc = chunk_get(txn, dimension, chunk, error, &record, &header);
        if (rc) return rc;
        if (header.first_id != read || header.count > count->names - read ||
            chunk_read(record, &header, out + read))
            return damaged_chunk(txn, dimension, chunk, error);
        read += header.count;
    }
    if (read != count->names)
        return error_damaged(error, "%s: the list of %s names", kv_path(txn),
                             dimension_words[dimension]);
    *names = out;
    return 0;
}
