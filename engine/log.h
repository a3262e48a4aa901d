/* log.h -- the log of a stream: its rows in order of history, written and walked.
 *
 * Rows are chained: each names the run of the row before it, and the stream's record names the
 * last. A walk that misses a row, because a damaged page hides it, is an error. A run that arrives
 * late rewrites the row after it; a run at the end, the ordinary case, touches no other row.
 *
 * A walk is a ROW SOURCE: log_walk_next gives row after row, log_walk_part the further parts of a
 * wide row. scan.c knows no more than that. */
#ifndef PACE_LOG_H
#define PACE_LOG_H

#include "row.h"
#include "stream.h"

/* A run to be put: cells sorted by column, all of the stream. */
struct log_run {
    struct position position;
    int64_t ran_ns;
    uint32_t flags;
    const char *commit;
    const struct row_cell *cells;
    size_t cell_count;
};

/* Puts a run into the log of a stream and counts it in the stream's record (not stored here). */
int log_put(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
            const struct log_run *run, struct row_buffer *buffer, struct pace_error *error);

/* Reads one part of a run's row; PACE_ECORRUPT when there is none. */
int log_get(struct kv_txn *txn, uint32_t stream, const struct position *position, uint8_t part,
            struct pace_error *error, struct row *row);

/* A row as pace_scan_next and pace_run_get show it. */
struct pace_run_view log_view(const struct row *row);

struct log_walk {
    struct kv_txn *txn;
    struct kv_cursor *cursor;
    struct key prefix; /* of the stream's keys */
    uint32_t stream;
    int64_t until_ns;
    uint64_t last_run; /* of the stream */
    uint64_t expected; /* run of the row before the next one */
    int at_row, done;  /* the cursor is on a row that was not given yet; the end was seen */
    struct kv_slice key, value;
};

/* Begins a walk over the rows of a range. log_walk_close also after an error. */
int log_walk_open(struct log_walk *walk, struct kv_txn *txn, uint32_t stream,
                  const struct stream_record *record, const struct pace_range *range,
                  struct pace_error *error);
void log_walk_close(struct log_walk *walk);

/* The next row (part 0), or PACE_ENOTFOUND at the end. */
int log_walk_next(struct log_walk *walk, struct pace_error *error, struct row *row);

/* Another part of a row that log_walk_next gave. */
int log_walk_part(struct log_walk *walk, const struct row *row, uint8_t part,
                  struct pace_error *error, struct row *out);

#endif
