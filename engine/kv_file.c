/* kv_file.c -- see kv_file.h. */
#include "kv_file.h"
#include "kv_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

/* -- the directory and its files ------------------------------------------------------------- */

/* File systems on which shared maps and locks do not hold between machines (statfs(2), f_type). */
static const struct {
    uint32_t magic;
    const char *name;
} network_file_systems[] = {
    {0x00006969, "NFS"},  {0x0000517b, "SMB"},  {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},
    {0x01021997, "9p"},   {0x00c36400, "Ceph"}, {0x5346414f, "AFS"},  {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"}, {0x73757245, "Coda"}, {0x0000564c, "NCP"},  {0x7461636f, "OCFS2"},
};

static int check_file_system(int fd, const char *path, struct pace_error *error)
{
    struct statfs fs;
    if (fstatfs(fd, &fs)) return error_set(error, errno, "%s: %s", path, pace_strerror(errno));
    for (size_t i = 0; i < sizeof network_file_systems / sizeof *network_file_systems; i++) {
        if ((uint32_t)fs.f_type == network_file_systems[i].magic)
            return error_set(error, PACE_EFS,
                             "%s is on %s, where locks and maps do not hold; use a local disk",
                             path, network_file_systems[i].name);
    }
    return 0;
}

/* Owner and mode. A store that others can write could make us read anything they like. */
static int check_owner(const struct stat *st, const char *path, const char *name,
                       struct pace_error *error)
{
    if (geteuid() != 0 && st->st_uid != geteuid())
        return error_set(error, PACE_EUNSAFE, "%s%s belongs to user %lu, not to you", path, name,
                         (unsigned long)st->st_uid);
    int sticky_directory = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky_directory)
        return error_set(error, PACE_EUNSAFE,
                         "%s%s can be written by others; run: chmod go-w '%s%s'", path, name, path,
                         name);
    return 0;
}

/* Makes the directory's entry in its parent durable; a failure here loses an empty directory
 * only. */
static void sync_parent(const char *path)
{
    char parent[4096];
    size_t len = strlen(path);
    if (len >= sizeof parent) return;
    memcpy(parent, path, len + 1);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = 0;
    char *slash = strrchr(parent, '/');
    if (slash) slash[slash == parent] = 0;
    int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

static int make_directory(const char *path, struct pace_error *error)
{
    if (mkdir(path, 0700)) {
        if (errno == EEXIST) return 0;
        return error_set(error, errno, "cannot make %s: %s", path, pace_strerror(errno));
    }
    sync_parent(path);
    return 0;
}

int kv_file_directory(const char *path, int create, struct pace_error *error, int *fd)
{
    struct stat st;
    if (create) {
        int rc = make_directory(path, error);
        if (rc) return rc;
    }
    if (lstat(path, &st)) {
        if (errno == ENOTDIR) return error_set(error, PACE_ENOSTORE, "%s is not a store", path);
        return error_set(error, errno, "%s: %s", path, pace_strerror(errno));
    }
    if (S_ISLNK(st.st_mode))
        return error_set(error, PACE_EUNSAFE, "%s is a link; name the directory itself", path);
    if (!S_ISDIR(st.st_mode))
        return error_set(error, PACE_ENOSTORE, "%s is not a directory; a store is one", path);
    int opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (opened < 0) return error_set(error, errno, "%s: %s", path, pace_strerror(errno));

    int rc = 0;
    if (fstat(opened, &st)) rc = error_set(error, errno, "%s: %s", path, pace_strerror(errno));
    if (!rc) rc = check_owner(&st, path, "", error);
    if (!rc) rc = check_file_system(opened, path, error);
    if (rc) {
        close(opened);
        return rc;
    }
    *fd = opened;
    return 0;
}

int kv_file_check(int directory, const char *path, const char *name, struct pace_error *error,
                  struct stat *out)
{
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW)) {
        if (errno == ENOENT) return PACE_ENOTFOUND;
        return error_set(error, errno, "%s/%s: %s", path, name, pace_strerror(errno));
    }
    if (S_ISLNK(st.st_mode)) return error_set(error, PACE_EUNSAFE, "%s/%s is a link", path, name);
    if (!S_ISREG(st.st_mode))
        return error_set(error, PACE_ENOSTORE, "%s/%s is not a regular file", path, name);
    if (st.st_nlink != 1)
        return error_set(error, PACE_EUNSAFE, "%s/%s has %lu links, not one", path, name,
                         (unsigned long)st.st_nlink);
    char with_slash[PACE_MAX_NAME];
    size_t len = strlen(name);
    with_slash[0] = '/';
    memcpy(with_slash + 1, name, len + 1);
    int rc = check_owner(&st, path, with_slash, error);
    if (!rc) *out = st;
    return rc;
}

