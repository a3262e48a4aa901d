/* influx.c -- InfluxDB line protocol: measurement,tag=x,... field=1,... [time]
 *
 * Points of one time (and of one project, branch, testbed and commit, which tags may name) are a
 * run. The tag `benchmark` (`name`, `bench`) is the benchmark, else the measurement is; its measure
 * is the field, or the measurement where the field is `value` and the benchmark has a tag. Other
 * tags go behind the name as /key=value. Texts and booleans are no values: they are left out, but
 * for those that name the run. A time is in ns, us, ms or s, which its digits tell. */
#include "grouping.h"
#include "scan.h"

#include <math.h>
#include <string.h>

enum { PAIRS_MAX = 128, LOOK_LINES = 8 };

struct pair {
    const char *key, *value;
    int quoted;
};

struct point {
    const char *measurement;
    struct pair tags[PAIRS_MAX], fields[PAIRS_MAX];
    size_t tag_count, field_count;
    int64_t time_ns; /* 0: none */
};

/* Reads up to one of the bytes in `ends`, which a backslash escapes: a copy without the escapes. */
static char *read_word(struct arena *arena, struct span line, size_t *at, const char *ends)
{
    char *out = arena_space(arena, line.len - *at + 1);
    size_t used = 0;
    for (; out != NULL && *at < line.len && strchr(ends, line.text[*at]) == NULL; ++*at) {
        if (line.text[*at] == '\\' && *at + 1 < line.len &&
            strchr(", =\\", line.text[*at + 1]) != NULL)
            ++*at;
        if (line.text[*at] != '\0') out[used++] = line.text[*at];
    }
    if (out != NULL) out[used] = '\0';
    return out;
}

/* A field's text between quotes. NULL when it does not end. */
static char *read_quoted(struct arena *arena, struct span line, size_t *at)
{
    char *out = arena_space(arena, line.len - *at + 1);
    size_t used = 0;
    for (++*at; out != NULL && *at < line.len; ++*at) {
        if (line.text[*at] == '"') {
            out[used] = '\0';
            ++*at;
            return out;
        }
        if (line.text[*at] == '\\' && *at + 1 < line.len) ++*at;
        if (line.text[*at] != '\0') out[used++] = line.text[*at];
    }
    return NULL;
}

static int64_t time_of(double number)
{
    double magnitude = fabs(number);
    double factor = magnitude > 1e16 ? 1 : magnitude > 1e13 ? 1e3 : magnitude > 1e10 ? 1e6 : 1e9;
    double ns = number * factor;
    return ns > 0 && ns < 9.2e18 ? (int64_t)ns : 0;
}

/* An integer as it is: a double has not all digits of a time in ns. */
static int read_time(struct span text, int64_t *time_ns)
{
    double number = 0;
    uint64_t whole = 0;
    if (!span_number(text, &number)) return 0;
    *time_ns = time_of(number);
    for (size_t i = 0; i < text.len && whole < UINT64_MAX / 16; i++) {
        if (text.text[i] < '0' || text.text[i] > '9') return 1;
        whole = whole * 10 + (uint64_t)(text.text[i] - '0');
    }
    if (number > 1e16 && number < 9.2e18) *time_ns = (int64_t)whole;
    return 1;
}

static int read_pairs(struct arena *arena, struct span line, size_t *at, struct pair *pairs,
                      size_t *count)
{
    *count = 0;
    do {
        if (*count == PAIRS_MAX) return 0;
        struct pair *pair = &pairs[(*count)++];
        *at += *count > 1;
        pair->key = read_word(arena, line, at, "=, ");
        if (pair->key == NULL || pair->key[0] == '\0' || *at >= line.len || line.text[*at] != '=')
            return 0;
        ++*at;
        pair->quoted = *at < line.len && line.text[*at] == '"';
        pair->value =
            pair->quoted ? read_quoted(arena, line, at) : read_word(arena, line, at, ", ");
        if (pair->value == NULL || (pair->value[0] == '\0' && !pair->quoted)) return 0;
    } while (*at < line.len && line.text[*at] == ',');
    return *at >= line.len || line.text[*at] == ' ';
}

/* A field's number: 1.5, 12i, 12u. */
static int field_number(const struct pair *field, double *number)
{
    struct span text = span_of(field->value);
    if (field->quoted) return 0;
    if (text.len > 1 && (span_ends(text, "i") || span_ends(text, "u"))) text.len--;
    return span_number(text, number);
}

static int is_boolean(const char *text)
{
    static const char *const words[] = {"t", "T", "true",  "True",  "TRUE",
                                        "f", "F", "false", "False", "FALSE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) return 1;
    }
    return 0;
}

/* 1 when the line is a point. */
static int read_point(struct arena *arena, struct span line, struct point *point)
{
    size_t at = 0;
    double number = 0;
    point->tag_count = point->field_count = 0;
    point->time_ns = 0;
    point->measurement = read_word(arena, line, &at, ", ");
    if (point->measurement == NULL || point->measurement[0] == '\0') return 0;
    if (at < line.len && line.text[at] == ',') {
        at++;
        if (!read_pairs(arena, line, &at, point->tags, &point->tag_count)) return 0;
    }
    while (at < line.len && line.text[at] == ' ')
        at++;
    if (!read_pairs(arena, line, &at, point->fields, &point->field_count)) return 0;
    for (size_t i = 0; i < point->field_count; i++) {
        const struct pair *field = &point->fields[i];
        if (!field->quoted && !is_boolean(field->value) && !field_number(field, &number)) return 0;
    }
    struct span rest = span_trim(span_from(line, at));
    return rest.len == 0 || read_time(rest, &point->time_ns);
}

