/* dump_record.c -- see dump_record.h. */
#include "dump_record.h"
#include "adapters/json.h"
#include "adapters/scan.h"
#include "timestamp.h"

#include "../engine/unit.h"
#include "../query/escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field_type { TYPE_TEXT, TYPE_COUNT, TYPE_TIME, TYPE_NUMBER, TYPE_LIST };

static const struct field {
    const char *name;
    enum field_type type;
} fields[] = {
#define DUMP_FIELD(id, name, type) {name, TYPE_##type},
#include "dump.def"
#undef DUMP_FIELD
};

static const char csv_start[] = "record,project,branch,";
static const char json_start[] = "{\"record\":\"dump\",";

void dump_record_init(struct dump_record *record, const char *what)
{
    *record = (struct dump_record){0};
    for (size_t i = 0; i < DUMP_FIELD_COUNT; i++) {
        record->time_ns[i] = INT64_MIN;
        record->number[i] = (double)NAN;
    }
    record->text[DUMP_RECORD] = what;
}

int dump_recognise(const char *text, size_t len)
{
    if (len >= sizeof json_start - 1 && memcmp(text, json_start, sizeof json_start - 1) == 0)
        return DUMP_JSON;
    if (len >= sizeof csv_start - 1 && memcmp(text, csv_start, sizeof csv_start - 1) == 0)
        return DUMP_CSV;
    return -1;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void put(struct dump_bytes *out, const char *data, size_t len)
{
    if (len == 0) return;
    if (out->capacity - out->len < len) {
        size_t capacity = (out->capacity + len) * 2;
        char *grown = realloc(out->data, capacity);
        if (grown == NULL) {
            out->failed = 1;
            return;
        }
        out->data = grown;
        out->capacity = capacity;
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void put_plain(struct dump_bytes *out, const char *text)
{
    put(out, text, strlen(text));
}

/* Control and bidirectional characters as \u escapes, which parse to the same text. */
static void put_json_text(struct dump_bytes *out, const char *text)
{
    char piece[ESCAPE_JSON_MAX];
    put(out, "\"", 1);
    while (*text != '\0') {
        size_t plain = escape_json_plain(text);
        put(out, text, plain);
        text += plain;
        if (*text == '\0') break;
        text += escape_json_character(piece, text, strnlen(text, 4));
        put_plain(out, piece);
    }
    put(out, "\"", 1);
}

/* What a spreadsheet would take for a formula has an apostrophe before it, and so has a text that
 * begins with one: take_csv takes it off again. */
static void put_csv_text(struct dump_bytes *out, const char *text)
{
    const char *mark = text[0] != '\0' && strchr("=+-@'\t\r", text[0]) != NULL ? "'" : "";
    if (strpbrk(text, ",\"\r\n") == NULL && text[0] != ' ') {
        put_plain(out, mark);
        put_plain(out, text);
        return;
    }
    put(out, "\"", 1);
    put_plain(out, mark);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') put(out, "\"", 1);
        put(out, c, 1);
    }
    put(out, "\"", 1);
}

static void put_text(struct dump_bytes *out, enum dump_form form, const char *text)
{
    if (form == DUMP_JSON)
        put_json_text(out, text);
    else
        put_csv_text(out, text);
}

static void put_number(struct dump_bytes *out, double number)
{
    char text[UNIT_TEXT_MAX];
    if (number == 0 && signbit(number)) {
        put_plain(out, "-0.0"); /* JSON's -0 is an integer, which has no sign */
        return;
    }
    put_plain(out, unit_print_number(text, number));
}

static void put_samples(struct dump_bytes *out, enum dump_form form, const double *samples,
                        size_t count)
{
    if (form == DUMP_JSON) put(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) put(out, form == DUMP_JSON ? "," : " ", 1);
        put_number(out, samples[i]);
    }
    if (form == DUMP_JSON) put(out, "]", 1);
}

static int has_field(const struct dump_record *record, size_t i)
{
    switch (fields[i].type) {
    case TYPE_TEXT: return record->text[i] != NULL && record->text[i][0] != '\0';
    case TYPE_COUNT: return record->count[i] != 0;
    case TYPE_TIME: return record->time_ns[i] != INT64_MIN;
    case TYPE_NUMBER: return !isnan(record->number[i]);
    default: return record->sample_count > 0;
    }
}

static void put_field(struct dump_bytes *out, enum dump_form form, const struct dump_record *record,
                      size_t i)
{
    char text[64], time[TIMESTAMP_TEXT_MAX];
    switch (fields[i].type) {
    case TYPE_TEXT: put_text(out, form, record->text[i]); break;
    case TYPE_COUNT:
        (void)snprintf(text, sizeof text, "%" PRIu64, record->count[i]);
        put_plain(out, text);
        break;
    case TYPE_TIME: put_text(out, form, timestamp_print(time, record->time_ns[i])); break;
    case TYPE_NUMBER: put_number(out, record->number[i]); break;
    default: put_samples(out, form, record->samples, record->sample_count); break;
    }
}

void dump_record_write(struct dump_bytes *out, enum dump_form form,
                       const struct dump_record *record)
{
    int written = 0;
    if (form == DUMP_JSON) put(out, "{", 1);
    for (size_t i = 0; i < DUMP_FIELD_COUNT; i++) {
        int has = has_field(record, i);
        if (form == DUMP_CSV && i > 0) put(out, ",", 1);
        if (!has) continue;
        if (form == DUMP_JSON) {
            put_plain(out, written > 0 ? ",\"" : "\"");
            put_plain(out, fields[i].name);
            put(out, "\":", 2);
        }
        put_field(out, form, record, i);
        written++;
    }
    put_plain(out, form == DUMP_JSON ? "}\n" : "\n");
}

static const char *const status_words[] = {"", "failed", "skipped"};

void dump_cell_write(struct dump_bytes *out, enum dump_form form, const struct pace_cell *cell)
{
    struct dump_record record;
    if (form == DUMP_CSV || cell->status != PACE_CELL_OK || cell->sample_count > 0) {
        dump_record_init(&record, "cell");
        record.text[DUMP_BENCHMARK] = cell->benchmark;
        record.text[DUMP_MEASURE] = cell->measure;
        record.text[DUMP_STATUS] = status_words[cell->status];
        record.number[DUMP_VALUE] = cell->status == PACE_CELL_OK ? cell->value : (double)NAN;
        record.number[DUMP_LOWER] = cell->lower;
        record.number[DUMP_UPPER] = cell->upper;
        record.samples = cell->samples;
        record.sample_count = cell->sample_count;
        dump_record_write(out, form, &record);
        return;
    }
    put_plain(out, "{\"record\":\"cell\",\"benchmark\":");
    put_json_text(out, cell->benchmark);
    put_plain(out, ",\"measure\":");
    put_json_text(out, cell->measure);
    put_plain(out, ",\"value\":");
    put_number(out, cell->value);
    if (!isnan(cell->lower)) {
        put_plain(out, ",\"lower\":");
        put_number(out, cell->lower);
    }
    if (!isnan(cell->upper)) {
        put_plain(out, ",\"upper\":");
        put_number(out, cell->upper);
    }
    put_plain(out, "}\n");
}

void dump_header_write(struct dump_bytes *out)
{
    for (size_t i = 0; i < DUMP_FIELD_COUNT; i++) {
        if (i > 0) put(out, ",", 1);
        put_plain(out, fields[i].name);
    }
    put(out, "\n", 1);
}

/* -- reading ----------------------------------------------------------------------------------- */

struct place {
    const char *name;
    uint64_t line;
    struct arena *arena;
    struct pace_error *error;
};

static int refuse(const struct place *place, size_t field, const char *why)
{
    return error_fill(place->error, PACE_EVALUE, "%.300s: line %" PRIu64 ": '%s' %s", place->name,
                      place->line, fields[field].name, why);
}

static int no_memory(const struct place *place)
{
    return error_fill(place->error, PACE_ENOMEM, "%.300s: out of memory", place->name);
}

static int take_time(const struct place *place, size_t i, const char *text, size_t len,
                     struct dump_record *out)
{
    struct pace_error why = {0, ""};
    if (timestamp_parse(text, len, &out->time_ns[i], &why) == 0) return 0;
    return refuse(place, i, why.message);
}

static int take_count(const struct place *place, size_t i, const char *text, size_t len,
                      struct dump_record *out)
{
    uint64_t count = 0;
    for (size_t k = 0; k < len; k++) {
        unsigned digit = (unsigned)(text[k] - '0');
        if (digit > 9 || count > (UINT64_MAX - digit) / 10)
            return refuse(place, i, "has to be a whole number");
        count = count * 10 + digit;
    }
    out->count[i] = count;
    return 0;
}

static int take_list(const struct place *place, const json_t *list, struct dump_record *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > PACE_MAX_SAMPLES)
        return refuse(place, DUMP_SAMPLES, "has to be a list of numbers");
    double *samples = arena_array(place->arena, count, sizeof *samples);
    if (samples == NULL) return no_memory(place);
    for (size_t i = 0; i < count; i++) {
        if (!json_finite(json_array_get(list, i), &samples[i]))
            return refuse(place, DUMP_SAMPLES, "has to be a list of finite numbers");
    }
    out->samples = samples;
    out->sample_count = count;
    return 0;
}

