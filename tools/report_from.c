/* report_from.c -- `pace report --from`: a stored verdict in the formats of CI.
 *
 * The second stage of a comment on a pull request from a fork: the first runs the fork's code and
 * has no rights, this one has the rights and runs nothing. What it reads is checked by
 * ci_read.c. */
#include "report_from.h"

#include "ci_output.h"
#include "input.h"
#include "say.h"
#include "store.h"

#include <stdio.h>
#include <string.h>

/* What is wrong with the document is said without anything that is in it. */
static int refuse(const char *path, const char *what, int code)
{
    say_error("%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, what);
    return status_of_error(code);
}

static int read_verdict(const char *path, struct ci_verdict *verdict)
{
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    *verdict = (struct ci_verdict){.status = 0};
    int code = input_open(&stream, path, &error);
    if (code != 0) return store_failed("", code, &error);
    stream.max_bytes = CI_MAX_BYTES;
    code = input_whole(&stream, &error, &whole);
    int status = 0;
    if (code == 0 || code == PACE_ELIMIT) {
        if (code == 0)
            code = ci_verdict_read(whole.text, whole.len, &error, verdict);
        else
            snprintf(error.message, sizeof error.message, CI_TOO_LONG, CI_MAX_BYTES);
        if (code != 0) status = refuse(path, error.message, code);
    } else {
        status = store_failed("", code, &error);
    }
    input_close(&stream);
    return status;
}

/* What was measured must be what the caller asked about: the document may claim anything. */
static int check_commit(const struct arguments *arguments, const struct ci_verdict *verdict)
{
    const char *commit = arguments_value(arguments, OPTION_FROM_COMMIT);
    if (commit == NULL) return 0;
    int other = verdict->count == 0 && strcmp(verdict->commit, commit) != 0;
    for (size_t i = 0; i < verdict->count && !other; i++)
        other = strcmp(verdict->rows[i].judged.commit, commit) != 0;
    if (!other) return 0;
    say_error("the verdict is not of commit %.40s", commit);
    return STATUS_DATA;
}

/* What --format and --output ask for: a comment, if nothing says otherwise. */
static int read_outputs(const struct arguments *arguments, struct ci_outputs *outputs)
{
    const char *path = arguments_value(arguments, OPTION_OUTPUT);
    int status = ci_outputs_read(arguments, 0, outputs);
    if (status != 0) return status;
    if (arguments->operand_count > 0)
        return command_misused(arguments->command, "--from takes no selector: a verdict is whole");
    if (arguments_has(arguments, OPTION_LINK))
        return command_misused(arguments->command, "--link is for pages, not for --from");
    if (outputs->count == 0) ci_outputs_add(outputs, "markdown", NULL);
    if (path == NULL || strcmp(path, "-") == 0) return 0;
    if (outputs->count > 1 || outputs->uses[0].path != NULL)
        return command_misused(arguments->command,
                               "--output is the place of one format: --format FORMAT -o FILE, or "
                               "--format FORMAT=FILE for each");
    outputs->uses[0].path = path;
    return 0;
}

int report_from(const struct arguments *arguments)
{
    struct ci_outputs outputs;
    struct ci_verdict verdict;
    int status = read_outputs(arguments, &outputs);
    if (status != 0) return status;
    status = read_verdict(arguments_value(arguments, OPTION_FROM), &verdict);
    if (status == 0) status = check_commit(arguments, &verdict);
    if (status == 0) status = ci_outputs_write(&outputs, &verdict);
    ci_verdict_clear(&verdict);
    return status;
}
