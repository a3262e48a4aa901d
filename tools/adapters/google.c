/* google.c -- Google Benchmark's JSON (--benchmark_format=json, --benchmark_out).
 *
 * Each entry of `benchmarks` is one repetition, or an aggregate of repetitions, or of a family's
 * complexity. Repetitions become samples; aggregates become companions: latency.mean, cpu-time.cv.
 * An entry's other numbers are user counters: measures of their own name. Without repetitions
 * (--benchmark_report_aggregates_only) the value is the median's, else the mean's. */
#include "reading.h"
#include "repeats.h"
#include "scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int google_recognise(const struct input *input)
{
    if (input_first(input) != '{' || !input_has(input, "\"benchmarks\"")) return 0;
    int timed = input_has(input, "\"real_time\"") || input_has(input, "\"real_coefficient\"");
    if (timed && input_has(input, "\"context\"")) return 2;
    if (input_has(input, "\"context\"") && input_has(input, "\"library_build_type\"")) return 2;
    return timed;
}

/* Keys of an entry that are no counters. */
static int is_plain_key(const char *key)
{
    static const char *const keys[] = {
        "family_index",
        "per_family_instance_index",
        "repetitions",
        "repetition_index",
        "threads",
        "real_time",
        "cpu_time",
        "iterations",
        "real_coefficient",
        "cpu_coefficient",
        "rms",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) return 1;
    }
    return 0;
}

/* An entry while it is read. */
struct entry {
    struct reading *reading;
    const json_t *json;
    const char *name;   /* of the benchmark, without its aggregate */
    const char *suffix; /* ".mean" of an aggregate, else "" */
    int ratio;          /* 1: an aggregate that is a share, not a time */
    double factor;      /* ns in its unit of time */
};

static int put_time(const struct entry *entry, const char *key, const char *measure)
{
    const json_t *value = json_object_get(entry->json, key);
    double number = (double)NAN;
    if (value == NULL) return 0;
    (void)json_finite(value, &number);
    const char *full = reading_print(entry->reading, "%s%s", measure, entry->suffix);
    if (full == NULL) return reading_no_memory(entry->reading);
    return reading_value(entry->reading, entry->name, full, entry->ratio ? "ratio" : "ns",
                         PACE_LOWER_IS_BETTER, entry->ratio ? number : number * entry->factor);
}

/* Rates are the reciprocal of the time, and so its companions. */
static int put_counter(const struct entry *entry, const char *key, double value)
{
    static const struct {
        const char *key, *measure, *unit;
    } rates[] = {
        {"bytes_per_second", "latency.bytes_per_second", "B/s"},
        {"items_per_second", "latency.items_per_second", "items/s"},
    };
    const char *measure = key, *unit = "";
    enum pace_direction direction = PACE_DIRECTION_UNKNOWN;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (strcmp(key, rates[i].key) != 0) continue;
        measure = rates[i].measure;
        unit = rates[i].unit;
        direction = PACE_HIGHER_IS_BETTER;
    }
    if (entry->ratio) {
        unit = "ratio";
        direction = PACE_DIRECTION_UNKNOWN;
    }
    measure = reading_print(entry->reading, "%s%s", measure, entry->suffix);
    if (measure != NULL) measure = reading_name(entry->reading, measure, strlen(measure));
    if (measure == NULL) return reading_no_memory(entry->reading);
    return reading_value(entry->reading, entry->name, measure, unit, direction, value);
}

static int put_counters(const struct entry *entry)
{
    const char *key = NULL;
    json_t *value = NULL;
    int code = 0;
    json_object_foreach((json_t *)(uintptr_t)entry->json, key, value)
    {
        double number = (double)NAN;
        if (!json_is_number(value) && !json_is_null(value)) continue;
        if (is_plain_key(key)) continue;
        (void)json_finite(value, &number);
        if ((code = put_counter(entry, key, number)) != 0) return code;
    }
    return 0;
}

/* Big O of a family: its coefficients and how well they fit. */
static int put_complexity(const struct entry *entry)
{
    struct reading *reading = entry->reading;
    static const struct statistic rows[] = {
        {"real_coefficient", "latency.complexity", "ns", 1, PACE_LOWER_IS_BETTER},
        {"cpu_coefficient", "cpu-time.complexity", "ns", 1, PACE_LOWER_IS_BETTER},
        {"rms", "latency.rms", "ratio", 1, PACE_DIRECTION_UNKNOWN},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && code == 0; i++) {
        double number = (double)NAN;
        const json_t *value = json_object_get(entry->json, rows[i].key);
        if (value == NULL) continue;
        (void)json_finite(value, &number);
        code = reading_value(reading, entry->name, rows[i].measure, rows[i].unit, rows[i].direction,
                             i == 2 ? number : number * entry->factor);
    }
    return code != 0 ? code
                     : reading_benchmark_meta(reading, entry->name, "big_o",
                                              json_member_text(entry->json, "big_o"));
}

