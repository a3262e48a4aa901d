/* peer_log.c -- a plain log: the floor under every store that commits with two flushes. */
#include "peer_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AHEAD_BYTES = 1 << 20, RECORD_MAX = 1 << 17 };

static int failed(const char *what)
{
    perror(what);
    return -1;
}

int peer_log_open(const char *path, size_t record_bytes, struct peer_log *out)
{
    if (record_bytes > RECORD_MAX) return -1;
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return failed(path);
    *out = (struct peer_log){.file = file, .record_bytes = record_bytes};
    return 0;
}

void peer_log_close(struct peer_log *log)
{
    close(log->file);
}

static int extend(struct peer_log *log)
{
    static const char zeros[AHEAD_BYTES];
    if (pwrite(log->file, zeros, sizeof zeros, (off_t)log->room) != (ssize_t)sizeof zeros)
        return failed("bench: log");
    log->room += sizeof zeros;
    return 0;
}

int peer_log_append(struct peer_log *log)
{
    char record[RECORD_MAX];
    uint64_t at = (log->count + 1) * log->record_bytes;
    while (at + log->record_bytes > log->room)
        if (extend(log)) return -1;
    log->count++;
    memset(record, (int)(log->count & 0xff), log->record_bytes);
    if (pwrite(log->file, record, log->record_bytes, (off_t)at) != (ssize_t)log->record_bytes ||
        fdatasync(log->file) ||
        pwrite(log->file, &log->count, sizeof log->count, 0) != (ssize_t)sizeof log->count ||
        fdatasync(log->file))
        return failed("bench: log");
    return 0;
}