/* -- the meta pages -------------------------------------------------------------------------- */

/* A database record in a meta page. */
struct meta_tree {
    uint32_t pad; /* of the first: page size */
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
};

/* A meta page of LMDB 0.9 on 64-bit machines:
 *     0 page number u64 | 8 pad u16 | 10 flags u16 | 12 lower, upper u16 |
 *    16 magic u32 | 20 version u32 | 24 address u64 | 32 map size u64 |
 *    40 free tree, 48 bytes | 88 main tree, 48 bytes | 136 last page u64 | 144 txn u64 */
struct meta_page {
    uint64_t number;
    uint16_t pad, flags, lower, upper;
    uint32_t magic, version;
    uint64_t address, map_size;
    struct meta_tree free_tree, main_tree;
    uint64_t last_page, txn;
};
_Static_assert(sizeof(struct meta_page) == 152, "layout of LMDB's meta page");
_Static_assert(offsetof(struct meta_page, main_tree) == 88, "layout of LMDB's meta page");

enum {
    META_MAGIC_FLAG = 0x08, /* P_META */
    META_VERSION = 1,
    FREE_TREE_FLAGS = 0x08, /* MDB_INTEGERKEY */
    PAGE_MIN = 512,
    PAGE_MAX = 0x8000,
    VALIDATE_TRIES = 100,
    WALK_PAGES_MAX = 256, /* branches and leaves: some 2,000 runs, half a millisecond */
};
#define META_MAGIC   0xbeefc0deu
#define NO_PAGE      UINT64_MAX
#define MAP_SIZE_MAX ((uint64_t)1 << 47)

static const char *tree_problem(const struct meta_tree *tree, uint16_t flags, uint64_t last_page)
{
    if (tree->flags != flags) return "flags";
    if (tree->depth > KV_TREE_DEPTH_MAX) return "depth";
    if ((tree->depth == 0) != (tree->root == NO_PAGE)) return "root";
    if (tree->root != NO_PAGE && (tree->root < 2 || tree->root > last_page)) return "root";
    if (tree->branch_pages > last_page || tree->leaf_pages > last_page ||
        tree->overflow_pages > last_page)
        return "page count";
    if (tree->depth > 0 && tree->leaf_pages == 0) return "page count";
    return NULL;
}

/* What lies in the trees of the older page matters to nobody: after a write of a meta page that failed,
 * LMDB leaves the trees of the failed commit in it. */
static const char *meta_problem(const struct meta_page *meta, unsigned index, uint64_t file_bytes,
                                int is_newest)
{
    uint32_t page_bytes = meta->free_tree.pad;
    if (meta->number != index) return "page number";
    if (meta->flags != META_MAGIC_FLAG) return "page flags";
    if (meta->magic != META_MAGIC) return "magic";
    if (meta->version != META_VERSION) return "version";
    if (meta->address != 0) return "address";
    if (page_bytes < PAGE_MIN || page_bytes > PAGE_MAX || (page_bytes & (page_bytes - 1)))
        return "page size";
    if (meta->main_tree.pad != 0) return "main tree";
    if (meta->map_size > MAP_SIZE_MAX || meta->map_size < page_bytes) return "map size";
    if (meta->last_page < 1 || meta->last_page >= meta->map_size / page_bytes) return "last page";
    if (file_bytes < 2 * (uint64_t)page_bytes) return "size of the file";
    if ((meta->txn & 1) != index) return "transaction number";
    if (!is_newest) return NULL;
    const char *problem = tree_problem(&meta->free_tree, FREE_TREE_FLAGS, meta->last_page);
    return problem ? problem : tree_problem(&meta->main_tree, 0, meta->last_page);
}

