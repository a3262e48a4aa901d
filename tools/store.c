/* store.c -- which store a command works on, and opening it. */
#include "store.h"

#include "../query/pace_query.h"
#include "git.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define STORE_NAME ".pace"

int store_failed(const char *text, int code, const struct pace_error *error)
{
    const char *message =
        error != NULL && error->message[0] != '\0' ? error->message : pace_strerror(code);
    if (text == NULL || *text == '\0')
        say_error("%s", message);
    else
        say_error("%s: %s", text, message);
    return status_of_error(code);
}

/* Cuts the last part of an absolute path; 0 at the root. */
static int path_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || path[1] == '\0') return 0;
    slash[slash == path ? 1 : 0] = '\0';
    return 1;
}

static int path_join(char out[PATH_MAX], const char *directory, const char *name)
{
    int len = snprintf(out, PATH_MAX, "%s%s%s", directory,
                       directory[strlen(directory) - 1] == '/' ? "" : "/", name);
    return len > 0 && len < PATH_MAX ? 0 : -1;
}

/* The nearest .pace from `here` up to `root` (or in `here` alone when root is NULL). */
static int path_search(const char *here, const char *root, char out[PATH_MAX])
{
    char at[PATH_MAX];
    snprintf(at, sizeof at, "%s", here);
    for (;;) {
        struct stat info;
        if (path_join(out, at, STORE_NAME) == 0 && lstat(out, &info) == 0) return 1;
        if (root == NULL || strcmp(at, root) == 0 || !path_up(at)) return 0;
    }
}

/* The store of the directory that this runs in. */
static int find_path(enum store_mode mode, char path[PATH_MAX])
{
    char here[PATH_MAX], root[PATH_MAX];
    if (getcwd(here, sizeof here) == NULL) {
        say_error("the current directory: %s", strerror(errno));
        return STATUS_DATA;
    }
    int in_git = git_root(here, root);
    const char *top = in_git ? root : here;
    if (path_search(here, in_git ? root : NULL, path)) {
        if (in_git && git_tracks(root, path)) {
            say_error("%s is tracked by git, so it may come from somebody else\n"
                      "  to use it all the same, name it: --db %s",
                      path, path);
            return STATUS_DATA;
        }
        return 0;
    }
    if (mode == STORE_CREATE) {
        if (path_join(path, top, STORE_NAME) == 0) return 0;
        say_error("%s: the path is too long", top);
        return STATUS_DATA;
    }
    if (in_git && strcmp(here, root) != 0)
        say_error("no store: there is no " STORE_NAME " in %s or above, up to %s", here, root);
    else
        say_error("no store: there is no " STORE_NAME " in %s", here);
    say_note("  make one with `pace run`, `pace load` or `pace init`, or name one with --db PATH");
    return STATUS_DATA;
}

int store_path(const struct arguments *arguments, enum store_mode mode, char path[PATH_MAX])
{
    const char *named = arguments_value(arguments, OPTION_DB);
    const char *from = "--db";
    if (named == NULL) {
        named = getenv("PACE_DB");
        from = "$PACE_DB";
        if (named != NULL && *named == '\0') named = NULL;
    }
    if (named != NULL) {
        if (*named == '\0' || strlen(named) >= PATH_MAX) {
            say_error("%s is not a path: '%.80s'", from, named);
            return STATUS_USAGE;
        }
        strcpy(path, named);
        return 0;
    }
    return find_path(mode, path);
}

/* The engine refuses file systems of other machines; of this one nobody knows where its files
 * are. */
static void warn_of_fuse(int file, const char *path)
{
    const uint32_t fuse = 0x65735546;
    struct statfs fs;
    if (fstatfs(file, &fs) == 0 && (uint32_t)fs.f_type == fuse)
        say_note(
            "note: %s is on FUSE; where its files are on another machine, as with sshfs, locks and "
            "maps do not hold: use a local disk",
            path);
}

/* A store of its own never shows up in `git status`. */
static int ignore_write(const char *path)
{
    char name[PATH_MAX];
    if (path_join(name, path, ".gitignore") != 0) return ENAMETOOLONG;
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return errno == EEXIST ? 0 : errno;
    int error = write(file, "*\n", 2) == 2 ? 0 : errno;
    warn_of_fuse(file, path); /* once, as the store is new */
    close(file);
    return error;
}

/* 1, and its length, when the directory that the path is in is not there. */
static int lacks_parent(const char *path, size_t *len)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *len = slash != NULL ? (size_t)(slash - path) : 0;
    if (*len == 0 || *len >= sizeof parent) return 0;
    memcpy(parent, path, *len);
    parent[*len] = '\0';
    return access(parent, F_OK) != 0;
}

static int open_failed(const char *path, int code, const struct pace_error *error)
{
    size_t parent_len = 0;
    int status = store_failed(error->message[0] == '\0' ? path : "", code, error);
    if (code == ENOENT && lacks_parent(path, &parent_len))
        say_note("  the directory %.*s is not there; make it first, or correct the path",
                 (int)parent_len, path);
    else if (code == ENOENT)
        say_note(
            "  make it with `pace --db %s init`, or store something with `pace run` or `pace load`",
            path);
    else if (code == EACCES || code == EROFS || code == EPERM)
        say_note("  make the directory writable, or name another store with --db PATH or $PACE_DB");
    return status;
}

int store_open_path(const char *path, enum store_mode mode, pace **out)
{
    struct pace_error error = {0};
    pace *store = NULL;
    unsigned flags = mode == STORE_READ ? PACE_READONLY : 0;
    if (mode == STORE_CREATE) flags = PACE_CREATE;
    int code = pace_open(path, flags, NULL, &error, &store);
    if (mode == STORE_WRITE && (code == EACCES || code == EROFS || code == EPERM))
        code = pace_open(path, PACE_READONLY, NULL, &error, &store);
    if (code != 0) return open_failed(path, code, &error);
    if (mode == STORE_CREATE) {
        code = ignore_write(path);
        if (code != 0) {
            say_error("%s/.gitignore: %s", path, strerror(code));
            pace_close(store);
            return STATUS_DATA;
        }
    }
    *out = store;
    return 0;
}

int store_is_new(const struct arguments *arguments, const char *path)
{
    const char *named = getenv("PACE_DB");
    return access(path, F_OK) != 0 && !arguments_has(arguments, OPTION_DB) &&
           (named == NULL || *named == '\0');
}

void store_tell_new(const char *path)
{
    say_note("new store: %s (git ignores it)", path);
}

int store_open(const struct arguments *arguments, enum store_mode mode, pace **out)
{
    char path[PATH_MAX];
    int status = store_path(arguments, mode, path);
    if (status != 0) return status;
    int is_new = mode == STORE_CREATE && store_is_new(arguments, path);
    status = store_open_path(path, mode, out);
    if (status == 0 && is_new) store_tell_new(path);
    return status;
}

struct pace_stat store_stat(pace *store)
{
    pace_snapshot *snapshot = NULL;
    struct pace_stat stat = {0};
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return stat;
    if (pace_stat(snapshot, NULL, &stat) != 0) stat = (struct pace_stat){0};
    pace_snapshot_end(snapshot);
    return stat;
}

void store_keep(pace *store, uint64_t run)
{
    pace_session *session = NULL;
    if (pace_session_open(store, NULL, NULL, &session) != 0) return;
    (void)pace_keep(session, run, NULL);
    pace_session_close(session);
}
