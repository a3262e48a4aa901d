/* cmd_log.c -- `pace log`: the newest runs, the last that arrived first, and how each was judged.
 *
 * A run's verdict is made of the rows that `pace check` gave when it was the newest: a judged point
 * never sees what comes after it. Streams that would keep people waiting are judged when --verdicts
 * asks for it. */
#include "command.h"

#include "judge.h"
#include "judge_own.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_COUNT = 20,
    JUDGED_MOST =
        500000, /* cells of the streams that are judged unasked: some tenths of a second */
};

struct entry {
    struct pace_run_view view;
    unsigned counts[JUDGE_VERDICT_COUNT];
    int is_judged;
};

struct log {
    const struct pace_stream *streams;
    uint32_t stream_count;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t name_count[PACE_DIMENSION_COUNT];
    const char *wanted[PACE_TESTBED + 1]; /* NULL: any */
    struct entry *entries;                /* the newest first */
    size_t count, most;
    uint64_t older; /* runs that are wanted and not among the entries */
    int is_table;   /* for people: commits are cut */
};

static int log_read(struct log *log, pace_snapshot *snapshot, struct pace_error *error)
{
    int code = pace_streams(snapshot, error, &log->streams, &log->stream_count);
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_TESTBED && code == 0; i++)
        code = pace_names(snapshot, i, error, &log->names[i], &log->name_count[i]);
    return code;
}

static const char *log_name(const struct log *log, const struct pace_stream *stream,
                            enum pace_dimension dimension)
{
    uint32_t id = dimension == PACE_PROJECT  ? stream->project
                  : dimension == PACE_BRANCH ? stream->branch
                                             : stream->testbed;
    return id < log->name_count[dimension] ? log->names[dimension][id] : "";
}

static int is_wanted(const struct log *log, const struct pace_stream *stream)
{
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_TESTBED; i++)
        if (log->wanted[i] != NULL && strcmp(log->wanted[i], log_name(log, stream, i)) != 0)
            return 0;
    return 1;
}

/* The runs that are wanted, the newest first. */
static int gather(struct log *log, pace_snapshot *snapshot, struct pace_error *error)
{
    int code = log_read(log, snapshot, error);
    uint64_t run = code == 0 ? pace_run_count(snapshot) : 0;
    if (log->most > run) log->most = (size_t)run;
    log->entries = calloc(log->most + 1, sizeof *log->entries);
    if (log->entries == NULL) return PACE_ENOMEM;
    for (; run > 0 && log->count < log->most && code == 0; run--) {
        struct entry *entry = &log->entries[log->count];
        code = pace_run_get(snapshot, run, error, &entry->view);
        if (code == PACE_ENOTFOUND) { /* a compaction dropped it */
            code = 0;
            continue;
        }
        if (code != 0 || entry->view.stream >= log->stream_count) continue;
        log->count += (size_t)is_wanted(log, &log->streams[entry->view.stream]);
    }
    for (uint32_t i = 0; i < log->stream_count; i++)
        if (is_wanted(log, &log->streams[i])) log->older += log->streams[i].run_count;
    log->older = log->older > log->count ? log->older - log->count : 0;
    return code;
}

/* -- verdicts ---------------------------------------------------------------------------------- */

/* Cells of the streams that have a run here. */
static uint64_t cells_to_judge(const struct log *log)
{
    uint64_t cells = 0;
    for (size_t i = 0; i < log->count; i++) {
        size_t before = 0;
        while (log->entries[before].view.stream != log->entries[i].view.stream)
            before++;
        if (before == i) cells += log->streams[log->entries[i].view.stream].cell_count;
    }
    return cells;
}

static int by_run(const void *a, const void *b)
{
    const struct judged *left = a, *right = b;
    return (left->run > right->run) - (left->run < right->run);
}

/* Counts the verdicts of one run among rows in order of run. */
static void count_verdicts(struct entry *entry, const struct judgement *judgement)
{
    size_t from = 0, until = judgement->count;
    while (from < until) {
        size_t middle = from + (until - from) / 2;
        if (judgement->rows[middle].run < entry->view.run)
            from = middle + 1;
        else
            until = middle;
    }
    for (; from < judgement->count && judgement->rows[from].run == entry->view.run; from++)
        entry->counts[judgement->rows[from].verdict]++;
    entry->is_judged = 1;
}