static int take_json(const struct place *place, size_t i, const json_t *value,
                     struct dump_record *out)
{
    const char *text = json_string_value(value);
    switch (fields[i].type) {
    case TYPE_TEXT:
        if (text == NULL) return refuse(place, i, "has to be a text");
        out->text[i] = arena_copy(place->arena, text, json_string_length(value));
        return out->text[i] != NULL ? 0 : no_memory(place);
    case TYPE_TIME:
        if (text == NULL) return refuse(place, i, "has to be a time");
        return take_time(place, i, text, strlen(text), out);
    case TYPE_COUNT:
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return refuse(place, i, "has to be a whole number");
        out->count[i] = (uint64_t)json_integer_value(value);
        return 0;
    case TYPE_NUMBER:
        return json_finite(value, &out->number[i]) ? 0
                                                   : refuse(place, i, "has to be a finite number");
    default: return take_list(place, value, out);
    }
}

/* The field of this name, or DUMP_FIELD_COUNT. */
static size_t field_find(const char *name)
{
    size_t i = 0;
    while (i < DUMP_FIELD_COUNT && strcmp(fields[i].name, name) != 0)
        i++;
    return i;
}

int dump_record_parse(const char *name, uint64_t line, const char *text, size_t len,
                      struct arena *arena, struct pace_error *error, struct dump_record *out)
{
    struct place place = {name, line, arena, error};
    const char *key = NULL;
    json_t *object = NULL, *value = NULL;
    int code = json_parse(name, text, len, line, error, &object);
    if (code != 0) return code;
    dump_record_init(out, NULL);
    json_object_foreach(object, key, value)
    {
        size_t i = field_find(key);
        if (code == 0 && i == DUMP_FIELD_COUNT)
            code = error_fill(error, PACE_EVALUE,
                              "%.300s: line %" PRIu64 ": a dump has no field '%.60s'", name, line,
                              key);
        if (code == 0) code = take_json(&place, i, value, out);
    }
    json_decref(object);
    if (code == 0 && out->text[DUMP_RECORD] == NULL)
        code = refuse(&place, DUMP_RECORD, "is missing: it says what the record is");
    return code;
}

