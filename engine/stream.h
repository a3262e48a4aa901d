/* stream.h -- streams, and the lists of columns that streams of one shape share.
 *
 * A SHAPE is a list of columns that only grows. A stream has the first `column_count` columns of
 * one shape. When a run brings columns that are new to its stream:
 *   - those that come next in the shape just extend the stream's count;
 *   - a stream that has all of its shape appends the rest to it (streams behind it do not notice);
 *   - otherwise the stream gets a shape of its own that begins with the columns it had.
 * So ten thousand pull requests with the benchmarks of main cost one list and ten thousand counts.
 *
 *   stream:       struct stream_record, sealed
 *   stream index: stream u32, sealed
 *   shape:        length u32, sealed
 *   columns:      | sum u64 | up to 500 x (benchmark u32, measure u32) |
 *   shape index:  up to 16 x shape u32, newest last, sealed */
#ifndef PACE_STREAM_H
#define PACE_STREAM_H

#include "head.h"
#include "map.h"

enum { COLUMNS_PER_CHUNK = 500, SHAPES_PER_START = 16 };

struct stream_record {
    uint32_t project, branch, testbed;
    uint32_t shape, column_count;
    uint32_t last_ordinal;
    uint64_t run_count, cell_count;
    int64_t first_time_ns, last_time_ns;
    uint64_t last_run; /* with last_time_ns and last_ordinal: the last place */
    /* The log: the runs that are in no block. */
    uint64_t log_run; /* the last row's; 0: the log is empty */
    int64_t log_time_ns;
    uint32_t log_ordinal, log_runs;
    uint64_t log_cells;
    /* The blocks. */
    uint32_t small_blocks, large_blocks;
    uint32_t next_block; /* numbers are from 1 and never used again */
    uint32_t jobs;       /* bits of enum stream_job */
    /* The totals: how many runs they are of, up to which number; 0: there are none. */
    uint64_t totals_runs, totals_last;
};
_Static_assert(sizeof(struct stream_record) == 128, "layout on disk");

/* What a writer has to go on with when it comes by (fold.h). */
enum stream_job { STREAM_FOLDS = 1, STREAM_MERGES = 2 };

int stream_load(struct kv_txn *txn, uint32_t stream, struct pace_error *error,
                struct stream_record *out);
/* All streams, of which there are `count`; out[i] is of stream i. */
int streams_load(struct kv_txn *txn, uint32_t count, struct pace_error *error,
                 struct stream_record *out);
int stream_store(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                 struct pace_error *error);

/* The stream with these names, or PACE_ENOTFOUND. */
int stream_find(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t testbed,
                struct pace_error *error, uint32_t *stream);

/* Counts one more run. */
void stream_count_run(struct stream_record *record, const struct position *position, size_t cells);

/* The places of the last run, and of the log's last. */
struct position stream_last(const struct stream_record *record);
struct position stream_log_last(const struct stream_record *record);

/* -- shapes in memory ------------------------------------------------------------------------ */

struct shape {
    uint32_t id, length, capacity;
    struct pace_column *columns;
    struct map by_name;  /* map_pair(benchmark, measure) -> column; only writers fill it */
    uint32_t *by_handle; /* column of a handle, MAP_NONE: not looked up; also the writers' */
    uint32_t handle_count;
};

/* Shapes that were read, by a snapshot or by the writers of a handle. They only grow and ids are
 * never reused, so what was read from a committed state stays right whatever other processes
 * append. */
struct shapes {
    struct shape *items;
    uint32_t count, capacity;
    struct map by_id; /* shape -> index in items */
};

void shapes_free(struct shapes *shapes);

/* The shape with all its columns. The pointer lasts until the next call, its columns until the
 * shape grows. */
int shapes_read(struct kv_txn *txn, struct shapes *shapes, uint32_t id, struct pace_error *error,
                struct shape **out);

/* The same, with its map filled. */
int shapes_get(struct kv_txn *txn, struct shapes *shapes, uint32_t id, struct pace_error *error,
               struct shape **out);

/* Makes a stream; its shape is the known one that agrees longest with `first` columns, or a new
 * one. */
int stream_create(struct kv_txn *txn, struct head *head, struct shapes *shapes, uint32_t project,
                  uint32_t branch, uint32_t testbed, const struct pace_column *first, size_t count,
                  struct pace_error *error, uint32_t *stream, struct stream_record *out);

/* Gives a stream `count` more columns, none of which it has. */
int stream_extend(struct kv_txn *txn, struct head *head, struct shapes *shapes,
                  struct stream_record *record, const struct pace_column *columns, size_t count,
                  struct pace_error *error);

#endif
