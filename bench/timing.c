/* timing.c -- clocks, medians, and the cost of a piece of work or of a child process. */
#include "timing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double written_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[128];
    uint64_t bytes = 0;
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "wchar: %" SCNu64, &bytes) == 1) break;
    fclose(file);
    return (double)bytes;
}

double wall_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double thread_cpu_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

/* The clocks are read nearest to the work. */
struct cost cost_now(void)
{
    struct cost now = {.written_bytes = written_bytes()};
    now.cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    now.wall_s = wall_s();
    return now;
}

struct cost cost_since(struct cost start)
{
    struct cost since = {.wall_s = wall_s() - start.wall_s};
    since.cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - start.cpu_s;
    since.written_bytes = written_bytes() - start.written_bytes;
    return since;
}

static int child_failed(char *const argv[], const char *what, int number)
{
    fprintf(stderr, "bench: %s: %s %d:", argv[0], what, number);
    for (char *const *word = argv; *word; word++)
        fprintf(stderr, " %s", *word);
    fputc('\n', stderr);
    return -1;
}

int cost_of_child(char *const argv[], const char *output, struct cost *out)
{
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", locale[] = "LC_ALL=C";
    char *const environment[] = {path, locale, NULL};
    posix_spawn_file_actions_t files;
    struct rusage usage;
    pid_t child, ended;
    int state = 0;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output ? output : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    double start_s = wall_s();
    int status = posix_spawn(&child, argv[0], &files, NULL, argv, environment);
    if (status == 0) {
        do
            ended = wait4(child, &state, 0, &usage);
        while (ended < 0 && errno == EINTR);
        if (ended < 0) status = errno;
    }
    double took_s = wall_s() - start_s;
    posix_spawn_file_actions_destroy(&files);
    if (status) return child_failed(argv, strerror(status), status);
    if (!WIFEXITED(state)) return child_failed(argv, "killed by signal", WTERMSIG(state));
    if (WEXITSTATUS(state)) return child_failed(argv, "ended with status", WEXITSTATUS(state));
    *out = (struct cost){.wall_s = took_s,
                         .cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
    return 0;
}

int cost_of_nothing(struct cost *out)
{
    static const char name[] = "nothing";
    static char path[4096];
    char *argv[] = {path, NULL};
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof name);
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len <= 0) {
        fputs("bench: /proc/self/exe cannot be read\n", stderr);
        return -1;
    }
    memcpy(path + len, name, sizeof name);
    return cost_of_child(argv, NULL, out);
}

void samples_add(struct samples *samples, double value)
{
    if (samples->count < SAMPLES_MAX) samples->value[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double samples_median(struct samples *samples)
{
    if (samples->count == 0) return 0;
    qsort(samples->value, samples->count, sizeof *samples->value, compare);
    size_t middle = samples->count / 2;
    if (samples->count % 2) return samples->value[middle];
    return (samples->value[middle - 1] + samples->value[middle]) / 2;
}

double samples_least(const struct samples *samples)
{
    double least = samples->count ? samples->value[0] : 0;
    for (size_t i = 1; i < samples->count; i++)
        if (samples->value[i] < least) least = samples->value[i];
    return least;
}
