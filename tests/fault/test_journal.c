/* test_journal.c -- runs that are in the journal: of a writer that was killed, also between its
 * write and its flush; torn and damaged ones; flushes that fail; other processes, snapshots and
 * backups meanwhile.
 *
 * Damage is random; the seed is printed; PACE_TEST_SEED repeats a run. */
#include "../child.h"
#include "../damage.h"
#include "../store_dump.h"

#include "../../engine/head.h"
#include "../../engine/kv_journal.h"
#include "../../engine/store.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

enum { PAGE = 4096, META_END = 2 * PAGE, VALUE_AT = 16, CELLS = 9, RUNS = 14 };

/* -- calls of the library and of LMDB, replaced ------------------------------------------------ */

enum strike { NOTHING, FLUSH_FAILS, DIES_BEFORE_FLUSH, DIES_HALF_WAY, DIES_AT_META };
static enum strike strike;
static int flushes;

#pragma GCC visibility push(default)
int shim_fdatasync(int fd) __asm__("fdatasync");
int shim_fdatasync(int fd)
{
    enum strike now = strike;
    flushes++;
    if (now == DIES_BEFORE_FLUSH) _exit(0);
    if (now != FLUSH_FAILS) return (int)syscall(SYS_fdatasync, fd);
    strike = NOTHING;
    errno = EIO;
    return -1;
}

ssize_t shim_pwrite(int fd, const void *data, size_t len, off_t at) __asm__("pwrite");
ssize_t shim_pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (strike == DIES_HALF_WAY) len = len / 2;
    ssize_t written = syscall(SYS_pwrite64, fd, data, len, at);
    if (strike == DIES_HALF_WAY || (strike == DIES_AT_META && at < META_END)) _exit(0);
    return written;
}
#pragma GCC visibility pop

/* -- stores ------------------------------------------------------------------------------------ */

static pace *open_store(const char *dir)
{
    pace *store;
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    return store;
}

static void append(pace *store, int from, int until)
{
    for (int i = from; i < until; i++)
        if (commit_wide(store, i, CELLS)) fail_msg("run %d", i);
}

static uint64_t count_runs(const char *dir)
{
    pace *store;
    pace_snapshot *snapshot;
    store_ok(pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_ok(pace_snapshot_begin(store, error, &snapshot));
    uint64_t runs = pace_run_count(snapshot);
    pace_snapshot_end(snapshot);
    pace_close(store);
    return runs;
}

static void expect_whole(const char *dir, uint64_t runs)
{
    struct pace_verified verified;
    store_ok(pace_verify(dir, print_damage, NULL, error, &verified));
    assert_int_equal(verified.runs, runs);
    assert_int_equal(count_runs(dir), runs);
}

/* What an older pace sees: its read bits do not have this one. */
static int is_marked(const char *dir)
{
    pace *store;
    struct kv_txn *txn;
    struct format format;
    struct key key = key_format();
    store_ok(pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_ok(kv_read_begin(store->kv, 1000, error, &txn));
    store_ok(kv_get_struct(txn, &key, "format", error, &format, sizeof format));
    kv_read_end(txn);
    pace_close(store);
    return (format.read_bits & ~FORMAT_READ_BITS) != 0;
}

/* A writer that appends runs [from, until) and is gone, in the moment of a strike of the last. */
static void killed_writer(const char *dir, int from, int until, enum strike last)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        child_may_crash(30);
        pace *store = open_store(dir);
        append(store, from, until - 1);
        strike = last;
        append(store, until - 1, until);
        _exit(0);
    }
    assert_int_equal(child_status(child), 0);
}

/* Where the room of the journal lies in a file: the newest of those that LMDB did not use again. */
static size_t find_room(const unsigned char *data, size_t len, struct journal_header *header)
{
    size_t found = 0;
    *header = (struct journal_header){0};
    for (size_t at = VALUE_AT; at + sizeof *header < len; at += PAGE) {
        struct journal_header one;
        if (!journal_open(data + at, len - at, &one) || one.txn < header->txn) continue;
        *header = one;
        found = at;
    }
    assert_true(found != 0);
    return found;
}

