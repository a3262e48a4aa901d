/* log.h -- the log of a stream: the rows of its newest arrivals, in order of history.
 *
 * A run is appended as a row; writers fold rows into blocks as they go (fold.h). Rows are chained:
 * each names the run of the row before it, and the stream's record has the last and their number.
 * A row that a damaged page hides is an error. A run that arrives late rewrites the row after it; a
 * run at the end, the ordinary case, touches no other row.
 *
 * The log is short (the limits of fold.h), so it is read as a whole. */
#ifndef PACE_LOG_H
#define PACE_LOG_H

#include "row.h"
#include "stream.h"

/* A run to be put: cells sorted by column, all of the stream; or (values) what row_encode_values
 * takes. */
struct log_run {
    int is_short; /* the row may be a short one */
    struct position position;
    int64_t ran_ns;
    uint32_t flags;
    const char *commit;
    const struct row_cell *cells;
    const double *values; /* NULL: it has cells */
    size_t cell_count;
};

/* Puts a run into the log of a stream and counts it in the stream's record (not stored here). */
int log_put(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
            const struct log_run *run, struct row_buffer *buffer, struct pace_error *error);

/* Removes rows, which are in order, and counts them in the record (not stored here). */
int log_remove(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               const struct position *positions, size_t count, struct pace_error *error);

/* Reads one part of a run's row, or PACE_ENOTFOUND. */
int log_get(struct kv_txn *txn, uint32_t stream, const struct position *position, uint8_t part,
            struct pace_error *error, struct row *row);

/* A row as pace_scan_next and pace_run_get show it; its place. */
struct pace_run_view log_view(const struct row *row);
static inline struct position log_position(const struct row *row)
{
    return (struct position){
        .time_ns = row->header.time_ns, .ordinal = row->header.ordinal, .run = row->header.run};
}

/* All rows (their part 0) in order. In a batch they last until its next change. */
struct log_rows {
    struct row *rows;
    size_t count;
};
int log_load(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
             struct pace_error *error, struct log_rows *out);
/* The newest `count` of them, at most all. */
int log_load_newest(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                    size_t count, struct pace_error *error, struct log_rows *out);
void log_rows_free(struct log_rows *rows);

/* Another part of a row; PACE_ECORRUPT when there is none. */
int log_part(struct kv_txn *txn, const struct row *row, uint8_t part, struct pace_error *error,
             struct row *out);

#endif
