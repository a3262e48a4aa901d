/* git_tree.c -- a second work tree of a repository: made, removed, and swept up after a process
 * that was killed.
 *
 * Who makes one holds a lock on a file of the repository that names it. A killed process loses the
 * lock and leaves the file: then the tree is nobody's. */
#include "git_own.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char prefix[] =
    "pace-base-"; /* of the files with locks, in the repository's directory */

static void take_nothing(void *context, const char *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    (void)len;
}

/* An empty folder beside the work tree, where the path is as long as here; else in `elsewhere`. */
static int make_folder(const char *root, const char *elsewhere, char path[PATH_MAX])
{
    const char *name = strrchr(root, '/');
    if (name == NULL) return 0;
    int len = snprintf(path, PATH_MAX, "%.*s/.%s-base-XXXXXX", (int)(name - root), root, name + 1);
    if (len < PATH_MAX && mkdtemp(path) != NULL) return 1;
    snprintf(path, PATH_MAX, "%.3000s/pace-base-XXXXXX", elsewhere);
    return mkdtemp(path) != NULL;
}

/* The file that names the tree, locked as long as this process lives. */
static int claim(const char *root, struct git_tree *tree)
{
    char common[PATH_MAX];
    tree->lock = -1;
    if (!git_common(root, common)) return 0;
    int len = snprintf(tree->claim, sizeof tree->claim, "%s/%sXXXXXX", common, prefix);
    if (len >= PATH_MAX) return 0;
    tree->lock = mkostemp(tree->claim, O_CLOEXEC);
    if (tree->lock < 0) return 0;
    size_t size = strlen(tree->path);
    if (flock(tree->lock, LOCK_EX) == 0 && /* who sweeps holds it for a moment */
        write(tree->lock, tree->path, size) == (ssize_t)size)
        return 1;
    unlink(tree->claim);
    close(tree->lock);
    return 0;
}

int git_tree_add(const char *root, const char *elsewhere, const char *commit, struct git_tree *tree)
{
    *tree = (struct git_tree){.lock = -1};
    if (commit[0] == '\0' || commit[0] == '-' || !make_folder(root, elsewhere, tree->path))
        return 0;
    const char *words[] = {"-c",       "core.hooksPath=/dev/null",
                           "worktree", "add",
                           "--quiet",  "--detach",
                           "--force",  tree->path,
                           commit,     NULL};
    if (claim(root, tree)) {
        if (git_run_shown(root, words, 1, take_nothing, NULL) == 0) return 1;
        unlink(tree->claim);
        close(tree->lock);
    }
    rmdir(tree->path);
    return 0;
}

/* A user who interrupts, perhaps twice, still has the tree removed: git inherits the mask. */
static int remove_tree(const char *root, const char *path, int errors_shown)
{
    const char *words[] = {"worktree", "remove", "--force", "--force", path, NULL};
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);
    int removed = git_run_shown(root, words, errors_shown, take_nothing, NULL) == 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return removed;
}

int git_tree_remove(const char *root, struct git_tree *tree)
{
    int removed = remove_tree(root, tree->path, 1);
    unlink(tree->claim);
    close(tree->lock);
    return removed;
}

/* Removes the tree that a file names, if nobody holds its lock. The folder may be empty still, as
 * git had not come to it. Whether there was one. */
static int sweep_one(const char *root, const char *name)
{
    char path[PATH_MAX];
    int removed = 0, file = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return 0;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        ssize_t got = read(file, path, sizeof path - 1);
        path[got > 0 ? got : 0] = '\0';
        removed = path[0] == '/' && strstr(path, "-base-") != NULL &&
                  (remove_tree(root, path, 0) || rmdir(path) == 0);
        unlink(name);
    }
    close(file);
    return removed;
}

int git_tree_sweep(const char *root)
{
    char common[PATH_MAX], name[2 * PATH_MAX];
    int removed = 0;
    DIR *directory = git_common(root, common) ? opendir(common) : NULL;
    if (directory == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0) continue;
        snprintf(name, sizeof name, "%s/%s", common, entry->d_name);
        removed += sweep_one(root, name);
    }
    closedir(directory);
    return removed;
}
