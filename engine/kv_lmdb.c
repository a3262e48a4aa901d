/* kv_lmdb.c -- kv.h on LMDB 0.9; the only file that includes lmdb.h.
 *
 * Flags are the default plus MDB_NOTLS, so a commit that returned is on disk and a reader belongs
 * to its transaction. Everything lives in the unnamed database.
 *
 * Locks, in the order in which they are taken: the directory (open, close), the registry's mutex;
 * for a batch the lead of kv->line, then write.lock between processes; kv->mutex last and briefly. The
 * map may move only while kv->local is 0: whoever moves it sets kv->draining and waits. */
#include "kv.h"
#include "error.h"
#include "kv_file.h"
#include "kv_line.h"
#include "kv_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAP_SIZE_DEFAULT ((uint64_t)1 << 34)
#define MAP_SIZE_LEAST   ((uint64_t)1 << 20)
#define MAP_SIZE_MOST    ((uint64_t)1 << 46)

enum {
    READERS_MAX = 512,
    READER_CHECK_INTERVAL = 64, /* batches */
    FULL_MARGIN_BYTES = 1 << 20,
    PATH_BYTES = 4096,
    FREE_LIST = 0,          /* the number of LMDB's own table of free pages */
    PAGE_HEADER = 16,       /* bytes of a page that hold no value */
    GROUP_MAX = 64,         /* batches of one commit */
    LMDB_ASSERTED = -31000, /* our own: an assertion of LMDB failed */
    KV_DONE_BY_OTHER = -31001,
    GROUP_SPLITS = -31002,
};

struct kv {
    struct kv *next; /* in the registry */
    unsigned references;
    pid_t pid;
    volatile unsigned char *mine; /* a page with a 1 that a fork clears, or NULL: ask for the pid */
    dev_t device;
    ino_t inode;
    char *path;
    int directory, write_lock; /* descriptors; write_lock is -1 until the first batch */
    int writable;
    MDB_env *env;
    MDB_dbi dbi;
    struct kv_line line;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    unsigned local; /* transactions open in this process */
    int draining, damaged;
    unsigned batches; /* the leader's */
};

struct kv_txn {
    struct kv *kv;
    MDB_txn *txn;
    int full;        /* the map is too small for this batch */
    int is_snapshot; /* what is not found must be shown to be absent */
};

struct kv_cursor {
    struct kv_txn *txn;
    MDB_cursor *cursor;
};

/* The one mutable global of the library: LMDB allows a process one open of a file, so all handles
 * of all threads must find it. Entries of a forked parent stay and are passed over. */
static struct {
    pthread_mutex_t mutex;
    struct kv *first;
} registry = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* -- calls into LMDB, with its assertions caught --------------------------------------------- */

/* LMDB asserts what it reads from the file and would abort. The hook jumps out of the call instead;
 * what the call left behind is only ever aborted. */
static _Thread_local jmp_buf *lmdb_escape;

static void lmdb_asserted(MDB_env *env, const char *message)
{
    (void)env, (void)message;
    if (lmdb_escape) longjmp(*lmdb_escape, 1);
}

#define LMDB_CALL(name, parameters, call)                                                          \
    static int name parameters                                                                     \
    {                                                                                              \
        jmp_buf escape;                                                                            \
        if (setjmp(escape)) {                                                                      \
            lmdb_escape = NULL;                                                                    \
            return LMDB_ASSERTED;                                                                  \
        }                                                                                          \
        lmdb_escape = &escape;                                                                     \
        int rc = call;                                                                             \
        lmdb_escape = NULL;                                                                        \
        return rc;                                                                                 \
    }

LMDB_CALL(lmdb_env_open, (MDB_env * env, const char *path),
          mdb_env_open(env, path, MDB_NOTLS, 0600))
LMDB_CALL(lmdb_env_open_readonly, (MDB_env * env, const char *path),
          mdb_env_open(env, path, MDB_NOTLS | MDB_RDONLY, 0600))
LMDB_CALL(lmdb_begin, (MDB_env * env, unsigned flags, MDB_txn **txn),
          mdb_txn_begin(env, NULL, flags, txn))
