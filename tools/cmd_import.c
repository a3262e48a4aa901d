/* cmd_import.c -- pace import: history that another tool kept. */
#include "command.h"
#include "git.h"
#include "identity.h"
#include "import.h"
#include "progress.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The loader's lines go to what the import counts; errors of the store are said here. */
static void say_line(void *context, int is_error, const char *message)
{
    (void)context;
    if (is_error) say_error("%s", message);
}

enum { FEW = 64 };

/* Files done; of a few large ones rather the bytes that were read. */
struct watched {
    struct progress progress;
    uint64_t files, total;
};

static void count_files(void *context, size_t done, size_t total, const struct load_report *report)
{
    struct watched *watched = context;
    (void)report;
    if (watched->progress.context != &watched->files) return;
    __atomic_store_n(&watched->files, done, __ATOMIC_RELAXED);
    __atomic_store_n(&watched->total, total, __ATOMIC_RELAXED);
}

static void watch(const struct arguments *arguments, struct watched *watched)
{
    *watched = (struct watched){.progress = {"importing", "files", NULL, progress_count, NULL}};
    watched->progress.context = &watched->files;
    watched->progress.total = &watched->total;
    if (arguments->operand_count > 0 && arguments->operand_count <= FEW)
        watched->total = input_size(arguments->operands);
    if (watched->total > 0) {
        watched->progress.unit = "B";
        watched->progress.context = input_bytes_read();
    }
    if (!arguments_has(arguments, OPTION_QUIET)) progress_begin(&watched->progress);
}

static int show_report(const struct show_style *style, const struct import_report *report)
{
    uint64_t skipped = 0;
    for (size_t i = 0; i < report->reason_count; i++)
        skipped += report->reasons[i].count;
    const struct show_fact facts[] = {
        {.name = "runs", .number = (double)report->load.runs_new},
        {.name = "known_runs", .number = (double)report->load.runs_known},
        {.name = "cells", .number = (double)report->load.cells_new},
        {.name = "new_series", .number = (double)report->load.series_new},
        {.name = "skipped", .number = (double)skipped},
        {.name = "start_points", .number = (double)report->starts}};
    return show_facts(style, facts, sizeof facts / sizeof facts[0]);
}

static void summarize(const struct arguments *arguments, const struct import_report *report)
{
    const struct load_report *load = &report->load;
    int quiet = arguments_has(arguments, OPTION_QUIET);
    if (quiet) return;
    say_note("%s %" PRIu64 " run%s, %" PRIu64 " cell%s, %" PRIu64 " new series; %" PRIu64
             " already stored",
             arguments_has(arguments, OPTION_DRY_RUN) ? "would import" : "imported", load->runs_new,
             load->runs_new == 1 ? "" : "s", load->cells_new, load->cells_new == 1 ? "" : "s",
             load->series_new, load->runs_known);
    for (size_t i = 0; i < report->reason_count; i++)
        say_note("skipped %" PRIu64 ": %s\n  %s", report->reasons[i].count, report->reasons[i].text,
                 report->reasons[i].example);
    if (report->unplaced > 0)
        say_note("%" PRIu64 " run%s no branch%s; taken as the main one's (--branch says otherwise)",
                 report->unplaced, report->unplaced == 1 ? " names" : "s name",
                 report->strangers > 0 ? ", and no branch here has their commits" : "");
    if (report->segments > 0)
        say_note("%" PRIu64 " changes of a benchmark's version begin a new baseline (show marks)",
                 report->segments);
    if (report->starts > 0)
        say_note("%" PRIu64 " branch%s learned where they left the main one", report->starts,
                 report->starts == 1 ? "" : "es");
}

/* A run here would be of another project or testbed than the history: which options go on with it.
 * Where the store has several, that is for the user to know. */
static void note_next(const struct arguments *arguments, pace *store)
{
    const struct pace_stream *streams;
    const char *const *names[PACE_TESTBED + 1];
    uint32_t count = 0, name_count;
    pace_snapshot *snapshot = NULL;
    struct identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL || pace_snapshot_begin(store, NULL, &snapshot) != 0) {
        free(identity);
        return;
    }
    int code = pace_streams(snapshot, NULL, &streams, &count);
    for (enum pace_dimension d = PACE_PROJECT; d <= PACE_TESTBED && code == 0; d++)
        code = pace_names(snapshot, d, NULL, &names[d], &name_count);
    int alike = code == 0 && count > 0 && identity_read(arguments, identity) == 0;
    for (uint32_t i = 1; i < count && alike; i++)
        alike =
            streams[i].project == streams[0].project && streams[i].testbed == streams[0].testbed;
    if (alike) {
        const char *project = names[PACE_PROJECT][streams[0].project];
        const char *testbed = names[PACE_TESTBED][streams[0].testbed];
        int other_project = strcmp(project, identity->project) != 0;
        int other_testbed = strcmp(testbed, identity->testbed) != 0;
        if (other_project || other_testbed)
            say_note("runs here go on with this history by: pace run%s%s%s%s",
                     other_project ? " --project " : "", other_project ? project : "",
                     other_testbed ? " --testbed " : "", other_testbed ? testbed : "");
    }
    pace_snapshot_end(snapshot);
    free(identity);
}

