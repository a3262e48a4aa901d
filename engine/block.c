/* block.c -- writing a block's columns; see block.h for the layout. */
#include "block.h"
#include "block_layout.h"
#include "relate.h"
#include "simd.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The most that one chunk and one column can take. */
enum {
    CHUNK_BYTES_MAX = BLOCK_CHUNK_HEAD + 6 * 8 + 3 * PACK_BYTES_MAX,
    COLUMN_BYTES_MAX = 8 + 4 * BLOCK_CHUNKS_MAX + BLOCK_CHUNKS_MAX * CHUNK_BYTES_MAX,
    STRIP_BYTES_PER_COLUMN = 56, /* at most, with the strip's own */
};

enum { RECENT_COLUMNS = 8 };

/* The values of the last columns of the group, by place of their runs. */
struct block_recent {
    struct recent_column {
        uint32_t index;
        int is_there;
        uint64_t ok[BLOCK_CHUNKS_MAX]; /* 0 where the chunk is related itself */
        double value[BLOCK_RUNS_MAX];
    } columns[RECENT_COLUMNS];
};

void block_writer_begin(struct block_writer *writer, uint32_t stream, uint32_t block, uint32_t from,
                        uint32_t runs, enum pack_how how, const struct key *key)
{
    assert(runs > 0 && runs <= BLOCK_RUNS_MAX);
    writer->header =
        (struct block_group_header){.stream = stream, .block = block, .from = from, .runs = runs};
    writer->how = how;
    for (uint32_t i = 0; writer->recent && i < RECENT_COLUMNS; i++)
        writer->recent->columns[i].is_there = 0;
    writer->seed = seal_hash(key->bytes, key->len, 0);
    writer->cells.len = 0;
}

void block_writer_free(struct block_writer *writer)
{
    row_buffer_free(&writer->cells);
    free(writer->columns);
    free(writer->recent);
    *writer = (struct block_writer){0};
}

int block_writer_full(const struct block_writer *writer)
{
    size_t heads = (size_t)(writer->header.columns + BLOCK_STRIP_COLUMNS) * STRIP_BYTES_PER_COLUMN;
    return writer->cells.len + heads + COLUMN_BYTES_MAX + 4096 > BLOCK_GROUP_BYTES;
}

/* -- summaries ------------------------------------------------------------------------------- */

static double lane_total(const double lane[4])
{
    return ((lane[0] + lane[1]) + lane[2]) + lane[3];
}

struct block_summary block_summarize_portable(const double *values, size_t n)
{
    struct block_summary summary = {.count = n};
    double sum[4] = {0}, square[4] = {0};
    if (n == 0) return summary;
    double min = values[0], max = values[0];
    for (size_t i = 0; i < n; i++) {
        sum[i % 4] += values[i];
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    summary.sum = lane_total(sum);
    double mean = summary.sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double difference = values[i] - mean;
        square[i % 4] += difference * difference;
    }
    summary.m2 = lane_total(square);
    summary.min = min;
    summary.max = max;
    return summary;
}

#if defined(__x86_64__)

/* The first of the zeros counts where one is the least or greatest: they differ in their sign. */
static double first_zero(const double *values)
{
    while (*values != 0)
        values++;
    return *values;
}

__attribute__((target("avx2"))) static void summarize_fours(const double *values, size_t n,
                                                            struct block_summary *summary)
{
    __m256d sums = _mm256_setzero_pd(), squares = sums;
    __m256d least = _mm256_loadu_pd(values), most = least;
    double lane[4], low[4], high[4];
    for (size_t i = 0; i < n; i += 4) {
        __m256d four = _mm256_loadu_pd(values + i);
        sums = _mm256_add_pd(sums, four);
        least = _mm256_min_pd(four, least);
        most = _mm256_max_pd(four, most);
    }
    _mm256_storeu_pd(lane, sums);
    _mm256_storeu_pd(low, least);
    _mm256_storeu_pd(high, most);
    summary->sum = lane_total(lane);
    __m256d mean = _mm256_set1_pd(summary->sum / (double)n);
    for (size_t i = 0; i < n; i += 4) {
        __m256d difference = _mm256_sub_pd(_mm256_loadu_pd(values + i), mean);
        squares = _mm256_add_pd(squares, _mm256_mul_pd(difference, difference));
    }
    _mm256_storeu_pd(lane, squares);
    summary->m2 = lane_total(lane);
    summary->min = low[0];
    summary->max = high[0];
    for (int i = 1; i < 4; i++) {
        summary->min = low[i] < summary->min ? low[i] : summary->min;
        summary->max = high[i] > summary->max ? high[i] : summary->max;
    }
}

