/* fuzz_records.c -- records of a store with any bytes changed, their checksums made good: what a
 * checksum keeps from the decoders elsewhere reaches them here. They give an answer or an error,
 * and read nothing beside the record, which ends where its memory does.
 *
 * The first byte says which record, the next ones how it is made: a block's columns or runs, a row,
 * a pack; or one of a store that is there, read in a batch that is not committed. What follows are
 * changes of it: bytes at places, and its length. Sums within a record are made good where its
 * header tells where they are. */
#include "../../engine/block_layout.h"
#include "../../engine/branch.h"
#include "../../engine/index.h"
#include "../../engine/meta.h"
#include "../../engine/samples.h"
#include "../../engine/snapshot.h"
#include "../../engine/source.h"
#include "../../engine/totals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(int promise)
{
    if (!promise) abort();
}

/* What is left of the input. */
struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take(struct input *input)
{
    if (input->size == 0) return 0;
    input->size--;
    return *input->data++;
}

/* A record, in memory of just its length. */
struct record {
    unsigned char *data;
    size_t len;
    struct key key;
};

/* A copy of a good record with the changes that the input says: a length, then bytes at places. */
static struct record changed(const void *data, size_t len, struct key key, struct input *input)
{
    int more = (int8_t)take(input);
    size_t own = more < 0 && (size_t)-more > len ? 0 : (size_t)((ptrdiff_t)len + more);
    struct record record = {.data = calloc(own ? own : 1, 1), .len = own, .key = key};
    hold(record.data != NULL);
    memcpy(record.data, data, own < len ? own : len);
    while (input->size >= 3 && own) {
        size_t at = take(input);
        at |= (size_t)take(input) << 8;
        record.data[at % own] = take(input);
    }
    return record;
}

static void put_u64(unsigned char *at, uint64_t number)
{
    memcpy(at, &number, sizeof number);
}

/* -- packs --------------------------------------------------------------------------------------- */

static void read_pack(struct input *input)
{
    double numbers[PACK_VALUES], other[PACK_VALUES];
    unsigned char data[PACK_BYTES_MAX];
    unsigned low = take(input), high = take(input);
    uint16_t code = (uint16_t)(low | high << 8);
    size_t n = 1 + take(input) % PACK_VALUES, bytes = pack_bytes(code, n);
    if (bytes == 0 || bytes > sizeof data) return;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(i * 37);
    struct record record = changed(data, bytes, (struct key){0}, input);
    if (record.len >= bytes) {
        memmove(record.data + record.len - bytes, record.data, bytes); /* the end of its memory */
        const unsigned char *at = record.data + record.len - bytes;
        pack_read_portable(code, at, n, numbers);
        if (pack_read_avx2(code, at, n, other)) pack_read(code, at, n, other);
    }
    free(record.data);
}

/* -- columns of a block -------------------------------------------------------------------------- */

enum { STREAM = 1, BLOCK = 2 };

/* A column of a block: of decimals, of what follows from the column before, of numbers with
 * bounds. */
static void put_column(struct block_writer *writer, uint32_t column, uint32_t runs, unsigned shape)
{
    static uint16_t run[BLOCK_RUNS_MAX];
    static uint8_t status[BLOCK_RUNS_MAX];
    static double number[3][BLOCK_RUNS_MAX];
    uint32_t count = 0;
    for (uint32_t r = 0; r < runs; r++) {
        if (shape & 1 && (r + column) % 5 == 0) continue;
        double time = 1e6 + (r * 7919 % 1000) / 7.0;
        run[count] = (uint16_t)r;
        status[count] = shape & 2 && r % 7 == 0 ? PACE_CELL_FAILED : PACE_CELL_OK;
        number[0][count] = column % 4 == 1 ? 1e9 / time : column % 4 == 2 ? r / 100.0 : time;
        number[1][count] = r % 3 || shape & 4 ? number[0][count] - r : (double)NAN;
        number[2][count] = r % 3 || shape & 4 ? number[0][count] + r : (double)NAN;
        count++;
    }
    struct block_column cells = {
        .column = column, .count = count, .run = run, .status = status, .value = number[0]};
    if (shape & 8 && column % 4 == 3) cells.lower = number[1], cells.upper = number[2];
    if (count) hold(block_writer_column(writer, &cells) == 0);
}

