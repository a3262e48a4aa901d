/* meta.c -- see meta.h. */
#include "meta.h"
#include "error.h"

#include <string.h>

enum {
    META_PART_BYTES = 256 * 1024,
    /* A difference may take as much, or a 16th of the whole: what has changed since the base is
     * paid for with every run. */
    DIFFERENCE_BYTES = 256,
    DIFFERENCE_PART = 16,
    LITTLE_BYTES = 128,      /* which no difference makes less */
    CHANGE_MAX = UINT16_MAX, /* pairs of a base; a longer rest than this less one is none */
};
#define IS_DIFFERENCE UINT32_MAX

struct difference {
    uint32_t mark, changes; /* mark: IS_DIFFERENCE */
    uint64_t base;
};
_Static_assert(sizeof(struct difference) == 16, "layout on disk");

struct change {
    uint16_t pair, shared, len; /* len CHANGE_MAX: the pair is not there */
};
_Static_assert(sizeof(struct change) == 6, "layout on disk");

static int damaged(struct kv_txn *txn, uint64_t run, struct pace_error *error)
{
    return error_damaged(error, "%s: the metadata of run %llu", kv_path(txn),
                         (unsigned long long)run);
}

static int get_part(struct kv_txn *txn, uint64_t run, uint32_t part, struct pace_error *error,
                    struct kv_slice *body)
{
    struct key key = key_meta(run, part);
    int rc = kv_get_sealed(txn, &key, "metadata", error, body);
    if (rc == PACE_ENOTFOUND || (!rc && body->len < sizeof(uint32_t)))
        return damaged(txn, run, error);
    return rc;
}

/* The first number of a part: how many pairs it has, or IS_DIFFERENCE. */
static uint32_t first_number(struct kv_slice body)
{
    uint32_t number;
    memcpy(&number, body.data, sizeof number);
    return number;
}

/* -- reading --------------------------------------------------------------------------------- */

/* Takes the pair at *at apart; key and value point into the body. -1: malformed. */
static int read_pair(struct kv_slice body, size_t *at, struct meta_pair *out)
{
    uint32_t lens[2];
    if (body.len - *at < sizeof lens) return -1;
    memcpy(lens, body.data + *at, sizeof lens);
    *at += sizeof lens;
    if (body.len - *at < (size_t)lens[0] + lens[1] + 2) return -1;
    out->key = (const char *)body.data + *at;
    out->value = out->key + lens[0] + 1;
    *at += (size_t)lens[0] + lens[1] + 2;
    return out->key[lens[0]] == 0 && out->value[lens[1]] == 0 ? 0 : -1;
}

/* The pairs of a part of whole metadata, of which there are `count`. */
static int read_pairs(struct kv_slice body, uint32_t count, struct meta_pair *pairs)
{
    size_t at = sizeof count;
    for (uint32_t i = 0; i < count; i++) {
        if (read_pair(body, &at, &pairs[i])) return -1;
    }
    return at == body.len ? 0 : -1;
}

/* The whole record of a base. PACE_ENOTFOUND: it is none. */
static int read_base(struct kv_txn *txn, uint64_t run, struct arena *arena,
                     struct pace_error *error, struct meta_pair **pairs, uint32_t *count)
{
    struct kv_slice body;
    int rc = get_part(txn, run, 0, error, &body);
    if (rc) return rc;
    *count = first_number(body);
    if (*count == IS_DIFFERENCE) return PACE_ENOTFOUND;
    if (*count > body.len) return damaged(txn, run, error);
    if (!(*pairs = arena_array(arena, *count, sizeof **pairs))) return error_memory(error);
    return read_pairs(body, *count, *pairs) ? damaged(txn, run, error) : 0;
}

/* Applies the changes to the base's pairs; a pair that is not there gets key NULL. *at is behind
 * them. */
static int apply(struct kv_slice body, uint32_t changes, struct arena *arena,
                 struct meta_pair *pairs, uint32_t count, size_t *at)
{
    struct change change;
    for (uint32_t i = 0; i < changes; i++) {
        if (body.len - *at < sizeof change) return -1;
        memcpy(&change, body.data + *at, sizeof change);
        *at += sizeof change;
        if (change.pair >= count || !pairs[change.pair].key) return -1;
        struct meta_pair *pair = &pairs[change.pair];
        if (change.len == CHANGE_MAX) {
            pair->key = NULL;
            continue;
        }
        if (change.len > body.len - *at || change.shared > strlen(pair->value)) return -1;
        char *value = arena_array(arena, (size_t)change.shared + change.len + 1, 1);
        if (!value) return 0; /* arena->failed tells */
        memcpy(value, pair->value, change.shared);
        memcpy(value + change.shared, body.data + *at, change.len);
        pair->value = value;
        *at += change.len;
    }
    return 0;
}

