/* totals.c -- see totals.h. */
#include "totals.h"
#include "error.h"
#include "kv.h"

#include <assert.h>
#include <string.h>

enum { NUMBERS = 4 }; /* min, max, sum, M2 */

static int damaged(struct kv_txn *txn, uint32_t stream, struct pace_error *error)
{
    return error_damaged(error, "%s: the totals of stream %u", kv_path(txn), stream);
}

int totals_possible(const struct stream_record *record)
{
    return record->column_count <= TOTALS_COLUMNS &&
           (record->totals_runs > 0 || record->log_runs == record->run_count);
}

int totals_sums(const struct stream_record *record, struct sums *sums)
{
    if (sums_init(sums, record->column_count)) return -1;
    for (uint32_t i = 0; i < record->column_count; i++)
        sums->column[i] = sums->place[i] = i;
    sums->is_whole = 1;
    return 0;
}

/* -- layout -------------------------------------------------------------------------------------- */

static uint32_t strip_columns(const struct totals_header *header, uint32_t strip)
{
    uint32_t left = header->columns - strip * TOTALS_STRIP_COLUMNS;
    return left < TOTALS_STRIP_COLUMNS ? left : TOTALS_STRIP_COLUMNS;
}

static size_t strip_bytes(const struct totals_header *header, uint32_t columns)
{
    return 8 + 8 * (size_t)columns * (header->count == UINT64_MAX ? NUMBERS + 1 : NUMBERS);
}

static size_t strip_at(const struct totals_header *header, uint32_t strip)
{
    return sizeof *header + strip * strip_bytes(header, TOTALS_STRIP_COLUMNS);
}

static uint32_t strip_count(const struct totals_header *header)
{
    return (header->columns + TOTALS_STRIP_COLUMNS - 1) / TOTALS_STRIP_COLUMNS;
}

static size_t record_bytes(const struct totals_header *header)
{
    uint32_t last = strip_count(header) - 1;
    return strip_at(header, last) + strip_bytes(header, strip_columns(header, last));
}

static uint64_t head_sum(const struct totals_header *header, uint64_t seed)
{
    return seal_hash((const unsigned char *)header + 8, sizeof *header - 8, seed);
}

static uint64_t strip_sum(const unsigned char *data, size_t len, uint64_t seed, uint32_t strip)
{
    return seal_hash(data + 8, len - 8, seed + 1 + strip);
}

/* -- reading ------------------------------------------------------------------------------------- */

struct totals {
    struct totals_header header;
    const unsigned char *data;
    uint64_t seed;
};

/* Copies what a strip has of columns i and on of `sums`; gives the end of them. */
static size_t read_strip(const struct totals *totals, uint32_t strip, struct sums *sums, size_t i)
{
    const struct totals_header *header = &totals->header;
    uint32_t m = strip_columns(header, strip), from = strip * TOTALS_STRIP_COLUMNS;
    const unsigned char *counts = totals->data + strip_at(header, strip) + 8;
    const unsigned char *numbers = header->count == UINT64_MAX ? counts + 8 * (size_t)m : counts;
    double *const fields[NUMBERS] = {sums->min, sums->max, sums->sum, sums->m2};
    while (i < sums->length && sums->column[i] < from + m) {
        size_t end = sums_stretch(sums, i, from + m), n = end - i;
        size_t first = sums->column[i] - from;
        for (size_t k = 0; k < NUMBERS; k++)
            memcpy(fields[k] + i, numbers + 8 * (k * m + first), 8 * n);
        for (size_t k = 0; k < n; k++) {
            uint64_t count = header->count;
            if (count == UINT64_MAX) memcpy(&count, counts + 8 * (first + k), sizeof count);
            sums->count[i + k] = (double)count;
        }
        i = end;
    }
    return i;
}

static int open_totals(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                       struct pace_error *error, struct totals *out)
{
    struct totals_header *header = &out->header;
    struct key key = key_totals(stream);
    struct kv_slice value;
    int rc = kv_get(txn, &key, error, &value);
    if (rc == PACE_ENOTFOUND || (!rc && value.len < sizeof *header))
        return damaged(txn, stream, error);
    if (rc) return rc;
    memcpy(header, value.data, sizeof *header);
    out->data = value.data;
    out->seed = seal_hash(key.bytes, key.len, 0);
    if (header->sum != head_sum(header, out->seed) || header->stream != stream ||
        header->columns == 0 || header->columns > record->column_count ||
        header->columns > TOTALS_COLUMNS || header->runs != record->totals_runs ||
        header->last_run != record->totals_last || record_bytes(header) != value.len)
        return damaged(txn, stream, error);
    return 0;
}

