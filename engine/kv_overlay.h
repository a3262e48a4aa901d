/* kv_overlay.h -- the changes of a journal in order of their keys, the newest of each key: what
 * lies over the tree. Pure: bytes only, no LMDB.
 *
 * Changes are known by where they lie in the room (kv_journal.h), so that an overlay outlives a
 * transaction: the room of the same journal may be at another address in the next. Adding one costs
 * a search and a move of what is behind it, 4 bytes each. */
#ifndef PACE_KV_OVERLAY_H
#define PACE_KV_OVERLAY_H

#include "kv_journal.h"

struct overlay {
    unsigned references; /* whoever shares it counts; a shared one does not change */
    uint64_t nonce;      /* of the room */
    struct journal_end end;
    uint64_t tables; /* a bit for each tag that there is, modulo 64 */
    uint32_t *at;
    size_t count, capacity;
};

/* An overlay and the room that it is of; overlay NULL: there is none. */
struct overlay_view {
    const struct overlay *overlay;
    const unsigned char *room;
    size_t bytes;
};

/* Empty, for a room. */
void overlay_begin(struct overlay *overlay, uint64_t nonce);
void overlay_free(struct overlay *overlay);

/* A copy, or NULL without memory. */
struct overlay *overlay_copy(const struct overlay *overlay);

/* Adds the change at `at`. 0, ENOMEM, or -1: it makes no sense. */
int overlay_add(struct overlay *overlay, const unsigned char *room, size_t bytes, size_t at);
/* Adds the changes of the record at the end, which is whole, and goes behind it; as overlay_add. */
int overlay_add_record(struct overlay *overlay, const unsigned char *room, size_t bytes,
                       const struct journal_record *record);

/* The first change whose key is not before `key`: its index, or the count. *is_equal: it is the
 * key's. */
size_t overlay_find(const struct overlay_view *view, const void *key, size_t len, int *is_equal);

/* A change by index; -1 when the room no longer has it. */
int overlay_change(const struct overlay_view *view, size_t index, struct journal_change *out);

/* 1 when there may be a change of a key with this tag. */
static inline int overlay_has_table(const struct overlay *overlay, unsigned char table)
{
    return (int)(overlay->tables >> (table % 64) & 1);
}

/* Order of keys: negative, 0, positive. */
int overlay_compare(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
