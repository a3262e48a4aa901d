/* test_rules.c -- what LMDB demands and the library hides: which flags it is called with and how
 * large its transactions become, the map grown by two processes in turn, what readers that died
 * leave, media that cannot be written, file systems of other machines. tests/README.md has the list
 * of all rules. */
#include "../child.h"
#include "../store_dump.h"

#include "../../engine/kv.h"
#include "../../tools/store.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

enum {
    COLUMNS = 3000,
    COMMIT_BYTES_MAX = 64 << 20,
    VALUE_BYTES_MAX = 1 << 20,
    ROOM = 0xff, /* the first byte of a key that holds no record (kv_batch.c) */
};

/* -- what LMDB and the system are told ---------------------------------------------------------- */

static struct {
    unsigned env_flags, dbi_flags, put_flags; /* all that were given */
    size_t names, nested, resized;            /* databases with a name, transactions in one */
    size_t value_bytes, most_value_bytes;     /* of one commit, of one value */
    size_t most_commit_bytes;
    uint32_t file_system; /* 0: as it is */
    int is_readonly;      /* the file system is */
    char order[64];       /* f: fsync, fdatasync; r: renameat */
    void (*opened)(void); /* called once, when an environment was opened */
} seen;

/* LMDB's library must see them too. */
#pragma GCC visibility push(default)

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    int (*whole)(MDB_env *, const char *, unsigned, mdb_mode_t);
    *(void **)&whole = real("mdb_env_open");
    seen.env_flags |= flags;
    int rc = whole(env, path, flags, mode);
    void (*opened)(void) = seen.opened;
    seen.opened = NULL;
    if (opened) opened();
    return rc;
}

int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
    int (*whole)(MDB_txn *, const char *, unsigned, MDB_dbi *);
    *(void **)&whole = real("mdb_dbi_open");
    seen.dbi_flags |= flags;
    seen.names += name != NULL;
    return whole(txn, name, flags, dbi);
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    int (*whole)(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
    *(void **)&whole = real("mdb_txn_begin");
    int rc = whole(env, parent, flags, txn);
    seen.nested += parent != NULL;
    seen.resized += rc == MDB_MAP_RESIZED;
    if (!(flags & MDB_RDONLY)) seen.value_bytes = 0;
    return rc;
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
    int (*whole)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
    *(void **)&whole = real("mdb_put");
    seen.put_flags |= flags;
    if (*(const unsigned char *)key->mv_data < ROOM) {
        seen.value_bytes += key->mv_size + value->mv_size;
        if (value->mv_size > seen.most_value_bytes) seen.most_value_bytes = value->mv_size;
        if (seen.value_bytes > seen.most_commit_bytes) seen.most_commit_bytes = seen.value_bytes;
    }
    return whole(txn, dbi, key, value, flags);
}

int fstatfs(int fd, struct statfs *out)
{
    int rc = (int)syscall(SYS_fstatfs, fd, out);
    if (seen.file_system) out->f_type = (long)seen.file_system;
    return rc;
}

static void note(const char *what)
{
    if (strlen(seen.order) + 2 < sizeof seen.order) strcat(seen.order, what);
}

int fsync(int fd)
{
    note("f");
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    note("f");
    return (int)syscall(SYS_fdatasync, fd);
}

int renameat(int from, const char *old, int to, const char *new)
{
    note("r");
    return (int)syscall(SYS_renameat, from, old, to, new);
}

static int refuses(int flags)
{
    if (!seen.is_readonly || (flags & O_ACCMODE) == O_RDONLY) return 0;
    errno = EROFS;
    return 1;
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    if (mode & W_OK && refuses(O_RDWR)) return -1;
    return (int)syscall(SYS_faccessat2, directory, path, mode, flags);
}

/* Their headers may have made these inline functions. */
int shim_open(const char *path, int flags, ...) __asm__("open");
int shim_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    return refuses(flags) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int shim_openat(int directory, const char *path, int flags, ...) __asm__("openat");
int shim_openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    unsigned mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    return refuses(flags) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

#pragma GCC visibility pop

/* -- runs ---------------------------------------------------------------------------------------- */

