/* test_room.c -- the file is extended ahead of use: by how much, when, and never at a cost. */
#include "../store_help.h"

#include "../../engine/kv_room.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

enum { PAGE_BYTES = 4096 };

static void test_room_is_a_share_of_the_file_with_a_bound(void **state)
{
    (void)state;
    const uint64_t turn = 1 << 20; /* a multiple of every interval */
    assert_int_equal(kv_room_pages(turn, 2, 0), 0);
    assert_int_equal(kv_room_pages(turn, KV_ROOM_PAGES_LEAST * KV_ROOM_SHARE - 1, 0), 0);
    assert_int_equal(kv_room_pages(turn, KV_ROOM_PAGES_LEAST * KV_ROOM_SHARE, 0),
                     KV_ROOM_PAGES_LEAST);
    assert_int_equal(kv_room_pages(turn, (uint64_t)1 << 30, 0), KV_ROOM_PAGES_MOST);
    assert_int_equal(kv_room_pages(turn + 1, (uint64_t)1 << 30, 0), 0);
    assert_int_equal(kv_room_pages(turn + KV_ROOM_BATCHES_MOST, (uint64_t)1 << 30, 0),
                     KV_ROOM_PAGES_MOST);
    assert_int_equal(kv_room_pages(turn, (uint64_t)1 << 30, KV_ROOM_RECORDS_MOST + 1), 0);
}

static void test_the_file_is_ahead_of_its_pages(void **state)
{
    (void)state;
    const uint64_t small = KV_ROOM_PAGES_LEAST * KV_ROOM_SHARE, large = (uint64_t)1 << 30;
    assert_int_equal(kv_room_ahead(small - 1, small - 1), 0);
    assert_int_equal(kv_room_ahead(small, small + KV_ROOM_BATCH_PAGES), 0);
    assert_int_equal(kv_room_ahead(small, small + KV_ROOM_BATCH_PAGES - 1),
                     small + KV_ROOM_BATCH_PAGES + small / KV_ROOM_STRIDE_SHARE);
    assert_int_equal(kv_room_ahead(large, 0), large + KV_ROOM_BATCH_PAGES + KV_ROOM_STRIDE_PAGES);
}

static off_t size_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_size;
}

static void test_the_file_is_extended_with_zeros(void **state)
{
    (void)state;
    enum { BYTES = 5 << 20 };
    char *path = make_directory(), name[8192];
    snprintf(name, sizeof name, "%s/file", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "content", 7), 7);
    assert_int_equal(kv_room_extend(fd, 1), 0);
    assert_int_equal(size_of(fd), 7);
    assert_int_equal(kv_room_extend(fd, BYTES), 0);
    assert_true(size_of(fd) >= BYTES && size_of(fd) < BYTES + PAGE_BYTES);
    char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, BYTES, 0), BYTES);
    assert_memory_equal(bytes, "content", 7);
    for (size_t i = 7; i < BYTES; i++)
        if (bytes[i]) fail_msg("byte %zu", i);
    free(bytes);
    /* Beyond the process's limit a write would be a signal, and SIGXFSZ ends a process. */
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = BYTES + 3 * PAGE_BYTES, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    off_t before = size_of(fd);
    assert_int_equal(kv_room_extend(fd, 2 * BYTES), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(size_of(fd), before);
    assert_int_equal(kv_room_extend(fd, UINT64_MAX / 32), -1); /* no disk has that much */
    assert_int_equal(size_of(fd), before);
    close(fd);
    remove_tree(path);
}

static off_t file_size(const char *path)
{
    char name[8192];
    struct stat st;
    snprintf(name, sizeof name, "%s/data.mdb", path);
    assert_int_equal(stat(name, &st), 0);
    return st.st_size;
}

/* Appends runs of 100 cells one by one; how often the file changed its size. */
static unsigned append(pace *store, const char *path, unsigned from, unsigned until)
{
    unsigned changes = 0;
    pace_column_handle columns[100];
    double values[100];
    for (unsigned i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "b%u", i);
        store_ok(
            pace_column(store, name, "latency", "ns", PACE_LOWER_IS_BETTER, error, &columns[i]));
    }
    off_t size = file_size(path);
    for (unsigned run = from; run < until; run++) {
        struct pace_run_info info = run_at(T0_NS + run * SECOND_NS);
        pace_run *made;
        for (unsigned i = 0; i < 100; i++)
            values[i] = run + i;
        store_ok(pace_run_begin(store, &info, error, &made));
        store_ok(pace_run_put_row(made, columns, values, 100, error));
        store_ok(pace_runs_commit(store, &made, 1, error, NULL));
        pace_run_free(made);
        changes += file_size(path) != size;
        size = file_size(path);
    }
    return changes;
}

/* A store that has grown seldom changes its size; what was put ahead is no damage, and a small
 * store has nothing ahead. */
static void test_a_store_grows_in_strides(void **state)
{
    (void)state;
    char *path = make_directory();
    pace *store;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    assert_true(file_size(path) < 100 * 1024);
    append(store, path, 0, 1);
    assert_true(file_size(path) < 200 * 1024);
    append(store, path, 1, 1500);
    assert_true(append(store, path, 1500, 1800) <= 300 / KV_ROOM_BATCHES_LEAST + 1);
    pace_close(store);
    store_ok(pace_verify(path, NULL, NULL, error, NULL));
    remove_tree(path);
}

/* Under an old snapshot every page is new. The file still grows in strides, of at most twice what
 * it takes, and what is free stays free for when the snapshot has ended. */
static void test_a_store_grows_in_strides_under_a_snapshot(void **state)
{
    (void)state;
    enum { FIRST = 1200, RUNS = 600 };
    char *path = make_directory();
    pace *store;
    pace_snapshot *old;
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    append(store, path, 0, FIRST);
    store_ok(pace_snapshot_begin(store, error, &old));
    assert_true(append(store, path, FIRST, FIRST + RUNS) <= RUNS / 4);
    pace_snapshot_end(old);
    assert_true(append(store, path, FIRST + RUNS, FIRST + 2 * RUNS) <=
                RUNS / KV_ROOM_BATCHES_LEAST);
    pace_close(store);
    store_ok(pace_verify(path, NULL, NULL, error, NULL));
    remove_tree(path);
}

int main(void)
{
    signal(SIGXFSZ, SIG_DFL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room_is_a_share_of_the_file_with_a_bound),
        cmocka_unit_test(test_the_file_is_ahead_of_its_pages),
        cmocka_unit_test(test_the_file_is_extended_with_zeros),
        cmocka_unit_test(test_a_store_grows_in_strides),
        cmocka_unit_test(test_a_store_grows_in_strides_under_a_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
