/* dotnet.c -- BenchmarkDotNet's JSON (JsonExporter, full and brief).
 *
 * A benchmark is its FullName (namespace, type, method and parameters), or Namespace.Method where
 * that is absent; one that several jobs ran has the job behind it. `latency` is the mean in ns with
 * bounds of one standard deviation and the original values as samples. */
#include "reading.h"
#include "repeats.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int dotnet_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"Benchmarks\"")) return 0;
    return input_has(input, "\"HostEnvironmentInfo\"") || input_has(input, "\"Statistics\"") ? 2
                                                                                             : 0;
}

static const struct statistic statistics[] = {
#define NS   "ns", 1, PACE_LOWER_IS_BETTER
#define NONE "", 1, PACE_DIRECTION_UNKNOWN
    {"Mean", NULL, NS},
    {"Median", NULL, NS},
    {"N", "latency.n", "count", 1, PACE_DIRECTION_UNKNOWN},
    {"Min", "latency.min", NS},
    {"Max", "latency.max", NS},
    {"LowerFence", "latency.lower-fence", NS},
    {"UpperFence", "latency.upper-fence", NS},
    {"Q1", "latency.q1", NS},
    {"Q3", "latency.q3", NS},
    {"InterquartileRange", "latency.iqr", NS},
    {"StandardError", "latency.stderr", NS},
    {"StandardDeviation", "latency.stddev", NS},
    {"Variance", "latency.variance", "ns^2", 1, PACE_LOWER_IS_BETTER},
    {"Skewness", "latency.skewness", NONE},
    {"Kurtosis", "latency.kurtosis", NONE},
};

static const struct statistic interval_rows[] = {
    {"Lower", "latency.ci-lower", NS},
    {"Upper", "latency.ci-upper", NS},
    {"Margin", "latency.ci-margin", NS},
#undef NS
#undef NONE
};

static const struct statistic memory_rows[] = {
    {"BytesAllocatedPerOperation", "allocated", "B", 1, PACE_LOWER_IS_BETTER},
    {"Gen0Collections", "gen0-collects", "count", 1, PACE_LOWER_IS_BETTER},
    {"Gen1Collections", "gen1-collects", "count", 1, PACE_LOWER_IS_BETTER},
    {"Gen2Collections", "gen2-collects", "count", 1, PACE_LOWER_IS_BETTER},
    {"TotalOperations", "allocated.operations", "count", 1, PACE_DIRECTION_UNKNOWN},
};

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

static int put_centre(struct reading *reading, const char *name, const char *measure,
                      const json_t *stats, const char *key, const char *spread)
{
    double centre = member(stats, key), width = member(stats, spread);
    struct pace_cell cell = cell_make(name, measure, "ns", PACE_LOWER_IS_BETTER, centre);
    cell_bounds(&cell, centre - width, centre + width);
    int code = strcmp(measure, "latency") == 0
                   ? reading_samples(reading, json_object_get(stats, "OriginalValues"), 1,
                                     "OriginalValues", &cell)
                   : 0;
    return code != 0 ? code : reading_put(reading, &cell);
}

/* "P95": 1.5 is latency.p95. */
static int put_percentiles(struct reading *reading, const char *name, const json_t *percentiles)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)percentiles, key, value)
    {
        double number = (double)NAN;
        if (key[0] != 'P' || !json_is_number(value)) continue;
        (void)json_finite(value, &number);
        char *measure = reading_print(reading, "latency.p%s", key + 1);
        if (measure != NULL) measure = reading_name(reading, measure, strlen(measure));
        if (measure == NULL) return reading_no_memory(reading);
        int code = reading_value(reading, name, measure, "ns", PACE_LOWER_IS_BETTER, number);
        if (code != 0) return code;
    }
    return 0;
}

/* Metrics of diagnosers; those of the memory diagnoser are in "Memory" already. */
static int put_metrics(struct reading *reading, const char *name, const json_t *list)
{
    int code = 0;
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const json_t *metric = json_array_get(list, i);
        const json_t *descriptor = json_object_get(metric, "Descriptor");
        const char *id = json_member_text(descriptor, "Id");
        const char *unit = json_member_text(descriptor, "Unit");
        const json_t *greater = json_object_get(descriptor, "TheGreaterTheBetter");
        if (id[0] == '\0' || strncmp(id, "Gen", 3) == 0 || strcmp(id, "Allocated Memory") == 0)
            continue;
        double factor = time_factor(span_of(unit));
        const char *measure = reading_name(reading, id, strlen(id));
        const char *plain = factor > 0 ? "ns"
                            : strcmp(unit, "Count") == 0
                                ? "count"
                                : reading_name(reading, unit, strlen(unit));
        if (measure == NULL || plain == NULL) return reading_no_memory(reading);
        code = reading_value(reading, name, measure, strlen(plain) <= PACE_MAX_UNIT ? plain : "",
                             json_is_true(greater)    ? PACE_HIGHER_IS_BETTER
                             : json_is_false(greater) ? PACE_LOWER_IS_BETTER
                                                      : PACE_DIRECTION_UNKNOWN,
                             member(metric, "Value") * (factor > 0 ? factor : 1));
    }
    return code;
}

