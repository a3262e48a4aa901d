/* snapshot.h -- what a pace_snapshot is inside: a read transaction, the head, and what was read. */
#ifndef PACE_SNAPSHOT_H
#define PACE_SNAPSHOT_H

#include "index.h"
#include "map.h"
#include "store.h"
#include "stream.h"

/* What a scan of the snapshot leaves for the next. */
struct scan_memory {
    size_t cells;
    int is_ok; /* every status is PACE_CELL_OK */
    double *value;
    uint8_t *status;
};

/* What a snapshot read of the newest runs, for the next one of the handle. */
struct spare_tail {
    struct index_tail tail;
    uint64_t indexed; /* it has the runs behind this one */
};

struct pace_snapshot {
    struct pace *store; /* NULL: of pace_verify, which opens none */
    struct kv *kv;
    struct kv_txn *txn;
    struct arena arena; /* owns all that is handed out and does not lie in the store */
    struct head head;
    const char **names[PACE_DIMENSION_COUNT]; /* NULL: not read yet */
    struct pace_stream *streams;
    struct stream_record *records; /* of all streams, once they were listed; NULL before */
    struct scan_memory spare;
    struct shapes shapes; /* read so far; their maps stay empty */
    struct index_tail tail;
};

void snapshot_spare_free(struct spare_tail *spare); /* NULL is allowed */

/* 0, or PACE_EFORKED. */
int snapshot_check(const struct pace_snapshot *snapshot, struct pace_error *error);

/* The run with an identity and its content, or PACE_ENOTFOUND without a message. */
int snapshot_find_identity(struct pace_snapshot *snapshot, const char *id, struct pace_error *error,
                           uint64_t *run, struct seal_digest *content);

/* The record of a stream, or PACE_ENOTFOUND with a message. */
int snapshot_stream(struct pace_snapshot *snapshot, uint32_t stream, struct pace_error *error,
                    struct stream_record *out);

#endif
