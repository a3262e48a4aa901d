/* verify_records.c -- every record of the store by itself: is its key one of a kind that there is,
 * is its checksum good, and does the rest of the store know of it? One row of `kinds` a kind of
 * record. */
#include "verify.h"
#include "blocks.h"
#include "branch.h"
#include "index.h"
#include "kept.h"
#include "measure.h"
#include "meta.h"
#include "names.h"
#include "row.h"

#include <stdio.h>
#include <string.h>

/* A record; `body` is what follows the checksum. */
struct record {
    struct kv_slice key, value, body;
    const struct kind *kind;
};

/* A number in a key: `bytes` from `at`, big-endian. */
struct number {
    uint8_t at, bytes;
};

struct kind {
    char tag;
    uint8_t own_seal; /* 1: the record has sums of its own that check() looks at */
    uint8_t key_bytes;
    const char *place, *second; /* words before the numbers */
    struct number numbers[2];
    /* NULL, or what is wrong (static). May be NULL. */
    const char *(*check)(struct verify *verify, const struct record *record);
};

static uint64_t number_at(const unsigned char *key, struct number number)
{
    uint64_t out = 0;
    for (unsigned i = 0; i < number.bytes; i++)
        out = out << 8 | key[number.at + i];
    return out;
}

static uint64_t key_number(const struct record *record, size_t index)
{
    return number_at(record->key.data, record->kind->numbers[index]);
}

static uint32_t u32_of(const struct record *record, size_t at)
{
    uint32_t number;
    memcpy(&number, record->body.data + at, sizeof number);
    return number;
}

/* 1 when what a record leads to is damaged. That it cannot be read for another reason is not damage,
 * and ends the walk. */
static int is_damaged(struct verify *verify, int rc)
{
    if (rc == PACE_ENOMEM || rc == PACE_EIO || rc > 0) verify->rc = rc;
    return rc && !verify->rc;
}

/* -- names and streams ----------------------------------------------------------------------- */

static const char *check_name_chunk(struct verify *verify, const struct record *record)
{
    uint64_t dimension = key_number(record, 0);
    if (dimension >= PACE_DIMENSION_COUNT ||
        key_number(record, 1) >= verify->head->names[dimension].chunks)
        return "no list of names has it";
    return NULL;
}

static const char *check_name_index(struct verify *verify, const struct record *record)
{
    uint64_t dimension = key_number(record, 0), hash = key_number(record, 1);
    size_t at = 0;
    if (dimension >= PACE_DIMENSION_COUNT) return "no list of names has it";
    if (!verify->names[dimension]) return NULL;
    while (at < record->body.len) {
        uint16_t len;
        if (record->body.len - at < 6) return "it is cut off";
        uint32_t id = u32_of(record, at);
        memcpy(&len, record->body.data + at + 4, sizeof len);
        const char *name = (const char *)record->body.data + at + 6;
        at += 6;
        if (record->body.len - at < len) return "it is cut off";
        if (id >= verify->head->names[dimension].names ||
            strlen(verify->names[dimension][id]) != len ||
            memcmp(verify->names[dimension][id], name, len) != 0 || text_hash(name, len) != hash)
            return "it names what is not in the list";
        at += len;
        verify->index_names[dimension]++;
    }
    return NULL;
}

static const char *check_stream(struct verify *verify, const struct record *record)
{
    return key_number(record, 0) < verify->head->streams ? NULL
                                                         : "the head record has fewer streams";
}

static const char *check_stream_index(struct verify *verify, const struct record *record)
{
    uint32_t stream = record->body.len == 4 ? u32_of(record, 0) : UINT32_MAX;
    if (stream >= verify->head->streams) return "it leads to no stream";
    if (!verify->streams) return NULL;
    const struct stream_record *found = &verify->streams[stream];
    struct key key = key_stream_names(found->project, found->branch, found->testbed);
    return key_begins(record->key.data, record->key.len, &key) ? NULL
                                                               : "it leads to another stream";
}

