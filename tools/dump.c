/* dump.c -- see dump.h. Streams are scanned one after the other, which is fast, and an external
 * sort brings the texts of the runs into order. */
#include "dump.h"
#include "adapters/json.h"
#include "sorter.h"

#include <math.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum dump_limit {
    DUMP_SORT_BYTES = 64 << 20, /* memory for sorting the runs; more goes to a temporary file */
    DUMP_RENEW_RUNS = 4096,     /* runs after which what a snapshot handed out is freed */
};

const char *const dump_mark_kinds[DUMP_MARK_KINDS] = {"", "accept", "exclude", "archive", "alias"};
const char *const dump_object_kinds[DUMP_OBJECT_KINDS] = {"",      "let",     "view", "threshold",
                                                          "alert", "measure", "tag"};
const char *const dump_directions[DUMP_DIRECTIONS] = {"", "lower", "higher"};

struct dump {
    pace *store;
    const struct dump_options *options;
    struct pace_error *error;
    struct dump_report *report;
    pace_snapshot *snapshot;
    pace_snapshot *runs; /* of ids, metadata and samples; begun anew from time to time */
    size_t run_uses;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t name_count[PACE_DIMENSION_COUNT];
    struct sorter *sorter;
    struct dump_bytes text; /* of one run */
};

static int no_memory(struct dump *dump)
{
    return error_fill(dump->error, PACE_ENOMEM, "out of memory");
}

/* EPIPE: whoever read it has gone away, and wants no more. */
static int unwritten(struct dump *dump)
{
    return error_fill(dump->error, errno == EPIPE ? EPIPE : PACE_EIO, "the dump cannot be written");
}

static int emit(struct dump *dump)
{
    struct dump_bytes *text = &dump->text;
    if (text->failed) return no_memory(dump);
    size_t written = fwrite(text->data, 1, text->len, dump->options->out);
    int whole = written == text->len;
    text->len = 0;
    return whole ? 0 : unwritten(dump);
}

static int emit_record(struct dump *dump, const struct dump_record *record)
{
    dump_record_write(&dump->text, dump->options->form, record);
    return emit(dump);
}

static const char *name_of(const struct dump *dump, enum pace_dimension dimension, uint32_t id)
{
    return id < dump->name_count[dimension] ? dump->names[dimension][id] : "";
}

static int is_part(const struct dump *dump)
{
    const struct dump_options *options = dump->options;
    return options->project != NULL || options->branch != NULL || options->testbed != NULL;
}

static int is_wanted(const struct dump *dump, const struct pace_stream *stream)
{
    const struct dump_options *options = dump->options;
    const struct {
        const char *wanted, *name;
    } pairs[] = {{options->project, name_of(dump, PACE_PROJECT, stream->project)},
                 {options->branch, name_of(dump, PACE_BRANCH, stream->branch)},
                 {options->testbed, name_of(dump, PACE_TESTBED, stream->testbed)}};
    for (size_t i = 0; i < 3; i++) {
        if (pairs[i].wanted != NULL && strcmp(pairs[i].wanted, pairs[i].name) != 0) return 0;
    }
    return 1;
}

/* -- units ------------------------------------------------------------------------------------- */

struct measure_line {
    const char *project, *measure;
    const struct pace_measure_row *row;
};

static int by_names(const void *a, const void *b)
{
    const struct measure_line *left = a, *right = b;
    int order = strcmp(left->project, right->project);
    return order != 0 ? order : strcmp(left->measure, right->measure);
}

static int dump_measures(struct dump *dump)
{
    const struct pace_measure_row *rows = NULL;
    size_t count = 0, used = 0;
    int code = pace_measures(dump->snapshot, dump->error, &rows, &count);
    struct measure_line *lines = code == 0 ? calloc(count + 1, sizeof *lines) : NULL;
    if (code == 0 && lines == NULL) code = no_memory(dump);
    for (size_t i = 0; i < count && code == 0; i++) {
        int every = rows[i].project == UINT32_MAX;
        struct measure_line line = {every ? "" : name_of(dump, PACE_PROJECT, rows[i].project),
                                    name_of(dump, PACE_MEASURE, rows[i].measure), &rows[i]};
        if (dump->options->project != NULL && !every &&
            strcmp(dump->options->project, line.project) != 0)
            continue;
        if (rows[i].unit[0] != '\0' || rows[i].direction != PACE_DIRECTION_UNKNOWN)
            lines[used++] = line;
    }
    if (used > 1) qsort(lines, used, sizeof *lines, by_names);
    for (size_t i = 0; i < used && code == 0; i++) {
        struct dump_record record;
        dump_record_init(&record, "measure");
        record.text[DUMP_PROJECT] = lines[i].project;
        record.text[DUMP_MEASURE] = lines[i].measure;
        record.text[DUMP_UNIT] = lines[i].row->unit;
        record.text[DUMP_DIRECTION] = dump_directions[lines[i].row->direction];
        code = emit_record(dump, &record);
    }
    free(lines);
    return code;
}

