/* load_dump.c -- loading a dump: its records become runs, units, start points, marks and
 * objects. */
#include "adapters/json.h"
#include "dump.h"
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_KEPT = 1 << 16 }; /* bytes of records after which their memory is freed */

/* Unit and direction that the dump says of a project x measure. */
struct measure_fact {
    const char *project, *measure, *unit; /* project "": every project */
    enum pace_direction direction;
};

struct dump_reader {
    struct load *load;
    struct input_stream *stream;
    struct pace_error *error;
    uint64_t line;
    struct arena arena; /* of the record */
    struct arena facts_arena;
    struct measure_fact *facts; /* in order of project and measure, once the first run comes */
    size_t fact_count, fact_capacity;
    int sorted;
    int begun, ended;                /* a run was begun; the record `end` was there */
    pace_run *run;                   /* NULL in a dry run */
    char project[PACE_MAX_NAME + 1]; /* of the run */
    size_t cell_count, run_bytes;
    uint64_t runs, cells; /* since the last record `dump` */
};

static int no_memory(struct dump_reader *reader)
{
    return error_fill(reader->error, PACE_ENOMEM, "%.300s: out of memory", reader->stream->name);
}

static int refuse(struct dump_reader *reader, const char *why)
{
    return error_fill(reader->error, PACE_EVALUE, "%.300s: line %" PRIu64 ": %.200s",
                      reader->stream->name, reader->line, why);
}

/* Puts the place before an error of the store. */
static int located(struct dump_reader *reader, int code)
{
    if (code == 0) return 0;
    struct pace_error inner = *reader->error;
    return error_fill(reader->error, code, "%.200s: line %" PRIu64 ": %.360s", reader->stream->name,
                      reader->line, inner.message);
}

static const char *text_of(const struct dump_record *record, enum dump_field field)
{
    return record->text[field] != NULL ? record->text[field] : "";
}

/* The index of a word, or -1. */
static int word_index(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) return i;
    }
    return -1;
}

/* -- units ------------------------------------------------------------------------------------- */

static int compare_facts(const void *a, const void *b)
{
    const struct measure_fact *left = a, *right = b;
    int order = strcmp(left->project, right->project);
    return order != 0 ? order : strcmp(left->measure, right->measure);
}

static int take_measure(struct dump_reader *reader, const struct dump_record *record)
{
    int direction = word_index(text_of(record, DUMP_DIRECTION), dump_directions, DUMP_DIRECTIONS);
    if (direction < 0) return refuse(reader, "'direction' has to be lower or higher");
    if (text_of(record, DUMP_MEASURE)[0] == '\0') return refuse(reader, "'measure' is missing");
    if (reader->fact_count == reader->fact_capacity) {
        size_t capacity = reader->fact_capacity * 2 + 64;
        struct measure_fact *grown = realloc(reader->facts, capacity * sizeof *grown);
        if (grown == NULL) return no_memory(reader);
        reader->facts = grown;
        reader->fact_capacity = capacity;
    }
    if (reader->fact_count >= LOAD_MAX_MEASURES)
        return refuse(reader, "too many measures (LOAD_MAX_MEASURES)");
    struct arena *arena = &reader->facts_arena;
    reader->facts[reader->fact_count++] = (struct measure_fact){
        arena_string(arena, text_of(record, DUMP_PROJECT)),
        arena_string(arena, text_of(record, DUMP_MEASURE)),
        arena_string(arena, text_of(record, DUMP_UNIT)), (enum pace_direction)direction};
    reader->sorted = 0;
    return arena->failed ? no_memory(reader) : 0;
}

static const struct measure_fact *fact_find(struct dump_reader *reader, const char *measure)
{
    struct measure_fact wanted = {.project = reader->project, .measure = measure};
    if (reader->fact_count == 0) return NULL;
    if (!reader->sorted)
        qsort(reader->facts, reader->fact_count, sizeof *reader->facts, compare_facts);
    reader->sorted = 1;
    return bsearch(&wanted, reader->facts, reader->fact_count, sizeof *reader->facts,
                   compare_facts);
}

