/* fold.h -- rows become blocks, small blocks become large ones, a step at a time.
 *
 * A row is cheap to append and dear to read column by column. When a stream's log has grown to a
 * limit, its oldest rows are FOLDED into a small block; when enough small blocks have gathered, the
 * oldest are MERGED into a large one, whose values are packed. The newest runs stay rows, and those
 * before them in small blocks.
 *
 * Work is done by writers inside their batch, at most one STEP an append: one group of columns of
 * one block, so that no append waits for a whole fold. What was begun is written in the stream's
 * list of blocks; rows and small blocks count until the step that ends their fold takes them away.
 * A batch that fails or a process that dies leaves the fold as it was after the last durable
 * append. */
#ifndef PACE_FOLD_H
#define PACE_FOLD_H

#include "blocks.h"
#include "gather.h"
#include "head.h"

struct fold_limits {
    uint32_t runs;  /* rows that make a fold: at most a chunk of runs */
    uint64_t cells; /* or cells, of at least least_runs rows */
    uint32_t least_runs;
    uint32_t
        keep_rows; /* the newest, of `cells` cells at most, that a fold leaves; not over half */
    uint32_t large_runs;  /* runs of a large block: at most BLOCK_RUNS_MAX */
    uint32_t keep_runs;   /* the newest that stay in small blocks */
    uint32_t step_cells;  /* of a step, or */
    uint32_t step_factor; /* so many times the cells of the run that is appended, if that is more */
    uint32_t direct_runs; /* new runs of a stream in one batch that go to blocks at once */
    int all;              /* 1: small blocks become a large one however few they are */
    /* A stream of at most so many columns is NARROW: so many rows join its newest small block, which
     * is written again until it has `runs` runs. 0 columns: no stream is. */
    uint32_t narrow_columns, narrow_runs;
    uint32_t
        totals_rows; /* so many that are not in the totals are added; 0: no stream gets totals */
};
extern const struct fold_limits fold_limits_default;

/* What folding works with; kept from step to step. */
struct fold {
    const struct fold_limits *limits;
    uint64_t forms; /* FORMAT_ bits: what records the store may have */
    struct gather gather;
    struct block_writer writer;
    struct row_buffer runs, group, totals;
};
void fold_free(struct fold *fold);

/* Does at most one step of what there is to do, after a run of `cells` cells. The record is
 * changed, not stored. */
int fold_step(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
              uint64_t cells, struct pace_error *error);

/* So many rows stay in the log of a stream when others are folded: the newest runs are what is asked for
 * most, and of a block they are not read without those beside them. */
uint32_t fold_kept_rows(const struct fold_limits *limits, const struct stream_record *record);

/* 1 when there is a step to do. */
int fold_wanted(const struct fold_limits *limits, const struct stream_record *record);

/* A stream folded as far as it gets smaller by it, for a compaction: all is in large blocks, but for a
 * few rows that would take more space as columns. */
struct fold_whole {
    struct fold fold;
    struct fold_limits limits; /* of the store, turned to folding all */
    const struct fold_limits *ordinary;
    uint64_t last_run; /* the largest number of a run of the store; the caller's to set */
};
void fold_whole_init(struct fold_whole *whole, const struct fold_limits *limits);
void fold_whole_free(struct fold_whole *whole);

/* Where the folding of one stream is. */
struct fold_whole_at {
    int begun, done;
};

/* Goes on with a stream until it is done or *cells (about; what was done is taken off) are spent. The
 * record is changed, not stored. */
int fold_whole_step(struct fold_whole *whole, struct kv_txn *txn, uint32_t stream,
                    struct stream_record *record, struct fold_whole_at *at, uint64_t *cells,
                    struct pace_error *error);

/* -- for fold*.c and bulk.c ---------------------------------------------------------- */

/* The entry of a block from its first and last run. */
struct block_entry fold_entry(uint32_t block, uint32_t columns, enum block_state state,
                              const struct pace_run_view *first, const struct pace_run_view *last,
                              uint32_t runs);

/* Encodes the runs of a new block to fold->runs; puts them. */
int fold_encode_runs(struct fold *fold, uint32_t stream, uint32_t block, uint32_t columns,
                     const struct pace_run_view *runs, size_t count, const struct key *key,
                     struct pace_error *error);
int fold_put_runs(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                  uint32_t columns, const struct pace_run_view *runs, size_t count,
                  struct pace_error *error);

/* How the values of large blocks are packed. */
static inline enum pack_how fold_packing(const struct fold *fold)
{
    return fold->forms & FORMAT_SHORT ? PACK_SHORT : PACK_LOOSE;
}

/* Writes the columns of fold->gather as one group; *until (at most gather.until) is where the next
 * has to begin. */
int fold_put_group(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                   uint32_t runs, enum pack_how how, struct pace_error *error, uint32_t *until);

/* Ends fold->writer's group and puts it. */
int fold_end_group(struct fold *fold, struct kv_txn *txn, uint32_t stream, uint32_t block,
                   uint32_t until, struct pace_error *error);

/* One step of a merge that is under way or due; may find nothing to do. The list is changed and
 * stored. */
int merge_step(struct fold *fold, struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               struct block_list *list, uint64_t cells, struct pace_error *error);

/* Whether the rows of a narrow stream are to join a block; does it, in one step. The list and the record
 * are changed, not stored. */
int fold_narrow_due(const struct fold_limits *limits, const struct stream_record *record);
int fold_narrow(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                struct stream_record *record, struct block_list *list, struct pace_error *error);

/* Adds the rows to the totals of their stream that are not in them. */
int fold_totals(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                struct stream_record *record, struct pace_error *error);
/* The same, when one of these rows, which are to leave the log, is not in them. */
int fold_totals_cover(struct fold *fold, struct kv_txn *txn, uint32_t stream,
                      struct stream_record *record, const struct position *rows, size_t count,
                      struct pace_error *error);

/* 1 when the small blocks are enough for a large one. */
int merge_due(const struct fold_limits *limits, const struct block_list *list);

#endif