struct metas {
    struct meta_page pages[2];
    uint64_t file_bytes;
};

static int read_metas(int fd, const char *path, struct pace_error *error, struct metas *out)
{
    struct stat st;
    memset(out, 0, sizeof *out);
    if (fstat(fd, &st)) return error_set(error, errno, "%s: %s", path, pace_strerror(errno));
    out->file_bytes = (uint64_t)st.st_size;
    ssize_t got = pread(fd, &out->pages[0], sizeof out->pages[0], 0);
    uint32_t page_bytes = out->pages[0].free_tree.pad;
    if (got >= 0 && page_bytes >= PAGE_MIN && page_bytes <= PAGE_MAX)
        got = pread(fd, &out->pages[1], sizeof out->pages[1], (off_t)page_bytes);
    return got < 0 ? error_set(error, errno, "%s: %s", path, pace_strerror(errno)) : 0;
}

static int check_metas(const struct metas *metas, const char *path, struct pace_error *error)
{
    const struct meta_page *first = &metas->pages[0], *second = &metas->pages[1];
    if (first->magic != META_MAGIC && second->magic != META_MAGIC)
        return error_set(error, PACE_ENOSTORE, "%s/" KV_DATA " is not a store's data file", path);
    if (first->magic == META_MAGIC && second->magic == META_MAGIC &&
        first->version == second->version && first->version > META_VERSION)
        return error_set(error, PACE_EFORMAT,
                         "%s/" KV_DATA " has LMDB's data format %u; this library reads format %d",
                         path, first->version, META_VERSION);
    for (unsigned i = 0; i < 2; i++) {
        int is_newest = i == (second->txn > first->txn);
        const char *problem = meta_problem(&metas->pages[i], i, metas->file_bytes, is_newest);
        if (problem)
            return error_damaged(error, "%s/" KV_DATA " (%llu bytes): %s of meta page %u", path,
                                 (unsigned long long)metas->file_bytes, problem, i);
    }
    uint64_t newer = first->txn > second->txn ? first->txn : second->txn;
    uint64_t older = first->txn > second->txn ? second->txn : first->txn;
    if (newer - older != 1)
        return error_damaged(error, "%s/" KV_DATA ": transaction numbers of the meta pages", path);
    return 0;
}

static struct kv_tree tree_of(const struct meta_tree *tree)
{
    return (struct kv_tree){.root = tree->root,
                            .depth = tree->depth,
                            .branch_pages = tree->branch_pages,
                            .leaf_pages = tree->leaf_pages,
                            .overflow_pages = tree->overflow_pages,
                            .entries = tree->entries};
}

/* The walk over the pages of one state of the file. */
static struct kv_pages pages_of(int fd, const struct metas *metas, const struct meta_page *meta)
{
    return (struct kv_pages){.fd = fd,
                             .page_bytes = meta->free_tree.pad,
                             .file_bytes = metas->file_bytes,
                             .last_page = meta->last_page,
                             .txn = meta->txn,
                             .free_tree = tree_of(&meta->free_tree),
                             .main_tree = tree_of(&meta->main_tree)};
}

struct first_problem {
    const char *problem;
    uint64_t page;
};

static int keep_first(void *context, uint64_t page, const void *key, size_t key_len,
                      const char *problem)
{
    (void)key, (void)key_len;
    *(struct first_problem *)context = (struct first_problem){.problem = problem, .page = page};
    return 1;
}

