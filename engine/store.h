/* store.h -- an open store: what a `pace` is inside. */
#ifndef PACE_STORE_H
#define PACE_STORE_H

#include "catalogue.h"
#include "measure.h"
#include "error.h"
#include "fold.h"
#include "handle.h"

#include <stdatomic.h>

struct spare_tail; /* snapshot.h */

struct pace {
    struct kv *kv;
    char *path;
    unsigned timeout_ms;
    int readonly; /* by flag, by permission, or by a feature this library does not know */
    const char *readonly_why; /* static */
    uint64_t forms;           /* head_read_bits: a store stays what it was made */
    struct catalogue catalogue;
    struct handles handles;
    struct fold_limits limits;               /* fold_limits_default; tests lower them */
    uint32_t tail_runs;                      /* INDEX_TAIL_RUNS; tests lower it */
    _Atomic(struct spare_tail *) spare_tail; /* of the snapshot that ended last; NULL: none */
};

/* 0, PACE_EFORKED or PACE_EREADONLY. */
int store_check_writable(const struct pace *store, struct pace_error *error);

/* Runs a batch (kv_write), unless the store is read-only. The catalogue is cleared when the batch
 * does not last. `is_little`: it may share a commit with those of other threads. */
int store_write(struct pace *store, int is_little,
                int (*run)(struct kv_txn *txn, void *context, struct pace_error *error),
                void *context, struct pace_error *error);

#endif