struct image {
    char path[8192], lock[8192];
    unsigned char *data;
    size_t len, room;
    struct journal_header header;
    struct journal_end ends[RUNS + 1];
    size_t records;
};

static void read_image(const char *dir, struct image *out)
{
    join(out->path, dir, "data.mdb");
    join(out->lock, dir, "lock.mdb");
    out->data = damage_read(out->path, &out->len);
    out->room = find_room(out->data, out->len, &out->header);
    struct journal_end end = journal_start();
    struct journal_record record;
    out->records = 0;
    out->ends[0] = end;
    while (journal_look(out->data + out->room, &out->header, &end, 1, &record) == JOURNAL_RECORD) {
        end = (struct journal_end){.at = end.at + record.bytes, .records = record.number};
        assert_true(out->records < RUNS);
        out->ends[++out->records] = end;
    }
}

static void put_image(const struct image *image, const unsigned char *data)
{
    damage_write(image->path, data, image->len);
    unlink(image->lock);
}

/* -- writers that are gone --------------------------------------------------------------------- */

static void test_killed(void **state)
{
    (void)state;
    char *dir = make_directory(), *other = make_directory();
    uint64_t expected, found;
    pace *store = open_store(other);
    append(store, 0, RUNS);
    int before = flushes;
    append(store, RUNS, RUNS + 1);
    assert_int_equal(flushes - before, 1); /* of the data file; LMDB's meta page has its own way */
    pace_close(store);
    assert_false(is_marked(other));

    killed_writer(dir, 0, RUNS + 1, NOTHING);
    assert_true(is_marked(dir));
    expect_whole(dir, RUNS + 1);
    assert_int_equal(dump_directory(other, 0, &expected), 0);
    assert_int_equal(dump_directory(dir, 0, &found), 0);
    assert_true(expected == found);
    /* One who writes once has no use for it. */
    store = open_store(dir);
    append(store, RUNS + 1, RUNS + 2);
    assert_false(is_marked(dir));
    pace_close(store);
    expect_whole(dir, RUNS + 2);
    remove_tree(dir);
    remove_tree(other);
}

/* Written and not flushed: it was not acknowledged, and is there or not; half of it is not. */
static void test_between(void **state)
{
    (void)state;
    char *dir = make_directory();
    killed_writer(dir, 0, RUNS, DIES_BEFORE_FLUSH);
    expect_whole(dir, RUNS);
    killed_writer(dir, RUNS, RUNS + 1, NOTHING);
    expect_whole(dir, RUNS + 1);
    remove_tree(dir);

    dir = make_directory();
    killed_writer(dir, 0, RUNS, DIES_HALF_WAY);
    expect_whole(dir, RUNS - 1);
    killed_writer(dir, RUNS - 1, 2 * RUNS, DIES_HALF_WAY);
    expect_whole(dir, 2 * RUNS - 1);
    remove_tree(dir);
}

/* Killed when LMDB had written a commit's meta page, and had not told the others yet: the journal
 * that they know of is no more. What they acknowledge then is there nevertheless. */
static void test_unknown_commit(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    append(store, 0, RUNS);
    killed_writer(dir, RUNS, RUNS + 1, DIES_AT_META);
    append(store, RUNS + 1, RUNS + 3);
    pace_close(store);
    expect_whole(dir, RUNS + 3);
    remove_tree(dir);
}