/* -- reading CSV ------------------------------------------------------------------------------- */

static int take_samples(const struct place *place, char *text, struct dump_record *out)
{
    size_t count = 1, used = 0;
    for (const char *c = text; *c != '\0'; c++)
        count += *c == ' ';
    double *samples = arena_array(place->arena, count, sizeof *samples);
    struct span rest = span_of(text), word;
    if (samples == NULL) return no_memory(place);
    while (span_word(&rest, &word)) {
        if (!span_number(word, &samples[used]) || !isfinite(samples[used]))
            return refuse(place, DUMP_SAMPLES, "has to be finite numbers");
        used++;
    }
    out->samples = samples;
    out->sample_count = used;
    return 0;
}

static int take_csv(const struct place *place, size_t i, char *text, size_t len,
                    struct dump_record *out)
{
    if (len == 0) return 0;
    if (strlen(text) != len) return refuse(place, i, "has a NUL in it");
    switch (fields[i].type) {
    case TYPE_TEXT: out->text[i] = text + (*text == '\''); return 0;
    case TYPE_TIME: return take_time(place, i, text, len, out);
    case TYPE_COUNT: return take_count(place, i, text, len, out);
    case TYPE_NUMBER:
        return span_number(span_of(text), &out->number[i]) && isfinite(out->number[i])
                   ? 0
                   : refuse(place, i, "has to be a finite number");
    default: return take_samples(place, text, out);
    }
}

/* One field from text[*at]: its bytes in the arena. NULL when a quote is not closed, or without
 * memory. */
static char *read_csv(const struct place *place, uint64_t *line, const char *text, size_t len,
                      size_t *at, size_t *used)
{
    size_t i = *at, end = i;
    if (i >= len || text[i] != '"') {
        while (end < len && text[end] != ',' && text[end] != '\n')
            end++;
        *at = end;
        if (end > i && text[end - 1] == '\r') end--;
        *used = end - i;
        return arena_copy(place->arena, text + i, end - i);
    }
    for (end = i + 1; end < len; end++) {
        if (text[end] == '"' && text[end + 1] != '"') break;
        end += text[end] == '"';
    }
    char *out = end < len ? arena_space(place->arena, end - i) : NULL;
    if (out == NULL) return NULL;
    *used = 0;
    for (i++; i < end; i++) {
        *line += text[i] == '\n';
        i += text[i] == '"';
        out[(*used)++] = text[i];
    }
    out[*used] = '\0';
    *at = end + 1;
    if (text[*at] == '\r') ++*at;
    return out;
}

int dump_row_parse(const char *name, uint64_t *line, const char *text, size_t len, size_t *at,
                   struct arena *arena, struct pace_error *error, struct dump_record *out)
{
    struct place place = {name, ++*line, arena, error};
    dump_record_init(out, NULL);
    if (*at >= len) return 0;
    for (size_t i = 0;; i++) {
        size_t used = 0;
        char *field = read_csv(&place, line, text, len, at, &used);
        if (arena->failed) return no_memory(&place);
        if (i >= DUMP_FIELD_COUNT)
            return error_fill(error, PACE_EVALUE, "%.300s: line %" PRIu64 ": more than %d fields",
                              name, place.line, (int)DUMP_FIELD_COUNT);
        if (field == NULL) return refuse(&place, i, "begins with a quote that is not closed");
        int code = take_csv(&place, i, field, used, out);
        if (code != 0) return code;
        if (*at < len && text[*at] == ',') {
            ++*at;
            continue;
        }
        if (*at < len && text[*at] != '\n') return refuse(&place, i, "goes on behind its quote");
        *at += *at < len;
        break;
    }
    return out->text[DUMP_RECORD] != NULL
               ? 0
               : refuse(&place, DUMP_RECORD, "is missing: it says what the record is");
}
