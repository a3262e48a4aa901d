/* shell.h -- `pace` as a place to work: statements of the language and commands that begin with a
 * dot, from a terminal, a file or an option.
 *
 * shell.c runs text, shell_dot.c the commands of shell.def, shell_line.c is the terminal with its
 * editing, completion and colours, shell_history.c what was typed before, shell_summary.c the
 * greeting. */
#ifndef PACE_SHELL_H
#define PACE_SHELL_H

#include "command.h"
#include "outlet.h"
#include "show.h"

struct shell {
    const struct arguments *arguments;
    pace *store; /* NULL until it is needed, unless on a terminal */
    struct show show;
    struct outlet outlet;
    int is_terminal; /* both ends: editing, pager, sparklines */
    int is_over;     /* .quit */
    int is_timed;    /* .timer */
    int is_once;     /* .once: the file is for one result */
    unsigned width;  /* .width; 0: the terminal's */
    char *mode;      /* .mode; NULL: as asked on the command line */
    char *last;      /* the statement that ran last, or NULL */
    unsigned depth;  /* of .read */
};

/* Opens the store and a session on it. Returns 0 or the exit status after saying why. */
int shell_open(struct shell *shell, const struct arguments *arguments, int is_terminal);
void shell_close(struct shell *shell);

/* Opens a store in place of the one there is. Returns 0, or the status (the old one stays). */
int shell_switch(struct shell *shell, const char *path);

/* Runs statements and, each on a line of its own, dot commands. Returns the exit status. */
int shell_text(struct shell *shell, const char *text, size_t len);

/* Runs one script of the language. Returns the exit status. */
int shell_statement(struct shell *shell, const char *text, size_t len);

/* Runs one line that begins with a dot. Returns the exit status. */
int shell_dot(struct shell *shell, const char *line, size_t len);

/* True when a line, blanks left out, begins with a dot: no statement does. */
int shell_is_dot(const char *line, size_t len);

/* By index; NULL past the end. */
struct shell_row {
    const char *name, *operands, *help;
    int (*run)(struct shell *shell, const char *operand);
};
const struct shell_row *shell_row(size_t index);

/* Reads statements from the terminal until it ends. Returns the exit status. */
int shell_prompt(struct shell *shell);

/* What the store has, and how the newest run went. */
void shell_summary(struct shell *shell);

/* -- files of the user ------------------------------------------------------------------------- */

enum shell_folder { SHELL_CONFIG, SHELL_STATE };

/* The path of a file of pace's in an XDG folder; 0 when there is no home. */
int shell_file(enum shell_folder folder, const char *name, char *path, size_t size);

/* What was typed before, the oldest first: calls add() for each. Lines are safe for a terminal. */
void shell_history_load(void (*add)(void *context, const char *line), void *context);
/* Appends one statement; the file is the user's alone. */
void shell_history_add(const char *line);

#endif
