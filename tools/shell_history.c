/* shell_history.c -- what was typed before: a line a statement in $XDG_STATE_HOME/pace/history.
 *
 * Several shells append to one file. It is cut to the newest half when it has grown to twice what
 * is kept. A history that cannot be read or written is no reason to stop: there is none then. */
#include "shell.h"

#include "../query/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT = 2000, LINE_MAX_BYTES = 8192 };

int shell_file(enum shell_folder folder, const char *name, char *path, size_t size)
{
    static const char *const variables[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME"};
    static const char *const below_home[] = {"/.config", "/.local/state"};
    const char *base = getenv(variables[folder]), *below = "";
    if (base == NULL || *base != '/') { /* what is not absolute does not count */
        base = getenv("HOME");
        below = below_home[folder];
    }
    if (base == NULL || *base != '/') return 0;
    int len = snprintf(path, size, "%s%s/pace/%s", base, below, name);
    return len > 0 && (size_t)len < size;
}

static int history_path(char path[PATH_MAX])
{
    return shell_file(SHELL_STATE, "history", path, PATH_MAX);
}

/* Makes the folders above a file, each for its owner alone. */
static void folders_make(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) return;
        *slash = '/';
    }
}

/* Writes the newest lines to a new file that takes the place of the old one. */
static void history_cut(const char *path, char **lines, size_t count)
{
    char name[PATH_MAX];
    int len = snprintf(name, sizeof name, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof name) return;
    int file = mkstemp(name); /* 0600 */
    FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
    if (out == NULL) return;
    for (size_t i = count - KEPT; i < count; i++)
        fprintf(out, "%s\n", lines[i]);
    if (fclose(out) != 0 || rename(name, path) != 0) unlink(name);
}

void shell_history_load(void (*add)(void *context, const char *line), void *context)
{
    char path[PATH_MAX];
    char *lines[4 * KEPT], *line = NULL;
    size_t count = 0, capacity = 0;
    if (!history_path(path)) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    FILE *in = file >= 0 ? fdopen(file, "r") : NULL;
    if (in == NULL) return;
    ssize_t len;
    while (count < sizeof lines / sizeof *lines && (len = getline(&line, &capacity, in)) > 0) {
        if (line[len - 1] == '\n') line[--len] = '\0';
        /* Somebody else may have written it. */
        if (len == 0 || text_safe(NULL, 0, line, (size_t)len) != (size_t)len) continue;
        char *copy = strdup(line);
        if (copy == NULL) break;
        lines[count++] = copy;
    }
    fclose(in);
    free(line);
    if (count > 2 * KEPT) history_cut(path, lines, count);
    for (size_t i = 0; i < count; i++) {
        if (count - i <= KEPT) add(context, lines[i]);
        free(lines[i]);
    }
}

void shell_history_add(const char *line)
{
    char path[PATH_MAX], text[LINE_MAX_BYTES];
    int len = snprintf(text, sizeof text, "%s\n", line);
    if (len <= 1 || (size_t)len >= sizeof text || !history_path(path)) return;
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    int file = open(path, flags, 0600);
    if (file < 0 && errno == ENOENT) {
        folders_make(path);
        file = open(path, flags, 0600);
    }
    if (file < 0) return;
    fchmod(file, 0600);
    /* One write: lines of two shells do not mix. */
    ssize_t written = write(file, text, (size_t)len);
    (void)written;
    close(file);
}