static const char *check_shape(struct verify *verify, const struct record *record)
{
    return key_number(record, 0) < verify->head->shapes ? NULL : "the head record has fewer shapes";
}

static const char *check_columns(struct verify *verify, const struct record *record)
{
    struct shape *shape;
    uint64_t id = key_number(record, 0);
    if (id >= verify->head->shapes) return "the head record has fewer shapes";
    if (shapes_read(verify->txn, &verify->snapshot->shapes, (uint32_t)id, NULL, &shape))
        return NULL; /* told */
    return key_number(record, 1) * COLUMNS_PER_CHUNK < shape->length
               ? NULL
               : "its shape has fewer columns";
}

static const char *check_shape_start(struct verify *verify, const struct record *record)
{
    if (record->body.len == 0 || record->body.len % 4 || record->body.len > 4 * SHAPES_PER_START)
        return "it is cut off";
    for (size_t at = 0; at < record->body.len; at += 4) {
        struct shape *shape;
        uint32_t id = u32_of(record, at);
        if (id >= verify->head->shapes) return "it leads to no shape";
        int rc = shapes_read(verify->txn, &verify->snapshot->shapes, id, NULL, &shape);
        if (is_damaged(verify, rc)) continue; /* told */
        if (rc) return NULL;
        if (shape->length == 0 || shape->columns[0].benchmark != key_number(record, 0) ||
            shape->columns[0].measure != key_number(record, 1))
            return "it leads to another shape";
    }
    return NULL;
}

static const char *check_measure(struct verify *verify, const struct record *record)
{
    uint32_t project = (uint32_t)key_number(record, 0), measure = (uint32_t)key_number(record, 1);
    const struct name_count *names = verify->head->names;
    struct measure found;
    if ((project != MEASURE_EVERY_PROJECT && project >= names[PACE_PROJECT].names) ||
        measure >= names[PACE_MEASURE].names)
        return "it belongs to no project and measure";
    int rc = measure_load(verify->txn, project, measure, NULL, &found);
    if (is_damaged(verify, rc) || (!rc && measure_check_unit(found.unit, NULL)))
        return "it holds no unit";
    return NULL;
}

/* -- branches -------------------------------------------------------------------------------- */

static int ignore_stream(void *context, uint32_t stream, struct pace_error *error)
{
    (void)context, (void)stream, (void)error;
    return 0;
}

static const char *check_branch(struct verify *verify, const struct record *record)
{
    uint32_t branch = (uint32_t)key_number(record, 0);
    struct branch_record body;
    if (record->body.len != sizeof body) return "it is cut off";
    memcpy(&body, record->body.data, sizeof body);
    if (branch >= verify->head->names[PACE_BRANCH].names) return "no branch has it";
    verify->branch_streams += body.streams;
    verify->branch_projects += body.projects;
    return is_damaged(verify, branch_streams(verify->txn, branch, NULL, ignore_stream, NULL))
               ? "it has another number of streams"
               : NULL;
}

static const char *check_starts(struct verify *verify, const struct record *record)
{
    uint32_t branch = (uint32_t)key_number(record, 0), project = (uint32_t)key_number(record, 1);
    struct pace_start_point start;
    if (record->body.len != 4 || u32_of(record, 0) == 0) return "it is cut off";
    if (branch >= verify->head->names[PACE_BRANCH].names ||
        project >= verify->head->names[PACE_PROJECT].names)
        return "no branch has it";
    verify->start_versions += u32_of(record, 0);
    int rc = pace_start_point_get(verify->snapshot, project, branch, NULL, &start);
    if (rc != PACE_ENOTFOUND && is_damaged(verify, rc)) return "its newest version cannot be read";
    return NULL;
}

