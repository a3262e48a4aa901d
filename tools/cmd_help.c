/* cmd_help.c -- `pace help`: what the tables of command.def say, examples first. */
#include "adapters/adapter.h"
#include "command.h"
#include "help_word.h"
#include "show.h"
#include "wrap.h"

#include <string.h>

static const char intro[] =
    "pace keeps the performance history of software and says what got slower, since when,\n"
    "and by how much.\n"
    "\n"
    "  pace run -- pytest --benchmark-json={out}     # measure, store, judge; exit 1 when worse\n"
    "  pace log                                      # the runs, and how each was judged\n"
    "  pace report -o report.html                    # all of it as a page for a browser\n"
    "  pace query 'branch:main measure:latency | last 5'\n"
    "  pace query 'branch:main | check t-test 99% | last run | expect not worse'\n"
    "\n"
    "usage: pace [COMMAND] [OPTIONS]        without a command: a prompt, or queries from input\n"
    "\n";

static const char statuses[] =
    "\n"
    "exit status: 0 ok, 1 a regression or an unmet `expect`, 2 usage or a bad query,\n"
    "  3 data, I/O or store error, 4 nothing was judged, 5 the benchmark command failed\n";

enum { OPTION_WIDTH = 64, OPTION_WIDTH_LEAST = 26 };

/* "-p, --project NAME"; 0 when the command does not take it. */
static int option_left(const struct option_row *row, const struct command *command,
                       char left[OPTION_WIDTH])
{
    char letter[8] = "    ";
    if (!option_applies(row, command)) return 0;
    if (row->letter != 0) snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(left, OPTION_WIDTH, "%s--%s%s%s", letter, row->name, row->value ? " " : "",
             row->value ? row->value : "");
    return (int)strlen(left);
}

static void write_options(FILE *out, const struct command *command)
{
    char left[OPTION_WIDTH];
    int width = OPTION_WIDTH_LEAST;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        int len = option_left(&option_rows[i], command, left);
        if (len > width) width = len;
    }
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_left(&option_rows[i], command, left) > 0)
            fprintf(out, "  %-*s  %s\n", width, left, option_rows[i].text);
}

/* The lines of a text, indented. */
static void write_lines(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        fprintf(out, "  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void command_help(FILE *out, const struct command *command)
{
    if (command != NULL) {
        fprintf(out, "pace %s: %s\n\n", command->name, command->text);
        write_lines(out, command->examples);
        fprintf(out, "\nusage: pace %s%s%s%s\n", command->name,
                strcmp(command->name, "help") == 0 ? "" : " [OPTIONS]",
                *command->operands ? " " : "", command->operands);
        if (*command->more) fprintf(out, "\n%s", command->more);
        fputs("\noptions:\n", out);
        write_options(out, command);
        help_word_beside(out, command->name);
        return;
    }
    fputs(intro, out);
    fputs("commands:\n", out);
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, "shell") != 0)
            fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].text);
    fputs("\noptions without a command:\n", out);
    write_options(out, command_find("shell"));
    fputs(statuses, out);
    fputs("\nsee also: pace help topics, man pace, man pace-query\n", out);
}

/* Every harness whose results are read. */
static void adapters_help(FILE *out)
{
    fputs("results are read by content, or as --adapter NAME says:\n\n", out);
    for (size_t i = 0; i < adapter_count; i++) {
        fprintf(out, "  %-11s  %s\n", adapters[i].name, adapters[i].text);
        fprintf(out, "               known by %s\n", adapters[i].sign);
        fprintf(out, "               stores %s\n", adapters[i].stored);
    }
    fputs("  lines        JSON lines: one point a line, as pace query writes them\n", out);
}

static void topics_help(FILE *out)
{
    fputs("pace help COMMAND, one of those that pace --help lists; or one of these:\n\n", out);
    help_lists(out);
    fputs("  adapters    the harnesses whose results are read\n\n"
          "or a word of them, or a code like Q012.\n",
          out);
}

