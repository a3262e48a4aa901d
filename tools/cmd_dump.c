/* cmd_dump.c -- pace dump: everything in a store as JSON lines or CSV, or history in the format of
 * another tool. */
#include "command.h"
#include "dump.h"
#include "export.h"
#include "progress.h"
#include "say.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the store's directory: the newest run that --new wrote. */
static const char state_name[] = "dumped";

static int state_path(const pace *store, const char *suffix, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/%s%s", pace_path(store), state_name, suffix);
    return len > 0 && len < PATH_MAX ? 0 : -1;
}

static uint64_t state_read(const pace *store)
{
    char path[PATH_MAX];
    uint64_t run = 0;
    FILE *file = state_path(store, "", path) == 0 ? fopen(path, "re") : NULL;
    if (file == NULL) return 0;
    if (fscanf(file, "run %" SCNu64, &run) != 1) run = 0;
    (void)fclose(file);
    return run;
}

static int state_write(const pace *store, uint64_t run)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    if (state_path(store, "", path) != 0 || state_path(store, ".new", fresh) != 0) return -1;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    int bad = dprintf(fd, "run %" PRIu64 "\n", run) < 0 || fsync(fd) != 0;
    bad |= close(fd) != 0;
    return bad || rename(fresh, path) != 0 ? -1 : 0;
}

/* A terminal gets text made safe; files and pipes get every byte as it is. */
static ssize_t write_safe(void *context, const char *bytes, size_t len)
{
    (void)context;
    return say_safe(stdout, bytes, len) == 0 ? (ssize_t)len : 0;
}

static FILE *dump_out(void)
{
    enum { LINE = 1 << 16 }; /* longer lines are cut, perhaps inside a character */
    static const cookie_io_functions_t functions = {.write = write_safe};
    FILE *out = isatty(STDOUT_FILENO) ? fopencookie(NULL, "w", functions) : NULL;
    if (out == NULL) return stdout;
    setvbuf(out, NULL, _IOLBF, LINE);
    return out;
}

static int write_dump(const struct arguments *arguments, pace *store, FILE *out,
                      enum dump_form form)
{
    struct dump_options options = {
        .form = form,
        .project = arguments_value(arguments, OPTION_PROJECT),
        .branch = arguments_value(arguments, OPTION_BRANCH),
        .testbed = arguments_value(arguments, OPTION_TESTBED),
        .out = out,
    };
    struct dump_report report;
    struct pace_error error = {0, ""};
    int only_new = arguments_has(arguments, OPTION_NEW);
    if (only_new) options.after = state_read(store);
    uint64_t cells = store_stat(store).cells;
    struct progress progress = {"dumping", "cells", &cells, progress_count, &report.cells};
    report = (struct dump_report){0};
    if (!isatty(STDOUT_FILENO) && !arguments_has(arguments, OPTION_QUIET))
        progress_begin(&progress);
    int code = dump_store(store, &options, &error, &report);
    progress_end();
    if (code == EPIPE) return STATUS_OK; /* and nothing counts as dumped */
    if (code != 0) return store_failed("", code, &error);
    if (only_new && state_write(store, report.last) != 0) {
        say_error("%s/%s cannot be written: %s; the next dump has these runs again",
                  pace_path(store), state_name, strerror(errno));
        return STATUS_DATA;
    }
    if (!arguments_has(arguments, OPTION_QUIET) && !isatty(STDOUT_FILENO))
        say_note("dumped %" PRIu64 " run%s, %" PRIu64 " cell%s", report.runs,
                 report.runs == 1 ? "" : "s", report.cells, report.cells == 1 ? "" : "s");
    return STATUS_OK;
}

static const struct format {
    const char *name;
    enum dump_form form;
    export_function *export; /* NULL: a dump */
} formats[] = {
    {"jsonl", DUMP_JSON, NULL},
    {"csv", DUMP_CSV, NULL},
    {"data.js", DUMP_JSON, export_datajs},
    {"bmf", DUMP_JSON, export_bmf},
    {"openmetrics", DUMP_JSON, export_openmetrics},
    {"go", DUMP_JSON, export_go},
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

static int write_export(const struct arguments *arguments, pace *store, uint64_t last,
                        export_function *export, FILE *out)
{
    struct export_options options = {.project = arguments_value(arguments, OPTION_PROJECT),
                                     .branch = arguments_value(arguments, OPTION_BRANCH),
                                     .testbed = arguments_value(arguments, OPTION_TESTBED),
                                     .last = last,
                                     .out = out};
    struct export_report report;
    struct pace_error error = {0, ""};
    int code = export(store, &options, &error, &report);
    if (code == EPIPE) return STATUS_OK;
    if (code != 0) return store_failed("", code, &error);
    if (report.left_out > 0 && !arguments_has(arguments, OPTION_QUIET))
        say_note("%" PRIu64 " values of a time that their series has already are left out",
                 report.left_out);
    return STATUS_OK;
}

/* How many of each stream's newest runs; 0: all. */
static int read_last(const struct arguments *arguments, const struct format *format, uint64_t *last)
{
    const char *text = arguments_value(arguments, OPTION_EXPORT_LAST);
    char *end = NULL;
    *last = 0;
    if (text == NULL) return STATUS_OK;
    if (format->export == NULL)
        return command_misused(arguments->command, "-n is for the formats of other tools; a dump "
                                                   "has all runs, or with --new the new ones");
    *last = strtoull(text, &end, 10);
    if (text[0] >= '1' && text[0] <= '9' && *end == '\0') return STATUS_OK;
    return command_misused(arguments->command, "-n %s: not a number of runs", text);
}

int cmd_dump(const struct arguments *arguments)
{
    const char *name = arguments_value(arguments, OPTION_DUMP_FORMAT);
    pace *store = NULL;
    size_t at = 0;
    uint64_t last = 0;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace dump` writes to standard output: > FILE");
    while (name != NULL && at < FORMAT_COUNT && strcmp(name, formats[at].name) != 0)
        at++;
    if (at == FORMAT_COUNT)
        return command_misused(arguments->command,
                               "no format '%s'; there are: jsonl, csv, data.js, bmf, openmetrics, "
                               "go",
                               name);
    int status = read_last(arguments, &formats[at], &last);
    if (status == STATUS_OK && formats[at].export != NULL && arguments_has(arguments, OPTION_NEW))
        status = command_misused(arguments->command, "--new is for jsonl and csv");
    if (status == STATUS_OK) status = store_open(arguments, STORE_READ, &store);
    if (status != STATUS_OK) return status;
    FILE *out = dump_out();
    status = formats[at].export != NULL
                 ? write_export(arguments, store, last, formats[at].export, out)
                 : write_dump(arguments, store, out, formats[at].form);
    if (out != stdout) fclose(out);
    pace_close(store);
    return status;
}
