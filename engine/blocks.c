/* blocks.c -- see blocks.h. */
#include "blocks.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

int blocks_damaged(struct kv_txn *txn, uint32_t stream, uint32_t block, struct pace_error *error)
{
    return error_damaged(error, "%s: block %u of stream %u", kv_path(txn), block, stream);
}

static int damaged_list(struct kv_txn *txn, uint32_t stream, struct pace_error *error)
{
    return error_damaged(error, "%s: the list of blocks of stream %u", kv_path(txn), stream);
}

/* -- the list -------------------------------------------------------------------------------- */

void block_list_free(struct block_list *list)
{
    free(list->entries);
    *list = (struct block_list){0};
}

/* Copies `count` entries of one chunk, which begins with `head` bytes of other things. */
static int load_chunk(struct kv_txn *txn, uint32_t stream, uint32_t chunk, void *head,
                      size_t head_len, struct block_entry *entries, uint32_t count,
                      struct pace_error *error)
{
    struct key key = key_block_list(stream, chunk);
    struct kv_slice record;
    size_t len = count * sizeof *entries;
    int rc = kv_get(txn, &key, error, &record);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || record.len != SEAL_BYTES + head_len + len ||
        !seal_good(record.data, record.len, key.bytes, key.len))
        return damaged_list(txn, stream, error);
    if (head_len) memcpy(head, record.data + SEAL_BYTES, head_len);
    if (len) memcpy(entries, record.data + SEAL_BYTES + head_len, len);
    return 0;
}

int block_list_load(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                    struct pace_error *error, struct block_list *out)
{
    struct block_list list = {.small = record->small_blocks, .large = record->large_blocks};
    *out = (struct block_list){0};
    if (record->next_block == 0) return 0; /* it never had a block, nor a list */
    list.capacity = list.small + list.large + 2;
    list.entries = reallocarray(NULL, list.capacity, sizeof *list.entries);
    if (!list.entries) return error_memory(error);
    int rc =
        load_chunk(txn, stream, 0, &list.jobs, sizeof list.jobs, list.entries, list.small, error);
    for (uint32_t at = 0; !rc && at < list.large; at += BLOCKS_PER_CHUNK) {
        uint32_t count = list.large - at < BLOCKS_PER_CHUNK ? list.large - at : BLOCKS_PER_CHUNK;
        rc = load_chunk(txn, stream, 1 + at / BLOCKS_PER_CHUNK, NULL, 0,
                        list.entries + list.small + at, count, error);
    }
    if (rc)
        block_list_free(&list);
    else
        *out = list;
    return rc;
}

static int store_chunk(struct kv_txn *txn, uint32_t stream, uint32_t chunk, const void *head,
                       size_t head_len, const struct block_entry *entries, uint32_t count,
                       struct pace_error *error)
{
    struct key key = key_block_list(stream, chunk);
    size_t len = SEAL_BYTES + head_len + count * sizeof *entries;
    unsigned char *record = malloc(len);
    if (!record) return error_memory(error);
    if (head_len) memcpy(record + SEAL_BYTES, head, head_len);
    if (count) memcpy(record + SEAL_BYTES + head_len, entries, count * sizeof *entries);
    seal_close(record, len, key.bytes, key.len);
    int rc = kv_put(txn, &key, record, len, error);
    free(record);
    return rc;
}

int block_list_store(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
                     const struct block_list *list, uint32_t from_large, struct pace_error *error)
{
    int rc = store_chunk(txn, stream, 0, &list->jobs, sizeof list->jobs, list->entries, list->small,
                         error);
    uint32_t at = from_large / BLOCKS_PER_CHUNK * BLOCKS_PER_CHUNK;
    for (; !rc && from_large < list->large && at < list->large; at += BLOCKS_PER_CHUNK) {
        uint32_t count = list->large - at < BLOCKS_PER_CHUNK ? list->large - at : BLOCKS_PER_CHUNK;
        rc = store_chunk(txn, stream, 1 + at / BLOCKS_PER_CHUNK, NULL, 0,
                         list->entries + list->small + at, count, error);
    }
    record->small_blocks = list->small;
    record->large_blocks = list->large;
    return rc;
}

int block_list_add(struct block_list *list, const struct block_entry *entry)
{
    uint32_t count = list->small + list->large;
    if (count == list->capacity) {
        uint32_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct block_entry *entries = realloc(list->entries, capacity * sizeof *entries);
        if (!entries) return -1;
        list->entries = entries;
        list->capacity = capacity;
    }
    if (entry->state == BLOCK_LARGE) {
        list->entries[count] = *entry;
        list->large++;
        return 0;
    }
    if (list->large)
        memmove(list->entries + list->small + 1, list->entries + list->small,
                list->large * sizeof *list->entries);
    list->entries[list->small++] = *entry;
    return 0;
}

/* -- one block ------------------------------------------------------------------------------- */

int blocks_runs(struct kv_txn *txn, uint32_t stream, uint32_t block,
                const struct block_entry *entry, struct pace_error *error, struct block_runs *out)
{
    struct key key = key_block_runs(stream, block);
    struct kv_slice value;
    int rc = kv_get(txn, &key, error, &value);
    if (rc == PACE_ENOTFOUND) return blocks_damaged(txn, stream, block, error);
    if (rc) return rc;
    if (block_runs_open(out, value.data, value.len, &key) || out->header.stream != stream ||
        out->header.block != block ||
        (entry && (out->header.runs != entry->runs || out->header.columns != entry->columns)))
        return blocks_damaged(txn, stream, block, error);
    return 0;
}