/* -- as rows, for programs --------------------------------------------------------------------- */

static void declare(struct rows *rows, size_t count, const char *const *names)
{
    for (size_t i = 0; i < count; i++)
        rows_field(rows, names[i], PACE_FIELD_TEXT);
}

static void add(struct rows *rows, size_t count, const char *const *values)
{
    rows_next(rows);
    for (size_t i = 0; i < count; i++)
        if (values[i] != NULL) rows_text(rows, i, values[i]);
}

static void commands_rows(struct rows *rows)
{
    declare(rows, 3, (const char *const[]){"command", "operands", "text"});
    for (size_t i = 0; i < command_count; i++)
        add(rows, 3,
            (const char *const[]){commands[i].name, commands[i].operands, commands[i].text});
}

static void options_rows(struct rows *rows, const struct command *command)
{
    declare(rows, 4, (const char *const[]){"option", "letter", "value", "text"});
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_applies(row, command)) continue;
        char name[OPTION_WIDTH], letter[3] = {'-', row->letter, '\0'};
        snprintf(name, sizeof name, "--%s", row->name);
        add(rows, 4,
            (const char *const[]){name, row->letter != 0 ? letter : NULL, row->value, row->text});
    }
}

static void adapters_rows(struct rows *rows)
{
    declare(rows, 4, (const char *const[]){"adapter", "text", "known_by", "stores"});
    for (size_t i = 0; i < adapter_count; i++)
        add(rows, 4,
            (const char *const[]){adapters[i].name, adapters[i].text, adapters[i].sign,
                                  adapters[i].stored});
}

static void add_topic(void *context, const char *name, const char *text)
{
    add(context, 2, (const char *const[]){name, text});
}

static void topics_rows(struct rows *rows)
{
    declare(rows, 2, (const char *const[]){"topic", "text"});
    help_lists_each(add_topic, rows);
    add_topic(rows, "adapters", "the harnesses whose results are read");
}

/* What the texts below say, as rows of the format that is asked for. word NULL: all commands. */
static int help_rows(const struct show_style *style, const char *word)
{
    struct rows rows;
    const struct command *command = word != NULL ? command_find(word) : NULL;
    int known = 1, status = STATUS_OK;
    rows_init(&rows);
    if (word == NULL)
        commands_rows(&rows);
    else if (strcmp(word, "adapters") == 0)
        adapters_rows(&rows);
    else if (command != NULL)
        options_rows(&rows, command);
    else if (strcmp(word, "topics") == 0)
        topics_rows(&rows);
    else
        known = help_word_rows(&rows, word);
    status = known ? show_rows(style, &rows) : help_word_unknown(word);
    rows_clear(&rows);
    return status;
}

/* -- on a terminal ----------------------------------------------------------------------------- */

void command_show_help(const struct command *command)
{
    struct wrapped page;
    command_help(wrap_begin(&page), command);
    wrap_end(&page, show_width());
}

/* 0 when there is no help on the word. */
static int write_word(FILE *out, const char *word)
{
    const struct command *command = command_find(word);
    if (strcmp(word, "adapters") == 0)
        adapters_help(out);
    else if (command != NULL)
        command_help(out, command);
    else if (strcmp(word, "topics") == 0)
        topics_help(out);
    else
        return help_list(out, word) || help_word(out, word);
    return 1;
}

int cmd_help(const struct arguments *arguments)
{
    struct show_style style;
    struct wrapped page;
    const char *word = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    int status = show_style_read(arguments, &style);
    if (status != STATUS_OK) return status;
    if (arguments->operand_count > 1)
        return command_misused(arguments->command, "help takes one subcommand");
    if (style.format != NULL) return help_rows(&style, word);
    if (word == NULL) {
        command_show_help(NULL);
        return STATUS_OK;
    }
    int known = write_word(wrap_begin(&page), word);
    wrap_end(&page, show_width());
    return known ? STATUS_OK : help_word_unknown(word);
}
