/* log.c -- see log.h. */
#include "log.h"
#include "error.h"
#include "totals.h"

#include <stdlib.h>
#include <string.h>

static int damaged_row(struct kv_txn *txn, uint64_t run, struct pace_error *error)
{
    return error_damaged(error, "%s: run %llu", kv_path(txn), (unsigned long long)run);
}

static int damaged_order(struct kv_txn *txn, uint32_t stream, uint64_t run,
                         struct pace_error *error)
{
    return error_damaged(error, "%s: the order of stream %u after run %llu", kv_path(txn), stream,
                         (unsigned long long)run);
}

/* -- writing --------------------------------------------------------------------------------- */

/* Rewrites the row after a late run so that it names the new one. The cursor is on it. */
static int relink(struct kv_txn *txn, struct kv_slice at, struct kv_slice value, uint64_t previous,
                  uint64_t run, struct pace_error *error)
{
    struct row row;
    struct log_key parsed;
    struct key key = {.len = at.len};
    memcpy(key.bytes, at.data, at.len);
    if (!key_log_parse(key.bytes, key.len, &parsed)) return damaged_row(txn, run, error);
    if (parsed.part != 0 || row_open(&row, value.data, value.len, key.bytes, key.len) ||
        row.header.previous != previous)
        return damaged_row(txn, parsed.position.run, error);
    unsigned char *copy = malloc(value.len);
    if (!copy) return error_memory(error);
    memcpy(copy, value.data, value.len);
    row_set_previous(copy, run, &key);
    int rc = kv_put(txn, &key, copy, value.len, error);
    free(copy);
    return rc;
}

/* Finds the run before a late one, and links the row after it to it. */
static int insert_late(struct kv_txn *txn, uint32_t stream, const struct position *position,
                       struct pace_error *error, uint64_t *previous)
{
    struct key key = key_log(stream, position, 0), prefix = key_log_stream(stream);
    struct kv_slice found, value;
    struct kv_cursor *cursor;
    struct log_key parsed;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    *previous = 0;
    rc = kv_cursor_before(cursor, &key, error, &found, &value);
    if (!rc && key_log_parse(found.data, found.len, &parsed) && parsed.stream == stream)
        *previous = parsed.position.run;
    if (!rc || rc == PACE_ENOTFOUND) rc = kv_cursor_seek(cursor, &key, error, &found, &value);
    if (rc == PACE_ENOTFOUND || (!rc && !key_begins(found.data, found.len, &prefix)))
        rc = damaged_order(txn, stream, position->run, error);
    if (!rc) rc = relink(txn, found, value, *previous, position->run, error);
    kv_cursor_close(cursor);
    return rc;
}

/* Number of cells of the part that begins at cells[0]. */
static size_t part_cells(const struct row_cell *cells, size_t count)
{
    uint32_t part = cells[0].column / ROW_PART_COLUMNS;
    size_t n = 1;
    if (cells[count - 1].column / ROW_PART_COLUMNS == part) return count;
    while (n < count && cells[n].column / ROW_PART_COLUMNS == part)
        n++;
    return n;
}

static uint32_t part_bits(const struct row_cell *cells, size_t count)
{
    uint32_t bits = 0;
    for (size_t at = 0; at < count; at += part_cells(cells + at, count - at))
        bits |= 1u << cells[at].column / ROW_PART_COLUMNS;
    return bits;
}

/* A run whose cells all lie beyond part 0 still has a row there: its place in the chain. */
static const struct row_cell placeholder = {.status = PACE_CELL_ABSENT & 3};

static int put_values(struct kv_txn *txn, const struct row_header *head, const struct log_run *run,
                      struct row_buffer *buffer, struct pace_error *error)
{
    struct row_header header = *head;
    struct key key = key_log(header.stream, &run->position, 0);
    header.parts = 1;
    if (row_encode_values(buffer, &header, run->commit, run->values, run->cell_count, &key))
        return error_memory(error);
    return kv_put(txn, &key, buffer->data, buffer->len, error);
}