/* Puts what is left of the base and the pairs from *at on in one order. */
static int join(struct kv_slice body, size_t at, const struct meta_pair *pairs, uint32_t count,
                struct arena *arena, struct pace_meta *out)
{
    size_t most = count, n = 0;
    struct meta_pair added = {0};
    for (size_t next = at; next < body.len; most++) {
        if (read_pair(body, &next, &added)) return -1;
    }
    const char **keys = arena_array(arena, most, sizeof *keys);
    const char **values = arena_array(arena, most, sizeof *values);
    if (!keys || !values) return 0;
    int is_more = at < body.len && !read_pair(body, &at, &added);
    for (uint32_t i = 0; i < count || is_more;) {
        if (i < count && !pairs[i].key) {
            i++;
            continue;
        }
        const struct meta_pair *next = &added;
        if (!is_more || (i < count && strcmp(pairs[i].key, added.key) < 0)) next = &pairs[i++];
        keys[n] = next->key;
        values[n++] = next->value;
        if (next == &added) is_more = at < body.len && !read_pair(body, &at, &added);
    }
    *out = (struct pace_meta){.count = n, .keys = keys, .values = values};
    return 0;
}

static int get_difference(struct kv_txn *txn, uint64_t run, struct kv_slice body,
                          struct arena *arena, struct pace_error *error, struct pace_meta *out)
{
    struct difference difference;
    struct meta_pair *pairs;
    uint32_t count;
    size_t at = sizeof difference;
    if (body.len < sizeof difference) return damaged(txn, run, error);
    memcpy(&difference, body.data, sizeof difference);
    int rc = read_base(txn, difference.base, arena, error, &pairs, &count);
    if (rc) return rc == PACE_ENOTFOUND ? damaged(txn, run, error) : rc;
    if (apply(body, difference.changes, arena, pairs, count, &at) ||
        (!arena->failed && join(body, at, pairs, count, arena, out)))
        return damaged(txn, run, error);
    return arena->failed ? error_memory(error) : 0;
}

int meta_get(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
             struct pace_error *error, struct pace_meta *out)
{
    size_t count = 0, done = 0;
    struct kv_slice body;
    *out = (struct pace_meta){.count = 0};
    for (uint32_t part = 0; part < parts; part++) {
        int rc = get_part(txn, run, part, error, &body);
        if (rc) return rc;
        if (first_number(body) == IS_DIFFERENCE)
            return parts > 1 ? damaged(txn, run, error)
                             : get_difference(txn, run, body, arena, error, out);
        count += first_number(body);
    }
    if (count == 0) return parts ? damaged(txn, run, error) : 0;
    /* Twice the pairs a run may have: those the engine adds are bounded by the cells. */
    if (count > PACE_MAX_META + PACE_MAX_CELLS) return damaged(txn, run, error);
    struct meta_pair *pairs = arena_array(arena, count, sizeof *pairs);
    const char **keys = arena_array(arena, count, sizeof *keys);
    const char **values = arena_array(arena, count, sizeof *values);
    if (!pairs || !keys || !values) return error_memory(error);
    for (uint32_t part = 0; part < parts; part++) {
        int rc = get_part(txn, run, part, error, &body);
        if (rc) return rc;
        if (read_pairs(body, first_number(body), pairs + done)) return damaged(txn, run, error);
        done += first_number(body);
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = pairs[i].key;
        values[i] = pairs[i].value;
    }
    *out = (struct pace_meta){.count = count, .keys = keys, .values = values};
    return 0;
}

int meta_is_whole(struct kv_txn *txn, uint64_t run, struct pace_error *error, int *is_whole)
{
    struct kv_slice body;
    int rc = get_part(txn, run, 0, error, &body);
    if (!rc) *is_whole = first_number(body) != IS_DIFFERENCE;
    return rc;
}

