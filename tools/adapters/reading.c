/* reading.c -- one input while an adapter reads it: what all adapters share. */
#include "reading.h"

#include "../../engine/text.h"
#include "../../engine/unit.h"
#include "../timestamp.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void reading_begin(struct reading *reading, const struct input *input,
                   const struct adapter_sink *sink, struct pace_error *error)
{
    *reading = (struct reading){.input = input, .sink = sink, .error = error};
    arena_init(&reading->arena, 0);
    reading->cells.arena = &reading->arena;
}

/* Hands on the cells of the run, and what was left out of it. */
static int end_run(struct reading *reading)
{
    if (!reading->run_begun) return 0;
    int code = cells_emit(&reading->cells, reading->sink, reading->error);
    reading->cells.count = 0;
    if (code == 0 && reading->meta_dropped > 0)
        reading_warn(reading,
                     "%zu pieces of metadata are left out: more than %d, or longer than %d bytes",
                     reading->meta_dropped, READING_META_KEPT, READING_META_TEXT);
    reading->meta_count = reading->meta_dropped = 0;
    return code;
}

int reading_end(struct reading *reading, int code)
{
    if (code == 0 && !reading->has_cells)
        code = error_fill(reading->error, PACE_EEMPTY,
                          "%.300s: it has no benchmarks; nothing is stored of it",
                          reading->input->name);
    if (code == 0) code = end_run(reading);
    if (code == 0 && reading->warning_count > READING_WARNINGS) {
        char message[80];
        (void)snprintf(message, sizeof message, "%zu more warnings are not shown",
                       reading->warning_count - READING_WARNINGS);
        reading->sink->warn(reading->sink->context, message);
    }
    arena_clear(&reading->arena);
    return code;
}

int reading_document(const struct input *input, const struct adapter_sink *sink,
                     struct pace_error *error,
                     int (*read)(struct reading *reading, const json_t *root))
{
    struct reading reading;
    json_t *root = NULL;
    int code = json_parse(input->name, input->text, input->len, 1, error, &root);
    if (code != 0) return code;
    reading_begin(&reading, input, sink, error);
    code = reading_end(&reading, read(&reading, root));
    json_decref(root);
    return code;
}

int reading_run(struct reading *reading, const struct run_facts *facts)
{
    static const struct run_facts none = {"", "", "", "", 0, 0, 0, ""};
    int code = end_run(reading);
    reading->run_begun = 1;
    return code != 0 ? code
                     : reading->sink->run(reading->sink->context, facts != NULL ? facts : &none,
                                          reading->error);
}

/* -- messages ---------------------------------------------------------------------------------- */

int reading_no_memory(struct reading *reading)
{
    return error_fill(reading->error, PACE_ENOMEM, "%.300s: out of memory", reading->input->name);
}

int reading_fail(struct reading *reading, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_fill(reading->error, PACE_EVALUE, "%.200s: %s", reading->input->name, message);
}

void reading_warn(struct reading *reading, const char *format, ...)
{
    char message[500];
    va_list args;
    if (++reading->warning_count > READING_WARNINGS) return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    reading->sink->warn(reading->sink->context, message);
}

/* -- cells ------------------------------------------------------------------------------------- */

struct pace_cell cell_make(const char *benchmark, const char *measure, const char *unit,
                           enum pace_direction direction, double value)
{
    struct pace_cell cell = {
        .benchmark = benchmark,
        .measure = measure,
        .unit = unit,
        .direction = direction,
        .status = isfinite(value) ? PACE_CELL_OK : PACE_CELL_FAILED,
        .value = isfinite(value) ? value : (double)NAN,
        .lower = (double)NAN,
        .upper = (double)NAN,
    };
    return cell;
}

void cell_bounds(struct pace_cell *cell, double lower, double upper)
{
    if (!isfinite(lower) || !isfinite(upper)) return;
    cell->lower = fmin(lower, upper);
    cell->upper = fmax(lower, upper);
}

