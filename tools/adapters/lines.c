/* lines.c -- JSON lines: one point a line, with the names of a query's rows. */
#include "lines.h"
#include "../../engine/unit.h"
#include "../../query/suggest.h"
#include "../timestamp.h"
#include "json.h"
#include "reading.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const int64_t future_ns = INT64_C(24) * 3600 * 1000000000;

enum field {
    FIELD_PROJECT,
    FIELD_BRANCH,
    FIELD_TESTBED,
    FIELD_BENCHMARK,
    FIELD_MEASURE,
    FIELD_UNIT,
    FIELD_TIME,
    FIELD_COMMIT,
    FIELD_VALUE,
    FIELD_LOWER,
    FIELD_UPPER,
    FIELD_RUN,
    FIELD_DIRECTION,
    FIELD_STATUS,
    FIELD_SAMPLES,
    FIELD_COUNT
};

static const char *const key_names[] = {
    "project",   "branch", "testbed", "benchmark",   "measure",     "unit",
    "time",      "commit", "value",   "lower_value", "upper_value", "run",
    "direction", "status", "samples", "at",          "lower",       "upper",
};
enum { KEY_COUNT = sizeof key_names / sizeof key_names[0] };

static const enum field key_fields[KEY_COUNT] = {
    FIELD_PROJECT,   FIELD_BRANCH, FIELD_TESTBED, FIELD_BENCHMARK, FIELD_MEASURE, FIELD_UNIT,
    FIELD_TIME,      FIELD_COMMIT, FIELD_VALUE,   FIELD_LOWER,     FIELD_UPPER,   FIELD_RUN,
    FIELD_DIRECTION, FIELD_STATUS, FIELD_SAMPLES, FIELD_TIME,      FIELD_LOWER,   FIELD_UPPER,
};

/* One line while it is read. */
struct line {
    const char *name;
    uint64_t number;
    struct arena *arena;
    struct pace_error *error;
    const struct line_defaults *defaults;
    const json_t *values[FIELD_COUNT]; /* NULL: absent or null */
    int value_is_null;                 /* "value" is there, and null */
};

static int refuse(struct line *line, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct line *line, int code, const char *format, ...)
{
    char reason[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return error_fill(line->error, code, "%.160s: line %llu: %s", line->name,
                      (unsigned long long)line->number, reason);
}

static int no_memory(struct line *line)
{
    return refuse(line, PACE_ENOMEM, "out of memory");
}

/* -- recognising ------------------------------------------------------------------------------- */

int lines_recognise(const struct input *head)
{
    size_t start = strspn(head->text, " \t\r\n");
    if (start >= head->len || head->text[start] != '{') return 0;
    const char *line = head->text + start, *end = memchr(line, '\n', head->len - start);
    size_t len = end != NULL ? (size_t)(end - line) : head->len - start;
    int keys = (memmem(line, len, "\"project\"", 9) != NULL) +
               (memmem(line, len, "\"benchmark\"", 11) != NULL) +
               (memmem(line, len, "\"value\"", 7) != NULL);
    return keys >= 2 ? 2 : 0;
}

/* -- fields ------------------------------------------------------------------------------------ */

/* Sorts the members of the object into line->values. */
static int take_members(struct line *line, const json_t *object)
{
    const char *key = NULL;
    json_t *value = NULL;
    unsigned seen = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (i < KEY_COUNT && strcmp(key, key_names[i]) != 0)
            i++;
        if (i == KEY_COUNT) {
            const char *near = suggest(key, strlen(key), key_names, KEY_COUNT);
            return refuse(line, PACE_EVALUE, "no key '%.100s'%s%s%s", key,
                          near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                          near != NULL ? "'?" : "; leave it out");
        }
        enum field field = key_fields[i];
        if ((seen & 1U << field) != 0)
            return refuse(line, PACE_EVALUE, "'%s' is given twice, once by its other name",
                          key_names[field]);
        seen |= 1U << field;
        line->values[field] = json_is_null(value) ? NULL : value;
        if (field == FIELD_VALUE && json_is_null(value)) line->value_is_null = 1;
    }
    return 0;
}

