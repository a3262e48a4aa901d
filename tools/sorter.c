/* sorter.c -- sorts records of bytes by key in bounded memory.
 *
 * A record in memory and in the file:  key_len u32 | value_len u32 | key | value
 * The file holds sorted pieces one behind the other; a heap of one cursor per piece merges them. */
#include "sorter.h"
#include "adapters/json.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 8,          /* key_len and value_len */
    PIECE_BUFFER_MIN = 4096, /* bytes that a piece reads at once */
    RECORD_MAX = INT32_MAX,
};

/* A sorted piece of the file while it is read: buffer[begin .. end) is there, next .. last is not.
 */
struct piece {
    uint64_t first, last; /* bytes of the file */
    uint64_t next;
    char *buffer;
    size_t capacity, begin, end;
};

struct sorter {
    size_t limit_bytes;
    char *bytes; /* records since the last spill */
    size_t used, capacity;
    size_t *places; /* where each record begins in bytes */
    size_t count, place_capacity;
    int fd; /* -1: nothing was spilled */
    uint64_t file_bytes;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    size_t *heap; /* indexes of pieces, the smallest record first */
    size_t heap_count;
    int started, consumed; /* consumed: heap[0]'s record was given out */
    size_t at;             /* next record, when all are in memory */
};

static int no_memory(struct pace_error *error)
{
    return error_fill(error, PACE_ENOMEM, "out of memory while sorting");
}

static int file_error(struct pace_error *error, int code)
{
    return error_fill(error, code,
                      "temporary file for sorting: %s; set TMPDIR to a directory with room",
                      strerror(code));
}

/* Grows an array to hold `need` items. */
static int grow(void **items, size_t *capacity, size_t need, size_t size, struct pace_error *error)
{
    if (need <= *capacity) return 0;
    size_t wanted = *capacity < 16 ? 16 : *capacity;
    while (wanted < need)
        wanted += wanted / 2;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) return no_memory(error);
    *items = grown;
    *capacity = wanted;
    return 0;
}

int sorter_open(size_t limit_bytes, struct pace_error *error, struct sorter **out)
{
    struct sorter *sorter = calloc(1, sizeof *sorter);
    if (sorter == NULL) return no_memory(error);
    sorter->limit_bytes = limit_bytes;
    sorter->fd = -1;
    *out = sorter;
    return 0;
}

void sorter_close(struct sorter *sorter)
{
    if (sorter == NULL) return;
    for (size_t i = 0; i < sorter->piece_count; i++)
        free(sorter->pieces[i].buffer);
    if (sorter->fd >= 0) (void)close(sorter->fd);
    free(sorter->pieces);
    free(sorter->heap);
    free(sorter->places);
    free(sorter->bytes);
    free(sorter);
}

size_t sorter_spills(const struct sorter *sorter)
{
    return sorter->piece_count;
}

/* -- records ----------------------------------------------------------------------------------- */

static struct sorter_record record_at(const char *bytes)
{
    uint32_t lengths[2];
    memcpy(lengths, bytes, sizeof lengths);
    return (struct sorter_record){
        .key = bytes + HEAD_BYTES,
        .key_len = lengths[0],
        .value = bytes + HEAD_BYTES + lengths[0],
        .value_len = lengths[1],
    };
}

static size_t record_bytes(const struct sorter_record *record)
{
    return HEAD_BYTES + record->key_len + record->value_len;
}

static int compare_records(const struct sorter_record *a, const struct sorter_record *b)
{
    size_t shorter = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, shorter);
    return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int compare_places(const void *a, const void *b, void *bytes)
{
    struct sorter_record x = record_at((const char *)bytes + *(const size_t *)a);
    struct sorter_record y = record_at((const char *)bytes + *(const size_t *)b);
    return compare_records(&x, &y);
}

static void sort_memory(struct sorter *sorter)
{
    if (sorter->count > 1)
        qsort_r(sorter->places, sorter->count, sizeof *sorter->places, compare_places,
                sorter->bytes);
}

/* -- the file ---------------------------------------------------------------------------------- */

static int open_file(struct sorter *sorter, struct pace_error *error)
{
    const char *directory = getenv("TMPDIR");
    char path[4096];
    if (directory == NULL || directory[0] == '\0') directory = "/tmp";
    int len = snprintf(path, sizeof path, "%s/pace-sort-XXXXXX", directory);
    if (len < 0 || (size_t)len >= sizeof path) return file_error(error, ENAMETOOLONG);
    sorter->fd = mkostemp(path, O_CLOEXEC);
    if (sorter->fd < 0) return file_error(error, errno);
    (void)unlink(path);
    return 0;
}