int reading_put(struct reading *reading, const struct pace_cell *cell)
{
    if (cell->benchmark[0] == '\0' || cell->measure[0] == '\0') {
        reading_warn(reading, "a value of '%.200s' without a name is skipped",
                     cell->benchmark[0] != '\0' ? cell->benchmark : cell->measure);
        return 0;
    }
    struct pace_cell kept = *cell;
    if (strlen(cell->unit) > PACE_MAX_UNIT) kept.unit = ""; /* a text, not a unit */
    reading->has_cells = 1;
    return cells_put(&reading->cells, &kept, reading->error);
}

int reading_value(struct reading *reading, const char *benchmark, const char *measure,
                  const char *unit, enum pace_direction direction, double value)
{
    struct pace_cell cell = cell_make(benchmark, measure, unit, direction, value);
    return reading_put(reading, &cell);
}

/* 1 for U+0080 to U+009F, controls that only terminals know. */
static int is_c1(const char *text, size_t len)
{
    return len > 1 && text[0] == '\xc2' && ((unsigned char)text[1] & 0xe0) == 0x80;
}

static int has_c1(const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    while ((at = memchr(at, 0xc2, (size_t)(end - at))) != NULL) {
        if (is_c1(at, (size_t)(end - at))) return 1;
        at++;
    }
    return 0;
}

/* Bytes of the character at text[0..len) when it may stand in a name; else 0. */
static size_t fit_character(const char *text, size_t len)
{
    if (is_c1(text, len)) return 0;
    unsigned char first = (unsigned char)text[0];
    size_t need = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return need <= len && text_problem(text, need, TEXT_LINE) == NULL ? need : 0;
}

char *reading_name(struct reading *reading, const char *text, size_t len)
{
    if (text_problem(text, len, TEXT_LINE) == NULL && !has_c1(text, len))
        return arena_copy(&reading->arena, text, len);
    char *out = arena_space(&reading->arena, len * 4 + 1);
    size_t used = 0, at = 0;
    while (out != NULL && at < len) {
        size_t fit = fit_character(text + at, len - at);
        if (is_c1(text + at, len - at)) at++; /* shown by the second byte, as Python does */
        if (fit == 0)
            used += (size_t)snprintf(out + used, 5, "\\x%02x", (unsigned)(unsigned char)text[at]);
        else
            memcpy(out + used, text + at, fit);
        used += fit;
        at += fit > 0 ? fit : 1;
    }
    if (out != NULL) out[used] = '\0';
    return out;
}

char *reading_print(struct reading *reading, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(&reading->arena, format, args);
    va_end(args);
    return text;
}

int reading_samples(struct reading *reading, const json_t *list, double factor, const char *what,
                    struct pace_cell *cell)
{
    size_t count = json_array_size(list), kept = 0;
    if (count == 0) return 0;
    double *samples = arena_array(&reading->arena, count, sizeof *samples);
    if (samples == NULL) return reading_no_memory(reading);
    for (size_t i = 0; i < count; i++) {
        double number = 0;
        if (json_finite(json_array_get(list, i), &number) && isfinite(number * factor))
            samples[kept++] = number * factor;
    }
    if (kept < count)
        reading_warn(reading,
                     "%zu of %zu rounds in \"%s\" of '%.200s' are not numbers; they are left out",
                     count - kept, count, what, cell->benchmark);
    cell->samples = samples;
    cell->sample_count = kept;
    return 0;
}

/* Control characters do not enter the store: in metadata and measures they become spaces. */
static void blank_controls(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = ' ';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            *c = c[1] = ' '; /* U+0080 to U+009F */
    }
}

int reading_median(struct reading *reading, struct pace_cell *cell)
{
    if (cell->sample_count == 0) return 0;
    cell->status = PACE_CELL_OK;
    return values_median(&reading->arena, cell->samples, cell->sample_count, reading->error,
                         &cell->value);
}

static const struct statistic *statistic_find(const struct statistic *rows, size_t count,
                                              const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0) return &rows[i];
    }
    return NULL;
}

int reading_statistics(struct reading *reading, const char *benchmark, const json_t *object,
                       const struct statistic *rows, size_t row_count, const char *prefix)
{
    const char *key = NULL;
    json_t *value = NULL;
    int code = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const struct statistic *row = statistic_find(rows, row_count, key);
        double number = (double)NAN;
        if (!json_is_number(value) && !json_is_null(value)) continue;
        if (row != NULL ? row->measure == NULL : prefix == NULL) continue;
        (void)json_finite(value, &number);
        if (row != NULL) {
            code = reading_value(reading, benchmark, row->measure, row->unit, row->direction,
                                 number * row->factor);
        } else {
            char *measure = reading_print(reading, "%s.%s", prefix, key);
            if (measure == NULL) return reading_no_memory(reading);
            blank_controls(measure);
            code = reading_value(reading, benchmark, measure, "", PACE_DIRECTION_UNKNOWN, number);
        }
        if (code != 0) return code;
    }
    return 0;
}

