/* load_lines.c -- a file of JSON lines: checked whole, brought together into runs, stored.
 *
 * Lines of one project, branch, testbed, time, commit and run are one run, wherever they stand.
 * Runs are stored in order of stream and time, and those of equal time as their first lines stand,
 * since arrival breaks ties. Two external sorts do it, so that memory is bounded whatever the file
 * holds:
 *
 *   by run    key: project branch testbed time commit run | line
 *             the first record of a run has the run's first line, which is a part of the next key
 *   in order  key: project branch testbed time first-line benchmark measure | line
 *             two neighbours of one benchmark and measure are a duplicate; read again, it is the
 * store's order
 *
 * Texts in keys end with a NUL (they hold none), numbers are big-endian, so bytes compare as
 * values. */
#include "load.h"
#include "../engine/unit.h"
#include "adapters/json.h"
#include "adapters/lines.h"
#include "sorter.h"
#include "timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* -- records ----------------------------------------------------------------------------------- */

struct bytes {
    char *data;
    size_t len, capacity;
    int failed;
};

static void put_bytes(struct bytes *bytes, const void *data, size_t len)
{
    if (bytes->capacity - bytes->len < len) {
        size_t capacity = (bytes->capacity + len) * 2;
        char *grown = realloc(bytes->data, capacity);
        if (grown == NULL) {
            bytes->failed = 1;
            return;
        }
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (len > 0) memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

static void put_text(struct bytes *bytes, const char *text)
{
    put_bytes(bytes, text, strlen(text) + 1);
}

static void put_number(struct bytes *bytes, uint64_t number)
{
    unsigned char out[8];
    for (int i = 7; i >= 0; i--) {
        out[i] = (unsigned char)(number & 0xff);
        number >>= 8;
    }
    put_bytes(bytes, out, sizeof out);
}

static const char *get_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

static uint64_t get_number(const char **at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | (unsigned char)(*at)[i];
    *at += 8;
    return number;
}

/* The parts of a cell that are no text. Written and read by the same process only. */
struct fixed {
    double value, lower, upper;
    uint64_t sample_count;
    int32_t direction, status;
};

static void put_cell(struct bytes *bytes, const struct pace_cell *cell)
{
    struct fixed fixed = {cell->value,
                          cell->lower,
                          cell->upper,
                          cell->sample_count,
                          (int32_t)cell->direction,
                          (int32_t)cell->status};
    put_text(bytes, cell->unit);
    put_bytes(bytes, &fixed, sizeof fixed);
    put_bytes(bytes, cell->samples, cell->sample_count * sizeof *cell->samples);
}

/* One record of the second sort, taken apart. Texts point into it; the samples begin at
 * sample_bytes, not aligned. */
struct entry {
    struct line_point point;
    uint64_t first_line, line;
    const char *sample_bytes;
};

static struct entry entry_of(const struct sorter_record *record)
{
    struct entry entry = {0};
    struct fixed fixed;
    const char *at = record->key;
    entry.point.project = get_text(&at);
    entry.point.branch = get_text(&at);
    entry.point.testbed = get_text(&at);
    entry.point.time_ns = (int64_t)get_number(&at);
    entry.first_line = get_number(&at);
    entry.point.cell.benchmark = get_text(&at);
    entry.point.cell.measure = get_text(&at);
    entry.line = get_number(&at);
    at = record->value;
    entry.point.commit = get_text(&at);
    entry.point.run = get_text(&at);
    entry.point.cell.unit = get_text(&at);
    memcpy(&fixed, at, sizeof fixed);
    entry.point.cell.value = fixed.value;
    entry.point.cell.lower = fixed.lower;
    entry.point.cell.upper = fixed.upper;
    entry.point.cell.sample_count = (size_t)fixed.sample_count;
    entry.point.cell.direction = (enum pace_direction)fixed.direction;
    entry.point.cell.status = (enum pace_cell_status)fixed.status;
    entry.sample_bytes = at + sizeof fixed;
    return entry;
}

/* Appends a record to others; stored_record() takes them one after the other. */
static void store_record(struct bytes *bytes, const struct sorter_record *record)
{
    put_number(bytes, record->key_len);
    put_number(bytes, record->value_len);
    put_bytes(bytes, record->key, record->key_len);
    put_bytes(bytes, record->value, record->value_len);
}

static struct sorter_record stored_record(const struct bytes *bytes, size_t *at)
{
    const char *head = bytes->data + *at;
    struct sorter_record record = {0};
    record.key_len = (size_t)get_number(&head);
    record.value_len = (size_t)get_number(&head);
    record.key = head;
    record.value = head + record.key_len;
    *at = (size_t)(record.value - bytes->data) + record.value_len;
    return record;
}

/* -- units ------------------------------------------------------------------------------------- */

/* The unit of each project x measure of the file, or of the store. Open addressing. */
struct measure {
    const char *project, *name, *unit; /* in the arena; project NULL: a free slot */
    uint64_t line;                     /* where the unit comes from; 0: the store */
};

struct measures {
    struct arena arena;
    struct measure *slots;
    size_t count, capacity; /* capacity is a power of two */
};

static size_t hash(const char *project, const char *name)
{
    uint64_t value = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *c = project; *c != '\0'; c++)
        value = (value ^ (unsigned char)*c) * UINT64_C(1099511628211);
    value *= UINT64_C(1099511628211);
    for (const char *c = name; *c != '\0'; c++)
        value = (value ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

/* The slot of a measure, or the free one where it would go. */
static struct measure *measure_slot(const struct measures *measures, const char *project,
                                    const char *name)
{
    size_t mask = measures->capacity - 1, at = hash(project, name) & mask;
    while (measures->slots[at].project != NULL &&
           (strcmp(measures->slots[at].project, project) != 0 ||
            strcmp(measures->slots[at].name, name) != 0))
        at = (at + 1) & mask;
    return &measures->slots[at];
}

static int measures_grow(struct measures *measures)
{
    struct measures grown = *measures;
    grown.capacity = measures->capacity == 0 ? 64 : measures->capacity * 2;
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (grown.slots == NULL) return PACE_ENOMEM;
    for (size_t i = 0; i < measures->capacity; i++) {
        const struct measure *measure = &measures->slots[i];
        if (measure->project != NULL)
            *measure_slot(&grown, measure->project, measure->name) = *measure;
    }
    free(measures->slots);
    *measures = grown;
    return 0;
}

/* The unit that the store has for a measure, or "". Lives as long as the snapshot. */
static const char *stored_unit(pace_snapshot *snapshot, const struct line_point *point)
{
    uint32_t project = 0, measure = 0;
    struct pace_measure found = {0};
    if (snapshot == NULL ||
        pace_name_find(snapshot, PACE_PROJECT, point->project, strlen(point->project), NULL,
                       &project) != 0 ||
        pace_name_find(snapshot, PACE_MEASURE, point->cell.measure, strlen(point->cell.measure),
                       NULL, &measure) != 0 ||
        pace_measure_get(snapshot, project, measure, NULL, &found) != 0)
        return "";
    return found.unit;
}

/* -- reading the file -------------------------------------------------------------------------- */

struct lines {
    struct load *load;
    struct input_stream *stream;
    struct pace_error *error;
    struct arena arena; /* of the lines since it was cleared last */
    struct sorter *by_run, *in_order;
    struct measures measures;
    pace_snapshot *snapshot; /* while the file is checked; NULL in a dry run without a store */
    struct bytes key, value;
    double *samples; /* aligned copy of one cell's */
    size_t sample_capacity;
    uint64_t error_count, point_count, untimed_count;
};

static int no_memory(struct lines *lines)
{
    return error_fill(lines->error, PACE_ENOMEM, "%.300s: out of memory", lines->stream->name);
}

/* Says an error of one line. Returns 0 to go on, or PACE_EVALUE when there were enough. */
static int line_failed(struct lines *lines, const struct pace_error *failed)
{
    load_fail(lines->load, failed);
    return ++lines->error_count < LOAD_MAX_ERRORS ? 0 : PACE_EVALUE;
}

/* Holds the unit against the first one of its measure. */
static int check_unit(struct lines *lines, const struct line_point *point, uint64_t line)
{
    struct measures *measures = &lines->measures;
    struct pace_error failed;
    const char *unit = point->cell.unit;
    double factor = 0;
    if ((measures->count + 1) * 4 > measures->capacity * 3 && measures_grow(measures) != 0)
        return no_memory(lines);
    struct measure *slot = measure_slot(measures, point->project, point->cell.measure);
    if (slot->project == NULL) {
        if (++measures->count > LOAD_MAX_MEASURES)
            return error_fill(lines->error, PACE_ELIMIT,
                              "%.300s: more than %d measures (LOAD_MAX_MEASURES)",
                              lines->stream->name, (int)LOAD_MAX_MEASURES);
        slot->name = arena_string(&measures->arena, point->cell.measure);
        slot->unit = arena_string(&measures->arena, stored_unit(lines->snapshot, point));
        slot->project = arena_string(&measures->arena, point->project);
        if (measures->arena.failed) return no_memory(lines);
    }
    if (unit[0] == '\0') return 0;
    if (slot->unit[0] == '\0') {
        slot->unit = arena_string(&measures->arena, unit);
        slot->line = line;
        return slot->unit != NULL ? 0 : no_memory(lines);
    }
    if (strcmp(unit, slot->unit) == 0 || unit_convert(unit, slot->unit, &factor) == 0) return 0;
    char where[40] = "the store";
    if (slot->line > 0) (void)snprintf(where, sizeof where, "line %" PRIu64, slot->line);
    (void)error_fill(&failed, PACE_EUNIT,
                     "%.160s: line %" PRIu64 ": measure '%.120s' is in '%.64s' (%s); '%.64s' is of "
                     "another kind: name the measure otherwise",
                     lines->stream->name, line, point->cell.measure, slot->unit, where, unit);
    return line_failed(lines, &failed);
}

static int put_point(struct lines *lines, const struct line_point *point, uint64_t line)
{
    struct bytes *key = &lines->key, *value = &lines->value;
    key->len = value->len = 0;
    put_text(key, point->project);
    put_text(key, point->branch);
    put_text(key, point->testbed);
    put_number(key, (uint64_t)point->time_ns);
    put_text(key, point->commit);
    put_text(key, point->run);
    put_number(key, line);
    put_text(value, point->cell.benchmark);
    put_text(value, point->cell.measure);
    put_cell(value, &point->cell);
    if (key->failed || value->failed) return no_memory(lines);
    struct sorter_record record = {key->data, key->len, value->data, value->len};
    return sorter_put(lines->by_run, &record, lines->error);
}

static int read_line(struct lines *lines, const struct line_defaults *defaults, const char *text,
                     size_t len)
{
    struct input_stream *stream = lines->stream;
    struct line_point point;
    struct pace_error failed;
    if (strspn(text, " \t") == len) return 0;
    int code =
        line_parse(stream->name, stream->line, text, len, defaults, &lines->arena, &failed, &point);
    if (code == PACE_ENOMEM) return no_memory(lines);
    if (code != 0) return line_failed(lines, &failed);
    lines->point_count++;
    lines->untimed_count += point.time_given ? 0 : 1;
    code = check_unit(lines, &point, stream->line);
    if (code == 0 && lines->error_count == 0) code = put_point(lines, &point, stream->line);
    if (lines->arena.used_bytes > 1 << 20) arena_clear(&lines->arena);
    return code;
}

/* What stands for the time where a line has none: what was asked for, else when the file was
 * written (so that loading it again is the same), else now. */
static int64_t default_time(const struct lines *lines)
{
    const struct load_options *options = &lines->load->options;
    if (options->has_time) return options->time_ns;
    return lines->stream->is_file ? lines->stream->mtime_ns : options->now_ns;
}

static int read_lines(struct lines *lines)
{
    const struct load_options *options = &lines->load->options;
    struct line_defaults defaults = {
        .project = options->project,
        .branch = options->branch,
        .testbed = options->testbed,
        .commit = options->commit,
        .time_ns = default_time(lines),
        .now_ns = options->now_ns,
    };
    int code = 0;
    for (;;) {
        char *text = NULL;
        size_t len = 0;
        code = input_line(lines->stream, lines->error, &text, &len);
        if (code == 0 && text == NULL) break;
        if (code == 0) code = read_line(lines, &defaults, text, len);
        if (code != 0) break;
    }
    if (code == 0 && lines->untimed_count > 0 && !options->has_time) {
        char time[TIMESTAMP_TEXT_MAX], message[400];
        (void)snprintf(
            message, sizeof message,
            "%.200s: %" PRIu64 " lines have no time; taken as %s (--time says otherwise)",
            lines->stream->name, lines->untimed_count, timestamp_print(time, defaults.time_ns));
        load_warn(lines->load, message);
    }
    return code;
}

/* -- bringing runs together -------------------------------------------------------------------- */

/* From the first order to the second: each record gets the first line of its run. */
static int reorder(struct lines *lines)
{
    struct bytes run = {0};
    struct sorter_record record;
    uint64_t first_line = 0;
    int code = sorter_start(lines->by_run, lines->error);
    while (code == 0 && (code = sorter_next(lines->by_run, lines->error, &record)) == 0 &&
           record.key != NULL) {
        size_t run_len = record.key_len - sizeof(uint64_t);
        const char *at = record.key + run_len, *value = record.value;
        uint64_t line = get_number(&at);
        if (run.len != run_len || memcmp(run.data, record.key, run_len) != 0) {
            run.len = 0;
            put_bytes(&run, record.key, run_len);
            first_line = line;
        }
        at = record.key;
        (void)get_text(&at);
        (void)get_text(&at);
        (void)get_text(&at);
        (void)get_number(&at);
        lines->key.len = lines->value.len = 0;
        put_bytes(&lines->key, record.key, (size_t)(at - record.key));
        put_number(&lines->key, first_line);
        put_text(&lines->key, get_text(&value));
        put_text(&lines->key, get_text(&value));
        put_number(&lines->key, line);
        put_text(&lines->value, get_text(&at)); /* commit */
        put_text(&lines->value, get_text(&at)); /* run */
        put_bytes(&lines->value, value, record.value_len - (size_t)(value - record.value));
        if (run.failed || lines->key.failed || lines->value.failed) {
            code = no_memory(lines);
            break;
        }
        struct sorter_record next = {lines->key.data, lines->key.len, lines->value.data,
                                     lines->value.len};
        code = sorter_put(lines->in_order, &next, lines->error);
    }
    free(run.data);
    sorter_close(lines->by_run);
    lines->by_run = NULL;
    return code;
}

/* Checks what only whole runs show: no cell twice, and the limits of a run. */
static int check_runs(struct lines *lines)
{
    struct bytes cell = {0}; /* key of the record before, without its line */
    struct sorter_record record;
    struct pace_error failed;
    uint64_t first_line = 0, line = 0, cell_count = 0, sample_count = 0;
    int code = sorter_start(lines->in_order, lines->error);
    while (code == 0 && (code = sorter_next(lines->in_order, lines->error, &record)) == 0 &&
           record.key != NULL) {
        size_t cell_len = record.key_len - sizeof(uint64_t);
        struct entry entry = entry_of(&record);
        const char *name = lines->stream->name;
        int same = cell.len == cell_len && memcmp(cell.data, record.key, cell_len) == 0;
        if (entry.first_line != first_line) cell_count = sample_count = 0;
        cell_count++;
        sample_count += entry.point.cell.sample_count;
        if (same) {
            (void)error_fill(&failed, PACE_EDUPLICATE,
                             "%.160s: line %" PRIu64 ": '%.120s' '%.80s' is in line %" PRIu64
                             " already, of the same run; leave one out, or give them different "
                             "\"run\"",
                             name, entry.line, entry.point.cell.benchmark, entry.point.cell.measure,
                             line);
            code = line_failed(lines, &failed);
        } else if (cell_count == PACE_MAX_CELLS + UINT64_C(1) || sample_count > PACE_MAX_SAMPLES) {
            (void)error_fill(&failed, PACE_ELIMIT,
                             "%.160s: the run that begins in line %" PRIu64
                             " has more than %d cells (PACE_MAX_CELLS) or %d samples "
                             "(PACE_MAX_SAMPLES)",
                             name, entry.first_line, (int)PACE_MAX_CELLS, (int)PACE_MAX_SAMPLES);
            sample_count = 0;
            code = line_failed(lines, &failed);
        }
        first_line = entry.first_line;
        line = entry.line;
        cell.len = 0;
        put_bytes(&cell, record.key, cell_len);
        if (cell.failed) code = no_memory(lines);
    }
    free(cell.data);
    return code;
}

/* -- storing ----------------------------------------------------------------------------------- */

/* Copies a cell's samples to where doubles may be read. */
static int align_samples(struct lines *lines, struct entry *entry)
{
    struct pace_cell *cell = &entry->point.cell;
    if (cell->sample_count == 0) return 0;
    if (cell->sample_count > lines->sample_capacity) {
        double *grown = realloc(lines->samples, cell->sample_count * sizeof *grown);
        if (grown == NULL) return no_memory(lines);
        lines->samples = grown;
        lines->sample_capacity = cell->sample_count;
    }
    memcpy(lines->samples, entry->sample_bytes, cell->sample_count * sizeof *lines->samples);
    cell->samples = lines->samples;
    return 0;
}

/* The identity of a run that "run" tells apart: of its content, like that of others (the store
 * derives those), and of the text. Lines may stand in any order: the cells come here in order of
 * name. */
static void name_run(const struct bytes *records, char id[33])
{
    XXH3_state_t *state = XXH3_createState();
    id[0] = '\0';
    if (state == NULL || XXH3_128bits_reset(state) != XXH_OK) goto out;
    for (size_t at = 0; at < records->len;) {
        struct sorter_record record = stored_record(records, &at);
        const char *key = record.key;
        (void)get_text(&key);
        (void)get_text(&key);
        (void)get_text(&key);
        (void)get_number(&key);
        (void)XXH3_128bits_update(state, record.key, (size_t)(key - record.key));
        (void)get_number(&key); /* the first line is of the file, not of the run */
        const char *cell = key;
        (void)get_text(&key);
        (void)get_text(&key);
        (void)XXH3_128bits_update(state, cell, (size_t)(key - cell));
        (void)XXH3_128bits_update(state, record.value, record.value_len);
    }
    XXH128_hash_t digest = XXH3_128bits_digest(state);
    (void)snprintf(id, 33, "%016" PRIx64 "%016" PRIx64, digest.high64, digest.low64);
out:
    (void)XXH3_freeState(state);
}

/* A run from the records of its cells. */
static int build_run(struct lines *lines, const struct bytes *records, pace_run **out)
{
    size_t at = 0;
    char id[33];
    struct sorter_record record = stored_record(records, &at);
    struct entry entry = entry_of(&record);
    const struct line_point *point = &entry.point;
    struct pace_run_info info = {
        .project = point->project,
        .branch = point->branch,
        .testbed = point->testbed,
        .commit = point->commit,
        .time_ns = point->time_ns,
    };
    if (point->run[0] != '\0') {
        name_run(records, id);
        info.id = id;
        if (id[0] == '\0') return no_memory(lines);
    }
    pace_run *run = NULL;
    int code = pace_run_begin(lines->load->store, &info, lines->error, &run);
    if (code == 0 && point->run[0] != '\0')
        code = pace_run_put_meta(run, "run", point->run, lines->error);
    for (at = 0; at < records->len && code == 0;) {
        record = stored_record(records, &at);
        entry = entry_of(&record);
        code = align_samples(lines, &entry);
        if (code == 0) code = pace_run_put(run, &entry.point.cell, lines->error);
    }
    if (code == 0) {
        *out = run;
        return 0;
    }
    struct pace_error inner = *lines->error;
    pace_run_free(run);
    return error_fill(lines->error, code, "%.160s: line %" PRIu64 ": %.380s", lines->stream->name,
                      entry.line, inner.message);
}

/* Hands the run on whose records these are, if any; stores the group when it is full. */
static int end_run(struct lines *lines, struct bytes *records, size_t cell_count)
{
    pace_run *run = NULL;
    int code = 0;
    if (cell_count == 0) return 0;
    if (!lines->load->options.dry_run && (code = build_run(lines, records, &run)) != 0) return code;
    struct load_pending pending = {run, lines->stream->name, cell_count, records->len, 0};
    code = load_add(lines->load, &pending, lines->error);
    records->len = 0;
    return code == 0 && load_full(lines->load) ? load_flush(lines->load) : code;
}

static int store_runs(struct lines *lines)
{
    struct bytes records = {0}; /* of the run that is read */
    struct sorter_record record;
    uint64_t first_line = 0;
    size_t cell_count = 0;
    int code = sorter_start(lines->in_order, lines->error);
    while (code == 0 && (code = sorter_next(lines->in_order, lines->error, &record)) == 0 &&
           record.key != NULL) {
        struct entry entry = entry_of(&record);
        if (entry.first_line != first_line) {
            code = end_run(lines, &records, cell_count);
            first_line = entry.first_line;
            cell_count = 0;
        }
        store_record(&records, &record);
        cell_count++;
        if (code == 0 && records.failed) code = no_memory(lines);
    }
    if (code == 0) code = end_run(lines, &records, cell_count);
    free(records.data);
    if (code != 0) load_drop(lines->load);
    return code;
}

static void end_snapshot(struct lines *lines)
{
    if (lines->snapshot != NULL) pace_snapshot_end(lines->snapshot);
    lines->snapshot = NULL;
}

static int load_checked(struct lines *lines)
{
    struct load *load = lines->load;
    size_t half = load->options.sort_bytes / 2;
    int code = 0;
    if (load->store != NULL &&
        (code = pace_snapshot_begin(load->store, lines->error, &lines->snapshot)) != 0)
        return code;
    if ((code = sorter_open(half, lines->error, &lines->by_run)) != 0 ||
        (code = sorter_open(half, lines->error, &lines->in_order)) != 0)
        return code;
    code = read_lines(lines);
    if (code == 0 && lines->error_count == 0) code = reorder(lines);
    if (code == 0 && lines->error_count == 0) code = check_runs(lines);
    end_snapshot(lines);
    if (lines->error_count > 0)
        return error_fill(lines->error, PACE_EVALUE,
                          "%.200s: %s%" PRIu64 " error%s; nothing is stored", lines->stream->name,
                          lines->error_count >= LOAD_MAX_ERRORS ? "at least " : "",
                          lines->error_count, lines->error_count == 1 ? "" : "s");
    if (code == 0 && lines->point_count == 0)
        return error_fill(lines->error, PACE_EEMPTY, "%.300s: it has no points; nothing is stored",
                          lines->stream->name);
    if (code != 0) return code;
    uint64_t before = load->report->runs_new + load->report->runs_known;
    code = store_runs(lines);
    uint64_t stored = load->report->runs_new + load->report->runs_known - before;
    if (code != 0 && stored > 0) {
        char message[400];
        (void)snprintf(message, sizeof message,
                       "%.200s: %" PRIu64 " of its runs were stored before the error; loading it "
                       "again does not store them twice",
                       lines->stream->name, stored);
        load_warn(load, message);
    }
    return code;
}

int load_lines(struct load *load, struct input_stream *stream, struct pace_error *error)
{
    struct lines lines = {.load = load, .stream = stream, .error = error};
    arena_init(&lines.arena, 0);
    arena_init(&lines.measures.arena, 0);
    /* What waits of other files is stored first, so that a failure in this one leaves it alone. */
    int code = load_flush(load);
    if (!load->broken) code = load_checked(&lines);
    end_snapshot(&lines);
    sorter_close(lines.by_run);
    sorter_close(lines.in_order);
    arena_clear(&lines.arena);
    arena_clear(&lines.measures.arena);
    free(lines.measures.slots);
    free(lines.key.data);
    free(lines.value.data);
    free(lines.samples);
    return code;
}