int meta_next(struct kv_txn *txn, uint64_t run, struct pace_error *error, uint64_t *next)
{
    struct key key = key_meta(run, 0);
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &key, error, &found, &value);
    kv_cursor_close(cursor);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    int is_meta = !rc && found.len == key.len && found.data[0] == key.bytes[0];
    *next = is_meta ? key_meta_run(found.data) : UINT64_MAX;
    return 0;
}

/* -- writing --------------------------------------------------------------------------------- */

/* Ends the record in the buffer and puts it. */
static int put_record(struct kv_txn *txn, const struct key *key, struct row_buffer *buffer,
                      struct pace_error *error)
{
    seal_close(buffer->data, buffer->len, key->bytes, key->len);
    return kv_put(txn, key, buffer->data, buffer->len, error);
}

static size_t pair_bytes(const struct meta_pair *pair)
{
    return 2 * sizeof(uint32_t) + strlen(pair->key) + strlen(pair->value) + 2;
}

static int append_pair(struct row_buffer *buffer, const struct meta_pair *pair)
{
    uint32_t lens[2] = {(uint32_t)strlen(pair->key), (uint32_t)strlen(pair->value)};
    return row_buffer_append(buffer, lens, sizeof lens) ||
           row_buffer_append(buffer, pair->key, lens[0] + 1u) ||
           row_buffer_append(buffer, pair->value, lens[1] + 1u);
}

