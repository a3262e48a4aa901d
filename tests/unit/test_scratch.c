/* test_scratch.c -- a store for copies goes with the command, also when a signal ends it. */
#include "../../tools/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static void store_run(pace *store)
{
    struct pace_run_info info = {
        .project = "p", .branch = "b", .testbed = "t", .time_ns = INT64_C(1700000000000000000)};
    struct pace_cell cell = {.benchmark = "x", .measure = "m", .value = 1};
    pace_run *run = NULL;
    assert_int_equal(pace_run_begin(store, &info, NULL, &run), 0);
    assert_int_equal(pace_run_put(run, &cell, NULL), 0);
    assert_int_equal(pace_runs_commit(store, &run, 1, NULL, NULL), 0);
    pace_run_free(run);
}

static void test_close(void **state)
{
    struct scratch scratch = {0};
    char path[PATH_MAX];
    (void)state;
    assert_int_equal(scratch_open(&scratch), 0);
    strcpy(path, scratch.path);
    store_run(scratch.store);
    assert_true(is_there(path));
    scratch_close(&scratch);
    assert_false(is_there(path));
    scratch_close(&scratch);
}

static void test_signal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char paths[2][PATH_MAX] = {"", ""};
        int ends[2], status = 0;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct scratch scratch[2] = {{.path = ""}};
            signal(signals[i], SIG_DFL); /* a shell's background job ignores SIGINT */
            for (int s = 0; s < 2; s++) {
                if (scratch_open(&scratch[s]) != 0) _exit(1);
                store_run(scratch[s].store);
                if (write(ends[1], scratch[s].path, PATH_MAX) != PATH_MAX) _exit(1);
            }
            raise(signals[i]);
            _exit(2);
        }
        for (int s = 0; s < 2; s++)
            assert_int_equal(read(ends[0], paths[s], PATH_MAX), PATH_MAX);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        for (int s = 0; s < 2; s++) {
            assert_true(paths[s][0] != '\0');
            assert_false(is_there(paths[s]));
        }
        close(ends[0]);
        close(ends[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_close), cmocka_unit_test(test_signal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
