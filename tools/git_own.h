/* git_own.h -- what the files about git share: git.c asks the command, git_files.c reads the
 * repository's files, git_tree.c makes work trees. */
#ifndef PACE_GIT_OWN_H
#define PACE_GIT_OWN_H

#include "git.h"

/* Takes the bytes of an answer as they come. */
typedef void git_take(void *context, const char *bytes, size_t len);

/* Runs git in `directory`. Returns its exit status, -1 when it did not run. */
int git_run_shown(const char *directory, const char *const *words, int errors_shown, git_take *take,
                  void *context);

/* The directory with HEAD and index: .git, or what a .git file names (a linked work tree). */
int git_directory(const char *root, char out[PATH_MAX]);

/* What linked work trees share with their repository: objects, refs, config. 1 when it is known. */
int git_common(const char *root, char out[PATH_MAX]);

/* 1 when the clone has only a part of its history, or when that cannot be told. */
int git_is_shallow(const char *root);

/* 1 when the index surely has no entry with `path` in its name: it is of a version that writes names
 * whole, is not split, and the bytes do not occur. Saves starting git for almost every query. */
int git_index_lacks(const char *root, const char *path);

/* The address of the remote origin, else of the first one; "" for none. 0 when the file of the
 * configuration does not tell all. */
int git_remote(const char *root, char address[GIT_NAME_MAX]);

#endif