/* Those that are set already need no transaction. */
static int is_set(pace_snapshot *snapshot, const struct measure_fact *fact)
{
    uint32_t project = UINT32_MAX, measure = 0;
    struct pace_measure own;
    if (fact->project[0] != '\0' && pace_name_find(snapshot, PACE_PROJECT, fact->project,
                                                   strlen(fact->project), NULL, &project) != 0)
        return 0;
    if (pace_name_find(snapshot, PACE_MEASURE, fact->measure, strlen(fact->measure), NULL,
                       &measure) != 0 ||
        pace_measure_get(snapshot, project, measure, NULL, &own) != 0)
        return 0;
    return own.direction == fact->direction &&
           (fact->unit[0] == '\0' || strcmp(own.unit, fact->unit) == 0);
}

/* Sets what the cells did not: measures without cells, and directions that were set later. */
static int put_measures(struct dump_reader *reader)
{
    pace_snapshot *snapshot = NULL;
    int code = pace_snapshot_begin(reader->load->store, reader->error, &snapshot);
    if (code != 0) return code;
    size_t left = 0;
    for (size_t i = 0; i < reader->fact_count; i++) {
        if (!is_set(snapshot, &reader->facts[i])) reader->facts[left++] = reader->facts[i];
    }
    pace_snapshot_end(snapshot);
    reader->fact_count = left;
    for (size_t i = 0; i < left && code == 0; i++) {
        const struct measure_fact *fact = &reader->facts[i];
        code =
            pace_measure_put(reader->load->store, fact->project[0] != '\0' ? fact->project : NULL,
                             fact->measure, fact->unit, fact->direction, reader->error);
    }
    reader->fact_count = 0;
    return located(reader, code);
}

/* -- runs -------------------------------------------------------------------------------------- */

/* Stores what waits; a run that is refused was told of, and keeps no other from being stored. */
static int flush_runs(struct dump_reader *reader)
{
    int code = load_flush(reader->load);
    return reader->load->broken ? code : 0;
}

static int end_run(struct dump_reader *reader)
{
    if (!reader->begun) return 0;
    pace_run *run = reader->run;
    reader->begun = 0;
    reader->run = NULL;
    if (reader->cell_count == 0) {
        pace_run_free(run);
        return refuse(reader, "the run before has no cells");
    }
    struct load_pending pending = {run, reader->stream->name, reader->cell_count, reader->run_bytes,
                                   0};
    int code = load_add(reader->load, &pending, reader->error);
    return code == 0 && load_full(reader->load) ? flush_runs(reader) : code;
}

static int take_run(struct dump_reader *reader, const struct dump_record *record)
{
    const char *flags = text_of(record, DUMP_FLAGS);
    struct pace_run_info info = {
        .project = text_of(record, DUMP_PROJECT),
        .branch = text_of(record, DUMP_BRANCH),
        .testbed = text_of(record, DUMP_TESTBED),
        .commit = text_of(record, DUMP_COMMIT),
        .id = record->text[DUMP_RUN],
        .time_ns = record->time_ns[DUMP_TIME],
        .ran_ns = record->time_ns[DUMP_RAN] == INT64_MIN ? 0 : record->time_ns[DUMP_RAN],
        .ordinal = (uint32_t)record->count[DUMP_ORDINAL],
        .flags = (strstr(flags, "partial") != NULL ? PACE_RUN_PARTIAL : 0u) |
                 (strstr(flags, "dirty") != NULL ? PACE_RUN_DIRTY : 0u),
    };
    int code = end_run(reader);
    if (code != 0) return code;
    if (info.time_ns == INT64_MIN) return refuse(reader, "the run has no 'time'");
    if (info.id == NULL) return refuse(reader, "'run' is missing: the run's identity");
    if (record->count[DUMP_ORDINAL] > UINT32_MAX) return refuse(reader, "'ordinal' is too large");
    (void)snprintf(reader->project, sizeof reader->project, "%s", info.project);
    if (!reader->load->options.dry_run)
        code = located(reader,
                       pace_run_begin(reader->load->store, &info, reader->error, &reader->run));
    reader->begun = code == 0;
    reader->cell_count = 0;
    reader->run_bytes = 200;
    reader->runs++;
    return code;
}

