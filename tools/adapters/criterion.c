/* criterion.c -- criterion.rs: what it prints, the messages of `cargo criterion
 * --message-format=json`, and estimates.json and sample.json of target/criterion.
 *
 * `latency` is the estimate with its confidence interval as bounds. The files of target/criterion
 * do not name their benchmark, their directory does: NAME/new/estimates.json. sample.json has no
 * estimate, only the times: they are `latency.sample`, whose value is their median. */
#include "reading.h"
#include "scan.h"

#include "../../engine/unit.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* -- what is printed --------------------------------------------------------------------------- */

/* "[lo unit est unit hi unit]" behind `key`: 1, 0 when there is none, -1 when it is cut off. */
static int read_triple(struct span line, const char *key, double out[3], struct span *unit)
{
    size_t at = span_find(line, key);
    if (at >= line.len) return 0;
    struct span rest = span_from(line, at + strlen(key)), word;
    rest = span_trim(rest);
    if (rest.len == 0 || rest.text[0] != '[') return 0;
    size_t close = span_find(rest, "]");
    if (close >= rest.len) return -1;
    rest = span_from(span_upto(rest, close), 1);
    for (int i = 0; i < 3; i++) {
        if (!span_word(&rest, &word)) return -1;
        if (!span_number(word, &out[i])) return 0; /* the changes: +1.2% */
        if (!span_word(&rest, unit)) return -1;
        double factor = time_factor(*unit);
        if (factor > 0) out[i] *= factor;
        /* Bounds may have a prefix of their own: all become the base unit. */
        struct unit known = unit_lookup(unit->text, unit->len);
        if (factor <= 0 && (known.kind == UNIT_BYTERATE)) out[i] *= known.factor;
        if (factor <= 0 && known.kind != UNIT_BYTERATE && span_ends(*unit, "elem/s"))
            out[i] *= unit->text[0] == 'K'   ? 1e3
                      : unit->text[0] == 'M' ? 1e6
                      : unit->text[0] == 'G' ? 1e9
                                             : 1;
    }
    return 1;
}

static int is_message(const struct input *input)
{
    return input_first(input) == '{' && input_has(input, "\"reason\":\"benchmark-complete\"");
}

static int is_estimates(const struct input *input)
{
    return input_first(input) == '{' && input_has(input, "\"median_abs_dev\"") &&
           input_has(input, "\"point_estimate\"");
}

static int is_sample(const struct input *input)
{
    return input_first(input) == '{' && input_has(input, "\"sampling_mode\"") &&
           input_has(input, "\"iters\"");
}

int criterion_recognise(const struct input *input)
{
    if (is_message(input) || is_estimates(input) || is_sample(input)) return 2;
    size_t len = input->len < READING_LOOK ? input->len : READING_LOOK;
    struct scanner scanner = scanner_of(input->text, len);
    struct span line, unit;
    double numbers[3];
    while (scan_line(&scanner, &line)) {
        if (read_triple(line, "time:", numbers, &unit) == 1 && time_factor(unit) > 0) return 2;
    }
    return 0;
}

static int put_triple(struct reading *reading, const char *name, const char *measure,
                      const char *unit, enum pace_direction direction, const double numbers[3])
{
    struct pace_cell cell = cell_make(name, measure, unit, direction, numbers[1]);
    cell_bounds(&cell, numbers[0], numbers[2]);
    return reading_put(reading, &cell);
}

/* The throughput that follows a time; its change, in percent, is none. */
static int take_throughput(struct reading *reading, const char *name, struct span line)
{
    double numbers[3];
    struct span unit;
    if (read_triple(line, "thrpt:", numbers, &unit) != 1) return 0;
    int bytes = unit_lookup(unit.text, unit.len).kind == UNIT_BYTERATE;
    int items = span_ends(unit, "elem/s");
    const char *plain = bytes   ? "B/s"
                        : items ? "items/s"
                                : reading_name(reading, unit.text, unit.len);
    if (plain == NULL) return reading_no_memory(reading);
    return put_triple(reading, name, "latency.thrpt", plain, PACE_HIGHER_IS_BETTER, numbers);
}

/* "Found 4 outliers among 100 measurements (4.00%)" */
static int take_outliers(struct reading *reading, const char *name, struct span line)
{
    struct span rest = span_from(line, strlen("Found ")), word;
    double outliers = 0, count = 0;
    if (!span_word(&rest, &word) || !span_number(word, &outliers)) return 0;
    size_t among = span_find(rest, "among ");
    rest = span_from(rest, among + strlen("among "));
    if (!span_word(&rest, &word) || !span_number(word, &count)) return 0;
    int code =
        reading_value(reading, name, "latency.outliers", "count", PACE_DIRECTION_UNKNOWN, outliers);
    return code != 0 ? code
                     : reading_value(reading, name, "latency.measurements", "count",
                                     PACE_DIRECTION_UNKNOWN, count);
}