LMDB_CALL(lmdb_open_database, (MDB_txn * txn, MDB_dbi *dbi), mdb_dbi_open(txn, NULL, 0, dbi))
LMDB_CALL(lmdb_commit, (MDB_txn * txn), mdb_txn_commit(txn))
LMDB_CALL(lmdb_abort, (MDB_txn * txn), (mdb_txn_abort(txn), 0))
LMDB_CALL(lmdb_get, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_get(txn, dbi, key, value))
LMDB_CALL(lmdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_put(txn, dbi, key, value, 0))
LMDB_CALL(lmdb_reserve, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_put(txn, dbi, key, value, MDB_RESERVE))
LMDB_CALL(lmdb_delete, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key), mdb_del(txn, dbi, key, NULL))
LMDB_CALL(lmdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
          mdb_cursor_get(cursor, key, value, op))
LMDB_CALL(lmdb_cursor_close, (MDB_cursor * cursor), (mdb_cursor_close(cursor), 0))

static MDB_val value_of(const void *data, size_t len)
{
    return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)data};
}

static struct kv_slice slice_of(const MDB_val *value)
{
    return (struct kv_slice){.data = value->mv_data, .len = value->mv_size};
}

enum { PAGE_BYTES = 4096, LINE_BYTES = 64 };

static void prefetch(uintptr_t from, size_t len)
{
    for (size_t at = 0; at < len; at += LINE_BYTES)
        __builtin_prefetch((const void *)(from + at), 0, 2);
}

/* Each page is fetched as a whole when it is come to, and the beginning of each record that lies on a
 * page of its own: they are read next, and the processor does not see them coming. */
