/* ci_output.c -- where a verdict goes: standard output, files, and the places that GitHub and
 * GitLab look at.
 */
#include "ci_output.h"

#include "../query/suggest.h"
#include "fresh_file.h"
#include "say.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int ci_put(const struct ci_verdict *verdict, struct text_out *out);
typedef int ci_deliver(const struct ci_verdict *verdict, const char *path);

static ci_deliver ci_deliver_github, ci_deliver_gitlab;

struct ci_format {
    const char *name;
    ci_put *put;
    ci_deliver *deliver;
    const char *meaning;
};

static const struct ci_format ci_formats[] = {
#define CI_FORMAT(name, put, deliver, meaning) {#name, put, deliver, meaning},
#include "ci_format.def"
#undef CI_FORMAT
};

static const char *const row_formats[] = {
#define FORMAT(name, format, meaning) #name,
#include "../query/format.def"
#undef FORMAT
};

enum {
    CI_FORMATS = sizeof ci_formats / sizeof ci_formats[0],
    ROW_FORMATS = sizeof row_formats / sizeof row_formats[0],
};

const char *ci_format_name(size_t index, const char **meaning)
{
    if (index >= CI_FORMATS) return NULL;
    if (meaning != NULL) *meaning = ci_formats[index].meaning;
    return ci_formats[index].name;
}

/* -- what was asked for ------------------------------------------------------------------------ */

static int format_unknown(const struct arguments *arguments, const char *name, size_t len, int rows)
{
    const char *names[CI_FORMATS + ROW_FORMATS];
    char list[300] = "";
    size_t count = 0, used = 0;
    for (size_t i = 0; i < CI_FORMATS; i++)
        names[count++] = ci_formats[i].name;
    for (size_t i = 0; rows && i < ROW_FORMATS; i++)
        if (strcmp(row_formats[i], "json") != 0 && strcmp(row_formats[i], "markdown") != 0)
            names[count++] = row_formats[i];
    for (size_t i = 0; i < count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, " %s", names[i]);
    const char *near = suggest(name, len, names, count);
    if (near != NULL)
        return command_misused(arguments->command, "no format '%.*s'; did you mean '%s'?", (int)len,
                               name, near);
    return command_misused(arguments->command, "no format '%.*s'; the formats are%s", (int)len,
                           name, list);
}

static int read_use(const struct arguments *arguments, const char *text, int rows,
                    struct ci_outputs *out)
{
    size_t len = strcspn(text, "=");
    const char *path = text[len] == '=' ? text + len + 1 : NULL;
    const struct ci_format *format = NULL;
    const char *of_rows = NULL;
    for (size_t i = 0; i < CI_FORMATS; i++)
        if (strlen(ci_formats[i].name) == len && memcmp(ci_formats[i].name, text, len) == 0)
            format = &ci_formats[i];
    for (size_t i = 0; rows && format == NULL && i < ROW_FORMATS; i++)
        if (strlen(row_formats[i]) == len && memcmp(row_formats[i], text, len) == 0)
            of_rows = row_formats[i];
    if (format == NULL && of_rows == NULL) return format_unknown(arguments, text, len, rows);
    if (path != NULL && (*path == '\0' || of_rows != NULL))
        return command_misused(arguments->command,
                               of_rows != NULL ? "--format %.*s goes to standard output: --format "
                                                 "%.*s > FILE"
                                               : "--format %.*s= names no file: --format %.*s=FILE",
                               (int)len, text, (int)len, text);
    if (path == NULL && out->takes_stdout)
        return command_misused(arguments->command,
                               "two formats for standard output; give one a file: --format "
                               "%.*s=FILE",
                               (int)len, text);
    if (out->count == CI_OUTPUTS)
        return command_misused(arguments->command, "more than %d formats", CI_OUTPUTS);
    /* GitLab's are files, whether they are named or not. */
    if (path == NULL && (format == NULL || format->deliver != ci_deliver_gitlab))
        out->takes_stdout = 1;
    if (of_rows != NULL)
        out->rows = of_rows;
    else
        out->uses[out->count++] = (struct ci_output){format, path};
    return 0;
}

int ci_outputs_read(const struct arguments *arguments, int rows, struct ci_outputs *out)
{
    *out = (struct ci_outputs){.only_on_alert = arguments_has(arguments, OPTION_ONLY_ON_ALERT)};
    for (size_t i = 0; i < arguments->use_count; i++) {
        const struct option_use *use = &arguments->uses[i];
        if (strcmp(option_rows[use->id].name, "format") != 0) continue;
        int status = read_use(arguments, use->value, rows, out);
        if (status != 0) return status;
    }
    return 0;
}

void ci_outputs_add(struct ci_outputs *outputs, const char *name, const char *path)
{
    for (size_t i = 0; i < CI_FORMATS && outputs->count < CI_OUTPUTS; i++)
        if (strcmp(ci_formats[i].name, name) == 0)
            outputs->uses[outputs->count++] = (struct ci_output){&ci_formats[i], path};
}

void ci_outputs_style(const struct ci_outputs *outputs, struct show_style *style)
{
    style->format = outputs->rows;
    style->is_silent = outputs->takes_stdout && outputs->rows == NULL;
}

/* -- writing ----------------------------------------------------------------------------------- */

static int to_file(void *context, const char *bytes, size_t len)
{
    FILE *file = context;
    errno = 0;
    if (fwrite(bytes, 1, len, file) == len) return 0;
    return errno != 0 ? errno : EIO;
}

static int failed(const char *what, int code)
{
    if (code > 0) {
        say_error("%s: %s", what, strerror(code));
        return STATUS_DATA;
    }
    return store_failed(what, code, NULL);
}

