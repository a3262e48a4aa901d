/* samples.c -- see samples.h. */
#include "samples.h"
#include "error.h"
#include "pack.h"

#include <string.h>

enum {
    SAMPLES_PART_BYTES = 880,
    SAMPLES_PER_PART = 32768, /* as they are */
    PART_CELLS = PACK_VALUES,
    EVERY_COLUMN = -1,
};
#define IS_PACKED UINT32_MAX
_Static_assert(sizeof(struct sample_entry) == 8, "layout on disk");

struct part_head {
    uint32_t mark; /* IS_PACKED */
    uint16_t cells, columns, counts;
};
enum { PART_HEAD = 4 + 3 * 2 };

static int damaged(struct kv_txn *txn, uint64_t run, struct pace_error *error)
{
    return error_damaged(error, "%s: the samples of run %llu", kv_path(txn),
                         (unsigned long long)run);
}

static int get_part(struct kv_txn *txn, uint64_t run, uint32_t part, struct pace_error *error,
                    struct kv_slice *body)
{
    struct key key = key_samples(run, part);
    int rc = kv_get_sealed(txn, &key, "samples", error, body);
    return rc == PACE_ENOTFOUND ? damaged(txn, run, error) : rc;
}

/* Puts the part that is in the buffer, and begins the next. */
static int flush(struct kv_txn *txn, uint64_t run, uint32_t *part, struct row_buffer *buffer,
                 struct pace_error *error)
{
    struct key key = key_samples(run, (*part)++);
    seal_close(buffer->data, buffer->len, key.bytes, key.len);
    int rc = kv_put(txn, &key, buffer->data, buffer->len, error);
    buffer->len = SEAL_BYTES;
    return rc;
}

/* -- packed: writing ------------------------------------------------------------------------- */

/* Appends a pack; its code goes to *code. 0, or -1 without memory. */
static int append_pack(struct row_buffer *buffer, const double *numbers, size_t n, uint16_t *code)
{
    struct pack pack;
    pack_plan(&pack, numbers, n, PACK_SHORT);
    *code = pack_code(&pack);
    if (row_buffer_grow(buffer, pack.bytes)) return -1;
    pack_write(&pack, numbers, n, buffer->data + buffer->len);
    buffer->len += pack.bytes;
    return 0;
}

/* What is still to be put: cells from `cell` on, of the first the samples from `from` on. */
struct cursor {
    const struct sample_entry *entries;
    const double *const *samples;
    size_t cell, count;
    uint32_t from;
};

/* The part that is being made. */
struct making {
    double columns[PART_CELLS], counts[PART_CELLS];
    uint16_t cells;
    struct row_buffer samples;
};

/* Appends the next samples, up to a pack of them, and moves on. 0, or -1 without memory. */
static int append_samples(struct making *making, struct cursor *cursor)
{
    const struct sample_entry *entry = &cursor->entries[cursor->cell];
    uint32_t n = entry->count - cursor->from;
    size_t code_at = making->samples.len;
    uint16_t code = 0;
    if (n > PACK_VALUES) n = PACK_VALUES;
    if (row_buffer_append(&making->samples, &code, sizeof code) ||
        append_pack(&making->samples, cursor->samples[cursor->cell] + cursor->from, n, &code))
        return -1;
    memcpy(making->samples.data + code_at, &code, sizeof code);
    if (making->cells == 0 || making->columns[making->cells - 1] != entry->column) {
        making->columns[making->cells] = entry->column;
        making->counts[making->cells++] = 0;
    }
    making->counts[making->cells - 1] += n;
    cursor->from += n;
    if (cursor->from < entry->count) return 0;
    cursor->cell++;
    cursor->from = 0;
    return 0;
}