static int put_parts(struct kv_txn *txn, const struct row_header *head, const struct log_run *run,
                     uint32_t column_count, struct row_buffer *buffer, struct pace_error *error)
{
    struct row_header header = *head;
    size_t at = 0;
    if (run->values) return put_values(txn, head, run, buffer, error);
    header.parts = part_bits(run->cells, run->cell_count) | 1;
    for (unsigned part = 0; part < ROW_PART_COUNT; part++) {
        if (!(header.parts >> part & 1)) continue;
        const struct row_cell *cells = run->cells + at;
        size_t count = 0;
        if (at < run->cell_count && cells->column / ROW_PART_COLUMNS == part)
            count = part_cells(cells, run->cell_count - at);
        struct key key = key_log(header.stream, &run->position, (uint8_t)part);
        header.part = (uint8_t)part;
        int rc =
            count ? row_encode(buffer, &header, run->commit, cells, count, column_count, &key)
                  : row_encode(buffer, &header, run->commit, &placeholder, 1, column_count, &key);
        if (rc) return error_memory(error);
        rc = kv_put(txn, &key, buffer->data, buffer->len, error);
        if (rc) return rc;
        header.previous = 0;
        at += count;
    }
    return 0;
}

int log_put(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
            const struct log_run *run, struct row_buffer *buffer, struct pace_error *error)
{
    const struct position *position = &run->position;
    struct row_header header = {.run = position->run,
                                .previous = record->log_run,
                                .time_ns = position->time_ns,
                                .ran_ns = run->ran_ns,
                                .stream = stream,
                                .ordinal = position->ordinal,
                                .flags = run->flags,
                                .form = run->is_short ? ROW_SOME_BOUNDS : 0,
                                .cell_count = (uint32_t)run->cell_count};
    struct position log_last = stream_log_last(record);
    int late = record->log_runs > 0 && position_compare(position, &log_last) < 0, rc = 0;
    if (late) rc = insert_late(txn, stream, position, error, &header.previous);
    if (!rc && position->run <= record->totals_last) rc = totals_drop(txn, stream, record, error);
    if (!rc) rc = put_parts(txn, &header, run, record->column_count, buffer, error);
    if (rc) return rc;
    if (!late) {
        record->log_time_ns = position->time_ns;
        record->log_ordinal = position->ordinal;
        record->log_run = position->run;
    }
    record->log_runs++;
    record->log_cells += run->cell_count;
    stream_count_run(record, position, run->cell_count);
    return 0;
}

/* -- removing -------------------------------------------------------------------------------- */

struct kept_row {
    struct position position;
    uint64_t previous;
    uint32_t parts, cell_count;
};

static int delete_row(struct kv_txn *txn, uint32_t stream, const struct kept_row *row,
                      struct pace_error *error)
{
    for (unsigned part = 0; part < ROW_PART_COUNT; part++) {
        if (!(row->parts >> part & 1)) continue;
        struct key key = key_log(stream, &row->position, (uint8_t)part);
        int rc = kv_delete(txn, &key, error);
        if (rc == PACE_ENOTFOUND) rc = damaged_row(txn, row->position.run, error);
        if (rc) return rc;
    }
    return 0;
}

/* Makes a row name another one as that before it. */
static int relink_kept(struct kv_txn *txn, uint32_t stream, const struct kept_row *row,
                       uint64_t previous, struct pace_error *error)
{
    struct key key = key_log(stream, &row->position, 0);
    struct kv_slice value;
    int rc = kv_get(txn, &key, error, &value);
    if (rc == PACE_ENOTFOUND) rc = damaged_row(txn, row->position.run, error);
    if (rc) return rc;
    return relink(txn, (struct kv_slice){key.bytes, key.len}, value, row->previous, previous,
                  error);
}