static void make_group(struct input *input, struct key *key, struct row_buffer *out)
{
    static const uint32_t lengths[] = {1, 1, 2, 8, 40, 64, 65, 130};
    unsigned shape = take(input), more = take(input);
    uint32_t runs = lengths[more % 8], columns = 1 + more / 8 % 16, from = shape >> 6;
    struct block_writer writer = {0};
    *key = key_block_group(STREAM, BLOCK, from);
    block_writer_begin(&writer, STREAM, BLOCK, from, runs, (enum pack_how)((shape >> 4 & 3) % 3),
                       key);
    for (uint32_t c = 0; c < columns && !block_writer_full(&writer); c++)
        put_column(&writer, from + (more & 128 ? 2 * c : c), runs, shape);
    hold(block_writer_end(&writer, from + 2 * columns, out) == 0);
    block_writer_free(&writer);
}

/* Makes the sums of a column's chunks good, as far as they lie in the record. */
static void seal_chunks(struct record *record, const struct block_group_header *header,
                        uint64_t seed, uint32_t column, uint32_t start, uint32_t end)
{
    uint32_t chunks = block_chunk_count(header->runs), from = 0;
    unsigned char *data = record->data + start;
    size_t len = end - start, table = chunks > 1 ? block_table_bytes(chunks) : 0;
    if (len < table) return;
    if (table) put_u64(data, block_table_sum(data, chunks, seed, column));
    from = (uint32_t)table;
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        uint32_t to = (uint32_t)len;
        if (table) memcpy(&to, data + 8 + 4 * (size_t)chunk, sizeof to);
        if (from <= to && to <= len && to - from >= BLOCK_CHUNK_HEAD)
            put_u64(data + from, block_chunk_sum(data + from, to - from, seed, column, chunk));
        from = to;
    }
}

static void seal_group(struct record *record)
{
    struct block_group_header header, laid;
    uint64_t seed = seal_hash(record->key.bytes, record->key.len, 0);
    if (record->len < sizeof header) return;
    memcpy(&header, record->data, sizeof header);
    header.length = (uint32_t)record->len;
    header.runs = 1 + header.runs % BLOCK_RUNS_MAX;
    header.columns %= 200;
    header.sparse &= 1;
    laid = header;
    block_layout(&laid);
    header.strips_at = laid.strips_at;
    header.cells_at = laid.cells_at;
    memcpy(record->data, &header, sizeof header);
    if (header.cells_at > record->len) return;
    for (uint32_t strip = 0; strip < block_strip_count(&header); strip++) {
        uint32_t m = block_strip_columns(&header, strip);
        struct block_strip at = block_strip_layout(m, header.sparse);
        unsigned char *data = record->data + block_strip_at(&header, strip);
        for (uint32_t i = 0; i < m; i++) {
            uint32_t start, end, column = header.from + strip * BLOCK_STRIP_COLUMNS + i;
            memcpy(&start, data + at.start + 4 * (size_t)i, sizeof start);
            memcpy(&end, data + at.start + 4 * ((size_t)i + 1), sizeof end);
            if (header.sparse) memcpy(&column, data + at.column + 4 * (size_t)i, sizeof column);
            if (start >= header.cells_at && start <= end && end <= record->len)
                seal_chunks(record, &header, seed, column, start, end);
        }
        put_u64(data, block_strip_sum(data, at.bytes, seed, strip));
    }
    put_u64(record->data, block_head_sum(record->data, &header, seed));
}

static void read_chunks(struct block_group *group, struct block_slot *slot)
{
    for (uint32_t chunk = 0; chunk < block_chunk_count(group->header.runs); chunk++) {
        struct block_chunk open;
        uint8_t status[BLOCK_CHUNK_RUNS];
        double number[BLOCK_CHUNK_RUNS], plain[BLOCK_CHUNK_RUNS];
        block_slot_look_ahead(group, slot, chunk, chunk);
        uint32_t is_plain = block_chunks_read(group, slot, chunk, 1, plain);
        if (block_chunk_open(group, slot, chunk, &open)) {
            hold(!is_plain);
            continue;
        }
        if (is_plain) {
            hold(open.runs == BLOCK_CHUNK_RUNS && block_chunk_is_ok(&open));
            block_chunk_read(&open, BLOCK_VALUE, 0, open.runs, number);
            hold(memcmp(number, plain, sizeof plain) == 0);
        }
        hold(open.runs > 0 && open.runs <= BLOCK_CHUNK_RUNS);
        block_chunk_statuses(&open, 0, open.runs, status);
        for (int part = 0; part < 3; part++) {
            block_chunk_read(&open, (enum block_part)part, 0, open.runs, number);
            block_chunk_read(&open, (enum block_part)part, open.runs / 2, 1, number);
        }
    }
}

