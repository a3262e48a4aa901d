/* hyperfine.c -- hyperfine's JSON (--export-json).
 *
 * A command is a benchmark. `latency` is the mean with bounds of one standard deviation and the
 * times as samples; `latency.median` has the minimum and the maximum as bounds. User and system
 * time and memory are measures of their own. A command that comes several times, once a parameter,
 * has its parameters in its name. */
#include "reading.h"
#include "repeats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int hyperfine_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"results\"")) return 0;
    if (!input_has(input, "\"command\"")) return 0;
    return input_has(input, "\"times\"") || input_has(input, "\"mean\"") ? 2 : 1;
}

static const struct statistic statistics[] = {
#define NS "ns", 1e9, PACE_LOWER_IS_BETTER
    {"mean", NULL, NS},
    {"median", NULL, NS},
    {"user", "cpu-user", NS},
    {"system", "cpu-system", NS},
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"stddev", "latency.stddev", NS},
#undef NS
};

static double member(const json_t *result, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(result, key), &number);
    return number;
}

/* The peak of memory in each execution. */
static int read_memory(struct reading *reading, const char *name, const json_t *result)
{
    const json_t *list = json_object_get(result, "memory_usage_byte");
    struct pace_cell cell = cell_make(name, "max-rss", "B", PACE_LOWER_IS_BETTER, (double)NAN);
    int code = reading_samples(reading, list, 1, "memory_usage_byte", &cell);
    if (code != 0 || cell.sample_count == 0) return code;
    code = reading_median(reading, &cell);
    return code != 0 ? code : reading_put(reading, &cell);
}

/* How many executions ended with another status than 0; null is the end by a signal. */
static int read_exit_codes(struct reading *reading, const char *name, const json_t *result)
{
    const json_t *list = json_object_get(result, "exit_codes");
    size_t count = json_array_size(list), bad = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        bad += !json_is_integer(item) || json_integer_value(item) != 0;
    }
    if (count == 0) return 0;
    int code = reading_value(reading, name, "latency.failures", "count", PACE_LOWER_IS_BETTER,
                             (double)bad);
    return code != 0 || bad == 0 ? code : reading_benchmark_json(reading, name, "exit_codes", list);
}

static int read_result(struct reading *reading, const char *name, const json_t *result)
{
    double mean = member(result, "mean"), sd = member(result, "stddev");
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, mean * 1e9);
    cell_bounds(&cell, (mean - sd) * 1e9, (mean + sd) * 1e9);
    int code = reading_samples(reading, json_object_get(result, "times"), 1e9, "times", &cell);
    if (code == 0) code = reading_put(reading, &cell);
    if (code == 0 && json_object_get(result, "median") != NULL) {
        cell = cell_make(name, "latency.median", "ns", PACE_LOWER_IS_BETTER,
                         member(result, "median") * 1e9);
        cell_bounds(&cell, member(result, "min") * 1e9, member(result, "max") * 1e9);
        code = reading_put(reading, &cell);
    }
    if (code == 0)
        code = reading_statistics(reading, name, result, statistics,
                                  sizeof statistics / sizeof statistics[0], "latency");
    if (code == 0) code = read_memory(reading, name, result);
    if (code == 0) code = read_exit_codes(reading, name, result);
    return code != 0 ? code
                     : reading_benchmark_json(reading, name, "parameters",
                                              json_object_get(result, "parameters"));
}

static int read_results(struct reading *reading, const json_t *list, struct repeats *repeats)
{
    int code = 0;
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const char *name = json_member_text(json_array_get(list, i), "command");
        if (name[0] == '\0')
            return reading_fail(reading,
                                "results[%zu] has no \"command\"; this is not what "
                                "hyperfine writes",
                                i);
        code = repeats_add(repeats, reading, name);
    }
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const json_t *result = json_array_get(list, i);
        const char *name = json_member_text(result, "command");
        const json_t *parameters =
            repeats_count(repeats, name) > 1 ? json_object_get(result, "parameters") : NULL;
        name = name_with_parameters(reading, name, parameters);
        code = name == NULL ? reading_no_memory(reading) : read_result(reading, name, result);
    }
    return code;
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "results");
    struct repeats repeats = {0};
    if (!json_is_array(list))
        return reading_fail(reading,
                            "it has no list \"results\" at its top, so hyperfine did not write it");
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "hyperfine");
    if (code == 0) code = read_results(reading, list, &repeats);
    repeats_free(&repeats);
    return code;
}

int hyperfine_read(const struct input *input, const struct adapter_sink *sink,
                   struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