/* Commits `count` runs of as many columns, in one batch of at most eight. */
static int put_runs(pace *store, int first, int count, int columns)
{
    pace_run *runs[8] = {NULL};
    int rc = 0;
    for (int i = 0; i < count; i++) {
        struct pace_run_info info = run_at(T0_NS + (first + i) * SECOND_NS);
        rc = pace_run_begin(store, &info, NULL, &runs[i]);
        for (int c = 0; !rc && c < columns; c++) {
            char name[16];
            snprintf(name, sizeof name, "b%d", c);
            struct pace_cell cell = cell_of(name, first + i + 0.001 * c);
            rc = pace_run_put(runs[i], &cell, NULL);
        }
        assert_int_equal(rc, 0);
    }
    rc = pace_runs_commit(store, runs, (size_t)count, NULL, NULL);
    while (count)
        pace_run_free(runs[--count]);
    return rc;
}

static uint64_t run_count(pace *store)
{
    pace_snapshot *snapshot;
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint64_t count = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    return count;
}

static uint64_t file_bytes(const char *dir)
{
    char path[8192];
    struct stat st;
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

static void wait_ok(pid_t child)
{
    assert_int_equal(child_status(child), 0);
}

/* -- the rules ------------------------------------------------------------------------------------ */

/* Rules 1, 5, 13 and 15. */
static void test_flags_and_sizes(void **state)
{
    (void)state;
    char *dir = make_directory();
    uint64_t hash;
    pace *store;
    int was_open[64];
    for (int fd = 0; fd < 64; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    for (int fd = 0; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        assert_true(flags < 0 || was_open[fd] || (flags & FD_CLOEXEC));
    }
    for (int i = 0; i < 200; i += 8)
        assert_int_equal(put_runs(store, i, 8, COLUMNS), 0);
    assert_int_equal(dump_store(store, 0, &hash), 0);
    pace_close(store);
    store_ok(pace_compact(dir, NULL, error, NULL));
    assert_int_equal(seen.env_flags & ~(unsigned)MDB_RDONLY, MDB_NOTLS);
    assert_int_equal(seen.dbi_flags, 0);
    assert_int_equal(seen.put_flags & ~(unsigned)(MDB_RESERVE | MDB_APPEND), 0);
    assert_int_equal(seen.names + seen.nested, 0);
    assert_true(seen.most_value_bytes > 0 && seen.most_value_bytes <= VALUE_BYTES_MAX);
    assert_true(seen.most_commit_bytes > 0 && seen.most_commit_bytes <= COMMIT_BYTES_MAX / 2);
    remove_tree(dir);
}

/* Rules 6 and 7: two processes let the map grow in turn, many times over; what one holds open stays
 * readable. */
static void test_growth_by_two(void **state)
{
    (void)state;
    enum { TURNS = 50, BATCH = 8 };
    char *dir = make_directory(), byte = 0;
    int to[2], from[2];
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, &options, error, &store));
    pace_close(store);
    assert_int_equal(pipe(to) | pipe(from), 0);
    seen.resized = 0;
    pid_t child = fork();
    if (child == 0) {
        int bad = pace_open(dir, 0, &options, NULL, &store) != 0;
        for (int i = 0; !bad && i < TURNS; i++) {
            bad = read(to[0], &byte, 1) != 1;
            bad |= put_runs(store, (2 * i + 1) * BATCH, BATCH, COLUMNS) != 0;
            byte = (char)seen.resized;
            bad |= write(from[1], &byte, 1) != 1;
        }
        if (!bad) pace_close(store);
        _exit(bad);
    }
    store_ok(pace_open(dir, 0, &options, error, &store));
    for (int i = 0; i < TURNS; i++) {
        pace_snapshot *snapshot;
        struct pace_run_view view;
        assert_int_equal(put_runs(store, 2 * i * BATCH, BATCH, COLUMNS), 0);
        store_ok(pace_snapshot_begin(store, error, &snapshot));
        assert_int_equal(write(to[1], &byte, 1), 1);
        assert_int_equal(read(from[0], &byte, 1), 1);
        assert_int_equal(pace_run_count(snapshot), (2 * i + 1) * BATCH);
        store_ok(pace_run_get(snapshot, 1, error, &view));
        pace_snapshot_end(snapshot);
        assert_int_equal(run_count(store), 2 * (i + 1) * BATCH);
    }
    pace_close(store);
    wait_ok(child);
    printf("# note the map grew under this one %zu times, under the other %d, to %llu bytes\n",
           seen.resized, byte, (unsigned long long)file_bytes(dir));
    assert_true(seen.resized >= 1 && seen.resized + (size_t)byte >= 4);
    assert_true(file_bytes(dir) > 3 << 20);
    store_ok(pace_verify(dir, print_damage, NULL, error, NULL));
    close(to[0]), close(to[1]), close(from[0]), close(from[1]);
    remove_tree(dir);
}

static int grow_now[2], has_grown[2];

