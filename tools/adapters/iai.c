/* iai.c -- Iai, and Gungraun (iai-callgrind): counts of instructions, caches, heap and errors that
 * Valgrind's tools give, as text or as JSON.
 *
 * A benchmark is a line that begins in the first column and is followed by indented `Metric:
 * new|old (change)` lines. A metric's name becomes a measure: `Estimated Cycles` is
 * estimated-cycles, EstimatedCycles too. Of a comparison only the new value is taken. Colours are
 * ignored. */
#include "reading.h"
#include "scan.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* -- metrics ----------------------------------------------------------------------------------- */

/* Names of the JSON that do not split as the text's do. */
static struct span spelled(struct span metric)
{
    static const char *const names[][2] = {
        {"L1hits", "L1 Hits"},
        {"LLhits", "LL Hits"},
        {"LLHitRate", "LL Hit Rate"},
        {"LLMissRate", "LL Miss Rate"},
        {"TotalRW", "Total read+write"},
        {"AtTGmaxBytes", "At t-gmax bytes"},
        {"AtTGmaxBlocks", "At t-gmax blocks"},
        {"AtTEndBytes", "At t-end bytes"},
        {"AtTEndBlocks", "At t-end blocks"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_is(metric, names[i][0])) return span_of(names[i][1]);
    }
    return metric;
}

/* "L1 Hits", "L1hits", "Total read+write", "EstimatedCycles" as a measure: words in lower case with
 * hyphens. A capital behind a small letter or a digit begins a word. */
static char *metric_measure(struct reading *reading, struct span metric)
{
    metric = spelled(metric);
    char *out = arena_alloc(&reading->arena, metric.len * 2 + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < metric.len; i++) {
        unsigned char c = (unsigned char)metric.text[i];
        unsigned char before = i > 0 ? (unsigned char)metric.text[i - 1] : 'A';
        int begins = isupper(c) && (islower(before) || isdigit(before));
        int blank = c == ' ' || c == '+' || c == '_';
        if ((blank || begins) && used > 0 && out[used - 1] != '-') out[used++] = '-';
        if (!blank) out[used++] = (char)tolower(c);
    }
    return out != NULL ? reading_name(reading, out, used) : NULL;
}

static int ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), need = strlen(end);
    return len >= need && strcmp(text + len - need, end) == 0;
}

static int put_metric(struct reading *reading, const char *benchmark, const char *tool,
                      struct span metric, double value)
{
    char *measure = metric_measure(reading, metric);
    const char *unit = "count";
    enum pace_direction direction = PACE_LOWER_IS_BETTER;
    if (measure == NULL) return reading_no_memory(reading);
    if (ends_with(measure, "bytes")) unit = "B";
    if (ends_with(measure, "-rate")) unit = "%";
    if (ends_with(measure, "-rate") && strstr(measure, "hit") != NULL &&
        strstr(measure, "ram") == NULL)
        direction = PACE_HIGHER_IS_BETTER;
    if (strcmp(measure, "l1-hits") == 0) direction = PACE_DIRECTION_UNKNOWN;
    if (strcmp(measure, "instructions") == 0) unit = "instructions";
    if (ends_with(measure, "-cycles")) unit = "cycles";
    /* Several tools count errors: their name goes before. */
    if (tool[0] != '\0') measure = reading_print(reading, "%s-%s", tool, measure);
    if (measure == NULL) return reading_no_memory(reading);
    return reading_value(reading, benchmark, measure, unit, direction, value);
}

