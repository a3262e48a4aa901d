/* vitest.c -- the harnesses of JavaScript that share tinybench's statistics: `vitest bench
 * --outputJson`, and tinybench's tasks or results as JSON.
 *
 * Times are in ms. `latency` is the mean with bounds of one standard deviation, `throughput` the
 * rate with bounds of its relative margin of error; all else is a companion of one of the two. */
#include "reading.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int vitest_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"groups\"")) return 0;
    return input_has(input, "\"filepath\"") && input_has(input, "\"benchmarks\"") ? 2 : 0;
}

int tinybench_recognise(const struct input *input)
{
    if (input_first(input) != '[') return 0;
    if (input_has(input, "\"Task name\"") && input_has(input, "\"Latency avg (ns)\"")) return 2;
    if (input_has(input, "\"latency\"") && input_has(input, "\"throughput\"") &&
        input_has(input, "\"name\""))
        return 2;
    return input_has(input, "\"hz\"") && input_has(input, "\"rme\"") ? 1 : 0;
}

static const struct statistic latency_rows[] = {
#define NS   "ns", 1e6, PACE_LOWER_IS_BETTER
#define NONE "", 1, PACE_DIRECTION_UNKNOWN
    {"mean", NULL, NS},
    {"hz", NULL, NS},
    {"rme", "latency.rme", "%", 1, PACE_LOWER_IS_BETTER},
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"median", "latency.median", NS},
    {"sd", "latency.stddev", NS},
    {"sem", "latency.sem", NS},
    {"moe", "latency.moe", NS},
    {"aad", "latency.aad", NS},
    {"mad", "latency.mad", NS},
    {"p50", "latency.p50", NS},
    {"p75", "latency.p75", NS},
    {"p99", "latency.p99", NS},
    {"p995", "latency.p995", NS},
    {"p999", "latency.p999", NS},
    {"period", "latency.period", NS},
    {"totalTime", "latency.total", NS},
    {"variance", "latency.variance", "ns^2", 1e12, PACE_LOWER_IS_BETTER},
    {"sampleCount", "latency.samples", "count", 1, PACE_DIRECTION_UNKNOWN},
    {"samplesCount", "latency.samples", "count", 1, PACE_DIRECTION_UNKNOWN},
    {"df", "latency.df", NONE},
    {"critical", "latency.critical", NONE},
#undef NS
};

static const struct statistic throughput_rows[] = {
#define RATE "ops/s", 1, PACE_HIGHER_IS_BETTER
    {"mean", NULL, RATE},
    {"rme", "throughput.rme", "%", 1, PACE_LOWER_IS_BETTER},
    {"min", "throughput.min", RATE},
    {"max", "throughput.max", RATE},
    {"median", "throughput.median", RATE},
    {"p50", "throughput.p50", RATE},
    {"p75", "throughput.p75", RATE},
    {"p99", "throughput.p99", RATE},
    {"p995", "throughput.p995", RATE},
    {"p999", "throughput.p999", RATE},
    {"sd", "throughput.stddev", "ops/s", 1, PACE_LOWER_IS_BETTER},
    {"sem", "throughput.sem", "ops/s", 1, PACE_LOWER_IS_BETTER},
    {"moe", "throughput.moe", "ops/s", 1, PACE_LOWER_IS_BETTER},
    {"aad", "throughput.aad", "ops/s", 1, PACE_LOWER_IS_BETTER},
    {"mad", "throughput.mad", "ops/s", 1, PACE_LOWER_IS_BETTER},
    {"samplesCount", "throughput.samples", "count", 1, PACE_DIRECTION_UNKNOWN},
    {"df", "throughput.df", NONE},
    {"critical", "throughput.critical", NONE},
#undef RATE
#undef NONE
};
enum {
    LATENCY_ROWS = sizeof latency_rows / sizeof latency_rows[0],
    THROUGHPUT_ROWS = sizeof throughput_rows / sizeof throughput_rows[0],
};

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

static int put_rate(struct reading *reading, const char *name, double rate, double rme)
{
    struct pace_cell cell = cell_make(name, "throughput", "ops/s", PACE_HIGHER_IS_BETTER, rate);
    cell_bounds(&cell, rate - rate * rme / 100, rate + rate * rme / 100);
    return reading_put(reading, &cell);
}

static int put_latency(struct reading *reading, const char *name, const json_t *stats)
{
    double mean = member(stats, "mean") * 1e6, sd = member(stats, "sd") * 1e6;
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, mean);
    cell_bounds(&cell, mean - sd, mean + sd);
    int code = reading_samples(reading, json_object_get(stats, "samples"), 1e6, "samples", &cell);
    if (code == 0) code = reading_put(reading, &cell);
    return code != 0
               ? code
               : reading_statistics(reading, name, stats, latency_rows, LATENCY_ROWS, "latency");
}

/* The statistics of one task: flat (tinybench 2, vitest), or one object a measure (since 3). */
static int put_task(struct reading *reading, const char *name, const json_t *task)
{
    const json_t *latency = json_object_get(task, "latency");
    const json_t *throughput = json_object_get(task, "throughput");
    if (latency == NULL && json_object_get(task, "mean") == NULL) {
        const char *why = json_member_text(json_object_get(task, "error"), "message");
        struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
        reading_warn(reading, "'%.200s' has no result%s%.200s; it is stored as failed", name,
                     why[0] != '\0' ? ": " : "", why);
        return reading_put(reading, &cell);
    }
    int code = put_latency(reading, name, latency != NULL ? latency : task);
    if (code == 0 && latency == NULL && json_object_get(task, "hz") != NULL)
        code = put_rate(reading, name, member(task, "hz"), member(task, "rme"));
    if (code != 0 || throughput == NULL) return code;
    code = put_rate(reading, name, member(throughput, "mean"), member(throughput, "rme"));
    if (code == 0)
        code = reading_statistics(reading, name, throughput, throughput_rows, THROUGHPUT_ROWS,
                                  "throughput");
    return code != 0 ? code
                     : reading_statistics(reading, name, task, latency_rows, LATENCY_ROWS, NULL);
}