static int list_pairs(MDB_cursor *cursor, const struct key *prefix, int go_on,
                      struct kv_pair *pairs, size_t most, size_t *count)
{
    MDB_val key = {.mv_size = prefix->len, .mv_data = (void *)(uintptr_t)prefix->bytes}, value;
    uintptr_t page = 0;
    int rc = 0;
    *count = 0;
    while (*count < most) {
        rc = mdb_cursor_get(cursor, &key, &value, *count || go_on ? MDB_NEXT : MDB_SET_RANGE);
        if (rc || !key_begins(key.mv_data, key.mv_size, prefix)) break;
        if (key.mv_size > KEY_MAX) return MDB_CORRUPTED;
        uintptr_t key_page = (uintptr_t)key.mv_data / PAGE_BYTES;
        if (key_page != page) prefetch(key_page * PAGE_BYTES, PAGE_BYTES);
        page = key_page;
        if ((uintptr_t)value.mv_data / PAGE_BYTES != page)
            prefetch((uintptr_t)value.mv_data, 3 * LINE_BYTES);
        pairs[(*count)++] = (struct kv_pair){.key = slice_of(&key), .value = slice_of(&value)};
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int compare(const MDB_val *a, const MDB_val *b)
{
    size_t shorter = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
    int order = memcmp(a->mv_data, b->mv_data, shorter);
    if (order) return order;
    return a->mv_size < b->mv_size ? -1 : a->mv_size > b->mv_size;
}

/* Goes to the last key before `key`, or MDB_NOTFOUND. A damaged key of a branch page leads a search to
 * a wrong leaf, where what is there seems to be absent: then one of the neighbours of the place where
 * it should be is on the wrong side of it. */
static int seek_before(MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    const MDB_val wanted = *key;
    int rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (rc && rc != MDB_NOTFOUND) return rc;
    if (!rc && compare(key, &wanted) < 0) return MDB_CORRUPTED;
    rc = mdb_cursor_get(cursor, key, value, rc ? MDB_LAST : MDB_PREV);
    return !rc && compare(key, &wanted) >= 0 ? MDB_CORRUPTED : rc;
}

/* Goes to the first key not before `key`, or MDB_NOTFOUND, and is sure of it. */
static int seek_surely(MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    int rc = seek_before(cursor, key, value);
    if (rc && rc != MDB_NOTFOUND) return rc;
    return mdb_cursor_get(cursor, key, value, rc ? MDB_FIRST : MDB_NEXT);
}

/* MDB_NOTFOUND when the key is absent indeed. */
static int confirm_absent(MDB_txn *txn, MDB_dbi dbi, const MDB_val *wanted)
{
    MDB_cursor *cursor;
    MDB_val key = *wanted, value;
    int rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc) return rc;
    rc = seek_surely(cursor, &key, &value);
    if (!rc) rc = compare(&key, wanted) == 0 ? MDB_CORRUPTED : MDB_NOTFOUND;
    mdb_cursor_close(cursor);
    return rc;
}

LMDB_CALL(lmdb_seek_surely, (MDB_cursor * cursor, MDB_val *key, MDB_val *value),
          seek_surely(cursor, key, value))
LMDB_CALL(lmdb_seek_before, (MDB_cursor * cursor, MDB_val *key, MDB_val *value),
          seek_before(cursor, key, value))
LMDB_CALL(lmdb_confirm_absent, (MDB_txn * txn, MDB_dbi dbi, const MDB_val *wanted),
          confirm_absent(txn, dbi, wanted))
LMDB_CALL(lmdb_list_pairs,
          (MDB_cursor * cursor, const struct key *prefix, int go_on, struct kv_pair *pairs,
           size_t most, size_t *count),
          list_pairs(cursor, prefix, go_on, pairs, most, count))

/* -- errors ---------------------------------------------------------------------------------- */

/* LMDB reports a short write as EIO; on a full disk or at a size limit that is what it was. */
static int looks_full(const struct kv *kv)
{
    struct statvfs fs;
    struct rlimit limit;
    struct stat st;
    if (fstatvfs(kv->directory, &fs) == 0 && fs.f_bavail * fs.f_frsize < FULL_MARGIN_BYTES)
        return 1;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           fstatat(kv->directory, KV_DATA, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (uint64_t)st.st_size + FULL_MARGIN_BYTES > limit.rlim_cur;
}

static int fail(const struct kv *kv, int rc, struct pace_error *error)
{
    switch (rc) {
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
        return error_set(error, PACE_EFULL, "%s: %s; nothing was stored", kv->path,
                         pace_strerror(rc));
    case MDB_MAP_FULL:
        return error_set(error, PACE_EFULL, "%s: no address space left to grow", kv->path);
    case EAGAIN:
        return error_set(error, PACE_EBUSY,
                         "%s: a process with the same number in another container has it open; "
                         "share the pid namespace",
                         kv->path);
    case MDB_READERS_FULL:
        return error_set(error, PACE_EBUSY, "%s: more than %d readers", kv->path, READERS_MAX);
    case LMDB_ASSERTED:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL:
    case MDB_BAD_VALSIZE:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_TXN:
    case MDB_INVALID:
        return error_damaged(error, "%s/" KV_DATA " (%s)", kv->path,
                             rc == LMDB_ASSERTED ? "a page that makes no sense" : mdb_strerror(rc));
    case MDB_VERSION_MISMATCH:
        return error_set(error, PACE_EFORMAT, "%s was made by another LMDB", kv->path);
    case MDB_PANIC:
        return error_set(error, PACE_EIO,
                         "%s: an earlier write failed; close the store and open it again",
                         kv->path);
    case EIO:
        if (looks_full(kv)) return fail(kv, ENOSPC, error);
        return error_set(error, PACE_EIO,
                         "%s: the disk reports an error; nothing is known to be "
                         "stored: look before you try again",
                         kv->path);
    case ENOMEM: return error_memory(error);
    default: break;
    }
    if (rc > 0) return error_set(error, rc, "%s: %s", kv->path, pace_strerror(rc));
    return error_set(error, PACE_EIO, "%s: %s", kv->path, mdb_strerror(rc));
}

/* Each call that reads asks, so it should not cost a system call. */
static int is_opener(const struct kv *kv)
{
    return kv->mine ? *kv->mine : kv->pid == getpid();
}

int kv_check(const struct kv *kv, struct pace_error *error)
{
    if (is_opener(kv)) return 0;
    return error_set(error, PACE_EFORKED, "%s was opened by process %ld; open it again after fork",
                     kv->path, (long)kv->pid);
}

const char *kv_path(const struct kv_txn *txn)
{
    return txn->kv->path;
}

int kv_writable(const struct kv *kv)
{
    return kv->writable;
}

int kv_file_bytes(const struct kv *kv, struct pace_error *error, uint64_t *bytes)
{
    struct stat st;
    int fd;
    if (mdb_env_get_fd(kv->env, &fd) || fstat(fd, &st)) return fail(kv, errno, error);
    *bytes = (uint64_t)st.st_size;
    return 0;
}

/* -- transactions of this process, and moving the map ---------------------------------------- */

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

static void leave(struct kv *kv)
{
    pthread_mutex_lock(&kv->mutex);
    kv->local--;
    pthread_cond_broadcast(&kv->changed);
    pthread_mutex_unlock(&kv->mutex);
}

/* Moves the map while no transaction of this process looks at it: to twice its size, or (adopt) to
 * what another process made it. */
static int resize(struct kv *kv, int adopt, const struct timespec *deadline,
                  struct pace_error *error)
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
        if (result) rc = fail(kv, result, error);
    }
    kv->draining = 0;
    pthread_cond_broadcast(&kv->changed);
    pthread_mutex_unlock(&kv->mutex);
    return rc;
}