/* Makes a part of what comes next. 0, or -1 without memory. */
static int make_part(struct making *making, struct cursor *cursor, struct row_buffer *buffer)
{
    struct part_head head = {.mark = IS_PACKED};
    making->cells = 0;
    making->samples.len = 0;
    while (cursor->cell < cursor->count && making->samples.len < SAMPLES_PART_BYTES &&
           (making->cells < PART_CELLS || cursor->from)) {
        if (append_samples(making, cursor)) return -1;
    }
    head.cells = making->cells;
    if (row_buffer_reserve(buffer, SEAL_BYTES + PART_HEAD) ||
        append_pack(buffer, making->columns, head.cells, &head.columns) ||
        append_pack(buffer, making->counts, head.cells, &head.counts) ||
        row_buffer_append(buffer, making->samples.data, making->samples.len))
        return -1;
    unsigned char *at = buffer->data + SEAL_BYTES;
    memcpy(at, &head.mark, 4);
    memcpy(at + 4, &head.cells, 2);
    memcpy(at + 6, &head.columns, 2);
    memcpy(at + 8, &head.counts, 2);
    return 0;
}

static int put_packed(struct kv_txn *txn, uint64_t run, struct cursor *cursor,
                      struct row_buffer *buffer, struct pace_error *error, uint32_t *parts)
{
    struct making making = {.cells = 0};
    uint32_t part = 0;
    int rc = 0;
    while (!rc && cursor->cell < cursor->count) {
        rc = make_part(&making, cursor, buffer) ? error_memory(error)
                                                : flush(txn, run, &part, buffer, error);
    }
    row_buffer_free(&making.samples);
    *parts = part;
    return rc;
}

/* -- packed: reading ------------------------------------------------------------------------- */

/* Reads a pack of whole numbers of [least, most]. *at is behind it; -1: malformed. */
static int read_whole(struct kv_slice body, size_t *at, uint16_t code, size_t n, uint32_t least,
                      uint32_t most, uint32_t *out)
{
    double numbers[PART_CELLS];
    size_t bytes = pack_bytes(code, n);
    if (bytes == 0 || bytes > body.len - *at) return -1;
    pack_read(code, body.data + *at, n, numbers);
    *at += bytes;
    for (size_t i = 0; i < n; i++) {
        if (!(numbers[i] >= least && numbers[i] <= most)) return -1;
        out[i] = (uint32_t)numbers[i];
        if (out[i] != numbers[i]) return -1;
    }
    return 0;
}

/* Passes over the samples of a cell, or reads them. */
static int read_cell(struct kv_slice body, size_t *at, size_t count, double *out)
{
    for (size_t done = 0; done < count; done += PACK_VALUES) {
        size_t n = count - done < PACK_VALUES ? count - done : PACK_VALUES;
        uint16_t code;
        if (body.len - *at < sizeof code) return -1;
        memcpy(&code, body.data + *at, sizeof code);
        *at += sizeof code;
        size_t bytes = pack_bytes(code, n);
        if (bytes == 0 || bytes > body.len - *at) return -1;
        if (out) pack_read(code, body.data + *at, n, out + done);
        *at += bytes;
    }
    return 0;
}

/* What is found of the samples of a run; entries and values NULL: they are counted only. */
struct found {
    int64_t only; /* a column, or EVERY_COLUMN */
    size_t count;
    uint64_t total;
    int64_t last; /* column of the cell before */
    struct sample_entry *entries;
    double *values;
};

/* Adds a cell of a part, of which the samples begin at *at. */
static int add_cell(struct found *found, struct kv_slice body, size_t *at,
                    const struct sample_entry *cell, int is_first)
{
    int goes_on = is_first && cell->column == found->last;
    if (cell->column <= found->last && !goes_on) return -1;
    found->last = cell->column;
    int is_wanted = found->only == EVERY_COLUMN || found->only == cell->column;
    double *out = is_wanted && found->values ? found->values + found->total : NULL;
    if (read_cell(body, at, cell->count, out)) return -1;
    if (!is_wanted) return 0;
    if (goes_on)
        found->count--;
    else if (found->entries)
        found->entries[found->count] = (struct sample_entry){.column = cell->column};
    if (found->entries) found->entries[found->count].count += cell->count;
    found->count++;
    found->total += cell->count;
    return found->total <= PACE_MAX_SAMPLES ? 0 : -1;
}

/* A part of which the cells are known. */
struct open_part {
    struct kv_slice body;
    uint32_t columns[PART_CELLS], counts[PART_CELLS];
    size_t cells, samples_at;
};

