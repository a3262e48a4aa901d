/* input.h -- a file or standard input, read whole or line by line.
 *
 * Either way its beginning can be looked at first, so that its content decides how it is read. What
 * is compressed with gzip is read as what was compressed. */
#ifndef PACE_INPUT_H
#define PACE_INPUT_H

#include "adapters/adapter.h"

#include <stddef.h>
#include <stdint.h>

enum input_limit {
    INPUT_MAX_BYTES = 1 << 30,  /* an input that is read whole */
    INPUT_MAX_LINE = 64 << 20,  /* one line of an input that is read by lines */
    INPUT_HEAD_BYTES = 1 << 16, /* what input_head shows of an input */
};

struct input_stream {
    const char *name; /* the path as given, or "standard input" */
    int fd;
    int is_file;      /* 1: a regular file */
    int64_t mtime_ns; /* when it was last written; 0: not a file */
    uint64_t line;    /* number of the line that input_line gave last, from 1 */
    size_t max_bytes; /* INPUT_MAX_BYTES, or less in a test */
    size_t max_line;  /* INPUT_MAX_LINE, or less in a test */
    char *buffer;     /* bytes read and not yet used: buffer[begin .. end) */
    size_t capacity, begin, end;
    int at_eof;
    struct gunzip *gunzip; /* NULL: the input is not compressed */
};

/* Opens `path`, or standard input for "-". `path` must outlive the stream. Errors: errno (the
 * message says what to do), PACE_ENOMEM. Close it unless this failed. */
int input_open(struct input_stream *stream, const char *path, struct pace_error *error);
/* A copy of text[0..len) as an input of this name. PACE_ENOMEM. */
int input_text(struct input_stream *stream, const char *name, const char *text, size_t len,
               struct pace_error *error);
void input_close(struct input_stream *stream);

/* The first bytes of the input, without using them up: up to INPUT_HEAD_BYTES. A UTF-8 byte order
 * mark is skipped for good; UTF-16 is refused by name, damaged gzip with PACE_EVALUE. head->text
 * dies with the next call. */
int input_head(struct input_stream *stream, struct pace_error *error, struct input *head);

/* All that is left of the input. whole->text lives until input_close. More than max_bytes is
 * PACE_ELIMIT. */
int input_whole(struct input_stream *stream, struct pace_error *error, struct input *whole);

/* The next line without its end (\n or \r\n) and NUL-terminated, or NULL at the end of the input.
 * It lives until the next call. A line of more than max_line bytes is PACE_ELIMIT. */
int input_line(struct input_stream *stream, struct pace_error *error, char **line, size_t *len);

/* Bytes of the files of a NULL-terminated list; 0 when one is no regular file. */
uint64_t input_size(char *const *paths);

/* How much all inputs of this process have read so far, as it stands in the files; another thread
 * may look. input_tally adds to it. */
const uint64_t *input_bytes_read(void);
void input_tally(size_t bytes);

#endif