static int read_options(const struct arguments *arguments, struct import_options *options)
{
    const char *suite = arguments_value(arguments, OPTION_SUITE_AS);
    const char *time = arguments_value(arguments, OPTION_TIME);
    struct pace_error error;
    *options = (struct import_options){
        .load = {.has_time = time != NULL,
                 .project = arguments_value(arguments, OPTION_PROJECT),
                 .branch = arguments_value(arguments, OPTION_BRANCH),
                 .testbed = arguments_value(arguments, OPTION_TESTBED),
                 .adapter = arguments_value(arguments, OPTION_ADAPTER),
                 .dry_run = arguments_has(arguments, OPTION_DRY_RUN),
                 .say = say_line},
        .progress = count_files,
    };
    if (time != NULL && timestamp_parse(time, strlen(time), &options->load.time_ns, &error) != 0)
        return command_misused(arguments->command, "--time: %s", error.message);
    if (suite != NULL && load_suite_of(suite, &options->load.suite_as) != 0)
        return command_misused(arguments->command,
                               "--suite-as %s: it is testbed, project or prefix", suite);
    if (options->load.adapter != NULL && strcmp(options->load.adapter, "auto") != 0 &&
        strcmp(options->load.adapter, "lines") != 0 && adapter_find(options->load.adapter) == NULL)
        return command_misused(arguments->command, "no adapter '%s'; see: pace help adapters",
                               options->load.adapter);
    return STATUS_OK;
}

static int run_import(const struct arguments *arguments, pace *store,
                      struct import_options *options, const struct show_style *style)
{
    struct watched watched;
    const char *pattern = arguments_value(arguments, OPTION_GIT);
    struct pace_error error = {0, ""};
    struct import_report report;
    const char **map = arguments_values(arguments, OPTION_MAP, &options->load.map_count);
    if (map == NULL) return store_failed("", PACE_ENOMEM, NULL);
    options->load.map = map;
    watch(arguments, &watched);
    options->load.context = &watched;
    int code = pattern != NULL ? import_git(store, options, pattern, &error, &report)
                               : import_paths(store, options, arguments->operands,
                                              arguments->operand_count, &error, &report);
    progress_end();
    free((void *)map);
    int any = report.load.runs_new + report.load.runs_known > 0;
    int tells = (code == 0 && report.reason_count > 0) || any;
    if (tells && style->format == NULL) summarize(arguments, &report);
    if (code == 0 && report.load.runs_new > 0 && style->format == NULL && !options->load.dry_run &&
        !arguments_has(arguments, OPTION_QUIET))
        note_next(arguments, store);
    if (code != 0)
        return report.load.runs_refused > 0 ? STATUS_DATA : store_failed("", code, &error);
    if (style->format != NULL) return show_report(style, &report);
    if (any) return STATUS_OK;
    say_error("there was nothing to import");
    return STATUS_DATA;
}

int cmd_import(const struct arguments *arguments)
{
    char directory[PATH_MAX], root[PATH_MAX];
    struct import_options options;
    pace *store = NULL;
    int has_pattern = arguments_has(arguments, OPTION_GIT);
    struct show_style style;
    int status = show_style_read(arguments, &style);
    if (status == STATUS_OK) status = read_options(arguments, &options);
    if (status != STATUS_OK) return status;
    if (has_pattern ? arguments->operand_count > 0 : arguments->operand_count == 0)
        return command_misused(arguments->command,
                               "which files or directories? or --git 'results/*.json'");
    if (getcwd(directory, sizeof directory) != NULL && git_root(directory, root))
        options.root = root;
    if (has_pattern && options.root == NULL)
        return command_misused(arguments->command, "--git is for a git repository; this is none");
    for (size_t i = 0; i < arguments->operand_count; i++) {
        const char *path = arguments->operands[i];
        if (strcmp(path, "-") == 0 || access(path, R_OK) == 0) continue;
        say_error("%s: it is not there, or may not be read", path);
        return STATUS_DATA;
    }
    if (!options.load.dry_run) status = store_open(arguments, STORE_CREATE, &store);
    if (status == STATUS_OK) status = run_import(arguments, store, &options, &style);
    pace_close(store);
    return status;
}
