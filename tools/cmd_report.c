/* cmd_report.c -- `pace report`: the stored history as one page for a browser; a stored verdict in
 * the formats of CI. */
#include "command.h"

#include "fresh_file.h"
#include "report.h"
#include "report_from.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

/* Addresses that a page may lead to: no other scheme, and the place of the commit. */
static int link_check(const struct command *command, const char *link)
{
    if (link == NULL) return STATUS_OK;
    if ((strncmp(link, "https://", 8) == 0 || strncmp(link, "http://", 7) == 0) &&
        strstr(link, "{commit}") != NULL)
        return STATUS_OK;
    return command_misused(command,
                           "--link takes an address with {commit}, like "
                           "https://git.example.org/project/commit/{commit}, not '%s'",
                           link);
}

static int page_write(const struct report *report, const char *path)
{
    struct fresh_file fresh;
    int code = fresh_file_open(&fresh, path);
    if (code == 0) code = fresh_file_close(&fresh, report_write(report, fresh.file));
    if (code == 0 || (code == EPIPE && strcmp(path, "-") == 0)) return STATUS_OK;
    say_error("%s: %s", path, strerror(code));
    return STATUS_DATA;
}

/* What was made, for people or as JSON for programs; nothing beside a page on standard output. */
static int report_tell(const struct arguments *arguments, struct show_style *style,
                       const struct report *report, const char *path)
{
    const struct show_fact facts[] = {{.name = "page", .text = path},
                                      {.name = "series", .number = (double)report->series_count},
                                      {.name = "points", .number = (double)report->points}};
    if (strcmp(path, "-") == 0) return STATUS_OK;
    style->format = arguments_value(arguments, OPTION_FROM_FORMAT);
    if (style->format != NULL) return show_facts(style, facts, sizeof facts / sizeof facts[0]);
    say_note("%s: %zu series, %llu points", path, report->series_count,
             (unsigned long long)report->points);
    return STATUS_OK;
}

static int report_make(const struct arguments *arguments, pace *store, const char *path)
{
    struct show_style style;
    const char *selector = arguments->operand_count > 0 ? arguments->operands[0] : "project:*";
    int status = show_style_read(arguments, &style);
    if (status != STATUS_OK) return status;
    struct report report = {.store = store,
                            .selector = selector,
                            .link = arguments_value(arguments, OPTION_LINK),
                            .now_ns = style.now_ns != 0 ? style.now_ns : timestamp_now()};
    status = report_open(&report);
    if (status == STATUS_OK) status = report_read(&report);
    if (status == STATUS_OK) status = page_write(&report, path);
    if (status == STATUS_OK) status = report_tell(arguments, &style, &report, path);
    report_close(&report);
    return status;
}

int cmd_report(const struct arguments *arguments)
{
    pace *store = NULL;
    const char *path = arguments_value(arguments, OPTION_OUTPUT);
    if (arguments_has(arguments, OPTION_FROM)) return report_from(arguments);
    if (arguments->operand_count > 1)
        return command_misused(arguments->command,
                               "one selector, please; quote it: pace report 'branch:main "
                               "measure:latency' -o report.html");
    if (path == NULL)
        return command_misused(arguments->command,
                               "name the page: pace report -o report.html (- is standard output)\n"
                               "  or a stored verdict: pace report --from verdict.json");
    const char *format = arguments_value(arguments, OPTION_FROM_FORMAT);
    if (format != NULL && strcmp(format, "json") != 0)
        return command_misused(arguments->command,
                               "--format %s is for a stored verdict: pace report --from "
                               "verdict.json --format %s",
                               format, format);
    int status = link_check(arguments->command, arguments_value(arguments, OPTION_LINK));
    if (status == STATUS_OK) status = store_open(arguments, STORE_READ, &store);
    if (status != STATUS_OK) return status;
    status = report_make(arguments, store, path);
    pace_close(store);
    return status;
}
