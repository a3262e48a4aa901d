/* decode.h -- a reader of a store's bytes that knows what pace-format(5) says and nothing else: it
 * includes none of the engine's headers. It checks every checksum and every count, reads every
 * record, and complains of a record that nothing led to. What it finds it writes as the lines of
 * ../dump_lines.h.
 *
 * Numbers that the page names are repeated here on purpose. */
#ifndef DECODE_H
#define DECODE_H

#include "../dump_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lmdb.h>
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

typedef unsigned char byte;

/* -- numbers and records --------------------------------------------------------------------- */

static inline uint64_t number_le(const byte *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | at[i];
    return number;
}

static inline uint16_t u16(const byte *at)
{
    return (uint16_t)number_le(at, 2);
}

static inline uint32_t u32(const byte *at)
{
    return (uint32_t)number_le(at, 4);
}

static inline uint64_t u64(const byte *at)
{
    return number_le(at, 8);
}

static inline int64_t i64(const byte *at)
{
    return (int64_t)number_le(at, 8);
}

static inline double f64(const byte *at)
{
    double number;
    uint64_t bits = u64(at);
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline size_t pad8(size_t len)
{
    return (len + 7) / 8 * 8;
}

struct record {
    const byte *key, *data;
    size_t key_len, len;
    int used;
};

/* Where a run is in history. */
struct place {
    int64_t time_ns;
    uint32_t ordinal;
    uint64_t run;
};

struct found_cell {
    uint32_t column;
    unsigned status; /* 0 ok, 1 failed, 2 skipped */
    double value, lower, upper;
};

struct found_run {
    struct place place;
    int64_t ran_ns;
    uint32_t stream, flags, cell_count;
    const char *commit;
    struct found_cell *cells; /* in order of column */
    size_t count, capacity;
};

struct found_runs {
    struct found_run *items;
    size_t count, capacity;
};

struct text_list {
    const char **texts;
    size_t *lens;
    uint32_t count;
};

struct stream_found {
    uint32_t project, branch, testbed, shape, columns, last_ordinal;
    uint64_t runs, cells, last_run, log_run, log_cells;
    int64_t first_ns, last_ns, log_time_ns;
    uint32_t log_ordinal, log_runs, small, large, next_block, jobs;
    uint64_t totals_runs, totals_last;
};

/* What the reader met; a test of the format says what it wants to have met. */
struct coverage {
    unsigned log_rows, dense, sparse, row_bounds, row_statuses, parts, late;
    unsigned small, merging, large, folding, making_large;
    unsigned groups_dense, groups_sparse, ragged, statuses, bounds, raw, scaled, bits, binary,
        tight, related, mirrored, empty_chunks, keys;
    unsigned totals, totals_even;
    unsigned kept, kept_parts,
        kept_stale;        /* states; parts of values; values that a late run made wrong */
    unsigned chunks, tail; /* of pairs; runs that are in no table of them */
    unsigned journal, changed, removed; /* records of it; keys that it changes, or removes */
    unsigned samples, meta, differences, undone, dropped, starts, starts_taken_back;
};

struct decoder {
    MDB_env *env;
    MDB_txn *txn;
    struct record *records;
    size_t count;
    FILE *out;
    struct coverage seen;
    int is_short; /* read bit 0 */
    int has_keys; /* read bit 1 */
    int has_journal;
    struct text_list names[5];
    uint64_t head[8]; /* runs, cells, series, indexed, commits, marks, undone, objects */
    uint32_t name_counts[5][2], streams, shapes;
    struct stream_found *stream;
    struct found_runs all;       /* by run number - 1 */
    struct found_runs in_stream; /* of the stream in hand */
};

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) fail_msg("%s:%d: the page says: %s", __FILE__, __LINE__, #condition);    \
    } while (0)

static inline void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    assert_non_null(memory);
    return memory;
}

/* -- checksums ------------------------------------------------------------------------------- */

