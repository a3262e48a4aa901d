/* git.h -- what git knows about the work tree, by asking the `git` command (no shell).
 *
 * Where there is no git, or no work tree, the facts are empty: nothing here is an error. */
#ifndef PACE_GIT_H
#define PACE_GIT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum { GIT_NAME_MAX = 1024, GIT_COMMIT_MAX = 128 };

struct git_facts {
    char root[PATH_MAX];         /* top of the work tree; "" outside of one */
    char project[GIT_NAME_MAX];  /* the remote's last part, else the folder's name */
    char branch[GIT_NAME_MAX];   /* "" when HEAD is detached */
    char commit[GIT_COMMIT_MAX]; /* full hash; "" before the first commit */
    char remote[GIT_NAME_MAX];   /* address without user and password; "" for none */
    int64_t time_ns;             /* place in history of the commit; 0 when unknown */
    uint32_t ordinal;            /* first-parent count; 0 when unknown (a shallow clone) */
    int dirty;                   /* tracked files differ from the commit */
    char changes[17];            /* when dirty: names the differences, as 16 hex digits */
};

/* Fills *out for the work tree that holds `directory`. `commit` asks about another commit than HEAD
 * (then dirty is 0); NULL is HEAD. A commit that git does not know leaves commit empty. */
void git_read(const char *directory, const char *commit, struct git_facts *out);

/* A commit by any name that git knows: its full hash and place in history. 1 when it is known. */
int git_commit(const char *root, const char *name, char commit[GIT_COMMIT_MAX], int64_t *time_ns);

/* The parents of HEAD, as its object names them (in a shallow clone git itself shows none); "" for
 * one that it lacks. */
void git_parents(const char *root, char first[GIT_COMMIT_MAX], char second[GIT_COMMIT_MAX]);

/* The messages of the commits up to `commit` that `since` does not have ("": of `commit` alone) and
 * that hold a line which begins with `word`, newest first. The caller frees it; NULL when there are
 * none. */
char *git_messages(const char *root, const char *since, const char *commit, const char *word);

/* The newest commit that `commit` has in common with a branch: of this clone or of its origin, the
 * origin first where `origin_first`. 1 when there is one. */
int git_merge_base(const char *root, const char *branch, int origin_first, const char *commit,
                   char base[GIT_COMMIT_MAX]);

/* A second work tree, which is this process' own. */
struct git_tree {
    char path[PATH_MAX];
    char claim[PATH_MAX]; /* a file of the repository that names it */
    int lock;             /* its descriptor, which holds the lock; -1: none */
};

/* Makes a work tree of a commit, on no branch, in a new directory beside the tree at `root`, or in
 * `elsewhere` where that cannot be written; hooks of the repository do not run. What git has to say
 * against it goes to stderr. 1 when it is there. */
int git_tree_add(const char *root, const char *elsewhere, const char *commit,
                 struct git_tree *tree);

/* Removes it with all that is in it. 1 when it is gone. */
int git_tree_remove(const char *root, struct git_tree *tree);

/* Removes the work trees that processes left which were killed. Returns how many. */
int git_tree_sweep(const char *root);

/* The top of the tree that holds `directory` (absolute): the first one above with a `.git`. No
 * process is started. 1 when there is one. */
int git_root(const char *directory, char root[PATH_MAX]);

/* The branch of the tree at `root`, read from its HEAD file; "" when detached. No process is
 * started. */
void git_head(const char *root, char branch[GIT_NAME_MAX]);

/* 1 when git tracks a file at or below `path` (absolute, below root), or when that cannot be told.
 */
int git_tracks(const char *root, const char *path);

/* The lines that git prints for these words (the last is NULL), given one by one without their
 * ends, until line() returns non-zero. `input` is a descriptor for git's standard input, or -1. 1
 * when git ended well. */
int git_lines(const char *root, const char *const *words, int input,
              int (*line)(void *context, const char *line), void *context);

/* The contents of objects, in the order of their names: `input` has a name a line. blob() gets text
 * with a NUL behind it, or NULL for an object that is not there. 1 when all were given. */
int git_blobs(const char *root, int input, int (*blob)(void *context, const char *text, size_t len),
              void *context);

/* The last part of a remote's address, without .git; "" when there is none. */
void git_project(const char *remote, char project[GIT_NAME_MAX]);

/* Copies an address without what stands for a user and password before the host. */
void git_mask(const char *address, char masked[GIT_NAME_MAX]);

/* Times of commits, oldest first, in seconds, made to grow along a line of first parents: a commit
 * is never earlier than its parent plus 1 ns. Returns the place of the last. */
int64_t git_place(const int64_t *seconds, int count);

#endif