static void test_flush_fails(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    append(store, 0, RUNS);
    strike = FLUSH_FAILS;
    assert_int_equal(commit_wide(store, RUNS, CELLS), PACE_EIO);
    assert_int_equal(count_runs(dir), RUNS);
    append(store, RUNS, 2 * RUNS);
    assert_int_equal(count_runs(dir), 2 * RUNS);
    pace_close(store);
    expect_whole(dir, 2 * RUNS);
    remove_tree(dir);
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* The last record ends at each byte: what was before it is there, and the next writer goes on. */
static void test_torn(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct image image;
    killed_writer(dir, 0, RUNS, NOTHING);
    read_image(dir, &image);
    assert_in_range(image.records, RUNS / 2, RUNS);
    unsigned char *copy = malloc(image.len);
    size_t from = image.ends[image.records - 1].at, until = image.ends[image.records].at;
    for (size_t at = from; at < until - 40; at += at % 64 == 0 ? 1 : 13) {
        memcpy(copy, image.data, image.len);
        memset(copy + image.room + at, at % 2 ? 0 : 0x5a, until - at);
        put_image(&image, copy);
        expect_whole(dir, RUNS - 1);
    }
    killed_writer(dir, RUNS - 1, RUNS + 8, NOTHING);
    expect_whole(dir, RUNS + 8);
    free(copy);
    free(image.data);
    remove_tree(dir);
}

static int note_place(void *context, const struct pace_damage *damage)
{
    char *places = context;
    snprintf(places + strlen(places), 1000 - strlen(places), "%s: %s\n", damage->place,
             damage->problem);
    return 0;
}

/* A record that others follow: verification names it, reading and writing say so. */
static void test_damaged_record(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct image image;
    killed_writer(dir, 0, RUNS, NOTHING);
    read_image(dir, &image);
    for (size_t r = 0; r + 1 < image.records; r++) {
        char places[1000] = "", wanted[64];
        pace *store;
        pace_snapshot *snapshot;
        struct pace_error failure;
        unsigned char *byte = image.data + image.room + image.ends[r].at + 5 + r * 17;
        *byte ^= 16;
        put_image(&image, image.data);
        snprintf(wanted, sizeof wanted, "record %zu at byte %zu", r + 1, image.ends[r].at);
        store_fails(PACE_ECORRUPT, pace_verify(dir, note_place, places, error, NULL));
        if (!strstr(places, "the journal: ") || !strstr(places, wanted))
            fail_msg("%s, not: %s", wanted, places);
        int rc = pace_open(dir, 0, NULL, &failure, &store);
        if (!rc) rc = pace_snapshot_begin(store, &failure, &snapshot);
        assert_int_equal(rc, PACE_ECORRUPT);
        assert_non_null(strstr(failure.message, wanted));
        *byte ^= 16;
    }
    put_image(&image, image.data);
    expect_whole(dir, RUNS);
    free(image.data);
    remove_tree(dir);
}

/* Its key, wherever it may lie in the file: it is not that there was none. */
static void test_damaged_key(void **state)
{
    (void)state;
    char *dir = make_directory();
    struct image image;
    size_t told = 0;
    killed_writer(dir, 0, RUNS, NOTHING);
    read_image(dir, &image);
    for (size_t at = META_END; at + JOURNAL_KEY_LEN < image.len; at++) {
        if (memcmp(image.data + at, JOURNAL_KEY, JOURNAL_KEY_LEN) != 0) continue;
        for (unsigned bit = 0; bit < 8 * JOURNAL_KEY_LEN; bit++) {
            pace *store;
            pace_snapshot *snapshot;
            image.data[at + bit / 8] ^= (unsigned char)(1u << bit % 8);
            put_image(&image, image.data);
            int rc = pace_open(dir, 0, NULL, NULL, &store);
            if (!rc) {
                rc = pace_snapshot_begin(store, NULL, &snapshot);
                if (!rc) assert_int_equal(pace_run_count(snapshot), RUNS);
                if (!rc) pace_snapshot_end(snapshot);
                pace_close(store);
            }
            if (rc) assert_int_equal(rc, PACE_ECORRUPT);
            told += rc != 0;
            image.data[at + bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
    assert_true(told >= (size_t)8 * JOURNAL_KEY_LEN);
    free(image.data);
    remove_tree(dir);
}

/* Any byte, or a page: an answer is an error, or that of a state that there was. */
static void test_mutations(void **state)
{
    (void)state;
    const char *given = getenv("PACE_TEST_SEED"), *more = getenv("PACE_TEST_MUTATIONS");
    uint64_t random = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    int mutations = more ? atoi(more) : 400, told = 0, right = 0, older = 0;
    print_message("# note seed %llu\n", (unsigned long long)random);
    char *dir = make_directory();
    struct image image;
    uint64_t states[RUNS + 1];
    killed_writer(dir, 0, RUNS, NOTHING);
    read_image(dir, &image);
    unsigned char *copy = malloc(image.len);
    for (size_t r = 0; r <= image.records; r++) {
        memcpy(copy, image.data, image.len);
        memset(copy + image.room + image.ends[r].at, 0, image.header.bytes - image.ends[r].at);
        put_image(&image, copy);
        assert_int_equal(dump_directory(dir, 0, &states[r]), 0);
    }
    for (int i = 0; i < mutations; i++) {
        size_t at = i % 2 ? image.room + damage_below(&random, image.ends[image.records].at)
                          : damage_below(&random, image.len);
        memcpy(copy, image.data, image.len);
        if (i % 16 == 15)
            memset(copy + at / PAGE * PAGE, 0, PAGE);
        else
            copy[at] ^= (unsigned char)(1u << damage_below(&random, 8));
        put_image(&image, copy);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            uint64_t hash;
            child_may_crash(20);
            int verified = pace_verify(dir, NULL, NULL, NULL, NULL);
            int rc = dump_directory(dir, 0, &hash);
            size_t which = image.records + 1;
            while (!rc && which > 0 && states[which - 1] != hash)
                which--;
            if (!rc && which == 0) _exit(3);
            _exit(rc ? (verified ? 1 : 4) : which <= image.records ? 2 : 0);
        }
        int status = child_status(child), code = WIFEXITED(status) ? WEXITSTATUS(status) : 9;
        if (code > 2) fail_msg("mutation %d at %zu: %d", i, at, code);
        told += code == 1;
        older += code == 2;
        right += code == 0;
        /* An older state is one record back: that of a writer that was not acknowledged. */
        if (code == 2 && i % 16 != 15)
            assert_true(at >= image.room + image.ends[image.records - 1].at);
    }
    print_message("# note %d told of, %d right, %d of an older state\n", told, right, older);
    assert_true(told > mutations / 8);
    free(copy);
    free(image.data);
    remove_tree(dir);
}

/* -- others ------------------------------------------------------------------------------------ */

/* A process that writes again and again, others that write once, or some, and close or are gone. */
static void test_turns(void **state)
{
    (void)state;
    char *dir = make_directory();
    int next = 0;
    pace *store = open_store(dir);
    for (int round = 0; round < 24; round++) {
        append(store, next, next + 1 + round % 5);
        next += 1 + round % 5;
        killed_writer(dir, next, next + 1 + round % 7, NOTHING);
        next += 1 + round % 7;
        assert_int_equal(count_runs(dir), next);
    }
    pace_close(store);
    expect_whole(dir, (uint64_t)next);
    remove_tree(dir);
}

/* A snapshot shows the same whatever becomes of the journal that it was taken with. */
static void test_held(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store = open_store(dir);
    append(store, 0, RUNS);
    pace_snapshot *held[3], *again;
    struct pace_cells cells;
    for (int i = 0; i < 3; i++) {
        append(store, RUNS + i, RUNS + i + 1);
        store_ok(pace_snapshot_begin(store, error, &held[i]));
    }
    store_ok(pace_snapshot_again(held[2], error, &again));
    pace_snapshot_end(again);
    append(store, RUNS + 3, 400);
    store_fails(PACE_ENOTFOUND, pace_snapshot_again(held[2], error, &again));
    for (int i = 0; i < 3; i++) {
        pace_scan *scan;
        uint64_t runs = 0;
        uint32_t column = 3;
        assert_int_equal(pace_run_count(held[i]), RUNS + i + 1);
        store_ok(pace_scan_open(held[i], 0, &column, 1, NULL, error, &scan));
        for (cells.run_count = 1; cells.run_count;) {
            store_ok(pace_scan_next(scan, error, &cells));
            for (size_t r = 0; r < cells.run_count; r++, runs++)
                assert_true(cells.value[r] == (double)runs + 3);
        }
        assert_int_equal(runs, RUNS + i + 1);
        pace_scan_close(scan);
        pace_snapshot_end(held[i]);
    }
    pace_close(store);
    expect_whole(dir, 400);
    remove_tree(dir);
}

struct busy {
    pace *store;
    atomic_int next, ends;
    int failed;
};

static void *write_on(void *context)
{
    struct busy *busy = context;
    while (!atomic_load(&busy->ends) && !busy->failed) {
        busy->failed = commit_wide(busy->store, atomic_load(&busy->next), CELLS) != 0;
        atomic_fetch_add(&busy->next, 1);
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    }
    return NULL;
}

/* Copies made while a writer writes: each is whole, and has what was acknowledged before. */
static void test_backup(void **state)
{
    (void)state;
    char *dir = make_directory(), target[8192];
    pthread_t thread;
    struct busy busy = {.store = open_store(dir)};
    assert_int_equal(pthread_create(&thread, NULL, write_on, &busy), 0);
    while (atomic_load(&busy.next) < RUNS)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    for (int i = 0; i < 30; i++) {
        struct pace_verified verified;
        int least = atomic_load(&busy.next);
        snprintf(target, sizeof target, "%s/copy-%d", dir, i);
        store_ok(pace_backup(busy.store, target, 0, error, NULL));
        int most = atomic_load(&busy.next) + 1;
        store_ok(pace_verify(target, print_damage, NULL, error, &verified));
        assert_in_range(verified.runs, least, most);
        pace *copy = open_store(target);
        append(copy, 1000000, 1000000 + i % 8);
        pace_close(copy);
        expect_whole(target, verified.runs + (uint64_t)(i % 8));
    }
    atomic_store(&busy.ends, 1);
    pthread_join(thread, NULL);
    assert_false(busy.failed);
    pace_close(busy.store);
    expect_whole(dir, (uint64_t)busy.next);
    remove_tree(dir);
}

/* A program that does not know of journals, and had the store open before there was one, commits to
 * the tree: what it wrote and what the journal has do not go together, which is said. */
static void commit_beside(const char *dir)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {.mv_size = 2, .mv_data = "z!"}, value = {.mv_size = 2, .mv_data = "ab"};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(mdb_env_create(&env) || mdb_env_open(env, dir, 0, 0600) ||
              mdb_txn_begin(env, NULL, 0, &txn) || mdb_dbi_open(txn, NULL, 0, &dbi) ||
              mdb_put(txn, dbi, &key, &value, 0) || mdb_txn_commit(txn));
    assert_int_equal(child_status(child), 0);
}

static void test_older_writer(void **state)
{
    (void)state;
    char *dir = make_directory();
    pace *store;
    killed_writer(dir, 0, RUNS, NOTHING);
    commit_beside(dir);
    store_fails(PACE_ECORRUPT, pace_open(dir, 0, NULL, error, &store));
    store_fails(PACE_ECORRUPT, pace_verify(dir, NULL, NULL, error, NULL));
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed),         cmocka_unit_test(test_between),
        cmocka_unit_test(test_unknown_commit), cmocka_unit_test(test_flush_fails),
        cmocka_unit_test(test_torn),           cmocka_unit_test(test_damaged_record),
        cmocka_unit_test(test_damaged_key),    cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_turns),          cmocka_unit_test(test_held),
        cmocka_unit_test(test_backup),         cmocka_unit_test(test_older_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