static int write_file(struct sorter *sorter, const char *bytes, size_t len,
                      struct pace_error *error)
{
    while (len > 0) {
        ssize_t put = pwrite(sorter->fd, bytes, len, (off_t)sorter->file_bytes);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return file_error(error, put < 0 ? errno : ENOSPC);
        bytes += put;
        len -= (size_t)put;
        sorter->file_bytes += (size_t)put;
    }
    return 0;
}

/* Writes what is in memory as one sorted piece. */
static int spill(struct sorter *sorter, struct pace_error *error)
{
    enum { OUT_BYTES = 1 << 18 };
    int code = sorter->fd < 0 ? open_file(sorter, error) : 0;
    void *pieces = sorter->pieces;
    if (code == 0)
        code = grow(&pieces, &sorter->piece_capacity, sorter->piece_count + 1,
                    sizeof *sorter->pieces, error);
    if (code != 0) return code;
    sorter->pieces = pieces;
    struct piece piece = {.first = sorter->file_bytes};
    char *out = malloc(OUT_BYTES);
    size_t used = 0;
    if (out == NULL) return no_memory(error);
    sort_memory(sorter);
    for (size_t i = 0; i < sorter->count && code == 0; i++) {
        const char *bytes = sorter->bytes + sorter->places[i];
        struct sorter_record record = record_at(bytes);
        size_t len = record_bytes(&record);
        if (used + len > OUT_BYTES) {
            code = write_file(sorter, out, used, error);
            used = 0;
        }
        if (code == 0 && len > OUT_BYTES) {
            code = write_file(sorter, bytes, len, error);
        } else if (code == 0) {
            memcpy(out + used, bytes, len);
            used += len;
        }
    }
    if (code == 0) code = write_file(sorter, out, used, error);
    free(out);
    if (code != 0) return code;
    piece.last = sorter->file_bytes;
    sorter->pieces[sorter->piece_count++] = piece;
    sorter->used = sorter->count = 0;
    return 0;
}

int sorter_put(struct sorter *sorter, const struct sorter_record *record, struct pace_error *error)
{
    assert(!sorter->started);
    if (record->key_len > RECORD_MAX || record->value_len > RECORD_MAX)
        return error_fill(error, PACE_ELIMIT, "a record of over 2 GiB cannot be sorted");
    size_t len = record_bytes(record);
    uint32_t lengths[2] = {(uint32_t)record->key_len, (uint32_t)record->value_len};
    int code = 0;
    if (sorter->count > 0 &&
        sorter->used + len + (sorter->count + 1) * sizeof *sorter->places > sorter->limit_bytes)
        code = spill(sorter, error);
    void *bytes = sorter->bytes, *places = sorter->places;
    if (code == 0) code = grow(&bytes, &sorter->capacity, sorter->used + len, 1, error);
    sorter->bytes = bytes;
    if (code == 0)
        code = grow(&places, &sorter->place_capacity, sorter->count + 1, sizeof *sorter->places,
                    error);
    sorter->places = places;
    if (code != 0) return code;
    char *at = sorter->bytes + sorter->used;
    memcpy(at, lengths, sizeof lengths);
    memcpy(at + HEAD_BYTES, record->key, record->key_len);
    if (record->value_len > 0)
        memcpy(at + HEAD_BYTES + record->key_len, record->value, record->value_len);
    sorter->places[sorter->count++] = sorter->used;
    sorter->used += len;
    return 0;
}

/* -- merging ----------------------------------------------------------------------------------- */

static int piece_empty(const struct piece *piece)
{
    return piece->begin == piece->end && piece->next == piece->last;
}

/* Makes sure that at least `need` bytes are in the buffer. */
static int piece_need(struct sorter *sorter, struct piece *piece, size_t need,
                      struct pace_error *error)
{
    if (piece->end - piece->begin >= need) return 0;
    void *buffer = piece->buffer;
    if (piece->begin > 0)
        memmove(piece->buffer, piece->buffer + piece->begin, piece->end - piece->begin);
    piece->end -= piece->begin;
    piece->begin = 0;
    int code = grow(&buffer, &piece->capacity, need, 1, error);
    piece->buffer = buffer;
    while (code == 0 && piece->end < need) {
        size_t room = piece->capacity - piece->end;
        if (room > piece->last - piece->next) room = (size_t)(piece->last - piece->next);
        ssize_t got = pread(sorter->fd, piece->buffer + piece->end, room, (off_t)piece->next);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return file_error(error, got < 0 ? errno : EIO);
        piece->end += (size_t)got;
        piece->next += (size_t)got;
    }
    return code;
}

