/* kv_cursor.c -- keys of a snapshot or a batch: get, put, delete, cursors, sealed records. See kv.h
 * and kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct kv_cursor **idle_cursor(struct kv_txn *txn, unsigned char table)
{
    return &txn->idle[table % KV_TABLES];
}

/* 0 or a code of LMDB. */
static int open_cursor(struct kv_txn *txn, unsigned char table, struct kv_cursor **out)
{
    struct kv_cursor **idle = idle_cursor(txn, table), *cursor = *idle;
    if (table && cursor) {
        *idle = NULL;
        *out = cursor;
        return 0;
    }
    cursor = calloc(1, sizeof *cursor);
    if (!cursor) return ENOMEM;
    cursor->txn = txn;
    cursor->of = txn->txn;
    cursor->table = table;
    int rc = mdb_cursor_open(txn->txn, txn->kv->dbi, &cursor->cursor);
    if (rc)
        free(cursor);
    else
        *out = cursor;
    return rc;
}

/* Searches where the last search of the table ended. The first one goes without a cursor: it may be
 * the only one. */
static int get(struct kv_txn *txn, MDB_val *key, MDB_val *value)
{
    unsigned char table = *(const unsigned char *)key->mv_data;
    uint64_t bit = (uint64_t)1 << table % KV_TABLES;
    if (!txn->is_snapshot || !(txn->asked & bit)) {
        txn->asked |= bit;
        return lmdb_get(txn->txn, txn->kv->dbi, key, value);
    }
    struct kv_cursor *cursor;
    int rc = open_cursor(txn, table, &cursor);
    if (rc) return rc;
    rc = lmdb_cursor_get(cursor->cursor, key, value, MDB_SET);
    cursor->failed = rc && rc != MDB_NOTFOUND;
    kv_cursor_close(cursor);
    return rc;
}

/* Looks in the journal: 1 when the key is there, a removed one without data. */
static int get_staged(const struct kv_txn *txn, const struct key *key, struct kv_slice *value)
{
    const struct overlay_view *view = &txn->journal;
    struct journal_change change;
    int is_equal;
    if (!view->overlay || !overlay_has_table(view->overlay, key->bytes[0])) return 0;
    size_t at = overlay_find(view, key->bytes, key->len, &is_equal);
    if (!is_equal || overlay_change(view, at, &change)) return 0;
    *value = (struct kv_slice){.data = change.value, .len = change.value_len};
    return 1;
}

/* kv_get; believe: an absence is not looked into. */
static int get_value(struct kv_txn *txn, const struct key *key, int believe,
                     struct pace_error *error, struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v;
    if (get_staged(txn, key, value)) return value->data ? 0 : PACE_ENOTFOUND;
    int rc = get(txn, &k, &v);
    if (rc == MDB_NOTFOUND && !believe) rc = lmdb_confirm_absent(txn->txn, txn->kv->dbi, &k);
    if (rc == MDB_NOTFOUND) return PACE_ENOTFOUND;
    if (rc) return kv_fail(txn->kv, rc, error);
    *value = slice_of(&v);
    return 0;
}

int kv_get(struct kv_txn *txn, const struct key *key, struct pace_error *error,
           struct kv_slice *value)
{
    return get_value(txn, key, 0, error, value);
}

static int check_old(struct kv_txn *txn, const MDB_val *key)
{
    return lmdb_check_old(txn->txn, txn->kv->dbi, &txn->kv->map, key);
}

/* Space in the record of a staged batch; *data NULL: the batch goes to the tree, perhaps from now
 * on. */
static int stage(struct kv_txn *txn, const MDB_val *key, size_t len, struct pace_error *error,
                 unsigned char **data)
{
    *data = txn->stage ? kv_stage_put(txn, key, len) : NULL;
    return txn->stage && !*data ? kv_stage_leave(txn, error) : 0;
}

/* What a change in the tree came to. */
static int changed(struct kv_txn *txn, int rc, struct pace_error *error)
{
    if (rc == MDB_MAP_FULL) txn->full = 1;
    return rc ? kv_fail(txn->kv, rc, error) : 0;
}

int kv_put(struct kv_txn *txn, const struct key *key, const void *data, size_t len,
           struct pace_error *error)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(data, len);
    unsigned char *space;
    int rc = stage(txn, &k, len, error, &space);
    if (rc) return rc;
    if (space) {
        memcpy(space, data, len);
        return 0;
    }
    rc = check_old(txn, &k);
    return changed(txn, rc ? rc : lmdb_put(txn->txn, txn->kv->dbi, &k, &v), error);
}

int kv_put_space(struct kv_txn *txn, const struct key *key, size_t len, struct pace_error *error,
                 unsigned char **data)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, len);
    int rc = stage(txn, &k, len, error, data);
    if (rc || *data) return rc;
    rc = check_old(txn, &k);
    rc = changed(txn, rc ? rc : lmdb_reserve(txn->txn, txn->kv->dbi, &k, &v), error);
    if (!rc) *data = v.mv_data;
    return rc;
}

