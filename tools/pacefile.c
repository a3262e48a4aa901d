/* pacefile.c -- see pacefile.h. */
#include "pacefile.h"

#include "git.h"
#include "input.h"
#include "say.h"
#include "store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char PACEFILE[] = "pacefile";

/* The file whole; *text is NULL when there is none. Free it. */
static int read_whole(char **text)
{
    char here[PATH_MAX], root[PATH_MAX], path[PATH_MAX + sizeof PACEFILE + 1];
    struct pace_error error = {0};
    struct input_stream stream;
    struct input whole = {0};
    *text = NULL;
    if (getcwd(here, sizeof here) == NULL || !git_root(here, root)) return 0;
    snprintf(path, sizeof path, "%s/%s", root, PACEFILE);
    if (access(path, F_OK) != 0) return 0;
    int code = input_open(&stream, path, &error);
    if (code != 0) return store_failed("", code, &error);
    code = input_whole(&stream, &error, &whole);
    if (code == 0) {
        *text = strndup(whole.text, whole.len);
        if (*text == NULL) code = PACE_ENOMEM;
    }
    input_close(&stream);
    return code != 0 ? store_failed(PACEFILE, code, &error) : 0;
}

/* The next line from *at that begins with the word `run`; NULL when there is none. */
static char *run_line(char **at, size_t *len)
{
    while (**at != '\0') {
        char *line = *at;
        *len = strcspn(line, "\n");
        *at = line + *len + (line[*len] == '\n');
        if (strncmp(line, "run", 3) == 0 && (line[3] == ' ' || line[3] == '\t')) return line;
    }
    return NULL;
}

/* -- definitions ------------------------------------------------------------------------------- */

int pacefile_define(pace_session *session)
{
    struct pace_error error = {0};
    char *text;
    size_t len;
    int status = read_whole(&text);
    if (status != 0 || text == NULL) return status;
    /* Blanks in place of `run` lines, so that lines keep their numbers. */
    for (char *at = text, *line; (line = run_line(&at, &len)) != NULL;)
        memset(line, ' ', len);
    int code = pace_session_define(session, text, strlen(text), &error);
    free(text);
    if (code == 0) return 0;
    say_error("%s: %s", PACEFILE, error.message);
    return status_of_error(code);
}

/* -- run --------------------------------------------------------------------------------------- */

/* Takes the next word of a line as a shell would: quotes, backslashes, # for comments. Writes over
 * the line; NULL at its end, *bad set when a quote is open. */
static char *next_word(char **at, int *bad)
{
    char *from = *at + strspn(*at, " \t\r"), *to = from, *word = from, quote = '\0';
    if (*from == '\0' || *from == '#') return NULL;
    for (; *from != '\0' && (quote != '\0' || !strchr(" \t\r", *from)); from++) {
        if (quote == '\0' && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (quote != '\0' && *from == quote) {
            quote = '\0';
        } else if (*from == '\\' && quote != '\'' && from[1] != '\0') {
            *to++ = *++from;
        } else {
            *to++ = *from;
        }
    }
    *bad |= quote != '\0';
    *at = from + (*from != '\0');
    *to = '\0';
    return word;
}

/* Splits a line into words, which are one piece of memory with their array. */
static char **split(const char *line, size_t len, int *count, int *bad)
{
    size_t most = len / 2 + 2;
    char **words = malloc(most * sizeof *words + len + 1);
    if (words == NULL) return NULL;
    char *at = (char *)(words + most);
    memcpy(at, line, len);
    at[len] = '\0';
    *count = *bad = 0;
    for (char *word; (word = next_word(&at, bad)) != NULL;)
        words[(*count)++] = word;
    words[*count] = NULL;
    return words;
}

static int of_the_command(enum option_id id)
{
    return id == OPTION_FILE || id == OPTION_ADAPTER || id == OPTION_MAP;
}

/* What was given counts more: it comes later. With a command of its own, how the file's command
 * gives its results says nothing. */
static int join(const struct arguments *given, struct pacefile_run *run)
{
    struct arguments *all = &run->all;
    int own = given->operand_count > 0;
    *all = *given;
    run->joined = 1;
    all->uses = calloc(given->use_count + run->file.use_count + 1, sizeof *all->uses);
    if (all->uses == NULL) return store_failed("", PACE_ENOMEM, NULL);
    all->use_count = 0;
    for (size_t i = 0; i < run->file.use_count; i++)
        if (!own || !of_the_command(run->file.uses[i].id))
            all->uses[all->use_count++] = run->file.uses[i];
    for (size_t i = 0; i < given->use_count; i++)
        all->uses[all->use_count++] = given->uses[i];
    if (own) return 0;
    all->operands = run->file.operands;
    all->operand_count = run->file.operand_count;
    all->separated = run->file.separated;
    return 0;
}

int pacefile_run_read(const struct arguments *given, struct pacefile_run *out)
{
    char *text, *at;
    size_t len;
    int count = 0, bad = 0;
    *out = (struct pacefile_run){.all = *given};
    int status = read_whole(&text);
    if (status != 0 || text == NULL) return status;
    at = text;
    char *line = run_line(&at, &len);
    size_t other_len;
    if (line != NULL && run_line(&at, &other_len) != NULL) {
        say_error("%s: more than one `run` line", PACEFILE);
        status = STATUS_USAGE;
    } else if (line != NULL) {
        out->words = split(line + strlen("run"), len - strlen("run"), &count, &bad);
        status = out->words == NULL ? store_failed("", PACE_ENOMEM, NULL) : 0;
    }
    if (status == 0 && bad) {
        say_error("%s: the `run` line ends inside a quote", PACEFILE);
        status = STATUS_USAGE;
    }
    free(text);
    if (status != 0 || out->words == NULL) return status;
    status = arguments_parse(given->command, count, out->words, &out->file);
    if (status != 0) say_error("that is the `run` line of %s", PACEFILE);
    return status != 0 ? status : join(given, out);
}

void pacefile_run_free(struct pacefile_run *run)
{
    if (run->joined) free(run->all.uses);
    arguments_free(&run->file);
    free(run->words);
}
