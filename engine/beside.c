/* beside.c -- see beside.h. */
#include "beside.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

enum {
    META_PART_BYTES = 256 * 1024,
    SAMPLES_PER_PART = 32768,
};
_Static_assert(sizeof(struct sample_entry) == 8, "layout on disk");

/* Makes room for `len` more bytes at the end of a record. */
static int extend(struct row_buffer *buffer, size_t len)
{
    if (buffer->len + len > buffer->capacity) {
        size_t capacity = (buffer->len + len) * 2;
        unsigned char *data = realloc(buffer->data, capacity);
        if (!data) return -1;
        buffer->data = data;
        buffer->capacity = capacity;
    }
    buffer->len += len;
    return 0;
}

static int append(struct row_buffer *buffer, const void *data, size_t len)
{
    size_t at = buffer->len;
    if (extend(buffer, len)) return -1;
    if (len) memcpy(buffer->data + at, data, len);
    return 0;
}

static int put_record(struct kv_txn *txn, const struct key *key, struct row_buffer *buffer,
                      struct pace_error *error)
{
    seal_close(buffer->data, buffer->len, key->bytes, key->len);
    return kv_put(txn, key, buffer->data, buffer->len, error);
}

static int damaged(struct kv_txn *txn, uint64_t run, const char *what, struct pace_error *error)
{
    return error_damaged(error, "%s: the %s of run %llu", kv_path(txn), what,
                         (unsigned long long)run);
}

static int get_part(struct kv_txn *txn, const struct key *key, uint64_t run, const char *what,
                    struct pace_error *error, struct kv_slice *body)
{
    int rc = kv_get_sealed(txn, key, what, error, body);
    return rc == PACE_ENOTFOUND ? damaged(txn, run, what, error) : rc;
}

/* -- metadata -------------------------------------------------------------------------------- */

static int append_pair(struct row_buffer *buffer, const struct meta_pair *pair)
{
    uint32_t lens[2] = {(uint32_t)strlen(pair->key), (uint32_t)strlen(pair->value)};
    return append(buffer, lens, sizeof lens) || append(buffer, pair->key, lens[0] + 1u) ||
           append(buffer, pair->value, lens[1] + 1u);
}

int beside_put_meta(struct kv_txn *txn, uint64_t run, const struct meta_pair *pairs, size_t count,
                    struct row_buffer *buffer, struct pace_error *error, uint32_t *parts)
{
    size_t at = 0;
    uint32_t part = 0;
    while (at < count) {
        uint32_t in_part = 0;
        buffer->len = 0;
        if (extend(buffer, SEAL_BYTES + sizeof in_part)) return error_memory(error);
        while (at < count && buffer->len < META_PART_BYTES) {
            if (append_pair(buffer, &pairs[at])) return error_memory(error);
            at++;
            in_part++;
        }
        memcpy(buffer->data + SEAL_BYTES, &in_part, sizeof in_part);
        struct key key = key_meta(run, part++);
        int rc = put_record(txn, &key, buffer, error);
        if (rc) return rc;
    }
    *parts = part;
    return 0;
}

/* Takes a part apart; keys and values point into it. -1: malformed. */
static int read_pairs(struct kv_slice body, uint32_t count, const char **keys, const char **values)
{
    size_t at = sizeof count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t lens[2];
        if (body.len - at < sizeof lens) return -1;
        memcpy(lens, body.data + at, sizeof lens);
        at += sizeof lens;
        if (body.len - at < (size_t)lens[0] + lens[1] + 2) return -1;
        keys[i] = (const char *)body.data + at;
        values[i] = keys[i] + lens[0] + 1;
        at += (size_t)lens[0] + lens[1] + 2;
        if (keys[i][lens[0]] != 0 || values[i][lens[1]] != 0) return -1;
    }
    return at == body.len ? 0 : -1;
}

int beside_get_meta(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                    struct pace_error *error, struct pace_meta *out)
{
    size_t count = 0;
    struct kv_slice body = {0};
    uint32_t in_part = 0;
    *out = (struct pace_meta){.count = 0};
    if (parts == 0) return 0;
    for (uint32_t part = 0; part < parts; part++) {
        struct key key = key_meta(run, part);
        int rc = get_part(txn, &key, run, "metadata", error, &body);
        if (rc) return rc;
        if (body.len < sizeof in_part) return damaged(txn, run, "metadata", error);
        memcpy(&in_part, body.data, sizeof in_part);
        count += in_part;
    }
    /* Twice the pairs a run may have: those the engine adds are bounded by the cells. */
    if (count > PACE_MAX_META + PACE_MAX_CELLS) return damaged(txn, run, "metadata", error);
    const char **keys = arena_array(arena, count, sizeof *keys);
    const char **values = arena_array(arena, count, sizeof *values);
    if (!keys || !values) return error_memory(error);
    size_t at = 0;
    for (uint32_t part = 0; part < parts; part++) {
        struct key key = key_meta(run, part);
        int rc = get_part(txn, &key, run, "metadata", error, &body);
        if (rc) return rc;
        memcpy(&in_part, body.data, sizeof in_part);
        if (read_pairs(body, in_part, keys + at, values + at))
            return damaged(txn, run, "metadata", error);
        at += in_part;
    }
    *out = (struct pace_meta){.count = count, .keys = keys, .values = values};
    return 0;
}

/* -- samples --------------------------------------------------------------------------------- */

/* Writes the part that is in the buffer, and begins the next. */
static int flush_samples(struct kv_txn *txn, uint64_t run, uint32_t *part,
                         struct row_buffer *buffer, struct pace_error *error)
{
    struct key key = key_samples(run, (*part)++);
    int rc = put_record(txn, &key, buffer, error);
    buffer->len = SEAL_BYTES;
    return rc;
}