static inline uint64_t hash_seeded(const void *data, size_t len, uint64_t seed)
{
    uint64_t x = XXH3_64bits(data, len) ^ seed;
    x = (x ^ x >> 32) * UINT64_C(0x9fb21c651e98df25);
    return x ^ x >> 28;
}

static inline uint64_t key_seed(const struct record *record)
{
    return hash_seeded(record->key, record->key_len, 0);
}

/* A sealed record: the sum over all that follows it. */
static inline const struct record *sealed(const struct record *record)
{
    REQUIRE(record->len >= 8);
    REQUIRE(u64(record->data) == hash_seeded(record->data + 8, record->len - 8, key_seed(record)));
    return record;
}

/* -- keys ------------------------------------------------------------------------------------ */

struct key_bytes {
    byte bytes[160];
    size_t len;
};

static inline struct key_bytes key_of(char tag)
{
    struct key_bytes key = {.len = 1};
    key.bytes[0] = (byte)tag;
    return key;
}

/* Appends a big-endian number. */
static inline struct key_bytes with(struct key_bytes key, uint64_t number, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;)
        key.bytes[key.len++] = (byte)(number >> 8 * i);
    return key;
}

static inline uint64_t number_be(const byte *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static inline int compare_keys(const byte *a, size_t a_len, const byte *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* The index of the first record whose key is not before this one. */
static inline size_t first_at(const struct decoder *d, const struct key_bytes *key)
{
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct record *r = &d->records[middle];
        if (compare_keys(r->key, r->key_len, key->bytes, key->len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The record with a key, or NULL; it counts as led to. */
static inline struct record *find(struct decoder *d, struct key_bytes key)
{
    size_t i = first_at(d, &key);
    if (i == d->count || d->records[i].key_len != key.len ||
        memcmp(d->records[i].key, key.bytes, key.len) != 0)
        return NULL;
    d->records[i].used = 1;
    return &d->records[i];
}

static inline const struct record *need(struct decoder *d, struct key_bytes key)
{
    const struct record *record = find(d, key);
    if (!record) {
        fail_msg("no record with tag '%c', %zu bytes of key", key.bytes[0], key.len);
        abort(); /* not reached; compilers do not know */
    }
    return record;
}

/* The i-th record of those whose keys begin with `prefix`, or NULL. */
static inline struct record *nth(struct decoder *d, const struct key_bytes *prefix, size_t i)
{
    size_t at = first_at(d, prefix) + i;
    if (at >= d->count || d->records[at].key_len < prefix->len ||
        memcmp(d->records[at].key, prefix->bytes, prefix->len) != 0)
        return NULL;
    return &d->records[at];
}

#include "decode_journal.h"

/* -- the file -------------------------------------------------------------------------------- */

static inline void decode_open(struct decoder *d, const char *directory)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_dbi dbi;
    MDB_stat stat;
    unsigned flags = 0;
    assert_int_equal(mdb_env_create(&d->env), 0);
    assert_int_equal(mdb_env_open(d->env, directory, MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_txn_begin(d->env, NULL, MDB_RDONLY, &d->txn), 0);
    assert_int_equal(mdb_dbi_open(d->txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_stat(d->txn, dbi, &stat), 0);
    assert_int_equal(mdb_dbi_flags(d->txn, dbi, &flags), 0);
    REQUIRE(flags == 0);
    d->records = zeroed(stat.ms_entries, sizeof *d->records);
    assert_int_equal(mdb_cursor_open(d->txn, dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        REQUIRE(d->count < stat.ms_entries);
        d->records[d->count++] = (struct record){.key = key.mv_data,
                                                 .key_len = key.mv_size,
                                                 .data = value.mv_data,
                                                 .len = value.mv_size};
    }
    mdb_cursor_close(cursor);
    REQUIRE(d->count == stat.ms_entries);
    decode_journal(d);
}

static inline void runs_free(struct found_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        free(runs->items[i].cells);
    free(runs->items);
    *runs = (struct found_runs){0};
}

static inline void decode_close(struct decoder *d)
{
    for (int i = 0; i < 5; i++) {
        free(d->names[i].texts);
        free(d->names[i].lens);
    }
    free(d->stream);
    free(d->records);
    runs_free(&d->all);
    mdb_txn_abort(d->txn);
    mdb_env_close(d->env);
}

/* -- format, head, names --------------------------------------------------------------------- */

static inline void decode_head(struct decoder *d)
{
    const struct record *format = sealed(need(d, key_of('f')));
    REQUIRE(format->len == 48 && memcmp(format->data + 8, "pace\r\n\032\0", 8) == 0);
    REQUIRE(u32(format->data + 16) == 4 && u32(format->data + 20) == 0);
    REQUIRE(u64(format->data + 24) <= 7 && u64(format->data + 32) == 0);
    REQUIRE((u64(format->data + 24) >> 2 & 1) == (uint64_t)d->has_journal);
    d->is_short = u64(format->data + 24) & 1;
    d->has_keys = u64(format->data + 24) >> 1 & 1;
    const struct record *head = sealed(need(d, key_of('s')));
    REQUIRE(head->len == 120);
    for (int i = 0; i < 8; i++)
        d->head[i] = u64(head->data + 8 + 8 * i);
    for (int i = 0; i < 5; i++) {
        d->name_counts[i][0] = u32(head->data + 72 + 8 * i);
        d->name_counts[i][1] = u32(head->data + 76 + 8 * i);
    }
    d->streams = u32(head->data + 112);
    d->shapes = u32(head->data + 116);
}

/* The index has the name under its hash. */
static inline void check_name_index(struct decoder *d, unsigned dimension, uint32_t id,
                                    const char *text, size_t len)
{
    uint64_t hash = hash_seeded(text, len, 0);
    const struct record *index = sealed(need(d, with(with(key_of('N'), dimension, 1), hash, 8)));
    size_t at = 8;
    while (at < index->len && u32(index->data + at) != id)
        at += 6u + u16(index->data + at + 4);
    REQUIRE(at < index->len && u16(index->data + at + 4) == len);
    REQUIRE(memcmp(index->data + at + 6, text, len) == 0);
}

static inline void decode_names(struct decoder *d, unsigned dimension)
{
    struct text_list *list = &d->names[dimension];
    uint32_t count = d->name_counts[dimension][0];
    list->texts = zeroed(count, sizeof *list->texts);
    list->lens = zeroed(count, sizeof *list->lens);
    for (uint32_t chunk = 0; chunk < d->name_counts[dimension][1]; chunk++) {
        const struct record *r = sealed(need(d, with(with(key_of('n'), dimension, 1), chunk, 4)));
        size_t at = 16;
        REQUIRE(r->len <= 4080 && u32(r->data + 8) == list->count);
        for (uint32_t i = 0; i < u32(r->data + 12); i++) {
            size_t len = u16(r->data + at);
            REQUIRE(at + 2 + len + 1 <= r->len && r->data[at + 2 + len] == 0);
            REQUIRE(list->count < count);
            list->texts[list->count] = (const char *)r->data + at + 2;
            list->lens[list->count] = len;
            check_name_index(d, dimension, list->count, list->texts[list->count], len);
            dump_name(d->out, dimension, list->count, list->texts[list->count], len);
            list->count++;
            at += 2 + len + 1;
        }
        REQUIRE(at == r->len);
    }
    REQUIRE(list->count == count);
}

/* A measure's own record; unit "" and direction 0 when there is none. */
static inline void read_measure(struct decoder *d, uint32_t project, uint32_t measure,
                                char unit[65], unsigned *direction)
{
    const struct record *r = find(d, with(with(key_of('u'), project, 4), measure, 4));
    unit[0] = 0;
    *direction = 0;
    if (!r) return;
    REQUIRE(sealed(r)->len >= 9 && r->len <= 8 + 1 + 64 && r->data[8] <= 2);
    *direction = r->data[8];
    memcpy(unit, r->data + 9, r->len - 9);
    unit[r->len - 9] = 0;
}

static inline void decode_measures(struct decoder *d)
{
    for (uint32_t project = 0; project < d->names[0].count; project++) {
        for (uint32_t measure = 0; measure < d->names[4].count; measure++) {
            char own[65], every[65];
            unsigned direction, every_direction;
            read_measure(d, project, measure, own, &direction);
            read_measure(d, UINT32_MAX, measure, every, &every_direction);
            dump_measure(d->out, project, measure, own[0] ? own : every,
                         direction ? direction : every_direction);
        }
    }
}

/* -- start points ---------------------------------------------------------------------------- */

/* The start point of a project's branch: all of its versions, of which the last counts. */
static inline void decode_start(struct decoder *d, uint32_t project, uint32_t branch)
{
    const struct record *r = find(d, with(with(key_of('y'), branch, 4), project, 4));
    uint32_t versions = r ? u32(sealed(r)->data + 8) : 0;
    REQUIRE(!r || (r->len == 12 && versions >= 1));
    for (uint32_t version = 1; version <= versions; version++) {
        r = sealed(need(d, with(with(with(key_of('z'), branch, 4), project, 4), version, 4)));
        uint32_t parent = u32(r->data + 8), len = u32(r->data + 12);
        REQUIRE(r->len == 32 + (size_t)len && len <= 128 && i64(r->data + 24) > 0);
        d->seen.starts++;
        if (parent == UINT32_MAX) {
            REQUIRE(len == 0 && i64(r->data + 16) == 0);
            d->seen.starts_taken_back++;
            continue;
        }
        REQUIRE(parent < d->names[1].count);
        if (version == versions)
            dump_start(d->out, project, branch, d->names[1].texts[parent],
                       (const char *)r->data + 32, len, i64(r->data + 16));
    }
}

static inline uint32_t count_keys(struct decoder *d, char tag, uint32_t branch)
{
    struct key_bytes prefix = with(key_of(tag), branch, 4);
    uint32_t count = 0;
    while (nth(d, &prefix, count))
        count++;
    return count;
}

/* Each branch has a record that counts its streams, and the projects in which it has a start. */
static inline void decode_branches(struct decoder *d)
{
    for (uint32_t branch = 0; branch < d->names[1].count; branch++) {
        const struct record *r = sealed(need(d, with(key_of('B'), branch, 4)));
        REQUIRE(r->len == 16);
        REQUIRE(u32(r->data + 8) == count_keys(d, 'S', branch));
        REQUIRE(u32(r->data + 12) == count_keys(d, 'y', branch));
    }
    for (uint32_t project = 0; project < d->names[0].count; project++) {
        for (uint32_t branch = 0; branch < d->names[1].count; branch++)
            decode_start(d, project, branch);
    }
}

/* -- runs ------------------------------------------------------------------------------------ */

static inline int compare_places(const struct place *a, const struct place *b)
{
    if (a->time_ns != b->time_ns) return a->time_ns < b->time_ns ? -1 : 1;
    if (a->ordinal != b->ordinal) return a->ordinal < b->ordinal ? -1 : 1;
    return (a->run > b->run) - (a->run < b->run);
}

static inline int by_place(const void *a, const void *b)
{
    return compare_places(&((const struct found_run *)a)->place,
                          &((const struct found_run *)b)->place);
}

static inline struct found_run *add_run(struct found_runs *runs)
{
    if (runs->count == runs->capacity) {
        runs->capacity = runs->capacity ? 2 * runs->capacity : 64;
        runs->items = realloc(runs->items, runs->capacity * sizeof *runs->items);
        assert_non_null(runs->items);
    }
    runs->items[runs->count] = (struct found_run){0};
    return &runs->items[runs->count++];
}

static inline void add_cell(struct found_run *run, const struct found_cell *cell)
{
    REQUIRE(run->count == 0 || run->cells[run->count - 1].column < cell->column);
    if (run->count == run->capacity) {
        run->capacity = run->capacity ? 2 * run->capacity : 8;
        run->cells = realloc(run->cells, run->capacity * sizeof *run->cells);
        assert_non_null(run->cells);
    }
    run->cells[run->count++] = *cell;
}

#include "decode_log.h"
#include "decode_block.h"
#include "decode_totals.h"
#include "decode_kept.h"
#include "decode_run.h"

/* -- streams --------------------------------------------------------------------------------- */

static inline void check_stream(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    const struct found_runs *runs = &d->in_stream;
    uint64_t cells = 0;
    REQUIRE(runs->count == s->runs && s->runs > 0);
    for (size_t i = 0; i < runs->count; i++) {
        const struct found_run *run = &runs->items[i];
        REQUIRE(i == 0 || compare_places(&run[-1].place, &run->place) < 0);
        REQUIRE(run->stream == id && run->count == run->cell_count && run->count > 0);
        REQUIRE(run->cells[run->count - 1].column < s->columns);
        cells += run->count;
    }
    const struct place *last = &runs->items[runs->count - 1].place;
    REQUIRE(cells == s->cells && runs->items[0].place.time_ns == s->first_ns);
    REQUIRE(last->time_ns == s->last_ns && last->run == s->last_run);
    REQUIRE(last->ordinal == s->last_ordinal);
}

/* A shape is found by its first column, unless 16 newer ones begin so. */
static inline void check_shape_index(struct decoder *d, uint32_t shape, uint32_t benchmark,
                                     uint32_t measure)
{
    const struct record *r = sealed(need(d, with(with(key_of('P'), benchmark, 4), measure, 4)));
    size_t count = (r->len - 8) / 4, i = 0;
    REQUIRE((r->len - 8) % 4 == 0 && count >= 1 && count <= 16);
    while (i < count && u32(r->data + 8 + 4 * i) != shape)
        i++;
    REQUIRE(i < count || (count == 16 && shape < u32(r->data + 8)));
    for (i = 1; i < count; i++)
        REQUIRE(u32(r->data + 4 + 4 * i) < u32(r->data + 8 + 4 * i));
}

/* All columns of a shape. */
static inline void check_shape(struct decoder *d, uint32_t shape)
{
    const struct record *r = sealed(need(d, with(key_of('p'), shape, 4)));
    REQUIRE(r->len == 12);
    uint32_t length = u32(r->data + 8);
    REQUIRE(length >= 1 && length <= 1048576);
    for (uint32_t first = 0; first < length; first += 500) {
        uint32_t n = length - first < 500 ? length - first : 500;
        r = sealed(need(d, with(with(key_of('c'), shape, 4), first / 500, 4)));
        REQUIRE(r->len == 8 + 8 * (size_t)n);
        if (first == 0) check_shape_index(d, shape, u32(r->data + 8), u32(r->data + 12));
    }
}

/* Prints a stream's columns. */
static inline void decode_columns(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    REQUIRE(s->shape < d->shapes);
    REQUIRE(s->columns <= u32(need(d, with(key_of('p'), s->shape, 4))->data + 8));
    for (uint32_t i = 0; i < s->columns; i++) {
        const struct record *r = need(d, with(with(key_of('c'), s->shape, 4), i / 500, 4));
        const byte *column = r->data + 8 + 8 * (size_t)(i % 500);
        REQUIRE(u32(column) < d->names[3].count && u32(column + 4) < d->names[4].count);
        fprintf(d->out, "column %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", id, i,
                u32(column), u32(column + 4));
    }
}

static inline void read_stream(struct decoder *d, uint32_t id)
{
    struct stream_found *s = &d->stream[id];
    const struct record *r = sealed(need(d, with(key_of('t'), id, 4)));
    const byte *at = r->data + 8;
    REQUIRE(r->len == 8 + 128);
    *s = (struct stream_found){.project = u32(at),
                               .branch = u32(at + 4),
                               .testbed = u32(at + 8),
                               .shape = u32(at + 12),
                               .columns = u32(at + 16),
                               .last_ordinal = u32(at + 20),
                               .runs = u64(at + 24),
                               .cells = u64(at + 32),
                               .first_ns = i64(at + 40),
                               .last_ns = i64(at + 48),
                               .last_run = u64(at + 56),
                               .log_run = u64(at + 64),
                               .log_time_ns = i64(at + 72),
                               .log_ordinal = u32(at + 80),
                               .log_runs = u32(at + 84),
                               .log_cells = u64(at + 88),
                               .small = u32(at + 96),
                               .large = u32(at + 100),
                               .next_block = u32(at + 104),
                               .jobs = u32(at + 108),
                               .totals_runs = u64(at + 112),
                               .totals_last = u64(at + 120)};
    struct key_bytes key =
        with(with(with(key_of('S'), s->branch, 4), s->project, 4), s->testbed, 4);
    r = sealed(need(d, key));
    REQUIRE(r->len == 12 && u32(r->data + 8) == id);
    REQUIRE(s->project < d->names[0].count && s->branch < d->names[1].count);
    REQUIRE(s->testbed < d->names[2].count && s->jobs <= 3);
}

static inline void decode_stream(struct decoder *d, uint32_t id)
{
    const struct stream_found *s = &d->stream[id];
    struct dump_stream line = {.id = id,
                               .project = s->project,
                               .branch = s->branch,
                               .testbed = s->testbed,
                               .columns = s->columns,
                               .runs = s->runs,
                               .cells = s->cells,
                               .first_ns = s->first_ns,
                               .last_ns = s->last_ns,
                               .last_run = s->last_run};
    dump_stream(d->out, &line);
    decode_columns(d, id);
    decode_log(d, id);
    decode_blocks(d, id);
    decode_totals(d, id);
    qsort(d->in_stream.items, d->in_stream.count, sizeof *d->in_stream.items, by_place);
    check_stream(d, id);
    decode_kept(d, id);
    for (size_t i = 0; i < d->in_stream.count; i++) {
        struct found_run *run = &d->in_stream.items[i];
        decode_run(d, run);
        REQUIRE(run->place.run >= 1 && run->place.run <= d->head[0]);
        REQUIRE(d->all.items[run->place.run - 1].place.run == 0); /* no run is there twice */
    }
    dump_stream_sums(d, id);
    for (size_t i = 0; i < d->in_stream.count; i++)
        d->all.items[d->in_stream.items[i].place.run - 1] = d->in_stream.items[i];
    free(d->in_stream.items);
    d->in_stream = (struct found_runs){0};
}

/* -- all of it ------------------------------------------------------------------------------- */

/* Reads a whole store, which no handle of this process has open, and writes its dump. */
static inline struct coverage decode_store(const char *directory, FILE *out)
{
    struct decoder d = {.out = out};
    uint64_t names = 0, series = 0, cells = 0;
    decode_open(&d, directory);
    decode_head(&d);
    for (int i = 0; i < 5; i++)
        names += d.name_counts[i][0];
    fprintf(out, "stat %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", d.head[0],
            d.head[1], d.streams, d.head[2], names);
    for (unsigned i = 0; i < 5; i++)
        decode_names(&d, i);
    decode_measures(&d);
    decode_branches(&d);
    d.stream = zeroed(d.streams, sizeof *d.stream);
    d.all.items = zeroed(d.head[0], sizeof *d.all.items);
    d.all.count = d.head[0];
    for (uint32_t i = 0; i < d.shapes; i++)
        check_shape(&d, i);
    for (uint32_t i = 0; i < d.streams; i++) {
        read_stream(&d, i);
        decode_stream(&d, i);
        series += d.stream[i].columns;
        cells += d.stream[i].cells;
    }
    REQUIRE(series == d.head[2] && cells == d.head[1]);
    for (uint64_t run = 1; run <= d.head[0]; run++)
        decode_beside(&d, &d.all.items[run - 1]);
    decode_bases(&d);
    decode_commits(&d);
    decode_marks(&d);
    decode_objects(&d);
    for (size_t i = 0; i < d.count; i++) {
        if (!d.records[i].used)
            fail_msg("record %zu, tag '%c': nothing leads to it", i, d.records[i].key[0]);
    }
    decode_close(&d);
    return d.seen;
}

#endif