/* Begins a transaction, in the map as large as another process made it. */
static int begin(struct kv *kv, unsigned flags, const struct timespec *deadline,
                 struct pace_error *error, MDB_txn **txn)
{
    for (;;) {
        int rc = enter(kv, deadline, error);
        if (rc) return rc;
        int result = lmdb_begin(kv->env, flags, txn);
        if (result == 0) return 0;
        leave(kv);
        if (result != MDB_MAP_RESIZED) return fail(kv, result, error);
        rc = resize(kv, 1, deadline, error);
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
    rc = begin(kv, MDB_RDONLY, &deadline, error, &txn->txn);
    if (rc) {
        free(txn);
        return rc;
    }
    *out = txn;
    return 0;
}

int kv_walk_pages(struct kv_txn *txn, kv_file_report *report, void *context,
                  struct pace_error *error, struct kv_page_count *count)
{
    int fd;
    if (mdb_env_get_fd(txn->kv->env, &fd)) return fail(txn->kv, EINVAL, error);
    return kv_file_walk(fd, txn->kv->path, mdb_txn_id(txn->txn), report, context, error, count);
}

int kv_copy(struct kv_txn *txn, int fd, struct pace_error *error)
{
    int rc = mdb_env_copyfd2(txn->kv->env, fd, MDB_CP_COMPACT);
    if (rc == MDB_MAP_RESIZED) return PACE_EBUSY;
    if (rc == ENOSPC || rc == EFBIG || rc == EDQUOT)
        return error_set(error, PACE_EFULL, "%s: no space for a copy: %s", txn->kv->path,
                         pace_strerror(rc));
    return rc ? fail(txn->kv, rc, error) : 0;
}

void kv_read_end(struct kv_txn *txn)
{
    if (!txn) return;
    /* In a forked child the reader's slot is the parent's: leave it alone. */
    if (is_opener(txn->kv)) {
        lmdb_abort(txn->txn);
        leave(txn->kv);
    }
    free(txn);
}

/* -- batches --------------------------------------------------------------------------------- */

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

/* A line of LMDB's list of readers: "pid thread txn", or "-" for one that rests. The heading and the
 * resting ones give 0. */
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
static int make_room(struct kv *kv, MDB_txn *txn)
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

/* Runs the batches. GROUP_SPLITS: one of several failed or has nothing to write; nothing may be left
 * of the others, and each is to be tried alone. */
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

/* One try of a commit. *full: it needs a larger map. */
static int try_commit(struct kv *kv, struct group *group, const struct timespec *deadline,
                      struct pace_error *error, int *full)
{
    struct kv_txn txn = {.kv = kv};
    int rc = begin(kv, 0, deadline, error, &txn.txn), committed = 0, result = 0;
    if (rc) return rc;
    group->ran = 0;
    if (group->places[0]->work->is_little) result = make_room(kv, txn.txn);
    if (result) {
        txn.full = result == MDB_MAP_FULL;
        rc = fail(kv, result, error);
    }
    if (!rc) rc = run_group(group, &txn, error);
    if (rc == 0) {
        result = lmdb_commit(txn.txn);
        committed = result == 0;
        if (result == MDB_MAP_FULL)
            txn.full = 1;
        else if (result)
            rc = fail(kv, result, error);
    } else {
        result = lmdb_abort(txn.txn);
    }
    if (result == LMDB_ASSERTED) {
        /* The transaction, and with it LMDB's lock, is in an unknown state. */
        pthread_mutex_lock(&kv->mutex);
        kv->damaged = 1;
        pthread_mutex_unlock(&kv->mutex);
    }
    finish_group(group, committed);
    leave(kv);
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
        if (full) rc = resize(kv, 0, deadline, &tried);
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

/* -- keys ------------------------------------------------------------------------------------ */

int kv_get(struct kv_txn *txn, const struct key *key, struct pace_error *error,
           struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v;
    int rc = lmdb_get(txn->txn, txn->kv->dbi, &k, &v);
    if (rc == MDB_NOTFOUND && txn->is_snapshot)
        rc = lmdb_confirm_absent(txn->txn, txn->kv->dbi, &k);
    if (rc == MDB_NOTFOUND) return PACE_ENOTFOUND;
    if (rc) return fail(txn->kv, rc, error);
    *value = slice_of(&v);
    return 0;
}

int kv_put(struct kv_txn *txn, const struct key *key, const void *data, size_t len,
           struct pace_error *error)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(data, len);
    int rc = lmdb_put(txn->txn, txn->kv->dbi, &k, &v);
    if (rc == MDB_MAP_FULL) txn->full = 1;
    return rc ? fail(txn->kv, rc, error) : 0;
}

int kv_delete(struct kv_txn *txn, const struct key *key, struct pace_error *error)
{
    MDB_val k = value_of(key->bytes, key->len);
    int rc = lmdb_delete(txn->txn, txn->kv->dbi, &k);
    if (rc == MDB_NOTFOUND) return PACE_ENOTFOUND;
    if (rc == MDB_MAP_FULL) txn->full = 1;
    return rc ? fail(txn->kv, rc, error) : 0;
}

int kv_cursor_open(struct kv_txn *txn, struct pace_error *error, struct kv_cursor **out)
{
    struct kv_cursor *cursor = malloc(sizeof *cursor);
    if (!cursor) return error_memory(error);
    cursor->txn = txn;
    int rc = mdb_cursor_open(txn->txn, txn->kv->dbi, &cursor->cursor);
    if (rc) {
        free(cursor);
        return fail(txn->kv, rc, error);
    }
    *out = cursor;
    return 0;
}

void kv_cursor_close(struct kv_cursor *cursor)
{
    if (!cursor) return;
    if (is_opener(cursor->txn->kv)) lmdb_cursor_close(cursor->cursor);
    free(cursor);
}

/* What a move of a cursor came to. */
static int cursor_found(const struct kv_cursor *cursor, int rc, const MDB_val *key,
                        const MDB_val *record, struct pace_error *error, struct kv_slice *found,
                        struct kv_slice *value)
{
    if (rc == MDB_NOTFOUND) return PACE_ENOTFOUND;
    if (!rc && (key->mv_size == 0 || key->mv_size > KEY_MAX)) rc = MDB_CORRUPTED;
    if (rc) return fail(cursor->txn->kv, rc, error);
    *found = slice_of(key);
    *value = slice_of(record);
    return 0;
}

static int cursor_move(struct kv_cursor *cursor, MDB_cursor_op op, struct pace_error *error,
                       struct kv_slice *found, struct kv_slice *value)
{
    MDB_val k = value_of(NULL, 0), v = value_of(NULL, 0);
    int rc = lmdb_cursor_get(cursor->cursor, &k, &v, op);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_seek(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                   struct kv_slice *found, struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    int rc = cursor->txn->is_snapshot ? lmdb_seek_surely(cursor->cursor, &k, &v)
                                      : lmdb_cursor_get(cursor->cursor, &k, &v, MDB_SET_RANGE);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_before(struct kv_cursor *cursor, const struct key *key, struct pace_error *error,
                     struct kv_slice *found, struct kv_slice *value)
{
    MDB_val k = value_of(key->bytes, key->len), v = value_of(NULL, 0);
    int rc = lmdb_seek_before(cursor->cursor, &k, &v);
    return cursor_found(cursor, rc, &k, &v, error, found, value);
}

int kv_cursor_next(struct kv_cursor *cursor, struct pace_error *error, struct kv_slice *found,
                   struct kv_slice *value)
{
    return cursor_move(cursor, MDB_NEXT, error, found, value);
}

int kv_cursor_prev(struct kv_cursor *cursor, struct pace_error *error, struct kv_slice *found,
                   struct kv_slice *value)
{
    return cursor_move(cursor, MDB_PREV, error, found, value);
}

int kv_cursor_list(struct kv_cursor *cursor, const struct key *prefix, int go_on,
                   struct kv_pair *pairs, size_t most, struct pace_error *error, size_t *count)
{
    int rc = lmdb_list_pairs(cursor->cursor, prefix, go_on, pairs, most, count);
    return rc ? fail(cursor->txn->kv, rc, error) : 0;
}

/* -- sealed records -------------------------------------------------------------------------- */

int kv_get_sealed(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, struct kv_slice *body)
{
    struct kv_slice record;
    int rc = kv_get(txn, key, error, &record);
    if (rc) return rc;
    if (!seal_good(record.data, record.len, key->bytes, key->len))
        return error_damaged(error, "%s: %s", txn->kv->path, what);
    *body = (struct kv_slice){.data = record.data + SEAL_BYTES, .len = record.len - SEAL_BYTES};
    return 0;
}

int kv_get_struct(struct kv_txn *txn, const struct key *key, const char *what,
                  struct pace_error *error, void *out, size_t len)
{
    struct kv_slice body;
    int rc = kv_get_sealed(txn, key, what, error, &body);
    if (rc) return rc;
    if (body.len != len) return error_damaged(error, "%s: %s", txn->kv->path, what);
    memcpy(out, body.data, len);
    return 0;
}

int kv_put_struct(struct kv_txn *txn, const struct key *key, const void *body, size_t len,
                  struct pace_error *error)
{
    unsigned char record[SEAL_BYTES + KV_STRUCT_MAX];
    memcpy(record + SEAL_BYTES, body, len);
    seal_close(record, SEAL_BYTES + len, key->bytes, key->len);
    return kv_put(txn, key, record, SEAL_BYTES + len, error);
}

/* -- opening --------------------------------------------------------------------------------- */

static int set_cloexec(MDB_env *env)
{
    int fd;
    return mdb_env_get_fd(env, &fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) ? errno : 0;
}

/* Opens an environment; under a small RLIMIT_AS with a smaller map than was asked for. */
static int open_env(const struct kv *kv, const char *path, uint64_t map_size, int writable,
                    struct pace_error *error, MDB_env **out)
{
    for (;; map_size /= 4) {
        MDB_env *env;
        int rc = mdb_env_create(&env);
        if (rc) return fail(kv, rc, error);
        rc = mdb_env_set_assert(env, lmdb_asserted);
        if (!rc) rc = mdb_env_set_maxreaders(env, READERS_MAX);
        if (!rc) rc = mdb_env_set_mapsize(env, map_size);
        if (!rc) rc = writable ? lmdb_env_open(env, path) : lmdb_env_open_readonly(env, path);
        if (!rc) rc = set_cloexec(env);
        if (!rc) {
            *out = env;
            return 0;
        }
        mdb_env_close(env);
        if (rc != ENOMEM || map_size / 4 < MAP_SIZE_LEAST) return fail(kv, rc, error);
    }
}

static int open_database(const struct kv *kv, MDB_env *env, struct pace_error *error, MDB_dbi *dbi)
{
    MDB_txn *txn;
    int rc = lmdb_begin(env, MDB_RDONLY, &txn);
    if (rc) return fail(kv, rc, error);
    rc = lmdb_open_database(txn, dbi);
    lmdb_abort(txn);
    return rc ? fail(kv, rc, error) : 0;
}

/* Whether nothing of others lies in the directory: a store is not made among other files. What an
 * interrupted try, a .gitignore of ours or another opener left does not count. */
static int directory_is_free(const struct kv *kv)
{
    static const char *const own[] = {".", "..", KV_NEW, KV_LOCK, KV_WRITE_LOCK, ".gitignore"};
    int fd = openat(kv->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0) close(fd);
        return 1; /* what is made next says why not */
    }
    int is_free = 1;
    for (struct dirent *entry; is_free && (entry = readdir(entries));) {
        is_free = 0;
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
            is_free |= strcmp(entry->d_name, own[i]) == 0;
    }
    closedir(entries);
    return is_free;
}

/* Makes the store in a directory of its own and moves it into place when it is whole and on disk: a
 * file with half a first page would be refused for ever. */
static int create_data(struct kv *kv, const struct kv_work *fill, struct pace_error *error)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/" KV_NEW, kv->path) >= (int)sizeof path)
        return error_set(error, ENAMETOOLONG, "%s: the path is too long", kv->path);
    if (!directory_is_free(kv))
        return error_set(error, PACE_ENOSTORE,
                         "%s holds other files and no store; name a new or an empty directory",
                         kv->path);
    unlinkat(kv->directory, KV_NEW "/" KV_DATA, 0); /* of a try that was interrupted */
    unlinkat(kv->directory, KV_NEW "/" KV_LOCK, 0);
    unlinkat(kv->directory, KV_NEW, AT_REMOVEDIR);
    if (mkdirat(kv->directory, KV_NEW, 0700))
        return error_set(error, errno, "cannot make %s: %s", path, pace_strerror(errno));

