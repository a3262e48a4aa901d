/* command.c -- taking a command line apart by the tables of command.def, and running it. */
#include "command.h"

#include "../engine/pace.h"
#include "../query/suggest.h"
#include "../query/word.h"
#include "pager.h"
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct option_row option_rows[] = {
#define COMMAND(name, operands, text, more, examples)
#define OPTION(id, name, letter, value, commands, text) {name, letter, value, commands, text},
#include "command.def"
#undef COMMAND
#undef OPTION
};

const struct command commands[] = {
#define COMMAND(name, operands, text, more, examples)                                              \
    {#name, operands, text, more, examples, cmd_##name},
#define OPTION(id, name, letter, value, commands, text)
#include "command.def"
#undef COMMAND
#undef OPTION
};

const size_t command_count = sizeof commands / sizeof commands[0];

enum { MAX_WORDS = 64 }; /* subcommands or options a suggestion looks at */

int status_merge(int a, int b)
{
    static const int order[] = {STATUS_DATA,       STATUS_USAGE,      STATUS_BENCHMARK,
                                STATUS_REGRESSION, STATUS_NO_VERDICT, STATUS_OK};
    if (a > 128 || b > 128) return a > b ? a : b; /* 128 + signal: it was stopped */
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i]) return order[i];
    return STATUS_OK;
}

int status_of_error(int code)
{
    if (code == 0) return STATUS_OK;
    if (code == PACE_EQUERY || code == PACE_EMISUSE) return STATUS_USAGE;
    return code == PACE_EINTERRUPT ? 130 : STATUS_DATA;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

int command_misused(const struct command *command, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (command == NULL || strcmp(command->name, "shell") == 0)
        say_error("%s\n  see: pace --help", text);
    else
        say_error("%s\n  see: pace %s --help", text, command->name);
    return STATUS_USAGE;
}

/* -- options ----------------------------------------------------------------------------------- */

int option_applies(const struct option_row *row, const struct command *command)
{
    if (command == NULL || strcmp(row->commands, "*") == 0) return 1;
    size_t len = strlen(command->name);
    for (const char *at = row->commands; at != NULL && *at != '\0';) {
        if (strncmp(at, command->name, len) == 0 && (at[len] == ' ' || at[len] == '\0')) return 1;
        at = strchr(at, ' ');
        if (at != NULL) at++;
    }
    return 0;
}

int option_find(const struct command *command, const char *name, size_t len, char letter)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!option_applies(row, command)) continue;
        if (name == NULL) {
            if (row->letter == letter) return i;
        } else if (strlen(row->name) == len && memcmp(row->name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static int option_unknown(const struct command *command, const char *word, size_t len)
{
    const char *names[MAX_WORDS];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT && count < MAX_WORDS; i++)
        if (option_applies(&option_rows[i], command)) names[count++] = option_rows[i].name;
    const char *near = NULL;
    if (len > 2 && word[0] == '-' && word[1] == '-')
        near = suggest(word + 2, len - 2, names, count);
    const char *where = command == NULL || strcmp(command->name, "shell") == 0 ? "" : command->name;
    if (near != NULL)
        return command_misused(command, "pace%s%s has no option '%.*s'; did you mean '--%s'?",
                               *where ? " " : "", where, (int)len, word, near);
    return command_misused(command, "pace%s%s has no option '%.*s'", *where ? " " : "", where,
                           (int)len, word);
}

/* --json is short for --format json, whichever formats the subcommand has. */
static void use_add(struct arguments *out, int id, const char *value)
{
    int format = id == OPTION_JSON ? option_find(out->command, "format", strlen("format"), 0) : -1;
    if (format >= 0) {
        id = format;
        value = "json";
    }
    out->uses[out->use_count].id = (enum option_id)id;
    out->uses[out->use_count].value = value;
    out->use_count++;
}

/* One long option at argv[*at]. */
static int parse_long(const struct command *command, int argc, char **argv, int *at,
                      struct arguments *out)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);
    int id = option_find(command, word, len, 0);
    if (id < 0) return option_unknown(command, argv[*at], len + 2);
    const struct option_row *row = &option_rows[id];
    if (row->value == NULL && equals != NULL)
        return command_misused(command, "--%s takes no value", row->name);
    const char *value = equals != NULL ? equals + 1 : "";
    if (row->value != NULL && equals == NULL) {
        if (*at + 1 >= argc)
            return command_misused(command, "--%s needs a value: --%s %s", row->name, row->name,
                                   row->value);
        value = argv[++*at];
    }
    use_add(out, id, value);
    return 0;
}

/* One cluster of letters at argv[*at]; the value is the rest of the word, or the next word. */
static int parse_letters(const struct command *command, int argc, char **argv, int *at,
                         struct arguments *out)
{
    for (const char *c = argv[*at] + 1; *c != '\0'; c++) {
        int id = option_find(command, NULL, 0, *c);
        if (id < 0) {
            char word[3] = {'-', *c, '\0'};
            return option_unknown(command, word, 2);
        }
        const struct option_row *row = &option_rows[id];
        if (row->value == NULL) {
            use_add(out, id, "");
            continue;
        }
        if (c[1] != '\0') {
            use_add(out, id, c + 1);
        } else if (*at + 1 < argc) {
            use_add(out, id, argv[++*at]);
        } else {
            return command_misused(command, "-%c needs a value: -%c %s", *c, *c, row->value);
        }
        return 0;
    }
    return 0;
}