/* -- vitest ------------------------------------------------------------------------------------ */

static int read_group(struct reading *reading, const json_t *group)
{
    const json_t *list = json_object_get(group, "benchmarks");
    int code = 0;
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++) {
        const json_t *task = json_array_get(list, i);
        char *name = reading_print(reading, "%s > %s", json_member_text(group, "fullName"),
                                   json_member_text(task, "name"));
        if (name != NULL) name = reading_name(reading, name, strlen(name));
        if (name == NULL) return reading_no_memory(reading);
        if (json_member_text(task, "name")[0] == '\0')
            return reading_fail(reading, "benchmarks[%zu] of \"%.100s\" has no \"name\"", i,
                                json_member_text(group, "fullName"));
        code = put_task(reading, name, task);
    }
    return code;
}

static int read_vitest(struct reading *reading, const json_t *root)
{
    const json_t *files = json_object_get(root, "files");
    int code = 0;
    if (!json_is_array(files))
        return reading_fail(
            reading, "it has no list \"files\" at its top, so vitest bench did not write it");
    if ((code = reading_run(reading, NULL)) != 0) return code;
    code = reading_meta(reading, "harness", "vitest");
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *groups = json_object_get(json_array_get(files, i), "groups");
        for (size_t k = 0; k < json_array_size(groups) && code == 0; k++)
            code = read_group(reading, json_array_get(groups, k));
    }
    return code;
}

int vitest_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_vitest);
}

/* -- tinybench --------------------------------------------------------------------------------- */

/* A row of bench.table(): "502.41 ± 110.06%" (mean) or "160.00 ± 80.00" (median). */
static int put_cell_text(struct reading *reading, const char *name, const json_t *row,
                         const char *key, const char *measure, const char *unit,
                         enum pace_direction direction)
{
    struct span text = span_of(json_member_text(row, key));
    size_t at = span_find(text, "\xc2\xb1");
    struct span spread = span_trim(span_from(text, at + 2));
    double value = 0, width = 0;
    if (text.len == 0) return 0;
    if (!span_number(span_trim(span_upto(text, at)), &value))
        return reading_fail(reading, "\"%s\" of '%.200s' is no number: '%.60s'", key, name,
                            json_member_text(row, key));
    struct pace_cell cell = cell_make(name, measure, unit, direction, value);
    int relative = span_ends(spread, "%");
    if (span_number(span_upto(spread, spread.len - (size_t)relative), &width)) {
        if (relative) width *= value / 100;
        cell_bounds(&cell, value - width, value + width);
    }
    return reading_put(reading, &cell);
}

static int put_table_row(struct reading *reading, const char *name, const json_t *row)
{
    double samples = member(row, "Samples");
    if (json_object_get(row, "Latency avg (ns)") == NULL) return put_task(reading, name, row);
    int code = put_cell_text(reading, name, row, "Latency avg (ns)", "latency", "ns",
                             PACE_LOWER_IS_BETTER);
    if (code == 0)
        code = put_cell_text(reading, name, row, "Latency med (ns)", "latency.median", "ns",
                             PACE_LOWER_IS_BETTER);
    if (code == 0)
        code = put_cell_text(reading, name, row, "Throughput avg (ops/s)", "throughput", "ops/s",
                             PACE_HIGHER_IS_BETTER);
    if (code == 0)
        code = put_cell_text(reading, name, row, "Throughput med (ops/s)", "throughput.median",
                             "ops/s", PACE_HIGHER_IS_BETTER);
    return code != 0 || isnan(samples) ? code
                                       : reading_value(reading, name, "latency.samples", "count",
                                                       PACE_DIRECTION_UNKNOWN, samples);
}

static int read_tinybench(struct reading *reading, const json_t *root)
{
    int code = json_is_array(root) ? 0 : reading_fail(reading, "it is no list of tasks");
    if (code == 0 && json_array_size(root) > 0) code = reading_run(reading, NULL);
    if (code == 0 && json_array_size(root) > 0)
        code = reading_meta(reading, "harness", "tinybench");
    for (size_t i = 0; i < json_array_size(root) && code == 0; i++) {
        const json_t *task = json_array_get(root, i), *result = json_object_get(task, "result");
        const char *name = json_member_text(task, "name");
        if (name[0] == '\0') name = json_member_text(task, "Task name");
        if (name[0] == '\0')
            return reading_fail(reading,
                                "task %zu has no \"name\"; bench.results has none either, "
                                "so write bench.tasks with their names",
                                i);
        if ((name = reading_name(reading, name, strlen(name))) == NULL)
            return reading_no_memory(reading);
        code = put_table_row(reading, name, result != NULL ? result : task);
    }
    return code;
}

int tinybench_read(const struct input *input, const struct adapter_sink *sink,
                   struct pace_error *error)
{
    return reading_document(input, sink, error, read_tinybench);
}