/* Brings the piece's first record into its buffer whole. */
static int piece_load(struct sorter *sorter, struct piece *piece, struct pace_error *error)
{
    int code = piece_need(sorter, piece, HEAD_BYTES, error);
    if (code != 0) return code;
    struct sorter_record record = record_at(piece->buffer + piece->begin);
    return piece_need(sorter, piece, record_bytes(&record), error);
}

static struct sorter_record piece_record(const struct sorter *sorter, size_t index)
{
    const struct piece *piece = &sorter->pieces[index];
    return record_at(piece->buffer + piece->begin);
}

static int heap_less(const struct sorter *sorter, size_t a, size_t b)
{
    struct sorter_record x = piece_record(sorter, sorter->heap[a]);
    struct sorter_record y = piece_record(sorter, sorter->heap[b]);
    return compare_records(&x, &y) < 0;
}

static void heap_sift(struct sorter *sorter, size_t at)
{
    for (;;) {
        size_t least = at, left = at * 2 + 1;
        if (left < sorter->heap_count && heap_less(sorter, left, least)) least = left;
        if (left + 1 < sorter->heap_count && heap_less(sorter, left + 1, least)) least = left + 1;
        if (least == at) return;
        size_t moved = sorter->heap[at];
        sorter->heap[at] = sorter->heap[least];
        sorter->heap[least] = moved;
        at = least;
    }
}

static int start_merge(struct sorter *sorter, struct pace_error *error)
{
    size_t buffer = sorter->limit_bytes / sorter->piece_count;
    if (sorter->heap == NULL) {
        sorter->heap = calloc(sorter->piece_count, sizeof *sorter->heap);
        if (sorter->heap == NULL) return no_memory(error);
    }
    sorter->heap_count = 0;
    for (size_t i = 0; i < sorter->piece_count; i++) {
        struct piece *piece = &sorter->pieces[i];
        void *bytes = piece->buffer;
        piece->next = piece->first;
        piece->begin = piece->end = 0;
        int code = grow(&bytes, &piece->capacity,
                        buffer > PIECE_BUFFER_MIN ? buffer : PIECE_BUFFER_MIN, 1, error);
        piece->buffer = bytes;
        if (code == 0) code = piece_load(sorter, piece, error);
        if (code != 0) return code;
        sorter->heap[sorter->heap_count++] = i;
    }
    for (size_t i = sorter->heap_count / 2; i-- > 0;)
        heap_sift(sorter, i);
    return 0;
}

int sorter_start(struct sorter *sorter, struct pace_error *error)
{
    int code = 0;
    if (!sorter->started && sorter->piece_count == 0) sort_memory(sorter);
    if (!sorter->started && sorter->piece_count > 0) {
        if (sorter->count > 0 && (code = spill(sorter, error)) != 0) return code;
        free(sorter->bytes);
        free(sorter->places);
        sorter->bytes = NULL;
        sorter->places = NULL;
    }
    sorter->started = 1;
    sorter->consumed = 0;
    sorter->at = 0;
    return sorter->piece_count > 0 ? start_merge(sorter, error) : 0;
}

/* Leaves the record that was given out last. */
static int advance(struct sorter *sorter, struct pace_error *error)
{
    struct piece *piece = &sorter->pieces[sorter->heap[0]];
    struct sorter_record record = record_at(piece->buffer + piece->begin);
    piece->begin += record_bytes(&record);
    sorter->consumed = 0;
    if (piece_empty(piece)) {
        sorter->heap[0] = sorter->heap[--sorter->heap_count];
    } else {
        int code = piece_load(sorter, piece, error);
        if (code != 0) return code;
    }
    heap_sift(sorter, 0);
    return 0;
}

int sorter_next(struct sorter *sorter, struct pace_error *error, struct sorter_record *record)
{
    assert(sorter->started);
    if (sorter->piece_count == 0) {
        *record = sorter->at < sorter->count
                      ? record_at(sorter->bytes + sorter->places[sorter->at++])
                      : (struct sorter_record){0};
        return 0;
    }
    int code = sorter->consumed ? advance(sorter, error) : 0;
    if (code != 0) return code;
    sorter->consumed = sorter->heap_count > 0;
    *record =
        sorter->heap_count > 0 ? piece_record(sorter, sorter->heap[0]) : (struct sorter_record){0};
    return 0;
}