static const char *check_start(struct verify *verify, const struct record *record)
{
    struct key key = key_starts((uint32_t)key_number(record, 0), (uint32_t)key_number(record, 1));
    struct start_record body;
    uint32_t versions, version = 0;
    for (size_t i = 9; i < record->key.len; i++)
        version = version << 8 | record->key.data[i];
    int rc = kv_get_struct(verify->txn, &key, "a start point", NULL, &versions, sizeof versions);
    if (is_damaged(verify, rc) || (!rc && (version == 0 || version > versions)))
        return "its branch has fewer versions";
    if (record->body.len < sizeof body) return "it is cut off";
    memcpy(&body, record->body.data, sizeof body);
    if (record->body.len != sizeof body + body.commit_len || body.commit_len > PACE_MAX_COMMIT)
        return "it is cut off";
    return body.parent < verify->head->names[PACE_BRANCH].names || body.parent == START_TAKEN_BACK
               ? NULL
               : "it leads to no branch";
}

/* -- runs ------------------------------------------------------------------------------------ */

/* 1 when the run is in no stream's history. Where a history could not be read to its end, which was
 * told, nobody knows. */
static int is_missing(const struct verify *verify, uint64_t run)
{
    return !verify->unread && !verify_run_find(verify, run);
}

static const char *check_row(struct verify *verify, const struct record *record)
{
    struct log_key key;
    struct row row;
    struct row_cell cell;
    if (!key_log_parse(record->key.data, record->key.len, &key)) return "its key is wrong";
    if (row_open(&row, record->value.data, record->value.len, record->key.data, record->key.len))
        return "its checksum is wrong";
    const struct verify_run *run = verify_run_find(verify, key.position.run);
    if (is_missing(verify, key.position.run)) return "the history of its stream does not have it";
    if (run && (run->stream != key.stream || run->time_ns != key.position.time_ns ||
                run->ordinal != key.position.ordinal || !(row.header.parts >> key.part & 1)))
        return "the history of its stream has it in another place";
    for (uint32_t i = 0; i < ROW_PART_COLUMNS && i < row.header.slots; i++) {
        if (row_cell(&row, row.header.base + i, &cell)) return "the checksum of its cells is wrong";
    }
    return NULL;
}

static const char *check_block_list(struct verify *verify, const struct record *record)
{
    size_t len = record->body.len,
           jobs = key_number(record, 1) == 0 ? sizeof(struct block_jobs) : 0;
    if (key_number(record, 0) >= verify->head->streams) return "the head record has fewer streams";
    return len < jobs || (len - jobs) % sizeof(struct block_entry) ? "it is cut off" : NULL;
}

/* The cells of a finished block are read with the history of its stream. */
static const char *check_block_runs(struct verify *verify, const struct record *record)
{
    struct key key =
        key_block_runs((uint32_t)key_number(record, 0), (uint32_t)key_number(record, 1));
    struct block_runs runs;
    struct pace_run_view view;
    if (block_runs_open(&runs, record->value.data, record->value.len, &key))
        return "its checksum is wrong";
    for (uint32_t i = 0; i < runs.header.runs; i++) {
        if (block_runs_view(&runs, i, &view)) return "the checksum of its runs is wrong";
        if (is_missing(verify, view.run))
            return "the history of its stream does not have one of them";
    }
    int fit = block_runs_keys_fit(&runs);
    if (fit < 0) return "the checksum of its runs is wrong";
    return fit ? NULL : "the key of a commit is not its own";
}

static const char *check_block_group(struct verify *verify, const struct record *record)
{
    struct block_group group;
    uint32_t from = (uint32_t)number_at(record->key.data, (struct number){9, 4});
    struct key key =
        key_block_group((uint32_t)key_number(record, 0), (uint32_t)key_number(record, 1), from);
    (void)verify;
    return block_group_open(&group, record->value.data, record->value.len, &key)
               ? "its checksum is wrong"
               : NULL;
}