static int put_to(ci_put *put, const struct ci_verdict *verdict, FILE *file)
{
    struct text_out *out = malloc(sizeof *out);
    if (out == NULL) return PACE_ENOMEM;
    text_out_init(out, to_file, file);
    int code = put(verdict, out);
    if (code == 0) code = text_out_flush(out);
    free(out);
    errno = 0;
    if (code == 0 && fflush(file) != 0) code = errno != 0 ? errno : EIO;
    return code;
}

static int put_path(ci_put *put, const struct ci_verdict *verdict, const char *path)
{
    struct fresh_file fresh;
    int code = fresh_file_open(&fresh, path);
    if (code == 0) code = fresh_file_close(&fresh, put_to(put, verdict, fresh.file));
    return code != 0 ? failed(path, code) : 0;
}

/* Takes the place of an older file. */
static int put_nothing(const struct ci_verdict *verdict, struct text_out *out)
{
    (void)verdict;
    return text_out_flush(out);
}

static int put_stdout(ci_put *put, const struct ci_verdict *verdict)
{
    int code = put_to(put, verdict, stdout);
    return code == 0 || code == EPIPE ? 0 : failed("standard output", code);
}

/* -- GitHub ------------------------------------------------------------------------------------ */

/* Opens a file that GitHub names in a variable, to add to it; NULL after telling why not. */
static FILE *open_named(const char *variable, size_t *size, int *status)
{
    const char *path = getenv(variable);
    struct stat info;
    if (path == NULL || *path == '\0') {
        say_note(
            "note: %s is not set, as it is in a step of GitHub Actions; nothing is added to it",
            variable);
        return NULL;
    }
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    FILE *file = fd >= 0 && fstat(fd, &info) == 0 ? fdopen(fd, "a") : NULL;
    if (file != NULL) {
        *size = info.st_size > 0 ? (size_t)info.st_size : 0;
        return file;
    }
    *status = failed(path, errno);
    if (fd >= 0) close(fd);
    return NULL;
}

static int add_summary(const struct ci_verdict *verdict)
{
    enum { LEAST = 4096 };
    size_t size = 0;
    int status = 0;
    FILE *file = open_named("GITHUB_STEP_SUMMARY", &size, &status);
    if (file == NULL) return status;
    if (size + LEAST > CI_SUMMARY_BYTES) {
        say_note("note: the step's summary is full; the verdict is not added to it");
    } else {
        struct text_out *out = malloc(sizeof *out);
        int code = PACE_ENOMEM;
        if (out != NULL) {
            text_out_init(out, to_file, file);
            code = ci_put_summary(verdict, CI_SUMMARY_BYTES - size, out);
            free(out);
        }
        if (code != 0) status = failed("GITHUB_STEP_SUMMARY", code);
    }
    if (fclose(file) != 0 && status == 0) status = failed("GITHUB_STEP_SUMMARY", errno);
    return status;
}

static int ci_deliver_github(const struct ci_verdict *verdict, const char *path)
{
    size_t size = 0;
    int status = path != NULL ? put_path(ci_put_annotations, verdict, path)
                              : put_stdout(ci_put_annotations, verdict);
    status = status_merge(status, add_summary(verdict));
    FILE *file = open_named("GITHUB_OUTPUT", &size, &status);
    if (file == NULL) return status;
    int code = put_to(ci_put_outputs, verdict, file);
    if (fclose(file) != 0 && code == 0) code = errno;
    return code != 0 ? failed("GITHUB_OUTPUT", code) : status;
}

/* -- GitLab ------------------------------------------------------------------------------------ */

/* Two files in a folder, this one without a name. */
static int ci_deliver_gitlab(const struct ci_verdict *verdict, const char *path)
{
    static const struct {
        const char *name;
        ci_put *put;
    } files[] = {{"pace-junit.xml", ci_put_junit}, {"pace-metrics.txt", ci_put_metrics}};
    int status = 0;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == 0; i++) {
        char name[PATH_MAX];
        int len = snprintf(name, sizeof name, "%s%s%s", path != NULL ? path : "",
                           path != NULL ? "/" : "", files[i].name);
        status = len < 0 || (size_t)len >= sizeof name ? failed(path, ENAMETOOLONG)
                                                       : put_path(files[i].put, verdict, name);
    }
    return status;
}

/* -- all --------------------------------------------------------------------------------------- */

int ci_outputs_write(const struct ci_outputs *outputs, const struct ci_verdict *verdict)
{
    int status = 0;
    for (size_t i = 0; i < outputs->count; i++) {
        const struct ci_output *use = &outputs->uses[i];
        int one = 0;
        ci_put *put = use->format->put;
        if (outputs->only_on_alert && put == ci_put_comment && verdict->parts[CI_FAILS] == 0)
            put = put_nothing;
        if (use->format->deliver != NULL)
            one = use->format->deliver(verdict, use->path);
        else if (use->path != NULL)
            one = put_path(put, verdict, use->path);
        else
            one = put_stdout(put, verdict);
        status = status_merge(status, one);
    }
    return status;
}

int ci_outputs_tell(const struct ci_outputs *outputs, const struct judgement *judgement,
                    const struct judgement *again, enum judge_confirm confirm,
                    const struct ci_context *context)
{
    struct ci_verdict verdict;
    if (outputs->count == 0) return 0;
    int code = ci_verdict_make(judgement, again, confirm, context, &verdict);
    int status = code != 0 ? store_failed("", code, NULL) : ci_outputs_write(outputs, &verdict);
    ci_verdict_clear(&verdict);
    return status;
}
