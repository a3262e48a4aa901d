/* julia.c -- BenchmarkTools.jl's JSON (BenchmarkTools.save): trials and estimates in groups.
 *
 * A benchmark is the path of its groups, joined by `/`. A trial's times (ns) are samples, its value
 * their median; an estimate has one time. */
#include "reading.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { GROUP_DEPTH_MAX = 64 };

int julia_recognise(const struct input *input)
{
    if (input_first(input) != '[') return 0;
    int kinds = input_has(input, "\"BenchmarkGroup\"") || input_has(input, "\"Trial\"") ||
                input_has(input, "\"TrialEstimate\"");
    return kinds ? input_has(input, "\"Julia\"") || input_has(input, "\"BenchmarkTools\"") ? 2 : 1
                 : 0;
}

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

/* What trials and estimates share. */
static int put_costs(struct reading *reading, const char *name, const json_t *trial)
{
    static const struct statistic rows[] = {
        {"memory", "memory", "B", 1, PACE_LOWER_IS_BETTER},
        {"allocs", "allocs", "allocs", 1, PACE_LOWER_IS_BETTER},
        {"gctime", "gc-time", "ns", 1, PACE_LOWER_IS_BETTER},
        {"time", NULL, "ns", 1, PACE_LOWER_IS_BETTER},
    };
    int code = reading_statistics(reading, name, trial, rows, sizeof rows / sizeof rows[0], NULL);
    return code != 0 ? code
                     : reading_benchmark_json(reading, name, "params",
                                              json_array_get(json_object_get(trial, "params"), 1));
}

static int put_trial(struct reading *reading, const char *name, const json_t *trial)
{
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
    struct pace_cell gc = cell_make(name, "gc-time", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
    int code = reading_samples(reading, json_object_get(trial, "times"), 1, "times", &cell);
    if (code == 0) code = reading_median(reading, &cell);
    if (code == 0) code = reading_put(reading, &cell);
    if (code == 0)
        code = reading_samples(reading, json_object_get(trial, "gctimes"), 1, "gctimes", &gc);
    if (code == 0 && gc.sample_count > 0) {
        code = reading_median(reading, &gc);
        if (code == 0) code = reading_put(reading, &gc);
    }
    return code != 0 ? code : put_costs(reading, name, trial);
}

/* ["Kind", {...}] */
static int read_item(struct reading *reading, const char *name, const json_t *item, int depth)
{
    const char *kind = json_string_value(json_array_get(item, 0)), *key = NULL;
    const json_t *body = json_array_get(item, 1);
    json_t *child = NULL;
    int code = 0;
    if (kind == NULL || !json_is_object(body)) {
        reading_warn(reading, "'%.200s' is no [kind, {...}]; it is skipped", name);
        return 0;
    }
    if (strcmp(kind, "TrialEstimate") == 0) {
        code = reading_value(reading, name[0] != '\0' ? name : "(top)", "latency", "ns",
                             PACE_LOWER_IS_BETTER, member(body, "time"));
        return code != 0 ? code : put_costs(reading, name[0] != '\0' ? name : "(top)", body);
    }
    if (strcmp(kind, "Trial") == 0)
        return put_trial(reading, name[0] != '\0' ? name : "(top)", body);
    if (strcmp(kind, "BenchmarkGroup") != 0) {
        reading_warn(reading, "'%.200s' is a %.60s; only trials and estimates are read", name,
                     kind);
        return 0;
    }
    if (depth >= GROUP_DEPTH_MAX)
        return reading_fail(reading, "groups nest deeper than %d", GROUP_DEPTH_MAX);
    json_object_foreach(json_object_get(body, "data"), key, child)
    {
        char *full = reading_print(reading, "%s%s%s", name, name[0] != '\0' ? "/" : "", key);
        if (full != NULL) full = reading_name(reading, full, strlen(full));
        code =
            full == NULL ? reading_no_memory(reading) : read_item(reading, full, child, depth + 1);
        if (code != 0) return code;
    }
    return 0;
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *versions = json_array_get(root, 0), *items = json_array_get(root, 1);
    int code = 0;
    if (!json_is_object(versions) || !json_is_array(items))
        return reading_fail(reading, "it is no [versions, [items]], as BenchmarkTools writes");
    if ((code = reading_run(reading, NULL)) != 0) return code;
    code = reading_meta(reading, "harness", "BenchmarkTools.jl");
    if (code == 0) code = reading_meta_json(reading, "versions", versions);
    for (size_t i = 0; i < json_array_size(items) && code == 0; i++)
        code = read_item(reading, "", json_array_get(items, i), 0);
    return code;
}

int julia_read(const struct input *input, const struct adapter_sink *sink, struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
