/* kv_batch.c -- one writer at a time: batches, several of them in one commit or one record of the
 * journal, and room for the next ones. See kv.h and kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"
#include "kv_room.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    READER_CHECK_INTERVAL = 64, /* batches */
    FREE_LIST = 0,              /* the number of LMDB's own table of free pages */
    GROUP_MAX = 64,             /* batches of one commit */
    KV_DONE_BY_OTHER = -31001,
    GROUP_SPLITS = -31002,
};

/* Takes write.lock, and makes sure that the file is still the one in the directory's place: LMDB
 * would go on committing to a file that was removed. */
static int lock_file(struct kv *kv, const struct timespec *deadline, struct pace_error *error)
{
    if (kv->write_lock < 0) {
        struct stat st;
        int rc = kv_file_check(kv->directory, kv->path, KV_WRITE_LOCK, error, &st);
        if (rc && rc != PACE_ENOTFOUND) return rc;
        int fd = openat(kv->directory, KV_WRITE_LOCK,
                        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0)
            return error_set(error, errno == EACCES || errno == EROFS ? PACE_EREADONLY : errno,
                             "cannot open %s/" KV_WRITE_LOCK ": %s", kv->path,
                             pace_strerror(errno));
        kv->write_lock = fd;
    }
    int rc = kv_file_lock(kv->write_lock, kv->path, deadline, error);
    if (rc) return rc;
    struct stat st;
    int fd;
    if (mdb_env_get_fd(kv->env, &fd) || fstat(fd, &st) || st.st_nlink == 0) {
        kv_file_unlock(kv->write_lock);
        return error_set(error, PACE_ENOSTORE, "%s was removed while it was open", kv->path);
    }
    kv->file_bytes = (uint64_t)st.st_size;
    return 0;
}

static int busy_writing(const struct kv *kv, struct pace_error *error)
{
    return error_set(error, PACE_EBUSY, "%s: another thread is writing", kv->path);
}

static int lead(struct kv *kv, struct kv_place *place, const struct timespec *deadline,
                struct pace_error *error)
{
    switch (kv_line_enter(&kv->line, place, deadline)) {
    case KV_LEADS: break;
    case KV_DONE: return KV_DONE_BY_OTHER;
    default: return busy_writing(kv, error);
    }
    int rc = lock_file(kv, deadline, error);
    if (rc) kv_line_leave(&kv->line, NULL, 0);
    return rc;
}

/* A line of LMDB's list of readers: "pid thread txn", or "-" for one that rests. The heading and
 * the resting ones give 0. */
static int note_reader(const char *line, void *context)
{
    uint64_t *oldest = context, txn = 0;
    const char *at = strrchr(line, ' ');
    for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
        txn = txn * 10 + (uint64_t)(*at - '0');
    if (txn && txn < *oldest) *oldest = txn;
    return 0;
}

/* Pages side by side for the batches to come (kv_room.h). */
int kv_make_room(struct kv *kv, MDB_txn *txn)
{
    static const unsigned char name[] = {0xff, 'r', 'o', 'o', 'm'}; /* no table has that tag */
    MDB_val key = value_of(name, sizeof name), value;
    MDB_envinfo info;
    MDB_stat list;
    int fd, rc = mdb_env_info(kv->env, &info);
    if (!rc) rc = mdb_stat(txn, FREE_LIST, &list);
    if (!rc) rc = mdb_env_get_fd(kv->env, &fd);
    if (rc) return rc;
    uint64_t end = (uint64_t)info.me_last_pgno + 1;
    uint64_t ahead = kv_room_ahead(end, kv->file_bytes / list.ms_psize);
    if (ahead) kv_room_extend(fd, ahead * list.ms_psize);
    uint64_t number = mdb_txn_id(txn), oldest = number;
    size_t pages = kv_room_pages(number, end, list.ms_entries);
    if (!pages || mdb_reader_list(kv->env, note_reader, &oldest) < 0) return 0;
    if (number - oldest > KV_ROOM_READER_AGE || kv_room_extend(fd, (end + pages) * list.ms_psize))
        return 0;
    value = value_of(NULL, pages * list.ms_psize - PAGE_HEADER);
    rc = lmdb_reserve(txn, kv->dbi, &key, &value);
    return rc ? rc : lmdb_delete(txn, kv->dbi, &key);
}

/* The batches of one commit. */
struct group {
    struct kv_place *places[GROUP_MAX];
    size_t count, ran;
};

/* Runs the batches. GROUP_SPLITS: one of several failed or has nothing to write; nothing may be
 * left of the others, and each is to be tried alone. */
static int run_group(struct group *group, struct kv_txn *txn, struct pace_error *error)
{
    for (group->ran = 0; group->ran < group->count;) {
        const struct kv_work *work = group->places[group->ran++]->work;
        int rc = work->run(txn, work->context, error);
        if (rc) return group->count == 1 || txn->full ? rc : GROUP_SPLITS;
    }
    return 0;
}

static void finish_group(const struct group *group, int committed)
{
    for (size_t i = 0; i < group->ran; i++) {
        const struct kv_work *work = group->places[i]->work;
        if (work->finish) work->finish(work->context, committed);
    }
}

/* Begins in the journal, where that is possible, or in the tree. */
static int begin(struct kv_txn *txn, const struct timespec *deadline, struct pace_error *error)
{
    struct kv *kv = txn->kv;
    if (txn->keeps_journal && kv_stage_begin(txn, deadline)) return 0;
    return kv_begin(kv, 0, deadline, error, &txn->txn);
}

