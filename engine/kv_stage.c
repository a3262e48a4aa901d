/* kv_stage.c -- little batches that go to the journal, and the journal that goes to the tree. See
 * kv_lmdb.h, kv_journal.h.
 *
 * A process that writes one little batch after the other gets a journal: from then on such a batch
 * is one record, written in place and flushed once. A batch that does not fit, or is not little, is
 * an ordinary commit, in which all that the journal holds goes to the tree first, in order of key,
 * and the journal away or a new one in its place. As the tree is copied on write, a snapshot of an
 * earlier state keeps its journal too.
 *
 * The writers of all processes take turns (write.lock), so that a staged batch needs no transaction
 * of LMDB that writes: it reads the tree, with its changes over it. Who writes first takes over
 * what others have added to the journal since.
 *
 * A snapshot may show a record before its flush has ended, as one of LMDB may show a commit whose
 * meta page is written and not flushed: what it has seen is lost only with the power. */
#include "kv_lmdb.h"
#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LITTLE_LEAST = 3, /* batches one after the other: this one is given a journal */
    ROOM_SHARE =
        8, /* of the file's pages, so that a small store stays small, but at least and most: */
    ROOM_PAGES_LEAST = 16,
    ROOM_PAGES_MOST = 64,
    RECORD_SHARE =
        4, /* a larger part of the room is no record: it would be written twice for little */
};

/* -- finding it ------------------------------------------------------------------------------ */

/* Where there is no journal the last key is one of a table, and tags of tables are letters; else it is the
 * journal's, which was damaged or lies where a search does not come. 0, or a code of LMDB. */
