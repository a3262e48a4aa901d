/* kv_snapshot.c -- transactions of this process, and the map that moves between them; snapshots. See
 * kv.h and kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>

#define MAP_SIZE_MOST ((uint64_t)1 << 46)

static int wait_changed(struct kv *kv, const struct timespec *deadline)
{
    return pthread_cond_timedwait(&kv->changed, &kv->mutex, deadline) == ETIMEDOUT;
}

static int busy_here(const struct kv *kv, struct pace_error *error)
{
    return error_set(error, PACE_EBUSY,
                     "%s: the store must grow, and a snapshot of this process stays open; end it",
                     kv->path);
}

static int enter(struct kv *kv, const struct timespec *deadline, struct pace_error *error)
{
    int late = 0, rc = 0;
    pthread_mutex_lock(&kv->mutex);
    while (kv->draining && !late)
        late = wait_changed(kv, deadline);
    if (kv->draining)
        rc = busy_here(kv, error);
    else if (kv->damaged)
        rc = error_damaged(error, "%s/" KV_DATA, kv->path);
    else
        kv->local++;
    pthread_mutex_unlock(&kv->mutex);
    return rc;
}

void kv_leave(struct kv *kv)
{
    pthread_mutex_lock(&kv->mutex);
    kv->local--;
    pthread_cond_broadcast(&kv->changed);
    pthread_mutex_unlock(&kv->mutex);
}

int kv_resize(struct kv *kv, int adopt, const struct timespec *deadline, struct pace_error *error)
{
    int late = 0, rc = 0;
    pthread_mutex_lock(&kv->mutex);
    while (kv->draining && !late)
        late = wait_changed(kv, deadline);
    if (kv->draining) {
        pthread_mutex_unlock(&kv->mutex);
        return busy_here(kv, error);
    }
    kv->draining = 1;
    while (kv->local > 0 && !late)
        late = wait_changed(kv, deadline);
    if (kv->local > 0) {
        rc = busy_here(kv, error);
    } else {
        MDB_envinfo info;
        mdb_env_info(kv->env, &info);
        uint64_t size = adopt ? 0 : (uint64_t)info.me_mapsize * 2;
        int result = size > MAP_SIZE_MOST ? MDB_MAP_FULL : mdb_env_set_mapsize(kv->env, size);
        if (result) rc = kv_fail(kv, result, error);
    }
    kv->draining = 0;
    pthread_cond_broadcast(&kv->changed);
    pthread_mutex_unlock(&kv->mutex);
    return rc;
}

/* LMDB notes the newest commit's number first and copies its meta page after that. Where two more
 * commits came in between, the page is of the second, which counts as unfinished yet: a later
 * snapshot could be older than this one. */
static int is_overtaken(const struct kv *kv, MDB_txn *txn)
{
    MDB_envinfo info;
    return mdb_env_info(kv->env, &info) == 0 && info.me_last_txnid >= mdb_txn_id(txn) + 2;
}

int kv_begin(struct kv *kv, unsigned flags, const struct timespec *deadline,
             struct pace_error *error, MDB_txn **txn)
{
    for (;;) {
        int rc = enter(kv, deadline, error);
        if (rc) return rc;
        int result = lmdb_begin(kv->env, flags, txn);
        int again = result == 0 && (flags & MDB_RDONLY) && is_overtaken(kv, *txn);
        if (result == 0 && !again) return 0;
        if (again) lmdb_abort(*txn);
        kv_leave(kv);
        if (again) continue;
        if (result != MDB_MAP_RESIZED) return kv_fail(kv, result, error);
        rc = kv_resize(kv, 1, deadline, error);
        if (rc) return rc;
    }
}

int kv_read_begin(struct kv *kv, unsigned timeout_ms, struct pace_error *error, struct kv_txn **out)
{
    int rc = kv_check(kv, error);
    if (rc) return rc;
    struct timespec deadline = kv_file_deadline(timeout_ms);
    struct kv_txn *txn = calloc(1, sizeof *txn);
    if (!txn) return error_memory(error);
    txn->kv = kv;
    txn->is_snapshot = 1;
    rc = kv_begin(kv, MDB_RDONLY, &deadline, error, &txn->txn);
    if (rc) {
        free(txn);
        return rc;
    }
    *out = txn;
    return 0;
}

uint64_t kv_state(const struct kv_txn *txn)
{
    return mdb_txn_id(txn->txn);
}

int kv_walk_pages(struct kv_txn *txn, kv_file_report *report, void *context,
                  struct pace_error *error, struct kv_page_count *count)
{
    int fd;
    if (mdb_env_get_fd(txn->kv->env, &fd)) return kv_fail(txn->kv, EINVAL, error);
    return kv_file_walk(fd, txn->kv->path, mdb_txn_id(txn->txn), report, context, error, count);
}

int kv_copy(struct kv_txn *txn, int fd, struct pace_error *error)
{
    int rc = mdb_env_copyfd2(txn->kv->env, fd, MDB_CP_COMPACT);
    if (rc == MDB_MAP_RESIZED) return PACE_EBUSY;
    if (rc == ENOSPC || rc == EFBIG || rc == EDQUOT)
        return error_set(error, PACE_EFULL, "%s: no space for a copy: %s", txn->kv->path,
                         pace_strerror(rc));
    return rc ? kv_fail(txn->kv, rc, error) : 0;
}

void kv_read_end(struct kv_txn *txn)
{
    if (!txn) return;
    /* In a forked child the reader's slot is the parent's: leave it alone. */
    kv_close_idle(txn);
    if (kv_is_opener(txn->kv)) {
        lmdb_abort(txn->txn);
        kv_leave(txn->kv);
    }
    free(txn);
}
