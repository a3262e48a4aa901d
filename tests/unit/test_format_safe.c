/* test_format_safe.c -- names that somebody hostile chose, through every result format. */
#include "../../query/format.h"
#include "format_rows.h"
#include "hostile.h"
#include "xml_check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The cells of a csv text, one call each. */
static void each_csv_cell(const char *text, void (*visit)(const char *cell))
{
    while (*text) {
        char cell[256];
        size_t len = 0;
        bool quoted = *text == '"';
        if (quoted) text++;
        for (;; text++) {
            if (quoted && *text == '"' && text[1] == '"')
                text++;
            else if (quoted ? *text == '"' : *text == ',' || *text == '\n')
                break;
            assert_int_not_equal(*text, '\0');
            assert_true(len + 1 < sizeof cell);
            cell[len++] = *text;
        }
        cell[len] = '\0';
        if (quoted) text++;
        assert_true(*text == ',' || *text == '\n');
        text++;
        visit(cell);
    }
}

static void assert_inert(const char *cell)
{
    if (cell[0] && strchr("=+-@\t\r\n", cell[0])) fail_msg("a formula: %s", cell);
}

/* A name with U+FFFD for each byte that is not UTF-8. */
static const char *as_utf8(const char *name)
{
    static char out[256];
    size_t len = strlen(name), used = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code;
        unsigned taken = text_decode(name + at, len - at, &code);
        if (code == TEXT_INVALID)
            memcpy(out + used, "\xef\xbf\xbd", 3);
        else
            memcpy(out + used, name + at, taken);
        used += code == TEXT_INVALID ? 3 : taken;
        at += taken;
    }
    out[used] = '\0';
    return out;
}

static void assert_json(const char *text, const char *name)
{
    json_error_t error;
    json_t *row = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!row) fail_msg("%s: %s", error.text, text);
    json_t *rows = json_object_get(row, "rows");
    json_t *first = rows ? json_array_get(rows, 0) : row;
    assert_string_equal(json_string_value(json_object_get(first, "benchmark")), as_utf8(name));
    json_decref(row);
}

/* A picture, which shows the name in its safe form. */
static void assert_picture(const char *document, const char *name)
{
    struct xml_seen seen;
    char safe[256];
    assert_svg(document, &seen);
    text_safe(safe, sizeof safe, name, strlen(name));
    /* XML reads other line ends and some blanks as plain ones; none is left in safe text. */
    if (strlen(safe) < 20) assert_non_null(strstr(seen.text, safe));
    free(seen.text);
}

static void write_hostile(const char *name)
{
    const char *names[] = {name, name, "tame"}, *tame[] = {"ok", "ok", "ok"};
    double numbers[] = {1, 2, 4};
    int64_t times[] = {T0, T0 + SECOND, T0};
    struct pace_field fields[] = {
        {.name = "branch", .type = PACE_FIELD_TEXT, .text = names},
        {.name = "benchmark", .type = PACE_FIELD_TEXT, .text = names},
        {.name = "time", .type = PACE_FIELD_TIME, .time_ns = times},
        {.name = "commit", .type = PACE_FIELD_TEXT, .text = names},
        {.name = "value", .type = PACE_FIELD_NUMBER, .number = numbers, .units = names},
        {.name = "verdict", .type = PACE_FIELD_TEXT, .text = names},
        {.name = "status", .type = PACE_FIELD_TEXT, .text = tame},
        {.name = name, .type = PACE_FIELD_TEXT, .text = tame},
    };
    for (size_t f = 0; f < COUNT(all_formats); f++) {
        for (size_t shape = 0; shape < 3; shape++) {
            /* Lines in a plot; one row; bars. */
            struct pace_writer_options options = {
                .struct_size = sizeof options, .width = shape == 0 ? 40 : 0, .now_ns = T0};
            struct pace_rows rows = {shape == 1 ? 1 : 3, COUNT(fields), fields, NULL};
            fields[2].type = shape == 2 ? PACE_FIELD_TEXT : PACE_FIELD_TIME;
            fields[2].text = names;
            char *text = write_steps(all_formats[f], &options, &rows, 1024);
            assert_no_control(all_formats[f], text,
                              strcmp(all_formats[f], "tsv") == 0 ? "\n\t" : "\n");
            if (strcmp(all_formats[f], "svg") == 0) assert_picture(text, name);
            if (strcmp(all_formats[f], "csv") == 0) each_csv_cell(text, assert_inert);
            if (strcmp(all_formats[f], "json") == 0) assert_json(text, name);
            if (strcmp(all_formats[f], "jsonl") == 0 && shape == 1) assert_json(text, name);
            free(text);
        }
    }
}

static void hostile_names(void **state)
{
    (void)state;
    each_hostile_name(write_hostile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