static int put_whole(struct kv_txn *txn, uint64_t run, const struct meta_pair *pairs, size_t count,
                     struct row_buffer *buffer, struct pace_error *error, uint32_t *parts)
{
    size_t at = 0;
    uint32_t part = 0;
    while (at < count) {
        uint32_t in_part = 0;
        if (row_buffer_reserve(buffer, SEAL_BYTES + sizeof in_part)) return error_memory(error);
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

/* Appends how a pair of the base differs from the run's, NULL: the run does not have it. 1: it
 * cannot be told so; -1 without memory. */
static int append_change(struct row_buffer *buffer, uint32_t index, const char *base,
                         const char *value, uint32_t *changes)
{
    struct change change = {.pair = (uint16_t)index, .len = CHANGE_MAX};
    if (value) {
        size_t shared = 0;
        while (shared < UINT16_MAX && base[shared] && base[shared] == value[shared])
            shared++;
        if (!base[shared] && !value[shared]) return 0;
        size_t len = strlen(value + shared);
        if (len >= CHANGE_MAX) return 1;
        change.shared = (uint16_t)shared;
        change.len = (uint16_t)len;
    }
    ++*changes;
    if (row_buffer_append(buffer, &change, sizeof change)) return -1;
    return value && row_buffer_append(buffer, value + change.shared, change.len) ? -1 : 0;
}

/* One walk over both: the changes of the base's pairs, or the pairs that it does not have. */
static int append_walk(struct row_buffer *buffer, const struct meta_pair *base, uint32_t base_count,
                       const struct meta_pair *pairs, size_t count, int want_added, size_t most,
                       uint32_t *changes)
{
    size_t at = 0;
    for (uint32_t i = 0; i < base_count || at < count;) {
        int order = i == base_count ? 1 : at == count ? -1 : strcmp(base[i].key, pairs[at].key);
        int rc = 0;
        if (order <= 0 && !want_added)
            rc = append_change(buffer, i, base[i].value, order ? NULL : pairs[at].value, changes);
        if (order > 0 && want_added) rc = append_pair(buffer, &pairs[at]);
        if (rc) return rc;
        if (buffer->len > most) return 1;
        i += order <= 0;
        at += order >= 0;
    }
    return 0;
}

/* Makes the record of the difference from a base: 0, 1: it is not worth it, or -1 without
 * memory. */
static int difference_make(struct row_buffer *buffer, uint64_t base_run,
                           const struct meta_pair *base, uint32_t base_count,
                           const struct meta_pair *pairs, size_t count, size_t most)
{
    struct difference difference = {.mark = IS_DIFFERENCE, .base = base_run};
    if (row_buffer_reserve(buffer, SEAL_BYTES + sizeof difference)) return -1;
    int rc = append_walk(buffer, base, base_count, pairs, count, 0, most, &difference.changes);
    if (!rc) rc = append_walk(buffer, base, base_count, pairs, count, 1, most, NULL);
    if (!rc) memcpy(buffer->data + SEAL_BYTES, &difference, sizeof difference);
    return rc;
}

/* -- bases ----------------------------------------------------------------------------------- */

/* The metadata of a run that is being put. */
struct putting {
    struct kv_txn *txn;
    uint64_t run, keys;
    const struct meta_pair *pairs;
    size_t count, bytes;
    struct arena *arena;
    struct row_buffer *buffer;
    struct pace_error *error;
};

/* Puts the difference from a base. PACE_ENOTFOUND: it would not be worth it. */
static int put_difference(struct putting *putting, uint64_t base_run)
{
    struct meta_pair *base;
    uint32_t base_count;
    size_t most = putting->bytes / 2;
    int rc = read_base(putting->txn, base_run, putting->arena, putting->error, &base, &base_count);
    if (rc) return rc;
    if (base_count > CHANGE_MAX) return PACE_ENOTFOUND;
    if (most > DIFFERENCE_BYTES) most = DIFFERENCE_BYTES;
    if (most < putting->bytes / DIFFERENCE_PART) most = putting->bytes / DIFFERENCE_PART;
    rc = difference_make(putting->buffer, base_run, base, base_count, putting->pairs,
                         putting->count, most);
    if (rc < 0) return error_memory(putting->error);
    if (rc) return PACE_ENOTFOUND;
    struct key key = key_meta(putting->run, 0);
    return put_record(putting->txn, &key, putting->buffer, putting->error);
}

/* Finds the base that fits, first one with the same keys, and puts the difference. PACE_ENOTFOUND:
 * none does. */
static int put_near(struct putting *putting, const struct meta_base *bases, size_t count)
{
    int rc = PACE_ENOTFOUND;
    for (int same = 1; same >= 0 && rc == PACE_ENOTFOUND; same--) {
        for (size_t i = count; i-- > 0 && rc == PACE_ENOTFOUND;) {
            if ((bases[i].keys == putting->keys) == same)
                rc = put_difference(putting, bases[i].run);
        }
    }
    return rc;
}

/* Makes the run the newest base, in place of the one with its keys or of the oldest. */
static int add_base(struct putting *putting, const struct key *key, struct meta_base *bases,
                    size_t count)
{
    unsigned char record[SEAL_BYTES + META_BASES * sizeof *bases];
    size_t out = 0;
    while (out < count && bases[out].keys != putting->keys)
        out++;
    if (out == META_BASES) out = 0;
    if (out < count) memmove(bases + out, bases + out + 1, (--count - out) * sizeof *bases);
    bases[count++] = (struct meta_base){.keys = putting->keys, .run = putting->run};
    memcpy(record + SEAL_BYTES, bases, count * sizeof *bases);
    size_t len = SEAL_BYTES + count * sizeof *bases;
    seal_close(record, len, key->bytes, key->len);
    return kv_put(putting->txn, key, record, len, putting->error);
}

int meta_put(struct kv_txn *txn, uint32_t project, uint64_t run, const struct meta_pair *pairs,
             size_t count, int is_short, struct arena *arena, struct row_buffer *buffer,
             struct pace_error *error, uint32_t *parts)
{
    struct putting putting = {.txn = txn,
                              .run = run,
                              .pairs = pairs,
                              .count = count,
                              .arena = arena,
                              .buffer = buffer,
                              .error = error};
    struct meta_base bases[META_BASES];
    struct kv_slice body = {0};
    struct key key = key_bases(project);
    *parts = count > 0;
    if (count == 0) return 0;
    for (size_t i = 0; i < count; i++) {
        putting.keys = seal_hash(pairs[i].key, strlen(pairs[i].key) + 1, putting.keys);
        putting.bytes += pair_bytes(&pairs[i]);
    }
    if (!is_short || putting.bytes < LITTLE_BYTES || putting.bytes >= META_PART_BYTES)
        return put_whole(txn, run, pairs, count, buffer, error, parts);
    int rc = kv_get_sealed(txn, &key, "bases of metadata", error, &body);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    size_t known = rc ? 0 : body.len / sizeof *bases;
    if (known > META_BASES || (!rc && body.len % sizeof *bases))
        return error_damaged(error, "%s: the bases of metadata of project %u", kv_path(txn),
                             project);
    if (known) memcpy(bases, body.data, known * sizeof *bases);
    rc = put_near(&putting, bases, known);
    if (rc != PACE_ENOTFOUND) return rc;
    rc = put_whole(txn, run, pairs, count, buffer, error, parts);
    return rc ? rc : add_base(&putting, &key, bases, known);
}
