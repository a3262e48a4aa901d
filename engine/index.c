/* index.c -- runs by number, and the numbers that are in no use: see index.h. */
#include "index.h"
#include "error.h"

#include <string.h>

/* What follows the place: lengths and forms of the two texts. */
struct run_texts {
    struct seal_digest content;
    uint8_t id_len, id_form, commit_len, commit_form;
};
enum { RUN_TEXTS_BYTES = 16 + 4, RUN_BODY_LEAST = 24 + RUN_TEXTS_BYTES };

_Static_assert(RUN_BODY_LEAST + PACE_MAX_RUN_ID + PACE_MAX_COMMIT <= KV_STRUCT_MAX,
               "fits a record");
_Static_assert(PACE_MAX_RUN_ID <= UINT8_MAX && PACE_MAX_COMMIT <= UINT8_MAX, "lengths are u8");

struct position run_position(const struct run_place *place, uint64_t run)
{
    return (struct position){.time_ns = place->time_ns, .ordinal = place->ordinal, .run = run};
}

/* -- texts of a run -------------------------------------------------------------------------- */

/* -1: none. */
static int hex_digit(char c)
{
    static const uint8_t digits[256] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};
    return digits[(unsigned char)c] - 1;
}

/* Writes a text in the shorter form; returns its length there. */
static size_t pack_text(const char *text, size_t len, unsigned char *out, uint8_t *form)
{
    size_t digits = 0;
    while (digits < len && hex_digit(text[digits]) >= 0)
        digits++;
    *form = len > 0 && digits == len && len % 2 == 0 ? TEXT_HEX : TEXT_PLAIN;
    if (*form == TEXT_PLAIN) {
        memcpy(out, text, len);
        return len;
    }
    for (size_t i = 0; i < len; i += 2)
        out[i / 2] = (unsigned char)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
    return len / 2;
}

static size_t packed_len(uint8_t len, uint8_t form)
{
    return form == TEXT_HEX ? len / 2u : len;
}

static void unpack_text(const unsigned char *at, uint8_t len, uint8_t form, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        if (form == TEXT_HEX)
            out[i] = digits[i % 2 ? at[i / 2] & 15 : at[i / 2] >> 4];
        else
            out[i] = (char)at[i];
    }
    out[len] = 0;
}

int index_put_run(struct kv_txn *txn, uint64_t run, const struct run_place *place, const char *id,
                  const char *commit, const struct seal_digest *content, struct pace_error *error)
{
    unsigned char body[RUN_BODY_LEAST + PACE_MAX_RUN_ID + PACE_MAX_COMMIT];
    struct run_texts texts = {
        .content = *content, .id_len = (uint8_t)strlen(id), .commit_len = (uint8_t)strlen(commit)};
    size_t len = RUN_BODY_LEAST;
    len += pack_text(id, texts.id_len, body + len, &texts.id_form);
    len += pack_text(commit, texts.commit_len, body + len, &texts.commit_form);
    memcpy(body, place, sizeof *place);
    memcpy(body + sizeof *place, &texts, RUN_TEXTS_BYTES);
    struct key key = key_run(run);
    return kv_put_struct(txn, &key, body, len, error);
}

static int damaged_run(struct kv_txn *txn, uint64_t run, struct pace_error *error)
{
    return error_damaged(error, "%s: the index entry of run %llu", kv_path(txn),
                         (unsigned long long)run);
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
        rc = damaged_run(txn, run, error);
    kv_cursor_close(cursor);
    return rc;
}

/* -- runs ------------------------------------------------------------------------------------ */

/* Takes a record's body apart. 0, or -1: it makes no sense. */
static int read_run(struct kv_slice body, struct run_place *place, struct run_names *names)
{
    struct run_texts texts;
    if (body.len < RUN_BODY_LEAST) return -1;
    memcpy(place, body.data, sizeof *place);
    memcpy(&texts, body.data + sizeof *place, RUN_TEXTS_BYTES);
    size_t id_len = packed_len(texts.id_len, texts.id_form);
    if (texts.id_len == 0 || texts.id_len > PACE_MAX_RUN_ID || texts.commit_len > PACE_MAX_COMMIT ||
        texts.id_form > TEXT_HEX || texts.commit_form > TEXT_HEX ||
        body.len != RUN_BODY_LEAST + id_len + packed_len(texts.commit_len, texts.commit_form))
        return -1;
    if (!names) return 0;
    names->content = texts.content;
    names->id_len = texts.id_len;
    names->commit_len = texts.commit_len;
    unpack_text(body.data + RUN_BODY_LEAST, texts.id_len, texts.id_form, names->id);
    unpack_text(body.data + RUN_BODY_LEAST + id_len, texts.commit_len, texts.commit_form,
                names->commit);
    return 0;
}

int index_get_run(struct kv_txn *txn, uint64_t run, struct pace_error *error,
                  struct run_place *place, struct run_names *names)
{
    struct key key = key_run(run);
    struct kv_slice body;
    int rc = kv_get_sealed(txn, &key, "the index of runs", error, &body);
    if (rc == PACE_ENOTFOUND) return explain_absence(txn, run, error);
    if (rc) return rc;
    return read_run(body, place, names) ? damaged_run(txn, run, error) : 0;
}

int index_walk_runs(struct kv_txn *txn, uint64_t from, uint64_t until, struct pace_error *error,
                    int (*visit)(void *context, uint64_t run, const struct run_names *names),
                    void *context)
{
    struct key key = key_run(from);
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    if (from > until) return 0;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &key, error, &found, &value);
    for (uint64_t run = from; !rc; run++) {
        struct run_place place;
        struct run_names names;
        key = key_run(run);
        int is_good = found.len == key.len && memcmp(found.data, key.bytes, key.len) == 0 &&
                      seal_good(value.data, value.len, key.bytes, key.len);
        struct kv_slice body = {value.data + SEAL_BYTES, value.len - SEAL_BYTES};
        if (!is_good || read_run(body, &place, &names))
            rc = damaged_run(txn, run, error);
        else
            rc = visit(context, run, &names);
        if (rc || run == until) break;
        rc = kv_cursor_next(cursor, error, &found, &value);
    }
    if (rc == PACE_ENOTFOUND) rc = damaged_run(txn, from, error);
    kv_cursor_close(cursor);
    return rc;
}