    struct kv_txn txn = {.kv = kv};
    MDB_env *env;
    int rc = open_env(kv, path, MAP_SIZE_LEAST, 1, error, &env);
    if (!rc) {
        int result = lmdb_begin(env, 0, &txn.txn);
        if (!result) result = lmdb_open_database(txn.txn, &kv->dbi);
        if (result) {
            rc = fail(kv, result, error);
        } else {
            rc = fill->run(&txn, fill->context, error);
            if (!rc) {
                result = lmdb_commit(txn.txn);
                if (result) rc = fail(kv, result, error);
            } else {
                lmdb_abort(txn.txn);
            }
        }
        mdb_env_close(env);
    }
    if (!rc && (renameat(kv->directory, KV_NEW "/" KV_DATA, kv->directory, KV_DATA) ||
                fsync(kv->directory)))
        rc = error_set(error, errno, "cannot make %s/" KV_DATA ": %s", kv->path,
                       pace_strerror(errno));
    unlinkat(kv->directory, KV_NEW "/" KV_DATA, 0);
    unlinkat(kv->directory, KV_NEW "/" KV_LOCK, 0);
    unlinkat(kv->directory, KV_NEW, AT_REMOVEDIR);
    return rc;
}

static void kv_free(struct kv *kv)
{
    if (kv->write_lock >= 0) close(kv->write_lock);
    if (kv->directory >= 0) close(kv->directory);
    if (kv->mine) munmap((void *)(uintptr_t)kv->mine, PAGE_BYTES);
    kv_line_free(&kv->line);
    pthread_cond_destroy(&kv->changed);
    pthread_mutex_destroy(&kv->mutex);
    free(kv->path);
    free(kv);
}

/* NULL where the kernel has no such pages. */
static volatile unsigned char *make_fork_page(void)
{
    unsigned char *page =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    if (madvise(page, PAGE_BYTES, MADV_WIPEONFORK)) {
        munmap(page, PAGE_BYTES);
        return NULL;
    }
    *page = 1;
    return page;
}

static struct kv *kv_new(const char *path)
{
    struct kv *kv = calloc(1, sizeof *kv);
    if (!kv) return NULL;
    kv->path = strdup(path);
    if (!kv->path) {
        free(kv);
        return NULL;
    }
    size_t len = strlen(kv->path);
    while (len > 1 && kv->path[len - 1] == '/') /* a trailing slash would follow a link */
        kv->path[--len] = 0;
    kv->references = 1;
    kv->pid = getpid();
    kv->mine = make_fork_page();
    kv->directory = kv->write_lock = -1;
    kv_line_init(&kv->line);
    pthread_mutex_init(&kv->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&kv->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return kv;
}

/* The open store with this file, or NULL. The registry's mutex is held. */
static struct kv *registry_find(dev_t device, ino_t inode)
{
    for (struct kv *kv = registry.first; kv; kv = kv->next) {
        if (kv->device == device && kv->inode == inode && kv->pid == getpid()) return kv;
    }
    return NULL;
}

/* Opens the environment of a file that passed all checks. */
static int open_checked(struct kv *kv, const struct kv_options *options, const struct stat *data,
                        struct pace_error *error)
{
    struct stat st;
    int rc = kv_file_check(kv->directory, kv->path, KV_LOCK, error, &st);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    rc = kv_file_validate(kv->directory, kv->path, options->metas_only, error);
    if (rc) return rc;
    kv->device = data->st_dev;
    kv->inode = data->st_ino;
    kv->writable = faccessat(kv->directory, KV_DATA, R_OK | W_OK, AT_EACCESS) == 0;
    uint64_t map_size = options->map_size ? options->map_size : MAP_SIZE_DEFAULT;
    if (map_size < MAP_SIZE_LEAST) map_size = MAP_SIZE_LEAST;
    rc = open_env(kv, kv->path, map_size, kv->writable, error, &kv->env);
    if (rc) return rc;
    int fd, dead;
    if (mdb_env_get_fd(kv->env, &fd) || fstat(fd, &st) || st.st_dev != data->st_dev ||
        st.st_ino != data->st_ino)
        rc = error_set(error, PACE_EUNSAFE, "%s/" KV_DATA " was replaced during opening", kv->path);
    if (!rc) rc = open_database(kv, kv->env, error, &kv->dbi);
    if (rc) {
        mdb_env_close(kv->env);
        return rc;
    }
    mdb_reader_check(kv->env, &dead);
    return 0;
}

/* With the directory locked: makes the data file if asked to, finds or opens its environment. */
static int open_locked(struct kv *kv, const struct kv_options *options, struct pace_error *error,
                       struct kv **shared)
{
    struct stat data;
    int rc = kv_file_check(kv->directory, kv->path, KV_DATA, error, &data);
    if (rc == PACE_ENOTFOUND && options->create) {
        rc = create_data(kv, &options->fill, error);
        if (!rc) rc = kv_file_check(kv->directory, kv->path, KV_DATA, error, &data);
    }
    if (rc == PACE_ENOTFOUND)
        return error_set(error, PACE_ENOSTORE, "%s holds no store (no " KV_DATA ")", kv->path);
    if (rc) return rc;