static void grow_elsewhere(void)
{
    char byte = 0;
    assert_int_equal(write(grow_now[1], &byte, 1), 1);
    assert_int_equal(read(has_grown[0], &byte, 1), 1);
}

/* Rule 6: the map grows in another process while this one is opening the store. */
static void test_growth_during_open(void **state)
{
    (void)state;
    enum { BATCH = 8, TURNS = 50 };
    char *dir = make_directory(), byte = 0;
    struct pace_options options = {.struct_size = sizeof options, .map_size = 1 << 20};
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, &options, error, &store));
    pace_close(store);
    assert_int_equal(pipe(grow_now) | pipe(has_grown), 0);
    pid_t child = fork();
    if (child == 0) {
        int bad = pace_open(dir, 0, &options, NULL, &store) != 0;
        bad |= put_runs(store, 0, BATCH, COLUMNS) != 0;
        bad |= write(has_grown[1], &byte, 1) != 1 || read(grow_now[0], &byte, 1) != 1;
        for (int i = 1; !bad && i < TURNS; i++)
            bad = put_runs(store, i * BATCH, BATCH, COLUMNS) != 0;
        bad |= write(has_grown[1], &byte, 1) != 1;
        if (!bad) pace_close(store);
        _exit(bad);
    }
    assert_int_equal(read(has_grown[0], &byte, 1), 1); /* the other has it open */
    seen.opened = grow_elsewhere;
    seen.resized = 0;
    store_ok(pace_open(dir, 0, &options, error, &store));
    assert_true(seen.resized >= 1);
    assert_int_equal(run_count(store), TURNS * BATCH);
    pace_close(store);
    wait_ok(child);
    close(grow_now[0]), close(grow_now[1]), close(has_grown[0]), close(has_grown[1]);
    remove_tree(dir);
}

/* Rule 8: a reader that was killed keeps pages for a while, not for ever. */
static void test_dead_reader(void **state)
{
    (void)state;
    enum { COMMITS = 400 };
    uint64_t bytes[2];
    for (int with_reader = 0; with_reader < 2; with_reader++) {
        char *dir = make_directory(), byte;
        int ready[2];
        pace *store;
        store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
        assert_int_equal(put_runs(store, 0, 1, 100), 0);
        pace_close(store);
        assert_int_equal(pipe(ready), 0);
        store_ok(pace_open(dir, 0, NULL, error, &store)); /* it does not look for dead ones now */
        pid_t child = with_reader ? fork() : -1;
        if (child == 0) {
            pace_snapshot *snapshot;
            pace *own;
            int bad = pace_open(dir, PACE_READONLY, NULL, NULL, &own) ||
                      pace_snapshot_begin(own, NULL, &snapshot);
            if (write(ready[1], &byte, 1) == 1 && !bad) pause();
            _exit(1);
        }
        if (with_reader) {
            assert_int_equal(read(ready[0], &byte, 1), 1);
            kill(child, SIGKILL);
            assert_true(WIFSIGNALED(child_status(child)));
        }
        for (int i = 1; i <= COMMITS; i++)
            assert_int_equal(put_runs(store, i, 1, 100), 0);
        pace_close(store);
        bytes[with_reader] = file_bytes(dir);
        close(ready[0]), close(ready[1]);
        remove_tree(dir);
    }
    printf("# note %llu bytes after a dead reader, %llu without\n", (unsigned long long)bytes[1],
           (unsigned long long)bytes[0]);
    assert_true(bytes[1] <= 2 * bytes[0] + (1 << 20));
}

/* Rules 11 and 12: what is made anew is on disk before it has its name, and its name before it
 * counts. */
static void test_order_of_making(void **state)
{
    (void)state;
    char *dir = make_directory(), to[8192];
    pace *store;
    uint64_t bytes;
    seen.order[0] = 0;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    const char *renamed = strchr(seen.order, 'r');
    assert_true(renamed && renamed > seen.order && strchr(renamed, 'f'));
    assert_int_equal(put_runs(store, 0, 4, 10), 0);
    seen.order[0] = 0;
    snprintf(to, sizeof to, "%s/copy.mdb", dir);
    store_ok(pace_backup(store, to, PACE_BACKUP_FILE, error, &bytes));
    renamed = strchr(seen.order, 'r');
    assert_true(renamed && renamed > seen.order && strchr(renamed, 'f'));
    pace_close(store);
    remove_tree(dir);
}

/* Rule 14: a writer that was stopped in the middle of a batch keeps others waiting for as long as
 * they want to, not longer. */