int kv_put_last(struct kv_txn *txn, const struct key *key, const void *data, size_t len,
                struct pace_error *error)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(data, len);
    int rc = txn->stage ? kv_stage_leave(txn, error) : 0;
    return rc ? rc : changed(txn, lmdb_append(txn->txn, txn->kv->dbi, &k, &v), error);
}

int kv_delete(struct kv_txn *txn, const struct key *key, struct pace_error *error)
{
    MDB_val k = value_of(key->bytes, key->len);
    unsigned char *space;
    struct kv_slice value;
    int rc = txn->stage ? get_value(txn, key, 1, error, &value) : 0;
    if (!rc) rc = stage(txn, &k, JOURNAL_REMOVED, error, &space);
    if (rc || space) return rc;
    rc = check_old(txn, &k);
    if (!rc) rc = lmdb_delete(txn->txn, txn->kv->dbi, &k);
    return rc == MDB_NOTFOUND ? PACE_ENOTFOUND : changed(txn, rc, error);
}

int kv_cursor_open(struct kv_txn *txn, struct pace_error *error, struct kv_cursor **out)
{
    return kv_cursor_at(txn, 0, error, out);
}

int kv_cursor_at(struct kv_txn *txn, unsigned char table, struct pace_error *error,
                 struct kv_cursor **out)
{
    int rc = open_cursor(txn, table, out);
    return rc ? kv_fail(txn->kv, rc, error) : 0;
}

void kv_cursor_close(struct kv_cursor *cursor)
{
    if (!cursor) return;
    struct kv_cursor **idle = idle_cursor(cursor->txn, cursor->table);
    if (cursor->txn->is_snapshot && cursor->table && !cursor->failed && !*idle) {
        *idle = cursor;
        return;
    }
    if (kv_is_opener(cursor->txn->kv)) lmdb_cursor_close(cursor->cursor);
    free(cursor);
}

void kv_close_idle(struct kv_txn *txn)
{
    for (size_t i = 0; i < KV_TABLES; i++) {
        struct kv_cursor *cursor = txn->idle[i];
        if (!cursor) continue;
        txn->idle[i] = NULL;
        cursor->table = 0;
        kv_cursor_close(cursor);
    }
}

/* What a move of a cursor came to. */
static int cursor_found(struct kv_cursor *cursor, int rc, const MDB_val *key, const MDB_val *record,
                        struct pace_error *error, struct kv_slice *found, struct kv_slice *value)
{
    if (rc == MDB_NOTFOUND) return PACE_ENOTFOUND;
    if (!rc && (key->mv_size == 0 || key->mv_size > KEY_MAX)) rc = MDB_CORRUPTED;
    cursor->failed |= rc != 0;
    if (rc) return kv_fail(cursor->txn->kv, rc, error);
    *found = slice_of(key);
    *value = slice_of(record);
    return 0;
}

/* A search begins in the transaction that the batch is in by now. */
static int renew(struct kv_cursor *cursor)
{
    struct kv_txn *txn = cursor->txn;
    if (cursor->of == txn->txn) return 0;
    lmdb_cursor_close(cursor->cursor);
    cursor->cursor = NULL;
    cursor->of = txn->txn;
    return mdb_cursor_open(txn->txn, txn->kv->dbi, &cursor->cursor);
}

static int has_journal(const struct kv_cursor *cursor)
{
    return cursor->txn->journal.overlay != NULL;
}

