/* datajs.c -- the history of github-action-benchmark: data.js, or the same as JSON.
 *
 * window.BENCHMARK_DATA = {"repoUrl", "entries": {SUITE: [{"commit": {"id", "timestamp", "message",
 * "url"}, "date": ms, "tool", "benches": [{"name", "value", "unit", "range"?, "extra"?}]}]}}
 *
 * An entry is a run of its commit. Names and measures are those that the tool's own output has
 * here, so that the history joins what is measured from now on: of pytest-benchmark, which the file
 * has in iterations a second, that is latency.ops, and latency is derived: from the mean in `extra`
 * where it is there, else as 1/value. Go's additional metrics ("NAME - B/op") are measures
 * again. */
#include "custom.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const char prefix[] = "window.BENCHMARK_DATA";

int datajs_recognise(const struct input *input)
{
    size_t start = strspn(input->text, " \t\r\n");
    if (start < input->len && strncmp(input->text + start, prefix, sizeof prefix - 1) == 0)
        return 2;
    return input_first(input) == '{' && input_has(input, "\"entries\"") &&
                   input_has(input, "\"benches\"") && input_has(input, "\"tool\"")
               ? 2
               : 0;
}

/* The number behind `key` in lines of "key: 1.5 unit", in ns for times; NAN: it is not there. */
static double extra_number(const char *extra, const char *key)
{
    struct scanner scanner = scanner_of(extra, strlen(extra));
    struct span line, unit;
    double number = 0;
    while (scan_line(&scanner, &line)) {
        line = span_trim(line);
        size_t len = strlen(key);
        if (!span_begins(line, key) || line.len <= len || line.text[len] != ':') continue;
        line = span_trim(span_from(line, len + 1));
        if (span_number(line, &number)) return number;
        if (span_quantity(line, &number, &unit) && time_factor(unit) > 0)
            return number * time_factor(unit);
    }
    return (double)NAN;
}

/* An entry of pytest-benchmark: value is 1/mean, `range` the standard deviation in seconds. */
static int read_pytest(struct reading *reading, const struct custom_entry *entry)
{
    double mean_ns = extra_number(entry->extra, "mean");
    double rounds = extra_number(entry->extra, "rounds");
    double stddev = extra_number(entry->range, "stddev") * 1e9;
    if (isnan(mean_ns) && entry->value > 0) mean_ns = 1e9 / entry->value;
    struct pace_cell cell = cell_make(entry->name, "latency", "ns", PACE_LOWER_IS_BETTER, mean_ns);
    cell_bounds(&cell, mean_ns - stddev, mean_ns + stddev);
    int code = reading_put(reading, &cell);
    if (code == 0)
        code = reading_value(reading, entry->name, "latency.ops", "ops/s", PACE_HIGHER_IS_BETTER,
                             entry->value);
    if (code == 0 && isfinite(stddev))
        code = reading_value(reading, entry->name, "latency.stddev", "ns", PACE_LOWER_IS_BETTER,
                             stddev);
    if (code == 0 && isfinite(rounds))
        code = reading_value(reading, entry->name, "latency.rounds", "count",
                             PACE_DIRECTION_UNKNOWN, rounds);
    return code;
}

/* "8" of "1000 times\n8 procs": what Go appends to a name, unless it is 1. */
static const char *processors(struct reading *reading, const char *extra)
{
    struct scanner scanner = scanner_of(extra, strlen(extra));
    struct span line;
    while (scan_line(&scanner, &line)) {
        if (!span_ends(line, " procs")) continue;
        line.len -= strlen(" procs");
        if (span_is(line, "1") || line.len == 0 || line.len > 4) return NULL;
        return reading_name(reading, line.text, line.len);
    }
    return NULL;
}

/* An entry of Go. Metrics beyond the first are "NAME - UNIT"; the first is NAME, and versions since
 * 1.18 have it as "NAME - ns/op" too, or with the rest of the line as its unit. */
static int read_go(struct reading *reading, const json_t *json, struct custom_entry *entry,
                   size_t *doubles)
{
    const char *unit = json_member_text(json, "unit");
    struct span name = span_of(entry->name);
    if (strchr(unit, '\t') != NULL) { /* the line's rest: its parts come by themselves */
        ++*doubles;
        return 0;
    }
    const char *tail = reading_print(reading, " - %s", unit);
    if (tail == NULL) return reading_no_memory(reading);
    if (unit[0] != '\0' && span_ends(name, tail)) {
        name.len -= strlen(tail);
        entry->name = reading_name(reading, name.text, name.len);
    }
    const char *procs = processors(reading, entry->extra);
    if (procs != NULL && entry->name != NULL && strchr(entry->name, ' ') == NULL)
        entry->name = reading_print(reading, "%s-%s", entry->name, procs);
    if (entry->name == NULL) return reading_no_memory(reading);
    static const struct {
        const char *unit, *measure, *stored;
        enum pace_direction direction;
    } rows[] = {
        {"ns/op", "latency", "ns", PACE_LOWER_IS_BETTER},
        {"B/op", "B/op", "B", PACE_LOWER_IS_BETTER},
        {"allocs/op", "allocs/op", "allocs", PACE_LOWER_IS_BETTER},
        {"MB/s", "latency.MB/s", "MB/s", PACE_HIGHER_IS_BETTER},
    };
    size_t row = 0;
    while (row < sizeof rows / sizeof rows[0] && strcmp(rows[row].unit, unit) != 0)
        row++;
    if (row < sizeof rows / sizeof rows[0]) {
        entry->measure = rows[row].measure;
        entry->unit = rows[row].stored;
        entry->direction = rows[row].direction;
    } else if (unit[0] != '\0') {
        entry->measure = reading_name(reading, unit, strlen(unit));
        if (entry->measure == NULL) return reading_no_memory(reading);
    }
    return custom_put(reading, entry);
}