/* Walks the trees of a store that is small, or shorter than its last page says. LMDB leaves pages
 * at the end unwritten that it took and gave back in one transaction, so a short file can be whole;
 * if it is not, reading it would end in SIGBUS. */
static int check_pages(int fd, const struct metas *metas, const char *path,
                       struct pace_error *error)
{
    const struct meta_page *meta = &metas->pages[metas->pages[1].txn > metas->pages[0].txn];
    struct kv_pages pages = pages_of(fd, metas, meta);
    uint64_t tree_pages = pages.main_tree.branch_pages + pages.main_tree.leaf_pages +
                          pages.free_tree.branch_pages + pages.free_tree.leaf_pages;
    int is_short = pages.last_page >= pages.file_bytes / pages.page_bytes;
    if (!is_short && tree_pages > WALK_PAGES_MAX) return 0;
    struct first_problem first = {0};
    pages.report = keep_first;
    pages.context = &first;
    int rc = kv_pages_walk(&pages, NULL);
    if (rc == 0) return 0;
    if (!first.problem) return error_memory(error);
    return error_damaged(error, "%s/" KV_DATA " (%llu bytes%s): page %llu: %s", path,
                         (unsigned long long)metas->file_bytes, is_short ? ", cut short" : "",
                         (unsigned long long)first.page, first.problem);
}

/* A writer that commits meanwhile makes a good file look damaged; then the meta pages have
 * changed. */
int kv_file_validate(int directory, const char *path, int metas_only, struct pace_error *error)
{
    struct metas metas, again;
    int fd = openat(directory, KV_DATA, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return error_set(error, errno, "%s/" KV_DATA ": %s", path, pace_strerror(errno));
    int rc = 0;
    for (int i = 0; i < VALIDATE_TRIES; i++) {
        rc = read_metas(fd, path, error, &metas);
        if (!rc) rc = check_metas(&metas, path, error);
        if (!rc && !metas_only) rc = check_pages(fd, &metas, path, error);
        if (rc != PACE_ECORRUPT || read_metas(fd, path, error, &again) ||
            memcmp(&metas, &again, sizeof metas) == 0)
            break;
    }
    close(fd);
    return rc;
}

int kv_file_walk(int fd, const char *path, uint64_t txn, kv_file_report *report, void *context,
                 struct pace_error *error, struct kv_page_count *count)
{
    struct metas metas;
    int rc = PACE_ECORRUPT;
    for (int i = 0; i < VALIDATE_TRIES && rc == PACE_ECORRUPT; i++) { /* a writer may be at them */
        rc = read_metas(fd, path, error, &metas);
        if (!rc) rc = check_metas(&metas, path, error);
    }
    if (rc) return rc;
    const struct meta_page *meta = &metas.pages[txn & 1];
    if (meta->txn != txn) return PACE_EBUSY;
    struct kv_pages pages = pages_of(fd, &metas, meta);
    pages.thorough = 1;
    pages.report = report;
    pages.context = context;
    return kv_pages_walk(&pages, count) < 0 ? error_memory(error) : 0;
}

/* -- locks with a deadline ------------------------------------------------------------------- */

enum { FIRST_PAUSE_NS = 100000, LAST_PAUSE_NS = 5000000 };

struct timespec kv_file_deadline(unsigned timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

static int passed(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != deadline->tv_sec) return now.tv_sec > deadline->tv_sec;
    return now.tv_nsec >= deadline->tv_nsec;
}

int kv_file_lock(int fd, const char *path, const struct timespec *deadline,
                 struct pace_error *error)
{
    long pause_ns = FIRST_PAUSE_NS;
    while (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_set(error, errno, "cannot lock %s: %s", path, pace_strerror(errno));
        if (passed(deadline))
            return error_set(error, PACE_EBUSY,
                             "%s is held by another process; try again, or end that process", path);
        nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
        if (pause_ns < LAST_PAUSE_NS) pause_ns *= 2;
    }
    return 0;
}

void kv_file_unlock(int fd)
{
    flock(fd, LOCK_UN);
}
