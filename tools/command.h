/* command.h -- the subcommands and their options: one table that feeds parsing, help and
 * suggestions, and with complete.def completion.
 *
 * command.def holds both tables. A subcommand is a function of its parsed arguments that returns an
 * exit status; it lives in cmd_NAME.c. */
#ifndef PACE_COMMAND_H
#define PACE_COMMAND_H

#include <stddef.h>
#include <stdio.h>

/* What `pace` exits with. The values are a contract; see status_merge for several at once. */
enum status {
    STATUS_OK = 0,
    STATUS_REGRESSION = 1, /* a regression or an unmet `expect`, and nothing else */
    STATUS_USAGE = 2,      /* wrong usage or a bad query */
    STATUS_DATA = 3,       /* data, input, output or store error */
    STATUS_NO_VERDICT = 4, /* nothing was judged */
    STATUS_BENCHMARK = 5,  /* the benchmark command failed */
};

/* The one that counts of two: 3 before 2 before 5 before 1 before 4 before 0. */
int status_merge(int a, int b);

/* The status for a code of libpace: 2 for PACE_EQUERY and PACE_EMISUSE, 130 for PACE_EINTERRUPT,
 * 3 for all else. */
int status_of_error(int code);

enum option_id {
#define COMMAND(name, operands, text, more, examples)
#define OPTION(id, name, letter, value, commands, text) OPTION_##id,
#include "command.def"
#undef COMMAND
#undef OPTION
    OPTION_COUNT
};

struct option_row {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *value;    /* what stands for its value in help; NULL: a flag */
    const char *commands; /* names of the subcommands that take it, or "*" */
    const char *text;
};

struct arguments;

struct command {
    const char *name, *operands, *text;
    const char *more;     /* paragraphs for the subcommand's own help; "" for none */
    const char *examples; /* lines of "command # what it does" */
    int (*main)(const struct arguments *arguments);
};

extern const struct option_row option_rows[];
extern const struct command commands[];
extern const size_t command_count;

struct option_use {
    enum option_id id;
    const char *value; /* "" for a flag */
};

/* A command line, taken apart. Text points into argv. */
struct arguments {
    const struct command *command;
    struct option_use *uses; /* in the order given */
    size_t use_count;
    char **operands; /* NULL-terminated */
    size_t operand_count;
    int separated; /* 1: the operands came after "--" */
};

/* Takes apart argv[0..argc), where argv[0] is the word after the subcommand. A parse error is said
 * on stderr and is STATUS_USAGE. Free with arguments_free in every case. */
int arguments_parse(const struct command *command, int argc, char **argv, struct arguments *out);
void arguments_free(struct arguments *arguments);

/* The last value given for an option, "" for a flag, NULL when it was not given. */
const char *arguments_value(const struct arguments *arguments, enum option_id id);
/* All of them, in order; NULL without memory. Free the list. */
const char **arguments_values(const struct arguments *arguments, enum option_id id, size_t *count);
int arguments_has(const struct arguments *arguments, enum option_id id);

/* By name, or NULL. */
const struct command *command_find(const char *name);

/* Whether a subcommand takes an option; any does when command is NULL. */
int option_applies(const struct option_row *row, const struct command *command);

/* The index of a subcommand's long option NAME (len bytes), or of a letter (name NULL); -1 when
 * there is none. */
int option_find(const struct command *command, const char *name, size_t len, char letter);

/* Says what is wrong with the usage, and which help to read. Returns STATUS_USAGE. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says that there is no such subcommand, and the nearest. Returns STATUS_USAGE. */
int command_unknown(const char *word);

/* Writes the help of all subcommands (command NULL), or of one, to standard output: examples
 * first. */
void command_show_help(const struct command *command);

/* The whole program: subcommand, options, and running it. */
int command_main(int argc, char **argv);

/* The subcommands: one function a row of command.def, in cmd_NAME.c. */
#define COMMAND(name, operands, text, more, examples)                                              \
    int cmd_##name(const struct arguments *arguments);
#define OPTION(id, name, letter, value, commands, text)
#include "command.def"
#undef COMMAND
#undef OPTION

#endif