/* Judges one stream from its oldest run here on, and gives each of its runs the counts. */
static int judge_stream(struct log *log, pace *store, size_t first)
{
    const struct pace_stream *stream = &log->streams[log->entries[first].view.stream];
    struct judge_scope scope = {.project = log_name(log, stream, PACE_PROJECT),
                                .branch = log_name(log, stream, PACE_BRANCH),
                                .testbed = log_name(log, stream, PACE_TESTBED),
                                .since_ns = INT64_MAX};
    struct judgement judgement;
    for (size_t i = first; i < log->count; i++)
        if (log->entries[i].view.stream == stream->id &&
            log->entries[i].view.time_ns < scope.since_ns)
            scope.since_ns = log->entries[i].view.time_ns;
    if (scope.since_ns < 1) scope.since_ns = 1; /* 0 is no time to judge_read */
    int status = judge_read(store, &scope, NULL, &judgement);
    if (status == 0 && judgement.count > 0)
        qsort(judgement.rows, judgement.count, sizeof judgement.rows[0], by_run);
    for (size_t i = first; i < log->count && status == 0; i++)
        if (log->entries[i].view.stream == stream->id) count_verdicts(&log->entries[i], &judgement);
    judge_clear(&judgement);
    return status;
}

static int judge_all(struct log *log, pace *store, int is_asked)
{
    uint64_t cells = cells_to_judge(log);
    int status = 0;
    if (!is_asked && cells > JUDGED_MOST) {
        say_note("note: %llu cells are not judged unasked; --verdicts does",
                 (unsigned long long)cells);
        return 0;
    }
    for (size_t i = 0; i < log->count && status == 0; i++)
        if (!log->entries[i].is_judged) status = judge_stream(log, store, i);
    return status;
}

/* -- rows -------------------------------------------------------------------------------------- */

enum {
    COLUMN_RUN,
    COLUMN_TIME,
    COLUMN_COMMIT,
    COLUMN_PROJECT,
    COLUMN_BRANCH,
    COLUMN_TESTBED,
    COLUMN_CELLS,
    COLUMN_VERDICT,
    COLUMN_COUNT,
    COLUMN_FLAGS,
    COLUMN_START,
};

static void declare_fields(struct rows *rows)
{
    static const struct {
        const char *name;
        enum pace_field_type type;
    } fields[] = {{"run", PACE_FIELD_NUMBER},      {"time", PACE_FIELD_TIME},
                  {"commit", PACE_FIELD_TEXT},     {"project", PACE_FIELD_TEXT},
                  {"branch", PACE_FIELD_TEXT},     {"testbed", PACE_FIELD_TEXT},
                  {"cells", PACE_FIELD_NUMBER},    {"verdict", PACE_FIELD_TEXT},
                  {"series", PACE_FIELD_NUMBER},   {"flags", PACE_FIELD_TEXT},
                  {"start_point", PACE_FIELD_TEXT}};
    rows_init(rows);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        rows_field(rows, fields[i].name, fields[i].type);
}

static const char *flags_text(uint32_t flags)
{
    static const char *const texts[] = {NULL, "partial", "dirty", "partial dirty"};
    return texts[flags & (PACE_RUN_PARTIAL | PACE_RUN_DIRTY)];
}

/* The start point that the run's branch has now: "main 4f2a1c9". */
static int add_start(struct rows *rows, const struct log *log, pace_snapshot *snapshot,
                     const struct pace_stream *stream, struct pace_error *error)
{
    enum { START_COMMIT = 9 };
    int width = log->is_table ? START_COMMIT : PACE_MAX_COMMIT;
    struct pace_start_point start;
    char text[PACE_MAX_NAME + PACE_MAX_COMMIT + 2];
    int code = pace_start_point_get(snapshot, stream->project, stream->branch, error, &start);
    if (code != 0) return code == PACE_ENOTFOUND ? 0 : code;
    snprintf(text, sizeof text, "%s%s%.*s", start.branch, *start.commit != '\0' ? " " : "", width,
             start.commit);
    rows_text(rows, COLUMN_START, text);
    return 0;
}