/* Reads all that a record of columns has. */
static void read_columns(struct record *record)
{
    struct block_group group;
    struct block_slot slot;
    struct sums sums;
    seal_group(record);
    if (block_group_open(&group, record->data, record->len, &record->key) == 0) {
        size_t end;
        int found = block_group_seek(&group, group.header.from, &slot);
        for (int steps = 0; found > 0 && steps < 300; steps++) {
            (void)block_group_summary(&group, &slot);
            read_chunks(&group, &slot);
            found = block_group_next(&group, &slot);
        }
        hold(sums_init(&sums, 70) == 0);
        for (uint32_t i = 0; i < 70; i++)
            sums.column[i] = group.header.from + i;
        sums.is_whole = 1;
        if (group.header.from <= UINT32_MAX - 70) block_group_add(&group, &sums, 0, &end);
        sums_free(&sums);
    }
    free(record->data);
}

static void read_group(struct input *input)
{
    struct row_buffer good = {0};
    struct key key;
    make_group(input, &key, &good);
    struct record record = changed(good.data, good.len, key, input);
    read_columns(&record);
    row_buffer_free(&good);
}

/* The second of two columns has the bytes of the input as its only chunk. */
static void read_chunk(struct input *input)
{
    struct key key = key_block_group(STREAM, BLOCK, 0);
    struct block_writer writer = {0};
    struct row_buffer good = {0};
    uint32_t start, runs = 1 + take(input) % BLOCK_CHUNK_RUNS;
    block_writer_begin(&writer, STREAM, BLOCK, 0, runs, PACK_SHORT, &key);
    put_column(&writer, 0, runs, 0);
    put_column(&writer, 1, runs, 0);
    hold(block_writer_end(&writer, 2, &good) == 0);
    struct block_strip at = block_strip_layout(2, 0);
    unsigned char *starts = good.data + block_strip_at(&writer.header, 0) + at.start;
    memcpy(&start, starts + 4, sizeof start);
    uint32_t end = start + 8 + (uint32_t)input->size;
    memcpy(starts + 8, &end, sizeof end);
    struct record record = {.data = calloc(end, 1), .len = end, .key = key};
    hold(record.data != NULL);
    memcpy(record.data, good.data, start);
    if (input->size) memcpy(record.data + start + 8, input->data, input->size);
    read_columns(&record);
    block_writer_free(&writer);
    row_buffer_free(&good);
}

/* -- runs of a block ----------------------------------------------------------------------------- */

/* The times of a strip, where they lie apart. */
static void seal_times(unsigned char *times, uint32_t m, uint64_t seed, uint32_t strip)
{
    size_t len = 16 + 8 * (size_t)m + (4 * (size_t)m + 7) / 8 * 8;
    put_u64(times, seal_hash(times + 8, len - 8, seed + ((uint64_t)2 << 32) + strip));
}

static void seal_strip(unsigned char *strip, size_t text, size_t len, uint64_t seed,
                       uint32_t number)
{
    if (len < text) return;
    put_u64(strip + 8, seal_hash(strip + text, len - text, seed + ((uint64_t)1 << 32) + number));
    put_u64(strip, seal_hash(strip + 8, text - 8, seed + 1 + number));
}