int totals_read(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                struct sums *sums, struct pace_error *error)
{
    struct totals totals;
    int rc = open_totals(txn, stream, record, error, &totals);
    if (rc) return rc;
    for (size_t i = 0; i < sums->length && sums->column[i] < totals.header.columns;) {
        uint32_t strip = sums->column[i] / TOTALS_STRIP_COLUMNS;
        const unsigned char *data = totals.data + strip_at(&totals.header, strip);
        size_t len = strip_bytes(&totals.header, strip_columns(&totals.header, strip));
        uint64_t sum;
        memcpy(&sum, data, sizeof sum);
        if (sum != strip_sum(data, len, totals.seed, strip)) return damaged(txn, stream, error);
        i = read_strip(&totals, strip, sums, i);
    }
    return 0;
}

/* Leaves the rows that came after the totals. */
static void keep_pending(struct log_rows *rows, uint64_t last_run)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].header.run > last_run) rows->rows[kept++] = rows->rows[i];
    }
    rows->count = kept;
}

/* Mostly they are the newest in history as well; then the others need not be looked at. */
int totals_pending(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                   struct pace_error *error, struct log_rows *out)
{
    uint64_t runs = record->run_count - record->totals_runs;
    struct log_rows rows;
    if (record->totals_runs > record->run_count || runs > record->log_runs)
        return damaged(txn, stream, error);
    int rc = log_load_newest(txn, stream, record, runs, error, &rows);
    if (rc) return rc;
    keep_pending(&rows, record->totals_last);
    if (rows.count < runs) {
        log_rows_free(&rows);
        rc = log_load(txn, stream, record, error, &rows);
        if (rc) return rc;
        keep_pending(&rows, record->totals_last);
    }
    if (rows.count != runs) {
        log_rows_free(&rows);
        return damaged(txn, stream, error);
    }
    *out = rows;
    return 0;
}

/* -- writing ------------------------------------------------------------------------------------- */

/* The count that all columns have, or UINT64_MAX. */
static uint64_t common_count(const struct sums *sums)
{
    for (size_t i = 1; i < sums->length; i++) {
        if (sums->count[i] != sums->count[0]) return UINT64_MAX;
    }
    return (uint64_t)sums->count[0];
}

static void write_strip(unsigned char *data, const struct totals_header *header, uint32_t strip,
                        const struct sums *sums, uint64_t seed)
{
    uint32_t m = strip_columns(header, strip), from = strip * TOTALS_STRIP_COLUMNS;
    const double *const fields[NUMBERS] = {sums->min, sums->max, sums->sum, sums->m2};
    unsigned char *at = data + 8;
    for (uint32_t i = 0; header->count == UINT64_MAX && i < m; i++, at += 8) {
        uint64_t count = (uint64_t)sums->count[from + i];
        memcpy(at, &count, sizeof count);
    }
    for (size_t k = 0; k < NUMBERS; k++, at += 8 * (size_t)m)
        memcpy(at, fields[k] + from, 8 * (size_t)m);
    uint64_t sum = strip_sum(data, (size_t)(at - data), seed, strip);
    memcpy(data, &sum, sizeof sum);
}

int totals_put(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               const struct sums *sums, uint64_t runs, uint64_t last_run, struct row_buffer *buffer,
               struct pace_error *error)
{
    struct key key = key_totals(stream);
    struct totals_header header = {.stream = stream,
                                   .columns = (uint32_t)sums->length,
                                   .runs = runs,
                                   .last_run = last_run,
                                   .count = common_count(sums)};
    uint64_t seed = seal_hash(key.bytes, key.len, 0);
    assert(sums->is_whole && sums->length > 0 && sums->length <= TOTALS_COLUMNS && runs > 0);
    header.sum = head_sum(&header, seed);
    if (row_buffer_reserve(buffer, record_bytes(&header))) return error_memory(error);
    memcpy(buffer->data, &header, sizeof header);
    for (uint32_t strip = 0; strip < strip_count(&header); strip++)
        write_strip(buffer->data + strip_at(&header, strip), &header, strip, sums, seed);
    record->totals_runs = runs;
    record->totals_last = last_run;
    return kv_put(txn, &key, buffer->data, buffer->len, error);
}

int totals_drop(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
                struct pace_error *error)
{
    struct key key = key_totals(stream);
    if (record->totals_runs == 0) return 0;
    record->totals_runs = record->totals_last = 0;
    int rc = kv_delete(txn, &key, error);
    return rc == PACE_ENOTFOUND ? damaged(txn, stream, error) : rc;
}
