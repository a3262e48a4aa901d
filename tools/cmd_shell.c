/* cmd_shell.c -- `pace` without a subcommand: statements from -c, from standard input, or typed at
 * a prompt. */
#include "command.h"

#include "input.h"
#include "query_text.h"
#include "say.h"
#include "shell.h"
#include "store.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static int has_dot_lines(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(text + at, '\n', len - at);
        size_t end = newline != NULL ? (size_t)(newline - text) : len;
        if (shell_is_dot(text + at, end - at)) return 1;
        at = end + 1;
    }
    return 0;
}

/* A script without dot commands is checked whole before any of it runs. */
static int run_text(const struct arguments *arguments, const char *text, size_t len)
{
    struct shell shell;
    if (!has_dot_lines(text, len)) return query_text(arguments, text, len);
    int status = shell_open(&shell, arguments, 0);
    if (status != 0) return status;
    status = shell_text(&shell, text, len);
    shell_close(&shell);
    return status;
}

static int run_input(const struct arguments *arguments)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    int code = input_open(&stream, "-", &error);
    if (code != 0) {
        store_failed("", code, &error);
        return STATUS_DATA;
    }
    code = input_whole(&stream, &error, &whole);
    int status =
        code != 0 ? store_failed("", code, &error) : run_text(arguments, whole.text, whole.len);
    input_close(&stream);
    return status;
}

/* The commands of the user's own file, if there is one. */
static void run_rc(struct shell *shell)
{
    char path[PATH_MAX], command[PATH_MAX + 8];
    if (!shell_file(SHELL_CONFIG, "rc", path, sizeof path) || access(path, F_OK) != 0) return;
    int len = snprintf(command, sizeof command, ".read %s", path);
    shell_dot(shell, command, (size_t)len);
}

int cmd_shell(const struct arguments *arguments)
{
    struct shell shell;
    const char *text = arguments_value(arguments, OPTION_STATEMENT);
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace shell` takes no operands");
    if (text != NULL) return run_text(arguments, text, strlen(text));
    if (!isatty(STDIN_FILENO)) return run_input(arguments);
    int status = shell_open(&shell, arguments, 1);
    if (status != 0) {
        say_note("  see: pace --help");
        return status;
    }
    shell_summary(&shell);
    run_rc(&shell);
    status = shell_prompt(&shell);
    shell_close(&shell);
    return status;
}
