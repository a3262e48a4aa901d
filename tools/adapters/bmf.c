/* bmf.c -- Bencher Metric Format, versions 0 and 1.
 *
 * 0: {"benchmark": {"measure": {"value": 1, "lower_value": 0, "upper_value": 2}}}
 * 1: {"benchmark": [{"parameters": {"k": v}, "measures": {"measure": {"value": 1, "p99": 2}}}]}
 *
 * Names and measures are as written. Units are not in the format: a measure `latency` is ns and
 * `throughput` ops/s, as Bencher means them, others have none. Bounds out of order are dropped with
 * a warning: some writers give distances. Other named values are companions. */
#include "bmf.h"
#include "repeats.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static int is_measures(const json_t *value)
{
    const char *key = NULL;
    json_t *measure = NULL;
    if (!json_is_object(value) || json_object_size(value) == 0) return 0;
    json_object_foreach((json_t *)(uintptr_t)value, key, measure)
    {
        if (!json_is_object(measure) || json_object_get(measure, "value") == NULL) return 0;
    }
    return 1;
}

/* "value" is the only word that both versions always have. */
int bmf_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"value\"")) return 0;
    if (input_has(input, "\"measures\"")) return 2;
    static const char *const others[] = {"\"benchmarks\"", "\"results\"",  "\"files\"",
                                         "\"benchmark\"",  "\"metadata\"", "\"context\""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (input_has(input, others[i])) return 0;
    }
    return input_has(input, "\"latency\"") || input_has(input, "\"throughput\"") ||
                   input_has(input, "\"lower_value\"")
               ? 2
               : 1;
}

/* Units and directions of Bencher's own measures. */
static const struct bmf_measure builtins[] = {
    {"latency", "ns", PACE_LOWER_IS_BETTER},
    {"throughput", "ops/s", PACE_HIGHER_IS_BETTER},
    {"build-time", "s", PACE_LOWER_IS_BETTER},
    {"file-size", "B", PACE_LOWER_IS_BETTER},
};

const struct bmf_measure *bmf_measure(const char *name)
{
    static const struct bmf_measure none = {"", "", PACE_DIRECTION_UNKNOWN};
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].name, name) == 0) return &builtins[i];
    }
    return &none;
}

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

static int read_measure(struct reading *reading, const char *name, const char *key,
                        const json_t *values)
{
    const struct bmf_measure *known = bmf_measure(key);
    static const struct statistic rows[] = {
        {"value", NULL, "", 1, PACE_DIRECTION_UNKNOWN},
        {"lower_value", NULL, "", 1, PACE_DIRECTION_UNKNOWN},
        {"upper_value", NULL, "", 1, PACE_DIRECTION_UNKNOWN},
    };
    const char *measure = reading_name(reading, key, strlen(key));
    if (measure == NULL) return reading_no_memory(reading);
    if (!json_is_object(values) || key[0] == '\0')
        return reading_fail(reading, "measure '%.100s' of '%.200s' is no object with a \"value\"",
                            key, name);
    struct pace_cell cell =
        cell_make(name, measure, known->unit, known->direction, member(values, "value"));
    double lower = member(values, "lower_value"), upper = member(values, "upper_value");
    if (json_object_get(values, "value") == NULL)
        return reading_fail(reading, "measure '%.100s' of '%.200s' has no \"value\"", key, name);
    if (lower > cell.value || upper < cell.value) {
        reading_warn(reading,
                     "%.100s of '%.200s': the value is not between its bounds; they are "
                     "left out",
                     key, name);
    } else {
        cell.lower = lower; /* each may be there alone */
        cell.upper = upper;
    }
    int code = reading_put(reading, &cell);
    return code != 0 ? code : reading_statistics(reading, name, values, rows, 3, measure);
}

static int read_measures(struct reading *reading, const char *name, const json_t *measures)
{
    const char *key = NULL;
    json_t *values = NULL;
    int code = 0;
    json_object_foreach((json_t *)(uintptr_t)measures, key, values)
    {
        if ((code = read_measure(reading, name, key, values)) != 0) return code;
    }
    return 0;
}

/* Objects are the same parameters in any order of keys, and 16 is 16.0. */
static char *parameter_text(struct reading *reading, const json_t *parameters)
{
    char *out = reading_print(reading, "%s", "");
    const char *key = NULL;
    json_t *value = NULL;
    size_t count = json_object_size(parameters), used = 0;
    const char **keys = arena_array(&reading->arena, count + 1, sizeof *keys);
    if (keys == NULL) return NULL;
    json_object_foreach((json_t *)(uintptr_t)parameters, key, value)
    {
        size_t at = used++;
        for (; at > 0 && strcmp(keys[at - 1], key) > 0; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
    for (size_t i = 0; i < used && out != NULL; i++) {
        value = json_object_get(parameters, keys[i]);
        out = json_is_number(value)
                  ? reading_print(reading, "%s/%s=%.15g", out, keys[i], json_number_value(value))
                  : reading_print(reading, "%s/%s=%s", out, keys[i],
                                  json_print(&reading->arena, value));
    }
    return out;
}

static int read_benchmark(struct reading *reading, const char *key, const json_t *value)
{
    const char *name = reading_name(reading, key, strlen(key));
    int code = 0;
    if (name == NULL) return reading_no_memory(reading);
    if (name[0] == '\0') return reading_fail(reading, "a benchmark's name is empty");
    if (json_is_object(value)) return read_measures(reading, name, value);
    if (!json_is_array(value))
        return reading_fail(reading, "'%.200s' is neither measures nor a list of them", name);
    for (size_t i = 0; i < json_array_size(value) && code == 0; i++) {
        const json_t *entry = json_array_get(value, i);
        const json_t *parameters = json_object_get(entry, "parameters");
        const json_t *measures = json_object_get(entry, "measures");
        char *text = parameter_text(reading, parameters);
        char *full = text != NULL ? reading_print(reading, "%s%s", name, text) : NULL;
        if (full != NULL) full = reading_name(reading, full, strlen(full));
        if (full == NULL) return reading_no_memory(reading);
        if (!is_measures(measures))
            return reading_fail(reading, "entry %zu of '%.200s' has no \"measures\" with values", i,
                                name);
        code = read_measures(reading, full, measures);
        if (code == 0) code = reading_benchmark_json(reading, full, "parameters", parameters);
    }
    return code;
}

static int read_document(struct reading *reading, const json_t *root)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (!json_is_object(root) || json_object_size(root) == 0)
        return reading_fail(reading, "it is no object of benchmarks, as Bencher Metric Format is");
    int code = reading_run(reading, NULL);
    json_object_foreach((json_t *)(uintptr_t)root, key, value)
    {
        if (code == 0) code = read_benchmark(reading, key, value);
    }
    return code;
}

int bmf_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