int arguments_parse(const struct command *command, int argc, char **argv, struct arguments *out)
{
    size_t letters = 0; /* more uses than this there cannot be */
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]) + 1;
    *out = (struct arguments){.command = command};
    out->uses = calloc(letters + 1, sizeof *out->uses);
    out->operands = calloc((size_t)argc + 1, sizeof *out->operands);
    if (out->uses == NULL || out->operands == NULL) {
        say_error("out of memory");
        return STATUS_DATA;
    }
    /* After its first operand, all that `run` gets belongs to the benchmark command. */
    int first_ends = strcmp(command->name, "run") == 0;
    int ended = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        int status = 0;
        if (ended || word[0] != '-' || word[1] == '\0') {
            out->operands[out->operand_count++] = argv[i];
            if (first_ends) ended = 1;
        } else if (strcmp(word, "--") == 0) {
            ended = out->separated = 1;
        } else if (word[1] == '-') {
            status = parse_long(command, argc, argv, &i, out);
        } else {
            status = parse_letters(command, argc, argv, &i, out);
        }
        if (status != 0) return status;
    }
    return 0;
}

void arguments_free(struct arguments *arguments)
{
    free(arguments->uses);
    free(arguments->operands);
    *arguments = (struct arguments){0};
}

const char *arguments_value(const struct arguments *arguments, enum option_id id)
{
    for (size_t i = arguments->use_count; i > 0; i--)
        if (arguments->uses[i - 1].id == id) return arguments->uses[i - 1].value;
    return NULL;
}

const char **arguments_values(const struct arguments *arguments, enum option_id id, size_t *count)
{
    const char **values = calloc(arguments->use_count + 1, sizeof *values);
    *count = 0;
    for (size_t i = 0; values != NULL && i < arguments->use_count; i++)
        if (arguments->uses[i].id == id) values[(*count)++] = arguments->uses[i].value;
    return values;
}

int arguments_has(const struct arguments *arguments, enum option_id id)
{
    return arguments_value(arguments, id) != NULL;
}

/* -- running ----------------------------------------------------------------------------------- */

/* The index of the subcommand in argv, argc when there is none (options before it may have values),
 * or -1 after saying that an option is unknown. */
static int subcommand_index(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--") == 0) return argc;
        int id = -1;
        int takes_next = 0;
        if (argv[i][1] == '-') {
            id = option_find(NULL, argv[i] + 2, strcspn(argv[i] + 2, "="), 0);
            takes_next = strchr(argv[i], '=') == NULL;
        } else {
            id = option_find(command_find("shell"), NULL, 0, argv[i][1]);
            takes_next = argv[i][2] == '\0';
        }
        if (id < 0) {
            option_unknown(command_find("shell"), argv[i], strcspn(argv[i], "="));
            return -1;
        }
        if (option_rows[id].value != NULL && takes_next) i++;
    }
    return i < argc ? i : argc;
}

int command_unknown(const char *word)
{
    const char *names[MAX_WORDS];
    for (size_t i = 0; i < command_count; i++)
        names[i] = commands[i].name;
    const char *near = suggest(word, strlen(word), names, command_count);
    const struct word *statement = word_find(word, strlen(word));
    if (statement != NULL && (statement->class == WORD_COMMAND || statement->class == WORD_VERB))
        return command_misused(NULL,
                               "no subcommand '%s'; it is a word of queries: pace query '%s%s%s' "
                               "(see pace help %s)",
                               word, statement->class == WORD_VERB ? "branch:main | " : "", word,
                               statement->needs != NULL ? " ..." : "", word);
    if (near != NULL)
        return command_misused(NULL, "no subcommand '%s'; did you mean '%s'?", word, near);
    if (strpbrk(word, " :|") != NULL)
        return command_misused(NULL, "no subcommand '%s'; a query is run by: pace query '...'",
                               word);
    return command_misused(NULL, "no subcommand '%s'", word);
}

/* Commands that list something go through the pager; those that do something tell of it as they
 * go. */
static int command_run(const struct command *command, const struct arguments *arguments)
{
    static const char *const listing[] = {"query",  "explain", "ls",   "log",  "show",
                                          "alerts", "compare", "stat", "help", "tag"};
    for (size_t i = 0; i < sizeof listing / sizeof listing[0]; i++)
        if (strcmp(command->name, listing[i]) == 0) pager_begin();
    return command->main(arguments);
}

int command_main(int argc, char **argv)
{
    int at = subcommand_index(argc, argv);
    if (at < 0) return STATUS_USAGE;
    const struct command *command = at < argc ? command_find(argv[at]) : command_find("shell");
    if (command == NULL) return command_unknown(argv[at]);
    /* The options before the subcommand are its own too. */
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    if (rest == NULL) {
        say_error("out of memory");
        return STATUS_DATA;
    }
    int count = 0;
    for (int i = 1; i < argc; i++)
        if (i != at) rest[count++] = argv[i];
    struct arguments arguments;
    int status = arguments_parse(command, count, rest, &arguments);
    if (status == 0) {
        if (arguments_has(&arguments, OPTION_HELP)) {
            pager_begin();
            command_show_help(at < argc ? command : NULL);
        } else if (arguments_has(&arguments, OPTION_VERSION)) {
            status = cmd_version(&arguments);
        } else {
            status = command_run(command, &arguments);
        }
    }
    arguments_free(&arguments);
    free(rest);
    pager_end();
    if (fflush(stdout) != 0 && errno != EPIPE && status == STATUS_OK) {
        say_error("standard output: %s", strerror(errno));
        status = STATUS_DATA;
    }
    return status;
}