/* 0 and *out, a copy of a text field that is a name the store takes; or `fallback` when absent. */
static int take_name(struct line *line, enum field field, const char *fallback, size_t max_len,
                     int may_be_empty, const char **out)
{
    const char *key = key_names[field], *text = fallback;
    const json_t *value = line->values[field];
    if (value != NULL && !json_is_string(value))
        return refuse(line, PACE_EVALUE, "'%s' has to be a text", key);
    if (value != NULL) text = json_string_value(value);
    if (text == NULL)
        return refuse(line, PACE_EVALUE, "'%s' is missing%s", key,
                      field == FIELD_PROJECT ? "; add it, or give --project" : "; add it");
    if (text[0] == '\0' && !may_be_empty) return refuse(line, PACE_ENAME, "'%s' is empty", key);
    if (strlen(text) > max_len)
        return refuse(line, PACE_ELIMIT, "'%s' is longer than %zu bytes", key, max_len);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
            return refuse(line, PACE_ENAME, "'%s' has a control character at byte %td", key,
                          (const char *)c - text);
    }
    *out = arena_string(line->arena, text);
    return *out != NULL ? 0 : no_memory(line);
}

static int take_time(struct line *line, struct line_point *out)
{
    const json_t *value = line->values[FIELD_TIME];
    out->time_ns = line->defaults->time_ns;
    out->time_given = value != NULL;
    if (json_is_string(value)) {
        struct pace_error reason = {0, ""};
        int code = timestamp_parse(json_string_value(value), json_string_length(value),
                                   &out->time_ns, &reason);
        if (code != 0) return refuse(line, code, "'time': %.300s", reason.message);
    } else if (json_is_integer(value)) {
        out->time_ns = (int64_t)json_integer_value(value);
    } else if (value != NULL) {
        double real = json_real_value(value);
        if (!json_is_real(value) || !(real >= 0 && real < 9.2e18) || real != floor(real))
            return refuse(line, PACE_ETIME,
                          "'time' has to be whole nanoseconds since 1970, or a text "
                          "such as \"2024-05-01T10:00:00Z\"");
        out->time_ns = (int64_t)real;
    }
    if (out->time_ns < 0) return refuse(line, PACE_ETIME, "'time' is before 1970");
    if (out->time_given && out->time_ns > line->defaults->now_ns + future_ns) {
        char text[TIMESTAMP_TEXT_MAX];
        return refuse(line, PACE_ETIME, "'time' is %s, more than 24 h in the future",
                      timestamp_print(text, out->time_ns));
    }
    return 0;
}

/* A run is told apart by a text or a whole number. */
static int take_run(struct line *line, struct line_point *out)
{
    const json_t *value = line->values[FIELD_RUN];
    if (!json_is_integer(value))
        return take_name(line, FIELD_RUN, "", PACE_MAX_RUN_ID, 1, &out->run);
    out->run = arena_printf(line->arena, "%lld", (long long)json_integer_value(value));
    return out->run != NULL ? 0 : no_memory(line);
}

static int take_word(struct line *line, enum field field, const char *const *words, size_t count,
                     size_t *index)
{
    const json_t *value = line->values[field];
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return 0;
        }
    }
    return value == NULL ? 0
                         : refuse(line, PACE_EVALUE, "'%s' has to be \"%s\", \"%s\" or \"%s\"",
                                  key_names[field], words[0], words[1], words[2]);
}

static int take_direction(struct line *line, struct pace_cell *cell)
{
    static const char *const words[] = {"unknown", "lower", "higher"};
    size_t index = unit_direction(cell->unit);
    int code = take_word(line, FIELD_DIRECTION, words, 3, &index);
    cell->direction = (enum pace_direction)index;
    return code;
}

static int take_number(struct line *line, enum field field, double *out)
{
    const json_t *value = line->values[field];
    *out = (double)NAN;
    if (value == NULL || json_finite(value, out)) return 0;
    return refuse(line, PACE_EVALUE, "'%s' has to be a number", key_names[field]);
}

