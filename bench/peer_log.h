/* peer_log.h -- a plain log: the floor under every store that commits with two flushes.
 *
 * A record is written and flushed, then the length in the head is written and flushed, which is
 * what LMDB's commit does with pages and meta page. The file is extended ahead of use with zeros,
 * so that a flush has no metadata to write. It cannot be searched and checks nothing. */
#ifndef BENCH_PEER_LOG_H
#define BENCH_PEER_LOG_H

#include <stddef.h>
#include <stdint.h>

struct peer_log {
    int file;
    size_t record_bytes;
    uint64_t count; /* records so far */
    uint64_t room;  /* bytes that are there already */
};

/* Says on stderr what failed and returns non-zero then, as do the others. */
int peer_log_open(const char *path, size_t record_bytes, struct peer_log *out);
int peer_log_append(struct peer_log *log);
void peer_log_close(struct peer_log *log);

#endif