static int take_meta(struct dump_reader *reader, const struct dump_record *record)
{
    const char *name = text_of(record, DUMP_NAME), *text = text_of(record, DUMP_TEXT);
    if (!reader->begun) return refuse(reader, "metadata before the first run");
    reader->run_bytes += strlen(name) + strlen(text);
    return reader->run == NULL
               ? 0
               : located(reader, pace_run_put_meta(reader->run, name, text, reader->error));
}

static int take_cell(struct dump_reader *reader, const struct dump_record *record)
{
    static const char *const statuses[] = {"", "failed", "skipped"};
    int status = word_index(text_of(record, DUMP_STATUS), statuses, 3);
    if (!reader->begun) return refuse(reader, "a cell before the first run");
    if (status < 0) return refuse(reader, "'status' of a cell has to be failed or skipped");
    struct pace_cell cell = {.benchmark = text_of(record, DUMP_BENCHMARK),
                             .measure = text_of(record, DUMP_MEASURE),
                             .status = (enum pace_cell_status)status,
                             .value = record->number[DUMP_VALUE],
                             .lower = record->number[DUMP_LOWER],
                             .upper = record->number[DUMP_UPPER],
                             .samples = record->samples,
                             .sample_count = record->sample_count};
    const struct measure_fact *fact = fact_find(reader, cell.measure);
    if (fact != NULL) {
        cell.unit = fact->unit;
        cell.direction = fact->direction;
    }
    reader->cells++;
    reader->cell_count++;
    reader->run_bytes +=
        strlen(cell.benchmark) + strlen(cell.measure) + (8 + cell.sample_count) * sizeof(double);
    return reader->run == NULL ? 0
                               : located(reader, pace_run_put(reader->run, &cell, reader->error));
}

/* -- what is said about history ---------------------------------------------------------------- */

static int take_start(struct dump_reader *reader, const struct dump_record *record)
{
    struct pace_start_point start = {text_of(record, DUMP_PARENT), text_of(record, DUMP_COMMIT), 0};
    if (record->time_ns[DUMP_TIME] != INT64_MIN) start.time_ns = record->time_ns[DUMP_TIME];
    pace *store = reader->load->store;
    pace_snapshot *snapshot = NULL;
    struct pace_start_point own = {"", "", 0};
    uint32_t project = 0, branch = 0;
    const char *names[] = {text_of(record, DUMP_PROJECT), text_of(record, DUMP_BRANCH)};
    int code = pace_snapshot_begin(store, reader->error, &snapshot);
    if (code != 0) return code;
    int same =
        pace_name_find(snapshot, PACE_PROJECT, names[0], strlen(names[0]), NULL, &project) == 0 &&
        pace_name_find(snapshot, PACE_BRANCH, names[1], strlen(names[1]), NULL, &branch) == 0 &&
        pace_start_point_get(snapshot, project, branch, NULL, &own) == 0 &&
        strcmp(own.branch, start.branch) == 0 && strcmp(own.commit, start.commit) == 0 &&
        own.time_ns == start.time_ns;
    pace_snapshot_end(snapshot);
    return same ? 0
                : located(reader,
                          pace_start_point_set(store, names[0], names[1], &start, reader->error));
}

/* The runs that a mark names, as the store numbers them. */
struct mark_runs {
    pace_snapshot *snapshot;
    const char *ids; /* between tabs */
};

static uint64_t number_of(void *context, uint64_t index)
{
    const struct mark_runs *runs = context;
    const char *id = runs->ids, *own = NULL;
    while (index > 1 && *id != '\0') {
        index -= *id == '\t';
        id++;
    }
    size_t len = strcspn(id, "\t");
    for (uint64_t run = 1; index == 1 && run <= pace_run_count(runs->snapshot); run++) {
        if (pace_run_id(runs->snapshot, run, NULL, &own) == 0 && strlen(own) == len &&
            memcmp(own, id, len) == 0)
            return run;
    }
    return 0;
}

static int same_mark(const struct pace_mark *a, const struct pace_mark *b)
{
    return a->kind == b->kind && a->at_ns == b->at_ns && a->created_ns == b->created_ns &&
           strcmp(a->selector, b->selector) == 0 && strcmp(a->target, b->target) == 0 &&
           strcmp(a->note, b->note) == 0;
}