static int confirm_none(const struct kv *kv, MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key = value_of(NULL, 0), value = value_of(NULL, 0);
    int rc = mdb_cursor_open(txn, kv->dbi, &cursor);
    if (rc) return rc;
    rc = lmdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (!rc && (!key.mv_size || *(const unsigned char *)key.mv_data > 'z')) rc = MDB_CORRUPTED;
    lmdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int kv_find_journal(const struct kv *kv, MDB_txn *txn, uint64_t state, struct pace_error *error,
                    struct journal_header *header, MDB_val *room)
{
    MDB_val key = value_of(JOURNAL_KEY, JOURNAL_KEY_LEN);
    int rc = lmdb_get(txn, kv->dbi, &key, room);
    if (rc == MDB_NOTFOUND) {
        rc = confirm_none(kv, txn);
        if (!rc) return PACE_ENOTFOUND;
    }
    if (rc) return kv_fail(kv, rc, error);
    if (!journal_open(room->mv_data, room->mv_size, header))
        return error_damaged(error, "%s: the journal: its header", kv->path);
    /* A copy of a store begins to count its commits anew. */
    if (state > header->txn)
        return error_set(error, PACE_ECORRUPT,
                         "%s: an older pace wrote to it while a newer one had runs in its journal",
                         kv->path);
    return 0;
}

int kv_journal_damaged(const struct kv *kv, const struct journal_end *end, struct pace_error *error)
{
    return error_damaged(error, "%s: the journal: record %llu at byte %zu", kv->path,
                         (unsigned long long)end->records + 1, end->at);
}

/* Where the room lies in the file: LMDB does not say it. To be sure, its header is read there. */
static int find_in_file(struct kv *kv, MDB_txn *txn, const MDB_val *room)
{
    struct lmdb_map map;
    struct journal_header there;
    int fd, rc = lmdb_find_map(txn, kv->dbi, &map);
    if (!rc) rc = mdb_env_get_fd(kv->env, &fd);
    if (rc) return rc;
    uintptr_t at = (uintptr_t)room->mv_data;
    if (at < map.begin || at > map.end || room->mv_size > map.end - at) return MDB_CORRUPTED;
    kv->stage.file_at = at - map.begin;
    if (pread(fd, &there, sizeof there, (off_t)kv->stage.file_at) != (ssize_t)sizeof there)
        return MDB_CORRUPTED;
    return memcmp(&there, room->mv_data, sizeof there) == 0 ? 0 : MDB_CORRUPTED;
}

/* -- the writers' copy of it ----------------------------------------------------------------- */

void kv_stage_free(struct kv_stage *stage)
{
    overlay_free(&stage->overlay);
    free(stage->room);
}

/* Begins with a room that is new to the process. */
static int begin_room(struct kv *kv, MDB_txn *txn, const struct journal_header *header,
                      const MDB_val *value, struct pace_error *error)
{
    struct kv_stage *stage = &kv->stage;
    if (!stage->room || stage->bytes != header->bytes) {
        free(stage->room);
        stage->room = malloc(header->bytes);
        stage->bytes = header->bytes;
        if (!stage->room) return error_memory(error);
    }
    memcpy(stage->room, header, sizeof *header);
    overlay_begin(&stage->overlay, 0);
    int rc = find_in_file(kv, txn, value);
    if (rc) return kv_fail(kv, rc, error);
    stage->header = *header;
    stage->overlay.nonce = header->nonce;
    return 0;
}

/* Takes over what there is in the journal, of whatever process. */
static int catch_up(struct kv *kv, MDB_txn *txn, uint64_t state, struct pace_error *error)
{
    struct kv_stage *stage = &kv->stage;
    struct overlay *overlay = &stage->overlay;
    struct journal_header header;
    struct journal_record record;
    enum journal_found found;
    MDB_val value;
    int rc = kv_find_journal(kv, txn, state, error, &header, &value);
    if (!rc && (!stage->room || overlay->nonce != header.nonce))
        rc = begin_room(kv, txn, &header, &value, error);
    if (rc) return rc;
    const unsigned char *room = value.mv_data;
    while ((found = journal_look(room, &header, &overlay->end, 0, &record)) == JOURNAL_RECORD) {
        memcpy(stage->room + overlay->end.at, room + overlay->end.at, record.bytes);
        rc = overlay_add_record(overlay, stage->room, stage->bytes, &record);
        if (rc == ENOMEM) return error_memory(error);
        if (rc) break;
    }
    return rc || found == JOURNAL_DAMAGED ? kv_journal_damaged(kv, &overlay->end, error) : 0;
}

/* Forgets what was staged, and all else: the next batch reads it again. */
static void forget(struct kv_stage *stage)
{
    overlay_begin(&stage->overlay, stage->header.nonce);
}

/* -- a batch in the journal ------------------------------------------------------------------ */

int kv_stage_wanted(const struct kv *kv)
{
    return kv->mark && kv->stage.little >= LITTLE_LEAST;
}

/* LMDB writes the meta page of a commit, and then tells the others its number. Of a writer that was
 * killed between the two, snapshots know nothing until a transaction that writes makes up for
 * it: what is staged on the state before would be lost. */
static int is_newest(const struct kv *kv, MDB_txn *txn)
{
    MDB_envinfo info;
    return mdb_env_info(kv->env, &info) == 0 && info.me_last_txnid == mdb_txn_id(txn);
}

int kv_stage_begin(struct kv_txn *txn, const struct timespec *deadline)
{
    struct kv *kv = txn->kv;
    struct kv_stage *stage = &kv->stage;
    if (stage->is_broken || kv_begin(kv, MDB_RDONLY, deadline, NULL, &txn->txn)) return 0;
    if (!is_newest(kv, txn->txn) || catch_up(kv, txn->txn, mdb_txn_id(txn->txn), NULL)) {
        forget(stage);
        lmdb_abort(txn->txn);
        kv_leave(kv);
        return 0;
    }
    stage->draft = journal_begin(&stage->overlay.end);
    txn->stage = stage;
    txn->is_snapshot = 1;
    txn->journal = (struct overlay_view){
        .overlay = &stage->overlay, .room = stage->room, .bytes = stage->bytes};
    return 1;
}

unsigned char *kv_stage_put(struct kv_txn *txn, const MDB_val *key, size_t len)
{
    struct kv_stage *stage = txn->stage;
    struct journal_draft *draft = &stage->draft;
    const struct journal_draft before = *draft;
    size_t most = stage->bytes / RECORD_SHARE;
    if (most > stage->bytes - before.begin) most = stage->bytes - before.begin;
    size_t taken = before.at - before.begin;
    if (len != JOURNAL_REMOVED && len > most) return NULL;
    size_t bytes = journal_change_bytes(key->mv_size, len == JOURNAL_REMOVED ? 0 : len);
    if (taken > most || bytes > most - taken) return NULL;
    unsigned char *value =
        journal_put(stage->room, draft, key->mv_data, key->mv_size, (uint32_t)len);
    if (overlay_add(&stage->overlay, stage->room, stage->bytes, before.at) == 0) return value;
    *draft = before;
    return NULL;
}

/* 0 or a code. */
static int write_record(const struct kv *kv, const struct journal_draft *draft)
{
    const struct kv_stage *stage = &kv->stage;
    int fd, rc = mdb_env_get_fd(kv->env, &fd);
    for (size_t at = draft->begin; !rc && at < draft->at;) {
        ssize_t written =
            pwrite(fd, stage->room + at, draft->at - at, (off_t)(stage->file_at + at));
        if (written > 0)
            at += (size_t)written;
        else if (written == 0 || errno != EINTR)
            rc = written ? errno : ENOSPC;
    }
    if (!rc && fdatasync(fd)) rc = errno;
    if (!rc) return 0;
    /* It must not count. Its changes stay: a snapshot may show them. */
    static const uint64_t nothing = 0;
    if (pwrite(fd, &nothing, sizeof nothing, (off_t)(stage->file_at + draft->begin)) < 0) return rc;
    return rc;
}

int kv_stage_commit(struct kv_txn *txn, struct pace_error *error)
{
    struct kv_stage *stage = txn->stage;
    struct overlay *overlay = &stage->overlay;
    const struct journal_draft *draft = &stage->draft;
    if (!draft->changes) return 0;
    uint64_t number = overlay->end.records + 1;
    journal_close(stage->room, draft, stage->header.nonce, number);
    int rc = write_record(txn->kv, draft);
    if (rc) {
        stage->is_broken = 1;
        forget(stage);
        return kv_fail(txn->kv, rc, error);
    }
    overlay->end = (struct journal_end){.at = draft->at, .records = number};
    stage->is_used = 1;
    return 0;
}

void kv_stage_drop(struct kv_txn *txn)
{
    if (txn->stage->draft.changes) forget(txn->stage);
}

/* -- the journal goes to the tree ------------------------------------------------------------ */

/* A code of LMDB. */
static int apply_change(struct kv_txn *txn, const struct journal_change *change)
{
    MDB_dbi dbi = txn->kv->dbi;
    MDB_val key = value_of(change->key, change->key_len),
            value = value_of(change->value, change->value_len);
    int rc = lmdb_check_old(txn->txn, dbi, &txn->kv->map, &key);
    if (rc) return rc;
    if (change->value) return lmdb_put(txn->txn, dbi, &key, &value);
    rc = lmdb_delete(txn->txn, dbi, &key);
    return rc == MDB_NOTFOUND ? 0 : rc; /* it was put and removed in the journal */
}

/* The writers' copy of the journal becomes part of the tree. */
static int apply(struct kv_txn *txn, struct pace_error *error)
{
    static const struct journal_change room = {.key = (const unsigned char *)JOURNAL_KEY,
                                               .key_len = JOURNAL_KEY_LEN};
    struct kv_stage *stage = &txn->kv->stage;
    const struct overlay_view view = {
        .overlay = &stage->overlay, .room = stage->room, .bytes = stage->bytes};
    int rc = 0;
    for (size_t i = 0; !rc && i < stage->overlay.count; i++) {
        struct journal_change change;
        if (overlay_change(&view, i, &change))
            rc = MDB_CORRUPTED;
        else
            rc = apply_change(txn, &change);
    }
    if (!rc) rc = apply_change(txn, &room);
    forget(stage);
    txn->had_journal = 1;
    if (rc == MDB_MAP_FULL) txn->full = 1;
    return rc ? kv_fail(txn->kv, rc, error) : 0;
}

/* What any batch in the tree begins with. */
static int prepare(struct kv_txn *txn, struct pace_error *error)
{
    struct kv *kv = txn->kv;
    int rc = lmdb_find_map(txn->txn, kv->dbi, &kv->map);
    if (!rc && txn->is_little) rc = kv_make_room(kv, txn->txn);
    if (rc == MDB_MAP_FULL) txn->full = 1;
    return rc ? kv_fail(kv, rc, error) : 0;
}

int kv_stage_fold(struct kv_txn *txn, struct pace_error *error)
{
    struct kv_stage *stage = &txn->kv->stage;
    int rc = catch_up(txn->kv, txn->txn, mdb_txn_id(txn->txn) - 1, error), is_there = rc == 0;
    if (rc == PACE_ENOTFOUND) {
        /* Another process took it away: where others write, one is of little use. */
        if (stage->is_used) {
            stage->is_used = txn->keeps_journal = 0;
            stage->little = 1;
        }
        rc = 0;
    }
    if (!rc) rc = prepare(txn, error);
    return rc || !is_there ? rc : apply(txn, error);
}

int kv_stage_leave(struct kv_txn *txn, struct pace_error *error)
{
    MDB_txn *writing;
    int rc = lmdb_begin(txn->kv->env, 0, &writing);
    if (rc) return kv_fail(txn->kv, rc, error);
    kv_close_idle(txn);
    txn->is_snapshot = 0;
    txn->reading = txn->txn;
    txn->txn = writing;
    txn->stage = NULL;
    txn->journal.overlay = NULL;
    rc = prepare(txn, error);
    if (!rc) return apply(txn, error);
    forget(&txn->kv->stage);
    return rc;
}

/* Bytes of a new room: pages of LMDB for one long value. */
static int choose_size(const struct kv *kv, MDB_txn *txn, size_t *bytes)
{
    MDB_envinfo info;
    MDB_stat stat;
    int rc = mdb_env_info(kv->env, &info);
    if (!rc) rc = mdb_stat(txn, kv->dbi, &stat);
    if (rc) return rc;
    size_t pages = info.me_last_pgno / ROOM_SHARE;
    if (pages < ROOM_PAGES_LEAST) pages = ROOM_PAGES_LEAST;
    if (pages > ROOM_PAGES_MOST) pages = ROOM_PAGES_MOST;
    *bytes = pages * stat.ms_psize - PAGE_HEADER;
    return 0;
}

static uint64_t choose_nonce(uint64_t txn)
{
    uint64_t nonce;
    if (getrandom(&nonce, sizeof nonce, GRND_NONBLOCK) == (ssize_t)sizeof nonce) return nonce;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) * 0x9e3779b97f4a7c15u + txn;
}

int kv_stage_renew(struct kv_txn *txn, struct pace_error *error)
{
    struct kv *kv = txn->kv;
    int rc = 0;
    if (txn->had_journal != txn->keeps_journal && kv->mark)
        rc = kv->mark(txn, txn->keeps_journal, error);
    kv->stage.is_used = txn->keeps_journal;
    if (rc || !txn->keeps_journal) return rc;
    MDB_val key = value_of(JOURNAL_KEY, JOURNAL_KEY_LEN), room = value_of(NULL, 0);
    rc = choose_size(kv, txn->txn, &room.mv_size);
    if (!rc) rc = lmdb_reserve(txn->txn, kv->dbi, &key, &room);
    if (rc == MDB_MAP_FULL) txn->full = 1;
    if (rc) return kv_fail(kv, rc, error);
    uint64_t number = mdb_txn_id(txn->txn);
    journal_create(room.mv_data, room.mv_size, choose_nonce(number), number);
    kv->stage.is_broken = 0;
    return 0;
}
