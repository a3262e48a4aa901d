/* kv_room.c -- see kv_room.h. */
#include "kv_room.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

enum {
    ZEROS_BYTES = 4096,
    ZEROS_AT_ONCE =
        16, /* a file system that caches what was written at once as one piece goes through
                           all of it for each page that is written there later */
    SPARE_SPACE = 16, /* times what is asked for must be free: nobody is crowded out for speed */
};

size_t kv_room_pages(uint64_t txn, uint64_t file_pages, uint64_t free_records)
{
    uint64_t pages = file_pages / KV_ROOM_SHARE, batches;
    if (pages < KV_ROOM_PAGES_LEAST || free_records > KV_ROOM_RECORDS_MOST) return 0;
    if (pages > KV_ROOM_PAGES_MOST) pages = KV_ROOM_PAGES_MOST;
    batches = pages * KV_ROOM_BATCHES_MOST / KV_ROOM_PAGES_MOST;
    if (batches < KV_ROOM_BATCHES_LEAST) batches = KV_ROOM_BATCHES_LEAST;
    return txn % batches == 0 ? (size_t)pages : 0;
}

uint64_t kv_room_ahead(uint64_t used, uint64_t file_pages)
{
    uint64_t pages = used / KV_ROOM_STRIDE_SHARE;
    if (used < KV_ROOM_PAGES_LEAST * KV_ROOM_SHARE || used + KV_ROOM_BATCH_PAGES <= file_pages)
        return 0;
    if (pages > KV_ROOM_STRIDE_PAGES) pages = KV_ROOM_STRIDE_PAGES;
    return used + KV_ROOM_BATCH_PAGES + pages;
}

int kv_room_extend(int fd, uint64_t bytes)
{
    static const char zeros[ZEROS_BYTES];
    struct iovec parts[ZEROS_AT_ONCE];
    struct stat st;
    struct statvfs fs;
    struct rlimit limit; /* a write beyond it would be a signal */
    if (fstat(fd, &st) || fstatvfs(fd, &fs) || getrlimit(RLIMIT_FSIZE, &limit)) return -1;
    uint64_t end = (uint64_t)st.st_size;
    if (end >= bytes) return 0;
    if (limit.rlim_cur != RLIM_INFINITY && bytes > limit.rlim_cur) return -1;
    if ((bytes - end) * SPARE_SPACE > (uint64_t)fs.f_bavail * fs.f_frsize) return -1;
    for (size_t i = 0; i < ZEROS_AT_ONCE; i++)
        parts[i] = (struct iovec){.iov_base = (void *)(uintptr_t)zeros, .iov_len = ZEROS_BYTES};
    while (end < bytes) {
        uint64_t count = (bytes - end + ZEROS_BYTES - 1) / ZEROS_BYTES;
        uint64_t fit = ZEROS_AT_ONCE - end / ZEROS_BYTES % ZEROS_AT_ONCE;
        if (count > fit) count = fit;
        ssize_t written = pwritev(fd, parts, (int)count, (off_t)end);
        if (written <= 0) return -1;
        end += (uint64_t)written;
    }
    return 0;
}