/* -- runs -------------------------------------------------------------------------------------- */

/* A stream while it is read: its columns in order of name. */
struct reader {
    const struct pace_stream *stream;
    const struct pace_column *columns;
    uint32_t *order, count;
};

struct named_column {
    const char *benchmark, *measure;
    uint32_t column;
};

static int by_cell(const void *a, const void *b)
{
    const struct named_column *left = a, *right = b;
    int order = strcmp(left->benchmark, right->benchmark);
    return order != 0 ? order : strcmp(left->measure, right->measure);
}

static int order_columns(struct dump *dump, struct reader *reader)
{
    struct named_column *named = calloc(reader->count + 1u, sizeof *named);
    reader->order = calloc(reader->count + 1u, sizeof *reader->order);
    for (uint32_t i = 0; named != NULL && i < reader->count; i++)
        named[i] =
            (struct named_column){name_of(dump, PACE_BENCHMARK, reader->columns[i].benchmark),
                                  name_of(dump, PACE_MEASURE, reader->columns[i].measure), i};
    if (named != NULL && reader->count > 1) qsort(named, reader->count, sizeof *named, by_cell);
    for (uint32_t i = 0; named != NULL && reader->order != NULL && i < reader->count; i++)
        reader->order[i] = named[i].column;
    int failed = named == NULL || reader->order == NULL;
    free(named);
    return failed ? no_memory(dump) : 0;
}

/* The snapshot that ids, metadata and samples are read from: what it hands out grows. */
static int run_snapshot(struct dump *dump)
{
    if (dump->runs != NULL && dump->run_uses++ < DUMP_RENEW_RUNS) return 0;
    if (dump->runs != NULL) pace_snapshot_end(dump->runs);
    dump->runs = NULL;
    dump->run_uses = 0;
    return pace_snapshot_begin(dump->store, dump->error, &dump->runs);
}

static int write_run(struct dump *dump, const struct reader *reader,
                     const struct pace_run_view *run)
{
    struct dump_record record;
    struct pace_meta meta = {0};
    const char *id = "";
    char flags[16];
    enum dump_form form = dump->options->form;
    int code = pace_run_id(dump->runs, run->run, dump->error, &id);
    if (code == 0) code = pace_run_meta(dump->runs, run->run, dump->error, &meta);
    if (code != 0) return code;
    (void)snprintf(flags, sizeof flags, "%s%s%s", run->flags & PACE_RUN_PARTIAL ? "partial" : "",
                   run->flags == (PACE_RUN_PARTIAL | PACE_RUN_DIRTY) ? " " : "",
                   run->flags & PACE_RUN_DIRTY ? "dirty" : "");
    dump_record_init(&record, "run");
    record.text[DUMP_RUN] = id;
    record.text[DUMP_PROJECT] = name_of(dump, PACE_PROJECT, reader->stream->project);
    record.text[DUMP_BRANCH] = name_of(dump, PACE_BRANCH, reader->stream->branch);
    record.text[DUMP_TESTBED] = name_of(dump, PACE_TESTBED, reader->stream->testbed);
    record.text[DUMP_COMMIT] = run->commit;
    record.text[DUMP_FLAGS] = flags;
    record.time_ns[DUMP_TIME] = run->time_ns;
    if (run->ran_ns != 0) record.time_ns[DUMP_RAN] = run->ran_ns;
    record.count[DUMP_ORDINAL] = run->ordinal;
    dump_record_write(&dump->text, form, &record);
    for (size_t i = 0; i < meta.count; i++) {
        dump_record_init(&record, "meta");
        record.text[DUMP_NAME] = meta.keys[i];
        record.text[DUMP_TEXT] = meta.values[i];
        dump_record_write(&dump->text, form, &record);
    }
    return 0;
}

