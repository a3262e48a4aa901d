/* blocks.h -- the blocks of a stream: the list of them, and reading one.
 *
 * SMALL blocks come of folded log rows, LARGE ones of small ones (fold.h). A stream's blocks may
 * overlap in time, when runs arrived late: readers merge them. No run is in two.
 *
 *   list, chunk 0:   | sum u64 | struct block_jobs | struct block_entry of each small block |
 *   list, chunk n:   | sum u64 | struct block_entry of up to 1,024 large blocks |
 *
 * The stream's record has the number of entries. A block that a writer has begun but not finished
 * has records and no entry. */
#ifndef PACE_BLOCKS_H
#define PACE_BLOCKS_H

#include "block.h"
#include "stream.h"

enum { BLOCKS_PER_CHUNK = 1024 };

enum block_state {
    BLOCK_SMALL = 0,
    BLOCK_MERGING = 1, /* small, being copied to a large one */
    BLOCK_LARGE = 2,
};

struct block_entry {
    int64_t first_time_ns, last_time_ns;
    uint64_t first_run, last_run;
    uint32_t first_ordinal, last_ordinal;
    uint32_t block, runs;
    uint32_t columns; /* the columns below are in its groups */
    uint32_t state;   /* enum block_state */
};
_Static_assert(sizeof(struct block_entry) == 56, "layout on disk");

static inline struct position block_first(const struct block_entry *entry)
{
    return (struct position){
        .time_ns = entry->first_time_ns, .ordinal = entry->first_ordinal, .run = entry->first_run};
}

static inline struct position block_last(const struct block_entry *entry)
{
    return (struct position){
        .time_ns = entry->last_time_ns, .ordinal = entry->last_ordinal, .run = entry->last_run};
}

/* What was begun: the number of the block being made (0: none), and the column to go on with. */
struct block_jobs {
    struct block_job {
        uint32_t block, next_column;
    } fold, merge;
};
_Static_assert(sizeof(struct block_jobs) == 16, "layout on disk");

struct block_list {
    struct block_jobs jobs;
    struct block_entry *entries; /* the small ones, then the large ones, each as they were made */
    uint32_t small, large, capacity;
};

int block_list_load(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                    struct pace_error *error, struct block_list *out);
/* Stores chunk 0 and the large entries from `from_large` on; counts them in the record (not
 * stored). */
int block_list_store(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
                     const struct block_list *list, uint32_t from_large, struct pace_error *error);
/* Adds an entry among the small or the large ones. 0, or -1 without memory. */
int block_list_add(struct block_list *list, const struct block_entry *entry);
void block_list_free(struct block_list *list);

/* The runs of a block; its entry is checked against them unless NULL. */
int blocks_runs(struct kv_txn *txn, uint32_t stream, uint32_t block,
                const struct block_entry *entry, struct pace_error *error, struct block_runs *out);

/* A cursor for blocks_group. */
int blocks_cursor(struct kv_txn *txn, struct pace_error *error, struct kv_cursor **out);

/* The group that covers a column, of a block that has it. */
int blocks_group(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream, uint32_t block,
                 uint32_t column, uint32_t runs, struct pace_error *error, struct block_group *out);

/* Columns that are mostly in the first group of a block. */
enum { BLOCKS_FIRST_COLUMNS = 32 };

/* Finds the first group of a block, which is on its way into the cache then, while something else is done. That it is
 * absent is left to who reads it. */
struct blocks_ahead {
    uint32_t block; /* 0: none */
    struct kv_slice record;
};
int blocks_look_ahead(struct kv_cursor *cursor, uint32_t stream, uint32_t block,
                      struct pace_error *error, struct blocks_ahead *ahead);
/* blocks_group of a column of that block. */
int blocks_group_ahead(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream,
                       const struct blocks_ahead *ahead, uint32_t column, uint32_t runs,
                       struct pace_error *error, struct block_group *out);

/* Finds a run by its place; PACE_ENOTFOUND when no block has it. */
int blocks_find(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                const struct position *position, struct pace_error *error,
                struct pace_run_view *out);

/* Removes a block's records. */
int blocks_delete(struct kv_txn *txn, uint32_t stream, const struct block_entry *entry,
                  struct pace_error *error);

int blocks_damaged(struct kv_txn *txn, uint32_t stream, uint32_t block, struct pace_error *error);

#endif