/* Its numbers are compared with the history of the stream. */
static const char *check_totals(struct verify *verify, const struct record *record)
{
    uint64_t stream = key_number(record, 0);
    if (stream >= verify->head->streams) return "the head record has fewer streams";
    if (!verify->streams) return NULL;
    return verify->streams[stream].totals_runs ? NULL : "its stream has none";
}

/* What it says is known to those who keep it. */
static const char *check_kept(struct verify *verify, const struct record *record)
{
    uint32_t stream = (uint32_t)key_number(record, 0), kind = (uint32_t)key_number(record, 1);
    uint32_t part = (uint32_t)number_at(record->key.data, (struct number){9, 4});
    struct key key = key_kept(stream, kind, 0);
    struct kept_header header;
    struct kv_slice first = record->body;
    if (stream >= verify->head->streams) return "the head record has fewer streams";
    int rc = part ? kv_get_sealed(verify->txn, &key, "a kept value", NULL, &first) : 0;
    if (rc) return is_damaged(verify, rc) ? "its first part cannot be read" : NULL;
    if (kept_header_read(&first, &header)) return part ? NULL : "it is cut off"; /* told */
    if (part >= header.parts) return "its value has fewer parts";
    if (part && record->body.len != kept_part_bytes(&header, part)) return "it is cut off";
    for (uint32_t next = part + 1; next < header.parts && part == 0; next++) {
        key = key_kept(stream, kind, next);
        rc = kv_get_sealed(verify->txn, &key, "a kept value", NULL, &first);
        if (rc == PACE_ENOTFOUND) return "a part of it is missing";
    }
    if (verify->streams && header.runs > verify->streams[stream].run_count)
        return "its stream has fewer runs";
    const struct verify_run *run = verify_run_find(verify, header.run);
    if (is_missing(verify, header.run) || (run && run->stream != stream))
        return "its run is in no place of its stream";
    return NULL;
}

static const char *check_run(struct verify *verify, const struct record *record)
{
    return is_missing(verify, key_number(record, 0)) ? "no stream has it" : NULL;
}

/* A chunk of pairs: it begins where the one before it ends, its pairs are in order and of its
 * range, and each leads to a run with that word. */
static const char *check_pairs(struct verify *verify, const struct record *record)
{
    int of_ids = record->kind->tag == INDEX_IDENTITIES;
    struct pair *until = of_ids ? &verify->identities_until : &verify->commits_until;
    struct pair_chunk chunk;
    if (pair_chunk_read(record->key, record->value, &chunk)) return "it is cut off";
    if (pairs_order(&chunk.from, until) != 0) return "it is not where the one before it ends";
    *until = chunk.until;
    for (uint32_t i = 0; i < chunk.count; i++) {
        const struct pair *pair = &chunk.pairs[i];
        if (pairs_order(pair, i ? &chunk.pairs[i - 1] : &chunk.from) < (i > 0) ||
            pairs_order(pair, &chunk.until) >= 0)
            return "it is not in order";
        if (is_missing(verify, pair->run)) return "it leads to no run";
        const struct verify_run *run = verify_run_find(verify, pair->run);
        if (run && pair->word != (of_ids ? run->id_word : run->commit_word))
            return "it leads to another run";
    }
    return NULL;
}

static const char *check_meta(struct verify *verify, const struct record *record)
{
    const struct verify_run *run = verify_run_find(verify, key_number(record, 0));
    if (is_missing(verify, key_number(record, 0))) return "it belongs to no run";
    return !run || key_number(record, 1) < run->meta_parts ? NULL : "its run has fewer parts";
}

