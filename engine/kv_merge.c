/* kv_merge.c -- cursors over the tree and the journal that lies over it. See kv_lmdb.h.
 *
 * A cursor is before two keys, one of the tree and one of the journal. The nearer is given; where
 * both are the same key the journal's is, or none, when it was removed there. The journal itself,
 * which is a value of the tree, is not shown. Where the journal has nothing of a prefix, its keys
 * are listed from the tree alone. */
#include "kv_lmdb.h"

#include <string.h>

enum { OF_TREE = 1, OF_JOURNAL = 2 };

/* What a move in the tree came to. */
static int take(struct kv_merge *merge, int rc)
{
    int is_journal = !rc && merge->key.mv_size == JOURNAL_KEY_LEN &&
                     memcmp(merge->key.mv_data, JOURNAL_KEY, JOURNAL_KEY_LEN) == 0;
    merge->in_tree = rc == 0 && !is_journal; /* it is the last key of the tree */
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int move_in_tree(struct kv_cursor *cursor, MDB_cursor_op op)
{
    struct kv_merge *merge = &cursor->merge;
    return take(merge, lmdb_cursor_get(cursor->cursor, &merge->key, &merge->value, op));
}

static int give(struct kv_merge *merge, unsigned given, const MDB_val *from_key,
                const MDB_val *from_value, MDB_val *key, MDB_val *value)
{
    if (from_key->mv_size == 0 || from_key->mv_size > KEY_MAX) return MDB_CORRUPTED;
    merge->given = given;
    merge->last.len = from_key->mv_size;
    memcpy(merge->last.bytes, from_key->mv_data, from_key->mv_size);
    *key = *from_key;
    *value = *from_value;
    return 0;
}

/* Gives the nearest pair in the direction of the cursor: it is before `at` of the journal when it
 * goes forward, behind it when it goes back. */
static int give_nearest(struct kv_cursor *cursor, MDB_val *key, MDB_val *value)
{
    const struct overlay_view *view = &cursor->txn->journal;
    struct kv_merge *merge = &cursor->merge;
    for (;;) {
        int in_journal = merge->is_back ? merge->at > 0 : merge->at < view->overlay->count;
        struct journal_change change = {0};
        if (!merge->in_tree && !in_journal) return MDB_NOTFOUND;
        if (in_journal && overlay_change(view, merge->at - (size_t)merge->is_back, &change))
            return MDB_CORRUPTED;
        int order = merge->in_tree ? -1 : 1;
        if (merge->in_tree && in_journal) {
            order =
                overlay_compare(merge->key.mv_data, merge->key.mv_size, change.key, change.key_len);
            if (merge->is_back) order = -order;
        }
        if (order < 0) return give(merge, OF_TREE, &merge->key, &merge->value, key, value);
        if (change.value) {
            MDB_val k = value_of(change.key, change.key_len),
                    v = value_of(change.value, change.value_len);
            return give(merge, order ? OF_JOURNAL : OF_TREE | OF_JOURNAL, &k, &v, key, value);
        }
        merge->at = merge->is_back ? merge->at - 1 : merge->at + 1;
        if (order) continue;
        int rc = move_in_tree(cursor, merge->is_back ? MDB_PREV : MDB_NEXT);
        if (rc) return rc;
    }
}

/* Goes on behind the pair that was given last. */
static int go_on(struct kv_cursor *cursor, MDB_val *key, MDB_val *value)
{
    struct kv_merge *merge = &cursor->merge;
    if (merge->given & OF_JOURNAL) merge->at = merge->is_back ? merge->at - 1 : merge->at + 1;
    int rc =
        merge->given & OF_TREE ? move_in_tree(cursor, merge->is_back ? MDB_PREV : MDB_NEXT) : 0;
    merge->given = 0;
    return rc ? rc : give_nearest(cursor, key, value);
}

/* To the first key not before `key`, or (is_back) to the last before it. */
static int seek(struct kv_cursor *cursor, int is_back, MDB_val *key, MDB_val *value)
{
    struct kv_merge *merge = &cursor->merge;
    int is_equal;
    merge->at = overlay_find(&cursor->txn->journal, key->mv_data, key->mv_size, &is_equal);
    merge->key = *key;
    merge->given = 0;
    merge->is_back = is_back;
    int rc = take(merge, is_back ? lmdb_seek_before(cursor->cursor, &merge->key, &merge->value)
                                 : lmdb_seek_surely(cursor->cursor, &merge->key, &merge->value));
    return rc ? rc : give_nearest(cursor, key, value);
}

int kv_merge_seek(struct kv_cursor *cursor, MDB_val *key, MDB_val *value)
{
    return seek(cursor, 0, key, value);
}

int kv_merge_before(struct kv_cursor *cursor, MDB_val *key, MDB_val *value)
{
    return seek(cursor, 1, key, value);
}

int kv_merge_next(struct kv_cursor *cursor, MDB_val *key, MDB_val *value)
{
    if (!cursor->merge.is_back) return go_on(cursor, key, value);
    const struct key last = cursor->merge.last;
    *key = value_of(last.bytes, last.len);
    int rc = seek(cursor, 0, key, value);
    if (!rc && overlay_compare(key->mv_data, key->mv_size, last.bytes, last.len) == 0)
        rc = go_on(cursor, key, value);
    return rc;
}

/* Whether the journal has a key with a prefix. */
static int has_prefix(const struct overlay_view *view, const struct key *prefix)
{
    struct journal_change change;
    int is_equal;
    if (prefix->len && !overlay_has_table(view->overlay, prefix->bytes[0])) return 0;
    size_t at = overlay_find(view, prefix->bytes, prefix->len, &is_equal);
    return at < view->overlay->count && !overlay_change(view, at, &change) &&
           key_begins(change.key, change.key_len, prefix);
}

int kv_merge_list(struct kv_cursor *cursor, const struct key *prefix, int again,
                  struct kv_pair *pairs, size_t most, size_t *count)
{
    MDB_val key = value_of(prefix->bytes, prefix->len), value;
    if (!again) cursor->merge.is_plain = !has_prefix(&cursor->txn->journal, prefix);
    if (cursor->merge.is_plain)
        return lmdb_list_pairs(cursor->cursor, prefix, again, pairs, most, count);
    int rc = 0;
    for (*count = 0; *count < most; (*count)++) {
        rc = *count || again ? go_on(cursor, &key, &value) : seek(cursor, 0, &key, &value);
        if (rc || !key_begins(key.mv_data, key.mv_size, prefix)) break;
        pairs[*count] = (struct kv_pair){.key = slice_of(&key), .value = slice_of(&value)};
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int kv_merge_list_back(struct kv_cursor *cursor, const struct key *end, int again,
                       struct kv_pair *pairs, size_t most, size_t *count)
{
    MDB_val key = value_of(end->bytes, end->len), value;
    int rc = 0;
    for (*count = 0; *count < most; (*count)++) {
        rc = *count || again ? go_on(cursor, &key, &value) : seek(cursor, 1, &key, &value);
        if (rc) break;
        pairs[*count] = (struct kv_pair){.key = slice_of(&key), .value = slice_of(&value)};
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}