struct block_summary block_summarize(const double *values, size_t n)
{
    struct block_summary summary = {.count = n};
    if (n == 0 || n % 4 || !simd_has_avx2()) return block_summarize_portable(values, n);
    summarize_fours(values, n, &summary);
    if (summary.min == 0) summary.min = first_zero(values);
    if (summary.max == 0) summary.max = first_zero(values);
    return summary;
}

#else

struct block_summary block_summarize(const double *values, size_t n)
{
    return block_summarize_portable(values, n);
}

#endif

void block_summary_add(struct block_summary *to, const struct block_summary *more)
{
    if (more->count == 0) return;
    if (to->count == 0) {
        *to = *more;
        return;
    }
    double n = (double)to->count, m = (double)more->count;
    double difference = more->sum / m - to->sum / n;
    to->m2 += more->m2 + difference * difference * (n * m / (n + m));
    to->sum += more->sum;
    to->count += more->count;
    if (more->min < to->min) to->min = more->min;
    if (more->max > to->max) to->max = more->max;
}

/* -- cells ----------------------------------------------------------------------------------- */

/* Cells of one chunk, taken apart. */
struct parts {
    uint64_t present, failed, skipped, bit[3];
    double number[3][BLOCK_CHUNK_RUNS];
    size_t count[3];
};

static void add_number(struct parts *parts, enum block_part part, unsigned run, double number)
{
    parts->bit[part] |= (uint64_t)1 << run;
    parts->number[part][parts->count[part]++] = number;
}

/* 1 when the cells are of all of the chunk's runs, ok and without bounds. */
static int is_plain(const struct block_column *column, uint32_t first, uint32_t end, uint32_t runs)
{
    uint8_t statuses = PACE_CELL_OK;
    if (column->lower || end - first != runs) return 0;
    for (uint32_t i = first; i < end; i++)
        statuses |= column->status[i];
    return statuses == PACE_CELL_OK;
}

static void take_plain(const double *values, uint32_t runs, struct parts *parts)
{
    parts->present = parts->bit[BLOCK_VALUE] = block_mask(runs);
    parts->failed = parts->skipped = parts->bit[BLOCK_LOWER] = parts->bit[BLOCK_UPPER] = 0;
    parts->count[BLOCK_VALUE] = runs;
    parts->count[BLOCK_LOWER] = parts->count[BLOCK_UPPER] = 0;
    memcpy(parts->number[BLOCK_VALUE], values, runs * sizeof *values);
}

static void take_apart(const struct block_column *column, uint32_t first, uint32_t end,
                       struct parts *parts)
{
    parts->present = parts->failed = parts->skipped = 0;
    memset(parts->bit, 0, sizeof parts->bit);
    memset(parts->count, 0, sizeof parts->count);
    for (uint32_t i = first; i < end; i++) {
        unsigned run = column->run[i] % BLOCK_CHUNK_RUNS;
        uint64_t bit = (uint64_t)1 << run;
        parts->present |= bit;
        if (column->status[i] == PACE_CELL_FAILED) parts->failed |= bit;
        if (column->status[i] == PACE_CELL_SKIPPED) parts->skipped |= bit;
        if (column->status[i] != PACE_CELL_OK) continue;
        add_number(parts, BLOCK_VALUE, run, column->value[i]);
        if (!column->lower) continue;
        if (!isnan(column->lower[i])) add_number(parts, BLOCK_LOWER, run, column->lower[i]);
        if (!isnan(column->upper[i])) add_number(parts, BLOCK_UPPER, run, column->upper[i]);
    }
}

/* -- what follows from other numbers ----------------------------------------------------------- */

/* What is written of a chunk: packs of numbers, or of residuals. */
struct writing {
    double residual[2][BLOCK_CHUNK_RUNS];
    const double *number[3];
    struct pack pack[3];
    uint16_t relation, back;
    int is_mirrored;
};