int kv_cursor_seek(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                   struct kv_slice *found, struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    int rc = renew(cursor);
    if (!rc)
        rc = has_journal(cursor) ? kv_merge_seek(cursor, &k, &v)
                                 : lmdb_seek_surely(cursor->cursor, &k, &v);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_get(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                  struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    struct kv_slice found;
    if (get_staged(cursor->txn, key, value)) return value->data ? 0 : PACE_ENOTFOUND;
    int rc = renew(cursor);
    if (!rc) rc = lmdb_cursor_get(cursor->cursor, &k, &v, MDB_SET);
    return cursor_found(cursor, rc, &k, &v, error, &found, value);
}

int kv_cursor_before(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                     struct kv_slice *found, struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    int rc = renew(cursor);
    if (!rc)
        rc = has_journal(cursor) ? kv_merge_before(cursor, &k, &v)
                                 : lmdb_seek_before(cursor->cursor, &k, &v);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_next(struct kv_cursor *cursor, struct pace_error *error, struct kv_slice *found,
                   struct kv_slice *value)
{
    MDB_val k = value_of(NULL, 0), v = value_of(NULL, 0);
    int rc = has_journal(cursor) ? kv_merge_next(cursor, &k, &v)
                                 : lmdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_list(struct kv_cursor *cursor, const struct key *prefix, int go_on,
                   struct kv_pair *pairs, size_t most, struct pace_error *error, size_t *count)
{
    int rc = go_on ? 0 : renew(cursor);
    if (!rc)
        rc = has_journal(cursor)
                 ? kv_merge_list(cursor, prefix, go_on, pairs, most, count)
                 : lmdb_list_pairs(cursor->cursor, prefix, go_on, pairs, most, count);
    cursor->failed |= rc != 0;
    return rc ? kv_fail(cursor->txn->kv, rc, error) : 0;
}

int kv_cursor_list_back(struct kv_cursor *cursor, const struct key *end, int go_on,
                        struct kv_pair *pairs, size_t most, struct pace_error *error, size_t *count)
{
    int rc = go_on ? 0 : renew(cursor);
    if (!rc)
        rc = has_journal(cursor) ? kv_merge_list_back(cursor, end, go_on, pairs, most, count)
                                 : lmdb_list_back(cursor->cursor, end, go_on, pairs, most, count);
    cursor->failed |= rc != 0;
    return rc ? kv_fail(cursor->txn->kv, rc, error) : 0;
}

/* -- sealed records -------------------------------------------------------------------------- */

static int get_sealed(struct kv_txn *txn, const struct key *key, const char *what, int believe,
                      struct pace_error *error, struct kv_slice *body)
{
    struct kv_slice record;
    int rc = get_value(txn, key, believe, error, &record);
    if (rc) return rc;
    if (!seal_good(record.data, record.len, key->bytes, key->len))
        return error_damaged(error, "%s: %s", txn->kv->path, what);
    *body = (struct kv_slice){.data = record.data + SEAL_BYTES, .len = record.len - SEAL_BYTES};
    return 0;
}

int kv_get_sealed(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, struct kv_slice *body)
{
    return get_sealed(txn, key, what, 0, error, body);
}

/* 1 when a record may be the one that is searched for, under a key that was damaged: of its table
 * or with a key as long, and not whole; or the one itself, which a search passed by. */
static int is_suspect(const struct key *key, const struct kv_slice *found,
                      const struct kv_slice *value)
{
    int same_table = found->data[0] == key->bytes[0], same_length = found->len == key->len;
    if (same_length && memcmp(found->data, key->bytes, key->len) == 0) return 1;
    if (!same_table && !same_length) return 0;
    return (!same_table && value->len > SEAL_BYTES + KV_STRUCT_MAX) ||
           !seal_good(value->data, value->len, found->data, found->len);
}

/* 0: the key is absent, and nothing beside its place is suspect. That is its place in the tree: a damaged key
 * is not where it would be among those of a journal. */
static int check_beside(struct kv_txn *txn, const struct key *key, const char *what,
                        struct pace_error *error)
{
    struct kv_cursor *cursor;
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    struct kv_slice found = {0}, value = {0};
    int suspect = 0, rc = open_cursor(txn, key->bytes[0], &cursor);
    if (rc) return kv_fail(txn->kv, rc, error);
    rc = renew(cursor);
    if (!rc) rc = lmdb_seek_before(cursor->cursor, &k, &v);
    int is_first = rc == MDB_NOTFOUND;
    rc = cursor_found(cursor, rc, &k, &v, error, &found, &value);
    if (!rc) suspect = is_suspect(key, &found, &value);
    if (!rc || is_first) {
        k = value_of(key->bytes, key->len);
        rc = is_first ? lmdb_seek_surely(cursor->cursor, &k, &v)
                      : lmdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);
        rc = cursor_found(cursor, rc, &k, &v, error, &found, &value);
        if (!rc) suspect |= is_suspect(key, &found, &value);
    }
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    return suspect ? error_damaged(error, "%s: %s", txn->kv->path, what) : 0;
}

int kv_get_optional(struct kv_txn *txn, const struct key *key, const char *what,
                    struct pace_error *error, struct kv_slice *body)
{
    struct kv_slice staged;
    if (get_staged(txn, key, &staged) && !staged.data) return PACE_ENOTFOUND; /* removed */
    int rc = get_sealed(txn, key, what, 1, error, body);
    if (rc != PACE_ENOTFOUND) return rc;
    rc = check_beside(txn, key, what, error);
    return rc ? rc : PACE_ENOTFOUND;
}

static int copy_body(struct kv_txn *txn, const struct kv_slice *body, const char *what,
                     struct pace_error *error, void *out, size_t len)
{
    if (body->len != len) return error_damaged(error, "%s: %s", txn->kv->path, what);
    memcpy(out, body->data, len);
    return 0;
}

int kv_get_struct(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, void *out, size_t len)
{
    struct kv_slice body = {0};
    int rc = kv_get_sealed(txn, key, what, error, &body);
    return rc ? rc : copy_body(txn, &body, what, error, out, len);
}

int kv_get_optional_struct(struct kv_txn *txn, const struct key *key, const char *what,
                           struct pace_error *error, void *out, size_t len)
{
    struct kv_slice body = {0};
    int rc = kv_get_optional(txn, key, what, error, &body);
    return rc ? rc : copy_body(txn, &body, what, error, out, len);
}

int kv_put_struct(struct kv_txn *txn, const struct key *key, const void *body, size_t len,
                  struct pace_error *error)
{
    unsigned char record[SEAL_BYTES + KV_STRUCT_MAX];
    memcpy(record + SEAL_BYTES, body, len);
    seal_close(record, SEAL_BYTES + len, key->bytes, key->len);
    return kv_put(txn, key, record, SEAL_BYTES + len, error);
}