/* The same mark in the store, or 0; *undone tells whether it was taken back. */
static int mark_find(pace_snapshot *snapshot, const struct pace_mark *mark,
                     struct pace_error *error, uint64_t *id, int *undone)
{
    const struct pace_mark *marks = NULL;
    size_t count = 0;
    int code = pace_marks(snapshot, error, &marks, &count);
    *id = 0;
    for (size_t i = 0; code == 0 && i < count; i++) {
        if (!same_mark(&marks[i], mark)) continue;
        *id = marks[i].id;
        *undone = marks[i].undone;
    }
    return code;
}

static int take_mark(struct dump_reader *reader, const struct dump_record *record)
{
    struct load *load = reader->load;
    int kind = word_index(text_of(record, DUMP_KIND), dump_mark_kinds, DUMP_MARK_KINDS);
    int wants_undone = strcmp(text_of(record, DUMP_STATUS), "undone") == 0, undone = 0;
    struct mark_runs runs = {NULL, text_of(record, DUMP_RUN)};
    if (kind <= 0) return refuse(reader, "no such 'kind' of mark");
    struct pace_mark mark = {.kind = (enum pace_mark_kind)kind,
                             .target = text_of(record, DUMP_TARGET),
                             .note = text_of(record, DUMP_NOTE),
                             .at_ns = record->time_ns[DUMP_TIME],
                             .created_ns = record->time_ns[DUMP_CREATED]};
    if (mark.created_ns == INT64_MIN) return refuse(reader, "'created' is missing");
    uint64_t id = 0;
    int code = pace_snapshot_begin(load->store, reader->error, &runs.snapshot);
    if (code != 0) return code;
    mark.selector = dump_renumber(&reader->arena, text_of(record, DUMP_TEXT), number_of, &runs);
    if (mark.selector != NULL) code = mark_find(runs.snapshot, &mark, reader->error, &id, &undone);
    pace_snapshot_end(runs.snapshot);
    if (reader->arena.failed) return no_memory(reader);
    if (mark.selector == NULL) {
        char message[400];
        (void)snprintf(message, sizeof message,
                       "%.200s: line %" PRIu64 ": the mark names a run that is not here; left out",
                       reader->stream->name, reader->line);
        load_warn(load, message);
        return 0;
    }
    if (code == 0 && id == 0) {
        code = pace_mark_add(load->store, &mark, reader->error, &id);
        load->report->marks_new += code == 0;
    }
    if (code == 0 && wants_undone && !undone) code = pace_mark_undo(load->store, id, reader->error);
    return located(reader, code);
}

static int take_object(struct dump_reader *reader, const struct dump_record *record)
{
    int kind = word_index(text_of(record, DUMP_KIND), dump_object_kinds, DUMP_OBJECT_KINDS);
    int dropped = strcmp(text_of(record, DUMP_STATUS), "dropped") == 0, added = 0;
    if (kind <= 0) return refuse(reader, "no such 'kind' of saved object");
    if (record->count[DUMP_VERSION] > UINT32_MAX) return refuse(reader, "'version' is too large");
    struct pace_object object = {.kind = (enum pace_object_kind)kind,
                                 .name = text_of(record, DUMP_NAME),
                                 .text = dropped ? NULL : text_of(record, DUMP_TEXT),
                                 .version = (uint32_t)record->count[DUMP_VERSION],
                                 .created_ns = record->time_ns[DUMP_CREATED] == INT64_MIN
                                                   ? 0
                                                   : record->time_ns[DUMP_CREATED]};
    int code = pace_object_restore(reader->load->store, &object, reader->error, &added);
    reader->load->report->objects_new += (uint64_t)added;
    return located(reader, code);
}

static int take_end(struct dump_reader *reader, const struct dump_record *record)
{
    if (record->count[DUMP_RUNS] != reader->runs || record->count[DUMP_CELLS] != reader->cells)
        return refuse(reader, "the dump says that it has other numbers of runs and cells than it "
                              "has: lines are missing or came twice");
    reader->ended = 1;
    return 0;
}

