/* kv_snapshot.c -- transactions of this process, and the map that moves between them; snapshots.
 * See kv.h and kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RECORD_BITS = 20,  /* more than there can be records in a journal */
    COPY_PAGES = 1024, /* more than its room and the pages that lead to it */
};

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

int kv_read_pages(struct kv *kv, unsigned timeout_ms, struct pace_error *error, struct kv_txn **out)
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

/* kv->mutex is held. */
static void release(struct overlay *overlay)
{
    if (!overlay || --overlay->references) return;
    overlay_free(overlay);
    free(overlay);
}

/* An overlay of this process to which records can be added: the one that was seen last, a copy of
 * it when others look at it, or a new one. kv->mutex is held. NULL without memory. */
static struct overlay *open_seen(struct kv *kv, uint64_t nonce)
{
    struct overlay *seen = kv->seen;
    if (seen && seen->nonce == nonce && seen->references == 1) return seen;
    struct overlay *own =
        seen && seen->nonce == nonce ? overlay_copy(seen) : calloc(1, sizeof *own);
    if (!own) return NULL;
    if (!own->references) {
        overlay_begin(own, nonce);
        own->references = 1;
    }
    release(seen);
    return kv->seen = own;
}

/* Adds what there is by now to the overlay of a room. kv->mutex is held. */
static int see(struct kv *kv, const unsigned char *room, const struct journal_header *header,
               int thorough, struct pace_error *error)
{
    struct overlay *seen = kv->seen;
    struct journal_end end = journal_start();
    struct journal_record record;
    if (seen && seen->nonce == header->nonce && !thorough) end = seen->end;
    enum journal_found found = journal_look(room, header, &end, thorough, &record);
    if (thorough || found == JOURNAL_RECORD || !seen || seen->nonce != header->nonce) {
        seen = open_seen(kv, header->nonce);
        if (!seen) return error_memory(error);
        if (thorough) overlay_begin(seen, header->nonce);
    }
    while (found == JOURNAL_RECORD) {
        int rc = overlay_add_record(seen, room, header->bytes, &record);
        if (rc == ENOMEM) return error_memory(error);
        end = seen->end;
        if (rc) break;
        found = journal_look(room, header, &end, thorough, &record);
    }
    return found == JOURNAL_ENDS ? 0 : kv_journal_damaged(kv, &end, error);
}

int kv_read_journal(struct kv_txn *txn, int thorough, struct pace_error *error)
{
    struct kv *kv = txn->kv;
    struct journal_header header;
    MDB_val room;
    int rc = kv_find_journal(kv, txn->txn, mdb_txn_id(txn->txn), error, &header, &room);
    if (rc) return rc == PACE_ENOTFOUND ? 0 : rc;
    pthread_mutex_lock(&kv->mutex);
    rc = see(kv, room.mv_data, &header, thorough, error);
    if (rc) {
        release(kv->seen); /* it may be half of a record further */
        kv->seen = NULL;
    } else {
        txn->shared = kv->seen;
        txn->shared->references++;
        txn->journal = (struct overlay_view){
            .overlay = txn->shared, .room = room.mv_data, .bytes = header.bytes};
    }
    pthread_mutex_unlock(&kv->mutex);
    return rc;
}

int kv_read_begin(struct kv *kv, unsigned timeout_ms, struct pace_error *error, struct kv_txn **out)
{
    struct kv_txn *txn = NULL;
    int rc = kv_read_pages(kv, timeout_ms, error, &txn);
    if (!rc) rc = kv_read_journal(txn, 0, error);
    if (!rc) *out = txn;
    if (rc) kv_read_end(txn);
    return rc;
}

uint64_t kv_state(const struct kv_txn *txn)
{
    uint64_t records = txn->journal.overlay ? txn->journal.overlay->end.records : 0;
    return mdb_txn_id(txn->txn) << RECORD_BITS | records;
}

void kv_journal_size(const struct kv_txn *txn, uint64_t *records, uint64_t *bytes)
{
    const struct overlay *overlay = txn->journal.overlay;
    *records = overlay ? overlay->end.records : 0;
    *bytes = overlay ? overlay->end.at - journal_start().at : 0;
}

int kv_walk_pages(struct kv_txn *txn, kv_file_report *report, void *context,
                  struct pace_error *error, struct kv_page_count *count)
{
    int fd;
    if (mdb_env_get_fd(txn->kv->env, &fd)) return kv_fail(txn->kv, EINVAL, error);
    return kv_file_walk(fd, txn->kv->path, mdb_txn_id(txn->txn), report, context, error, count);
}

static int is_at(int fd, void *bytes, size_t len, uint64_t at)
{
    return pread(fd, bytes, len, (off_t)at) == (ssize_t)len;
}

/* The room of the journal in a copy, whose pages lie in the order of the tree: behind the room,
 * which is its last value, are those that lead to it. 0: there is none. */
static uint64_t find_copied(int fd, uint64_t file_bytes, uint64_t page_bytes,
                            struct journal_header *header)
{
    unsigned char bytes[sizeof *header];
    uint64_t pages = file_bytes / page_bytes;
    for (uint64_t i = 1; i <= COPY_PAGES && i < pages; i++) {
        uint64_t at = (pages - i) * page_bytes + PAGE_HEADER;
        if (is_at(fd, bytes, sizeof bytes, at) && journal_open(bytes, file_bytes - at, header))
            return at;
    }
    return 0;
}

/* A copy has of the journal what there was when it came to a page, and writers went on meanwhile:
 * it ends where it is first not whole. 0 or a code. */
static int cut_journal(int fd, uint64_t page_bytes)
{
    struct journal_header header;
    struct journal_record record;
    struct journal_end end = journal_start();
    struct stat st;
    if (fstat(fd, &st)) return errno;
    uint64_t at = find_copied(fd, (uint64_t)st.st_size, page_bytes, &header);
    if (!at) return 0;
    unsigned char *room = malloc(header.bytes);
    if (!room) return ENOMEM;
    int rc = is_at(fd, room, header.bytes, at) ? 0 : EIO;
    while (!rc && journal_look(room, &header, &end, 0, &record) == JOURNAL_RECORD)
        end = (struct journal_end){.at = end.at + record.bytes, .records = record.number};
    size_t rest = header.bytes - end.at;
    memset(room + end.at, 0, rest);
    if (!rc && pwrite(fd, room + end.at, rest, (off_t)(at + end.at)) != (ssize_t)rest) rc = EIO;
    free(room);
    return rc;
}

int kv_copy(struct kv_txn *txn, int fd, struct pace_error *error)
{
    MDB_stat stat;
    int rc = mdb_env_copyfd2(txn->kv->env, fd, MDB_CP_COMPACT);
    if (!rc) rc = mdb_env_stat(txn->kv->env, &stat);
    if (!rc) rc = cut_journal(fd, stat.ms_psize);
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
        pthread_mutex_lock(&txn->kv->mutex);
        release(txn->shared);
        pthread_mutex_unlock(&txn->kv->mutex);
        kv_leave(txn->kv);
    }
    free(txn);
}
