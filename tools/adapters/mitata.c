/* mitata.c -- mitata's JSON (run({ format: 'json' })). Times are in ns, memory in bytes.
 *
 * `latency` is the average; samples are kept where mitata was told to write them. */
#include "reading.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int mitata_recognise(const struct input *input)
{
    if (input_first(input) != '{') return 0;
    return input_has(input, "\"benchmarks\"") && input_has(input, "\"runs\"") &&
                   input_has(input, "\"stats\"") && input_has(input, "\"ticks\"")
               ? 2
               : 0;
}

static const struct statistic statistics[] = {
#define NS "ns", 1, PACE_LOWER_IS_BETTER
    {"avg", NULL, NS},     /* the value */
    {"samples", NULL, NS}, /* null where none were asked for */
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"p25", "latency.p25", NS},
    {"p50", "latency.p50", NS},
    {"p75", "latency.p75", NS},
    {"p99", "latency.p99", NS},
    {"p999", "latency.p999", NS},
    {"ticks", "latency.ticks", "count", 1, PACE_DIRECTION_UNKNOWN},
#undef NS
};

static const struct statistic heap[] = {
    {"avg", "heap", "B", 1, PACE_LOWER_IS_BETTER},
    {"min", "heap.min", "B", 1, PACE_LOWER_IS_BETTER},
    {"max", "heap.max", "B", 1, PACE_LOWER_IS_BETTER},
    {"total", "heap.total", "B", 1, PACE_DIRECTION_UNKNOWN},
    {"_", "heap.samples", "count", 1, PACE_DIRECTION_UNKNOWN},
};

static const struct statistic collector[] = {
    {"avg", "gc", "ns", 1, PACE_LOWER_IS_BETTER},
    {"min", "gc.min", "ns", 1, PACE_LOWER_IS_BETTER},
    {"max", "gc.max", "ns", 1, PACE_LOWER_IS_BETTER},
    {"total", "gc.total", "ns", 1, PACE_DIRECTION_UNKNOWN},
};

static int read_run(struct reading *reading, const json_t *run, const char *alias)
{
    const json_t *stats = json_object_get(run, "stats"), *error = json_object_get(run, "error");
    const char *name = json_member_text(run, "name");
    double average = (double)NAN;
    if (name[0] == '\0') name = alias;
    if (name[0] == '\0') return reading_fail(reading, "a run has no \"name\"");
    if ((name = reading_name(reading, name, strlen(name))) == NULL)
        return reading_no_memory(reading);
    (void)json_finite(json_object_get(stats, "avg"), &average);
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, average);
    if (cell.status != PACE_CELL_OK)
        reading_warn(reading, "'%.200s' has no average%s; it is stored as failed", name,
                     json_is_blank(error) ? "" : ", but an error");
    int code = reading_samples(reading, json_object_get(stats, "samples"), 1, "samples", &cell);
    if (code == 0) code = reading_put(reading, &cell);
    if (code == 0)
        code = reading_statistics(reading, name, stats, statistics,
                                  sizeof statistics / sizeof statistics[0], "latency");
    if (code == 0)
        code = reading_statistics(reading, name, json_object_get(stats, "heap"), heap,
                                  sizeof heap / sizeof heap[0], "heap");
    if (code == 0)
        code = reading_statistics(reading, name, json_object_get(stats, "gc"), collector,
                                  sizeof collector / sizeof collector[0], "gc");
    return code != 0 ? code
                     : reading_benchmark_json(reading, name, "args", json_object_get(run, "args"));
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "benchmarks");
    const json_t *context = json_object_get(root, "context");
    struct run_facts facts = {"", "", "", "", 0, 0, 0, ""};
    double now_ms = 0;
    if (!json_is_array(list))
        return reading_fail(reading,
                            "it has no list \"benchmarks\" at its top, so mitata did not write it");
    if (json_finite(json_object_get(context, "now"), &now_ms) && now_ms > 0 && now_ms < 9e12)
        facts.ran_ns = (int64_t)now_ms * 1000000;
    int code = reading_run(reading, &facts);
    if (code == 0) code = reading_meta(reading, "harness", "mitata");
    static const char *const keys[] = {"arch", "version", "runtime", "cpu"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == 0; i++)
        code = reading_meta_json(reading, keys[i], json_object_get(context, keys[i]));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *benchmark = json_array_get(list, i);
        const json_t *runs = json_object_get(benchmark, "runs");
        for (size_t k = 0; k < json_array_size(runs) && code == 0; k++)
            code = read_run(reading, json_array_get(runs, k), json_member_text(benchmark, "alias"));
    }
    return code;
}

int mitata_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