/* Writes residuals of one part instead of its numbers if that is shorter by more than `least` bytes. */
static int write_residuals(struct writing *writing, enum block_part part, const double *predicted,
                           size_t count, double *residual, size_t least)
{
    struct pack pack;
    if (relate_residuals(writing->number[part], predicted, count, residual)) return 0;
    pack_plan(&pack, residual, count, PACK_SHORT);
    if (pack.bytes + least >= writing->pack[part].bytes) return 0;
    writing->pack[part] = pack;
    writing->number[part] = residual;
    return 1;
}

static void mirror(const struct parts *parts, struct writing *writing)
{
    double predicted[BLOCK_CHUNK_RUNS];
    size_t value = 0, lower = 0, upper = 0;
    if (!parts->bit[BLOCK_UPPER] || parts->bit[BLOCK_UPPER] & ~parts->bit[BLOCK_LOWER]) return;
    for (unsigned run = 0; run < BLOCK_CHUNK_RUNS; run++) {
        if (parts->bit[BLOCK_UPPER] >> run & 1)
            predicted[upper++] =
                relate_mirror(parts->number[BLOCK_VALUE][value], parts->number[BLOCK_LOWER][lower]);
        value += parts->bit[BLOCK_VALUE] >> run & 1;
        lower += parts->bit[BLOCK_LOWER] >> run & 1;
    }
    writing->is_mirrored =
        write_residuals(writing, BLOCK_UPPER, predicted, upper, writing->residual[1], 0);
}

/* Relates the values to those of one recent column, if they are near what follows from it. */
static int relate_to(const struct recent_column *recent, uint32_t number, const struct parts *parts,
                     struct writing *writing)
{
    const double *other = recent->value + (size_t)number * BLOCK_CHUNK_RUNS;
    double predicted[BLOCK_CHUNK_RUNS];
    uint64_t ok = parts->bit[BLOCK_VALUE];
    unsigned relation = RELATE_NONE;
    size_t count = 0;
    if (!recent->is_there || ok & ~recent->ok[number]) return 0;
    for (unsigned run = 0; run < BLOCK_CHUNK_RUNS; run++) {
        if (!(ok >> run & 1)) continue;
        if (count == 0) relation = relate_guess(parts->number[BLOCK_VALUE][0], other[run]);
        if (relation == RELATE_NONE) return 0;
        predicted[count++] = relate_predict(relation, other[run]);
    }
    if (!write_residuals(writing, BLOCK_VALUE, predicted, count, writing->residual[0], 8)) return 0;
    writing->relation = (uint16_t)relation;
    return 1;
}

static void relate(struct block_writer *writer, uint32_t number, const struct parts *parts,
                   struct writing *writing)
{
    uint32_t index = writer->header.columns;
    for (uint32_t back = 1; parts->count[BLOCK_VALUE] && back <= RECENT_COLUMNS; back++) {
        const struct recent_column *recent =
            &writer->recent->columns[(index - back) % RECENT_COLUMNS];
        if (back > index || recent->index != index - back) break;
        if (!relate_to(recent, number, parts, writing)) continue;
        writing->back = (uint16_t)back;
        break;
    }
}

/* Keeps the values of a chunk for the columns that follow. */
static void keep_recent(struct block_writer *writer, uint32_t number, const struct parts *parts,
                        int is_related)
{
    uint32_t index = writer->header.columns;
    struct recent_column *recent = &writer->recent->columns[index % RECENT_COLUMNS];
    double *value = recent->value + (size_t)number * BLOCK_CHUNK_RUNS;
    size_t count = 0;
    int is_whole = parts->count[BLOCK_VALUE] == BLOCK_CHUNK_RUNS;
    if (recent->index != index || !recent->is_there) memset(recent->ok, 0, sizeof recent->ok);
    recent->index = index;
    recent->is_there = 1;
    recent->ok[number] = is_related ? 0 : parts->bit[BLOCK_VALUE];
    if (recent->ok[number] && is_whole)
        memcpy(value, parts->number[BLOCK_VALUE], BLOCK_CHUNK_RUNS * sizeof *value);
    for (unsigned run = 0; recent->ok[number] && !is_whole && run < BLOCK_CHUNK_RUNS; run++) {
        if (recent->ok[number] >> run & 1) value[run] = parts->number[BLOCK_VALUE][count++];
    }
}

