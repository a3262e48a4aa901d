/* report_json.c -- JSON inside of a page; see report.h. */
#include "report.h"

#include "../engine/unit.h"
#include "../query/escape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void json_plain(struct bytes *out, const char *text)
{
    bytes_put(out, text, strlen(text));
}

/* `<`, `>` and `&` stand in JSON within strings alone. */
static int put_unmarked(void *context, const char *text, size_t len)
{
    struct bytes *out = context;
    size_t plain = 0;
    for (size_t at = 0; at < len; at++) {
        const char *escape = text[at] == '<'   ? "\\u003c"
                             : text[at] == '>' ? "\\u003e"
                             : text[at] == '&' ? "\\u0026"
                                               : NULL;
        if (escape == NULL) continue;
        bytes_put(out, text + plain, at - plain);
        json_plain(out, escape);
        plain = at + 1;
    }
    bytes_put(out, text + plain, len - plain);
    return 0;
}

void json_text(struct bytes *out, const char *text)
{
    struct text_out safe;
    text_out_init(&safe, put_unmarked, out);
    escape_json(&safe, text);
    text_out_flush(&safe);
}

void json_number(struct bytes *out, double number)
{
    char text[UNIT_TEXT_MAX];
    json_plain(out, isfinite(number) ? unit_print_number(text, number) : "null");
}

void json_field(struct bytes *out, const struct pace_field *field, size_t row)
{
    if (field == NULL || (field->missing != NULL && field->missing[row])) {
        json_plain(out, "null");
        return;
    }
    switch (field->type) {
    case PACE_FIELD_TEXT: json_text(out, field->text[row]); break;
    case PACE_FIELD_NUMBER: json_number(out, field->number[row]); break;
    case PACE_FIELD_TIME: json_number(out, floor((double)field->time_ns[row] / 1e6)); break;
    case PACE_FIELD_FLAG: json_plain(out, field->flag[row] ? "true" : "false"); break;
    }
}
