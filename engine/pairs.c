/* pairs.c -- see pairs.h. */
#include "pairs.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_BYTES = 1 + 16,
    /* Of the pieces of a chunk that is split: room for those that come next. */
    PAIRS_PER_PIECE = 80,
};

static const struct pair largest = {UINT64_MAX, UINT64_MAX};

_Static_assert(SEAL_BYTES + sizeof(struct pair) * (PAIRS_PER_CHUNK + 1) + KEY_BYTES < 2000,
               "two chunks fit a page of 4 KiB");

int pairs_order(const struct pair *a, const struct pair *b)
{
    if (a->word != b->word) return a->word < b->word ? -1 : 1;
    return a->run < b->run ? -1 : a->run > b->run;
}

static int damaged(struct kv_txn *txn, const char *what, struct pace_error *error)
{
    return error_damaged(error, "%s: %s", kv_path(txn), what);
}

/* -- reading --------------------------------------------------------------------------------- */

int pair_chunk_read(struct kv_slice key, struct kv_slice value, struct pair_chunk *out)
{
    const size_t least = SEAL_BYTES + sizeof(struct pair);
    if (key.len != KEY_BYTES || value.len < least ||
        value.len > least + PAIRS_PER_CHUNK * sizeof(struct pair) ||
        (value.len - least) % sizeof(struct pair) ||
        !seal_good(value.data, value.len, key.data, key.len))
        return -1;
    key_pair_parse(key.data, &out->from.word, &out->from.run);
    memcpy(&out->until, value.data + SEAL_BYTES, sizeof out->until);
    out->count = (uint32_t)((value.len - least) / sizeof(struct pair));
    memcpy(out->pairs, value.data + least, value.len - least);
    return pairs_order(&out->from, &out->until) < 0 ? 0 : -1;
}

/* No chunk lies before a pair: then the table has none, since its first begins before all pairs.
 * One whose key was damaged lies beside its place still, or the next is there. */
static int is_empty(struct kv_cursor *cursor, char table, const struct key *key,
                    const struct kv_slice *before, const struct kv_slice *record,
                    struct pace_error *error, int *empty)
{
    struct kv_slice found, value;
    *empty = !before || before->len != KEY_BYTES ||
             seal_good(record->data, record->len, before->data, before->len);
    int rc = kv_cursor_seek(cursor, key, error, &found, &value);
    if (rc == PACE_ENOTFOUND) return 0;
    if (!rc &&
        (found.data[0] == (unsigned char)table ||
         (found.len == KEY_BYTES && !seal_good(value.data, value.len, found.data, found.len))))
        *empty = 0;
    return rc;
}

int pairs_chunk(struct kv_txn *txn, char table, const struct pair *pair, const char *what,
                struct pace_error *error, struct pair_chunk *out)
{
    struct key key = key_pair(table, pair->word, pair->run);
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    key.bytes[key.len++] = 0; /* behind the pair's own key, before any other */
    int rc = kv_cursor_at(txn, (unsigned char)table, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_before(cursor, &key, error, &found, &value);
    int is_chunk = !rc && found.data[0] == (unsigned char)table, empty = 1;
    if (!is_chunk && (!rc || rc == PACE_ENOTFOUND)) {
        rc = is_empty(cursor, table, &key, rc ? NULL : &found, &value, error, &empty);
        if (!rc && !empty) rc = damaged(txn, what, error);
    }
    if (is_chunk && (pair_chunk_read(found, value, out) || pairs_order(pair, &out->until) >= 0))
        rc = damaged(txn, what, error);
    kv_cursor_close(cursor);
    return rc || is_chunk ? rc : PACE_ENOTFOUND;
}

int pairs_walk(struct kv_txn *txn, char table, uint64_t first, uint64_t last, const char *what,
               struct pace_error *error,
               int (*visit)(void *context, const struct pair *pair, struct pace_error *error),
               void *context)
{
    struct pair at = {first, 0};
    const struct pair end = {last, UINT64_MAX};
    struct pair_chunk chunk;
    do {
        int rc = pairs_chunk(txn, table, &at, what, error, &chunk);
        if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
        for (uint32_t i = 0; i < chunk.count && !rc; i++) {
            if (chunk.pairs[i].word < first) continue;
            if (chunk.pairs[i].word > last) return 0;
            rc = visit(context, &chunk.pairs[i], error);
        }
        if (rc) return rc;
        at = chunk.until;
    } while (pairs_order(&at, &end) <= 0 && pairs_order(&at, &largest) < 0);
    return 0;
}

/* -- adding ---------------------------------------------------------------------------------- */

static int put_chunk(struct kv_txn *txn, char table, const struct pair *from,
                     const struct pair *until, const struct pair *pairs, size_t count,
                     struct pace_error *error)
{
    unsigned char record[SEAL_BYTES + sizeof(struct pair) * (PAIRS_PER_CHUNK + 1)];
    size_t len = SEAL_BYTES + sizeof(struct pair) * (count + 1);
    struct key key = key_pair(table, from->word, from->run);
    memcpy(record + SEAL_BYTES, until, sizeof *until);
    memcpy(record + SEAL_BYTES + sizeof *until, pairs, count * sizeof *pairs);
    seal_close(record, len, key.bytes, key.len);
    return kv_put(txn, &key, record, len, error);
}

/* Both in one order, without what is there twice. */
static size_t merge(const struct pair_chunk *chunk, const struct pair *pairs, size_t count,
                    struct pair *out)
{
    size_t i = 0, j = 0, n = 0;
    while (i < chunk->count || j < count) {
        int order = 1;
        if (i < chunk->count) order = j < count ? pairs_order(&chunk->pairs[i], &pairs[j]) : -1;
        out[n++] = order <= 0 ? chunk->pairs[i] : pairs[j];
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

/* Writes a chunk anew with pairs of its range, in as many pieces as it takes. */
static int rewrite(struct kv_txn *txn, char table, const struct pair_chunk *chunk,
                   const struct pair *pairs, size_t count, struct pair *merged,
                   struct pace_error *error)
{
    size_t total = merge(chunk, pairs, count, merged), pieces = 1;
    if (total == chunk->count && total) return 0;
    if (total > PAIRS_PER_CHUNK) pieces = (total + PAIRS_PER_PIECE - 1) / PAIRS_PER_PIECE;
    struct pair from = chunk->from;
    int rc = 0;
    for (size_t piece = 0, at = 0; !rc && piece < pieces; piece++) {
        size_t end = total * (piece + 1) / pieces;
        struct pair until = piece + 1 < pieces ? merged[end] : chunk->until;
        rc = put_chunk(txn, table, &from, &until, merged + at, end - at, error);
        from = until;
        at = end;
    }
    return rc;
}

int pairs_add(struct kv_txn *txn, char table, const struct pair *pairs, size_t count,
              const char *what, struct pace_error *error)
{
    struct pair *merged = malloc((count + PAIRS_PER_CHUNK) * sizeof *merged);
    if (!merged) return error_memory(error);
    int rc = 0;
    for (size_t at = 0; !rc && at < count;) {
        struct pair_chunk chunk;
        size_t end = at;
        rc = pairs_chunk(txn, table, &pairs[at], what, error, &chunk);
        if (rc == PACE_ENOTFOUND) {
            chunk = (struct pair_chunk){.until = largest};
            rc = 0;
        }
        if (rc) break;
        while (end < count && pairs_order(&pairs[end], &chunk.until) < 0)
            end++;
        rc = rewrite(txn, table, &chunk, pairs + at, end - at, merged, error);
        at = end;
    }
    free(merged);
    return rc;
}
