/* block_read.c -- reading a block's columns; see block.h for the layout. */
#include "block.h"
#include "block_layout.h"
#include "relate.h"
#include "simd.h"

#include <math.h>
#include <string.h>

static uint16_t u16_at(const unsigned char *data, size_t at)
{
    uint16_t number;
    memcpy(&number, data + at, sizeof number);
    return number;
}

static uint32_t u32_at(const unsigned char *data, size_t at)
{
    uint32_t number;
    memcpy(&number, data + at, sizeof number);
    return number;
}

static uint64_t u64_at(const unsigned char *data, size_t at)
{
    uint64_t number;
    memcpy(&number, data + at, sizeof number);
    return number;
}

static double double_at(const unsigned char *data, size_t at)
{
    double number;
    memcpy(&number, data + at, sizeof number);
    return number;
}

enum { LINE = 64 }; /* of the cache */

/* A group of few columns is read as a whole: it is fetched at once, not line after line. */
void block_group_prefetch(const unsigned char *data, size_t len)
{
    enum { MOST = 4096 };
    for (size_t at = 0; len <= MOST && at < len; at += LINE)
        __builtin_prefetch(data + at);
}

int block_group_open(struct block_group *group, const void *data, size_t len, const struct key *key)
{
    struct block_group_header *header = &group->header, expected;
    if (len < sizeof *header) return -1;
    block_group_prefetch(data, len);
    memcpy(header, data, sizeof *header);
    /* Nothing of the header is sure yet: bound it before the sum is computed over its length. */
    if (header->length != len || header->runs == 0 || header->runs > BLOCK_RUNS_MAX ||
        header->sparse > 1 || header->columns > PACE_MAX_COLUMNS || len > BLOCK_GROUP_BYTES)
        return -1;
    expected = *header;
    block_layout(&expected);
    if (expected.strips_at != header->strips_at || expected.cells_at != header->cells_at ||
        header->cells_at > len)
        return -1;
    group->data = data;
    group->seed = seal_hash(key->bytes, key->len, 0);
    group->checked = 0;
    group->next = NULL;
    group->has_fma = simd_has_fma();
    if (header->sum != block_head_sum(data, header, group->seed)) return -1;
    return header->from <= header->until && header->columns <= header->until - header->from ? 0
                                                                                            : -1;
}

static int check_strip(struct block_group *group, uint32_t strip)
{
    if (group->checked == strip + 1) return 0;
    const struct block_group_header *header = &group->header;
    const unsigned char *data = group->data + block_strip_at(header, strip);
    size_t bytes = block_strip_layout(block_strip_columns(header, strip), header->sparse).bytes;
    if (u64_at(data, 0) != block_strip_sum(data, bytes, group->seed, strip)) return -1;
    group->checked = strip + 1;
    return 0;
}

/* Fills a slot from its index. 1, or -1: damaged. */
static int read_slot(struct block_group *group, uint32_t index, struct block_slot *slot)
{
    const struct block_group_header *header = &group->header;
    uint32_t strip = index / BLOCK_STRIP_COLUMNS, i = index % BLOCK_STRIP_COLUMNS;
    if (check_strip(group, strip)) return -1;
    struct block_strip at = block_strip_layout(block_strip_columns(header, strip), header->sparse);
    const unsigned char *data = group->data + block_strip_at(header, strip);
    slot->index = index;
    slot->checked = 0;
    slot->ahead = slot->ahead_end = NULL;
    slot->share = 0;
    slot->column = header->sparse ? u32_at(data, at.column + 4 * (size_t)i) : header->from + index;
    slot->start = u32_at(data, at.start + 4 * (size_t)i);
    slot->end = u32_at(data, at.start + 4 * (size_t)i + 4);
    if (slot->start < header->cells_at || slot->start > slot->end || slot->end > header->length)
        return -1;
    return 1;
}