static const char *check_bases(struct verify *verify, const struct record *record)
{
    struct meta_base base;
    if (key_number(record, 0) >= verify->head->names[PACE_PROJECT].names)
        return "there is no such project";
    if (record->body.len == 0 || record->body.len % sizeof base ||
        record->body.len > META_BASES * sizeof base)
        return "it is cut off";
    for (size_t at = 0; at < record->body.len; at += sizeof base) {
        int is_whole = 0;
        memcpy(&base, record->body.data + at, sizeof base);
        const struct verify_run *run = verify_run_find(verify, base.run);
        if (is_missing(verify, base.run)) return "it names a run that is not there";
        if (run && (run->meta_parts != 1 ||
                    (!meta_is_whole(verify->txn, base.run, NULL, &is_whole) && !is_whole)))
            return "it names a run whose metadata is not whole";
    }
    return NULL;
}

static const char *check_samples(struct verify *verify, const struct record *record)
{
    const struct verify_run *run = verify_run_find(verify, key_number(record, 0));
    if (is_missing(verify, key_number(record, 0))) return "it belongs to no run";
    return !run || key_number(record, 1) < run->sample_parts ? NULL : "its run has fewer parts";
}

/* -- marks and saved objects ----------------------------------------------------------------- */

static const char *check_mark(struct verify *verify, const struct record *record)
{
    uint64_t mark = key_number(record, 0);
    return mark >= 1 && mark <= verify->head->marks ? NULL : "the head record has fewer marks";
}

static const char *check_object(struct verify *verify, const struct record *record)
{
    uint64_t sequence = key_number(record, 0);
    return sequence >= 1 && sequence <= verify->head->objects
               ? NULL
               : "the head record has fewer versions";
}

static const char *check_gap(struct verify *verify, const struct record *record)
{
    uint64_t first = key_number(record, 0), last;
    if (record->body.len != sizeof last) return "it is cut off";
    memcpy(&last, record->body.data, sizeof last);
    if (first <= verify->last_gap || first > last || last > verify->head->runs)
        return "it is no range of runs";
    int is_short = last - first < verify->run_count; /* which way is quicker? */
    for (uint64_t i = 0; i < (is_short ? last - first + 1 : verify->run_count); i++) {
        uint64_t run = is_short ? first + i : verify->runs[i].run;
        if (run >= first && run <= last && verify_run_find(verify, run))
            return "a run of it is there";
    }
    verify->dropped += last - first + 1;
    verify->last_gap = last;
    return NULL;
}

/* -- the table ------------------------------------------------------------------------------- */

static const struct kind kinds[] = {
    {'f', 0, 1, "the format record", "", {{0}}, NULL},
    {'s', 0, 1, "the head record", "", {{0}}, NULL},
    {'n', 0, 6, "names of kind", ", chunk", {{1, 1}, {2, 4}}, check_name_chunk},
    {'N', 0, 10, "the index of names of kind", ", hash", {{1, 1}, {2, 8}}, check_name_index},
    {'t', 0, 5, "stream", "", {{1, 4}}, check_stream},
    {'S',
     0,
     13,
     "the index of streams at branch",
     ", project",
     {{1, 4}, {5, 4}},
     check_stream_index},
    {'B', 0, 5, "the record of branch", "", {{1, 4}}, check_branch},
    {'y', 0, 9, "the start points of branch", ", project", {{1, 4}, {5, 4}}, check_starts},
    {'z', 0, 13, "the start point of branch", ", project", {{1, 4}, {5, 4}}, check_start},
    {'p', 0, 5, "shape", "", {{1, 4}}, check_shape},
    {'c', 0, 9, "the columns of shape", ", chunk", {{1, 4}, {5, 4}}, check_columns},
    {'P',
     0,
     9,
     "the index of shapes at benchmark",
     ", measure",
     {{1, 4}, {5, 4}},
     check_shape_start},
    {'u', 0, 9, "the unit of project", ", measure", {{1, 4}, {5, 4}}, check_measure},
    {'d', 0, 9, "the list of blocks of stream", ", chunk", {{1, 4}, {5, 4}}, check_block_list},
    {'g', 1, 9, "the runs of stream", ", block", {{1, 4}, {5, 4}}, check_block_runs},
    {'G', 1, 13, "the cells of stream", ", block", {{1, 4}, {5, 4}}, check_block_group},
    {'T', 1, 5, "the totals of stream", "", {{1, 4}}, check_totals},
    {'v', 0, 13, "the kept values of stream", ", kind", {{1, 4}, {5, 4}}, check_kept},
    {'l', 1, 26, "run", " in stream", {{17, 8}, {1, 4}}, check_row},
    {'j', 0, 9, "the dropped runs from run", "", {{1, 8}}, check_gap},
    {'r', 0, 9, "the index of runs at run", "", {{1, 8}}, check_run},
    {'i', 0, 17, "the index of run ids at", "", {{1, 8}}, check_pairs},
    {'k', 0, 17, "the index of commits at", "", {{1, 8}}, check_pairs},
    {'m', 0, 13, "the metadata of run", ", part", {{1, 8}, {9, 4}}, check_meta},
    {'e', 0, 5, "the bases of metadata of project", "", {{1, 4}}, check_bases},
    {'x', 0, 13, "the samples of run", ", part", {{1, 8}, {9, 4}}, check_samples},
    {'a', 0, 9, "mark", "", {{1, 8}}, check_mark},
    {'b', 0, 9, "the undoing of mark", "", {{1, 8}}, check_mark},
    {'o', 0, 9, "the saved objects at version", "", {{1, 8}}, check_object},
};

