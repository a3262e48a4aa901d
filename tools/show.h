/* show.h -- running statements and writing what they give: rows to stdout, all else to stderr. */
#ifndef PACE_SHOW_H
#define PACE_SHOW_H

#include "../query/pace_query.h"
#include "command.h"
#include "outlet.h"
#include "rows.h"

/* How results are written. */
struct show_style {
    const char *format; /* NULL: the statement's `as`, else table */
    unsigned width;     /* columns of the terminal; 0: no terminal */
    int color, ascii;
    int diags_as_json;
    int is_silent;  /* 1: standard output belongs to something else */
    int64_t now_ns; /* 0: the wall clock */
};

/* Columns of the terminal that standard output is; 0: it is none. */
unsigned show_width(void);

/* The style that the options and the terminal ask for. A bad --now is said: STATUS_USAGE. */
int show_style_read(const struct arguments *arguments, struct show_style *out);

/* Asks git at the working directory for a commit by a name that the store does not know: what
 * pace_query_options.commit_of is. No process is started outside a work tree. */
int show_commit_of(void *context, const char *name, char commit[PACE_MAX_COMMIT + 1]);

struct show {
    pace_session *session;
    struct show_style style;
    struct outlet *outlet; /* NULL: stdout */
    pace *trends;          /* the store of the sparklines beside rows; NULL: none */
    uint64_t row_limit;    /* rows of a result that are written; 0: all */
    int tells;             /* 1: what a statement did is a row too where a format is asked for */
    int is_kept;           /* 1: SIGINT ends the statement and never the program */
    uint64_t rows, points; /* of the script that ran last: given, read from the store */
};

/* A session on the store with the variables of -v. On failure says why and returns the status. */
int show_open(struct show *show, pace *store, const struct arguments *arguments);
void show_close(struct show *show);

/* Binds $branch, $project, $testbed and $commit to what this directory and CI say, where the text
 * mentions them and -v does not. */
int show_bind(struct show *show, const struct arguments *arguments, const char *text);

/* Runs a script. SIGINT ends the statement. Returns the exit status. */
int show_script(struct show *show, const char *text, size_t len);

/* Writes a query's diagnostics and notes to stderr, as drawn or as JSON. */
void show_diags(const struct show_style *style, const pace_query *query);

/* What a command did, as one row for programs. */
struct show_fact {
    const char *name, *text; /* text NULL: the number */
    double number;
};
int show_facts(const struct show_style *style, const struct show_fact *facts, size_t count);

/* Writes rows that were built here. Returns the exit status. */
int show_rows(const struct show_style *style, struct rows *rows);

#endif
