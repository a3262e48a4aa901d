/* execute.c -- running the benchmark command: live output, a captured copy, a time limit. */
#include "execute.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { TICK_MS = 20, READ_BYTES = 65536 };

/* A signal handler has no other way to know the group that it must tell. */
static volatile sig_atomic_t running_group, caught_signal;

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP};
enum { FORWARDED = sizeof forwarded / sizeof forwarded[0] };

static void forward(int number)
{
    int saved = errno;
    caught_signal = number;
    if (running_group > 0) kill(-(pid_t)running_group, number);
    errno = saved;
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t clock_ms(void)
{
    return clock_ns() / 1000000;
}

/* -- starting ---------------------------------------------------------------------------------- */

/* The environment of a command that runs in another directory: PWD is right, and what a git hook
 * passes on about its own work tree is gone. Free the array and its first item. */
static char **environment_elsewhere(const char *directory)
{
    static const char *const dropped[] = {
        "PWD=", "GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX="};
    size_t count = 0, kept = 0, size = strlen("PWD=") + strlen(directory) + 1;
    while (environ[count] != NULL)
        count++;
    char **out = calloc(count + 2, sizeof *out);
    char *pwd = malloc(size);
    if (out == NULL || pwd == NULL) {
        free(out);
        free(pwd);
        return NULL;
    }
    snprintf(pwd, size, "PWD=%s", directory);
    out[kept++] = pwd;
    for (size_t i = 0; i < count; i++) {
        int drop = 0;
        for (size_t k = 0; k < sizeof dropped / sizeof dropped[0]; k++)
            drop |= strncmp(environ[i], dropped[k], strlen(dropped[k])) == 0;
        if (!drop) out[kept++] = environ[i];
    }
    return out;
}

static int spawn_command(const struct execute_options *options, int output, pid_t *pid)
{
    char *const *argv = options->argv;
    char **elsewhere = NULL;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults, none;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    for (size_t i = 0; i < FORWARDED; i++)
        sigaddset(&defaults, forwarded[i]);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    /* A group in the background that reads the terminal would be stopped. */
    if (isatty(STDIN_FILENO))
        error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (error == 0 && options->with_errors)
        error = posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (error == 0 && options->directory != NULL) {
        error = posix_spawn_file_actions_addchdir_np(&actions, options->directory);
        elsewhere = environment_elsewhere(options->directory);
        if (elsewhere == NULL) error = ENOMEM;
    }
    if (error == 0)
        error = posix_spawnp(pid, argv[0], &actions, &attributes, argv,
                             elsewhere != NULL ? elsewhere : environ);
    if (elsewhere != NULL) free(elsewhere[0]);
    free(elsewhere);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* -- output ------------------------------------------------------------------------------------ */

struct capture {
    struct execute_result *out;
    size_t capacity, max;
    int pass_fd; /* -1: nowhere, or the reader went away */
    int64_t ended_ns;
};

static void pass_on(struct capture *capture, const char *bytes, size_t len)
{
    while (len > 0 && capture->pass_fd >= 0) {
        ssize_t put = write(capture->pass_fd, bytes, len);
        if (put >= 0) {
            bytes += put;
            len -= (size_t)put;
        } else if (errno == EAGAIN) {
            struct pollfd wait_for = {.fd = capture->pass_fd, .events = POLLOUT};
            poll(&wait_for, 1, TICK_MS);
        } else if (errno != EINTR) {
            capture->pass_fd = -1;
        }
    }
}

static void keep(struct capture *capture, const char *bytes, size_t len)
{
    struct execute_result *out = capture->out;
    size_t room = capture->max - out->output_len;
    if (len > room) {
        out->truncated = 1;
        len = room;
    }
    if (out->output_len + len + 1 > capture->capacity) {
        size_t capacity = capture->capacity * 2;
        if (capacity < out->output_len + len + 1) capacity = out->output_len + len + 1;
        char *grown = realloc(out->output, capacity);
        if (grown == NULL) {
            out->truncated = 1;
            return;
        }
        out->output = grown;
        capture->capacity = capacity;
    }
    memcpy(out->output + out->output_len, bytes, len);
    out->output_len += len;
    out->output[out->output_len] = '\0';
}

/* Reads what is there. 0 at the end of the output. */
static int drain(struct capture *capture, int from)
{
    char buffer[READ_BYTES];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got == 0) return 0;
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        pass_on(capture, buffer, (size_t)got);
        keep(capture, buffer, (size_t)got);
    }
}

/* -- waiting ------------------------------------------------------------------------------------
 */

