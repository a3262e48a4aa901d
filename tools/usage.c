/* usage.c -- what pace measures itself: resources and time of the command, sizes of files. */
#include "usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 64 }; /* levels of directories */

static int add(struct record *record, const char *benchmark, const char *measure, const char *unit,
               double value, struct pace_error *error)
{
    struct pace_cell cell = {.benchmark = benchmark,
                             .measure = measure,
                             .unit = unit,
                             .direction = PACE_LOWER_IS_BETTER,
                             .value = value,
                             .lower = (double)NAN,
                             .upper = (double)NAN};
    return record_add(record, &cell, error);
}

int usage_resources(struct record *record, const char *name, const struct execute_result *execution,
                    struct pace_error *error)
{
    const struct {
        const char *measure, *unit;
        double value;
    } rows[] = {
        {"wall-time", "s", execution->wall_s},
        {"cpu-user", "s", execution->cpu_user_s},
        {"cpu-system", "s", execution->cpu_system_s},
        {"max-rss", "B", (double)execution->max_rss_bytes},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && code == 0; i++)
        code = add(record, name, rows[i].measure, rows[i].unit, rows[i].value, error);
    return code;
}

int usage_build_time(struct record *record, const char *name,
                     const struct execute_result *execution, struct pace_error *error)
{
    return add(record, name, "build-time", "s", execution->wall_s, error);
}

/* Adds the sizes of the regular files below an open directory, which it closes. 0 or errno. */
static int add_below(int directory, int depth, uint64_t *bytes)
{
    DIR *open = fdopendir(directory);
    int error = 0;
    if (open == NULL) {
        error = errno;
        close(directory);
        return error;
    }
    for (struct dirent *entry; error == 0 && (entry = readdir(open)) != NULL;) {
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (fstatat(directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            error = errno;
        } else if (S_ISREG(info.st_mode)) {
            *bytes += (uint64_t)info.st_size;
        } else if (S_ISDIR(info.st_mode)) {
            int below = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (depth >= MAX_DEPTH)
                error = ELOOP;
            else
                error = below < 0 ? errno : add_below(below, depth + 1, bytes);
            if (depth >= MAX_DEPTH && below >= 0) close(below);
        }
    }
    closedir(open);
    return error;
}

int usage_file_size(struct record *record, const char *name, const char *path,
                    struct pace_error *error)
{
    struct stat info;
    uint64_t bytes = 0;
    int failed = stat(path, &info) != 0 ? errno : 0;
    if (failed == 0 && S_ISDIR(info.st_mode)) {
        int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        failed = directory < 0 ? errno : add_below(directory, 0, &bytes);
    } else if (failed == 0 && !S_ISREG(info.st_mode)) {
        *error = (struct pace_error){.code = PACE_EIO};
        snprintf(error->message, sizeof error->message, "%.400s is neither a file nor a directory",
                 path);
        return PACE_EIO;
    } else if (failed == 0) {
        bytes = (uint64_t)info.st_size;
    }
    if (failed != 0) {
        *error = (struct pace_error){.code = PACE_EIO};
        snprintf(error->message, sizeof error->message, "%.400s: %s", path, strerror(failed));
        return PACE_EIO;
    }
    return add(record, name, "file-size", "B", (double)bytes, error);
}