/* A time, whose name stands before it or, when it is long, on the line before. */
static int take_time(struct reading *reading, struct span line, struct span before, uint64_t number,
                     const char **name)
{
    double numbers[3];
    struct span unit, own = span_trim(span_upto(line, span_find(line, "time:")));
    int found = read_triple(line, "time:", numbers, &unit);
    if (found < 0) {
        reading_warn(reading, "line %llu: a result of criterion that is cut off; it is skipped",
                     (unsigned long long)number);
        return 0;
    }
    if (found == 0 || time_factor(unit) <= 0) return 0;
    if (own.len == 0) own = span_trim(before);
    if (own.len == 0) {
        reading_warn(reading, "line %llu: a time without a name; it is skipped",
                     (unsigned long long)number);
        return 0;
    }
    if ((*name = reading_name(reading, own.text, own.len)) == NULL)
        return reading_no_memory(reading);
    return put_triple(reading, *name, "latency", "ns", PACE_LOWER_IS_BETTER, numbers);
}

static int read_printed(struct reading *reading)
{
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct span line, before = {"", 0};
    const char *name = NULL;
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "criterion.rs");
    while (code == 0 && scan_line(&scanner, &line)) {
        if (span_find(line, "time:") < line.len)
            code = take_time(reading, line, before, scanner.number, &name);
        else if (name != NULL && span_find(line, "thrpt:") < line.len)
            code = take_throughput(reading, name, line);
        else if (name != NULL && span_begins(line, "Found "))
            code = take_outliers(reading, name, line);
        before = line;
    }
    if (code == 0 && reading->cells.count == 0)
        return reading_fail(reading, "none of its %llu lines is a time of criterion",
                            (unsigned long long)scanner.number);
    return code;
}

/* -- JSON -------------------------------------------------------------------------------------- */

static double member(const json_t *object, const char *key)
{
    double number = (double)NAN;
    (void)json_finite(json_object_get(object, key), &number);
    return number;
}

/* {"estimate": 1, "lower_bound": 0, "upper_bound": 2, "unit": "ns"} of a message. */
static int put_interval(struct reading *reading, const char *name, const char *measure,
                        const json_t *value)
{
    const char *unit = json_member_text(value, "unit");
    double factor = unit[0] != '\0' ? time_factor(span_of(unit)) : 1;
    if (json_is_null(value) || value == NULL) return 0;
    double numbers[3] = {member(value, "lower_bound") * (factor > 0 ? factor : 1),
                         member(value, "estimate") * (factor > 0 ? factor : 1),
                         member(value, "upper_bound") * (factor > 0 ? factor : 1)};
    return put_triple(reading, name, measure, "ns", PACE_LOWER_IS_BETTER, numbers);
}

/* Values that are the time of several iterations each, as samples of one. */
static int put_per_iteration(struct reading *reading, const json_t *times, const json_t *counts,
                             double factor, struct pace_cell *cell)
{
    size_t count = json_array_size(times), kept = 0;
    double *samples = count > 0 ? arena_array(&reading->arena, count, sizeof *samples) : NULL;
    if (count > 0 && samples == NULL) return reading_no_memory(reading);
    for (size_t i = 0; i < count; i++) {
        double time = 0, iterations = 0;
        if (json_finite(json_array_get(times, i), &time) &&
            json_finite(json_array_get(counts, i), &iterations) && iterations > 0 &&
            isfinite(time * factor / iterations))
            samples[kept++] = time * factor / iterations;
    }
    if (kept < count)
        reading_warn(reading,
                     "%zu of %zu measurements of '%.200s' are no numbers; they are left out",
                     count - kept, count, cell->benchmark);
    cell->samples = samples;
    cell->sample_count = kept;
    return 0;
}

static int read_message(struct reading *reading, const json_t *message)
{
    static const char *const parts[][2] = {{"mean", "latency.mean"},
                                           {"median", "latency.median"},
                                           {"median_abs_dev", "latency.median_abs_dev"},
                                           {"slope", "latency.slope"},
                                           {"std_dev", "latency.stddev"}};
    const char *name = json_member_text(message, "id");
    const json_t *typical = json_object_get(message, "typical");
    double factor = time_factor(span_of(json_member_text(message, "unit")));
    if (strcmp(json_member_text(message, "reason"), "benchmark-complete") != 0) return 0;
    if (name[0] == '\0') return reading_fail(reading, "a benchmark-complete message has no \"id\"");
    if ((name = reading_name(reading, name, strlen(name))) == NULL)
        return reading_no_memory(reading);
    if (factor <= 0) factor = 1;
    struct pace_cell cell = cell_make(name, "latency", "ns", PACE_LOWER_IS_BETTER,
                                      member(typical, "estimate") * factor);
    cell_bounds(&cell, member(typical, "lower_bound") * factor,
                member(typical, "upper_bound") * factor);
    int code = put_per_iteration(reading, json_object_get(message, "measured_values"),
                                 json_object_get(message, "iteration_count"), factor, &cell);
    if (code == 0) code = reading_put(reading, &cell);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && code == 0; i++)
        code = put_interval(reading, name, parts[i][1], json_object_get(message, parts[i][0]));
    return code != 0 ? code
                     : reading_benchmark_json(reading, name, "throughput",
                                              json_object_get(message, "throughput"));
}

