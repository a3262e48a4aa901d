/* kept.c -- see kept.h. */
#include "kept.h"
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

size_t kept_part_bytes(const struct kept_header *header, uint32_t part)
{
    uint64_t before = (uint64_t)part * KEPT_PART_BYTES;
    uint64_t left = header->bytes > before ? header->bytes - before : 0;
    return left < KEPT_PART_BYTES ? (size_t)left : KEPT_PART_BYTES;
}

static uint32_t parts_of(uint64_t bytes)
{
    return bytes ? (uint32_t)((bytes + KEPT_PART_BYTES - 1) / KEPT_PART_BYTES) : 1;
}

int kept_header_read(const struct kv_slice *body, struct kept_header *out)
{
    if (body->len < sizeof *out) return -1;
    memcpy(out, body->data, sizeof *out);
    if (out->bytes > PACE_MAX_KEPT || out->parts != parts_of(out->bytes) || out->runs == 0 ||
        body->len - sizeof *out != kept_part_bytes(out, 0))
        return -1;
    return 0;
}

static int damaged(struct kv_txn *txn, uint32_t stream, struct pace_error *error)
{
    return error_damaged(error, "%s: the kept values of stream %u", kv_path(txn), stream);
}

static int header_load(struct kv_txn *txn, uint32_t stream, uint32_t kind, struct pace_error *error,
                       struct kept_header *header, struct kv_slice *body)
{
    struct key key = key_kept(stream, kind, 0);
    int rc = kv_get_sealed(txn, &key, "a kept value", error, body);
    if (rc) return rc;
    return kept_header_read(body, header) ? damaged(txn, stream, error) : 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* The parts behind each other, in memory of the snapshot. */
static int join_parts(pace_snapshot *snapshot, uint32_t stream, uint32_t kind,
                      const struct kept_header *header, struct kv_slice first,
                      struct pace_error *error, const void **out)
{
    unsigned char *data = arena_array(&snapshot->arena, (size_t)header->bytes, 1);
    if (!data) return error_memory(error);
    memcpy(data, first.data, first.len);
    for (uint32_t part = 1; part < header->parts; part++) {
        struct key key = key_kept(stream, kind, part);
        struct kv_slice body;
        int rc = kv_get_sealed(snapshot->txn, &key, "a kept value", error, &body);
        if (rc == PACE_ENOTFOUND || (!rc && body.len != kept_part_bytes(header, part)))
            return damaged(snapshot->txn, stream, error);
        if (rc) return rc;
        memcpy(data + (size_t)part * KEPT_PART_BYTES, body.data, body.len);
    }
    *out = data;
    return 0;
}

int pace_kept_get(pace_snapshot *snapshot, uint32_t stream, uint32_t kind, struct pace_error *error,
                  struct pace_kept *out)
{
    struct kept_header header;
    struct kv_slice body;
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = header_load(snapshot->txn, stream, kind, error, &header, &body);
    if (rc == PACE_ENOTFOUND) return error_set(error, rc, "nothing is kept of stream %u", stream);
    if (rc) return rc;
    const void *data = body.data + sizeof header;
    struct kv_slice first = {.data = data, .len = body.len - sizeof header};
    if (header.parts > 1) rc = join_parts(snapshot, stream, kind, &header, first, error, &data);
    if (rc) return rc;
    *out = (struct pace_kept){.kind = kind,
                              .version = header.version,
                              .runs = header.runs,
                              .run = header.run,
                              .data = data,
                              .len = (size_t)header.bytes};
    return 0;
}

/* -- writing ----------------------------------------------------------------------------------- */

struct new_kept {
    uint32_t stream;
    const struct pace_kept *kept;
    unsigned char *buffer; /* for one part */
};

static int put_part(struct kv_txn *txn, const struct new_kept *new,
                    const struct kept_header *header, uint32_t part, struct pace_error *error)
{
    struct key key = key_kept(new->stream, new->kept->kind, part);
    size_t at = SEAL_BYTES, bytes = kept_part_bytes(header, part);
    if (part == 0) {
        memcpy(new->buffer + at, header, sizeof *header);
        at += sizeof *header;
    }
    if (bytes)
        memcpy(new->buffer + at,
               (const unsigned char *)new->kept->data + (size_t)part *KEPT_PART_BYTES, bytes);
    seal_close(new->buffer, at + bytes, key.bytes, key.len);
    return kv_put(txn, &key, new->buffer, at + bytes, error);
}

/* Removes the parts from `from` on, which an earlier value may have had. */
static int drop_parts(struct kv_txn *txn, const struct new_kept *new, uint32_t from,
                      struct pace_error *error)
{
    int rc = 0;
    for (uint32_t part = from; !rc; part++) {
        struct key key = key_kept(new->stream, new->kept->kind, part);
        rc = kv_delete(txn, &key, error);
    }
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

static int put_kept(struct kv_txn *txn, void *context, struct pace_error *error)
{
    const struct new_kept *new = context;
    const struct pace_kept *kept = new->kept;
    struct head head;
    struct stream_record record;
    struct run_place place;
    int rc = head_load(txn, error, &head);
    if (rc) return rc;
    if (new->stream >= head.streams)
        return error_set(error, PACE_ENOTFOUND, "no stream %u", new->stream);
    rc = stream_load(txn, new->stream, error, &record);
    if (!rc)
        rc = kept->run == 0 || kept->run > head.runs
                 ? PACE_ENOTFOUND
                 : index_get_run(txn, kept->run, error, &place, NULL);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || place.stream != new->stream || kept->runs > record.run_count)
        return error_set(error, PACE_EMISUSE, "run %llu is not one of %llu of stream %u",
                         (unsigned long long)kept->run, (unsigned long long)kept->runs,
                         new->stream);
    struct kept_header header = {.version = kept->version,
                                 .parts = parts_of(kept->len),
                                 .runs = kept->runs,
                                 .run = kept->run,
                                 .bytes = kept->len};
    for (uint32_t part = 0; !rc && part < header.parts; part++)
        rc = put_part(txn, new, &header, part, error);
    return rc ? rc : drop_parts(txn, new, header.parts, error);
}

int pace_kept_put(pace *store, uint32_t stream, const struct pace_kept *kept,
                  struct pace_error *error)
{
    struct new_kept new = {.stream = stream, .kept = kept};
    if (kept->runs == 0) return error_set(error, PACE_EMISUSE, "a kept value of no run");
    if (kept->len > PACE_MAX_KEPT) return ERROR_LIMIT(error, PACE_MAX_KEPT, "the kept value");
    new.buffer = malloc(SEAL_BYTES + sizeof(struct kept_header) + KEPT_PART_BYTES);
    if (!new.buffer) return error_memory(error);
    int rc = store_write(store, kept->len <= KEPT_PART_BYTES, put_kept, &new, error);
    free(new.buffer);
    return rc;
}
