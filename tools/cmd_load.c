/* cmd_load.c -- pace load: store results from files that exist. */
#include "../query/suggest.h"
#include "command.h"
#include "load.h"
#include "progress.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say_line(void *context, int is_error, const char *message)
{
    const struct arguments *arguments = context;
    if (is_error)
        say_error("%s", message);
    else if (!arguments_has(arguments, OPTION_QUIET))
        say_note("note: %s", message);
}

/* Refuses a name that is no adapter, before any file is read. */
static int check_adapter(const struct arguments *arguments, const char *name)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX] = {"auto", "lines"};
    size_t count = 2;
    for (size_t i = 0; i < adapter_count && count < NAMES_MAX; i++)
        names[count++] = adapters[i].name;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return STATUS_OK;
    }
    const char *near = suggest(name, strlen(name), names, count);
    char list[400] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    if (near != NULL)
        return command_misused(arguments->command, "no adapter '%s'; did you mean '%s'?", name,
                               near);
    return command_misused(arguments->command, "no adapter '%s'; there are: %s", name, list);
}

static int read_options(const struct arguments *arguments, struct load_options *options)
{
    struct pace_error error;
    const char *time = arguments_value(arguments, OPTION_TIME);
    *options = (struct load_options){
        .project = arguments_value(arguments, OPTION_PROJECT),
        .branch = arguments_value(arguments, OPTION_BRANCH),
        .testbed = arguments_value(arguments, OPTION_TESTBED),
        .commit = arguments_value(arguments, OPTION_COMMIT),
        .adapter = arguments_value(arguments, OPTION_ADAPTER),
        .has_time = time != NULL,
        .dry_run = arguments_has(arguments, OPTION_DRY_RUN),
        .say = say_line,
        .context = (void *)(uintptr_t)arguments,
    };
    if (arguments->operand_count == 0)
        return command_misused(arguments->command, "which files? `-` is standard input");
    if (time != NULL && timestamp_parse(time, strlen(time), &options->time_ns, &error) != 0)
        return command_misused(arguments->command, "--time: %s", error.message);
    const char *suite = arguments_value(arguments, OPTION_SUITE_AS);
    if (suite != NULL && load_suite_of(suite, &options->suite_as) != 0)
        return command_misused(arguments->command,
                               "--suite-as %s: it is testbed, project or prefix", suite);
    return options->adapter != NULL ? check_adapter(arguments, options->adapter) : STATUS_OK;
}

/* 1 when at least one of the files can be read: only then is a store made. */
static int some_readable(const struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->operand_count; i++) {
        const char *path = arguments->operands[i];
        if (strcmp(path, "-") == 0 || access(path, R_OK) == 0) return 1;
    }
    return 0;
}

static int load_mapped(const struct arguments *arguments, pace *store, struct load_options *options,
                       struct load_report *report)
{
    struct pace_error error;
    const char **map = arguments_values(arguments, OPTION_MAP, &options->map_count);
    if (map == NULL) return store_failed("", PACE_ENOMEM, NULL);
    options->map = map;
    int code =
        load_files(store, options, arguments->operands, arguments->operand_count, &error, report);
    free((void *)map);
    return code;
}

static int show_report(const struct show_style *style, const struct load_report *report)
{
    const struct show_fact facts[] = {{.name = "runs", .number = (double)report->runs_new},
                                      {.name = "known_runs", .number = (double)report->runs_known},
                                      {.name = "cells", .number = (double)report->cells_new},
                                      {.name = "new_series", .number = (double)report->series_new},
                                      {.name = "files", .number = (double)report->files},
                                      {.name = "bad_files", .number = (double)report->bad_files}};
    return show_facts(style, facts, sizeof facts / sizeof facts[0]);
}

static void summarize(const struct load_options *options, const struct load_report *report)
{
    unsigned long long runs = report->runs_new, cells = report->cells_new;
    unsigned long long known = report->runs_known, series = report->series_new;
    if (options->dry_run)
        say_note("would store %llu run%s, %llu cell%s", runs, runs == 1 ? "" : "s", cells,
                 cells == 1 ? "" : "s");
    else if (known > 0 && runs == 0)
        say_note("stored 0 new runs, %llu already stored", known);
    else if (known > 0)
        say_note("stored %llu new run%s, %llu already stored; %llu cell%s, %llu new series", runs,
                 runs == 1 ? "" : "s", known, cells, cells == 1 ? "" : "s", series);
    else
        say_note("stored %llu run%s, %llu cell%s, %llu new series", runs, runs == 1 ? "" : "s",
                 cells, cells == 1 ? "" : "s", series);
    if (report->bad_files > 0 && report->files > 1)
        say_note("%zu of %zu files were not stored", report->bad_files, report->files);
}

int cmd_load(const struct arguments *arguments)
{
    struct load_options options;
    struct load_report report;
    pace *store = NULL;
    struct show_style style;
    int status = show_style_read(arguments, &style);
    if (status == STATUS_OK) status = read_options(arguments, &options);
    if (status == STATUS_OK && !some_readable(arguments))
        options.dry_run = 1; /* says why not, file by file */
    if (status == STATUS_OK && !options.dry_run)
        status = store_open(arguments, STORE_CREATE, &store);
    if (status != STATUS_OK) return status;
    uint64_t bytes = input_size(arguments->operands);
    struct progress progress = {"reading", "B", &bytes, progress_count, input_bytes_read()};
    if (!arguments_has(arguments, OPTION_QUIET)) progress_begin(&progress);
    int code = load_mapped(arguments, store, &options, &report);
    progress_end();
    if (style.format != NULL)
        status = show_report(&style, &report);
    else if (code == 0 ? !arguments_has(arguments, OPTION_QUIET) : report.files > report.bad_files)
        summarize(&options, &report);
    pace_close(store);
    return code != 0 ? STATUS_DATA : status;
}
