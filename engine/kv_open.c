/* kv_open.c -- opening, making, closing and replacing the file of a store; the registry of those
 * that are open. See kv.h and kv_lmdb.h. */
#include "kv_lmdb.h"
#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_SIZE_DEFAULT ((uint64_t)1 << 34)
#define MAP_SIZE_LEAST   ((uint64_t)1 << 20)

enum { PATH_BYTES = 4096, CLOSE_TIMEOUT_MS = 1000 };

/* The one mutable global of the library: LMDB allows a process one open of a file, so all handles
 * of all threads must find it. Entries of a forked parent stay and are passed over. */
static struct {
    pthread_mutex_t mutex;
    struct kv *first;
} registry = {.mutex = PTHREAD_MUTEX_INITIALIZER};

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
        if (rc) return kv_fail(kv, rc, error);
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
        if (rc != ENOMEM || map_size / 4 < MAP_SIZE_LEAST) return kv_fail(kv, rc, error);
    }
}

static int open_database(const struct kv *kv, MDB_env *env, struct pace_error *error, MDB_dbi *dbi)
{
    MDB_txn *txn;
    int rc;
    /* Another process may have let the map grow since the environment was opened. */
    while ((rc = lmdb_begin(env, MDB_RDONLY, &txn)) == MDB_MAP_RESIZED) {
        rc = mdb_env_set_mapsize(env, 0);
        if (rc) break;
    }
    if (rc) return kv_fail(kv, rc, error);
    rc = lmdb_open_database(txn, dbi);
    lmdb_abort(txn);
    return rc ? kv_fail(kv, rc, error) : 0;
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
        if (result) {
            rc = kv_fail(kv, result, error);
        } else if ((result = lmdb_open_database(txn.txn, &kv->dbi)) != 0) {
            lmdb_abort(txn.txn); /* an environment is not closed with LMDB's lock held */
            rc = kv_fail(kv, result, error);
        } else {
            rc = fill->run(&txn, fill->context, error);
            if (!rc) {
                result = lmdb_commit(txn.txn);
                if (result) rc = kv_fail(kv, result, error);
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
    if (kv->seen) overlay_free(kv->seen);
    free(kv->seen);
    kv_stage_free(&kv->stage);
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
    kv->mark = options->mark;
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
        kv->stage.is_used = 0;
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
    pthread_mutex_lock(&registry.mutex);
    int is_last = kv->references == 1 && kv->stage.is_used;
    pthread_mutex_unlock(&registry.mutex);
    if (is_last) kv_settle(kv, CLOSE_TIMEOUT_MS, NULL); /* what fails stays in the journal */
    struct timespec deadline = kv_file_deadline(CLOSE_TIMEOUT_MS);
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