static const struct kind *find_kind(const void *key, size_t len)
{
    const char *tag = key;
    for (size_t i = 0; len && i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].tag == *tag && kinds[i].key_bytes == len) return &kinds[i];
    }
    return NULL;
}

void verify_place(const void *key, size_t len, char *out, size_t size)
{
    const struct kind *kind = find_kind(key, len);
    if (!kind) {
        snprintf(out, size, "a record of no known kind (%zu bytes of key, the first %02x)", len,
                 len ? *(const unsigned char *)key : 0u);
        return;
    }
    int used = snprintf(out, size, "%s", kind->place);
    for (size_t i = 0; i < 2 && kind->numbers[i].bytes && used >= 0 && (size_t)used < size; i++)
        used += snprintf(out + used, size - (size_t)used, "%s %llu", i ? kind->second : "",
                         (unsigned long long)number_at(key, kind->numbers[i]));
}

static int check_record(struct verify *verify, struct kv_slice key, struct kv_slice value)
{
    struct record record = {.key = key, .value = value, .kind = find_kind(key.data, key.len)};
    const char *problem = NULL;
    verify->kinds[key.data[0]]++;
    verify->result->records++;
    if (!record.kind)
        problem = "its key is wrong";
    else if (!record.kind->own_seal && !seal_good(value.data, value.len, key.data, key.len))
        problem = "its checksum is wrong";
    if (!problem && !record.kind->own_seal)
        record.body =
            (struct kv_slice){.data = value.data + SEAL_BYTES, .len = value.len - SEAL_BYTES};
    if (!problem && record.kind->check) problem = record.kind->check(verify, &record);
    if (!problem) return 0;
    char place[200];
    verify_place(key.data, key.len, place, sizeof place);
    return verify_tell(verify, place, "%s", problem);
}

int verify_records(struct verify *verify, struct pace_error *error)
{
    struct kv_cursor *cursor;
    struct kv_slice key, value;
    struct key start = {.len = 1};
    int rc = kv_cursor_open(verify->txn, error, &cursor);
    if (rc) return rc;
    rc = kv_cursor_seek(cursor, &start, error, &key, &value);
    while (!rc && !check_record(verify, key, value) && !verify->rc)
        rc = kv_cursor_next(cursor, error, &key, &value);
    kv_cursor_close(cursor);
    if (verify->rc) return error_set(error, verify->rc, "%s", pace_strerror(verify->rc));
    return rc == PACE_ENOTFOUND ? 0 : verify_outcome(verify, rc, "the records", error);
}
