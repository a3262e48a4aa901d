/* kv_file.h -- the files of a store before LMDB sees them: are they safe, local and whole?
 *
 * A store is a directory with data.mdb, lock.mdb (both LMDB's) and write.lock (ours, the lock of
 * writers). The directory itself is locked while a store is made, opened or closed. LMDB follows
 * links, trusts every field of the file and dies of a short one; these checks come first. */
#ifndef PACE_KV_FILE_H
#define PACE_KV_FILE_H

#include "error.h"
#include "kv_pages.h"

#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#define KV_DATA       "data.mdb"
#define KV_LOCK       "lock.mdb"
#define KV_WRITE_LOCK "write.lock"
#define KV_NEW        "new.tmp" /* where a store is made; it is moved away when it is whole */

/* Opens the directory (made when `create`) and checks owner, mode and file system. */
int kv_file_directory(const char *path, int create, struct pace_error *error, int *fd);

/* Checks one file of the directory: regular, one link, owner, mode. PACE_ENOTFOUND when absent. */
int kv_file_check(int directory, const char *path, const char *name, struct pace_error *error,
                  struct stat *out);

/* Reads both meta pages of data.mdb and checks every field against the file; of a store of ordinary
 * size (unless `metas_only`) also the frame of every page (kv_pages.h), so that LMDB meets nothing
 * that it would die of. */
int kv_file_validate(int directory, const char *path, int metas_only, struct pace_error *error);

/* Walks all pages of the state that transaction `txn` made, thoroughly. The caller holds a snapshot
 * of that state. PACE_EBUSY, without a message: the meta page of it is gone; take a newer snapshot.
 * What report() returns ends the walk, but is no error; it must not be negative. */
typedef int kv_file_report(void *context, uint64_t page, const void *key, size_t key_len,
                           const char *problem);
int kv_file_walk(int fd, const char *path, uint64_t txn, kv_file_report *report, void *context,
                 struct pace_error *error, struct kv_page_count *count);

/* Locks a file or directory for this descriptor alone, waiting until `deadline` (CLOCK_MONOTONIC);
 * PACE_EBUSY when it passes. */
int kv_file_lock(int fd, const char *path, const struct timespec *deadline,
                 struct pace_error *error);
void kv_file_unlock(int fd);

/* CLOCK_MONOTONIC now plus some milliseconds. */
struct timespec kv_file_deadline(unsigned timeout_ms);

#endif