/* -- a chunk ----------------------------------------------------------------------------------- */

static unsigned char *put(unsigned char *at, const void *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

static void plan_chunk(struct block_writer *writer, const struct parts *parts, uint32_t number,
                       struct writing *writing)
{
    writing->relation = writing->back = 0;
    writing->is_mirrored = 0;
    for (int i = 0; i < 3; i++) {
        writing->number[i] = parts->number[i];
        if (parts->count[i])
            pack_plan(&writing->pack[i], parts->number[i], parts->count[i], writer->how);
    }
    if (writer->how != PACK_SHORT) return;
    mirror(parts, writing);
    relate(writer, number, parts, writing);
    keep_recent(writer, number, parts, writing->relation != RELATE_NONE);
}

/* Appends a chunk to the cells, in which there is room. */
static void put_chunk(struct block_writer *writer, const struct parts *parts, uint32_t column,
                      uint32_t number)
{
    uint32_t runs = block_chunk_runs(writer->header.runs, number);
    uint16_t form = 0, codes[3] = {0};
    struct writing writing;
    plan_chunk(writer, parts, number, &writing);
    if (parts->present != block_mask(runs)) form |= BLOCK_RAGGED;
    if (parts->failed | parts->skipped) form |= BLOCK_STATUSES;
    if (parts->count[BLOCK_LOWER] + parts->count[BLOCK_UPPER]) form |= BLOCK_BOUNDS;
    if (writing.is_mirrored) form |= BLOCK_MIRRORED;
    if (writing.relation) form |= BLOCK_RELATED;
    for (int i = 0; i < 3; i++) {
        if (parts->count[i]) codes[i] = pack_code(&writing.pack[i]);
    }
    unsigned char *chunk = writer->cells.data + writer->cells.len, *at = chunk + 8;
    at = put(at, &form, sizeof form);
    at = put(at, codes, sizeof codes);
    if (form & BLOCK_RELATED)
        at = put(at, (uint16_t[4]){writing.relation, writing.back}, BLOCK_RELATED_BYTES);
    if (form & BLOCK_RAGGED) at = put(at, &parts->present, 8);
    if (form & BLOCK_STATUSES) {
        at = put(at, &parts->failed, 8);
        at = put(at, &parts->skipped, 8);
    }
    if (form & BLOCK_BOUNDS) {
        at = put(at, &parts->bit[BLOCK_LOWER], 8);
        at = put(at, &parts->bit[BLOCK_UPPER], 8);
    }
    for (int i = 0; i < 3; i++) {
        if (parts->count[i] == 0) continue;
        pack_write(&writing.pack[i], writing.number[i], parts->count[i], at);
        at += writing.pack[i].bytes;
    }
    size_t len = (size_t)(at - chunk);
    uint64_t sum = block_chunk_sum(chunk, len, writer->seed, column, number);
    memcpy(chunk, &sum, sizeof sum);
    writer->cells.len += len;
}

/* Makes room for one more column. */
static int reserve(struct block_writer *writer)
{
    if (writer->how == PACK_SHORT && !writer->recent &&
        !(writer->recent = calloc(1, sizeof *writer->recent)))
        return -1;
    if (row_buffer_grow(&writer->cells, COLUMN_BYTES_MAX)) return -1;
    if (writer->header.columns < writer->capacity) return 0;
    uint32_t capacity = writer->capacity ? writer->capacity * 2 : 1024;
    void *columns = realloc(writer->columns, capacity * sizeof *writer->columns);
    if (!columns) return -1;
    writer->columns = columns;
    writer->capacity = capacity;
    return 0;
}

int block_writer_column(struct block_writer *writer, const struct block_column *column)
{
    uint32_t runs = writer->header.runs, chunks = block_chunk_count(runs), i = 0;
    uint32_t ends[BLOCK_CHUNKS_MAX];
    assert(column->count > 0 && column->count <= runs);
    if (reserve(writer)) return -1;
    struct block_entry_column *entry = &writer->columns[writer->header.columns];
    *entry =
        (struct block_entry_column){.column = column->column, .start = (uint32_t)writer->cells.len};
    size_t start = writer->cells.len;
    if (chunks > 1) writer->cells.len += block_table_bytes(chunks);
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        struct parts parts;
        uint32_t first = i;
        if (column->count == runs) i += block_chunk_runs(runs, chunk);
        while (i < column->count && column->run[i] / BLOCK_CHUNK_RUNS == chunk)
            i++;
        if (i > first) {
            if (is_plain(column, first, i, block_chunk_runs(runs, chunk)))
                take_plain(column->value + first, i - first, &parts);
            else
                take_apart(column, first, i, &parts);
            put_chunk(writer, &parts, column->column, chunk);
            struct block_summary more =
                block_summarize(parts.number[BLOCK_VALUE], parts.count[BLOCK_VALUE]);
            block_summary_add(&entry->summary, &more);
        }
        ends[chunk] = (uint32_t)(writer->cells.len - start);
    }
    assert(i == column->count);
    if (chunks > 1) {
        unsigned char *table = writer->cells.data + start;
        memset(table, 0, block_table_bytes(chunks));
        memcpy(table + 8, ends, 4 * (size_t)chunks);
        uint64_t sum = block_table_sum(table, chunks, writer->seed, column->column);
        memcpy(table, &sum, sizeof sum);
    }
    writer->header.columns++;
    return 0;
}

