/* scratch.c -- see scratch.h. */
#include "scratch.h"

#include "pager.h"
#include "say.h"
#include "store.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

/* What a store is made of; a handler cannot look. */
static const char *const files[] = {"data.mdb", "lock.mdb", "write.lock"};
enum { FILES = sizeof files / sizeof files[0], FILE_NAME_MAX = 16 };

/* The names that the handler needs, made beforehand. */
static struct {
    volatile sig_atomic_t used;
    char directory[PATH_MAX];
    char files[FILES][PATH_MAX + FILE_NAME_MAX];
} places[SCRATCH_MOST];

static void on_end(int number)
{
    for (int i = 0; i < SCRATCH_MOST; i++) {
        if (!places[i].used) continue;
        for (int f = 0; f < FILES; f++)
            unlink(places[i].files[f]);
        rmdir(places[i].directory);
    }
    pager_interrupted(number);
}

static void remember(const char *path)
{
    int i = 0;
    while (i < SCRATCH_MOST && places[i].used)
        i++;
    if (i == SCRATCH_MOST) return;
    strcpy(places[i].directory, path);
    for (int f = 0; f < FILES; f++)
        snprintf(places[i].files[f], sizeof places[i].files[f], "%s/%s", path, files[f]);
    places[i].used = 1;
    for (size_t s = 0; s < sizeof ending / sizeof ending[0]; s++) {
        struct sigaction now;
        if (sigaction(ending[s], NULL, &now) == 0 &&
            (now.sa_handler == SIG_DFL || now.sa_handler == pager_interrupted))
            signal(ending[s], on_end);
    }
}

static void forget(const char *path)
{
    for (int i = 0; i < SCRATCH_MOST; i++)
        if (places[i].used && strcmp(places[i].directory, path) == 0) places[i].used = 0;
}

int scratch_open(struct scratch *scratch)
{
    const char *base = getenv("TMPDIR");
    struct pace_error error = {0};
    snprintf(scratch->path, sizeof scratch->path, "%s/pace-scratch-XXXXXX",
             base != NULL && *base ? base : "/tmp");
    if (mkdtemp(scratch->path) == NULL) {
        say_error("no directory for a copy in %s", scratch->path);
        scratch->path[0] = '\0';
        return STATUS_DATA;
    }
    remember(scratch->path);
    int code = pace_open(scratch->path, PACE_CREATE, NULL, &error, &scratch->store);
    return code != 0 ? store_failed("", code, &error) : 0;
}

int scratch_open_beside(struct scratch *scratch, const char *path, struct pace_error *error)
{
    size_t len = strlen(path);
    *scratch = (struct scratch){0};
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len + sizeof "-XXXXXX" > sizeof scratch->path) return ENAMETOOLONG;
    snprintf(scratch->path, sizeof scratch->path, "%.*s-XXXXXX", (int)len, path);
    if (mkdtemp(scratch->path) == NULL) {
        int code = errno;
        scratch->path[0] = '\0';
        return code;
    }
    remember(scratch->path);
    return pace_open(scratch->path, PACE_CREATE, NULL, error, &scratch->store);
}

static int remove_one(const char *path, const struct stat *stat_of, int flag, struct FTW *ftw)
{
    (void)stat_of, (void)flag, (void)ftw;
    return remove(path);
}

void scratch_close(struct scratch *scratch)
{
    pace_close(scratch->store);
    if (scratch->path[0] != '\0') {
        nftw(scratch->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        forget(scratch->path);
    }
    *scratch = (struct scratch){0};
}
