/* index.c -- see index.h. */
#include "index.h"
#include "error.h"

#include <string.h>

_Static_assert(sizeof(struct run_place) + PACE_MAX_RUN_ID <= KV_STRUCT_MAX, "fits a record");

struct position run_position(const struct run_place *place, uint64_t run)
{
    return (struct position){.time_ns = place->time_ns, .ordinal = place->ordinal, .run = run};
}

int index_put_run(struct kv_txn *txn, uint64_t run, const struct run_place *place, const char *id,
                  struct pace_error *error)
{
    unsigned char body[sizeof *place + PACE_MAX_RUN_ID];
    size_t len = strlen(id);
    memcpy(body, place, sizeof *place);
    memcpy(body + sizeof *place, id, len);
    struct key key = key_run(run);
    return kv_put_struct(txn, &key, body, sizeof *place + len, error);
}

/* -- gaps ------------------------------------------------------------------------------------ */

int index_put_gap(struct kv_txn *txn, uint64_t first, uint64_t last, struct pace_error *error)
{
    struct key key = key_gap(first);
    return kv_put_struct(txn, &key, &last, sizeof last, error);
}

/* Takes a record of the table apart. */
static int read_gap(struct kv_slice found, struct kv_slice value, uint64_t *first, uint64_t *last)
{
    if (!seal_good(value.data, value.len, found.data, found.len) || found.len != 1 + 8 ||
        value.len != SEAL_BYTES + sizeof *last)
        return -1;
    *first = 0;
    for (size_t i = 1; i < found.len; i++)
        *first = *first << 8 | found.data[i];
    memcpy(last, value.data + SEAL_BYTES, sizeof *last);
    return *first && *first <= *last ? 0 : -1;
}

static int damaged_gaps(struct kv_txn *txn, struct pace_error *error)
{
    return error_damaged(error, "%s: the list of dropped runs", kv_path(txn));
}

int index_count_gaps(struct kv_txn *txn, struct pace_error *error, uint64_t *runs)
{
    struct key start = key_gap(0), prefix = {.len = 1, .bytes = {start.bytes[0]}};
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    uint64_t first, last, count = 0;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &start, error, &found, &value);
    while (!rc && key_begins(found.data, found.len, &prefix)) {
        rc = read_gap(found, value, &first, &last) ? damaged_gaps(txn, error) : 0;
        if (!rc) count += last - first + 1;
        if (!rc) rc = kv_cursor_next(cursor, error, &found, &value);
    }
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    *runs = count;
    return 0;
}

/* A run that the index does not have: PACE_ENOTFOUND when it was dropped, else damage. */
static int explain_absence(struct kv_txn *txn, uint64_t run, struct pace_error *error)
{
    struct key key = key_gap(run + 1);
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    uint64_t first, last;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_before(cursor, &key, error, &found, &value);
    int is_gap = !rc && found.data[0] == key.bytes[0];
    if (is_gap && read_gap(found, value, &first, &last))
        rc = damaged_gaps(txn, error);
    else if (is_gap && first <= run && run <= last)
        rc = error_set(error, PACE_ENOTFOUND, "run %llu was dropped by a compaction",
                       (unsigned long long)run);
    else if (!rc || rc == PACE_ENOTFOUND)
        rc = error_damaged(error, "%s: the index entry of run %llu", kv_path(txn),
                           (unsigned long long)run);
    kv_cursor_close(cursor);
    return rc;
}

/* -- runs ------------------------------------------------------------------------------------ */

int index_get_run(struct kv_txn *txn, uint64_t run, struct pace_error *error,
                  struct run_place *place, struct kv_slice *id)
{
    struct key key = key_run(run);
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "the index of runs", error, &body);
    if (rc == PACE_ENOTFOUND) return explain_absence(txn, run, error);
    if (rc) return rc;
    if (body.len <= sizeof *place || body.len > sizeof *place + PACE_MAX_RUN_ID)
        return error_damaged(error, "%s: the index entry of run %llu", kv_path(txn),
                             (unsigned long long)run);
    memcpy(place, body.data, sizeof *place);
    if (id) {
        *id = (struct kv_slice){.data = body.data + sizeof *place, .len = body.len - sizeof *place};
    }
    return 0;
}

static struct key identity_key(const char *id)
{
    return key_identity(seal_digest(id, strlen(id)));
}

int index_put_identity(struct kv_txn *txn, const char *id, const struct run_identity *identity,
                       struct pace_error *error)
{
    struct key key = identity_key(id);
    return kv_put_struct(txn, &key, identity, sizeof *identity, error);
}

int index_get_identity(struct kv_txn *txn, const char *id, struct pace_error *error,
                       struct run_identity *identity)
{
    struct key key = identity_key(id);
    return kv_get_struct(txn, &key, "the index of run ids", error, identity, sizeof *identity);
}

int index_put_commit(struct kv_txn *txn, struct head *head, const char *commit, uint64_t run,
                     struct pace_error *error)
{
    struct key key = key_commit(commit, strlen(commit), run);
    head->commits++;
    return kv_put_struct(txn, &key, "", 0, error);
}