/* One message a line; other lines mean nothing. */
static int read_messages(struct reading *reading)
{
    struct scanner scanner = scanner_of(reading->input->text, reading->input->len);
    struct span line;
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "criterion.rs");
    while (code == 0 && scan_line(&scanner, &line)) {
        json_t *message = NULL;
        char *copy = line.len > 0 && line.text[0] == '{'
                         ? arena_copy(&reading->arena, line.text, line.len)
                         : NULL;
        if (copy == NULL) continue;
        code = json_parse(reading->input->name, copy, line.len, scanner.number, reading->error,
                          &message);
        if (code == 0) code = read_message(reading, message);
        json_decref(message);
    }
    return code;
}

/* target/criterion/GROUP/FUNCTION/new/estimates.json is GROUP/FUNCTION. */
static const char *name_of_path(struct reading *reading)
{
    struct span path = span_of(reading->input->name), name;
    size_t slash = span_find_last(path, "/");
    if (slash >= path.len) return NULL;
    name = span_upto(path, slash);
    slash = span_find_last(name, "/");
    struct span state = span_from(name, slash + 1);
    if (slash < name.len && (span_is(state, "new") || span_is(state, "base")))
        name = span_upto(name, slash);
    size_t root = span_find_last(name, "criterion/");
    if (root < name.len)
        name = span_from(name, root + strlen("criterion/"));
    else if ((slash = span_find_last(name, "/")) < name.len)
        name = span_from(name, slash + 1);
    return name.len > 0 ? reading_name(reading, name.text, name.len) : NULL;
}

static int put_estimate(struct reading *reading, const char *name, const char *measure,
                        const json_t *estimate)
{
    const json_t *interval = json_object_get(estimate, "confidence_interval");
    double numbers[3] = {member(interval, "lower_bound"), member(estimate, "point_estimate"),
                         member(interval, "upper_bound")};
    return put_triple(reading, name, measure, "ns", PACE_LOWER_IS_BETTER, numbers);
}

static int read_estimates(struct reading *reading, const char *name, const json_t *root)
{
    const json_t *slope = json_object_get(root, "slope");
    const char *key = NULL;
    json_t *estimate = NULL;
    /* What criterion prints: the slope, or, of flat sampling, the mean. */
    int code = put_estimate(reading, name, "latency",
                            json_is_object(slope) ? slope : json_object_get(root, "mean"));
    json_object_foreach((json_t *)(uintptr_t)root, key, estimate)
    {
        const char *plain = strcmp(key, "std_dev") == 0 ? "stddev" : key;
        const char *measure = reading_print(reading, "latency.%s", plain);
        if (code != 0 || !json_is_object(estimate)) continue;
        if (measure != NULL) measure = reading_name(reading, measure, strlen(measure));
        code = measure == NULL ? reading_no_memory(reading)
                               : put_estimate(reading, name, measure, estimate);
    }
    return code;
}

static int read_sample(struct reading *reading, const char *name, const json_t *root)
{
    struct pace_cell cell =
        cell_make(name, "latency.sample", "ns", PACE_LOWER_IS_BETTER, (double)NAN);
    int code = put_per_iteration(reading, json_object_get(root, "times"),
                                 json_object_get(root, "iters"), 1, &cell);
    if (code == 0) code = reading_median(reading, &cell);
    return code != 0 ? code : reading_put(reading, &cell);
}

static int read_file(struct reading *reading, const json_t *root)
{
    const char *name = name_of_path(reading);
    if (name == NULL)
        return reading_fail(reading, "a file of target/criterion gets its name from its directory "
                                     "(NAME/new/estimates.json); this one has none");
    int code = reading_run(reading, NULL);
    if (code == 0) code = reading_meta(reading, "harness", "criterion.rs");
    if (code != 0) return code;
    if (json_object_get(root, "iters") != NULL) return read_sample(reading, name, root);
    if (json_object_get(root, "mean") != NULL) return read_estimates(reading, name, root);
    return reading_fail(reading, "it has neither estimates nor a sample of criterion");
}

int criterion_read(const struct input *input, const struct adapter_sink *sink,
                   struct pace_error *error)
{
    struct reading reading;
    if (input_first(input) == '{' && !is_message(input))
        return reading_document(input, sink, error, read_file);
    reading_begin(&reading, input, sink, error);
    return reading_end(&reading,
                       is_message(input) ? read_messages(&reading) : read_printed(&reading));
}
