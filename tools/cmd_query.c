/* cmd_query.c -- `pace query`: runs a query from the command line, a file, or standard input. */
#include "command.h"

#include "input.h"
#include "query_text.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

/* `put` may begin a store; every other statement needs one. */
static enum store_mode mode_of(const char *text)
{
    text += strspn(text, " \t\r\n");
    return strncmp(text, "put ", 4) == 0 ? STORE_CREATE : STORE_WRITE;
}

int query_text(const struct arguments *arguments, const char *text, size_t len)
{
    struct show show;
    pace *store = NULL;
    int status = show_style_read(arguments, &show.style); /* a bad option is said first */
    if (status == 0) status = store_open(arguments, mode_of(text), &store);
    if (status != 0) return status;
    status = show_open(&show, store, arguments);
    const char *command = arguments->command->name;
    show.tells = strcmp(command, "query") != 0 && strcmp(command, "shell") != 0;
    if (status == 0) {
        status = show_bind(&show, arguments, text);
        if (status == 0) status = show_script(&show, text, len);
        show_close(&show);
    }
    pace_close(store);
    return status;
}

int query_file(const struct arguments *arguments, const char *path)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    int code = input_open(&stream, path, &error);
    if (code != 0) {
        store_failed("", code, &error);
        return STATUS_DATA;
    }
    code = input_whole(&stream, &error, &whole);
    int status =
        code != 0 ? store_failed("", code, &error) : query_text(arguments, whole.text, whole.len);
    input_close(&stream);
    return status;
}

/* `explain` before the query, for a script of one statement. */
static int explain_text(const struct arguments *arguments, const char *text)
{
    static const char word[] = "explain ";
    size_t len = sizeof word + strlen(text);
    char *script = malloc(len);
    if (script == NULL) return store_failed("", PACE_ENOMEM, NULL);
    snprintf(script, len, "%s%s", word, text);
    int status = query_text(arguments, script, strlen(script));
    free(script);
    return status;
}

int cmd_explain(const struct arguments *arguments)
{
    const char *path = arguments_value(arguments, OPTION_SCRIPT);
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    if ((path == NULL) != (arguments->operand_count == 1))
        return command_misused(arguments->command,
                               "one query in quotes: pace explain 'branch:main | last 1'");
    if (path == NULL) return explain_text(arguments, arguments->operands[0]);
    int code = input_open(&stream, path, &error);
    if (code != 0) return store_failed("", code, &error);
    code = input_whole(&stream, &error, &whole);
    int status = code != 0 ? store_failed("", code, &error) : explain_text(arguments, whole.text);
    input_close(&stream);
    return status;
}

int cmd_query(const struct arguments *arguments)
{
    const char *path = arguments_value(arguments, OPTION_SCRIPT);
    if (path != NULL && arguments->operand_count > 0)
        return command_misused(arguments->command, "either a query or -f FILE, not both");
    if (path != NULL) return query_file(arguments, path);
    if (arguments->operand_count == 0)
        return command_misused(arguments->command, "no query: pace query 'branch:main | last 1'");
    if (arguments->operand_count > 1)
        return command_misused(
            arguments->command,
            "a query is one word for the shell: put it in quotes: pace query '...'");
    const char *text = arguments->operands[0];
    if (strcmp(text, "-") == 0) return query_file(arguments, "-");
    return query_text(arguments, text, strlen(text));
}
