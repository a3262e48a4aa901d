/* format_line.c -- `as line`: one field a line, an empty line between rows; nothing left out or
 * cut. */
#include "format.h"
#include "human.h"
#include "timefmt.h"

#include <string.h>

static void put_safe(struct text_out *out, const char *text)
{
    text_out_safe(out, text, strlen(text));
}

static size_t safe_width(const char *text)
{
    size_t len = strlen(text), width = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code;
        unsigned taken = text_decode(text + at, len - at, &code);
        char piece[TEXT_SAFE_GROWTH * 4 + 1];
        text_safe(piece, sizeof piece, text + at, taken);
        width += text_width(piece);
        at += taken;
    }
    return width;
}

static void put_value(struct pace_writer *writer, const struct pace_field *field, size_t row)
{
    char time[TIME_TEXT_MAX], ago[TIME_TEXT_MAX], number[HUMAN_TEXT_MAX];
    struct text_out *out = &writer->out;
    if (format_missing(field, row)) {
        format_toned(writer, TONE_DIM, "-");
        return;
    }
    switch (field->type) {
    case PACE_FIELD_TEXT: {
        enum format_tone tone = format_tone_of(field->text[row]);
        if (strcmp(field->name, "verdict") != 0 && strcmp(field->name, "status") != 0)
            tone = TONE_PLAIN;
        format_tone_begin(writer, tone);
        put_safe(out, field->text[row]);
        format_tone_end(writer, tone);
        break;
    }
    case PACE_FIELD_NUMBER:
        put_safe(out, human_text(number, field->name, field->number[row], format_unit(field, row)));
        break;
    case PACE_FIELD_TIME:
        text_out_put(out, time_print(time, field->time_ns[row]));
        if (!writer->options.now_ns) break;
        format_tone_begin(writer, TONE_DIM);
        text_out_put(out, " (");
        text_out_put(out, time_print_ago(ago, field->time_ns[row], writer->options.now_ns));
        text_out_put(out, ")");
        format_tone_end(writer, TONE_DIM);
        break;
    case PACE_FIELD_FLAG: text_out_put(out, field->flag[row] ? "yes" : "no"); break;
    }
}

static int line_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    size_t widest = 0;
    for (size_t c = 0; c < rows->field_count; c++) {
        size_t width = safe_width(rows->fields[c].name);
        if (width > widest) widest = width;
    }
    for (size_t r = 0; r < rows->count; r++) {
        if (writer->row_count + r) text_out_put(&writer->out, "\n");
        for (size_t c = 0; c < rows->field_count; c++) {
            const struct pace_field *field = &rows->fields[c];
            format_tone_begin(writer, TONE_BOLD);
            put_safe(&writer->out, field->name);
            format_tone_end(writer, TONE_BOLD);
            text_out_repeat(&writer->out, " ", widest - safe_width(field->name) + 2);
            put_value(writer, field, r);
            text_out_put(&writer->out, "\n");
        }
    }
    return 0;
}

const struct format format_line = {.rows = line_rows};