int beside_put_samples(struct kv_txn *txn, uint64_t run, const struct sample_entry *entries,
                       const double *const *samples, size_t count, struct row_buffer *buffer,
                       struct pace_error *error, uint32_t *parts)
{
    uint32_t part = 0;
    *parts = 0;
    if (count == 0) return 0;
    buffer->len = 0;
    if (extend(buffer, SEAL_BYTES) || append(buffer, entries, count * sizeof *entries))
        return error_memory(error);
    int rc = flush_samples(txn, run, &part, buffer, error);
    size_t used = 0; /* samples in the buffer */
    for (size_t i = 0; !rc && i < count; i++) {
        for (size_t at = 0; !rc && at < entries[i].count;) {
            size_t step = entries[i].count - at;
            if (step > SAMPLES_PER_PART - used) step = SAMPLES_PER_PART - used;
            if (append(buffer, samples[i] + at, step * sizeof(double))) return error_memory(error);
            at += step;
            used += step;
            if (used == SAMPLES_PER_PART) {
                rc = flush_samples(txn, run, &part, buffer, error);
                used = 0;
            }
        }
    }
    if (!rc && used) rc = flush_samples(txn, run, &part, buffer, error);
    if (!rc) *parts = part;
    return rc;
}

/* Finds a column in the directory: where its samples begin, and how many they are (0: none). */
static int find_entry(struct kv_slice directory, uint32_t column, uint64_t *start, uint32_t *count)
{
    struct sample_entry entry;
    *start = 0;
    *count = 0;
    if (directory.len % sizeof entry) return -1;
    for (size_t at = 0; at < directory.len; at += sizeof entry) {
        memcpy(&entry, directory.data + at, sizeof entry);
        if (entry.column == column) {
            *count = entry.count;
            break;
        }
        *start += entry.count;
    }
    return *count <= PACE_MAX_SAMPLES ? 0 : -1;
}

int beside_get_samples(struct kv_txn *txn, uint64_t run, uint32_t parts, uint32_t column,
                       struct arena *arena, struct pace_error *error, const double **samples,
                       size_t *count)
{
    uint64_t start = 0;
    uint32_t found = 0;
    if (parts) {
        struct key key = key_samples(run, 0);
        struct kv_slice directory;
        int rc = get_part(txn, &key, run, "samples", error, &directory);
        if (rc) return rc;
        if (find_entry(directory, column, &start, &found))
            return damaged(txn, run, "samples", error);
    }
    double *out = NULL;
    if (found && !(out = arena_array(arena, found, sizeof *out))) return error_memory(error);
    for (uint64_t at = 0; at < found;) {
        uint64_t offset = (start + at) % SAMPLES_PER_PART, step = SAMPLES_PER_PART - offset;
        struct key key = key_samples(run, (uint32_t)(1 + (start + at) / SAMPLES_PER_PART));
        struct kv_slice body;
        int rc = get_part(txn, &key, run, "samples", error, &body);
        if (rc) return rc;
        if (step > found - at) step = found - at;
        if ((offset + step) * sizeof *out > body.len) return damaged(txn, run, "samples", error);
        memcpy(out + at, body.data + offset * sizeof *out, step * sizeof *out);
        at += step;
    }
    *samples = out;
    *count = found;
    return 0;
}

/* Reads the directory: entries in order of column, and how many samples they have. */
static int read_directory(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                          struct pace_error *error, struct sample_entry **entries, size_t *count,
                          uint64_t *total)
{
    struct key key = key_samples(run, 0);
    struct kv_slice directory;
    int rc = get_part(txn, &key, run, "samples", error, &directory);
    if (rc) return rc;
    size_t n = directory.len / sizeof **entries;
    struct sample_entry *list = arena_array(arena, n, sizeof *list);
    if (!list) return error_memory(error);
    if (n) memcpy(list, directory.data, n * sizeof *list);
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        *total += list[i].count;
        if (list[i].count == 0 || (i && list[i].column <= list[i - 1].column))
            return damaged(txn, run, "samples", error);
    }
    if (directory.len % sizeof *list || *total > PACE_MAX_SAMPLES ||
        parts != 1 + (*total + SAMPLES_PER_PART - 1) / SAMPLES_PER_PART)
        return damaged(txn, run, "samples", error);
    *entries = list;
    *count = n;
    return 0;
}

int beside_all_samples(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                       struct pace_error *error, const struct sample_entry **entries, size_t *count,
                       const double **samples)
{
    struct sample_entry *list = NULL;
    size_t n = 0;
    uint64_t total = 0;
    int rc = parts ? read_directory(txn, run, parts, arena, error, &list, &n, &total) : 0;
    if (rc) return rc;
    double *out = arena_array(arena, total, sizeof *out);
    if (!out) return error_memory(error);
    for (uint64_t at = 0; at < total; at += SAMPLES_PER_PART) {
        uint64_t step = total - at < SAMPLES_PER_PART ? total - at : SAMPLES_PER_PART;
        struct key key = key_samples(run, (uint32_t)(1 + at / SAMPLES_PER_PART));
        struct kv_slice body;
        rc = get_part(txn, &key, run, "samples", error, &body);
        if (rc) return rc;
        if (body.len != step * sizeof *out) return damaged(txn, run, "samples", error);
        memcpy(out + at, body.data, body.len);
    }
    *entries = list;
    *count = n;
    *samples = out;
    return 0;
}
