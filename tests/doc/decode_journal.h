/* decode_journal.h -- the journal, as pace-format(5) has it: its changes are laid over the records
 * of the tables. Included by decode.h. */
#ifndef DECODE_JOURNAL_H
#define DECODE_JOURNAL_H

/* The place of a key among the records; *is_there: it has one. */
static inline size_t place_of(const struct decoder *d, const byte *key, size_t key_len,
                              int *is_there)
{
    struct key_bytes wanted = {.len = key_len};
    REQUIRE(key_len <= sizeof wanted.bytes);
    memcpy(wanted.bytes, key, key_len);
    size_t at = first_at(d, &wanted);
    *is_there = at < d->count &&
                compare_keys(d->records[at].key, d->records[at].key_len, key, key_len) == 0;
    return at;
}

/* One change; where the next one is. */
static inline const byte *decode_change(struct decoder *d, const byte *change, const byte *end)
{
    REQUIRE(end - change >= 8);
    uint32_t len = u32(change);
    size_t key_len = change[4];
    REQUIRE(key_len > 0 && change[5] == 0 && change[6] == 0 && change[7] == 0);
    const byte *key = change + 8, *value = key + pad8(key_len);
    int is_there, is_removed = len == UINT32_MAX;
    if (is_removed) len = 0;
    REQUIRE(value <= end && pad8(len) <= (size_t)(end - value));
    for (size_t i = key_len; i < pad8(key_len); i++)
        REQUIRE(key[i] == 0);
    for (size_t i = len; i < pad8(len); i++)
        REQUIRE(value[i] == 0);
    size_t at = place_of(d, key, key_len, &is_there);
    d->seen.changed++;
    d->seen.removed += (unsigned)is_removed;
    if (is_removed && is_there) {
        d->count--;
        memmove(d->records + at, d->records + at + 1, (d->count - at) * sizeof *d->records);
    } else if (!is_removed) {
        if (!is_there) {
            d->records = realloc(d->records, (d->count + 2) * sizeof *d->records);
            assert_non_null(d->records);
            memmove(d->records + at + 1, d->records + at, (d->count - at) * sizeof *d->records);
            d->count++;
        }
        d->records[at] = (struct record){.key = key, .key_len = key_len, .data = value, .len = len};
    }
    return value + pad8(len);
}

/* 1 when record `number` is whole there; its changes are made. */
static inline int decode_record(struct decoder *d, const byte *at, const byte *end, uint64_t nonce,
                                uint64_t number, const byte **next)
{
    if (end - at < 24) return 0;
    uint32_t len = u32(at + 8), changes = u32(at + 12);
    if (len < 24 || len % 8 || len > end - at || u64(at + 16) != number ||
        u64(at) != hash_seeded(at + 8, len - 8, nonce))
        return 0;
    *next = at + len;
    for (at += 24; changes > 0; changes--)
        at = decode_change(d, at, *next);
    REQUIRE(at == *next);
    d->seen.journal++;
    return 1;
}

/* Lays the journal, if there is one, over the records. */
static inline void decode_journal(struct decoder *d)
{
    static const byte name[] = {0xff, 'j'};
    int is_there;
    size_t at = place_of(d, name, sizeof name, &is_there);
    if (!is_there) return;
    REQUIRE(at + 1 == d->count);
    const struct record room = *sealed(&(struct record){
        .key = name, .key_len = sizeof name, .data = d->records[at].data, .len = 32});
    REQUIRE(u64(room.data + 16) == mdb_txn_id(d->txn));
    REQUIRE(u64(room.data + 24) == d->records[at].len);
    const byte *next = room.data + 32, *end = room.data + d->records[at].len;
    d->count--;
    d->has_journal = 1;
    for (uint64_t number = 1; decode_record(d, next, end, u64(room.data + 8), number, &next);)
        number++;
    while (next < end)
        REQUIRE(*next++ == 0);
}

#endif
