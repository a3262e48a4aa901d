/* cmd_stat.c -- `pace stat`: how much is stored, and what it takes. */
#include "command.h"

#include "show.h"
#include "store.h"

#include <string.h>

enum { WHAT, COUNT, RUNS, SIZE };

static void add_count(struct rows *rows, const char *what, double count)
{
    rows_next(rows);
    rows_text(rows, WHAT, what);
    rows_number(rows, COUNT, count, "");
}

static void add_size(struct rows *rows, const char *what, double bytes)
{
    rows_next(rows);
    rows_text(rows, WHAT, what);
    rows_number(rows, SIZE, bytes, "B");
}

static void add_space(struct rows *rows, const char *what, const struct pace_space *space)
{
    add_count(rows, what, (double)space->count);
    if (space->runs > 0) rows_number(rows, RUNS, (double)space->runs, "");
    rows_number(rows, SIZE, (double)space->bytes, "B");
}

/* What the file is made of. The rest is pages: their heads, what is left of them, and free ones. */
static void add_storage(struct rows *rows, const struct pace_storage *storage,
                        const struct pace_space *journal, const struct pace_stat *stat)
{
    const struct {
        const char *what;
        const struct pace_space *space;
    } parts[] = {
        {"log rows", &storage->tiers.rows},
        {"small blocks", &storage->tiers.small_blocks},
        {"large blocks", &storage->tiers.large_blocks},
        {"samples", &storage->samples},
        {"metadata", &storage->metadata},
        {"index of runs", &storage->index},
        {"names and lists", &storage->other},
    };
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bytes += parts[i].space->bytes;
        if (parts[i].space->count > 0) add_space(rows, parts[i].what, parts[i].space);
    }
    if (journal->count > 0) add_space(rows, "of it in the journal", journal);
    if (stat->file_bytes > bytes)
        add_size(rows, "pages and free space", (double)(stat->file_bytes - bytes));
    add_size(rows, "file", (double)stat->file_bytes);
    if (stat->cells > 0)
        add_size(rows, "file per cell", (double)stat->file_bytes / (double)stat->cells);
}

static int stat_store(struct rows *rows, pace_snapshot *snapshot, struct pace_error *error)
{
    static const char *const dimensions[] = {"projects", "branches", "testbeds", "benchmarks",
                                             "measures"};
    struct pace_storage storage;
    struct pace_space journal;
    struct pace_stat stat;
    int code = pace_stat(snapshot, error, &stat);
    if (code == 0) code = pace_storage(snapshot, error, &storage);
    if (code == 0) code = pace_journal(snapshot, error, &journal);
    if (code != 0) return code;
    rows_field(rows, "what", PACE_FIELD_TEXT);
    rows_field(rows, "count", PACE_FIELD_NUMBER);
    rows_field(rows, "runs", PACE_FIELD_NUMBER);
    rows_field(rows, "size", PACE_FIELD_NUMBER);
    add_count(rows, "runs", (double)stat.runs);
    add_count(rows, "cells", (double)stat.cells);
    add_count(rows, "series", (double)stat.series);
    add_count(rows, "streams", (double)stat.streams);
    for (int i = 0; i < PACE_DIMENSION_COUNT && code == 0; i++) {
        const char *const *names;
        uint32_t count;
        code = pace_names(snapshot, (enum pace_dimension)i, error, &names, &count);
        if (code == 0) add_count(rows, dimensions[i], count);
    }
    if (code == 0) add_storage(rows, &storage, &journal, &stat);
    return code != 0 || !rows->failed ? code : PACE_ENOMEM;
}

/* Fields of a stream: its names, numbers, times. */
enum { NUMBERS_FROM = 3, TIMES_FROM = 11 };

static const char *name_of(const char *const *names, uint32_t count, uint32_t id)
{
    return id < count ? names[id] : "";
}

static int stat_streams(struct rows *rows, pace_snapshot *snapshot, struct pace_error *error)
{
    static const char *const numbers[] = {"series", "runs",  "cells", "log",
                                          "small",  "large", "size",  "bytes per cell"};
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
        struct pace_tiers tiers;
        code = pace_stream_tiers(snapshot, stream->id, error, &tiers);
        if (code != 0) return code;
        const uint32_t ids[] = {stream->project, stream->branch, stream->testbed};
        rows_next(rows);
        for (size_t k = 0; k <= PACE_TESTBED; k++)
            rows_text(rows, k, name_of(names[k], name_count[k], ids[k]));
        double bytes =
            (double)(tiers.rows.bytes + tiers.small_blocks.bytes + tiers.large_blocks.bytes);
        const double values[] = {(double)stream->column_count,
                                 (double)stream->run_count,
                                 (double)stream->cell_count,
                                 (double)tiers.rows.runs,
                                 (double)tiers.small_blocks.runs,
                                 (double)tiers.large_blocks.runs,
                                 bytes,
                                 bytes / (double)stream->cell_count};
        for (size_t k = 0; k < TIMES_FROM - NUMBERS_FROM; k++) {
            if (k == 7 && stream->cell_count == 0) continue;
            rows_number(rows, NUMBERS_FROM + k, values[k], k == 6 ? "B" : "");
        }
        if (stream->run_count == 0) continue;
        rows_time(rows, TIMES_FROM, stream->first_time_ns);
        rows_time(rows, TIMES_FROM + 1, stream->last_time_ns);
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
