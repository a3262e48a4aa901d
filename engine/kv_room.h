/* kv_room.h -- pages for batches to come: zero-filled at the end of the file, and side by side.
 *
 * A flush is dear when the file has grown, for then the file system writes its own records too, and
 * when pages lie scattered, for each costs a request. So a small batch
 *   - extends the file with zeros when its next pages would lie behind the end, and
 *   - now and then has LMDB gather its free pages and take a range of them that it gives back at
 *     once: pages lie in order of number in its list, and the batches that follow write side by side.
 * Both are a share of the file, so a small store stays small, and have an upper bound. Neither is
 * needed: where there is no room the file stays as it is. */
#ifndef PACE_KV_ROOM_H
#define PACE_KV_ROOM_H

#include <stddef.h>
#include <stdint.h>

enum {
    KV_ROOM_SHARE = 64,         /* of the file's pages */
    KV_ROOM_PAGES_LEAST = 8,    /* below that it is not worth it: a store under 2 MiB has none */
    KV_ROOM_PAGES_MOST = 1024,  /* 4 MiB */
    KV_ROOM_BATCH_PAGES = 32,   /* an ordinary small batch takes fewer from the end of the file */
    KV_ROOM_STRIDE_SHARE = 16,  /* of the file's pages, zeros for such batches, but at most */
    KV_ROOM_STRIDE_PAGES = 256, /* 1 MiB, which takes some 0.3 ms */
    KV_ROOM_BATCHES_LEAST = 16, /* from one gathering to the next */
    KV_ROOM_BATCHES_MOST = 128,
    KV_ROOM_READER_AGE = 16, /* batches: an older reader keeps what is given back from being used */
    KV_ROOM_RECORDS_MOST = 1024, /* of free pages: with more, gathering takes too long */
};

/* How many pages side by side batch number `txn` shall have; 0: it is not its turn. `free_records`
 * is the length of LMDB's list of free pages: a long one means that a reader keeps them from being
 * used, or that more are free than are worth sorting. */
size_t kv_room_pages(uint64_t txn, uint64_t file_pages, uint64_t free_records);

/* How many pages the file shall have before a small batch begins, when those in use end at page `used`
 * and it has `file_pages`; 0: it has enough, or is small. Batches take new pages when a reader keeps the
 * free ones from being used. */
uint64_t kv_room_ahead(uint64_t used, uint64_t file_pages);

/* Extends the file to `bytes` with zeros. 0, also when it is as long already, or -1: no space, or
 * beyond a limit of the process. */
int kv_room_extend(int fd, uint64_t bytes);

#endif