/* Its first strip begins and its last ends where they have to, the others where the record says. */
static void seal_runs(struct record *record)
{
    struct block_runs_header header;
    uint64_t seed = seal_hash(record->key.bytes, record->key.len, 0);
    if (record->len < sizeof header) return;
    memcpy(&header, record->data, sizeof header);
    header.length = (uint32_t)record->len;
    header.runs = 1 + header.runs % 130;
    header.form &= 1;
    memcpy(record->data, &header, sizeof header);
    uint32_t strips = (header.runs + BLOCK_STRIP_RUNS - 1) / BLOCK_STRIP_RUNS;
    size_t head = sizeof header + (4 * ((size_t)strips + 1) + 7) / 8 * 8, times = head;
    size_t run_bytes = header.form ? 30 : 40, end_bytes = header.form ? 2 : 4;
    for (uint32_t s = 0; header.form && s < strips; s++) {
        uint32_t m = header.runs - s * BLOCK_STRIP_RUNS;
        if (m > BLOCK_STRIP_RUNS) m = BLOCK_STRIP_RUNS;
        size_t len = 16 + 8 * (size_t)m + (4 * (size_t)m + 7) / 8 * 8;
        if (times + len <= record->len) seal_times(record->data + times, m, seed, s);
        times += len;
    }
    if (times > record->len) return;
    uint32_t first = (uint32_t)times, last = (uint32_t)record->len;
    memcpy(record->data + sizeof header, &first, sizeof first);
    memcpy(record->data + sizeof header + 4 * (size_t)strips, &last, sizeof last);
    for (uint32_t s = 0; s < strips; s++) {
        uint32_t at, end, m = header.runs - s * BLOCK_STRIP_RUNS;
        if (m > BLOCK_STRIP_RUNS) m = BLOCK_STRIP_RUNS;
        memcpy(&at, record->data + sizeof header + 4 * (size_t)s, sizeof at);
        memcpy(&end, record->data + sizeof header + 4 * ((size_t)s + 1), sizeof end);
        if (at <= end && end <= record->len)
            seal_strip(record->data + at, 16 + run_bytes * m + end_bytes, end - at, seed, s);
    }
    put_u64(record->data, seal_hash(record->data + 8, head - 8, seed));
}

static void read_run_columns(struct block_runs *runs)
{
    int64_t time_ns[130];
    uint64_t run[130];
    const char *commit[130];
    uint32_t key[130], flags[130];
    struct block_run_columns all = {time_ns, run, commit, key, flags, 0};
    struct block_run_columns few = {.key = key, .flags = flags};
    (void)block_runs_columns(runs, 0, runs->header.runs, &all);
    (void)block_runs_columns(runs, runs->header.runs / 2, 1, &few);
    (void)block_runs_keys_fit(runs);
}

static void read_runs(struct input *input)
{
    struct key key = key_block_runs(STREAM, BLOCK);
    struct pace_run_view views[130];
    struct row_buffer good = {0};
    uint32_t shape = take(input), count = 1 + take(input) % 130;
    const struct block_runs_header header = {
        .stream = STREAM, .block = BLOCK, .runs = count, .columns = 1, .form = shape % 2};
    for (uint32_t i = 0; i < count; i++)
        views[i] = (struct pace_run_view){
            .run = i + 1, .time_ns = i, .commit = i % 3 ? "c0ffee" : "", .cell_count = 1};
    hold(block_runs_encode(&good, &header, views, &key) == 0);
    struct record record = changed(good.data, good.len, key, input);
    struct block_runs runs;
    seal_runs(&record);
    if (block_runs_open(&runs, record.data, record.len, &record.key) == 0) {
        size_t bytes = 0;
        for (uint32_t i = 0; i < runs.header.runs; i++) {
            struct pace_run_view view;
            struct position position;
            uint32_t before;
            if (block_runs_view(&runs, i, &view) == 0) bytes += strlen(view.commit);
            if (block_runs_position(&runs, i, &position) == 0)
                (void)block_runs_before(&runs, &position, &before);
        }
        hold(bytes <= (size_t)runs.header.runs * record.len);
        read_run_columns(&runs);
    }
    row_buffer_free(&good);
    free(record.data);
}

/* -- rows ---------------------------------------------------------------------------------------- */

