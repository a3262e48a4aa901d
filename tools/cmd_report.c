/* cmd_report.c -- `pace report`: the stored history as one page for a browser; a stored verdict in the
 * formats of CI. */
#include "command.h"

#include "report.h"
#include "report_from.h"
#include "say.h"
#include "show.h"
#include "store.h"
#include "timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A regular file appears whole or not at all: it is written beside its place first. Anything else
 * (/dev/stdout, a pipe) is written to. */
static FILE *page_open(const char *path, char fresh[PATH_MAX])
{
    struct stat there;
    fresh[0] = '\0';
    if (strcmp(path, "-") == 0) return stdout;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) return fopen(path, "we");
    if (snprintf(fresh, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int file = mkostemp(fresh, O_CLOEXEC);
    if (file < 0) return NULL;
    mode_t mask = umask(0);
    umask(mask);
    FILE *out = fchmod(file, 0666 & ~mask) == 0 ? fdopen(file, "w") : NULL;
    if (out == NULL) {
        unlink(fresh);
        close(file);
    }
    return out;
}

static int page_write(const struct report *report, const char *path)
{
    char fresh[PATH_MAX];
    FILE *out = page_open(path, fresh);
    if (out == NULL) {
        int code = errno;
        say_error("%s: %s", path, strerror(code));
        return STATUS_DATA;
    }
    int code = report_write(report, out);
    if (out != stdout && fclose(out) != 0 && code == 0) code = errno;
    if (code == 0 && fresh[0] != '\0' && rename(fresh, path) != 0) code = errno;
    if (code != 0 && fresh[0] != '\0') unlink(fresh);
    if (code == 0 || (code == EPIPE && out == stdout)) return STATUS_OK;
    say_error("%s: %s", path, strerror(code));
    return STATUS_DATA;
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
    if (status == STATUS_OK && strcmp(path, "-") != 0)
        say_note("%s: %zu series, %llu points", path, report.series_count,
                 (unsigned long long)report.points);
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
    int status = link_check(arguments->command, arguments_value(arguments, OPTION_LINK));
    if (status == STATUS_OK) status = store_open(arguments, STORE_READ, &store);
    if (status != STATUS_OK) return status;
    status = report_make(arguments, store, path);
    pace_close(store);
    return status;
}
