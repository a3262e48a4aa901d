/* progress.c -- see progress.h. */
#include "progress.h"

#include "../engine/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_MS = 1000, /* what takes less shows nothing */
    EACH_MS = 200,
    BAR = 24,
    LINE = 160,
    MS_NS = 1000000,
};

static const int ending[] = {SIGINT, SIGTERM};
enum { ENDINGS = sizeof ending / sizeof ending[0] };

/* The one progress that there is. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t thread;
    const struct progress *progress; /* NULL: none */
    int is_shown;                    /* 1: the line is on the screen */
    int has_handler[ENDINGS];
} now = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static const char clear[] = "\r\033[K";

uint64_t progress_count(const void *context)
{
    return __atomic_load_n((const uint64_t *)context, __ATOMIC_RELAXED);
}

/* "8 s", "2 min 10 s", "1 h 5 min". */
static void put_time(double seconds, char *text, size_t size)
{
    long long all = (long long)(seconds + 0.5);
    if (all < 60)
        snprintf(text, size, "%lld s", all);
    else if (all < 3600)
        snprintf(text, size, "%lld min %lld s", all / 60, all % 60);
    else
        snprintf(text, size, "%lld h %lld min", all / 3600, all % 3600 / 60);
}

/* "1.2 M runs/s"; bytes as "34 MB/s". */
static void put_rate(double rate, const char *unit, char *text, size_t size)
{
    static const char *const prefixes[] = {"", "k", "M", "G"};
    size_t prefix = 0;
    int is_bytes = strcmp(unit, "B") == 0;
    for (; rate >= 1000 && prefix + 1 < sizeof prefixes / sizeof prefixes[0]; prefix++)
        rate /= 1000;
    snprintf(text, size, "%.*f %s%s%s/s", rate < 10 && prefix > 0 ? 1 : 0, rate, prefixes[prefix],
             !is_bytes && prefix > 0 ? " " : "", unit);
}

void progress_text(const struct progress *progress, uint64_t done, double seconds, char *text,
                   int size)
{
    char rate[64], left[64] = "", bar[BAR + 1];
    uint64_t total = progress_count(progress->total);
    double share = total > 0 ? (double)done / (double)total : 0;
    if (share > 1) share = 1;
    put_rate((double)done / (seconds > 0 ? seconds : 1), progress->unit, rate, sizeof rate);
    if (total == 0) {
        snprintf(text, (size_t)size, "%s  %s", progress->what, rate);
        return;
    }
    for (int i = 0; i < BAR; i++)
        bar[i] = i < (int)(share * BAR) ? '#' : '.';
    bar[BAR] = '\0';
    if (share > 0) put_time(seconds * (1 - share) / share, left, sizeof left);
    snprintf(text, (size_t)size, "%s  %3.0f %% [%s]  %s%s%s%s", progress->what, share * 100, bar,
             rate, *left ? ", " : "", left, *left ? " left" : "");
}

static double seconds_since(const struct timespec *start)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)(time.tv_sec - start->tv_sec) + (double)(time.tv_nsec - start->tv_nsec) / 1e9;
}

static void draw(const struct timespec *start)
{
    char text[LINE];
    const struct progress *progress = now.progress;
    progress_text(progress, progress->done(progress->context), seconds_since(start), text,
                  sizeof text);
    (void)fprintf(stderr, "%s%s", clear, text);
    (void)fflush(stderr);
    now.is_shown = 1;
}

static void hide(void)
{
    if (!now.is_shown) return;
    (void)fputs(clear, stderr);
    (void)fflush(stderr);
    now.is_shown = 0;
}

static void *watch(void *context)
{
    struct timespec start, until;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pthread_mutex_lock(&now.lock);
    for (int wait_ms = FIRST_MS; now.progress != NULL; wait_ms = EACH_MS) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += (long)(wait_ms % 1000) * MS_NS;
        if (until.tv_nsec >= 1000 * MS_NS) {
            until.tv_sec++;
            until.tv_nsec -= 1000 * MS_NS;
        }
        pthread_cond_timedwait(&now.ended, &now.lock, &until);
        if (now.progress != NULL) draw(&start);
    }
    pthread_mutex_unlock(&now.lock);
    return NULL;
}

/* Only calls that a handler may make. */
static void on_end(int number)
{
    ssize_t written = write(STDERR_FILENO, clear, sizeof clear - 1);
    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

void progress_begin(const struct progress *progress)
{
    const char *term = getenv("TERM");
    sigset_t all, before;
    if (!isatty(STDERR_FILENO) || (term != NULL && strcmp(term, "dumb") == 0)) return;
    now.progress = progress;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's own */
    int code = pthread_create(&now.thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        now.progress = NULL;
        return;
    }
    for (int i = 0; i < ENDINGS; i++) {
        struct sigaction action;
        now.has_handler[i] =
            sigaction(ending[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL;
        if (now.has_handler[i]) signal(ending[i], on_end);
    }
}

void progress_end(void)
{
    if (now.progress == NULL) return;
    pthread_mutex_lock(&now.lock);
    now.progress = NULL;
    pthread_cond_signal(&now.ended);
    hide();
    pthread_mutex_unlock(&now.lock);
    pthread_join(now.thread, NULL);
    for (int i = 0; i < ENDINGS; i++)
        if (now.has_handler[i]) signal(ending[i], SIG_DFL);
}

void progress_hide(void)
{
    if (now.progress == NULL) return;
    pthread_mutex_lock(&now.lock);
    hide();
    pthread_mutex_unlock(&now.lock);
}