/* Ends the group when its time is over: first by asking, then by force. */
static void enforce(const struct execute_options *options, int64_t started, int64_t *asked,
                    struct execute_result *out)
{
    int64_t now = clock_ms();
    pid_t group = (pid_t)running_group;
    if (*asked == 0) {
        if (caught_signal != 0) {
            *asked = now;
        } else if (options->timeout_ms != 0 && (uint64_t)(now - started) >= options->timeout_ms) {
            out->timed_out = 1;
            *asked = now;
            kill(-group, SIGTERM);
        }
    } else if (now - *asked >= EXECUTE_KILL_MS) {
        kill(-group, SIGKILL);
    }
}

/* Passes output on until the command ended and its output too. A process that it left behind may
 * hold the output open: that is not waited for. */
static int wait_for_end(const struct execute_options *options, struct capture *capture, int from,
                        pid_t pid, struct rusage *usage)
{
    int64_t started = clock_ms(), ended = 0, asked = 0;
    int status = 0, open = 1;
    int process = (int)syscall(SYS_pidfd_open, pid, 0); /* -1 before Linux 5.3 */
    while (ended == 0 || (open && clock_ms() - ended < EXECUTE_LINGER_MS)) {
        struct pollfd wait_for[] = {{.fd = open ? from : -1, .events = POLLIN},
                                    {.fd = ended == 0 ? process : -1, .events = POLLIN}};
        /* With its output closed it is about to end. */
        poll(wait_for, 2, open || process >= 0 ? TICK_MS : 1);
        if (ended == 0 && wait4(pid, &status, WNOHANG, usage) == pid) {
            ended = clock_ms();
            capture->ended_ns = clock_ns();
        }
        if (open) open = drain(capture, from);
        if (ended == 0) enforce(options, started, &asked, capture->out);
    }
    if (process >= 0) close(process);
    return status;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int execute_run(const struct execute_options *options, struct execute_result *out)
{
    int ends[2];
    *out = (struct execute_result){.exit_status = -1};
    out->output = calloc(1, READ_BYTES);
    if (out->output == NULL) out->error = ENOMEM;
    if (out->error == 0 && pipe2(ends, O_CLOEXEC) != 0) out->error = errno;
    if (out->error != 0) return -1;

    struct sigaction action = {.sa_handler = forward}, before[FORWARDED];
    sigemptyset(&action.sa_mask);
    caught_signal = 0;
    running_group = 0;
    for (size_t i = 0; i < FORWARDED; i++)
        sigaction(forwarded[i], &action, &before[i]);

    pid_t pid = 0;
    int64_t started_ns = clock_ns();
    out->error = spawn_command(options, ends[1], &pid);
    close(ends[1]);
    if (out->error == 0) {
        running_group = (sig_atomic_t)pid;
        if (caught_signal != 0) kill(-pid, caught_signal); /* came before the group was known */
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        struct capture capture = {out, READ_BYTES,
                                  options->capture_max ? options->capture_max : EXECUTE_MAX_OUTPUT,
                                  options->output_fd, 0};
        struct rusage usage = {0};
        int status = wait_for_end(options, &capture, ends[0], pid, &usage);
        out->wall_s = (double)(capture.ended_ns - started_ns) / 1e9;
        out->cpu_user_s = seconds(usage.ru_utime);
        out->cpu_system_s = seconds(usage.ru_stime);
        out->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
        running_group = 0;
        if (WIFEXITED(status)) out->exit_status = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) out->signal = WTERMSIG(status);
        out->interrupted = caught_signal;
    }
    close(ends[0]);
    for (size_t i = 0; i < FORWARDED; i++)
        sigaction(forwarded[i], &before[i], NULL);
    return out->error == 0 && out->exit_status == 0 && !out->timed_out && !out->interrupted ? 0
                                                                                            : -1;
}

void execute_clear(struct execute_result *result)
{
    free(result->output);
    *result = (struct execute_result){.exit_status = -1};
}

const char *execute_reason(const struct execute_result *result, char *buffer, size_t size)
{
    if (result->error != 0)
        snprintf(buffer, size, "cannot be started: %s", strerror(result->error));
    else if (result->timed_out)
        snprintf(buffer, size, "stopped by --timeout");
    else if (result->interrupted)
        snprintf(buffer, size, "interrupted");
    else if (result->signal != 0)
        snprintf(buffer, size, "killed by signal %d (%s)", result->signal,
                 strsignal(result->signal));
    else
        snprintf(buffer, size, "exit status %d", result->exit_status);
    return buffer;
}
