/* ci_output.h -- where a verdict goes: the uses of --format of run, check and report.
 *
 * `--format NAME` writes to standard output, `--format NAME=FILE` to a file, and both may be given
 * several times; of formats on standard output there is one. Names of query/format.def are rows of
 * the alerts. */
#ifndef PACE_CI_OUTPUT_H
#define PACE_CI_OUTPUT_H

#include "ci_verdict.h"

enum { CI_OUTPUTS = 16 }; /* uses of --format */

struct ci_format;

struct ci_outputs {
    struct ci_output {
        const struct ci_format *format;
        const char *path; /* NULL: standard output, or the format's own places */
    } uses[CI_OUTPUTS];
    size_t count;
    const char *rows; /* a format of rows, for standard output; NULL: none */
    int takes_stdout; /* 1: standard output holds one of these formats and nothing else */
    int only_on_alert;
};

/* Name and meaning of a row of ci_format.def; NULL past the end. */
const char *ci_format_name(size_t index, const char **meaning);

/* Reads the uses of --format. `rows` tells whether formats of rows may be among them. A wrong one
 * is said: STATUS_USAGE. */
int ci_outputs_read(const struct arguments *arguments, int rows, struct ci_outputs *out);

/* One output more: a format of ci_format.def. */
void ci_outputs_add(struct ci_outputs *outputs, const char *name, const char *path);

/* Takes over what the style needs to know of it. */
void ci_outputs_style(const struct ci_outputs *outputs, struct show_style *style);

/* Writes the verdict to all of them. Returns 0, or the exit status after saying what failed. */
int ci_outputs_write(const struct ci_outputs *outputs, const struct ci_verdict *verdict);

/* Makes the document of a judgement and writes it; nothing where no output is asked for. */
int ci_outputs_tell(const struct ci_outputs *outputs, const struct judgement *judgement,
                    const struct judgement *again, enum judge_confirm confirm,
                    const struct ci_context *context);

#endif
