/* cmd_fmt.c -- `pace fmt`: queries printed in canonical form. */
#include "command.h"

#include "../query/pace_query.h"
#include "fresh_file.h"
#include "input.h"
#include "rows.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Replaces a file in one step. */
static int replace(const char *path, const char *text)
{
    struct fresh_file fresh;
    int code = fresh_file_open(&fresh, path);
    if (code == 0) code = fresh_file_close(&fresh, fputs(text, fresh.file) < 0 ? errno : 0);
    if (code == 0) return STATUS_OK;
    say_error("%s: %s", path, strerror(code));
    return STATUS_DATA;
}

/* Where what was formatted goes. */
struct job {
    struct show_style style;
    pace_session *session;
    struct rows rows; /* with --format: a row a file */
    int write;
};

enum { FIELD_FILE, FIELD_CHANGED, FIELD_TEXT };

static void add_row(struct job *job, const char *path, int changed, const char *text)
{
    rows_next(&job->rows);
    rows_text(&job->rows, FIELD_FILE, path);
    rows_flag(&job->rows, FIELD_CHANGED, changed);
    if (!job->write) rows_text(&job->rows, FIELD_TEXT, text);
}

static int format_text(struct job *job, const char *path, const struct input *whole)
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    int code = pace_prepare(job->session, whole->text, whole->len, &error, &query);
    const char *text = code == 0 ? pace_query_text(query) : NULL;
    int status = STATUS_OK;
    if (code == PACE_EQUERY) {
        say_error("%s:", path);
        show_diags(&job->style, query);
        status = STATUS_USAGE;
    } else if (text == NULL) {
        status = store_failed(path, code != 0 ? code : PACE_ENOMEM, code != 0 ? &error : NULL);
    } else {
        int changed = strlen(text) != whole->len || memcmp(text, whole->text, whole->len) != 0;
        if (changed && job->write) status = replace(path, text);
        if (job->style.format != NULL && status == STATUS_OK)
            add_row(job, path, changed, text);
        else if (!job->write)
            fputs(text, stdout);
        else if (changed && status == STATUS_OK)
            printf("%s\n", path);
    }
    pace_query_free(query);
    return status;
}

static int format_file(struct job *job, const char *path)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    int code = input_open(&stream, path, &error);
    if (code != 0) return store_failed("", code, &error);
    code = input_whole(&stream, &error, &whole);
    int status = code != 0 ? store_failed("", code, &error) : format_text(job, path, &whole);
    input_close(&stream);
    return status;
}

int cmd_fmt(const struct arguments *arguments)
{
    struct pace_error error = {0};
    struct job job = {.write = arguments_has(arguments, OPTION_WRITE)};
    int status = show_style_read(arguments, &job.style);
    if (status != 0) return status;
    for (size_t i = 0; i < arguments->operand_count; i++)
        if (job.write && strcmp(arguments->operands[i], "-") == 0)
            return command_misused(arguments->command, "-w writes files, not standard input");
    if (job.write && arguments->operand_count == 0)
        return command_misused(arguments->command, "-w needs files to write");
    int code = pace_session_open(NULL, NULL, &error, &job.session);
    if (code != 0) return store_failed("", code, &error);
    rows_init(&job.rows);
    rows_field(&job.rows, "file", PACE_FIELD_TEXT);
    rows_field(&job.rows, "changed", PACE_FIELD_FLAG);
    if (!job.write) rows_field(&job.rows, "text", PACE_FIELD_TEXT);
    if (arguments->operand_count == 0) status = format_file(&job, "-");
    for (size_t i = 0; i < arguments->operand_count; i++)
        status = status_merge(status, format_file(&job, arguments->operands[i]));
    if (job.style.format != NULL) status = status_merge(status, show_rows(&job.style, &job.rows));
    rows_clear(&job.rows);
    pace_session_close(job.session);
    return status;
}
