/* kv_journal.h -- the journal: what little batches changed since the last commit of LMDB, as
 * records one behind the other in a room of fixed size. Pure: bytes only, no LMDB.
 *
 *     room    | sum u64 | nonce u64 | txn u64 | bytes u64 |  records ...  zeros
 *     record  | sum u64 | bytes u32 | changes u32 | number u64 |  changes ...
 *     change  | value bytes u32 | key bytes u8 | 3 zeros | key, to 8 bytes | value, to 8 bytes |
 *
 * The room is a value of LMDB under a key that no table has. `txn` is the commit that put it there,
 * `bytes` what it has. A record is one batch, or several that share a flush, and is written in
 * place: one write, one flush, where a commit of LMDB has two and copies each page that it touches.
 * Records are numbered 1, 2, 3 ...; a record's sum is over what follows it and seeded by the nonce,
 * a random number of this room, so that bytes of another journal that lay there do not count. Value
 * bytes JOURNAL_REMOVED: the key is removed.
 *
 * A record is written after the one before it is on disk. So where a record is not whole, it is one
 * whose writer was killed or lost power before it was acknowledged, and ends the journal; but when
 * a whole one lies behind it, it is damaged. */
#ifndef PACE_KV_JOURNAL_H
#define PACE_KV_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

enum {
    JOURNAL_ALIGN = 8,
    JOURNAL_LOOK_BYTES =
        8192, /* behind the end: zeros so far, and nothing is looked for behind them */
};
#define JOURNAL_REMOVED UINT32_MAX
#define JOURNAL_KEY     "\377j" /* of the room, in LMDB; its header is sealed with it */
enum { JOURNAL_KEY_LEN = 2 };

struct journal_header {
    uint64_t sum, nonce, txn, bytes;
};
_Static_assert(sizeof(struct journal_header) == 32, "layout on disk");

struct journal_record {
    uint64_t sum;
    uint32_t bytes; /* of the record with its changes: a multiple of JOURNAL_ALIGN */
    uint32_t changes;
    uint64_t number;
};
_Static_assert(sizeof(struct journal_record) == 24, "layout on disk");

struct journal_change_header {
    uint32_t value_bytes;
    uint8_t key_bytes, zero[3];
};
_Static_assert(sizeof(struct journal_change_header) == 8, "layout on disk");

/* Where the next record goes: behind `records` records. */
struct journal_end {
    size_t at;
    uint64_t records;
};

/* The end of an empty one. */
struct journal_end journal_start(void);

/* Makes an empty room of `bytes` bytes. */
void journal_create(unsigned char *room, size_t bytes, uint64_t nonce, uint64_t txn);

/* 1 when the bytes are a room: its header is whole. */
int journal_open(const unsigned char *room, size_t bytes, struct journal_header *out);

/* What lies at an end: a whole record; none; or one that is damaged, for whole ones follow.
 * `thorough`: these are looked for in the whole room, also behind zeros. Others may be writing to
 * the room. */
enum journal_found { JOURNAL_RECORD, JOURNAL_ENDS, JOURNAL_DAMAGED };
enum journal_found journal_look(const unsigned char *room, const struct journal_header *header,
                                const struct journal_end *end, int thorough,
                                struct journal_record *out);

struct journal_change {
    const unsigned char *key, *value; /* value NULL: the key is removed */
    size_t key_len, value_len, next;  /* next: where the change behind it would be */
};
/* The change at `at`; -1 when it does not lie in the room. */
int journal_change(const unsigned char *room, size_t bytes, size_t at, struct journal_change *out);

/* What a change takes in a record. */
size_t journal_change_bytes(size_t key_len, size_t value_len);

/* A record under construction, in a room that nobody else sees: changes are put one behind the
 * other, then it is closed. There must be space for them. journal_put gives the place of the value;
 * len JOURNAL_REMOVED: none is kept. */
struct journal_draft {
    size_t begin, at; /* of the record, of its next change */
    uint32_t changes;
};
struct journal_draft journal_begin(const struct journal_end *end);
unsigned char *journal_put(unsigned char *room, struct journal_draft *draft, const void *key,
                           size_t key_len, uint32_t len);
void journal_close(unsigned char *room, const struct journal_draft *draft, uint64_t nonce,
                   uint64_t number);

#endif