static int take_dump(struct dump_reader *reader, const struct dump_record *record)
{
    if (record->count[DUMP_VERSION] != DUMP_FORMAT)
        return refuse(reader, "the dump is of another version; this pace reads version 1");
    reader->ended = 0;
    reader->runs = reader->cells = 0;
    return 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Records that come behind the runs: all runs are stored first. */
static int take_late(struct dump_reader *reader, const struct dump_record *record)
{
    static const struct {
        const char *name;
        int (*take)(struct dump_reader *reader, const struct dump_record *record);
    } rows[] = {
        {"start", take_start}, {"mark", take_mark}, {"object", take_object}, {"end", take_end}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, record->text[DUMP_RECORD]) != 0) continue;
        int code = end_run(reader);
        if (code == 0) code = flush_runs(reader);
        if (reader->load->options.dry_run && rows[i].take != take_end) return code;
        if (code == 0 && reader->fact_count > 0 && !reader->load->options.dry_run)
            code = put_measures(reader);
        return code != 0 ? code : rows[i].take(reader, record);
    }
    return refuse(reader, "no such 'record'");
}

static int take_record(struct dump_reader *reader, const struct dump_record *record)
{
    const char *what = record->text[DUMP_RECORD];
    if (strcmp(what, "cell") == 0) return take_cell(reader, record);
    if (strcmp(what, "meta") == 0) return take_meta(reader, record);
    if (strcmp(what, "run") == 0) return take_run(reader, record);
    if (strcmp(what, "measure") == 0) return take_measure(reader, record);
    if (strcmp(what, "dump") == 0) return take_dump(reader, record);
    return take_late(reader, record);
}

static int read_json(struct dump_reader *reader)
{
    for (;;) {
        struct dump_record record;
        char *text = NULL;
        size_t len = 0;
        int code = input_line(reader->stream, reader->error, &text, &len);
        if (code != 0 || text == NULL) return code;
        reader->line = reader->stream->line;
        if (strspn(text, " \t") == len) continue;
        code = dump_record_parse(reader->stream->name, reader->line, text, len, &reader->arena,
                                 reader->error, &record);
        if (code == 0) code = take_record(reader, &record);
        if (code != 0) return code;
        if (reader->arena.used_bytes > ARENA_KEPT) arena_clear(&reader->arena);
    }
}

static int read_csv(struct dump_reader *reader)
{
    struct input whole;
    size_t at = 0;
    int code = input_whole(reader->stream, reader->error, &whole);
    while (code == 0) {
        struct dump_record record;
        const char *row = whole.text + at;
        if (dump_recognise(row, whole.len - at) == DUMP_CSV) { /* a heading */
            at += strcspn(row, "\n") + 1;
            reader->line++;
            continue;
        }
        code = dump_row_parse(reader->stream->name, &reader->line, whole.text, whole.len, &at,
                              &reader->arena, reader->error, &record);
        if (code != 0 || record.text[DUMP_RECORD] == NULL) break;
        code = take_record(reader, &record);
        if (reader->arena.used_bytes > ARENA_KEPT) arena_clear(&reader->arena);
    }
    return code;
}

int load_dump(struct load *load, struct input_stream *stream, int form, struct pace_error *error)
{
    struct dump_reader reader = {.load = load, .stream = stream, .error = error};
    arena_init(&reader.arena, 0);
    arena_init(&reader.facts_arena, 0);
    int code = load_flush(load); /* what waits of other files, so that a failure leaves it alone */
    load->by_run = 1;
    if (!load->broken) code = form == DUMP_JSON ? read_json(&reader) : read_csv(&reader);
    if (code == 0) code = end_run(&reader);
    if (reader.begun) pace_run_free(reader.run);
    int stored = load->broken ? 0 : flush_runs(&reader);
    if (code == 0) code = stored;
    load->by_run = 0;
    if (code == 0 && !reader.ended)
        code =
            error_fill(error, PACE_EVALUE,
                       "%.300s: it is cut off: it has no record 'end'; what came before is stored",
                       stream->name);
    arena_clear(&reader.arena);
    arena_clear(&reader.facts_arena);
    free(reader.facts);
    return code;
}
