/* gunzip.c -- reading compressed bytes piece by piece, over zlib. Memory is one piece. */
#include "gunzip.h"

#include "input.h"
#include "../engine/pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct gunzip {
    z_stream stream;
    unsigned long long taken; /* compressed bytes of members that are done */
    int between;              /* 1: at the end of a member: another one, or the end */
    int at_eof;
    unsigned char piece[GUNZIP_PIECE_BYTES];
};

int gunzip_recognise(const char *bytes, size_t len)
{
    return len >= 2 && memcmp(bytes, "\x1F\x8B", 2) == 0;
}

struct gunzip *gunzip_new(const char *bytes, size_t len)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip == NULL || len > sizeof gunzip->piece ||
        inflateInit2(&gunzip->stream, 15 + 16) != Z_OK) { /* gzip only */
        free(gunzip);
        return NULL;
    }
    memcpy(gunzip->piece, bytes, len);
    gunzip->stream.next_in = gunzip->piece;
    gunzip->stream.avail_in = (uInt)len;
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip == NULL) return;
    (void)inflateEnd(&gunzip->stream);
    free(gunzip);
}

static int refill(struct gunzip *gunzip, int fd)
{
    ssize_t got = 0;
    do
        got = read(fd, gunzip->piece, sizeof gunzip->piece);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno;
    input_tally((size_t)got);
    gunzip->stream.next_in = gunzip->piece;
    gunzip->stream.avail_in = (uInt)got;
    gunzip->at_eof = got == 0;
    return 0;
}

/* What is behind a member is another one, else it is left out, as gunzip(1) does. */
static void next_member(struct gunzip *gunzip)
{
    if (gunzip->stream.next_in[0] != 0x1F) {
        gunzip->at_eof = 1;
        gunzip->stream.avail_in = 0;
        return;
    }
    gunzip->taken += gunzip->stream.total_in;
    gunzip->between = 0;
    (void)inflateReset(&gunzip->stream);
}

int gunzip_read(struct gunzip *gunzip, int fd, char *out, size_t room, size_t *got,
                unsigned long long *at)
{
    z_stream *stream = &gunzip->stream;
    size_t space = room < (1U << 30) ? room : 1U << 30;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)space;
    int status = Z_OK, code = 0;
    while (stream->avail_out == space && status == Z_OK) {
        if (stream->avail_in == 0 && !gunzip->at_eof) code = refill(gunzip, fd);
        if (code != 0) return code;
        if (gunzip->between && stream->avail_in > 0) next_member(gunzip);
        if (gunzip->between && gunzip->at_eof) break;
        status = inflate(stream, Z_NO_FLUSH);
        gunzip->between = status == Z_STREAM_END;
        if (gunzip->between) status = Z_OK;
    }
    *got = space - stream->avail_out;
    *at = gunzip->taken + stream->total_in;
    if (status == Z_MEM_ERROR) return PACE_ENOMEM;
    return status == Z_OK ? 0 : PACE_EVALUE;
}
