/* gunzip.c -- an input that is compressed with gzip, in memory, over zlib. */
#include "gunzip.h"

#include "json.h"

#include <stdlib.h>
#include <zlib.h>

int is_gzip(const struct input *input)
{
    return input->len > 2 && input->text[0] == '\x1f' && input->text[1] == '\x8b';
}

/* Inflates up to `room` bytes; grows the buffer up to `most`. Returns zlib's last status. */
static int inflate_some(z_stream *stream, char **text, size_t room, size_t most)
{
    int status = Z_OK;
    while (status == Z_OK) {
        if (stream->total_out + 1 >= room) {
            size_t wider = room * 2 < most ? room * 2 : most;
            char *grown = room < most ? realloc(*text, wider + 1) : NULL;
            if (grown == NULL) return room < most ? Z_MEM_ERROR : Z_BUF_ERROR;
            *text = grown;
            room = wider;
        }
        size_t space = room - stream->total_out;
        stream->next_out = (Bytef *)*text + stream->total_out;
        stream->avail_out = space < (1U << 30) ? (uInt)space : 1U << 30;
        status = inflate(stream, Z_NO_FLUSH);
    }
    return status;
}

static int start(const struct input *input, z_stream *stream, char **text)
{
    *stream = (z_stream){.next_in = (Bytef *)(uintptr_t)input->text, .avail_in = (uInt)input->len};
    *text = malloc(GUNZIP_HEAD_BYTES + 1);
    if (*text == NULL) return Z_MEM_ERROR;
    int status = inflateInit2(stream, 15 + 16); /* gzip only */
    if (status != Z_OK) free(*text);
    return status;
}

int gunzip(const struct input *input, struct pace_error *error, char **text, struct input *out)
{
    z_stream stream;
    int status = start(input, &stream, text);
    if (status == Z_OK) {
        status = inflate_some(&stream, text, GUNZIP_HEAD_BYTES, GUNZIP_MAX_BYTES);
        (void)inflateEnd(&stream);
        if (status == Z_STREAM_END) {
            (*text)[stream.total_out] = '\0';
            *out = (struct input){input->name, *text, stream.total_out};
            return 0;
        }
        free(*text);
    }
    *text = NULL;
    if (status == Z_MEM_ERROR)
        return error_fill(error, PACE_ENOMEM, "%.300s: out of memory", input->name);
    if (status == Z_BUF_ERROR && stream.total_out + 1 >= GUNZIP_MAX_BYTES)
        return error_fill(error, PACE_ELIMIT, "%.300s: more than %d bytes when uncompressed",
                          input->name, GUNZIP_MAX_BYTES);
    return error_fill(error, PACE_EVALUE, "%.300s: byte %lu: the gzip data is damaged or cut off",
                      input->name, stream.total_in);
}

int gunzip_head(const struct input *input, char **text, struct input *out)
{
    z_stream stream;
    if (start(input, &stream, text) != Z_OK) return -1;
    (void)inflate_some(&stream, text, GUNZIP_HEAD_BYTES, GUNZIP_HEAD_BYTES);
    (void)inflateEnd(&stream);
    (*text)[stream.total_out] = '\0';
    *out = (struct input){input->name, *text, stream.total_out};
    return 0;
}