static int write_cells(struct dump *dump, const struct reader *reader,
                       const struct pace_cells *cells, size_t r)
{
    int code = 0;
    for (uint32_t i = 0; i < reader->count && code == 0; i++) {
        uint32_t c = reader->order[i];
        size_t at = c * cells->stride + r;
        const struct pace_column *column = &reader->columns[c];
        if (cells->status[at] > PACE_CELL_SKIPPED) continue;
        struct pace_cell cell = {.benchmark = name_of(dump, PACE_BENCHMARK, column->benchmark),
                                 .measure = name_of(dump, PACE_MEASURE, column->measure),
                                 .status = (enum pace_cell_status)cells->status[at],
                                 .value = cells->value[at],
                                 .lower = cells->lower != NULL ? cells->lower[at] : (double)NAN,
                                 .upper = cells->upper != NULL ? cells->upper[at] : (double)NAN};
        code = pace_samples(dump->runs, cells->runs[r].run, c, dump->error, &cell.samples,
                            &cell.sample_count);
        if (code != 0) break;
        dump_cell_write(&dump->text, dump->options->form, &cell);
        dump->report->cells++;
    }
    return code;
}

static int keep_run(struct dump *dump, const struct reader *reader, const struct pace_cells *cells,
                    size_t r)
{
    unsigned char key[8];
    uint64_t number = cells->runs[r].run;
    dump->text.len = 0;
    int code = run_snapshot(dump);
    if (code == 0) code = write_run(dump, reader, &cells->runs[r]);
    if (code == 0) code = write_cells(dump, reader, cells, r);
    if (code == 0 && dump->text.failed) code = no_memory(dump);
    if (code != 0) return code;
    for (size_t i = 8; i-- > 0; number >>= 8)
        key[i] = (unsigned char)(number & 0xff);
    struct sorter_record record = {(const char *)key, sizeof key, dump->text.data, dump->text.len};
    dump->report->runs++;
    return sorter_put(dump->sorter, &record, dump->error);
}

static int keep_stream(struct dump *dump, const struct pace_stream *stream)
{
    struct reader reader = {.stream = stream};
    struct pace_cells cells;
    pace_scan *scan = NULL;
    int code =
        pace_columns(dump->snapshot, stream->id, dump->error, &reader.columns, &reader.count);
    if (code == 0) code = order_columns(dump, &reader);
    uint32_t *all = calloc(reader.count + 1u, sizeof *all);
    if (code == 0 && all == NULL) code = no_memory(dump);
    for (uint32_t i = 0; code == 0 && i < reader.count; i++)
        all[i] = i;
    if (code == 0)
        code =
            pace_scan_open(dump->snapshot, stream->id, all, reader.count, NULL, dump->error, &scan);
    while (code == 0 && (code = pace_scan_next(scan, dump->error, &cells)) == 0 &&
           cells.run_count > 0) {
        for (size_t r = 0; r < cells.run_count && code == 0; r++) {
            if (cells.runs[r].run > dump->options->after) code = keep_run(dump, &reader, &cells, r);
        }
    }
    pace_scan_close(scan);
    free(all);
    free(reader.order);
    return code;
}

/* 1 when a stream has runs behind `after`: its newest in order of time is not its newest in order
 * of arrival, so all of them are looked at, without their cells. */
static int has_new(struct dump *dump, const struct pace_stream *stream, int *code)
{
    struct pace_cells cells;
    pace_scan *scan = NULL;
    int found = dump->options->after == 0 || stream->last_run > dump->options->after;
    if (found) return 1;
    *code = pace_scan_open(dump->snapshot, stream->id, NULL, 0, NULL, dump->error, &scan);
    while (*code == 0 && !found && (*code = pace_scan_next(scan, dump->error, &cells)) == 0 &&
           cells.run_count > 0) {
        for (size_t r = 0; r < cells.run_count; r++)
            found |= cells.runs[r].run > dump->options->after;
    }
    pace_scan_close(scan);
    return found;
}