/* What the rows are, apart from the store, in which they move with the first change. */
static int copy_rows(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                     struct pace_error *error, struct kept_row **out, size_t *count)
{
    struct log_rows rows;
    int rc = log_load(txn, stream, record, error, &rows);
    if (rc) return rc;
    struct kept_row *copies = calloc(rows.count + 1, sizeof *copies);
    for (size_t i = 0; copies && i < rows.count; i++) {
        const struct row_header *header = &rows.rows[i].header;
        copies[i] = (struct kept_row){.position = log_position(&rows.rows[i]),
                                      .previous = header->previous,
                                      .parts = header->parts,
                                      .cell_count = header->cell_count};
    }
    *count = rows.count;
    *out = copies;
    log_rows_free(&rows);
    return copies ? 0 : error_memory(error);
}

int log_remove(struct kv_txn *txn, uint32_t stream, struct stream_record *record,
               const struct position *positions, size_t count, struct pace_error *error)
{
    struct kept_row *rows;
    size_t total, at = 0;
    struct position last = {0};
    int rc = copy_rows(txn, stream, record, error, &rows, &total);
    if (rc) return rc;
    for (size_t i = 0; !rc && i < total; i++) {
        const struct kept_row *row = &rows[i];
        if (at < count && position_compare(&row->position, &positions[at]) == 0) {
            rc = delete_row(txn, stream, row, error);
            record->log_runs--;
            record->log_cells -= row->cell_count;
            at++;
            continue;
        }
        if (row->previous != last.run) rc = relink_kept(txn, stream, row, last.run, error);
        last = row->position;
    }
    free(rows);
    if (!rc && at != count) rc = damaged_order(txn, stream, positions[at].run, error);
    record->log_time_ns = last.time_ns;
    record->log_ordinal = last.ordinal;
    record->log_run = last.run;
    return rc;
}

/* -- reading --------------------------------------------------------------------------------- */

static int open_row(struct kv_txn *txn, struct kv_slice key, struct kv_slice value,
                    const struct log_key *parsed, struct pace_error *error, struct row *row)
{
    if (row_open(row, value.data, value.len, key.data, key.len) ||
        row->header.run != parsed->position.run || row->header.stream != parsed->stream ||
        row->header.part != parsed->part)
        return damaged_row(txn, parsed->position.run, error);
    return 0;
}

int log_get(struct kv_txn *txn, uint32_t stream, const struct position *position, uint8_t part,
            struct pace_error *error, struct row *row)
{
    struct log_key parsed = {.stream = stream, .position = *position, .part = part};
    struct key key = key_log(stream, position, part);
    struct kv_slice value;
    int rc = kv_get(txn, &key, error, &value);
    if (rc) return rc;
    return open_row(txn, (struct kv_slice){key.bytes, key.len}, value, &parsed, error, row);
}

struct pace_run_view log_view(const struct row *row)
{
    const struct row_header *header = &row->header;
    return (struct pace_run_view){.run = header->run,
                                  .time_ns = header->time_ns,
                                  .ran_ns = header->ran_ns,
                                  .commit = row->commit,
                                  .stream = header->stream,
                                  .ordinal = header->ordinal,
                                  .flags = header->flags,
                                  .cell_count = header->cell_count};
}

void log_rows_free(struct log_rows *rows)
{
    free(rows->rows);
    *rows = (struct log_rows){0};
}

enum { PAIRS = 132 }; /* listed at a time: more than an ordinary log has rows */

/* Opens the rows of some records: those of part 0. */
static int open_rows(struct kv_txn *txn, uint32_t stream, const struct kv_pair *pairs, size_t count,
                     size_t expected, struct pace_error *error, struct log_rows *rows)
{
    uint64_t previous = rows->count ? rows->rows[rows->count - 1].header.run : 0;
    for (size_t i = 0; i < count; i++) {
        struct log_key parsed;
        if (!key_log_parse(pairs[i].key.data, pairs[i].key.len, &parsed))
            return damaged_order(txn, stream, previous, error);
        if (parsed.part != 0) continue;
        if (rows->count == expected) return damaged_order(txn, stream, previous, error);
        struct row *row = &rows->rows[rows->count++];
        int rc = open_row(txn, pairs[i].key, pairs[i].value, &parsed, error, row);
        if (rc) return rc;
        if (row->header.previous != previous) return damaged_order(txn, stream, previous, error);
        previous = row->header.run;
    }
    return 0;
}

