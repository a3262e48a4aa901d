/* stream.c -- stream records; see stream.h. */
#include "stream.h"
#include "error.h"

#include <string.h>

static int damaged_stream(struct kv_txn *txn, uint32_t stream, struct pace_error *error)
{
    return error_damaged(error, "%s: the record of stream %u", kv_path(txn), stream);
}

int stream_load(struct kv_txn *txn, uint32_t stream, struct pace_error *error,
                struct stream_record *out)
{
    struct key key = key_stream(stream);
    int rc = kv_get_struct(txn, &key, "the record of a stream", error, out, sizeof *out);
    if (rc == PACE_ENOTFOUND) return damaged_stream(txn, stream, error);
    return rc;
}

/* They lie side by side: walking over them takes a tenth of the time of looking up each. */
int streams_load(struct kv_txn *txn, uint32_t count, struct pace_error *error,
                 struct stream_record *out)
{
    enum { PAIRS = 64 };
    struct key any = key_stream(0), prefix = {.len = 1, .bytes = {any.bytes[0]}};
    struct kv_pair pairs[PAIRS];
    struct kv_cursor *cursor;
    size_t some = PAIRS;
    uint32_t at = 0;
    int rc = kv_cursor_open(txn, error, &cursor);
    if (rc) return rc;
    for (int go_on = 0; !rc && some == PAIRS && at < count; go_on = 1) {
        rc = kv_cursor_list(cursor, &prefix, go_on, pairs, PAIRS, error, &some);
        for (size_t i = 0; !rc && i < some && at < count; i++, at++) {
            struct key key = key_stream(at);
            struct kv_slice value = pairs[i].value;
            if (pairs[i].key.len != key.len || memcmp(pairs[i].key.data, key.bytes, key.len) ||
                value.len != SEAL_BYTES + sizeof *out ||
                !seal_good(value.data, value.len, key.bytes, key.len))
                rc = damaged_stream(txn, at, error);
            else
                memcpy(&out[at], value.data + SEAL_BYTES, sizeof *out);
        }
    }
    kv_cursor_close(cursor);
    return !rc && at < count ? damaged_stream(txn, at, error) : rc;
}

int stream_store(struct kv_txn *txn, uint32_t stream, const struct stream_record *record,
                 struct pace_error *error)
{
    struct key key = key_stream(stream);
    return kv_put_struct(txn, &key, record, sizeof *record, error);
}

int stream_find(struct kv_txn *txn, uint32_t project, uint32_t branch, uint32_t testbed,
                struct pace_error *error, uint32_t *stream)
{
    struct key key = key_stream_names(project, branch, testbed);
    return kv_get_optional_struct(txn, &key, "the index of streams", error, stream, sizeof *stream);
}

void stream_count_run(struct stream_record *record, const struct position *position, size_t cells)
{
    struct position last = stream_last(record);
    if (record->run_count == 0 || position_compare(position, &last) > 0) {
        record->last_time_ns = position->time_ns;
        record->last_ordinal = position->ordinal;
        record->last_run = position->run;
    }
    if (record->run_count == 0 || position->time_ns < record->first_time_ns)
        record->first_time_ns = position->time_ns;
    record->run_count++;
    record->cell_count += cells;
}

struct position stream_last(const struct stream_record *record)
{
    return (struct position){
        .time_ns = record->last_time_ns, .ordinal = record->last_ordinal, .run = record->last_run};
}

struct position stream_log_last(const struct stream_record *record)
{
    return (struct position){
        .time_ns = record->log_time_ns, .ordinal = record->log_ordinal, .run = record->log_run};
}
