/* input.c -- a file or standard input, read whole or line by line.
 *
 * One buffer that grows by doubling holds what was read and is not used yet: memory is the size of
 * the input when it is read whole, and of its longest line when it is read by lines. What is
 * compressed with gzip is unpacked on the way. */
#include "input.h"

#include "gunzip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct pace_error *error, int code, const char *name, const char *reason,
                const char *advice)
{
    if (error != NULL) {
        error->code = code;
        (void)snprintf(error->message, sizeof error->message, "%.300s: %s%s%s", name, reason,
                       advice[0] != '\0' ? "; " : "", advice);
    }
    return code;
}

static int fail_errno(struct pace_error *error, int code, const char *name)
{
    const char *advice = "";
    if (code == ENOENT)
        advice = "check the path";
    else if (code == EACCES)
        advice = "its permissions do not let this user read it";
    return fail(error, code, name, strerror(code), advice);
}

int input_open(struct input_stream *stream, const char *path, struct pace_error *error)
{
    int standard = strcmp(path, "-") == 0;
    struct stat status;
    struct input_stream opened = {
        .name = standard ? "standard input" : path,
        .max_bytes = INPUT_MAX_BYTES,
        .max_line = INPUT_MAX_LINE,
    };
    opened.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (opened.fd < 0) return fail_errno(error, errno, path);
    int code = fstat(opened.fd, &status) != 0 ? errno : 0;
    if (code == 0 && S_ISDIR(status.st_mode)) code = EISDIR;
    if (code != 0) {
        if (!standard) (void)close(opened.fd);
        return code == EISDIR
                   ? fail(error, code, opened.name, "it is a directory", "name the files in it")
                   : fail_errno(error, code, opened.name);
    }
    if (S_ISREG(status.st_mode)) {
        opened.is_file = 1;
        opened.mtime_ns =
            (int64_t)status.st_mtim.tv_sec * 1000000000 + (int64_t)status.st_mtim.tv_nsec;
    }
    *stream = opened;
    return 0;
}

int input_text(struct input_stream *stream, const char *name, const char *text, size_t len,
               struct pace_error *error)
{
    struct input_stream opened = {.name = name,
                                  .fd = -1,
                                  .max_bytes = INPUT_MAX_BYTES,
                                  .max_line = INPUT_MAX_LINE,
                                  .buffer = malloc(len + 1),
                                  .capacity = len + 1,
                                  .end = len,
                                  .at_eof = 1};
    if (opened.buffer == NULL) return fail(error, PACE_ENOMEM, name, "out of memory", "");
    if (len > 0) memcpy(opened.buffer, text, len);
    opened.buffer[len] = '\0';
    *stream = opened;
    return 0;
}

void input_close(struct input_stream *stream)
{
    if (stream->fd > STDIN_FILENO) (void)close(stream->fd);
    free(stream->buffer);
    gunzip_free(stream->gunzip);
    stream->buffer = NULL;
    stream->gunzip = NULL;
    stream->fd = -1;
}

/* Makes room for `more` bytes and a NUL behind what is there. */
static int reserve(struct input_stream *stream, size_t more, struct pace_error *error)
{
    if (stream->begin > 0) {
        memmove(stream->buffer, stream->buffer + stream->begin, stream->end - stream->begin);
        stream->end -= stream->begin;
        stream->begin = 0;
    }
    if (stream->capacity - stream->end > more) return 0;
    size_t capacity = stream->capacity == 0 ? INPUT_HEAD_BYTES * 2 : stream->capacity;
    while (capacity - stream->end <= more)
        capacity *= 2;
    char *grown = realloc(stream->buffer, capacity);
    if (grown == NULL) return fail(error, PACE_ENOMEM, stream->name, "out of memory", "");
    stream->buffer = grown;
    stream->capacity = capacity;
    return 0;
}

static uint64_t tally; /* bytes read by all inputs of this process */

void input_tally(size_t bytes)
{
    __atomic_fetch_add(&tally, bytes, __ATOMIC_RELAXED);
}

const uint64_t *input_bytes_read(void)
{
    return &tally;
}

/* Some plain bytes of compressed ones, or the end. */
static int fill_unpacked(struct input_stream *stream, struct pace_error *error)
{
    char reason[80];
    unsigned long long at = 0;
    size_t room = stream->capacity - stream->end - 1, got = 0;
    int code =
        gunzip_read(stream->gunzip, stream->fd, stream->buffer + stream->end, room, &got, &at);
    if (code == PACE_ENOMEM) return fail(error, code, stream->name, "out of memory", "");
    if (code > 0) return fail_errno(error, code, stream->name);
    if (code != 0) {
        (void)snprintf(reason, sizeof reason, "byte %llu: the gzip data is damaged or cut off", at);
        return fail(error, code, stream->name, reason, "");
    }
    stream->end += got;
    stream->buffer[stream->end] = '\0';
    stream->at_eof = got == 0;
    return 0;
}

