/* pyperf.c -- pyperf's JSON.
 *
 * The value is the mean of all values of all processes, as pyperf shows it, with bounds of one
 * standard deviation and the values as samples. Warm-ups and calibrations are left out, as pyperf
 * leaves them out of its statistics. */
#include "reading.h"
#include "../timestamp.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int pyperf_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"benchmarks\"")) return 0;
    if (!input_has(input, "\"runs\"")) return 0;
    if (input_has(input, "\"values\"") || input_has(input, "\"warmups\"")) return 2;
    return input_has(input, "\"perf_version\"");
}

/* How a benchmark's unit is stored. */
static const struct pyperf_unit {
    const char *name, *measure, *unit;
    double factor;
    enum pace_direction direction;
} units[] = {
    {"second", "latency", "ns", 1e9, PACE_LOWER_IS_BETTER},
    {"byte", "memory", "B", 1, PACE_LOWER_IS_BETTER},
    {"integer", "value", "", 1, PACE_DIRECTION_UNKNOWN},
};

static const char *metadata_text(const json_t *benchmark, const json_t *common, const char *key)
{
    const char *own = json_member_text(json_object_get(benchmark, "metadata"), key);
    return own[0] != '\0' ? own : json_member_text(common, key);
}

/* All values of all runs. */
static int collect(struct reading *reading, const json_t *runs, double factor, const char *name,
                   double **out, size_t *out_count)
{
    size_t total = 0, kept = 0;
    for (size_t i = 0; i < json_array_size(runs); i++)
        total += json_array_size(json_object_get(json_array_get(runs, i), "values"));
    *out = arena_array(&reading->arena, total + 1, sizeof **out);
    if (*out == NULL) return reading_no_memory(reading);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *values = json_object_get(json_array_get(runs, i), "values");
        for (size_t k = 0; k < json_array_size(values); k++) {
            double number = 0;
            if (json_finite(json_array_get(values, k), &number) && isfinite(number * factor))
                (*out)[kept++] = number * factor;
        }
    }
    if (kept < total)
        reading_warn(reading, "%zu of %zu values of '%.200s' are not numbers; they are left out",
                     total - kept, total, name);
    *out_count = kept;
    return 0;
}

/* Mean and standard deviation over count - 1. */
static void moments(const double *values, size_t count, double *mean, double *sd)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - *mean) * (values[i] - *mean);
    *sd = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

static int read_benchmark(struct reading *reading, const json_t *benchmark, const json_t *common)
{
    const char *name = metadata_text(benchmark, common, "name");
    const char *unit = metadata_text(benchmark, common, "unit");
    const struct pyperf_unit *row = &units[0];
    double *values = NULL, mean = (double)NAN, sd = 0;
    size_t count = 0;
    if (name[0] == '\0') name = "(no name)"; /* as a file of one benchmark may be */
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) == 0) row = &units[i];
    }
    if ((name = reading_name(reading, name, strlen(name))) == NULL)
        return reading_no_memory(reading);
    int code =
        collect(reading, json_object_get(benchmark, "runs"), row->factor, name, &values, &count);
    if (code != 0) return code;
    if (count > 0) moments(values, count, &mean, &sd);
    struct pace_cell cell = cell_make(name, row->measure, row->unit, row->direction, mean);
    if (count == 0) {
        reading_warn(reading, "'%.200s' has no values; it is stored as failed", name);
    } else {
        cell_bounds(&cell, mean - sd, mean + sd);
        cell.samples = values;
        cell.sample_count = count;
    }
    if ((code = reading_put(reading, &cell)) != 0) return code;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(benchmark, "metadata"), key, value)
    {
        if (strcmp(key, "name") == 0) continue;
        const char *text = json_print(&reading->arena, value);
        code = text == NULL ? reading_no_memory(reading)
                            : reading_benchmark_meta(reading, name, key, text);
        if (code != 0) return code;
    }
    return 0;
}

/* When the first process ran: its date is local time without a zone, taken as UTC. */
static int64_t first_date(struct reading *reading, const json_t *list)
{
    const json_t *runs = json_object_get(json_array_get(list, 0), "runs");
    return reading_time(reading, json_object_get(json_array_get(runs, 0), "metadata"), "date");
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "benchmarks");
    const json_t *common = json_object_get(root, "metadata");
    if (!json_is_array(list))
        return reading_fail(reading,
                            "it has no list \"benchmarks\" at its top, so pyperf did not write it");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_array(json_object_get(json_array_get(list, i), "runs")))
            return reading_fail(reading,
                                "benchmarks[%zu] has no list \"runs\", so pyperf did not "
                                "write it",
                                i);
    }
    struct run_facts facts = {
        .project = "",
        .branch = json_member_text(common, "commit_branch"),
        .testbed = json_member_text(common, "hostname"),
        .commit = json_member_text(common, "commit_id"),
        .commit_time_ns = reading_time(reading, common, "commit_date"),
        .ran_ns = first_date(reading, list),
    };
    int code = reading_run(reading, &facts);
    if (code == 0) code = reading_meta(reading, "harness", "pyperf");
    if (code == 0) code = reading_meta_json(reading, "metadata", common);
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++)
        code = read_benchmark(reading, json_array_get(list, i), common);
    return code;
}

int pyperf_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