/* A row's sums: of its groups, which a reader looks at one by one, and of its head. */
static void seal_row(struct record *record)
{
    struct row_header header;
    uint64_t seed = seal_hash(record->key.bytes, record->key.len, 0);
    if (record->len < sizeof header) return;
    memcpy(&header, record->data, sizeof header);
    header.length = (uint32_t)record->len;
    header.slots = 1 + header.slots % 200;
    header.commit_len %= PACE_MAX_COMMIT + 2;
    header.form &= 15;
    uint32_t groups = (header.slots + ROW_GROUP_SLOTS - 1) / ROW_GROUP_SLOTS;
    size_t sums = sizeof header + (header.commit_len + 8u) / 8 * 8, head = sums + 8 * groups;
    size_t slot = 8u + (header.form & ROW_BOUNDS ? 16u : 0) + (header.form & ROW_DENSE ? 0 : 4u);
    size_t rest =
        (header.form & ROW_SOME_BOUNDS ? 24u : 0) + (header.form & ROW_STATUSES ? 16u : 0);
    if (!(header.form & ROW_DENSE)) head += (4 * (size_t)groups + 7) / 8 * 8;
    header.head_length = (uint32_t)head;
    memcpy(record->data, &header, sizeof header);
    size_t some = head + slot * header.slots + rest * groups, group_at = head;
    for (uint32_t group = 0; group < groups && some <= record->len; group++) {
        uint32_t n = header.slots - group * ROW_GROUP_SLOTS;
        if (n > ROW_GROUP_SLOTS) n = ROW_GROUP_SLOTS;
        size_t bytes = slot * n + rest;
        uint64_t sum = seal_hash(record->data + group_at, bytes, seed + 1 + group);
        if (header.form & ROW_SOME_BOUNDS) {
            uint32_t first, count;
            unsigned char *bits = record->data + group_at + slot * n;
            memcpy(&first, bits + 16, sizeof first);
            memcpy(&count, bits + 20, sizeof count);
            if ((uint64_t)first + count <= (record->len - some) / 8)
                sum = seal_hash(record->data + some + 8 * (size_t)first, 8 * (size_t)count, sum);
        }
        put_u64(record->data + sums + 8 * (size_t)group, sum);
        group_at += bytes;
    }
    if (head <= record->len) put_u64(record->data, seal_hash(record->data + 8, head - 8, seed));
}

static void make_row(struct input *input, const struct key *key, struct row_buffer *out)
{
    struct row_cell cells[200];
    unsigned shape = take(input), count = 1 + take(input) % 200;
    struct row_header header = {.run = 1, .time_ns = 1, .stream = STREAM, .parts = 1};
    header.form = shape & 1 ? ROW_SOME_BOUNDS : 0;
    for (uint32_t i = 0; i < count; i++) {
        cells[i] =
            (struct row_cell){.column = shape & 2 ? 5 * i : i,
                              .status = shape & 4 && i % 9 == 0 ? PACE_CELL_FAILED : PACE_CELL_OK,
                              .value = i,
                              .lower = shape & 8 && i % 3 ? i - 1 : (double)NAN,
                              .upper = shape & 16 && i % 5 ? i + 1 : (double)NAN};
    }
    hold(row_encode(out, &header, "c0ffee", cells, count, cells[count - 1].column + 1, key) == 0);
}

static void read_row(struct input *input)
{
    struct position position = {.time_ns = 1, .run = 1};
    struct key key = key_log(STREAM, &position, 0);
    struct row_buffer good = {0};
    make_row(input, &key, &good);
    struct record record = changed(good.data, good.len, key, input);
    struct row row;
    seal_row(&record);
    if (row_open(&row, record.data, record.len, record.key.bytes, record.key.len) == 0) {
        struct row_cell cell;
        uint32_t until = 0, first, end;
        const unsigned char *values = row_values(&row, &until);
        if (values && until > row.header.base) {
            row_prefetch(&row, row.header.base, until);
            (void)row_check(&row, row.header.base, until);
            for (uint32_t i = 0; i < row.header.slots; i++)
                hold(memcpy(&cell.value, values + 8 * (size_t)i, 8) != NULL);
        }
        for (uint32_t i = 0; i < row.header.slots; i++) {
            (void)row_slot(&row, i, &cell);
            (void)row_cell(&row, row.header.base + i, &cell);
        }
        if (row_slots(&row, row.header.base, row.header.base + 64, &first, &end) == 0)
            hold(first <= row.header.slots && end <= row.header.slots);
    }
    row_buffer_free(&good);
    free(record.data);
}

/* -- any record ---------------------------------------------------------------------------------- */

/* A store in memory, with a few runs of which the records are replaced. */
static pace *any_store;
static char directory[64];

