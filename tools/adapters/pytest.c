/* pytest.c -- pytest-benchmark's JSON, as its versions 2.5 to 5.x write it.
 *
 * One file is one run. Each benchmark gives the measure `latency` (ns, lower is better): the mean,
 * with bounds of one standard deviation and the rounds as samples; every other statistic becomes a
 * companion, `latency.min` and so on. Every key of the format is treated as optional, and what is
 * unknown is kept: an unknown number in `stats` as a companion without unit. Times in the file are
 * seconds per iteration. A statistic that is there but is no finite number becomes a failed cell.
 */
#include "reading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int pytest_recognise(const struct input *input)
{
    if (input_first(input) != '{') return 0;
    int machine = input_has(input, "\"machine_info\""), list = input_has(input, "\"benchmarks\"");
    int names = input_has(input, "\"fullname\""), python = input_has(input, "\"python_");
    if (list && machine && (names || python || input_has(input, "\"datetime\""))) return 2;
    if (list && input_has(input, "\"version\"") && input_has(input, "\"datetime\"")) return 2;
    /* Cut off, or made by hand. */
    return (list && names) || (machine && python);
}

/* -- metadata ---------------------------------------------------------------------------------- */

static int put_run_meta(struct reading *reading, const json_t *root, const json_t *options)
{
    static const struct {
        const char *key, *prefix;
    } rows[] = {
        {"datetime", "datetime"},
        {"version", "version"},
        {"machine_info", "machine"},
        {"commit_info", "commit"},
    };
    int code = reading_meta(reading, "harness", "pytest-benchmark");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && code == 0; i++)
        code = reading_meta_json(reading, rows[i].prefix, json_object_get(root, rows[i].key));
    if (code == 0 && !json_is_blank(options))
        code = reading_meta(reading, "options", json_print_compact(&reading->arena, options));
    return code;
}

/* Options are kept once for all benchmarks that share the first one's. */
static int put_benchmark_meta(struct reading *reading, const char *name, const json_t *benchmark,
                              const json_t *options)
{
    static const char *const keys[] = {"params", "group", "param", "extra_info", "options"};
    int code = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == 0; i++) {
        const json_t *value = json_object_get(benchmark, keys[i]);
        if (strcmp(keys[i], "options") == 0 && value != NULL && json_equal(value, options))
            continue;
        code = reading_benchmark_json(reading, name, keys[i], value);
    }
    return code;
}

/* -- what the run is --------------------------------------------------------------------------- */

/* pytest-benchmark's words for "not known". */
static const char *known(const char *text)
{
    static const char *const unknown[] = {"unknown", "unversioned", "(unknown)", "(detached head)"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        if (strcmp(text, unknown[i]) == 0) return "";
    }
    return text[0] == '(' ? "" : text;
}

static int begin_run(struct reading *reading, const json_t *root)
{
    const json_t *commit = json_object_get(root, "commit_info");
    struct run_facts facts = {
        .project = known(json_member_text(commit, "project")),
        .branch = known(json_member_text(commit, "branch")),
        .testbed = json_member_text(json_object_get(root, "machine_info"), "node"),
        .commit = known(json_member_text(commit, "id")),
        .dirty = json_is_true(json_object_get(commit, "dirty")),
    };
    facts.ran_ns = reading_time(reading, root, "datetime");
    facts.commit_time_ns = reading_time(reading, commit, "time");
    if (facts.commit_time_ns == 0)
        facts.commit_time_ns = reading_time(reading, commit, "author_time");
    return reading_run(reading, &facts);
}

/* -- statistics -------------------------------------------------------------------------------- */

/* The statistics that are known, in the order of the file. */
static const struct statistic statistics[] = {
#define NS    "ns", 1e9, PACE_LOWER_IS_BETTER
#define COUNT "count", 1, PACE_DIRECTION_UNKNOWN
    {"mean", NULL, NS},
    {"median", NULL, NS},
    {"min", "latency.min", NS},
    {"max", "latency.max", NS},
    {"stddev", "latency.stddev", NS},
    {"rounds", "latency.rounds", COUNT},
    {"iqr", "latency.iqr", NS},
    {"q1", "latency.q1", NS},
    {"q3", "latency.q3", NS},
    {"iqr_outliers", "latency.iqr_outliers", COUNT},
    {"stddev_outliers", "latency.stddev_outliers", COUNT},
    {"ld15iqr", "latency.ld15iqr", NS},
    {"hd15iqr", "latency.hd15iqr", NS},
    {"ops", "latency.ops", "ops/s", 1, PACE_HIGHER_IS_BETTER},
    {"total", "latency.total", NS},
    {"iterations", "latency.iterations", COUNT},
#undef NS
#undef COUNT
};

