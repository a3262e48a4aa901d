/* cmd_shell.c -- `pace` without a subcommand: statements from standard input, or from a prompt. */
#include "command.h"

#include "query_text.h"
#include "say.h"
#include "show.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void greet(pace *store)
{
    pace_snapshot *snapshot = NULL;
    struct pace_stat stat = {0};
    if (pace_snapshot_begin(store, NULL, &snapshot) != 0) return;
    if (pace_stat(snapshot, NULL, &stat) == 0)
        say_note(
            "pace %s, %s: %llu runs, %llu series\n"
            "A query is SERIES | VERB | VERB ..., such as: branch:main measure:latency | last 1\n"
            "See also: pace help. End with Ctrl-D.",
            pace_version(), pace_path(store), (unsigned long long)stat.runs,
            (unsigned long long)stat.series);
    pace_snapshot_end(snapshot);
}

/* One statement a line, until the end of the input. A wrong one does not end it. */
static int prompt(const struct arguments *arguments, struct show *show)
{
    char *line = NULL;
    size_t capacity = 0;
    for (;;) {
        fputs("pace> ", stderr);
        ssize_t len = getline(&line, &capacity, stdin);
        if (len < 0) break;
        if (show_bind(show, arguments, line) == 0) show_script(show, line, (size_t)len);
    }
    fputc('\n', stderr);
    free(line);
    return STATUS_OK;
}

int cmd_shell(const struct arguments *arguments)
{
    struct show show;
    pace *store = NULL;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "`pace shell` takes no operands");
    if (!isatty(STDIN_FILENO)) return query_file(arguments, "-");
    int status = store_open(arguments, STORE_WRITE, &store);
    if (status != 0) {
        say_note("  see: pace --help");
        return status;
    }
    status = show_open(&show, store, arguments);
    if (status == 0) {
        greet(store);
        status = prompt(arguments, &show);
        show_close(&show);
    }
    pace_close(store);
    return status;
}
