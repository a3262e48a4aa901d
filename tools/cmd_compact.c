/* cmd_compact.c -- `pace compact`: drops history, and the space that is not used. */
#include "command.h"

#include "progress.h"
#include "retention.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

static int show_result(const struct show_style *style, const char *path, int is_dry,
                       const struct pace_compacted *done)
{
    const struct show_fact facts[] = {
        {.name = "store", .text = path},
        {.name = "runs", .number = (double)done->runs},
        {.name = "cells", .number = (double)done->cells},
        {.name = "runs_dropped", .number = (double)done->runs_dropped},
        {.name = "cells_dropped", .number = (double)done->cells_dropped},
        {.name = "bytes_before", .number = (double)done->bytes_before},
        {.name = "bytes_after", .number = is_dry ? (double)NAN : (double)done->bytes_after}};
    if (style->format != NULL) return show_facts(style, facts, sizeof facts / sizeof facts[0]);
    say_note("%s: %llu runs with %llu cells %s, %llu runs with %llu cells %s", path,
             (unsigned long long)done->runs, (unsigned long long)done->cells,
             is_dry ? "would stay" : "stay", (unsigned long long)done->runs_dropped,
             (unsigned long long)done->cells_dropped, is_dry ? "would be dropped" : "dropped");
    if (!is_dry)
        say_note("  %llu bytes before, %llu after", (unsigned long long)done->bytes_before,
                 (unsigned long long)done->bytes_after);
    return STATUS_OK;
}

/* What there is to do: each run is looked at, then it is written. When all stay the file is copied
 * instead, and packed, and copied again: there the sizes of the copies tell. */
struct work {
    struct retention *retention;
    char copies[4][PATH_MAX + 32];
    uint64_t runs, bytes; /* of the store */
    uint64_t seen;        /* runs that were asked for */
    uint64_t total;
};

static int keep_run(void *context, const struct pace_stream *stream,
                    const struct pace_run_view *run)
{
    struct work *work = context;
    __atomic_fetch_add(&work->seen, 1, __ATOMIC_RELAXED);
    return retention_keep_run(work->retention, stream, run);
}

static int keep_cell(void *context, const struct pace_stream *stream,
                     const struct pace_run_view *run, uint32_t column)
{
    return retention_keep_cell(((struct work *)context)->retention, stream, run, column);
}

static uint64_t runs_done(const void *context)
{
    const struct work *work = context;
    uint64_t seen = progress_count(&work->seen), written = 0;
    struct stat info;
    for (size_t i = 0; i < sizeof work->copies / sizeof work->copies[0] && seen == work->runs; i++)
        if (stat(work->copies[i], &info) == 0) written += (uint64_t)info.st_size;
    if (written > 2 * work->bytes) written = 2 * work->bytes;
    return seen + (work->bytes > 0 ? work->runs * written / (2 * work->bytes) : 0);
}

static void work_read(struct work *work, pace *store, const char *place, int is_dry)
{
    static const char *const names[] = {"compact.work/data.mdb", "compact.work/data.mdb.tmp",
                                        "compact.new/data.mdb", "compact.new/data.mdb.tmp"};
    struct pace_stat now = store_stat(store);
    work->runs = now.runs;
    work->bytes = now.file_bytes;
    work->total = is_dry ? now.runs : 2 * now.runs;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        snprintf(work->copies[i], sizeof work->copies[i], "%s/%s", place, names[i]);
}

int cmd_compact(const struct arguments *arguments)
{
    char path[PATH_MAX];
    pace *store = NULL;
    struct work work = {0};
    struct pace_error error = {0};
    struct pace_compacted done;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace compact` takes no operands");
    struct show_style style;
    int status = show_style_read(arguments, &style);
    if (status == 0) status = store_path(arguments, STORE_WRITE, path);
    if (status == 0) status = store_open_path(path, STORE_READ, &store);
    if (status == 0) status = retention_read(arguments, store, &work.retention);
    const char *to = arguments_value(arguments, OPTION_TO);
    int is_dry = arguments_has(arguments, OPTION_COUNT_ONLY);
    if (status == 0) work_read(&work, store, to != NULL ? to : path, is_dry);
    pace_close(store); /* nobody may have it open when it is replaced */
    if (status != 0) return status;

    struct pace_compact_options options = {.struct_size = sizeof options,
                                           .to = to,
                                           .dry_run = is_dry,
                                           .keep_run = keep_run,
                                           .keep_cell = keep_cell,
                                           .context = &work};
    signal(SIGXFSZ, SIG_IGN); /* a limit is an error, not the end */
    struct progress progress = {"compacting", "runs", &work.total, runs_done, &work};
    progress_begin(&progress);
    int code = pace_compact(path, &options, &error, &done);
    progress_end();
    if (code != 0)
        status = store_failed("", code, &error);
    else
        status = show_result(&style, options.to != NULL && !options.dry_run ? options.to : path,
                             options.dry_run, &done);
    retention_free(work.retention);
    return status;
}
