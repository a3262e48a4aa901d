/* cmd_fmt.c -- `pace fmt`: queries printed in canonical form. */
#include "command.h"

#include "../query/pace_query.h"
#include "fresh_file.h"
#include "input.h"
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

static int format_text(const struct show_style *style, pace_session *session, const char *path,
                       const struct input *whole, int write)
{
    struct pace_error error = {0};
    pace_query *query = NULL;
    int code = pace_prepare(session, whole->text, whole->len, &error, &query);
    const char *text = code == 0 ? pace_query_text(query) : NULL;
    int status = STATUS_OK;
    if (code == PACE_EQUERY) {
        say_error("%s:", path);
        show_diags(style, query);
        status = STATUS_USAGE;
    } else if (text == NULL) {
        status = store_failed(path, code != 0 ? code : PACE_ENOMEM, code != 0 ? &error : NULL);
    } else if (!write) {
        fputs(text, stdout);
    } else if (strlen(text) != whole->len || memcmp(text, whole->text, whole->len) != 0) {
        status = replace(path, text);
        if (status == STATUS_OK) printf("%s\n", path);
    }
    pace_query_free(query);
    return status;
}

static int format_file(const struct show_style *style, pace_session *session, const char *path,
                       int write)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    int code = input_open(&stream, path, &error);
    if (code != 0) return store_failed("", code, &error);
    code = input_whole(&stream, &error, &whole);
    int status = code != 0 ? store_failed("", code, &error)
                           : format_text(style, session, path, &whole, write);
    input_close(&stream);
    return status;
}

int cmd_fmt(const struct arguments *arguments)
{
    struct show_style style;
    struct pace_error error = {0};
    pace_session *session;
    int write = arguments_has(arguments, OPTION_WRITE);
    int status = show_style_read(arguments, &style);
    if (status != 0) return status;
    for (size_t i = 0; i < arguments->operand_count; i++)
        if (write && strcmp(arguments->operands[i], "-") == 0)
            return command_misused(arguments->command, "-w writes files, not standard input");
    if (write && arguments->operand_count == 0)
        return command_misused(arguments->command, "-w needs files to write");
    int code = pace_session_open(NULL, NULL, &error, &session);
    if (code != 0) return store_failed("", code, &error);
    if (arguments->operand_count == 0) status = format_file(&style, session, "-", 0);
    for (size_t i = 0; i < arguments->operand_count; i++)
        status = status_merge(status, format_file(&style, session, arguments->operands[i], write));
    pace_session_close(session);
    return status;
}
