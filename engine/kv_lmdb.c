/* kv_lmdb.c -- calls into LMDB with its assertions caught, searches that a damaged page cannot lead
 * astray, and what its results mean to people. See kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FULL_MARGIN_BYTES = 1 << 20 };

/* -- calls ----------------------------------------------------------------------------------- */

/* LMDB asserts what it reads from the file and would abort. The hook jumps out of the call instead;
 * what the call left behind is only ever aborted. */
static _Thread_local jmp_buf *lmdb_escape;

void lmdb_asserted(MDB_env *env, const char *message)
{
    (void)env, (void)message;
    if (lmdb_escape) longjmp(*lmdb_escape, 1);
}

#define LMDB_CALL(name, parameters, call)                                                          \
    int name parameters                                                                            \
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
/* -- values that are written again ------------------------------------------------------------- */

/* Of a page's header: u64 number, u16, u16 flags, u32 pages of a long value. */
enum { FLAGS_AT = 10, PAGES_AT = 12, FLAG_LEAF = 2, FLAG_LONG = 4 };

static uint64_t page_number(uintptr_t page)
{
    uint64_t number;
    memcpy(&number, (const void *)page, sizeof number);
    return number;
}

/* Keys lie on leaf pages, and these at multiples of their size: of a page and its number follows the map. */
static int find_map(MDB_txn *txn, MDB_dbi dbi, struct lmdb_map *map)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_envinfo info;
    MDB_stat stat;
    *map = (struct lmdb_map){0};
    int rc = mdb_env_info(mdb_txn_env(txn), &info);
    if (!rc) rc = mdb_stat(txn, dbi, &stat);
    if (!rc) rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc) return rc;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    mdb_cursor_close(cursor);
    if (rc) return rc == MDB_NOTFOUND ? 0 : rc;
    uintptr_t page = (uintptr_t)key.mv_data & ~((uintptr_t)stat.ms_psize - 1);
    uint64_t number = page_number(page);
    if (number > info.me_last_pgno) return MDB_CORRUPTED;
    map->page_bytes = stat.ms_psize;
    map->begin = page - number * map->page_bytes;
    map->end = map->begin + (info.me_last_pgno + 1) * map->page_bytes;
    return 0;
}

static int check_old(MDB_txn *txn, MDB_dbi dbi, const struct lmdb_map *map, const MDB_val *key)
{
    MDB_val wanted = *key, value;
    uint16_t flags;
    uint32_t pages;
    int rc = mdb_get(txn, dbi, &wanted, &value);
    if (rc) return rc == MDB_NOTFOUND ? 0 : rc;
    uintptr_t at = (uintptr_t)value.mv_data;
    if (at < map->begin || at >= map->end) return 0; /* a page that this batch has changed */
    uintptr_t page = at & ~(map->page_bytes - 1);
    memcpy(&flags, (const char *)page + FLAGS_AT, sizeof flags);
    memcpy(&pages, (const char *)page + PAGES_AT, sizeof pages);
    if (page_number(page) != (page - map->begin) / map->page_bytes) return MDB_CORRUPTED;
    if (at - page != PAGE_HEADER) return flags == FLAG_LEAF ? 0 : MDB_CORRUPTED;
    /* A value that was written again, shorter, by the transaction that made it keeps its pages. */
    if (flags != FLAG_LONG || pages > (map->end - page) / map->page_bytes ||
        pages < (PAGE_HEADER + value.mv_size + map->page_bytes - 1) / map->page_bytes)
        return MDB_CORRUPTED;
    return 0;
}

LMDB_CALL(lmdb_find_map, (MDB_txn * txn, MDB_dbi dbi, struct lmdb_map *map),
          find_map(txn, dbi, map))
LMDB_CALL(lmdb_check_old,
          (MDB_txn * txn, MDB_dbi dbi, const struct lmdb_map *map, const MDB_val *key),
          check_old(txn, dbi, map, key))
LMDB_CALL(lmdb_put, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_put(txn, dbi, key, value, 0))
LMDB_CALL(lmdb_append, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_put(txn, dbi, key, value, MDB_APPEND))
LMDB_CALL(lmdb_reserve, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key, MDB_val *value),
          mdb_put(txn, dbi, key, value, MDB_RESERVE))
LMDB_CALL(lmdb_delete, (MDB_txn * txn, MDB_dbi dbi, MDB_val *key), mdb_del(txn, dbi, key, NULL))
LMDB_CALL(lmdb_cursor_get, (MDB_cursor * cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
          mdb_cursor_get(cursor, key, value, op))
LMDB_CALL(lmdb_cursor_close, (MDB_cursor * cursor), (mdb_cursor_close(cursor), 0))

enum { LINE_BYTES = 64 };

static void prefetch(uintptr_t from, size_t len)
{
    for (size_t at = 0; at < len; at += LINE_BYTES)
        __builtin_prefetch((const void *)(from + at), 0, 2);
}

/* Each page is fetched as a whole when it is come to, and the beginning of each record that lies on a
 * page of its own: they are read next, and the processor does not see them coming. */
static void take_pair(const MDB_val *key, const MDB_val *value, uintptr_t *page,
                      struct kv_pair *pair)
{
    uintptr_t key_page = (uintptr_t)key->mv_data / PAGE_BYTES;
    if (key_page != *page) prefetch(key_page * PAGE_BYTES, PAGE_BYTES);
    if ((uintptr_t)value->mv_data / PAGE_BYTES != key_page)
        prefetch((uintptr_t)value->mv_data, 3 * LINE_BYTES);
    *page = key_page;
    *pair = (struct kv_pair){.key = slice_of(key), .value = slice_of(value)};
}

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
        take_pair(&key, &value, &page, &pairs[(*count)++]);
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

static int list_back(MDB_cursor *cursor, const struct key *end, int go_on, struct kv_pair *pairs,
                     size_t most, size_t *count)
{
    MDB_val key = {.mv_size = end->len, .mv_data = (void *)(uintptr_t)end->bytes}, value;
    uintptr_t page = 0;
    int rc = 0;
    *count = 0;
    while (*count < most) {
        rc = *count || go_on ? mdb_cursor_get(cursor, &key, &value, MDB_PREV)
                             : seek_before(cursor, &key, &value);
        if (rc) break;
        if (key.mv_size == 0 || key.mv_size > KEY_MAX) return MDB_CORRUPTED;
        take_pair(&key, &value, &page, &pairs[(*count)++]);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
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
LMDB_CALL(lmdb_list_back,
          (MDB_cursor * cursor, const struct key *end, int go_on, struct kv_pair *pairs,
           size_t most, size_t *count),
          list_back(cursor, end, go_on, pairs, most, count))

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

int kv_fail(const struct kv *kv, int rc, struct pace_error *error)
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
        if (looks_full(kv)) return kv_fail(kv, ENOSPC, error);
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
int kv_is_opener(const struct kv *kv)
{
    return kv->mine ? *kv->mine : kv->pid == getpid();
}

int kv_check(const struct kv *kv, struct pace_error *error)
{
    if (kv_is_opener(kv)) return 0;
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
    if (mdb_env_get_fd(kv->env, &fd) || fstat(fd, &st)) return kv_fail(kv, errno, error);
    *bytes = (uint64_t)st.st_size;
    return 0;
}
