/* storage.c -- what the parts of a store take: see pace_storage. */
#include "blocks.h"
#include "snapshot.h"

#include <string.h>

/* Adds all records whose keys begin with a prefix. */
static int add_records(struct kv_cursor *cursor, const struct key *prefix, struct pace_space *space,
                       struct pace_error *error)
{
    struct kv_slice key, value;
    int rc = kv_cursor_seek(cursor, prefix, error, &key, &value);
    while (!rc && key_begins(key.data, key.len, prefix)) {
        space->count++;
        space->bytes += key.len + value.len;
        rc = kv_cursor_next(cursor, error, &key, &value);
    }
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

/* A block: its runs and its groups of columns. */
static int add_block(struct kv_cursor *cursor, uint32_t stream, const struct block_entry *entry,
                     struct pace_tiers *out, struct pace_error *error)
{
    struct pace_space *space =
        entry->state == BLOCK_LARGE ? &out->large_blocks : &out->small_blocks;
    struct pace_space records = {0};
    struct key runs = key_block_runs(stream, entry->block);
    struct key groups = key_block_group(stream, entry->block, 0);
    groups.len = runs.len; /* whatever the column */
    int rc = add_records(cursor, &runs, &records, error);
    if (!rc) rc = add_records(cursor, &groups, &records, error);
    space->count++;
    space->runs += entry->runs;
    space->bytes += records.bytes;
    return rc;
}

static int add_stream(struct pace_snapshot *snapshot, struct kv_cursor *cursor, uint32_t stream,
                      struct pace_error *error, struct pace_tiers *out)
{
    struct stream_record record;
    struct pace_space rows = {0};
    struct block_list list;
    struct key prefix = key_log_stream(stream);
    int rc = snapshot_stream(snapshot, stream, error, &record);
    if (!rc) rc = add_records(cursor, &prefix, &rows, error);
    if (!rc) rc = block_list_load(snapshot->txn, stream, &record, error, &list);
    if (rc) return rc;
    out->rows.count += record.log_runs; /* a wide run has several records */
    out->rows.runs += record.log_runs;
    out->rows.bytes += rows.bytes;
    for (uint32_t i = 0; !rc && i < list.small + list.large; i++)
        rc = add_block(cursor, stream, &list.entries[i], out, error);
    block_list_free(&list);
    return rc;
}

int pace_stream_tiers(pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                      struct pace_tiers *out)
{
    struct kv_cursor *cursor;
    struct pace_tiers tiers = {0};
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = kv_cursor_open(snapshot->txn, error, &cursor);
    if (rc) return rc;
    rc = add_stream(snapshot, cursor, stream, error, &tiers);
    kv_cursor_close(cursor);
    if (!rc) *out = tiers;
    return rc;
}

/* The tables beside rows and blocks. */
static int add_tables(struct kv_cursor *cursor, struct pace_storage *out, struct pace_error *error)
{
    const struct table {
        const char *tags;
        struct pace_space *space;
    } tables[] = {{"x", &out->samples},
                  {"me", &out->metadata},
                  {"rik", &out->index},
                  {"fnNstSByzpcPudTvabjo", &out->other}};
    int rc = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const char *tag = tables[i].tags; !rc && *tag; tag++) {
            struct key prefix = {.len = 1, .bytes = {(unsigned char)*tag}};
            rc = add_records(cursor, &prefix, tables[i].space, error);
        }
    }
    return rc;
}

int pace_storage(pace_snapshot *snapshot, struct pace_error *error, struct pace_storage *out)
{
    struct kv_cursor *cursor;
    struct pace_storage storage = {0};
    int rc = snapshot_check(snapshot, error);
    if (!rc) rc = kv_cursor_open(snapshot->txn, error, &cursor);
    if (rc) return rc;
    rc = add_tables(cursor, &storage, error);
    for (uint32_t i = 0; !rc && i < snapshot->head.streams; i++)
        rc = add_stream(snapshot, cursor, i, error, &storage.tiers);
    kv_cursor_close(cursor);
    if (!rc) *out = storage;
    return rc;
}

int pace_journal(pace_snapshot *snapshot, struct pace_error *error, struct pace_space *out)
{
    struct pace_space journal = {0};
    int rc = snapshot_check(snapshot, error);
    if (!rc) kv_journal_size(snapshot->txn, &journal.count, &journal.bytes);
    if (!rc) *out = journal;
    return rc;
}