    pthread_mutex_lock(&registry.mutex);
    *shared = registry_find(data.st_dev, data.st_ino);
    if (*shared) {
        (*shared)->references++;
    } else {
        rc = open_checked(kv, options, &data, error);
        if (!rc) {
            kv->next = registry.first;
            registry.first = kv;
        }
    }
    pthread_mutex_unlock(&registry.mutex);
    return rc;
}

int kv_open(const char *path, const struct kv_options *options, struct pace_error *error,
            struct kv **out)
{
    struct kv *kv = kv_new(path), *shared = NULL;
    if (!kv) return error_memory(error);
    struct timespec deadline = kv_file_deadline(options->timeout_ms);
    int rc = kv_file_directory(kv->path, options->create, error, &kv->directory);
    if (!rc) rc = kv_file_lock(kv->directory, kv->path, &deadline, error);
    if (!rc) {
        rc = open_locked(kv, options, error, &shared);
        kv_file_unlock(kv->directory);
    }
    if (rc || shared) kv_free(kv);
    if (!rc) *out = shared ? shared : kv;
    return rc;
}

/* Whoever has the file open holds a shared lock on the first byte of lock.mdb: LMDB's way of
 * knowing that it is alone. With the directory locked nobody opens it now. A new file must not meet
 * an old lock.mdb in use, and an old file must not meet a new one: either would let two writers
 * in. */
static int replace_alone(struct kv *kv, const char *name, struct pace_error *error)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int lock = openat(kv->directory, KV_LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC), rc = 0;
    if (lock < 0)
        return error_set(error, errno, "%s/" KV_LOCK ": %s", kv->path, pace_strerror(errno));
    if (fcntl(lock, F_SETLK, &whole))
        rc = error_set(error, PACE_EBUSY,
                       "%s: another process has the store open; end it, or write the new store "
                       "elsewhere",
                       kv->path);
    else if (renameat(kv->directory, name, kv->directory, KV_DATA) ||
             (unlinkat(kv->directory, KV_LOCK, 0) && errno != ENOENT) || fsync(kv->directory))
        rc = error_set(error, errno, "cannot replace %s/" KV_DATA ": %s", kv->path,
                       pace_strerror(errno));
    close(lock);
    return rc;
}

int kv_replace(struct kv *kv, const char *name, unsigned timeout_ms, struct pace_error *error)
{
    struct timespec deadline = kv_file_deadline(timeout_ms);
    int rc = kv_file_lock(kv->directory, kv->path, &deadline, error);
    if (rc) return rc;
    pthread_mutex_lock(&registry.mutex);
    if (kv->references != 1) {
        rc =
            error_set(error, PACE_EBUSY, "%s: this process has the store open elsewhere", kv->path);
    } else {
        mdb_env_close(kv->env);
        kv->env = NULL;
        kv->inode = 0; /* its number may be given to another file */
        rc = replace_alone(kv, name, error);
    }
    pthread_mutex_unlock(&registry.mutex);
    kv_file_unlock(kv->directory);
    return rc;
}

void kv_close(struct kv *kv)
{
    /* A forked child owns neither the environment nor the registry's entry. */
    if (!kv || kv->pid != getpid()) return;
    struct timespec deadline = kv_file_deadline(1000);
    int locked = kv_file_lock(kv->directory, kv->path, &deadline, NULL) == 0;
    pthread_mutex_lock(&registry.mutex);
    int last = --kv->references == 0;
    if (last) {
        struct kv **at = &registry.first;
        while (*at != kv)
            at = &(*at)->next;
        *at = kv->next;
        mdb_env_close(kv->env);
    }
    pthread_mutex_unlock(&registry.mutex);
    if (locked) kv_file_unlock(kv->directory);
    if (last) kv_free(kv);
}