static int dump_runs(struct dump *dump)
{
    const struct pace_stream *streams = NULL;
    struct sorter_record record;
    uint32_t count = 0;
    int code = pace_streams(dump->snapshot, dump->error, &streams, &count);
    if (code == 0) code = sorter_open(DUMP_SORT_BYTES, dump->error, &dump->sorter);
    for (uint32_t i = 0; i < count && code == 0; i++) {
        if (is_wanted(dump, &streams[i]) && has_new(dump, &streams[i], &code) && code == 0)
            code = keep_stream(dump, &streams[i]);
    }
    dump->text.len = 0;
    if (code == 0) code = sorter_start(dump->sorter, dump->error);
    while (code == 0 && (code = sorter_next(dump->sorter, dump->error, &record)) == 0 &&
           record.key != NULL) {
        if (fwrite(record.value, 1, record.value_len, dump->options->out) != record.value_len)
            code = unwritten(dump);
    }
    return code;
}

/* -- what is said about history ---------------------------------------------------------------- */

static int dump_start(struct dump *dump, uint32_t project, uint32_t branch)
{
    struct pace_start_point start;
    struct dump_record record;
    int code = pace_start_point_get(dump->snapshot, project, branch, NULL, &start);
    if (code != 0) return code == PACE_ENOTFOUND ? 0 : code;
    dump_record_init(&record, "start");
    record.text[DUMP_PROJECT] = name_of(dump, PACE_PROJECT, project);
    record.text[DUMP_BRANCH] = name_of(dump, PACE_BRANCH, branch);
    record.text[DUMP_PARENT] = start.branch;
    record.text[DUMP_COMMIT] = start.commit;
    if (start.time_ns != 0) record.time_ns[DUMP_TIME] = start.time_ns;
    return emit_record(dump, &record);
}

struct sorted_name {
    const char *name;
    uint32_t id;
};