/* -- the record ------------------------------------------------------------------------------ */

static void put_strip(const struct block_writer *writer, uint32_t strip, unsigned char *record)
{
    const struct block_group_header *header = &writer->header;
    const struct block_entry_column *columns = writer->columns + strip * BLOCK_STRIP_COLUMNS;
    uint32_t m = block_strip_columns(header, strip);
    struct block_strip at = block_strip_layout(m, header->sparse);
    unsigned char *data = record + block_strip_at(header, strip);
    uint32_t cells_end = (uint32_t)writer->cells.len;
    for (uint32_t i = 0; i < m; i++) {
        const struct block_summary *summary = &columns[i].summary;
        uint32_t start = header->cells_at + columns[i].start, count = (uint32_t)summary->count;
        memcpy(data + at.start + 4 * (size_t)i, &start, 4);
        if (header->sparse) memcpy(data + at.column + 4 * (size_t)i, &columns[i].column, 4);
        memcpy(data + at.count + 4 * (size_t)i, &count, 4);
        memcpy(data + at.min + 8 * (size_t)i, &summary->min, 8);
        memcpy(data + at.max + 8 * (size_t)i, &summary->max, 8);
        memcpy(data + at.sum + 8 * (size_t)i, &summary->sum, 8);
        memcpy(data + at.m2 + 8 * (size_t)i, &summary->m2, 8);
    }
    uint32_t next = strip * BLOCK_STRIP_COLUMNS + m;
    uint32_t end = header->cells_at + (next < header->columns ? columns[m].start : cells_end);
    memcpy(data + at.start + 4 * (size_t)m, &end, 4);
    if (header->sparse) memcpy(record + sizeof *header + 4 * (size_t)strip, &columns[0].column, 4);
    uint64_t sum = block_strip_sum(data, at.bytes, writer->seed, strip);
    memcpy(data, &sum, sizeof sum);
}

size_t block_writer_close(struct block_writer *writer, uint32_t until)
{
    struct block_group_header *header = &writer->header;
    header->until = until;
    header->sparse =
        header->columns > 0 &&
        writer->columns[header->columns - 1].column - header->from + 1 != header->columns;
    block_layout(header);
    header->length = header->cells_at + (uint32_t)writer->cells.len;
    return header->length;
}

void block_writer_put(struct block_writer *writer, unsigned char *record)
{
    struct block_group_header *header = &writer->header;
    memset(record, 0, header->cells_at);
    for (uint32_t strip = 0; strip < block_strip_count(header); strip++)
        put_strip(writer, strip, record);
    if (writer->cells.len) memcpy(record + header->cells_at, writer->cells.data, writer->cells.len);
    memcpy(record, header, sizeof *header);
    header->sum = block_head_sum(record, header, writer->seed);
    memcpy(record, &header->sum, sizeof header->sum);
}

int block_writer_end(struct block_writer *writer, uint32_t until, struct row_buffer *out)
{
    size_t len = block_writer_close(writer, until);
    out->len = 0;
    if (row_buffer_grow(out, len)) return -1;
    out->len = len;
    block_writer_put(writer, out->data);
    return 0;
}
