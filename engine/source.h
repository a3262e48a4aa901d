/* source.h -- the runs of a stream in order of history, from the log and from blocks that may
 * overlap.
 *
 * A SOURCE is the log or one block: runs in order. A walk over a range gives SPANS, one after
 * another in order of history: neighbouring runs of one source, so that cells are read from it many
 * at a time. With no late runs a span is a whole block, and no run needs to be looked at to find its
 * place: only a bound of time within a block does. */
#ifndef PACE_SOURCE_H
#define PACE_SOURCE_H

#include "blocks.h"
#include "log.h"

struct source {
    const struct block_entry *entry; /* NULL: the log */
    struct block_runs runs;          /* of a block, once it was opened */
    int opened;
    uint32_t next, end; /* the runs that are left */
    struct position
        at; /* of run `next`; not behind it where the source ends before the next begins */
    struct position last; /* of run `end - 1`; or not before it */
};

enum { SOURCE_AHEAD = 2 };

struct source_walk {
    struct kv_txn *txn;
    uint32_t stream;
    struct block_list list;
    struct log_rows log;
    struct source *sources; /* those with runs left, by `at` */
    uint32_t first, count;  /* sources[first .. count) are left */
    int are_apart;          /* each source begins behind the end of the one before it */
    struct blocks_ahead ahead[SOURCE_AHEAD]; /* blocks that are likely read first */
};

/* Some runs of one source. */
struct span {
    struct source *source;
    uint32_t first, count;
};

/* Begins a walk over the runs of a range. Where the newest few runs are asked for, what is likely read of blocks is
 * fetched with the cursor `groups` (blocks_cursor) while the log is looked at; NULL: it is not.
 * source_walk_close also after an error. */
int source_walk_open(struct source_walk *walk, struct kv_txn *txn, uint32_t stream,
                     const struct stream_record *record, const struct pace_range *range,
                     struct kv_cursor *groups, struct pace_error *error);
void source_walk_close(struct source_walk *walk);

/* The next span, of at most `most` runs, or PACE_ENOTFOUND at the end. */
int source_walk_next(struct source_walk *walk, uint32_t most, struct pace_error *error,
                     struct span *span);

/* The runs of the block that comes after the span that was given last, where all of it comes at once; else 0. */
uint32_t source_walk_block_next(const struct source_walk *walk);

/* Of a span that was given last, of which no run is left in its source: the block that comes after it. NULL: none does,
 * or another span of the same. */
const struct block_entry *source_walk_entry_next(const struct source_walk *walk,
                                                 const struct span *span);

/* The rows that are read after the span that was given last; *count 0: none, or what comes is no row. */
const struct row *source_walk_rows_next(const struct source_walk *walk, size_t *count);

/* The runs of a span; their commits may be left out: NULL. */
int source_views(struct source_walk *walk, const struct span *span, int with_commits,
                 struct pace_error *error, struct pace_run_view *out);
/* The same as columns. */
int source_columns(struct source_walk *walk, const struct span *span, struct pace_error *error,
                   struct block_run_columns *out);

#endif