static int take_value(struct line *line, struct pace_cell *cell)
{
    static const char *const words[] = {"ok", "failed", "skipped"};
    size_t status = PACE_CELL_OK;
    int code = take_word(line, FIELD_STATUS, words, 3, &status);
    if (code != 0 || (code = take_number(line, FIELD_VALUE, &cell->value)) != 0 ||
        (code = take_number(line, FIELD_LOWER, &cell->lower)) != 0 ||
        (code = take_number(line, FIELD_UPPER, &cell->upper)) != 0)
        return code;
    if (status == PACE_CELL_OK && line->values[FIELD_VALUE] == NULL) {
        if (!line->value_is_null)
            return refuse(line, PACE_EVALUE,
                          "'value' is missing; add it, or \"status\":\"failed\" or \"skipped\"");
        status = PACE_CELL_FAILED;
    }
    cell->status = (enum pace_cell_status)status;
    if (cell->status != PACE_CELL_OK) cell->value = cell->lower = cell->upper = (double)NAN;
    if (cell->lower > cell->upper)
        return refuse(line, PACE_EVALUE, "'lower_value' is above 'upper_value'");
    return 0;
}

static int take_samples(struct line *line, struct pace_cell *cell)
{
    const json_t *value = line->values[FIELD_SAMPLES];
    size_t count = json_array_size(value);
    if (value != NULL && !json_is_array(value))
        return refuse(line, PACE_EVALUE, "'samples' has to be a list of numbers");
    if (count == 0 || cell->status != PACE_CELL_OK) return 0;
    if (count > PACE_MAX_SAMPLES)
        return refuse(line, PACE_ELIMIT, "more than %d samples (PACE_MAX_SAMPLES)",
                      (int)PACE_MAX_SAMPLES);
    double *samples = arena_array(line->arena, count, sizeof *samples);
    if (samples == NULL) return no_memory(line);
    for (size_t i = 0; i < count; i++) {
        if (!json_finite(json_array_get(value, i), &samples[i]))
            return refuse(line, PACE_EVALUE, "samples[%zu] is not a finite number", i);
    }
    cell->samples = samples;
    cell->sample_count = count;
    return 0;
}

static int take_all(struct line *line, struct line_point *out)
{
    const struct line_defaults *defaults = line->defaults;
    struct pace_cell *cell = &out->cell;
    const char *branch = defaults->branch != NULL ? defaults->branch : "main";
    const char *testbed = defaults->testbed != NULL ? defaults->testbed : "local";
    const char *commit = defaults->commit != NULL ? defaults->commit : "";
    int code = 0;
    if ((code = take_name(line, FIELD_PROJECT, defaults->project, PACE_MAX_NAME, 0,
                          &out->project)) != 0 ||
        (code = take_name(line, FIELD_BRANCH, branch, PACE_MAX_NAME, 0, &out->branch)) != 0 ||
        (code = take_name(line, FIELD_TESTBED, testbed, PACE_MAX_NAME, 0, &out->testbed)) != 0 ||
        (code = take_name(line, FIELD_COMMIT, commit, PACE_MAX_COMMIT, 1, &out->commit)) != 0 ||
        (code = take_name(line, FIELD_BENCHMARK, NULL, PACE_MAX_NAME, 0, &cell->benchmark)) != 0 ||
        (code = take_name(line, FIELD_UNIT, "", PACE_MAX_UNIT, 1, &cell->unit)) != 0)
        return code;
    int timed = unit_lookup(cell->unit, strlen(cell->unit)).kind == UNIT_TIME;
    if ((code = take_name(line, FIELD_MEASURE, timed ? "latency" : "value", PACE_MAX_NAME, 0,
                          &cell->measure)) != 0 ||
        (code = take_time(line, out)) != 0 || (code = take_run(line, out)) != 0 ||
        (code = take_direction(line, cell)) != 0 || (code = take_value(line, cell)) != 0)
        return code;
    return take_samples(line, cell);
}

int line_parse(const char *name, uint64_t number, const char *line, size_t len,
               const struct line_defaults *defaults, struct arena *arena, struct pace_error *error,
               struct line_point *out)
{
    struct line state = {
        .name = name, .number = number, .arena = arena, .error = error, .defaults = defaults};
    struct line_point point = {0};
    json_t *object = NULL;
    int code = json_parse(name, line, len, number, error, &object);
    if (code != 0) return code;
    if (!json_is_object(object))
        code = refuse(&state, PACE_EVALUE,
                      "it is not a JSON object; write one point a line, as "
                      "{\"project\":..,\"benchmark\":..,\"value\":..}");
    if (code == 0) code = take_members(&state, object);
    if (code == 0) code = take_all(&state, &point);
    json_decref(object);
    if (code == 0) *out = point;
    return code;
}
