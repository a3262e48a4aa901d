/* format.h -- what a result writer is inside: the options, the output buffer, and one format's
 * functions.
 *
 * format.c dispatches; each format_*.c keeps its own state between the batches of one result. */
#ifndef PACE_FORMAT_H
#define PACE_FORMAT_H

#include "pace_query.h"
#include "text.h"

struct format;

struct pace_writer {
    const struct format *format;
    struct pace_writer_options options;
    struct text_out out;
    void *state;             /* the format's own, or NULL */
    size_t field_count;      /* of the first batch */
    uint64_t row_count;      /* rows given so far, this batch not included */
    int begun;               /* 1 once a batch came */
    const pace_query *query; /* that ended, or NULL: its notes */
};

/* Functions return 0, PACE_ENOMEM, or another code without a message; what the sink says is found
 * in `out`. open, finish and close may be NULL. `rows` is called for the first batch even when it
 * is empty, later only with rows. */
struct format {
    int (*open)(struct pace_writer *writer);
    int (*rows)(struct pace_writer *writer, const struct pace_rows *rows);
    int (*finish)(struct pace_writer *writer);
    void (*close)(struct pace_writer *writer);
};

extern const struct format format_table, format_csv, format_tsv, format_json, format_jsonl,
    format_markdown, format_plot, format_svg, format_line;

/* Name and meaning of one format of format.def, in its order; NULL past the end. */
const char *format_name(size_t index, const char **meaning);

/* -- cells ------------------------------------------------------------------------------------- */

/* 1 where there is no value: marked missing, NULL text, NaN or infinity. */
int format_missing(const struct pace_field *field, size_t row);

/* The unit of a number, "" when there is none. */
const char *format_unit(const struct pace_field *field, size_t row);

/* -- colours ----------------------------------------------------------------------------------- */

enum format_tone { TONE_PLAIN, TONE_DIM, TONE_BOLD, TONE_BAD, TONE_GOOD, TONE_WARN, TONE_LINE };

/* The tone of a verdict or status; TONE_PLAIN for other words. */
enum format_tone format_tone_of(const char *word);

/* Writes `text` in a tone, when the writer has colours. */
void format_toned(struct pace_writer *writer, enum format_tone tone, const char *text);
void format_tone_begin(struct pace_writer *writer, enum format_tone tone);
void format_tone_end(struct pace_writer *writer, enum format_tone tone);

#endif