/* A cell in ns around `key`, with bounds of one `spread` to either side. */
static struct pace_cell read_centre(const char *name, const char *measure, const json_t *stats,
                                    const char *key, const char *spread)
{
    double centre = (double)NAN, width = (double)NAN;
    (void)json_finite(json_object_get(stats, key), &centre);
    (void)json_finite(json_object_get(stats, spread), &width);
    struct pace_cell cell = cell_make(name, measure, "ns", PACE_LOWER_IS_BETTER, centre * 1e9);
    cell_bounds(&cell, (centre - width) * 1e9, (centre + width) * 1e9);
    return cell;
}

/* `latency` itself. Without a mean it is a skipped cell, with a mean that is no number a failed
 * one. */
static int read_latency(struct reading *reading, const char *name, const json_t *stats)
{
    struct pace_cell cell = read_centre(name, "latency", stats, "mean", "stddev");
    const json_t *mean = json_object_get(stats, "mean");
    double number = 0;
    if (!json_finite(mean, &number)) {
        reading_warn(reading, "'%.200s' has no mean%s; it is stored as %s", name,
                     mean == NULL ? "" : " that is a finite number",
                     mean == NULL ? "skipped" : "failed");
        if (mean == NULL) cell.status = PACE_CELL_SKIPPED;
    }
    int code = reading_samples(reading, json_object_get(stats, "data"), 1e9, "data", &cell);
    return code != 0 ? code : reading_put(reading, &cell);
}

/* `outliers` is "stddev_outliers;iqr_outliers"; read where the two are not there by themselves. */
static int read_outliers(struct reading *reading, const char *name, const json_t *stats)
{
    static const char *const keys[] = {"stddev_outliers", "iqr_outliers"};
    static const char *const measures[] = {"latency.stddev_outliers", "latency.iqr_outliers"};
    unsigned long counts[2] = {0, 0};
    const char *text = json_member_text(stats, "outliers");
    int code = 0, used = 0;
    if (strspn(text, "0123456789;") < strlen(text) || strlen(text) > 30 ||
        sscanf(text, "%lu;%lu%n", &counts[0], &counts[1], &used) < 2 || text[used] != '\0')
        return 0;
    for (size_t i = 0; i < 2 && code == 0; i++) {
        if (json_object_get(stats, keys[i]) != NULL) continue;
        code = reading_value(reading, name, measures[i], "count", PACE_DIRECTION_UNKNOWN,
                             (double)counts[i]);
    }
    return code;
}

/* Versions before 3.1 have no `ops`: one over the mean, as later ones do when they read such a
 * file. */
static int fill_ops(struct reading *reading, const char *name, const json_t *stats)
{
    double mean = 0;
    if (json_object_get(stats, "ops") != NULL ||
        !json_finite(json_object_get(stats, "mean"), &mean) || mean <= 0 || !isfinite(1 / mean))
        return 0;
    return reading_value(reading, name, "latency.ops", "ops/s", PACE_HIGHER_IS_BETTER, 1 / mean);
}

static int read_stats(struct reading *reading, const char *name, const json_t *stats)
{
    int code = read_latency(reading, name, stats);
    const json_t *median = json_object_get(stats, "median");
    if (code == 0 && (json_is_number(median) || json_is_null(median))) {
        struct pace_cell cell = read_centre(name, "latency.median", stats, "median", "iqr");
        code = reading_put(reading, &cell);
    }
    if (code == 0)
        code = reading_statistics(reading, name, stats, statistics,
                                  sizeof statistics / sizeof statistics[0], "latency");
    if (code == 0) code = read_outliers(reading, name, stats);
    return code != 0 ? code : fill_ops(reading, name, stats);
}

/* -- reading ----------------------------------------------------------------------------------- */

static int read_benchmark(struct reading *reading, size_t index, const json_t *benchmark,
                          const json_t *options)
{
    const char *name = json_member_text(benchmark, "fullname");
    const json_t *stats = json_object_get(benchmark, "stats");
    if (name[0] == '\0') name = json_member_text(benchmark, "name");
    if (name[0] == '\0')
        return reading_fail(reading,
                            "benchmarks[%zu] has no \"fullname\" and no \"name\"; this is not what "
                            "pytest-benchmark writes",
                            index);
    if (stats != NULL && !json_is_object(stats))
        return reading_fail(reading, "benchmarks[%zu] ('%.200s'): \"stats\" is not an object",
                            index, name);
    if ((name = reading_name(reading, name, strlen(name))) == NULL)
        return reading_no_memory(reading);
    int code = read_stats(reading, name, stats);
    return code != 0 ? code : put_benchmark_meta(reading, name, benchmark, options);
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "benchmarks");
    const json_t *options = json_object_get(json_array_get(list, 0), "options");
    if (!json_is_array(list))
        return reading_fail(reading,
                            "it has no list \"benchmarks\" at its top, so pytest-benchmark did not "
                            "write it; leave out --adapter to have the harness recognised");
    int code = begin_run(reading, root);
    if (code == 0) code = put_run_meta(reading, root, options);
    for (size_t i = 0; i < json_array_size(list) && code == 0; i++)
        code = read_benchmark(reading, i, json_array_get(list, i), options);
    return code;
}

int pytest_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