enum pace_direction unit_direction(const char *unit)
{
    switch (unit_lookup(unit, strlen(unit)).kind) {
    case UNIT_TIME: return PACE_LOWER_IS_BETTER;
    case UNIT_RATE:
    case UNIT_BYTERATE: return PACE_HIGHER_IS_BETTER;
    default: return PACE_DIRECTION_UNKNOWN;
    }
}

/* -- metadata ---------------------------------------------------------------------------------- */

int reading_meta(struct reading *reading, const char *key, const char *value)
{
    if (key == NULL || value == NULL) return reading_no_memory(reading);
    if (value[0] == '\0' || key[0] == '\0') return 0;
    if (reading->meta_count >= READING_META_KEPT || strlen(value) > READING_META_TEXT ||
        strlen(key) > READING_META_TEXT) {
        reading->meta_dropped++;
        return 0;
    }
    char *plain = arena_string(&reading->arena, value);
    char *plain_key = reading_name(reading, key, strlen(key));
    if (plain == NULL || plain_key == NULL) return reading_no_memory(reading);
    blank_controls(plain);
    if (text_problem(plain, strlen(plain), TEXT_LINE) != NULL)
        plain = reading_name(reading, plain, strlen(plain));
    if (plain == NULL) return reading_no_memory(reading);
    reading->meta_count++;
    return reading->sink->meta(reading->sink->context, plain_key, plain, reading->error);
}

int json_is_blank(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* The processor's list of flags is long and says nothing that its model does not. */
static int put_flat(struct reading *reading, const char *prefix, const json_t *value, int depth)
{
    if (json_is_blank(value)) return 0;
    if (!json_is_object(value) || depth >= READING_META_DEPTH)
        return reading_meta(reading, prefix, json_print(&reading->arena, value));
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (strcmp(key, "flags") == 0) continue;
        const char *path = reading_print(reading, "%s.%s", prefix, key);
        int code =
            path == NULL ? reading_no_memory(reading) : put_flat(reading, path, member, depth + 1);
        if (code != 0) return code;
    }
    return 0;
}

int reading_meta_json(struct reading *reading, const char *key, const json_t *value)
{
    return put_flat(reading, key, value, 0);
}

int reading_benchmark_meta(struct reading *reading, const char *benchmark, const char *key,
                           const char *value)
{
    return reading_meta(reading, reading_print(reading, "benchmark:%s:%s", benchmark, key), value);
}

int reading_benchmark_json(struct reading *reading, const char *benchmark, const char *key,
                           const json_t *value)
{
    if (json_is_blank(value)) return 0;
    return reading_benchmark_meta(reading, benchmark, key,
                                  json_print_compact(&reading->arena, value));
}

int64_t reading_time(struct reading *reading, const json_t *object, const char *key)
{
    const char *text = json_member_text(object, key);
    struct pace_error reason = {0, ""};
    int64_t time_ns = 0;
    if (text[0] == '\0') return 0;
    if (timestamp_parse(text, strlen(text), &time_ns, &reason) == 0 && time_ns > 0) return time_ns;
    reading_warn(reading, "\"%s\": %s; it is left out", key,
                 reason.message[0] != '\0' ? reason.message : "the time is before 1970");
    return 0;
}

/* -- recognising ------------------------------------------------------------------------------- */

int input_has(const struct input *input, const char *text)
{
    size_t need = strlen(text), look = input->len < READING_LOOK ? input->len : READING_LOOK;
    if (memmem(input->text, look, text, need) != NULL) return 1;
    return look < input->len && memmem(input->text + input->len - look, look, text, need) != NULL;
}

char input_first(const struct input *input)
{
    size_t start = strspn(input->text, " \t\r\n");
    return start < input->len ? input->text[start] : '\0';
}
