/* test_store.c -- opening and creating stores, what is shared between opens. The
 * contract of engine/pace.h: each function, each error that can be brought about. */
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>

static void test_version_and_strerror(void **state)
{
    (void)state;
    assert_string_equal(pace_version(), PACE_VERSION);
    assert_string_equal(pace_strerror(0), "success");
    assert_string_equal(pace_strerror(PACE_EFULL), "no space left for the store");
    assert_string_equal(pace_strerror(ENOENT), "No such file or directory");
    assert_non_null(pace_strerror(-12345));
    assert_non_null(pace_strerror(123456));
}

static void test_open_errors(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    snprintf(path, sizeof path, "%s/absent", dir);
    store_fails(ENOENT, pace_open(path, 0, NULL, error, &store));
    store_fails(ENOENT, pace_open(path, PACE_READONLY, NULL, error, &store));
    store_fails(PACE_ENOSTORE, pace_open(dir, 0, NULL, error, &store));
    store_fails(PACE_ENOSTORE, pace_open(dir, PACE_READONLY, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open(dir, PACE_READONLY | PACE_CREATE, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open("", 0, NULL, error, &store));
    store_fails(PACE_EMISUSE, pace_open(dir, 64, NULL, error, &store));
    struct pace_options unset = {0};
    store_fails(PACE_EMISUSE, pace_open(dir, 0, &unset, error, &store));
    assert_int_equal(pace_open(dir, 0, NULL, NULL, &store), PACE_ENOSTORE);
    assert_int_equal(access(path, F_OK), -1);
    remove_tree(dir);
}

static void test_create_makes_directory_and_modes(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192], data[8300];
    struct stat st;
    pace *store;
    snprintf(path, sizeof path, "%s/new//", dir);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store));
    assert_string_equal(pace_path(store), path);
    pace_close(store);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_size < 100 * 1024 - 40000);                /* with lock.mdb, under 100 KiB */
    store_ok(pace_open(path, PACE_CREATE, NULL, error, &store)); /* again: it is there */
    pace_close(store);
    snprintf(data, sizeof data, "%s/new.tmp", path);
    assert_int_equal(access(data, F_OK), -1);
    remove_tree(dir);
}

static void test_open_finishes_interrupted_creation(void **state)
{
    (void)state;
    char *dir = make_directory();
    char path[8192];
    pace *store;
    snprintf(path, sizeof path, "%s/new.tmp", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/new.tmp/data.mdb", dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "half", 4), 4);
    close(fd);
    store_ok(pace_open(dir, PACE_CREATE, NULL, error, &store));
    store_value(store, &(struct pace_run_info){"p", "b", "t", 0, 0, T0_NS, 0, 0, 0, 0, 0, 0}, "x",
                1);
    pace_close(store);
    remove_tree(dir);
}

static void test_unsafe_files(void **state)
{
    struct fixture *f = *state;
    char link_path[8192], lock[8192], other[8192];
    pace *store;
    snprintf(link_path, sizeof link_path, "%s/link", f->dir);
    assert_int_equal(symlink(f->dir, link_path), 0);
    store_fails(PACE_EUNSAFE, pace_open(link_path, 0, NULL, error, &store));
    strcat(link_path, "/");
    store_fails(PACE_EUNSAFE, pace_open(link_path, 0, NULL, error, &store));

    assert_int_equal(chmod(f->dir, 0777), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(chmod(f->dir, 0700), 0);

    snprintf(lock, sizeof lock, "%s/data.mdb", f->dir);
    snprintf(other, sizeof other, "%s/second-name", f->dir);
    assert_int_equal(link(lock, other), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(unlink(other), 0);
    assert_int_equal(chmod(lock, 0666), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(chmod(lock, 0600), 0);

    pace_close(f->store);
    f->store = NULL;
    snprintf(lock, sizeof lock, "%s/lock.mdb", f->dir);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(symlink("/dev/null", lock), 0);
    store_fails(PACE_EUNSAFE, pace_open(f->dir, 0, NULL, error, &store));
    assert_int_equal(unlink(lock), 0);
    store_ok(pace_open(f->dir, 0, NULL, error, &store));
    pace_close(store);
}

static void test_second_open_shares(void **state)
{
    struct fixture *f = *state;
    pace *second, *reader;
    store_ok(pace_open(f->dir, 0, NULL, error, &second));
    store_ok(pace_open(f->dir, PACE_READONLY, NULL, error, &reader));
    struct pace_run_info info = run_at(T0_NS);
    store_value(f->store, &info, "a", 1);
    info.time_ns++;
    store_value(second, &info, "a", 2);
    pace_close(second);
    pace_snapshot *snapshot = look(reader);
    assert_int_equal(pace_run_count(snapshot), 2);
    pace_snapshot_end(snapshot);
    info.time_ns++;
    store_value(f->store, &info, "a", 3);

    pace_run *run = begin(f->store, T0_NS + 9);
    put(run, "a", 1);
    pace_run *none;
    store_fails(PACE_EREADONLY, pace_run_begin(reader, &info, error, &none));
    store_fails(PACE_EREADONLY, pace_runs_commit(reader, &run, 1, error, NULL));
    store_fails(PACE_EREADONLY, pace_mark_undo(reader, 1, error));
    pace_run_free(run);
    pace_close(reader);
    pace_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_strerror),
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_create_makes_directory_and_modes),
        cmocka_unit_test(test_open_finishes_interrupted_creation),
        STORE_TEST(test_unsafe_files),
        STORE_TEST(test_second_open_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