/* Opens the stream's rows, of which there are `expected`; the last is `last`. */
static int load_rows(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream, size_t expected,
                     uint64_t last, struct pace_error *error, struct log_rows *rows)
{
    struct key prefix = key_log_stream(stream);
    struct kv_pair pairs[PAIRS];
    size_t count = PAIRS;
    for (int go_on = 0; count == PAIRS; go_on = 1) {
        int rc = kv_cursor_list(cursor, &prefix, go_on, pairs, PAIRS, error, &count);
        if (!rc) rc = open_rows(txn, stream, pairs, count, expected, error, rows);
        if (rc) return rc;
    }
    if (rows->count != expected || rows->rows[expected - 1].header.run != last)
        return damaged_order(txn, stream, rows->count ? rows->rows[rows->count - 1].header.run : 0,
                             error);
    return 0;
}

int log_load(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
             struct pace_error *error, struct log_rows *out)
{
    struct log_rows rows = {0};
    struct kv_cursor *cursor;
    int rc = 0;
    if (record->log_runs > 0) {
        rows.rows = malloc(record->log_runs * sizeof *rows.rows);
        if (!rows.rows) return error_memory(error);
        rc = kv_cursor_at(txn, key_log_stream(stream).bytes[0], error, &cursor);
        if (!rc) {
            rc = load_rows(txn, cursor, stream, record->log_runs, record->log_run, error, &rows);
            kv_cursor_close(cursor);
        }
        if (rc) log_rows_free(&rows);
    }
    if (!rc) *out = rows;
    return rc;
}

/* Opens rows[count - 1], the last, to rows[0]. */
static int load_backwards(struct kv_txn *txn, struct kv_cursor *cursor, uint32_t stream,
                          const struct stream_record *record, struct row *rows, size_t count,
                          struct pace_error *error)
{
    struct key end = key_log_stream(stream + 1);
    struct kv_pair pairs[PAIRS];
    uint64_t run = record->log_run; /* of the row that comes next */
    size_t i = count, listed = 0;
    while (i > 0) {
        size_t most = i < PAIRS ? i : PAIRS;
        int rc = kv_cursor_list_back(cursor, &end, listed > 0, pairs, most, error, &listed);
        if (rc) return rc;
        if (listed < most) return damaged_order(txn, stream, i < count ? run : 0, error);
        for (size_t k = 0; k < listed; k++) {
            struct log_key parsed;
            if (!key_log_parse(pairs[k].key.data, pairs[k].key.len, &parsed) ||
                parsed.stream != stream || parsed.position.run != run)
                return damaged_order(txn, stream, i < count ? run : 0, error);
            if (parsed.part != 0) continue;
            rc = open_row(txn, pairs[k].key, pairs[k].value, &parsed, error, &rows[--i]);
            if (rc) return rc;
            run = rows[i].header.previous;
        }
    }
    return count == record->log_runs && run ? damaged_order(txn, stream, 0, error) : 0;
}

int log_load_newest(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                    size_t count, struct pace_error *error, struct log_rows *out)
{
    struct log_rows rows = {.count = count < record->log_runs ? count : record->log_runs};
    struct kv_cursor *cursor;
    int rc = 0;
    if (rows.count > 0) {
        rows.rows = malloc(rows.count * sizeof *rows.rows);
        if (!rows.rows) return error_memory(error);
        rc = kv_cursor_at(txn, key_log_stream(stream).bytes[0], error, &cursor);
        if (!rc) {
            rc = load_backwards(txn, cursor, stream, record, rows.rows, rows.count, error);
            kv_cursor_close(cursor);
        }
        if (rc) log_rows_free(&rows);
    }
    if (!rc) *out = rows;
    return rc;
}

int log_part(struct kv_txn *txn, const struct row *row, uint8_t part, struct pace_error *error,
             struct row *out)
{
    struct position position = log_position(row);
    int rc = log_get(txn, row->header.stream, &position, part, error, out);
    return rc == PACE_ENOTFOUND ? damaged_row(txn, position.run, error) : rc;
}
