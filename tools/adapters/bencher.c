/* bencher.c -- what Bencher's API gives: reports (one, or a list of them) and perf results.
 *
 * report: {"branch": {"name", "head": {"version": {"hash"}}}, "testbed": {"name"}, "start_time",
 *          "results": [[{"benchmark": {"name"}, "measures": [{"measure": {"slug", "units"},
 *          "metric": {"value", "lower_value", "upper_value"}}]}]]}
 * perf:   {"results": [{"branch", "testbed", "benchmark", "measure", "metrics": [{"report",
 *          "start_time", "version": {"hash"}, "metric"}]}]}
 *
 * A report is a run, also of perf results, where its values are found by "report". A measure is
 * named by its slug, as Bencher Metric Format does. Iterations are samples. */
#include "bmf.h"
#include "grouping.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int bencher_recognise(const struct input *input)
{
    char first = input_first(input);
    if ((first != '{' && first != '[') || !input_has(input, "\"branch\"") ||
        !input_has(input, "\"testbed\""))
        return 0;
    return input_has(input, "\"start_time\"") &&
                   (input_has(input, "\"metric\"") || input_has(input, "\"metrics\""))
               ? 3
               : 0;
}

/* A member's "name", or the member itself where it is a text. */
static const char *name_of(struct reading *reading, const json_t *object, const char *key,
                           const char *member)
{
    const json_t *value = json_object_get(object, key);
    const char *text =
        json_is_object(value) ? json_member_text(value, member) : json_member_text(object, key);
    return reading_name(reading, text, strlen(text) <= PACE_MAX_NAME ? strlen(text) : 0);
}

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

/* "nanoseconds (ns)" is ns. */
static const char *unit_of(struct reading *reading, const char *units)
{
    struct span whole = span_trim(span_of(units));
    size_t open = span_find_last(whole, "(");
    if (open < whole.len && span_ends(whole, ")"))
        whole = span_upto(span_from(whole, open + 1), whole.len - open - 2);
    return reading_name(reading, whole.text, whole.len <= PACE_MAX_UNIT ? whole.len : 0);
}

static int put_metric(struct grouping *grouping, const struct run_facts *facts, const char *key,
                      const char *benchmark, const json_t *measure, const json_t *metric)
{
    struct reading *reading = grouping->reading;
    const char *slug = json_member_text(measure, "slug");
    if (slug[0] == '\0') slug = json_member_text(measure, "name");
    const struct bmf_measure *known = bmf_measure(slug);
    const char *units = json_member_text(measure, "units");
    const char *unit = units[0] != '\0' ? unit_of(reading, units) : known->unit;
    const char *name = reading_name(reading, slug, strlen(slug));
    if (unit == NULL || name == NULL) return reading_no_memory(reading);
    if (slug[0] == '\0' || benchmark[0] == '\0')
        return reading_fail(reading, "a metric has no benchmark or no measure");
    enum pace_direction direction =
        known->name[0] != '\0' ? known->direction : unit_direction(unit);
    struct pace_cell cell = cell_make(benchmark, name, unit, direction, member(metric, "value"));
    double lower = member(metric, "lower_value"), upper = member(metric, "upper_value");
    if (cell.status == PACE_CELL_OK && !(lower > cell.value) && !(upper < cell.value)) {
        cell.lower = lower;
        cell.upper = upper;
    }
    return grouping_put(grouping, facts, key, &cell);
}

static const char *project_of(struct reading *reading, const json_t *root)
{
    const json_t *project = json_object_get(root, "project");
    const char *member_name = json_member_text(project, "slug")[0] != '\0' ? "slug" : "name";
    return name_of(reading, root, "project", member_name);
}