int blocks_cursor(struct kv_txn *txn, struct pace_error *error, struct kv_cursor **out)
{
    return kv_cursor_at(txn, key_block_group(0, 0, 0).bytes[0], error, out);
}

static int open_group(struct kv_txn *txn, uint32_t stream, uint32_t block, uint32_t from,
                      uint32_t runs, const struct kv_slice *value, struct pace_error *error,
                      struct block_group *out)
{
    struct key key = key_block_group(stream, block, from);
    if (block_group_open(out, value->data, value->len, &key) || out->header.stream != stream ||
        out->header.block != block || out->header.from != from || out->header.runs != runs)
        return error_damaged(error, "%s: columns %u and on of block %u of stream %u", kv_path(txn),
                             from, block, stream);
    return 0;
}

/* The key of the first group is known: it is found in half the time. */
int blocks_group(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream, uint32_t block,
                 uint32_t column, uint32_t runs, struct pace_error *error, struct block_group *out)
{
    struct blocks_ahead first = {.block = block};
    if (column < BLOCKS_FIRST_COLUMNS) {
        struct key key = key_block_group(stream, block, 0);
        int rc = kv_cursor_get(cursor, &key, error, &first.record);
        if (rc && rc != PACE_ENOTFOUND) return rc;
    }
    return blocks_group_ahead(txn, cursor, stream, &first, column, runs, error, out);
}

int blocks_group_ahead(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream,
                       const struct blocks_ahead *ahead, uint32_t column, uint32_t runs,
                       struct pace_error *error, struct block_group *out)
{
    uint32_t block = ahead->block, from = 0;
    struct kv_slice found, value;
    if (ahead->record.data) {
        int rc = open_group(txn, stream, block, from, runs, &ahead->record, error, out);
        if (rc || column < out->header.until) return rc;
    }
    struct key behind = key_block_group(stream, block, column + 1);
    int rc = kv_cursor_before(cursor, &behind, error, &found, &value);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    if (rc || !key_block_group_parse(found.data, found.len, stream, block, &from))
        return blocks_damaged(txn, stream, block, error);
    rc = open_group(txn, stream, block, from, runs, &value, error, out);
    if (!rc && column >= out->header.until) rc = blocks_damaged(txn, stream, block, error);
    return rc;
}

int blocks_look_ahead(struct kv_cursor *cursor, uint32_t stream, uint32_t block,
                      struct pace_error *error, struct blocks_ahead *ahead)
{
    struct key key = key_block_group(stream, block, 0);
    *ahead = (struct blocks_ahead){.block = block};
    int rc = kv_cursor_get(cursor, &key, error, &ahead->record);
    if (!rc) block_group_prefetch(ahead->record.data, ahead->record.len);
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

static int find_in_block(struct kv_txn *txn, uint32_t stream, const struct block_entry *entry,
                         const struct position *position, struct pace_error *error,
                         struct pace_run_view *out)
{
    struct block_runs runs;
    struct position at;
    uint32_t index;
    int rc = blocks_runs(txn, stream, entry->block, entry, error, &runs);
    if (rc) return rc;
    if (block_runs_before(&runs, position, &index))
        return blocks_damaged(txn, stream, entry->block, error);
    if (index == entry->runs) return PACE_ENOTFOUND;
    if (block_runs_position(&runs, index, &at))
        return blocks_damaged(txn, stream, entry->block, error);
    if (position_compare(&at, position) != 0) return PACE_ENOTFOUND;
    return block_runs_view(&runs, index, out) ? blocks_damaged(txn, stream, entry->block, error)
                                              : 0;
}

int blocks_find(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                const struct position *position, struct pace_error *error,
                struct pace_run_view *out)
{
    struct block_list list;
    int rc = block_list_load(txn, stream, record, error, &list);
    if (rc) return rc;
    rc = PACE_ENOTFOUND;
    for (uint32_t i = 0; rc == PACE_ENOTFOUND && i < list.small + list.large; i++) {
        struct position first = block_first(&list.entries[i]), last = block_last(&list.entries[i]);
        if (position_compare(&first, position) <= 0 && position_compare(position, &last) <= 0)
            rc = find_in_block(txn, stream, &list.entries[i], position, error, out);
    }
    block_list_free(&list);
    return rc;
}

int blocks_delete(struct kv_txn *txn, uint32_t stream, const struct block_entry *entry,
                  struct pace_error *error)
{
    struct key key = key_block_runs(stream, entry->block);
    int rc = kv_delete(txn, &key, error);
    for (uint32_t column = 0; !rc && column < entry->columns;) {
        struct block_group_header header;
        struct kv_slice value;
        key = key_block_group(stream, entry->block, column);
        rc = kv_get(txn, &key, error, &value);
        if (rc) break;
        if (value.len < sizeof header) return blocks_damaged(txn, stream, entry->block, error);
        memcpy(&header, value.data, sizeof header);
        if (header.until <= column) return blocks_damaged(txn, stream, entry->block, error);
        column = header.until;
        rc = kv_delete(txn, &key, error);
    }
    return rc == PACE_ENOTFOUND ? blocks_damaged(txn, stream, entry->block, error) : rc;
}
