/* head.h -- the two records that describe a store as a whole: its format, and its counts.
 *
 * The counts let a reader notice what is missing: a name, a stream, a mark that a damaged index
 * page no longer shows is an error, not an absence. */
#ifndef PACE_HEAD_H
#define PACE_HEAD_H

#include "kv.h"

enum { FORMAT_VERSION = 4 };

/* What the store needs of those who open it. An unknown read bit refuses, an unknown write bit
 * opens read-only. A store gets its bits when it is made; one without a bit is never given what the
 * bit stands for. */
#define FORMAT_SHORT     ((uint64_t)1) /* read: meta.h, samples.h, pack.h, row.h, block.h */
#define FORMAT_KEYS      ((uint64_t)2) /* read: block_runs.h */
#define FORMAT_READ_BITS (FORMAT_SHORT | FORMAT_KEYS)
/* Read, and of no store for long: it has a journal (kv_journal.h), with runs in no table. */
#define FORMAT_JOURNAL    ((uint64_t)4)
#define FORMAT_WRITE_BITS ((uint64_t)0)

struct format {
    char magic[8]; /* FORMAT_MAGIC */
    uint32_t version, zero;
    uint64_t read_bits, write_bits;
    int64_t created_ns;
};
_Static_assert(sizeof(struct format) == 40, "layout on disk");
#define FORMAT_MAGIC "pace\r\n\032" /* 8 bytes with the 0 */

struct name_count {
    uint32_t names, chunks;
};

struct head {
    uint64_t runs, cells, series;
    uint64_t indexed; /* all runs up to this one are in the tables of identities and commits */
    uint64_t commits; /* runs that have one */
    uint64_t marks, undone, objects;
    struct name_count names[PACE_DIMENSION_COUNT];
    uint32_t streams, shapes;
};
_Static_assert(sizeof(struct head) == 8 * 8 + 5 * 8 + 8, "layout on disk");

/* Writes both records of an empty store. */
int head_create(struct kv_txn *txn, struct pace_error *error);

/* Reads the format: PACE_ENOSTORE, PACE_EFORMAT, or *readonly = 1 when it must not be written. */
int head_check_format(struct kv_txn *txn, struct pace_error *error, int *readonly);

/* Notes that the store has a journal, or has none. */
int head_mark_journal(struct kv_txn *txn, int there, struct pace_error *error);

/* What records the store may have: its read bits, but FORMAT_JOURNAL. */
int head_read_bits(struct kv_txn *txn, struct pace_error *error, uint64_t *bits);

int head_load(struct kv_txn *txn, struct pace_error *error, struct head *out);
int head_store(struct kv_txn *txn, const struct head *head, struct pace_error *error);

/* Wall clock. */
int64_t head_now_ns(void);

#endif
