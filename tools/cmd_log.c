/* cmd_log.c -- `pace log`: the newest runs, the last that arrived first. */
#include "command.h"

#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_COUNT = 20 };

struct log {
    const struct pace_stream *streams;
    uint32_t stream_count;
    const char *const *names[PACE_DIMENSION_COUNT];
    uint32_t name_count[PACE_DIMENSION_COUNT];
    const char *wanted[PACE_TESTBED + 1]; /* NULL: any */
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

static const char *flags_text(uint32_t flags)
{
    static const char *const texts[] = {NULL, "partial", "dirty", "partial dirty"};
    return texts[flags & (PACE_RUN_PARTIAL | PACE_RUN_DIRTY)];
}

/* The start point that the run's branch has now: "main 4f2a1c9". */
static int add_start(struct rows *rows, size_t column, pace_snapshot *snapshot,
                     const struct pace_stream *stream, struct pace_error *error)
{
    struct pace_start_point start;
    char text[PACE_MAX_NAME + PACE_MAX_COMMIT + 2];
    int code = pace_start_point_get(snapshot, stream->project, stream->branch, error, &start);
    if (code != 0) return code == PACE_ENOTFOUND ? 0 : code;
    snprintf(text, sizeof text, "%s%s%s", start.branch, *start.commit != '\0' ? " " : "",
             start.commit);
    rows_text(rows, column, text);
    return 0;
}

static int add_run(struct rows *rows, const struct log *log, pace_snapshot *snapshot,
                   const struct pace_stream *stream, const struct pace_run_view *view,
                   struct pace_error *error)
{
    size_t i = 0;
    rows_next(rows);
    rows_number(rows, i++, (double)view->run, "");
    rows_time(rows, i++, view->time_ns);
    if (*view->commit != '\0') rows_text(rows, i, view->commit);
    i++;
    for (enum pace_dimension d = PACE_PROJECT; d <= PACE_TESTBED; d++)
        rows_text(rows, i++, log_name(log, stream, d));
    rows_number(rows, i++, view->cell_count, "");
    rows_text(rows, i++, flags_text(view->flags));
    return add_start(rows, i, snapshot, stream, error);
}

static int gather(struct rows *rows, struct log *log, pace_snapshot *snapshot, uint64_t count,
                  struct pace_error *error)
{
    int code = log_read(log, snapshot, error);
    for (uint64_t run = pace_run_count(snapshot); run > 0 && rows->count < count && code == 0;
         run--) {
        struct pace_run_view view;
        code = pace_run_get(snapshot, run, error, &view);
        if (code == PACE_ENOTFOUND) { /* a compaction dropped it */
            code = 0;
            continue;
        }
        if (code != 0) continue;
        if (view.stream >= log->stream_count) continue;
        const struct pace_stream *stream = &log->streams[view.stream];
        if (is_wanted(log, stream)) code = add_run(rows, log, snapshot, stream, &view, error);
        if (rows->failed) code = PACE_ENOMEM;
    }
    return code;
}

int cmd_log(const struct arguments *arguments)
{
    struct show_style style;
    struct log log = {.wanted = {arguments_value(arguments, OPTION_PROJECT),
                                 arguments_value(arguments, OPTION_BRANCH),
                                 arguments_value(arguments, OPTION_TESTBED)}};
    const char *number = arguments_value(arguments, OPTION_NUMBER);
    uint64_t count = DEFAULT_COUNT;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace log` takes no operands");
    if (number != NULL) {
        char *end;
        count = strtoull(number, &end, 10);
        if (*number < '0' || *number > '9' || *end != '\0' || count == 0)
            return command_misused(arguments->command, "-n takes a count, not '%s'", number);
    }
    int status = show_style_read(arguments, &style);
    pace *store = NULL;
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;

    struct pace_error error = {0};
    struct rows rows;
    pace_snapshot *snapshot = NULL;
    rows_init(&rows);
    rows_field(&rows, "run", PACE_FIELD_NUMBER);
    rows_field(&rows, "time", PACE_FIELD_TIME);
    static const char *const texts[] = {"commit", "project", "branch", "testbed"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        rows_field(&rows, texts[i], PACE_FIELD_TEXT);
    rows_field(&rows, "cells", PACE_FIELD_NUMBER);
    rows_field(&rows, "flags", PACE_FIELD_TEXT);
    rows_field(&rows, "start_point", PACE_FIELD_TEXT);
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0) code = gather(&rows, &log, snapshot, count, &error);
    status = code != 0 ? store_failed("", code, &error) : show_rows(&style, &rows);
    if (code == 0 && rows.count == 0) say_note("no runs match; `pace ls` lists what there is");
    rows_clear(&rows);
    if (snapshot != NULL) pace_snapshot_end(snapshot);
    pace_close(store);
    return status;
}