static int read_bench(struct reading *reading, const char *tool, size_t index, const json_t *json,
                      size_t *doubles)
{
    struct custom_entry entry;
    int code = custom_parse(reading, index, json, &entry);
    if (code != 0) return code;
    if (strcmp(tool, "pytest") == 0) return read_pytest(reading, &entry);
    if (strcmp(tool, "go") == 0) return read_go(reading, json, &entry, doubles);
    if (strcmp(tool, "customBiggerIsBetter") == 0) entry.direction = PACE_HIGHER_IS_BETTER;
    if (strcmp(tool, "customSmallerIsBetter") == 0) entry.direction = PACE_LOWER_IS_BETTER;
    return custom_put(reading, &entry);
}

static int put_run_meta(struct reading *reading, const char *suite, const json_t *entry,
                        const char *repository)
{
    const json_t *commit = json_object_get(entry, "commit");
    const char *tool = json_member_text(entry, "tool");
    int code = reading_meta(reading, "harness", tool);
    if (code == 0) code = reading_meta(reading, "suite", suite);
    if (code == 0) code = reading_meta(reading, "repository", repository);
    if (code == 0)
        code = reading_meta(reading, "commit.message", json_member_text(commit, "message"));
    if (code == 0) code = reading_meta(reading, "commit.url", json_member_text(commit, "url"));
    if (code == 0 && strcmp(tool, "pytest") == 0)
        code = reading_meta(reading, "derived", "latency, from iterations a second");
    return code;
}

static int read_entry(struct reading *reading, const char *suite, const json_t *entry,
                      const char *project, const char *repository)
{
    const json_t *commit = json_object_get(entry, "commit");
    const json_t *benches = json_object_get(entry, "benches");
    struct run_facts facts = {project, "", "", "", 0, 0, 0, ""};
    double date_ms = 0;
    size_t doubles = 0;
    if (!json_is_object(entry) || !json_is_array(benches))
        return reading_fail(reading, "an entry of suite '%.100s' has no list \"benches\"", suite);
    if (json_array_size(benches) == 0) {
        reading_warn(reading, "an entry of suite '%.100s' has no benches; it is left out", suite);
        return 0;
    }
    const char *id = json_member_text(commit, "id");
    facts.commit = reading_name(reading, id, strlen(id) <= PACE_MAX_COMMIT ? strlen(id) : 0);
    facts.suite = reading_name(reading, suite, strlen(suite));
    if (facts.commit == NULL || facts.suite == NULL) return reading_no_memory(reading);
    facts.commit_time_ns = reading_time(reading, commit, "timestamp");
    if (json_finite(json_object_get(entry, "date"), &date_ms) && date_ms > 0 && date_ms < 9e12)
        facts.ran_ns = (int64_t)date_ms * 1000000;
    int code = reading_run(reading, &facts);
    if (code == 0) code = put_run_meta(reading, suite, entry, repository);
    for (size_t i = 0; i < json_array_size(benches) && code == 0; i++)
        code = read_bench(reading, json_member_text(entry, "tool"), i, json_array_get(benches, i),
                          &doubles);
    if (code == 0 && doubles == json_array_size(benches))
        code = reading_fail(reading, "an entry of suite '%.100s' has no metric of its own", suite);
    return code;
}

/* The last part of the repository's address. */
static const char *project_name(struct reading *reading, const char *repository)
{
    struct span whole = span_of(repository);
    while (whole.len > 0 && whole.text[whole.len - 1] == '/')
        whole.len--;
    if (span_ends(whole, ".git")) whole.len -= strlen(".git");
    size_t slash = span_find_last(whole, "/");
    if (slash < whole.len) whole = span_from(whole, slash + 1);
    return reading_name(reading, whole.text, whole.len <= PACE_MAX_NAME ? whole.len : 0);
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *entries = json_object_get(root, "entries");
    const char *repository = json_member_text(root, "repoUrl");
    const char *project = project_name(reading, repository), *suite = NULL;
    json_t *list = NULL;
    int code = 0;
    if (project == NULL) return reading_no_memory(reading);
    if (!json_is_object(entries))
        return reading_fail(reading, "it has no object \"entries\", so it is no data of "
                                     "github-action-benchmark");
    json_object_foreach((json_t *)(uintptr_t)entries, suite, list)
    {
        for (size_t i = 0; i < json_array_size(list) && code == 0; i++)
            code = read_entry(reading, suite, json_array_get(list, i), project, repository);
    }
    return code;
}

int datajs_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    size_t start = strspn(input->text, " \t\r\n"), end = input->len;
    if (start < end && strncmp(input->text + start, prefix, sizeof prefix - 1) == 0) {
        start += sizeof prefix - 1;
        start += strspn(input->text + start, " \t\r\n=");
        while (end > start && strchr(" \t\r\n;", input->text[end - 1]) != NULL)
            end--;
    } else {
        start = 0;
    }
    /* Message offsets are of the JSON in it, whose first line is the file's. */
    struct reading reading;
    json_t *root = NULL;
    int code = json_parse(input->name, input->text + (start < input->len ? start : input->len),
                          end > start ? end - start : 0, 1, error, &root);
    if (code != 0) return code;
    reading_begin(&reading, input, sink, error);
    code = reading_end(&reading, read_document(&reading, root));
    json_decref(root);
    return code;
}