/* Tools whose metrics have the names of each other's. */
static const char *tool_prefix(struct span tool)
{
    static const char *const names[][2] = {
        {"MEMCHECK", "memcheck"}, {"HELGRIND", "helgrind"}, {"DRD", "drd"},
        {"Memcheck", "memcheck"}, {"Helgrind", "helgrind"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (span_is(tool, names[i][0])) return names[i][1];
    }
    return "";
}

/* -- text -------------------------------------------------------------------------------------- */

/* A copy without the escape sequences that colour it. */
static struct span plain_text(struct arena *arena, const char *text, size_t len)
{
    char *out = arena_space(arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        if (text[i] == '\x1b' && i + 1 < len && text[i + 1] == '[') {
            i += 2;
            while (i < len && !isalpha((unsigned char)text[i]))
                i++;
            continue;
        }
        out[used++] = text[i];
    }
    return (struct span){out, used};
}

/* "  Metric:   12|10  (+20%)", "  Metric:  12 (+1%)" or, of Iai's first run, "  Metric:  12": its
 * name and new value. `with_old` tells whether it is the first. 0 when the line is none, -1 when
 * its number is none. */
static int read_metric(struct span line, struct span *metric, double *value, int *with_old)
{
    size_t colon = span_find(line, ":");
    if (line.len == 0 || line.text[0] != ' ' || colon >= line.len) return 0;
    struct span rest = span_trim(span_from(line, colon + 1));
    size_t end = 0;
    while (end < rest.len && rest.text[end] != '|' && rest.text[end] != ' ')
        end++;
    *metric = span_trim(span_upto(line, colon));
    *with_old = end < rest.len && rest.text[end] == '|';
    struct span number = span_upto(rest, end);
    if (metric->len == 0 || number.len == 0) return 0;
    if (span_is(number, "N/A")) return 0;
    if (end < rest.len && !*with_old && span_find(rest, "(") >= rest.len) return 0;
    int is_number = span_number(number, value);
    return is_number ? 1 : end < rest.len ? -1 : 0;
}

/* What an input has: 1 Iai's metrics, 2 Gungraun's. */
static int kind_of(const struct input *input)
{
    struct arena arena;
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    int kind = 0, with_old = 0;
    double value;
    struct span line, metric;
    arena_init(&arena, 0);
    struct span text = plain_text(&arena, input->text, len);
    struct scanner scanner = scanner_of(text.text, text.text != NULL ? text.len : 0);
    while (kind == 0 && scan_line(&scanner, &line)) {
        if (span_begins(span_trim(line), "======= ") && span_ends(span_trim(line), "====="))
            kind = 2;
        else if (read_metric(line, &metric, &value, &with_old) == 1)
            kind = with_old ? 2 : span_is(metric, "Instructions") ? 1 : 0;
    }
    arena_clear(&arena);
    return kind;
}

int iai_recognise(const struct input *input)
{
    return input_first(input) != '{' && kind_of(input) == 1 ? 2 : 0;
}

static int is_summary(const struct input *input)
{
    return input_has(input, "\"profiles\"") &&
           (input_has(input, "\"metrics_summary\"") || input_has(input, "\"module_path\""));
}

int gungraun_recognise(const struct input *input)
{
    if (is_summary(input)) return 2;
    return input_first(input) != '{' && kind_of(input) == 2 ? 2 : 0;
}

static int read_text(struct reading *reading, const char *harness)
{
    struct span text = plain_text(&reading->arena, reading->input->text, reading->input->len);
    if (text.text == NULL) return reading_no_memory(reading);
    struct scanner scanner = scanner_of(text.text, text.len);
    struct span line, metric, head = {"", 0};
    const char *name = NULL, *tool = "";
    int code = reading_run(reading, NULL), with_old = 0;
    double value = 0;
    if (code == 0) code = reading_meta(reading, "harness", harness);
    while (code == 0 && scan_line(&scanner, &line)) {
        struct span trimmed = span_trim(line);
        if (trimmed.len == 0) continue;
        if (line.text[0] != ' ') {
            head = trimmed;
            name = NULL;
            tool = "";
        } else if (span_begins(trimmed, "======= ")) {
            struct span rest = span_from(trimmed, strlen("======= ")), word;
            tool = span_word(&rest, &word) ? tool_prefix(word) : "";
        } else if (head.len > 0) {
            int found = read_metric(line, &metric, &value, &with_old);
            if (found < 0)
                reading_warn(reading, "line %llu: the value of '%.*s' is no number; it is skipped",
                             (unsigned long long)scanner.number,
                             (int)(metric.len < 100 ? metric.len : 100), metric.text);
            if (found != 1) continue;
            if (!scanner.complete && span_find(line, ")") >= line.len) { /* the number's end too */
                reading_warn(reading, "line %llu: it is cut off; it is skipped",
                             (unsigned long long)scanner.number);
                continue;
            }
            if (name == NULL) name = reading_name(reading, head.text, head.len);
            code = name == NULL ? reading_no_memory(reading)
                                : put_metric(reading, name, tool, metric, value);
        }
    }
    if (code == 0 && reading->cells.count == 0)
        return reading_fail(reading, "none of its %llu lines is a metric of %s",
                            (unsigned long long)scanner.number, harness);
    return code;
}

int iai_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    struct reading reading;
    reading_begin(&reading, input, sink, error);
    return reading_end(&reading, read_text(&reading, "iai"));
}

/* -- JSON: one summary a benchmark, versions 6 and 7 ------------------------------------------- */

/* {"Int": 1}, {"Float": 0.5}, or a number. */
static double metric_number(const json_t *value)
{
    double number = (double)NAN;
    if (json_is_object(value)) {
        const json_t *whole = json_object_get(value, "Int");
        value = whole != NULL ? whole : json_object_get(value, "Float");
    }
    (void)json_finite(value, &number);
    return number;
}