int influx_recognise(const struct input *input)
{
    size_t look = input->len < READING_LOOK ? input->len : READING_LOOK, points = 0;
    struct scanner scanner = scanner_of(input->text, look);
    struct span line;
    struct arena arena;
    struct point point;
    int good = 1;
    arena_init(&arena, 0);
    while (good && points < LOOK_LINES && scan_line(&scanner, &line)) {
        line = span_trim(line);
        if (line.len == 0 || line.text[0] == '#') continue;
        if (!scanner.complete && points > 0) break;
        good = read_point(&arena, line, &point) && strchr("{[<\"", line.text[0]) == NULL;
        points++;
    }
    arena_clear(&arena);
    return good && points > 0 ? 2 : 0;
}

static int put_field(struct grouping *grouping, const struct run_facts *facts,
                     const struct point *point, const char *benchmark, const char *behind,
                     const struct pair *field, double number)
{
    struct reading *reading = grouping->reading;
    int tagged = benchmark != NULL;
    const char *measure =
        tagged && strcmp(field->key, "value") == 0 ? point->measurement : field->key;
    char *name = reading_print(reading, "%s%s", tagged ? benchmark : point->measurement, behind);
    if (name == NULL) return reading_no_memory(reading);
    name = reading_name(reading, name, strlen(name));
    measure = reading_name(reading, measure, strlen(measure));
    if (name == NULL || measure == NULL) return reading_no_memory(reading);
    /* A time by the end of the field's name: duration_ms. */
    struct span whole = span_of(measure);
    size_t line = span_find_last(whole, "_");
    double factor = line < whole.len ? time_factor(span_from(whole, line + 1)) : 0;
    struct pace_cell cell =
        factor > 0 ? cell_make(name, measure, "ns", PACE_LOWER_IS_BETTER, number * factor)
                   : cell_make(name, measure, "", PACE_DIRECTION_UNKNOWN, number);
    return grouping_put(grouping, facts, "", &cell);
}

/* Where a tag or text that names the run is kept; NULL: it does not. */
static const char **fact_of(struct run_facts *facts, const char *key)
{
    return strcmp(key, "project") == 0   ? &facts->project
           : strcmp(key, "branch") == 0  ? &facts->branch
           : strcmp(key, "testbed") == 0 ? &facts->testbed
           : strcmp(key, "commit") == 0  ? &facts->commit
                                         : NULL;
}

static int put_point(struct grouping *grouping, struct point *point, size_t *texts)
{
    struct reading *reading = grouping->reading;
    struct run_facts facts = {"", "", "", "", 0, point->time_ns, 0, ""};
    const char *benchmark = NULL, *behind = "";
    double number = 0;
    int code = 0;
    for (size_t i = 0; i < point->tag_count + point->field_count && behind != NULL; i++) {
        int is_tag = i < point->tag_count;
        const struct pair *pair = is_tag ? &point->tags[i] : &point->fields[i - point->tag_count];
        const char **fact = is_tag || pair->quoted ? fact_of(&facts, pair->key) : NULL;
        int names = strcmp(pair->key, "benchmark") == 0 || strcmp(pair->key, "name") == 0 ||
                    strcmp(pair->key, "bench") == 0;
        if (fact != NULL) {
            *fact = reading_name(reading, pair->value, strlen(pair->value));
            if (*fact == NULL) return reading_no_memory(reading);
        } else if (is_tag && names && benchmark == NULL) {
            benchmark = pair->value;
        } else if (is_tag) {
            behind = reading_print(reading, "%s/%s=%s", behind, pair->key, pair->value);
        }
    }
    if (behind == NULL) return reading_no_memory(reading);
    for (size_t i = 0; i < point->field_count && code == 0; i++) {
        const struct pair *field = &point->fields[i];
        if (field_number(field, &number))
            code = put_field(grouping, &facts, point, benchmark, behind, field, number);
        else if (!field->quoted || fact_of(&facts, field->key) == NULL)
            ++*texts;
    }
    return code;
}

static int read_lines(struct grouping *grouping)
{
    struct reading *reading = grouping->reading;
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct span line;
    size_t texts = 0;
    int code = 0;
    while (code == 0 && scan_line(&scanner, &line)) {
        struct point point;
        line = span_trim(line);
        if (line.len == 0 || line.text[0] == '#') continue;
        if (!read_point(&reading->arena, line, &point)) {
            if (reading->arena.failed) return reading_no_memory(reading);
            reading_warn(reading, "line %llu is no point of line protocol; it is skipped",
                         (unsigned long long)scanner.number);
            continue;
        }
        code = put_point(grouping, &point, &texts);
    }
    if (code == 0 && texts > 0)
        reading_warn(reading, "%zu fields are texts or booleans; they are left out", texts);
    if (code == 0 && !scanner.complete)
        reading_warn(reading, "its last line has no end; the text may be cut off");
    return code == 0 ? grouping_emit(grouping) : code;
}

int influx_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    struct reading reading;
    struct grouping grouping = {.reading = &reading};
    reading_begin(&reading, input, sink, error);
    return reading_end(&reading, read_lines(&grouping));
}
