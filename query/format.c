/* format.c -- result writers: the table of formats, life cycle, and what several formats share.
 *
 * A writer buffers output (text.h) and hands it on at the end of each batch at the latest, so that
 * a pipe sees rows as they come. The first error ends it: later calls return the same one. */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const struct format *format;
    const char *meaning;
} formats[] = {
#define FORMAT(name, format, meaning) {#name, format, meaning},
#include "format.def"
#undef FORMAT
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

const char *format_name(size_t index, const char **meaning)
{
    if (index >= FORMATS) return NULL;
    if (meaning) *meaning = formats[index].meaning;
    return formats[index].name;
}

/* -- errors ------------------------------------------------------------------------------------ */

static int fail(struct pace_error *error, int code, const char *message)
{
    if (error) {
        error->code = code;
        snprintf(error->message, sizeof error->message, "%s", message);
    }
    return code;
}

static int fail_unknown(struct pace_error *error, const char *name)
{
    char safe[80], message[400];
    text_safe(safe, sizeof safe, name, strlen(name));
    int at = snprintf(message, sizeof message, "no format '%s'; the formats are", safe);
    for (size_t i = 0; i < FORMATS; i++)
        at += snprintf(message + at, sizeof message - (size_t)at, " %s", formats[i].name);
    return fail(error, PACE_ENOTFOUND, message);
}

/* What a format or the sink returned, with its message. */
static int conclude(struct pace_writer *writer, int code, struct pace_error *error)
{
    int flushed = text_out_flush(&writer->out);
    if (flushed) {
        char message[200];
        snprintf(message, sizeof message, "writing the result: %s", pace_strerror(flushed));
        return fail(error, flushed, message);
    }
    if (!code) return 0;
    writer->out.error = code;
    return fail(error, code,
                code == PACE_ENOMEM ? "writing the result: out of memory"
                                    : "writing the result failed");
}

/* -- life cycle -------------------------------------------------------------------------------- */

int pace_writer_open(const char *format, const struct pace_writer_options *options, pace_sink *sink,
                     void *sink_context, struct pace_error *error, pace_writer **out)
{
    size_t index = 0;
    while (index < FORMATS && strcmp(formats[index].name, format) != 0)
        index++;
    if (index == FORMATS) return fail_unknown(error, format);

    struct pace_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return fail(error, PACE_ENOMEM, "opening a writer: out of memory");
    writer->format = formats[index].format;
    writer->options = (struct pace_writer_options){.struct_size = sizeof writer->options};
    if (options) {
        /* An older caller's struct is shorter: its missing members stay zero. */
        size_t size = options->struct_size;
        if (size > sizeof writer->options) size = sizeof writer->options;
        memcpy(&writer->options, options, size);
    }
    text_out_init(&writer->out, sink, sink_context);
    writer->state = NULL;
    writer->field_count = 0;
    writer->row_count = 0;
    writer->begun = 0;
    int code = writer->format->open ? writer->format->open(writer) : 0;
    if (code) {
        pace_writer_close(writer);
        return fail(error, code, "opening a writer: out of memory");
    }
    *out = writer;
    return 0;
}

int pace_writer_rows(pace_writer *writer, const struct pace_rows *rows, struct pace_error *error)
{
    if (writer->out.error) return conclude(writer, 0, error);
    if (writer->begun && rows->field_count != writer->field_count)
        return fail(error, PACE_EMISUSE, "a writer takes the batches of one result only");
    if (writer->begun && rows->count == 0) return 0;
    writer->field_count = rows->field_count;
    int code = writer->format->rows(writer, rows);
    writer->begun = 1;
    writer->row_count += rows->count;
    return conclude(writer, code, error);
}

void pace_writer_outcome(pace_writer *writer, const pace_query *query)
{
    writer->query = query;
}

int pace_writer_finish(pace_writer *writer, struct pace_error *error)
{
    if (writer->out.error) return conclude(writer, 0, error);
    return conclude(writer, writer->format->finish ? writer->format->finish(writer) : 0, error);
}

void pace_writer_close(pace_writer *writer)
{
    if (!writer) return;
    if (writer->format->close) writer->format->close(writer);
    free(writer);
}

/* -- cells ------------------------------------------------------------------------------------- */

int format_missing(const struct pace_field *field, size_t row)
{
    if (field->missing && field->missing[row]) return 1;
    if (field->type == PACE_FIELD_TEXT) return !field->text[row];
    return field->type == PACE_FIELD_NUMBER && !isfinite(field->number[row]);
}

const char *format_unit(const struct pace_field *field, size_t row)
{
    const char *unit = field->units ? field->units[row] : field->unit;
    return unit ? unit : "";
}

/* -- colours ----------------------------------------------------------------------------------- */

enum format_tone format_tone_of(const char *word)
{
    static const struct {
        const char *word;
        enum format_tone tone;
    } tones[] = {
        {"worse", TONE_BAD},      {"failed", TONE_BAD},     {"gone", TONE_BAD},
        {"better", TONE_GOOD},    {"suspected", TONE_WARN}, {"changed", TONE_WARN},
        {"different", TONE_WARN}, {"moved", TONE_WARN},     {"thin", TONE_DIM},
        {"new", TONE_DIM},        {"skipped", TONE_DIM},    {"need-more", TONE_DIM},
    };
    for (size_t i = 0; i < sizeof tones / sizeof tones[0]; i++) {
        if (strcmp(tones[i].word, word) == 0) return tones[i].tone;
    }
    return TONE_PLAIN;
}

void format_tone_begin(struct pace_writer *writer, enum format_tone tone)
{
    static const char *const codes[] = {
        [TONE_PLAIN] = "",        [TONE_DIM] = "\033[2m",   [TONE_BOLD] = "\033[1m",
        [TONE_BAD] = "\033[31m",  [TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[33m",
        [TONE_LINE] = "\033[36m",
    };
    if (writer->options.color) text_out_put(&writer->out, codes[tone]);
}

void format_tone_end(struct pace_writer *writer, enum format_tone tone)
{
    if (writer->options.color && tone != TONE_PLAIN) text_out_put(&writer->out, "\033[0m");
}

void format_toned(struct pace_writer *writer, enum format_tone tone, const char *text)
{
    format_tone_begin(writer, tone);
    text_out_put(&writer->out, text);
    format_tone_end(writer, tone);
}