static int by_name(const void *a, const void *b)
{
    const struct sorted_name *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static struct sorted_name *sorted_names(const struct dump *dump, enum pace_dimension dimension)
{
    uint32_t count = dump->name_count[dimension];
    struct sorted_name *names = calloc(count + 1u, sizeof *names);
    for (uint32_t i = 0; names != NULL && i < count; i++)
        names[i] = (struct sorted_name){dump->names[dimension][i], i};
    if (names != NULL && count > 1) qsort(names, count, sizeof *names, by_name);
    return names;
}

static int dump_starts(struct dump *dump)
{
    struct sorted_name *projects = sorted_names(dump, PACE_PROJECT);
    struct sorted_name *branches = sorted_names(dump, PACE_BRANCH);
    int code = projects == NULL || branches == NULL ? no_memory(dump) : 0;
    const struct dump_options *options = dump->options;
    for (uint32_t p = 0; p < dump->name_count[PACE_PROJECT] && code == 0; p++) {
        if (options->project != NULL && strcmp(options->project, projects[p].name) != 0) continue;
        for (uint32_t b = 0; b < dump->name_count[PACE_BRANCH] && code == 0; b++) {
            if (options->branch == NULL || strcmp(options->branch, branches[b].name) == 0)
                code = dump_start(dump, projects[p].id, branches[b].id);
        }
    }
    free(projects);
    free(branches);
    return code;
}

char *dump_renumber(struct arena *arena, const char *selector,
                    uint64_t (*number)(void *context, uint64_t run), void *context)
{
    static const char term[] = "run:";
    char *text = arena_string(arena, ""), *end = NULL;
    const char *from = selector;
    int quoted = 0;
    for (const char *at = selector; text != NULL && *at != '\0'; at++) {
        int starts = at == selector || strchr(" (", at[-1]) != NULL;
        if (*at == '"' && (at == selector || at[-1] != '\\')) quoted = !quoted;
        if (quoted || !starts || strncmp(at, term, sizeof term - 1) != 0) continue;
        const char *digits = at + sizeof term - 1;
        if (*digits < '0' || *digits > '9') continue;
        uint64_t own = number(context, strtoull(digits, &end, 10));
        if (own == 0) return NULL;
        text = arena_printf(arena, "%s%.*s%llu", text, (int)(digits - from), from,
                            (unsigned long long)own);
        from = end;
        at = end - 1;
    }
    return text != NULL ? arena_printf(arena, "%s%s", text, from) : NULL;
}

/* The runs that one mark names. */
struct named_runs {
    pace_snapshot *snapshot;
    struct arena *arena;
    char *ids; /* between tabs */
    uint64_t count;
};

static uint64_t name_run(void *context, uint64_t run)
{
    struct named_runs *named = context;
    const char *id = NULL;
    if (pace_run_id(named->snapshot, run, NULL, &id) != 0) return 0;
    named->ids = arena_printf(named->arena, "%s%s%s", named->ids, named->count > 0 ? "\t" : "", id);
    return named->ids != NULL ? ++named->count : 0;
}

static int dump_mark(struct dump *dump, const struct pace_mark *mark)
{
    struct arena arena;
    struct dump_record record;
    arena_init(&arena, 0);
    struct named_runs named = {dump->snapshot, &arena, arena_string(&arena, ""), 0};
    const char *selector =
        named.ids != NULL ? dump_renumber(&arena, mark->selector, name_run, &named) : NULL;
    int code = arena.failed ? no_memory(dump) : 0;
    if (selector != NULL && code == 0) {
        dump_record_init(&record, "mark");
        record.text[DUMP_KIND] = dump_mark_kinds[mark->kind];
        record.text[DUMP_TEXT] = selector;
        record.text[DUMP_RUN] = named.ids;
        record.text[DUMP_TARGET] = mark->target;
        record.text[DUMP_NOTE] = mark->note;
        record.text[DUMP_STATUS] = mark->undone ? "undone" : "";
        record.time_ns[DUMP_TIME] = mark->at_ns;
        record.time_ns[DUMP_CREATED] = mark->created_ns;
        code = emit_record(dump, &record);
    }
    arena_clear(&arena);
    return code;
}

static int dump_marks(struct dump *dump)
{
    const struct pace_mark *marks = NULL;
    size_t count = 0;
    int code = pace_marks(dump->snapshot, dump->error, &marks, &count);
    for (size_t i = 0; i < count && code == 0; i++)
        code = dump_mark(dump, &marks[i]);
    return code;
}

static int dump_objects(struct dump *dump)
{
    const struct pace_object *versions = NULL;
    size_t count = 0;
    int code = pace_object_versions(dump->snapshot, dump->error, &versions, &count);
    for (size_t i = 0; i < count && code == 0; i++) {
        struct dump_record record;
        dump_record_init(&record, "object");
        record.text[DUMP_KIND] = dump_object_kinds[versions[i].kind];
        record.text[DUMP_NAME] = versions[i].name;
        record.text[DUMP_TEXT] = versions[i].text;
        record.text[DUMP_STATUS] = versions[i].text == NULL ? "dropped" : "";
        record.count[DUMP_VERSION] = versions[i].version;
        record.time_ns[DUMP_CREATED] = versions[i].created_ns;
        code = emit_record(dump, &record);
    }
    return code;
}

/* -- all --------------------------------------------------------------------------------------- */

static int dump_frame(struct dump *dump, const char *what, uint64_t version)
{
    struct dump_record record;
    dump_record_init(&record, what);
    record.count[DUMP_VERSION] = version;
    record.count[DUMP_RUNS] = version == 0 ? dump->report->runs : 0;
    record.count[DUMP_CELLS] = version == 0 ? dump->report->cells : 0;
    return emit_record(dump, &record);
}

static int dump_all(struct dump *dump)
{
    int code = pace_snapshot_begin(dump->store, dump->error, &dump->snapshot);
    for (int d = 0; d < PACE_DIMENSION_COUNT && code == 0; d++)
        code = pace_names(dump->snapshot, (enum pace_dimension)d, dump->error, &dump->names[d],
                          &dump->name_count[d]);
    if (code != 0) return code;
    dump->report->last = pace_run_count(dump->snapshot);
    int whole = !is_part(dump);
    if (dump->options->form == DUMP_CSV) dump_header_write(&dump->text);
    code = dump_frame(dump, "dump", DUMP_FORMAT);
    if (code == 0) code = dump_measures(dump);
    if (code == 0) code = dump_runs(dump);
    if (code == 0) code = dump_starts(dump);
    if (code == 0 && whole) code = dump_marks(dump);
    if (code == 0 && whole) code = dump_objects(dump);
    if (code == 0) code = dump_frame(dump, "end", 0);
    if (code == 0 && fflush(dump->options->out) != 0) code = unwritten(dump);
    return code;
}

int dump_store(pace *store, const struct dump_options *options, struct pace_error *error,
               struct dump_report *report)
{
    struct dump dump = {.store = store, .options = options, .error = error, .report = report};
    *report = (struct dump_report){0};
    int code = dump_all(&dump);
    sorter_close(dump.sorter);
    if (dump.runs != NULL) pace_snapshot_end(dump.runs);
    if (dump.snapshot != NULL) pace_snapshot_end(dump.snapshot);
    free(dump.text.data);
    return code;
}