static int open_part(struct kv_txn *txn, uint64_t run, uint32_t number, struct pace_error *error,
                     struct open_part *part)
{
    struct part_head head;
    int rc = get_part(txn, run, number, error, &part->body);
    if (rc) return rc;
    const unsigned char *data = part->body.data;
    if (part->body.len < PART_HEAD) return damaged(txn, run, error);
    memcpy(&head.mark, data, 4);
    memcpy(&head.cells, data + 4, 2);
    memcpy(&head.columns, data + 6, 2);
    memcpy(&head.counts, data + 8, 2);
    part->cells = head.cells;
    part->samples_at = PART_HEAD;
    if (head.mark != IS_PACKED || head.cells == 0 || head.cells > PART_CELLS ||
        read_whole(part->body, &part->samples_at, head.columns, head.cells, 0, PACE_MAX_COLUMNS - 1,
                   part->columns) ||
        read_whole(part->body, &part->samples_at, head.counts, head.cells, 1, PACE_MAX_SAMPLES,
                   part->counts))
        return damaged(txn, run, error);
    return 0;
}

/* The first of `parts` whose last column is not before `column`. */
static int find_part(struct kv_txn *txn, uint64_t run, uint32_t parts, int64_t column,
                     struct pace_error *error, uint32_t *out)
{
    uint32_t low = 0, high = parts;
    struct open_part part;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int rc = open_part(txn, run, middle, error, &part);
        if (rc) return rc;
        if (part.columns[part.cells - 1] < column)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return 0;
}

static int read_packed(struct kv_txn *txn, uint64_t run, uint32_t parts, struct found *found,
                       struct pace_error *error)
{
    uint32_t number;
    struct open_part part;
    int rc = find_part(txn, run, parts, found->only, error, &number);
    found->count = 0;
    found->total = 0;
    found->last = -1;
    for (; !rc && number < parts; number++) {
        rc = open_part(txn, run, number, error, &part);
        if (rc || (found->only != EVERY_COLUMN && part.columns[0] > found->only)) break;
        size_t at = part.samples_at;
        for (size_t i = 0; i < part.cells; i++) {
            struct sample_entry cell = {.column = part.columns[i], .count = part.counts[i]};
            if (add_cell(found, part.body, &at, &cell, i == 0)) return damaged(txn, run, error);
        }
        if (at != part.body.len) return damaged(txn, run, error);
    }
    return rc;
}

/* -- as they are ----------------------------------------------------------------------------- */

static int put_plain(struct kv_txn *txn, uint64_t run, const struct cursor *cursor,
                     struct row_buffer *buffer, struct pace_error *error, uint32_t *parts)
{
    const struct sample_entry *entries = cursor->entries;
    uint32_t part = 0;
    if (row_buffer_reserve(buffer, SEAL_BYTES) ||
        row_buffer_append(buffer, entries, cursor->count * sizeof *entries))
        return error_memory(error);
    int rc = flush(txn, run, &part, buffer, error);
    size_t used = 0; /* samples in the buffer */
    for (size_t i = 0; !rc && i < cursor->count; i++) {
        for (size_t at = 0; !rc && at < entries[i].count;) {
            size_t step = entries[i].count - at;
            if (step > SAMPLES_PER_PART - used) step = SAMPLES_PER_PART - used;
            if (row_buffer_append(buffer, cursor->samples[i] + at, step * sizeof(double)))
                return error_memory(error);
            at += step;
            used += step;
            if (used == SAMPLES_PER_PART) {
                rc = flush(txn, run, &part, buffer, error);
                used = 0;
            }
        }
    }
    if (!rc && used) rc = flush(txn, run, &part, buffer, error);
    *parts = part;
    return rc;
}

/* Takes the directory apart; fills in what is found but for the values. *from is the place of the
 * first of them. */