/* The strip in which `column` would be: the last that begins at or before it, else the first. */
static uint32_t find_strip(const struct block_group *group, uint32_t column)
{
    uint32_t low = 0, high = block_strip_count(&group->header);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (u32_at(group->data, sizeof group->header + 4 * (size_t)middle) <= column)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int block_group_seek(struct block_group *group, uint32_t column, struct block_slot *slot)
{
    const struct block_group_header *header = &group->header;
    if (header->columns == 0) return 0;
    if (!header->sparse) {
        uint32_t index = column > header->from ? column - header->from : 0;
        return index < header->columns ? read_slot(group, index, slot) : 0;
    }
    uint32_t strip = find_strip(group, column);
    if (check_strip(group, strip)) return -1;
    uint32_t m = block_strip_columns(header, strip), low = 0, high = m;
    struct block_strip at = block_strip_layout(m, 1);
    const unsigned char *columns = group->data + block_strip_at(header, strip) + at.column;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (u32_at(columns, 4 * (size_t)middle) < column)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t index = strip * BLOCK_STRIP_COLUMNS + low;
    return index < header->columns ? read_slot(group, index, slot) : 0;
}

int block_group_next(struct block_group *group, struct block_slot *slot)
{
    uint32_t index = slot->index + 1;
    return index < group->header.columns ? read_slot(group, index, slot) : 0;
}

struct block_summary block_group_summary(const struct block_group *group,
                                         const struct block_slot *slot)
{
    uint32_t strip = slot->index / BLOCK_STRIP_COLUMNS;
    size_t i = slot->index % BLOCK_STRIP_COLUMNS;
    struct block_strip at =
        block_strip_layout(block_strip_columns(&group->header, strip), group->header.sparse);
    const unsigned char *data = group->data + block_strip_at(&group->header, strip);
    return (struct block_summary){.count = u32_at(data, at.count + 4 * i),
                                  .min = double_at(data, at.min + 8 * i),
                                  .max = double_at(data, at.max + 8 * i),
                                  .sum = double_at(data, at.sum + 8 * i),
                                  .m2 = double_at(data, at.m2 + 8 * i)};
}

/* Adds what a strip of a group without gaps has of columns first and on; gives the end of them. */
static size_t add_strip(const struct block_group *group, uint32_t strip, struct sums *sums,
                        size_t first)
{
    const struct block_group_header *header = &group->header;
    uint32_t m = block_strip_columns(header, strip);
    uint32_t from = header->from + strip * BLOCK_STRIP_COLUMNS;
    struct block_strip at = block_strip_layout(m, header->sparse);
    const unsigned char *data = group->data + block_strip_at(header, strip);
    const struct sums_strip numbers = {.count = data + at.count,
                                       .min = data + at.min,
                                       .max = data + at.max,
                                       .sum = data + at.sum,
                                       .m2 = data + at.m2};
    size_t i = first;
    while (i < sums->length && sums->column[i] - from < m) {
        size_t end = sums_stretch(sums, i, from + m);
        sums_add_strip(sums, i, &numbers, sums->column[i] - from, end - i);
        i = end;
    }
    return i;
}

/* Fetches the strips into the cache, of so many columns as fit there beside others. */
static void prefetch_strips(const struct block_group *group)
{
    enum { MOST = 1 << 15 };
    size_t from = group->header.strips_at, end = group->header.cells_at;
    if (end - from > MOST) end = from + MOST;
    for (size_t at = from; at < end; at += LINE)
        __builtin_prefetch(group->data + at, 0, 2);
}

int block_group_add(struct block_group *group, struct sums *sums, size_t first, size_t *end)
{
    const struct block_group_header *header = &group->header;
    size_t i = first;
    prefetch_strips(group);
    while (i < sums->length && sums->column[i] < header->until) {
        uint32_t index = sums->column[i] - header->from;
        struct block_slot slot;
        if (!header->sparse && index < header->columns) {
            uint32_t strip = index / BLOCK_STRIP_COLUMNS;
            if (check_strip(group, strip)) return -1;
            i = add_strip(group, strip, sums, i);
            continue;
        }
        int found = block_group_seek(group, sums->column[i], &slot);
        if (found < 0) return -1;
        if (found && slot.column == sums->column[i]) {
            struct block_summary more = block_group_summary(group, &slot);
            sums_add(sums, i, &more);
        }
        i++;
    }
    *end = i;
    return 0;
}

/* -- chunks ---------------------------------------------------------------------------------- */

/* The table of a column's chunks. */
struct table {
    const unsigned char *ends; /* NULL: it has one chunk, and no table */
    size_t begin, len;         /* begin: of the first chunk, both from the slot's start */
};

/* Where number `number` is in a column, after what is before it. 0, or -1: damaged. */
static inline int chunk_end(const struct table *table, uint32_t number, size_t from, size_t *to)
{
    *to = table->ends ? u32_at(table->ends, 4 * (size_t)number) : table->len;
    return from < table->begin || from > *to || *to > table->len ? -1 : 0;
}

static inline size_t chunk_start(const struct table *table, uint32_t number)
{
    return number ? u32_at(table->ends, 4 * ((size_t)number - 1)) : table->begin;
}

/* Checks the table, once a slot. 0, or -1: damaged. */
static int open_table(const struct block_group *group, struct block_slot *slot, struct table *table)
{
    uint32_t chunks = block_chunk_count(group->header.runs);
    const unsigned char *data = group->data + slot->start;
    *table = (struct table){.len = slot->end - slot->start};
    if (chunks == 1) return 0;
    table->begin = block_table_bytes(chunks);
    table->ends = data + 8;
    if (table->len < table->begin) return -1;
    if (slot->checked) return 0;
    if (u64_at(data, 0) != block_table_sum(data, chunks, group->seed, slot->column)) return -1;
    slot->checked = 1;
    return 0;
}

/* Where a chunk is in the record. 0, or -1: damaged. */
static int find_chunk(const struct block_group *group, struct block_slot *slot, uint32_t number,
                      size_t *start, size_t *end)
{
    struct table table;
    size_t from, to;
    if (number >= block_chunk_count(group->header.runs) || open_table(group, slot, &table))
        return -1;
    from = chunk_start(&table, number);
    if (chunk_end(&table, number, from, &to)) return -1;
    *start = slot->start + from;
    *end = slot->start + to;
    return 0;
}

/* Fetches a line of the cache a time. */
static inline void prefetch_lines(const unsigned char *data, size_t len)
{
    for (size_t at = 0; at < len; at += LINE)
        __builtin_prefetch(data + at);
}

/* What is to be fetched with `chunks` chunks of a slot. */
static void share_out(struct block_slot *slot, const unsigned char *data, size_t len,
                      uint32_t chunks)
{
    slot->ahead = data;
    slot->ahead_end = data + len;
    slot->share = (uint32_t)((len / chunks / LINE + 1) * LINE);
}

/* A guess from numbers that are not checked: it only has to stay within the record. A column of one chunk is
 * read in less time than memory takes to answer: then it is the third behind the slot. */
void block_slot_look_ahead(const struct block_group *group, struct block_slot *slot, uint32_t first,
                           uint32_t last)
{
    enum { AHEAD = 3, NEXT_MOST = 1 << 14 };
    const struct block_group_header *header = &group->header;
    uint32_t chunks = block_chunk_count(header->runs), i = slot->index % BLOCK_STRIP_COLUMNS;
    uint32_t strip = slot->index / BLOCK_STRIP_COLUMNS, m = block_strip_columns(header, strip);
    if (group->next) {
        share_out(slot, group->next, group->next_len < NEXT_MOST ? group->next_len : NEXT_MOST,
                  last - first + 1);
        return;
    }
    i += chunks > 1 ? 1 : AHEAD;
    if (i >= m) return;
    const unsigned char *starts = group->data + block_strip_at(header, strip) + 8;
    size_t next = u32_at(starts, 4 * (size_t)i), far = u32_at(starts, 4 * ((size_t)i + 1));
    size_t from = next, until = far, table = chunks > 1 ? block_table_bytes(chunks) : 0;
    if (until > header->length || from + table > until) return;
    if (chunks > 1) {
        prefetch_lines(group->data + far, table);
        const unsigned char *ends = group->data + next + 8;
        if (first) from = next + u32_at(ends, 4 * ((size_t)first - 1));
        if (next + u32_at(ends, 4 * (size_t)last) < until)
            until = next + u32_at(ends, 4 * (size_t)last);
    }
    if (from < until) share_out(slot, group->data + from, until - from, last - first + 1);
}

/* Fetches what is one chunk's share of what is to come: all at once would wait for each other. */
static inline void prefetch_share(struct block_slot *slot)
{
    size_t left = (size_t)(slot->ahead_end - slot->ahead);
    size_t share = slot->share < left ? slot->share : left;
    prefetch_lines(slot->ahead, share);
    slot->ahead += share;
}

/* A checked chunk of form 0: every run has a cell, all are ok and none has a bound. */
static int parse_plain(const unsigned char *data, size_t len, struct block_chunk *chunk)
{
    size_t bytes = pack_bytes(chunk->code[BLOCK_VALUE], chunk->runs); /* 0: it is no code */
    chunk->present = chunk->ok = block_mask(chunk->runs);
    chunk->pack[BLOCK_VALUE] = data + BLOCK_CHUNK_HEAD;
    return bytes && bytes == len - BLOCK_CHUNK_HEAD ? 0 : -1;
}

/* Takes a checked chunk apart. 0, or -1: it makes no sense. */
static int parse_chunk(const unsigned char *data, size_t len, struct block_chunk *chunk)
{
    uint16_t form;
    memcpy(&form, data + 8, sizeof form);
    memcpy(chunk->code, data + 8 + sizeof form, sizeof chunk->code);
    if (form == 0) return parse_plain(data, len, chunk);
    size_t bitmaps = (form & BLOCK_RAGGED ? 1u : 0) + (form & BLOCK_STATUSES ? 2u : 0) +
                     (form & BLOCK_BOUNDS ? 2u : 0);
    size_t bitmap = BLOCK_CHUNK_HEAD + (form & BLOCK_RELATED ? BLOCK_RELATED_BYTES : 0);
    size_t at = bitmap + 8 * bitmaps;
    if (form >= 2 * BLOCK_RELATED || at > len) return -1;
    uint64_t mask = block_mask(chunk->runs);
    chunk->present = mask;
    if (form & BLOCK_RAGGED) {
        chunk->present = u64_at(data, bitmap);
        bitmap += 8;
    }
    if (form & BLOCK_STATUSES) {
        chunk->failed = u64_at(data, bitmap);
        chunk->skipped = u64_at(data, bitmap + 8);
        bitmap += 16;
    }
    chunk->ok = chunk->present & ~chunk->failed & ~chunk->skipped;
    if (form & BLOCK_BOUNDS) {
        chunk->lower = u64_at(data, bitmap);
        chunk->upper = u64_at(data, bitmap + 8);
    }
    if (chunk->present & ~mask || (chunk->failed | chunk->skipped) & ~chunk->present ||
        chunk->failed & chunk->skipped || (chunk->lower | chunk->upper) & ~chunk->ok)
        return -1;
    chunk->is_mirrored = (form & BLOCK_MIRRORED) != 0;
    if (chunk->is_mirrored &&
        (chunk->upper & ~chunk->lower || chunk->code[BLOCK_UPPER] == PACK_RAW))
        return -1;
    if (form & BLOCK_RELATED) {
        chunk->relation = u16_at(data, BLOCK_CHUNK_HEAD);
        if (!relate_is_known(chunk->relation) || chunk->code[BLOCK_VALUE] == PACK_RAW) return -1;
    }
    const uint64_t bits[3] = {chunk->ok, chunk->lower, chunk->upper};
    for (int i = 0; i < 3; i++) {
        size_t n = bits[i] == mask ? chunk->runs : (size_t)__builtin_popcountll(bits[i]);
        if (n == 0) continue;
        size_t bytes = pack_bytes(chunk->code[i], n);
        if (bytes == 0 || bytes > len - at) return -1;
        chunk->pack[i] = data + at;
        at += bytes;
    }
    return at == len ? 0 : -1;
}

/* A chunk without cells. In place and field by field, as it is done for each: to copy what was just put together byte
 * by byte makes the processor wait, and so does its instruction that clears memory. */
static inline void clear_chunk(struct block_chunk *chunk)
{
    chunk->present = chunk->failed = chunk->skipped = chunk->ok = 0;
    chunk->lower = chunk->upper = 0;
    chunk->is_mirrored = 0;
    chunk->relation = 0;
    for (int i = 0; i < 3; i++) {
        chunk->code[i] = 0;
        chunk->pack[i] = NULL;
    }
}

/* Checks a chunk, opens it. It may be related to another, which *back says; 0: it is not. */
static int open_chunk(const struct block_group *group, struct block_slot *slot, uint32_t number,
                      struct block_chunk *out, uint32_t *back)
{
    size_t start, end;
    *back = 0;
    if (find_chunk(group, slot, number, &start, &end)) return -1;
    clear_chunk(out);
    out->runs = block_chunk_runs(group->header.runs, number);
    out->end = group->data + group->header.length;
    if (start < end) {
        const unsigned char *data = group->data + start;
        size_t len = end - start;
        if (len < BLOCK_CHUNK_HEAD ||
            u64_at(data, 0) != block_chunk_sum(data, len, group->seed, slot->column, number) ||
            parse_chunk(data, len, out))
            return -1;
        if (out->relation) *back = u16_at(data, BLOCK_CHUNK_HEAD + 2);
    } else if (group->header.runs <= BLOCK_CHUNK_RUNS) {
        return -1; /* a column that is there has cells */
    }
    return 0;
}

/* The column at a place of the group. Its strip is not checked: its chunks are, by its number. */
static int slot_at(const struct block_group *group, uint32_t index, struct block_slot *out)
{
    const struct block_group_header *header = &group->header;
    uint32_t strip = index / BLOCK_STRIP_COLUMNS, i = index % BLOCK_STRIP_COLUMNS;
    struct block_strip at = block_strip_layout(block_strip_columns(header, strip), header->sparse);
    const unsigned char *data = group->data + block_strip_at(header, strip);
    *out = (struct block_slot){.index = index,
                               .column = header->sparse ? u32_at(data, at.column + 4 * (size_t)i)
                                                        : header->from + index,
                               .start = u32_at(data, at.start + 4 * (size_t)i),
                               .end = u32_at(data, at.start + 4 * ((size_t)i + 1))};
    return out->start >= header->cells_at && out->start <= out->end && out->end <= header->length
               ? 0
               : -1;
}

/* Finds the values that those of a chunk are related to. */
static int open_other(const struct block_group *group, uint32_t index, uint32_t back,
                      uint32_t number, struct block_chunk *chunk)
{
    struct block_slot slot;
    struct block_chunk other;
    uint32_t other_back;
    if (back == 0 || back > index || slot_at(group, index - back, &slot) ||
        open_chunk(group, &slot, number, &other, &other_back) || other.relation ||
        chunk->ok & ~other.ok)
        return -1;
    chunk->other_ok = other.ok;
    chunk->other_code = other.code[BLOCK_VALUE];
    chunk->other_pack = other.pack[BLOCK_VALUE];
    return 0;
}

int block_chunk_open(const struct block_group *group, struct block_slot *slot, uint32_t number,
                     struct block_chunk *out)
{
    uint32_t back;
    prefetch_share(slot);
    if (open_chunk(group, slot, number, out, &back)) return -1;
    return out->relation ? open_other(group, slot->index, back, number, out) : 0;
}

/* Reads the numbers that `there` says to their places, NAN to the others. */
static void read_pack(const struct block_chunk *chunk, uint16_t code, const unsigned char *pack,
                      uint64_t there, double *out)
{
    double numbers[BLOCK_CHUNK_RUNS];
    uint32_t runs = chunk->runs;
    if (there == UINT64_MAX) {
        (void)pack_read_whole(code, pack, pack_bytes(code, runs), (size_t)(chunk->end - pack),
                              simd_has_fma(), out);
        return;
    }
    if (there == block_mask(runs)) {
        pack_read(code, pack, runs, out);
        return;
    }
    size_t n = (size_t)__builtin_popcountll(there), at = 0;
    if (n) pack_read(code, pack, n, numbers);
    for (uint32_t run = 0; run < runs; run++)
        out[run] = there >> run & 1 ? numbers[at++] : (double)NAN;
}

/* Makes values of residuals. */
static void read_related(const struct block_chunk *chunk, double *values)
{
    double other[BLOCK_CHUNK_RUNS];
    read_pack(chunk, chunk->other_code, chunk->other_pack, chunk->other_ok, other);
    for (uint32_t run = 0; run < chunk->runs; run++) {
        if (chunk->ok >> run & 1)
            values[run] = relate_restore(values[run], relate_predict(chunk->relation, other[run]));
    }
}

static void read_whole(const struct block_chunk *chunk, enum block_part part, double *out);

/* Makes upper bounds of residuals. */
static void read_mirrored(const struct block_chunk *chunk, double *upper)
{
    double value[BLOCK_CHUNK_RUNS], lower[BLOCK_CHUNK_RUNS];
    read_whole(chunk, BLOCK_VALUE, value);
    read_whole(chunk, BLOCK_LOWER, lower);
    for (uint32_t run = 0; run < chunk->runs; run++) {
        if (chunk->upper >> run & 1)
            upper[run] = relate_restore(upper[run], relate_mirror(value[run], lower[run]));
    }
}

/* All runs of a chunk. */
static void read_whole(const struct block_chunk *chunk, enum block_part part, double *out)
{
    const uint64_t bits[3] = {chunk->ok, chunk->lower, chunk->upper};
    read_pack(chunk, chunk->code[part], chunk->pack[part], bits[part], out);
    if (part == BLOCK_VALUE && chunk->relation) read_related(chunk, out);
    if (part == BLOCK_UPPER && chunk->is_mirrored) read_mirrored(chunk, out);
}

void block_chunk_read(const struct block_chunk *chunk, enum block_part part, uint32_t first,
                      uint32_t count, double *out)
{
    const uint64_t bits[3] = {chunk->ok, chunk->lower, chunk->upper};
    double numbers[BLOCK_CHUNK_RUNS];
    if (chunk->code[part] == PACK_RAW && bits[part] == block_mask(chunk->runs)) {
        memcpy(out, chunk->pack[part] + 8 * (size_t)first, 8 * (size_t)count);
    } else if (count == chunk->runs) {
        read_whole(chunk, part, out);
    } else {
        read_whole(chunk, part, numbers);
        memcpy(out, numbers + first, count * sizeof *numbers);
    }
}

/* Reads one chunk, of 64 runs. 1, or 0: it is not plain, or not good. */
static inline int read_plain(const struct block_group *group, const unsigned char *data, size_t len,
                             uint64_t seed, double *out)
{
    uint16_t form, code;
    if (len <= BLOCK_CHUNK_HEAD) return 0;
    memcpy(&form, data + 8, sizeof form);
    memcpy(&code, data + 8 + sizeof form, sizeof code);
    if (form || u64_at(data, 0) != seal_hash_on(data + 8, len - 8, seed, group->has_fma)) return 0;
    const unsigned char *pack = data + BLOCK_CHUNK_HEAD;
    return pack_read_whole(code, pack, len - BLOCK_CHUNK_HEAD,
                           group->header.length - (size_t)(pack - group->data), group->has_fma,
                           out);
}

/* One pass: a chunk is unpacked while what its sum was made of is in the nearest cache. */
uint32_t block_chunks_read(const struct block_group *group, struct block_slot *slot, uint32_t first,
                           uint32_t count, double *out)
{
    uint32_t done = 0, whole = group->header.runs / BLOCK_CHUNK_RUNS;
    struct table table;
    if (first >= whole || open_table(group, slot, &table)) return 0;
    if (count > whole - first) count = whole - first;
    const unsigned char *column = group->data + slot->start;
    uint64_t seed = block_chunk_seed(group->seed, slot->column, first);
    for (size_t from = chunk_start(&table, first), to; done < count; done++, from = to) {
        if (chunk_end(&table, first + done, from, &to)) break;
        prefetch_share(slot);
        if (!read_plain(group, column + from, to - from, seed + done,
                        out + (size_t)done * BLOCK_CHUNK_RUNS))
            break;
    }
    return done;
}

void block_chunk_statuses(const struct block_chunk *chunk, uint32_t first, uint32_t count,
                          uint8_t *out)
{
    if (chunk->ok == block_mask(chunk->runs)) {
        if (count == BLOCK_CHUNK_RUNS) /* of a size that is known: no call */
            memset(out, PACE_CELL_OK, BLOCK_CHUNK_RUNS);
        else
            memset(out, PACE_CELL_OK, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)1 << (first + i);
        out[i] = chunk->ok & bit        ? PACE_CELL_OK
                 : chunk->failed & bit  ? PACE_CELL_FAILED
                 : chunk->skipped & bit ? PACE_CELL_SKIPPED
                                        : PACE_CELL_ABSENT;
    }
}