/* Reads once, some bytes or the end. */
static int fill(struct input_stream *stream, struct pace_error *error)
{
    int code = reserve(stream, INPUT_HEAD_BYTES, error);
    if (code != 0) return code;
    if (stream->gunzip != NULL) return fill_unpacked(stream, error);
    size_t room = stream->capacity - stream->end - 1;
    ssize_t got = 0;
    do
        got = read(stream->fd, stream->buffer + stream->end, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) return fail_errno(error, errno, stream->name);
    input_tally((size_t)got);
    stream->end += (size_t)got;
    stream->buffer[stream->end] = '\0';
    stream->at_eof = got == 0;
    return 0;
}

/* At least INPUT_HEAD_BYTES, or all there is. */
static int fill_head(struct input_stream *stream, struct pace_error *error)
{
    int code = 0;
    while (code == 0 && !stream->at_eof && stream->end - stream->begin < INPUT_HEAD_BYTES)
        code = fill(stream, error);
    return code;
}

/* What was read so far is compressed: unpacks it and what comes. */
static int unpack(struct input_stream *stream, struct pace_error *error)
{
    stream->gunzip = gunzip_new(stream->buffer + stream->begin, stream->end - stream->begin);
    if (stream->gunzip == NULL) return fail(error, PACE_ENOMEM, stream->name, "out of memory", "");
    stream->begin = stream->end = 0;
    stream->at_eof = 0;
    return fill_head(stream, error);
}

int input_head(struct input_stream *stream, struct pace_error *error, struct input *head)
{
    int code = fill_head(stream, error);
    if (code == 0 && stream->line == 0 && stream->gunzip == NULL &&
        gunzip_recognise(stream->buffer + stream->begin, stream->end - stream->begin))
        code = unpack(stream, error);
    if (code != 0) return code;
    const char *text = stream->buffer + stream->begin;
    size_t len = stream->end - stream->begin;
    if (stream->line == 0 && len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        stream->begin += 3;
        text += 3;
        len -= 3;
    }
    if (len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
        return fail(error, PACE_EVALUE, stream->name, "it is UTF-16 text",
                    "write it again as UTF-8");
    *head = (struct input){stream->name, text, len};
    return 0;
}

int input_whole(struct input_stream *stream, struct pace_error *error, struct input *whole)
{
    struct input head;
    int code = input_head(stream, error, &head);
    while (code == 0 && !stream->at_eof && stream->end - stream->begin <= stream->max_bytes)
        code = fill(stream, error);
    if (code != 0) return code;
    size_t len = stream->end - stream->begin;
    if (len > stream->max_bytes) {
        char reason[100];
        (void)snprintf(reason, sizeof reason, "it is larger than %zu bytes (INPUT_MAX_BYTES)",
                       stream->max_bytes);
        return fail(error, PACE_ELIMIT, stream->name, reason, "split it");
    }
    *whole = (struct input){stream->name, stream->buffer + stream->begin, len};
    return 0;
}

int input_line(struct input_stream *stream, struct pace_error *error, char **line, size_t *len)
{
    size_t seen = 0; /* bytes of the line that were searched already */
    char *newline = NULL;
    for (;;) {
        size_t have = stream->end - stream->begin;
        if (have > seen) newline = memchr(stream->buffer + stream->begin + seen, '\n', have - seen);
        seen = newline != NULL ? (size_t)(newline - stream->buffer) - stream->begin : have;
        if (seen > stream->max_line) {
            char reason[120];
            (void)snprintf(reason, sizeof reason,
                           "line %llu is longer than %zu bytes (INPUT_MAX_LINE)",
                           (unsigned long long)(stream->line + 1), stream->max_line);
            return fail(error, PACE_ELIMIT, stream->name, reason, "split its samples");
        }
        if (newline != NULL || stream->at_eof) break;
        int code = fill(stream, error);
        if (code != 0) return code;
    }
    if (newline == NULL && seen == 0) {
        *line = NULL;
        *len = 0;
        return 0;
    }
    char *start = stream->buffer + stream->begin;
    stream->begin += seen + (newline != NULL ? 1 : 0);
    assert(stream->begin <= stream->end);
    if (seen > 0 && start[seen - 1] == '\r') seen--;
    start[seen] = '\0';
    stream->line++;
    *line = start;
    *len = seen;
    return 0;
}

uint64_t input_size(char *const *paths)
{
    uint64_t bytes = 0;
    for (; *paths != NULL; paths++) {
        struct stat info;
        if (stat(*paths, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
        bytes += (uint64_t)info.st_size;
    }
    return bytes;
}