static int read_directory(struct kv_slice directory, uint32_t parts, struct found *found,
                          uint64_t *from)
{
    struct sample_entry entry;
    uint64_t total = 0;
    found->count = 0;
    found->total = *from = 0;
    found->last = -1;
    if (directory.len == 0 || directory.len % sizeof entry) return -1;
    for (size_t at = 0; at < directory.len; at += sizeof entry, total += entry.count) {
        memcpy(&entry, directory.data + at, sizeof entry);
        if (entry.count == 0 || (int64_t)entry.column <= found->last) return -1;
        found->last = entry.column;
        if (found->only != EVERY_COLUMN && found->only != entry.column) continue;
        if (found->count == 0) *from = total;
        if (found->entries) found->entries[found->count] = entry;
        found->count++;
        found->total += entry.count;
    }
    return total <= PACE_MAX_SAMPLES &&
                   parts == 1 + (total + SAMPLES_PER_PART - 1) / SAMPLES_PER_PART
               ? 0
               : -1;
}

static int read_plain(struct kv_txn *txn, uint64_t run, struct kv_slice directory, uint32_t parts,
                      struct found *found, struct pace_error *error)
{
    uint64_t from;
    if (read_directory(directory, parts, found, &from)) return damaged(txn, run, error);
    for (uint64_t at = from; found->values && at < from + found->total;) {
        uint64_t offset = at % SAMPLES_PER_PART, step = SAMPLES_PER_PART - offset;
        struct kv_slice body;
        int rc = get_part(txn, run, (uint32_t)(1 + at / SAMPLES_PER_PART), error, &body);
        if (rc) return rc;
        if (step > from + found->total - at) step = from + found->total - at;
        if ((offset + step) * sizeof(double) > body.len || body.len % sizeof(double))
            return damaged(txn, run, error);
        memcpy(found->values + (at - from), body.data + offset * sizeof(double),
               step * sizeof(double));
        at += step;
    }
    return 0;
}

/* -- both ------------------------------------------------------------------------------------ */

int samples_put(struct kv_txn *txn, uint64_t run, const struct sample_entry *entries,
                const double *const *samples, size_t count, int is_short, struct row_buffer *buffer,
                struct pace_error *error, uint32_t *parts)
{
    struct cursor cursor = {.entries = entries, .samples = samples, .count = count};
    *parts = 0;
    if (count == 0) return 0;
    return is_short ? put_packed(txn, run, &cursor, buffer, error, parts)
                    : put_plain(txn, run, &cursor, buffer, error, parts);
}

static int read_some(struct kv_txn *txn, uint64_t run, uint32_t parts, struct found *found,
                     struct pace_error *error)
{
    struct kv_slice body;
    uint32_t mark = 0;
    int rc = get_part(txn, run, 0, error, &body);
    if (rc) return rc;
    if (body.len >= sizeof mark) memcpy(&mark, body.data, sizeof mark);
    return mark == IS_PACKED ? read_packed(txn, run, parts, found, error)
                             : read_plain(txn, run, body, parts, found, error);
}

/* Counts first, then gives memory and reads. */
static int read_found(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                      struct found *found, struct pace_error *error)
{
    if (parts == 0) return 0;
    int rc = read_some(txn, run, parts, found, error);
    if (rc || found->count == 0) return rc;
    found->entries = arena_array(arena, found->count, sizeof *found->entries);
    found->values = arena_array(arena, found->total, sizeof *found->values);
    if (!found->entries || !found->values) return error_memory(error);
    return read_some(txn, run, parts, found, error);
}

int samples_get(struct kv_txn *txn, uint64_t run, uint32_t parts, uint32_t column,
                struct arena *arena, struct pace_error *error, const double **samples,
                size_t *count)
{
    struct found found = {.only = column};
    int rc = read_found(txn, run, parts, arena, &found, error);
    *samples = found.values;
    *count = rc ? 0 : (size_t)found.total;
    return rc;
}

int samples_all(struct kv_txn *txn, uint64_t run, uint32_t parts, struct arena *arena,
                struct pace_error *error, const struct sample_entry **entries, size_t *count,
                const double **samples)
{
    struct found found = {.only = EVERY_COLUMN};
    int rc = read_found(txn, run, parts, arena, &found, error);
    *entries = found.entries;
    *count = rc ? 0 : found.count;
    *samples = found.values;
    return rc;
}