/* An entry that ran into an error, or was skipped, has no numbers that mean something. */
static int put_bad(const struct entry *entry)
{
    const char *why = json_member_text(entry->json, "error_message");
    int skipped = json_is_true(json_object_get(entry->json, "skipped"));
    if (why[0] == '\0') why = json_member_text(entry->json, "skip_message");
    struct pace_cell cell =
        cell_make(entry->name, "latency", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
    if (skipped) cell.status = PACE_CELL_SKIPPED;
    reading_warn(entry->reading, "'%.200s' %s%s%.200s", entry->name,
                 skipped ? "was skipped" : "failed", why[0] != '\0' ? ": " : "", why);
    int code = reading_benchmark_meta(entry->reading, entry->name, "error", why);
    return code != 0 ? code : reading_put(entry->reading, &cell);
}

static int put_entry(const struct entry *entry)
{
    const json_t *json = entry->json;
    double iterations = 0;
    if (json_is_true(json_object_get(json, "error_occurred")) ||
        json_is_true(json_object_get(json, "skipped")))
        return put_bad(entry);
    if (json_object_get(json, "real_coefficient") != NULL || json_object_get(json, "rms") != NULL)
        return put_complexity(entry);
    int code = put_time(entry, "real_time", "latency");
    if (code == 0) code = put_time(entry, "cpu_time", "cpu-time");
    if (code == 0 && entry->suffix[0] == '\0' &&
        json_finite(json_object_get(json, "iterations"), &iterations))
        code = reading_value(entry->reading, entry->name, "latency.iterations", "count",
                             PACE_DIRECTION_UNKNOWN, iterations);
    if (code == 0) code = put_counters(entry);
    if (code == 0 && entry->suffix[0] == '\0')
        code = reading_benchmark_meta(entry->reading, entry->name, "label",
                                      json_member_text(json, "label"));
    return code;
}

/* The name without the aggregate: run_name, or, before version 1.5, name without _mean. */
static const char *run_name(struct reading *reading, const json_t *json, const char *aggregate)
{
    const char *name = json_member_text(json, "run_name");
    if (name[0] != '\0') return reading_name(reading, name, strlen(name));
    struct span whole = span_of(json_member_text(json, "name"));
    char *tail = reading_print(reading, "_%s", aggregate);
    if (tail != NULL && aggregate[0] != '\0' && span_ends(whole, tail)) whole.len -= strlen(tail);
    return reading_name(reading, whole.text, whole.len);
}

/* What stands in for the value of a benchmark that has aggregates alone: the median, or without one
 * the mean. */
struct names {
    struct repeats runs, medians; /* names that have repetitions; a median */
};

static const char *aggregate_name(const json_t *json)
{
    int run = strcmp(json_member_text(json, "run_type"), "iteration") == 0;
    return run ? "" : json_member_text(json, "aggregate_name");
}

static int note_entry(struct reading *reading, const json_t *json, struct names *names)
{
    const char *aggregate = aggregate_name(json), *name = run_name(reading, json, aggregate);
    if (name == NULL) return reading_no_memory(reading);
    if (aggregate[0] == '\0') return repeats_add(&names->runs, reading, name);
    return strcmp(aggregate, "median") == 0 ? repeats_add(&names->medians, reading, name) : 0;
}

static int is_stand_in(const struct names *names, const char *name, const char *aggregate)
{
    if (repeats_count(&names->runs, name) > 0) return 0;
    return strcmp(aggregate, "median") == 0 ||
           (strcmp(aggregate, "mean") == 0 && repeats_count(&names->medians, name) == 0);
}

static int read_entry(struct reading *reading, size_t index, const json_t *json,
                      const struct names *names)
{
    const char *aggregate = aggregate_name(json);
    const char *unit = json_member_text(json, "time_unit");
    struct entry entry = {.reading = reading, .json = json, .factor = 1, .suffix = ""};
    if (json_member_text(json, "name")[0] == '\0' && json_member_text(json, "run_name")[0] == '\0')
        return reading_fail(reading,
                            "benchmarks[%zu] has no \"name\"; this is not what Google "
                            "Benchmark writes",
                            index);
    if (aggregate[0] != '\0') entry.suffix = reading_print(reading, ".%s", aggregate);
    entry.name = run_name(reading, json, aggregate);
    if (entry.name == NULL || entry.suffix == NULL) return reading_no_memory(reading);
    entry.ratio = strcmp(aggregate, "cv") == 0 ||
                  strcmp(json_member_text(json, "aggregate_unit"), "percentage") == 0;
    if (unit[0] != '\0' && (entry.factor = time_factor(span_of(unit))) <= 0)
        return reading_fail(reading,
                            "benchmarks[%zu] ('%.100s'): unit of time '%.40s' is not known", index,
                            entry.name, unit);
    int code = put_entry(&entry);
    if (code != 0 || !is_stand_in(names, entry.name, aggregate)) return code;
    entry.suffix = "";
    return put_entry(&entry);
}

static int read_entries(struct reading *reading, const json_t *list)
{
    struct names names = {0};
    size_t count = json_array_size(list);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = note_entry(reading, json_array_get(list, i), &names);
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_entry(reading, i, json_array_get(list, i), &names);
    repeats_free(&names.runs);
    repeats_free(&names.medians);
    return code;
}

static int read_document(struct reading *reading, const json_t *root)
{
    const json_t *list = json_object_get(root, "benchmarks");
    const json_t *context = json_object_get(root, "context");
    struct run_facts facts = {"", "", json_member_text(context, "host_name"), "", 0, 0, 0, ""};
    if (!json_is_array(list))
        return reading_fail(reading,
                            "it has no list \"benchmarks\" at its top, so Google Benchmark "
                            "did not write it");
    reading->cells.repeats_are_samples = 1;
    facts.ran_ns = reading_time(reading, context, "date");
    int code = reading_run(reading, &facts);
    if (code == 0) code = reading_meta(reading, "harness", "Google Benchmark");
    if (code == 0) code = reading_meta_json(reading, "context", context);
    return code != 0 ? code : read_entries(reading, list);
}

int google_read(const struct input *input, const struct adapter_sink *sink,
                struct pace_error *error)
{
    return reading_document(input, sink, error, read_document);
}