/* What counts most of a run's verdicts, and how many of its series have it. */
static void add_verdict(struct rows *rows, const struct entry *entry)
{
    static const enum judge_verdict order[] = {
        JUDGE_VERDICT_WORSE, JUDGE_VERDICT_SUSPECTED, JUDGE_VERDICT_FAILED, JUDGE_VERDICT_MOVED,
        JUDGE_VERDICT_GONE,  JUDGE_VERDICT_RECOVERED, JUDGE_VERDICT_BETTER, JUDGE_VERDICT_CHANGED,
        JUDGE_VERDICT_OK,    JUDGE_VERDICT_FLAT_OK,   JUDGE_VERDICT_THIN,   JUDGE_VERDICT_NEW};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (entry->counts[order[i]] == 0) continue;
        rows_text(rows, COLUMN_VERDICT, judge_verdicts[order[i]]);
        unsigned count = (unsigned)entry->counts[order[i]];
        if (order[i] == JUDGE_VERDICT_OK) count += (unsigned)entry->counts[JUDGE_VERDICT_FLAT_OK];
        rows_number(rows, COLUMN_COUNT, count, "");
        return;
    }
}

static int add_run(struct rows *rows, const struct log *log, pace_snapshot *snapshot,
                   const struct entry *entry, struct pace_error *error)
{
    const struct pace_run_view *view = &entry->view;
    const struct pace_stream *stream = &log->streams[view->stream];
    rows_next(rows);
    rows_number(rows, COLUMN_RUN, (double)view->run, "");
    rows_time(rows, COLUMN_TIME, view->time_ns);
    if (*view->commit != '\0') rows_text(rows, COLUMN_COMMIT, view->commit);
    for (enum pace_dimension d = PACE_PROJECT; d <= PACE_TESTBED; d++)
        rows_text(rows, COLUMN_PROJECT + d, log_name(log, stream, d));
    rows_number(rows, COLUMN_CELLS, view->cell_count, "");
    add_verdict(rows, entry);
    rows_text(rows, COLUMN_FLAGS, flags_text(view->flags));
    int code = add_start(rows, log, snapshot, stream, error);
    return code == 0 && rows->failed ? PACE_ENOMEM : code;
}

static int show_log(struct log *log, pace *store, const struct show_style *style, int is_asked)
{
    struct pace_error error = {0};
    struct rows rows;
    pace_snapshot *snapshot = NULL;
    declare_fields(&rows);
    int status = 0, code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0) code = gather(log, snapshot, &error);
    if (code == 0) status = judge_all(log, store, is_asked);
    for (size_t i = 0; i < log->count && code == 0 && status == 0; i++)
        code = add_run(&rows, log, snapshot, &log->entries[i], &error);
    if (code != 0) status = store_failed("", code, &error);
    if (status == 0) status = show_rows(style, &rows);
    if (status == 0 && log->is_table && log->older > 0)
        say_note("%llu older run%s: pace log -n N", (unsigned long long)log->older,
                 log->older == 1 ? "" : "s");
    if (status == 0 && rows.count == 0)
        say_note("%s", log->stream_count == 0 ? "no runs yet; store one with: pace run -- CMD"
                                              : "no runs match; `pace ls` lists what there is");
    rows_clear(&rows);
    if (snapshot != NULL) pace_snapshot_end(snapshot);
    return status;
}

int cmd_log(const struct arguments *arguments)
{
    struct show_style style;
    struct log log = {.wanted = {arguments_value(arguments, OPTION_PROJECT),
                                 arguments_value(arguments, OPTION_BRANCH),
                                 arguments_value(arguments, OPTION_TESTBED)},
                      .most = DEFAULT_COUNT};
    const char *number = arguments_value(arguments, OPTION_NUMBER);
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace log` takes no operands");
    if (number != NULL) {
        char *end;
        log.most = strtoull(number, &end, 10);
        if (*number < '0' || *number > '9' || *end != '\0' || log.most == 0)
            return command_misused(arguments->command, "-n takes a count, not '%s'", number);
    }
    int status = show_style_read(arguments, &style);
    pace *store = NULL;
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    log.is_table = style.format == NULL;
    status = show_log(&log, store, &style, arguments_has(arguments, OPTION_VERDICTS));
    free(log.entries);
    pace_close(store);
    return status;
}
