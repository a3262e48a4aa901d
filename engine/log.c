/* log.c -- see log.h. */
#include "log.h"
#include "error.h"

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

static int put_parts(struct kv_txn *txn, const struct row_header *head, const struct log_run *run,
                     uint32_t column_count, struct row_buffer *buffer, struct pace_error *error)
{
    struct row_header header = *head;
    size_t at = 0;
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
    struct position last = stream_last(record);
    struct row_header header = {.run = position->run,
                                .previous = record->last_run,
                                .time_ns = position->time_ns,
                                .ran_ns = run->ran_ns,
                                .stream = stream,
                                .ordinal = position->ordinal,
                                .flags = run->flags,
                                .cell_count = (uint32_t)run->cell_count};
    int late = record->run_count > 0 && position_compare(position, &last) < 0, rc = 0;
    if (late) rc = insert_late(txn, stream, position, error, &header.previous);
    if (!rc) rc = put_parts(txn, &header, run, record->column_count, buffer, error);
    if (rc) return rc;

    if (!late) {
        record->last_time_ns = position->time_ns;
        record->last_ordinal = position->ordinal;
        record->last_run = position->run;
    }
    if (record->run_count == 0 || position->time_ns < record->first_time_ns)
        record->first_time_ns = position->time_ns;
    record->run_count++;
    record->cell_count += run->cell_count;
    return 0;
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
    if (rc == PACE_ENOTFOUND) return damaged_row(txn, position->run, error);
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

/* 1 when the cursor's key belongs to the stream's log. */
static int in_stream(const struct log_walk *walk, struct log_key *parsed)
{
    return key_begins(walk->key.data, walk->key.len, &walk->prefix) &&
           key_log_parse(walk->key.data, walk->key.len, parsed);
}

/* The key at which the newest `count` rows before `end` begin, but not before `from_ns`. */
static int find_last(struct log_walk *walk, const struct key *end, int64_t from_ns, uint64_t count,
                     struct pace_error *error, struct key *start)
{
    struct log_key parsed;
    *start = *end;
    int rc = kv_cursor_before(walk->cursor, end, error, &walk->key, &walk->value);
    while (!rc && in_stream(walk, &parsed) && parsed.position.time_ns >= from_ns) {
        if (parsed.part == 0) {
            *start = key_log(walk->stream, &parsed.position, 0);
            if (--count == 0) break;
        }
        rc = kv_cursor_prev(walk->cursor, error, &walk->key, &walk->value);
    }
    return rc == PACE_ENOTFOUND ? 0 : rc;
}

int log_walk_open(struct log_walk *walk, struct kv_txn *txn, uint32_t stream,
                  const struct stream_record *record, const struct pace_range *range,
                  struct pace_error *error)
{
    *walk = (struct log_walk){.txn = txn,
                              .stream = stream,
                              .prefix = key_log_stream(stream),
                              .until_ns = range->until_ns,
                              .last_run = record->last_run};
    int rc = kv_cursor_open(txn, error, &walk->cursor);
    if (rc) return rc;

    int open_end = range->until_ns == INT64_MAX;
    struct position from = {.time_ns = range->from_ns};
    struct position until = {.time_ns = range->until_ns};
    struct key start = key_log(stream, &from, 0);
    if (range->last) {
        /* With no bound the end is the next stream: also runs at INT64_MAX lie before it. */
        struct key end = open_end ? key_log_stream(stream + 1) : key_log(stream, &until, 0);
        rc = find_last(walk, &end, range->from_ns, range->last, error, &start);
        if (rc) return rc;
    }
    struct log_key parsed;
    rc = kv_cursor_before(walk->cursor, &start, error, &walk->key, &walk->value);
    if (!rc && in_stream(walk, &parsed)) walk->expected = parsed.position.run;
    if (!rc || rc == PACE_ENOTFOUND)
        rc = kv_cursor_seek(walk->cursor, &start, error, &walk->key, &walk->value);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    walk->at_row = rc == 0;
    return 0;
}

void log_walk_close(struct log_walk *walk)
{
    kv_cursor_close(walk->cursor);
    walk->cursor = NULL;
}

/* The walk ends at the end of the stream (next NULL), or before the cursor's row: no row may be
 * missing between. */
static int finish(struct log_walk *walk, const struct log_key *next, struct pace_error *error)
{
    uint64_t last = walk->last_run;
    if (next) {
        struct row row;
        int rc = open_row(walk->txn, walk->key, walk->value, next, error, &row);
        if (rc) return rc;
        last = row.header.previous;
    }
    if (last != walk->expected)
        return damaged_order(walk->txn, walk->stream, walk->expected, error);
    walk->done = 1;
    return PACE_ENOTFOUND;
}

int log_walk_next(struct log_walk *walk, struct pace_error *error, struct row *row)
{
    struct log_key parsed;
    if (walk->done) return PACE_ENOTFOUND;
    while (walk->at_row && in_stream(walk, &parsed) && parsed.part != 0) {
        int rc = kv_cursor_next(walk->cursor, error, &walk->key, &walk->value);
        if (rc && rc != PACE_ENOTFOUND) return rc;
        walk->at_row = rc == 0;
    }
    if (!walk->at_row || !in_stream(walk, &parsed)) return finish(walk, NULL, error);
    if (walk->until_ns != INT64_MAX && parsed.position.time_ns >= walk->until_ns)
        return finish(walk, &parsed, error);

    int rc = open_row(walk->txn, walk->key, walk->value, &parsed, error, row);
    if (rc) return rc;
    if (row->header.previous != walk->expected)
        return damaged_order(walk->txn, walk->stream, walk->expected, error);
    walk->expected = row->header.run;
    rc = kv_cursor_next(walk->cursor, error, &walk->key, &walk->value);
    if (rc && rc != PACE_ENOTFOUND) return rc;
    walk->at_row = rc == 0;
    return 0;
}

int log_walk_part(struct log_walk *walk, const struct row *row, uint8_t part,
                  struct pace_error *error, struct row *out)
{
    struct position position = {
        .time_ns = row->header.time_ns, .ordinal = row->header.ordinal, .run = row->header.run};
    return log_get(walk->txn, walk->stream, &position, part, error, out);
}
