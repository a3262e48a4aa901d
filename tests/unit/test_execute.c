/* test_execute.c -- tools/execute: output, status, signals, limits of an executed command. */
#include "../../tools/execute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int shell(const char *script, struct execute_options options, struct execute_result *out)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
    options.argv = argv;
    int code = execute_run(&options, out);
    free(argv[2]);
    return code;
}

static void test_output(void **state)
{
    struct execute_result result;
    int ends[2];
    char passed[64] = "";
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(shell("printf abc; printf err >&2",
                           (struct execute_options){.output_fd = ends[1]}, &result),
                     0);
    assert_string_equal(result.output, "abc"); /* not what went to stderr */
    assert_int_equal(result.output_len, 3);
    assert_int_equal(read(ends[0], passed, sizeof passed - 1), 3);
    assert_string_equal(passed, "abc");
    execute_clear(&result);
    close(ends[0]);
    close(ends[1]);
}

static void test_status(void **state)
{
    struct execute_result result;
    char reason[128];
    (void)state;
    assert_int_equal(shell("echo some; exit 7", (struct execute_options){.output_fd = -1}, &result),
                     -1);
    assert_int_equal(result.exit_status, 7);
    assert_string_equal(result.output, "some\n");
    assert_string_equal(execute_reason(&result, reason, sizeof reason), "exit status 7");
    execute_clear(&result);
    assert_int_equal(shell("kill -SEGV $$", (struct execute_options){.output_fd = -1}, &result),
                     -1);
    assert_int_equal(result.signal, SIGSEGV);
    assert_int_equal(result.exit_status, -1);
    execute_clear(&result);
}

static void test_missing(void **state)
{
    struct execute_result result;
    char *argv[] = {(char[]){"/no/such/program"}, NULL};
    struct execute_options options = {.argv = argv, .output_fd = -1};
    (void)state;
    assert_int_equal(execute_run(&options, &result), -1);
    assert_int_equal(result.error, ENOENT);
    execute_clear(&result);
}

static void test_cap(void **state)
{
    struct execute_result result;
    (void)state;
    assert_int_equal(shell("printf 0123456789",
                           (struct execute_options){.output_fd = -1, .capture_max = 4}, &result),
                     0);
    assert_string_equal(result.output, "0123");
    assert_int_equal(result.truncated, 1);
    execute_clear(&result);
    assert_int_equal(
        shell("printf 0123", (struct execute_options){.output_fd = -1, .capture_max = 4}, &result),
        0);
    assert_int_equal(result.truncated, 0);
    execute_clear(&result);
}

static void test_large_output(void **state)
{
    struct execute_result result;
    (void)state;
    assert_int_equal(shell("i=0; while [ $i -lt 2000 ]; do printf '%0500d' $i; i=$((i + 1)); done",
                           (struct execute_options){.output_fd = -1}, &result),
                     0);
    assert_int_equal(result.output_len, 1000000);
    assert_memory_equal(result.output + 999996, "1999", 4);
    execute_clear(&result);
}

static void test_timeout(void **state)
{
    struct execute_result result;
    (void)state;
    assert_int_equal(shell("echo early; sleep 60",
                           (struct execute_options){.output_fd = -1, .timeout_ms = 200}, &result),
                     -1);
    assert_int_equal(result.timed_out, 1);
    assert_int_equal(result.signal, SIGTERM);
    assert_string_equal(result.output, "early\n");
    execute_clear(&result);
}

/* A process that the command left behind holds its output open; that must not be waited for. */
static void test_left_behind(void **state)
{
    struct execute_result result;
    (void)state;
    assert_int_equal(shell("echo done; (trap '' TERM; exec sleep 5) &",
                           (struct execute_options){.output_fd = -1, .timeout_ms = 60000}, &result),
                     0);
    assert_string_equal(result.output, "done\n");
    execute_clear(&result);
}

/* A reader that goes away does not end the command. */
static void test_reader_gone(void **state)
{
    struct execute_result result;
    int ends[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(
        shell("echo one; echo two", (struct execute_options){.output_fd = ends[1]}, &result), 0);
    assert_string_equal(result.output, "one\ntwo\n");
    execute_clear(&result);
    close(ends[1]);
}

/* The command gets default signals, even where this process ignores them. */
static void test_default_signals(void **state)
{
    struct execute_result result;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(
        shell("kill -PIPE $$; echo survived", (struct execute_options){.output_fd = -1}, &result),
        -1);
    assert_int_equal(result.signal, SIGPIPE);
    execute_clear(&result);
}

/* A signal to this process reaches the whole group of the command. */
static void test_interrupt(void **state)
{
    struct execute_result result;
    (void)state;
    char script[128];
    snprintf(script, sizeof script, "kill -INT %d; sleep 60", (int)getpid());
    assert_int_equal(shell(script, (struct execute_options){.output_fd = -1}, &result), -1);
    assert_int_equal(result.interrupted, SIGINT);
    execute_clear(&result);
}

/* Files opened here are not handed on. */
static void test_files_closed(void **state)
{
    struct execute_result result;
    char script[64];
    (void)state;
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    snprintf(script, sizeof script, "test -e /proc/self/fd/%d && echo open", file);
    shell(script, (struct execute_options){.output_fd = -1}, &result);
    assert_string_equal(result.output, "");
    execute_clear(&result);
    close(file);
}

static void test_directory(void **state)
{
    struct execute_result result;
    char expected[1024], top[500] = "/";
    (void)state;
    setenv("GIT_DIR", "/nowhere", 1);
    setenv("KEPT", "yes", 1);
    assert_int_equal(shell("echo $PWD; pwd -P; echo [$GIT_DIR] $KEPT",
                           (struct execute_options){.output_fd = -1, .directory = top}, &result),
                     0);
    snprintf(expected, sizeof expected, "%s\n%s\n[] yes\n", top, top);
    assert_string_equal(result.output, expected);
    execute_clear(&result);
    unsetenv("GIT_DIR");
    unsetenv("KEPT");
    assert_int_equal(
        shell("true", (struct execute_options){.output_fd = -1, .directory = "/no/such"}, &result),
        -1);
    assert_int_equal(result.error, ENOENT);
    execute_clear(&result);
}

/* What the command took: at least what it surely does. */
static void test_usage(void **state)
{
    struct execute_result result;
    (void)state;
    assert_int_equal(shell("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; sleep 0.05",
                           (struct execute_options){.output_fd = -1}, &result),
                     0);
    assert_true(result.wall_s >= 0.05);
    assert_true(result.cpu_user_s + result.cpu_system_s > 0);
    assert_true(result.cpu_user_s + result.cpu_system_s <= result.wall_s * 4);
    assert_true(result.max_rss_bytes >= 100000 && result.max_rss_bytes % 1024 == 0);
    execute_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory),       cmocka_unit_test(test_usage),
        cmocka_unit_test(test_output),          cmocka_unit_test(test_status),
        cmocka_unit_test(test_missing),         cmocka_unit_test(test_cap),
        cmocka_unit_test(test_large_output),    cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_left_behind),     cmocka_unit_test(test_reader_gone),
        cmocka_unit_test(test_default_signals), cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_files_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