static int read_benchmark(struct reading *reading, const char *name, const json_t *benchmark)
{
    const json_t *stats = json_object_get(benchmark, "Statistics");
    if (!json_is_object(stats))
        reading_warn(reading, "'%.200s' has no statistics; it is stored as failed", name);
    int code = put_centre(reading, name, "latency", stats, "Mean", "StandardDeviation");
    if (code == 0 && json_object_get(stats, "Median") != NULL)
        code = put_centre(reading, name, "latency.median", stats, "Median", "InterquartileRange");
    if (code == 0)
        code = reading_statistics(reading, name, stats, statistics,
                                  sizeof statistics / sizeof statistics[0], "latency");
    if (code == 0)
        code = reading_statistics(reading, name, json_object_get(stats, "ConfidenceInterval"),
                                  interval_rows, 3, NULL);
    if (code == 0) code = put_percentiles(reading, name, json_object_get(stats, "Percentiles"));
    if (code == 0)
        code = reading_statistics(reading, name, json_object_get(benchmark, "Memory"), memory_rows,
                                  sizeof memory_rows / sizeof memory_rows[0], NULL);
    if (code == 0) code = put_metrics(reading, name, json_object_get(benchmark, "Metrics"));
    return code != 0 ? code
                     : reading_benchmark_meta(reading, name, "parameters",
                                              json_member_text(benchmark, "Parameters"));
}

static const char *plain_name(struct reading *reading, const json_t *benchmark)
{
    const char *full = json_member_text(benchmark, "FullName");
    const char *space = json_member_text(benchmark, "Namespace");
    const char *method = json_member_text(benchmark, "Method");
    if (full[0] != '\0') return reading_name(reading, full, strlen(full));
    char *name = reading_print(reading, "%s%s%s", space, space[0] != '\0' ? "." : "", method);
    return name != NULL ? reading_name(reading, name, strlen(name)) : NULL;
}

/* With the job, as DisplayInfo has it behind its last ": ", where several ran the benchmark. */
static const char *full_name(struct reading *reading, const json_t *benchmark,
                             const struct repeats *repeats)
{
    const char *name = plain_name(reading, benchmark);
    struct span info = span_of(json_member_text(benchmark, "DisplayInfo"));
    size_t at = span_find(info, ": ");
    if (name == NULL || repeats_count(repeats, name) < 2 || at >= info.len) return name;
    struct span job = span_from(info, at + 2);
    const char *plain = reading_name(reading, job.text, job.len);
    return plain != NULL ? reading_print(reading, "%s/job=%s", name, plain) : NULL;
}

static int read_benchmarks(struct reading *reading, const json_t *list, struct repeats *repeats)
{
    int code = 0;
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const char *name = plain_name(reading, json_array_get(list, i));
        if (name != NULL && name[0] == '\0')
            return reading_fail(reading, "Benchmarks[%zu] has no \"FullName\" and no \"Method\"",
                                i);
        code = name == NULL ? reading_no_memory(reading) : repeats_add(repeats, reading, name);
    }
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const json_t *benchmark = json_array_get(list, i);
        const char *name = full_name(reading, benchmark, repeats);
        code = name == NULL ? reading_no_memory(reading) : read_benchmark(reading, name, benchmark);
    }
    return code;
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "Benchmarks");
    struct repeats repeats = {0};
    if (!json_is_array(list))
        return reading_fail(reading, "it has no list \"Benchmarks\" at its top, so BenchmarkDotNet "
                                     "did not write it");
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "BenchmarkDotNet");
    if (code == 0) code = reading_meta(reading, "title", json_member_text(root, "Title"));
    if (code == 0)
        code = reading_meta_json(reading, "host", json_object_get(root, "HostEnvironmentInfo"));
    if (code == 0) code = read_benchmarks(reading, list, &repeats);
    repeats_free(&repeats);
    return code;
}

int dotnet_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
