/* cmd_stat.c -- `pace stat`: how much is stored, and what it takes. */
#include "command.h"

#include "show.h"
#include "store.h"

#include <string.h>

static void add_count(struct rows *rows, const char *what, double count, const char *unit)
{
    rows_next(rows);
    rows_text(rows, 0, what);
    rows_number(rows, 1, count, unit);
}

static int stat_store(struct rows *rows, pace_snapshot *snapshot, struct pace_error *error)
{
    static const char *const dimensions[] = {"projects", "branches", "testbeds", "benchmarks",
                                             "measures"};
    struct pace_stat stat;
    int code = pace_stat(snapshot, error, &stat);
    if (code != 0) return code;
    rows_field(rows, "what", PACE_FIELD_TEXT);
    rows_field(rows, "count", PACE_FIELD_NUMBER);
    add_count(rows, "runs", (double)stat.runs, "");
    add_count(rows, "cells", (double)stat.cells, "");
    add_count(rows, "series", (double)stat.series, "");
    add_count(rows, "streams", (double)stat.streams, "");
    for (int i = 0; i < PACE_DIMENSION_COUNT && code == 0; i++) {
        const char *const *names;
        uint32_t count;
        code = pace_names(snapshot, (enum pace_dimension)i, error, &names, &count);
        if (code == 0) add_count(rows, dimensions[i], count, "");
    }
    add_count(rows, "file", (double)stat.file_bytes, "B");
    if (stat.cells > 0)
        add_count(rows, "file per cell", (double)stat.file_bytes / (double)stat.cells, "B");
    return code;
}

static const char *name_of(const char *const *names, uint32_t count, uint32_t id)
{
    return id < count ? names[id] : "";
}

static int stat_streams(struct rows *rows, pace_snapshot *snapshot, struct pace_error *error)
{
    static const char *const numbers[] = {"series", "runs", "cells"};
    const struct pace_stream *streams;
    const char *const *names[PACE_TESTBED + 1];
    uint32_t count, name_count[PACE_TESTBED + 1];
    int code = pace_streams(snapshot, error, &streams, &count);
    for (enum pace_dimension i = PACE_PROJECT; i <= PACE_TESTBED && code == 0; i++)
        code = pace_names(snapshot, i, error, &names[i], &name_count[i]);
    if (code != 0) return code;
    rows_field(rows, "project", PACE_FIELD_TEXT);
    rows_field(rows, "branch", PACE_FIELD_TEXT);
    rows_field(rows, "testbed", PACE_FIELD_TEXT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        rows_field(rows, numbers[i], PACE_FIELD_NUMBER);
    rows_field(rows, "oldest", PACE_FIELD_TIME);
    rows_field(rows, "newest", PACE_FIELD_TIME);
    for (uint32_t i = 0; i < count; i++) {
        const struct pace_stream *stream = &streams[i];
        const uint32_t ids[] = {stream->project, stream->branch, stream->testbed};
        rows_next(rows);
        for (size_t k = 0; k <= PACE_TESTBED; k++)
            rows_text(rows, k, name_of(names[k], name_count[k], ids[k]));
        rows_number(rows, 3, stream->column_count, "");
        rows_number(rows, 4, (double)stream->run_count, "");
        rows_number(rows, 5, (double)stream->cell_count, "");
        if (stream->run_count == 0) continue;
        rows_time(rows, 6, stream->first_time_ns);
        rows_time(rows, 7, stream->last_time_ns);
    }
    return rows->failed ? PACE_ENOMEM : 0;
}

int cmd_stat(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    struct rows rows;
    pace *store = NULL;
    pace_snapshot *snapshot = NULL;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace stat` takes no operands");
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_open(arguments, STORE_READ, &store);
    if (status != 0) return status;
    rows_init(&rows);
    int code = pace_snapshot_begin(store, &error, &snapshot);
    if (code == 0)
        code = arguments_has(arguments, OPTION_STREAMS) ? stat_streams(&rows, snapshot, &error)
                                                        : stat_store(&rows, snapshot, &error);
    status = code != 0 ? store_failed("", code, &error) : show_rows(&style, &rows);
    rows_clear(&rows);
    pace_snapshot_end(snapshot);
    pace_close(store);
    return status;
}
