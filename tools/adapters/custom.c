/* custom.c -- the custom JSON of github-action-benchmark (customSmallerIsBetter and
 * customBiggerIsBetter): [{"name", "unit", "value", "range"?, "extra"?}].
 *
 * Which of the two a file is for is not in it: the direction comes from the unit, else it is
 * unknown. A time is the measure `latency`, a rate `throughput`, a size `size`, else `value`. A
 * range is taken as bounds when it is a number ("± 3", "5%"). */
#include "custom.h"
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <string.h>

int custom_recognise(const struct input *input)
{
    if (input_first(input) != '[') return 0;
    if (!input_has(input, "\"name\"") || !input_has(input, "\"value\"")) return 0;
    return input_has(input, "\"unit\"") && !input_has(input, "\"benchmark\"") ? 2 : 0;
}

/* Units as people write them in words, beside those of the unit table: "Megabytes", "iter/sec". */
const char *custom_unit(struct reading *reading, const char *unit)
{
    static const char *const words[][2] = {
        {"Percent", "%"},      {"percent", "%"},          {"Bytes", "B"},
        {"Kilobytes", "KB"},   {"kilobytes", "KB"},       {"Megabytes", "MB"},
        {"megabytes", "MB"},   {"Gigabytes", "GB"},       {"gigabytes", "GB"},
        {"Seconds", "s"},      {"Milliseconds", "ms"},    {"Microseconds", "us"},
        {"Nanoseconds", "ns"}, {"iter/sec", "iter/s"},    {"ops/sec", "ops/s"},
        {"req/sec", "req/s"},  {"requests/sec", "req/s"}, {"MB/sec", "MB/s"},
    };
    struct span whole = span_of(unit);
    struct span front = span_upto(whole, span_find(whole, "/"));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], unit) == 0) return words[i][1];
    }
    struct unit known = unit_lookup(unit, whole.len);
    if (known.name != NULL) return known.name;
    /* ns/iter, ms/op */
    if (front.len < whole.len && unit_lookup(front.text, front.len).kind == UNIT_TIME)
        return unit_lookup(front.text, front.len).name;
    return reading_name(reading, unit, whole.len <= PACE_MAX_UNIT ? whole.len : 0);
}

const char *custom_measure(const char *unit)
{
    switch (unit_lookup(unit, strlen(unit)).kind) {
    case UNIT_TIME: return "latency";
    case UNIT_RATE:
    case UNIT_BYTERATE: return "throughput";
    case UNIT_SIZE: return "size";
    default: return "value";
    }
}

/* "± 5", "+/- 5", "5", "5%", "stddev: 0.3". 0 when there is no number in it. */
static int read_range(const char *text, double value, double *width)
{
    struct span range = span_trim(span_of(text));
    size_t skip = 0;
    while (skip < range.len && (range.text[skip] < '0' || range.text[skip] > '9'))
        skip++;
    range = span_trim(span_from(range, skip));
    int relative = span_ends(range, "%");
    if (!span_number(span_trim(span_upto(range, range.len - (size_t)relative)), width)) return 0;
    if (relative) *width *= fabs(value) / 100;
    return 1;
}

int custom_parse(struct reading *reading, size_t index, const json_t *json,
                 struct custom_entry *out)
{
    const char *name = json_member_text(json, "name");
    const json_t *given = json_object_get(json, "value");
    double value = (double)NAN;
    if (name[0] == '\0' || given == NULL)
        return reading_fail(reading, "entry %zu has no \"name\" or no \"value\"", index);
    if (json_is_string(given)) {
        if (!span_number(span_trim(span_of(json_string_value(given))), &value))
            return reading_fail(reading, "entry %zu: value '%.60s' is no number", index,
                                json_string_value(given));
    } else {
        (void)json_finite(given, &value);
    }
    name = reading_name(reading, name, strlen(name));
    const char *unit = custom_unit(reading, json_member_text(json, "unit"));
    if (name == NULL || unit == NULL) return reading_no_memory(reading);
    *out = (struct custom_entry){.name = name,
                                 .measure = custom_measure(unit),
                                 .unit = unit,
                                 .range = json_member_text(json, "range"),
                                 .extra = json_member_text(json, "extra"),
                                 .direction = unit_direction(unit),
                                 .value = value};
    return 0;
}

int custom_put(struct reading *reading, const struct custom_entry *entry)
{
    double width = 0;
    struct pace_cell cell =
        cell_make(entry->name, entry->measure, entry->unit, entry->direction, entry->value);
    if (read_range(entry->range, entry->value, &width))
        cell_bounds(&cell, entry->value - width, entry->value + width);
    int code = reading_put(reading, &cell);
    if (code == 0) code = reading_benchmark_meta(reading, entry->name, "range", entry->range);
    return code != 0 ? code : reading_benchmark_meta(reading, entry->name, "extra", entry->extra);
}

static int read_entry(struct reading *reading, size_t index, const json_t *json)
{
    struct custom_entry entry;
    int code = custom_parse(reading, index, json, &entry);
    return code != 0 ? code : custom_put(reading, &entry);
}

static int read_document(struct reading *reading, const json_t *root)
{
    int code =
        json_is_array(root) ? 0 : reading_fail(reading, "it is no list of {name, unit, value}");
    if (code == 0 && json_array_size(root) > 0) code = reading_run(reading, NULL);
    for (size_t i = 0; i < json_array_size(root) && code == 0; i++)
        code = read_entry(reading, i, json_array_get(root, i));
    return code;
}

int custom_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