/* Ends a batch that went to the tree; rc: what it came to so far. *committed: it lasts. */
static int end_in_tree(struct kv_txn *txn, int rc, struct pace_error *error, int *committed)
{
    struct kv *kv = txn->kv;
    if (!rc) rc = kv_stage_renew(txn, error);
    int result = rc ? lmdb_abort(txn->txn) : lmdb_commit(txn->txn);
    if (!rc) {
        *committed = result == 0;
        if (result == MDB_MAP_FULL)
            txn->full = 1;
        else if (result)
            rc = kv_fail(kv, result, error);
    }
    if (result == LMDB_ASSERTED) {
        /* The transaction, and with it LMDB's lock, is in an unknown state. */
        pthread_mutex_lock(&kv->mutex);
        kv->damaged = 1;
        pthread_mutex_unlock(&kv->mutex);
    }
    if (txn->reading) lmdb_abort(txn->reading);
    return rc;
}

static int end_in_journal(struct kv_txn *txn, int rc, struct pace_error *error, int *committed)
{
    if (!rc) {
        rc = kv_stage_commit(txn, error);
        *committed = rc == 0;
    } else {
        kv_stage_drop(txn);
    }
    kv_close_idle(txn);
    lmdb_abort(txn->txn);
    return rc;
}

/* One try of a commit. *full: it needs a larger map. */
static int try_commit(struct kv *kv, struct group *group, const struct timespec *deadline,
                      struct pace_error *error, int *full)
{
    struct kv_txn txn = {.kv = kv, .is_little = group->places[0]->work->is_little};
    txn.keeps_journal = txn.is_little && kv_stage_wanted(kv);
    int rc = begin(&txn, deadline, error), committed = 0;
    if (rc) return rc;
    group->ran = 0;
    if (!txn.stage) rc = kv_stage_fold(&txn, error);
    if (!rc) rc = run_group(group, &txn, error);
    rc = txn.stage ? end_in_journal(&txn, rc, error, &committed)
                   : end_in_tree(&txn, rc, error, &committed);
    finish_group(group, committed);
    kv_leave(kv);
    *full = txn.full;
    return rc;
}

/* Commits a group, in a map as large as it needs, and tells each of it how it went. */
static int commit_group(struct kv *kv, struct group *group, const struct timespec *deadline)
{
    struct pace_error tried = {0}; /* the error of a try that is repeated is nobody's */
    int rc, full;
    do {
        full = 0;
        rc = try_commit(kv, group, deadline, &tried, &full);
        if (full) rc = kv_resize(kv, 0, deadline, &tried);
    } while (!rc && full);
    if (rc == GROUP_SPLITS) return rc;
    if (rc == KV_UNCHANGED) rc = 0;
    for (size_t i = 0; i < group->count; i++) {
        group->places[i]->rc = rc;
        if (rc && group->places[i]->error) *group->places[i]->error = tried;
    }
    return 0;
}

/* Does the leader's work, and that of those it took along. */
static void run_batches(struct kv *kv, struct group *group, const struct timespec *deadline)
{
    if (commit_group(kv, group, deadline) != GROUP_SPLITS) return;
    for (size_t i = 0; i < group->count; i++) {
        struct group alone = {.places = {group->places[i]}, .count = 1};
        commit_group(kv, &alone, deadline);
    }
}

int kv_write(struct kv *kv, unsigned timeout_ms, const struct kv_work *work,
             struct pace_error *error)
{
    int rc = kv_check(kv, error);
    if (rc) return rc;
    if (!kv->writable)
        return error_set(error, PACE_EREADONLY, "%s cannot be written by this user", kv->path);
    struct timespec deadline = kv_file_deadline(timeout_ms);
    struct kv_place own = {.work = work, .error = error};
    rc = lead(kv, &own, &deadline, error);
    if (rc == KV_DONE_BY_OTHER) return own.rc;
    if (rc) return rc;
    struct group group = {.places = {&own}, .count = 1};
    kv->stage.little = work->is_little ? kv->stage.little + 1 : 0;
    if (work->is_little) group.count += kv_line_take(&kv->line, group.places + 1, GROUP_MAX - 1);
    if (++kv->batches % READER_CHECK_INTERVAL == 0) {
        int dead;
        mdb_reader_check(kv->env, &dead);
    }
    run_batches(kv, &group, &deadline);
    kv_file_unlock(kv->write_lock);
    kv_line_leave(&kv->line, group.places + 1, group.count - 1);
    return own.rc;
}

/* A batch in the tree begins with what the journal holds. */
static int write_nothing(struct kv_txn *txn, void *context, struct pace_error *error)
{
    (void)txn, (void)context, (void)error;
    return 0;
}

int kv_settle(struct kv *kv, unsigned timeout_ms, struct pace_error *error)
{
    static const struct kv_work nothing = {.run = write_nothing};
    return kv_write(kv, timeout_ms, &nothing, error);
}

int kv_hold(struct kv *kv, unsigned timeout_ms, struct pace_error *error)
{
    int rc = kv_check(kv, error);
    if (rc) return rc;
    struct timespec deadline = kv_file_deadline(timeout_ms);
    struct kv_place own = {.work = NULL};
    return lead(kv, &own, &deadline, error);
}

void kv_release(struct kv *kv)
{
    kv_file_unlock(kv->write_lock);
    kv_line_leave(&kv->line, NULL, 0);
}