/* {"Both": [new, old]}, {"Left": new} or {"Right": old}: 1 and the new one. */
static int new_value(const json_t *metrics, double *value)
{
    const json_t *both = json_object_get(metrics, "Both"), *left = json_object_get(metrics, "Left");
    if (both == NULL && left == NULL) return 0;
    *value = metric_number(left != NULL ? left : json_array_get(both, 0));
    return 1;
}

/* Version 7: data.total.metrics has {"change": ..., "values": {"new": 1, "old": 2}}. */
static int read_data(struct reading *reading, const char *name, const json_t *profile)
{
    json_t *total = json_object_get(json_object_get(profile, "data"), "total"), *entry = NULL;
    const char *metric = NULL;
    json_object_foreach(json_object_get(total, "metrics"), metric, entry)
    {
        const json_t *value = json_object_get(json_object_get(entry, "values"), "new");
        if (json_is_blank(value)) continue;
        int code = put_metric(
            reading, name, tool_prefix(span_of(json_member_text(profile, "tool"))),
            span_of(strcmp(metric, "Ir") == 0 ? "Instructions" : metric), metric_number(value));
        if (code != 0) return code;
    }
    return 0;
}

static int read_profile(struct reading *reading, const char *name, const json_t *profile)
{
    if (json_object_get(profile, "data") != NULL) return read_data(reading, name, profile);
    const json_t *total = json_object_get(json_object_get(profile, "summaries"), "total");
    const char *tool = NULL, *metric = NULL;
    json_t *metrics = NULL, *entry = NULL;
    json_object_foreach(json_object_get(total, "summary"), tool, metrics)
    {
        /* Error tools wrap their metrics once more in some versions; objects without `metrics` are
         * left alone. */
        json_object_foreach(metrics, metric, entry)
        {
            double value = 0;
            if (!new_value(json_object_get(entry, "metrics"), &value)) continue;
            struct span words = span_of(strcmp(metric, "Ir") == 0 ? "Instructions" : metric);
            const char *prefix = strcmp(tool, "ErrorTool") == 0
                                     ? tool_prefix(span_of(json_member_text(profile, "tool")))
                                     : tool_prefix(span_of(tool));
            int code = put_metric(reading, name, prefix, words, value);
            if (code != 0) return code;
        }
    }
    return 0;
}

static int read_summary(struct reading *reading, const json_t *summary)
{
    const char *path = json_member_text(summary, "module_path");
    const char *id = json_member_text(summary, "id"),
               *details = json_member_text(summary, "details");
    if (details[0] == '\0') details = json_member_text(summary, "description"); /* version 7 */
    const json_t *profiles = json_object_get(summary, "profiles");
    if (path[0] == '\0' || !json_is_array(profiles))
        return reading_fail(reading, "a summary has no \"module_path\" or no \"profiles\"; this is "
                                     "not what Gungraun writes");
    char *name = reading_print(reading, "%s%s%s%s%s", path, id[0] != '\0' ? " " : "", id,
                               details[0] != '\0' ? ":" : "", details);
    if (name != NULL) name = reading_name(reading, name, strlen(name));
    int code = name == NULL ? reading_no_memory(reading) : 0;
    for (size_t i = 0; i < json_array_size(profiles) && code == 0; i++)
        code = read_profile(reading, name, json_array_get(profiles, i));
    return code;
}

/* Summaries, one a line or spread over several; other lines mean nothing. */
static int read_summaries(struct reading *reading)
{
    const char *text = reading->input->text;
    size_t len = reading->input->len, at = 0;
    uint64_t number = 1;
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "gungraun");
    while (code == 0 && at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t next = end != NULL ? (size_t)(end - text) + 1 : len;
        if (text[at] == '{') {
            json_t *summary = NULL;
            /* Pretty-printed: up to the line that closes it. */
            while (next < len && next - at < 3 && text[next] != '\n') {
                const char *close = memmem(text + at, len - at, "\n}", 2);
                next = close != NULL ? (size_t)(close - text) + 2 : len;
            }
            char *copy = arena_copy(&reading->arena, text + at, next - at);
            code = copy == NULL ? reading_no_memory(reading)
                                : json_parse(reading->input->name, copy, next - at, number,
                                             reading->error, &summary);
            if (code == 0) code = read_summary(reading, summary);
            json_decref(summary);
        }
        for (; at < next; at++)
            number += text[at] == '\n';
    }
    return code;
}

int gungraun_read(const struct input *input, const struct adapter_sink *sink,
                  struct pace_error *error)
{
    struct reading reading;
    reading_begin(&reading, input, sink, error);
    return reading_end(&reading, is_summary(input) ? read_summaries(&reading)
                                                   : read_text(&reading, "gungraun"));
}