static int read_facts(struct reading *reading, const json_t *object, const json_t *version,
                      const json_t *times, struct run_facts *facts)
{
    const char *hash = json_member_text(version, "hash");
    facts->branch = name_of(reading, object, "branch", "name");
    facts->testbed = name_of(reading, object, "testbed", "name");
    facts->commit = reading_name(reading, hash, strlen(hash) <= PACE_MAX_COMMIT ? strlen(hash) : 0);
    facts->ran_ns = reading_time(reading, times, "start_time");
    return facts->branch == NULL || facts->testbed == NULL || facts->commit == NULL
               ? reading_no_memory(reading)
               : 0;
}

static int read_result(struct grouping *grouping, const struct run_facts *facts, const char *key,
                       const json_t *result)
{
    const char *benchmark = name_of(grouping->reading, result, "benchmark", "name");
    const json_t *measures = json_object_get(result, "measures");
    int code = benchmark == NULL ? reading_no_memory(grouping->reading) : 0;
    for (size_t i = 0; i < json_array_size(measures) && code == 0; i++) {
        const json_t *item = json_array_get(measures, i);
        code = put_metric(grouping, facts, key, benchmark, json_object_get(item, "measure"),
                          json_object_get(item, "metric"));
    }
    return code;
}

static int read_report(struct grouping *grouping, const json_t *report)
{
    struct reading *reading = grouping->reading;
    const json_t *head = json_object_get(json_object_get(report, "branch"), "head");
    const json_t *results = json_object_get(report, "results");
    const char *uuid = json_member_text(report, "uuid");
    struct run_facts facts = {"", "", "", "", 0, 0, 0, ""};
    const char *key = reading_name(reading, uuid, strlen(uuid));
    facts.project = project_of(reading, report);
    if (key == NULL || facts.project == NULL) return reading_no_memory(reading);
    int code = read_facts(reading, report, json_object_get(head, "version"), report, &facts);
    if (code == 0 && !json_is_array(results)) {
        reading_warn(reading, "report '%.60s' has no results; ask the API with expand=true", uuid);
        return 0;
    }
    for (size_t i = 0; i < json_array_size(results) && code == 0; i++) {
        const json_t *iteration = json_array_get(results, i);
        for (size_t k = 0; k < json_array_size(iteration) && code == 0; k++)
            code = read_result(grouping, &facts, key, json_array_get(iteration, k));
    }
    return code;
}

static int read_series(struct grouping *grouping, const char *project, const json_t *series)
{
    struct reading *reading = grouping->reading;
    const json_t *metrics = json_object_get(series, "metrics");
    const char *benchmark = name_of(reading, series, "benchmark", "name");
    int code = benchmark == NULL ? reading_no_memory(reading) : 0;
    for (size_t i = 0; i < json_array_size(metrics) && code == 0; i++) {
        const json_t *item = json_array_get(metrics, i);
        const char *report = json_member_text(item, "report");
        struct run_facts facts = {project, "", "", "", 0, 0, 0, ""};
        const char *key = reading_name(reading, report, strlen(report));
        code = key == NULL
                   ? reading_no_memory(reading)
                   : read_facts(reading, series, json_object_get(item, "version"), item, &facts);
        if (code == 0)
            code = put_metric(grouping, &facts, key, benchmark, json_object_get(series, "measure"),
                              json_object_get(item, "metric"));
    }
    return code;
}

static int read_document(struct reading *reading, const json_t *root)
{
    struct grouping grouping = {.reading = reading};
    const json_t *results = json_object_get(root, "results");
    const char *project = project_of(reading, root);
    int code = project == NULL ? reading_no_memory(reading) : 0;
    reading->cells.repeats_are_samples = 1;
    if (json_is_array(root)) {
        for (size_t i = 0; i < json_array_size(root) && code == 0; i++)
            code = read_report(&grouping, json_array_get(root, i));
    } else if (json_is_object(json_object_get(root, "branch"))) {
        code = read_report(&grouping, root);
    } else {
        for (size_t i = 0; i < json_array_size(results) && code == 0; i++)
            code = read_series(&grouping, project, json_array_get(results, i));
    }
    return code == 0 ? grouping_emit(&grouping) : code;
}

int bencher_read(const struct input *input, const struct adapter_sink *sink,
                 struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
