/* dense.c -- see dense.h. */
#include "dense.h"
#include "error.h"

#include <string.h>

enum { BATCH_BYTES = 8 << 20 };

struct dense {
    struct kv_cursor *cursor; /* of the snapshot */
    struct key last, next;    /* the last record of a batch that lasted; of the batch in hand */
    size_t most;              /* bytes of a batch */
    int is_done;
};

static int copy_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct dense *dense = context;
    struct kv_slice key, value;
    struct key after = dense->last;
    size_t bytes = 0;
    after.bytes[after.len++] = 0; /* behind the key, before any other */
    int rc = kv_cursor_seek(dense->cursor, &after, error, &key, &value);
    while (!rc && bytes < dense->most) {
        dense->next.len = key.len;
        memcpy(dense->next.bytes, key.data, key.len);
        rc = kv_put_last(txn, &dense->next, value.data, value.len, error);
        bytes += key.len + value.len;
        if (!rc) rc = kv_cursor_next(dense->cursor, error, &key, &value);
    }
    dense->is_done = rc == PACE_ENOTFOUND;
    return dense->is_done ? 0 : rc;
}

static void finish_batch(void *context, int committed)
{
    struct dense *dense = context;
    if (committed) dense->last = dense->next;
}

/* A new store is made with its first record. */
static int copy_snapshot(struct dense *dense, const char *path, unsigned timeout_ms,
                         struct pace_error *error)
{
    struct kv_work work = {.run = copy_batch, .finish = finish_batch, .context = dense};
    struct kv_options options = {.timeout_ms = timeout_ms, .create = 1, .fill = work};
    struct kv *to;
    dense->most = 1;
    int rc = kv_open(path, &options, error, &to);
    if (rc) return rc;
    finish_batch(dense, 1);
    dense->most = BATCH_BYTES;
    while (!rc && !dense->is_done)
        rc = kv_write(to, timeout_ms, &work, error);
    kv_close(to);
    return rc;
}

int dense_copy(struct kv *from, const char *path, unsigned timeout_ms, struct pace_error *error)
{
    struct dense dense = {0};
    struct kv_txn *txn;
    int rc =
        kv_settle(from, timeout_ms, error); /* the format record says whether there is a journal */
    if (!rc) rc = kv_read_begin(from, timeout_ms, error, &txn);
    if (rc) return rc;
    rc = kv_cursor_open(txn, error, &dense.cursor);
    if (!rc) {
        rc = copy_snapshot(&dense, path, timeout_ms, error);
        kv_cursor_close(dense.cursor);
    }
    kv_read_end(txn);
    return rc;
}