static void remove_store(void)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "write.lock"};
    char path[128];
    pace_close(any_store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

static void put_run(int i)
{
    double samples[3] = {1, 2, 3 + i};
    char commit[16];
    snprintf(commit, sizeof commit, "c0ffee%d", i);
    struct pace_run_info info = {.project = "p",
                                 .branch = "b",
                                 .testbed = "t",
                                 .commit = commit,
                                 .time_ns = i + 1,
                                 .start_branch = i == 3 ? "main" : NULL,
                                 .start_time_ns = 1};
    struct pace_cell cell = {.benchmark = "x",
                             .measure = "m",
                             .unit = "ns",
                             .value = i,
                             .lower = i - 1,
                             .upper = i + 1,
                             .samples = samples,
                             .sample_count = 3};
    pace_run *run;
    char text[200];
    hold(pace_run_begin(any_store, &info, NULL, &run) == 0);
    hold(pace_run_put(run, &cell, NULL) == 0);
    snprintf(text, sizeof text, "%0180d", i % 2);
    hold(pace_run_put_meta(run, "host", text, NULL) == 0);
    hold(pace_runs_commit(any_store, &run, 1, NULL, NULL) == 0);
    pace_run_free(run);
}

static void make_store(void)
{
    struct pace_mark mark = {.kind = PACE_MARK_ACCEPT, .selector = "s"};
    struct pace_kept kept = {.kind = 1, .version = 1, .runs = 3, .run = 3, .data = "abc", .len = 3};
    snprintf(directory, sizeof directory, "%s/pace-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    hold(mkdtemp(directory) != NULL);
    hold(pace_open(directory, PACE_CREATE, NULL, NULL, &any_store) == 0);
    any_store->tail_runs = 4;
    for (int i = 0; i < 11; i++)
        put_run(i);
    hold(pace_mark_add(any_store, &mark, NULL, NULL) == 0);
    hold(pace_object_put(any_store, PACE_OBJECT_VIEW, "v", "text", NULL, NULL) == 0);
    hold(pace_kept_put(any_store, 0, &kept, NULL) == 0);
    atexit(remove_store);
}

/* The keys of the store's records, and one more of some tables. */
static struct key key_of(unsigned number)
{
    const struct position place = {.time_ns = 11, .run = 11};
    const struct key keys[] = {
        key_format(),
        key_name_chunk(3, 0),
        key_name_hash(0, text_hash("p", 1)),
        key_stream(0),
        key_stream_names(0, 0, 0),
        key_branch(0),
        key_starts(0, 0),
        key_start(0, 0, 1),
        key_shape(0),
        key_columns(0, 0),
        key_shape_start(0, 0),
        key_measure(0, 0),
        key_log(0, &place, 0),
        key_block_list(0, 0),
        key_block_list(0, 1),
        key_block_runs(0, 1),
        key_block_group(0, 1, 0),
        key_totals(0),
        key_kept(0, 1, 0),
        key_run(2),
        key_run(11),
        key_pair('i', 0, 0),
        key_pair('k', 0, 0),
        key_meta(1, 0),
        key_meta(2, 0),
        key_meta(3, 0),
        key_samples(1, 0),
        key_samples(2, 0),
        key_bases(0),
        key_mark(1),
        key_undone(1),
        key_object(1),
        key_gap(3),
    };
    return keys[number % (sizeof keys / sizeof *keys)];
}

static int ignore_commit(void *context, const char *commit, uint64_t run)
{
    (void)context, (void)commit, (void)run;
    return 0;
}

static int ignore_damage(void *context, uint32_t stream, struct pace_error *error)
{
    (void)context, (void)stream, (void)error;
    return 0;
}

static void read_cells(pace_snapshot *snapshot)
{
    const uint32_t column = 0;
    struct pace_summary summary;
    struct pace_cells cells;
    struct pace_lineage lineage;
    pace_scan *scan;
    (void)pace_scan_summary(snapshot, 0, &column, 1, NULL, NULL, &summary);
    if (pace_scan_open(snapshot, 0, &column, 1, NULL, NULL, &scan) == 0) {
        while (pace_scan_next(scan, NULL, &cells) == 0 && cells.run_count)
            for (size_t r = 0; r < cells.run_count; r++)
                hold(strlen(cells.runs[r].commit) <= 1 << 20);
        pace_scan_close(scan);
    }
    (void)pace_lineage_get(snapshot, 0, NULL, &lineage);
}

/* All that is asked of a store, as far as it can be asked of a batch. */
static void ask(pace_snapshot *snapshot)
{
    const char *const *names;
    const struct pace_stream *streams;
    const struct pace_column *columns;
    const struct pace_mark *marks;
    const struct pace_object *objects;
    const struct pace_measure_row *rows;
    struct pace_kept kept;
    struct pace_stat stat;
    struct pace_storage storage;
    uint32_t count, id;
    size_t many;
    uint64_t next;
    for (int d = 0; d < PACE_DIMENSION_COUNT; d++) {
        (void)pace_name_find(snapshot, (enum pace_dimension)d, "p", 1, NULL, &id);
        (void)pace_names(snapshot, (enum pace_dimension)d, NULL, &names, &count);
    }
    (void)pace_streams(snapshot, NULL, &streams, &count);
    (void)pace_streams_of(snapshot, 0, NULL, &streams, &count);
    (void)pace_columns(snapshot, 0, NULL, &columns, &count);
    (void)pace_measures(snapshot, NULL, &rows, &many);
    read_cells(snapshot);
    for (uint64_t run = 1; run <= 11; run++) {
        struct pace_run_view view;
        struct pace_meta meta;
        const double *samples;
        const char *text;
        if (pace_run_get(snapshot, run, NULL, &view) == 0) hold(strlen(view.commit) < 1 << 20);
        if (pace_run_id(snapshot, run, NULL, &text) == 0) hold(strlen(text) <= PACE_MAX_RUN_ID);
        if (pace_run_meta(snapshot, run, NULL, &meta) == 0)
            for (size_t i = 0; i < meta.count; i++)
                hold(strlen(meta.keys[i]) + strlen(meta.values[i]) < 1 << 21);
        (void)pace_samples(snapshot, run, 0, NULL, &samples, &many);
        (void)pace_run_meta_next(snapshot, run, NULL, &next);
    }
    (void)pace_commits(snapshot, "", NULL, ignore_commit, NULL);
    (void)pace_marks(snapshot, NULL, &marks, &many);
    (void)pace_objects(snapshot, NULL, &objects, &many);
    if (pace_kept_get(snapshot, 0, 1, NULL, &kept) == 0) hold(kept.len <= PACE_MAX_KEPT);
    (void)pace_stat(snapshot, NULL, &stat);
    (void)pace_storage(snapshot, NULL, &storage);
    (void)branch_streams(snapshot->txn, 0, NULL, ignore_damage, NULL);
}

/* Counts of a stream that would only take memory. */
static void lower_counts(struct record *record)
{
    struct stream_record stream;
    if (record->len != SEAL_BYTES + sizeof stream) return;
    memcpy(&stream, record->data + SEAL_BYTES, sizeof stream);
    stream.log_runs %= 64;
    stream.small_blocks %= 16;
    stream.large_blocks %= 16;
    memcpy(record->data + SEAL_BYTES, &stream, sizeof stream);
}

static int replace_and_ask(struct kv_txn *txn, void *context, struct pace_error *error)
{
    struct input *input = context;
    struct key key = key_of(take(input));
    struct kv_slice good = {.data = (const unsigned char *)"12345678", .len = SEAL_BYTES};
    int rc = kv_get(txn, &key, error, &good);
    hold(rc == 0 || rc == PACE_ENOTFOUND);
    struct record record = changed(good.data, good.len, key, input);
    pace_snapshot *snapshot = calloc(1, sizeof *snapshot);
    hold(snapshot != NULL);
    switch (key.bytes[0]) {
    case 'G': seal_group(&record); break;
    case 'g': seal_runs(&record); break;
    case 'l': seal_row(&record); break;
    default:
        if (key.bytes[0] == 't') lower_counts(&record);
        if (record.len >= SEAL_BYTES) seal_close(record.data, record.len, key.bytes, key.len);
    }
    hold(kv_put(txn, &key, record.data, record.len, error) == 0);
    arena_init(&snapshot->arena, 0);
    snapshot->kv = any_store->kv;
    snapshot->txn = txn;
    if (head_load(txn, NULL, &snapshot->head) == 0) ask(snapshot);
    snapshot->txn = NULL;
    pace_snapshot_end(snapshot);
    free(record.data);
    return KV_UNCHANGED;
}

static void read_any(struct input *input)
{
    if (!any_store) make_store();
    (void)store_write(any_store, 0, replace_and_ask, input, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct input *) = {read_any,  read_pack, read_group, read_chunk,
                                                      read_runs, read_row,  read_any};
    struct input input = {data, size};
    readers[take(&input) % (sizeof readers / sizeof *readers)](&input);
    return 0;
}