static int stop_in_batch(struct kv_txn *txn, void *context, struct pace_error *error)
{
    (void)txn, (void)context, (void)error;
    raise(SIGSTOP);
    return KV_UNCHANGED;
}

static void test_stopped_writer(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct pace_options options = {.struct_size = sizeof options, .write_timeout_ms = 100};
    pace *store;
    int status;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    pace_close(store);
    pid_t child = fork();
    if (child == 0) {
        struct kv_options own = {.timeout_ms = 1000};
        struct kv_work work = {.run = stop_in_batch};
        struct kv *kv;
        if (kv_open(dir, &own, NULL, &kv)) _exit(1);
        int rc = kv_write(kv, 1000, &work, NULL);
        kv_close(kv);
        _exit(rc != 0);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    store_ok(pace_open(dir, 0, &options, error, &store));
    assert_int_equal(put_runs(store, 0, 1, 10), PACE_EBUSY);
    assert_int_equal(run_count(store), 0); /* readers do not wait */
    kill(child, SIGCONT);
    wait_ok(child);
    assert_int_equal(put_runs(store, 0, 1, 10), 0);
    pace_close(store);
    remove_tree(dir);
}

/* What a function of a path says on standard error. */
static void heard(int (*function)(const char *path), const char *path, char *text, size_t size)
{
    FILE *said = tmpfile();
    assert_non_null(said);
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(said), STDERR_FILENO), STDERR_FILENO);
    int rc = function(path);
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
    close(before);
    assert_int_equal(rc, 0);
    rewind(said);
    text[fread(text, 1, size - 1, said)] = '\0';
    fclose(said);
}

static int create_store(const char *path)
{
    pace *store;
    int status = store_open_path(path, STORE_CREATE, &store);
    if (status == 0) pace_close(store);
    return status;
}

/* A directory of FUSE may be one of another machine, or not: it is said once. */
static void test_fuse(void **state)
{
    (void)state;
    char text[512], *dir = make_directory();
    seen.file_system = 0x65735546;
    heard(create_store, dir, text, sizeof text);
    assert_non_null(strstr(text, "FUSE"));
    assert_non_null(strstr(text, dir));
    heard(create_store, dir, text, sizeof text);
    assert_string_equal(text, "");
    seen.file_system = 0;
    remove_tree(dir);
    dir = make_directory();
    heard(create_store, dir, text, sizeof text);
    assert_string_equal(text, "");
    remove_tree(dir);
}

static void test_network_file_systems(void **state)
{
    (void)state;
    static const uint32_t magics[] = {0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997};
    char *dir = make_directory();
    pace *store;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        seen.file_system = magics[i];
        store_fails(PACE_EFS, pace_open(dir, PACE_CREATE, NULL, error, &store));
        store_fails(PACE_EFS, pace_open(dir, PACE_READONLY, NULL, error, &store));
    }
    seen.file_system = 0;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    pace_close(store);
    remove_tree(dir);
}

/* On media that cannot be written a store is read, and says why it is not written. */
static void test_readonly_media(void **state)
{
    (void)state;
    char *dir = make_directory();
    uint64_t expected, hash;
    pace_run *run;
    pace *store;
    struct pace_run_info info = run_at(T0_NS + 100 * SECOND_NS);
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    assert_int_equal(put_runs(store, 0, 4, 10), 0);
    assert_int_equal(dump_store(store, 0, &expected), 0);
    pace_close(store);
    for (int with_lock = 1; with_lock >= 0; with_lock--) {
        char path[8192];
        snprintf(path, sizeof path, "%s/lock.mdb", dir);
        if (!with_lock) unlink(path); /* as from an archive */
        seen.is_readonly = 1;
        for (unsigned flags = 0; flags < 2; flags++) {
            store_ok(pace_open(dir, flags ? PACE_READONLY : 0, NULL, error, &store));
            assert_int_equal(dump_store(store, 0, &hash), 0);
            assert_true(hash == expected);
            store_fails(PACE_EREADONLY, pace_run_begin(store, &info, error, &run));
            pace_close(store);
        }
        store_ok(pace_verify(dir, print_damage, NULL, error, NULL));
        seen.is_readonly = 0;
    }
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_and_sizes),
        cmocka_unit_test(test_growth_by_two),
        cmocka_unit_test(test_growth_during_open),
        cmocka_unit_test(test_dead_reader),
        cmocka_unit_test(test_readonly_media),
        cmocka_unit_test(test_network_file_systems),
        cmocka_unit_test(test_fuse),
        cmocka_unit_test(test_order_of_making),
        cmocka_unit_test(test_stopped_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
