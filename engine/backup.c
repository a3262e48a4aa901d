/* backup.c -- pace_backup: a copy of the store while others write.
 *
 * The copy is made in one snapshot, page by page in the order of the tree, without the free ones:
 * it is smaller than the store and holds every run that was committed before it began. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_TRIES = 100 };

/* -- a file that appears whole or not at all -------------------------------------------------- */

/* Written under a name of its own with mode 0600, flushed, then renamed to its name, which must be
 * free, and the directory flushed. Whatever fails, nothing is left behind. */
struct new_file {
    int directory, fd; /* the directory is the caller's; fd -1: none */
    char name[256], temporary[256 + 8];
    const char *path; /* for messages */
};

static int failed(const struct new_file *file, int code, struct pace_error *error)
{
    int full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    return error_set(error, full ? PACE_EFULL : code, "cannot write %s: %s", file->path,
                     pace_strerror(code));
}

static int new_file_begin(struct new_file *file, int directory, const char *name, const char *path,
                          struct pace_error *error)
{
    struct stat st;
    *file = (struct new_file){.directory = directory, .fd = -1, .path = path};
    if (snprintf(file->name, sizeof file->name, "%s", name) >= (int)sizeof file->name)
        return failed(file, ENAMETOOLONG, error);
    snprintf(file->temporary, sizeof file->temporary, "%s.tmp", file->name);
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, EEXIST, "%s is there already; give another name, or remove it",
                         path);
    /* What an attempt that was killed left behind. */
    if (unlinkat(directory, file->temporary, 0) && errno != ENOENT)
        return failed(file, errno, error);
    file->fd = openat(directory, file->temporary,
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return file->fd < 0 ? failed(file, errno, error) : 0;
}

/* Flushes it and gives it its name; unless `rc` is not 0, which is returned: then it is removed. */
static int new_file_end(struct new_file *file, int rc, struct pace_error *error)
{
    if (file->fd < 0) return rc;
    if (!rc && fsync(file->fd)) rc = failed(file, errno, error);
    if (close(file->fd) && !rc) rc = failed(file, errno, error);
    file->fd = -1;
    if (!rc && renameat(file->directory, file->temporary, file->directory, file->name))
        rc = failed(file, errno, error);
    if (rc)
        unlinkat(file->directory, file->temporary, 0);
    else if (fsync(file->directory))
        rc = failed(file, errno, error);
    return rc;
}

/* -- copying --------------------------------------------------------------------------------- */

struct bad_page {
    const char *problem;
    uint64_t page;
};

static int keep_bad(void *context, uint64_t page, const void *key, size_t key_len,
                    const char *problem)
{
    (void)key, (void)key_len;
    *(struct bad_page *)context = (struct bad_page){.problem = problem, .page = page};
    return 1;
}

static int copy_snapshot(struct kv_txn *txn, int fd, struct pace_error *error)
{
    struct bad_page bad = {0};
    int rc = kv_walk_pages(txn, keep_bad, &bad, error, NULL);
    if (!rc && bad.problem)
        rc = error_damaged(error, "%s: page %llu (%s)", kv_path(txn), (unsigned long long)bad.page,
                           bad.problem);
    if (!rc) rc = kv_read_journal(txn, 1, error); /* a damaged one would only be cut off */
    return rc ? rc : kv_copy(txn, fd, error);
}

/* Writes a copy of a snapshot's store, or of a newer state, to a descriptor. Its pages are checked
 * first: what copies them trusts them. */
static int copy_store(struct kv *kv, unsigned timeout_ms, int fd, struct pace_error *error)
{
    int rc = PACE_EBUSY;
    for (int i = 0; i < COPY_TRIES && rc == PACE_EBUSY; i++) {
        struct kv_txn *txn;
        rc = kv_read_pages(kv, timeout_ms, error, &txn);
        if (rc) return rc;
        if (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0))
            rc = error_set(error, errno, "the copy: %s", pace_strerror(errno));
        else
            rc = copy_snapshot(txn, fd, error);
        kv_read_end(txn);
    }
    if (rc == PACE_EBUSY)
        return error_set(error, rc, "writers are too fast to be followed; try again");
    return rc;
}

/* -- pace_backup ----------------------------------------------------------------------------- */

/* Opens the directory that `path` is, or, for a file, lies in. *name: of the file in it. */
static int open_target(const char *path, int is_file, struct pace_error *error, int *directory,
                       const char **name)
{
    *name = KV_DATA;
    if (!is_file) return kv_file_directory(path, 1, error, directory);
    char parent[4096] = ".";
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof parent || (*name)[0] == 0)
        return error_set(error, PACE_EMISUSE, "not the name of a file: %.200s", path);
    if (slash) snprintf(parent, sizeof parent, "%.*s", len ? (int)len : 1, path);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return error_set(error, errno, "%s: %s", parent, pace_strerror(errno));
    *directory = fd;
    return 0;
}

int pace_backup(pace *store, const char *path, unsigned flags, struct pace_error *error,
                uint64_t *bytes)
{
    struct new_file file;
    struct stat st = {0};
    const char *name;
    int directory = -1;
    if (!path || !path[0] || flags & ~(unsigned)PACE_BACKUP_FILE)
        return error_set(error, PACE_EMISUSE, "pace_backup: no path, or unknown flags");
    int is_new = lstat(path, &st) != 0;
    int rc = kv_check(store->kv, error);
    if (!rc) rc = open_target(path, (flags & PACE_BACKUP_FILE) != 0, error, &directory, &name);
    if (rc) return rc;
    rc = new_file_begin(&file, directory, name, path, error);
    if (!rc) rc = copy_store(store->kv, store->timeout_ms, file.fd, error);
    if (!rc && fstat(file.fd, &st)) rc = failed(&file, errno, error);
    rc = new_file_end(&file, rc, error);
    close(directory);
    if (rc && is_new && !(flags & PACE_BACKUP_FILE)) rmdir(path);
    if (!rc && bytes) *bytes = (uint64_t)st.st_size;
    return rc;
}
