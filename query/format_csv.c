/* format_csv.c -- `as csv` and `as tsv`: a header line, then a line a row, exact values.
 *
 * csv quotes as RFC 4180 does, lines end with LF as the tools of a shell expect; tsv has no quotes.
 * In both, a text cell that a spreadsheet would take for a formula gets a leading ', control
 * characters and invalid bytes are shown as escapes, and numbers are bare. A missing value is an
 * empty cell, an empty text is "" in csv. */
#include "format.h"
#include "timefmt.h"

#include "../engine/unit.h"

#include <stdbool.h>
#include <string.h>

/* '=', '+', '-', '@', TAB, CR, LF and the full-width forms of the first four. */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    if (text[0] && strchr("=+-@\t\r\n", text[0])) return true;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (strncmp(text, wide[i], strlen(wide[i])) == 0) return true;
    }
    return false;
}

/* Safe bytes of `text`, each '"' doubled if asked. */
static void put_safe(struct text_out *out, const char *text, bool double_quotes)
{
    while (double_quotes && strchr(text, '"')) {
        size_t len = strcspn(text, "\"") + 1;
        text_out_safe(out, text, len);
        text_out_put(out, "\"");
        text += len;
    }
    text_out_safe(out, text, strlen(text));
}

static void put_text(struct text_out *out, const char *text, bool quotes)
{
    bool formula = is_formula(text);
    bool quoted = quotes && (text[0] == '\0' || formula || strpbrk(text, ",\"\r\n\t '"));
    if (quoted) text_out_put(out, "\"");
    if (formula) text_out_put(out, "'");
    put_safe(out, text, quoted);
    if (quoted) text_out_put(out, "\"");
}

static void put_cell(struct text_out *out, const struct pace_field *field, size_t row, bool quotes)
{
    char buffer[UNIT_TEXT_MAX], time[TIME_TEXT_MAX];
    if (format_missing(field, row)) return;
    switch (field->type) {
    case PACE_FIELD_TEXT: put_text(out, field->text[row], quotes); break;
    case PACE_FIELD_NUMBER: text_out_put(out, unit_print_number(buffer, field->number[row])); break;
    case PACE_FIELD_TIME: text_out_put(out, time_print(time, field->time_ns[row])); break;
    case PACE_FIELD_FLAG: text_out_put(out, field->flag[row] ? "true" : "false"); break;
    }
}

static int put_rows(struct pace_writer *writer, const struct pace_rows *rows, const char *separator,
                    bool quotes)
{
    struct text_out *out = &writer->out;
    for (size_t c = 0; c < rows->field_count && !writer->begun; c++) {
        if (c) text_out_put(out, separator);
        put_text(out, rows->fields[c].name, quotes);
    }
    if (!writer->begun) text_out_put(out, "\n");
    for (size_t r = 0; r < rows->count; r++) {
        for (size_t c = 0; c < rows->field_count; c++) {
            if (c) text_out_put(out, separator);
            put_cell(out, &rows->fields[c], r, quotes);
        }
        text_out_put(out, "\n");
    }
    return 0;
}

static int csv_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    return put_rows(writer, rows, ",", true);
}

static int tsv_rows(struct pace_writer *writer, const struct pace_rows *rows)
{
    return put_rows(writer, rows, "\t", false);
}

const struct format format_csv = {.rows = csv_rows};
const struct format format_tsv = {.rows = tsv_rows};
